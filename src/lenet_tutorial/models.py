"""The networks of the book, as Keras models whose layers carry the names of the paper.

The names C1, S2, C3, S4, C5, F6 are those of LeCun, Bottou, Bengio and Haffner (1998,
doi:10.1109/5.726791), section II-B. ``C`` is a convolution, ``S`` subsampling, ``F`` fully
connected.
"""

from ._checks import check_crop, check_one_of, check_whole, check_widths

ACTIVATIONS = ("tanh", "relu", "sigmoid")
POOLINGS = ("average", "max", "folded")
INPUT_SIZES = (28, 32)


def lenet5(
    input_size=32,
    pooling="average",
    activation="tanh",
    classes=10,
    maps=(6, 16),
    units=(120, 84),
    crop=0,
):
    """Build a LeNet-5 in today's layers.

    Parameters
    ----------
    input_size : {28, 32}
        Side of the square grey-scale input in pixels. With 32 the layer C5 is a 5×5
        convolution over 16 maps of 5×5, so its maps are 1×1, as in the paper. With 28 the maps
        of S4 are 4×4; they are flattened, and C5 is a dense layer.
    pooling : {'average', 'max', 'folded'}
        What S2 and S4 do with each 2×2 window. Neither has weights. With 'folded' S2 takes the
        mean, in front of the activation, so that C1 and S2 can be one layer, C1
        (:class:`lenet_tutorial.folded.FoldedConv2D`), which computes less; S4 takes the maximum.
    activation : {'tanh', 'relu', 'sigmoid'}
        Nonlinearity after C1, C3, C5 and F6.
    classes : int
        Number of outputs.
    maps : (int, int)
        Feature maps of C1 and of C3.
    units : tuple of int
        Units of C5 and of F6; with one number there is no F6.
    crop : int
        So many pixels at each side are cut off in front of C1, from 0 to 6; with an input of 28
        only. Digits of MNIST stand in the middle, so their border is nearly empty.

    Returns
    -------
    keras.Model
        Input ``(batch, input_size, input_size, 1)``, output ``(batch, classes)``: probabilities.

    Raises
    ------
    ValueError
        If an argument is none of the values named above.
    """
    input_size = check_one_of("input_size", input_size, INPUT_SIZES)
    pooling = check_one_of("pooling", pooling, POOLINGS)
    activation = check_one_of("activation", activation, ACTIVATIONS)
    classes = check_whole("classes", classes, 2)
    first, second = check_widths("maps", maps, (2,))
    c5, *f6 = check_widths("units", units, (1, 2))
    crop = check_crop(crop, input_size)

    import keras
    from keras import layers

    from .folded import FoldedConv2D

    pool = layers.AveragePooling2D if pooling == "average" else layers.MaxPooling2D
    model = keras.Sequential(name=f"lenet5_{input_size}_{pooling}_{activation}")
    model.add(keras.Input((input_size, input_size, 1)))
    if crop:
        model.add(layers.Cropping2D(crop, name="crop"))
    if pooling == "folded":
        model.add(FoldedConv2D(first, 5, activation=activation, name="C1"))
    else:
        model.add(layers.Conv2D(first, 5, activation=activation, name="C1"))
        model.add(pool(2, name="S2"))
    model.add(layers.Conv2D(second, 5, activation=activation, name="C3"))
    model.add(pool(2, name="S4"))
    if input_size == 32:
        model.add(layers.Conv2D(c5, 5, activation=activation, name="C5"))
        model.add(layers.Flatten(name="flatten"))
    else:
        model.add(layers.Flatten(name="flatten"))
        model.add(layers.Dense(c5, activation=activation, name="C5"))
    for count in f6:
        model.add(layers.Dense(count, activation=activation, name="F6"))
    # Probabilities are not rounded, in whatever type the layers below compute.
    model.add(layers.Dense(classes, activation="softmax", name="output", dtype="float32"))
    return model


def nine_looks(model):
    """Let a network look at each digit nine times, and take the mean of its answers.

    It sees the digit as it is, and moved by one pixel up, down, left, right and along the
    diagonals; what comes in at the border is 0. Nothing is learned by that: the parameters are
    those of the network.

    Parameters
    ----------
    model : keras.Model
        ``(batch, side, side, maps)`` to ``(batch, classes)``: probabilities.

    Returns
    -------
    keras.Model
        The same shapes. It shares the weights of `model`.
    """
    import keras
    from keras import layers

    digit = keras.Input(model.input_shape[1:])
    framed = layers.ZeroPadding2D(1)(digit)
    places = [(row, column) for row in range(3) for column in range(3)]
    looks = [layers.Cropping2D(((r, 2 - r), (c, 2 - c)))(framed) for r, c in places]
    return keras.Model(digit, layers.Average()([model(one) for one in looks]))


