"""Figures of training runs: how one went, how several spread, and what workers exchange."""

import numpy as np

from .._checks import check_whole
from ..images import check_labels
from .style import (
    BLUE,
    GREY,
    GRID,
    INK,
    MIDDLE,
    NOTE,
    ORANGE,
    PALE_BLUE,
    amount_look,
    figure,
    letters_on,
    looks_for,
    styled,
)


@styled
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

    fig, axes = figure(7.0, 3.0, ncols=2)
    for ax, measure in zip(axes, ("accuracy", "loss"), strict=True):
        looks = looks_for(("training", "validation"), "splits")
        for (split, look), column in zip(looks.items(), (measure, f"val_{measure}"), strict=True):
            ax.plot(history.index, history[column], label=split, **look)
        ax.set(xlabel="epoch", ylabel=measure)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(axis="y", **GRID)
    axes[0].legend()
    if title:
        fig.suptitle(title)
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
    classes = check_whole("classes", classes)
    labels = check_labels(labels, classes=classes)
    predicted = check_labels(predicted, count=len(labels), classes=classes)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


@styled
def plot_confusion(matrix, title=None):
    """Draw a confusion matrix: the more mistakes, the darker; the diagonal is pale blue.

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
    from matplotlib.patches import Rectangle

    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {matrix.shape}")
    fig, ax = figure(4.9, 4.2)
    diagonal = np.eye(len(matrix), dtype=bool)
    mistakes = np.ma.masked_array(matrix, diagonal)
    for place in range(len(matrix)):
        ax.add_patch(Rectangle((place - 0.5, place - 0.5), 1, 1, fc=PALE_BLUE, ec=BLUE))
    picture = ax.imshow(mistakes, **amount_look(mistakes.filled(0)))
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            ink = INK if row == column else letters_on(picture.to_rgba(count))
            ax.text(column, row, str(count), fontsize=NOTE, color=ink, **MIDDLE)
    ticks = np.arange(len(matrix))
    ax.set(xlabel="predicted class", ylabel="true class", xticks=ticks, yticks=ticks)
    ax.spines[["top", "right"]].set_visible(True)
    fig.colorbar(picture, ax=ax, label="mistakes")
    if title:
        ax.set_title(title)
    return fig


@styled
def plot_spread(table, value, group, reference=None, label=None, percent=True, kind=None):
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
    kind : str, optional
        Column that tells runs of a group apart: each kind has its own marks, in a row of its own.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are more kinds than can be told apart.
    """
    groups = list(dict.fromkeys(table[group]))
    kinds = table[kind] if kind else np.full(len(table), "one run")
    looks = looks_for(dict.fromkeys(kinds), "kinds")
    scale = 100 if percent else 1
    fig, ax = figure(7.0, (0.22 + 0.2 * len(looks)) * len(groups) + 0.9)
    stroke = {
        "ls": "",
        "marker": "|",
        "ms": 20 / len(looks) ** 0.5,
        "mew": 3,
        "color": INK,
        "label": "mean",
    }
    for row, (which, look) in enumerate(looks.items()):
        dot = look | {"ls": "", "alpha": 0.55, "label": which}
        for i, name in enumerate(groups):
            runs = table.loc[(table[group] == name) & (kinds == which), value].to_numpy() * scale
            if not len(runs):
                continue
            place = i + 0.34 * (row - (len(looks) - 1) / 2)
            ax.plot(runs, np.full(len(runs), place), **dot)
            ax.plot([runs.mean()], [place], **stroke)
            dot["label"] = stroke["label"] = None  # the legend names each once
    if reference is not None:
        ax.axvline(reference * scale, color=GREY, ls="--", lw=1)
    ax.set(yticks=range(len(groups)), xlabel=label or value)
    ax.set_yticklabels([str(name) for name in groups])
    ax.margins(y=max(0.05, 0.35 / max(len(groups) - 1, 1)))  # room for the outer rows' marks
    ax.invert_yaxis()
    ax.grid(axis="x", **GRID)
    _legend_with_the_mean_last(fig, ax)
    return fig


def _legend_with_the_mean_last(fig, ax):
    handles, names = ax.get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda place: names[place] == "mean")
    fig.legend(
        [handles[place] for place in order],
        [names[place] for place in order],
        loc="outside upper right",
        ncols=len(order),
    )


