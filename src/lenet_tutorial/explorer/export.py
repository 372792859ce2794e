"""Trained networks for the browser: ``make export``.

The explorer runs the networks in the reader's browser. They are trained here, with a snapshot of
the weights after some epochs, and written as :mod:`~lenet_tutorial.explorer.scripts` says.

What is rounded to float16 is the network that the explorer shows: its accuracies in the manifest
are those of the rounded weights.
"""

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .. import networks
from ..weights import pack, unpack
from . import scripts
from .describe import describe

#: What the explorer calls a network: its title, which of `networks` it is, and its recipe in
#: `RECIPES` of `experiments.training_with_keras`.
NETWORKS = {
    "textbook": {"title": "Textbook LeNet-5", "network": "lenet5", "recipe": "cosine"},
    "article": {"title": "The Keras LeNet", "network": "article", "recipe": "cosine"},
    "lenet5-1998": {"title": "LeNet-5 of 1998", "network": "1998", "recipe": "cosine"},
}
EPOCHS = (0, 1, 2, 5, 10)  # a snapshot after each of these; 0 is before training
SAMPLES_PER_CLASS = 5
LEARNED, HELD_OUT = 1000, 200  # digits of each class for a training in the page
DIGITS = "digits"  # what the command calls them
WORSE = 0.005  # weights whose accuracy is lower by more than this replace no others


class ExportError(ValueError):
    """The networks can't be exported; the message says why. What was there is as it was."""


# --------------------------------------------------------------------------- one network


def network(name):
    """Return what one of `NETWORKS` is: how it is built, and what it takes.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.

    Returns
    -------
    lenet_tutorial.networks.Network

    Raises
    ------
    ValueError
        If there is no such network.
    """
    if name not in NETWORKS:
        raise ValueError(f"no network called {name!r}; there are {', '.join(NETWORKS)}")
    return networks.NETWORKS[NETWORKS[name]["network"]]


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
    model = network(name).build()
    unpack(scripts.read_weights(folder, name, epoch), model)
    return model


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
        The network's part of the manifest, and ``{epoch: bytes}`` as
        :func:`lenet_tutorial.weights.pack` returns them. Validation accuracies are of each
        snapshot, the test accuracy of the last one.
    """
    import keras

    from ..experiments.training_with_keras import NUMBERS, RECIPES
    from ..training.fit import error_rate, set_seed, split_validation

    shown, recipe = network(name), RECIPES[NETWORKS[name]["recipe"]]
    prepare = shown.input.prepare
    keras.backend.clear_session()
    set_seed(seed)
    model = shown.build()
    x, y, x_val, y_val = split_validation(prepare(digits.x_train), digits.y_train)
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
        snapshots.append({"epoch": epoch, **scripts.about_file(f"{name}-{epoch:02}.js", data)})
        snapshots[-1]["val_accuracy"] = round(1 - error_rate(model, x_val, y_val), 6)
    test_error = error_rate(model, prepare(digits.x_test), digits.y_test)
    return {
        "name": name,
        "title": NETWORKS[name]["title"],
        "input_size": shown.input.side,
        "background": shown.input.background,
        "ink": shown.input.ink,
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


def choose_digits(digits, learned=LEARNED, held_out=HELD_OUT):
    """Choose the digits from which a network learns in the page, and those held out there.

    They are the first ones of each class in the training set. The classes take turns, so digit n
    is a n mod 10, and no list of labels is needed.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        Where to take them from.
    learned, held_out : int
        How many of each class.

    Returns
    -------
    numpy.ndarray
        Indices into the training set; those held out come last.

    Raises
    ------
    ExportError
        If a class has fewer.
    """
    count = learned + held_out
    rows = [np.flatnonzero(digits.y_train == label)[:count] for label in range(10)]
    fewest = min(map(len, rows))
    if fewest < count:
        raise ExportError(
            f"{digits.name} has classes of {fewest} training digits, and {count} are needed"
        )
    return np.stack(rows, axis=1).ravel()


def export(folder, names=None, digits=None, force=False, **how):
    """Train the networks and write them for the browser.

    All files are made before the first one is put in its place; the manifest comes last.

    Parameters
    ----------
    folder : path
        Where the scripts go. Networks that are there already and not named stay.
    names : sequence of str, optional
        Keys of `NETWORKS`, and 'digits' for those from which a network learns in the page; by
        default all.
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
    before = scripts.read_manifest(folder)
    entries = {entry["name"]: entry for entry in before["networks"]}
    texts = {}
    names = list(names or (*NETWORKS, DIGITS))
    for name in (one for one in names if one != DIGITS):
        print(f"{name}: training on {digits.name} …", flush=True)
        entry, kept = train_snapshots(name, digits, **how)
        print(f"{name}: test accuracy {entry['test_accuracy']:.2%}", flush=True)
        _refuse_worse(entry, entries.get(name), force)
        entries[name] = entry
        for snapshot in entry["snapshots"]:
            epoch = snapshot["epoch"]
            texts[snapshot["file"]] = scripts.call("weights", name, epoch, kept[epoch])
    rows = choose_samples(digits)
    pixels = digits.x_test[rows].tobytes()
    samples = {
        "labels": digits.y_test[rows].tolist(),
        "indices": rows.tolist(),
        "source": f"{digits.name}, test set",
        **scripts.about_file("samples.js", pixels),
    }
    texts["samples.js"] = scripts.call("samples", pixels)
    manifest = {
        "networks": [entries[name] for name in NETWORKS if name in entries],
        "samples": samples,
    }
    if DIGITS in names:
        data = scripts.pack_digits(digits.x_train[choose_digits(digits)])
        texts[scripts.DIGITS] = data
        manifest["digits"] = {
            **{"learned": 10 * LEARNED, "held_out": 10 * HELD_OUT, "levels": scripts.LEVELS},
            "source": f"{digits.name}, training set",
            **scripts.about_file("digits.js", data),
        }
    elif "digits" in before:
        manifest["digits"] = before["digits"]
    texts["manifest.json"] = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    scripts.write(folder, texts)
    return manifest


def _refuse_worse(new, old, force):
    if force or old is None:
        return
    if new["test_accuracy"] < old["test_accuracy"] - WORSE:
        raise ExportError(
            f"{new['name']}: the new weights reach {new['test_accuracy']:.2%} on {new['dataset']}, "
            f"those that are there {old['test_accuracy']:.2%} on {old['dataset']}. "
            "Nothing was written; --force replaces them all the same"
        )
