"""Figures of how a network learns: values on their way up, slopes on their way back.

What goes forward is blue and solid, what comes back is orange and dashed.
"""

import numpy as np

from .style import (
    BACKWARD,
    BLUE,
    BROWN,
    DIGIT,
    FORWARD,
    INK,
    LIGHT_BLUE,
    MIDDLE,
    NOTE,
    PALE_BLUE,
    PALE_GREY,
    SMALL,
    bare,
    figure,
    grid,
    letters_on,
    signed_look,
    styled,
)

ACROSS = 1.5  # from one column of a graph to the next; a row is 1 high


def _number(value):
    """Write a number with two places and a true minus sign."""
    return f"{value:.2f}".replace("-", "−")


@styled
def draw_graph(nodes, links):
    """Draw a computation as a graph, with the value and the slope on each arrow.

    Parameters
    ----------
    nodes : dict of str to (float, float, str)
        From a name to column, row (upwards) and what is written into the box.
    links : list of (str, str, float, float)
        From which node to which one; the value that goes forward, and the slope that comes back.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns, rows, _ = zip(*nodes.values(), strict=True)
    wide, high = max(columns) - min(columns), max(rows) - min(rows)
    fig, ax = figure(ACROSS * wide + 1.4, 0.64 * high + 1.0)
    for column, row, label in nodes.values():
        box = {"boxstyle": "round,pad=0.35", "fc": "white", "ec": INK, "lw": 1.2}
        if "\n" in label:  # it computes something
            box["fc"] = PALE_BLUE
        ax.text(ACROSS * column, row, label, bbox=box, fontsize=NOTE, zorder=3, **MIDDLE)
    for start, end, value, slope in links:
        _link(ax, nodes[start], nodes[end], value, slope)
    ax.plot([], [], **FORWARD, lw=2, label="forward: values")
    ax.plot([], [], **BACKWARD, lw=2, label="backward: slopes of the loss")
    # The legend stands below, in the order of the two passes.
    fig.legend(loc="outside lower center", ncols=2, fontsize=SMALL)
    ax.set(xlim=(ACROSS * min(columns) - 0.5, ACROSS * max(columns) + 0.5))
    ax.set(ylim=(min(rows) - 0.45, max(rows) + 0.45))
    bare(ax)
    return fig


def _link(ax, start, end, value, slope):
    """Draw the two arrows between two boxes, and their numbers."""
    from matplotlib.patches import FancyArrowPatch

    (x, y, _), (to_x, to_y, _) = start, end
    upright = x == to_x
    x, to_x = ACROSS * x, ACROSS * to_x
    side = np.array([0.08, 0.0]) if upright else np.array([0.0, 0.08])
    along = np.array([to_x - x, to_y - y])
    gap = 0.27 if upright else 0.45  # half a box
    along = along / np.hypot(*along) * gap
    one, other = np.array([x, y]) + along, np.array([to_x, to_y]) - along
    arrow = {"arrowstyle": "-|>", "mutation_scale": 11, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
    away = -side if upright else side  # values stand left of an upright arrow, or above
    for first, last, look, off in ((one, other, FORWARD, away), (other, one, BACKWARD, -away)):
        ax.add_patch(FancyArrowPatch(first + off, last + off, **arrow, **look))
    middle = (one + other) / 2
    places = ("right", "center"), ("left", "center")
    if not upright:
        places = ("center", "bottom"), ("center", "top")
    for number, off, (ha, va), colour in zip(
        (value, slope), (1.9 * away, -1.9 * away), places, (BLUE, BROWN), strict=True
    ):
        ax.text(*(middle + off), _number(number), color=colour, fontsize=NOTE, ha=ha, va=va)


@styled
def plot_numbers(grids, titles, marks=None, columns=None, places=1):
    """Draw small arrays as squares with their numbers, dark where a number is large.

    Parameters
    ----------
    grids : list of numpy.ndarray
        Each with two axes. All share one scale, symmetric about 0.
    titles : list of str
        One for each.
    marks : list of list of (int, int, int, int, str), optional
        For each grid, the frames on it: first row, first column, rows, columns, and ``"forward"``
        or ``"backward"``.
    columns : int, optional
        Grids in a row; by default all of them.
    places : int
        Decimal places of the numbers.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are not as many titles as grids.
    """
    if len(titles) != len(grids):
        raise ValueError(f"{len(grids)} grids need as many titles, got {len(titles)}")
    grids = [np.asarray(one, float) for one in grids]
    columns = columns or len(grids)
    rows = -(-len(grids) // columns)
    bands = [grids[first : first + columns] for first in range(0, len(grids), columns)]
    tall = [max(one.shape[0] for one in band) for band in bands]
    widths = [max(one.shape[1] for one in grids[number::columns]) for number in range(columns)]
    across = sum(widths) + 1.2 * columns
    unit = min(5.6 / across, 0.36)  # narrow, so that the numbers are read on a phone
    height = sum(tall) * unit + 0.62 * rows
    look = {"width_ratios": widths, "height_ratios": tall, "squeeze": False}
    fig, axes = figure(across * unit, height, nrows=rows, ncols=columns, **look)
    scale = signed_look(*grids)
    for ax in axes.flat:
        bare(ax)
    for ax, one, title, some in zip(
        axes.flat, grids, titles, marks or [[]] * len(grids), strict=False
    ):
        picture = ax.imshow(one, **scale, alpha=0.75)
        ax.set_title(title, fontsize=SMALL, pad=4)
        for row, column in np.ndindex(one.shape):
            text = f"{one[row, column]:.{places}f}".replace("-", "−")
            colour = letters_on(picture.to_rgba(one[row, column], alpha=0.75))
            ax.text(column, row, text, color=colour, fontsize=SMALL, **MIDDLE)
        for mark in some:
            _frame(ax, *mark)
    return fig


def _frame(ax, row, column, rows, columns, kind):
    """Draw a frame around some squares."""
    from matplotlib.patches import Rectangle

    look = {"forward": FORWARD, "backward": BACKWARD}[kind]
    corner = column - 0.5, row - 0.5
    frame = Rectangle(corner, columns, rows, fill=False, lw=3, clip_on=False, zorder=4, **look)
    ax.add_patch(frame)


@styled
def plot_losses(losses, epochs, window=50):
    """Draw the loss of each batch during training, and its running mean.

    Parameters
    ----------
    losses : sequence of float
        One for each batch, in order.
    epochs : int
        Over how many epochs they go.
    window : int
        Batches of the running mean.

    Returns
    -------
    matplotlib.figure.Figure
    """
    losses = np.asarray(losses, float)
    window = min(window, len(losses))
    fig, ax = figure(6.5, 1.8)
    at = (np.arange(len(losses)) + 0.5) * epochs / len(losses)
    ax.plot(at, losses, color=LIGHT_BLUE, lw=0.8, label="one batch")
    mean = np.convolve(losses, np.ones(window) / window, "valid")
    middle = (window - 1) / 2
    ax.plot(np.interp(np.arange(len(mean)) + middle, np.arange(len(at)), at), mean, color=BLUE,
            label=f"mean of {window} batches")  # fmt: skip
    ax.set(xlabel="epoch", ylabel="loss", yscale="log", xlim=(0, epochs))
    ax.legend()
    return fig


@styled
def plot_start_and_end(before, after):
    """Draw kernels before and after training, and their change, on one scale.

    Parameters
    ----------
    before, after : numpy.ndarray
        ``(k, k, 1, n)``: the kernels of a first layer.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the two differ in their shape.
    """
    before, after = np.asarray(before), np.asarray(after)
    if before.shape != after.shape:
        raise ValueError(f"before and after must be alike, got {before.shape} and {after.shape}")
    count = before.shape[-1]
    fig, axes = grid(3 * count, count, width=4.2, above=0.05, below=0.4)
    scale = signed_look(before, after)
    rows = {"before": before, "after": after, "change": after - before}
    for band, (name, kernels) in zip(axes, rows.items(), strict=True):
        for number, ax in enumerate(band):
            kernel = kernels[:, :, 0, number]
            picture = ax.imshow(kernel, **scale)
            if name == "before":
                ax.set_title(f"kernel {number}", fontsize=SMALL, pad=3)
        band[0].set_ylabel(name, fontsize=NOTE)
    fig.colorbar(picture, ax=axes, label="weight", shrink=0.8)
    return fig


@styled
def plot_pushes(image, seen, slopes, place):
    """Draw how a weight of the first layer gets its slope from one digit.

    Parameters
    ----------
    image : numpy.ndarray
        ``(side, side)``, the digit.
    seen : numpy.ndarray
        ``(rows, columns)``: the pixel that the weight sees at each place of its map.
    slopes : numpy.ndarray
        ``(rows, columns)``: the slope of the loss for the sum at each place.
    place : (int, int)
        Row and column of the weight in its kernel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pushes = -seen * slopes
    fig, axes = figure(5.6, 3.5, nrows=2, ncols=2)
    rows, columns = seen.shape
    axes[0, 0].imshow(image, **DIGIT)
    axes[0, 0].set_title("the digit, and what the weight reaches", fontsize=NOTE)
    _frame(axes[0, 0], *place, rows, columns, "forward")
    axes[0, 1].imshow(seen, **DIGIT)
    axes[0, 1].set_title("the pixel that the weight sees", fontsize=NOTE)
    for ax, values, title in (
        (axes[1, 0], slopes, "the slope that arrives"),
        (axes[1, 1], pushes, "the push on the weight"),
    ):
        picture = ax.imshow(values, **signed_look(values))
        ax.set_title(title, fontsize=NOTE)
        low, high = picture.get_clim()
        bar = fig.colorbar(picture, ax=ax, shrink=0.75, format="%.0e", ticks=[low, 0, high])
        bar.ax.tick_params(labelsize=SMALL)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, color=PALE_GREY)
    return fig
