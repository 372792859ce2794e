"""Chapter 12: how fast two workers are, and what a larger batch asks of the learning rate."""

from dataclasses import replace

from .. import datasets
from .._checks import check_one_of
from ..training import parallel
from ..training.recipes import Recipe
from .run import Experiment, accuracy, load, runs

#: Threads of each worker. With one core each, a worker stands for a machine of its own.
THREADS = {"one core each": 1}

#: The textbook network with a small batch. Its rate was chosen on the validation split.
BASE = Recipe(
    "same rate",
    input_size=32,
    pooling="average",
    epochs=4,
    batch_size=64,
    optimizer="sgd",
    learning_rate=0.05,
    momentum=0.9,
    nesterov=False,
)
TRAIN_DIGITS = 20_000
#: How the learning rate follows the batch: not at all; in proportion to it; in proportion, but
#: during the first epoch it rises to there from the base rate (Goyal et al. 2017).
RATES = ("same rate", "scaled rate", "scaled rate, warm-up")
BATCHES = (256, 1024, 4096)


def _digits(dataset, train_digits):
    return load(dataset, lambda images: datasets.prepare(images, BASE.input_size), train_digits)


def run_workers(dataset, recipe, workers, batch_size, seed, train_digits=TRAIN_DIGITS):
    """Train one epoch on so many workers, and return what was measured.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        A key of `THREADS`.
    workers, batch_size : int
        As :func:`lenet_tutorial.training.parallel.fit_parallel` takes them.
    seed : int
        Of the weights and of the order.
    train_digits : int
        Use the first so many training digits.

    Returns
    -------
    dict
        ``step_seconds`` and ``busy_seconds`` are those of
        :class:`lenet_tutorial.training.parallel.ParallelRun`; ``apart`` is how far the workers'
        weights differ in the end.
    """
    (x, y), held_out, _ = _digits(dataset, train_digits)
    model, threads = BASE.build(seed), THREADS[recipe]
    run = parallel.fit_parallel(model, x, y, workers, 1, batch_size, seed=seed, threads=threads)
    return {
        "train_digits": len(x),
        "step_seconds": round(run.step_seconds, 6),
        "busy_seconds": round(run.busy_seconds, 6),
        "apart": run.apart,
        "val_accuracy": accuracy(model, *held_out),
    }


def scaled(recipe, batch_size):
    """Return the recipe for a larger batch.

    Parameters
    ----------
    recipe : str
        One of `RATES`.
    batch_size : int
        Images in a step.

    Returns
    -------
    lenet_tutorial.training.recipes.Recipe

    Raises
    ------
    ValueError
        If the recipe is unknown.
    """
    recipe = check_one_of("recipe", recipe, RATES)
    how = replace(BASE, name=recipe, batch_size=batch_size)
    if recipe == "same rate":
        return how
    how = replace(how, learning_rate=BASE.learning_rate * batch_size / BASE.batch_size)
    if recipe == "scaled rate":
        return how
    return replace(how, warmup=1 / BASE.epochs, warmup_from=BASE.learning_rate)


def run_batches(dataset, recipe, batch_size, seed, epochs=None, train_digits=TRAIN_DIGITS):
    """Train with one batch size, and return what was measured.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        One of `RATES`.
    batch_size : int
        Images in a step.
    seed : int
        Of the weights and the shuffling.
    epochs : int, optional
        Stop after so many passes over the training digits; for a quick check.
    train_digits : int
        Use the first so many training digits.

    Returns
    -------
    dict
        Accuracies after the last epoch.
    """
    import keras

    train, held_out, test = _digits(dataset, train_digits)
    how, steps = scaled(recipe, batch_size), -(-len(train[0]) // batch_size)
    keras.backend.clear_session()
    model, history = how.train(
        *train, held_out, seed, epochs=epochs, steps_per_execution=min(20, steps)
    )
    return {
        "steps": steps * len(history),
        "train_digits": len(train[0]),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": accuracy(model, *test),
    }


def _numbers(run):
    """Return the numbers of a run on one machine that stand in the file."""
    how = scaled(run["recipe"], run["batch_size"])
    return {"base_rate": BASE.learning_rate, **how.row("momentum", "epochs")}


LARGER = [(recipe, batch_size) for batch_size in BATCHES for recipe in RATES]

EXPERIMENTS = {
    # Seeds outermost: what disturbs the machine for a while disturbs all alike. (`busy_seconds`
    # hardly depends on it, `step_seconds` does.)
    "workers": Experiment(
        runs({"recipe": THREADS, "workers batch_size": [(1, 64), (2, 64), (1, 1024), (2, 1024)]}),
        run_workers,
        lambda run: {"threads": THREADS[run["recipe"]]},
    ),
    "batches": Experiment(
        runs({"recipe batch_size": [("same rate", BASE.batch_size), *LARGER]}, seeds=2),
        run_batches,
        _numbers,
    ),
}
