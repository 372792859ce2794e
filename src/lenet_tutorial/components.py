"""Connected components: the pieces of ink on a picture, and what is nearby.

Pixels that touch, at a corner too, are one piece. The explorer's `pieces.js` marks and describes
them in the same way.
"""

import numpy as np

MOST = 300  # pieces that are looked at, the largest first


def largest(values, down, across):
    """Return the largest value within so many lines and columns of each pixel.

    Parameters
    ----------
    values : numpy.ndarray
        ``(height, width)``.
    down, across : int
        Lines above and below, columns before and after.

    Returns
    -------
    numpy.ndarray
        As `values`.
    """
    from scipy import ndimage

    return ndimage.maximum_filter(values, (2 * down + 1, 2 * across + 1), mode="nearest")


def smallest(values, down, across):
    """Return the smallest value within so many lines and columns of each pixel.

    Parameters
    ----------
    values, down, across
        As :func:`largest` takes them.

    Returns
    -------
    numpy.ndarray
        As `values`.
    """
    from scipy import ndimage

    return ndimage.minimum_filter(values, (2 * down + 1, 2 * across + 1), mode="nearest")


def mark_pieces(mask):
    """Mark the pieces of a mask, only the largest where there are very many.

    Parameters
    ----------
    mask : numpy.ndarray
        ``(height, width)``, bool.

    Returns
    -------
    (numpy.ndarray, list of tuple)
        ``(height, width)``, the number of the piece at each pixel, from 1, and 0 elsewhere; and
        the box of each: first line, line after the last, first column, column after the last.
    """
    from scipy import ndimage

    marks, count = ndimage.label(mask, np.ones((3, 3)))
    if count > MOST:
        sizes = np.bincount(marks.ravel())[1:]
        kept = np.argsort(-sizes, kind="stable")[:MOST] + 1
        names = np.zeros(count + 1, int)
        names[np.sort(kept)] = np.arange(1, MOST + 1)
        marks = names[marks]
    found = ndimage.find_objects(marks)
    return marks, [(a.start, a.stop, b.start, b.stop) for a, b in found]


def describe_pieces(ink, inked, gap):
    """Mark the pieces of ink, and describe each.

    Parameters
    ----------
    ink : numpy.ndarray
        ``(height, width)``.
    inked : numpy.ndarray
        ``(height, width)``, bool: what counts as ink.
    gap : int
        Parts that are no more than twice so many pixels apart are one piece.

    Returns
    -------
    (numpy.ndarray, list of dict)
        ``(height, width)``, the number of the piece at each pixel of ink, from 1, and 0 elsewhere;
        and of each piece its ``number``, its ``box``, its ink (``mass``), how full the box is
        (``fill``), the longer ``side``, and whether it touches the picture's ``edge``.
    """
    marks, boxes = mark_pieces(largest(inked, gap, gap))
    marks = marks * inked
    return marks, [_part(ink, marks, number, box) for number, box in enumerate(boxes, 1)]


def _part(ink, marks, number, within):
    """Describe a piece: its box, its ink, its longer side, and if it touches the edge."""
    first, last, before, after = within
    here = marks[first:last, before:after] == number
    rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
    top, bottom = first + rows[0], first + rows[-1] + 1
    left, right = before + columns[0], before + columns[-1] + 1
    return {
        "number": number,
        "box": (top, bottom, left, right),
        "mass": ink[first:last, before:after][here].sum(dtype=float),
        "fill": here.sum() / ((bottom - top) * (right - left)),
        "side": max(bottom - top, right - left),
        "edge": top <= 1 or left <= 1 or bottom >= len(ink) - 1 or right >= ink.shape[1] - 1,
    }
