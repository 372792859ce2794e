"""Trained networks in files: written whole, and read with care.

A ``.keras`` file can name code that runs when it is loaded, and can ask for more memory than there
is. So a file is looked through first, without Keras: it may hold layers of Keras and of this
package whose sizes are known, and nothing else. Keras's safe mode stays on.
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np

from ... import weights
from ..._inputs import shown
from ...files import write_whole
from ...networks import NETWORKS
from ...outputs import OTHERS, PROBABILITIES, SQUASHED, meaning
from . import page
from .archive import ModelError, read_model_file, said
from .sizes import trace

BATCH = 4  # pictures that a network reads at once


def answer(model, inputs):
    """Let a model read digits.

    Parameters
    ----------
    model : keras.Model
        As :func:`load_model` returns it.
    inputs : numpy.ndarray
        What :meth:`lenet_tutorial.networks.Input.prepare` returns.

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
        raise ModelError(f"the model can't compute: {said(error)}") from None
    if values.shape != (len(inputs), 10) or not np.isfinite(values).all():
        raise ModelError("the model's outputs are not finite: it gives no answer")
    kind = meaning(model)
    ones = np.abs(values.sum(axis=1) - 1).max() < 1e-2 and values.min() >= 0
    return OTHERS if kind == SQUASHED or (kind == PROBABILITIES and not ones) else kind, values


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
    """Read a model: from a ``.keras`` file, in Keras's safe mode, or from one of the page's.

    Parameters
    ----------
    path : path
        Ends in ``.keras``, or in ``.npz``, as a network that was trained in the page. Other
        formats can't be read safely.

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
    path = Path(path)
    if path.suffix == page.ENDING:
        try:
            return page.load(path)
        except ModelError as error:
            raise _named(path, error) from None
    check_ending(path)
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
        raise ModelError(f"{shown(path)} can't be loaded: {said(error)}") from None
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
    if not weights.DEFAULT.is_file():
        raise ModelError("the package came without its network: train one, and name it as --model")
    model = NETWORKS["lenet5"].build()
    try:
        data, about = weights.read(weights.DEFAULT)
        weights.unpack(data, model)
    except Exception as error:  # whatever damaged bytes lead to
        raise ModelError(
            f"the package's own network is damaged: install it again ({said(error)})"
        ) from None
    return model, about
