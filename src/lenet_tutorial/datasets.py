"""Handwritten digits, 28×28: MNIST where it can be had, else the digits inside scikit-learn.

Both come out of :func:`load_digits28` with the same names, types and axes, so that a chapter runs
with either. MNIST is looked for in this order:

1. the folder that the environment variable ``LENET_TUTORIAL_DATA`` names (the four IDX files,
   gzip-compressed or not, or ``mnist.npz``; there or one level down, as torchvision, Kaggle and
   Keras put them),
2. the cache (``LENET_TUTORIAL_CACHE``, else the user's cache folder),
3. the mirrors, through pooch, into the cache. ``LENET_TUTORIAL_MIRRORS`` names others in their
   place: base addresses with white space or commas between them, https only (http is taken for
   this machine itself: localhost, 127.0.0.1, [::1]).

``LENET_TUTORIAL_DATASET`` chooses: ``mnist`` (an error where it can't be had), ``digits`` (no
network at all) or ``auto`` (MNIST, else the digits with one line that says why).

What a network is given is made of them by :mod:`lenet_tutorial.images`.
"""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import mnist
from .images import prepare, prepare_1989, prepare_1998
from .mirrors import DatasetError, MnistUnavailable, cache_folder, check_mirrors, chosen_mirrors

__all__ = ["DatasetError", "Digits", "MnistUnavailable", "cache_folder", "check_mirrors"]
__all__ += ["chosen_mirrors", "enlarge", "fetch_mnist", "load_bundled", "load_digits28"]
__all__ += ["load_mnist", "prepare", "prepare_1989", "prepare_1998"]

SETTINGS = ("LENET_TUTORIAL_DATA", "LENET_TUTORIAL_CACHE", "LENET_TUTORIAL_MIRRORS")


