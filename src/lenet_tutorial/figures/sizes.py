"""Figures of sizes: where a kernel fits, and what a unit sees of the input."""

import itertools

import numpy as np

from ..shapes import layer_numbers, output_size, pad_amounts, taps, trace
from .style import (
    BLUE,
    DARK_ORANGE,
    DIGIT,
    GREY,
    GRID,
    LIGHT_BLUE,
    LIGHT_ORANGE,
    MIDDLE,
    NOTE,
    PALE_GREY,
    SMALL,
    as_images,
    bare,
    figure,
    grid,
    looks_for,
    styled,
)

PADDING = {"facecolor": PALE_GREY, "hatch": "..."}
FIRST = {"facecolor": LIGHT_BLUE}
LAST = {"facecolor": LIGHT_ORANGE, "hatch": "//"}


@styled
def draw_output_size(size, kernel, stride=1, padding=0, dilation=1, title=None):
    """Draw where a kernel fits on a square input, and the output that this gives.

    Left: the input (white), the padding (grey, hatched), the pixels that the kernel covers at its
    first position (blue) and at its last one (orange, hatched; a pixel of both is divided), and
    pixels that no position covers (crossed out). Right: the output, with the two units that belong
    to these positions.

    Parameters
    ----------
    size, kernel, stride, padding, dilation
        As :func:`lenet_tutorial.shapes.output_size` takes them; the same on both axes.
    title : str, optional
        Above the drawing; by default the numbers.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        As :func:`lenet_tutorial.shapes.output_size`.
    """
    numbers = layer_numbers(size, kernel, stride, padding, dilation)
    out, (before, after) = output_size(*numbers), pad_amounts(*numbers)
    size, kernel, stride, _, dilation = numbers
    padded = size + before + after
    wide = max(out, padded * 0.45)  # the right half has room for its label
    width = min(7.0, 2.4 + 0.25 * padded)  # few pixels need no large drawing
    fig, axes = figure(
        width,
        width * (padded + 0.4) / (padded + wide + 0.8) + 0.5,
        ncols=2,
        width_ratios=(padded + 0.4, wide + 0.4),
    )
    _draw_input(axes[0], range(before, before + size), padded, taps(*numbers) + before)
    for row, column in np.ndindex(out, out):
        look = {}
        if row == column == 0:
            look = FIRST | {"edgecolor": BLUE, "lw": 2}
        elif row == column == out - 1:
            look = LAST | {"edgecolor": DARK_ORANGE, "lw": 2}
        _cell(axes[1], row, column, **look)
    pads = f"padding {before}" if before == after else f"padding {before} + {after}"
    axes[0].set_xlabel(f"input {size}×{size}, {pads}")
    axes[1].set_xlabel(f"output {out}×{out}")
    # The same scale on both sides: the output is drawn in the middle of an equal stretch.
    for ax, side, across in ((axes[0], padded, padded), (axes[1], out, wide)):
        x, y = (across - side) / 2 + 0.2, (padded - side) / 2 + 0.2
        ax.set(xlim=(-x, side + x), ylim=(side + y, -y), aspect="equal")
        bare(ax)
    default = f"kernel {kernel}×{kernel}, stride {stride}"
    default += f", dilation {dilation}" if dilation > 1 else ""
    fig.suptitle(default if title is None else title)
    return fig


def _cell(ax, row, column, **look):
    """Draw one pixel or one unit."""
    from matplotlib.patches import Rectangle

    plain = {"facecolor": "white", "edgecolor": GREY, "lw": 0.8}
    ax.add_patch(Rectangle((column, row), 1, 1, **plain | look))


def _draw_input(ax, inside, padded, places):
    """Draw the padded input, and on it the kernel at the first and at the last of its places."""
    from matplotlib.patches import Polygon, Rectangle

    for row, column in np.ndindex(padded, padded):
        look = {} if row in inside and column in inside else dict(PADDING)
        at_first, at_last = (row in place and column in place for place in (places[0], places[-1]))
        look |= FIRST if at_first else LAST if at_last else {}
        _cell(ax, row, column, **look)
        if at_first and at_last:
            lower = [(column + 1, row), (column + 1, row + 1), (column, row + 1)]
            ax.add_patch(Polygon(lower, **LAST | {"edgecolor": GREY, "lw": 0.8}))
        if row not in places or column not in places:
            ax.text(column + 0.5, row + 0.5, "×", color=GREY, fontsize=SMALL, **MIDDLE)
    for some, colour, style in ((places[0], BLUE, "-"), (places[-1], DARK_ORANGE, "--")):
        span = some[-1] - some[0] + 1
        frame = {"fill": False, "ec": colour, "lw": 2.5, "ls": style}
        ax.add_patch(Rectangle((some[0], some[0]), span, span, **frame))


