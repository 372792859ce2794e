"""Lines of handwritten digits, made of single ones, as a machine that reads cheques meets them.

No public set of lines has the digits of MNIST, so they are put together here: each line has a hand
of its own (how large it writes, how it slants), and neighbours stand apart or touch. Where each
digit stands is known. A line is 32 pixels high, as LeNet-5's input is.
"""

from dataclasses import dataclass

import numpy as np

from .._checks import check_number, check_seed, check_whole
from ..images import check_images, check_labels

HEIGHT = 32
MARGIN = 16  # paper before and after the digits: half of LeNet-5's input
INK = 0.3  # from here on a pixel counts as ink where two digits are brought together


@dataclass(frozen=True)
class Writing:
    """How lines are written. Each pair of numbers is a range, of which one is drawn evenly.

    Attributes
    ----------
    digits : (int, int)
        Digits in a line.
    gap : (int, int)
        Columns of paper between two neighbours that do not touch.
    touching : float
        Share of the neighbours that are brought together until their ink meets, 0 to 1.
    overlap : (int, int)
        How many columns the ink of two that touch runs into each other.
    reach : int
        How many columns a digit may stand within the columns of the one before it, at most. A few
        of those that are brought together do not touch for that reason.
    apart : int
        Columns between the middles of two neighbours, at least: two bars on top of each other are
        no "11". A few of those that are brought together do not touch for that reason either.
    size : (float, float)
        Height of a hand's digits in pixels; MNIST's are 20 high.
    slant : (float, float)
        How many pixels a hand's strokes lean to the right on each pixel of their height.
    uneven : float
        By how much the digits of one hand differ in size, in proportion.
    lift : float
        By how many pixels a digit stands above or below the line, at most.
    """

    digits: tuple = (3, 6)
    gap: tuple = (1, 6)
    touching: float = 0.0
    overlap: tuple = (0, 2)
    reach: int = 4
    apart: int = 8
    size: tuple = (16.0, 22.0)
    slant: tuple = (-0.25, 0.25)
    uneven: float = 0.1
    lift: float = 2.0

    def __post_init__(self):
        for name, least in (("digits", 1), ("gap", 1), ("overlap", 0)):
            pair = [check_whole(name, one, least) for one in getattr(self, name)]
            self._set(name, _in_order(name, pair))
        sizes = [check_number("size", one, above=7, below=24.5) for one in self.size]
        self._set("size", _in_order("size", sizes))
        if not all(-0.5 <= one <= 0.5 for one in self.slant):
            raise ValueError(f"slant must be two numbers from -0.5 to 0.5, got {self.slant}")
        self._set("slant", _in_order("slant", self.slant))
        self._set("touching", check_number("touching", self.touching))
        if self.touching > 1:
            raise ValueError(f"touching must be from 0 to 1, got {self.touching}")
        for name, least in (("reach", 0), ("apart", 3)):
            self._set(name, check_whole(name, getattr(self, name), least))
        for name, below in (("uneven", 0.25), ("lift", 4)):
            self._set(name, check_number(name, getattr(self, name), below=below))

    def _set(self, name, value):
        """Keep the checked value: a small integer of NumPy would overflow."""
        object.__setattr__(self, name, value)


def _in_order(name, pair):
    """Return a range as a tuple, where the smaller number comes first."""
    if len(pair) != 2 or pair[0] > pair[1]:
        raise ValueError(f"{name} must be two numbers, the smaller first, got {tuple(pair)}")
    return tuple(pair)


@dataclass(frozen=True)
class Lines:
    """Lines of digits, and what is written where.

    Attributes
    ----------
    images : numpy.ndarray
        ``(n, 32, width)``, float32: 0 is paper, 1 is ink. All are as wide as the widest.
    owners : numpy.ndarray
        As `images`, uint8: which digit of the line a pixel's ink is of, counted from 1; 0 is paper.
    texts : list of str
        What is written.
    spans : list of numpy.ndarray
        ``(digits, 2)`` for each line: first column of a digit, and the column after its last.
    touching : list of numpy.ndarray
        ``(digits - 1,)`` bool for each line: which neighbours touch.
    """

    images: np.ndarray
    owners: np.ndarray
    texts: list
    spans: list
    touching: list

    def __len__(self):
        return len(self.texts)


def write_lines(images, labels, count, writing=None, seed=0):
    """Write lines with given digits.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8, as in MNIST: 255 is ink. Each digit of a line is one of them, drawn
        at random; hand over training digits for lines to learn from, test digits for others.
    labels : numpy.ndarray
        ``(n,)``, 0 to 9.
    count : int
        How many lines.
    writing : Writing, optional
        How; by default with gaps.
    seed : int
        Of all draws.

    Returns
    -------
    Lines

    Raises
    ------
    ValueError
        If an argument is not as described above.
    """
    images = check_images(images, 28)[..., 0]
    labels = check_labels(labels, len(images))
    count, writing = check_whole("count", count), writing or Writing()
    random = np.random.default_rng(check_seed(seed))
    written = [_write(images, labels, writing, random) for _ in range(count)]
    width = max(line.shape[1] for line, *_ in written)
    lines, owners, *others = zip(*written, strict=True)
    return Lines(_stacked(lines, width), _stacked(owners, width), *map(list, others))


