"""The layer table against counting by force, and the data files against their sources."""

import math
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from lenet_tutorial import tables
from lenet_tutorial.models import lenet5_1998, lenet5_article, lenet5_textbook, lenet_1989
from lenet_tutorial.shapes import output_size
from lenet_tutorial.tables import layer_table

ROOT = Path(__file__).parent.parent
KEYS = set(
    re.findall(
        r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.M
    )
)


def test_the_textbook_network_row_by_row():
    table = layer_table(lenet5_textbook())
    rows = {
        # output, kernel, stride, parameters, connections, multiply-adds, receptive field
        "C1": ("6@28×28", "5×5", "1", 156, 122_304, 117_600, 5),
        "S2": ("6@14×14", "2×2", "2", 0, 4_704, 0, 6),
        "C3": ("16@10×10", "5×5", "1", 2_416, 241_600, 240_000, 14),
        "S4": ("16@5×5", "2×2", "2", 0, 1_600, 0, 16),
        "C5": ("120@1×1", "5×5", "1", 48_120, 48_120, 48_000, 32),
        "F6": ("84", "–", "–", 10_164, 10_164, 10_080, 32),
        "output": ("10", "–", "–", 850, 850, 840, 32),
    }
    assert list(table.index) == list(rows)
    columns = ["output", "kernel", "stride", "parameters", "connections"]
    columns += ["multiply_adds", "receptive_field"]
    for name, row in rows.items():
        assert tuple(table.loc[name, columns]) == row, name
    assert table.attrs["input"] == 32


def test_the_size_of_an_output_is_in_numbers_too():
    table = layer_table(lenet5_textbook())
    assert table["maps"].tolist() == [6, 6, 16, 16, 120, 84, 10]
    assert table["side"].tolist() == [28, 14, 10, 5, 1, 0, 0]  # units have no side


def test_a_table_that_names_all_maps_below_makes_a_convolution():
    kinds = layer_table(lenet_1989())["kind"]
    assert kinds["H1"] == "convolution" and kinds["H2"] == "convolution by table"
    assert layer_table(lenet5_1998())["kind"]["C3"] == "convolution by table"


def test_the_articles_network():
    table = layer_table(lenet5_article())
    assert table["output"].tolist() == ["6@24×24", "6@12×12", "16@8×8", "16@4×4", "120", "84", "10"]
    assert table["parameters"].sum() == 44_426
    assert table["receptive_field"].tolist() == [5, 6, 14, 16, 28, 28, 28]


def count_by_force(side, kernel, stride, maps_below, maps):
    """Walk over every unit and every value that it takes in."""
    weights_used = units = 0
    for _ in range(maps):
        for row in range(0, side - kernel + 1, stride):
            for column in range(0, side - kernel + 1, stride):
                units += 1
                inputs = [
                    (row + i, column + j, below)
                    for i in range(kernel)
                    for j in range(kernel)
                    for below in range(maps_below)
                ]
                weights_used += len(inputs)
    return weights_used, units


@pytest.mark.parametrize(("side", "kernel", "stride"), [(9, 3, 1), (9, 3, 2), (8, 5, 1), (8, 2, 2)])
def test_connections_counted_one_by_one(side, kernel, stride):
    model = keras.Sequential(
        [keras.Input((side, side, 3)), layers.Conv2D(4, kernel, strides=stride, name="C1")]
    )
    weights, units = count_by_force(side, kernel, stride, 3, 4)
    row = layer_table(model).loc["C1"]
    assert row["multiply_adds"] == weights
    assert row["connections"] == weights + units  # each unit has a bias


def test_layers_without_bias_and_layers_that_only_hand_on():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3, use_bias=False, padding="same", name="C1"),
            layers.Activation("relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, use_bias=False, name="F2"),
        ]
    )
    table = layer_table(model)
    assert list(table.index) == ["C1", "F2"]
    assert table["parameters"].tolist() == [18, 640]
    assert table["connections"].tolist() == table["multiply_adds"].tolist() == [1152, 640]


def test_a_dilated_and_a_grouped_convolution():
    model = keras.Sequential(
        [
            keras.Input((12, 12, 4)),
            layers.Conv2D(4, 3, dilation_rate=2, groups=2, name="C1"),
        ]
    )
    row = layer_table(model).loc["C1"]
    assert row["output"] == "4@8×8"
    assert row["receptive_field"] == 5
    assert row["multiply_adds"] == 8 * 8 * 4 * 9 * 2


