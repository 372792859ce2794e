"""The figures that set several networks beside each other, and the drawing of a residual block.

They look as those of :mod:`lenet_tutorial.figures` do.
"""

import numpy as np

from .figures import BLUE, GREEN, INK, ORANGE, PALE_BLUE, PALE_ORANGE, _bare, _figure, _styled


def _looks(names):
    """Give each network a colour, a marker and a line style, in this order."""
    looks = [(INK, "o", "-"), (ORANGE, "s", "--"), (BLUE, "^", "-."), (GREEN, "D", ":")]
    if not 1 <= len(names) <= len(looks):
        raise ValueError(f"there are looks for 1 to {len(looks)} networks, got {len(names)}")
    keys = ("color", "marker", "ls")
    pairs = zip(names, looks[: len(names)], strict=True)
    return {name: dict(zip(keys, look, strict=True)) for name, look in pairs}


def _side(output):
    """Read maps and side off an output that is written as in ``6@28×28``; ``84`` has side 1."""
    maps, _, side = output.partition("@")
    return int(maps), int(side.split("×")[0]) if side else 1


@_styled
def plot_stages(stages):
    """Draw where the parameters of some networks sit, and where their work is done.

    Parameters
    ----------
    stages : dict of str to pandas.DataFrame
        For each network, one row per stage with the columns ``parameters`` and
        ``multiply_adds``. Stages that have neither are left out.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no networks, or more than four.
    """
    _looks(stages)
    shares = {}
    for name, table in stages.items():
        table = table[["parameters", "multiply_adds"]]
        shares[name] = (table * 100 / table.sum())[table.sum(axis=1) > 0]
    counts = [len(table) for table in shares.values()]
    fig, axes = _figure(
        5.6,
        0.42 * sum(counts) + 0.5 * len(counts) + 0.8,
        nrows=len(shares),
        sharex=True,
        squeeze=False,
        height_ratios=[count + 0.6 for count in counts],
    )
    columns = (
        ("parameters", "parameters", {"color": BLUE}),
        ("multiply_adds", "multiply–adds", {"color": ORANGE, "hatch": "//", "ec": INK, "lw": 0.5}),
    )
    for ax, (name, table) in zip(axes[:, 0], shares.items(), strict=True):
        places = np.arange(len(table))
        for shift, (column, label, look) in zip((-0.2, 0.2), columns, strict=True):
            ax.barh(places + shift, table[column], height=0.4, label=label, **look)
        ax.set_yticks(places, table.index)
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_title(name, loc="left", fontweight="bold")
        ax.grid(axis="x", alpha=0.3)
    axes[-1, 0].set_xlabel("per cent of the network")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, frameon=False, loc="outside upper right", ncols=2)
    return fig


@_styled
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
    looks = _looks(tables)
    fig, ax = _figure(5.6, 3.6)
    for name, table in tables.items():
        field = table.loc[table["kernel"] != "–", "receptive_field"] * 100 / table.attrs["input"]
        depth = np.arange(len(field) + 1)
        share = np.concatenate([[100 / table.attrs["input"]], field])
        ax.plot(depth, share, label=name, ms=5, **looks[name])
    ax.set(xlabel="layers with a window, from the image up", ylabel="side seen, per cent of image")
    ax.set_ylim(0, 105)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, loc="lower right")
    return fig


@_styled
def plot_shapes(tables, channels):
    """Draw the way of some networks from few large maps to many small ones.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        For each network its table from :func:`lenet_tutorial.tables.layer_table`.
    channels : dict of str to int
        For each network the channels of its input.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no networks, or more than four.
    """
    from matplotlib.ticker import ScalarFormatter

    looks = _looks(tables)
    fig, ax = _figure(5.6, 4.2)
    for name, table in tables.items():
        most = {}  # of the layers with maps of one size, the one with the most of them
        for output in table["output"][table["output"].str.contains("@")]:
            count, side = _side(output)
            most[side] = max(count, most.get(side, 0))
        sides = [table.attrs["input"], *most]
        ax.plot(sides, [channels[name], *most.values()], label=name, ms=7, **looks[name])
    ax.set(xscale="log", yscale="log", xlabel="side of a map in units", ylabel="number of maps")
    ax.invert_xaxis()
    for axis, ticks in ((ax.xaxis, (256, 64, 16, 4, 1)), (ax.yaxis, (1, 4, 16, 64, 256, 1024))):
        axis.set_major_formatter(ScalarFormatter())
        axis.set_ticks(ticks)
        axis.set_ticks([], minor=True)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, loc="upper left")
    return fig


@_styled
def draw_residual_block(steps, join="+"):
    """Draw a residual block: its layers up the page, and beside them the skip connection.

    Parameters
    ----------
    steps : sequence of str
        The layers of the block from below, as they are written into the boxes.
    join : str
        The sign where the two paths meet.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no steps.
    """
    from matplotlib.patches import FancyArrowPatch, Rectangle

    if not steps:
        raise ValueError("a residual block has at least one layer, got none")
    fig, ax = _figure(4.6, 0.72 * len(steps) + 2.0)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 14, "color": INK, "lw": 1.6}
    top = len(steps) + 0.5
    for i, step in enumerate(steps):
        ax.add_patch(Rectangle((-1.5, i + 0.2), 3, 0.6, facecolor=PALE_BLUE, edgecolor=INK))
        ax.text(0, i + 0.5, step, ha="center", va="center", fontsize=10)
        ax.add_patch(FancyArrowPatch((0, i - 0.3), (0, i + 0.22), **arrow))
    ax.add_patch(FancyArrowPatch((0, top - 0.8), (0, top - 0.2), **arrow))
    ax.plot([0], [top], marker="o", ms=22, mfc=PALE_ORANGE, mec=INK, mew=1.2)
    ax.text(0, top, join, ha="center", va="center", fontsize=14)
    ax.add_patch(FancyArrowPatch((0, top + 0.25), (0, top + 0.9), **arrow))
    way = [(0, -0.1), (2.3, -0.1), (2.3, top), (0.35, top)]
    ax.plot(*zip(*way[:3], strict=True), color="#B36B00", lw=2.4, ls="--")
    skip = arrow | {"color": "#B36B00", "lw": 2.4, "ls": "--"}
    ax.add_patch(FancyArrowPatch(way[2], way[3], **skip))
    ax.text(2.45, top / 2, "skip\nconnection", color="#7A4900", ha="left", va="center")
    ax.text(0, -0.4, "x", ha="center", va="top", fontstyle="italic")
    ax.text(0, top + 0.95, "x + f(x)", ha="center", va="bottom", fontstyle="italic")
    ax.plot([-1.6, -1.7, -1.7, -1.6], [0.2, 0.2, top - 0.7, top - 0.7], color=INK, lw=1)
    ax.text(-1.8, (top - 0.5) / 2, "f", ha="right", va="center", fontstyle="italic")
    ax.set(xlim=(-2.1, 4.0), ylim=(-0.8, top + 1.3))
    _bare(ax)
    return fig
