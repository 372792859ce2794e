"""Figures of the way down: losses of several runs, and paths through a valley that can be drawn."""

import numpy as np

from .style import GRID, INK, INK_MAP, figure, looks_for, styled


@styled
def plot_runs(runs, top=None, scale="linear", labels=None):
    """Draw the loss of several runs against the epoch.

    Parameters
    ----------
    runs : dict of str to sequence of float
        By name, in the order of the legend: the loss after each epoch, from the first on.
    top : float, optional
        Upper end of the vertical axis; what is larger leaves the picture.
    scale : {'linear', 'log'}
        Of the vertical axis.
    labels : dict, optional
        Words for the axes: ``{"x": …, "y": …}``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no runs, or more than can be told apart.
    """
    from matplotlib.ticker import MaxNLocator

    labels = {"x": "epoch", "y": "loss"} | (labels or {})
    looks = looks_for(runs, "lines")
    fig, ax = figure(7.0, 2.7)
    for name, losses in runs.items():
        ax.plot(np.arange(1, len(losses) + 1), losses, ms=5, label=name, **looks[name])
    ax.set(xlabel=labels["x"], ylabel=labels["y"], yscale=scale)
    if scale == "linear":
        ax.set_ylim(0, top)
    elif top is not None:
        ax.set_ylim(top=top)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(**GRID)
    columns = len(runs) if sum(map(len, runs)) < 45 else 2
    fig.legend(loc="outside upper center", ncols=columns)
    return fig


@styled
def plot_paths(height, paths, across=(-10.0, 2.0), up=(-1.6, 1.6)):
    """Draw how several rules go down the same valley, one below the other.

    Parameters
    ----------
    height : callable
        Takes two arrays, across and up, and returns the height at each place; 0 is the bottom.
    paths : dict of str to numpy.ndarray
        By name: the places ``(steps + 1, 2)``, the start first.
    across, up : (float, float)
        What is drawn of each axis.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no paths, or more than can be told apart.
    """
    looks = looks_for(paths, "lines")
    x, y = np.meshgrid(np.linspace(*across, 200), np.linspace(*up, 100))
    values = height(x, y)
    lines = values.max() * np.linspace(0, 1, 9) ** 2  # closer together near the bottom
    fig, axes = figure(7.0, 1.35 * len(paths) + 0.4, nrows=len(paths), sharex=True, squeeze=False)
    for ax, (name, path) in zip(axes[:, 0], paths.items(), strict=True):
        path = np.asarray(path)
        ground = ax.contourf(x, y, values, levels=lines, cmap=INK_MAP, alpha=0.35)
        ground.set_rasterized(True)  # a picture of values, in a drawing too
        ax.contour(x, y, values, levels=lines, colors=INK, linewidths=0.4)
        ax.plot(path[:, 0], path[:, 1], ms=4, lw=1.5, **looks[name] | {"ls": "-"})
        ax.plot(0, 0, marker="+", color=INK, ms=10, mew=2)
        ax.set(title=name, ylabel="y", xlim=across, ylim=up)
    axes[-1, 0].set_xlabel("x")
    return fig
