"""The weights of a network in a file: two bytes each, or one, for the browser and the package.

And what becomes of them with fewer binary digits.
"""

import json
from pathlib import Path

import numpy as np

from ._checks import check_one_of, check_whole
from .files import write_whole

#: The network that comes with the package. ``make export`` writes it.
DEFAULT = Path(__file__).parent / "data" / "textbook.npz"


def pack(model, bits=16):
    """Return a model's weights as bytes, array after array.

    With 16 bits each is a little-endian float16. With 8 bits each weight of a kernel is a whole
    number `q` from -127 to 127, and stands for ``q / 127`` times the largest weight of its unit or
    map. These largest ones come before their array, as float16. Biases keep their 16 bits.

    Parameters
    ----------
    model : keras.Model
        Its weights are read.
    bits : {16, 8}
        How many a weight takes.

    Returns
    -------
    bytes
        Layer by layer in the order of `Model.get_weights`.

    Raises
    ------
    ValueError
        If a weight is not finite, or too large for float16; or if `bits` is another number.
    """
    bits = check_one_of("bits", bits, (16, 8))
    arrays = [np.asarray(array, "float32") for array in model.get_weights()]
    if not all((np.abs(array) <= np.finfo("float16").max).all() for array in arrays):
        raise ValueError("a weight is not finite, or too large for float16")
    return b"".join(_pack_array(array, bits) for array in arrays)


def _is_half(shape, bits):
    """Tell whether an array is kept as float16: with 8 bits its biases are."""
    return bits == 16 or len(shape) == 1


def _pack_array(array, bits):
    if _is_half(array.shape, bits):
        return array.astype("<f2").tobytes()
    largest = _largest(array).astype("<f2")
    whole = np.rint(array / np.where(largest > 0, largest, 1).astype("float64") * _most(8))
    return largest.tobytes() + np.clip(whole, -_most(8), _most(8)).astype("int8").tobytes()


def _largest(array):
    """Return the largest size of a weight in each unit or map: those that the last axis counts."""
    return np.abs(array).max(axis=tuple(range(array.ndim - 1)))


def _most(bits):
    """Return the largest whole number of so many bits, one of them for the sign: 127 for 8."""
    return 2 ** (bits - 1) - 1


def unpack(data, model):
    """Put weights from :func:`pack` into a model of the same kind.

    Parameters
    ----------
    data : bytes
        As :func:`pack` returns them; their number says how many bits a weight has.
    model : keras.Model
        Its weights are replaced.

    Raises
    ------
    ValueError
        If there are more or fewer weights than the model has.
    """
    shapes = [array.shape for array in model.get_weights()]
    sizes = {bits: [_length(shape, bits) for shape in shapes] for bits in (16, 8)}
    bits = next((bits for bits, lengths in sizes.items() if sum(lengths) == len(data)), None)
    if bits is None:
        raise ValueError(
            f"the data holds {len(data)} bytes; the model has {sum(map(np.prod, shapes))} weights, "
            f"which take {sum(sizes[16])} bytes with 16 bits each and {sum(sizes[8])} with 8"
        )
    arrays, at = [], 0
    for shape, length in zip(shapes, sizes[bits], strict=True):
        arrays.append(_unpack_array(data[at : at + length], shape, bits))
        at += length
    model.set_weights(arrays)


def _length(shape, bits):
    """Return how many bytes an array takes."""
    count = int(np.prod(shape))
    return 2 * count if _is_half(shape, bits) else 2 * shape[-1] + count


def _unpack_array(data, shape, bits):
    if _is_half(shape, bits):
        return np.frombuffer(data, "<f2").astype("float32").reshape(shape)
    largest = np.frombuffer(data[: 2 * shape[-1]], "<f2").astype("float64")
    whole = np.frombuffer(data[2 * shape[-1] :], "int8").reshape(shape)
    return (whole * largest / _most(8)).astype("float32")


def write(path, data, about):
    """Write packed weights into a file, with what is to be known of them.

    Parameters
    ----------
    path : path
        A file that is there is replaced, whole or not at all.
    data : bytes
        As :func:`pack` returns them, with 16 bits.
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
    most = _most(check_whole("bits", bits, 2))
    if weights.ndim == 1:
        return weights
    scale = _largest(weights) / most
    return scale * np.round(weights / np.where(scale > 0, scale, 1))
