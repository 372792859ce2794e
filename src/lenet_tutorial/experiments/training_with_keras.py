"""Chapter 4: what each change to the network buys, and what the recipe does."""

from dataclasses import replace

from .. import datasets
from ..results import Experiment
from ..training import fit
from ..training.recipes import ARTICLE, Recipe

#: How the networks are trained: by the article's ``compile`` and ``fit`` lines; and with a learning
#: rate that falls to zero along a cosine, while AdamW pulls the weights towards zero. The rate and
#: the weight decay of the second were chosen on the validation split.
RECIPES = {
    "article": ARTICLE,
    "cosine": Recipe(
        "cosine", optimizer="adamw", learning_rate=3e-3, schedule="cosine", weight_decay=0.05
    ),
}
#: The numbers of a recipe that stand in the files.
NUMBERS = ("epochs", "batch_size", "learning_rate", "schedule", "weight_decay")

KEY = ["dataset", "recipe", "input_size", "pooling", "activation", "seed"]


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

    how = replace(RECIPES[recipe], input_size=input_size, pooling=pooling, activation=activation)
    digits = datasets.load_digits28(dataset)
    images = datasets.prepare(digits.x_train, input_size)
    x, y, x_val, y_val = fit.split_validation(images, digits.y_train)
    x, y = x[:train_digits], y[:train_digits]
    keras.backend.clear_session()
    model, history = how.train(x, y, (x_val, y_val), seed, epochs=epochs)
    x_test = datasets.prepare(digits.x_test, input_size)
    test_error = fit.error_rate(model, x_test, digits.y_test)
    return {
        "dataset": dataset,
        "recipe": recipe,
        "input_size": input_size,
        "pooling": pooling,
        "activation": activation,
        "seed": seed,
        "parameters": model.count_params(),
        "train_digits": len(x),
        **how.row(*NUMBERS),
        "val_accuracy_1": round(history["val_accuracy"].iloc[0], 6),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": round(1 - test_error, 6),
    }


EXPERIMENTS = {
    # All eight networks, the same recipe, five seeds.
    "changes": Experiment(
        [
            dict(zip(KEY, ("mnist", "article", size, pooling, activation, seed), strict=True))
            for seed in range(5)
            for size in (28, 32)
            for pooling in ("average", "max")
            for activation in ("tanh", "relu")
        ],
        run,
    ),
    # The textbook network and the article's with a learning rate that falls.
    "schedules": Experiment(
        [
            dict(zip(KEY, ("mnist", "cosine", size, pooling, "tanh", seed), strict=True))
            for seed in range(5)
            for size, pooling in ((28, "max"), (32, "average"))
        ],
        run,
    ),
    # The same code on the bundled digits: quick enough for a test to run all of it again.
    "digits": Experiment(
        [
            dict(zip(KEY, ("digits", "article", size, pooling, "tanh", seed), strict=True))
            for seed in range(3)
            for size, pooling in ((28, "max"), (32, "average"))
        ],
        run,
    ),
}
