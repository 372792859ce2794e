"""Chapter 10: one small network, shallow and deep, plain and with skip connections."""

from .. import datasets
from ..training import fit
from ..training.recipes import OPTIMIZERS, Recipe
from .run import Experiment, accuracy, load, runs

#: How each of them is trained: gradient descent with momentum, and a rate that falls along half a
#: cosine. Nothing was tuned for one of them: rate and epochs are the same for all.
RECIPE = Recipe(
    "deep",
    epochs=4,
    batch_size=64,
    optimizer="sgd",
    learning_rate=0.05,
    schedule="cosine",
    momentum=0.9,
    nesterov=False,
)
TRAIN_DIGITS = 10_000  # of MNIST's; of the bundled digits, all
MAPS = (8, 16)  # of the two stages

#: (layers, what joins them): 4 n + 2 layers for n blocks in each stage.
NETWORKS = [(6, "plain"), (6, "skip"), (30, "plain"), (30, "skip")]


def halved(images):
    """Take means of 2×2 pixels, so that many layers are cheap.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    numpy.ndarray
        ``(n, 14, 14, 1)``, float32, from 0 to 1.
    """
    images = datasets.prepare(images, 28)
    return images.reshape(len(images), 14, 2, 14, 2, 1).mean(axis=(2, 4))


def build(layers, joined):
    """Build a small network of 3×3 convolutions, plain or residual, as He et al. built theirs.

    A convolution; two stages of blocks, the first at 14×14 and the second at 7×7; the mean of each
    map; ten classes. A block is two convolutions, each with batch normalisation. Where a stage
    begins with fewer pixels, the skip connection is a 1×1 convolution with stride 2.

    Parameters
    ----------
    layers : int
        Layers with weights on the main path: 6, 10, 14 and so on.
    joined : {'plain', 'skip'}
        Whether each block hands on what it computes, or adds it to what it was given.

    Returns
    -------
    keras.Model
        Input ``(batch, 14, 14, 1)``, output ``(batch, 10)``, probabilities.

    Raises
    ------
    ValueError
        If there is no such network.
    """
    from keras import Input, Model
    from keras import layers as parts

    blocks, rest = divmod(layers - 2, 4)
    if rest or blocks < 1 or joined not in ("plain", "skip"):
        raise ValueError(f"4 n + 2 layers, 'plain' or 'skip', got {layers} and {joined!r}")

    def convolve(x, maps, stride=1, kernel=3):
        how = {"strides": stride, "padding": "same", "use_bias": False}
        x = parts.Conv2D(maps, kernel, kernel_initializer="he_normal", **how)(x)
        return parts.BatchNormalization(momentum=0.9)(x)

    image = x = Input((14, 14, 1))
    x = parts.ReLU()(convolve(x, MAPS[0]))
    for stage, maps in enumerate(MAPS):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            f = convolve(parts.ReLU()(convolve(x, maps, stride)), maps)
            if joined == "skip":
                way = x if stride == 1 else convolve(x, maps, stride, kernel=1)
                f = parts.Add()([way, f])
            x = parts.ReLU()(f)
    x = parts.GlobalAveragePooling2D()(x)
    return Model(image, parts.Dense(10, activation="softmax")(x), name=f"{joined}{layers}")


def run(dataset, recipe, layers, joined, seed, epochs=None, train_digits=TRAIN_DIGITS):
    """Train one of the networks, and return what was measured.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        ``"deep"``: there is only one.
    layers : int
        As :func:`build` takes it.
    joined : str
        As :func:`build` takes it.
    seed : int
        Of the weights and the order of the digits.
    epochs : int, optional
        Stop after so many epochs of the recipe's; for a quick check.
    train_digits : int, optional
        Use the first so many training digits only.

    Returns
    -------
    dict
        Measured after the last epoch, as the network is used: by running means.
        ``train_accuracy`` is that of the digits it learned from.
    """
    import keras

    train, held_out, test = load(dataset, halved, train_digits)
    keras.backend.clear_session()
    fit.set_seed(seed)
    model, history = RECIPE.train(
        *train, held_out, seed, model=build(layers, joined), epochs=epochs, steps_per_execution=20
    )
    return {
        "parameters": model.count_params(),
        "train_digits": len(train[0]),
        "train_accuracy": accuracy(model, *train),
        "val_accuracy": round(history["val_accuracy"].iloc[-1], 6),
        "test_accuracy": accuracy(model, *test),
    }


def _numbers(run):
    """Return the numbers of a run's recipe that stand in the file."""
    row = {"optimizer": OPTIMIZERS[RECIPE.optimizer]}
    return row | RECIPE.row("epochs", "batch_size", "learning_rate", "momentum")


EXPERIMENTS = {
    "deep": Experiment(runs({"recipe": ["deep"], "layers joined": NETWORKS}), run, _numbers),
}
