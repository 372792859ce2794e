"""How a figure of the book looks: one table of colours, sizes and line styles, and how it is used.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart, and each is told
apart by a line style, a marker or a hatch too, so that a figure survives greyscale.

In every picture of values **dark is large**. Digits are ink on paper: white is 0. So are amounts,
such as counts. Values with a sign run from light yellow, negative, over grey, 0, to dark blue,
positive: *cividis* the other way round, whose lightness falls evenly.
"""

import functools

import numpy as np

BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#E69F00", "#009E73", "#767676", "#222222"
PALE_BLUE, PALE_ORANGE, PALE_GREY = "#CFE5F3", "#FBE7BF", "#E4E4E4"  # large areas
LIGHT_BLUE, LIGHT_ORANGE = "#7FB8DA", "#F3C666"  # small areas
DARK_ORANGE, BROWN = "#B36B00", "#7A4900"  # lines and words on white

PAPER = "#FFFFFF"
#: What stands for each colour on a dark page: light for dark, so that words can be read on areas.
#: The site makes its dark figures with it; what lies on a picture of values keeps its own colour.
NIGHT = {
    PAPER: "#121212",  # the page itself
    INK: "#ECEFF2",
    BLUE: "#5CB3E6",
    ORANGE: "#E69F00",
    GREEN: "#35B87A",
    GREY: "#A0A0A0",
    PALE_BLUE: "#1C4460",
    PALE_ORANGE: "#574010",
    PALE_GREY: "#3B3E42",
    LIGHT_BLUE: "#2A6D98",
    LIGHT_ORANGE: "#8A6110",
    DARK_ORANGE: "#F0AC55",
    BROWN: "#F3C68C",
    # Of a chapter, or of matplotlib: black, vermilion, purple, the lines of a grid or a box.
    "#000000": "#F4F4F4",
    "#D55E00": "#FF8A42",
    "#CC79A7": "#E094C0",
    "#B0B0B0": "#8C8C8C",
    "#D3D3D3": "#4A4A4A",
    "#CCCCCC": "#5C5C5C",
}

FIVE = (
    (BLUE, "o", "-"),
    (ORANGE, "s", "--"),
    (GREEN, "D", "-."),
    (INK, "^", ":"),
    (GREY, "v", "-"),
)
#: Colour, marker and line style of what a legend tells apart, in order of appearance.
LOOKS = {
    "lines": FIVE,
    "kinds": FIVE,
    "splits": ((ORANGE, "o", "--"), (BLUE, "s", "-")),
    "networks": ((INK, "o", "-"), (ORANGE, "s", "--"), (BLUE, "^", "-."), (GREEN, "D", ":")),
}

STYLE = {
    "figure.dpi": 120,
    "font.size": 11,
    "axes.titlesize": 11,
    "figure.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "figure.facecolor": "white",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "image.interpolation": "none",  # each value is a square, in a drawing too
}
NOTE, SMALL, TINY = 10, 9, 8  # sizes of letters below that of STYLE
MIDDLE = {"ha": "center", "va": "center"}
GRID = {"alpha": 0.3}

INK_MAP, SIGNED_MAP = "gray_r", "cividis_r"  # no picture of values uses another
DIGIT = {"cmap": INK_MAP}  # keywords of ``ax.imshow``
#: What flows forward through a network, and what flows back: keywords of a line or an arrow.
FORWARD = {"color": BLUE, "ls": "-"}
BACKWARD = {"color": DARK_ORANGE, "ls": "--"}

# How and where figures are shown is the reader's business; how they look is the book's.
NOT_STYLE = ("animation", "backend", "date", "docstring", "interactive", "keymap", "savefig")
NOT_STYLE += ("svg", "timezone", "tk", "toolbar", "webagg")


@functools.cache
def _settings():
    """Return every setting of matplotlib that changes a figure: its default, or the book's own."""
    import matplotlib

    defaults = matplotlib.rcParamsDefault
    plain = {key: defaults[key] for key in defaults if key.split(".")[0] not in NOT_STYLE}
    return {key: value for key, value in plain.items() if not key.startswith("_")} | STYLE


def styled(function):
    """Draw in the book's style, whatever the reader's own settings are.

    Parameters
    ----------
    function : callable
        Draws a figure.
    """

    @functools.wraps(function)
    def draw(*args, **kwargs):
        import matplotlib.pyplot as plt

        # Not rc_context: it would also put back `interactive`, which a notebook switches on when
        # the first figure is made, and later figures would not be shown.
        settings = _settings()
        saved = {key: plt.rcParams[key] for key in settings}
        plt.rcParams.update(settings)
        try:
            return function(*args, **kwargs)
        finally:
            plt.rcParams.update(saved)

    return draw


