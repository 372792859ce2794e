"""Figures of reading a line: its cuts, the graph of readings, the answers at all places."""

import numpy as np

from .style import (
    BACKWARD,
    BLUE,
    BROWN,
    DIGIT,
    FORWARD,
    GREY,
    GRID,
    INK,
    MIDDLE,
    NOTE,
    PALE_BLUE,
    PALE_GREY,
    SMALL,
    amount_look,
    bare,
    figure,
    looks_for,
    styled,
)


def _show(ax, line):
    """Draw a line of digits, without its empty end."""
    ax.imshow(line, aspect="equal", **DIGIT)
    bare(ax)


@styled
def plot_written(images, titles=None, columns=2):
    """Draw lines of digits, ink dark on white, with words above.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, height, width)``, 0 to 1.
    titles : sequence of str, optional
        One for each line.
    columns : int
        Lines beside each other.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(images) // columns)
    height, width = images.shape[1:]
    each = 7.0 / columns * height / width + (0.3 if titles is not None else 0.1)
    fig, axes = figure(7.0, rows * each, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat:
        bare(ax)
    for number, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        _show(ax, image)
        if titles is not None:
            ax.set_title(titles[number], loc="left", pad=2, fontsize=NOTE)
    return fig


@styled
def plot_cuts(line, cuts, chosen=()):
    """Draw a line with the columns at which it may be cut, and those that the reading chose.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``, 0 to 1.
    cuts : list of int
        A cut stands before its column.
    chosen : collection of int
        The numbers of the cuts on the best path.

    Returns
    -------
    matplotlib.figure.Figure
    """
    line = line[:, : max(cuts, default=line.shape[1]) + line.shape[0] // 2]
    fig, ax = figure(7.0, 7.0 * line.shape[0] / line.shape[1] + 0.5)
    _show(ax, line)
    for number, cut in enumerate(cuts):
        look = FORWARD | {"lw": 2.5} if number in chosen else {"color": GREY, "ls": ":", "lw": 1.5}
        ax.axvline(cut - 0.5, **look)
        ax.text(cut - 0.5, -1, str(number), fontsize=SMALL, ha="center", va="bottom")
    return fig


@styled
def plot_places(line, logits, labels, window=32, step=4):
    """Draw a line, below it the probability of each answer at each place, and the path through.

    Parameters
    ----------
    line : numpy.ndarray
        ``(height, width)``, 0 to 1.
    logits : numpy.ndarray
        ``(places, 11)``: none, then the ten digits.
    labels : numpy.ndarray
        ``(places,)``: the answer chosen at each place.
    window, step : int
        Columns of a window, and between two places.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shares = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    fig, (top, ax) = figure(7.0, 4.4, nrows=2, height_ratios=(1, 2.2))
    top.imshow(line, aspect="auto", extent=(0, line.shape[1], line.shape[0], 0), **DIGIT)
    bare(top)
    top.set_xlim(0, line.shape[1])
    left = (window - step) / 2
    extent = (left, left + step * len(shares), 10.5, -0.5)
    ax.imshow(shares.T, aspect="auto", extent=extent, **amount_look(shares))
    middles = window / 2 + step * np.arange(len(shares))
    ax.plot(middles, labels, marker="o", ms=4, lw=1.2, color=BLUE)
    ax.set_yticks(range(11), ["none", *map(str, range(10))], fontsize=SMALL)
    ax.set(xlabel="middle of the window (column)", ylabel="answer", xlim=(0, line.shape[1]))
    return fig


