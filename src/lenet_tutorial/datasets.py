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

MNIST was put together by LeCun, Cortes and Burges from NIST's Special Databases 1 and 3; its IDX
format is a magic number, the sizes of the axes, then the bytes, all big-endian.
"""

import gzip
import hashlib
import io
import math
import os
import stat
import struct
import sys
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .mirrors import (
    DatasetError,
    be_ready,
    check_mirrors,
    chosen_mirrors,
    get,
    host,
    import_pooch,
    in_short,
    store,
    sweep,
    why,
)

#: Array name: (file name, sha256 of the uncompressed bytes, shape). The hash is of the content and
#: not of the .gz file, because some mirrors have compressed the same bytes again.
MNIST_FILES = {
    "x_train": (
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60_000, 28, 28),
    ),
    "y_train": (
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        (60_000,),
    ),
    "x_test": (
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        (10_000, 28, 28),
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        (10_000,),
    ),
}

SPARE = 1 << 16  # bytes: compressed, a file is smaller than plain, or longer by less than this

#: Where in a folder the files may lie, and under which names: as on MNIST's page and in Keras;
#: unpacked by the name inside the .gz; as torchvision, TensorFlow and Kaggle put them.
PLACES = ("", "raw", "MNIST/raw", "MNIST", "mnist", "MNIST_data", "datasets")
ADVICE = "see LENET_TUTORIAL_DATA"
GZIP = b"\x1f\x8b"
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
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    origin: str

    def copy(self):
        """Return the same digits in arrays of their own."""
        names = ("x_train", "y_train", "x_test", "y_test")
        return replace(self, **{name: getattr(self, name).copy() for name in names})

    def __repr__(self):
        return f"<{self.name}: {len(self.x_train)} training and {len(self.x_test)} test digits>"


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
    _say_once(f"MNIST is not to be had ({found}); going on with scikit-learn's {count} digits.")
    return digits


_found = {}  # the settings: the digits, or why there are none
_said = []


def _say_once(line):
    """Print a line, if none was printed yet, in whatever encoding the output has."""
    if not _said:
        _said.append(line)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(line.encode(encoding, "backslashreplace").decode(encoding))


class MnistUnavailable(DatasetError):
    """Neither the cache nor any mirror has MNIST."""


# --------------------------------------------------------------------------- MNIST


def load_mnist(folder=None, cache=None, mirrors=None, progress=True):
    """Load MNIST from a folder, else from the cache, else from a mirror.

    Parameters
    ----------
    folder : path, optional
        Folder with the IDX files or ``mnist.npz``; by default ``$LENET_TUTORIAL_DATA``. Where a
        folder is given, nothing else is tried.
    cache : path, optional
        Folder for downloaded files; by default :func:`cache_folder`.
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
        return Digits(**_read_folder(Path(folder)), name="MNIST", origin="folder")
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
    folder = Path(folder)
    mirrors = chosen_mirrors() if mirrors is None else check_mirrors(mirrors)
    if mirrors:
        sweep(folder, [name for name, _, _ in MNIST_FILES.values()])
    arrays, origin = {}, "cache"
    for key, (name, sha, shape) in MNIST_FILES.items():
        data = _good(folder / name, sha, idx_size(shape))
        if data is None:
            data = _download(name, sha, idx_size(shape), folder, mirrors, progress)
            origin = "download"
        arrays[key] = parse_idx(data, name)
    return Digits(**arrays, name="MNIST", origin=origin)


def cache_folder():
    """Return the folder for downloads: ``$LENET_TUTORIAL_CACHE``, else the user's cache.

    Raises
    ------
    MnistUnavailable
        If the user has no home, and so no cache.
    """
    named = os.environ.get("LENET_TUTORIAL_CACHE")
    if named:
        return Path(named)
    try:
        folder = import_pooch().os_cache("lenet_tutorial")
    except RuntimeError:  # an older platformdirs gives back a "~" that stands for nobody's home
        folder = Path("~")
    if not folder.is_absolute():
        raise MnistUnavailable("there is no home for a cache: name one in LENET_TUTORIAL_CACHE")
    return folder


