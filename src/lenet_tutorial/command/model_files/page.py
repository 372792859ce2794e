"""Networks that were trained in the page, in the files that it hands over (``.npz``).

Such a file is a zip archive that holds ``about.json``, which says what the network is, and one
array of NumPy for the weights and one for the biases of each layer. Nothing in it is packed, and it
names no code. What it says is looked at first: it can be one of few networks, all of them small,
and each array must have the shape that follows.
"""

import io
import json
import zipfile

import numpy as np

from ...files import read_file
from .archive import ModelError, check_directory, finite, measure, no_number, read_entry, said

ENDING = ".npz"
FORMAT = "lenet-tutorial network 1"
ABOUT = "about.json"
MAX_BYTES = 20_000_000  # the largest that the page can train has 7 MB
MAX_ABOUT = 10_000
MAX_HEAD = 1000  # of an array
CHOICES = {
    "activation": ("tanh", "relu", "squash", "sigmoid"),
    "pooling": ("average", "max", "subsampling"),
    "table": ("full", "1998"),
    "input_size": (28, 32),
}
MOST = {"maps": 64, "units": 512}  # of the numbers in a pair


def load(path):
    """Read a network that was trained in the page.

    Parameters
    ----------
    path : path
        Ends in ``.npz``.

    Returns
    -------
    keras.Model
        Not compiled.

    Raises
    ------
    ModelError
        If there is no such file, it is none of the page, it is damaged, or a weight is not finite.
    """
    data = read_file(path, MAX_BYTES, ModelError)
    try:
        archive, names = _opened(data)
        with archive:
            text = read_entry(archive, ABOUT, MAX_ABOUT)
            about = json.loads(text, parse_constant=no_number, parse_float=finite)
            measure(about if isinstance(about, dict) else {})
            model = build(_checked(about))
            arrays = {name: _array(read_entry(archive, name, MAX_BYTES)) for name in names}
    except ModelError:
        raise
    except RecursionError:
        raise ModelError("its description is nested too deep") from None
    except MemoryError:
        raise ModelError("there is not enough memory for it") from None
    except Exception as error:  # whatever zipfile, json and NumPy make of wrong bytes
        raise ModelError(
            f"it is no network of the page, or it is damaged ({said(error)})"
        ) from None
    _fill(model, arrays)
    return model


def _opened(data):
    """Return the archive in some bytes, and the names of its arrays."""
    check_directory(data)
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = archive.namelist()
    if names.count(ABOUT) != 1 or len(set(names)) != len(names):
        archive.close()
        raise ModelError(f"it is no network of the page: it needs one {ABOUT}, and no name twice")
    if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
        archive.close()
        raise ModelError(f"it unpacks to more than {MAX_BYTES // 1_000_000} MB")
    return archive, [name for name in names if name != ABOUT]


def _checked(about):
    """Return what a network is, where all of that is allowed."""
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ModelError(f"it is no network of the page: its {ABOUT} does not begin as one does")
    for name, known in CHOICES.items():
        if not any(about.get(name) == one and type(about[name]) is type(one) for one in known):
            raise ModelError(f"its {name} must be one of {', '.join(map(str, known))}")
    for name, most in MOST.items():
        pair = about.get(name)
        if not isinstance(pair, list) or len(pair) != 2:
            raise ModelError(f"its {name} must be two whole numbers")
        if not all(type(one) is int and 1 <= one <= most for one in pair):
            raise ModelError(f"its {name} must be whole numbers from 1 to {most}")
    if about["table"] == "1998" and about["maps"] != [6, 16]:
        raise ModelError("the table of 1998 joins 6 maps to 16, and its maps are others")
    return about


def build(about):
    """Build a network as the page trains it.

    Parameters
    ----------
    about : dict
        ``activation``, ``pooling``, ``table``, ``input_size``, ``maps`` and ``units``.

    Returns
    -------
    keras.Sequential
        Its weights are random.
    """
    from keras import Input, Sequential, layers

    from ...layers import Subsample, TableConv2D, squash
    from ...models import C3_TABLE

    activation = squash if about["activation"] == "squash" else about["activation"]
    side, (first, second), (c5, f6) = about["input_size"], about["maps"], about["units"]

    def pool(name):
        if about["pooling"] == "subsampling":
            return Subsample(activation=activation, name=name)
        kinds = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
        return kinds[about["pooling"]](2, name=name)

    c3 = layers.Conv2D(second, 5, activation=activation, name="C3")
    if about["table"] == "1998":
        c3 = TableConv2D(C3_TABLE, activation=activation, name="C3")
    top = [layers.Flatten(name="flatten"), layers.Dense(c5, activation, name="C5")]
    if side == 32:
        top = [layers.Conv2D(c5, 5, activation=activation, name="C5"), top[0]]
    return Sequential(
        [
            Input((side, side, 1)),
            layers.Conv2D(first, 5, activation=activation, name="C1"),
            pool("S2"),
            c3,
            pool("S4"),
            *top,
            layers.Dense(f6, activation, name="F6"),
            layers.Dense(10, "softmax", name="output"),
        ],
        name="trained_in_the_page",
    )


def _array(data):
    """Return the array in the bytes of an ``.npy`` file."""
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ModelError("an array in it is of another version of NumPy's format")
    head = np.lib.format.read_array_header_1_0(file, max_header_size=MAX_HEAD)
    shape, turned, dtype = head
    body = data[file.tell() :]
    if turned or dtype != np.dtype("<f4") or len(body) != 4 * int(np.prod(shape, dtype=object)):
        raise ModelError("an array in it is no plain array of float32, or it is cut short")
    return np.frombuffer(body, "<f4").reshape(shape)


def _fill(model, arrays):
    """Give a model the weights in a file: exactly those that it needs."""
    from ...layers import TableConv2D

    for layer in model.layers:
        values = []
        for name, weight in zip(("weights", "biases"), layer.get_weights(), strict=False):
            kinds = {"weights": "coefficients"} if type(layer).__name__ == "Subsample" else {}
            key = f"{layer.name}.{kinds.get(name, name)}.npy"
            array = arrays.pop(key, None)
            if array is None:
                raise ModelError(f"it has no array {key.removesuffix('.npy')}")
            if isinstance(layer, TableConv2D) and name == "weights":
                array = _pairs(layer, array)
            if array.shape != weight.shape:
                raise ModelError(
                    f"its array {key.removesuffix('.npy')} has the shape {array.shape}, "
                    f"and {weight.shape} is needed"
                )
            if not np.isfinite(array).all():
                raise ModelError("it has weights that are not finite: it gives no answer")
            values.append(array)
        layer.set_weights(values)
    if arrays:
        raise ModelError("it has more arrays than its network needs")


def _pairs(layer, full):
    """Return the kernels of the connected pairs of maps; the others must be 0."""
    wanted = layer.full_kernel().shape
    if full.shape != tuple(wanted):
        raise ModelError(f"its array C3.weights has the shape {full.shape}, not {tuple(wanted)}")
    pairs = [(seen, out) for out, row in enumerate(layer.table) for seen in row]
    rest = full.copy()
    for seen, out in pairs:
        rest[:, :, seen, out] = 0
    if rest.any():
        raise ModelError("its C3.weights join maps that the table of 1998 does not join")
    return np.stack([full[:, :, seen, out] for seen, out in pairs], axis=-1)