@dataclass(frozen=True)
class Digits:
    """A data set of handwritten digits.

    Attributes
    ----------
    x_train : numpy.ndarray
        Training images, ``(n, 28, 28)``, uint8: 0 is background, 255 is ink.
    y_train : numpy.ndarray
        Training labels, ``(n,)``, uint8: 0 to 9.
    x_test : numpy.ndarray
        Test images, as the training images.
    y_test : numpy.ndarray
        Test labels, as the training labels.
    name : str
        ``'MNIST'`` or ``'digits'``; the latter are the 1 797 digits bundled with scikit-learn.
    origin : str
        Where the data came from: ``'folder'``, ``'cache'``, ``'download'`` or ``'bundled'``.
    classes : tuple of str
        What each label stands for: the ten digits, unless it is said otherwise.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    origin: str
    classes: tuple = tuple("0123456789")

    def copy(self):
        """Return the same digits in arrays of their own."""
        names = ("x_train", "y_train", "x_test", "y_test")
        return replace(self, **{name: getattr(self, name).copy() for name in names})

    def __repr__(self):
        kind = "digits" if self.classes == tuple("0123456789") else "images"
        return f"<{self.name}: {len(self.x_train)} training and {len(self.x_test)} test {kind}>"


def load_digits28(dataset=None):
    """Load MNIST, or the digits bundled with scikit-learn in the same shape.

    A process looks once: what was found the first time is handed out again, as a copy of its own,
    so that nobody spoils it for the next. Where MNIST was not to be had, that holds until the
    process ends, and it is said once.

    Parameters
    ----------
    dataset : {'auto', 'mnist', 'digits'}, optional
        What to load; by default what ``LENET_TUTORIAL_DATASET`` says, else ``'auto'``.

    Returns
    -------
    Digits
        Images ``(n, 28, 28)`` uint8 and labels ``(n,)`` uint8.

    Raises
    ------
    DatasetError
        If `dataset` is unknown; if ``LENET_TUTORIAL_DATA`` is set and holds no good MNIST; if
        ``LENET_TUTORIAL_MIRRORS`` names an address that is not encrypted; or if MNIST is asked for
        by name and can't be had. DatasetError is a ValueError.
    """
    chosen = dataset or os.environ.get("LENET_TUTORIAL_DATASET") or "auto"
    if chosen not in ("auto", "mnist", "digits"):
        raise DatasetError(
            f"unknown data set {chosen!r}: LENET_TUTORIAL_DATASET takes 'mnist', 'digits' or 'auto'"
        )
    if chosen == "digits":
        return load_bundled()
    settings = tuple(map(os.environ.get, SETTINGS))
    found = _found.get(settings)
    if found is None or (chosen == "mnist" and not isinstance(found, Digits)):
        try:
            found = load_mnist()
        except MnistUnavailable as error:
            if chosen == "mnist":  # whoever insists may try again
                raise
            found = str(error)
        _found[settings] = found
    if isinstance(found, Digits):
        return found.copy()
    digits = load_bundled()
    count = len(digits.x_train) + len(digits.x_test)
    say_once(f"MNIST is not to be had ({found}); going on with scikit-learn's {count} digits.")
    return digits


_found = {}  # the settings: the digits, or why there are none
_said = []


def say_once(line, about="MNIST"):
    """Print a line, if none of its kind was printed yet, in whatever encoding the output has.

    Parameters
    ----------
    line : str
        What to say.
    about : str
        Its kind.
    """
    if about not in _said:
        _said.append(about)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(line.encode(encoding, "backslashreplace").decode(encoding))


# --------------------------------------------------------------------------- MNIST


def load_mnist(folder=None, cache=None, mirrors=None, progress=True):
    """Load MNIST from a folder, else from the cache, else from a mirror.

    Parameters
    ----------
    folder : path, optional
        Folder with the IDX files or ``mnist.npz``; by default ``$LENET_TUTORIAL_DATA``. Where a
        folder is given, nothing else is tried.
    cache : path, optional
        Folder for downloaded files; by default :func:`~lenet_tutorial.mirrors.cache_folder`.
    mirrors : sequence of str, optional
        Base addresses, tried in turn; by default those of ``LENET_TUTORIAL_MIRRORS``, else
        ``MIRRORS``.
    progress : bool
        Draw a progress bar while downloading, where stderr is a terminal.

    Returns
    -------
    Digits
        60 000 training and 10 000 test digits.

    Raises
    ------
    DatasetError
        If the folder is missing, or a file in it is missing, cut short, of the wrong kind or has
        the wrong checksum; or if a mirror's address is refused.
    MnistUnavailable
        If no mirror delivers a good file, or the cache can't be written.
    """
    folder = folder or os.environ.get("LENET_TUTORIAL_DATA")
    if folder:
        return Digits(**mnist.read_folder(Path(folder)), name="MNIST", origin="folder")
    return fetch_mnist(cache or cache_folder(), mirrors, progress)


def fetch_mnist(folder, mirrors=None, progress=True):
    """Load MNIST from a folder of downloads; what is missing or damaged there is downloaded first.

    Parameters
    ----------
    folder : path
        Holds the four IDX files, not compressed; made where it is missing.
    mirrors : sequence of str, optional
        Base addresses, tried in turn; with an empty sequence nothing is downloaded. By default
        those of ``LENET_TUTORIAL_MIRRORS``, else ``MIRRORS``.
    progress : bool
        Draw a progress bar while downloading, where stderr is a terminal.

    Returns
    -------
    Digits
        60 000 training and 10 000 test digits.

    Raises
    ------
    DatasetError
        If a mirror's address is refused.
    MnistUnavailable
        If no mirror delivers a good file, or the folder can't be written.
    """
    arrays, origin = mnist.fetch(Path(folder), mirrors, progress)
    return Digits(**arrays, name="MNIST", origin=origin)


# --------------------------------------------------------------------------- bundled digits


def load_bundled():
    """Load the 1 797 digits of 8×8 pixels bundled with scikit-learn, scaled up to 28×28.

    They are the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak
    1998, doi:10.24432/C50P49): real handwriting, values 0 to 16. Each is scaled to 20×20 and
    centred in 28×28, as MNIST's digits are. One in five, drawn per class with a fixed seed, is
    held out as the test set.

    Returns
    -------
    Digits
        1 437 training and 360 test digits.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = enlarge(bunch.images)
    labels = bunch.target.astype(np.uint8)
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=360, stratify=labels, random_state=0
    )
    return Digits(x_train, y_train, x_test, y_test, name="digits", origin="bundled")


def enlarge(images):
    """Scale images of 8×8 with values 0 … 16 to 20×20, and centre them in 28×28.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 8, 8)``, 0 to 16.

    Returns
    -------
    numpy.ndarray
        ``(n, 28, 28)``, uint8, 0 to 255.
    """
    # Bilinear interpolation as two small matrix products: rows, then columns.
    centres = np.clip((np.arange(20) + 0.5) * 8 / 20 - 0.5, 0, 7)
    left = np.minimum(centres.astype(int), 6)
    share = centres - left
    weights = np.zeros((20, 8))
    weights[np.arange(20), left] = 1 - share
    weights[np.arange(20), left + 1] = share
    scaled = weights @ (np.asarray(images) / 16 * 255) @ weights.T
    return np.pad(np.round(scaled).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
