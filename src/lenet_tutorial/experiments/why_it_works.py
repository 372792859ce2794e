"""Chapter 7: LeNet against its rivals, layer by layer, moved about, and with few digits."""

import functools
from dataclasses import replace

import numpy as np

from .. import datasets
from .._checks import check_number, check_one_of
from ..models import lenet5_article
from ..training import fit
from . import training_with_keras
from .run import Experiment, accuracy, load, runs

#: How a network is trained. It is chapter 5's recipe "cosine" with larger batches, which halves the
#: time. Two variants change the digits: "distorted" distorts the training digits anew in each
#: epoch, and "shuffled" puts the pixels of all digits, test digits too, into one other order.
RECIPE = replace(training_with_keras.RECIPES["cosine"], name="plain", batch_size=256)
RECIPES = dict.fromkeys(("plain", "distorted", "shuffled"), RECIPE)
PLAIN = RECIPE.row(*training_with_keras.NUMBERS)

#: Kinds of change to a test digit, and how much of it.
AMOUNTS = {
    "shift": (1.0, 2.0, 3.0, 4.0, 6.0, 8.0),  # pixels
    "rotation": (10.0, 20.0, 30.0, 45.0, 60.0),  # degrees
    "scale": (0.5, 0.6, 0.7, 0.85, 1.2, 1.35, 1.5),  # times the size
    "noise": (0.1, 0.2, 0.3, 0.5),  # standard deviation, where ink is 1
}

PROBED = ("pixels", "S2", "S4", "C5", "F6")
PROBE_DIGITS = 5_000
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # C of the logistic regression: small pulls hard to zero


def build(name):
    """Build a network from its name.

    Parameters
    ----------
    name : str
        ``'lenet5_article'``, or the sizes of a dense network as ``'784-300-10'``: pixels, units of
        each hidden layer (ReLU; with ``' tanh'`` behind the sizes, tanh), classes (softmax).

    Returns
    -------
    keras.Model
        Input ``(batch, 28, 28, 1)``, output ``(batch, 10)``.

    Raises
    ------
    ValueError
        If the name is neither.
    """
    import keras

    if name == "lenet5_article":
        return lenet5_article()
    sizes, _, activation = name.partition(" ")
    sizes, activation = sizes.split("-"), activation or "relu"
    known = activation in ("relu", "tanh") and all(size.isdigit() for size in sizes)
    if len(sizes) < 2 or not known:
        raise ValueError(f"a network is 'lenet5_article' or like '784-300-10', got {name!r}")
    first, *hidden, last = map(int, sizes)
    if (first, last) != (784, 10) or 0 in hidden:
        raise ValueError(f"a dense network leads from 784 pixels to 10 classes, got {name!r}")
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(name="flatten")])
    for number, units in enumerate(hidden, 1):
        model.add(keras.layers.Dense(units, activation, name=f"hidden{number}"))
    model.add(keras.layers.Dense(10, "softmax", name="output"))
    return model


def shuffle_pixels(images, seed=0):
    """Put the pixels of all images into the same other order.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, side, side, 1)``.
    seed : int
        Of the order.

    Returns
    -------
    numpy.ndarray
        Of the same shape.
    """
    order = np.random.default_rng(seed).permutation(images[0].size)
    return images.reshape(len(images), -1)[:, order].reshape(images.shape)