def _stacked(lines, width):
    return np.stack([np.pad(line, ((0, 0), (0, width - line.shape[1]))) for line in lines])


def _write(images, labels, writing, random):
    """Write one line: picture, owners, text, where its digits stand, which of them touch."""
    rows = random.integers(len(images), size=random.integers(*writing.digits, endpoint=True))
    brought = random.random(len(rows) - 1) < writing.touching
    size, slant = random.uniform(*writing.size), random.uniform(*writing.slant)
    line, spans = np.zeros((HEIGHT, MARGIN), np.float32), []
    owners, touching = np.zeros(line.shape, np.uint8), []
    for place, row in enumerate(rows):
        scale = size / 20 * random.uniform(1 - writing.uneven, 1 + writing.uneven)
        digit = lean(images[row], scale, slant, random.uniform(-writing.lift, writing.lift))
        if place == 0:
            start = MARGIN
        else:
            meeting = _meeting(line, digit)
            start = line.shape[1] + random.integers(*writing.gap, endpoint=True)
            if brought[place - 1]:
                start = meeting - random.integers(*writing.overlap, endpoint=True)
                start = max(start, line.shape[1] - writing.reach)
            middles = sum(spans[-1]) + 2 * writing.apart  # twice: halves of columns
            start = max(start, -((digit.shape[1] - middles) // 2))
            touching.append(start <= meeting)
        line, owners = _put(line, owners, digit, start, place + 1)
        spans.append((start, start + digit.shape[1]))
    line, owners = (np.pad(part, ((0, 0), (0, MARGIN))) for part in (line, owners))
    return line, owners, "".join(map(str, labels[rows])), np.array(spans), np.array(touching, bool)


def lean(image, scale=1.0, slant=0.0, lift=0.0):
    """Draw a digit larger or smaller, leaning, and higher or lower.

    Parameters
    ----------
    image : numpy.ndarray
        ``(28, 28)``, uint8: 255 is ink.
    scale : float
        Of its height and width.
    slant : float
        How many pixels it leans to the right on each pixel of its height.
    lift : float
        By how many pixels it is moved up.

    Returns
    -------
    numpy.ndarray
        ``(32, width)``, float32, 0 to 1: cut out between its first and its last column of ink.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    from scipy import ndimage

    # Of each pixel of the result, where it comes from: upright, and in the size of MNIST.
    matrix = np.array([[1, 0], [slant, 1]]) / scale
    wide = np.array([HEIGHT, 2 * HEIGHT])
    offset = 13.5 - matrix @ ((wide - 1) / 2 - [lift, 0])
    drawn = ndimage.affine_transform(image / 255.0, matrix, offset, tuple(wide), order=1)
    columns = np.flatnonzero((drawn >= INK).any(axis=0))
    if len(columns) == 0:
        raise ValueError("one of the images has no ink")
    return drawn[:, columns[0] : columns[-1] + 1].astype(np.float32)


def _meeting(line, digit):
    """Return the last column in which a digit can begin with its ink touching that of the line."""
    last = np.where(line >= INK, np.arange(line.shape[1]), -np.inf).max(axis=1)
    first = np.where(digit >= INK, np.arange(digit.shape[1]), np.inf).min(axis=1)
    # Corner to corner is touching, too: each row of the line meets three of the digit.
    last = np.max([np.roll(last, step) for step in (-1, 0, 1)], axis=0)
    return int(max((last - first).max(), -1)) + 1


def _put(line, owners, digit, start, number):
    """Return line and owners with a digit that begins in some column, as long as it has to be."""
    before, owners = (_wider(part, start + digit.shape[1]) for part in (line, owners))
    columns = slice(start, start + digit.shape[1])
    owners[:, columns] = np.where(digit > before[:, columns], number, owners[:, columns])
    return put(line, digit, start), owners


def put(line, digit, start):
    """Put a digit into a line; where there is ink already, the darker one stays.

    Parameters
    ----------
    line : numpy.ndarray
        ``(32, width)``, 0 to 1.
    digit : numpy.ndarray
        What :func:`lean` returns.
    start : int
        The column in which it begins.

    Returns
    -------
    numpy.ndarray
        A line of its own, as long as it has to be.
    """
    end = start + digit.shape[1]
    line = _wider(line, end)
    line[:, start:end] = np.maximum(line[:, start:end], digit)
    return line


def _wider(line, width):
    return np.pad(line, ((0, 0), (0, max(width - line.shape[1], 0))))