@styled
def plot_refusals(panels, shares, published=None):
    """Draw the error on what is left, against the share of digits that are refused.

    Parameters
    ----------
    panels : dict of str to dict
        From the title of a panel to its curves: from a name to the errors on the digits that are
        left, in per cent.
    shares : sequence of float
        The shares that are refused, in per cent.
    published : dict of str to tuple, optional
        From a name to a share and an error; marked in the first panel.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a panel has no curves, or more than can be told apart.
    """
    fig, axes = figure(7.0, 3.4, ncols=len(panels), sharey=True, squeeze=False)
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for name, look in looks_for(curves, "lines").items():
            ax.plot(shares, curves[name], label=name, **look | {"marker": ""})
        ax.axhline(1, color=GREY, lw=1)
        ax.set(title=title, xlabel="digits refused (%)", yscale="log")
        ax.set_yticks([0.2, 0.5, 1, 2, 5], [0.2, 0.5, 1, 2, 5])
        ax.minorticks_off()
    for (name, (share, error)), marker in zip((published or {}).items(), "Ds^v", strict=False):
        axes[0, 0].plot([share], [error], ls="", marker=marker, color=INK, label=name)
    axes[0, 0].set_ylabel("error on the others (%)")
    for ax in axes[0]:
        ax.legend()
    return fig


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
    looks = looks_for(dict.fromkeys(table[line]), "lines")
    groups = table.groupby([line, x], sort=True)[y].agg(["mean", "min", "max"])
    return {name: groups.loc[name] for name in looks}


@styled
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
    looks = looks_for(lines_of(table, x, y, line), "lines")  # the same in all panels
    fig, axes = figure(*size, nrows=rows, ncols=columns, squeeze=False, sharey=True)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for place, (ax, name) in enumerate(zip(axes.flat, panels, strict=False)):
        part = table if panel is None else table[table[panel] == name]
        for text, values in lines_of(part, x, y, line).items():
            across = values.index.to_numpy()
            if part[x].dtype.kind not in "iuf":  # words stand at 0, 1, 2 … in their order
                words = list(dict.fromkeys(part[x]))
                values = values.loc[[word for word in words if word in across]]
                across = np.array([words.index(word) for word in values.index])
                ax.set_xticks(range(len(words)), words)
            colour = looks[text]["color"]
            ax.fill_between(across, values["min"], values["max"], color=colour, alpha=0.2, lw=0)
            ax.plot(across, values["mean"], ms=6, label=text, **looks[text])
        ax.set_xlabel(labels.get(name or "x", name or x))
        if place % columns == 0:
            ax.set_ylabel(labels.get("y", y))
        ax.grid(**GRID)
        if scale == "log":
            ax.set(xscale="log", yscale="log")
        else:
            ax.set_ylim(0, top)
    handles = {}
    for ax in axes.flat:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    columns = len(looks) if sum(map(len, looks)) < 45 else 2
    shown = [handles[text] for text in looks]
    fig.legend(shown, list(looks), loc="outside upper center", ncols=columns)
    return fig


@styled
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
    from matplotlib.patches import Rectangle

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
    fig, axes = figure(7.0, height, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat[len(states) :]:
        ax.set_visible(False)
    frame = {"fill": False, "edgecolor": ORANGE, "lw": 2.5}
    for place, (ax, state, title) in enumerate(zip(axes.flat, states, titles, strict=False)):
        picture = ax.imshow(state, **amount_look([workers]), aspect="equal")
        for (worker, piece), count in np.ndenumerate(state):
            weight = "bold" if count == workers else "normal"
            look = {"fontweight": weight, "color": letters_on(picture.to_rgba(count))}
            ax.text(piece, worker, f"{count:g}", fontsize=12, **look, **MIDDLE)
        if place:  # what has just been received is framed
            for worker, piece in zip(*np.nonzero(state != states[place - 1]), strict=True):
                ax.add_patch(Rectangle((piece - 0.46, worker - 0.46), 0.92, 0.92, **frame))
        ax.set_title(title, fontsize=NOTE)
        ax.set_xticks(range(pieces), "ABCDEFGHIJKLMNOP"[:pieces] if pieces <= 16 else None)
        ax.set_yticks(range(workers))
        ax.tick_params(length=0, labelsize=NOTE)
        ax.spines[:].set_visible(False)
        if place % columns == 0:
            ax.set_ylabel("worker", fontsize=NOTE)
        ax.set_xlabel("piece", fontsize=NOTE)
    return fig
