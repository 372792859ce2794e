"""Chapter 4: what each change to the network buys, and what the recipe does."""

from ..results import Experiment

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

KEY = ["dataset", "recipe", "input_size", "pooling", "activation", "seed"]


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

    from ..datasets import load_digits28, prepare
    from ..models import lenet5
    from ..training.fit import error_rate, set_seed, split_validation, train

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
