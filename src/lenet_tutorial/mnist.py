"""MNIST's four files: found in a folder or downloaded, checked, and read.

MNIST was put together by LeCun, Cortes and Burges from NIST's Special Databases 1 and 3.
"""

import hashlib
import math
import os
import stat
import struct
import warnings
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

from ._inputs import why
from .files import STALE, NoFile, fcntl, open_file, remove_unfinished
from .idx import GZIP, gunzip, idx_header, idx_size, is_page, parse_idx, to_idx
from .mirrors import DatasetError, MnistUnavailable, check_mirrors, chosen_mirrors, download

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

# --------------------------------------------------------------------------- download


def fetch(folder, mirrors, progress):
    """Read the four files of a folder of downloads; get those first that are missing or damaged.

    Parameters
    ----------
    folder : pathlib.Path
        Holds the files, not compressed; made where it is missing.
    mirrors : sequence of str or None
        Base addresses, tried in turn; None are those that were chosen.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Returns
    -------
    (dict, str)
        The arrays by their names, and ``'cache'`` or ``'download'``.

    Raises
    ------
    DatasetError
        If a mirror's address is refused.
    MnistUnavailable
        If no mirror delivers a good file, or the folder can't be written.
    """
    mirrors = chosen_mirrors() if mirrors is None else check_mirrors(mirrors)
    arrays, origin = {}, "cache"
    for name, _, _ in MNIST_FILES.values() if mirrors else ():
        remove_unfinished(folder / name, 0 if fcntl else STALE)
    for key, (name, sha, shape) in MNIST_FILES.items():
        unpack = partial(_unpack, name=f"{name}.gz", sha=sha, size=idx_size(shape))
        try:
            data, got = fetch_file(folder / name, sha, idx_size(shape), unpack, mirrors, progress)
        except DatasetError as error:
            raise MnistUnavailable(
                f"{name}: {str(error) or 'no mirror given'}. Put the four files into a folder and "
                "name it in LENET_TUTORIAL_DATA, or set LENET_TUTORIAL_DATASET=digits"
            ) from None
        arrays[key], origin = parse_idx(data, name), got or origin
    return arrays, origin


def fetch_file(path, sha, size, unpack, mirrors, progress):
    """Return the bytes of a file in a folder of downloads; where it is missing or damaged, get it.

    Parameters
    ----------
    path : pathlib.Path
        Of the file, which is not compressed. The mirrors have it as ``.gz``.
    sha : str
        Its SHA-256 sum, in hexadecimal digits.
    size : int
        Its bytes.
    unpack : callable
        Returns the file's bytes in what a mirror sends, or raises DatasetError.
    mirrors : sequence of str
        Base addresses, tried in turn.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Returns
    -------
    (bytes, str or None)
        And ``'download'``, where it was downloaded.

    Raises
    ------
    DatasetError
        If no mirror delivers a good file, or the folder can't be written.
    """
    data = _good_file(path, sha, size)
    if data is not None:
        return data, None

    def accept(sent):
        data = unpack(sent)
        return data, data

    name = f"{path.name}.gz"
    return download(mirrors, name, size + SPARE, accept, path, progress), "download"


def _good_file(path, sha, size):
    """Return the bytes of a file, if it is the one that is meant; else None."""
    try:
        with open_file(path) as file:
            data = file.read(size + 1)  # one more: what is longer has another checksum
    except (OSError, ValueError):
        return None
    return data if hashlib.sha256(data).hexdigest() == sha else None


def _unpack(data, name, sha, size):
    """Return the plain bytes of a file, compressed or not: not its name but its checksum decides.

    A server or a browser may have taken the gzip off, and left the name as it was.
    """
    if data[:2] == GZIP:
        data = gunzip(data, name, size)
    idx_header(data, name)
    check_sum(data, sha, name)
    return data


# --------------------------------------------------------------------------- a folder


def read_folder(folder):
    """Read and check the four arrays from a folder of IDX files or an .npz.

    Parameters
    ----------
    folder : pathlib.Path
        See ``PLACES`` for where in it the files may lie.

    Returns
    -------
    dict
        The arrays by their names, as in ``MNIST_FILES``.

    Raises
    ------
    DatasetError
        If there is no such folder, or a file in it is missing, cut short, of the wrong kind or has
        the wrong checksum.
    """
    check_folder(folder)
    return {key: _read_array(folder, key) for key in MNIST_FILES}


