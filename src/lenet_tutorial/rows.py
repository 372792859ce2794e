"""Which pieces of ink are digits, and in which order they are read.

A digit is often more than one piece: the bar of a 5, a stroke that the pen broke off. Such pieces
are small, or short and near each other, where whole digits stand beside one another. Digits that
touch are one piece, and it is not cut: a wrong cut looks as certain as a right one. The explorer's
`rows.js` takes the same steps.
"""

from typing import NamedTuple

import numpy as np

from .components import describe_pieces, largest

LEVEL = 0.27  # at least so much is ink where pieces are looked for
DIGIT = 0.15, 0.4  # share of the most ink, and of the greatest height, that a digit has …
SLIM = 0.05, 0.6  # … or one of a single stroke
SPECK = 0.04, 0.15, 0.08  # share of the most ink, of the height, and of the ink without a height
APART = 0.25, 0.08  # so far is a digit's one part from the other, down and across, in heights
SHORT, SIZE = 0.7, 1.1  # of two parts one is so low; together they are so high and wide at most
ALIKE = 0.5, 1.6  # what touches the edge and is a digit is so high, beside one that does not
BESIDE = 0.3  # digits of one row share so much of their height
ACROSS = 0.8  # what goes so far across a picture is no digit
FRAME = 0.2, 0.2  # a frame has no more ink in its box, and something so large stands in it


class Piece(NamedTuple):
    """A digit among others.

    Attributes
    ----------
    box : tuple of int
        First line, line after the last, first column, column after the last.
    mask : numpy.ndarray
        ``(height, width)``, bool: which pixels of the picture are its ink.
    """

    box: tuple
    mask: np.ndarray


def find_rows(ink, edge=True):
    """Find the digits on a picture, in the order in which they are read.

    Parameters
    ----------
    ink : numpy.ndarray
        ``(height, width)``, 0 to 1.
    edge : bool
        Whether there is nothing but digits: what touches the picture's edge may be one, and
        nothing goes across.

    Returns
    -------
    list of list of Piece
        The rows from top to bottom, the digits of each from left to right.
    """
    marks, parts = describe_pieces(ink, ink > LEVEL, 1)
    parts = [{**one, "numbers": [one["number"]]} for one in parts]
    slim = [one for one in parts if _wide(one) < ACROSS * ink.shape[1]]
    if edge and len(slim) < len(parts):
        return []
    parts = [one for one in slim if not _is_frame(one, slim)]
    inner = [one for one in parts if not one["edge"]]
    digits = _digits(inner)
    if edge and len(inner) < len(parts):
        outer = [one for one in parts if one["edge"] and _is_beside(one, digits)]
        digits = _digits(inner + outer if digits else parts)
    rows = _in_rows([one["box"] for one in digits])
    made = [Piece(one["box"], np.isin(marks, one["numbers"])) for one in digits]
    return [[made[number] for number in row] for row in rows]


def piece_of(ink, mask):
    """Return the ink of one piece, its soft edge too, without that of the others.

    Parameters
    ----------
    ink : numpy.ndarray
        ``(height, width)``, 0 to 1.
    mask : numpy.ndarray
        As that of a `Piece`.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``.
    """
    near = largest(mask, 2, 2)
    others = largest((ink > LEVEL) & ~mask, 1, 1)
    return ink * (mask | (near & ~others))


def _is_frame(part, parts):
    """Say if a piece goes around others: a drawn box, the axes of a chart."""
    top, bottom, left, right = part["box"]
    return part["fill"] < FRAME[0] and any(
        top < a and b < bottom and left < c and d < right and b - a > FRAME[1] * (bottom - top)
        for a, b, c, d in (one["box"] for one in parts)
    )


def _is_beside(part, digits):
    """Say if a piece stands in a row with one of the digits, and is about as high."""
    return any(
        ALIKE[0] * _high(one) <= _high(part) <= ALIKE[1] * _high(one)
        and _share(part["box"], one["box"]) >= BESIDE
        for one in digits
    )


def _high(part):
    return part["box"][1] - part["box"][0]


def _wide(part):
    return part["box"][3] - part["box"][2]


def _share(one, other):
    """Return how much of the lower one's height two boxes have in common."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return common / min(one[1] - one[0], other[1] - other[0])


def _gaps(one, other):
    """Return how far two boxes are from each other, down and across; they may overlap."""
    a, b = one["box"], other["box"]
    return max(a[0], b[0]) - min(a[1], b[1]), max(a[2], b[2]) - min(a[3], b[3])


def _joined(one, other):
    boxes = zip(one["box"], other["box"], strict=True)
    ends = [pick(pair) for pick, pair in zip((min, max, min, max), boxes, strict=True)]
    numbers, mass = one["numbers"] + other["numbers"], one["mass"] + other["mass"]
    return {"numbers": numbers, "box": tuple(ends), "mass": mass, "fill": 0}


def _digits(parts):
    """Join what belongs together, and leave out what is no digit."""
    if not parts:
        return []
    most = max(one["mass"] for one in parts)
    high = max(_high(one) for one in parts if one["mass"] >= DIGIT[0] * most)

    def is_large(one):
        shares = one["mass"] / most, _high(one) / high
        return any(shares[0] >= a and shares[1] >= b for a, b in (DIGIT, SLIM))

    digits, rest = [], []
    ordered = sorted(parts, key=lambda one: -one["mass"])
    for one in filter(is_large, ordered):
        _add(digits, one, high)
    for one in ordered:
        light = max(_high(one), _wide(one)) < SPECK[1] * high and one["mass"] < SPECK[2] * most
        if is_large(one) or light or one["mass"] < SPECK[0] * most:
            continue
        far = [max(_gaps(digit, one)) for digit in digits]
        near = int(np.argmin(far))
        if far[near] <= APART[0] * high:
            digits[near] = _joined(digits[near], one)
        else:
            rest.append(one)
    small = []  # a digit may be in small pieces
    for one in sorted(rest, key=lambda one: one["box"]):
        _add(small, one, high)
    return digits + [one for one in small if is_large(one)]


def _add(digits, part, high):
    """Join a piece to the first digit that it belongs to, or let it be a digit."""
    for number, digit in enumerate(digits):
        if _are_one(digit, part, high):
            digits[number] = _joined(digit, part)
            return
    digits.append(part)


def _are_one(one, other, high):
    """Say if two large pieces are parts of one digit."""
    down, across = _gaps(one, other)
    both = _joined(one, other)
    return (
        min(_high(one), _high(other)) < SHORT * high
        and down <= APART[0] * high
        and across <= APART[1] * high
        and max(_high(both), _wide(both)) <= SIZE * high
    )


def _in_rows(boxes):
    """Return the numbers of boxes in rows, from top to bottom and from left to right.

    A row may climb: a digit goes to the row whose last digit is beside it.
    """
    rows = []
    for number in sorted(range(len(boxes)), key=lambda n: (boxes[n][2] + boxes[n][3], n)):
        best, row = 0, None
        for one in rows:
            share = _share(boxes[number], boxes[one[-1]])
            if share >= BESIDE and share > best:
                best, row = share, one
        if row is None:
            rows.append([number])
        else:
            row.append(number)
    middle = [np.mean([boxes[n][0] + boxes[n][1] for n in row]) for row in rows]
    return [rows[n] for n in np.argsort(middle, kind="stable")]
