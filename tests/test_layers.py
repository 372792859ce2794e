"""The units of 1989 and 1998, each against a plain NumPy reference that loops over its units."""

import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

from lenet_tutorial.distortions import Distort
from lenet_tutorial.layers import (
    EuclideanRBF,
    FanInUniform,
    Subsample,
    TableConv2D,
    digit_codes,
    squash,
)
from lenet_tutorial.local import LocalConv2D
from lenet_tutorial.losses import MapLoss, SquaredError, smallest_wins

RNG = np.random.default_rng(0)


def tanh(a):
    return 1.7159 * np.tanh(2 * a / 3)


def run(layer, x):
    """Build a layer, give it random weights, and return its output and the weights."""
    layer.build(x.shape)
    weights = [RNG.normal(size=w.shape).astype("float32") for w in layer.trainable_weights]
    for variable, value in zip(layer.trainable_weights, weights, strict=True):
        variable.assign(value)
    return keras.ops.convert_to_numpy(layer(x)), weights


def test_the_squashing_function_keeps_plus_and_minus_one():
    values = keras.ops.convert_to_numpy(squash(np.array([-1.0, 0.0, 1.0, 100.0], "float32")))
    np.testing.assert_allclose(values, [-1, 0, 1, 1.7159], atol=1e-4)


@pytest.mark.parametrize("repeat", [1, 2])
def test_subsampling_unit_by_unit(repeat):
    x = RNG.normal(size=(2, 6, 5, 3)).astype("float32")  # an odd column is left over
    got, (coefficient, bias) = run(Subsample(repeat=repeat), x)
    assert got.shape == (2, 3, 2, 3 * repeat)
    for image, row, column, out in np.ndindex(got.shape):
        window = x[image, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2, out // repeat].sum()
        want = tanh(window * coefficient[out] + bias[out])
        assert got[image, row, column, out] == pytest.approx(want, abs=1e-5)


def test_units_that_share_nothing_unit_by_unit(tmp_path):
    x = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    layer = LocalConv2D(2, 5, strides=2, padding=(2, 1), background=-1.0)
    got, (kernel, bias) = run(layer, x)
    assert kernel.shape == (4, 3, 25, 3, 2) and bias.shape == (4, 3, 2)
    assert got.shape == (2, 4, 3, 2) == layer.compute_output_shape(x.shape)
    framed = np.pad(x, ((0, 0), (2, 1), (2, 1), (0, 0)), constant_values=-1)
    for image, row, column, out in np.ndindex(got.shape):
        window = framed[image, 2 * row : 2 * row + 5, 2 * column : 2 * column + 5]
        total = (window.reshape(25, 3) * kernel[row, column, :, :, out]).sum()
        want = tanh(total + bias[row, column, out])
        assert got[image, row, column, out] == pytest.approx(want, abs=1e-4)
    model = keras.Sequential([keras.Input((8, 7, 3)), LocalConv2D(1, 3, activation="relu")])
    model.save(tmp_path / "local.keras")
    again = keras.models.load_model(tmp_path / "local.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("wrong", [{"maps": 0}, {"maps": 1, "padding": (-1, 0)}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        LocalConv2D(**wrong)


def test_a_convolution_by_table_unit_by_unit():
    table = [[0], [1, 2], [0, 1, 2], [2]]
    x = RNG.normal(size=(2, 7, 6, 3)).astype("float32")
    layer = TableConv2D(table, kernel_size=3)
    got, (kernel, bias) = run(layer, x)
    assert kernel.shape == (3, 3, 7) and got.shape == (2, 5, 4, 4)
    pair = 0
    want = np.zeros_like(got) + bias
    for out, row in enumerate(table):
        for seen in row:
            for i, j in np.ndindex(5, 4):
                patches = x[:, i : i + 3, j : j + 3, seen]
                want[:, i, j, out] += (patches * kernel[:, :, pair]).sum(axis=(1, 2))
            pair += 1
    np.testing.assert_allclose(got, tanh(want), atol=1e-5)


def test_an_unconnected_map_plays_no_part():
    x = RNG.normal(size=(1, 6, 6, 3)).astype("float32")
    layer = TableConv2D([[0, 2], [1]], kernel_size=3)
    before, _ = run(layer, x)
    x[..., 1] += 1
    after = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_array_equal(before[..., 0], after[..., 0])
    assert np.abs(before[..., 1] - after[..., 1]).min() > 0


def test_the_convolution_of_1989_unit_by_unit():
    """Stride 2, a bias for each unit, and a background of −1 around the image."""
    x = RNG.normal(size=(1, 8, 8, 2)).astype("float32")
    layer = TableConv2D([[0, 1], [1]], 5, strides=2, padding=(2, 1), background=-1.0, bias="unit")
    got, (kernel, bias) = run(layer, x)
    assert got.shape == (1, 4, 4, 2) and bias.shape == (4, 4, 2)
    pairs = [(0, 0), (1, 0), (1, 1)]  # map below, map above
    for row, column, out in np.ndindex(4, 4, 2):
        total = bias[row, column, out]
        for number, (seen, above) in enumerate(pairs):
            if above != out:
                continue
            for i, j in np.ndindex(5, 5):
                y, z = 2 * row + i - 2, 2 * column + j - 2
                inside = 0 <= y < 8 and 0 <= z < 8
                total += kernel[i, j, number] * (x[0, y, z, seen] if inside else -1.0)
        assert got[0, row, column, out] == pytest.approx(tanh(total), abs=1e-4)


def test_rbf_units_measure_the_distance_to_their_codes():
    codes = RNG.choice([-1.0, 1.0], size=(4, 9))
    x = RNG.normal(size=(5, 9)).astype("float32")
    layer = EuclideanRBF(codes)
    got, weights = run(layer, x)
    assert weights == [] and len(layer.non_trainable_weights) == 1
    want = [[sum((a - b) ** 2 for a, b in zip(row, code, strict=True)) for code in codes]
            for row in x]  # fmt: skip
    np.testing.assert_allclose(got, want, rtol=1e-5)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(codes.astype("float32"))).diagonal(), 0, atol=1e-6
    )


