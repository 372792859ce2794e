"""Trained networks for the browser: ``make export``.

The explorer runs the networks in the reader's browser. It takes their weights from scripts, because
a page that was opened from a folder may load scripts and nothing else. Each script holds the
weights of one network after one epoch, as base64 of little-endian float16; ``manifest.json`` says
what is in them, how the networks were trained, how well they read, and gives the checksums. The
same manifest is written as a script, ``index.js``. ``samples.js`` holds fifty digits to try.

What is rounded to float16 is the network that the explorer shows: its accuracies in the manifest
are those of the rounded weights.
"""

import base64
import datetime
import hashlib
import json
import os
import platform
import tempfile
import zlib
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .. import weights
from ..weights import pack, unpack

#: Network: what it is called, its builder in `models`, its recipe in `RECIPES` of
#: `experiments.training_with_keras`, the side of its input in pixels, with the values of background
#: and ink.
NETWORKS = {
    "textbook": {
        "title": "Textbook LeNet-5",
        "builder": "lenet5_textbook",
        "input_size": 32,
        "recipe": "cosine",
        "background": 0.0,
        "ink": 1.0,
    },
    "article": {
        "title": "The article’s network",
        "builder": "lenet5_article",
        "input_size": 28,
        "recipe": "cosine",
        "background": 0.0,
        "ink": 1.0,
    },
    "lenet5-1998": {
        "title": "LeNet-5 of 1998",
        "builder": "lenet5_1998",
        "input_size": 32,
        "recipe": "cosine",
        "background": -0.1,
        "ink": 1.175,
    },
}
ACTIVATIONS = ("tanh", "squash", "relu", "sigmoid", "softmax", "linear")
EPOCHS = (0, 1, 2, 5, 10)  # a snapshot after each of these; 0 is before training
SAMPLES_PER_CLASS = 5
WORSE = 0.005  # weights whose accuracy is lower by more than this replace no others


class ExportError(ValueError):
    """The networks can't be exported; the message says why. What was there is as it was."""


# --------------------------------------------------------------------------- one network


def describe(model):
    """Say what a browser must know to run a model, layer by layer.

    Parameters
    ----------
    model : keras.Model
        A chain of square convolutions (valid padding, stride 1), subsampling, dense layers and RBF
        units, such as those of :mod:`lenet_tutorial.models`.

    Returns
    -------
    list of dict
        One for each layer that computes something: ``name``, ``kind``, the numbers of its kind
        (``kernel``, ``stride``, ``maps``, and ``table`` where a map sees only some of those
        below), ``activation``, and ``shapes``, the shapes of its arrays in the order of
        `Layer.get_weights`.

    Raises
    ------
    ValueError
        If a layer is of a kind, or has a setting, that the browser can't compute.
    """
    from keras import layers

    from ..layers import EuclideanRBF, Subsample, TableConv2D

    described = []
    for layer in model.layers:
        if isinstance(layer, (layers.InputLayer, layers.Flatten)):
            continue
        entry = {"name": layer.name, "shapes": [list(w.shape) for w in layer.get_weights()]}
        if type(layer) is layers.Conv2D:
            _require(layer, "padding", layer.padding == "valid")
            _require(layer, "strides", set(layer.strides) == {1})
            _require(layer, "dilation_rate", set(layer.dilation_rate) == {1})
            _require(layer, "kernel_size", len(set(layer.kernel_size)) == 1)
            entry |= {"kind": "convolution", "kernel": layer.kernel_size[0], "stride": 1}
            entry |= {"maps": layer.filters, "activation": layer.activation.__name__}
        elif type(layer) in (layers.AveragePooling2D, layers.MaxPooling2D):
            _require(layer, "pool_size", len({*layer.pool_size, *layer.strides}) == 1)
            kind = "average" if isinstance(layer, layers.AveragePooling2D) else "max"
            entry |= {"kind": f"{kind} pooling", "kernel": layer.pool_size[0]}
            entry |= {"stride": layer.strides[0], "maps": layer.output.shape[-1]}
        elif type(layer) is layers.Dense:
            entry |= {"kind": "dense", "maps": layer.units, "activation": layer.activation.__name__}
        elif type(layer) is Subsample:
            _require(layer, "repeat", layer.repeat == 1)
            entry |= {"kind": "subsampling", "kernel": 2, "stride": 2}
            entry |= {"maps": layer.output.shape[-1], "activation": layer.activation.__name__}
        elif type(layer) is TableConv2D:
            _require(layer, "padding", layer.padding == (0, 0))
            _require(layer, "strides", layer.strides == 1)
            _require(layer, "bias_per", layer.bias_per == "map")
            entry |= {"kind": "convolution", "kernel": layer.kernel_size, "stride": 1}
            entry |= {"maps": len(layer.table), "activation": layer.activation.__name__}
            entry |= {"table": layer.table}
        elif type(layer) is EuclideanRBF:
            entry |= {"kind": "rbf", "maps": len(layer.codes_given)}
        else:
            raise ValueError(
                f"the browser can't compute layer {layer.name!r} of kind {type(layer).__name__}"
            )
        _require(layer, "activation", entry.get("activation", "tanh") in ACTIVATIONS)
        described.append(entry)
    return described


