"""Fashion-MNIST: clothes in the form of MNIST's digits, for a network that has read digits.

Zalando's Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747; MIT licence) has as many
images as MNIST, of the same size and in files of the same names. It is looked for in this order:

1. the folder that the environment variable ``LENET_TUTORIAL_FASHION`` names, which holds the four
   files ``train-images-idx3-ubyte.gz`` and so on, as they were downloaded,
2. the folder ``fashion-mnist`` in the cache (see :mod:`lenet_tutorial.datasets`),
3. the mirrors, into the cache; not where ``LENET_TUTORIAL_DATASET`` is ``digits``.
"""

import hashlib
import os
from pathlib import Path

from .datasets import Digits, load_bundled, say_once
from .files import read_file
from .idx import gunzip, idx_size, parse_idx
from .mirrors import DatasetError, cache_folder, check_mirrors, download
from .mnist import SPARE

#: Where it is downloaded from: its authors' repository, and the files that Keras uses.
FASHION_MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)

#: Array name: (file name, sha256 of the compressed file, shape). Many publish these checksums; the
#: authors' own are MD5 sums, and belong to the same files.
FASHION_FILES = {
    "x_train": (
        "train-images-idx3-ubyte.gz",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        (60_000, 28, 28),
    ),
    "y_train": (
        "train-labels-idx1-ubyte.gz",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        (60_000,),
    ),
    "x_test": (
        "t10k-images-idx3-ubyte.gz",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        (10_000, 28, 28),
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte.gz",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        (10_000,),
    ),
}

#: What the labels 0 to 9 stand for.
CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)

VARIABLE = "LENET_TUTORIAL_FASHION"


def load_fashion28(mirrors=None, progress=True):
    """Load Fashion-MNIST; where it is not to be had, say so and load scikit-learn's digits.

    Parameters
    ----------
    mirrors : sequence of str, optional
        Base addresses, tried in turn; by default ``FASHION_MIRRORS``. With an empty sequence
        nothing is downloaded.
    progress : bool
        Draw a progress bar while downloading, where stderr is a terminal.

    Returns
    -------
    Digits
        Images ``(n, 28, 28)`` uint8, labels ``(n,)`` uint8, and what they stand for in `classes`.

    Raises
    ------
    DatasetError
        If ``LENET_TUTORIAL_FASHION`` names a folder that lacks a file or has a wrong one.
    """
    folder = os.environ.get(VARIABLE)
    if folder:
        arrays = {key: _read(Path(folder), key) for key in FASHION_FILES}
        return Digits(**arrays, name="Fashion-MNIST", origin="folder", classes=CLASSES)
    if mirrors is None and os.environ.get("LENET_TUTORIAL_DATASET") == "digits":
        mirrors = ()
    try:
        return fetch_fashion(cache_folder() / "fashion-mnist", mirrors, progress)
    except DatasetError as error:
        digits = load_bundled()
        count = len(digits.x_train) + len(digits.x_test)
        line = f"going on with scikit-learn's {count} digits."
        say_once(f"Fashion-MNIST is not to be had ({error}); {line}", VARIABLE)
        return digits


def fetch_fashion(folder, mirrors=None, progress=True):
    """Load Fashion-MNIST from a folder of downloads; what is missing or damaged is downloaded.

    Parameters
    ----------
    folder : path
        Holds the four files, compressed as they came; made where it is missing.
    mirrors : sequence of str, optional
        As :func:`load_fashion28` takes them.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Returns
    -------
    Digits
        60 000 training and 10 000 test images.

    Raises
    ------
    DatasetError
        If a mirror's address is refused, no mirror delivers a good file, or the folder can't be
        written.
    """
    folder, origin, arrays = Path(folder), "cache", {}
    mirrors = check_mirrors(FASHION_MIRRORS if mirrors is None else mirrors)
    for key in FASHION_FILES:
        try:
            arrays[key] = _read(folder, key)
        except DatasetError:
            arrays[key] = _download(folder, key, mirrors, progress)
            origin = "download"
    return Digits(**arrays, name="Fashion-MNIST", origin=origin, classes=CLASSES)


def _read(folder, key):
    """Read one array from a folder."""
    name, _, shape = FASHION_FILES[key]
    data = read_file(folder / name, idx_size(shape) + SPARE, DatasetError)
    return _parse(data, key, folder / name)


def _parse(data, key, name):
    """Return the array in the bytes of a file, if they are the ones that are meant."""
    _, sha, shape = FASHION_FILES[key]
    plain = gunzip(data, name, idx_size(shape))
    if hashlib.sha256(data).hexdigest() != sha:
        raise DatasetError(f"{name}: wrong checksum, this is not the original Fashion-MNIST")
    array = parse_idx(plain, name)
    if array.shape != shape:
        raise DatasetError(f"{name} has the shape {array.shape}, expected {shape}")
    return array


def _download(folder, key, mirrors, progress):
    """Get one file from the first mirror that has it, and return its array."""
    name, _, shape = FASHION_FILES[key]
    limit = idx_size(shape) + SPARE

    def accept(sent):
        return sent, _parse(sent, key, name)

    try:
        return download(mirrors, name, limit, accept, folder / name, progress)
    except DatasetError as error:
        raise DatasetError(f"{name}: {str(error) or 'nothing is downloaded'}") from None