def test_the_codes_of_the_digits_are_pictures_that_differ():
    codes = digit_codes()
    assert codes.shape == (10, 84) and set(np.unique(codes)) == {-1.0, 1.0}
    distances = ((codes[:, None] - codes) ** 2).sum(-1)
    others = distances[~np.eye(10, dtype=bool)]
    assert others.min() >= 4 * 8  # any two pictures differ in at least eight pixels
    codes[0, 0] = 5
    assert digit_codes()[0, 0] == -1  # a copy was changed


def test_equation_9():
    penalties = np.array([[3.0, 1.0, 8.0], [0.5, 2.0, 30.0]], "float32")
    labels = np.array([1, 2])
    for j in (1.0, 5.0):
        got = keras.ops.convert_to_numpy(MapLoss(j).call(labels, penalties))
        want = [
            row[right] + np.log(np.exp(-j) + sum(np.exp(-row)))
            for row, right in zip(penalties, labels, strict=True)
        ]
        np.testing.assert_allclose(got, want, rtol=1e-5)
    # Penalties beyond any exponential's range are no trouble.
    huge = keras.ops.convert_to_numpy(MapLoss(1.0).call(labels[:1], penalties[:1] + 1e4))
    np.testing.assert_allclose(huge, [1e4 + 1 - 1], rtol=1e-5)


def test_the_loss_before_1998():
    outputs = np.array([[0.5, -1.0, 1.0]], "float32")
    got = keras.ops.convert_to_numpy(SquaredError().call(np.array([2]), outputs))
    np.testing.assert_allclose(got, [0.5 * 1.5**2])


def test_the_smallest_penalty_wins():
    penalties = np.array([[3.0, 1.0], [0.5, 2.0], [0.5, 2.0]], "float32")
    got = keras.ops.convert_to_numpy(smallest_wins(np.array([[1], [0], [1]]), penalties))
    np.testing.assert_array_equal(got, [1, 1, 0])


