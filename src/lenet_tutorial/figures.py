"""The figures of the book, drawn with matplotlib.

Each function takes data and returns a ``matplotlib.figure.Figure``. Colours are those of Okabe and
Ito, which colour-blind readers can tell apart, and each is told apart by a line style, a marker or
a hatch too, so that a figure survives greyscale. Maps of values use *cividis*, whose lightness
rises evenly.
"""

import functools
import operator

import numpy as np

from ._checks import check_whole
from .shapes import layer_numbers, output_size, pad_amounts, trace

BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#E69F00", "#009E73", "#767676", "#222222"
PALE_BLUE, PALE_ORANGE = "#CFE5F3", "#FBE7BF"

STYLE = {
    "figure.dpi": 120,
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "figure.facecolor": "white",
    "lines.linewidth": 2,
    "image.interpolation": "nearest",
}


# How and where figures are shown is the reader's business; how they look is the book's.
NOT_STYLE = ("animation", "backend", "date", "docstring", "interactive", "keymap", "savefig")
NOT_STYLE += ("timezone", "tk", "toolbar", "webagg")


@functools.cache
def _looks():
    """Return every setting of matplotlib that changes a figure: its default, or the book's own."""
    import matplotlib

    defaults = matplotlib.rcParamsDefault
    plain = {key: defaults[key] for key in defaults if key.split(".")[0] not in NOT_STYLE}
    return {key: value for key, value in plain.items() if not key.startswith("_")} | STYLE


def _styled(function):
    """Draw in the book's style, whatever the reader's own settings are."""

    @functools.wraps(function)
    def draw(*args, **kwargs):
        import matplotlib.pyplot as plt

        # Not rc_context: it would also put back `interactive`, which a notebook switches on when
        # the first figure is made, and later figures would not be shown.
        looks = _looks()
        saved = {key: plt.rcParams[key] for key in looks}
        plt.rcParams.update(looks)
        try:
            return function(*args, **kwargs)
        finally:
            plt.rcParams.update(saved)

    return draw


def _figure(width, height, **kwargs):
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained", **kwargs)


def _images(images):
    """Return images as ``(n, h, w)``, or say what is wrong."""
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"images must have shape (n, height, width), n ≥ 1, got {images.shape}")
    return images


def _bare(ax):
    """Take ticks and frame away: the axes of a small picture say nothing."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


# --------------------------------------------------------------------------- digits


@_styled
def plot_samples(images, labels=None, columns=10, titles=None):
    """Draw digits in rows, ink dark on white, with their labels above.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 1)``; the largest value is drawn black.
    labels : sequence, optional
        One for each image, written above it.
    columns : int
        Images in a row, at least 1.
    titles : sequence of str, optional
        Written in place of the labels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the images have another shape, the number of labels differs, or `columns` is no whole
        number of at least 1.
    """
    images = _images(images)
    columns = check_whole("columns", columns)
    words = titles if titles is not None else labels
    if words is not None and len(words) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(words)} labels")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    cell = 7.0 / columns
    fig, axes = _figure(
        7.0,
        rows * (cell + (0.28 if words is not None else 0)),
        nrows=rows,
        ncols=columns,
        squeeze=False,
    )
    for i, ax in enumerate(axes.flat):
        _bare(ax)
        if i < len(images):
            ax.imshow(images[i], cmap="gray_r")
            if words is not None:
                ax.set_title(str(words[i]), pad=2)
    return fig


@_styled
def plot_pixels(image, title=None, values=True):
    """Draw one small image with its pixel values written in.

    Parameters
    ----------
    image : numpy.ndarray
        ``(h, w)``.
    title : str, optional
        Above the picture.
    values : bool
        Write the value into each pixel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    image = _images(np.asarray(image)[np.newaxis])[0]
    height, width = image.shape
    across = 7.0 if values else 4.5  # inches
    fig, ax = _figure(across, across * height / width + 0.3)
    ax.imshow(image, cmap="gray_r")
    ax.set_xlabel("column")
    ax.set_ylabel("row")
    if title:
        ax.set_title(title)
    if values:
        middle = (float(image.max()) + float(image.min())) / 2
        whole = np.issubdtype(image.dtype, np.integer)
        size = min(11, 230 / width)
        for (row, column), value in np.ndenumerate(image):
            colour = "white" if value > middle else INK
            text = f"{value}" if whole else f"{value:.1f}"
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
    return fig


