"""Chapter 9: the network of 1989 on as many digits as it had, and the road to a modern recipe."""

import numpy as np

from .. import datasets
from .._checks import check_number, check_one_of, check_whole
from ..models import lenet_1989
from ..training import fit
from ..training.recipes import Recipe
from .run import Experiment, runs

#: The paper's numbers of training and test digits (LeCun et al. 1989, section 2.1).
TRAINING, TEST = 7291, 2007

#: As near to the paper as can be: digit by digit, in a fixed order, with a constant learning rate.
#: The paper gives no rate; this one was chosen on the validation split.
PAPER = {
    "start": "fan-in",
    "output": "squash",
    "activation": "squash",
    "optimizer": "SGD",
    "learning_rate": 0.003,
    "schedule": "constant",
    "weight_decay": 0.0,
    "batch_size": 1,
    "passes": 23,
    "shuffle": False,
    "shift": 0.0,
    "distort": 0.0,
    "dropout": 0.0,
    "digits": TRAINING,
}

#: Recipe name: what differs from the recipe before it, in the order of the road.
CHANGES = {
    "paper": {},
    "adamw": {
        "optimizer": "AdamW",
        "learning_rate": 0.004,
        "schedule": "cosine",
        "weight_decay": 0.01,
        "batch_size": 64,
        "passes": 25,
        "shuffle": True,
    },
    "softmax": {"output": "softmax", "learning_rate": 0.002},
    "distort": {"shift": 1.0, "distort": 0.1, "learning_rate": 0.004, "passes": 60},
    "relu": {"activation": "relu", "start": "root", "dropout": 0.25},
    "more": {"digits": 60_000, "passes": 10},
}

#: What :class:`lenet_tutorial.training.recipes.Recipe` calls by the same name; the others are of
#: the network and of the digits.
OF_A_RECIPE = ("learning_rate", "schedule", "weight_decay", "batch_size", "shuffle")

CHECKPOINTS = (1, 2, 4, 8, 16)  # passes after which the error is noted too


def recipes():
    """Return all numbers of each recipe, by its name: every change is added to those before it."""
    found, so_far = {}, dict(PAPER)
    for name, change in CHANGES.items():
        so_far = so_far | change
        found[name] = so_far
    return found


def draw(digits, training=TRAINING, seed=1989):
    """Draw as many digits as the network of 1989 had, and prepare them for it.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        The training digits are drawn from its training digits, the test digits from its test
        digits. Where it has fewer than are asked for, all are taken.
    training : int
        How many training digits. The test digits are the same for any number.
    seed : int
        Of the draw.

    Returns
    -------
    (x_train, y_train, x_test, y_test) : tuple of numpy.ndarray
        Images ``(n, 16, 16, 1)``, −1 to 1, in random order, and labels ``(n,)``.

    Raises
    ------
    ValueError
        If `training` is no whole number of at least 1.
    """
    rows, test_rows = draw_rows(len(digits.x_train), len(digits.x_test), training, seed)
    return (
        datasets.prepare_1989(digits.x_train[rows]),
        digits.y_train[rows],
        datasets.prepare_1989(digits.x_test[test_rows]),
        digits.y_test[test_rows],
    )


def draw_rows(have_training, have_test, training=TRAINING, seed=1989):
    """Return which training and which test digits are drawn, as two arrays of row numbers.

    Parameters
    ----------
    have_training, have_test : int
        How many digits there are to draw from.
    training : int
        How many training digits to draw. A larger draw begins with the digits of a smaller one.
    seed : int
        Of the draw.

    Raises
    ------
    ValueError
        If `training` is no whole number of at least 1.
    """
    training = check_whole("training", training)
    generator = np.random.default_rng(seed)
    test_rows = generator.permutation(have_test)[:TEST]
    return generator.permutation(have_training)[:training], test_rows


