"""From a picture file to what MNIST's digits look like.

MNIST's digits were made so: scaled, without distortion, to fit a box of 20×20 pixels, and put into
28×28 with their centre of mass in the middle (LeCun et al. 1998, section III-A). Here a picture of
any size and colour takes the same way, with the same steps as in the explorer's `preprocess.js`.

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

import numpy as np

from .._inputs import shown
from ..files import read_file
from ..images import area_weights

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 16_000_000  # a file of a few kilobytes can unpack to gigabytes
MAX_BYTES = 100_000_000
SIDE = 400  # larger pictures are made smaller first, by the mean of what each pixel covers
BOX = 20  # the longer side of a digit, in pixels
FAINT = 0.1  # ink below this counts as paper when the digit's edges are looked for
MIDDLE = 14  # where MNIST has the centre of mass, counting pixels from 0
LEAST_CONTRAST = 0.15  # between paper and ink; black on white is 1
PNG = b"\x89PNG\r\n\x1a\n"
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
        16 million pixels, or nothing stands out from the paper. PictureError is a ValueError.
    """
    ink = find_ink(read_light(path))
    centred = None if ink is None else normalise(ink)
    if centred is None:
        raise PictureError(f"{shown(path)} is blank: nothing stands out from the paper")
    return np.floor(centred * 255 + 0.5).astype(np.uint8)


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
    """Return the light in the bytes of a picture."""
    from PIL import Image

    try:
        with _open(data) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(name, width * height)
            if image.format == "PNG":
                _check_png(data, width, height)
            image.load()
            return _light(_upright(image))
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


def _light(image):
    """Return a Pillow image as light, on white paper, not larger than SIDE."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # 16 bits per pixel: scaled, where Pillow would clip
        light = np.asarray(image).astype(np.float32)
        light /= 65_535 if light.max() > 255 else 255
    else:
        pixels = np.asarray(image.convert("RGBA"))
        light = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32) / np.float32(255)
        light = 1 + (light - 1) * (pixels[..., 3] / np.float32(255))
    shrink = min(1, SIDE / max(light.shape))
    if shrink < 1:
        height, width = (max(1, math.floor(side * shrink + 0.5)) for side in light.shape)
        small = Image.fromarray(light.astype(np.float32))
        light = np.asarray(small.resize((width, height), Image.Resampling.BOX))
    return np.clip(light, 0, 1).astype(np.float32)


def find_ink(light):
    """Tell ink from paper. The paper is what the border mostly is, be it light or dark.

    Parameters
    ----------
    light : numpy.ndarray
        ``(height, width)``, 0 to 1.

    Returns
    -------
    numpy.ndarray or None
        Of the same shape, float32: 0 is paper, 1 is ink. None where nothing stands out.
    """
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    paper = np.sort(border)[len(border) // 2]
    contrast = np.abs(light - paper)
    strongest = np.sort(contrast, axis=None)[math.floor(contrast.size * 0.995)]
    if strongest < LEAST_CONTRAST:
        return None
    # Shadows and the grain of the paper stay below a third of the contrast.
    return np.clip((contrast / strongest - 0.33) * 3, 0, 1).astype(np.float32)


def normalise(ink):
    """Fit ink into a box of 20×20 pixels, and put its centre of mass into the middle of 28×28.

    Parameters
    ----------
    ink : numpy.ndarray
        ``(height, width)``, 0 to 1.

    Returns
    -------
    numpy.ndarray or None
        ``(28, 28)``, float32, 0 to 1. None where there is no ink.
    """
    rows = np.flatnonzero((ink >= FAINT).any(axis=1))
    columns = np.flatnonzero((ink >= FAINT).any(axis=0))
    if len(rows) == 0:
        return None
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(digit.shape)
    height, width = (max(1, math.floor(side * scale + 0.5)) for side in digit.shape)
    down = area_weights(0, digit.shape[0], digit.shape[0], height, np.float64)
    across = area_weights(0, digit.shape[1], digit.shape[1], width, np.float64)
    small = down @ digit @ across.T
    small /= small.max()  # a thin line stays black
    mass = small.sum()
    middle_y = (small.sum(axis=1) * np.arange(height)).sum() / mass
    middle_x = (small.sum(axis=0) * np.arange(width)).sum() / mass
    top = min(max(math.floor(MIDDLE - middle_y + 0.5), 0), 28 - height)
    left = min(max(math.floor(MIDDLE - middle_x + 0.5), 0), 28 - width)
    centred = np.zeros((28, 28), np.float32)
    centred[top : top + height, left : left + width] = small
    return centred
