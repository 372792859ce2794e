"""The weights of a network in a file: two bytes each, for the browser and for the package's own.

And what becomes of them with fewer binary digits.
"""

import json
from pathlib import Path

import numpy as np

from ._checks import check_whole
from .files import write_whole

#: The network that comes with the package. ``make export`` writes it.
DEFAULT = Path(__file__).parent / "data" / "textbook.npz"


def pack(model):
    """Return a model's weights as bytes: little-endian float16, array after array.

    Parameters
    ----------
    model : keras.Model
        Its weights are read.

    Returns
    -------
    bytes
        Two for each weight, layer by layer in the order of `Model.get_weights`.

    Raises
    ------
    ValueError
        If a weight is not finite, or too large for float16.
    """
    arrays = [np.asarray(array, "float32").ravel() for array in model.get_weights()]
    flat = np.concatenate(arrays)
    if not (np.abs(flat) <= np.finfo("float16").max).all():
        raise ValueError("a weight is not finite, or too large for float16")
    return flat.astype("<f2").tobytes()


def unpack(data, model):
    """Put weights from :func:`pack` into a model of the same kind.

    Parameters
    ----------
    data : bytes
        As :func:`pack` returns them.
    model : keras.Model
        Its weights are replaced.

    Raises
    ------
    ValueError
        If there are more or fewer weights than the model has.
    """
    flat = np.frombuffer(data, "<f2").astype("float32")
    shapes = [array.shape for array in model.get_weights()]
    sizes = [int(np.prod(shape)) for shape in shapes]
    if sum(sizes) != len(flat):
        raise ValueError(f"the data holds {len(flat)} weights, the model has {sum(sizes)}")
    pieces = np.split(flat, np.cumsum(sizes)[:-1])
    model.set_weights([piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)])


def write(path, data, about):
    """Write packed weights into a file, with what is to be known of them.

    Parameters
    ----------
    path : path
        A file that is there is replaced, whole or not at all.
    data : bytes
        As :func:`pack` returns them.
    about : dict
        How the network was trained; fit for JSON.

    Raises
    ------
    OSError
        If the file can't be written.
    """
    head = np.array(json.dumps(about, ensure_ascii=False))
    weights = np.frombuffer(data, "<f2")
    write_whole(path, lambda file: np.savez(file, about=head, weights=weights))


def read(path):
    """Read the file that :func:`write` has written.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    (bytes, dict)
        The packed weights, and how the network was trained.

    Raises
    ------
    FileNotFoundError
        If there is no such file. One that is damaged raises whatever its bytes lead NumPy to.
    """
    with np.load(path, allow_pickle=False) as archive:
        return archive["weights"].tobytes(), json.loads(str(archive["about"]))


def rounded(weights, bits):
    """Round weights to whole multiples of a scale, as if each had so few binary digits.

    Each unit of a dense layer, and each map of a convolution, has a scale of its own. It is chosen
    so that the unit's largest weight stays as it is.

    Parameters
    ----------
    weights : numpy.ndarray
        The last axis counts units or maps. An array with one axis, of biases, stays as it is.
    bits : int
        At least 2: one for the sign, the others for the multiple.

    Returns
    -------
    numpy.ndarray
        Of the same shape; a unit has at most ``2 ** bits - 1`` different values.

    Raises
    ------
    ValueError
        If `bits` is no whole number of at least 2.
    """
    most = 2 ** (check_whole("bits", bits, 2) - 1) - 1  # 127 for 8 bits
    if weights.ndim == 1:
        return weights
    scale = np.abs(weights).max(axis=tuple(range(weights.ndim - 1)), keepdims=True) / most
    return scale * np.round(weights / np.where(scale > 0, scale, 1))