def test_weights_start_within_their_fan_in():
    keras.utils.set_random_seed(0)
    draw = keras.ops.convert_to_numpy(FanInUniform()((5, 5, 4, 30)))
    assert 0.9 * 0.024 < np.abs(draw).max() <= 0.024
    layer = TableConv2D([[0], [0, 1, 2, 3]])
    layer.build((None, 9, 9, 4))
    kernel = np.abs(keras.ops.convert_to_numpy(layer.kernel))
    assert 0.8 * 2.4 / 25 < kernel[..., 0].max() <= 2.4 / 25
    assert 0.9 * 2.4 / 100 < kernel[..., 1:].max() <= 2.4 / 100


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TableConv2D([]), "at least one input map"),
        (lambda: TableConv2D([[0], []]), "at least one input map"),
        (lambda: TableConv2D([[1, 1]]), r"output map 0 must see each map once, got \[1, 1\]"),
        (lambda: TableConv2D([[-1]]), "map 0 sees must be a whole number of at least 0, got -1"),
        (lambda: TableConv2D([[0]], kernel_size=0), "kernel_size must be .* got 0"),
        (lambda: TableConv2D([[0]], strides=1.5), r"strides must be .* got 1\.5"),
        (lambda: TableConv2D([[0]], bias="none"), "bias must be 'map' or 'unit', got 'none'"),
        (lambda: TableConv2D([[3]]).build((None, 9, 9, 3)), "sees .3., but there are 3 maps"),
        (lambda: TableConv2D([[0]]).build((None, 4, 4, 1)), "covers 5 pixels"),
        (lambda: TableConv2D([[0]]).build((None, 9)), "must be .batch, height, width, maps."),
        (lambda: Subsample(repeat=0), "repeat must be .* got 0"),
        (lambda: Subsample().build((None, 9)), "must be .batch, height, width, maps."),
        (lambda: EuclideanRBF([1.0, -1.0]), r"codes must be \(classes, units\), got \(2,\)"),
        (lambda: EuclideanRBF([[1.0, -1.0]]).build((None, 3)), "have 2 values, .* has 3"),
    ],
)
def test_bad_input_is_named_with_the_rule(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_distortion_leaves_images_alone_outside_training():
    x = RNG.random((3, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(Distort(seed=0)(x)), x)


def test_distortion_without_limits_changes_nothing_and_with_a_seed_comes_out_again():
    x = RNG.random((3, 8, 8, 1)).astype("float32")
    still = Distort(shift=0, scale=0, squeeze=0, shear=0)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(still(x, training=True)), x, atol=1e-5)
    one, two, other = (
        keras.ops.convert_to_numpy(Distort(seed=seed)(x, training=True)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 0.1 and np.abs(one - x).max() > 0.1


def test_a_shift_moves_the_digit_and_brings_in_background():
    x = np.full((40, 9, 9, 1), -1.0, "float32")
    x[:, 4, 4] = 1.0
    layer = Distort(shift=2, scale=0, squeeze=0, shear=0, background=-1.0, seed=0)
    moved = keras.ops.convert_to_numpy(layer(x, training=True))[..., 0] + 1
    np.testing.assert_allclose(moved.sum(axis=(1, 2)), 2, atol=1e-3)  # the ink is all there
    centre = (moved * np.arange(9)).sum(axis=(1, 2)) / 2 - 4
    assert 1.2 < np.abs(centre).max() <= 2.001 and centre.min() < -0.5 < 0.5 < centre.max()


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"shift": -1}, "shift must be at least 0, got -1"), ({"shear": 1}, "and below 1, got 1")],
)
def test_impossible_limits_are_named(limits, message):
    with pytest.raises(ValueError, match=message):
        Distort(**limits)


def test_distort_can_be_written_down_and_made_again():
    layer = Distort(shift=1, shear=0.1, background=-0.1, seed=3)
    again = Distort.from_config(layer.get_config())
    x = RNG.random((2, 8, 8, 1)).astype("float32")
    same = [keras.ops.convert_to_numpy(each(x, training=True)) for each in (layer, again)]
    np.testing.assert_array_equal(*same)


@pytest.mark.slow
def test_a_model_file_of_an_earlier_version_is_understood():
    """It names modules that our classes have left; what counts is the name they are registered by.

    ``saved_model.json`` is what Keras wrote when they all stood in `lenet_tutorial.layers`. A
    process of its own has imported nothing else.
    """
    code = """
        import json, sys
        import lenet_tutorial.layers
        import keras
        from lenet_tutorial.command.model_files.sizes import trace

        with open(sys.argv[1], encoding="utf-8") as file:
            saved = json.load(file)
        kept = {key: value for key, value in saved["network"].items() if key != "compile_config"}
        found = trace(kept)  # without what is left out before a file is looked at
        model = keras.saving.deserialize_keras_object(saved["network"])
        assert [layer.name for layer in model.layers] == [name for name, _, _ in found.layers]
        losses = map(keras.saving.deserialize_keras_object, saved["losses"])
        made = [*model.layers, model.loss, *losses]
        print(*(keras.saving.get_registered_name(type(one)) for one in made))
    """
    saved = Path(__file__).parent / "saved_model.json"
    command = [sys.executable, "-c", textwrap.dedent(code), str(saved)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    ours = "Distort ElasticDistort FoldedConv2D TableConv2D Subsample EuclideanRBF".split()
    ours += "MapLoss SquaredError SmoothedCrossentropy".split()
    names = [name for name in done.stdout.split() if name.startswith("lenet_tutorial>")]
    assert names == [f"lenet_tutorial>{name}" for name in ours]
