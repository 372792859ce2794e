"""Figures of digits: samples, pixels, mistakes, and patches cut out of them."""

import numpy as np

from .._checks import check_whole
from .style import (
    BLUE,
    DIGIT,
    GREY,
    MIDDLE,
    NOTE,
    as_images,
    figure,
    grid,
    letters_on,
    sign_bar,
    signed_look,
    styled,
)


def _tile(images, words, columns, above, **font):
    """Draw digits in rows, ink dark on white, with words above them."""
    fig, axes = grid(len(images), columns, above=above if words is not None else 0)
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image, **DIGIT)
        if words is not None:
            ax.set_title(str(words[i]), pad=2, **font)
    return fig


@styled
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
    images = as_images(images)
    columns = check_whole("columns", columns)
    words = titles if titles is not None else labels
    if words is not None and len(words) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(words)} labels")
    return _tile(images, words, columns, above=0.28)


@styled
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
    image = as_images(np.asarray(image)[np.newaxis])[0]
    height, width = image.shape
    across = 7.0 if values else 4.5  # inches
    fig, ax = figure(across, across * height / width + 0.3)
    picture = ax.imshow(image, **DIGIT)
    ax.set(xlabel="column", ylabel="row")
    if title:
        ax.set_title(title)
    if values:
        whole = np.issubdtype(image.dtype, np.integer)
        size = min(11, 230 / width)
        for (row, column), value in np.ndenumerate(image):
            colour = letters_on(picture.to_rgba(value))
            text = f"{value}" if whole else f"{value:.1f}"
            ax.text(column, row, text, color=colour, fontsize=size, **MIDDLE)
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


@styled
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
    return _tile(as_images(images)[worst], titles, columns=7, above=0.45, fontsize=NOTE)


@styled
def plot_patches(patches, first, names, first_title, last_title):
    """Draw rows of patches: what a map answers to, and what they have in common.

    Parameters
    ----------
    patches : numpy.ndarray
        ``(rows, n, h, w)``, 0 for background and 1 for ink.
    first : numpy.ndarray or None
        ``(rows, k, k)``, drawn in front of each row on a scale of their own, or nothing.
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
    fig, axes = grid(len(patches) * columns, columns, width=6.6, below=0.35)
    for row, (line, some) in enumerate(zip(axes, patches, strict=True)):
        line[0].set_ylabel(names[row], rotation=0, ha="right", va="center")
        if first is not None:
            line[0].imshow(first[row], **signed_look(first))
            line = line[1:]
        for ax, patch in zip(line, [*some[:shown], some.mean(axis=0)], strict=True):
            ax.imshow(patch, **DIGIT, vmin=0, vmax=1)
            look = (BLUE, 2.5) if ax is line[-1] else (GREY, 0.8)  # the mean is no patch
            for side in ax.spines.values():
                side.set(visible=True, color=look[0], lw=look[1])
    if first is not None:
        axes[0, 0].set_title(first_title)
        sign_bar(fig, first_title, ax=axes, shrink=0.4)
    axes[0, -1].set_title(last_title)
    return fig
