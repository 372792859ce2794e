"""Chapter 16: 99 % of the test digits after one epoch."""

from dataclasses import replace

import numpy as np

from .. import datasets
from ..training.recipes import ONE_EPOCH
from .run import Experiment, accuracy, load, runs

#: Name of a change: what it puts into the recipe 'one epoch'. The validation split judges.
PARTS = {
    "one epoch": {},
    "whole picture": {"crop": 0, "units": (84,)},
    "rate 0.01": {"learning_rate": 0.01},
    "constant rate": {"schedule": "constant", "warmup": 0.0, "learning_rate": 1e-3},
    "batch 128": {"batch_size": 128},
    "batch 512": {"batch_size": 512},
    "usual Adam": {"beta_1": 0.9, "beta_2": 0.999},
    "no smoothing": {"label_smoothing": 0.0},
    "6 and 16 maps": {"maps": (6, 16), "units": (120, 84)},
}

#: The formats of which the recipe takes the faster one.
FORMATS = ("float32", "mixed_bfloat16")

#: The numbers of a recipe that differ between the rows, or that the chapter names.
NUMBERS = (
    "maps",
    "units",
    "crop",
    "epochs",
    "batch_size",
    "learning_rate",
    "schedule",
    "warmup",
    "beta_1",
    "beta_2",
    "label_smoothing",
    "dtype",
)


def changed(recipe):
    """Return the recipe 'one epoch' with one change, in float32.

    Parameters
    ----------
    recipe : str
        A key of `PARTS`.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe
    """
    return replace(ONE_EPOCH, name=recipe, dtype="float32", **PARTS[recipe])


def _train(how, train, held_out, seed):
    import keras

    keras.backend.clear_session()
    return how.train(*train, held_out, seed=seed, verbose=0)


def part(dataset, recipe, seed, train_digits=None):
    """Train for one epoch, and measure on the validation digits. The test digits are left alone.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        As :func:`changed` takes it.
    seed : int
        Of the weights and the order of the digits.
    train_digits : int, optional
        Use the first so many training digits only.

    Returns
    -------
    dict
        ``parameters``, ``train_digits`` and ``val_accuracy``.
    """
    train, held_out, _ = load(dataset, datasets.prepare, train_digits)
    model, history = _train(changed(recipe), train, held_out, seed)
    return {
        "parameters": model.count_params(),
        "train_digits": len(train[0]),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
    }


def whole(dataset, recipe, seed, dtype, train_digits=None):
    """Train for one epoch on all training digits, and measure on the test digits, once.

    When all is chosen there is nothing left for the validation digits to decide, so they are
    learned from as well: 60 000 of MNIST, as the public record has them.

    Parameters
    ----------
    dataset, seed, train_digits
        As :func:`part` takes them.
    recipe : str
        'one epoch'.
    dtype : str
        One of `FORMATS`.

    Returns
    -------
    dict
        ``parameters``, ``train_digits`` and ``test_accuracy``.
    """
    train, held_out, test = load(dataset, datasets.prepare, train_digits)
    all_of = tuple(np.concatenate(pair) for pair in zip(train, held_out, strict=True))
    model, _ = _train(replace(ONE_EPOCH, dtype=dtype), all_of, held_out, seed)
    return {
        "parameters": model.count_params(),
        "train_digits": len(all_of[0]),
        "test_accuracy": accuracy(model, *test),
    }


EXPERIMENTS = {
    "one_epoch": Experiment(
        runs({"recipe": [ONE_EPOCH.name], "dtype": FORMATS}, seeds=10),
        whole,
        lambda run: ONE_EPOCH.row(*(name for name in NUMBERS if name != "dtype")),
    ),
    "one_epoch_parts": Experiment(
        runs({"recipe": PARTS}, seeds=5), part, lambda run: changed(run["recipe"]).row(*NUMBERS)
    ),
}
