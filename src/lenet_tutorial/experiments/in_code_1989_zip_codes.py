"""Chapter 9: the same road on the zip codes of 1989, and what is left when digits are refused.

The recipes are those of :mod:`lenet_tutorial.experiments.in_code_1989`, and for LeNet-5 those of
:mod:`lenet_tutorial.experiments.as_published_1998`. Their numbers were chosen on digits of MNIST
and are not touched here.
"""

from dataclasses import replace

import numpy as np

from ..images import area_weights
from ..models import lenet5_1998
from ..outputs import meaning
from ..refusing import bests, leads, refused_for, wrong_after
from ..training import fit
from ..zipcodes import load_zipcodes
from . import as_published_1998 as published
from .in_code_1989 import learn, noted, recipes
from .run import Experiment, runs

#: The recipes of the road that are measured on them, and how often. Digit by digit takes long, so
#: that comes last. There are no more zip codes, so the road ends before its last recipe.
SEEDS = {"softmax": 5, "distort": 5, "relu": 5, "adamw": 5, "paper": 5}

#: The parts of chapter 8 that differ in the outputs of LeNet-5: RBF units, or softmax.
PARTS = ("as published", "softmax")
PASSES = 30  # chapter 8 takes 15, but over more than seven times as many digits

#: Shares of the test digits, in per cent, after whose refusal the mistakes are counted.
SHARES = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30)


def load_pairs():
    """Return the zip codes as the network of 1989 takes them.

    Returns
    -------
    (x_train, y_train, x_test, y_test) : tuple of numpy.ndarray
        Images ``(n, 16, 16, 1)``, −1 to 1, in the order of the files, and labels ``(n,)``.
    """
    digits = load_zipcodes()
    return digits.x_train[..., None], digits.y_train, digits.x_test[..., None], digits.y_test


def judged(model, x, y, **ways):
    """Read the test digits, once; then refuse some, the least sure first, and count what is left.

    Parameters
    ----------
    model : keras.Model
        A classifier of this book.
    x, y : numpy.ndarray
        Images and labels.
    **ways : callable
        What decides which one is refused, by the ending of the names: see
        :func:`lenet_tutorial.refusing.wrong_after`. By default its lead.

    Returns
    -------
    dict
        The share ``test_error``; ``wrong_N`` for each of `SHARES`: mistakes that are left when N
        per cent are refused; and ``refused_for_1``, the digits to refuse for an error of 1 % on the
        others. The same with an ending for each of the ways.
    """
    outputs = model.predict(x, batch_size=1000, verbose=0)
    found = {}
    for end, sure in {"": leads, **ways}.items():
        left = wrong_after(meaning(model), outputs, y, sure)
        found |= {f"wrong_{share}{end}": int(left[round(len(x) * share / 100)]) for share in SHARES}
        found[f"refused_for_1{end}"] = refused_for(left)
    return {"test_error": round(found["wrong_0"] / len(x), 6)} | found


def run(dataset, recipe, seed, passes=None):
    """Train on all zip codes by a recipe of the road, and measure the test digits once.

    Parameters
    ----------
    dataset : {'zip'}
        What is learned from.
    recipe : str
        A key of `SEEDS`.
    seed : int
        Of the start weights, the shuffling and the distortions.
    passes : int, optional
        Stop after so many passes; for a quick check.

    Returns
    -------
    dict
        As :func:`lenet_tutorial.experiments.in_code_1989.run`, and :func:`judged`.
    """
    x, y, x_test, y_test = load_pairs()
    model, history = learn(recipes()[recipe], x, y, (x, y), seed, passes)
    return noted(history, "train") | {
        "parameters": model.count_params(),
        "train_error": round(fit.error_rate(model, x, y), 6),
        **judged(model, x_test, y_test),
    }


def enlarge(images):
    """Turn zip codes into what the network of 1998 takes, with ink where MNIST has it.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 16, 16, 1)``, −1 to 1.

    Returns
    -------
    numpy.ndarray
        ``(n, 32, 32, 1)``, float32: 20×20 pixels in the middle, −0.1 to 1.175.
    """
    wider = area_weights(0, 16, 16, 20)
    large = np.zeros((len(images), 32, 32), np.float32)
    large[:, 6:26, 6:26] = wider @ ((images[..., 0] + 1) / 2) @ wider.T
    return (1.275 * large - 0.1).astype(np.float32)[..., None]


def run_outputs(dataset, recipe, part, seed, passes=None):
    """Train LeNet-5 of 1998 on all zip codes, and refuse test digits by its outputs.

    Parameters
    ----------
    dataset : {'zip'}
        What is learned from.
    recipe : {'plain'}
        A key of ``RECIPES`` of chapter 8.
    part : str
        One of `PARTS`.
    seed : int
        Of the start weights and the shuffling.
    passes : int, optional
        Stop after so many passes; for a quick check.

    Returns
    -------
    dict
        The share ``train_error``, and :func:`judged`, also by the best answer alone.
    """
    import keras

    from ..losses import MapLoss

    x, y, x_test, y_test = load_pairs()
    x, x_test = enlarge(x), enlarge(x_test)
    arguments = published.PARTS[part][0]
    keras.backend.clear_session()
    fit.set_seed(seed)
    model, _ = lengthened(recipe, part).train(
        *(x, y, (x[:500], y[:500]), seed),  # nothing is held out, and nothing is chosen
        model=lenet5_1998(**arguments),
        epochs=passes,
        loss=None if "output" in arguments else MapLoss(published.J),
        steps_per_execution=20,
    )
    return {
        "parameters": model.count_params(),
        "train_error": round(fit.error_rate(model, x, y), 6),
        **judged(model, x_test, y_test, _best=bests),
    }


def lengthened(recipe, part):
    """Return a recipe of chapter 8 with more passes.

    Parameters
    ----------
    recipe, part : str
        As :func:`run_outputs` takes them.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe
    """
    return replace(published.settings(recipe, part), epochs=PASSES)


EXPERIMENTS = {
    # The road on the zip codes, measured on their test digits.
    "zip_codes": Experiment(
        [
            one
            for recipe, count in SEEDS.items()
            for one in runs({"recipe": [recipe]}, count, "zip")
        ],
        run,
        lambda run: recipes()[run["recipe"]],
    ),
    # LeNet-5 on them, for what its outputs say of its doubts.
    "zip_codes_outputs": Experiment(
        runs({"recipe": ["plain"], "part": PARTS}, 5, "zip"),
        run_outputs,
        lambda run: lengthened(run["recipe"], run["part"]).row(
            "epochs", "batch_size", "learning_rate", "schedule", "momentum"
        ),
    ),
}
