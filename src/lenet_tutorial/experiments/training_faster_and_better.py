"""Chapter 11: how fast the Keras LeNet can be trained, and how few errors a LeNet-5 makes."""

import functools
from dataclasses import replace
from statistics import median

from .. import datasets
from ..training import fit
from ..training.clock import Clock
from ..training.recipes import ARTICLE, FAST, STRONG
from .run import Experiment, accuracy, load, runs

#: For comparing parts: the strong recipe, shorter; so the running average is shorter too.
SHORT = replace(STRONG, name="short", epochs=4, ema=0.99)

#: Name of a change: what it puts into the short recipe.
PARTS = {
    "short": {},
    "no distortions": {"distortions": None},
    "no elastic": {"distortions": replace(STRONG.distortions, alpha=0.0)},
    "no average of weights": {"ema": 0.0},
    "label smoothing": {"label_smoothing": 0.1},
    "average pooling": {"pooling": "average"},
}

#: Large batches, handed over an epoch at a time.
LARGE = {"batch_size": 256, "whole_epochs": True}
#: The same with the network of the fast recipe.
FOLDED = {**LARGE, "pooling": "folded", "activation": "relu"}

#: Name of a change: what it puts into the recipe 'article'. Only the time is measured, so the
#: learning rate does not matter.
SPEEDS = {
    "whole epochs": {"whole_epochs": True},
    "batch 256": {"batch_size": 256},
    "batch 256, whole epochs": LARGE,
    "bfloat16": {**LARGE, "dtype": "mixed_bfloat16"},
    "XLA": {**LARGE, "jit_compile": True},
    "average pooling": {**LARGE, "pooling": "average"},
    "ReLU": {**LARGE, "activation": "relu"},
    "folded": {**LARGE, "pooling": "folded"},
    "folded, ReLU": FOLDED,
    "folded, ReLU, bfloat16": {**FOLDED, "dtype": "mixed_bfloat16"},
    "AdamW, cosine": {
        **LARGE,
        "optimizer": "adamw",
        "weight_decay": 0.02,
        "schedule": "cosine",
        "warmup": 0.2,
    },
}

#: Younger than the runs, and the same for all recipes here.
YOUNGER = ("warmup_from", "nesterov", "shuffle", "maps", "units", "crop", "beta_1", "beta_2")
#: The numbers of a recipe that stand in the files.
NUMBERS = [column for column in ARTICLE.row() if column not in ("recipe", *YOUNGER)]

#: Largest learning rates of the fast recipe that were tried; the validation split chose.
PEAKS = (0.001, 0.004, 0.008, 0.012, 0.016, 0.02, 0.03, 0.05)


def part(recipe):
    """Return the strong recipe, or the short one with one change.

    Parameters
    ----------
    recipe : str
        'strong', or a key of `PARTS`.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe
    """
    return STRONG if recipe == "strong" else replace(SHORT, name=recipe, **PARTS[recipe])


def sped_up(recipe):
    """Return the recipe 'article' with one change, and as long as a measurement of time needs.

    Parameters
    ----------
    recipe : str
        A key of `SPEEDS`.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe
    """
    return replace(ARTICLE, name=recipe, epochs=5, **SPEEDS[recipe])


def at_peak(recipe):
    """Return the fast recipe with another largest learning rate.

    Parameters
    ----------
    recipe : str
        ``'peak 0.016'``, with one of `PEAKS`.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe
    """
    return replace(FAST, name=recipe, learning_rate=float(recipe.removeprefix("peak ")))


def digits(recipe, dataset, train_digits=None):
    """Return training, validation and test digits as the network of a recipe takes them.

    Parameters
    ----------
    recipe : lenet_tutorial.training.recipes.Recipe
        Its input size counts.
    dataset, train_digits
        As :func:`learn` takes them.

    Returns
    -------
    ((x, y), (x_val, y_val), (x_test, y_test)) : tuple
        Images ``(n, side, side, 1)`` and labels ``(n,)``.
    """
    size = recipe.input_size
    return load(dataset, lambda images: datasets.prepare(images, size), train_digits)