def test_a_model_that_cannot_be_counted_is_named():
    def sequential(shape, *stack):
        return keras.Sequential([keras.Input(shape), *stack])

    with pytest.raises(ValueError, match=r"'odd' of kind SeparableConv2D; known are Conv2D"):
        layer_table(sequential((8, 8, 1), layers.SeparableConv2D(1, 3, name="odd")))
    with pytest.raises(ValueError, match="one square image"):
        layer_table(sequential((8, 9, 1), layers.Conv2D(1, 3)))
    with pytest.raises(ValueError, match="one square image"):
        layer_table(sequential((8,), layers.Dense(3)))
    with pytest.raises(ValueError, match="'wide' has a window or a stride that is not square"):
        layer_table(sequential((8, 8, 1), layers.Conv2D(1, (3, 5), name="wide")))


# --------------------------------------------------------------------------- the later networks


def windowed(model):
    """Yield (layer, kernel, stride, padding) of every layer with a window or a padding."""
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            yield layer, layer.kernel_size[0], layer.strides[0], layer.padding
        elif isinstance(layer, layers.MaxPooling2D):
            yield layer, layer.pool_size[0], layer.strides[0], layer.padding
        elif isinstance(layer, layers.ZeroPadding2D):
            yield layer, 1, 1, layer.padding[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "parameters", "count", "ends"),
    [
        (keras.applications.VGG16, 138_357_544, 18, {"block5_pool": 212, "fc1": 224}),
        (keras.applications.ResNet50, 25_636_712, 56, {"conv3_block4_add": 99, "avg_pool": 224}),
    ],
)
def test_the_later_networks_against_keras(build, parameters, count, ends):
    model = build(weights=None)
    table = layer_table(model)
    assert table["parameters"].sum() == model.count_params() == parameters
    for name, field in ends.items():
        assert table.loc[name, "receptive_field"] == field
    checked = 0
    for layer, kernel, stride, padding in windowed(model):
        side = output_size(layer.input.shape[1], kernel, stride, padding)
        assert layer.output.shape[1:3] == (side, side), layer.name
        checked += 1
        if not isinstance(layer, layers.ZeroPadding2D):
            row = table.loc[layer.name]
            assert row["output"] == f"{layer.output.shape[-1]}@{side}×{side}"
            weights = math.prod(layer.kernel.shape) if hasattr(layer, "kernel") else 0
            assert row["multiply_adds"] == side * side * weights
    assert checked == count
    # Every layer with weights has a row, and every row its layer's own number of parameters.
    assert set(table.index) >= {layer.name for layer in model.layers if layer.weights}
    assert all(model.get_layer(n).count_params() == p for n, p in table["parameters"].items())
    keras.backend.clear_session()


def residual_network(side=24):
    """Build a small network whose branches see differently far, and pad on one side only."""
    image = x = keras.Input((side, side, 2))
    x = layers.ZeroPadding2D(((1, 0), (1, 0)), name="pad")(x)
    x = layers.Conv2D(4, 3, strides=2, name="C1")(x)
    x = layers.BatchNormalization(name="norm")(x)
    short = layers.Conv2D(6, 1, strides=2, name="short")(x)
    x = layers.Conv2D(3, 3, padding="same", strides=2, name="C2", use_bias=False)(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.Conv2D(6, 3, padding="same", name="C3")(x)
    x = layers.Add(name="add")([x, short])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(5, name="output")(x))


def test_a_network_that_branches_row_by_row():
    model = residual_network()
    table = layer_table(model)
    rows = {
        # output, parameters, connections, multiply-adds
        "C1": ("4@12×12", 76, 144 * 4 * 19, 144 * 4 * 18),
        "norm": ("4@12×12", 16, 576 * 2, 576),
        "C2": ("3@6×6", 108, 36 * 3 * 36, 36 * 3 * 36),
        "C3": ("6@6×6", 168, 36 * 6 * 28, 36 * 6 * 27),
        "short": ("6@6×6", 30, 36 * 6 * 5, 36 * 6 * 4),
        "add": ("6@6×6", 0, 216 * 2, 0),
        "mean": ("6", 0, 216, 0),
        "output": ("5", 35, 35, 30),
    }
    assert set(table.index) == set(rows)
    for name, row in rows.items():
        columns = ["output", "parameters", "connections", "multiply_adds"]
        assert tuple(table.loc[name, columns]) == row, name
    assert table["parameters"].sum() == model.count_params()
    assert table.loc[["short", "add", "mean"], "kernel"].tolist() == ["1×1", "–", "6×6"]
    assert table.loc["mean", "kind"] == "global average pooling"
    assert table.loc[["mean", "output"], "receptive_field"].tolist() == [24, 24]


