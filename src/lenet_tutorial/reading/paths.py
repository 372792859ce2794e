"""The best way through a graph of readings, and all ways together.

A graph of cuts has a node at each place where a line may be cut. An arc leads from a node to a
later one: it is a piece of the line, read as some digit, and its penalty says how badly it looks
like one. A way from the first node to the last is a reading of the whole line; its penalty is the
sum of its arcs' (LeCun et al. 1998, section V). Penalties are minus logarithms of probabilities.
"""

import math
from typing import NamedTuple


class Arc(NamedTuple):
    """A piece of a line, read in one way: from which cut to which, as what, and how badly."""

    start: int
    end: int
    label: str
    penalty: float


def best_path(arcs, last):
    """Return the reading with the smallest penalty: Viterbi's algorithm.

    Parameters
    ----------
    arcs : iterable of Arc
        Each leads from a node to one with a larger number.
    last : int
        The node where every reading ends; each begins at node 0.

    Returns
    -------
    (float, list of Arc) or (inf, [])
        Its penalty and its arcs, in order; or that no way leads to the last node.
    """
    best, back = {0: 0.0}, {}
    for arc in sorted(arcs, key=lambda arc: arc.start):
        total = best.get(arc.start, math.inf) + arc.penalty
        if total < best.get(arc.end, math.inf):
            best[arc.end], back[arc.end] = total, arc
    path, node = [], last
    while node in back:
        path.append(back[node])
        node = back[node].start
    return best.get(last, math.inf), path[::-1]


def all_paths(arcs, last):
    """Return the penalty of all readings together, and each arc's share of them.

    Where a single way adds penalties up, ways side by side add their probabilities: the forward
    algorithm, and back again for the shares.

    Parameters
    ----------
    arcs : sequence of Arc
        As :func:`best_path` takes them.
    last : int
        The node where every reading ends.

    Returns
    -------
    (float, list of float)
        Minus the logarithm of the sum over all ways of the exponential of minus their penalty, and
        for each arc the share of that sum which goes through it. It is also the slope of the first
        with respect to the arc's penalty.
    """
    order = sorted(range(len(arcs)), key=lambda number: arcs[number].start)
    ahead = _added((arcs[number] for number in order), 0)
    turned = [
        arcs[number]._replace(start=arcs[number].end, end=arcs[number].start) for number in order
    ]
    behind = _added(sorted(turned, key=lambda arc: -arc.start), last)
    whole = ahead.get(last, math.inf)
    shares = [0.0] * len(arcs)
    if whole < math.inf:
        for number, arc in enumerate(arcs):
            through = ahead.get(arc.start, math.inf) + arc.penalty + behind.get(arc.end, math.inf)
            shares[number] = math.exp(whole - through)
    return whole, shares


def _added(arcs, first):
    """Return for each node the penalty of all ways from the first one to it together."""
    found = {first: 0.0}
    for arc in arcs:
        if arc.start in found:
            found[arc.end] = _either(found.get(arc.end, math.inf), found[arc.start] + arc.penalty)
    return found


def _either(a, b):
    """Return the penalty of two ways together: -log(exp(-a) + exp(-b)), without an overflow."""
    small, large = min(a, b), max(a, b)
    return small if large == math.inf else small - math.log1p(math.exp(small - large))


def readings_of(arcs, text, last):
    """Return the graph of those ways alone that read a given text.

    Its nodes are pairs, of a cut and of how many characters have been read so far.

    Parameters
    ----------
    arcs : sequence of Arc
        As :func:`best_path` takes them.
    text : str
        What is to be read, a character for each arc.
    last : int
        The node where every reading ends.

    Returns
    -------
    (list of Arc, list of int, int)
        The arcs of the new graph, for each of them the number of the old one, and its last node.
    """
    size = len(text) + 1
    found, origins = [], []
    for number, arc in enumerate(arcs):
        for read, character in enumerate(text):
            if arc.label == character:
                start, end = arc.start * size + read, arc.end * size + read + 1
                found.append(arc._replace(start=start, end=end))
                origins.append(number)
    return found, origins, last * size + len(text)


def against_all(arcs, text, last):
    """Compare the ways that read the right text with all ways: the loss of a graph transformer.

    The loss is the penalty of all right ways together less that of all ways together; it is minus
    the logarithm of the right ones' share. It is never negative, and 0 where all ways are right
    (LeCun et al. 1998, section VI-D: discriminative forward training).

    Parameters
    ----------
    arcs : sequence of Arc
        As :func:`best_path` takes them.
    text : str
        What is written.
    last : int
        The node where every reading ends.

    Returns
    -------
    (float, list of float)
        The loss, and its slope with respect to each arc's penalty. Where no way reads the text,
        the loss is infinite and the slopes are 0.
    """
    whole, shares = all_paths(arcs, last)
    some, origins, end = readings_of(arcs, text, last)
    right, right_shares = all_paths(some, end)
    if right == math.inf:
        return right, [0.0] * len(arcs)
    slopes = [-share for share in shares]
    for number, share in zip(origins, right_shares, strict=True):
        slopes[number] += share
    return right - whole, slopes
