"""The layer table is right, or refuses, for every layer that Keras has.

What is right is found by force: one value of a layer's input after the other is changed, and we
look which of its units move. Nothing here knows a formula of the table.
"""

import functools

import keras
import numpy as np
import pytest
from keras import layers

from lenet_tutorial.folded import FoldedConv2D
from lenet_tutorial.layers import EuclideanRBF, Subsample, TableConv2D, squash
from lenet_tutorial.tables import layer_table

SIDE, MAPS = 8, 4

#: What the classes need that can't be made without arguments; a layer inside for those that wrap.
ARGUMENTS = {
    "Activation": lambda: ["tanh"],
    "AdaptiveAveragePooling1D": lambda: [2],
    "AdaptiveAveragePooling2D": lambda: [2],
    "AdaptiveAveragePooling3D": lambda: [2],
    "AdaptiveMaxPooling1D": lambda: [2],
    "AdaptiveMaxPooling2D": lambda: [2],
    "AdaptiveMaxPooling3D": lambda: [2],
    "AveragePooling1D": lambda: [2],
    "AveragePooling2D": lambda: [2],
    "AveragePooling3D": lambda: [1],
    "AlphaDropout": lambda: [0.5],
    "Bidirectional": lambda: [layers.LSTM(3)],
    "CategoryEncoding": lambda: [4],
    "CenterCrop": lambda: [4, 4],
    "Conv1D": lambda: [3, 2],
    "Conv1DTranspose": lambda: [3, 2],
    "Conv2D": lambda: [3, 2],
    "Conv2DTranspose": lambda: [3, 2],
    "Conv3D": lambda: [3, 2],
    "Conv3DTranspose": lambda: [3, 2],
    "ConvLSTM1D": lambda: [3, 2],
    "ConvLSTM2D": lambda: [3, 2],
    "ConvLSTM3D": lambda: [3, 1],
    "Dense": lambda: [7],
    "DepthwiseConv1D": lambda: [2],
    "DepthwiseConv2D": lambda: [2],
    "Discretization": lambda: [[0.0, 1.0]],
    "Dot": lambda: [-1],
    "Dropout": lambda: [0.5],
    "EinsumDense": lambda: ["abcd,de->abce", (None, None, 7)],
    "Embedding": lambda: [5, 3],
    "GRU": lambda: [3],
    "GaussianDropout": lambda: [0.5],
    "GaussianNoise": lambda: [0.5],
    "GroupNormalization": lambda: [2],
    "GroupQueryAttention": lambda: [2, 2, 2],
    "Hashing": lambda: [4],
    "HashedCrossing": lambda: [4],
    "LSTM": lambda: [3],
    "Lambda": lambda: [lambda x: x[:, ::2]],
    "MaxPooling1D": lambda: [2],
    "MaxPooling3D": lambda: [1],
    "MultiHeadAttention": lambda: [2, 2],
    "Permute": lambda: [(2, 1, 3)],
    "Pipeline": lambda: [[layers.Rescaling(2.0)]],
    "RNN": lambda: [layers.LSTMCell(3)],
    "RandomBrightness": lambda: [0.2],
    "RandomColorDegeneration": lambda: [0.2],
    "RandomContrast": lambda: [0.2],
    "RandomCrop": lambda: [4, 4],
    "RandomHue": lambda: [0.2],
    "RandomPosterization": lambda: [4],
    "RandomRotation": lambda: [0.2],
    "RandomSaturation": lambda: [0.2],
    "RandomSharpness": lambda: [0.2],
    "RandomTranslation": lambda: [0.2, 0.2],
    "RandomZoom": lambda: [0.2],
    "RepeatVector": lambda: [3],
    "Rescaling": lambda: [2.0],
    "Reshape": lambda: [(4, 16, MAPS)],
    "Resizing": lambda: [4, 4],
    "ReversibleEmbedding": lambda: [5, 3],
    "SeparableConv1D": lambda: [3, 2],
    "SeparableConv2D": lambda: [3, 2],
    "SimpleRNN": lambda: [3],
    "SpatialDropout1D": lambda: [0.5],
    "SpatialDropout2D": lambda: [0.5],
    "SpatialDropout3D": lambda: [0.5],
    "SpectralNormalization": lambda: [layers.Conv2D(3, 2)],
    "StackedRNNCells": lambda: [[layers.LSTMCell(3)]],
    "STFTSpectrogram": lambda: [],
    "TimeDistributed": lambda: [layers.Dense(3)],
    "Wrapper": lambda: [layers.Conv2D(3, 2)],
}