# --------------------------------------------------------------------------- inside the network


@_styled
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
        fig, ax = _figure(7.0, 1.3)
        picture = ax.imshow(maps[np.newaxis], cmap="cividis", aspect="auto")
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
    columns = min(columns, count)
    rows = -(-count // columns)
    fig, axes = _figure(
        7.0, rows * (5.7 / columns + 0.27) + 0.1, nrows=rows, ncols=columns, squeeze=False
    )
    for i, ax in enumerate(axes.flat):
        _bare(ax)
        if i < count:
            picture = ax.imshow(
                maps[..., i], cmap="cividis", vmin=float(maps.min()), vmax=float(maps.max())
            )
            ax.set_title(f"map {i}", pad=2, fontsize=9)
    fig.colorbar(picture, ax=axes, label="value", shrink=0.9)
    if title:
        fig.suptitle(title, fontsize=11)
    return fig


@_styled
def plot_kernels(weights, title=None, columns=6):
    """Draw the kernels of a convolution, dark where a weight is negative.

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
    if inputs == 1:
        columns = min(check_whole("columns", columns), outputs)
        rows = -(-outputs // columns)
    else:
        columns, rows = inputs, outputs
    cell = 6.0 / columns
    fig, axes = _figure(
        7.0,
        rows * (cell + (0.25 if inputs == 1 else 0.05)) + 0.4,
        nrows=rows,
        ncols=columns,
        squeeze=False,
    )
    limit = float(np.abs(weights).max()) or 1.0
    for i, ax in enumerate(axes.flat):
        _bare(ax)
        row, column = divmod(i, columns)
        if inputs == 1 and i >= outputs:
            continue
        kernel = weights[:, :, 0, i] if inputs == 1 else weights[:, :, column, row]
        picture = ax.imshow(kernel, cmap="gray", vmin=-limit, vmax=limit)
        if inputs == 1:
            ax.set_title(f"kernel {i}", pad=2, fontsize=9)
        else:
            if row == 0:
                ax.set_title(f"from {column}", pad=2, fontsize=9)
            if column == 0:
                ax.set_ylabel(f"map {row}", fontsize=8, rotation=0, ha="right", va="center")
    fig.colorbar(picture, ax=axes, label="weight", shrink=min(0.9, 6 / rows))
    if title:
        fig.suptitle(title, fontsize=11)
    return fig


@_styled
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
    from matplotlib.patches import Rectangle

    fig, ax = _figure(9.0, 3.3)
    blocks = [("input", f"1@{table.attrs['input']}×{table.attrs['input']}", "")]
    blocks += [(name, row["output"], row["kind"]) for name, row in table.iterrows()]
    x, gap = 0.0, 9.0
    for name, output, kind in blocks:
        maps, _, side = output.partition("@")
        flat = side in ("", "1×1")
        if flat:  # a column of units
            height, width, stack = 6 + int(maps) / 4, 3.0, 1
        else:
            height = width = float(side.split("×")[0])
            stack = min(int(maps), 16)
        first = kind.partition(" ")[0]
        faces = {"convolution": PALE_BLUE, "dense": PALE_ORANGE, "RBF": PALE_ORANGE}
        face = faces.get(first, "white")
        hatch = "//" if "pooling" in kind or "subsampling" in kind else None
        for i in range(stack):
            offset = i * 0.9
            ax.add_patch(
                Rectangle(
                    (x + offset, -height / 2 - offset + stack * 0.45),
                    width,
                    height,
                    facecolor=face,
                    edgecolor=INK,
                    linewidth=0.8,
                    hatch=hatch,
                )
            )
        middle = x + (width + stack * 0.9) / 2
        ax.text(middle, 25, name, ha="center", va="bottom", fontweight="bold", fontsize=10)
        ax.text(middle, -23, output, ha="center", va="top", fontsize=9)
        if kind:
            short = kind.replace("convolution", "convo-\nlution").replace(" ", "\n")
            ax.text(middle, -27.5, short, ha="center", va="top", fontsize=8)
        x += max(width + stack * 0.9, 8) + gap
    ax.set(xlim=(-3, x - gap + 6), ylim=(-36, 30), aspect="equal")
    _bare(ax)
    if title:
        ax.set_title(title)
    return fig


# --------------------------------------------------------------------------- training


@_styled
def plot_history(history, title=None):
    """Draw accuracy and loss against the epoch, for the training and the validation split.

    Parameters
    ----------
    history : pandas.DataFrame
        From :func:`lenet_tutorial.training.train`: indexed by epoch, with the columns
        ``accuracy``, ``loss``, ``val_accuracy`` and ``val_loss``.
    title : str, optional
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = {"accuracy", "loss", "val_accuracy", "val_loss"} - set(history.columns)
    if missing:
        raise ValueError(f"the history lacks the columns {sorted(missing)}")
    from matplotlib.ticker import MaxNLocator

    fig, axes = _figure(7.0, 3.0, ncols=2)
    for ax, measure in zip(axes, ("accuracy", "loss"), strict=True):
        ax.plot(
            history.index, history[measure], color=ORANGE, ls="--", marker="o", label="training"
        )
        ax.plot(
            history.index, history[f"val_{measure}"], color=BLUE, marker="s", label="validation"
        )
        ax.set(xlabel="epoch", ylabel=measure)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(axis="y", alpha=0.3)
    axes[0].legend(frameon=False)
    if title:
        fig.suptitle(title, fontsize=11)
    return fig


def confusion_matrix(labels, predicted, classes=10):
    """Count how often each class was taken for each other one.

    Parameters
    ----------
    labels, predicted : numpy.ndarray
        True and predicted classes ``(n,)``.
    classes : int
        Number of classes.

    Returns
    -------
    numpy.ndarray
        ``(classes, classes)``: row is the true class, column the predicted one.

    Raises
    ------
    ValueError
        If the lengths differ or a class is out of range.
    """
    from .images import check_labels

    classes = check_whole("classes", classes)
    labels = check_labels(labels, classes=classes)
    predicted = check_labels(predicted, count=len(labels), classes=classes)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


@_styled
def plot_confusion(matrix, title=None):
    """Draw a confusion matrix; the colour shows the mistakes, the diagonal is grey.

    Parameters
    ----------
    matrix : numpy.ndarray
        ``(n, n)``, from :func:`confusion_matrix`.
    title : str, optional
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the matrix is not square.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {matrix.shape}")
    fig, ax = _figure(5.6, 5.0)
    diagonal = np.eye(len(matrix), dtype=bool)
    mistakes = np.ma.masked_array(matrix, diagonal)
    ax.imshow(np.ma.masked_array(diagonal, ~diagonal), cmap="gray", vmin=0, vmax=1.1)
    picture = ax.imshow(mistakes, cmap="Blues")
    middle = mistakes.max() / 2 if mistakes.max() else 1
    for (row, column), count in np.ndenumerate(matrix):
        dark = row != column and count > middle
        if count:
            ax.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if dark else INK,
            )
    ticks = np.arange(len(matrix))
    ax.set(xlabel="predicted class", ylabel="true class", xticks=ticks, yticks=ticks)
    ax.spines[["top", "right"]].set_visible(True)
    fig.colorbar(picture, ax=ax, label="mistakes")
    if title:
        ax.set_title(title)
    return fig


def worst_mistakes(probabilities, labels, count=20):
    """Return the wrongly classified images, the surest of a wrong answer first.

    Parameters
    ----------
    probabilities : numpy.ndarray
        ``(n, classes)``.
    labels : numpy.ndarray
        ``(n,)``.
    count : int
        At most so many.

    Returns
    -------
    numpy.ndarray
        Positions in the data, at most `count`.

    Raises
    ------
    ValueError
        If the probabilities have another shape, or the number of labels differs.
    """
    count = check_whole("count", count, 0)
    probabilities = np.asarray(probabilities, float)  # -uint8 would be above 0
    if probabilities.ndim != 2:
        raise ValueError(f"probabilities must have shape (n, classes), got {probabilities.shape}")
    if len(labels) != len(probabilities):
        raise ValueError(f"there are {len(probabilities)} images and {len(labels)} labels")
    predicted = np.argmax(probabilities, axis=1)
    wrong = np.flatnonzero(predicted != np.asarray(labels))
    order = np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")
    return wrong[order][:count]


@_styled
def plot_mistakes(images, labels, probabilities, count=20):
    """Draw the worst mistakes, each with its label, the answer and how sure the network was.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 1)``.
    labels : numpy.ndarray
        ``(n,)``.
    probabilities : numpy.ndarray
        ``(n, classes)``.
    count : int
        At most so many.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no mistakes to draw.
    """
    worst = worst_mistakes(probabilities, labels, count)
    if len(worst) == 0:
        raise ValueError("there are no mistakes to draw: every image is in its class")
    answers = np.argmax(probabilities, axis=1)
    titles = [f"{labels[i]} → {answers[i]}\n{probabilities[i].max():.0%}" for i in worst]
    images = _images(images)[worst]
    columns = min(7, len(images))
    rows = -(-len(images) // columns)
    fig, axes = _figure(
        7.0, rows * (7.0 / columns + 0.45), nrows=rows, ncols=columns, squeeze=False
    )
    for i, ax in enumerate(axes.flat):
        _bare(ax)
        if i < len(images):
            ax.imshow(images[i], cmap="gray_r")
            ax.set_title(titles[i], pad=2, fontsize=10)
    return fig


@_styled
def plot_spread(table, value, group, reference=None, label=None, percent=True):
    """Draw one dot per run and the mean per group, so that the spread can be seen.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per run.
    value : str
        Column to draw, on the horizontal axis.
    group : str
        Column to group by, on the vertical axis; groups keep their order of appearance.
    reference : float, optional
        Draw a dashed line here.
    label : str, optional
        Label of the horizontal axis.
    percent : bool
        Show shares as per cent.

    Returns
    -------
    matplotlib.figure.Figure
    """
    groups = list(dict.fromkeys(table[group]))
    scale = 100 if percent else 1
    fig, ax = _figure(7.0, 0.42 * len(groups) + 0.9)
    for i, name in enumerate(groups):
        runs = table.loc[table[group] == name, value].to_numpy() * scale
        ax.plot(
            runs,
            np.full(len(runs), i),
            ls="",
            marker="o",
            color=BLUE,
            alpha=0.55,
            label="one run" if i == 0 else None,
        )
        ax.plot(
            [runs.mean()],
            [i],
            ls="",
            marker="|",
            ms=20,
            mew=3,
            color=INK,
            label="mean" if i == 0 else None,
        )
    if reference is not None:
        ax.axvline(reference * scale, color=GREY, ls="--", lw=1)
    ax.set(yticks=range(len(groups)), xlabel=label or value)
    ax.set_yticklabels([str(name) for name in groups])
    ax.invert_yaxis()
    ax.grid(axis="x", alpha=0.3)
    fig.legend(frameon=False, loc="outside upper right", ncols=2)
    return fig


# --------------------------------------------------------------------------- history


@_styled
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
        If the events are not in order of time, or of more than five kinds.
    """
    import textwrap

    if not events["year"].is_monotonic_increasing:
        raise ValueError("the events must be in order of time")
    kinds = list(dict.fromkeys(events["kind"]))
    looks = list(zip((BLUE, ORANGE, GREEN, INK, GREY), "osD^v", strict=True))
    if len(kinds) > len(looks):
        raise ValueError(f"there are marks for {len(looks)} kinds of event, got {kinds}")
    looks = dict(zip(kinds, looks[: len(kinds)], strict=True))
    texts = [textwrap.wrap(event, 44, break_on_hyphens=False) for event in events["event"]]
    y, places = 0.0, []
    for lines in texts:
        height = 0.35 + 0.4 * len(lines)
        places.append(y + height / 2)
        y += height
    fig, ax = _figure(5.2, 0.44 * y + 0.5)
    ax.plot([0, 0], [places[0], places[-1]], color=GREY, lw=2, zorder=0)
    for place, lines, (_, row) in zip(places, texts, events.iterrows(), strict=True):
        colour, marker = looks[row["kind"]]
        ax.plot([0], [place], marker=marker, ms=10, color=colour, mec="white", zorder=1, ls="")
        ax.text(-0.3, place, str(row["when"]), ha="right", va="center", fontweight="bold")
        ax.text(0.3, place, "\n".join(lines), ha="left", va="center", fontsize=10)
    for kind in kinds:
        ax.plot([], [], ls="", marker=looks[kind][1], color=looks[kind][0], ms=9, label=kind)
    fig.legend(loc="outside lower center", ncols=len(kinds), frameon=False, fontsize=10)
    ax.set(xlim=(-2.1, 6.2), ylim=(y + 0.1, -0.1))
    _bare(ax)
    if title:
        ax.set_title(title)
    return fig


