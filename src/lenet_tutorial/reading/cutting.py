"""A network that knows pieces of ink, and how a line is cut and read with it.

It has eleven answers: ten digits, and none, for pieces that are half a digit, or one and a half.
"""

import numpy as np

from .paths import Arc, against_all, best_path
from .pieces import cut_line

NONE = 10  # the last answer
WHOLE, OTHER = 0.88, 0.25  # a piece is a digit with so much of its ink, and less of each other's
HALF, MIXED = 0.75, 0.4  # it is none with less of every digit's ink, or more of a second one's


def known_pieces(lines, share_of_none=0.6, seed=0):
    """Cut lines whose digits are known, and say of the pieces what they are.

    Parameters
    ----------
    lines : lenet_tutorial.reading.lines.Lines
        With their owners.
    share_of_none : float
        So many of the pieces that are no digit are kept; there are many.
    seed : int
        Of which are kept.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        ``(n, 28, 28, 1)`` uint8 and ``(n,)`` labels: 0 to 9, or 10 for none. What is neither a
        digit nor clearly none is left out.
    """
    random, found, labels = np.random.default_rng(seed), [], []
    for image, owners, text in zip(lines.images, lines.owners, lines.texts, strict=True):
        image = image / np.float32(255) if image.dtype == np.uint8 else image
        around, images, cuts, whose = cut_line(image, owners)
        counts = np.stack([(whose == number).sum(axis=0) for number in range(1, len(text) + 1)])
        sums = np.concatenate([np.zeros((len(text), 1), int), counts.cumsum(axis=1)], axis=1)
        for (a, b), piece in zip(around, images, strict=True):
            shares = (sums[:, cuts[b]] - sums[:, cuts[a]]) / np.maximum(sums[:, -1], 1)
            most = int(shares.argmax())
            second, mine = np.sort(np.append(shares, 0))[-2:]
            if mine >= WHOLE and second <= OTHER:
                label = int(text[most])
            elif (mine < HALF or second > MIXED) and random.random() < share_of_none:
                label = NONE
            else:
                continue
            found.append(np.round(255 * piece).astype(np.uint8))
            labels.append(label)
    return np.array(found)[..., None], np.array(labels)


def graph(line, answer):
    """Cut a line in all ways, and read each piece: the graph of its readings.

    Parameters
    ----------
    line : numpy.ndarray
        ``(32, width)``, 0 to 1: 1 is ink.
    answer : callable
        Takes pieces ``(n, 28, 28, 1)``, returns ``(n, 11)`` probabilities: digits and none.

    Returns
    -------
    (list of Arc, int)
        An arc for each piece and digit, and the last node.
    """
    around, images, cuts, _ = cut_line(line)
    return arcs_of(around, answer(images[..., None])), max(len(cuts) - 1, 0)


def arcs_of(around, probabilities):
    """Return an arc for each piece and digit.

    Parameters
    ----------
    around : list of (int, int)
        Numbers of the cuts around each piece.
    probabilities : numpy.ndarray
        ``(n, 11)``.

    Returns
    -------
    list of Arc
    """
    penalties = -np.log(np.maximum(np.asarray(probabilities, float), 1e-12))
    return [
        Arc(a, b, str(digit), float(row[digit]))
        for (a, b), row in zip(around, penalties, strict=True)
        for digit in range(10)
    ]


def read_lines(lines, answer):
    """Read lines by cutting: for each the best path through its graph.

    Parameters
    ----------
    lines : numpy.ndarray
        ``(n, 32, width)``, 0 to 1.
    answer : callable
        As :func:`graph` takes it. It is called once, with the pieces of all lines.

    Returns
    -------
    (list of str, numpy.ndarray)
        What is read, and ``(n,)`` how sure: the probability of that text among all readings (LeCun
        et al. 1998, section X-C).
    """
    cut = [cut_line(line) for line in lines]
    every = np.concatenate([images for _, images, *_ in cut])
    probabilities, start = answer(every[..., None]), 0
    texts, sure = [], []
    for around, images, cuts, _ in cut:
        arcs = arcs_of(around, probabilities[start : start + len(images)])
        start += len(images)
        last = max(len(cuts) - 1, 0)
        _, path = best_path(arcs, last)
        texts.append("".join(arc.label for arc in path))
        sure.append(np.exp(-against_all(arcs, texts[-1], last)[0]) if path else 0.0)
    return texts, np.array(sure)
