"""Figures that set several networks beside each other: in time, and by their sizes."""

import numpy as np

from .style import BLUE, GREY, GRID, INK, NOTE, ORANGE, SMALL, bare, figure, looks_for, styled


@styled
def plot_timeline(events, title=None):
    """Draw events down the page, the year on the left, equal steps between them.

    Parameters
    ----------
    events : pandas.DataFrame
        Columns ``year``, ``when`` (the year as it is written), ``event`` and ``kind``, in order
        of time; from :func:`lenet_tutorial.tables.events`.
    title : str, optional
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the events are not in order of time, or of more kinds than can be told apart.
    """
    import textwrap

    if not events["year"].is_monotonic_increasing:
        raise ValueError("the events must be in order of time")
    looks = looks_for(dict.fromkeys(events["kind"]), "kinds")
    texts = [textwrap.wrap(event, 44, break_on_hyphens=False) for event in events["event"]]
    y, places = 0.0, []
    for lines in texts:
        height = 0.35 + 0.4 * len(lines)
        places.append(y + height / 2)
        y += height
    fig, ax = figure(5.2, 0.44 * y + 0.5)
    ax.plot([0, 0], [places[0], places[-1]], color=GREY, lw=2, zorder=0)
    for place, lines, (_, row) in zip(places, texts, events.iterrows(), strict=True):
        ax.plot([0], [place], ms=10, mec="white", zorder=1, **looks[row["kind"]] | {"ls": ""})
        ax.text(-0.3, place, str(row["when"]), ha="right", va="center", fontweight="bold")
        ax.text(0.3, place, "\n".join(lines), ha="left", va="center", fontsize=NOTE)
    for kind, look in looks.items():
        ax.plot([], [], ms=9, label=kind, **look | {"ls": ""})
    fig.legend(loc="outside lower center", ncols=len(looks), fontsize=NOTE)
    ax.set(xlim=(-2.1, 6.2), ylim=(y + 0.1, -0.1))
    bare(ax)
    if title:
        ax.set_title(title)
    return fig


@styled
def plot_sizes(table, x="parameters", y="error"):
    """Draw networks by their size and their error, a thin line between two of the same name.

    Parameters
    ----------
    table : pandas.DataFrame
        Indexed by the network's name, with the columns `x`, `y`, ``kind`` (one look each) and
        ``side`` ('left' or 'right': where the name stands; '' for no name).
    x, y : str
        Columns across, on a logarithmic scale, and up.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no rows, or more kinds than can be told apart.
    """
    looks = looks_for(dict.fromkeys(table["kind"]), "kinds")
    fig, ax = figure(7.0, 4.0)
    for kind, look in looks.items():
        some = table[table["kind"] == kind]
        ax.plot(some[x], some[y], ms=8, label=kind, **look | {"ls": ""})
    for name, row in table.iterrows():
        same = table.loc[[name]]
        ax.plot(same[x], same[y], color=GREY, lw=1, zorder=0)
        if not row["side"]:
            continue
        left = row["side"] == "left"
        ax.annotate(
            name,
            (row[x], row[y]),
            xytext=(-8 if left else 8, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=SMALL,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    ax.set(xscale="log", xlabel=x)
    ax.set_ylim(0, None)
    ax.margins(x=0.25)
    ax.grid(**GRID)
    fig.legend(loc="outside upper center", ncols=len(looks), fontsize=NOTE)
    ax.set_ylabel("test error (%)" if y == "error" else y)
    return fig


@styled
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
    shares = {}
    for name in looks_for(stages, "networks"):
        table = stages[name][["parameters", "multiply_adds"]]
        shares[name] = (table * 100 / table.sum())[table.sum(axis=1) > 0]
    counts = [len(table) for table in shares.values()]
    fig, axes = figure(
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
        ax.grid(axis="x", **GRID)
    axes[-1, 0].set_xlabel("per cent of the network")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper right", ncols=2)
    return fig


@styled
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

    looks = looks_for(tables, "networks")
    fig, ax = figure(5.6, 4.2)
    for name, table in tables.items():
        # Of the layers with maps of one size, the one with the most of them.
        most = table[table["side"] > 0].groupby("side", sort=False)["maps"].max()
        sides, maps = [table.attrs["input"], *most.index], [channels[name], *most]
        ax.plot(sides, maps, label=name, ms=7, **looks[name])
    ax.set(xscale="log", yscale="log", xlabel="side of a map in units", ylabel="number of maps")
    ax.invert_xaxis()
    for axis, ticks in ((ax.xaxis, (256, 64, 16, 4, 1)), (ax.yaxis, (1, 4, 16, 64, 256, 1024))):
        axis.set_major_formatter(ScalarFormatter())
        axis.set_ticks(ticks)
        axis.set_ticks([], minor=True)
    ax.grid(**GRID)
    ax.legend(loc="upper left")
    return fig