def check_folder(folder):
    """See that what should hold a data set is a folder.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    DatasetError
        If it is none.
    """
    try:
        is_folder = stat.S_ISDIR(os.stat(folder).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(f"no such folder: {folder}{_from(folder)} ({ADVICE})") from None
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"can't read the folder {folder}: {why(error, named=False)} ({ADVICE})"
        ) from None
    if not is_folder:
        raise DatasetError(f"{folder} is no folder: name the one that holds the files ({ADVICE})")


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
            if file := open_candidate(path):
                with file:
                    return (_read_npz if path.suffix == ".npz" else _read_idx)(file, path, key)
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


def open_candidate(path):
    """Open a file, or return None where none is; a folder of its name is none, as on Kaggle.

    Parameters
    ----------
    path : pathlib.Path
        Where it may be.

    Returns
    -------
    file or None
        Open, of bytes.

    Raises
    ------
    DatasetError
        If what is there is no file, or can't be read.
    """
    try:
        return open_file(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except NoFile:
        raise DatasetError(f"{path} is no file but a pipe or a device, and is not opened") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"can't read {path}: {why(error, named=False)}") from None


def read_open(file, path, name, size):
    """Return what an open file holds, unless it is longer than the one that is meant.

    Parameters
    ----------
    file : file
        As :func:`open_candidate` opens it.
    path : path
        Where it lies.
    name : str
        Of the file that is meant.
    size : int
        Bytes of that file; compressed, it may be a little longer.

    Returns
    -------
    bytes

    Raises
    ------
    DatasetError
        If it is longer, or can't be read.
    """
    try:
        found = os.fstat(file.fileno()).st_size
        if found > size + SPARE:
            raise DatasetError(f"{path} has {found} bytes; {name} has {size}")
        return file.read()
    except OSError as error:
        raise DatasetError(f"can't read {path}: {why(error, named=False)}") from None


def _read_idx(file, path, key):
    name, sha, shape = MNIST_FILES[key]
    size = idx_size(shape)
    data = read_open(file, path, name, size)
    return parse_idx(_unpack(data, path, sha, size), path)


def _read_npz(file, path, key):
    """Read one array of mnist.npz as Keras ships it; the same checksum holds, over it as IDX."""
    _, sha, shape = MNIST_FILES[key]
    try:
        _check_zip(file, path)
        with zipfile.ZipFile(file) as archive:
            try:
                entry = archive.getinfo(f"{key}.npy")
            except KeyError:
                raise DatasetError(f"{path} has no array {key!r}") from None
            if entry.file_size > math.prod(shape) + SPARE:
                raise DatasetError(
                    f"{path}: {key} would unpack to {entry.file_size} bytes; "
                    f"it must be uint8 of shape {shape}"
                )
            with archive.open(entry) as held:
                array = _read_npy(held, f"{path}: {key}", shape)
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"can't read {path}: {why(error, named=False)}") from None
    except Exception as error:  # zipfile, zlib and NumPy have many words for damage
        raise DatasetError(f"{path} is not a complete .npz file: {error}") from None
    check_sum(to_idx(array), sha, f"{path}: {key}")
    return array


def _check_zip(file, path):
    """Refuse what is no zip file, or one that zipfile would have to take apart at length."""
    most = sum(idx_size(shape) for _, _, shape in MNIST_FILES.values()) + SPARE
    size = os.fstat(file.fileno()).st_size
    if size > most:
        raise DatasetError(f"{path} has {size} bytes; MNIST has no more than {most}")
    start = file.read(512)
    file.seek(max(0, size - SPARE))
    end = file.read(SPARE)
    if is_page(start):
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


def check_sum(data, sha, name, original="the original MNIST"):
    """Hold the checksum of a file's bytes against the one that is known.

    Parameters
    ----------
    data : bytes
        The whole file.
    sha : str
        Its SHA-256 sum, in hexadecimal digits.
    name : str or path
        Named in the error.
    original : str
        What the file is to be, for the error.

    Raises
    ------
    DatasetError
        If it is another.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != sha:
        raise DatasetError(
            f"{name}: wrong checksum (sha256 {found[:12]}…, expected {sha[:12]}…): "
            f"this is not {original}; get the file again"
        )
