"""Long runs, computed once and kept: ``make results``.

What takes more than about a minute on two cores is no notebook cell. It is computed here, one row
per run, into small CSV files beside this module, and the chapters read and draw them. Nobody types
a number into such a file; a test runs a small slice again and compares.

Run ``python -m lenet_tutorial.results`` to add the rows that are missing (it can be interrupted:
finished runs are kept), or with ``--again`` to compute all of them anew.
"""

import argparse
import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "results"

#: Recipe name: how the network is trained. The article's is its ``compile`` and ``fit`` line. The
#: other one lets the learning rate fall to zero along a cosine and pulls the weights towards zero
#: (AdamW); its rate and weight decay were chosen on the validation split.
RECIPES = {
    "article": {
        "epochs": 10,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "weight_decay": 0.0,
    },
    "cosine": {
        "epochs": 10,
        "batch_size": 64,
        "learning_rate": 3e-3,
        "schedule": "cosine",
        "weight_decay": 0.05,
    },
}

#: The columns that say which run a row is. Each combination stands in a file once.
KEY = ["dataset", "recipe", "input_size", "pooling", "activation", "seed"]

#: File name without ending: the runs in it.
EXPERIMENTS = {
    # Chapter 4: what each change buys. All eight networks, the same recipe, five seeds.
    "changes": [
        dict(zip(KEY, ("mnist", "article", size, pooling, activation, seed), strict=True))
        for seed in range(5)
        for size in (28, 32)
        for pooling in ("average", "max")
        for activation in ("tanh", "relu")
    ],
    # Chapter 4: the textbook network and the article's with a learning rate that falls.
    "schedules": [
        dict(zip(KEY, ("mnist", "cosine", size, pooling, "tanh", seed), strict=True))
        for seed in range(5)
        for size, pooling in ((28, "max"), (32, "average"))
    ],
    # The same code on the bundled digits: quick enough for a test to run all of it again.
    "digits": [
        dict(zip(KEY, ("digits", "article", size, pooling, "tanh", seed), strict=True))
        for seed in range(3)
        for size, pooling in ((28, "max"), (32, "average"))
    ],
}


def read(name):
    """Read a file of results.

    Parameters
    ----------
    name : str
        One of the keys of `EXPERIMENTS`.

    Returns
    -------
    pandas.DataFrame
        One row per run: the columns of `KEY`, the recipe's numbers, the accuracies (shares
        between 0 and 1), the versions, the date and the class of machine.

    Raises
    ------
    ValueError
        If there is no such file.
    """
    import pandas as pd

    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.csv"))
        raise ValueError(
            f"no results called {name!r}; there are {known}. `make results` makes them"
        )
    return pd.read_csv(path)


def optimizer(recipe, steps):
    """Return a new optimiser: Adam, or AdamW where the recipe has a weight decay.

    Parameters
    ----------
    recipe : dict
        A value of `RECIPES`.
    steps : int
        Weight updates in the whole run; a cosine schedule reaches zero after them.
    """
    import keras

    rate = recipe["learning_rate"]
    if recipe["schedule"] == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps)
    if recipe["weight_decay"]:
        return keras.optimizers.AdamW(rate, weight_decay=recipe["weight_decay"])
    return keras.optimizers.Adam(rate)


def run(dataset, recipe, input_size, pooling, activation, seed, epochs=None, train_digits=None):
    """Train one network and return its row.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        A key of `RECIPES`.
    input_size, pooling, activation
        As :func:`lenet_tutorial.models.lenet5` takes them.
    seed : int
        Of the weights and the shuffling. The validation split is the same for all seeds.
    epochs : int, optional
        Stop after this many epochs of the recipe's; for a quick check.
    train_digits : int, optional
        Use the first so many training digits only; for a quick check.

    Returns
    -------
    dict
        ``val_accuracy_1`` is the validation accuracy after the first epoch, ``val_accuracy``
        and ``test_accuracy`` are those after the last one.
    """
    import keras

    from .datasets import load_digits28, prepare
    from .models import lenet5
    from .training import error_rate, set_seed, split_validation, train

    numbers = RECIPES[recipe]
    digits = load_digits28(dataset)
    x, y, x_val, y_val = split_validation(prepare(digits.x_train, input_size), digits.y_train)
    x, y = x[:train_digits], y[:train_digits]
    steps = -(-len(x) // numbers["batch_size"]) * numbers["epochs"]

    keras.backend.clear_session()
    set_seed(seed)
    model = lenet5(input_size, pooling, activation)
    history = train(
        model,
        x,
        y,
        validation=(x_val, y_val),
        epochs=epochs or numbers["epochs"],
        batch_size=numbers["batch_size"],
        optimizer=optimizer(numbers, steps),
        seed=seed,
    )
    test_error = error_rate(model, prepare(digits.x_test, input_size), digits.y_test)
    return {
        "dataset": dataset,
        "recipe": recipe,
        "input_size": input_size,
        "pooling": pooling,
        "activation": activation,
        "seed": seed,
        "parameters": model.count_params(),
        "train_digits": len(x),
        **numbers,
        "val_accuracy_1": round(history["val_accuracy"].iloc[0], 6),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": round(1 - test_error, 6),
        "keras": version("keras"),
        "backend": f"{keras.backend.backend()} {_backend_version()}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
    }


def _backend_version():
    import keras

    module = __import__(keras.backend.backend())
    return module.__version__


def make(name, again=False):
    """Compute the rows that a file lacks, and write it after each one.

    Parameters
    ----------
    name : str
        A key of `EXPERIMENTS`.
    again : bool
        Compute all rows anew.
    """
    import pandas as pd
    from tqdm import tqdm

    path = FOLDER / f"{name}.csv"
    have = pd.read_csv(path).to_dict("records") if path.is_file() and not again else []
    done = {tuple(row[column] for column in KEY) for row in have}
    todo = [wanted for wanted in EXPERIMENTS[name] if tuple(wanted.values()) not in done]
    for wanted in tqdm(todo, desc=name, unit="run"):
        have.append(run(**wanted))
        table = pd.DataFrame(have).sort_values(KEY)
        unfinished = path.with_suffix(".part")
        table.to_csv(unfinished, index=False, lineterminator="\n")
        unfinished.replace(path)  # a whole file takes the place of a whole file


def main(arguments=None):
    """Run ``python -m lenet_tutorial.results``."""
    parser = argparse.ArgumentParser(prog="python -m lenet_tutorial.results", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"files to make, of {', '.join(EXPERIMENTS)}")
    parser.add_argument("--again", action="store_true", help="compute rows anew that are there")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in EXPERIMENTS:
            parser.error(f"no experiment called {name!r}; there are {', '.join(EXPERIMENTS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in options.names or EXPERIMENTS:
        make(name, options.again)


if __name__ == "__main__":
    main()
