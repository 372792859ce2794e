"""The sizes of a model follow from its description, as Keras would find them, and have limits."""

import copy
import json

import keras
import numpy as np
import pytest
from keras import layers

from lenet_tutorial import layers as ours
from lenet_tutorial import models
from lenet_tutorial.command.model_files import flow, our_layers
from lenet_tutorial.command.model_files import sizes as modelsizes
from lenet_tutorial.command.model_files.archive import DROPPED, ModelError
from lenet_tutorial.command.model_files.checked_layer import LAYERS
from lenet_tutorial.command.model_files.inputs import input_of
from lenet_tutorial.command.model_files.sizes import trace
from lenet_tutorial.networks import NETWORKS
from lenet_tutorial.outputs import meaning
from lenet_tutorial.training.describe import without


def described(model):
    """Return a model's description, as a file has it."""
    return without(json.loads(json.dumps(keras.saving.serialize_keras_object(model))), DROPPED)


def chain(*inner, shape=(28, 28, 1), dtype=None):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *inner])


MAPS, ROWS, LIST = (11, 9, 4), (11, 6), (12,)
# For each kind of layer: its input, and arguments that make its size anything but usual.
WAYS = {
    "Identity": [(MAPS, {})],
    "ActivityRegularization": [(MAPS, {"l1": 0.1})],
    "Dropout": [(MAPS, {"rate": 0.1})],
    "SpatialDropout1D": [(ROWS, {"rate": 0.1})],
    "SpatialDropout2D": [(MAPS, {"rate": 0.1})],
    "AlphaDropout": [(MAPS, {"rate": 0.1})],
    "GaussianDropout": [(MAPS, {"rate": 0.1})],
    "GaussianNoise": [(MAPS, {"stddev": 0.1})],
    "RandomBrightness": [((11, 9, 3), {"factor": 0.1})],
    "RandomContrast": [((11, 9, 3), {"factor": 0.1})],
    "RandomErasing": [((11, 9, 3), {"factor": 0.1})],
    "RandomFlip": [(MAPS, {})],
    "RandomGaussianBlur": [((11, 9, 3), {"factor": 0.1})],
    "RandomPerspective": [((11, 9, 3), {"factor": 0.1})],
    "RandomRotation": [(MAPS, {"factor": 0.1})],
    "RandomSharpness": [((11, 9, 3), {"factor": 0.1})],
    "RandomShear": [((11, 9, 3), {"x_factor": 0.1})],
    "RandomTranslation": [(MAPS, {"height_factor": 0.1, "width_factor": 0.2})],
    "RandomZoom": [(MAPS, {"height_factor": 0.1})],
    "ReLU": [(MAPS, {"max_value": 6.0})],
    "LeakyReLU": [(MAPS, {"negative_slope": 0.2})],
    "ELU": [(MAPS, {"alpha": 0.5})],
    "Activation": [(MAPS, {"activation": "tanh"}), (LIST, {"activation": "linear"})],
    "Softmax": [(LIST, {}), (MAPS, {"axis": 1})],
    "PReLU": [(MAPS, {}), (MAPS, {"shared_axes": [1, 2]})],
    "BatchNormalization": [(MAPS, {}), (LIST, {"scale": False}), (MAPS, {"axis": 1})],
    "LayerNormalization": [(MAPS, {}), (MAPS, {"axis": [1, 2, 3]})],
    "GroupNormalization": [(MAPS, {"groups": 2})],
    "RMSNormalization": [(MAPS, {})],
    "UnitNormalization": [(MAPS, {})],
    "Normalization": [(MAPS, {}), (MAPS, {"axis": None}), (MAPS, {"mean": 0.1, "variance": 2.0})],
    "Rescaling": [(MAPS, {"scale": 0.5, "offset": -1})],
    "Dense": [(LIST, {"units": 7}), (MAPS, {"units": 7, "use_bias": False, "activation": "relu"})],
    "Conv1D": [
        (ROWS, {"filters": 5, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
        (ROWS, {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ],
    "Conv2D": [
        (MAPS, {"filters": 6, "kernel_size": (3, 2), "strides": (2, 3), "groups": 2}),
        (MAPS, {"filters": 6, "kernel_size": 3, "dilation_rate": (2, 1), "padding": "same"}),
    ],
    "DepthwiseConv1D": [(ROWS, {"kernel_size": 3, "depth_multiplier": 2})],
    "DepthwiseConv2D": [(MAPS, {"kernel_size": 3, "depth_multiplier": 3, "strides": 2})],
    "SeparableConv1D": [(ROWS, {"filters": 3, "kernel_size": 3})],
    "SeparableConv2D": [(MAPS, {"filters": 3, "kernel_size": 2, "padding": "same"})],
    "Conv1DTranspose": [(ROWS, {"filters": 3, "kernel_size": 2, "strides": 3})],
    "Conv2DTranspose": [
        (MAPS, {"filters": 3, "kernel_size": (1, 4), "strides": 2}),
        (MAPS, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ],
    "MaxPooling1D": [(ROWS, {})],
    "MaxPooling2D": [(MAPS, {"pool_size": 3, "strides": 2, "padding": "same"})],
    "AveragePooling1D": [(ROWS, {"pool_size": 3})],
    "AveragePooling2D": [(MAPS, {"pool_size": (2, 3)})],
    "GlobalMaxPooling1D": [(ROWS, {})],
    "GlobalMaxPooling2D": [(MAPS, {"keepdims": True})],
    "GlobalAveragePooling1D": [(ROWS, {"keepdims": True})],
    "GlobalAveragePooling2D": [(MAPS, {})],
    "Flatten": [(MAPS, {}), (LIST, {})],
    "Reshape": [(MAPS, {"target_shape": (3, -1, 11)})],
    "Permute": [(MAPS, {"dims": (3, 1, 2)})],
    "RepeatVector": [(LIST, {"n": 5})],
    "ZeroPadding1D": [(ROWS, {"padding": (1, 2)}), (ROWS, {"padding": 3})],
    "ZeroPadding2D": [(MAPS, {"padding": ((1, 2), (3, 4))}), (MAPS, {"padding": 2})],
    "Cropping1D": [(ROWS, {"cropping": (1, 2)})],
    "Cropping2D": [(MAPS, {"cropping": ((1, 2), (3, 4))}), (MAPS, {"cropping": (2, 1)})],
    "UpSampling1D": [(ROWS, {"size": 3})],
    "UpSampling2D": [(MAPS, {"size": (2, 3), "interpolation": "bilinear"})],
    "Resizing": [(MAPS, {"height": 7, "width": 5})],
    "CenterCrop": [(MAPS, {"height": 7, "width": 5})],
    "RandomCrop": [(MAPS, {"height": 7, "width": 5})],
    "SimpleRNN": [(ROWS, {"units": 3})],
    "LSTM": [(ROWS, {"units": 3, "return_sequences": True})],
    "GRU": [(ROWS, {"units": 3}), (ROWS, {"units": 3, "reset_after": False})],
    "Distort": [((11, 9, 1), {})],
    "ElasticDistort": [((11, 9, 1), {})],
    "Subsample": [(MAPS, {"repeat": 2})],
    "TableConv2D": [
        (MAPS, {"table": [[0, 1], [3]], "kernel_size": 3, "padding": (2, 1), "strides": 2}),
        (MAPS, {"table": [[0, 1], [3]], "kernel_size": 3, "bias": "unit"}),
    ],
    "FoldedConv2D": [(MAPS, {"filters": 3, "kernel_size": 3})],
    "EuclideanRBF": [(LIST, {"codes": np.ones((10, 12)).tolist()})],
}
JOINED = "Add Subtract Multiply Average Maximum Minimum Concatenate".split()


def test_every_layer_that_is_let_through_is_compared_with_keras():
    aliases = {"Convolution1D", "Convolution2D", "Convolution2DTranspose"}
    aliases |= {name for name in LAYERS if "Pool" in name and "Pooling" not in name}
    assert set(LAYERS) - aliases == {*WAYS, *JOINED, "Bidirectional"}
    for name in aliases:
        assert getattr(layers, name).__name__ in WAYS


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [(name, *way) for name, ways in WAYS.items() for way in ways],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_sizes_are_those_that_keras_finds(name, shape, arguments):
    layer = getattr(ours if name in our_layers.OUR_LAYERS else layers, name)(**arguments)
    model = chain(layer, shape=shape)
    found = trace(described(model))
    assert found.input_shape == shape and found.output_shape == model.output_shape[1:]
    assert found.weights >= model.count_params()
    assert found.weights <= 3 * model.count_params() + 3 * 11 * 9 * 4
    assert found.values >= np.prod(shape) + np.prod(found.output_shape)


@pytest.mark.parametrize("name", JOINED)
def test_sizes_of_layers_that_join(name):
    start = keras.Input(MAPS)
    narrow = layers.Conv2D(4, 1)(start)
    joined = getattr(layers, name)()([start, narrow])
    model = keras.Model(start, joined)
    assert trace(described(model)).output_shape == model.output_shape[1:]


@pytest.mark.parametrize("mode", ["concat", "sum"])
def test_sizes_of_a_layer_that_goes_both_ways(mode):
    model = chain(layers.Bidirectional(layers.LSTM(5), merge_mode=mode), shape=ROWS)
    found = trace(described(model))
    assert found.output_shape == model.output_shape[1:]
    assert model.count_params() <= found.weights <= 2 * model.count_params()


def test_a_graph_with_a_branch_a_shared_layer_and_a_model_inside():
    start = keras.Input((28, 28, 1))
    shared = layers.Conv2D(4, 3, padding="same")
    inner = keras.Sequential([keras.Input((28, 28, 4)), layers.Conv2D(4, 3, padding="same")])
    x = shared(start)
    z = layers.Add()([x, inner(x)])
    z = layers.Concatenate()([z, shared(layers.Activation("relu")(start))])
    model = keras.Model(start, layers.Dense(10, "softmax")(layers.Flatten()(z)))
    found = trace(described(model))
    assert found.output_shape == (10,) and meaning(model) == "probabilities"
    assert found.weights >= model.count_params()
    assert input_of(model).shape == (28, 28, 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_books_networks_pass_and_their_work_is_known(name):
    model = NETWORKS[name].build()
    found = trace(described(model))
    assert (None, *found.output_shape) == model.output_shape
    assert found.weights >= model.count_params()
    assert found.ours == (name not in ("lenet5", "article"))
    assert meaning(model) == NETWORKS[name].outputs


def test_the_work_is_the_multiplications():
    found = trace(described(models.lenet5_textbook()))
    assert found.weights == 61_706
    convolutions = 784 * 6 * 25 + 100 * 16 * 150 + 120 * 400
    pooling = 6 * 784 + 16 * 100  # each value is looked at once
    assert found.work == convolutions + pooling + 120 * 84 + 84 * 10


# --------------------------------------------------------------------------- limits


def large(**changes):
    """Return the description of a small model, in which one number was changed."""
    model = chain(
        layers.ZeroPadding2D(1, name="pad"),
        layers.UpSampling2D(1, name="up"),
        layers.Conv2D(2, 3, padding="same", name="conv"),
        layers.DepthwiseConv2D(3, padding="same", name="depth"),
        layers.SeparableConv2D(2, 3, padding="same", name="separable"),
        layers.Conv2DTranspose(2, 3, padding="same", name="back"),
        layers.Resizing(28, 28, name="resize"),
        layers.MaxPooling2D(2, padding="same", name="pool"),
        layers.Flatten(name="flat"),
        layers.RepeatVector(2, name="repeat"),
        layers.LSTM(3, name="lstm"),
        layers.Reshape((3,), name="shape"),
        layers.Dense(10, name="dense"),
    )
    config = described(model)
    for key, value in changes.items():
        name, _, key = key.partition("__")
        part = next(one for one in config["config"]["layers"] if one["config"]["name"] == name)
        assert key in part["config"]
        part["config"][key] = value
    return config


HUGE = {
    "pad__padding": [[[8000, 8000], [8000, 8000]], [[0, 10**12], [0, 0]], 10**9],
    "up__size": [[500, 500], [10**9, 1], 4000],
    "conv__filters": [10**9, 30_000],
    "conv__kernel_size": [[90_000, 90_000], [4000, 4000]],
    "conv__dilation_rate": [[50_000, 50_000]],
    "depth__depth_multiplier": [10**8, 100_000],
    "separable__filters": [10**9],
    "back__filters": [10**9],
    "back__strides": [[3000, 3000]],
    "back__kernel_size": [[2000, 3000]],
    "back__dilation_rate": [[9000, 9000]],
    "resize__height": [10**9, 60_000],
    "pool__pool_size": [[90_000, 90_000]],
    "repeat__n": [10**12, 50_000],
    "lstm__units": [10**9, 20_000],
    "dense__units": [10**12, 9_000_000],
}


@pytest.mark.parametrize(("what", "value"), [(k, one) for k, many in HUGE.items() for one in many])
def test_what_would_be_huge_is_refused(what, value):
    with pytest.raises(ModelError, match=r"too large|has .* = |takes|has an output|steps"):
        trace(large(**{what: value}))


def test_the_same_numbers_unchanged_pass():
    assert trace(large()).output_shape == (10,)


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("conv__filters", [0, -1, 2.0, "2", True, [2], {}, None]),
        ("conv__kernel_size", ["3", [3, 3, 3], [0, 3], [-1, 3], 2.5, None, [True, True]]),
        ("conv__padding", ["other", 7, ["same"], {}]),
        ("conv__activation", ["other", 5, {"class_name": "x"}, ["relu"]]),
        ("conv__dtype", ["complex64", "string", 5, ["float32"], {"config": {}}]),
        ("dense__units", [None, 0, "10", 1.5, [10]]),
        ("pad__padding", [-1, [-1, -1], [[1]], "1", [[1, 2, 3], [1, 2]], True, {}]),
        ("up__size", [0, [1, 2, 3], "2"]),
        ("shape__target_shape", [[-1, -1], [4], 3, [0], [True], "3", None]),
    ],
)
def test_what_is_no_size_is_refused(what, values):
    for value in values:
        with pytest.raises(ModelError):
            trace(large(**{what: value}))


def test_the_work_has_a_limit_too(monkeypatch):
    monkeypatch.setattr(flow, "MAX_WORK", 400_000)
    with pytest.raises(ModelError, match="multiplications for one picture"):
        trace(described(models.lenet5_textbook()))


def test_it_is_the_sum_of_all_layers_that_counts():
    wide = [layers.ZeroPadding2D(486), *(layers.ZeroPadding2D(0) for _ in range(8))]
    found = trace(described(chain(*wide, layers.GlobalMaxPooling2D())))
    assert found.values == 28 * 28 + 9 * 1000 * 1000 + 1
    more = described(chain(*wide, layers.ZeroPadding2D(0), layers.GlobalMaxPooling2D()))
    with pytest.raises(ModelError, match="more than 10 million values for one picture"):
        trace(more)


def test_numbers_of_eight_bytes_count_twice():
    once, twice = (
        trace(described(chain(layers.Flatten(), layers.Dense(10, dtype=dtype))))
        for dtype in ("float32", "float64")
    )
    assert twice.weights == 2 * once.weights


def test_the_number_of_layers_has_a_limit(monkeypatch):
    monkeypatch.setattr(modelsizes, "MAX_LAYERS", 5)
    with pytest.raises(ModelError, match="more than 5 layers"):
        trace(described(models.lenet5_textbook()))
    monkeypatch.setattr(modelsizes, "MAX_LAYERS", 50)
    config = described(keras.Model(start := keras.Input((4,)), layers.Add()([start, start])))
    node = config["config"]["layers"][-1]["inbound_nodes"][0]
    node["args"] = [node["args"][0] * 30]
    with pytest.raises(ModelError, match="more than 50 inputs"):
        trace(config)


# --------------------------------------------------------------------------- what is damaged


def mutants(value, path=()):
    """Yield each place in a description."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, (dict, list)):
            yield from mutants(inner, (*path, key))
        else:
            yield (*path, key)


def put(config, path, value):
    config = copy.deepcopy(config)
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return config


def test_any_value_in_any_place_is_refused_in_words_or_taken():
    start = keras.Input((28, 28, 1))
    x = layers.Conv2D(2, 3, padding="same")(start / 255)
    x = layers.Add()([x, layers.Activation("relu")(x)])
    x = keras.Sequential([layers.Flatten(), layers.Dense(10)])(x)
    config = described(keras.Model(start, x))
    places = [path for path in mutants(config) if path]
    assert len(places) > 150
    taken, said = 0, []
    for path in places:
        for value in (None, 7, -1, 1e300, "x", True, [], {}, [[]], [1, [2]], {"class_name": 5}):
            try:
                trace(put(config, path, value))
                taken += 1
            except ModelError as error:
                said.append(str(error))
    assert not [one for one in said if "\n" in one or len(one) > 500]
    assert taken < len(places) * 8


def test_layers_in_a_ring_or_without_an_input_are_refused():
    start = keras.Input((28, 28, 1))
    x = layers.Activation("relu", name="one")(start)
    x = layers.Activation("relu", name="two")(x)
    config = described(keras.Model(start, layers.Dense(10)(layers.Flatten()(x))))
    node = config["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"]
    for name in ("two", "one"):
        node["keras_history"] = [name, 0, 0]
        with pytest.raises(ModelError, match="in a ring"):
            trace(config)
    node["keras_history"] = ["nobody", 0, 0]
    with pytest.raises(ModelError, match="nobody, which is not there"):
        trace(config)


def test_a_model_inside_that_says_another_input_than_it_gets_is_refused():
    inner = keras.Sequential([keras.Input((784,)), layers.Dense(10)])
    config = described(chain(layers.Flatten(), inner))
    assert trace(config).output_shape == (10,)
    for key in ("batch_shape", None):
        changed = copy.deepcopy(config)
        part = changed["config"]["layers"][2]["config"]
        if key:
            part["layers"][0]["config"][key] = [None, 10**9]
        else:
            part["layers"].pop(0)
            part["build_input_shape"] = [None, 10**9]
        with pytest.raises(ModelError, match="a model inside it takes"):
            trace(changed)


def test_a_layer_with_more_than_its_own_numbers_is_refused():
    # `lora_rank` adds weights that no other number tells.
    config = large()
    config["config"]["layers"][-1]["config"]["lora_rank"] = 4
    with pytest.raises(ModelError, match="has lora_rank, which is not known here"):
        trace(config)