def changed(images, kind, amount):
    """Shift, turn, scale or blur with noise each image, by the same amount.

    Neighbours go in different directions, so that no direction is preferred: the images are
    shifted right, left, down and up in turn, and turned to one side and the other in turn.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, side, side, 1)``, background 0.
    kind : {'shift', 'rotation', 'scale', 'noise'}
        What to do.
    amount : float
        Pixels, degrees, the factor of the size (1 changes nothing), or the standard deviation of
        normal noise that is added to each pixel.

    Returns
    -------
    numpy.ndarray
        Of the same shape, float32. What leaves the image is lost; what comes in is background.

    Raises
    ------
    ValueError
        If the kind is unknown, the amount is negative, or the factor is 0.
    """
    kind = check_one_of("kind", kind, tuple(AMOUNTS))
    amount = check_number(f"the amount of {kind}", amount, above=0 if kind == "scale" else None)
    images = np.asarray(images, np.float32)
    if kind == "noise":
        noise = np.random.default_rng(0).normal(0, amount, images.shape)
        return images + noise.astype(np.float32)
    from keras import ops

    from ..distortions import warp

    turn = np.arange(len(images))
    a, b, c, d, e, f = np.repeat([[1.0], [0], [0], [0], [1], [0]], len(images), axis=1)
    if kind == "shift":  # the map goes from the new place back to the old one
        c, f = -amount * np.array([[1, -1, 0, 0], [0, 0, 1, -1]])[:, turn % 4]
    elif kind == "scale":
        a = e = a / amount
    else:
        angle = np.deg2rad(amount) * (1 - 2 * (turn % 2))
        a, b, d, e = np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)
    return ops.convert_to_numpy(warp(images, a, b, c, d, e, f))


@functools.lru_cache(maxsize=2)
def _digits(dataset, recipe):
    """Return the training set, the validation split and the test set of a recipe."""

    def prepare(images):
        images = datasets.prepare(images)
        return shuffle_pixels(images) if recipe == "shuffled" else images

    return tuple(part for pair in load(dataset, prepare) for part in pair)


@functools.cache  # "rivals", "probes" and "tolerance" look at the same networks
def _trained(dataset, recipe, name, seed, trained=True):
    """Return a trained network and its validation accuracy; or an untrained one."""
    from ..distortions import Distort

    x, y, x_val, y_val, _, _ = _digits(dataset, recipe)
    fit.set_seed(seed)
    model = build(name)
    if trained:
        more = {"distort": Distort(seed=seed)} if recipe == "distorted" else {}
        RECIPES[recipe].train(x, y, (x_val, y_val), seed, model, steps_per_execution=20, **more)
    return model, accuracy(model, x_val, y_val)


def run_rival(dataset, recipe, network, seed):
    """Train one classifier, and return what was measured.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        A key of `RECIPES` for a network; ``'least squares'`` or ``'neighbours'`` for the two
        methods that are no networks. Their one setting is chosen on the validation split.
    network : str
        As :func:`build` takes it, or the method's name.
    seed : int
        Of the weights and the shuffling; the other two methods draw nothing.

    Returns
    -------
    dict
        With ``parameters``, ``chosen``, ``val_accuracy`` and ``test_accuracy``.
    """
    x, y, x_val, y_val, x_test, y_test = _digits(dataset, recipe)
    if recipe in RECIPES:
        model, val_accuracy = _trained(dataset, recipe, network, seed)
        parameters, chosen = model.count_params(), ""
        test_accuracy = accuracy(model, x_test, y_test)
    else:
        method = _least_squares if recipe == "least squares" else _neighbours
        flat = [part.reshape(len(part), -1) for part in (x, x_val, x_test)]
        parameters, chosen, val_accuracy, guesses = method(flat[0], y, flat[1], y_val, flat[2])
        test_accuracy = np.mean(guesses == y_test)
    return {
        "parameters": parameters,
        "train_digits": len(x),
        "chosen": chosen,
        "val_accuracy": round(float(val_accuracy), 6),
        "test_accuracy": round(float(test_accuracy), 6),
    }


def _least_squares(x, y, x_val, y_val, x_test):
    """Fit ten weighted sums of the pixels to +1 for the right class and 0 for the others."""
    from sklearn.linear_model import Ridge

    fitted = {}
    for alpha in (1.0, 10.0, 100.0, 1_000.0, 10_000.0):
        model = Ridge(alpha=alpha).fit(x, np.eye(10)[y])
        fitted[np.mean(model.predict(x_val).argmax(axis=1) == y_val)] = alpha, model
    accuracy = max(fitted)
    alpha, model = fitted[accuracy]
    return 10 * 785, f"alpha={alpha:g}", accuracy, model.predict(x_test).argmax(axis=1)