def _good(path, sha, size):
    """Return the bytes of a file, if it is the one that is meant; else None."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return None
        data = path.read_bytes()
    except (OSError, ValueError):
        return None
    return data if hashlib.sha256(data).hexdigest() == sha else None


def _unpack(data, name, sha, size):
    """Return the plain bytes of a file, compressed or not: not its name but its checksum decides.

    A server or a browser may have taken the gzip off, and left the name as it was.
    """
    if data[:2] == GZIP:
        data = gunzip(data, name, size)
    _idx_header(data, name)
    _check(data, sha, name)
    return data


# --------------------------------------------------------------------------- download


def _download(name, sha, size, folder, mirrors, progress):
    """Get one file from the first mirror that has it, and return its bytes.

    It is held in memory until its checksum is right. Only then is it written, and moved to its
    place: a broken download never takes the place of a good file, and two processes at once both
    end with a good one.
    """
    reasons = []
    try:
        if mirrors:
            be_ready(folder)
        for mirror in mirrors:
            try:
                sent = get(f"{mirror}{name}.gz", size + SPARE, progress)
                data = _unpack(sent, f"{name}.gz", sha, size)
            except Exception as error:  # whatever a server does, the next one may do better
                reasons.append(f"{host(mirror)}: {in_short(error)}")
            else:
                store(data, folder / name)
                return data
    except (OSError, ValueError) as error:
        reasons.append(f"can't write to {folder}: {why(error)}")
    raise MnistUnavailable(
        f"{name}: {'; '.join(reasons) or 'no mirror given'}. Put the four files into a folder and "
        "name it in LENET_TUTORIAL_DATA, or set LENET_TUTORIAL_DATASET=digits"
    )


# --------------------------------------------------------------------------- a folder


def _read_folder(folder):
    """Read and check the four arrays from a folder of IDX files or an .npz."""
    try:
        is_folder = stat.S_ISDIR(os.stat(folder).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(f"no such folder: {folder}{_from(folder)} ({ADVICE})") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"can't read the folder {folder}: {why(error)} ({ADVICE})") from None
    if not is_folder:
        raise DatasetError(f"{folder} is no folder: name the one that holds the files ({ADVICE})")
    return {key: _read_array(folder, key) for key in MNIST_FILES}


def _from(folder):
    """Say from where a relative folder was looked for."""
    try:
        return "" if folder.is_absolute() else f" in {Path.cwd()}"
    except OSError:  # that one is gone, too
        return ""


def _read_array(folder, key):
    """Read one array from the first file that is good; if none is, say what is wrong with one."""
    name, wrong = MNIST_FILES[key][0], []
    for path in _candidates(folder, name):
        try:
            if _is_file(path):
                return (_read_npz if path.suffix == ".npz" else _read_idx)(path, key)
        except DatasetError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]
    raise DatasetError(f"{folder} has neither {name} nor {name}.gz ({ADVICE})")


def _candidates(folder, name):
    dotted = name.replace("-idx", ".idx")
    for place in PLACES:
        for file in (name, f"{name}.gz", dotted, f"{dotted}.gz", f"{name}/{name}", "mnist.npz"):
            yield folder / place / file


def _is_file(path):
    """Say whether there is a file; what only looks like one, and may block or never end, is wrong.

    A folder of the file's name is no file, as on Kaggle.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise DatasetError(f"can't read {path}: {why(error)}") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise DatasetError(f"{path} is no file but a pipe or a device, and is not opened")
    return stat.S_ISREG(mode)


def _read_idx(path, key):
    name, sha, shape = MNIST_FILES[key]
    size = idx_size(shape)
    try:
        found = path.stat().st_size
        if found > size + SPARE:
            raise DatasetError(f"{path} has {found} bytes; {name} has {size}")
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"can't read {path}: {why(error)}") from None
    return parse_idx(_unpack(data, path, sha, size), path)


def _read_npz(path, key):
    """Read one array of mnist.npz as Keras ships it; the same checksum holds, over it as IDX."""
    _, sha, shape = MNIST_FILES[key]
    try:
        _check_zip(path)
        with zipfile.ZipFile(path) as archive:
            try:
                entry = archive.getinfo(f"{key}.npy")
            except KeyError:
                raise DatasetError(f"{path} has no array {key!r}") from None
            if entry.file_size > math.prod(shape) + SPARE:
                raise DatasetError(
                    f"{path}: {key} would unpack to {entry.file_size} bytes; "
                    f"it must be uint8 of shape {shape}"
                )
            with archive.open(entry) as file:
                array = _read_npy(file, f"{path}: {key}", shape)
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"can't read {path}: {why(error)}") from None
    except Exception as error:  # zipfile, zlib and NumPy have many words for damage
        raise DatasetError(f"{path} is not a complete .npz file: {error}") from None
    _check(_to_idx(array), sha, f"{path}: {key}")
    return array


def _check_zip(path):
    """Refuse what is no zip file, or one that zipfile would have to take apart at length."""
    most = sum(idx_size(shape) for _, _, shape in MNIST_FILES.values()) + SPARE
    size = path.stat().st_size
    if size > most:
        raise DatasetError(f"{path} has {size} bytes; MNIST has no more than {most}")
    with open(path, "rb") as file:
        start = file.read(512)
        file.seek(max(0, size - SPARE))
        end = file.read()
    if _is_page(start):
        raise DatasetError(f"{path} looks like a web page: it starts with {start[:16]!r}")
    if start[:2] != b"PK":
        raise DatasetError(f"{path} is no .npz file: it starts with {start[:16]!r}")
    # The record at the end says how long the list of entries is.
    at = end.rfind(b"PK\5\6")
    listed = struct.unpack("<I", end[at + 12 : at + 16])[0] if at >= 0 else 0
    if listed > SPARE or end[max(0, at - 20) : at].startswith(b"PK\6\7"):
        raise DatasetError(f"{path} is no .npz of MNIST: its list of entries is too long")


