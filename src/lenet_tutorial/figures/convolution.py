"""Figures of a convolution: where it comes from, how one value is computed, what a kernel finds."""

import numpy as np

from .style import (
    BLUE,
    DIGIT,
    FORWARD,
    GRID,
    INK,
    MIDDLE,
    NOTE,
    SMALL,
    TINY,
    as_images,
    bare,
    figure,
    letters_on,
    look_of,
    sign_bar,
    signed_look,
    styled,
)


@styled
def plot_weight_matrices(matrices):
    """Draw the weights of dense layers as matrices, one square for each weight.

    Parameters
    ----------
    matrices : dict of str to numpy.ndarray
        For each title ``(units, inputs)``. A weight of 0 is drawn as no connection: white.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = figure(7.2, 2.3, ncols=len(matrices), squeeze=False)
    look = signed_look(*matrices.values())
    for ax, (title, matrix) in zip(axes[0], matrices.items(), strict=True):
        units, inputs = matrix.shape
        ax.imshow(np.where(matrix == 0, np.nan, matrix), **look)
        ax.set_title(title, fontsize=NOTE)
        ax.set(xlabel="input", xticks=range(inputs), yticks=range(units))
        ax.tick_params(labelsize=TINY, length=0)
        ax.set_xticks(np.arange(-0.5, inputs), minor=True)
        ax.set_yticks(np.arange(-0.5, units), minor=True)
        ax.grid(which="minor", color="white", lw=1.5)
        ax.tick_params(which="minor", length=0)
    axes[0, 0].set_ylabel("unit")
    return fig


def _write(ax, values, look, digits=2, size=TINY):
    """Draw a small grid with its values written in; return nothing."""
    picture = ax.imshow(values, **look)
    for (row, column), value in np.ndenumerate(np.asarray(values)):
        colour = letters_on(picture.to_rgba(value))
        text = f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")  # no −0.00
        ax.text(column, row, text, color=colour, fontsize=size, **MIDDLE)
    bare(ax)


@styled
def plot_patch(image, row, column, size=5):
    """Draw an image with a frame round one patch, and beside it the patch with its values.

    Parameters
    ----------
    image : numpy.ndarray
        ``(h, w)``, from 0 for paper to 1 for ink.
    row, column : int
        The upper left corner of the patch.
    size : int
        Side of the patch, in pixels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import Rectangle

    image = as_images(np.asarray(image)[np.newaxis])[0]
    fig, (whole, part) = figure(7.0, 2.6, ncols=2, width_ratios=[1.25, 1])
    whole.imshow(image, **DIGIT)
    corner = column - 0.5, row - 0.5
    whole.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=BLUE, lw=2.5))
    whole.set(xlabel="column", ylabel="row")
    _write(part, image[row : row + size, column : column + size], DIGIT | {"vmin": 0, "vmax": 1})
    for side in part.spines.values():
        side.set(visible=True, color=BLUE, lw=2.5)
    part.set_title(f"row {row}, column {column}: {size} × {size} pixels", fontsize=NOTE)
    return fig


