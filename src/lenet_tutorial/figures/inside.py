"""Figures of what is inside one network: its layers, its kernels, and what it makes of an image."""

import numpy as np

from .._checks import check_whole
from .style import (
    BLUE,
    BROWN,
    DARK_ORANGE,
    DIGIT,
    INK,
    MIDDLE,
    NOTE,
    PALE_BLUE,
    PALE_ORANGE,
    SMALL,
    TINY,
    bare,
    figure,
    grid,
    look_of,
    sign_bar,
    signed_look,
    styled,
)

FACES = {"convolution": PALE_BLUE, "dense": PALE_ORANGE, "RBF": PALE_ORANGE}
BAND = 8  # maps in a row of `plot_layers`


@styled
def plot_feature_maps(maps, title=None, columns=None):
    """Draw the feature maps of one layer side by side, on one colour scale.

    Parameters
    ----------
    maps : numpy.ndarray
        ``(h, w, n)``, the output of one layer for one image; or ``(n,)`` for a layer of single
        units, which is drawn as one row.
    title : str, optional
        Above the maps.
    columns : int, optional
        Maps in a row; by default 3, or 4 from 16 maps on.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the array has two or more than three axes.
    """
    maps = np.asarray(maps)
    if maps.ndim == 1:
        fig, ax = figure(7.0, 1.3)
        picture = ax.imshow(maps[np.newaxis], **look_of(maps), aspect="auto")
        ax.set_xlabel("unit")
        ax.set_yticks([])
        if title:
            ax.set_title(title)
        fig.colorbar(picture, ax=ax, label="value")
        return fig
    if maps.ndim != 3:
        raise ValueError(f"maps must have shape (height, width, n) or (n,), got {maps.shape}")
    count = maps.shape[-1]
    columns = (4 if count >= 16 else 3) if columns is None else check_whole("columns", columns)
    fig, axes = grid(count, columns, width=5.7, above=0.27, below=0.1)
    for i, ax in enumerate(axes.flat[:count]):
        picture = ax.imshow(maps[..., i], **look_of(maps))
        ax.set_title(f"map {i}" if columns <= 8 else f"{i}", pad=2, fontsize=SMALL)
    fig.colorbar(picture, ax=axes, label="value", shrink=0.9)
    if title:
        fig.suptitle(title)
    return fig


@styled
def plot_kernels(weights, title=None, columns=6):
    """Draw the kernels of a convolution, dark where a weight is positive.

    Parameters
    ----------
    weights : numpy.ndarray
        ``(k, k, inputs, outputs)`` as Keras keeps them. With several inputs, each row shows the
        kernels that feed one output map.
    title : str, optional
        Above the kernels.
    columns : int
        Kernels in a row, where there is one input only.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the array does not have four axes.
    """
    weights = np.asarray(weights)
    if weights.ndim != 4:
        raise ValueError(f"weights must have shape (k, k, inputs, outputs), got {weights.shape}")
    _, _, inputs, outputs = weights.shape
    columns = check_whole("columns", columns) if inputs == 1 else inputs
    above = 0.25 if inputs == 1 else 0.05
    fig, axes = grid(inputs * outputs, columns, width=6.0, above=above, below=0.4)
    for i, ax in enumerate(axes.flat[: inputs * outputs]):
        row, column = divmod(i, inputs)
        kernel = weights[:, :, column, row]
        picture = ax.imshow(kernel, **signed_look(weights))
        if inputs == 1:
            ax.set_title(f"kernel {i}", pad=2)
            continue
        if row == 0:
            ax.set_title(f"from {column}", pad=2)
        if column == 0:
            ax.set_ylabel(f"map {row}", fontsize=NOTE, rotation=0, ha="right", va="center")
    fig.colorbar(picture, ax=axes, label="weight", shrink=min(0.9, 6 / len(axes)))
    if title:
        fig.suptitle(title)
    return fig


