"""Trained networks in files: written whole, and read with care.

A ``.keras`` file can name code that runs when it is loaded, and can ask for more memory than there
is. So a file is looked through first, without Keras: it may hold layers of Keras and of this
package whose sizes are known, and nothing else. Keras's safe mode stays on.
"""

import json
import math
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..._inputs import shown
from .archive import ModelError, one_line, read_model_file, without
from .sizes import trace

__all__ = ["DEFAULT", "NETWORKS", "ModelError", "Network", "answer", "check_ending"]
__all__ += ["default_model", "load_model", "network_of", "save_model"]

#: What the command ``predict`` uses where no model is named. ``make export`` writes it.
DEFAULT = Path(__file__).parents[2] / "data" / "textbook.npz"
BATCH = 4  # pictures that a network reads at once


@dataclass(frozen=True)
class Network:
    """How to build a network, and what its input looks like.

    Attributes
    ----------
    title : str
        What it is called in a sentence.
    builder : str
        Name of a function in :mod:`lenet_tutorial.models`.
    side : int
        Of the input, in pixels.
    background : float
        The value of paper.
    ink : float
        The value of ink.
    shape : tuple of int
        Of one input; by default ``(side, side, 1)``. Other shapes have the same pixels in the same
        order, as ``(784,)`` has.
    dtype : str
        Of the input.
    why : str
        How these are known, in a few words.
    """

    title: str
    builder: str
    side: int
    background: float = 0.0
    ink: float = 1.0
    shape: tuple = ()
    dtype: str = "float32"
    why: str = "as it was trained"

    def build(self):
        """Return a new Keras model."""
        from ... import models

        return getattr(models, self.builder)()

    def prepare(self, images):
        """Turn digits into what the network takes.

        Parameters
        ----------
        images : numpy.ndarray
            ``(n, 28, 28)``, uint8.

        Returns
        -------
        numpy.ndarray
            ``(n, *shape)``; float32, where the network takes no other numbers.
        """
        from ... import datasets

        low, high = np.float32(self.background), np.float32(self.ink)
        if self.side == 16:
            inputs = datasets.prepare_1989(images)
            if (low, high) != (-1, 1):
                inputs = (inputs + 1) / 2 * (high - low) + low
        else:
            inputs = datasets.prepare(images, self.side) * (high - low) + low
        if self.dtype not in ("float32", "float16", "float64", "bfloat16"):
            inputs = np.rint(inputs).astype(self.dtype)
        return inputs.reshape(len(inputs), *(self.shape or inputs.shape[1:]))

    def about(self):
        """Return what it is given: the shape, the values of paper and ink, and how that is known.

        Returns
        -------
        dict
            ``shape``, ``paper``, ``ink`` and ``why``, all fit for JSON.
        """
        shape = list(self.shape or (self.side, self.side, 1))
        return {"shape": shape, "paper": self.background, "ink": self.ink, "why": self.why}

    def fed(self):
        """Say the same in a sentence.

        Returns
        -------
        str
        """
        about = self.about()
        shape = "×".join(map(str, about["shape"]))
        ends = f"{about['paper']:g} for paper and {about['ink']:g} for ink"
        return f"It was given {shape} values, {ends} ({self.why})."


#: The networks of the command line.
NETWORKS = {
    "lenet5": Network("the textbook LeNet-5", "lenet5_textbook", 32),
    "article": Network("the article's network", "lenet5_article", 28),
    "1998": Network("LeNet-5 as published in 1998", "lenet5_1998", 32, -0.1, 1.175),
    "lenet4": Network("LeNet-4", "lenet4", 32, -0.1, 1.175),
    "lenet1": Network("LeNet-1", "lenet1", 28, -0.1, 1.175),
    "1989": Network("the network of 1989", "lenet_1989", 16, -1.0, 1.0),
}
# The names that these builders give to their models; a file keeps the name.
_NAMES = {"lenet5_1998": "1998", "lenet4": "lenet4", "lenet1": "lenet1", "lenet_1989": "1989"}


SIDES = {256: 16, 784: 28, 1024: 32}


def network_of(model):
    """Say what the input of a model looks like, by what stands in the model itself.

    Parameters
    ----------
    model : keras.Model
        One of the package's, which is known by its name, its layers and their sizes; or any other
        one. Of that, the layers in front of the first weights say which values it takes:
        ``Rescaling``, ``x / 255``, or the mean and the variance that ``Normalization`` or
        ``BatchNormalization`` has learned; or its input is of whole numbers. Where nothing says
        it, the values go from 0 to 1.

    Returns
    -------
    Network

    Raises
    ------
    ModelError
        If it does not take one grey image of 16, 28 or 32 pixels a side, has not ten outputs, or
        what stands in front fits no usual values.
    """
    return _network(model, _trace(model))


