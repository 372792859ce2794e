"""Drawings that are no digits, and what a network of distances says of them: none of these.

A softmax shares out a certainty of 1 among ten classes, whatever it is shown. RBF units answer with
distances to the codes of the classes, and a drawing can be far from all ten, or as near to one as
to another. LeCun et al. (1998, section II-B) chose them for that: such a network can refuse.

How far is too far, and how near is too near, is chosen here: on training digits that were held out,
against drawings that are no digits; and what comes of it is counted on others of both kinds.
"""

import functools

import numpy as np

from ..cutout import normalise

PAPER = 112  # side of the paper that is drawn on, in pixels
PEN = 9.6  # width of the line: as thick as on the explorer's paper
DRAWINGS = 300  # of each kind
MOST_REFUSED = 0.02  # of the digits on which the limits are chosen
STEPS = 41  # of each limit that are tried
SURE = 0.9  # a softmax that gives a class this much is sure of it
SEEDS = (1, 2)  # of the drawings for choosing, and of those for counting

#: Letters that look like no digit, as strokes on a sheet of 4 by 4.
LETTERS = {
    "A": ["04 20 44", "12.2 32.2"],
    "E": ["40 00 04 44", "02 32"],
    "F": ["40 00 04", "02 32"],
    "H": ["00 04", "40 44", "02 42"],
    "K": ["00 04", "40 02 44"],
    "M": ["04 00 22 40 44"],
    "N": ["04 00 44 40"],
    "R": ["04 00 30 41 32 02", "22 44"],
    "T": ["00 40", "20 24"],
    "V": ["00 24 40"],
    "W": ["00 14 21 34 40"],
    "X": ["00 44", "40 04"],
    "Y": ["00 22 40", "22 24"],
}

# --------------------------------------------------------------------------- drawings


def draw(strokes):
    """Draw strokes as the explorer's paper shows them, and prepare them as it does.

    Parameters
    ----------
    strokes : sequence of numpy.ndarray
        Each ``(points, 2)``: x and y, from 0 to 1. One point is a dot.

    Returns
    -------
    numpy.ndarray
        ``(28, 28)``, uint8.
    """
    y, x = np.mgrid[:PAPER, :PAPER] + 0.5
    distance = np.full((PAPER, PAPER), np.inf)
    for stroke in strokes:
        points = np.asarray(stroke, float) * PAPER
        ends = points[1:] if len(points) > 1 else points
        for begin, end in zip(points[: len(ends)], ends, strict=True):
            along = end - begin
            length = max(along @ along, 1e-9)
            share = ((x - begin[0]) * along[0] + (y - begin[1]) * along[1]) / length
            share = np.clip(share, 0, 1)
            away = np.hypot(x - begin[0] - share * along[0], y - begin[1] - share * along[1])
            distance = np.minimum(distance, away)
    ink = np.clip(PEN / 2 + 0.5 - distance, 0, 1).astype(np.float32)
    return _as_bytes(normalise(ink))


def _as_bytes(centred):
    return np.floor(centred * 255 + 0.5).astype(np.uint8)


def _scribble(rng):
    """Return one long line that wanders."""
    turns = np.cumsum(rng.normal(0, 0.9, rng.integers(30, 70)))
    places = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * 0.12, axis=0)
    low, high = places.min(0), places.max(0)
    return [0.1 + 0.8 * (places - low) / max(*(high - low), 1e-9)]


def _letter(rng):
    """Return a capital letter, slanted and shaken a little."""
    strokes = LETTERS[rng.choice(sorted(LETTERS))]
    slant, width = rng.normal(0, 0.12), rng.uniform(0.6, 1)
    made = []
    for stroke in strokes:
        grid = np.array([[int(pair[0]), int(pair[1])] for pair in stroke.split()], float) / 4
        grid += rng.normal(0, 0.025, grid.shape)
        x, y = width * (grid[:, 0] - 0.5) - slant * (grid[:, 1] - 0.5), grid[:, 1] - 0.5
        made.append(np.stack([x, y], 1) * 0.75 + 0.5)
    return made


def _dots(rng):
    """Return one to four dots."""
    return [rng.uniform(0.1, 0.9, (1, 2)) for _ in range(rng.integers(1, 5))]


