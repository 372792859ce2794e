"""The format of MNIST's files, IDX: bytes in, an array out, and no surprise in between.

A magic number, the sizes of the axes, then the bytes, all big-endian; mostly gzip around it.
"""

import gzip
import io
import math
import struct
import zlib

import numpy as np

from .mirrors import DatasetError

GZIP = b"\x1f\x8b"


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
        looks = "looks like a web page" if is_page(data) else "is no gzip file"
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
    shape, start = idx_header(data, name)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()


def idx_header(data, name):
    """Return the shape in the header of an IDX file, before any array is made.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str or path
        Named in the error.

    Returns
    -------
    (tuple of int, int)
        The sizes of the axes, and where the values begin.

    Raises
    ------
    DatasetError
        If the magic number is wrong, or the length does not match the sizes.
    """
    if not data:
        raise DatasetError(f"{name} is empty")
    if is_page(data):
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


def is_page(data):
    """Say whether bytes begin as a web page does: what a server sends in the place of a file.

    Parameters
    ----------
    data : bytes
        Their beginning will do.

    Returns
    -------
    bool
    """
    return data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def idx_size(shape):
    """Return the size in bytes of an IDX file that holds an array.

    Parameters
    ----------
    shape : tuple of int
        Of the array, which is of bytes.

    Returns
    -------
    int
    """
    return 4 + 4 * len(shape) + math.prod(shape)


def to_idx(array):
    """Write an array as an IDX file.

    Parameters
    ----------
    array : numpy.ndarray
        uint8.

    Returns
    -------
    bytes
    """
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()
