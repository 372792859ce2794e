"""More figures: measurements as lines with their spread, patches, networks by size and error.

They follow the rules of :mod:`lenet_tutorial.figures`: colours of Okabe and Ito, each line told
apart by its marker and its style too.
"""

import numpy as np

from ._checks import check_whole
from .figures import BLUE, GREEN, GREY, INK, ORANGE, _bare, _figure, _styled

LOOKS = tuple(
    zip((BLUE, ORANGE, GREEN, INK, GREY), "osD^v", ("-", "--", "-.", ":", "-"), strict=True)
)


def lines_of(table, x, y, line):
    """Return, for each line, the mean and the spread of `y` at each `x`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per run.
    x, y, line : str
        Columns: across, up, and which line a row belongs to.

    Returns
    -------
    dict of str to pandas.DataFrame
        In order of appearance; indexed by `x`, with the columns ``mean``, ``min`` and ``max``.

    Raises
    ------
    ValueError
        If there are no rows, or more lines than can be told apart.
    """
    if len(table) == 0:
        raise ValueError("there are no rows to draw")
    names = list(dict.fromkeys(table[line]))
    if len(names) > len(LOOKS):
        raise ValueError(f"{len(LOOKS)} lines can be told apart, got {len(names)}: {names}")
    groups = table.groupby([line, x], sort=True)[y].agg(["mean", "min", "max"])
    return {name: groups.loc[name] for name in names}


@_styled
def plot_lines(table, x, y, line, panel=None, labels=None, scale="linear", top=None):
    """Draw the mean over the runs as lines, and from the best to the worst run as bands.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per run.
    x, y, line : str
        Columns: across, up, and which line a row belongs to. Words across keep their order.
    panel : str, optional
        Column that says in which of several plots a row is drawn, two in a row.
    labels : dict, optional
        Words for the axes: ``{"y": …}`` and ``"x"`` or the name of each panel.
    scale : {'linear', 'log'}
        Of both axes.
    top : float, optional
        Upper end of the vertical axis.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        As :func:`lines_of`.
    """
    labels = labels or {}
    panels = [None] if panel is None else list(dict.fromkeys(table[panel]))
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    size = (7.0, 3.2) if len(panels) == 1 else (7.0, 2.5 * rows + 0.6)
    looks = dict(zip(lines_of(table, x, y, line), LOOKS, strict=False))  # the same in all panels
    fig, axes = _figure(*size, nrows=rows, ncols=columns, squeeze=False, sharey=True)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for place, (ax, name) in enumerate(zip(axes.flat, panels, strict=False)):
        part = table if panel is None else table[table[panel] == name]
        for text, values in lines_of(part, x, y, line).items():
            colour, marker, style = looks[text]
            across = values.index.to_numpy()
            if part[x].dtype.kind not in "iuf":  # words stand at 0, 1, 2 … in their order
                words = list(dict.fromkeys(part[x]))
                values = values.loc[[word for word in words if word in across]]
                across = np.array([words.index(word) for word in values.index])
                ax.set_xticks(range(len(words)), words)
            ax.fill_between(across, values["min"], values["max"], color=colour, alpha=0.2, lw=0)
            ax.plot(across, values["mean"], color=colour, marker=marker, ls=style, ms=6, label=text)
        ax.set_xlabel(labels.get(name or "x", name or x))
        if place % columns == 0:
            ax.set_ylabel(labels.get("y", y))
        ax.grid(alpha=0.3)
        if scale == "log":
            ax.set(xscale="log", yscale="log")
        else:
            ax.set_ylim(0, top)
    handles = {}
    for ax in axes.flat:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    columns = len(looks) if sum(map(len, looks)) < 45 else 2
    shown = [handles[text] for text in looks]
    fig.legend(shown, list(looks), loc="outside upper center", ncols=columns, frameon=False)
    return fig


