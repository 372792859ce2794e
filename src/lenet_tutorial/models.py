"""The networks of the book, as Keras models whose layers carry the names of the paper.

The names C1, S2, C3, S4, C5, F6 are those of LeCun, Bottou, Bengio and Haffner (1998,
doi:10.1109/5.726791), section II-B. ``C`` is a convolution, ``S`` subsampling, ``F`` fully
connected.
"""

ACTIVATIONS = ("tanh", "relu", "sigmoid")
POOLINGS = ("average", "max")
INPUT_SIZES = (28, 32)


def lenet5(input_size=32, pooling="average", activation="tanh", classes=10):
    """Build a LeNet-5 in today's layers.

    Parameters
    ----------
    input_size : {28, 32}
        Side of the square grey-scale input in pixels. With 32 the layer C5 is a 5×5
        convolution over 16 maps of 5×5, so its maps are 1×1, as in the paper. With 28 the maps
        of S4 are 4×4; they are flattened, and C5 is a dense layer.
    pooling : {'average', 'max'}
        What S2 and S4 do with each 2×2 window. Neither has weights.
    activation : {'tanh', 'relu', 'sigmoid'}
        Nonlinearity after C1, C3, C5 and F6.
    classes : int
        Number of outputs.

    Returns
    -------
    keras.Model
        Input ``(batch, input_size, input_size, 1)``, output ``(batch, classes)``: probabilities.

    Raises
    ------
    ValueError
        If an argument is none of the values named above.
    """
    if input_size not in INPUT_SIZES:
        raise ValueError(f"input_size must be one of {INPUT_SIZES}, got {input_size!r}")
    if pooling not in POOLINGS:
        raise ValueError(f"pooling must be one of {POOLINGS}, got {pooling!r}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {ACTIVATIONS}, got {activation!r}")
    if not isinstance(classes, int) or classes < 2:
        raise ValueError(f"classes must be a whole number of at least 2, got {classes!r}")

    import keras
    from keras import layers

    pool = layers.AveragePooling2D if pooling == "average" else layers.MaxPooling2D
    model = keras.Sequential(name=f"lenet5_{input_size}_{pooling}_{activation}")
    model.add(keras.Input((input_size, input_size, 1)))
    model.add(layers.Conv2D(6, 5, activation=activation, name="C1"))
    model.add(pool(2, name="S2"))
    model.add(layers.Conv2D(16, 5, activation=activation, name="C3"))
    model.add(pool(2, name="S4"))
    if input_size == 32:
        model.add(layers.Conv2D(120, 5, activation=activation, name="C5"))
        model.add(layers.Flatten(name="flatten"))
    else:
        model.add(layers.Flatten(name="flatten"))
        model.add(layers.Dense(120, activation=activation, name="C5"))
    model.add(layers.Dense(84, activation=activation, name="F6"))
    model.add(layers.Dense(classes, activation="softmax", name="output"))
    return model


def lenet5_textbook():
    """Build the usual textbook LeNet-5: 32×32, tanh, average pooling, softmax; 61 706 parameters.

    It differs from the paper in C3 (every map sees all six maps of S2), in S2 and S4 (no trained
    coefficient and bias) and in the output (softmax in place of RBF units).
    """
    return lenet5(input_size=32, pooling="average", activation="tanh")


def lenet5_article():
    """Build the Keras network of the article: 28×28, tanh, max pooling; 44 426 parameters."""
    return lenet5(input_size=28, pooling="max", activation="tanh")
