"""What the outputs of a classifier mean is decided in one place, from its last layer."""

import keras
import numpy as np
import pytest
from keras import layers

from lenet_tutorial import layers as ours
from lenet_tutorial import models, outputs, training


def chain(*last):
    return keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), *last])


def rbf():
    return [layers.Dense(84), ours.EuclideanRBF(ours.digit_codes())]


CHAINS = {
    "softmax": (lambda: [layers.Dense(10, "softmax")], "probabilities"),
    "as a layer": (lambda: [layers.Dense(10), layers.Softmax()], "probabilities"),
    "over the classes": (lambda: [layers.Dense(10), layers.Softmax(axis=1)], "probabilities"),
    "over a list of axes": (lambda: [layers.Dense(10), layers.Softmax(axis=[-1])], "probabilities"),
    "as an activation": (lambda: [layers.Dense(10), layers.Activation("softmax")], "probabilities"),
    "as an object": (lambda: [layers.Dense(10, layers.Softmax())], "probabilities"),
    "in a model": (lambda: [keras.Sequential([layers.Dense(10, "softmax")])], "probabilities"),
    "dropped out": (lambda: [layers.Dense(10, "softmax"), layers.Dropout(0.5)], "probabilities"),
    "left alone": (
        lambda: [layers.Dense(10, "softmax"), layers.Activation("linear")],
        "probabilities",
    ),
    "over another axis": (
        lambda: [layers.Reshape((14, 56)), layers.Softmax(axis=1), layers.Dense(10)],
        "outputs",
    ),
    "logits": (lambda: [layers.Dense(10)], "outputs"),
    "log": (lambda: [layers.Dense(10, "log_softmax")], "outputs"),
    "twice": (lambda: [layers.Dense(10, "softmax"), layers.Rescaling(2.0)], "outputs"),
    "squashed": (lambda: [layers.Dense(10, ours.squash)], "squashed"),
    "dropped out in a model": (
        lambda: [layers.Dense(10, "softmax"), keras.Sequential([layers.Dropout(0.5)])],
        "probabilities",
    ),
    "RBF": (rbf, "penalties"),
    "RBF in a model": (lambda: [keras.Sequential(rbf()), layers.Dropout(0.5)], "penalties"),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_last_layer_says_what_comes_out(name):
    last, kind = CHAINS[name]
    assert outputs.meaning(chain(*last())) == kind


def test_a_softmax_over_another_axis_makes_no_probabilities():
    model = keras.Sequential([keras.Input((28, 10)), layers.Softmax(axis=1)])
    assert outputs.meaning(model) == "outputs"


def test_a_mean_is_what_its_parts_are():
    start = keras.Input((28, 28, 1))
    flat = layers.Flatten()(start)
    one, other, third = layers.Dense(10, "softmax"), layers.Dense(10, "softmax"), layers.Dense(10)
    for parts, kind in (((one, other), "probabilities"), ((one, third), "outputs")):
        made = layers.Average()([part(flat) for part in parts])
        assert outputs.meaning(keras.Model(start, made)) == kind
    made = keras.ops.softmax(third(flat))
    assert outputs.meaning(keras.Model(start, made)) == "probabilities"


def test_a_mean_of_means_of_means_takes_no_time():
    start = keras.Input((10,))
    made = layers.Softmax()(start)
    for _ in range(60):  # 2**60 ways lead down
        made = layers.Average()([made, layers.Dropout(0.1)(made)])
    assert outputs.meaning(keras.Model(start, made)) == "probabilities"


def test_a_model_without_a_graph_is_known_by_its_last_layer():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = layers.Dense(10, "softmax")

        def call(self, x):
            return self.last(x)

    assert outputs.meaning(Own()) == "probabilities"


@pytest.mark.parametrize(
    ("build", "kind", "loss"),
    [
        (models.lenet5_textbook, outputs.PROBABILITIES, keras.losses.SparseCategoricalCrossentropy),
        (models.lenet5_1998, outputs.PENALTIES, ours.MapLoss),
        (models.lenet4, outputs.SQUASHED, ours.SquaredError),
        (models.lenet1, outputs.SQUASHED, ours.SquaredError),
        (models.lenet_1989, outputs.SQUASHED, ours.SquaredError),
    ],
)
def test_each_network_has_the_loss_and_the_winner_that_fit(build, kind, loss):
    model = build()
    assert outputs.meaning(model) == kind
    assert type(outputs.judge(model)[0]) is loss and outputs.judge is training.judge
    values = np.array([[0.5, 0.1, 0.4], [0.2, 0.7, 0.1]])
    assert outputs.winners(kind, values).tolist() == ([1, 2] if kind == "penalties" else [0, 1])
    metric = outputs.judge(model)[1]
    metric.update_state(np.array([0, 2]), values)
    assert float(metric.result()) == 0.5 and metric.name == "accuracy"