def _trace(model):
    import keras

    # Through JSON, as a file has it: tuples become lists.
    config = json.dumps(without(keras.saving.serialize_keras_object(model)))
    return trace(json.loads(config))


def _network(model, found):
    takes = found.input_shape
    side = SIDES.get(math.prod(takes))
    # A list of pixels, rows of pixels, or maps: one map, before or after the rows.
    flat = [one for one in takes if one != 1]
    if side is None or flat not in ([side**2], [side, side]) or found.output_shape != (10,):
        raise ModelError(
            "a network from grey images (16×16, 28×28 or 32×32) to ten classes is needed; this one "
            f"leads from {takes} to {found.output_shape}"
        )
    known = NETWORKS.get(_NAMES.get(model.name))
    if known and found.ours and _is_like(found, known):
        return known
    low, high, why = _asks_for(model, found, side)
    return Network(shown(model.name), "", side, low, high, takes, found.input_dtype, why)


def _is_like(found, known):
    """Say if a model has the layers of one of the package's: names and sizes, from end to end."""
    own = _trace(known.build())
    names = [(name, shape) for name, _, shape in own.layers]
    return found.input_shape == own.input_shape and names == [
        (name, shape) for name, _, shape in found.layers
    ]


# Digits as MNIST has them, 0 to 1: mean and standard deviation over all pixels.
MEAN, DEVIATION = 0.13, 0.31


def _asks_for(model, found, side):
    """Return the values of paper and ink, and how that is known."""
    whole = not found.input_dtype.startswith(("float", "bfloat"))
    asked = {one for one in (_asked(model, use) for use in found.uses) if one}
    if whole:
        asked.add((0.0, 255.0, f"its input is {found.input_dtype}"))
    ends = {one[:2] for one in asked}
    if len(ends) > 1:
        raise ModelError(
            "its layers ask for different values of its pixels: "
            + "; ".join(sorted(f"{why}: {low:g} to {high:g}" for low, high, why in asked))
        )
    if asked:
        return sorted(asked)[0]
    if side == 16 and found.ours:
        return -1.0, 1.0, "as the network of 1989"
    return 0.0, 1.0, "nothing in it asks for others"


def _asked(model, use):
    """Return what one layer asks for: the values of paper and ink, and why; None for whatever."""
    name = shown(use.layer[-1])
    if use.background and use.scale:  # it puts paper around its input itself
        low = (use.background - use.offset) / use.scale
        if low == -1:
            return -1.0, 1.0, f"{name} puts −1 around its input"
    if use.kind in ("Normalization", "BatchNormalization"):
        return _asked_by_mean(model, use, name)
    if (use.scale, use.offset) == (1, 0):
        return None
    for high in (1.0, 255.0):
        low_end, high_end = sorted((use.offset, use.scale * high + use.offset))
        usual = 0.5 <= high_end - low_end <= 5 and -2.6 <= low_end <= 0.1
        bytes_made = high == 1 and (low_end, round(high_end)) == (0, 255)
        if usual or bytes_made:
            return 0.0, high, f"it makes {low_end:.3g} to {high_end:.3g} of them"
    raise ModelError(
        f"it makes {use.scale:g}·x {'+' if use.offset >= 0 else '−'} {abs(use.offset):g} of a "
        f"pixel x before {name}: that fits neither values from 0 to 1 nor from 0 to 255. Save a "
        "model that begins with Rescaling(1/255), or without any"
    )


def _asked_by_mean(model, use, name):
    """Compare what a layer has learned of its input with what digits would give."""
    layer = model
    for step in use.layer:
        layer = layer.get_layer(step)
    if use.kind == "Normalization":
        mean, variance = layer.mean, layer.variance
    else:
        mean, variance = layer.moving_mean, layer.moving_variance
    mean, variance = (np.asarray(one, np.float64) for one in (mean, variance))
    if not np.isfinite(mean).all() or not np.isfinite(variance).all():
        raise ModelError(f"the numbers of {name} are not finite")
    # With a number for each pixel, the whole spread is that of the pixels and that between them.
    mean, deviation = mean.mean(), math.sqrt(max(0, variance.mean() + mean.var()))
    for high in (1.0, 255.0):
        middle = use.scale * MEAN * high + use.offset
        spread = abs(use.scale) * DEVIATION * high
        if abs(mean - middle) <= spread and spread / 3 <= deviation <= 3 * spread:
            return 0.0, high, f"{name} has learned a mean of {mean:.3g}"
    if use.kind == "BatchNormalization" or (mean, deviation) == (0, 1):
        # It may stand as it was made, or have seen standardised values: it tells nothing.
        return None if (use.scale, use.offset) == (1, 0) else _asked(model, _plain(use))
    raise ModelError(
        f"{name} has learned a mean of {mean:.3g} and a deviation of {deviation:.3g}: that fits "
        "digits neither from 0 to 1 nor from 0 to 255. Save a model that was adapted to such values"
    )


