"""Chapter 14: three ways to read a line of digits, learned and compared on the same lines.

All learn from lines that are made of training digits, and are tested on lines that are made of test
digits. The seeds draw start weights and order; the lines are the same for all.
"""

import functools
from dataclasses import fields, replace

import numpy as np

from .. import weights
from ..datasets import load_digits28
from ..models import lenet5
from ..reading import cutting, learning, sliding
from ..reading.lines import Lines, Writing, write_lines
from ..training import fit
from .run import Experiment, runs

RECIPES = ("texts", "places", "cut")
SEEDS = 3

#: Of the lines to learn from, and of those that are read: neighbours all apart, or all brought
#: together (a few of those do not touch, see Writing).
TRAINING = Writing(touching=0.6, reach=2)
GAPS, TOUCHING = Writing(), Writing(touching=1.0, reach=2)
LENGTHS, TESTED = (3, 4, 5, 6), 1000  # digits of a line; lines of each length and kind
REFUSED = (0, 2, 5, 10, 15, 20, 30, 40)  # per cent of the lines

MAPS = sliding.MAPS
LINES, LINES_CUT = 30_000, 12_000  # of which a network learns
SINGLE, SINGLE_EPOCHS, EPOCHS, EPOCHS_CUT = 60_000, 3, 10, 8
BATCH = 32
RATE, RATE_SINGLE = 2e-3, 3e-3
KEPT = "texts", 0  # recipe and seed of the network that comes with the package


@functools.cache
def _digits(dataset):
    """Return training digits without those that are held out, and test digits."""
    digits = load_digits28(dataset)
    x, y, *_ = fit.split_validation(digits.x_train, digits.y_train)
    return (x, y), (digits.x_test, digits.y_test)


@functools.cache
def _training_lines(dataset, count):
    return learning.write_training_lines(*_digits(dataset)[0], count, TRAINING, seed=1)


@functools.cache
def lines_to_read(dataset, length, touching, count=TESTED):
    """Write lines of test digits.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        Whose digits.
    length : int
        Digits of each line.
    touching : bool
        Whether neighbours are brought together.
    count : int
        How many lines.

    Returns
    -------
    lenet_tutorial.reading.lines.Lines
    """
    seed = 10 * length + touching
    return write_lines(*_digits(dataset)[1], count, _writing(length, touching), seed=seed)


def _writing(length, touching):
    return replace(TOUCHING if touching else GAPS, digits=(length, length))


def learn_single(images, labels, seed, count=SINGLE, epochs=SINGLE_EPOCHS):
    """Train LeNet-5 on single digits, sized and slanted as in lines; it can be slid over lines.

    Parameters
    ----------
    images, labels : numpy.ndarray
        ``(n, 28, 28)`` uint8, and ``(n,)``: what the digits are drawn from.
    seed : int
        Of start weights and order.
    count, epochs : int
        Digits that are drawn, and passes over them.

    Returns
    -------
    keras.Model
    """
    import keras

    drawn, rows = learning.single_digits(images, count, TRAINING, seed=1)
    fit.set_seed(seed)
    model = sliding.build_sliding()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    wanted = labels[rows][:, None].astype(int) + 1
    learning.teach(model, (drawn, wanted), loss, epochs, RATE_SINGLE)
    return model


def learn(dataset, recipe, seed, lines=None, epochs=None):
    """Train a network in one of the three ways.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        Whose digits.
    recipe : {'cut', 'places', 'texts'}
        Pieces, to be cut and read; or lines, told where each digit stands, or told only what the
        line says (CTC).
    seed : int
        Of start weights and order.
    lines, epochs : int, optional
        Learn from fewer lines, or in fewer passes; for a quick check.

    Returns
    -------
    keras.Model
    """
    import keras

    if recipe == "cut":
        return learn_pieces(*_pieces(dataset, lines or LINES_CUT), seed, epochs or EPOCHS_CUT)
    model = sliding.build_sliding()
    model.set_weights(_single(dataset, seed, 2 * lines if lines else SINGLE))
    fit.set_seed(seed)
    written = _training_lines(dataset, lines or LINES)
    data = learning.batches(written, recipe, BATCH, distort=True, seed=seed)
    loss = keras.losses.CTC()
    if recipe == "places":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    learning.teach(model, data, loss, epochs or EPOCHS, RATE)
    return model


@functools.cache
def _single(dataset, seed, count):
    return learn_single(*_digits(dataset)[0], seed, count).get_weights()


def learn_pieces(pieces, labels, seed, epochs=EPOCHS_CUT):
    """Train the network that reads pieces.

    Parameters
    ----------
    pieces, labels : numpy.ndarray
        From :func:`lenet_tutorial.reading.cutting.known_pieces`.
    seed : int
        Of start weights and order.
    epochs : int
        Passes over the pieces.

    Returns
    -------
    keras.Model
        Its answers are probabilities: ten digits, and none.
    """
    import keras

    fit.set_seed(seed)
    model = lenet5(28, pooling="max", activation="relu", classes=11)
    loss = keras.losses.SparseCategoricalCrossentropy()
    learning.teach(model, (pieces / np.float32(255), labels), loss, epochs, RATE_SINGLE)
    return model


