"""Chapter 10: the small networks that are trained, and a slice of their runs."""

import keras
import numpy as np
import pytest

from lenet_tutorial import datasets, results
from lenet_tutorial.experiments import EXPERIMENTS
from lenet_tutorial.experiments import what_came_after as after


def main_path(model):
    """Return the layers with weights, without the 1×1 convolutions of the skip connections."""
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    found = [layer for layer in model.layers if isinstance(layer, kinds)]
    return [layer for layer in found if getattr(layer, "kernel_size", None) != (1, 1)]


@pytest.mark.parametrize(("layers", "joined"), after.NETWORKS)
def test_a_network_has_as_many_layers_as_its_name_says(layers, joined):
    model = after.build(layers, joined)
    assert len(main_path(model)) == layers
    assert (model.input_shape, model.output_shape) == ((None, 14, 14, 1), (None, 10))
    sums = [layer for layer in model.layers if isinstance(layer, keras.layers.Add)]
    assert len(sums) == ((layers - 2) // 2 if joined == "skip" else 0)
    stored = results.read("deep").query("layers == @layers and joined == @joined")
    assert set(stored["parameters"]) == {model.count_params()}
    # Beside its skips it is the plain one: a 1×1 convolution where the maps get smaller, no more.
    more = model.count_params() - after.build(layers, "plain").count_params()
    assert more == (8 * 16 + 4 * 16 if joined == "skip" else 0)


def test_a_block_that_computes_nothing_hands_on_what_it_was_given():
    """With all last factors at zero, the residual network is as its first convolution."""
    model = after.build(10, "skip")
    image = np.random.default_rng(0).random((2, 14, 14, 1)).astype("float32")
    sums = [layer for layer in model.layers if isinstance(layer, keras.layers.Add)]
    first = sums[0].input[0]
    for one in sums[:2]:  # of the first stage
        norm = one.input[1]._keras_history.operation
        norm.set_weights([0 * norm.get_weights()[0], *norm.get_weights()[1:]])
    two = keras.Model(model.input, [first, sums[1].output])(image)
    np.testing.assert_allclose(np.array(two[0]), np.array(two[1]), atol=1e-6)


@pytest.mark.parametrize(
    ("layers", "joined"), [(2, "skip"), (7, "plain"), (0, "plain"), (6, "dense")]
)
def test_a_network_that_there_is_not_is_refused(layers, joined):
    with pytest.raises(ValueError, match="4 n \\+ 2 layers"):
        after.build(layers, joined)


def test_halving_takes_means_of_four_pixels():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype("uint8")
    halved = after.halved(images)
    assert halved.shape == (3, 14, 14, 1)
    want = datasets.prepare(images, 28)[1, 4:6, 6:8].mean()
    assert halved[1, 2, 3, 0] == pytest.approx(want, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wanted"), [("deep", {"layers": 6}), ("constants", {"j": 1.0})])
def test_a_slice_of_the_long_runs_comes_out_again(name, wanted):
    """On the bundled digits: not as good as the stored runs of MNIST, and far from guessing."""
    experiment = EXPERIMENTS[name]
    run = next(run for run in experiment.runs if wanted.items() <= run.items())
    few = {"dataset": "digits", "epochs": 4, "train_digits": None}
    new = experiment.run(**run | few)
    stored = results.read(name).query("seed == 0")["test_accuracy"].max()
    assert 0.5 < new["test_accuracy"] <= stored + 0.01