@pytest.mark.parametrize("name", ["C1", "norm", "short", "C2", "C3", "add"])
def test_the_receptive_field_where_paths_meet_is_what_moves_a_unit(name):
    """Change one pixel after the other, and see for which of them the unit's value moves."""
    side = 48  # so large that no padding is in the middle unit's sight
    model = residual_network(side)
    for layer in model.layers:  # no negative weight, so that nothing cancels out
        layer.set_weights([np.abs(w) + 0.1 for w in layer.get_weights()])
    upto = keras.Model(model.inputs, model.get_layer(name).output)
    images = np.zeros((side + 1, side, side, 2), "float32")
    images[range(side), range(side)] = 1  # copy n: row n is lit; the last copy is dark
    values = upto.predict(images, verbose=0)
    middle = values.shape[1] // 2
    unit = values[:, middle, middle, 0]
    seen = np.flatnonzero(np.abs(unit[:-1] - unit[-1]) > 1e-4)
    assert seen[-1] - seen[0] + 1 == layer_table(model).loc[name, "receptive_field"]


def test_paths_that_see_past_each_other_see_what_lies_between():
    image = keras.Input((20, 20, 1))
    left = layers.Conv2D(1, 3, name="left")(layers.ZeroPadding2D(((4, 0), (4, 0)))(image))
    right = layers.Conv2D(1, 3, name="right")(layers.ZeroPadding2D(((0, 4), (0, 4)))(image))
    table = layer_table(keras.Model(image, layers.Add(name="add")([left, right])))
    # Unit 0 sees pixels −4 … −2 on one path and 0 … 2 on the other.
    assert table["receptive_field"].to_dict() == {"left": 3, "right": 3, "add": 7}


def test_a_graph_that_cannot_be_counted_is_named():
    image = keras.Input((8, 8, 1))
    twice = layers.Conv2D(1, 3, padding="same", name="twice")
    with pytest.raises(ValueError, match="'twice', which is used more than once"):
        layer_table(keras.Model(image, twice(twice(image))))
    plain = layers.Conv2D(1, 3, padding="same")(image)
    with pytest.raises(ValueError, match="an operation and no layer"):
        layer_table(keras.Model(image, plain + image))
    small = layers.Conv2D(1, 1, strides=2)(image)
    pooled = layers.MaxPooling2D(2)(layers.Conv2D(1, 3, padding="same")(image))
    assert len(layer_table(keras.Model(image, layers.Add()([small, pooled])))) == 4
    wide = layers.ZeroPadding2D(4)(small)  # as many units as the input has, and two pixels apart
    crop = layers.Conv2D(1, 5)(wide)
    with pytest.raises(ValueError, match="paths that meet in layer 'add' have steps of 2 and 1"):
        layer_table(keras.Model(image, layers.Add(name="add")([crop, image])))
    uneven = layers.ZeroPadding2D(((1, 1), (0, 2)), name="uneven")(image)
    with pytest.raises(ValueError, match="'uneven' has a padding that is not square"):
        layer_table(keras.Model(image, uneven))


def test_layers_taken_over_from_another_model_are_counted_in_their_new_place():
    old = keras.Sequential(
        [keras.Input((12, 12, 1)), layers.Conv2D(2, 3, name="C1"), layers.MaxPooling2D(2)]
    )
    new = keras.Sequential([keras.Input((12, 12, 1)), *old.layers, layers.Conv2D(1, 2, name="C3")])
    assert layer_table(new)["receptive_field"].tolist() == [3, 4, 6]
    larger = keras.Sequential([keras.Input((20, 20, 1)), *old.layers])
    with pytest.raises(ValueError, match="was first used on an input of another shape"):
        layer_table(larger)


# --------------------------------------------------------------------------- the data files

