"""Optimal Brain Damage: its saliencies against numbers, what is deleted stays so, and the runs."""

import keras
import numpy as np
import pytest
from exploring import WEIGHTS

from lenet_tutorial import results
from lenet_tutorial.datasets import load_mnist
from lenet_tutorial.experiments import how_far_lenet_goes_small as small
from lenet_tutorial.explorer import export
from lenet_tutorial.layers import TableConv2D, squash
from lenet_tutorial.models import lenet5_textbook, lenet_1989
from lenet_tutorial.training import answers, set_seed, train
from lenet_tutorial.training.levenberg import curvature
from lenet_tutorial.training.pruning import BY, Mask, saliencies, scores
from lenet_tutorial.weights import rounded

RNG = np.random.default_rng(0)


def tanh(a):
    return 1.7159 * np.tanh(2 / 3 * a)


def shared():
    """A convolution with a frame and a bias for each unit, as in 1989, and two squashed outputs."""
    set_seed(0)
    model = keras.Sequential(
        [
            keras.Input((5, 5, 1)),
            TableConv2D([[0], [0]], 3, 2, (1, 1), background=-1.0, bias="unit", name="H1"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, squash, name="output"),
        ]
    )
    model.set_weights([RNG.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    return model


def connections(kernel, bias, weights, biases, image):
    """Compute the two outputs; `kernel` is ``(3, 3, 3, 3, 2)``: each place has its own copy."""
    framed = np.pad(image, 1, constant_values=-1.0)
    below = np.array(
        [
            [framed[2 * row : 2 * row + 3, 2 * column : 2 * column + 3] for column in range(3)]
            for row in range(3)
        ]
    )
    hidden = tanh(np.einsum("rcij,rcijm->rcm", below, kernel) + bias)
    return tanh(hidden.ravel() @ weights + biases)


def second_derivatives(arrays, which, image, step=1e-3):
    """Return those of half the squared distance to the outputs as they are, one by one."""
    wanted, found = connections(*arrays, image), np.zeros_like(arrays[which])
    for at in np.ndindex(found.shape):
        errors = []
        for move in (step, -step):
            moved = [array.copy() for array in arrays]
            moved[which][at] += move
            errors.append(0.5 * np.sum((connections(*moved, image) - wanted) ** 2))
        found[at] = sum(errors) / step**2  # the error in between is 0
    return found


def test_curvatures_are_second_derivatives_summed_over_all_connections_that_share_a_parameter():
    model = shared()
    images = RNG.normal(size=(3, 5, 5, 1)).astype("float32")
    kernel, *rest = (np.asarray(array, float) for array in model.get_weights())
    arrays = [np.broadcast_to(kernel, (3, 3, *kernel.shape)).copy(), *rest]
    for which, got in enumerate(curvature(model, images)):
        each = [second_derivatives(arrays, which, image[..., 0]) for image in images]
        want = np.mean(each, axis=0)
        want = want.sum(axis=(0, 1)) if which == 0 else want
        np.testing.assert_allclose(got, want, rtol=2e-3, atol=1e-6)


def test_a_saliency_is_half_the_curvature_times_the_square():
    model = shared()
    images = RNG.normal(size=(3, 5, 5, 1)).astype("float32")
    parts = saliencies(model, images), curvature(model, images), model.get_weights()
    for saliency, h, weight in zip(*parts, strict=True):
        np.testing.assert_allclose(saliency, h * weight**2 / 2, rtol=1e-6)


def test_for_a_weight_of_the_last_layer_the_saliency_is_what_its_loss_adds():
    """Where nothing is neglected but the third order: small weights, and targets that are met."""
    model = shared()
    image = RNG.normal(size=(1, 5, 5, 1)).astype("float32")
    weights = model.get_layer("output").kernel
    weights.assign(weights * 0.05)
    before = model(image)
    for at in ((0, 0), (7, 1), (17, 0)):
        saliency = saliencies(model, image)[2][at]
        whole = weights.numpy()
        cut = whole.copy()
        cut[at] = 0
        weights.assign(cut)
        added = 0.5 * float(np.sum((model(image) - before) ** 2))
        weights.assign(whole)
        assert added == pytest.approx(saliency, rel=0.1)


@pytest.mark.parametrize("by", BY)
def test_the_lowest_scores_go_and_what_is_gone_stays_0_in_training(by):
    set_seed(0)
    model = lenet_1989()
    x = RNG.normal(size=(64, 16, 16, 1)).clip(-1, 1).astype("float32")
    y = RNG.integers(0, 10, 64)
    judged, mask = scores(model, by, x, seed=3), Mask(model)
    assert mask.left == 9_760
    before = np.concatenate([weight.ravel() for weight in model.get_weights()])
    mask.keep(judged, 1_000)
    flat = np.concatenate([score.ravel() for score in judged])
    kept = np.concatenate([np.asarray(one).ravel() for one in mask.kept]) > 0
    assert mask.left == kept.sum() == 1_000
    assert flat[kept].min() >= flat[~kept].max()
    after = np.concatenate([weight.ravel() for weight in model.get_weights()])
    assert (after[~kept] == 0).all() and (after[kept] == before[kept]).all()
    train(model, x, y, (x, y), epochs=3, batch_size=16, optimizer="adam", steps_per_execution=4)
    learned = np.concatenate([weight.ravel() for weight in model.get_weights()])
    assert (learned[~kept] == 0).all() and (learned[kept] != after[kept]).mean() > 0.7
    mask.keep(scores(model, "random", seed=1), 500)
    again = np.concatenate([np.asarray(one).ravel() for one in mask.kept]) > 0
    assert mask.left == 500 and not (again & ~kept).any()  # nothing comes back
    with pytest.raises(ValueError, match="at most 500, which are left; got 501"):
        mask.keep(judged, 501)


def test_what_can_not_be_judged_is_named():
    x = np.zeros((2, 32, 32, 1), "float32")
    with pytest.raises(ValueError, match="must be one of"):
        scores(lenet_1989(), "taste")
    with pytest.raises(ValueError, match="last layer must be RBF units, or squashed"):
        saliencies(lenet5_textbook(), x)


def test_lots_depend_on_the_seed():
    model = shared()
    one, same, other = (scores(model, "random", seed=seed)[0] for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
    assert [score.shape for score in scores(model, "magnitude")] == [
        weight.shape for weight in model.get_weights()
    ]


@pytest.mark.mnist
@pytest.mark.slow
def test_a_slice_of_the_runs_comes_out_again():
    wanted = {"dataset": "mnist", "recipe": "saliency", "seed": 0}
    table = results.read("pruning")
    row = table[(table["recipe"] == "saliency") & (table["seed"] == 0)].iloc[0]
    again = small.prune(**wanted, stages=(70, 50))
    assert again["parameters"] == row["parameters"] == 9_760
    for column in ("test_error", "test_error_70", "test_error_50", "once_test_error_70"):
        assert again[column] == pytest.approx(row[column], abs=0.012), column
    assert again["cut_test_error_70"] == again["once_test_error_70"]
    assert again["once_test_error_50"] == pytest.approx(row["once_test_error_50"], abs=0.04)


def test_the_saliency_is_the_better_judge_and_learning_again_mends_most():
    mean = results.read("pruning").groupby("recipe").mean(numeric_only=True)
    assert results.read("pruning")["seed"].nunique() == 3
    for share in (50, 40, 30, 25, 20, 15):
        once = mean[f"once_test_error_{share}"]
        assert once["saliency"] < once["magnitude"] < once["random"], share
    for share in small.STAGES:
        mended = mean[f"test_error_{share}"]
        assert (mended <= mean[f"cut_test_error_{share}"] + 0.002).all(), share
        assert mended["saliency"] < mended["random"], share
        assert share > 20 or mended["saliency"] < mended["magnitude"], share


# --------------------------------------------------------------------------- fewer bits


def test_rounded_weights_are_whole_multiples_of_a_scale_for_each_unit():
    kernel = RNG.normal(size=(5, 5, 3, 4)).astype("float32")
    for bits, most in ((8, 127), (3, 3), (2, 1)):
        coarse = rounded(kernel, bits)
        scale = np.abs(kernel).max(axis=(0, 1, 2)) / most
        steps = coarse / scale
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
        assert np.abs(steps).max() == pytest.approx(most, abs=1e-3)
        assert (np.abs(coarse - kernel) <= scale / 2 * 1.001).all()
        assert all(len(np.unique(np.round(steps[..., n]))) <= 2**bits - 1 for n in range(4))


def test_biases_and_units_of_zeros_stay_as_they_are():
    bias = RNG.normal(size=7).astype("float32")
    assert rounded(bias, 2) is bias
    assert (rounded(np.zeros((4, 3)), 8) == 0).all()
    for bits in (1, 0, 2.5, None):
        with pytest.raises(ValueError, match="bits must be"):
            rounded(bias, bits)


def test_the_bits_that_the_book_names():
    table = results.read("bits")
    mean = table.filter(like="accuracy").mean()
    assert (table["parameters"] == 61_706).all() and len(table) == 3
    assert abs(mean["test_accuracy_8"] - mean["test_accuracy"]) < 0.001
    assert mean["test_accuracy_2"] < mean["test_accuracy_3"] < mean["test_accuracy_4"]


@pytest.mark.mnist
@pytest.mark.slow
def test_a_network_of_the_small_ones_comes_out_again():
    row = results.read("smallest").query("maps == '3-6' and seed == 0").iloc[0]
    again = small.shrink("mnist", "small", "3-6", 0)
    assert again["parameters"] == row["parameters"] == 1_504
    for column in ("val_accuracy", "test_accuracy"):
        assert again[column] == pytest.approx(row[column], abs=0.012)


@pytest.mark.parametrize("maps", small.SMALL)
def test_the_parameters_of_a_small_network(maps):
    one, two = map(int, maps.split("-"))
    model = small.small_network(maps)
    count = 26 * one + (25 * one + 1) * two + (4 * 4 * two + 1) * 10
    assert model.count_params() == count
    assert model.output_shape == (None, 10)
    assert (results.read("smallest").query("maps == @maps")["parameters"] == count).all()


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize("name", export.NETWORKS)
def test_with_8_bits_the_explorer_s_networks_give_the_same_answers(name):
    digits, shown = load_mnist(mirrors=()), export.network(name)
    model, x = export.load(WEIGHTS, name, 10), shown.input.prepare(digits.x_test)
    before = answers(model, x)
    model.set_weights([rounded(weight, 8) for weight in model.get_weights()])
    assert (answers(model, x) == before).sum() >= 9_990