def _require(layer, setting, fulfilled):
    if not fulfilled:
        value = getattr(layer, setting)
        raise ValueError(f"the browser can't compute layer {layer.name!r} with {setting}={value}")


def build(name):
    """Build one of `NETWORKS`, with new weights.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.

    Returns
    -------
    keras.Model

    Raises
    ------
    ValueError
        If there is no such network.
    """
    from .. import models

    if name not in NETWORKS:
        raise ValueError(f"no network called {name!r}; there are {', '.join(NETWORKS)}")
    return getattr(models, NETWORKS[name]["builder"])()


def to_input(name, images):
    """Turn uint8 digits into what one of `NETWORKS` takes.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    numpy.ndarray
        ``(n, side, side, 1)``, float32.
    """
    from ..datasets import prepare

    about = NETWORKS[name]
    low, high = np.float32(about["background"]), np.float32(about["ink"])
    return prepare(images, about["input_size"]) * (high - low) + low


def train_snapshots(name, digits, epochs=EPOCHS, seed=0, train_digits=None):
    """Train a network and keep its weights after some of the epochs.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    digits : lenet_tutorial.datasets.Digits
        What to train on. A part of the training set is held out for validation.
    epochs : sequence of int
        When to keep the weights; 0 is before training. The last one ends the training.
    seed : int
        Of the weights and the shuffling.
    train_digits : int, optional
        Use the first so many training digits only; for a quick check.

    Returns
    -------
    (dict, dict)
        The network's part of the manifest, and ``{epoch: bytes}`` as :func:`pack` returns them.
        Validation accuracies are of each snapshot, the test accuracy of the last one.
    """
    import keras

    from ..experiments.training_with_keras import NUMBERS, RECIPES
    from ..training.fit import error_rate, set_seed, split_validation

    recipe = RECIPES[NETWORKS[name]["recipe"]]
    keras.backend.clear_session()
    set_seed(seed)
    model = build(name)
    x, y, x_val, y_val = split_validation(to_input(name, digits.x_train), digits.y_train)
    x, y = x[:train_digits], y[:train_digits]
    kept = {}

    def keep(epoch, logs=None):
        if epoch + 1 in epochs:  # Keras counts from 0
            kept[epoch + 1] = pack(model)

    keep(-1)
    recipe.train(
        x,
        y,
        validation=(x_val, y_val),
        seed=seed,
        model=model,
        epochs=max(epochs),
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=keep)],
    )
    snapshots = []
    for epoch, data in kept.items():
        unpack(data, model)
        snapshots.append({"epoch": epoch, **_file(f"{name}-{epoch:02}.js", data)})
        snapshots[-1]["val_accuracy"] = round(1 - error_rate(model, x_val, y_val), 6)
    test_error = error_rate(model, to_input(name, digits.x_test), digits.y_test)
    return {
        "name": name,
        "title": NETWORKS[name]["title"],
        **{key: NETWORKS[name][key] for key in ("input_size", "background", "ink")},
        "parameters": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "layers": describe(model),
        "snapshots": snapshots,
        "test_accuracy": round(1 - test_error, 6),
        "dataset": digits.name,
        "train_digits": len(x),
        "recipe": {"name": recipe.name, **recipe.row(*NUMBERS)},
        "seed": seed,
        "keras": version("keras"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
    }, kept


def _file(name, data):
    """Say what a script is called, and how to tell that its data came whole."""
    checks = {"crc32": zlib.crc32(data), "sha256": hashlib.sha256(data).hexdigest()}
    return {"file": name, "bytes": len(data), **checks}


# --------------------------------------------------------------------------- the files


def choose_samples(digits, per_class=SAMPLES_PER_CLASS):
    """Choose the first digits of each class from the test set.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        Where to take them from.
    per_class : int
        How many of each class.

    Returns
    -------
    numpy.ndarray
        Indices into the test set, class by class.
    """
    rows = [np.flatnonzero(digits.y_test == label)[:per_class] for label in range(10)]
    return np.concatenate(rows)


def export(folder, names=None, digits=None, force=False, **how):
    """Train the networks and write them for the browser.

    All files are made before the first one is put in its place; the manifest comes last.

    Parameters
    ----------
    folder : path
        Where the scripts go. Networks that are there already and not named stay.
    names : sequence of str, optional
        Keys of `NETWORKS`; by default all.
    digits : lenet_tutorial.datasets.Digits, optional
        What to train on; by default MNIST.
    force : bool
        Replace weights even by worse ones.
    **how
        Passed on to :func:`train_snapshots`.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    ExportError
        If MNIST can't be had, or a network came out clearly worse than the one that is there.
        Nothing was written then. ExportError is a ValueError.
    """
    from ..datasets import DatasetError, load_mnist

    folder = Path(folder)
    if digits is None:
        try:
            digits = load_mnist()
        except DatasetError as error:
            raise ExportError(
                f"the weights are trained on MNIST, and it is not to be had: {error}. "
                f"Nothing was written; the files in {folder} are as they were"
            ) from None
    old = _read_manifest(folder)
    networks = {entry["name"]: entry for entry in old["networks"]}
    scripts = {}
    for name in names or NETWORKS:
        print(f"{name}: training on {digits.name} …", flush=True)
        entry, kept = train_snapshots(name, digits, **how)
        print(f"{name}: test accuracy {entry['test_accuracy']:.2%}", flush=True)
        _refuse_worse(entry, networks.get(name), force)
        networks[name] = entry
        for snapshot in entry["snapshots"]:
            scripts[snapshot["file"]] = _weights_script(name, snapshot, kept[snapshot["epoch"]])
    rows = choose_samples(digits)
    pixels = digits.x_test[rows].tobytes()
    samples = {
        "labels": digits.y_test[rows].tolist(),
        "indices": rows.tolist(),
        "source": f"{digits.name}, test set",
        **_file("samples.js", pixels),
    }
    scripts["samples.js"] = _call("samples", base64.b64encode(pixels).decode())
    manifest = {
        "networks": [networks[name] for name in NETWORKS if name in networks],
        "samples": samples,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    scripts["index.js"] = _call("catalogue", manifest)
    scripts["manifest.json"] = text
    _write(folder, scripts)
    return manifest


def _read_manifest(folder):
    path = folder / "manifest.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {"networks": []}


def _refuse_worse(new, old, force):
    if force or old is None:
        return
    if new["test_accuracy"] < old["test_accuracy"] - WORSE:
        raise ExportError(
            f"{new['name']}: the new weights reach {new['test_accuracy']:.2%} on {new['dataset']}, "
            f"those that are there {old['test_accuracy']:.2%} on {old['dataset']}. "
            "Nothing was written; --force replaces them all the same"
        )


def _call(function, *arguments):
    """Return a script that hands something to the engine."""
    given = ", ".join(json.dumps(argument, ensure_ascii=False) for argument in arguments)
    return f"/* Made by `make export`. */\nLeNet.engine.{function}({given});\n"


def _weights_script(name, snapshot, data):
    return _call("weights", name, snapshot["epoch"], base64.b64encode(data).decode())


def _write(folder, scripts):
    """Write all files beside their places, then move them there: a whole file or none."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, suffix=".part") as made:
        for name, text in scripts.items():
            (Path(made) / name).write_text(text, "utf-8", newline="\n")
        for name in scripts:
            (Path(made) / name).replace(folder / name)


def read_weights(folder, name, epoch):
    """Read the weights of one snapshot back from its script.

    Parameters
    ----------
    folder : path
        Where :func:`export` has put the scripts.
    name : str
        Name of the network.
    epoch : int
        One of the epochs that were kept.

    Returns
    -------
    bytes
        As :func:`pack` returned them.

    Raises
    ------
    ValueError
        If there is no such snapshot, or the script does not hold what the manifest says.
    """
    snapshots = {
        (entry["name"], snapshot["epoch"]): snapshot
        for entry in _read_manifest(Path(folder))["networks"]
        for snapshot in entry["snapshots"]
    }
    if (name, epoch) not in snapshots:
        raise ValueError(f"no weights of network {name!r} after epoch {epoch!r} in {folder}")
    snapshot = snapshots[name, epoch]
    text = (Path(folder) / snapshot["file"]).read_text("utf-8")
    data = base64.b64decode(text.rsplit('"', 2)[1])
    if hashlib.sha256(data).hexdigest() != snapshot["sha256"]:
        raise ValueError(f"{snapshot['file']} does not hold what the manifest says: export again")
    return data


def load(folder, name, epoch):
    """Build a network and give it the weights of one snapshot.

    Parameters
    ----------
    folder : path
        Where :func:`export` has put the scripts.
    name : str
        A key of `NETWORKS`.
    epoch : int
        One of the epochs that were kept.

    Returns
    -------
    keras.Model
        The network that the explorer shows.
    """
    model = build(name)
    unpack(read_weights(folder, name, epoch), model)
    return model


def write_default(folder, path=None):
    """Keep the explorer's textbook network as the package's own, in one small file.

    Parameters
    ----------
    folder : path
        Where :func:`export` has put the scripts.
    path : path, optional
        By default ``lenet_tutorial.weights.DEFAULT``.
    """
    networks = {entry["name"]: entry for entry in _read_manifest(Path(folder))["networks"]}
    entry = networks["textbook"]
    shot = entry["snapshots"][-1]
    data = read_weights(folder, "textbook", shot["epoch"])
    about = {key: entry[key] for key in ("title", "dataset", "test_accuracy", "seed", "recipe")}
    about |= {"epoch": shot["epoch"], "sha256": shot["sha256"]}
    weights.write(path or weights.DEFAULT, data, about)
