"""Chapter 7: the five networks of 1989, on as few digits as they had, but of the zip codes.

Each seed draws other digits, and starts from other weights. The rates were chosen on digits that no
draw for a result can have.
"""

import functools

import numpy as np

from .._checks import check_whole
from ..models import net_1989
from ..training import fit
from ..zipcodes import load_zipcodes
from .run import Experiment, runs

NETS = (1, 2, 3, 4, 5)
TRAIN, TEST = 32, 16  # digits of each class: 320 and 160
RESERVED = 3_000  # the first training digits, which only the rates are chosen on
SEEDS = 10

#: How each is trained. The rate of each network is the one with the smallest error in
#: five_nets_choices.csv.
PASSES, CHOICE_PASSES, BATCH = 60, 30, 8  # the choice takes half as many
RATES = {1: 0.02, 2: 0.02, 3: 0.05, 4: 0.05, 5: 0.02}
TRIED, TRIED_SEEDS = (0.02, 0.05, 0.1), 2


def draw(digits, seed, reserved=False):
    """Draw 32 digits of each class to learn from, and 16 others of each to be tested on.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        The zip codes. All are drawn from their training digits.
    seed : int
        Of the draw.
    reserved : bool
        Draw from the first 3 000, for choosing; else from the others.

    Returns
    -------
    (x_train, y_train, x_test, y_test) : tuple of numpy.ndarray
        320 and 160 images ``(n, 16, 16, 1)``, in random order, and labels ``(n,)``.

    Raises
    ------
    ValueError
        If `seed` is no whole number of at least 0.
    """
    part = slice(None, RESERVED) if reserved else slice(RESERVED, None)
    x, y = digits.x_train[part, ..., None], digits.y_train[part]
    generator = np.random.default_rng(check_whole("seed", seed, 0))
    order = generator.permutation(len(y))
    of_class = [order[y[order] == digit][: TRAIN + TEST] for digit in range(10)]
    learned = generator.permutation(np.concatenate([rows[:TRAIN] for rows in of_class]))
    tested = np.concatenate([rows[TRAIN:] for rows in of_class])
    return x[learned], y[learned], x[tested], y[tested]


def numbers(rate, passes=PASSES):
    """Return how a network is trained with a rate: steps against the squared error, no more.

    Parameters
    ----------
    rate : float
        The learning rate.
    passes : int
        Over the 320 digits.

    Returns
    -------
    dict
    """
    return {"epochs": passes, "batch_size": BATCH, "learning_rate": rate}


@functools.cache
def _learner(net, rate):
    """Return one of the five, compiled. All its runs share it: compiling takes longer than one."""
    import keras

    from ..losses import SquaredError

    model = net_1989(net)
    model.compile(
        keras.optimizers.SGD(rate), SquaredError(), steps_per_execution=40, jit_compile=True
    )
    return model


@functools.cache
def _digits():
    return load_zipcodes()


def _learn(net, rate, seed, reserved, passes):
    x, y, x_test, y_test = draw(_digits(), seed, reserved)
    model = _learner(net, rate)
    fit.set_seed(seed)
    model.set_weights(net_1989(net).get_weights())
    model.fit(x, y, batch_size=BATCH, epochs=passes, verbose=0)
    learned, tested = (
        round(fit.error_rate(model, *pair, batch_size=160), 6)
        for pair in ((x, y), (x_test, y_test))
    )
    return model, learned, tested


def run(dataset, recipe, net, seed, passes=None):
    """Train one of the five on a draw, and test it on the 160 others.

    Parameters
    ----------
    dataset : {'zip'}
        What is drawn from.
    recipe : {'steps'}
        One for all.
    net : {1, 2, 3, 4, 5}
        Which one.
    seed : int
        Of the draw, the start weights and the order.
    passes : int, optional
        Stop after so many passes; for a quick check.

    Returns
    -------
    dict
        ``parameters``, and the shares ``train_error`` and ``test_error``.
    """
    model, learned, tested = _learn(net, RATES[net], seed, False, passes or PASSES)
    return {
        "parameters": model.count_params(),
        "train_error": learned,
        "test_error": tested,
    }


def choose(dataset, recipe, net, learning_rate, seed, passes=None):
    """Train one of the five with a rate, on digits that no result is made of.

    Parameters
    ----------
    dataset, recipe, net, seed, passes
        As :func:`run` takes them.
    learning_rate : float
        What is tried.

    Returns
    -------
    dict
        The shares ``train_error`` and ``val_error``.
    """
    _, learned, held_out = _learn(net, learning_rate, seed, True, passes or CHOICE_PASSES)
    return {"train_error": learned, "val_error": held_out}


def _numbers(run):
    return numbers(RATES[run["net"]])


def _tried(run):
    return numbers(run["learning_rate"], CHOICE_PASSES)


EXPERIMENTS = {
    "five_nets": Experiment(runs({"recipe": ["steps"], "net": NETS}, SEEDS, "zip"), run, _numbers),
    # What was tried, on other digits.
    "five_nets_choices": Experiment(
        runs({"recipe": ["steps"], "net": NETS, "learning_rate": TRIED}, TRIED_SEEDS, "zip"),
        choose,
        _tried,
    ),
}