def lenet5_textbook():
    """Build the usual textbook LeNet-5: 32×32, tanh, average pooling, softmax; 61 706 parameters.

    It differs from the paper in C3 (every map sees all six maps of S2), in S2 and S4 (no trained
    coefficient and bias) and in the output (softmax in place of RBF units).
    """
    return lenet5(input_size=32, pooling="average", activation="tanh")


def lenet5_article():
    """Build the Keras LeNet: 28×28, tanh, max pooling; 44 426 parameters."""
    return lenet5(input_size=28, pooling="max", activation="tanh")


#: For each map of C3, the maps of S2 that it sees (LeCun et al. 1998, table I).
C3_TABLE = tuple(
    tuple(map(int, maps))
    for maps in (
        "012 123 234 345 450 501 0123 1234 2345 3450 4501 5012 0134 1245 0235 012345"
    ).split()
)


def lenet5_1998(
    subsampling="trained", activation="squash", c3="table", output="rbf", name="lenet5_1998"
):
    """Build LeNet-5 as published: 60 000 trained parameters, 340 908 connections.

    Each argument puts a modern part in the place of an original one; the defaults are the network
    of the paper (section II-B). Its answers are penalties: the smallest one wins.

    Parameters
    ----------
    subsampling : {'trained', 'average', 'max'}
        S2 and S4: the sum of 2×2 times a coefficient plus a bias, squashed; or the mean, or the
        maximum, without weights.
    activation : {'squash', 'tanh', 'relu'}
        Nonlinearity of C1, S2, C3, S4 and C5. F6 always squashes in front of RBF units, because
        their codes are made of +1 and −1.
    c3 : {'table', 'full'}
        Each map of C3 sees the maps of S2 that the paper's table I names, or all of them.
    output : {'rbf', 'softmax'}
        Distances to fixed codes, or a dense layer with softmax. The latter returns probabilities.
    name : str
        The model's name.

    Returns
    -------
    keras.Model
        Input ``(batch, 32, 32, 1)``, background −0.1 and ink 1.175; output ``(batch, 10)``.

    Raises
    ------
    ValueError
        If an argument is none of the values named above.
    """
    import keras

    from .layers import EuclideanRBF, FanInUniform, Subsample, TableConv2D, digit_codes, squash

    curve = {"squash": squash, "tanh": "tanh", "relu": "relu"}
    subsampling = check_one_of("subsampling", subsampling, ("trained", "average", "max"))
    activation = check_one_of("activation", activation, tuple(curve))
    c3 = check_one_of("c3", c3, ("table", "full"))
    output = check_one_of("output", output, ("rbf", "softmax"))
    curve = curve[activation]

    def subsample(name):
        if subsampling == "trained":
            return Subsample(activation=curve, name=name)
        kinds = {"average": keras.layers.AveragePooling2D, "max": keras.layers.MaxPooling2D}
        return kinds[subsampling](2, name=name)

    def conv(maps, name):
        start = FanInUniform()
        return keras.layers.Conv2D(maps, 5, activation=curve, kernel_initializer=start, name=name)

    def dense(units, activation, name):
        start = FanInUniform()
        return keras.layers.Dense(units, activation, kernel_initializer=start, name=name)

    by_table = TableConv2D(C3_TABLE, activation=curve, name="C3")
    rbf = EuclideanRBF(digit_codes(), name="output")
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            conv(6, "C1"),
            subsample("S2"),
            by_table if c3 == "table" else conv(16, "C3"),
            subsample("S4"),
            conv(120, "C5"),
            keras.layers.Flatten(name="flatten"),
            dense(84, squash if output == "rbf" else curve, "F6"),
            rbf if output == "rbf" else dense(10, "softmax", "output"),
        ],
        name=name,
    )