def learn(recipe, dataset, seed, train_digits=None, judged=True):
    """Train one network by a recipe, and measure it.

    Parameters
    ----------
    recipe : lenet_tutorial.training.recipes.Recipe
        How to train.
    dataset : {'mnist', 'digits'}
        What to train on.
    seed : int
        Of the weights, the order of the digits and the distortions.
    train_digits : int, optional
        Use the first so many training digits only.
    judged : bool
        Whether the test digits are looked at, at the end. Not where something is chosen.

    Returns
    -------
    (keras.Model, dict, Clock)
        The network, what was measured, and how long it took. Measured are the accuracies at the
        end, and the validation accuracy after the first epoch.
    """
    import keras

    train, held_out, test = digits(recipe, dataset, train_digits)
    keras.backend.clear_session()
    clock = Clock()
    model, history = recipe.train(
        *train, held_out, seed=seed, verbose=0, callbacks=[clock.callback()]
    )
    measured = {
        "parameters": model.count_params(),
        "train_digits": len(train[0]),
        "val_accuracy_1": round(history["val_accuracy"].iloc[0], 6),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
    }
    if judged:
        measured["test_accuracy"] = accuracy(model, *test)
    return model, measured, clock


def run(dataset, recipe, seed, epochs=None, train_digits=None):
    """Train the strong recipe, or the short one with one change, and return what was measured.

    Parameters
    ----------
    dataset, train_digits
        As :func:`learn` takes them.
    recipe : str
        As :func:`part` takes it.
    seed : int
        Of the weights, the order of the digits and the distortions.
    epochs : int, optional
        Run a schedule of so many epochs instead; for a quick check.

    Returns
    -------
    dict
        As :func:`learn`. For 'strong' ``article_epochs`` says how long the training took, in epochs
        of the recipe 'article' in the same process, by the processor's time, and ``mistakes``
        lists the test digits that it got wrong, see :func:`mistakes`.
    """
    how = part(recipe)
    how = replace(how, epochs=epochs or how.epochs)
    model, measured, clock = learn(how, dataset, seed, train_digits)
    if recipe == "strong":
        measured["mistakes"] = mistakes(model, *digits(how, dataset)[2])
        measured["article_epochs"] = article_epochs(clock, dataset, seed, train_digits)
    return measured


def article_epochs(clock, dataset, seed, train_digits=None):
    """Return how long a training took, in epochs of the recipe 'article' in the same process.

    By the processor's time: it says little of the machine, and less of what else it does.

    Parameters
    ----------
    clock : Clock
        Of the training.
    dataset, seed, train_digits
        As :func:`learn` takes them.

    Returns
    -------
    float
    """
    yardstick = _article(dataset, seed, train_digits, epochs=2)
    return round(sum(clock.cpu) / yardstick.cpu[1], 2)


def mistakes(model, x, y):
    """Return which digits a network gets wrong, and its answers, as one text: ``18:5 247:6``.

    Parameters
    ----------
    model : keras.Model
        With one output per class.
    x, y : numpy.ndarray
        Images ``(n, side, side, 1)`` and labels ``(n,)``.

    Returns
    -------
    str
        Positions in the data with the answers, in order.
    """
    given = fit.answers(model, x)
    return " ".join(f"{place}:{given[place]}" for place in (given != y).nonzero()[0])


def misread(dataset, recipe, seed, epochs=None, train_digits=None):
    """Train the short recipe, and list the test digits that the network reads otherwise.

    Parameters
    ----------
    dataset, recipe, seed, epochs, train_digits
        As :func:`run` takes them.

    Returns
    -------
    dict
        As :func:`learn`, and ``misread``: place, label and answer of each such digit, as one text,
        ``18:3:5 247:4:6``.
    """
    how = part(recipe)
    how = replace(how, epochs=epochs or how.epochs)
    model, measured, _ = learn(how, dataset, seed, train_digits, judged=False)
    x, y = digits(how, dataset)[2]
    given = fit.answers(model, x)
    wrong = (given != y).nonzero()[0]
    return measured | {
        "test_accuracy": round(1 - len(wrong) / len(y), 6),
        "misread": " ".join(f"{place}:{y[place]}:{given[place]}" for place in wrong),
    }