def looks_for(names, what):
    """Give each name a look of its own: colour, marker and line style.

    Parameters
    ----------
    names : collection of str
        What the legend will tell apart, in order.
    what : {'lines', 'kinds', 'splits', 'networks'}
        The row of the table of looks.

    Returns
    -------
    dict of str to dict
        Keywords of ``ax.plot``.

    Raises
    ------
    ValueError
        If there are no names, or more than can be told apart.
    """
    looks = LOOKS[what]
    if not 1 <= len(names) <= len(looks):
        raise ValueError(
            f"from 1 to {len(looks)} {what} can be told apart, got {len(names)}: {[*names]}"
        )
    keys = ("color", "marker", "ls")
    return {
        name: dict(zip(keys, look, strict=True)) for name, look in zip(names, looks, strict=False)
    }


def signed_look(*arrays):
    """Return how values with a sign are drawn: dark is large, and 0 is the grey of the middle.

    Parameters
    ----------
    *arrays : array_like
        All that share one scale. What is not finite doesn't count.

    Returns
    -------
    dict
        Keywords of ``ax.imshow``: a colour map, and limits of which one is minus the other.
    """
    limit = _largest(*(np.abs(array) for array in arrays))
    return {"cmap": SIGNED_MAP, "vmin": -limit, "vmax": limit}


def amount_look(*arrays):
    """Return how amounts are drawn, which are never negative: dark is large, and 0 is white.

    Parameters
    ----------
    *arrays : array_like
        All that share one scale. What is not finite doesn't count.

    Returns
    -------
    dict
        Keywords of ``ax.imshow``: a colour map, and limits of which the lower one is 0.
    """
    return {"cmap": INK_MAP, "vmin": 0.0, "vmax": _largest(*arrays)}


def look_of(*arrays):
    """Return how values are drawn: as amounts, or with a sign if one of them is negative.

    Parameters
    ----------
    *arrays : array_like
        All that share one scale. What is not finite doesn't count.

    Returns
    -------
    dict
        Keywords of ``ax.imshow``.
    """
    negative = any(np.any(np.asarray(array) < 0) for array in arrays)
    return (signed_look if negative else amount_look)(*arrays)


def _largest(*arrays):
    """Return the largest finite value, or 1 where that would leave nothing to tell apart."""
    every = np.concatenate([np.ravel(np.asarray(array, float)) for array in arrays])
    return float(np.max(every, initial=0.0, where=np.isfinite(every))) or 1.0


def letters_on(colour):
    """Return black or white: the one that is read better on a colour.

    Parameters
    ----------
    colour : array_like
        Red, green, blue and opacity, from 0 to 1, on white paper.
    """
    *rgb, opacity = np.asarray(colour, float)
    rgb = 1 - opacity * (1 - np.asarray(rgb))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    # Where the contrast with white, 1.05 / (y + 0.05), is that with black, (y + 0.05) / 0.05.
    return "white" if linear @ (0.2126, 0.7152, 0.0722) < 0.179 else "black"


def sign_bar(fig, label=None, size=NOTE, **where):
    """Add the legend of values with a sign: negative is light, 0 grey, positive dark.

    Parameters
    ----------
    fig : matplotlib.figure.FigureBase
        Figure, or part of one.
    label : str, optional
        What has these values.
    size : float
        Of the letters, in points.
    **where
        As ``fig.colorbar`` takes it: ``ax``, or ``cax``; below the axes, unless it says otherwise.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    where = {"location": "bottom", "aspect": 25} | where
    bar = fig.colorbar(ScalarMappable(Normalize(-1, 1), SIGNED_MAP), ticks=(-1, 0, 1), **where)
    bar.ax.set_xticks((-1, 0, 1), ("negative", "0", "positive"), fontsize=size)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
    if label:
        bar.set_label(label, fontsize=size)


def figure(width, height, **kwargs):
    """Make a figure with its axes.

    Parameters
    ----------
    width, height : float
        In inches.
    **kwargs
        As ``plt.subplots`` takes them.
    """
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained", **kwargs)


def grid(count, columns, width=7.0, above=0.0, below=0.0):
    """Make a figure with bare places for square pictures, in rows.

    Parameters
    ----------
    count, columns : int
        How many pictures, and how many of them in a row.
    width, above, below : float
        In inches: what all columns take up together; the room for words above each row, and below
        the last one.

    Returns
    -------
    (matplotlib.figure.Figure, numpy.ndarray)
        The axes ``(rows, columns)``, in reading order; the last ones may be left over.
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    height = rows * (width / columns + above) + below
    fig, axes = figure(7.0, height, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat:
        bare(ax)
    return fig, axes


def bare(ax):
    """Take ticks and frame away: the axes of a small picture say nothing.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes of the picture.
    """
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


def as_images(images):
    """Return images as ``(n, h, w)``, or say what is wrong.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 1)``.

    Raises
    ------
    ValueError
        If they have another shape, or there are none.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"images must have shape (n, height, width), n ≥ 1, got {images.shape}")
    return images
