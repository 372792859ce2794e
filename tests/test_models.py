"""The networks: every layer's size and count, and what they answer."""

import itertools
from pathlib import Path

import keras
import numpy as np
import pytest

from lenet_tutorial import models
from lenet_tutorial.losses import MapLoss
from lenet_tutorial.models import lenet5, lenet5_article, lenet5_textbook
from lenet_tutorial.tables import layer_table

NAMES = ["C1", "S2", "C3", "S4", "C5", "F6", "output"]


def named(model):
    return {layer.name: layer for layer in model.layers if layer.name != "flatten"}


# Counted by hand: (kernel × kernel × maps below + 1) × maps, or (inputs + 1) × units.
TEXTBOOK = {
    "C1": (5 * 5 * 1 + 1) * 6,
    "S2": 0,
    "C3": (5 * 5 * 6 + 1) * 16,
    "S4": 0,
    "C5": (5 * 5 * 16 + 1) * 120,
    "F6": (120 + 1) * 84,
    "output": (84 + 1) * 10,
}
ARTICLE = TEXTBOOK | {"C5": (4 * 4 * 16 + 1) * 120}


@pytest.mark.parametrize(
    ("build", "total", "rows"),
    [(lenet5_textbook, 61_706, TEXTBOOK), (lenet5_article, 44_426, ARTICLE)],
)
def test_parameters_of_every_layer(build, total, rows):
    model = build()
    assert {name: layer.count_params() for name, layer in named(model).items()} == rows
    assert model.count_params() == sum(rows.values()) == total


def test_what_the_two_named_networks_are():
    textbook, article = named(lenet5_textbook()), named(lenet5_article())
    assert list(textbook) == list(article) == NAMES
    for name in ("S2", "S4"):
        assert isinstance(textbook[name], keras.layers.AveragePooling2D)
        assert isinstance(article[name], keras.layers.MaxPooling2D)
    assert lenet5_textbook().input_shape == (None, 32, 32, 1)
    assert lenet5_article().input_shape == (None, 28, 28, 1)
    for layers in (textbook, article):
        for name in ("C1", "C3", "C5", "F6"):
            assert layers[name].activation is keras.activations.tanh
        assert layers["output"].activation is keras.activations.softmax


@pytest.mark.parametrize("size", [28, 32])
@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_every_choice_gives_a_network_with_probabilities(size, pooling, activation):
    model = lenet5(size, pooling, activation)
    images = np.random.default_rng(0).random((3, size, size, 1), np.float32)
    answers = model.predict(images, verbose=0)
    assert answers.shape == (3, 10)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert (answers > 0).all()


def test_the_forward_pass_is_what_the_book_says_it_is():
    """C1, S2 and so on in plain NumPy, with the model's own weights."""
    keras.utils.set_random_seed(1)
    model = lenet5_textbook()
    weights = {name: layer.get_weights() for name, layer in named(model).items()}
    image = np.random.default_rng(1).random((32, 32, 1), np.float32)

    def convolve(maps, kernels, biases):
        k, side = len(kernels), len(maps) - len(kernels) + 1
        out = np.empty((side, side, kernels.shape[-1]))
        for row in range(side):
            for column in range(side):
                patch = maps[row : row + k, column : column + k]
                out[row, column] = np.tensordot(patch, kernels, 3) + biases
        return np.tanh(out)

    def subsample(maps):
        side = len(maps) // 2
        return maps.reshape(side, 2, side, 2, -1).mean(axis=(1, 3))

    s2 = subsample(convolve(image, *weights["C1"]))
    s4 = subsample(convolve(s2, *weights["C3"]))
    c5 = convolve(s4, *weights["C5"]).ravel()
    f6 = np.tanh(c5 @ weights["F6"][0] + weights["F6"][1])
    scores = f6 @ weights["output"][0] + weights["output"][1]
    answer = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(model.predict(image[None], verbose=0)[0], answer, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_size": 30}, r"input_size must be one of \(28, 32\), got 30"),
        ({"pooling": "mean"}, "pooling must be one of .*'average', 'max'.*got 'mean'"),
        ({"activation": "swish"}, "activation must be one of .*got 'swish'"),
        ({"classes": 1}, "classes must be a whole number of at least 2, got 1"),
        ({"classes": 10.0}, r"classes must be a whole number of at least 2, got 10\.0"),
    ],
)
def test_bad_input_is_named_with_the_rule(arguments, message):
    with pytest.raises(ValueError, match=message):
        lenet5(**arguments)


def test_a_network_can_be_saved_and_loaded(tmp_path):
    model = lenet5_article()
    model.save(tmp_path / "article.keras")
    loaded = keras.models.load_model(tmp_path / "article.keras")
    images = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)
    same = [m.predict(images, verbose=0) for m in (model, loaded)]
    np.testing.assert_array_equal(*same)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]