@styled
def draw_architecture(table, title=None):
    """Draw a network as the 1998 paper draws LeNet-5: stacks of maps, from left to right.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`lenet_tutorial.tables.layer_table`.
    title : str, optional
        Above the drawing.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = figure(9.0, 3.3)
    side = table.attrs["input"]
    image = {"maps": 1, "side": side, "output": f"1@{side}×{side}", "kind": ""}
    x, gap = 0.0, 9.0
    for name, layer in [("input", image), *table.iterrows()]:
        kind = layer["kind"]
        width = _stack(ax, x, layer["maps"], layer["side"], kind)
        middle = x + width / 2
        ax.text(middle, 25, name, ha="center", va="bottom", fontweight="bold", fontsize=NOTE)
        ax.text(middle, -23, layer["output"], ha="center", va="top", fontsize=SMALL)
        if kind:
            short = kind.replace("convolution", "convo-\nlution").replace(" ", "\n")
            ax.text(middle, -27.5, short, ha="center", va="top", fontsize=TINY)
        x += max(width, 8) + gap
    ax.set(xlim=(-3, x - gap + 6), ylim=(-36, 30), aspect="equal")
    bare(ax)
    if title:
        ax.set_title(title)
    return fig


def _stack(ax, x, maps, side, kind):
    """Draw the maps of a layer one before the other, or its units as a column; return the width."""
    from matplotlib.patches import Rectangle

    height, width, stack = side, side, min(maps, 16)
    if side <= 1:
        height, width, stack = 6 + maps / 4, 3.0, 1
    look = {"facecolor": FACES.get(kind.partition(" ")[0], "white"), "edgecolor": INK, "lw": 0.8}
    look["hatch"] = "//" if "pooling" in kind or "subsampling" in kind else None
    for i in range(stack):
        offset = i * 0.9
        corner = x + offset, -height / 2 - offset + stack * 0.45
        ax.add_patch(Rectangle(corner, width, height, **look))
    return width + stack * 0.9


@styled
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
        outputs as bars. Layers that only flatten are left out. Dark is large.

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
    inside = keras.Model(model.inputs, [layer.output for layer in layers])
    values = [np.asarray(one)[0] for one in inside.predict(image[np.newaxis], verbose=0)]
    bands = [("input", image), *zip((layer.name for layer in layers), values, strict=True)]
    bands = [(name, one[0, 0] if one.shape[:-1] == (1, 1) else one) for name, one in bands]
    *bands, (answer, outputs) = bands
    heights = [0.55 if one.ndim == 1 else 0.95 * -(-one.shape[-1] // BAND) for _, one in bands]
    fig = plt.figure(figsize=(7.5, sum(heights) + 1.9), layout="constrained")
    *parts, last = fig.subfigures(len(bands) + 1, height_ratios=[*heights, 1.6])
    plain = {"parse_math": False}  # a name is a name, whatever dollars are in it
    for part, (name, one) in zip(parts, bands, strict=True):
        look = DIGIT if one is image else look_of(one)
        part.suptitle(name, x=0.01, y=0.5, ha="left", va="center", fontsize=NOTE, **plain)
        _draw_band(part, one, look)
    ax = _strip(last)
    ax.bar(range(len(outputs)), outputs, color=BLUE)
    ax.set_xticks(range(len(outputs)))
    ax.set_xlabel("class")
    ax.set_ylabel(answer, **plain)
    if any(np.any(one < 0) for _, one in bands[1:]):
        sign_bar(last, ax=ax, location="top", shrink=0.5)
    if title:
        fig.suptitle(title, **plain)
    return fig


def _strip(part):
    """Return axes right of a layer's name."""
    return part.add_subplot(part.add_gridspec(1, 2, width_ratios=[0.9, 7])[1])


def _draw_band(part, values, look):
    """Draw the maps or the units of one layer, right of its name."""
    if values.ndim == 1:
        ax = _strip(part)
        ax.imshow(values[np.newaxis], **look, aspect="auto")
        ax.set_yticks([])
        return
    count = values.shape[-1]
    places = part.add_gridspec(-(-count // BAND), BAND + 1, width_ratios=[0.9, *[7 / BAND] * BAND])
    for number in range(count):
        ax = part.add_subplot(places[number // BAND, 1 + number % BAND])
        ax.imshow(values[..., number], **look)
        bare(ax)


@styled
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
    fig, ax = figure(4.6, 0.72 * len(steps) + 2.0)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 14, "color": INK, "lw": 1.6}
    top = len(steps) + 0.5
    for i, step in enumerate(steps):
        ax.add_patch(Rectangle((-1.5, i + 0.2), 3, 0.6, facecolor=PALE_BLUE, edgecolor=INK))
        ax.text(0, i + 0.5, step, fontsize=NOTE, **MIDDLE)
        ax.add_patch(FancyArrowPatch((0, i - 0.3), (0, i + 0.22), **arrow))
    ax.add_patch(FancyArrowPatch((0, top - 0.8), (0, top - 0.2), **arrow))
    ax.plot([0], [top], ls="", marker="o", ms=22, mfc=PALE_ORANGE, mec=INK, mew=1.2)
    ax.text(0, top, join, fontsize=14, **MIDDLE)
    ax.add_patch(FancyArrowPatch((0, top + 0.25), (0, top + 0.9), **arrow))
    way = [(0, -0.1), (2.3, -0.1), (2.3, top), (0.35, top)]
    look = {"color": DARK_ORANGE, "lw": 2.4, "ls": "--"}
    ax.plot(*zip(*way[:3], strict=True), **look)
    ax.add_patch(FancyArrowPatch(way[2], way[3], **arrow | look))
    ax.text(2.45, top / 2, "skip\nconnection", color=BROWN, ha="left", va="center")
    ax.text(0, -0.4, "x", ha="center", va="top", fontstyle="italic")
    ax.text(0, top + 0.95, "x + f(x)", ha="center", va="bottom", fontstyle="italic")
    ax.plot([-1.6, -1.7, -1.7, -1.6], [0.2, 0.2, top - 0.7, top - 0.7], color=INK, lw=1)
    ax.text(-1.8, (top - 0.5) / 2, "f", ha="right", va="center", fontstyle="italic")
    ax.set(xlim=(-2.1, 4.0), ylim=(-0.8, top + 1.3))
    bare(ax)
    return fig