def _read_npy(file, name, shape):
    """Read an array of bytes of the shape that is expected: by its header, before it is made."""
    from numpy.lib import format as npy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that Python 2 wrote
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read is None:
            raise DatasetError(f"{name} has .npy version {version}, expected (1, 0)")
        found, by_column, dtype = read(file)
    if dtype.hasobject:
        raise DatasetError(f"{name} holds pickled objects, which can run code: it is not read")
    if found != shape or dtype != np.uint8:
        raise DatasetError(f"{name} must be uint8 of shape {shape}, got {dtype} of shape {found}")
    data = file.read(math.prod(shape) + 1)  # one more: only at the end is zip's own sum compared
    if len(data) != math.prod(shape):
        raise DatasetError(f"{name} is cut short, or longer than its header says")
    return np.frombuffer(data, np.uint8).reshape(shape, order="F" if by_column else "C").copy()


def _check(data, sha, name):
    found = hashlib.sha256(data).hexdigest()
    if found != sha:
        raise DatasetError(
            f"{name}: wrong checksum (sha256 {found[:12]}…, expected {sha[:12]}…): "
            "this is not the original MNIST; get the file again"
        )


def gunzip(data, name, size):
    """Return the uncompressed bytes of a gzip file that should hold `size` bytes.

    Parameters
    ----------
    data : bytes
        The compressed file.
    name : str or path
        Named in the error.
    size : int
        Expected number of bytes, uncompressed. No more than that are unpacked.

    Returns
    -------
    bytes

    Raises
    ------
    DatasetError
        If the file is not gzip, is cut short or damaged, or holds more than `size` bytes.
    """
    if data[:2] != GZIP:
        looks = "looks like a web page" if _is_page(data) else "is no gzip file"
        raise DatasetError(f"{name} {looks}: it starts with {data[:16]!r}")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(size + 1)  # one more: a file that is too long is found out
    except (EOFError, OSError, zlib.error) as error:
        raise DatasetError(f"{name} is cut short or damaged: {error}") from None
    if len(content) != size:
        more = "more than " if len(content) > size else "only "
        shown = size if len(content) > size else len(content)
        raise DatasetError(f"{name} holds {more}{shown} bytes uncompressed, expected {size}")
    return content


def parse_idx(data, name="IDX data"):
    """Turn the bytes of an IDX file into an array.

    Parameters
    ----------
    data : bytes
        Magic number ``00 00 08 d`` (08: unsigned bytes, d: number of axes), d sizes of four bytes
        each, big-endian, then the values.
    name : str or path
        Named in the error.

    Returns
    -------
    numpy.ndarray
        uint8, with d axes.

    Raises
    ------
    DatasetError
        If the magic number is wrong, or the length does not match the sizes.
    """
    shape, start = _idx_header(data, name)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()


def _idx_header(data, name):
    """Return the shape and where the values begin, before any array is made."""
    if not data:
        raise DatasetError(f"{name} is empty")
    if _is_page(data):
        raise DatasetError(f"{name} looks like a web page: it starts with {data[:16]!r}")
    if len(data) < 8 or data[:3] != b"\x00\x00\x08" or not 1 <= data[3] <= 4:
        raise DatasetError(
            f"{name} is no IDX file of bytes: it starts with {data[:4].hex(' ')}, "
            "expected 00 00 08 and the number of axes"
        )
    axes = data[3]
    start = 4 + 4 * axes
    if len(data) < start:
        raise DatasetError(f"{name} is cut short: its header has {len(data)} of {start} bytes")
    shape = struct.unpack(f">{axes}I", data[4:start])
    expected = start + math.prod(shape)  # Python's whole numbers: NumPy's wrap at 2**63
    if len(data) != expected:
        raise DatasetError(
            f"{name} has {len(data)} bytes; its header says {shape}, which takes {expected}"
        )
    return shape, start


def _is_page(data):
    return data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def idx_size(shape):
    """Return the size in bytes of an IDX file that holds an array of this shape."""
    return 4 + 4 * len(shape) + math.prod(shape)


