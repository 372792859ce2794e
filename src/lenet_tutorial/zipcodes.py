"""The zip codes of 1989: digits from envelopes, as many as the network of 1989 had.

7 291 training and 2 007 test digits, 16×16, deslanted and scaled to one size. The neural network
group at AT&T gave them to the authors of *The Elements of Statistical Learning* (Hastie, Tibshirani
and Friedman), on whose site they lie as "ZIP code" data; others call them USPS. No licence is
stated: they are downloaded, as MNIST is, and never come with the book. How they were prepared is
not written down anywhere, beyond what stands here.

They are looked for in this order:

1. the folder that ``LENET_TUTORIAL_DATA`` names, if it has them: ``zip.train.gz`` and
   ``zip.test.gz``, or the same unpacked; there, or in a folder ``zip`` (or ``zipcode``, ``usps``)
   in it,
2. the folder ``zip`` in the cache (see :mod:`lenet_tutorial.datasets`),
3. the two addresses of the site, into the cache; not where ``LENET_TUTORIAL_DATASET`` is
   ``digits``.
"""

import os
from functools import partial
from pathlib import Path

import numpy as np

from .datasets import Digits, say_once
from .files import STALE, fcntl, remove_unfinished
from .idx import GZIP, gunzip, is_page
from .mirrors import DatasetError, cache_folder, check_mirrors
from .mnist import check_folder, check_sum, fetch_file, open_candidate, read_open

#: Where they are downloaded from: the site of the book, by its newer and its older address.
ZIP_MIRRORS = (
    "https://hastie.su.domains/ElemStatLearn/datasets/",
    "https://web.stanford.edu/~hastie/ElemStatLearn/datasets/",
)

#: Part: (file name, sha256 of the uncompressed and of the compressed file, bytes uncompressed,
#: digits). What is held against a file is the first: who packs it anew gets another second one.
ZIP_FILES = {
    "train": (
        "zip.train",
        "abc9f5c75b997cabe66b5d01727d5a681c69298e1641a8d37b55433a52129dc0",
        "66ebf231ab51f2cf6ac1a892d0f98ccffee1079d7a5db638c1f11f366046ca16",
        14_512_253,
        7_291,
    ),
    "test": (
        "zip.test",
        "6bde17b4f1cd68e0630cd2751d6495b5795d9165ab2dc4a0be8b7002b732f4cc",
        "8dacc3c6e136af6c3488de9e5113a7daf140c8c2f1f0b61c54ee02f03f1a962f",
        2_029_542,
        2_007,
    ),
}

#: Where in the folder of ``LENET_TUTORIAL_DATA`` they may lie.
ZIP_PLACES = ("", "zip", "zipcode", "usps")
SUBFOLDER = "zip"  # of the cache
ORIGINAL = "the zip codes as they were published"
NAME = "zip codes"


class ZipUnavailable(DatasetError):
    """Neither a folder nor the cache nor an address has the zip codes."""


def load_zipcodes(folder=None, cache=None, mirrors=None, progress=True):
    """Load the zip codes of 1989 from a folder, else from the cache, else from their site.

    Parameters
    ----------
    folder : path, optional
        Folder with the two files. Where it is given, nothing else is tried. By default
        ``$LENET_TUTORIAL_DATA``, if it holds one of them.
    cache : path, optional
        Folder for downloaded files; by default ``zip`` in
        :func:`~lenet_tutorial.mirrors.cache_folder`.
    mirrors : sequence of str, optional
        Base addresses, tried in turn; by default ``ZIP_MIRRORS``. With an empty sequence nothing is
        downloaded, nor by default where ``LENET_TUTORIAL_DATASET`` is ``digits``.
    progress : bool
        Draw a progress bar while downloading, where stderr is a terminal.

    Returns
    -------
    Digits
        Images ``(n, 16, 16)`` float32, −1 (background) to 1 (ink), and labels ``(n,)`` uint8, in
        the order of the files.

    Raises
    ------
    DatasetError
        If the folder is missing, or a file in it is missing, cut short, of the wrong kind or has
        the wrong checksum; or if a mirror's address is refused.
    ZipUnavailable
        If no address delivers a good file, or the cache can't be written.
    """
    named = os.environ.get("LENET_TUTORIAL_DATA")
    if folder or (named and holds_zipcodes(named)):
        return read_zipcodes(folder or named)
    if mirrors is None and os.environ.get("LENET_TUTORIAL_DATASET") == "digits":
        mirrors = ()
    return fetch_zipcodes(cache or cache_folder() / SUBFOLDER, mirrors, progress)


