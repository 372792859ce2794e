"""From a picture file to what MNIST's digits look like.

MNIST's digits were made so: scaled, without distortion, to fit a box of 20×20 pixels, and put into
28×28 with their centre of mass in the middle (LeCun et al. 1998, section III-A). Here a picture of
any size and colour takes the same way, with the same steps as in the explorer's `preprocess.js`.

A picture may come from anywhere, so its kind is one of five, and its size is looked up in its
header, before a pixel is unpacked.
"""

import math
import warnings
from pathlib import Path

import numpy as np

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 16_000_000  # a file of a few kilobytes can unpack to gigabytes
MAX_BYTES = 100_000_000
SIDE = 400  # larger pictures are made smaller first, by the mean of what each pixel covers
BOX = 20  # the longer side of a digit, in pixels
FAINT = 0.1  # ink below this counts as paper when the digit's edges are looked for
MIDDLE = 14  # where MNIST has the centre of mass, counting pixels from 0
LEAST_CONTRAST = 0.15  # between paper and ink; black on white is 1


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
        raise PictureError(f"{path} is blank: nothing stands out from the paper")
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
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    if not path.exists():
        raise PictureError(f"no such file: {path}")
    if not path.is_file():  # a folder, or a pipe that would never end
        raise PictureError(f"{path} is no file")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PictureError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked just below
            with Image.open(path, formats=KINDS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise _too_large(path, width * height)
                image.load()
                return _light(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(path, None) from None
    except UnidentifiedImageError:
        raise PictureError(
            f"{path} is no picture that can be read: a PNG, JPEG, WebP, GIF or BMP file is needed"
        ) from None
    except PermissionError:
        raise PictureError(f"{path} can't be opened: permission denied") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise PictureError(f"{path} is damaged or cut short ({error})") from None


def _too_large(path, pixels):
    has = "far more" if pixels is None else f"{pixels / 1e6:.0f} million pixels; more"
    return PictureError(
        f"{path} has {has} than {MAX_PIXELS // 1_000_000} million pixels: make it smaller first"
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
    small = _shares(digit.shape[0], height) @ digit @ _shares(digit.shape[1], width).T
    small /= small.max()  # a thin line stays black
    mass = small.sum()
    middle_y = (small.sum(axis=1) * np.arange(height)).sum() / mass
    middle_x = (small.sum(axis=0) * np.arange(width)).sum() / mass
    top = min(max(math.floor(MIDDLE - middle_y + 0.5), 0), 28 - height)
    left = min(max(math.floor(MIDDLE - middle_x + 0.5), 0), 28 - width)
    centred = np.zeros((28, 28), np.float32)
    centred[top : top + height, left : left + width] = small
    return centred


def _shares(length, count):
    """Return which old pixels each new one covers, and by how much: ``(count, length)``."""
    edges = np.arange(count + 1) * (length / count)
    left, right = edges[:-1, np.newaxis], np.minimum(edges[1:, np.newaxis], length)
    old = np.arange(length)
    overlap = np.minimum(right, old + 1) - np.maximum(left, old)
    return np.maximum(overlap, 0) * (count / length)