def _plain(use):
    from dataclasses import replace

    return replace(use, kind="")


def answer(model, inputs):
    """Let a model read digits.

    Parameters
    ----------
    model : keras.Model
        As :func:`load_model` returns it.
    inputs : numpy.ndarray
        What :meth:`Network.prepare` returns.

    Returns
    -------
    (str, numpy.ndarray)
        What the outputs are: ``'probabilities'``, ``'penalties'``, of which the smallest wins, or
        ``'outputs'``, of which the largest wins. And the outputs, ``(n, 10)``, all finite.

    Raises
    ------
    ModelError
        If the model can't compute, or an output is not finite.
    """
    try:
        # Small batches: a network of others may make much of each picture.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = model.predict(inputs, batch_size=BATCH, verbose=0)
        values = np.asarray(values, np.float64)
    except Exception as error:  # Keras and its backend raise whatever a strange layer leads to
        raise ModelError(f"the model can't compute: {one_line(error)}") from None
    if values.shape != (len(inputs), 10) or not np.isfinite(values).all():
        raise ModelError("the model's outputs are not finite: it gives no answer")
    kind = _trace(model).kind
    ones = np.abs(values.sum(axis=1) - 1).max() < 1e-2 and values.min() >= 0
    return "outputs" if kind == "probabilities" and not ones else kind, values


def save_model(model, path):
    """Write a model, whole or not at all, without the state of its optimiser.

    Parameters
    ----------
    model : keras.Model
        Trained.
    path : path
        Ends in ``.keras``. A file that is there is replaced.

    Raises
    ------
    ModelError
        If the ending is another one. ModelError is a ValueError.
    OSError
        If the file can't be written. What was at `path` is as it was.
    """
    from ...files import write_whole

    path = check_ending(path)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model.keras"
        model.save(made, include_optimizer=False)
        data = made.read_bytes()
    write_whole(path, lambda file: file.write(data))


def check_ending(path):
    """Return the path of a model file.

    Parameters
    ----------
    path : path
        Ends in ``.keras``.

    Raises
    ------
    ModelError
        If it does not.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ModelError(f"a model file ends in .keras, got {shown(path)}")
    return path


def load_model(path):
    """Read a model from a ``.keras`` file, in Keras's safe mode.

    Parameters
    ----------
    path : path
        Ends in ``.keras``. Other formats can't be read safely.

    Returns
    -------
    keras.Model
        Not compiled.

    Raises
    ------
    ModelError
        If there is no such file, it is no model, it is damaged, or it holds anything but layers of
        Keras and of this package.
    """
    path = check_ending(path)
    try:
        held = read_model_file(path)
        found = trace(held.config)
    except ModelError as error:
        raise _named(path, error) from None
    import keras

    from ... import layers  # noqa: F401 - its classes register themselves

    try:
        # Keras reads what was looked at, and not the file again, which may have changed.
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checked = Path(folder) / "model.keras"
            held.write(checked)
            del held
            model = keras.saving.load_model(checked, compile=False, safe_mode=True)
        finite = all(np.isfinite(np.asarray(one, np.float32)).all() for one in model.variables)
        same = (None, *found.output_shape) == tuple(model.output_shape)
    except Exception as error:  # Keras raises whatever a wrong file leads it to
        raise ModelError(f"{shown(path)} can't be loaded: {one_line(error)}") from None
    if not finite:
        raise ModelError(f"{shown(path)} has weights that are not finite: it gives no answer")
    if not same:
        raise ModelError(f"{shown(path)} can't be loaded: its sizes are not those it says")
    return model


def _named(path, error):
    """Put the file's name in front of what is wrong with it, where it is not there."""
    name = shown(path)
    return error if name in str(error) else ModelError(f"{name} can't be used: {error}")


def default_model():
    """Return the textbook LeNet-5 that comes with the package, trained on MNIST.

    Returns
    -------
    (keras.Model, dict)
        The model, and how it was trained: ``title``, ``dataset``, ``epoch``, ``seed``, ``recipe``
        and its ``test_accuracy``.

    Raises
    ------
    ModelError
        If the package was installed without it, or it is damaged.
    """
    from ...explorer import export

    if not DEFAULT.is_file():
        raise ModelError("the package came without its network: train one, and name it as --model")
    model = NETWORKS["lenet5"].build()
    try:
        with np.load(DEFAULT, allow_pickle=False) as archive:
            about, weights = json.loads(str(archive["about"])), archive["weights"]
        export.unpack(weights.tobytes(), model)
    except Exception as error:  # whatever damaged bytes lead to
        raise ModelError(
            f"the package's own network is damaged: install it again ({one_line(error)})"
        ) from None
    return model, about
