"""Chapter 5: LeNet-5 as published, trained, and with one modern part at a time."""

from ..results import Experiment

#: Recipe name: how the network is trained. The rates were chosen on the validation split.
RECIPES = {
    # Gradient descent with momentum and a rate that falls along half a cosine.
    "plain": {
        "optimizer": "SGD",
        "epochs": 15,
        "batch_size": 32,
        "learning_rate": 2e-3,
        "momentum": 0.9,
        "j": 1.0,
        "distortions": False,
    },
    # The same for longer, with digits that are distorted anew in each epoch.
    "distorted": {
        "optimizer": "SGD",
        "epochs": 30,
        "batch_size": 32,
        "learning_rate": 2e-3,
        "momentum": 0.9,
        "j": 1.0,
        "distortions": True,
    },
    # For comparing parts: the plain recipe, shorter.
    "short": {
        "optimizer": "SGD",
        "epochs": 8,
        "batch_size": 32,
        "learning_rate": 2e-3,
        "momentum": 0.9,
        "j": 1.0,
        "distortions": False,
    },
}

#: Name of a modern part: (arguments of lenet5_1998, changes to the recipe). Cross-entropy is a much
#: smaller number than equation 9, so it takes a larger rate; Adam's rate means something else.
PARTS = {
    "as published": ({}, {}),
    "softmax": ({"output": "softmax"}, {"learning_rate": 5e-2}),
    "ReLU": ({"activation": "relu"}, {}),
    "max pooling": ({"subsampling": "max"}, {}),
    "full C3": ({"c3": "full"}, {}),
    "Adam": ({}, {"optimizer": "Adam", "learning_rate": 4e-3}),
}

KEY = ["dataset", "recipe", "part", "seed"]
DISTORTIONS = {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2, "background": -0.1}


def settings(recipe, part):
    """Return the numbers of a recipe, as the part changes them."""
    return RECIPES[recipe] | PARTS[part][1]


def _load(dataset, train_digits):
    """Return the digits, those to learn from, and the validation split."""
    from ..datasets import load_digits28, prepare_1998
    from ..training.fit import split_validation

    digits = load_digits28(dataset)
    x, y, *held_out = split_validation(prepare_1998(digits.x_train), digits.y_train)
    return digits, x[:train_digits], y[:train_digits], tuple(held_out)


def _measured(model, history, x, y, digits):
    """Return the accuracies of a finished run; this is where the test digits have their turn."""
    from ..datasets import prepare_1998
    from ..training.fit import error_rate

    train_error = error_rate(model, x, y)
    test_error = error_rate(model, prepare_1998(digits.x_test), digits.y_test)
    return {
        "val_accuracy_1": round(history["val_accuracy"].iloc[0], 6),
        "train_accuracy": round(1 - train_error, 6),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": round(1 - test_error, 6),
    }


def run(dataset, recipe, part, seed, epochs=None, train_digits=None):
    """Train LeNet-5 of 1998 once and return its row.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        A key of `RECIPES`.
    part : str
        A key of `PARTS`.
    seed : int
        Of the weights, the shuffling and the distortions.
    epochs : int, optional
        Stop after so many epochs of the recipe's; for a quick check.
    train_digits : int, optional
        Use the first so many training digits only; for a quick check.

    Returns
    -------
    dict
        ``val_accuracy_1`` is the validation accuracy after the first epoch; ``train_accuracy``,
        ``val_accuracy`` and ``test_accuracy`` are those after the last one, without distortions.
    """
    import keras

    from ..distortions import Distort
    from ..losses import MapLoss
    from ..models import lenet5_1998
    from ..training.fit import set_seed, train

    numbers = settings(recipe, part)
    digits, x, y, held_out = _load(dataset, train_digits)
    steps = -(-len(x) // numbers["batch_size"]) * numbers["epochs"]
    rate = keras.optimizers.schedules.CosineDecay(numbers["learning_rate"], steps)
    if numbers["optimizer"] == "SGD":
        optimizer = keras.optimizers.SGD(rate, momentum=numbers["momentum"])
    else:
        optimizer = keras.optimizers.Adam(rate)

    keras.backend.clear_session()
    set_seed(seed)
    arguments = PARTS[part][0]
    model = lenet5_1998(**arguments)
    history = train(
        model,
        x,
        y,
        validation=held_out,
        epochs=epochs or numbers["epochs"],
        batch_size=numbers["batch_size"],
        optimizer=optimizer,
        seed=seed,
        loss=None if "output" in arguments else MapLoss(numbers["j"]),
        distort=Distort(**DISTORTIONS, seed=seed) if numbers["distortions"] else None,
        steps_per_execution=20,
    )
    return {
        "dataset": dataset,
        "recipe": recipe,
        "part": part,
        "seed": seed,
        "train_digits": len(x),
        **numbers,
        **_measured(model, history, x, y, digits),
    }


def run_levenberg(dataset, recipe, part, seed, passes=20, train_digits=None):
    """Train LeNet-5 of 1998 with the paper's own rule and return its row.

    Parameters
    ----------
    dataset, recipe, part, seed
        As :func:`run` takes them.
    passes : int, optional
        Stop after so many passes of the paper's twenty; for a quick check.
    train_digits : int, optional
        Use the first so many training digits only; for a quick check.

    Returns
    -------
    dict
        As :func:`run`.
    """
    import keras

    from ..models import lenet5_1998
    from ..training.fit import set_seed
    from ..training.levenberg import MU, RATES, train_lm, widen

    digits, x, y, held_out = _load(dataset, train_digits)
    keras.backend.clear_session()
    set_seed(seed)
    model = lenet5_1998(**PARTS[part][0])
    widen(model)
    history = train_lm(model, x, y, held_out, rates=RATES[:passes], seed=seed)
    return {
        "dataset": dataset,
        "recipe": recipe,
        "part": part,
        "seed": seed,
        "train_digits": len(x),
        "optimizer": "diagonal Levenberg–Marquardt",
        "epochs": len(history),
        "batch_size": 1,
        "learning_rate": RATES[0],
        "mu": MU,
        "j": 1.0,
        **_measured(model, history, x, y, digits),
    }


def runs(recipe, parts, seeds=3):
    """List runs, seed by seed."""
    return [
        dict(zip(KEY, ("mnist", recipe, part, seed), strict=True))
        for seed in range(seeds)
        for part in parts
    ]


EXPERIMENTS = {
    "published": Experiment(
        runs("plain", ["as published"]) + runs("distorted", ["as published"]), run
    ),
    "levenberg": Experiment(runs("levenberg", ["as published"]), run_levenberg),
    "parts": Experiment(runs("short", PARTS), run),
}
