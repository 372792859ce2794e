"""Handwritten digits, 28×28: MNIST where it can be had, else the digits inside scikit-learn.

Both come out of :func:`load_digits28` with the same names, types and axes, so that a chapter runs
with either. MNIST is looked for in this order:

1. the folder that the environment variable ``LENET_TUTORIAL_DATA`` names (the four IDX files,
   gzip-compressed or not, or ``mnist.npz``),
2. the cache (``LENET_TUTORIAL_CACHE``, else the user's cache folder),
3. the mirrors below, through pooch, into the cache.

``LENET_TUTORIAL_DATASET`` chooses: ``mnist`` (an error where it can't be had), ``digits`` (no
network at all) or ``auto`` (MNIST, else the digits with one line that says why).

MNIST was put together by LeCun, Cortes and Burges from NIST's Special Databases 1 and 3; its IDX
format is a magic number, the sizes of the axes, then the bytes, all big-endian.
"""

import gzip
import hashlib
import io
import os
import struct
import tempfile
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
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

CONNECT_TIMEOUT = 10  # seconds to reach a server
READ_TIMEOUT = 20  # seconds without a byte
FILE_TIMEOUT = 600  # seconds for one file, however steadily it drips


class DatasetError(ValueError):
    """A data set could not be loaded; the message says why and what to do."""


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

    def __repr__(self):
        return f"<{self.name}: {len(self.x_train)} training and {len(self.x_test)} test digits>"


def load_digits28(dataset=None):
    """Load MNIST, or the digits bundled with scikit-learn in the same shape.

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
        If `dataset` is unknown; if ``LENET_TUTORIAL_DATA`` is set and holds no good MNIST; or if
        MNIST is asked for by name and can't be had. DatasetError is a ValueError.
    """
    chosen = dataset or os.environ.get("LENET_TUTORIAL_DATASET") or "auto"
    if chosen not in ("auto", "mnist", "digits"):
        raise DatasetError(
            f"unknown data set {chosen!r}: LENET_TUTORIAL_DATASET takes 'mnist', 'digits' or 'auto'"
        )
    if chosen == "digits":
        return load_bundled()
    try:
        return load_mnist()
    except MnistUnavailable as error:
        if chosen == "mnist":
            raise
        digits = load_bundled()
        count = len(digits.x_train) + len(digits.x_test)
        print(f"MNIST is not to be had ({error}); going on with scikit-learn's {count} digits.")
        return digits


class MnistUnavailable(DatasetError):
    """Neither the cache nor any mirror has MNIST."""


# --------------------------------------------------------------------------- MNIST


def load_mnist(folder=None, cache=None, mirrors=MIRRORS, progress=True):
    """Load MNIST from a folder, else from the cache, else from a mirror.

    Parameters
    ----------
    folder : path, optional
        Folder with the IDX files or ``mnist.npz``; by default ``$LENET_TUTORIAL_DATA``. Where a
        folder is given, nothing else is tried.
    cache : path, optional
        Folder for downloaded files; by default :func:`cache_folder`.
    mirrors : sequence of str
        Base addresses, tried in turn.
    progress : bool
        Draw a progress bar while downloading.

    Returns
    -------
    Digits
        60 000 training and 10 000 test digits.

    Raises
    ------
    DatasetError
        If the folder is missing, or a file in it is missing, cut short, of the wrong kind or has
        the wrong checksum.
    MnistUnavailable
        If no mirror delivers a good file, or the cache can't be written.
    """
    folder = folder or os.environ.get("LENET_TUTORIAL_DATA")
    if folder:
        return Digits(**_read_folder(Path(folder)), name="MNIST", origin="folder")
    return fetch_mnist(cache or cache_folder(), mirrors, progress)


def fetch_mnist(folder, mirrors=MIRRORS, progress=True):
    """Load MNIST from a folder of downloads; what is missing or damaged there is downloaded first.

    Parameters
    ----------
    folder : path
        Holds the four IDX files, not compressed; made where it is missing.
    mirrors : sequence of str
        Base addresses, tried in turn; with none of them nothing is downloaded.
    progress : bool
        Draw a progress bar while downloading.

    Returns
    -------
    Digits
        60 000 training and 10 000 test digits.

    Raises
    ------
    MnistUnavailable
        If no mirror delivers a good file, or the folder can't be written.
    """
    cache = Path(folder)
    cached = all(_is_good(cache / name, sha) for name, sha, _ in MNIST_FILES.values())
    arrays = {}
    for key, (name, sha, shape) in MNIST_FILES.items():
        path = _fetch(name, sha, shape, cache, mirrors, progress)
        arrays[key] = parse_idx(path.read_bytes(), name)
    return Digits(**arrays, name="MNIST", origin="cache" if cached else "download")


def cache_folder():
    """Return the folder for downloads: ``$LENET_TUTORIAL_CACHE``, else the user's cache."""
    import pooch

    return Path(os.environ.get("LENET_TUTORIAL_CACHE") or pooch.os_cache("lenet_tutorial"))


def _is_good(path, sha):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha
    except OSError:
        return False