def _to_idx(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()


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


# --------------------------------------------------------------------------- for the networks


def check_images(images, size=None):
    """Return images as float32 ``(n, height, width, 1)``, or say what is wrong with them.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 1)``, of numbers.
    size : int, optional
        The side in pixels that the images must have.

    Raises
    ------
    ValueError
        If the array has the wrong number of axes or the wrong side, is empty, is not of numbers,
        or holds NaN or infinity.
    """
    images = np.asarray(images)
    if images.dtype == bool or not np.issubdtype(images.dtype, np.number):
        raise ValueError(f"images must be numbers, got dtype {images.dtype}")
    if np.iscomplexobj(images):
        raise ValueError("images must be real numbers, got complex ones")
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] != 1:
        raise ValueError(
            f"images must have shape (n, height, width) or (n, height, width, 1), "
            f"got {images.shape}"
        )
    if len(images) == 0:
        raise ValueError("there are no images: the first axis has length 0")
    if size is not None and images.shape[1:3] != (size, size):
        raise ValueError(
            f"images must be {size}×{size} pixels, got {images.shape[1]}×{images.shape[2]}"
        )
    images = images.astype(np.float32)
    if not np.isfinite(images).all():
        raise ValueError("images hold NaN or infinity")
    return images


def check_labels(labels, count=None, classes=10):
    """Return labels as an integer array ``(n,)``, or say what is wrong with them.

    Parameters
    ----------
    labels : numpy.ndarray
        ``(n,)``, whole numbers from 0 to ``classes - 1``.
    count : int, optional
        The number of labels there must be: one for each image.
    classes : int
        Number of classes.

    Raises
    ------
    ValueError
        If the array has another shape, is not of whole numbers, or a label is out of range.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (n,), got {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be whole numbers, got dtype {labels.dtype}")
    if count is not None and len(labels) != count:
        raise ValueError(f"there are {count} images and {len(labels)} labels")
    wrong = labels[(labels < 0) | (labels >= classes)]
    if len(wrong):
        raise ValueError(f"labels must be 0 to {classes - 1}, got {wrong[0]}")
    return labels.astype(np.int64)


def prepare(images, input_size=28):
    """Turn uint8 digits into what a network takes: values 0 … 1, one channel, padded to size.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.
    input_size : {28, 32}
        Side of the network's input in pixels; 32 puts two background pixels on each side.

    Returns
    -------
    numpy.ndarray
        ``(n, input_size, input_size, 1)``, float32, 0 to 1.

    Raises
    ------
    ValueError
        If the images are not uint8 of 28×28, or the input size is neither 28 nor 32.
    """
    if isinstance(input_size, float) or input_size not in (28, 32):
        raise ValueError(f"input_size must be 28 or 32, got {input_size!r}")
    if np.asarray(images).dtype != np.uint8:
        raise ValueError(
            f"images must be uint8, 0 to 255, got {np.asarray(images).dtype}: "
            "were they divided by 255 before?"
        )
    images = check_images(images, size=28) / np.float32(255)
    border = (int(input_size) - 28) // 2
    return np.pad(images, ((0, 0), (border, border), (border, border), (0, 0)))


def prepare_1998(images):
    """Turn uint8 digits into what the network of 1998 takes: 32×32, −0.1 to 1.175.

    The values of background and ink are those of LeCun et al. (1998, section II-B), who chose them
    for a mean of about 0.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    numpy.ndarray
        ``(n, 32, 32, 1)``, float32.

    Raises
    ------
    ValueError
        If the images are not uint8 of 28×28.
    """
    return prepare(images, 32) * np.float32(1.275) - np.float32(0.1)


def prepare_1989(images):
    """Turn uint8 digits into what the network of 1989 takes: 16×16, −1 to 1.

    Each digit's box of ink is scaled so that its longer side fills the 16 pixels, and put into the
    middle; the proportions stay (LeCun et al. 1989, section 2.1). Each pixel of the result is the
    mean of the area that it covers.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    numpy.ndarray
        ``(n, 16, 16, 1)``, float32.

    Raises
    ------
    ValueError
        If the images are not uint8 of 28×28.
    """
    images = prepare(images)[..., 0]
    small = np.zeros((len(images), 16, 16), np.float32)
    for number, image in enumerate(images):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        if len(rows) == 0:  # an empty image stays empty
            continue
        side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        down = _areas((rows[0] + rows[-1] + 1 - side) / 2, side)
        across = _areas((columns[0] + columns[-1] + 1 - side) / 2, side)
        small[number] = down @ image @ across.T
    return (2 * small - 1)[..., np.newaxis]


def _areas(start, side, pixels=28, out=16):
    """Return the share of each of 28 pixels in the mean of each of 16 equal parts of a stretch."""
    edges = start + side / out * np.arange(out + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    pixel = np.arange(pixels)
    overlap = np.minimum(right, pixel + 1) - np.maximum(left, pixel)
    return np.maximum(overlap, 0).astype(np.float32) * np.float32(out / side)