#: Not a layer, no layer that can stand in a network by itself, or one of another library.
NO_LAYER = {"InputSpec", "InputLayer", "Layer", "FlaxLayer", "JaxLayer"}
NO_LAYER |= {"TFSMLayer", "TorchModuleWrapper"}

#: The kinds that the table counts or hands on; all others are to be refused.
COUNTED = {
    "Conv2D", "Dense", "AveragePooling2D", "MaxPooling2D", "GlobalAveragePooling2D",
    "GlobalMaxPooling2D", "BatchNormalization", "Add", "ZeroPadding2D", "Cropping2D",
}  # fmt: skip
HANDED_ON = {
    "Activation", "Dropout", "ELU", "Flatten", "LeakyReLU", "ReLU", "Softmax", "SpatialDropout2D",
}  # fmt: skip


def public():
    """Return the public layer classes of Keras, each under one name."""
    found = {}
    for name in sorted(dir(layers)):
        kind = getattr(layers, name)
        if isinstance(kind, type) and name not in NO_LAYER:
            found.setdefault(kind, name)
            if kind.__name__ == name:
                found[kind] = name
    return sorted(found.values())


class Bridge(layers.Layer):
    """A layer that counts itself and hands over another shape, so that each kind can be reached."""

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = shape

    def call(self, maps):
        return keras.ops.reshape(maps, (-1, *self.shape))

    def table_row(self):
        nothing = {"connections": 0, "multiply_adds": 0}
        return {"kind": "bridge", "output": "?", "kernel": "–", "stride": "–"} | nothing

    def window(self):
        return 1, 1, 0