@functools.cache
def _pieces(dataset, count):
    lines = _training_lines(dataset, LINES if count == LINES_CUT else count)
    few = (getattr(lines, field.name)[:count] for field in fields(lines))
    return cutting.known_pieces(Lines(*few))


@functools.cache
def habits(dataset, count=2000):
    """Count how labels follow each other in lines to learn from: what the decoder expects.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        Whose digits.
    count : int
        How many lines.

    Returns
    -------
    numpy.ndarray
        As :func:`lenet_tutorial.reading.sliding.habits`.
    """
    lines = write_lines(*_digits(dataset)[0], count, TRAINING, seed=7)
    labels, _ = sliding.targets(lines.images.shape[2], lines.texts, lines.spans, far=3.0)
    return sliding.habits(labels)


def read(model, recipe, lines, follow=None):
    """Read lines in one of the three ways.

    Parameters
    ----------
    model : keras.Model
        From :func:`learn`.
    recipe : {'cut', 'places', 'texts'}
        How it learned.
    lines : numpy.ndarray
        ``(n, 32, width)``, 0 to 1.
    follow : numpy.ndarray, optional
        For 'places': what :func:`habits` returns.

    Returns
    -------
    (list of str, numpy.ndarray)
        What is read, and ``(n,)`` how probable it is by the network itself, 0 to 1.
    """
    answer = functools.partial(model.predict, batch_size=200, verbose=0)
    if recipe == "cut":
        return cutting.read_lines(lines, answer)
    if follow is None:
        return sliding.read_lines(lines, answer)

    def decode(logits):
        return sliding.spell(sliding.best_labels(logits, follow))

    return sliding.read_lines(lines, answer, decode)


def measure(model, dataset, recipe, count=TESTED):
    """Read the test lines of all lengths, with gaps and touching.

    Parameters
    ----------
    model : keras.Model
        From :func:`learn`.
    dataset, recipe : str
        As :func:`learn` takes them.
    count : int
        Lines of each length and kind.

    Returns
    -------
    dict
        Shares of lines read right, ``gaps_3`` to ``touching_6``. And for lines of five, both kinds
        together: ``wrong_0`` to ``wrong_40``, the share of wrong ones among those that are left
        when so many per cent are refused.
    """
    follow = habits(dataset) if recipe == "places" else None
    found, doubts = {}, []
    for kind in ("gaps", "touching"):
        for length in LENGTHS:
            lines = lines_to_read(dataset, length, kind == "touching", count)
            texts, sure = read(model, recipe, lines.images, follow)
            right = np.array([a == b for a, b in zip(texts, lines.texts, strict=True)])
            found[f"{kind}_{length}"] = round(float(right.mean()), 6)
            if length == 5:
                doubts.append((sure, ~right))
    sure, wrong = (np.concatenate(part) for part in zip(*doubts, strict=True))
    wrong = wrong[np.argsort(sure, kind="stable")]
    for share in REFUSED:
        found[f"wrong_{share}"] = round(float(wrong[len(wrong) * share // 100 :].mean()), 6)
    return found


def run(dataset, recipe, seed, lines=None, epochs=None, count=TESTED):
    """Train a network in one of the three ways, and read the test lines with it.

    Parameters
    ----------
    dataset, recipe, seed, lines, epochs
        As :func:`learn` takes them.
    count : int
        As :func:`measure` takes it.

    Returns
    -------
    dict
        ``parameters``, and what :func:`measure` returns.
    """
    model = learn(dataset, recipe, seed, lines, epochs)
    shares = measure(model, dataset, recipe, count)
    if (recipe, seed, count) == (*KEPT, TESTED) and not (lines or epochs):
        keep(model, shares)
    return {"parameters": model.count_params()} | shares


def keep(model, shares):
    """Write the network that comes with the package.

    Parameters
    ----------
    model : keras.Model
        From :func:`learn`, told the texts only.
    shares : dict
        What :func:`measure` returns.
    """
    about = {"maps": MAPS, "lines": LINES, "epochs": EPOCHS} | shares
    weights.write(sliding.STORED, weights.pack(model), about)


def fives(touching):
    """Return how the lines of five digits are written that the networks are tested on.

    Parameters
    ----------
    touching : bool
        Whether neighbours are brought together.

    Returns
    -------
    lenet_tutorial.reading.lines.Writing
    """
    return _writing(5, touching)


def _numbers(run):
    if run["recipe"] == "cut":
        return {"lines": LINES_CUT, "epochs": EPOCHS_CUT, "learning_rate": RATE_SINGLE}
    return {"lines": LINES, "epochs": EPOCHS, "learning_rate": RATE}


EXPERIMENTS = {"lines": Experiment(runs({"recipe": RECIPES}, SEEDS), run, _numbers)}
