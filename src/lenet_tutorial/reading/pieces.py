"""Where a line may be cut, and what the pieces look like: the way of 1998.

LeCun et al. (1998, section VII) cut a line in more places than digits can begin, and let the
recogniser and the best path say which of the cuts count. Between two pieces of ink that do not hang
together a cut is free. Inside a piece that is wider than a digit, places with little ink from top
to bottom are tried.
"""

import itertools

import numpy as np

from ..cutout import FAINT, normalise

INK = 0.3  # from here on a pixel counts as ink
LEANS = np.arange(-8, 9) / 20  # pixels to the right on each pixel of height
WIDEST = 30  # columns of a digit, at most
NARROW = 4  # columns between two cuts, at least


def find_lean(line):
    """Return how far a line's strokes lean to the right, on each pixel of their height.

    Strokes are upright where their ink stands in few columns: where the sum of the squares of the
    columns' ink is largest.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``, 0 to 1: 1 is ink.

    Returns
    -------
    float
        From -0.4 to 0.4, in steps of 0.05.
    """
    upright = [(set_upright(line, lean).sum(axis=0) ** 2).sum() for lean in LEANS]
    return float(LEANS[int(np.argmax(upright))])


def set_upright(line, lean, order=1):
    """Shift the rows of a line, so that what leans stands upright.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``.
    lean : float
        What :func:`find_lean` returns. The row in the middle stays where it is.
    order : {0, 1}
        Whether a value between two pixels is the nearer one's, or lies between them.

    Returns
    -------
    numpy.ndarray
        As the line.
    """
    from scipy import ndimage

    matrix = np.array([[1, 0], [-lean, 1]])
    offset = [0, lean * (len(line) - 1) / 2]
    return ndimage.affine_transform(line, matrix, offset, order=order)


def find_cuts(line):
    """Return the columns at which a line may be cut, from left to right.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``, 0 to 1: 1 is ink.

    Returns
    -------
    list of int
        A cut stands before its column. The first is before all ink, the last after it. Where there
        is no ink, none.
    """
    amount = np.where(line >= INK, line, 0).sum(axis=0)
    inked = np.flatnonzero(amount)
    if len(inked) == 0:
        return []
    first, last = inked[0], inked[-1] + 1
    cuts = [int(first)]
    empty = np.flatnonzero(amount[first:last] == 0) + first
    for gap in np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1):
        if len(gap):
            cuts.append(int(gap.mean().round()))
    cuts.append(int(last))
    narrow = [_through_ink(amount, a, b) for a, b in itertools.pairwise(cuts)]
    return sorted({*cuts, *(cut for found in narrow for cut in found)})


def _through_ink(amount, start, end):
    """Return where a piece of ink has less of it than beside, as far as it is wide enough."""
    found = []
    for column in range(start + NARROW, end - NARROW + 1):
        beside = amount[max(start, column - 2) : column + 3]
        if amount[column] <= beside.min() and (not found or column - found[-1] >= NARROW):
            found.append(column)
    return found


def pieces(line, cuts):
    """Cut all pieces out of a line that may be a digit.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``, 0 to 1: 1 is ink.
    cuts : list of int
        What :func:`find_cuts` returns.

    Returns
    -------
    (list of (int, int), numpy.ndarray)
        The numbers of the two cuts around each piece, and the pieces as MNIST's digits are,
        ``(n, 28, 28)``, 0 to 1.
    """
    around, images = [], []
    for a, start in enumerate(cuts):
        for b in range(a + 1, len(cuts)):
            if cuts[b] - start > WIDEST:
                break
            piece = line[:, start : cuts[b]]
            if (piece >= FAINT).any():
                around.append((a, b))
                images.append(normalise(piece))
    return around, np.array(images, np.float32).reshape(-1, 28, 28)


def cut_line(line, owners=None):
    """Set a line upright, find its cuts, and cut all its pieces out.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``, 0 to 1: 1 is ink.
    owners : numpy.ndarray, optional
        As the line: which digit each pixel's ink is of, 0 for paper.

    Returns
    -------
    (list of (int, int), numpy.ndarray, list of int, numpy.ndarray or None)
        The numbers of the cuts around each piece, the pieces ``(n, 28, 28)``, the cuts, and the
        owners in the line that was set upright, 0 where there is less than ink.
    """
    wide = np.flatnonzero(line.any(axis=0)).max(initial=0) + len(line) // 2
    line = line[:, :wide]  # the paper after it takes time
    lean = find_lean(line)
    upright = set_upright(line, lean)
    cuts = find_cuts(upright)
    if owners is not None:
        owners = np.where(upright >= INK, set_upright(owners[:, :wide], lean, order=0), 0)
    return (*pieces(upright, cuts), cuts, owners)