@_styled
def plot_patches(patches, first, names, first_title, last_title):
    """Draw rows of patches: what a map answers to, and what they have in common.

    Parameters
    ----------
    patches : numpy.ndarray
        ``(rows, n, h, w)``, 0 for background and 1 for ink.
    first : numpy.ndarray or None
        ``(rows, k, k)``, drawn in front of each row on a scale of its own, or nothing.
    names : sequence of str
        One for each row.
    first_title, last_title : str
        Above the first column, and above the mean of each row's patches, which comes last.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the patches have another shape, or the number of names differs.
    """
    patches = np.asarray(patches)
    if patches.ndim != 4:
        raise ValueError(f"patches must have shape (rows, n, h, w), got {patches.shape}")
    if len(names) != len(patches):
        raise ValueError(f"there are {len(patches)} rows and {len(names)} names")
    shown = min(patches.shape[1], 7)
    columns = shown + 1 + (first is not None)
    fig, axes = _figure(
        7.0, 6.6 / columns * len(patches) + 0.35, nrows=len(patches), ncols=columns, squeeze=False
    )
    for row, (line, some) in enumerate(zip(axes, patches, strict=True)):
        for ax in line:
            _bare(ax)
        line[0].set_ylabel(names[row], rotation=0, ha="right", va="center")
        if first is not None:
            reach = np.abs(first).max()
            line[0].imshow(first[row], cmap="cividis", vmin=-reach, vmax=reach)
            line = line[1:]
        for ax, patch in zip(line, [*some[:shown], some.mean(axis=0)], strict=True):
            ax.imshow(patch, cmap="gray_r", vmin=0, vmax=1)
            look = (BLUE, 2.5) if ax is line[-1] else (GREY, 0.8)  # the mean is no patch
            for side in ax.spines.values():
                side.set(visible=True, color=look[0], lw=look[1])
    if first is not None:
        axes[0, 0].set_title(first_title, fontsize=10)
    axes[0, -1].set_title(last_title, fontsize=10)
    return fig


@_styled
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
    kinds = list(dict.fromkeys(table["kind"]))
    if not 1 <= len(kinds) <= len(LOOKS):
        raise ValueError(f"from 1 to {len(LOOKS)} kinds can be told apart, got {kinds}")
    fig, ax = _figure(7.0, 4.0)
    for kind, (colour, marker, _) in zip(kinds, LOOKS, strict=False):
        some = table[table["kind"] == kind]
        ax.plot(some[x], some[y], ls="", marker=marker, ms=8, color=colour, label=kind)
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
            fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    ax.set(xscale="log", xlabel=x)
    ax.set_ylim(0, None)
    ax.margins(x=0.25)
    ax.grid(alpha=0.3)
    fig.legend(loc="outside upper center", ncols=len(kinds), frameon=False, fontsize=10)
    ax.set_ylabel("test error (%)" if y == "error" else y)
    return fig