def find_zipcodes():
    """Return the zip codes if they are on this machine, else say in one line how to get them.

    Nothing is downloaded: the chapters run without them, and show results that come with the book.

    Returns
    -------
    Digits or None
        As :func:`load_zipcodes`.

    Raises
    ------
    DatasetError
        If a file of the reader's is there, and is not the one that is meant.
    """
    try:
        return load_zipcodes(mirrors=())
    except ZipUnavailable:
        line = "The zip codes are not here: `lenet-tutorial data --zip` gets them (2 MB)."
        say_once(line, NAME)
        return None


def holds_zipcodes(folder):
    """Say whether a folder has one of the two files, good or not.

    Parameters
    ----------
    folder : path
        As ``LENET_TUTORIAL_DATA`` names it.

    Returns
    -------
    bool
    """
    return any(os.path.lexists(path) for part in ZIP_FILES for path in _candidates(folder, part))


def read_zipcodes(folder):
    """Read and check the zip codes in a folder.

    Parameters
    ----------
    folder : path
        See ``ZIP_PLACES`` for where in it the two files may lie.

    Returns
    -------
    Digits
        As :func:`load_zipcodes`.

    Raises
    ------
    DatasetError
        If there is no such folder, or a file in it is missing, cut short, of the wrong kind or has
        the wrong checksum.
    """
    folder = Path(folder)
    check_folder(folder)
    return _digits({part: _read(folder, part) for part in ZIP_FILES}, "folder")


def fetch_zipcodes(folder, mirrors=None, progress=True):
    """Load the zip codes from a folder of downloads; what is missing or damaged is got first.

    Parameters
    ----------
    folder : path
        Holds the two files, not compressed; made where it is missing.
    mirrors : sequence of str, optional
        As :func:`load_zipcodes` takes them.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Returns
    -------
    Digits
        As :func:`load_zipcodes`.

    Raises
    ------
    DatasetError
        If a mirror's address is refused.
    ZipUnavailable
        If no address delivers a good file, or the folder can't be written.
    """
    folder, origin, found = Path(folder), "cache", {}
    mirrors = check_mirrors(ZIP_MIRRORS if mirrors is None else mirrors)
    for name, *_ in ZIP_FILES.values() if mirrors else ():
        remove_unfinished(folder / name, 0 if fcntl else STALE)
    for part, (name, sha, _, size, _) in ZIP_FILES.items():
        unpack = partial(_unpack, path=f"{name}.gz", part=part)
        try:
            found[part], got = fetch_file(folder / name, sha, size, unpack, mirrors, progress)
        except DatasetError as error:
            raise ZipUnavailable(
                f"{name}: {str(error) or 'nothing is downloaded'}. Put zip.train.gz and "
                "zip.test.gz into a folder and name it in LENET_TUTORIAL_DATA"
            ) from None
        origin = got or origin
    return _digits(found, origin)


def _candidates(folder, part):
    name = ZIP_FILES[part][0]
    return [Path(folder) / place / file for place in ZIP_PLACES for file in (name, f"{name}.gz")]


def _read(folder, part):
    """Return the bytes of the first file that is good; if none is, say what is wrong with one."""
    name, _, _, size, _ = ZIP_FILES[part]
    wrong = []
    for path in _candidates(folder, part):
        try:
            if file := open_candidate(path):
                with file:
                    return _unpack(read_open(file, path, name, size), path, part)
        except DatasetError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]
    raise DatasetError(f"{folder} has neither {name} nor {name}.gz (see LENET_TUTORIAL_DATA)")


def _unpack(data, path, part):
    """Return the plain bytes of a file, compressed or not: not its name but its checksum decides.

    A browser may have taken the gzip off, and left the name as it was.
    """
    _, sha, _, size, _ = ZIP_FILES[part]
    if data[:2] == GZIP:
        data = gunzip(data, path, size)
    if not data:
        raise DatasetError(f"{path} is empty")
    if is_page(data):
        raise DatasetError(f"{path} looks like a web page: it starts with {data[:16]!r}")
    if len(data) < size and data[:1] in b"0123456789":
        raise DatasetError(f"{path} is cut short: it has {len(data)} of {size} bytes")
    check_sum(data, sha, path, ORIGINAL)
    return data


def _digits(found, origin):
    """Turn the text of the two files into arrays."""
    arrays = {}
    for part, data in found.items():
        # A line is the label and 256 values. The checksum is right, so nothing else can be in it.
        table = np.fromstring(data, np.float32, sep=" ").reshape(ZIP_FILES[part][-1], 257)
        arrays[f"x_{part}"] = np.ascontiguousarray(table[:, 1:]).reshape(-1, 16, 16)
        arrays[f"y_{part}"] = table[:, 0].astype(np.uint8)
    return Digits(**arrays, name=NAME, origin=origin)