#: FACTS of the papers: layer: (output, trained parameters, connections).
PUBLISHED = {
    "lenet5_1998": {
        "C1": ("6@28×28", 156, 122_304),
        "S2": ("6@14×14", 12, 5_880),
        "C3": ("16@10×10", 1_516, 151_600),
        "S4": ("16@5×5", 32, 2_000),
        "C5": ("120@1×1", 48_120, 48_120),
        "F6": ("84", 10_164, 10_164),
        "output": ("10", 0, 840),
    },
    "lenet_1989": {
        "H1": ("12@8×8", 1_068, 19_968),
        "H2": ("12@4×4", 2_592, 38_592),
        "H3": ("30", 5_790, 5_790),
        "output": ("10", 310, 310),
    },
    "lenet1": {
        "C1": ("4@24×24", 104, 59_904),
        "S2": ("4@12×12", 8, 2_880),
        "C3": ("12@8×8", 512, 32_768),
        "S4": ("12@4×4", 24, 960),
        "output": ("10", 1_930, 1_930),
    },
    "lenet4": {
        "C1": ("4@28×28", 104, 81_536),
        "S2": ("8@14×14", 16, 7_840),
        "C3": ("16@10×10", 1_516, 151_600),
        "S4": ("16@5×5", 32, 2_000),
        "C5": ("120@1×1", 15_120, 15_120),
        "output": ("10", 1_210, 1_210),
    },
}
TOTALS = {
    "lenet5_1998": (60_000, 340_908),
    "lenet_1989": (9_760, 64_660),
    "lenet1": (2_578, 98_442),
    "lenet4": (17_998, 259_306),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_networks_as_published_row_by_row(name):
    model = getattr(models, name)()
    table = layer_table(model)
    columns = ["output", "parameters", "connections"]
    assert {row: tuple(table.loc[row, columns]) for row in table.index} == PUBLISHED[name]
    assert (table["parameters"].sum(), table["connections"].sum()) == TOTALS[name]
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == TOTALS[name][0]


def test_what_one_unit_of_the_published_networks_sees():
    assert layer_table(models.lenet5_1998())["receptive_field"].tolist() == [
        5, 6, 14, 16, 32, 32, 32,
    ]  # fmt: skip
    assert layer_table(models.lenet_1989())["receptive_field"].tolist() == [5, 13, 16, 16]


def test_the_table_of_c3_has_the_structure_that_the_paper_describes():
    table = models.C3_TABLE
    assert [len(row) for row in table] == [3] * 6 + [4] * 9 + [6]
    assert sum(map(len, table)) == 60
    for maps in table[:12]:  # neighbours, counted round
        assert all((b - a) % 6 == 1 for a, b in itertools.pairwise(maps))
    assert {len([row for row in table if seen in row]) for seen in range(6)} == {10}
    assert len(set(map(frozenset, table))) == 16


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_can_be_saved_and_loaded(name, tmp_path):
    model = getattr(models, name)()
    images = np.random.default_rng(0).normal(size=(4, *model.input_shape[1:])).astype("float32")
    model.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(*(m.predict(images, verbose=0) for m in (model, loaded)))
    assert layer_table(loaded).equals(layer_table(model))


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ({"subsampling": "average"}, 60_000 - 44),
        ({"subsampling": "max"}, 60_000 - 44),
        ({"activation": "tanh"}, 60_000),
        ({"activation": "relu"}, 60_000),
        ({"c3": "full"}, 60_000 + 36 * 25),
        ({"output": "softmax"}, 60_850),
    ],
)
def test_one_modern_part_at_a_time(arguments, parameters):
    model = models.lenet5_1998(**arguments)
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == parameters
    answers = model.predict(np.zeros((2, 32, 32, 1), "float32"), verbose=0)
    assert answers.shape == (2, 10) and np.isfinite(answers).all()
    if arguments.get("output") == "softmax":
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_the_codes_of_the_output_are_not_trained():
    model = models.lenet5_1998()
    model.compile("sgd", MapLoss())
    images = np.random.default_rng(0).normal(size=(8, 32, 32, 1)).astype("float32")
    before = model.get_weights()
    model.fit(images, np.arange(8), verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [True] * 12 + [False]


@pytest.mark.parametrize("name", ["subsampling", "activation", "c3", "output"])
def test_an_unknown_part_is_named(name):
    with pytest.raises(ValueError, match=f"{name} must be one of .* got 'other'"):
        models.lenet5_1998(**{name: "other"})


@pytest.mark.book
def test_the_table_of_c3_is_written_in_words_as_it_is_in_code():
    chapter = Path(__file__).parent.parent / "chapters" / "02-layer-by-layer.ipynb"
    table = " ".join("".join(map(str, seen)) for seen in models.C3_TABLE)
    assert f"`{table}`" in chapter.read_text(encoding="utf-8")


# --------------------------------------------------------------------------- the five nets

#: Network: links and weights (The Elements of Statistical Learning, table 11.1).
FIVE = {1: (2570, 2570), 2: (3214, 3214), 3: (1226, 1226), 4: (2266, 1132), 5: (5194, 1060)}


@pytest.mark.parametrize("number", FIVE)
def test_the_five_nets_have_the_links_and_weights_of_the_table(number):
    model = models.net_1989(number)
    table = layer_table(model)
    assert (table["connections"].sum(), model.count_params()) == FIVE[number]
    assert table["parameters"].sum() == FIVE[number][1]
    assert model.name == f"net_{number}"
    # Links by hand: each unit has one to each of its inputs, and one to its bias.
    by_hand = {
        1: 10 * (256 + 1),
        2: 12 * (256 + 1) + 10 * (12 + 1),
        3: 64 * (9 + 1) + 16 * (25 + 1) + 10 * (16 + 1),
        4: 2 * 64 * (9 + 1) + 16 * (2 * 25 + 1) + 10 * (16 + 1),
        5: 2 * 64 * (9 + 1) + 4 * 16 * (2 * 25 + 1) + 10 * (64 + 1),
    }
    assert by_hand[number] == FIVE[number][0]


def test_there_is_no_sixth_net():
    with pytest.raises(ValueError, match="number"):
        models.net_1989(6)
