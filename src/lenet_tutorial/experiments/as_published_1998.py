"""Chapter 8: LeNet-5 as published, trained, and with one modern part at a time."""

from dataclasses import replace

from .. import datasets
from ..models import lenet5_1998
from ..training import fit, levenberg
from ..training.recipes import OPTIMIZERS, Recipe
from .run import Experiment, accuracy, load, runs

#: Gradient descent with momentum and a rate that falls along half a cosine. The rate was chosen on
#: the validation split.
PLAIN = Recipe(
    "plain",
    epochs=15,
    batch_size=32,
    optimizer="sgd",
    learning_rate=2e-3,
    schedule="cosine",
    momentum=0.9,
    nesterov=False,
)
#: How the network is trained. The paper's own rule is no recipe: its step sizes follow from the
#: curvature of the loss along each weight, which no optimiser of Keras knows. See `run_levenberg`.
RECIPES = {
    "plain": PLAIN,
    # The same for longer, with digits that are distorted anew in each epoch.
    "distorted": replace(PLAIN, name="distorted", epochs=30),
    # For comparing parts: the plain recipe, shorter.
    "short": replace(PLAIN, name="short", epochs=8),
}
J = 1.0  # of equation 9

#: Values of j that were tried, on few digits. With −100 the second term of the loss is a constant,
#: whatever the penalties are, and what is left is the plain distance; the paper wants j above 0.
JS = (-100.0, 1.0, 10.0, 100.0)
J_DIGITS = 10_000

#: Name of a modern part: (arguments of lenet5_1998, changes to the recipe). Cross-entropy is a much
#: smaller number than equation 9, so it takes a larger rate; Adam's rate means something else.
PARTS = {
    "as published": ({}, {}),
    "softmax": ({"output": "softmax"}, {"learning_rate": 5e-2}),
    "ReLU": ({"activation": "relu"}, {}),
    "max pooling": ({"subsampling": "max"}, {}),
    "full C3": ({"c3": "full"}, {}),
    "Adam": ({}, {"optimizer": "adam", "learning_rate": 4e-3}),
}

DISTORTIONS = {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2, "background": -0.1}


def settings(recipe, part):
    """Return a recipe as the part changes it.

    Parameters
    ----------
    recipe : str
        A key of `RECIPES`.
    part : str
        A key of `PARTS`.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe
    """
    return replace(RECIPES[recipe], **PARTS[part][1])


def _steps(how):
    """Return how a recipe takes its steps, as it stands in the files."""
    row = {"optimizer": OPTIMIZERS[how.optimizer]}
    return row | how.row("epochs", "batch_size", "learning_rate", "momentum")


def _numbers(run):
    """Return the numbers of a run's recipe that stand in the files."""
    if run["recipe"] == "levenberg":
        how = {"optimizer": "diagonal Levenberg–Marquardt", "epochs": len(levenberg.RATES)}
        how |= {"batch_size": 1, "learning_rate": levenberg.RATES[0], "mu": levenberg.MU}
        return how | {"j": J}
    row = _steps(settings(run["recipe"], run["part"]))
    return row | {"j": J, "distortions": run["recipe"] == "distorted"}


def run(dataset, recipe, part, seed, epochs=None, train_digits=None):
    """Train LeNet-5 of 1998 once, and return what was measured.

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
    from ..distortions import Distort
    from ..losses import MapLoss

    arguments = PARTS[part][0]
    *_, found = _train(
        *(dataset, settings(recipe, part), seed, epochs, train_digits),
        loss=None if "output" in arguments else MapLoss(J),
        distort=Distort(**DISTORTIONS, seed=seed) if recipe == "distorted" else None,
        **arguments,
    )
    return found


def _train(dataset, how, seed, epochs, train_digits, loss, distort=None, **arguments):
    """Train LeNet-5 of 1998; return it, the validation digits, and what was measured."""
    import keras

    train, held_out, test = load(dataset, datasets.prepare_1998, train_digits)
    keras.backend.clear_session()
    fit.set_seed(seed)
    model, history = how.train(
        *train,
        held_out,
        seed,
        model=lenet5_1998(**arguments),
        epochs=epochs,
        loss=loss,
        distort=distort,
        steps_per_execution=20,
    )
    return model, held_out, _measured(model, history, train, test)


def run_levenberg(dataset, recipe, part, seed, passes=20, train_digits=None):
    """Train LeNet-5 of 1998 with the paper's own rule, and return what was measured.

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
        As :func:`run`; and ``epochs``, the passes made.
    """
    import keras

    train, held_out, test = load(dataset, datasets.prepare_1998, train_digits)
    keras.backend.clear_session()
    fit.set_seed(seed)
    model = lenet5_1998(**PARTS[part][0])
    levenberg.widen(model)
    rates = levenberg.RATES[:passes]
    history = levenberg.train_lm(model, *train, held_out, rates=rates, seed=seed)
    return {"epochs": len(history), **_measured(model, history, train, test)}


def _measured(model, history, train, test):
    """Return the accuracies of a finished run; this is where the test digits have their turn."""
    return {
        "train_digits": len(train[0]),
        "val_accuracy_1": round(history["val_accuracy"].iloc[0], 6),
        "train_accuracy": accuracy(model, *train),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": accuracy(model, *test),
    }


def run_j(dataset, recipe, j, seed, epochs=None, train_digits=J_DIGITS):
    """Train LeNet-5 of 1998 with another constant in equation 9, and look at its penalties.

    Parameters
    ----------
    dataset, recipe, seed, epochs, train_digits
        As :func:`run` takes them.
    j : float
        The constant.

    Returns
    -------
    dict
        Accuracies; and ``right_penalty`` and ``wrong_penalty``: the medians, over the validation
        digits, of the penalty of the right class and of the smallest wrong one.
    """
    import numpy as np

    from ..losses import MapLoss

    how = RECIPES[recipe]
    model, held_out, found = _train(dataset, how, seed, epochs, train_digits, MapLoss(j))
    penalties = model.predict(held_out[0], verbose=0)
    right = np.eye(10, dtype=bool)[held_out[1]]
    nearest = np.where(right, np.inf, penalties).min(axis=1)
    return found | {
        "right_penalty": round(float(np.median(penalties[right])), 3),
        "wrong_penalty": round(float(np.median(nearest)), 3),
    }


def _numbers_j(run):
    """Return the numbers of the recipe with which j is tried."""
    return _steps(RECIPES[run["recipe"]])


PUBLISHED = [("plain", "as published"), ("distorted", "as published")]

EXPERIMENTS = {
    "published": Experiment(runs({"recipe part": PUBLISHED}), run, _numbers),
    "levenberg": Experiment(
        runs({"recipe": ["levenberg"], "part": ["as published"]}), run_levenberg, _numbers
    ),
    "parts": Experiment(runs({"recipe": ["short"], "part": PARTS}), run, _numbers),
    "constants": Experiment(runs({"recipe": ["short"], "j": JS}, seeds=3), run_j, _numbers_j),
}