def network(start="fan-in", output="squash", activation="squash", dropout=0.0):
    """Build the network of 1989 with a modern part in the place of an original one.

    The layers, their sizes and their parameters are those of
    :func:`lenet_tutorial.models.lenet_1989`, which the defaults give.

    Parameters
    ----------
    start : {'fan-in', 'root'}
        Draw the first weights from ±2.4 divided by the fan-in, or by its square root.
    output : {'squash', 'softmax'}
        Squashed units with targets ±1, or softmax.
    activation : {'squash', 'relu'}
        Nonlinearity of H1, H2 and H3.
    dropout : float
        Share of H2's values that are set to zero in training.

    Returns
    -------
    keras.Model
        Input ``(batch, 16, 16, 1)``, −1 to 1; output ``(batch, 10)``.

    Raises
    ------
    ValueError
        If an argument is none of the values named above, or the share is not from 0 to below 1.
    """
    import keras

    from ..layers import fan_in

    start = check_one_of("start", start, ("fan-in", "root"))
    output = check_one_of("output", output, ("squash", "softmax"))
    activation = check_one_of("activation", activation, ("squash", "relu"))
    dropout = check_number("dropout", dropout, below=1)
    model = lenet_1989()
    for layer in model.layers:
        if layer.weights and start == "root":
            wider = np.sqrt(fan_in(layer)).astype(np.float32)
            layer.kernel.assign(layer.kernel * wider)
        if layer.name == "output" and output == "softmax":
            layer.activation = keras.activations.softmax
        if layer.name in ("H1", "H2", "H3") and activation == "relu":
            layer.activation = keras.activations.relu
    if not dropout:
        return model
    h1, h2, *rest = model.layers
    return keras.Sequential(
        [keras.Input((16, 16, 1)), h1, h2, keras.layers.Dropout(dropout, name="dropout"), *rest],
        name=model.name,
    )