@styled
def draw_readings(arcs, path=()):
    """Draw a small graph of readings: nodes in a row, an arc for each reading of a piece.

    Parameters
    ----------
    arcs : sequence of lenet_tutorial.reading.paths.Arc
        From a node to a later one.
    path : collection of Arc
        Drawn strongly.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import FancyArrowPatch

    last = max(arc.end for arc in arcs)
    fig, ax = figure(7.0, 2.4)
    beside = {}
    for arc in arcs:
        number = beside[arc.start, arc.end] = beside.get((arc.start, arc.end), -1) + 1
        length = arc.end - arc.start
        bend = 0.9 * (length - 1) + 0.45 * number
        on = arc in path
        look = FORWARD | {"lw": 2.5} if on else {"color": GREY, "ls": ":", "lw": 1.3}
        ax.add_patch(
            FancyArrowPatch(
                (arc.start, 0),
                (arc.end, 0),
                connectionstyle=f"arc3,rad={-bend / max(length, 1)}",
                arrowstyle="-|>",
                mutation_scale=12,
                shrinkA=11,
                shrinkB=11,
                **look,
            )
        )
        ax.text(
            (arc.start + arc.end) / 2,
            0.55 * bend,
            f"{arc.label}: {arc.penalty:.1f}",
            fontsize=NOTE,
            fontweight="bold" if on else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            **MIDDLE,
        )
    for node in range(last + 1):
        ax.plot(node, 0, "o", ms=20, mfc=PALE_BLUE, mec=INK, mew=1)
        ax.text(node, 0, str(node), fontsize=NOTE, **MIDDLE)
    ax.set(xlim=(-0.3, last + 0.3), ylim=(-0.3, 0.85))
    bare(ax)
    return fig


MACHINE = (
    ("cheque", "find the amount"),
    ("picture of the amount", "cut in all ways"),
    ("graph of pieces", "read each piece:\nLeNet-5"),
    ("graph of readings", "which are amounts?\n(grammar)"),
    ("graph of amounts", "best path\n(Viterbi)"),
    ("amount, and how sure", None),
)


@styled
def draw_machine():
    """Draw the cheque reader of 1998: what its modules hand to each other, and the way back.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = figure(6.0, 6.6)
    for number, (handed, module) in enumerate(MACHINE):
        y = -2 * number
        ax.text(0, y, handed, fontsize=NOTE, style="italic", **MIDDLE)
        if module is None:
            break
        box = {"boxstyle": "round,pad=0.5", "fc": PALE_BLUE, "ec": INK}
        if module.endswith("LeNet-5"):
            box |= {"lw": 2.5}
        else:
            box |= {"fc": PALE_GREY}
        ax.text(0, y - 1, module, fontsize=NOTE, bbox=box, **MIDDLE)
        arrow = {"arrowstyle": "-|>", "lw": 1.5}
        for a, b in ((y - 0.2, y - 0.55), (y - 1.45, y - 1.8)):
            ax.annotate("", (0, b), (0, a), arrowprops=arrow | FORWARD)
    arrow = {"arrowstyle": "-|>", "lw": 1.5, "connectionstyle": "arc3,rad=-0.25"} | BACKWARD
    ax.annotate(
        "", (0.62, -5), (0.45, -10), arrowprops=arrow | {"connectionstyle": "arc3,rad=0.35"}
    )
    ax.text(1.2, -7.4, "slopes of the loss\ngo back", fontsize=NOTE, color=BROWN, **MIDDLE)
    ax.set(xlim=(-1.4, 1.9), ylim=(-10.5, 0.4))
    bare(ax)
    return fig


@styled
def plot_refusals(table):
    """Draw the share of wrong lines among those that are left, over the share that is refused.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each way of reading; the columns are per cents of lines refused.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = looks_for([*table.index], "networks")
    fig, ax = figure(6.0, 3.6)
    for name, row in table.iterrows():
        ax.plot(row.index, 100 * row, label=name, ms=6, **looks[name])
    ax.axhline(1, color=GREY, lw=1)
    ax.set(
        xlabel="lines refused (per cent)",
        ylabel="wrong among the others\n(per cent)",
        yscale="symlog",
    )
    ax.set_yscale("symlog", linthresh=1)
    ax.set_yticks((0, 1, 2, 5, 10, 20), ("0", "1", "2", "5", "10", "20"))
    ax.set_ylim(0, None)
    ax.grid(**GRID)
    ax.legend()
    return fig