# --------------------------------------------------------------------------- sizes


@_styled
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
    from matplotlib.patches import Polygon, Rectangle

    numbers = layer_numbers(size, kernel, stride, padding, dilation)
    out, (before, after) = output_size(*numbers), pad_amounts(*numbers)
    size, kernel, stride, _, dilation = numbers
    padded = size + before + after
    taps = np.arange(kernel) * dilation
    first, last = set(taps), set(taps + (out - 1) * stride)
    reached = set((taps[:, np.newaxis] + np.arange(out) * stride).ravel())
    wide = max(out, padded * 0.45)  # the right half has room for its label
    fig, axes = _figure(
        7.0,
        7.0 * (padded + 0.4) / (padded + wide + 0.8) + 0.5,
        ncols=2,
        width_ratios=(padded + 0.4, wide + 0.4),
    )

    def cell(ax, row, column, **look):
        ax.add_patch(Rectangle((column, row), 1, 1, **{"edgecolor": GREY, "lw": 0.8, **look}))

    for row in range(padded):
        for column in range(padded):
            inside = before <= row < before + size and before <= column < before + size
            look = {"facecolor": "white"} if inside else {"facecolor": "#E4E4E4", "hatch": "..."}
            at_first, at_last = ({row, column} <= taps for taps in (first, last))
            if at_first:
                look["facecolor"] = "#7FB8DA"
            elif at_last:
                look |= {"facecolor": "#F3C666", "hatch": "//"}
            cell(axes[0], row, column, **look)
            if at_first and at_last:
                lower = [(column + 1, row), (column + 1, row + 1), (column, row + 1)]
                look = {"facecolor": "#F3C666", "hatch": "//", "edgecolor": GREY, "lw": 0.8}
                axes[0].add_patch(Polygon(lower, **look))
            if row not in reached or column not in reached:
                axes[0].text(
                    column + 0.5, row + 0.5, "×", ha="center", va="center", color=GREY, fontsize=9
                )
    span = dilation * (kernel - 1) + 1
    for start, colour, style in ((0, BLUE, "-"), ((out - 1) * stride, "#B36B00", "--")):
        axes[0].add_patch(
            Rectangle((start, start), span, span, fill=False, ec=colour, lw=2.5, ls=style)
        )
    for row in range(out):
        for column in range(out):
            look = {"facecolor": "white"}
            if row == column == 0:
                look = {"facecolor": "#7FB8DA", "edgecolor": BLUE, "lw": 2}
            elif row == column == out - 1:
                look = {"facecolor": "#F3C666", "hatch": "//", "edgecolor": "#B36B00", "lw": 2}
            cell(axes[1], row, column, **look)
    pads = f"padding {before}" if before == after else f"padding {before} + {after}"
    axes[0].set_xlabel(f"input {size}×{size}, {pads}")
    axes[1].set_xlabel(f"output {out}×{out}")
    # The same scale on both sides: the output is drawn in the middle of an equal stretch.
    for ax, side, across in ((axes[0], padded, padded), (axes[1], out, wide)):
        x, y = (across - side) / 2 + 0.2, (padded - side) / 2 + 0.2
        ax.set(xlim=(-x, side + x), ylim=(side + y, -y), aspect="equal")
        _bare(ax)
    default = f"kernel {kernel}×{kernel}, stride {stride}"
    default += f", dilation {dilation}" if dilation > 1 else ""
    fig.suptitle(default if title is None else title, fontsize=11)
    return fig