@styled
def plot_one_value(patch, kernel, bias):
    """Draw how one value comes about: pixels, weights and products as numbers, and then tanh.

    Parameters
    ----------
    patch, kernel : numpy.ndarray
        ``(k, k)``.
    bias : float
        Of the kernel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = figure(7.2, 2.5, ncols=4, width_ratios=[1, 1, 1, 0.8])
    products = patch * kernel
    looks = DIGIT | {"vmin": 0, "vmax": 1}, signed_look(kernel, products)
    shown = (("pixels", patch), ("× weights", kernel), ("= products", products))
    for ax, (title, values) in zip(axes, shown, strict=False):
        _write(ax, values, looks[values is not patch], size=7)
        ax.set_title(title)
    total = float(products.sum() + bias)
    a, ax = np.linspace(-3, 3, 121), axes[3]
    ax.plot(a, np.tanh(a), **FORWARD)
    ax.plot(total, np.tanh(total), "o", color=INK, ms=8)
    ax.set(xlabel="sum + bias", ylim=(-1.1, 1.1), xticks=(-2, 0, 2), yticks=(-1, 0, 1))
    ax.set_title("tanh")
    ax.grid(**GRID)
    return fig


@styled
def plot_filtered(image, kernels, maps):
    """Draw an image, and below each kernel what it makes of it, each map on its own scale.

    Parameters
    ----------
    image : numpy.ndarray
        ``(h, w)``.
    kernels : dict of str to numpy.ndarray
        For each name ``(k, k)``.
    maps : sequence of numpy.ndarray
        Their maps, in this order.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are not as many maps as kernels.
    """
    if len(maps) != len(kernels):
        raise ValueError(f"there are {len(kernels)} kernels and {len(maps)} maps")
    columns = len(kernels) + 1
    fig, axes = figure(7.2, 2.7, nrows=2, ncols=columns, height_ratios=[1, 2])
    for ax in axes.flat:
        bare(ax)
    axes[1, 0].imshow(image, **DIGIT)
    axes[0, 0].text(0.5, 0.5, "the digit", transform=axes[0, 0].transAxes, **MIDDLE)
    for column, (name, kernel) in enumerate(kernels.items(), 1):
        axes[0, column].imshow(kernel, **signed_look(kernel))
        axes[0, column].set_title(name, fontsize=NOTE)
        axes[1, column].imshow(maps[column - 1], **signed_look(maps[column - 1]))
    sign_bar(fig, ax=axes, shrink=0.5)
    return fig


@styled
def plot_kernel_rows(rows):
    """Draw the kernels of one layer at several times, a row for each, on one scale of colours.

    Parameters
    ----------
    rows : dict of str to numpy.ndarray
        For each name ``(k, k, 1, n)``, as Keras keeps them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = next(iter(rows.values())).shape[-1]
    fig, axes = figure(7.2, 0.9 * len(rows) + 0.75, nrows=len(rows), ncols=count, squeeze=False)
    for row, (name, kernels) in enumerate(rows.items()):
        axes[row, 0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=SMALL)
        for number, ax in enumerate(axes[row]):
            ax.imshow(kernels[:, :, 0, number], **signed_look(*rows.values()))
            bare(ax)
            if row == 0:
                ax.set_title(f"kernel {number}", pad=3, fontsize=SMALL)
    sign_bar(fig, "weight", ax=axes, shrink=0.5)
    return fig


@styled
def plot_learning(kernels, errors):
    """Draw a kernel at the start, as it was learned and as it should be, and the error's fall.

    Parameters
    ----------
    kernels : dict of str to numpy.ndarray
        For each title ``(k, k)``.
    errors : numpy.ndarray
        ``(steps,)``, all above 0.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(kernels)
    fig, axes = figure(7.2, 2.0, ncols=count + 1, width_ratios=[*[1] * count, 1.9])
    for ax, (title, kernel) in zip(axes, kernels.items(), strict=False):
        limits = signed_look(*kernels.values())
        _write(ax, kernel, limits, digits=1)
        ax.set_title(title, fontsize=NOTE)
    axes[-1].plot(np.arange(len(errors)), errors, **FORWARD)
    axes[-1].set(xlabel="step", ylabel="mean squared error", yscale="log")
    axes[-1].grid(**GRID)
    return fig


@styled
def plot_sum_over_maps(maps, kernels, parts, total, value):
    """Draw how several maps become one: a kernel for each map, a partial result, their sum, tanh.

    Parameters
    ----------
    maps : numpy.ndarray
        ``(h, w, n)``, the maps below.
    kernels : numpy.ndarray
        ``(k, k, n)``, the part of one kernel for each map.
    parts : sequence of numpy.ndarray
        What each part makes of its map.
    total, value : numpy.ndarray
        The sum of the parts and the bias; the map that the activation function makes of it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = maps.shape[-1]
    fig, axes = figure(8.2, 3.3, nrows=3, ncols=count + 2)
    for ax in axes.flat:
        bare(ax)
    scales = look_of(maps), signed_look(kernels), signed_look(*parts)
    for number in range(count):
        column = maps[..., number], kernels[..., number], parts[number]
        for ax, values, look in zip(axes[:, number], column, scales, strict=True):
            ax.imshow(values, **look)
        axes[0, number].set_title(f"map {number}", pad=3, fontsize=SMALL)
    axes[2, count].imshow(total, **signed_look(total))
    axes[2, count].set_title("sum + bias", pad=3, fontsize=SMALL)
    axes[2, count + 1].imshow(value, **signed_look(value))
    axes[2, count + 1].set_title("tanh", pad=3, fontsize=SMALL)
    for ax, words in zip(axes[:, 0], ("S2", "× kernel", "= part"), strict=True):
        ax.set_ylabel(words, fontsize=SMALL)
    for number in range(count + 1):
        sign = "+" if number < count - 1 else "=" if number == count - 1 else "→"
        place = {"xy": (1.09, 0.5), "xycoords": "axes fraction"}
        axes[2, number].annotate(sign, **place, fontsize=NOTE, color=BLUE, **MIDDLE)
    sign_bar(fig, ax=axes[:2, count:], location="bottom", shrink=0.9)
    return fig
