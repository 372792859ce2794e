"""Chapter 10: how fast two workers are, and what a larger batch asks of the learning rate."""

from .._checks import check_one_of
from ..results import Experiment

#: Threads of each worker. With one core each, a worker stands for a machine of its own.
THREADS = {"one core each": 1}

MOMENTUM = 0.9
BASE_BATCH = 64
#: Of the base batch; chosen on the validation split.
BASE_RATE = 0.05
EPOCHS = 4
TRAIN_DIGITS = 20_000
#: How the learning rate follows the batch: not at all; in proportion to it; in proportion, but
#: during the first epoch it rises to there from the base rate (Goyal et al. 2017).
RATES = ("same rate", "scaled rate", "scaled rate, warm-up")
BATCHES = (256, 1024, 4096)


def run_workers(dataset, recipe, workers, batch_size, seed, train_digits=TRAIN_DIGITS):
    """Train one epoch on so many workers and return the row.

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
    from ..datasets import load_digits28, prepare
    from ..models import lenet5_textbook
    from ..training.fit import error_rate, set_seed, split_validation
    from ..training.parallel import fit_parallel

    digits = load_digits28(dataset)
    x, y, x_val, y_val = split_validation(prepare(digits.x_train, 32), digits.y_train)
    x, y = x[:train_digits], y[:train_digits]
    set_seed(seed)
    model = lenet5_textbook()
    threads = THREADS[recipe]
    run = fit_parallel(model, x, y, workers, 1, batch_size, seed=seed, threads=threads)
    return {
        "dataset": dataset,
        "recipe": recipe,
        "workers": workers,
        "batch_size": batch_size,
        "seed": seed,
        "threads": threads,
        "train_digits": len(x),
        "step_seconds": round(run.step_seconds, 6),
        "busy_seconds": round(run.busy_seconds, 6),
        "apart": run.apart,
        "val_accuracy": round(1 - error_rate(model, x_val, y_val), 6),
    }


def rate(recipe, batch_size, steps):
    """Return the learning rate, a number or a schedule.

    Parameters
    ----------
    recipe : str
        One of `RATES`.
    batch_size : int
        Images in a step.
    steps : int
        Steps in an epoch.

    Returns
    -------
    float or keras.optimizers.schedules.LearningRateSchedule

    Raises
    ------
    ValueError
        If the recipe is unknown.
    """
    recipe = check_one_of("recipe", recipe, RATES)
    if recipe == "same rate":
        return BASE_RATE
    scaled = BASE_RATE * batch_size / BASE_BATCH
    if recipe == "scaled rate":
        return scaled
    import keras

    return keras.optimizers.schedules.PolynomialDecay(BASE_RATE, steps, scaled)


def run_batches(dataset, recipe, batch_size, seed, epochs=EPOCHS, train_digits=TRAIN_DIGITS):
    """Train with one batch size and return the row.

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
    epochs : int
        Passes over the training digits.
    train_digits : int
        Use the first so many training digits.

    Returns
    -------
    dict
        Accuracies after the last epoch.
    """
    import keras

    from ..datasets import load_digits28, prepare
    from ..models import lenet5_textbook
    from ..training.fit import error_rate, set_seed, split_validation, train

    digits = load_digits28(dataset)
    x, y, x_val, y_val = split_validation(prepare(digits.x_train, 32), digits.y_train)
    x, y = x[:train_digits], y[:train_digits]
    steps = -(-len(x) // batch_size)
    keras.backend.clear_session()
    set_seed(seed)
    model = lenet5_textbook()
    history = train(
        model,
        x,
        y,
        validation=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        optimizer=keras.optimizers.SGD(rate(recipe, batch_size, steps), momentum=MOMENTUM),
        seed=seed,
        steps_per_execution=min(20, steps),
    )
    test_error = error_rate(model, prepare(digits.x_test, 32), digits.y_test)
    return {
        "dataset": dataset,
        "recipe": recipe,
        "batch_size": batch_size,
        "seed": seed,
        "base_rate": BASE_RATE,
        "momentum": MOMENTUM,
        "epochs": epochs,
        "steps": steps * epochs,
        "train_digits": len(x),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": round(1 - test_error, 6),
    }


EXPERIMENTS = {
    # Seeds outermost: what disturbs the machine for a while disturbs all alike. (`busy_seconds`
    # hardly depends on it, `step_seconds` does.)
    "workers": Experiment(
        [
            {
                "dataset": "mnist",
                "recipe": "one core each",
                "workers": workers,
                "batch_size": batch,
                "seed": seed,
            }
            for seed in range(3)
            for batch in (64, 1024)
            for workers in (1, 2)
        ],
        run_workers,
    ),
    "batches": Experiment(
        [
            {"dataset": "mnist", "recipe": recipe, "batch_size": batch, "seed": seed}
            for seed in range(2)
            for batch in (BASE_BATCH, *BATCHES)
            for recipe in (RATES if batch != BASE_BATCH else RATES[:1])
        ],
        run_batches,
    ),
}
