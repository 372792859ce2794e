"""Figures of photographs: their steps beside each other, and what was found on them."""

import numpy as np

from .style import BLUE, DARK_ORANGE, DIGIT, GREY, NOTE, PAPER, bare, figure, styled

STEP, LEVELS = 8, 32  # of a photograph's 256 levels one in so many is drawn, and so many of ink


@styled
def plot_steps(pictures, titles, columns=3, boxes=()):
    """Draw pictures beside each other, photographs in their colours and ink dark on white.

    Parameters
    ----------
    pictures : sequence of numpy.ndarray
        A photograph is ``(height, width, 3)``, uint8. Ink is ``(height, width)``, and its largest
        value is drawn black. Both are drawn in few levels.
    titles : sequence of str
        One for each, written above it.
    columns : int
        Pictures in a row.
    boxes : sequence of list of tuple
        For each picture its boxes: top, bottom, left, right, a word, and whether it is kept. What
        is left out has a dashed line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(pictures) // columns)
    tallest = max(one.shape[0] / one.shape[1] for one in pictures)
    each = 7.0 / columns * tallest + 0.35
    fig, axes = figure(7.0, rows * each, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat:
        bare(ax)
    for number, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        ax.imshow(_coarse(picture), **(DIGIT if picture.ndim == 2 else {}))
        ax.spines[:].set(visible=True, color=GREY, linewidth=0.8)  # where the picture ends
        ax.set_title(titles[number], pad=3, fontsize=NOTE)
        for box in boxes[number] if number < len(boxes) else ():
            _frame(ax, *box)
    return fig


def _coarse(picture):
    """Return a picture in few levels: nobody sees a camera's grain, and it fills a file."""
    if picture.ndim == 3:
        return picture // STEP * STEP + STEP // 2
    most = np.max(picture)
    return np.round(picture / most * LEVELS) / LEVELS * most


def _frame(ax, top, bottom, left, right, word, kept):
    """Draw a box around something, with a word above."""
    from matplotlib.patches import Rectangle

    look = {"ec": BLUE, "ls": "-", "lw": 2} if kept else {"ec": DARK_ORANGE, "ls": "--", "lw": 1.5}
    place = left - 1.5, top - 1.5
    ax.add_patch(Rectangle(place, right - left + 2, bottom - top + 2, fc="none", **look))
    if word:
        ax.annotate(
            word,
            place,
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=NOTE,
            bbox={"fc": PAPER, "ec": "none", "pad": 1},
        )
