"""Chapter 9: the same road on the zip codes of 1989, and what is left when digits are refused.

The recipes are those of :mod:`lenet_tutorial.experiments.in_code_1989`. Their numbers were chosen
on digits of MNIST and are not touched here.
"""

from ..outputs import meaning
from ..refusing import refused_for, wrong_after
from ..training import fit
from ..zipcodes import load_zipcodes
from .in_code_1989 import learn, noted, recipes
from .run import Experiment, runs

#: The recipes of the road that are measured on them, and how often. Digit by digit takes long.
SEEDS = {"paper": 3, "adamw": 5}

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


def refusals(model, x, y):
    """Refuse test digits, the least sure first, and count what is left.

    Parameters
    ----------
    model : keras.Model
        A classifier of this book.
    x, y : numpy.ndarray
        Images and labels.

    Returns
    -------
    dict
        ``wrong_N`` for each of `SHARES`: mistakes that are left when N per cent are refused; and
        ``refused_for_1``, the digits to refuse for an error of 1 % on the others.
    """
    outputs = model.predict(x, batch_size=1000, verbose=0)
    left = wrong_after(meaning(model), outputs, y)
    counts = {f"wrong_{share}": int(left[round(len(x) * share / 100)]) for share in SHARES}
    return counts | {"refused_for_1": refused_for(left)}


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
        As :func:`lenet_tutorial.experiments.in_code_1989.run`, and :func:`refusals`.
    """
    x, y, x_test, y_test = load_pairs()
    model, history = learn(recipes()[recipe], x, y, (x, y), seed, passes)
    return noted(history, "train") | {
        "parameters": model.count_params(),
        "train_error": round(fit.error_rate(model, x, y), 6),
        "test_error": round(fit.error_rate(model, x_test, y_test), 6),
        **refusals(model, x_test, y_test),
    }


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
}