VALUES = SIDE * SIDE * MAPS
SHAPES = [None, (VALUES,), (SIDE * SIDE, MAPS), (SIDE, SIDE // 2, 2, MAPS), (SIDE, SIDE, 2, 2, 1)]


def network(layer, bridge=None, given="once"):
    """Return image → convolution → (bridge) → the layer, which gets the maps once or twice."""
    image = keras.Input((SIDE + 2, SIDE + 2, 1), name="image")
    maps = layers.Conv2D(MAPS, 3, name="front")(image)
    if bridge:
        maps = Bridge(bridge, name="bridge")(maps)
    ways = {"once": [maps], "as a list": [[maps, maps]], "apart": [maps, maps]}
    return keras.Model(image, layer(*ways[given]))


@functools.cache
def build(name):
    """Return the first network that the layer can stand in, and whether maps come to it."""
    problems = []
    for given in ("once", "as a list", "apart"):
        for shape in SHAPES:
            try:
                layer = getattr(layers, name)(*ARGUMENTS.get(name, list)())
                return network(layer, shape, given), layer, shape is None
            except Exception as error:  # Keras has many ways to say no
                problems.append(f"{shape}, {given}: {type(error).__name__}: {error}"[:200])
    return None, problems, False


@pytest.mark.parametrize("name", public())
def test_each_layer_of_keras_is_counted_right_or_refused(name):
    model, layer, on_maps = build(name)
    if model is None:  # Keras itself builds no network of it
        assert name not in COUNTED | HANDED_ON, layer
        return
    if name not in COUNTED | HANDED_ON:
        with pytest.raises(ValueError, match="layer") as caught:
            layer_table(model)
        said = str(caught.value)
        assert repr(layer.name) in said or repr(model.layers[-1].name) in said, said
        assert len(said) < 400 and "\n" not in said
        return
    assert on_maps
    check_by_force(model, layer)


def test_most_kinds_can_be_reached():
    assert sum(build(name)[0] is not None for name in public()) > 120


# --------------------------------------------------------------------------- by force


def fill(model):
    """Give all weights values above 0, so that nothing cancels out."""
    draw = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([draw.uniform(0.5, 1, w.shape) for w in layer.get_weights()])


def poke(model):
    """Return which units move with which values, (values, units), and which are moved by none."""
    shape = model.input_shape[1:]
    count = int(np.prod(shape))
    draw = np.random.default_rng(1)
    moved, still = 0, None
    # Twice, from another ground, since a maximum may hide a value.
    rest = draw.uniform(0.1, 0.2, (1, *shape)).astype("float32")
    images = np.concatenate([np.repeat(rest, count, 0), rest, 0 * rest])
    images.reshape(count + 2, count)[range(count), range(count)] += 1
    values = np.asarray(model([images] if isinstance(model, keras.Model) else images)).reshape(
        count + 2, -1
    )
    moved = np.abs(values[:count] - values[count]) > 1e-6
    still = np.abs(values[count + 1]) > 1e-6  # without any input: a bias
    return moved, still


def field(model):
    """Return the side of the largest square of pixels that moves a unit."""
    moved, _ = poke(model)
    height, width, maps = model.input_shape[1:]
    moved = moved.reshape(height, width, maps, -1).any(axis=2)
    sides = [0]
    for axis in (0, 1):
        seen = moved.any(axis=1 - axis)  # (pixels along the axis, units)
        for unit in seen.T:
            found = np.flatnonzero(unit)
            sides.append(found[-1] - found[0] + 1 if len(found) else 0)
    return max(sides)


def check_by_force(model, layer, padding=False):
    """Hold the table against changed values: of this layer, or of the layer after it."""
    fill(model)
    table = layer_table(model)
    known = set(table.index)
    assert known <= {one.name for one in model.layers}
    assert table["parameters"].sum() == model.count_params()
    if layer.name in known:
        check_row(model, layer, table.loc[layer.name], padding)
    # What comes after it stands where the table says.
    after = layers.Dense(2, name="after")
    if len(model.outputs[0].shape) == 4 and model.outputs[0].shape[1] > 1:
        after = layers.Conv2D(2, 2, name="after")
    longer = keras.Model(model.inputs, after(model.outputs[0]))
    fill(longer)
    check_row(longer, after, layer_table(longer).loc["after"], False)


def check_row(model, layer, row, padding):
    below = layer.input
    inputs = below if isinstance(below, list) else [below]
    moved, biased = count_inputs(layer, inputs)
    shape = layer.output.shape[1:]
    maps = f"{shape[-1]}@{shape[0]}×{shape[1]}" if len(shape) == 3 else str(shape[0])
    assert row["output"] == maps
    assert row["parameters"] == sum(int(np.prod(w.shape)) for w in layer.weights)
    if not padding:
        assert row["connections"] == moved + biased
        weighted = moved if layer.weights else 0
        if isinstance(layer, Subsample):  # one coefficient, times the sum
            weighted = int(np.prod(shape))
        assert row["multiply_adds"] == weighted
    upto = keras.Model(model.inputs, layer.output)
    assert row["receptive_field"] == field(upto)


def count_inputs(layer, inputs):
    """Return how many pairs of value and unit there are, and how many units have a bias."""
    moved = biased = 0
    for number in range(len(inputs)):
        new = [keras.Input(one.shape[1:]) for one in inputs]
        alone = keras.Model(new, layer(new if len(new) > 1 else new[0]))
        if len(new) > 1:  # one input after the other, the others dark
            alone = Only(alone, number, [one.shape[1:] for one in inputs])
        pairs, still = poke(alone)
        moved, biased = moved + int(pairs.sum()), int(still.sum())
    return moved, biased


class Only:
    """One input of a model with several; the others are 0."""

    def __init__(self, model, number, shapes):
        self.model, self.number, self.shapes = model, number, shapes
        self.input_shape = (None, *shapes[number])

    def __call__(self, images):
        dark = [np.zeros((len(images), *shape), "float32") for shape in self.shapes]
        dark[self.number] = images
        return self.model(dark)


CASES = {
    "dense on maps": lambda: [layers.Dense(7)],
    "dense on maps without bias": lambda: [layers.Dense(3, use_bias=False)],
    "dense, then flatten": lambda: [layers.Dense(3), layers.Flatten()],
    "flatten, dropout, dense": lambda: [layers.Flatten(), layers.Dropout(0.5), layers.Dense(3)],
    "dense, dense": lambda: [layers.Flatten(), layers.Dense(3), layers.Dense(2)],
    "grouped": lambda: [layers.Conv2D(6, 3, groups=2)],
    "groups and stride": lambda: [layers.Conv2D(4, 2, strides=2, groups=4, use_bias=False)],
    "dilated": lambda: [layers.Conv2D(2, 2, dilation_rate=3)],
    "stride beyond the kernel": lambda: [layers.Conv2D(2, 2, strides=3)],
    "stride that leaves pixels": lambda: [layers.Conv2D(2, 3, strides=4), layers.Flatten()],
    "pool with stride 1": lambda: [layers.MaxPooling2D(3, strides=1)],
    "average pool": lambda: [layers.AveragePooling2D(2)],
    "global, kept": lambda: [layers.GlobalAveragePooling2D(keepdims=True)],
    "global max, kept": lambda: [layers.GlobalMaxPooling2D(keepdims=True)],
    "global after stride": lambda: [layers.Conv2D(2, 3, strides=4), layers.GlobalMaxPooling2D()],
    "normalised units": lambda: [layers.Flatten(), layers.BatchNormalization()],
    "normalised, no centre": lambda: [layers.BatchNormalization(center=False)],
    "normalised, no scale": lambda: [layers.BatchNormalization(scale=False)],
    "normalised, neither": lambda: [layers.BatchNormalization(center=False, scale=False)],
    "softmax over maps": lambda: [layers.Softmax()],
    "softmax over units": lambda: [layers.Flatten(), layers.Softmax(), layers.BatchNormalization()],
    "softmax function": lambda: [
        layers.Flatten(), layers.Activation("softmax"), layers.BatchNormalization(),
    ],
    "convolution with a function": lambda: [layers.Conv2D(3, 2, activation="softplus")],
    "squashed": lambda: [layers.Activation(squash)],
    "subsampling": lambda: [Subsample(activation="linear")],
    "by table": lambda: [TableConv2D([[0, 1], [2], [0, 1, 2, 3]], 3, activation="linear")],
    "folded": lambda: [FoldedConv2D(3, 3)],
    "cropped": lambda: [layers.Cropping2D(1), layers.Conv2D(2, 2)],
    "cropped on one side": lambda: [layers.Cropping2D(((2, 0), (2, 0))), layers.Flatten()],
    "frozen": lambda: [layers.Conv2D(3, 2, trainable=False)],
}  # fmt: skip


def chain(stack, side=SIDE + 2, maps=1):
    """Return an image, a convolution and these layers."""
    return keras.Sequential(
        [keras.Input((side, side, maps)), layers.Conv2D(MAPS, 3, name="front"), *stack]
    )


@pytest.mark.parametrize("case", CASES)
def test_arguments_of_layers_are_counted_right(case):
    stack = CASES[case]()
    check_by_force(chain(stack), stack[-1])


PADDED = {
    "same": lambda: [layers.Conv2D(2, 3, padding="same")],
    "same, stride 2": lambda: [layers.Conv2D(2, 3, strides=2, padding="same")],
    "same, even": lambda: [layers.Conv2D(2, 4, strides=3, padding="same")],
    "same pool": lambda: [layers.AveragePooling2D(3, padding="same")],
    "zeros": lambda: [layers.ZeroPadding2D(2), layers.Conv2D(2, 3)],
    "zeros on one side": lambda: [layers.ZeroPadding2D(((3, 0), (3, 0))), layers.Conv2D(2, 3)],
    "zeros, cropped again": lambda: [
        layers.ZeroPadding2D(((SIDE, 0), (SIDE, 0))), layers.Cropping2D(((SIDE, 0), (SIDE, 0))),
        layers.Conv2D(2, 2),
    ],
    "few units, large step": lambda: [
        layers.Conv2D(2, 4, strides=4), layers.Conv2D(2, 3, padding="same"),
    ],
    "padded, then global": lambda: [
        layers.Conv2D(2, 3, strides=3, padding="same"), layers.GlobalAveragePooling2D(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", PADDED)
def test_padding_is_never_seen(case):
    stack = PADDED[case]()
    check_by_force(chain(stack), stack[-1], padding=True)


def test_a_dense_layer_on_maps_in_numbers():
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(4, 3, name="C1"), layers.Dense(7, name="D2")]
    )
    row = layer_table(model).loc["D2"]
    assert row[["kind", "output", "kernel", "stride"]].tolist() == ["dense", "7@26×26", "1×1", "1"]
    assert row[["parameters", "connections"]].tolist() == [35, 23_660]
    assert row[["multiply_adds", "receptive_field"]].tolist() == [18_928, 3]


# --------------------------------------------------------------------------- refused


class OwnConvolution(layers.Conv2D):
    def call(self, x):
        return super().call(x)[:, ::2, ::2]


class OwnDense(layers.Dense):
    pass


class OwnPooling(layers.MaxPooling2D):
    pass


class OwnRelu(layers.ReLU):
    def call(self, x):
        return keras.ops.mean(x, axis=(1, 2), keepdims=True) + x


class OwnFlatten(layers.Flatten):
    pass


class OwnDropout(layers.Dropout):
    pass


class OwnSubsample(Subsample):
    def call(self, maps):
        return super().call(maps) + keras.ops.mean(maps)


class OwnRBF(EuclideanRBF):
    pass


REFUSED = {
    "dilation": (lambda: layers.Conv2D(2, 3, dilation_rate=(1, 3)), "dilation is 1×3"),
    "kernel": (lambda: layers.Conv2D(2, (1, 3)), "window is 1×3"),
    "stride": (lambda: layers.Conv2D(2, 3, strides=(1, 2)), "stride is 1×2"),
    "pool": (lambda: layers.MaxPooling2D((2, 1)), "window is 2×1"),
    "average": (lambda: layers.AveragePooling2D((2, 4), strides=2), "window is 2×4"),
    "pool's stride": (lambda: layers.AveragePooling2D(2, strides=(1, 2)), "stride is 1×2"),
    "zeros": (lambda: layers.ZeroPadding2D((1, 2)), "padding that is not square"),
    "cropping": (lambda: layers.Cropping2D((1, 2)), "cropping that is not square"),
    "softmax along rows": (lambda: layers.Softmax(axis=1), "softmax along"),
    "softmax along all": (lambda: layers.Softmax(axis=(1, 2)), "softmax along"),
    "other axis": (lambda: layers.BatchNormalization(axis=1), "normalise each map"),
    "channels first": (
        lambda: layers.GlobalAveragePooling2D(data_format="channels_first"),
        "channels last",
    ),
    "zeros first": (
        lambda: layers.ZeroPadding2D(1, data_format="channels_first"),
        "channels last",
    ),
    "pool first": (
        lambda: layers.MaxPooling2D(2, data_format="channels_first"),
        "channels last",
    ),
    "function": (lambda: layers.Activation(lambda x: x[:, ::2]), "may look at any values"),
    "glu": (lambda: layers.Activation("glu"), "may look at any values"),
    "own function": (
        lambda: layers.Conv2D(2, 3, activation=lambda x: keras.ops.cumsum(x, axis=1)),
        "may look at any values",
    ),
    "dense's function": (
        lambda: layers.Dense(2, activation=lambda x: keras.ops.flip(x, axis=1)),
        "may look at any values",
    ),
    "our layer's function": (
        lambda: Subsample(activation=lambda x: x[:, ::2]),
        "may look at any values",
    ),
    "PReLU": (lambda: layers.PReLU(), "kind PReLU"),
    "nested": (
        lambda: keras.Sequential([keras.Input((SIDE, SIDE, MAPS)), layers.Conv2D(1, 3)]),
        "kind Sequential",
    ),
    "convolution of one's own": (lambda: OwnConvolution(2, 3), "kind OwnConvolution"),
    "dense of one's own": (lambda: OwnDense(2), "kind OwnDense"),
    "pooling of one's own": (lambda: OwnPooling(2), "kind OwnPooling"),
    "ReLU of one's own": (lambda: OwnRelu(), "kind OwnRelu"),
    "flatten of one's own": (lambda: OwnFlatten(), "kind OwnFlatten"),
    "dropout of one's own": (lambda: OwnDropout(0.5), "kind OwnDropout"),
    "our layer of one's own": (lambda: OwnSubsample(), "kind OwnSubsample"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_counted_is_refused_by_name(case):
    make, words = REFUSED[case]
    layer = make()
    with pytest.raises(ValueError, match=words) as caught:
        layer_table(chain([layer]))
    assert repr(layer.name) in str(caught.value)


def test_units_of_1998_of_ones_own_are_refused():
    layer = OwnRBF(np.ones((3, SIDE * SIDE * MAPS)))
    with pytest.raises(ValueError, match="kind OwnRBF"):
        layer_table(chain([layers.Flatten(), layer]))


def test_weights_that_a_layer_does_not_have_by_itself_are_refused():
    model = chain([layers.Flatten(), layers.Dense(4, name="D")])
    model.get_layer("D").enable_lora(2)
    with pytest.raises(ValueError, match=r"'D' has 1548 parameters.*1028: LoRA"):
        layer_table(model)
    model = chain([layers.Flatten(), layers.Dense(4, name="D")])
    model.get_layer("D").quantize("int8")
    with pytest.raises(ValueError, match=r"'D' has 1032 parameters.*quantised"):
        layer_table(model)
    model = chain([layers.Conv2D(4, 3, name="C")])
    model.get_layer("C").enable_lora(2)
    with pytest.raises(ValueError, match=r"'C' has .*LoRA"):
        layer_table(model)


def test_weights_of_another_layer_are_refused():
    model = chain([layers.Conv2D(MAPS, 3, name="one"), layers.Conv2D(MAPS, 3, name="two")])
    model.get_layer("two")._tracker.unlock()
    model.get_layer("two")._kernel = model.get_layer("one")._kernel
    with pytest.raises(ValueError, match="'two' has weights of layer 'one'"):
        layer_table(model)


def test_frozen_weights_count_as_all_others():
    model = chain([layers.Flatten(), layers.Dense(3)])
    usual = layer_table(model)
    model.trainable = False
    assert layer_table(model).equals(usual)
    assert usual["parameters"].sum() == model.count_params()


def test_a_layer_that_is_called_otherwise_than_usual_is_refused():
    image = keras.Input((8, 8, 1))
    norm = layers.BatchNormalization(name="norm")
    model = keras.Model(image, norm(image, training=True))  # then it sees all images of the batch
    with pytest.raises(ValueError, match="'norm' is called with more than its input"):
        layer_table(model)
    model = keras.Model(image, layers.BatchNormalization()(image, training=False))
    assert len(layer_table(model)) == 1


def test_maps_that_are_spread_over_others_are_refused():
    image = keras.Input((8, 8, 3))
    for other in ((1, 1, 3), (8, 8, 1)):
        small = layers.MaxPooling2D(8)(image) if other[0] == 1 else layers.Conv2D(1, 1)(image)
        with pytest.raises(ValueError, match="'add'"):
            layer_table(keras.Model(image, layers.Add(name="add")([image, small])))


def test_models_that_are_no_graph_of_layers_are_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    class OwnGraph(keras.Model):
        def call(self, x):
            return super().call(x) * 2

    image = keras.Input((8, 8, 1))
    graph = OwnGraph(image, layers.Conv2D(1, 3)(image))
    for model in (Own(), graph, None, "model", layers.Dense(3)):
        with pytest.raises(ValueError, match="no chain and no graph"):
            layer_table(model)
    with pytest.raises(ValueError, match="has no input yet"):
        layer_table(keras.Sequential([layers.Conv2D(1, 3)]))
    other = keras.Input((8, 8, 1))
    two = keras.Model([image, other], layers.Add()([image, other]))
    with pytest.raises(ValueError, match="one square image"):
        layer_table(two)
    named = keras.Model({"a": image, "b": other}, layers.Add()([image, other]))
    with pytest.raises(ValueError, match="one square image"):
        layer_table(named)


@pytest.mark.parametrize("kind", sorted(COUNTED | HANDED_ON))
def test_what_comes_in_a_sequence_is_refused(kind):
    """What is right for maps and units need not be for (steps, values)."""
    layer = getattr(layers, kind)(*ARGUMENTS.get(kind, list)())
    try:
        model = network(layer, (SIDE * SIDE, MAPS), "as a list" if kind == "Add" else "once")
    except ValueError:  # Keras refuses it already
        return
    with pytest.raises(ValueError, match="must get maps or units"):
        layer_table(model)


def test_several_outputs_are_all_counted():
    image = keras.Input((8, 8, 1))
    maps = layers.Conv2D(2, 3, name="C1")(image)
    one = layers.Dense(3, name="one")(layers.Flatten()(maps))
    two = layers.Conv2D(4, 3, name="two")(maps)
    table = layer_table(keras.Model(image, [one, two]))
    assert table["receptive_field"].to_dict() == {"C1": 3, "one": 8, "two": 5}


def test_units_can_not_go_back_to_maps():
    with pytest.raises(ValueError, match="'back' of kind Reshape"):
        layer_table(chain([layers.Flatten(), layers.Reshape((SIDE, SIDE, MAPS), name="back")]))


def test_a_layer_of_another_model_is_counted_with_its_new_input():
    shared = layers.GlobalAveragePooling2D(name="mean")
    chain([shared])
    table = layer_table(chain([shared], side=20))  # its output has the same shape as before
    assert table.loc["mean", "connections"] == 18 * 18 * MAPS
    assert table.loc["mean", "kernel"] == "18×18"
