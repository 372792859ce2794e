"""Chapter 16: how small can it be? Parameters deleted, and networks that never had many."""

import functools

from .. import datasets
from ..training import fit
from ..training.pruning import BY, Mask, scores
from ..training.recipes import Recipe
from ..weights import rounded
from .in_code_1989 import draw, learn, network, recipes
from .run import Experiment, accuracy, load, runs

#: The network of 1989 learns as chapter 9 lets it; then a part goes, and the rest learns again.
FIRST = recipes()["adamw"]
AGAIN = Recipe(
    "again",
    epochs=4,  # passes after each deletion
    batch_size=64,
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=0.01,
)
#: Per cent of the parameters that are left, stage by stage.
STAGES = (70, 50, 40, 30, 25, 20, 15, 10, 7, 5)
#: Training digits from which the curvatures are estimated.
SAMPLE = 1000


@functools.cache
def _draw(dataset):
    return draw(datasets.load_digits28(dataset), FIRST["digits"])


@functools.cache
def _first(dataset, seed, passes):
    """Return the weights of a trained network, which all ways of deleting begin with."""
    x, y, *_ = _draw(dataset)
    return learn(FIRST, x, y, (x[:100], y[:100]), seed, passes)[0].get_weights()


def prune(dataset, recipe, seed, stages=STAGES, passes=None):
    """Delete parameters of a trained network: all at once, and in stages with learning between.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to draw from.
    recipe : {'saliency', 'magnitude', 'random'}
        Which parameters go first, as :func:`lenet_tutorial.training.pruning.scores` takes it.
    seed : int
        Of the start weights, the shuffling and the lots.
    stages : sequence of int
        Per cent that are left, one stage after the other; some of `STAGES` for a quick check.
    passes : int, optional
        Stop the first training after so many; for a quick check.

    Returns
    -------
    dict
        Errors are shares: ``test_error`` of the whole network; for each stage N
        ``once_test_error_N`` if all is deleted at once and nothing learns again,
        ``cut_test_error_N`` right after this stage's deletion, and ``test_error_N`` after the rest
        has learned again.
    """
    import keras

    x, y, x_test, y_test = _draw(dataset)
    whole, model = _first(dataset, seed, passes), network()
    model.set_weights(whole)
    mask = Mask(model)

    def error():
        return round(fit.error_rate(model, x_test, y_test), 6)

    def delete(share):
        judged = scores(model, recipe, x[:SAMPLE], seed=share)
        mask.keep(judged, round(model.count_params() * share / 100))

    found = {"parameters": model.count_params(), "test_error": error()}
    once = scores(model, recipe, x[:SAMPLE], seed)
    for share in stages:  # each time a part of what was left by the one before
        mask.keep(once, round(model.count_params() * share / 100))
        found[f"once_test_error_{share}"] = error()
    mask.reset()
    model.set_weights(whole)

    def begin(epoch, logs=None):
        stage, begun = divmod(epoch, AGAIN.epochs)
        if begun == 0:
            delete(stages[stage])
            found[f"cut_test_error_{stages[stage]}"] = error()

    def end(epoch, logs=None):
        stage, begun = divmod(epoch + 1, AGAIN.epochs)
        if begun == 0:
            found[f"test_error_{stages[stage - 1]}"] = error()

    fit.train(
        *(model, x, y, (x[:100], y[:100])),
        epochs=AGAIN.epochs * len(stages),
        batch_size=AGAIN.batch_size,
        optimizer=AGAIN.new_optimizer(1),
        seed=seed,
        steps_per_execution=-(-len(x) // AGAIN.batch_size),
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)],
    )
    return found


#: The textbook LeNet-5, of which the weights are rounded.
TEXTBOOK = Recipe(
    "textbook",
    input_size=32,
    pooling="average",
    epochs=4,
    batch_size=128,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="cosine",
    weight_decay=0.05,
)
#: Binary digits of a rounded weight.
BITS = (8, 6, 5, 4, 3, 2)


def round_weights(dataset, recipe, seed, epochs=None):
    """Train the textbook network, round its weights more and more coarsely, and measure each.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : {'textbook'}
        `TEXTBOOK`.
    seed : int
        Of the weights and the shuffling.
    epochs : int, optional
        Stop after so many; for a quick check.

    Returns
    -------
    dict
        ``test_accuracy`` as it was trained, and ``test_accuracy_B`` with B bits.
    """
    digits = load(dataset, lambda images: datasets.prepare(images, 32))
    model, found = _learn(TEXTBOOK, digits, seed, epochs, lambda: TEXTBOOK.build(seed))
    whole = model.get_weights()
    for bits in BITS:
        model.set_weights([rounded(array, bits) for array in whole])
        found[f"test_accuracy_{bits}"] = accuracy(model, *digits[2])
    return found


#: How the small networks learn.
FEW = Recipe(
    "small",
    epochs=8,
    batch_size=128,
    optimizer="adamw",
    learning_rate=1e-2,
    schedule="cosine",
    warmup=0.1,
    weight_decay=0.001,
)
#: Maps of the two convolutions.
SMALL = ("2-4", "3-6", "6-12", "8-16")


def small_network(maps):
    """Build a LeNet with few maps, and with one dense layer, the output.

    Parameters
    ----------
    maps : str
        How many maps each convolution has, such as ``'3-6'``.

    Returns
    -------
    keras.Model
        Input ``(batch, 28, 28, 1)``, 0 to 1; output ``(batch, 10)``, probabilities.
    """
    import keras
    from keras import layers

    stack = [keras.Input((28, 28, 1))]
    for count in map(int, maps.split("-")):
        stack += [layers.Conv2D(count, 5, activation="relu"), layers.MaxPooling2D()]
    return keras.Sequential([*stack, layers.Flatten(), layers.Dense(10, "softmax")])


def shrink(dataset, recipe, maps, seed, epochs=None):
    """Train a small network.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : {'small'}
        `FEW`.
    maps : str
        As :func:`small_network` takes it.
    seed : int
        Of the weights and the shuffling.
    epochs : int, optional
        Stop after so many; for a quick check.

    Returns
    -------
    dict
        Accuracies after the last epoch.
    """
    digits = load(dataset, datasets.prepare)
    return _learn(FEW, digits, seed, epochs, lambda: small_network(maps))[1]


def _learn(how, digits, seed, epochs, build):
    """Build and train a network; return it, and what was measured at the end."""
    import keras

    train, held_out, test = digits
    keras.backend.clear_session()
    fit.set_seed(seed)
    model, _ = how.train(
        *train, held_out, seed, model=build(), epochs=epochs, steps_per_execution=20
    )
    return model, {
        "parameters": model.count_params(),
        "train_digits": len(train[0]),
        "val_accuracy": accuracy(model, *held_out),
        "test_accuracy": accuracy(model, *test),
    }


EXPERIMENTS = {
    # What is deleted from the network of 1989.
    "pruning": Experiment(
        runs({"recipe": BY}),
        prune,
        lambda run: {"sample": SAMPLE, **AGAIN.row("epochs", "batch_size", "learning_rate")},
    ),
    # LeNet-5's weights with fewer bits.
    "bits": Experiment(
        runs({"recipe": [TEXTBOOK.name]}),
        round_weights,
        lambda run: TEXTBOOK.row("epochs", "batch_size", "learning_rate", "schedule"),
    ),
    # Networks that never had many parameters.
    "smallest": Experiment(
        runs({"recipe": [FEW.name], "maps": SMALL}),
        shrink,
        lambda run: FEW.row("epochs", "batch_size", "learning_rate", "schedule", "warmup"),
    ),
}
