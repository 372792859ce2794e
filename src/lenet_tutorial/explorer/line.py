"""What the page gets on which one writes a whole number: a network, and lines to try.

The network is the one that comes with the package (:mod:`lenet_tutorial.reading.sliding`). The page
builds it for one window, as it builds any other network, and slides it over what is written. The
lines are put together of the explorer's sample digits, test digits that no network has learnt.
"""

import base64
from pathlib import Path

import numpy as np

from .. import weights
from ..reading.lines import HEIGHT, MARGIN, lean, put
from ..reading.sliding import STORED, WINDOW
from . import scripts

FILE = "line.js"
# The lines: what is written, columns of paper between two neighbours (below 0 they run into each
# other), how large, how slanted. Two are numbers of this book: years of its papers; LeNet-5's
# parameters in the textbooks.
EXAMPLES = (
    ("1998", 3, 1.0, 0.0),
    ("61706", 2, 0.95, 0.15),
    ("340", 5, 1.05, -0.1),
    ("2758", -1, 1.0, 0.1),
    ("90125", -2, 0.9, 0.0),
    ("8462", 4, 0.85, 0.2),
)


def layers(maps):
    """Say what the browser must know of the network that is slid over lines, layer by layer.

    Parameters
    ----------
    maps : (int, int)
        Of C1 and C3.

    Returns
    -------
    list of dict
        As :func:`lenet_tutorial.explorer.describe.describe` returns them.
    """
    found, below = [], 1
    for name, kernel, count in (
        ("C1", 5, maps[0]),
        ("S2", 2, maps[0]),
        ("C3", 5, maps[1]),
        ("S4", 2, maps[1]),
        ("C5", 5, 120),
        ("F6", 1, 84),
        ("output", 1, 11),
    ):
        numbers = {"name": name, "kernel": kernel, "maps": count}
        if name in ("S2", "S4"):
            found.append({**numbers, "kind": "max pooling", "stride": 2, "shapes": []})
            continue
        numbers |= {"kind": "convolution", "stride": 1}
        numbers["activation"] = "linear" if name == "output" else "relu"
        found.append({**numbers, "shapes": [[kernel, kernel, below, count], [count]]})
        below = count
    return found


def write_example(digits, gap, scale, slant):
    """Put a line together of digits.

    Parameters
    ----------
    digits : sequence of numpy.ndarray
        Each ``(28, 28)``, uint8, as in MNIST.
    gap : int
        Columns of paper between two neighbours; below 0 they run into each other.
    scale, slant : float
        As :func:`lenet_tutorial.reading.lines.lean` takes them.

    Returns
    -------
    numpy.ndarray
        ``(32, width)``, float32, 0 to 1; the width is even.
    """
    line, end = np.zeros((HEIGHT, MARGIN), np.float32), MARGIN
    for digit in digits:
        drawn = lean(digit, scale, slant)
        line = put(line, drawn, end)
        end += drawn.shape[1] + gap
    return np.pad(line, ((0, 0), (0, MARGIN + line.shape[1] % 2)))


def examples(folder):
    """Return the lines to try.

    Parameters
    ----------
    folder : path
        Of weights, with the sample digits.

    Returns
    -------
    list of (str, numpy.ndarray)
        What is written, and the line.
    """
    images = _samples(folder)
    labels = scripts.read_manifest(folder)["samples"]["labels"][:50]  # the others are misread
    found, used = [], {}
    for text, *how in EXAMPLES:
        rows = []
        for digit in map(int, text):
            mine = [row for row, label in enumerate(labels) if label == digit]
            rows.append(mine[used.get(digit, 0) % len(mine)])
            used[digit] = used.get(digit, 0) + 1  # another one each time
        found.append((text, write_example(images[rows], *how)))
    return found


def _samples(folder):
    """Return the explorer's sample digits, ``(n, 28, 28)``, uint8."""
    text = (Path(folder) / "samples.js").read_text(encoding="utf-8")
    data = base64.b64decode(text.rsplit('"', 2)[1])
    return np.frombuffer(data, np.uint8).reshape(-1, 28, 28)


def pack_lines(lines):
    """Pack lines for the page, two pixels a byte.

    Parameters
    ----------
    lines : sequence of numpy.ndarray
        Each ``(32, width)``, 0 to 1, of an even width.

    Returns
    -------
    bytes
    """
    return scripts.pairs(np.concatenate([line.ravel() for line in lines]), 1)


def made_by_the_build(folder, path=STORED):
    """Return the script that the page loads: the network, and lines to try.

    Parameters
    ----------
    folder : path
        Of the explorer's weights, with the sample digits.
    path : path
        Of the network: as :func:`lenet_tutorial.weights.write` writes it, with ``maps`` in what is
        to be known of it.

    Returns
    -------
    dict
        The text of the script, by its name.

    Raises
    ------
    OSError
        If a file can't be read.
    """
    data, about = weights.read(path)
    lines = examples(folder)
    packed = pack_lines([line for _, line in lines])
    told = {
        "network": {"name": "line", "input_size": WINDOW, "layers": layers(about["maps"])},
        **scripts.about_file(FILE, data),
        "examples": {
            **scripts.about_file(FILE, packed),
            "levels": scripts.LEVELS,
            "lines": [{"text": text, "width": line.shape[1]} for text, line in lines],
        },
    }
    return {FILE: scripts.call("line", told, data, packed)}
