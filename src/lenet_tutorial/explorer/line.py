"""What the page gets on which one writes a whole number: a network, and lines to try.

The network is LeNet-5 as convolutions alone (:mod:`lenet_tutorial.reading.sliding`). The page builds
it for a window, as it builds any other network, and slides it over what is written; what it must
know of the layers follows from the shapes of their arrays. The lines are put together of the
explorer's sample digits, test digits that no network has learnt.
"""

import base64
import json
from pathlib import Path

import numpy as np

from .. import weights
from ..reading.lines import HEIGHT, MARGIN, lean
from . import scripts

#: The network that slides, and how its labels follow one another; kept by :func:`keep`.
STORED = Path(weights.__file__).parent / "data" / "line.npz"
FILE = "line.js"
WINDOW = 32
LAYERS = ("C1", "S2", "C3", "S4", "C5", "F6", "output")
#: The lines: what is written, columns of paper between two neighbours (below 0 they run into each
#: other), how large, how slanted. Two are numbers of this book: years of its papers; LeNet-5's
#: parameters in the textbooks.
EXAMPLES = (
    ("1998", 3, 1.0, 0.0),
    ("61706", 2, 0.95, 0.15),
    ("340", 5, 1.05, -0.1),
    ("2758", -1, 1.0, 0.1),
    ("90125", -2, 0.9, 0.0),
    ("8462", 4, 0.85, 0.2),
)
LEVELS = 16  # of ink that are kept


def layers(shapes, activation="relu"):
    """Say what the browser must know of the layers, from the shapes of their arrays.

    Parameters
    ----------
    shapes : sequence of tuple
        Kernels ``(side, side, inputs, maps)`` and biases ``(maps,)`` by turns, from C1 to the
        output; after each of the first two comes a maximum of 2×2.
    activation : str
        Of all layers but the output, which is linear.

    Returns
    -------
    list of dict
        As :func:`lenet_tutorial.explorer.describe.describe` returns them.

    Raises
    ------
    ValueError
        If the shapes are not those of five convolutions.
    """
    kernels, biases = [list(one) for one in shapes[::2]], [list(one) for one in shapes[1::2]]
    fits = len(kernels) == len(biases) == 5 and all(
        len(kernel) == 4 and kernel[0] == kernel[1] and kernel[3:] == bias
        for kernel, bias in zip(kernels, biases, strict=True)
    )
    if not fits:
        raise ValueError(f"not the arrays of five convolutions: {shapes}")
    found, arrays = [], iter(zip(kernels, biases, strict=True))
    for name in LAYERS:
        if name in ("S2", "S4"):
            pooling = {"kind": "max pooling", "kernel": 2, "stride": 2}
            found.append({"name": name, "shapes": [], **pooling, "maps": found[-1]["maps"]})
            continue
        kernel, bias = next(arrays)
        numbers = {"kind": "convolution", "kernel": kernel[0], "stride": 1, "maps": bias[0]}
        numbers["activation"] = "linear" if name == "output" else activation
        found.append({"name": name, "shapes": [kernel, bias], **numbers})
    return found


def keep(path, model, follow, about, stretch=1.0):
    """Keep a network that slides over lines, for the page and for whoever reads lines.

    Parameters
    ----------
    path : path
        A file that is there is replaced, whole or not at all.
    model : keras.Model
        As :func:`lenet_tutorial.reading.sliding.build_sliding` builds it.
    follow : numpy.ndarray
        ``(11, 11)``: what the decoder adds, from label to label.
    about : dict
        How it was trained; fit for JSON.
    stretch : float
        By how much the network makes a line wider first.

    Raises
    ------
    OSError
        If the file can't be written.
    """
    shapes = [array.shape for array in model.get_weights()]
    network = {"name": "line", "input_size": WINDOW, "stretch": stretch, "layers": layers(shapes)}
    told = {**about, "network": network, "follow": np.round(follow, 6).tolist()}
    weights.write(path, weights.pack(model), told)


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
        wide = max(line.shape[1], end + drawn.shape[1])
        line = np.pad(line, ((0, 0), (0, wide - line.shape[1])))
        here = line[:, end : end + drawn.shape[1]]
        np.maximum(here, drawn, out=here)
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
    """Pack lines for the page: four bits for a pixel, two pixels a byte.

    Parameters
    ----------
    lines : sequence of numpy.ndarray
        Each ``(32, width)``, 0 to 1, of an even width.

    Returns
    -------
    bytes
    """
    flat = np.concatenate([np.rint(line.ravel() * (LEVELS - 1)) for line in lines])
    levels = np.clip(flat, 0, LEVELS - 1).astype(np.uint8).reshape(-1, 2)
    return (LEVELS * levels[:, 0] + levels[:, 1]).tobytes()


def made_by_the_build(folder, path=STORED):
    """Return the script that the page loads: the network, and lines to try.

    Parameters
    ----------
    folder : path
        Of the explorer's weights, with the sample digits.
    path : path
        Of the file that :func:`keep` has written.

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
    shown = examples(folder)
    packed = pack_lines([line for _, line in shown])
    told = {
        "network": about["network"],
        "follow": about["follow"],
        **scripts.about_file(FILE, data),
        "examples": {
            **scripts.about_file(FILE, packed),
            "lines": [{"text": text, "width": line.shape[1]} for text, line in shown],
        },
    }
    told = json.loads(json.dumps(told))
    return {FILE: scripts.call("line", told, data, packed)}
