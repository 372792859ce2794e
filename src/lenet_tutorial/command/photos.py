"""From a picture file to light, and so to what MNIST's digits look like.

What becomes of the light is the same for any picture: see :mod:`lenet_tutorial.cutout`.

A picture may come from anywhere, so its kind is one of five, and its size is looked up in its
header, before a pixel is unpacked. Of the notes beside the pixels only one is needed, which side is
up; whatever else stands there does no harm.
"""

import io
import math
import re
import struct
import warnings
import zlib
from typing import NamedTuple

import numpy as np

from .._inputs import shown
from ..cutout import cut_out, find_digits, normalise
from ..files import read_file
from ..ink import grey

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 40_000_000  # here and in the explorer: a file of kilobytes can unpack to gigabytes
MAX_BYTES = 100_000_000
SIDE = 400  # larger pictures are made smaller first, by the mean of what each pixel covers
STRIP = 1 << 20  # pixels that are turned into light in one go
PNG = b"\x89PNG\r\n\x1a\n"
HIDDEN = 0.05  # light that differs by less is not seen
STARTS = (PNG, b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF")  # of files that can only be these


class PictureError(ValueError):
    """A picture can't be used; the message says why, and names the file."""


def read_digit(path):
    """Read a picture of one digit, and make of it what MNIST's digits look like.

    Parameters
    ----------
    path : path
        A PNG, JPEG, WebP, GIF or BMP file, of which the first frame counts. Dark on light or light
        on dark, grey, coloured or with a palette; what is transparent lies on white.

    Returns
    -------
    numpy.ndarray
        ``(28, 28)``, uint8: 0 is background, 255 is ink.

    Raises
    ------
    PictureError
        If there is no such file, it is none of these kinds, it is damaged, it has more than
        `MAX_PIXELS` pixels, or nothing stands out from the paper. PictureError is a ValueError.
    """
    return read_doubtful(path)[0]


def read_doubtful(path):
    """Read a picture of one digit, and say why what was made of it is doubtful.

    Parameters
    ----------
    path : path
        As :func:`read_digit` takes it.

    Returns
    -------
    (numpy.ndarray, list of str)
        What :func:`read_digit` returns, and keys of ``lenet_tutorial.cutout.DOUBTS``.

    Raises
    ------
    PictureError
        As :func:`read_digit`.
    """
    found = cut_out(read_picture(path).look)
    centred = None if found is None else normalise(found[0])
    if centred is None:
        raise _blank(path)
    return _as_bytes(centred), found[1]


class Found(NamedTuple):
    """A digit that was found on a picture, as MNIST's digits look like.

    Attributes
    ----------
    image : numpy.ndarray
        ``(28, 28)``, uint8: 0 is background, 255 is ink.
    doubts : list of str
        Keys of ``lenet_tutorial.cutout.DOUBTS``.
    box : tuple of int
        Top, bottom, left and right, in pixels of the picture; the ends are the first ones outside.
    row : int
        In which row of digits it stands, from 0.
    """

    image: np.ndarray
    doubts: list
    box: tuple
    row: int


def read_digits(path):
    """Read all digits of a picture, in the order in which they are read.

    Parameters
    ----------
    path : path
        As :func:`read_digit` takes it.

    Returns
    -------
    list of Found
        At least one. Where only one digit is found, it is that of :func:`read_doubtful`.

    Raises
    ------
    PictureError
        As :func:`read_digit`.
    """
    picture = read_picture(path)
    found = []
    for digit in find_digits(picture.look):
        centred = normalise(digit.ink)
        if centred is not None:
            found.append(
                Found(_as_bytes(centred), digit.doubts, picture._nearest(digit.box), digit.row)
            )
    if not found:
        raise _blank(path)
    return found


def _as_bytes(centred):
    return np.floor(centred * 255 + 0.5).astype(np.uint8)


def _blank(path):
    return PictureError(f"{shown(path)} is blank: nothing stands out from the paper")


def read_light(path):
    """Read a picture as light: 0 is black, 1 is white.

    Parameters
    ----------
    path : path
        As :func:`read_digit` takes it.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``, float32, at most 400 pixels a side.

    Raises
    ------
    PictureError
        As :func:`read_digit`.
    """
    return grey(read_picture(path).look()).astype(np.float32)


def read_picture(path):
    """Read a picture, to look at it or at parts of it.

    Parameters
    ----------
    path : path
        As :func:`read_digit` takes it.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        As :func:`read_digit`.
    """
    data, name = read_file(path, MAX_BYTES, PictureError), shown(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of sizes and notes: both are looked at here
        try:
            return _decode(data, name)
        except PictureError:
            raise
        except MemoryError:
            raise PictureError(f"{name} needs more memory than there is") from None
        except Exception as error:  # whatever a decoder makes of wrong bytes
            raise PictureError(
                f"{name} is damaged or cut short ({shown(error)[:100] or type(error).__name__})"
            ) from None


def _decode(data, name):
    """Return the picture in its bytes."""
    from PIL import Image

    try:
        with _open(data) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(name, width * height)
            if image.format == "PNG":
                _check_png(data, width, height)
            image.load()
            return Picture(_upright(image))
    except Image.DecompressionBombError:
        raise _too_large(name, None) from None
    except Image.UnidentifiedImageError:
        if data.startswith(STARTS):
            raise PictureError(f"{name} is damaged or cut short (its start is wrong)") from None
        raise PictureError(
            f"{name} is no picture that can be read: a PNG, JPEG, WebP, GIF or BMP file is needed"
        ) from None


def _open(data):
    """Open a picture; a JPEG whose notes stop Pillow, without them."""
    from PIL import Image

    try:
        return Image.open(io.BytesIO(data), formats=KINDS)
    except Image.DecompressionBombError:
        raise
    except Exception:
        plain = _without_notes(data)
        if plain == data:
            raise
        return Image.open(io.BytesIO(plain), formats=KINDS)


def _without_notes(data):
    """Return a JPEG without the parts that hold notes (APP1 to APP13: EXIF, XMP, profiles)."""
    if not data.startswith(b"\xff\xd8\xff"):
        return data
    kept, place = [data[:2]], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if not 0xE1 <= data[place + 1] <= 0xED:
            kept.append(data[place:end])
        place = end
    return b"".join([*kept, data[place:]])


def _check_png(data, width, height):
    """Hold the checksums of a PNG against its parts, and against its rows."""
    rows, made, place = zlib.decompressobj(), 0, len(PNG)
    most = 9 * (width + 8) * (height + 8)  # with eight bytes for a pixel, and some for each row
    while True:
        length, kind = struct.unpack_from(">I4s", data, place)
        body = memoryview(data)[place + 8 : place + 8 + length]
        (told,) = struct.unpack_from(">I", data, place + 8 + length)
        if zlib.crc32(body, zlib.crc32(kind)) != told:
            raise ValueError(f"the checksum of its part {kind!r} is wrong")
        while kind == b"IDAT" and body and not rows.eof and made <= most:
            made += len(rows.decompress(body, 1 << 20))
            body = rows.unconsumed_tail
        if made > most:
            raise ValueError("it holds more than its pixels")
        if kind == b"IEND":
            break
        place += 12 + length
    if not rows.eof:
        raise ValueError("some of its rows are missing")


TURNS = (
    *("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270"),
    *("TRANSVERSE", "ROTATE_90"),
)  # what EXIF's orientations 2 to 8 ask for


def _upright(image):
    """Turn a picture as its notes say, where they can be read."""
    from PIL import Image

    try:
        turn = image.getexif().get(0x0112)
    except Exception:  # broken notes; the pixels are whole
        turn = _turn_in_xmp(image.info)
    if not isinstance(turn, int) or turn not in range(2, 9):
        return image
    return image.transpose(Image.Transpose[TURNS[turn - 2]])


def _turn_in_xmp(info):
    """Return the orientation in a picture's second kind of notes."""
    notes = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    notes = notes if isinstance(notes, bytes) else str(notes).encode(errors="replace")
    found = re.search(rb'tiff:Orientation(?:="|>)([0-9])', notes)
    return int(found[1]) if found else 1


def _too_large(name, pixels):
    has = "far more" if pixels is None else f"{pixels / 1e6:.0f} million pixels; more"
    return PictureError(
        f"{name} has {has} than {MAX_PIXELS // 1_000_000} million pixels: make it smaller first"
    )


class Picture:
    """A picture that can be looked at, whole or a part of it, in at most 400 pixels a side.

    Parameters
    ----------
    image : PIL.Image.Image
        Loaded, and the right side up.
    """

    def __init__(self, image):
        self._image, self._most = image, None
        if image.mode.startswith(("I", "F")):  # 16 bits per pixel: scaled, where Pillow would clip
            self._most = 65_535 if np.asarray(image).max() > 255 else 255

    def _nearest(self, box):
        """Return the ends of a box in whole pixels."""
        width, height = self._image.size
        sides = height, height, width, width
        return tuple(math.floor(a * b + 0.5) for a, b in zip(box, sides, strict=True))

    def pixels(self, box):
        """Return the pixels of a box: first line, line after the last, and so for columns.

        Parameters
        ----------
        box : (float, float, float, float)
            Shares of the picture, as :meth:`look` takes them.

        Returns
        -------
        (int, int, int, int)
        """
        width, height = self._image.size
        top, left = math.floor(box[0] * height), math.floor(box[2] * width)
        return top, math.ceil(box[1] * height), left, math.ceil(box[3] * width)

    def look(self, box=(0, 1, 0, 1)):
        """Return colours: 0 is none of a colour, 1 is all of it.

        It is looked at in strips, so that a photograph takes little more memory than its pixels.

        Parameters
        ----------
        box : (float, float, float, float)
            First and last line, first and last column of a part, as shares of the picture.

        Returns
        -------
        numpy.ndarray
            ``(height, width, 3)``, float32. What is transparent lies on white; where nothing could
            be seen so, on black.
        """
        top, bottom, left, right = self.pixels(box)
        height, width = bottom - top, right - left
        shrink = min(1, SIDE / max(width, height))
        rows, columns = (max(1, math.floor(side * shrink + 0.5)) for side in (height, width))
        narrow, strip = np.empty((4, height, columns), np.float32), max(1, STRIP // width)
        for first in range(0, height, strip):
            last = min(first + strip, height)
            planes = self._planes((left, top + first, right, top + last))
            narrow[:, first:last] = [_resized(plane, columns, last - first) for plane in planes]
        seen = np.stack([_resized(plane, columns, rows) for plane in narrow], axis=-1)
        seen, nothing = seen[..., :3], 1 - seen[..., 3:]
        on_white = np.clip(seen + nothing, 0, 1)
        hidden = np.ptp(on_white) < HIDDEN <= np.ptp(nothing)  # white on a transparent ground
        return np.clip(seen, 0, 1) if hidden else on_white

    def _planes(self, box):
        """Return red, green and blue of a part, as much as is there, and how much is there."""
        part = self._image.crop(box)
        if self._most:
            light = np.asarray(part).astype(np.float32) / np.float32(self._most)
            return [light, light, light, np.ones_like(light)]
        pixels = np.asarray(part.convert("RGBA")) / np.float32(255)
        return [*(pixels[..., colour] * pixels[..., 3] for colour in range(3)), pixels[..., 3]]


def _resized(plane, columns, rows):
    """Return a plane in another size: each pixel is the mean of those that it covers."""
    from PIL import Image

    if plane.shape == (rows, columns):
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((columns, rows), Image.Resampling.BOX))