def _neighbours(x, y, x_val, y_val, x_test, most=10):
    """Let the k nearest training digits vote, by the distance between their pixels."""
    from sklearn.neighbors import KNeighborsClassifier

    index = KNeighborsClassifier(most, algorithm="brute").fit(x, y)
    votes = np.eye(10)[y[index.kneighbors(x_val, return_distance=False)]].cumsum(axis=1)
    right = (votes.argmax(axis=2) == y_val[:, np.newaxis]).mean(axis=0)
    k = int(right.argmax()) + 1
    index.set_params(n_neighbors=k)
    return x.size, f"k={k}", right[k - 1], index.predict(x_test)


def run_tolerance(dataset, recipe, network, seed, kind, amount):
    """Measure a trained network on changed test digits.

    Parameters
    ----------
    dataset, recipe, network, seed
        As :func:`run_rival` takes them.
    kind, amount
        As :func:`changed` takes them.

    Returns
    -------
    dict
        With ``test_accuracy``.
    """
    model, _ = _trained(dataset, recipe, network, seed)
    *_, x_test, y_test = _digits(dataset, recipe)
    return {"test_accuracy": accuracy(model, changed(x_test, kind, amount), y_test)}


def run_probe(dataset, recipe, seed, weights, layer):
    """Train a linear classifier on what one layer of LeNet gives, and measure it.

    Parameters
    ----------
    dataset, recipe, seed
        As :func:`run_rival` takes them.
    weights : {'trained', 'untrained'}
        Before or after the training of LeNet.
    layer : {'pixels', 'S2', 'S4', 'C5', 'F6'}
        Where to look.

    Returns
    -------
    dict
        ``values`` is the number of values that the classifier sees, ``c`` the strength that was
        chosen on the validation split.
    """
    import keras
    from sklearn.linear_model import LogisticRegression

    model, _ = _trained(dataset, recipe, "lenet5_article", seed, weights == "trained")
    x, y, x_val, y_val, x_test, y_test = _digits(dataset, recipe)
    x, y = x[:PROBE_DIGITS], y[:PROBE_DIGITS]
    if layer != "pixels":
        below = keras.Model(model.inputs, model.get_layer(layer).output)
        x, x_val, x_test = (
            below.predict(part, batch_size=1000, verbose=0) for part in (x, x_val, x_test)
        )
    x, x_val, x_test = (part.reshape(len(part), -1) for part in (x, x_val, x_test))
    fitted = {}
    for c in STRENGTHS:
        probe = LogisticRegression(C=c, max_iter=300, tol=1e-3).fit(x, y)
        fitted.setdefault(probe.score(x_val, y_val), (c, probe))
    val_accuracy = max(fitted)
    c, probe = fitted[val_accuracy]
    return {
        "train_digits": len(x),
        "values": x.shape[1],
        "c": c,
        "val_accuracy": round(val_accuracy, 6),
        "test_accuracy": round(probe.score(x_test, y_test), 6),
    }


