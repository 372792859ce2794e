"""The learning rule of 1998: its curvatures against loops, and that it learns."""

import keras
import numpy as np
import pytest

from lenet_tutorial import models
from lenet_tutorial.datasets import load_bundled, prepare_1998
from lenet_tutorial.layers import EuclideanRBF, FanInUniform, Subsample, TableConv2D, squash
from lenet_tutorial.training import set_seed, split_validation
from lenet_tutorial.training.levenberg import MU, RATES, curvature, train_lm, widen

RNG = np.random.default_rng(0)


def slope(a):
    return 1.7159 * 2 / 3 / np.cosh(2 / 3 * a) ** 2


def tanh(a):
    return 1.7159 * np.tanh(2 / 3 * a)


def small():
    """A convolution by table, subsampling, a dense layer and RBF units, with lively weights."""
    set_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            TableConv2D([[0], [0, 1]], kernel_size=3, name="C1"),
            Subsample(name="S2"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, squash, name="F3"),
            EuclideanRBF([[1, 1, -1], [-1, 1, 1]], name="output"),
        ]
    )
    model.set_weights([RNG.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    return model


def curvature_by_loops(model, image):
    """Back-propagate second derivatives connection by connection, for one image."""
    kernel, bias = model.get_layer("C1").get_weights()
    coefficient, offset = model.get_layer("S2").get_weights()
    weights, biases = model.get_layer("F3").get_weights()
    pairs = [(0, 0), (0, 1), (1, 1)]  # map below, map above

    a1 = np.zeros((4, 4, 2)) + bias
    for row, column in np.ndindex(4, 4):
        for number, (below, above) in enumerate(pairs):
            patch = image[row : row + 3, column : column + 3, below]
            a1[row, column, above] += (patch * kernel[:, :, number]).sum()
    y1 = tanh(a1)
    sums = y1.reshape(2, 2, 2, 2, 2).sum(axis=(1, 3))
    a2 = coefficient * sums + offset
    y2 = tanh(a2)
    a3 = y2.ravel() @ weights + biases

    h3 = 2 * slope(a3) ** 2
    h_weights = np.outer(y2.ravel() ** 2, h3)
    h2 = (weights**2 @ h3).reshape(2, 2, 2) * slope(a2) ** 2
    h_coefficient, h_offset = np.zeros(2), h2.sum(axis=(0, 1))
    h1 = np.zeros_like(a1)
    for row, column, above in np.ndindex(4, 4, 2):
        up = h2[row // 2, column // 2, above]
        h_coefficient[above] += y1[row, column, above] ** 2 * up
        h1[row, column, above] = coefficient[above] ** 2 * up * slope(a1[row, column, above]) ** 2
    h_kernel = np.zeros_like(kernel)
    for row, column in np.ndindex(4, 4):
        for number, (below, above) in enumerate(pairs):
            patch = image[row : row + 3, column : column + 3, below]
            h_kernel[:, :, number] += patch**2 * h1[row, column, above]
    return [h_kernel, h1.sum(axis=(0, 1)), h_coefficient, h_offset, h_weights, h3]


def test_curvatures_against_loops_over_every_connection():
    model = small()
    images = RNG.normal(size=(3, 6, 6, 2)).astype("float32")
    got = curvature(model, images)
    each = [curvature_by_loops(model, image) for image in images]
    for found, *parts in zip(got, *each, strict=True):
        np.testing.assert_allclose(found, np.mean(parts, axis=0), rtol=1e-3, atol=1e-6)


def test_for_a_single_dense_layer_the_curvature_is_that_of_gauss_and_newton():
    """Where nothing is neglected: the squared distance, through one layer of squashed units."""
    set_seed(0)
    model = keras.Sequential(
        [keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3, squash),
         EuclideanRBF([[1, 1, -1]])]
    )  # fmt: skip
    image = RNG.normal(size=(1, 2, 2, 1)).astype("float32")
    kernel, _ = curvature(model, image)
    weights, biases = model.layers[1].get_weights()

    def f3(change, at):
        moved = weights.astype(float).copy()
        moved[at] += change
        return tanh(image.ravel() @ moved + biases)

    for at in np.ndindex(kernel.shape):
        jacobian = (f3(1e-4, at) - f3(-1e-4, at)) / 2e-4
        assert kernel[at] == pytest.approx(2 * (jacobian**2).sum(), rel=1e-3)


def test_widened_start_weights_have_a_variance_of_one_over_the_fan_in():
    set_seed(0)
    model = models.lenet5_1998()
    before = {layer.name: layer.get_weights() for layer in model.layers}
    widen(model)
    for name, fan_in in (("C1", 25), ("C5", 400), ("F6", 120)):
        kernel = model.get_layer(name).get_weights()[0]
        assert np.abs(kernel).max() <= np.sqrt(3 / fan_in)
        assert kernel.var() == pytest.approx(1 / fan_in, rel=0.25)
    table = model.get_layer("C3").get_weights()[0]
    assert table[..., :18].var() == pytest.approx(1 / 75, rel=0.25)  # maps that see three
    assert table[..., -6:].var() == pytest.approx(1 / 150, rel=0.35)  # the one that sees six
    for name in ("S2", "S4", "output"):
        for was, weight in zip(before[name], model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(was, weight)


@pytest.mark.slow
def test_the_rule_learns_digits_and_its_steps_stay_within_their_bounds():
    digits = load_bundled()
    x, y, x_val, y_val = split_validation(prepare_1998(digits.x_train), digits.y_train)
    set_seed(0)
    model = models.lenet5_1998()
    widen(model)
    seen = []
    history = train_lm(
        model, x[:600], y[:600], (x_val, y_val), rates=RATES[:3], sample=100, progress=seen.append
    )
    assert list(history.index) == [1, 2, 3] and len(seen) == 3
    assert history["val_accuracy"].iloc[-1] > 0.6
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert (history["step_max"] <= RATES[0] / MU * 1.001).all()
    assert (0 < history["step_min"]).all() and (history["step_min"] < history["step_max"]).all()


def test_the_plan_of_the_paper():
    assert len(RATES) == 20 and list(RATES) == sorted(RATES, reverse=True)
    assert [RATES.count(rate) for rate in (5e-4, 2e-4, 1e-4, 5e-5, 1e-5)] == [2, 3, 3, 4, 8]


def test_networks_that_the_rule_cannot_take_are_named():
    x = np.zeros((2, 32, 32, 1), "float32")
    with pytest.raises(ValueError, match="last layer must be RBF units"):
        curvature(models.lenet5_textbook(), x)
    with pytest.raises(ValueError, match="layer 'C5' must end in the squashing function"):
        curvature(models.lenet5_1998(activation="tanh"), x)
    with pytest.raises(ValueError, match="must be above 0"):
        train_lm(models.lenet5_1998(), x, np.zeros(2, int), (x, np.zeros(2, int)), rates=(0,))


def test_start_weights_are_drawn_anew_and_not_shared():
    set_seed(0)
    one, two = FanInUniform()((4, 3)), FanInUniform()((4, 3))
    assert np.abs(np.array(one) - np.array(two)).max() > 0
