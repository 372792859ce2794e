"""Trained networks in files: written whole, and read with care.

A ``.keras`` file can name code that runs when it is loaded. So a file is looked through first: it
may hold layers of Keras and of this package, and nothing else. Keras's safe mode stays on.
"""

import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: What the command ``predict`` uses where no model is named. ``make export`` writes it.
DEFAULT = Path(__file__).parent / "data" / "textbook.npz"
MAX_BYTES = 200_000_000  # of an unpacked model
# Layers that run code or load files of their own.
REFUSED = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")


class ModelError(ValueError):
    """A model file can't be used; the message says why, and names the file."""


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
    """

    title: str
    builder: str
    side: int
    background: float = 0.0
    ink: float = 1.0

    def build(self):
        """Return a new Keras model."""
        from . import models

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
            ``(n, side, side, 1)``, float32.
        """
        from . import datasets

        if self.side == 16:
            return datasets.prepare_1989(images)
        low, high = np.float32(self.background), np.float32(self.ink)
        return datasets.prepare(images, self.side) * (high - low) + low


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


def network_of(model):
    """Say what the input of a loaded model looks like.

    Parameters
    ----------
    model : keras.Model
        Its name tells, if it is one of the package's; else the side of its input, with values from
        0 to 1.

    Returns
    -------
    Network

    Raises
    ------
    ModelError
        If it does not take one grey image of 16, 28 or 32 pixels a side, or has not ten outputs.
    """
    takes, gives = model.input_shape, model.output_shape
    fits = isinstance(takes, tuple) and len(takes) == 4 and takes[1] == takes[2] and takes[3] == 1
    if not fits or takes[1] not in (16, 28, 32) or gives != (None, 10):
        raise ModelError(
            "a network from grey images (16×16, 28×28 or 32×32) to ten classes is needed; this one "
            f"leads from {takes} to {gives}"
        )
    known = NETWORKS.get(_NAMES.get(model.name))
    if known and known.side == takes[1]:
        return known
    if takes[1] == 16:
        return NETWORKS["1989"]
    return Network(model.name, "", takes[1])


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
    from .backup import write_whole

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
        raise ModelError(f"a model file ends in .keras, got {path}")
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
    if not path.is_file():
        raise ModelError(f"no such file: {path}")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise ModelError(f"{path} unpacks to more than {MAX_BYTES // 1_000_000} MB")
            config = json.loads(archive.read("config.json"))
    except ModelError:
        raise
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is no .keras file, or it is damaged ({error})") from None
    for part in _parts(config):
        _check_part(part, path)
    import keras

    from . import layers  # noqa: F401 - its classes register themselves

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever a wrong file leads it to
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path} can't be loaded: {said[:200]}") from None


def _parts(value):
    """Yield the description of every object in a model's configuration."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for inner in value.values():
            yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)


def _check_part(part, path):
    name, module = part["class_name"], part.get("module") or ""
    registered = part.get("registered_name") or ""
    ours = registered.startswith("lenet_tutorial>")
    of_keras = module.split(".")[0] == "keras" or module == "builtins"
    # Old files, and the dtype policies of new ones, name no module: Keras looks in its own list.
    of_keras = of_keras or (not module and ">" not in registered)
    if not (ours or of_keras) or name in REFUSED:
        raise ModelError(
            f"{path} holds {name!r}, which is no layer of Keras or of this package that is safe to "
            "load: a model file can run code, so use files that you or a friend have trained"
        )


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
        If the package was installed without it.
    """
    from . import export

    if not DEFAULT.is_file():
        raise ModelError("the package came without its network: train one, and name it as --model")
    with np.load(DEFAULT, allow_pickle=False) as archive:
        about, weights = json.loads(str(archive["about"])), archive["weights"]
    model = NETWORKS["lenet5"].build()
    export.unpack(weights.tobytes(), model)
    return model, about