def lenet_1989():
    """Build the zip-code network of 1989: 9 760 parameters, 64 660 connections.

    H1 and H2 are convolutions with stride 2 and a bias for each unit; outside the image lies a
    background of −1 (LeCun et al. 1989, doi:10.1162/neco.1989.1.4.541). Each map of H2 sees eight
    of H1's twelve. The paper does not say which; here maps 0 to 3 see the first eight, maps 4 to 7
    the last eight, and maps 8 to 11 the first four and the last four, which is the choice of
    Karpathy (2022).

    Returns
    -------
    keras.Model
        Input ``(batch, 16, 16, 1)``, −1 to 1; output ``(batch, 10)``, squashed: +1 is a yes.
    """
    import keras

    from .layers import FanInUniform, TableConv2D, squash

    eight = (range(0, 8), range(4, 12), (*range(0, 4), *range(8, 12)))
    old = {"strides": 2, "padding": (2, 1), "background": -1.0, "bias": "unit"}

    def dense(units, name):
        return keras.layers.Dense(units, squash, kernel_initializer=FanInUniform(), name=name)

    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            TableConv2D([[0]] * 12, **old, name="H1"),
            TableConv2D([eight[n // 4] for n in range(12)], **old, name="H2"),
            keras.layers.Flatten(name="flatten"),
            dense(30, "H3"),
            dense(10, "output"),
        ],
        name="lenet_1989",
    )


def lenet1():
    """Build LeNet-1: 2 578 parameters, 98 442 connections.

    The network of LeCun et al. (1990), "Handwritten digit recognition with a back-propagation
    network", with its sizes, its totals (p. 402) and the pairs of its table 1 (p. 400): twelve maps
    over four, of which eight see two and four see one. That the outputs are squashed is a choice
    made here.

    Returns
    -------
    keras.Model
        Input ``(batch, 28, 28, 1)``; output ``(batch, 10)``, squashed: +1 is a yes.
    """
    import keras

    from .layers import FanInUniform, Subsample, TableConv2D, squash

    start = FanInUniform()
    half = ([0], [0, 1], [0, 1], [1], [0, 1], [0, 1])
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(4, 5, activation=squash, kernel_initializer=start, name="C1"),
            Subsample(name="S2"),
            TableConv2D([*half, *([2 + n for n in row] for row in half)], name="C3"),
            Subsample(name="S4"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(10, squash, kernel_initializer=start, name="output"),
        ],
        name="lenet1",
    )


def lenet4():
    """Build a LeNet-4: 17 998 parameters, 259 306 connections.

    The literature (LeCun et al. 1995, 1998) fixes four maps, eight subsampling maps in pairs,
    sixteen maps, sixteen subsampling maps, 120 units and 10 outputs, "about 17 000" parameters and
    "about 260 000" connections. It does not fix who sees whom. A C5 that sees everything would have
    48 120 weights alone, so it must see a part. Chosen here: in C3 twelve maps see four of the
    eight and four maps see three; each unit of C5 sees five of the sixteen maps of S4.

    Returns
    -------
    keras.Model
        Input ``(batch, 32, 32, 1)``; output ``(batch, 10)``, squashed: +1 is a yes.
    """
    import keras

    from .layers import FanInUniform, Subsample, TableConv2D, squash

    def around(first, count, of):
        return [(first + step) % of for step in range(count)]

    start = FanInUniform()
    c3 = [around(n, 3 if n % 4 == 3 else 4, 8) for n in range(16)]
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            keras.layers.Conv2D(4, 5, activation=squash, kernel_initializer=start, name="C1"),
            Subsample(repeat=2, name="S2"),
            TableConv2D(c3, name="C3"),
            Subsample(name="S4"),
            TableConv2D([around(n, 5, 16) for n in range(120)], name="C5"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(10, squash, kernel_initializer=start, name="output"),
        ],
        name="lenet4",
    )


def net_1989(number):
    """Build one of the five networks that LeCun compared in 1989, Net-1 to Net-5.

    From one to the next a constraint is added: a hidden layer, local windows, one layer of shared
    weights, two of them ("Generalization and network design strategies", CRG-TR-89-4; table 11.1 of
    Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition). The sizes
    of the layers, a bias for each unit and a frame around the image give the links and the weights
    of that table. Where the frame has one pixel more, and that its value is −1, is chosen here.

    Parameters
    ----------
    number : {1, 2, 3, 4, 5}
        Which one.

    Returns
    -------
    keras.Model
        Input ``(batch, 16, 16, 1)``, −1 to 1; output ``(batch, 10)``, squashed: +1 is a yes.

    Raises
    ------
    ValueError
        If there is no such network.
    """
    import keras

    from .layers import FanInUniform, TableConv2D, squash
    from .local import LocalConv2D

    number = check_one_of("number", number, (1, 2, 3, 4, 5))
    first = {"kernel_size": 3, "strides": 2, "padding": (1, 0), "background": -1.0}
    second = {"kernel_size": 5, "strides": 2, "padding": (2, 1), "background": -1.0}

    def dense(units, name):
        return keras.layers.Dense(units, squash, kernel_initializer=FanInUniform(), name=name)

    def shared(below, maps, how, name):
        return TableConv2D([range(below)] * maps, bias="unit", **how, name=name)

    flat = keras.layers.Flatten(name="flatten")
    hidden = {
        1: [flat],
        2: [flat, dense(12, "H1")],
        3: [LocalConv2D(1, **first, name="H1"), LocalConv2D(1, **second, name="H2"), flat],
        4: [shared(1, 2, first, "H1"), LocalConv2D(1, **second, name="H2"), flat],
        5: [shared(1, 2, first, "H1"), shared(2, 4, second, "H2"), flat],
    }[number]
    return keras.Sequential(
        [keras.Input((16, 16, 1)), *hidden, dense(10, "output")], name=f"net_{number}"
    )
