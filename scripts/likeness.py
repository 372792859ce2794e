"""How like two pictures are, and two texts with numbers: what is stored and what has come out.

On one machine a figure comes out the same to the last bit. Between machines it may not:

- *The same matplotlib* draws the same text and lines; only shades of a curve's edge may differ.
  `SAME` lets that pass, and finds a letter, a digit, a line or a square that is another one.
- *Another matplotlib* brings other letters (since 3.11 they are set anew), and with other widths
  of labels the plot itself moves by some pixels. So both pictures are blurred until letters are
  grey stripes: `OTHER`. Bars, curves, colours and their order still stand out.
- *A network that was trained elsewhere* has other weights in the last places, and after some epochs
  other curves and counts. What kind of picture it is stays: where maps, bars and colours are.
  `TRAINED` was set after two runs of the chapters whose start differed by a hundred-thousandth.
- *What it reads worst, or answers to most,* may then be other digits in every place. `CHOSEN` looks
  at the picture as a whole, so it finds ink that is light and a plot that is another one.
"""

import base64
import io
import re
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """How much two pictures may differ.

    Attributes
    ----------
    blur : float
        Standard deviation in pixels of the blur that both are given first.
    window : int
        Side in pixels of the square over which the difference is averaged; 0: the whole picture.
    most : float
        Largest difference allowed, where 0 is the same and 1 is black against white.
    size : float
        By what share width and height may differ.
    """

    blur: float
    window: int
    most: float
    size: float


SAME = Tolerance(blur=1, window=5, most=0.05, size=0)
OTHER = Tolerance(blur=4, window=25, most=0.2, size=0.03)
TRAINED = Tolerance(blur=4, window=25, most=0.5, size=0.03)
CHOSEN = Tolerance(blur=2, window=0, most=0.15, size=0.03)


def decode(text):
    """Return a PNG in base64 as an image on white, and the program that drew it."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(text)))
    program = image.info.get("Software", "")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB"), program


def difference(stored, fresh, tolerance):
    """Return the largest difference between two images, 0 to 1; 1 if their sizes are unlike."""
    from scipy import ndimage

    for one, other in zip(stored.size, fresh.size, strict=True):
        if abs(one - other) > tolerance.size * one:
            return 1.0
    fresh = fresh if fresh.size == stored.size else fresh.resize(stored.size)
    blurred = [
        ndimage.gaussian_filter(
            np.asarray(image, np.float32) / 255, (tolerance.blur, tolerance.blur, 0)
        )
        for image in (stored, fresh)
    ]
    apart = np.abs(blurred[0] - blurred[1]).max(axis=2)
    if not tolerance.window:
        return float(apart.mean())
    return float(ndimage.uniform_filter(apart, tolerance.window).max())


def bundled_letters():
    """Say whether this matplotlib draws letters with the FreeType that its makers chose."""
    from matplotlib import ft2font

    return ft2font.__freetype_build_type__ == "local"


def tolerance_for(stored_by, fresh_by, trained=False, chosen=False, bundled=True):
    """Return how much two pictures may differ, by who drew them and what they show."""
    if trained:
        return CHOSEN if chosen else TRAINED
    return SAME if stored_by == fresh_by and bundled else OTHER


# --------------------------------------------------------------------------- texts

NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")


def unlike(stored, fresh, share=0.0, units=1):
    """Return the first pair of numbers that differ by too much, or None.

    Parameters
    ----------
    stored, fresh : str
        Texts with the same words; numbers may differ.
    share, units : float
        They may differ by this share of the larger one, or by so many units of the last place that
        is shown; and what is below 1e-5 is rounding.

    Returns
    -------
    tuple of str or None
        ``(stored, fresh)``; the words, if these differ.
    """
    words = [" ".join(NUMBER.sub("0", text).split()) for text in (stored, fresh)]
    if words[0] != words[1]:
        return stored, fresh
    for one, other in zip(NUMBER.findall(stored), NUMBER.findall(fresh), strict=True):
        a, b = (float(number.replace(",", "")) for number in (one, other))
        if abs(a - b) > max(share * max(abs(a), abs(b)), 1.01 * units * _unit(one), 1e-5):
            return one, other
    return None


def _unit(number):
    """Return the value of a number's last place; none for a whole number."""
    digits, _, power = number.partition("e")
    places = len(digits.partition(".")[2])
    whole = not places and not power
    return 0.0 if whole else 10.0 ** (int(power or 0) - places)
