"""The networks: every layer's size and count, and what they answer."""

import keras
import numpy as np
import pytest

from lenet_tutorial.models import lenet5, lenet5_article, lenet5_textbook

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