def _noise(rng):
    """Return grain: each pixel for itself, or in patches."""
    patch = int(rng.choice([1, 2, 4]))
    field = rng.random((28 // patch, 28 // patch)).repeat(patch, 0).repeat(patch, 1)
    ink = np.clip((field - rng.uniform(0.3, 0.7)) * 4, 0, 1).astype(np.float32)
    return _as_bytes(normalise(ink))


KINDS = {
    "scribbles": lambda rng: draw(_scribble(rng)),
    "letters": lambda rng: draw(_letter(rng)),
    "dots": lambda rng: draw(_dots(rng)),
    "noise": _noise,
}


@functools.cache
def no_digits(seed, count=DRAWINGS):
    """Make drawings that are no digits.

    Parameters
    ----------
    seed : int
        Of the draws.
    count : int
        How many of each kind.

    Returns
    -------
    dict
        For each of `KINDS` an array ``(count, 28, 28)``, uint8.
    """
    made = {}
    for number, (kind, make) in enumerate(KINDS.items()):
        rng = np.random.default_rng([seed, number])
        made[kind] = np.stack([make(rng) for _ in range(count)])
    return made


# --------------------------------------------------------------------------- none of these


def _two(penalties):
    """Return the least penalty of each row, and by how much the next one is larger."""
    least = np.sort(penalties, axis=1)[:, :2]
    return least[:, 0], least[:, 1] - least[:, 0]


def refuses(penalties, farthest, nearest):
    """Say where a network of distances should answer: none of these.

    Parameters
    ----------
    penalties : numpy.ndarray
        ``(n, classes)``.
    farthest : float
        The largest least penalty that is still an answer.
    nearest : float
        The smallest difference between the two least penalties that is still one.

    Returns
    -------
    numpy.ndarray
        ``(n,)``, bool.
    """
    least, lead = _two(penalties)
    return (least > farthest) | (lead < nearest)


def choose_limits(of_digits, of_others):
    """Choose the limits that refuse few digits, and of all else as much as they can.

    Parameters
    ----------
    of_digits : numpy.ndarray
        ``(n, classes)``: penalties of digits that the network has not learned from.
    of_others : dict
        For each kind of other drawing the same; each kind counts as much.

    Returns
    -------
    (float, float)
        `farthest` and `nearest` of :func:`refuses`, which refuse at most `MOST_REFUSED` of these
        digits.
    """
    least, lead = _two(of_digits)
    shares = np.linspace(0, MOST_REFUSED, STEPS)
    pairs = [
        (np.ceil(100 * far) / 100, np.floor(100 * near) / 100)
        for far in np.quantile(least, 1 - shares)
        for near in np.quantile(lead, shares)
    ]
    fit = [one for one in pairs if refuses(of_digits, *one).mean() <= MOST_REFUSED]

    def caught(pair):
        return np.mean([refuses(one, *pair).mean() for one in of_others.values()])

    return tuple(float(one) for one in max(fit, key=caught))


def judge_distances(predict, held_out, test, labels):
    """Choose the limits of a network of distances, and count what they refuse.

    Parameters
    ----------
    predict : callable
        Takes digits ``(n, 28, 28)``, uint8, and returns penalties ``(n, 10)``.
    held_out : numpy.ndarray
        Training digits that the network has not learned from.
    test, labels : numpy.ndarray
        Test digits and what they are.

    Returns
    -------
    dict
        ``farthest`` and ``nearest``; ``refused``, the share of the test digits, and
        ``misread_refused``, that of those which the network misreads; and ``caught``, the share of
        each kind of `KINDS` that is refused, of new ones.
    """
    chosen, counted = (no_digits(seed) for seed in SEEDS)
    limits = choose_limits(
        predict(held_out), {kind: predict(drawings) for kind, drawings in chosen.items()}
    )
    penalties = predict(test)
    refused, misread = refuses(penalties, *limits), penalties.argmin(axis=1) != labels
    return {
        "farthest": limits[0],
        "nearest": limits[1],
        "refused": round(float(refused.mean()), 4),
        "misread_refused": round(float(refused[misread].mean()), 4) if misread.any() else 0.0,
        "caught": {
            kind: round(float(refuses(predict(drawings), *limits).mean()), 4)
            for kind, drawings in counted.items()
        },
    }


def judge_softmax(predict):
    """Count how often a softmax is sure of a digit where there is none.

    Parameters
    ----------
    predict : callable
        Takes digits ``(n, 28, 28)``, uint8, and returns probabilities ``(n, 10)``.

    Returns
    -------
    dict
        ``sure``, the share above which it counts as sure, and ``claimed``, the share of the
        drawings of each kind of which it is.
    """
    claimed = {
        kind: round(float((predict(drawings).max(axis=1) >= SURE).mean()), 4)
        for kind, drawings in no_digits(SEEDS[1]).items()
    }
    return {"sure": SURE, "claimed": claimed}
