"""From a picture's light to what MNIST's digits look like, and where that is doubtful.

MNIST's digits were made so: scaled, without distortion, to fit a box of 20×20 pixels, and put into
28×28 with their centre of mass in the middle (LeCun et al. 1998, section III-A). Here a picture of
any size takes the same way, with the same steps as in the explorer's `preprocess.js` and
`pictures.js`. Where the paper is not even, or holds more than a digit, :mod:`lenet_tutorial.ink`
says what is ink.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from .images import area_weights
from .ink import find_strokes, grey
from .rows import find_rows, piece_of

BOX = 20  # the longer side of a digit, in pixels
FAINT = 0.1  # ink below this counts as paper when the digit's edges are looked for
MIDDLE = 14  # where MNIST has the centre of mass, counting pixels from 0
LEAST_CONTRAST = 0.15  # between paper and ink; black on white is 1

#: Why the cut-out of a digit can be doubtful, in the order in which it is said.
DOUBTS = {
    "several": "there is more than one thing in it",
    "specks": "there is something small beside the largest thing",
    "edge": "what stands out touches the edge",
    "faint": "it hardly stands out from the paper",
    "small": "it is very small",
    "full": "nearly all of its box is ink",
    "thin": "its lines are very thin, or its box holds more than a digit",
    "wide": "it is wider than high: digits that touch are not told apart",
}
INK = 0.5  # at least so much is ink where pieces are counted
SECOND = 0.15, 0.4  # a second thing has this share of the first one's ink, of the box's height
SPECKS = 0.75  # the largest piece's longer side, as a share of the whole box's
FAINT_CONTRAST = 0.35
SMALL = 0.2  # the box's longer side, as a share of the picture's
FULL, SLIM = 0.75, 0.5  # share of ink in the box; but a 1 may fill its box, which is slim
THIN = 0.12  # share of ink in the box
WIDE = 1.35  # times as wide as high; of MNIST's digits one in seventy is wider
TINY = 64  # pixels: in a smaller picture there is nothing but a digit
MIXED = 0.1  # of what stands out, at least so much is lighter than the paper, and so much darker
EVEN = 0.15, 0.6, 0.06, 0.65  # paper and ink along the border, how much between, how much paper
# A digit with a smaller share of the side is looked at again, with so much around it.
CLOSER = 0.4, 0.6
NEARER = 0.8  # several are looked at again where that shows so small a share of what was seen
WHOLE = 0, 1, 0, 1  # a picture


class Digit(NamedTuple):
    """A digit that was found on a picture.

    Attributes
    ----------
    ink : numpy.ndarray
        ``(height, width)``, 0 to 1: the digit, with paper around it.
    doubts : list of str
        Keys of `DOUBTS`; none where all is well.
    box : tuple of float
        Top, bottom, left and right, as shares of the picture.
    row : int
        In which row of digits it stands, from 0, where there are several.
    """

    ink: np.ndarray
    doubts: list
    box: tuple
    row: int = 0


def cut_out(look):
    """Find the one digit on a picture.

    Parameters
    ----------
    look : callable
        Takes a box, ``(top, bottom, left, right)`` as shares of the picture from 0 to 1, and
        returns its colours, ``(height, width, 3)``, 0 to 1, at most 400 pixels a side.

    Returns
    -------
    (numpy.ndarray, list of str) or None
        Ink, ``(height, width)``, 0 to 1, and keys of `DOUBTS`. None where nothing stands out.
    """
    found = _alone(look)
    return None if found is None else (found[0], found[1])


def find_digits(look):
    """Find the digits on a picture, in the order in which they are read.

    Parameters
    ----------
    look : callable
        As :func:`cut_out` takes it.

    Returns
    -------
    list of Digit
        Row after row, each from left to right; none where nothing stands out. Where only one digit
        is found, it is the one of :func:`cut_out`, with the same doubts.
    """
    look = cache(look)
    alone = _alone(look)
    if alone is None:
        return []
    ink, why, view, many = alone
    if many or "several" in why:
        found = _several(look, view)
        if len(found) > 1:
            return found
    return [Digit(ink, why, _within(view, _box_of(ink), ink.shape))]


def _alone(look):
    """Return the ink of one digit, its doubts, which part of the picture was looked at, and more.

    The last is whether the simple rule saw several things on even paper.
    """
    colours = look(WHOLE)
    light = grey(colours).astype(np.float32)
    ink = find_ink(light)
    why = [] if ink is None else doubts(light, ink)
    if ink is not None and _is_plain(light, why):
        return ink, why, WHOLE, False
    many = "several" in why and _is_even(light)
    found, view = find_strokes(colours), WHOLE
    if found is None:
        return None if ink is None else (ink, why, WHOLE, many)
    top, bottom, left, right = found.box
    side = max(bottom - top, right - left)
    if side < CLOSER[0] * max(light.shape):
        box = _around(_within(WHOLE, found.box, light.shape), CLOSER[1] * side, light.shape)
        nearer = find_strokes(look(box))
        if nearer and nearer.ink.size >= (side * (1 + CLOSER[1])) ** 2:
            found, view = nearer._replace(others=found.others), box
    return found.ink, doubts(light, found.ink, found.contrast, found.others), view, many


def _several(look, view):
    """Return the digits of a picture that holds more than one, or a list with fewer."""
    found, seen = _in_view(look, WHOLE), WHOLE
    if view != WHOLE:
        other = _in_view(look, view)
        if len(other) > len(found):
            found, seen = other, view
    if len(found) < 2:
        return found
    first, last = (end([digit.box for digit in found], axis=0) for end in (np.min, np.max))
    high, wide = look(WHOLE).shape[:2]
    around = CLOSER[1] * max((digit.box[1] - digit.box[0]) * high for digit in found)
    nearer = _around((first[0], last[1], first[2], last[3]), around, (high, wide))
    side, before = (max((b - a) * high, (d - c) * wide) for a, b, c, d in (nearer, seen))
    if side >= NEARER * before:
        return found
    again = _in_view(look, nearer)
    return again if len(again) >= len(found) else found


def _in_view(look, view):
    """Return the digits in a part of a picture."""
    colours = look(view)
    light = grey(colours).astype(np.float32)
    ink, rows = find_ink(light), []
    if ink is not None and _is_even(light):
        rows, contrast = find_rows(ink), _contrast(light)[1]
    if sum(map(len, rows)) < 2:
        found = find_strokes(colours)
        if found is None:
            return []
        ink, contrast = found.whole, found.contrast
        rows = find_rows(ink, edge=False)
    made = []
    for number, row in enumerate(rows):
        for piece in row:
            digit = _cropped(piece_of(ink, piece.mask), piece.box)
            why = doubts(light, digit, contrast)
            made.append(Digit(digit, why, _within(view, piece.box, ink.shape), number))
    return made


def _cropped(ink, box):
    """Return the ink in a box, with paper around it as far as the picture goes."""
    top, bottom, left, right = box
    around = max(bottom - top, right - left) // 2
    return ink[max(top - around, 0) : bottom + around, max(left - around, 0) : right + around]


def _box_of(ink):
    rows, columns = (np.flatnonzero((ink >= FAINT).any(axis=axis)) for axis in (1, 0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def _within(view, box, shape):
    """Return a box of pixels in a part of a picture as shares of the picture."""
    high, wide = (view[1] - view[0]) / shape[0], (view[3] - view[2]) / shape[1]
    down = [view[0] + edge * high for edge in box[:2]]
    return tuple(float(edge) for edge in (*down, *(view[2] + edge * wide for edge in box[2:])))


def _around(box, pixels, shape):
    """Return a box and so many pixels around it, as far as the picture goes."""
    down, across = pixels / shape[0], pixels / shape[1]
    wider = box[0] - down, box[1] + down, box[2] - across, box[3] + across
    return tuple(min(max(edge, 0), 1) for edge in wider)


def _is_plain(light, why):
    """Say if a picture is a digit on even paper, all of which the simple rule sees."""
    if max(light.shape) < TINY:
        return True
    return _is_even(light) and not {"several", "specks", "full", "thin"} & {*why}


def _is_even(light):
    """Say if the paper is even, and all that is on it darker than it, or all of it lighter."""
    contrast, strongest = _contrast(light)
    border = np.concatenate([contrast[0], contrast[-1], contrast[:, 0], contrast[:, -1]])
    paper = (border <= EVEN[0] * strongest).mean()
    ink = (border >= EVEN[1] * strongest).mean()
    even = 1 - paper - ink < EVEN[2] and paper > EVEN[3]
    # Ink is darker than its paper, or lighter. A picture with both holds more than a digit.
    lighter = (light > _paper(light)) & (contrast > 0.33 * strongest)
    both = lighter.sum() / (contrast > 0.33 * strongest).sum()
    return even and not MIXED < both < 1 - MIXED


def _paper(light):
    """Return the light of the paper: of what the border mostly is."""
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return np.sort(border)[len(border) // 2]


def _contrast(light):
    """Return how far each pixel is from the paper, and how far the ink is."""
    contrast = np.abs(light - _paper(light))
    return contrast, np.sort(contrast, axis=None)[math.floor(contrast.size * 0.995)]


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
    contrast, strongest = _contrast(light)
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


def doubts(light, ink, contrast=None, others=False):
    """Say why the cut-out of a digit is doubtful.

    The limits were set on digits of MNIST, drawn large on clean paper: few of those are called
    doubtful (``tests/test_uploads.py`` counts them), and nearly all pairs of two are.

    Parameters
    ----------
    light : numpy.ndarray
        ``(height, width)``, 0 to 1.
    ink : numpy.ndarray
        What :func:`find_ink` makes of it, or what :func:`lenet_tutorial.ink.find_strokes` does.
    contrast : float, optional
        How far ink is from the paper; by default as far as the light says.
    others : bool
        Whether more was seen that may be a digit.

    Returns
    -------
    list of str
        Keys of `DOUBTS`; none where all is well.
    """
    from scipy import ndimage

    rows, columns = (np.flatnonzero((ink >= FAINT).any(axis=axis)) for axis in (1, 0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    long, slim = max(box.shape), min(box.shape) / max(box.shape)
    marks, count = ndimage.label(ink >= INK, np.ones((3, 3)))
    masses = ndimage.sum(ink, marks, range(1, count + 1))
    sides = [[part.stop - part.start for part in place] for place in ndimage.find_objects(marks)]
    order = np.argsort(-np.asarray(masses), kind="stable")
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    share = (box >= INK).mean()
    several = others or (
        len(order) > 1
        and masses[order[1]] >= SECOND[0] * masses[order[0]]
        and sides[order[1]][0] >= SECOND[1] * len(box)
    )
    contrast = _contrast(light)[1] if contrast is None else contrast
    found = {
        "several": several,
        "specks": count and not several and max(sides[order[0]]) < SPECKS * long,
        "edge": (border >= INK).any(),
        "faint": contrast < FAINT_CONTRAST,
        "small": long < SMALL * max(ink.shape),
        "full": share > FULL and slim > SLIM,
        "thin": share < THIN,
        "wide": box.shape[1] > WIDE * box.shape[0],
    }
    return [name for name in DOUBTS if found[name]]