def run_learning(dataset, recipe, network, digits, seed):
    """Train one classifier on so many digits, and return what was measured.

    There is nothing to choose here, so no digits are held out: all 60 000 can be learned from. The
    recipe is "plain" with at least 1 000 updates, so few digits get more epochs, and with batches
    of 64 where there are fewer than 10 000 digits.

    Parameters
    ----------
    dataset, recipe, seed
        As :func:`run_rival` takes them.
    network : str
        As :func:`build` takes it, or ``'nearest neighbour'``.
    digits : int
        How many training digits, the same share of each class.

    Returns
    -------
    dict
        With ``updates``, ``test_accuracy``, and what of the recipe depends on the digits.
    """
    from sklearn.model_selection import train_test_split
    from sklearn.neighbors import KNeighborsClassifier

    data = datasets.load_digits28(dataset)
    x, y = datasets.prepare(data.x_train), data.y_train
    x_test, y_test = datasets.prepare(data.x_test), data.y_test
    if digits < len(x):
        x, _, y, _ = train_test_split(x, y, train_size=digits, stratify=y, random_state=seed)
    how = replace(RECIPES[recipe], batch_size=256 if digits >= 10_000 else 64)
    repeats = -(-100 * how.batch_size // len(x))
    updates = how.epochs * -(-len(x) * repeats // how.batch_size)
    if network == "nearest neighbour":
        index = KNeighborsClassifier(1, algorithm="brute").fit(x.reshape(len(x), -1), y)
        right = index.score(x_test.reshape(len(x_test), -1), y_test)
        return {"updates": None, "test_accuracy": round(float(right), 6)}
    fit.set_seed(seed)
    model = build(network)
    # Few digits stand in the list several times: 500 epochs of two batches would take long.
    again = np.tile(np.arange(len(x)), repeats)
    how.train(x[again], y[again], (x[:100], y[:100]), seed, model, steps_per_execution=20)
    return {
        "epochs": how.epochs * repeats,
        "batch_size": how.batch_size,
        "updates": updates,
        "test_accuracy": accuracy(model, x_test, y_test),
    }


def _numbers(run):
    """Return the numbers of a run's recipe that stand in the files."""
    trains = run["recipe"] in RECIPES and run["network"] != "nearest neighbour"
    return dict(PLAIN) if trains else dict.fromkeys(PLAIN)


LENET, EQUAL, DENSE = "lenet5_article", "784-56-10", "784-300-10"
RIVALS = [("plain", name) for name in (LENET, "784-10", EQUAL, DENSE, "784-1000-10")]
RIVALS += [("plain", "784-300-100-10"), ("plain", "784-500-150-10"), ("plain", f"{DENSE} tanh")]
RIVALS += [("distorted", LENET), ("distorted", DENSE), ("shuffled", LENET), ("shuffled", EQUAL)]


SHAKEN = [(recipe, name) for name in (LENET, DENSE) for recipe in ("plain", "distorted")]
CHANGES = [(kind, amount) for kind, amounts in AMOUNTS.items() for amount in amounts]
PLACES = [("trained", layer) for layer in PROBED]
PLACES += [("untrained", layer) for layer in PROBED[1:]]  # the pixels need no network
LEARNERS = (LENET, DENSE, "nearest neighbour")
LESSONS = (100, 300, 1_000, 3_000, 10_000, 60_000)

EXPERIMENTS = {
    # Classifiers on MNIST; the two that are no networks draw nothing, so one run will do.
    "rivals": Experiment(
        [
            *runs({"recipe network": [("least squares", "784-10"), ("neighbours", "k-NN")]}, 1),
            *runs({"recipe network": RIVALS}),
            *runs({"recipe network": RIVALS[:3]}, dataset="digits"),
        ],
        run_rival,
        _numbers,
    ),
    # A linear classifier on what each layer of LeNet gives.
    "probes": Experiment(
        [
            *runs({"recipe": ["plain"], "weights layer": PLACES}),
            *runs({"recipe": ["plain"], "weights layer": PLACES}, 1, "digits"),
        ],
        run_probe,
    ),
    # Four networks on test digits that are moved, turned, scaled, or covered with noise.
    "tolerance": Experiment(
        [
            *runs({"recipe network": SHAKEN, "kind amount": CHANGES}),
            *runs({"recipe network": SHAKEN[:1], "kind amount": CHANGES[:2]}, 1, "digits"),
        ],
        run_tolerance,
    ),
    # Few digits or many.
    "learning": Experiment(
        [
            *runs({"recipe": ["plain"], "network": LEARNERS, "digits": LESSONS}),
            *runs({"recipe": ["plain"], "network": LEARNERS[:2], "digits": [100]}, 1, "digits"),
        ],
        run_learning,
        _numbers,
    ),
}