@_styled
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
    size, unit = operator.index(size), operator.index(unit)
    # The units of each layer that the chosen one sees, from the top down.
    seen = [(unit, unit)]
    sizes = [size, *(reach.size for reach in reaches)]
    for layer, below in zip(reversed(layers), reversed(sizes[:-1]), strict=True):
        first, last = seen[0]
        before, _ = pad_amounts(below, layer.kernel, layer.stride, layer.padding, layer.dilation)
        low = first * layer.stride - before
        high = last * layer.stride - before + layer.dilation * (layer.kernel - 1)
        seen.insert(0, (max(low, 0), min(high, below - 1)))
    fig, ax = _figure(7.0, 0.55 * len(sizes) + 0.7)
    # Over which input pixel the middle of unit 0 stands, and how far apart two units are.
    places = [(0.0, 1)] + [(r.start + (r.receptive_field - 1) / 2, r.jump) for r in reaches]
    names = ["input", *(reach.name for reach in reaches)]
    for level, (name, count, (offset, jump), (low, high)) in enumerate(
        zip(names, sizes, places, seen, strict=True)
    ):
        width = min(jump * 0.8, 2.2)
        for i in range(count):
            hit = low <= i <= high
            ax.add_patch(
                Rectangle(
                    (offset + i * jump - width / 2, level - 0.3),
                    width,
                    0.6,
                    facecolor=BLUE if hit else "white",
                    edgecolor=GREY,
                    lw=0.8,
                )
            )
        ax.text(-1.5, level, name, ha="right", va="center", fontweight="bold")
        ax.text(size + 0.8, level, f"{high - low + 1} of {count}", va="center", fontsize=10)
    for level, ((offset, jump), (low, high)) in enumerate(zip(places, seen, strict=True)):
        if level + 1 < len(places):
            up_offset, up_jump = places[level + 1]
            up_low, up_high = seen[level + 1]
            for here, there in ((low, up_low), (high, up_high)):
                ax.plot(
                    [offset + here * jump, up_offset + there * up_jump],
                    [level + 0.32, level + 0.68],
                    color=BLUE,
                    lw=1,
                    ls=":",
                )
    ax.set(xlim=(-5.5, size + 6.5), ylim=(-0.6, len(sizes) - 0.4))
    ax.set_xlabel("place over the input, in pixels")
    ax.set_yticks([])
    ax.set_xticks(range(0, size, max(1, size // 8)))
    ax.spines["left"].set_visible(False)
    if title:
        ax.set_title(title)
    return fig


@_styled
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

    image = _images(np.asarray(image)[np.newaxis])[0]
    if image.shape[0] != image.shape[1]:
        raise ValueError(f"the image must be square, got {image.shape}")
    reaches = trace(len(image), layers)
    columns = min(3, len(reaches))
    rows = -(-len(reaches) // columns)
    fig, axes = _figure(7.0, rows * (7.0 / columns + 0.3), nrows=rows, ncols=columns, squeeze=False)
    for i, ax in enumerate(axes.flat):
        _bare(ax)
        if i < len(reaches):
            reach = reaches[i]
            first, last = reach.pixels((reach.size - 1) // 2)
            ax.imshow(image, cmap="gray_r")
            ax.set(xlim=(-0.7, len(image) - 0.3), ylim=(len(image) - 0.3, -0.7))
            side = last - first + 1
            box = Rectangle((first - 0.5, first - 0.5), side, side, fill=False, ec=BLUE, lw=3)
            ax.add_patch(box)
            ax.set_title(f"{reach.name}: {side}×{side}", pad=3)
    if title:
        fig.suptitle(title, fontsize=11)
    return fig