def _fetch(name, sha, shape, cache, mirrors, progress):
    """Return the path of the uncompressed file in the cache, downloading it where needed.

    pooch writes to a temporary file in the cache, checks its sha256 and only then renames it, so
    a broken download never takes the place of a good file, and two processes at once both end
    with a good one.
    """
    if _is_good(cache / name, sha):
        return cache / name  # no server is needed, and the cache may be read-only
    import pooch

    pooch.get_logger().setLevel("WARNING")  # its notes would end up in a cell's stored output
    reasons = []
    for mirror in mirrors:
        try:
            path = pooch.retrieve(
                url=mirror + name + ".gz",
                known_hash=f"sha256:{sha}",
                fname=name,
                path=cache,
                downloader=_GzipDownloader(idx_size(shape), progress),
            )
            return Path(path)
        except Exception as error:  # whatever a server or a disk does, the next mirror may do
            reasons.append(_in_short(error, mirror))
    raise MnistUnavailable(
        f"{name}: {'; '.join(reasons) or 'no mirror given'}. Put the four files into a folder and "
        "name it in LENET_TUTORIAL_DATA, or set LENET_TUTORIAL_DATASET=digits"
    )


def _in_short(error, mirror):
    """Say in one line what went wrong, and where."""
    host = mirror.split("//")[-1].split("/")[0]
    if hasattr(error, "request"):  # from requests: its own text is long and names memory addresses
        response = error.response
        detail = type(error).__name__ if response is None else f"status {response.status_code}"
        return f"{host}: {detail}"
    if isinstance(error, PermissionError):  # pooch puts a long text of its own into this one
        return "can't write the cache: Permission denied"
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        return f"can't write the cache: {error.strerror}{place}"
    if "does not match the known hash" in str(error):
        return f"{host}: wrong checksum"
    return f"{host}: {error}"


class _GzipDownloader:
    """Downloader for pooch: fetch a .gz file and write its uncompressed bytes to the output."""

    def __init__(self, size, progress):
        self.size = size  # of the uncompressed file, in bytes
        self.progress = progress

    def __call__(self, url, output_file, pooch_object):
        from pooch import HTTPDownloader

        bar = _Progress(url.rsplit("/", 1)[-1], self.progress)
        with tempfile.TemporaryFile(dir=Path(output_file).parent) as compressed:
            download = HTTPDownloader(
                progressbar=bar, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), chunk_size=1 << 16
            )
            download(url, compressed, pooch_object)
            compressed.seek(0)
            data = gunzip(compressed.read(), url.rsplit("/", 1)[-1], self.size)
        Path(output_file).write_bytes(data)


class _Progress:
    """A tqdm bar in the form that pooch asks for, which gives up on a server that only drips."""

    def __init__(self, name, visible):
        from tqdm import tqdm

        self.bar = tqdm(desc=name, unit="B", unit_scale=True, disable=not visible)
        self.started = time.monotonic()

    @property
    def total(self):
        return self.bar.total

    @total.setter
    def total(self, value):
        self.bar.total = value or None

    def update(self, count):
        if time.monotonic() - self.started > FILE_TIMEOUT:
            self.bar.close()
            raise TimeoutError(f"not finished after {FILE_TIMEOUT} seconds")
        self.bar.update(count)

    def reset(self):
        self.bar.reset()

    def close(self):
        self.bar.close()


def _read_folder(folder):
    """Read and check the four arrays from a folder of IDX files or an .npz."""
    advice = "see LENET_TUTORIAL_DATA"
    if not folder.is_dir():
        raise DatasetError(f"no such folder: {folder} ({advice})")
    archive = folder / "mnist.npz"
    if archive.is_file():
        return _read_npz(archive)
    arrays = {}
    for key, (name, sha, shape) in MNIST_FILES.items():
        plain, compressed = folder / name, folder / f"{name}.gz"
        try:
            if plain.is_file():
                data = plain.read_bytes()
            elif compressed.is_file():
                data = gunzip(compressed.read_bytes(), compressed, idx_size(shape))
            else:
                raise DatasetError(f"{folder} has neither {name} nor {name}.gz ({advice})")
        except OSError as error:
            raise DatasetError(f"can't read {name} in {folder}: {error.strerror}") from None
        arrays[key] = parse_idx(data, name)
        _check(data, sha, name)
    return arrays


def _read_npz(path):
    """Read mnist.npz as Keras ships it; the same checksums hold, over the bytes as IDX."""
    arrays = {}
    try:
        # allow_pickle=False: an object array could run code when it is loaded.
        with np.load(path, allow_pickle=False) as archive:
            for key, (_, sha, shape) in MNIST_FILES.items():
                if key not in archive:
                    raise DatasetError(f"{path} has no array {key!r}")
                array = archive[key]
                if array.shape != shape or array.dtype != np.uint8:
                    raise DatasetError(
                        f"{path}: {key} must be uint8 of shape {shape}, "
                        f"got {array.dtype} of shape {array.shape}"
                    )
                arrays[key] = array
                _check(_to_idx(array), sha, f"{path}: {key}")
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise DatasetError(f"{path} is not a complete .npz file: {error}") from None
    except DatasetError:
        raise
    except ValueError as error:  # NumPy's word for an object array, or a file of another kind
        raise DatasetError(f"{path} can't be read without running pickled code: {error}") from None
    return arrays


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
    if data[:2] != b"\x1f\x8b":
        looks = "looks like a web page" if data.lstrip()[:1] == b"<" else "is no gzip file"
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
    expected = start + int(np.prod(shape, dtype=np.int64))
    if len(data) != expected:
        raise DatasetError(
            f"{name} has {len(data)} bytes; its header says {shape}, which takes {expected}"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()


def idx_size(shape):
    """Return the size in bytes of an IDX file that holds an array of this shape."""
    return 4 + 4 * len(shape) + int(np.prod(shape))


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