# Written down from the papers a second time, so that a slip in a data file shows.
PUBLISHED = {
    # year, parameters, connections, error
    "Denker et al.": (1988, "", "", ""),
    "1989 network": (1989, "9760", "64660", "5.0 % of 2007 zip-code digits"),
    "LeNet-1": (1990, "2578", "98442", "1.7 % on MNIST"),
    "LeNet-4": (1994, "about 17000", "about 260000", "1.1 % on MNIST"),
    "LeNet-5": (1998, "60000", "340908", "0.95 % on MNIST"),
    "AlexNet": (2012, "about 60000000", "", "18.2 % top-5 on ImageNet"),
    "VGG-16": (2015, "about 138000000", "", "7.5 % top-5 on ImageNet"),
    "ResNet-50": (2016, "about 25600000", "", "5.25 % top-5 on ImageNet"),
}
CONTEST = {"AlexNet": "2012: first", "VGG-16": "2014: second", "ResNet-50": "2015: first"}
# As figure 9 has them: [dist], [deslant] and [16x16] before the name.
RIVALS = {
    "linear": 12.0,
    "linear, deslanted": 8.4,
    "pairwise linear": 7.6,
    "k-nearest neighbours": 5.0,
    "k-nearest neighbours, deslanted": 2.4,
    "40 principal components + quadratic": 3.3,
    "1000 RBF units + linear": 3.6,
    "tangent distance": 1.1,
    "SVM of polynomials": 1.1,
    "SVM of polynomials (reduced set)": 1.0,
    "virtual SVM with distortions": 0.8,
    "28×28-300-10": 4.7,
    "28×28-300-10 with distortions": 3.6,
    "20×20-300-10, deslanted": 1.6,
    "28×28-1000-10": 4.5,
    "28×28-1000-10 with distortions": 3.8,
    "28×28-300-100-10": 3.05,
    "28×28-300-100-10 with distortions": 2.5,
    "28×28-500-150-10": 2.95,
    "28×28-500-150-10 with distortions": 2.45,
    "LeNet-1": 1.7,
    "LeNet-4": 1.1,
    "LeNet-4 with local learning": 1.1,
    "LeNet-4 with nearest neighbours": 1.1,
    "LeNet-5": 0.95,
    "LeNet-5 with distortions": 0.8,
    "boosted LeNet-4 with distortions": 0.7,
}


def plain(text):
    """Take the spaces out of numbers: they are written as they are printed."""
    return re.sub(r"(?<=\d)\s(?=\d)", "", text)


def test_the_networks_table_and_its_sources():
    table = tables.networks()
    assert table["year"].is_monotonic_increasing
    for sources in table["source"]:
        assert sources and set(sources.split()) <= KEYS, sources
    rows = table[["year", "parameters", "connections", "error"]].itertuples(name=None)
    assert {name: (year, *map(plain, texts)) for name, year, *texts in rows} == PUBLISHED
    assert {name: place for name, place in table["contest"].items() if place} == CONTEST


def test_the_events_are_in_order_and_have_sources_of_their_year():
    table = tables.events()
    assert table["year"].is_monotonic_increasing
    assert len(table) >= 12
    for event in table.itertuples():
        assert set(event.source.split()) <= KEYS, event.source
        if event.when == str(event.year):  # where it is exact, it is the year of the paper
            assert event.source.endswith(event.when), event


def test_the_rivals_of_1998():
    table = tables.rivals()
    assert list(zip(table["method"], table["test_error"], strict=True)) == [*RIVALS.items()]


def test_what_a_rival_of_1998_learned_from_is_in_its_name():
    """One rule for all: the figure has 27 rows, and so has the table."""
    table = tables.rivals().set_index("method")["digits"]
    for method, digits in table.items():
        said = {", deslanted": "deslanted", " with distortions": "distorted too"}
        want = next((kind for end, kind in said.items() if method.endswith(end)), "as they are")
        if method in ("LeNet-1", "tangent distance"):
            want = "16×16"
        assert digits == want, method
    assert len(table) == 27


def test_every_key_that_the_data_cite_is_used_in_full():
    assert {"lecun1989", "lecun1998", "krizhevsky2012", "he2016"} <= KEYS


def test_a_table_can_be_written_and_read_again(tmp_path):
    table = layer_table(lenet5_textbook())
    table.to_csv(tmp_path / "table.csv")
    again = pd.read_csv(tmp_path / "table.csv", index_col="layer", dtype={"stride": str})
    assert np.array_equal(again["parameters"], table["parameters"])