def learn(recipe, x, y, validation, seed, passes=None):
    """Train one network by a recipe; return it and its history.

    Parameters
    ----------
    recipe : dict
        One of :func:`recipes`.
    x, y : numpy.ndarray
        Training images ``(n, 16, 16, 1)``, −1 to 1, and labels ``(n,)``.
    validation : (numpy.ndarray, numpy.ndarray)
        Images and labels that are judged after each pass.
    seed : int
        Of the start weights and all that is random in training.
    passes : int, optional
        Stop after so many of the recipe's passes; for a quick check.

    Returns
    -------
    (keras.Model, pandas.DataFrame)
        As :func:`lenet_tutorial.training.train` returns the history.
    """
    import keras

    from ..distortions import Distort

    keras.backend.clear_session()
    fit.set_seed(seed)
    model = network(*(recipe[part] for part in ("start", "output", "activation", "dropout")))
    distort = None
    if recipe["shift"]:
        amount = recipe["distort"]
        distort = Distort(recipe["shift"], amount, amount, 2 * amount, background=-1.0, seed=seed)
    how = Recipe(
        "1989",
        epochs=recipe["passes"],
        optimizer=recipe["optimizer"].lower(),
        momentum=0.0,
        nesterov=False,
        **{key: recipe[key] for key in OF_A_RECIPE},
    )
    return how.train(
        x,
        y,
        validation,
        seed,
        model=model,
        epochs=passes,
        distort=distort,
        steps_per_execution=min(100, -(-len(x) // how.batch_size)),
        validation_batch_size=1000,
    )


def noted(history, measured):
    """Return the errors at the checkpoints of a run.

    Parameters
    ----------
    history : pandas.DataFrame
        What :func:`learn` returns.
    measured : str
        On which digits: the beginning of each name.

    Returns
    -------
    dict
    """
    errors = 1 - history["val_accuracy"]
    return {
        f"{measured}_error_{number}": round(errors.loc[number], 6)
        for number in CHECKPOINTS
        if number <= len(history)
    }


def run(dataset, recipe, seed, passes=None):
    """Train on all digits of the draw, and measure the test digits once.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to draw from.
    recipe : str
        A key of :func:`recipes`.
    seed : int
        Of the start weights, the shuffling and the distortions. The draw is the same for all.
    passes : int, optional
        Stop after so many passes; for a quick check.

    Returns
    -------
    dict
        Errors are shares: ``train_error_N`` after pass N, ``train_error`` and ``test_error`` at
        the end.
    """
    how = recipes()[recipe]
    x, y, x_test, y_test = draw(datasets.load_digits28(dataset), how["digits"])
    # Nothing is held out here, so what is judged after each pass are the training digits.
    model, history = learn(how, x, y, (x, y), seed, passes)
    return noted(history, "train") | {
        "parameters": model.count_params(),
        "train_error": round(fit.error_rate(model, x, y), 6),
        "test_error": round(fit.error_rate(model, x_test, y_test), 6),
    }


def tried(recipe, change):
    """Return the numbers of a recipe with something else in their place.

    Parameters
    ----------
    recipe : str
        A key of :func:`recipes`.
    change : str
        ``'learning_rate=0.003'``, or several of these with spaces between them.

    Returns
    -------
    dict
        Where the recipe learns digit by digit, with fewer passes.

    Raises
    ------
    ValueError
        If the change names no number of the recipe.
    """
    numbers = recipes()[recipe]
    for part in change.split():
        name, _, value = part.partition("=")
        if name not in numbers:
            raise ValueError(f"change must name one of {sorted(numbers)}, got {part!r}")
        numbers[name] = value if isinstance(numbers[name], str) else float(value)
    if numbers["batch_size"] == 1:
        numbers["passes"] = CHOICE_PASSES
    return numbers


def choose(dataset, recipe, change, seed, passes=None):
    """Train on four fifths of the draw, and measure the fifth that is held out.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to draw from.
    recipe, change : str
        As :func:`tried` takes them.
    seed : int
        As :func:`run` takes it. The validation split is the same for all.
    passes : int, optional
        Stop after so many passes; for a quick check.

    Returns
    -------
    dict
        ``val_error_N`` after pass N, ``train_error`` and ``val_error`` at the end.

    Raises
    ------
    ValueError
        If the change names no number of the recipe.
    """
    how = tried(recipe, change)
    x, y, _, _ = draw(datasets.load_digits28(dataset), how["digits"])
    x, y, x_val, y_val = fit.split_validation(x, y, 1 / 5)
    model, history = learn(how, x, y, (x_val, y_val), seed, passes)
    return noted(history, "val") | {
        "train_error": round(fit.error_rate(model, x, y), 6),
        "val_error": round(fit.error_rate(model, x_val, y_val), 6),
    }


#: What was tried for each recipe; what gave the smallest validation error is the recipe's.
CHOICES = {
    "paper": (
        "learning_rate=0.003",
        "learning_rate=0.006",
        "learning_rate=0.012",
        "start=root learning_rate=0.002",
        "start=root learning_rate=0.003",
        "start=root learning_rate=0.006",
    ),
    "adamw": ("learning_rate=0.002", "learning_rate=0.004", "learning_rate=0.008"),
    "softmax": ("learning_rate=0.002", "learning_rate=0.004", "learning_rate=0.008"),
    "distort": (
        "distort=0.0 learning_rate=0.002",
        "distort=0.0 learning_rate=0.004",
        "distort=0.1 learning_rate=0.004",
    ),
    "relu": (
        "start=fan-in dropout=0.1",
        "start=root dropout=0.0",
        "start=root dropout=0.1",
        "start=root dropout=0.25",
    ),
}
CHOICE_PASSES = 8  # digit by digit, 23 passes for each number tried would take too long

EXPERIMENTS = {
    # The road: each recipe on all digits of the draw, measured on the test digits.
    "zip1989": Experiment(runs({"recipe": CHANGES}), run, lambda run: recipes()[run["recipe"]]),
    # What was tried on the validation split.
    "zip1989_choices": Experiment(
        runs({"recipe change": [(name, one) for name in CHOICES for one in CHOICES[name]]}, 1),
        choose,
        lambda run: tried(run["recipe"], run["change"]),
    ),
}