@_styled
def plot_layers(model, image, title=None):
    """Draw what every layer of a network makes of one image.

    Parameters
    ----------
    model : keras.Model
        A chain of layers.
    image : numpy.ndarray
        ``(side, side, 1)``, as the model takes it.
    title : str, optional
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure
        One band for each layer: the maps of a convolution or of subsampling side by side, at most
        eight in a row and on one scale of colours; the single units of a layer as a strip; the
        outputs as bars. Layers that only flatten are left out.

    Raises
    ------
    ValueError
        If the image has not the shape that the model takes.
    """
    import keras
    import matplotlib.pyplot as plt

    image = np.asarray(image, np.float32)
    if image.shape != model.input_shape[1:]:
        raise ValueError(f"the image must have shape {model.input_shape[1:]}, got {image.shape}")
    silent = keras.layers.Flatten, keras.layers.InputLayer
    layers = [layer for layer in model.layers if not isinstance(layer, silent)]
    looks = keras.Model(model.inputs, [layer.output for layer in layers])
    values = [np.asarray(one)[0] for one in looks.predict(image[np.newaxis], verbose=0)]
    bands = [
        ("input", image),
        *((layer.name, one) for layer, one in zip(layers, values, strict=True)),
    ]
    bands = [(name, one[0, 0] if one.shape[:-1] == (1, 1) else one) for name, one in bands]
    heights = [0.55 if one.ndim == 1 else 0.95 * -(-one.shape[-1] // 8) for _, one in bands[:-1]]
    fig = plt.figure(figsize=(7.5, sum(heights) + 1.9), layout="constrained")
    parts = fig.subfigures(len(bands), height_ratios=[*heights, 1.6])
    plain = {"parse_math": False}  # a name is a name, whatever dollars are in it
    for part, (name, one) in zip(parts[:-1], bands[:-1], strict=True):
        part.suptitle(name, x=0.01, y=0.5, ha="left", va="center", fontsize=10, **plain)
        _draw_band(part, one)
    ax = parts[-1].add_gridspec(1, 2, width_ratios=[0.9, 7])
    ax = parts[-1].add_subplot(ax[1])
    ax.bar(range(len(bands[-1][1])), bands[-1][1], color=BLUE)
    ax.set_xticks(range(len(bands[-1][1])))
    ax.set_xlabel("class")
    ax.set_ylabel(bands[-1][0], **plain)
    if title:
        fig.suptitle(title, fontsize=11, **plain)
    return fig


def _draw_band(part, values):
    """Draw the maps or the units of one layer, right of its name."""
    if values.ndim == 1:
        ax = part.add_subplot(part.add_gridspec(1, 2, width_ratios=[0.9, 7])[1])
        ax.imshow(values[np.newaxis], cmap="cividis", aspect="auto")
        ax.set_yticks([])
        return
    count = values.shape[-1]
    rows = -(-count // 8)
    grid = part.add_gridspec(rows, 9, width_ratios=[0.9, *[0.875] * 8])
    low, high = float(values.min()), float(values.max())
    for number in range(count):
        ax = part.add_subplot(grid[number // 8, 1 + number % 8])
        ax.imshow(values[..., number], cmap="cividis", vmin=low, vmax=high)
        _bare(ax)


@_styled
def plot_exchange(states, titles, columns=4):
    """Draw what each worker holds after each step of an all-reduce.

    Parameters
    ----------
    states : sequence of numpy.ndarray
        One for each moment, ``(workers, pieces)``: how many workers' values a piece is the sum of.
    titles : sequence of str
        Above the moments.
    columns : int
        Moments in a row.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no states, one has another shape, or the number of titles differs.
    """
    states = [np.asarray(state) for state in states]
    if not states or any(state.ndim != 2 or state.shape != states[0].shape for state in states):
        raise ValueError(
            "states must be one or more arrays of the same shape (workers, pieces), "
            f"got {[state.shape for state in states]}"
        )
    if len(titles) != len(states):
        raise ValueError(f"there are {len(states)} states and {len(titles)} titles")
    workers, pieces = states[0].shape
    columns = min(check_whole("columns", columns), len(states))
    rows = -(-len(states) // columns)
    height = rows * (7.0 / columns * workers / pieces + 0.35)
    fig, axes = _figure(7.0, height, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat[len(states) :]:
        ax.set_visible(False)
    for place, (ax, state, title) in enumerate(zip(axes.flat, states, titles, strict=False)):
        ax.imshow(state, cmap="Blues", vmin=0, vmax=1.4 * workers, aspect="equal")
        for (worker, piece), count in np.ndenumerate(state):
            done = count == workers
            ax.text(
                piece,
                worker,
                f"{count:g}",
                ha="center",
                va="center",
                fontsize=12,
                fontweight="bold" if done else "normal",
            )
        if place:  # what has just been received is framed
            for worker, piece in zip(*np.nonzero(state != states[place - 1]), strict=True):
                box = (piece - 0.46, worker - 0.46), 0.92, 0.92
                ax.add_patch(_rectangle(*box))
        ax.set_title(title, fontsize=10)
        ax.set_xticks(range(pieces), "ABCDEFGHIJKLMNOP"[:pieces] if pieces <= 16 else None)
        ax.set_yticks(range(workers))
        ax.tick_params(length=0, labelsize=9)
        for side in ax.spines.values():
            side.set_visible(False)
        if place % columns == 0:
            ax.set_ylabel("worker", fontsize=10)
        ax.set_xlabel("piece", fontsize=10)
    return fig


def _rectangle(corner, width, height):
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, fill=False, edgecolor=ORANGE, lw=2.5)
