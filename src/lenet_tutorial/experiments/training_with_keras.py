"""Chapter 5: what each change to the network buys, and what the recipe does."""

from dataclasses import replace

from .. import datasets
from ..training.recipes import ARTICLE, Recipe
from .run import Experiment, accuracy, load, runs

#: How the networks are trained: by the Keras LeNet's ``compile`` and ``fit`` lines; and with a
#: learning rate that falls to zero along a cosine, while AdamW pulls the weights towards zero. The
#: rate and the weight decay of the second were chosen on the validation split.
RECIPES = {
    "article": ARTICLE,
    "cosine": Recipe(
        "cosine", optimizer="adamw", learning_rate=3e-3, schedule="cosine", weight_decay=0.05
    ),
}
#: The numbers of a recipe that stand in the files.
NUMBERS = ("epochs", "batch_size", "learning_rate", "schedule", "weight_decay")


def run(dataset, recipe, input_size, pooling, activation, seed, epochs=None, train_digits=None):
    """Train one network, and return what was measured.

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
    train, held_out, test = load(
        dataset, lambda images: datasets.prepare(images, input_size), train_digits
    )
    keras.backend.clear_session()
    model, history = how.train(*train, held_out, seed, epochs=epochs)
    return {
        "parameters": model.count_params(),
        "train_digits": len(train[0]),
        "val_accuracy_1": round(history["val_accuracy"].iloc[0], 6),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": accuracy(model, *test),
    }


def _numbers(run):
    """Return the numbers of a run's recipe that stand in the files."""
    return RECIPES[run["recipe"]].row(*NUMBERS)


TWO_NETWORKS = [(28, "max"), (32, "average")]  # the Keras LeNet's and the textbook's

EXPERIMENTS = {
    # All eight networks, the same recipe, five seeds.
    "changes": Experiment(
        runs(
            {
                "recipe": ["article"],
                "input_size": [28, 32],
                "pooling": ["average", "max"],
                "activation": ["tanh", "relu"],
            },
            seeds=5,
        ),
        run,
        _numbers,
    ),
    # Two of them with a learning rate that falls.
    "schedules": Experiment(
        runs(
            {"recipe": ["cosine"], "input_size pooling": TWO_NETWORKS, "activation": ["tanh"]},
            seeds=5,
        ),
        run,
        _numbers,
    ),
    # The same code on the bundled digits: quick enough for a test to run all of it again.
    "digits": Experiment(
        runs(
            {"recipe": ["article"], "input_size pooling": TWO_NETWORKS, "activation": ["tanh"]},
            dataset="digits",
        ),
        run,
        _numbers,
    ),
}
