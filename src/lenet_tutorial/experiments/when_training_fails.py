"""Chapter 6: 500 digits learned by heart, and what helps against it."""

import functools
from dataclasses import dataclass, replace

import numpy as np

from .. import datasets
from ..training.recipes import STRONG, Recipe
from .run import Experiment, accuracy, load, runs

#: From so many digits each network learns; each seed draws others. As many of the validation split
#: are watched, and say when to stop.
FEW = 500
#: How many epochs without a smaller validation loss end a run that is stopped early.
PATIENCE = 5


@dataclass(frozen=True)
class Remedy:
    """A way to learn from few digits.

    Attributes
    ----------
    recipe : Recipe
        With its weight decay and its distortions.
    dropout : float
        Share of the values in front of each dense layer that are taken away in training.
    stops : bool
        Whether the run goes back to the epoch with the smallest validation loss.
    """

    recipe: Recipe
    dropout: float = 0.0
    stops: bool = False


PLAIN = Recipe("plain", epochs=30, batch_size=50, learning_rate=3e-3, whole_epochs=True)
DECAYS = replace(PLAIN, optimizer="adamw", weight_decay=1.0)

#: By name. The weight decay and the dropout were chosen by the validation split, see
#: ``rescue_choices``; the distortions are those of the strong recipe.
REMEDIES = {
    "nothing": Remedy(PLAIN),
    "early stopping": Remedy(PLAIN, stops=True),
    "weight decay": Remedy(DECAYS),
    "dropout": Remedy(PLAIN, dropout=0.35),
    "distortions": Remedy(replace(PLAIN, distortions=STRONG.distortions)),
}
#: What was tried, to choose by the validation split.
TRIED = {"weight decay": (0.3, 1.0, 3.0), "dropout": (0.2, 0.35, 0.5)}


def with_dropout(model, share, seed=0):
    """Put dropout in front of each dense layer of a network.

    Parameters
    ----------
    model : keras.Model
        A chain; its layers are taken over with their weights.
    share : float
        Of the values that are taken away in training; with 0 it is the same network.
    seed : int
        Of the draws.

    Returns
    -------
    keras.Model
    """
    import keras

    chain = keras.Sequential([keras.Input(model.input_shape[1:])])
    for place, layer in enumerate(model.layers):
        if share and isinstance(layer, keras.layers.Dense):
            chain.add(keras.layers.Dropout(share, seed=seed + place))
        chain.add(layer)
    return chain


def learn(remedy, seed, train, watched, epochs=None):
    """Train one network on few digits.

    Parameters
    ----------
    remedy : Remedy
        How.
    seed : int
        Of the weights, the order, dropout and distortions.
    train, watched : (numpy.ndarray, numpy.ndarray)
        Digits to learn from, and those that are measured after each epoch.
    epochs : int, optional
        Stop after so many; for a quick check.

    Returns
    -------
    (keras.Model, int)
        The network, and the epoch whose weights it has.
    """
    import keras

    keras.backend.clear_session()
    model = with_dropout(remedy.recipe.build(seed), remedy.dropout, seed)
    watch = []
    if remedy.stops:
        watch = [keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)]
    _, history = remedy.recipe.train(*train, watched, seed, model, epochs, callbacks=watch)
    return model, int(history["val_loss"].idxmin()) if remedy.stops else len(history)


@functools.cache
def _digits(dataset):
    """Return the digits to learn from, to choose by and to test on, prepared once."""
    return load(dataset, datasets.prepare)


def _measured(dataset, remedy, seed, epochs=None):
    """Train one network, and return what was measured without the test digits, and those."""
    train, held_out, test = _digits(dataset)
    rows = np.random.default_rng(seed).permutation(len(train[0]))[:FEW]
    train = [part[rows] for part in train]
    watched = [part[: FEW if remedy.stops else 10] for part in held_out]
    model, kept = learn(remedy, seed, train, watched, epochs)
    found = {
        "train_digits": len(rows),
        "kept_epoch": kept,
        "train_accuracy": accuracy(model, *train),
        "val_accuracy": accuracy(model, *held_out),
    }
    return model, found, test


def run(dataset, recipe, seed, epochs=None):
    """Learn from few digits by one of the remedies, and return what was measured.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        A key of `REMEDIES`.
    seed : int
        Of the weights and of the draw of the digits. The validation split is the same for all.
    epochs : int, optional
        Stop after this many epochs of the recipe's; for a quick check.

    Returns
    -------
    dict
        Accuracies on the digits that it learned from, on the validation split and on the test set.
    """
    model, found, test = _measured(dataset, REMEDIES[recipe], seed, epochs)
    return found | {"test_accuracy": accuracy(model, *test)}


def run_choice(dataset, recipe, amount, seed, epochs=None):
    """Learn from few digits with some amount of a remedy; the test digits are not looked at.

    Parameters
    ----------
    dataset, recipe, seed, epochs
        As :func:`run` takes them.
    amount : float
        Of weight decay, or the share of dropout.

    Returns
    -------
    dict
        Accuracies on the digits that it learned from and on the validation split.
    """
    remedy = REMEDIES[recipe]
    if recipe == "dropout":
        remedy = replace(remedy, dropout=amount)
    else:
        remedy = replace(remedy, recipe=replace(remedy.recipe, weight_decay=amount))
    return _measured(dataset, remedy, seed, epochs)[1]


def _numbers(run):
    """Return the numbers of a run's recipe that stand in the files."""
    remedy = REMEDIES[run["recipe"]]
    numbers = remedy.recipe.row("epochs", "batch_size", "learning_rate", "weight_decay")
    numbers |= {"dropout": remedy.dropout}
    if "amount" in run:
        numbers[{"weight decay": "weight_decay"}.get(run["recipe"], "dropout")] = run["amount"]
    return numbers


EXPERIMENTS = {
    # With each remedy ten draws of 500 digits; and the first on the bundled digits, for a test.
    "rescues": Experiment(
        runs({"recipe": list(REMEDIES)}, seeds=10)
        + runs({"recipe": ["nothing", "early stopping"]}, seeds=1, dataset="digits"),
        run,
        _numbers,
    ),
    # How much of two of them, by the validation split.
    "rescue_choices": Experiment(
        runs(
            {"recipe amount": [(name, much) for name, tried in TRIED.items() for much in tried]},
        ),
        run_choice,
        _numbers,
    ),
}