@styled
def draw_receptive_field(size, layers, unit=0, title=None):
    """Draw one axis of a network: a row of units per layer, and what one unit of the top sees.

    Parameters
    ----------
    size : int
        Input size in pixels.
    layers : sequence of lenet_tutorial.shapes.Window
        From the input upwards.
    unit : int
        Which unit of the last layer.
    title : str, optional
        Above the drawing.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        As :func:`lenet_tutorial.shapes.trace`, or if there is no such unit.
    """
    from matplotlib.patches import Rectangle

    layers = list(layers)
    reaches = trace(size, layers)
    reaches[-1].pixels(unit)  # says so if there is no such unit
    size, unit = int(size), int(unit)
    # The units of each layer that the chosen one sees, from the top down.
    seen = [(unit, unit)]
    sizes = [size, *(reach.size for reach in reaches)]
    for layer, below in zip(reversed(layers), reversed(sizes[:-1]), strict=True):
        low, high = taps(below, *layer.numbers)[seen[0], [0, -1]]
        seen.insert(0, (max(low, 0), min(high, below - 1)))
    fig, ax = figure(7.0, 0.55 * len(sizes) + 0.7)
    # Over which input pixel the middle of unit 0 stands, and how far apart two units are.
    places = [(0.0, 1)] + [(r.start + (r.receptive_field - 1) / 2, r.jump) for r in reaches]
    names = ["input", *(reach.name for reach in reaches)]
    ends = []  # over which input pixels the outer ones of the units seen stand
    for level, (name, count, (offset, jump), (low, high)) in enumerate(
        zip(names, sizes, places, seen, strict=True)
    ):
        width = min(jump * 0.8, 2.2)
        for i in range(count):
            corner = offset + i * jump - width / 2, level - 0.3
            look = {"facecolor": BLUE if low <= i <= high else "white", "edgecolor": GREY}
            ax.add_patch(Rectangle(corner, width, 0.6, lw=0.8, **look))
        ax.text(-1.5, level, name, ha="right", va="center", fontweight="bold")
        ax.text(size + 0.8, level, f"{high - low + 1} of {count}", va="center", fontsize=NOTE)
        ends.append((offset + low * jump, offset + high * jump))
    for level, pairs in enumerate(itertools.pairwise(ends)):
        for here, there in zip(*pairs, strict=True):
            ax.plot([here, there], [level + 0.32, level + 0.68], color=BLUE, lw=1, ls=":")
    ax.set(xlim=(-5.5, size + 6.5), ylim=(-0.6, len(sizes) - 0.4))
    ax.set_xlabel("place over the input, in pixels")
    ax.set_yticks([])
    ax.set_xticks(range(0, size, max(1, size // 8)))
    ax.spines["left"].set_visible(False)
    if title:
        ax.set_title(title)
    return fig


@styled
def plot_receptive_fields(image, layers, title=None):
    """Draw an image once per layer, with the part that the layer's middle unit sees in a box.

    Parameters
    ----------
    image : numpy.ndarray
        ``(h, h)`` or ``(h, h, 1)``, the network's input.
    layers : sequence of lenet_tutorial.shapes.Window
        From the input upwards.
    title : str, optional
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the image is not square, or as :func:`lenet_tutorial.shapes.trace`.
    """
    from matplotlib.patches import Rectangle

    image = as_images(np.asarray(image)[np.newaxis])[0]
    if image.shape[0] != image.shape[1]:
        raise ValueError(f"the image must be square, got {image.shape}")
    reaches = trace(len(image), layers)
    fig, axes = grid(len(reaches), columns=3, above=0.3)
    for ax, reach in zip(axes.flat, reaches, strict=False):
        first, last = reach.pixels((reach.size - 1) // 2)
        ax.imshow(image, **DIGIT)
        ax.set(xlim=(-0.7, len(image) - 0.3), ylim=(len(image) - 0.3, -0.7))
        side = last - first + 1
        box = Rectangle((first - 0.5, first - 0.5), side, side, fill=False, ec=BLUE, lw=3)
        ax.add_patch(box)
        ax.set_title(f"{reach.name}: {side}×{side}", pad=3)
    if title:
        fig.suptitle(title)
    return fig


@styled
def plot_receptive_growth(tables):
    """Draw how large a part of the image a unit sees, layer after layer.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        For each network its table from :func:`lenet_tutorial.tables.layer_table`, without the
        layers that stand beside the main path. Only layers with a window are drawn.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no networks, or more than four.
    """
    looks = looks_for(tables, "networks")
    fig, ax = figure(5.6, 3.6)
    for name, table in tables.items():
        field = table.loc[table["kernel"] != "–", "receptive_field"] * 100 / table.attrs["input"]
        depth = np.arange(len(field) + 1)
        share = np.concatenate([[100 / table.attrs["input"]], field])
        ax.plot(depth, share, label=name, ms=5, **looks[name])
    ax.set(xlabel="layers with a window, from the image up", ylabel="side seen, per cent of image")
    ax.set_ylim(0, 105)
    ax.grid(**GRID)
    ax.legend(loc="lower right")
    return fig
