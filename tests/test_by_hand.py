"""LeNet in NumPy alone: every layer against finite differences and against Keras."""

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lenet_tutorial import by_hand, from_nothing

RNG = np.random.default_rng(4)
ROOT = Path(__file__).parents[1]


def normal(*shape):
    return RNG.normal(size=shape)


def worst(layer, backward, arrays):
    """Return the largest relative error of the slopes that a layer hands back.

    The loss is a weighted sum of the layer's outputs, so the weights are its slopes for them.
    """
    slopes = normal(*layer(*arrays).shape)

    def loss():
        return np.sum(layer(*arrays) * slopes)

    found = backward(slopes, *arrays)
    found = found if isinstance(found, tuple) else (found,)
    measured = [from_nothing.measured_slopes(loss, one) for one in arrays]
    for slope, one in zip(found, arrays, strict=True):
        assert slope.shape == one.shape  # slopes have the shape of what they are slopes for
    return max(from_nothing.apart(*two) for two in zip(found, measured, strict=True))


def ignoring_biases(backward):
    return lambda slopes, values, weights, biases: backward(slopes, values, weights)


MAPS, KERNELS = (2, 6, 7, 3), (3, 3, 3, 4)
LAYERS = {
    "dense": (
        by_hand.dense,
        ignoring_biases(by_hand.dense_backward),
        [normal(3, 5), normal(5, 4), normal(4)],
    ),
    "tanh": (
        np.tanh,
        lambda slopes, sums: by_hand.tanh_backward(slopes, np.tanh(sums)),
        [normal(3, 5)],
    ),
    "average pooling": (
        by_hand.average_pool,
        lambda slopes, maps: by_hand.average_pool_backward(slopes),
        [normal(2, 4, 6, 3)],
    ),
    "max pooling": (by_hand.max_pool, by_hand.max_pool_backward, [normal(2, 4, 6, 3)]),
    "convolution": (
        by_hand.convolve,
        ignoring_biases(by_hand.convolve_backward),
        [normal(*MAPS), normal(*KERNELS), normal(4)],
    ),
    "convolution, fast": (
        by_hand.convolve_fast,
        ignoring_biases(by_hand.convolve_fast_backward),
        [normal(*MAPS), normal(*KERNELS), normal(4)],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_slopes_of_a_layer_are_those_that_are_measured(name):
    assert worst(*LAYERS[name]) <= 1e-6


def test_a_wrong_backward_is_found():
    wrong = {
        "dense": lambda s, v, w, b: (s @ w.T, v.T @ s, s.mean(axis=0)),
        "tanh": lambda s, sums: s * (1 - np.tanh(sums)),
        "average pooling": lambda s, maps: s.repeat(2, axis=1).repeat(2, axis=2),
        "max pooling": lambda s, maps: by_hand.average_pool_backward(s),
        "convolution": lambda s, m, k, b: by_hand.convolve_backward(s, m, k[::-1, ::-1]),
    }
    for name, backward in wrong.items():
        layer, _, arrays = LAYERS[name]
        assert worst(layer, backward, arrays) > 0.1, name


def test_the_slopes_of_softmax_and_cross_entropy_are_p_minus_y():
    scores, labels = normal(4, 10), np.array([3, 0, 9, 3])
    found = by_hand.softmax_cross_entropy_backward(scores, labels)
    measured = from_nothing.measured_slopes(lambda: by_hand.cross_entropy(scores, labels), scores)
    assert from_nothing.apart(found, measured) <= 1e-6
    assert np.allclose(found, (by_hand.softmax(scores) - np.eye(10)[labels]) / 4)
    assert np.allclose(found.sum(axis=1), 0)


def test_softmax_takes_large_scores():
    large = np.array([[1000.0, 1001.0, 900.0]])
    assert np.allclose(by_hand.softmax(large), by_hand.softmax(large - 1000))
    assert by_hand.cross_entropy(large, np.array([2])) == pytest.approx(101.3133, abs=1e-4)


def test_of_equal_values_the_first_one_gets_the_slope_as_in_keras():
    import keras
    import tensorflow as tf

    maps = RNG.integers(0, 2, (2, 6, 8, 3)).astype("float64")  # many ties
    slopes = normal(2, 3, 4, 3)
    variable = tf.Variable(maps)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(keras.ops.max_pool(variable, 2, data_format="channels_last") * slopes)
    found = by_hand.max_pool_backward(slopes, maps)
    assert np.array_equal(found, tape.gradient(loss, variable).numpy())
    assert np.allclose(found.sum(), slopes.sum())  # nothing is lost, and nothing counts twice


def test_the_fast_convolution_is_the_plain_one():
    maps, kernels, biases = normal(2, 9, 8, 3), normal(5, 5, 3, 4), normal(4)
    plain = by_hand.convolve(maps, kernels, biases)
    assert plain.shape == (2, 5, 4, 4)
    assert np.allclose(by_hand.convolve_fast(maps, kernels, biases), plain)
    slopes = normal(*plain.shape)
    pairs = zip(
        by_hand.convolve_fast_backward(slopes, maps, kernels),
        by_hand.convolve_backward(slopes, maps, kernels),
        strict=True,
    )
    assert all(np.allclose(*pair) for pair in pairs)
    nothing, d_kernels, _ = by_hand.convolve_fast_backward(slopes, maps, kernels, below=False)
    assert nothing is None and d_kernels.shape == kernels.shape


def test_a_row_of_the_patches_is_a_patch():
    maps = normal(2, 6, 7, 3)
    rows = by_hand.patches(maps, 3).reshape(2, 4, 5, 3, 3, 3)
    assert np.array_equal(rows[1, 2, 4], maps[1, 2:5, 4:7])


# ------------------------------------------------------------------------------ the network

IMAGES, LABELS = RNG.uniform(size=(3, 32, 32, 1)), np.array([7, 2, 1])


def double(parameters):
    return [one.astype("float64") for one in parameters]


def keras_lenet(parameters):
    """Return the textbook LeNet-5 of Keras with these parameters."""
    import keras

    from lenet_tutorial.models import lenet5_textbook

    model = lenet5_textbook()
    shapes = [one.shape for one in model.get_weights()]
    model.set_weights([p.reshape(s) for p, s in zip(parameters, shapes, strict=True)])
    model.get_layer("output").activation = keras.activations.linear
    return model


def test_there_are_61_706_parameters_and_the_start_depends_on_the_seed():
    parameters = from_nothing.start(0)
    assert sum(one.size for one in parameters) == 61_706
    assert {one.dtype.name for one in parameters} == {"float32"}
    assert np.array_equal(parameters[4], from_nothing.start(0)[4])
    assert not np.array_equal(parameters[4], from_nothing.start(1)[4])
    assert parameters[4].std() == pytest.approx(1 / 20, rel=0.02)  # the square root of 1/400


def test_the_gradient_of_the_whole_network_is_the_one_that_is_measured():
    parameters = double(from_nothing.start(1))
    gradient, _ = from_nothing.backward(
        from_nothing.forward(IMAGES, parameters), LABELS, parameters
    )

    def loss():
        return by_hand.cross_entropy(from_nothing.forward(IMAGES, parameters)["output"], LABELS)

    for number, (slopes, array) in enumerate(zip(gradient, parameters, strict=True)):
        assert slopes.shape == array.shape
        chosen = RNG.integers(array.size, size=12)
        flat = array.reshape(-1)
        part = []
        for place in chosen:
            one = flat[place : place + 1]  # a view: what is moved in it is moved in the network
            part.append(from_nothing.measured_slopes(loss, one)[0])
        assert from_nothing.apart(slopes.reshape(-1)[chosen], np.array(part)) <= 1e-6, number


@pytest.mark.slow
def test_the_network_and_its_gradient_are_those_of_keras():
    import keras
    import tensorflow as tf

    parameters = from_nothing.start(2)
    images = IMAGES.astype("float32")
    values = from_nothing.forward(images, parameters)
    gradient, _ = from_nothing.backward(values, LABELS, parameters)
    model = keras_lenet(parameters)
    with tf.GradientTape() as tape:
        scores = model(images)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(LABELS, scores)
    assert np.allclose(values["output"], scores, atol=1e-5)
    assert by_hand.cross_entropy(values["output"], LABELS) == pytest.approx(float(loss), rel=1e-5)
    for ours, theirs in zip(gradient, tape.gradient(loss, model.trainable_weights), strict=True):
        assert from_nothing.apart(ours, theirs.numpy().reshape(ours.shape)) <= 1e-5


def test_slopes_of_the_values_are_those_that_are_measured():
    parameters = double(from_nothing.start(1))
    _, slopes = from_nothing.backward(from_nothing.forward(IMAGES, parameters), LABELS, parameters)

    def loss():
        return by_hand.cross_entropy(from_nothing.forward(IMAGES, parameters)["output"], LABELS)

    # A bias is added to each sum of its map, so its slope is the sum of theirs.
    for name, bias in (("C1", 1), ("C3", 3), ("C5", 5), ("F6", 7), ("output", 9)):
        total = slopes[name].reshape(-1, slopes[name].shape[-1]).sum(axis=0)
        assert (
            from_nothing.apart(total, from_nothing.measured_slopes(loss, parameters[bias])) <= 1e-6
        ), name


def test_training_makes_the_loss_small_and_leaves_the_data_as_they_were():
    images, labels = IMAGES.astype("float32"), LABELS
    parameters, kept = from_nothing.start(0), images.copy()
    before = [one.copy() for one in parameters]
    losses = from_nothing.train(parameters, images, labels, epochs=60, rate=0.01, size=2)
    assert len(losses) == 60 * 2  # three images in batches of at most two
    assert losses[0] > 1.5 and losses[-1] < 0.1
    assert from_nothing.accuracy(images, labels, parameters, size=2) == 1
    assert np.array_equal(images, kept)
    for one, other in zip(before, parameters, strict=True):
        assert not np.array_equal(one, other) and other.dtype == "float32"
    again = from_nothing.start(0)
    assert from_nothing.train(again, images, labels, epochs=60, rate=0.01, size=2) == losses


def test_the_first_step_is_the_rate_times_the_gradient():
    images = IMAGES.astype("float32")
    parameters = from_nothing.start(0)
    gradient, _ = from_nothing.backward(
        from_nothing.forward(images, parameters), LABELS, parameters
    )
    moved = from_nothing.start(0)
    from_nothing.train(moved, images, LABELS, epochs=1, rate=0.5)
    for old, new, slopes in zip(parameters, moved, gradient, strict=True):
        assert np.allclose(old - new, 0.5 * slopes, atol=1e-6)


def test_momentum_keeps_a_share_of_the_last_step_and_the_rate_falls():
    images = IMAGES[:1].astype("float32")

    def after(epochs, momentum):
        parameters = from_nothing.start(0)
        from_nothing.train(parameters, images, LABELS[:1], epochs, rate=1e-3, momentum=momentum)
        return parameters[-1]

    start = from_nothing.start(0)[-1]
    one, two = start - after(1, 0.9), start - after(2, 0.9)
    # So small a step leaves the gradient nearly as it was: 1 + (0.9 + 1/2) of the first step.
    assert np.allclose(two, one * 2.4, rtol=0.02, atol=1e-6)
    assert np.allclose(start - after(2, 0.0), one * 1.5, rtol=0.02, atol=1e-6)


# ------------------------------------------------------------------------------ the chapter


def functions(text):
    """Return {name: its code without its docstring, and without what keeps ruff quiet}."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node):
                del node.body[0]
            for call in ast.walk(node):
                if isinstance(call, ast.Call):
                    call.keywords = [one for one in call.keywords if one.arg != "strict"]
            found[node.name] = ast.unparse(node)
    return found


# What computes nothing new: the same in fewer products, and what measures and counts.
FOLDED = {"convolve_fast", "convolve_fast_backward", "measured_slopes", "apart", "accuracy"}


@pytest.mark.book
def test_the_chapter_writes_what_the_package_holds():
    path = ROOT / "chapters" / "04-lenet-from-nothing.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    written = functions("\n".join(cell.source for cell in code))
    for module in (by_hand, from_nothing):
        for name, body in functions(inspect.getsource(module)).items():
            assert written[name] == body, name
            shown = next(cell for cell in code if f"def {name}(" in cell.source)
            folded = "hide-input" in shown.metadata.get("tags", [])
            assert not folded or name in FOLDED, name
            lines = body.splitlines()
            assert len(lines) <= (17 if name == "train" else 15), name


TIMED = """
import time, numpy as np
from lenet_tutorial import from_nothing
images, labels = np.ones((64, 32, 32, 1), "float32"), np.arange(64) % 10
parameters, took = from_nothing.start(0), []
for _ in range(4):
    began = time.process_time()
    from_nothing.train(parameters, images, labels, epochs=5)
    took.append((time.process_time() - began) / 5)
print(min(took))
"""


def test_two_epochs_on_mnist_take_less_than_a_minute():
    """On one processor, with 860 batches in an epoch."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    found = subprocess.run(
        [sys.executable, "-c", TIMED],
        capture_output=True, encoding="utf-8", check=True, env=os.environ | threads,
    )  # fmt: skip
    assert float(found.stdout) * 2 * 860 <= 60


def test_it_takes_numpy_and_nothing_else():
    heavy = ["keras", "tensorflow", "pandas", "matplotlib", "sklearn"]
    code = "import sys, lenet_tutorial.from_nothing; "
    code += f"print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert found.stdout.strip() == "[]"