def pair(dataset, recipe, seed, train_digits=None):
    """Train by the recipe 'article' and by the fast one, in turn, and compare.

    Parameters
    ----------
    dataset, train_digits
        As :func:`learn` takes them.
    recipe : str
        'fast'.
    seed : int
        Of the weights and the order of the digits.

    Returns
    -------
    dict
        Of the fast recipe, as :func:`learn`; beside it those of 'article', and how many
        times the recipe 'article' takes as long: ``times_wall`` for the whole training by the
        clock on the wall, ``times_cpu`` by the processor's time, and ``throughput_wall`` and
        ``throughput_cpu`` for the same number of digits: the median of the epochs after the first.
    """
    _, slow, before = learn(ARTICLE, dataset, seed, train_digits)
    _, measured, after = learn(FAST, dataset, seed, train_digits)
    for name in ("val_accuracy", "test_accuracy"):
        measured[f"article_{name}"] = slow[name]
    measured |= _ratios("times", before, after, sum)
    return measured | _ratios("throughput", before, after, lambda seconds: median(seconds[1:]))


@functools.lru_cache(maxsize=1)
def _article(dataset, seed, train_digits, epochs):
    """Return the clock of the recipe 'article', which all changes of a seed are held against."""
    return learn(replace(ARTICLE, epochs=epochs), dataset, seed, train_digits, judged=False)[2]


def speed(dataset, recipe, seed, train_digits=25_600, epochs=None):
    """Time the recipe 'article' with one change, against the recipe without it.

    Parameters
    ----------
    dataset, train_digits
        As :func:`learn` takes them.
    recipe : str
        A key of `SPEEDS`.
    seed : int
        Of the weights and the order of the digits.
    epochs : int, optional
        Of all, at least 2; for a quick check.

    Returns
    -------
    dict
        ``throughput_wall`` and ``throughput_cpu``: how many times as many digits per second as
        the recipe 'article'. Of each recipe the shortest epoch counts, and not the first one, in
        which its program is built.
    """
    how = sped_up(recipe)
    how = replace(how, epochs=epochs or how.epochs)
    _, measured, clock = learn(how, dataset, seed, train_digits, judged=False)
    del measured["val_accuracy_1"]
    before = _article(dataset, seed, train_digits, how.epochs)
    return measured | _ratios("throughput", before, clock, lambda seconds: min(seconds[1:]))


def _ratios(label, before, after, of):
    """Return, by both clocks, how many times as long one run takes; `of` sums up its epochs."""
    return {
        f"{label}_{name}": round(of(getattr(before, name)) / of(getattr(after, name)), 3)
        for name in ("wall", "cpu")
    }


def peak(dataset, recipe, seed, train_digits=None, epochs=None):
    """Train by the fast recipe with another largest learning rate. The test digits are left alone.

    Parameters
    ----------
    dataset, train_digits
        As :func:`learn` takes them.
    recipe : str
        As :func:`at_peak` takes it.
    seed : int
        Of the weights and the order of the digits.
    epochs : int, optional
        Run a schedule of so many epochs instead; for a quick check.

    Returns
    -------
    dict
        As :func:`learn`, without the accuracy on the test digits.
    """
    how = at_peak(recipe)
    how = replace(how, epochs=epochs or how.epochs)
    return learn(how, dataset, seed, train_digits, judged=False)[1]


def _numbers(recipe_of):
    """Return the function that gives the numbers of a run's recipe for the file."""
    return lambda run: recipe_of(run["recipe"]).row(*NUMBERS)


EXPERIMENTS = {
    "fast": Experiment(runs({"recipe": ["fast"]}, seeds=5), pair, _numbers(lambda _: FAST)),
    "peaks": Experiment(
        runs({"recipe": [f"peak {rate}" for rate in PEAKS]}), peak, _numbers(at_peak)
    ),
    "speed": Experiment(runs({"recipe": SPEEDS}), speed, _numbers(sped_up)),
    "strong": Experiment(runs({"recipe": ["strong"]}), run, _numbers(part)),
    "accuracy": Experiment(runs({"recipe": PARTS}), run, _numbers(part)),
    # Which test digits do ten more networks read otherwise?
    "misread": Experiment(runs({"recipe": ["short"]}, seeds=10), misread, _numbers(part)),
}
