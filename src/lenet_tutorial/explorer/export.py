"""Trained networks for the browser: ``make export``.

The explorer runs the networks in the reader's browser. They are trained here, with a snapshot of
the weights after some epochs, and written as :mod:`~lenet_tutorial.explorer.scripts` says.

What is rounded is the network that the explorer shows: its accuracies in the manifest are those of
the rounded weights. A weight takes 8 bits; only those of the textbook network at its end, with
which the package and the chapters compute as well, take 16.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .. import networks
from ..outputs import PENALTIES, winners
from ..weights import pack, unpack
from . import scripts
from .choosing import HELD_OUT, LEARNED, ExportError, choose_digits, choose_misread, choose_samples
from .describe import describe
from .no_digits import judge_distances, judge_softmax

#: What the explorer calls a network: its title, which of `networks` it is, and its recipe in
#: `RECIPES` of `experiments.training_with_keras`.
NETWORKS = {
    "textbook": {"title": "Textbook LeNet-5", "network": "lenet5", "recipe": "cosine"},
    "article": {"title": "The Keras LeNet", "network": "article", "recipe": "cosine"},
    "lenet5-1998": {"title": "LeNet-5 of 1998", "network": "1998", "recipe": "cosine"},
}
EPOCHS = (0, 1, 2, 5, 10)  # a snapshot after each of these; 0 is before training
DIGITS = "digits"  # what the command calls them
WORSE = 0.005  # weights whose accuracy is lower by more than this replace no others


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

    from ..experiments.run import where_and_when
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
            last = epoch + 1 == max(epochs)
            kept[epoch + 1] = pack(model, bits=16 if name == scripts.OWN and last else 8)

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
        **where_and_when(),
    }, kept


# --------------------------------------------------------------------------- the files


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
    folder = Path(folder)
    digits = _have(digits, folder)
    before = scripts.read_manifest(folder)
    entries = {entry["name"]: entry for entry in before["networks"]}
    texts, weights = {}, _Stored(folder)
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
        weights |= {(name, epoch): data for epoch, data in kept.items()}
    manifest = {"networks": [entries[name] for name in NETWORKS if name in entries]}
    manifest["samples"], texts["samples.js"] = _look(manifest["networks"], weights, digits)
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
    return _write(folder, texts, manifest)


def _write(folder, texts, manifest):
    """Write all scripts, and the manifest last; return it."""
    texts["manifest.json"] = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    scripts.write(folder, texts)
    return manifest


def look_again(folder, digits=None):
    """Write what is found by looking at the networks, from the weights that are there.

    That is: the digits to try, among them some that the networks misread, and what each network
    makes of drawings that are no digits.

    Parameters
    ----------
    folder : path
        Where :func:`export` has put the scripts. The weights stay as they are.
    digits : lenet_tutorial.datasets.Digits, optional
        As :func:`export` takes them.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    ExportError
        If MNIST can't be had. Nothing was written then.
    """
    digits = _have(digits, folder)
    manifest = scripts.read_manifest(folder)
    manifest["samples"], text = _look(manifest["networks"], _Stored(folder), digits)
    return _write(folder, {"samples.js": text}, manifest)


class _Stored(dict):
    """Weights by network and epoch; those that are not in it are read from a folder."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def __missing__(self, key):
        return scripts.read_weights(self.folder, *key)


def _have(digits, folder):
    """Return the digits to train on, MNIST where none are given."""
    from ..datasets import DatasetError, load_mnist

    if digits is not None:
        return digits
    try:
        return load_mnist()
    except DatasetError as error:
        raise ExportError(
            f"the weights are trained on MNIST, and it is not to be had: {error}. "
            f"Nothing was written; the files in {folder} are as they were"
        ) from None


def _look(entries, weights, digits):
    """Say what the samples are, and return their script; the rest is put into the entries."""
    from ..training.fit import split_validation

    *_, held_out, _ = split_validation(digits.x_train, digits.y_train)
    answers = {}
    for entry in entries:
        model, shown = network(entry["name"]).build(), network(entry["name"])

        def predict(images, model=model, shown=shown):
            return model.predict(shown.input.prepare(images), batch_size=500, verbose=0)

        for snapshot in entry["snapshots"]:
            unpack(weights[entry["name"], snapshot["epoch"]], model)
            if snapshot["epoch"] == 0:
                continue  # it knows nothing yet
            snapshot["none"] = (
                judge_distances(predict, held_out, digits.x_test, digits.y_test)
                if shown.outputs == PENALTIES
                else judge_softmax(predict)
            )
        answers[entry["name"]] = winners(shown.outputs, predict(digits.x_test))
    rows = choose_samples(digits)
    misread = choose_misread(digits, list(answers.values()))
    both = np.concatenate([rows, misread])
    pixels = digits.x_test[both].tobytes()
    samples = {
        "labels": digits.y_test[both].tolist(),
        "indices": both.tolist(),
        "misread": {
            "from": len(rows),
            "answers": {name: said[misread].tolist() for name, said in answers.items()},
        },
        "source": f"{digits.name}, test set",
        **scripts.about_file("samples.js", pixels),
    }
    return samples, scripts.call("samples", pixels)


def _refuse_worse(new, old, force):
    if force or old is None:
        return
    if new["test_accuracy"] < old["test_accuracy"] - WORSE:
        raise ExportError(
            f"{new['name']}: the new weights reach {new['test_accuracy']:.2%} on {new['dataset']}, "
            f"those that are there {old['test_accuracy']:.2%} on {old['dataset']}. "
            "Nothing was written; --force replaces them all the same"
        )
