"""Chapter 16: how few errors a LeNet-5 of 61 706 parameters makes: alone, longer, and taught."""

import functools
from dataclasses import replace

import numpy as np

from ..models import nine_looks
from ..training.clock import Clock
from ..training.recipes import LONGEST, STRONGEST, TAUGHT
from .run import Experiment, accuracy, runs
from .training_faster_and_better import NUMBERS, article_epochs, digits, mistakes

RECIPES = {recipe.name: recipe for recipe in (STRONGEST, LONGEST, TAUGHT)}
#: So many networks are trained by each recipe.
SEEDS = {"strongest": 5, "longest": 5, "taught": 2}
#: So many of the first kind, those of the first seeds, teach each of the second.
TEACHERS = 4


def _train(recipe, dataset, seed, train_digits, epochs, several=(), everything=True):
    """Train on all training digits, or on those that are not held out; several may teach."""
    import keras

    from ..teaching import taught

    how = RECIPES[recipe]
    train, held_out, _ = digits(how, dataset, train_digits)
    x, y = train
    if everything:
        x, y = (np.concatenate(pair) for pair in zip(train, held_out, strict=True))
    if not several:  # teachers must stay
        keras.backend.clear_session()
    clock, model = Clock(), how.build(seed)
    learner, more = model, {}
    if several:
        learner, more = taught(model, several), {"loss": "sparse_categorical_crossentropy"}
    replace(how, epochs=epochs or how.epochs).train(
        x, y, held_out, seed, learner, verbose=0, callbacks=[clock.callback()], **more
    )
    return model, clock, len(x)


@functools.cache
def teachers(dataset, train_digits=None, epochs=None, count=TEACHERS):
    """Train the networks that teach together: those of the recipe 'strongest', seed by seed.

    Parameters
    ----------
    dataset, train_digits, epochs
        As :func:`run` takes them.
    count : int
        How many.

    Returns
    -------
    list of keras.Model
    """
    return [_train("strongest", dataset, seed, train_digits, epochs)[0] for seed in range(count)]


def run(dataset, recipe, seed, train_digits=None, epochs=None, count=TEACHERS):
    """Train one network on all training digits, and measure on the test digits, once.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : {'strongest', 'longest', 'taught'}
        By the labels, in two lengths; or by the labels and the answers of four of the first kind.
    seed : int
        Of the weights, the order of the digits and the distortions.
    train_digits : int, optional
        Use the first so many training digits only, beside those held out for choosing elsewhere.
    epochs : int, optional
        Run schedules of so many epochs instead; for a quick check.
    count : int
        How many teach.

    Returns
    -------
    dict
        ``parameters``, ``train_digits``, ``test_accuracy``; ``mistakes``, the test digits that
        were read wrong, as :func:`.training_faster_and_better.mistakes` writes them; the same
        for :func:`lenet_tutorial.models.nine_looks` at each digit, ``test_nine_accuracy`` and
        ``nine_mistakes``; and ``article_epochs``, how long this training took, that of the
        teachers left out.
    """
    several = teachers(dataset, train_digits, epochs, count) if recipe == "taught" else ()
    model, clock, learned_from = _train(recipe, dataset, seed, train_digits, epochs, several)
    test = digits(RECIPES[recipe], dataset)[2]
    nine = nine_looks(model)
    return {
        "parameters": model.count_params(),
        "train_digits": learned_from,
        "test_accuracy": accuracy(model, *test),
        "mistakes": mistakes(model, *test),
        "test_nine_accuracy": accuracy(nine, *test),
        "nine_mistakes": mistakes(nine, *test),
        "article_epochs": article_epochs(clock, dataset, seed, train_digits),
    }


def look(dataset, recipe, seed, train_digits=None, epochs=None):
    """Train one network, and let it look at the validation digits once, and nine times.

    The test digits are left alone.

    Parameters
    ----------
    dataset, seed, train_digits, epochs
        As :func:`run` takes them.
    recipe : str
        'strongest'.

    Returns
    -------
    dict
        ``parameters``, ``train_digits``, ``val_accuracy`` and ``val_nine_accuracy``.
    """
    model, _, learned_from = _train(recipe, dataset, seed, train_digits, epochs, everything=False)
    held_out = digits(RECIPES[recipe], dataset)[1]
    return {
        "parameters": model.count_params(),
        "train_digits": learned_from,
        "val_accuracy": accuracy(model, *held_out),
        "val_nine_accuracy": accuracy(nine_looks(model), *held_out),
    }


EXPERIMENTS = {
    "strongest": Experiment(
        [run for name, seeds in SEEDS.items() for run in runs({"recipe": [name]}, seeds)],
        run,
        lambda run: RECIPES[run["recipe"]].row(*NUMBERS),
    ),
    "looks": Experiment(
        runs({"recipe": ["strongest"]}, seeds=2),
        look,
        lambda run: RECIPES[run["recipe"]].row(*NUMBERS),
    ),
}
