"""The numbers that stand in the code: each is seen by what it does, or held to its source.

Where the source is a paper, it is LeCun, Bottou, Bengio and Haffner (1998), and for the network of
1989 LeCun et al. (1989). What was drawn or chosen for this book, such as a seed, is held to what
the stored results were made with.
"""

import hashlib
import inspect
import json
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from lenet_tutorial import distortions, layers, losses, models, results
from lenet_tutorial.datasets import load_bundled
from lenet_tutorial.experiments import as_published_1998 as published
from lenet_tutorial.experiments import beyond_one_machine as beyond
from lenet_tutorial.experiments import in_code_1989 as zip1989
from lenet_tutorial.experiments import training_faster_and_better as faster
from lenet_tutorial.experiments import training_with_keras as changes
from lenet_tutorial.experiments import why_it_works as why
from lenet_tutorial.explorer import choosing, export
from lenet_tutorial.training import fit as training
from lenet_tutorial.training import levenberg, parallel, set_seed, split_validation, train, worker
from lenet_tutorial.training.recipes import ARTICLE, FAST, ONE_EPOCH, STRONG, Distortions, Recipe


def digest(array):
    """Return the start of a digest of an array's values, the same on each machine."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def numbers(function):
    """Return the default values of a function."""
    given = inspect.signature(function).parameters.items()
    return {name: one.default for name, one in given if one.default is not one.empty}


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


# --------------------------------------------------------------------------- units of 1998


def test_the_squashing_function_has_the_paper_s_height_and_slope():
    assert (layers.A, layers.S) == (1.7159, 2 / 3)
    a = np.array([-50.0, -0.001, 0.001, 0.5, 50.0], "float32")
    low, *middle, high = values(layers.squash(a))
    assert (low, high) == pytest.approx((-1.7159, 1.7159), abs=1e-6)
    slope = (middle[1] - middle[0]) / 0.002
    assert slope == pytest.approx(1.7159 * 2 / 3, rel=1e-4)
    assert middle[2] == pytest.approx(1.7159 * np.tanh(1 / 3), abs=1e-6)


def test_j_of_equation_9_is_1():
    """The paper gives no value; the runs of the book were made with 1."""
    penalties, label = np.array([[3.0, 1.0, 8.0]], "float32"), np.array([0])
    want = 3 + np.log(np.exp(-1) + np.exp(-3) + np.exp(-1) + np.exp(-8))
    assert float(losses.MapLoss()(label, penalties)) == pytest.approx(want, rel=1e-6)
    assert losses.MapLoss().get_config()["j"] == 1.0
    for name in set(published.EXPERIMENTS) - {"constants"}:  # where others are tried
        assert (results.read(name)["j"] == 1.0).all()
    assert set(results.read("constants")["j"]) == set(published.JS)
    assert published.J == 1.0


def spread(shape, **how):
    set_seed(0)
    return values(layers.FanInUniform(**how)(shape))


def test_weights_start_evenly_within_2_4_over_the_fan_in():
    draw = spread((50, 2000)) * 50 / 2.4
    assert -1 <= draw.min() < -0.999 and 0.999 < draw.max() <= 1
    assert draw.var() == pytest.approx(1 / 3, rel=0.02)  # even, not normal
    draw = spread((1000,), fan_in=4) / 0.6
    assert -1 <= draw.min() < -0.98 and 0.98 < draw.max() <= 1
    set_seed(0)
    model = models.lenet5_1998()
    coefficients = np.concatenate([model.get_layer(n).get_weights()[0] for n in ("S2", "S4")])
    assert 0.5 < np.abs(coefficients).max() <= 0.6  # four inputs


def test_wider_start_weights_are_the_square_root_of_3_over_the_fan_in():
    set_seed(0)
    model = models.lenet5_1998()
    before = {layer.name: layer.get_weights() for layer in model.layers}
    levenberg.widen(model)
    for name, fan_in in (("C1", 25), ("C5", 400), ("F6", 120)):
        ratio = model.get_layer(name).get_weights()[0] / before[name][0]
        np.testing.assert_allclose(ratio, np.sqrt(3 / fan_in) / (2.4 / fan_in), rtol=1e-5)


C3 = """
    X...XXX..XXXX.XX
    XX...XXX..XXXX.X
    XXX...XXX..X.XXX
    .XXX..XXXX..X.XX
    ..XXX..XXXX.XX.X
    ...XXX..XXXX.XXX
"""


def test_the_table_of_c3_is_table_1():
    """Rows are the maps of S2, columns those of C3, as the paper prints it."""
    rows = C3.split()
    want = tuple(tuple(s2 for s2 in range(6) if rows[s2][c3] == "X") for c3 in range(16))
    assert tuple(tuple(sorted(row)) for row in models.C3_TABLE) == want
    table = models.lenet5_1998().get_layer("C3").table
    assert tuple(map(tuple, table)) == models.C3_TABLE


LENET1 = """
    XXX.XX......
    .XXXXX......
    ......XXX.XX
    .......XXXXX
"""


def test_who_sees_whom_in_the_older_networks():
    h1, h2 = (models.lenet_1989().get_layer(name).table for name in ("H1", "H2"))
    assert h1 == [[0]] * 12
    first, middle, last = [*range(4)], [*range(4, 8)], [*range(8, 12)]
    assert h2 == [first + middle] * 4 + [middle + last] * 4 + [first + last] * 4
    # LeNet-1: table 1 of the paper at NIPS, p. 400, printed with the maps of H2 as rows.
    rows = LENET1.split()
    want = [[h2 for h2 in range(4) if rows[h2][h3] == "X"] for h3 in range(12)]
    assert models.lenet1().get_layer("C3").table == want
    c3, c5 = (models.lenet4().get_layer(name).table for name in ("C3", "C5"))
    assert [len(row) for row in c3] == [4, 4, 4, 3] * 4 and {len(row) for row in c5} == {5}
    for table, maps in ((c3, 8), (c5, 16)):
        assert all(row == [(n + k) % maps for k in range(len(row))] for n, row in enumerate(table))


def test_the_layers_of_1989_have_the_paper_s_strides_background_and_biases():
    model = models.lenet_1989()
    for name in ("H1", "H2"):
        layer = model.get_layer(name)
        assert (layer.kernel_size, layer.strides, layer.padding) == (5, 2, (2, 1))
        assert layer.background == -1.0 and layer.bias_per == "unit"


def test_the_codes_of_the_output_units_are_the_pictures_of_the_book():
    codes = layers.digit_codes()
    assert digest(codes) == "a86de7ac84b4872c", "a pixel of data/digit_codes.txt was changed"
    pictures = codes.reshape(10, 12, 7)
    assert set(np.unique(pictures)) == {-1.0, 1.0}
    # A 0 and an 8 are the same from left to right, and a 0 is from the top down too.
    assert (pictures[0] == pictures[0, ::-1]).all()
    for digit in (0, 8):
        assert (pictures[digit] == pictures[digit, :, ::-1]).all()
    assert (pictures[9] == pictures[6, ::-1, ::-1]).all()  # on its head
    ink = (pictures > 0).sum(axis=(1, 2))
    assert ink.argmin() == 7 and ink.argmax() == 0
    assert ((ink >= 18) & (ink <= 44)).all()
    for picture in pictures:  # in one piece
        assert pieces(picture > 0) == 1


def pieces(ink):
    """Count the pieces of a picture; pixels that touch at a corner belong together."""
    left, count = set(zip(*ink.nonzero(), strict=True)), 0
    while left:
        count, border = count + 1, [left.pop()]
        while border:
            i, j = border.pop()
            near = {(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & left
            left -= near
            border += near
    return count


NETWORKS = {
    "lenet5_1998": {"C1": 25, "C5": 400, "F6": 120},
    "lenet_1989": {"H1": 25, "H2": 200, "H3": 192, "output": 30},
    "lenet1": {"C1": 25, "output": 192},
    "lenet4": {"C1": 25, "C5": 125, "output": 120},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_old_networks_start_and_squash_as_in_the_paper(name):
    set_seed(0)
    model = getattr(models, name)()
    for layer, inputs in NETWORKS[name].items():
        most = np.abs(model.get_layer(layer).get_weights()[0]).max() * inputs
        assert 0.9 * 2.4 < most <= 2.4 * (1 + 1e-6), layer
    assert len(model.layers) >= 5
    for layer in model.layers:
        curve = getattr(layer, "activation", None)
        assert curve in (None, layers.squash), layer.name
        if layer.weights and not isinstance(layer, layers.EuclideanRBF):
            assert curve is layers.squash, layer.name
            biases = [w for w in layer.weights if w.name == "bias"]
            assert biases and all(np.abs(values(bias)).max() == 0 for bias in biases)


def test_f6_squashes_in_front_of_rbf_units_whatever_the_others_do():
    for activation in ("tanh", "relu"):
        for output in ("rbf", "softmax"):
            model = models.lenet5_1998(activation=activation, output=output)
            names = ("C1", "S2", "C3", "S4", "C5", "F6")
            used = [model.get_layer(layer).activation.__name__ for layer in names]
            assert used == [activation] * 5 + ["squash" if output == "rbf" else activation]


# --------------------------------------------------------------------------- the rule of 1998


def tiny():
    """Ten RBF units over three squashed ones; the pixels are 0, and so is their curvature."""
    codes = np.where(np.arange(30).reshape(10, 3) % 2, 1.0, -1.0)
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, layers.squash, name="F"),
            layers.EuclideanRBF(codes, name="output"),
        ]
    )


def test_mu_and_the_number_of_digits_for_the_curvatures_are_the_paper_s(monkeypatch):
    assert levenberg.MU == 0.02
    usual = numbers(levenberg.train_lm)
    assert (usual["stretch"], usual["seed"]) == (60_000, 0)  # once in a pass over MNIST
    asked, real = [], levenberg.curvature
    monkeypatch.setattr(levenberg, "curvature", lambda m, x: asked.append(len(x)) or real(m, x))
    x, y = np.zeros((501, 4, 4, 1), "float32"), np.arange(501) % 10
    history = levenberg.train_lm(tiny(), x, y, (x[:10], y[:10]), rates=[1e-3, 5e-4])
    assert asked == [500, 500]
    # Where the loss is flat, the step is rate / mu.
    assert history["step_max"].tolist() == pytest.approx([1e-3 / 0.02, 5e-4 / 0.02], rel=1e-6)
    assert (results.read("levenberg")["mu"] == 0.02).all()


def test_a_pass_takes_a_step_after_each_digit_in_the_order_of_its_seed():
    """The same by hand: two passes over seven digits, with new curvatures after each four."""
    import tensorflow as tf

    set_seed(0)
    model, twin = tiny(), tiny()
    twin.set_weights(model.get_weights())
    x = np.random.default_rng(1).uniform(-1, 1, (7, 4, 4, 1)).astype("float32")
    y, rates = np.array([3, 1, 4, 1, 5, 9, 2]), (0.01, 0.005)
    how = {"rates": rates, "mu": 0.5, "stretch": 4, "sample": 3, "seed": 3}
    history = levenberg.train_lm(model, x, y, (x, y), **how)

    rng, weights = np.random.default_rng(3), twin.trainable_weights
    for rate, row in zip(rates, history.to_dict("records"), strict=True):
        order, losses, hits = rng.permutation(7), [], []
        for number, place in enumerate(order):
            if number in (0, 4):
                some = x[rng.choice(7, 3, replace=False)]
                steps = [rate / (0.5 + h) for h in levenberg.curvature(twin, some)]
            with tf.GradientTape() as tape:
                penalties = twin(x[place : place + 1])[0]
                every = tf.concat([-penalties, [-1.0]], axis=0)
                loss = penalties[y[place]] + tf.math.log(tf.reduce_sum(tf.exp(every)))
            slopes = tape.gradient(loss, [weight.value for weight in weights])
            losses.append(float(loss))
            hits.append(np.argmin(penalties) == y[place])
            for weight, step, slope in zip(weights, steps, slopes, strict=True):
                weight.assign(weight - step * slope)
        assert row["loss"] == pytest.approx(np.mean(losses), rel=1e-4)
        assert row["accuracy"] == pytest.approx(np.mean(hits))
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_the_rates_fall_as_in_the_paper():
    want = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8
    assert list(levenberg.RATES) == want == list(numbers(levenberg.train_lm)["rates"])
    assert numbers(published.run_levenberg)["passes"] == len(want) == 20


# --------------------------------------------------------------------------- recipes


def test_the_running_average_keeps_its_share():
    """Stochastic gradient descent with a slope of 1 takes known steps; the average follows."""
    how = Recipe("a", optimizer="sgd", learning_rate=1.0, momentum=0.0, ema=0.75)
    made, weight = how.new_optimizer(10), keras.Variable([0.0])
    made.build([weight])
    for _ in range(3):
        made.apply([keras.ops.ones((1,))])
    # After the first step the average is the weight itself, -1; then come -2 and -3.
    want = 0.75 * (0.75 * -1 + 0.25 * -2) + 0.25 * -3
    assert values(weight)[0] == -3
    assert values(made._model_variables_moving_average[0])[0] == pytest.approx(want)
    assert STRONG.new_optimizer(10).ema_momentum == 0.999
    assert not FAST.new_optimizer(10).use_ema and not ARTICLE.new_optimizer(10).use_ema


def test_the_optimisers_have_the_numbers_of_their_recipes():
    for recipe in (ARTICLE, FAST, STRONG):
        made = recipe.new_optimizer(100)
        assert (made.beta_1, made.beta_2, made.epsilon) == (0.9, 0.999, 1e-7)
    assert STRONG.new_optimizer(10).weight_decay == 0.02
    made = Recipe("a", optimizer="sgd").new_optimizer(10)
    assert made.momentum == 0.9 and made.nesterov
    peak = 15 * 10 * 0.2  # updates until the fast recipe's rate is at its height
    rate = FAST.new_optimizer(150)._learning_rate
    assert float(rate(peak)) == pytest.approx(FAST.learning_rate)


def test_the_recipes_are_those_of_the_book():
    usual = {
        "input_size": 28, "pooling": "max", "activation": "tanh", "epochs": 10, "batch_size": 64,
        "maps": (6, 16), "units": (120, 84), "crop": 0, "optimizer": "adam", "learning_rate": 1e-3,
        "schedule": "constant", "warmup": 0.0, "beta_1": 0.9, "beta_2": 0.999,
        "warmup_from": 0.0, "momentum": 0.9, "nesterov": True, "weight_decay": 0.0,
        "label_smoothing": 0.0, "ema": 0.0, "distortions": None, "shuffle": True,
        "whole_epochs": False, "dtype": "float32", "jit_compile": "auto",
    }  # fmt: skip
    fast = {
        "pooling": "folded", "activation": "relu", "epochs": 3, "batch_size": 256,
        "learning_rate": 0.016, "schedule": "cosine", "warmup": 0.2, "whole_epochs": True,
        "dtype": "mixed_bfloat16",
    }  # fmt: skip
    distortions = {
        "shift": 1.0, "scale": 0.1, "squeeze": 0.05, "shear": 0.1, "rotation": 10.0, "alpha": 15.0,
        "sigma": 5.0,
    }  # fmt: skip
    strong = {
        "input_size": 32, "activation": "relu", "epochs": 30, "batch_size": 128,
        "optimizer": "adamw", "learning_rate": 4e-3, "schedule": "cosine", "warmup": 0.1,
        "weight_decay": 0.02, "ema": 0.999, "distortions": distortions, "whole_epochs": True,
    }  # fmt: skip
    one_epoch = {
        "pooling": "folded", "activation": "relu", "maps": (16, 32), "units": (160,), "crop": 2,
        "epochs": 1, "batch_size": 256, "learning_rate": 0.02, "schedule": "cosine", "warmup": 0.2,
        "beta_1": 0.7, "beta_2": 0.9, "label_smoothing": 0.1, "whole_epochs": True,
        "dtype": "auto",
    }  # fmt: skip
    for recipe, own in ((ARTICLE, {}), (FAST, fast), (ONE_EPOCH, one_epoch), (STRONG, strong)):
        assert asdict(recipe) == usual | own | {"name": recipe.name}
    assert faster.SHORT == Recipe(**asdict(STRONG) | {
        "name": "short", "epochs": 4, "ema": 0.99, "distortions": Distortions(**distortions),
    })  # fmt: skip


def test_what_training_does_if_it_is_told_nothing():
    """The article's compile and fit lines; and no more processes than a small machine has."""
    usual = numbers(train)
    assert [usual[name] for name in ("epochs", "batch_size", "optimizer")] == [10, 64, "adam"]
    assert usual["seed"] == 0 and usual["steps_per_execution"] == 1
    usual = numbers(parallel.fit_parallel)
    assert [usual[name] for name in ("workers", "epochs", "batch_size", "seed")] == [2, 1, 64, 0]
    assert usual["timeout"] == 300 and usual["optimizer"] == "adam"


PLANAR = {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2}


def test_digits_are_distorted_as_far_as_their_limits_and_no_further():
    """The limits are reached on both sides; so a layer that draws less or more is seen."""
    assert published.DISTORTIONS == PLANAR | {"background": -0.1}
    assert numbers(distortions.Distort) | PLANAR == numbers(distortions.Distort)
    a, b, c, d, e, f = (values(each) for each in distortions.Distort(seed=0).draw(20_000))
    assert np.abs(d).max() == 0  # only horizontal shearing
    for drawn, limit in ((b, 0.2), (c, 2.0), (f, 2.0)):
        for end in (-drawn.min(), drawn.max()):
            assert 0.99 * limit < end <= limit
    scale, squeeze = np.sqrt(a * e), np.sqrt(a / e)
    for drawn in (scale, squeeze):
        assert 0.9 <= drawn.min() < 0.902 and 1.098 < drawn.max() <= 1.1 + 1e-6
    own = asdict(STRONG.distortions)
    assert numbers(distortions.ElasticDistort) | own == numbers(distortions.ElasticDistort)
    assert numbers(losses.SmoothedCrossentropy)["smoothing"] == 0.1


# --------------------------------------------------------------------------- splits and seeds


def test_the_bundled_digits_are_these_in_this_order():
    """What the stored results on them were made with, and what the book counts by position."""
    digits = load_bundled()
    parts = (digits.x_train, digits.y_train, digits.x_test, digits.y_test)
    assert [part.dtype for part in parts] == [np.uint8] * 4
    assert [digest(part) for part in parts] == [
        "3c774b1720d51f4e", "33fe81a53fa12d9c", "6da43013fe3287ab", "70ee2850bb25b543",
    ]  # fmt: skip


def test_the_validation_split_is_one_twelfth_by_seed_0():
    assert numbers(split_validation) == {"fraction": 1 / 12, "seed": 0}
    x, _, x_val, _ = split_validation(np.arange(1200), np.repeat(np.arange(10), 120))
    assert (len(x), len(x_val)) == (1100, 100)
    assert x_val[:8].tolist() == [809, 852, 513, 1081, 439, 970, 371, 9]
    assert digest(x.astype("<i8")) == "3c151d621076b776"


def test_a_seed_has_32_bits():
    set_seed(2**32 - 1)
    for seed in (2**32, -1, True, 1.0):
        with pytest.raises(ValueError, match=r"from 0 to 2\*\*32 - 1, got"):
            set_seed(seed)


def test_the_draw_of_1989_has_the_paper_s_counts_and_its_seed():
    assert (zip1989.TRAINING, zip1989.TEST) == (7291, 2007)
    assert numbers(zip1989.draw) == {"training": 7291, "seed": 1989} == numbers(zip1989.draw_rows)
    rows, test_rows = zip1989.draw_rows(60_000, 10_000)
    assert (len(rows), len(test_rows)) == (7291, 2007)
    assert (digest(rows.astype("<i8")), digest(test_rows.astype("<i8"))) == (
        "3ac8a87a4f2fc3a0", "c6f77219a6224564",
    )  # fmt: skip
    assert zip1989.PAPER["passes"] == 23 and zip1989.PAPER["batch_size"] == 1
    assert zip1989.PAPER["schedule"] == "constant" and not zip1989.PAPER["shuffle"]


def test_workers_take_the_digits_in_the_order_of_seed_and_epoch():
    assert worker.order_of(0, 0, 10).tolist() == [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]
    assert worker.order_of(3, 7, 10).tolist() == [3, 4, 2, 6, 1, 9, 7, 0, 8, 5]


def test_the_changed_digits_of_chapter_7_are_changed_by_fixed_seeds():
    images = np.arange(28 * 28, dtype="float32").reshape(1, 28, 28, 1)
    shuffled = why.shuffle_pixels(images).ravel()[:6]
    assert shuffled.tolist() == [318, 2, 606, 446, 758, 13]
    noise = why.changed(np.zeros((1, 3, 3, 1)), "noise", 1.0).ravel()[:3]
    np.testing.assert_allclose(noise, [0.12573, -0.132105, 0.640423], atol=1e-6)


# --------------------------------------------------------------------------- workers


def test_a_step_s_time_is_the_fast_one_of_ten_and_the_first_step_is_left_out():
    seconds, busy = [100.0, *range(11, 0, -1)], [50.0, *[1.0] * 10, 12.0]
    assert worker.timing(seconds, busy) == {"step_seconds": 2.0, "busy_seconds": 2.0}
    assert worker.timing([1.0], [1.0]) == {"step_seconds": None, "busy_seconds": None}


def test_fifteen_last_lines_of_a_worker_are_shown(tmp_path):
    (tmp_path / "stderr-0.txt").write_text(
        "".join(f"line {n}\n\n" for n in range(40)), encoding="utf-8"
    )
    running = parallel.Workers("module", tmp_path, [{}])
    first, *shown = running.last_words(0, 3).splitlines()
    assert first.endswith("ended with exit code 3")
    assert [line.strip() for line in shown] == [f"line {n}" for n in range(25, 40)]


# --------------------------------------------------------------------------- the explorer


def test_the_explorer_s_networks_were_exported_with_the_numbers_in_the_code():
    path = Path(__file__).parent.parent / "book" / "_static" / "explorer" / "weights"
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in manifest["networks"]] == list(export.NETWORKS)
    for entry in manifest["networks"]:
        shown, takes = export.NETWORKS[entry["name"]], export.network(entry["name"]).input
        assert entry["title"] == shown["title"]
        given = entry["input_size"], entry["background"], entry["ink"]
        assert given == (takes.side, takes.background, takes.ink)
        recipe = changes.RECIPES[shown["recipe"]]
        assert entry["recipe"] == {"name": recipe.name, **recipe.row(*changes.NUMBERS)}
        assert tuple(shot["epoch"] for shot in entry["snapshots"]) == export.EPOCHS
    chosen = manifest["samples"]["labels"][:50]  # and then those that are misread
    assert chosen == [d for d in range(10) for _ in range(5)]
    assert choosing.SAMPLES_PER_CLASS == 5 and export.WORSE == 0.005
    # Numbers of the paper: the mean of the pixels is about 0 and their variance about 1.
    assert (takes.background, takes.ink) == (-0.1, 1.175)


# --------------------------------------------------------------------------- experiments


def test_what_was_tried_in_each_experiment_is_what_its_file_holds():
    """Constants that choose runs or are no column of a recipe, against the rows made with them."""
    tolerance, probes = results.read("tolerance"), results.read("probes")
    own = tolerance[tolerance["dataset"] == "mnist"].groupby("kind")["amount"].unique()
    assert {kind: tuple(sorted(amounts)) for kind, amounts in own.items()} == why.AMOUNTS
    mnist = probes["dataset"] == "mnist"
    assert (probes[mnist]["train_digits"] == why.PROBE_DIGITS).all()
    assert why.STRENGTHS == (0.01, 0.1, 1.0, 10.0) and set(probes["c"]) <= set(why.STRENGTHS)
    batches, workers = results.read("batches"), results.read("workers")
    for table in (batches, workers):
        assert (table["train_digits"] == beyond.TRAIN_DIGITS).all()
    choices = results.read("zip1989_choices")
    slow = choices["batch_size"] == 1
    assert (choices[slow]["passes"] == zip1989.CHOICE_PASSES).all() and slow.any()
    noted = [f"train_error_{n}" for n in zip1989.CHECKPOINTS]
    assert [c for c in results.read("zip1989") if c.startswith("train_error_")] == noted


def test_the_methods_without_a_network_choose_among_their_settings(monkeypatch):
    import sklearn.linear_model

    alphas = []

    class Seen(sklearn.linear_model.Ridge):
        def fit(self, *data):
            alphas.append(self.alpha)
            return super().fit(*data)

    monkeypatch.setattr(sklearn.linear_model, "Ridge", Seen)
    x, y = np.eye(20, 784, dtype="float32"), np.arange(20) % 10
    why._least_squares(x, y, x, y, x)
    assert alphas == [1, 10, 100, 1_000, 10_000]
    # One of five neighbours stands at the place itself and says 0; the other four say 1.
    x = np.array([[0.0], [1], [1], [1], [1], *[[50 + n] for n in range(9)]])
    y = np.array([0, 1, 1, 1, 1, *range(9)])
    _, chosen, right, answers = why._neighbours(x, y, np.zeros((2, 1)), np.array([1, 1]), x[:1])
    assert (chosen, right, answers.tolist()) == ("k=3", 1.0, [1])
    assert numbers(why._neighbours) == {"most": 10}
    rivals = results.read("rivals").query("dataset == 'mnist'").dropna(subset="chosen")
    assert sorted(rivals["chosen"]) == ["alpha=1000", "k=1"]


# What an experiment asks of the training, on the 1 437 bundled digits: 1 317 are learned from.


@pytest.fixture
def asked(monkeypatch):
    """Train nothing, and write down what was asked for."""
    calls = []

    def pretend(model, x, y, validation, epochs=10, **how):
        calls.append(how | {"model": model, "digits": len(x), "epochs": epochs})
        share = np.linspace(0.5, 0.9, epochs)
        made = dict.fromkeys(("accuracy", "loss", "val_accuracy", "val_loss"), share)
        return pd.DataFrame(made, index=pd.RangeIndex(1, epochs + 1))

    monkeypatch.setattr(training, "train", pretend)
    monkeypatch.setattr(training, "error_rate", lambda model, x, y: 0.25)
    why._trained.cache_clear()
    yield calls
    why._trained.cache_clear()


def falls(optimizer):
    """Return the largest rate of a cosine, its rise and its fall in updates."""
    rate = optimizer._learning_rate
    top = rate.warmup_target or rate.initial_learning_rate
    return top, rate.warmup_steps or 0, rate.decay_steps


@pytest.mark.slow
def test_chapter_5_asks_for_its_recipes(asked):
    for recipe in changes.RECIPES:
        row = changes.run("digits", recipe, 28, "max", "tanh", 3)
        assert (row["val_accuracy_1"], row["val_accuracy"]) == (0.5, 0.9)
        assert row["test_accuracy"] == 0.75 and row["train_digits"] == 1317
    article, cosine = asked
    for call in asked:
        assert (call["epochs"], call["batch_size"], call["seed"]) == (10, 64, 3)
    assert type(article["optimizer"]).__name__ == "Adam"
    assert float(article["optimizer"].learning_rate) == pytest.approx(0.001)
    assert type(cosine["optimizer"]).__name__ == "AdamW"
    assert cosine["optimizer"].weight_decay == 0.05
    assert falls(cosine["optimizer"]) == (0.003, 0, 21 * 10)


@pytest.mark.slow
def test_chapter_8_asks_for_its_recipes(asked):
    row = published.run("digits", "plain", "as published", 0)
    assert (row["train_accuracy"], row["test_accuracy"]) == (0.75, 0.75)
    assert (row["val_accuracy_1"], row["val_accuracy"]) == (0.5, 0.9)  # the first and the last
    published.run("digits", "distorted", "as published", 1)
    for part in ("softmax", "Adam"):
        published.run("digits", "short", part, 0)
    plain, distorted, softmax, adam = asked
    assert [call["epochs"] for call in asked] == [15, 30, 8, 8]
    assert {call["batch_size"] for call in asked} == {32}
    for call, rate in zip(asked, (0.002, 0.002, 0.05, 0.004), strict=True):
        assert falls(call["optimizer"]) == (rate, 0, 42 * call["epochs"])
    assert plain["optimizer"].momentum == 0.9 and plain["loss"].j == 1.0
    assert not plain["optimizer"].nesterov and plain["distort"] is None
    assert distorted["distort"].limits == PLANAR and distorted["distort"].background == -0.1
    assert distorted["distort"].seed == 1
    assert softmax["loss"] is None and type(adam["optimizer"]).__name__ == "Adam"


@pytest.mark.slow
def test_chapter_9_asks_for_its_recipes(asked):
    for recipe in zip1989.CHANGES:
        zip1989.run("digits", recipe, 0)
    assert {call["digits"] for call in asked} == {1437}
    assert [call["epochs"] for call in asked] == [23, 25, 25, 60, 60, 10]
    paper, *modern = asked
    assert paper["batch_size"] == 1 and paper["shuffle"] is False
    assert type(paper["optimizer"]).__name__ == "SGD" and paper["optimizer"].momentum == 0
    assert float(paper["optimizer"].learning_rate) == pytest.approx(0.003)
    for call, rate in zip(modern, (0.004, 0.002, 0.004, 0.004, 0.004), strict=True):
        assert call["batch_size"] == 64 and call.get("shuffle", True) is True
        assert falls(call["optimizer"]) == (rate, 0, 23 * call["epochs"])
        assert call["optimizer"].weight_decay == 0.01
    assert [call["distort"] is None for call in asked] == [True] * 3 + [False] * 3
    layer = modern[-1]["distort"]
    assert layer.limits == {"shift": 1.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2}
    assert layer.background == -1.0
    dropped = [layer.rate for layer in modern[-1]["model"].layers if layer.name == "dropout"]
    assert dropped == [0.25]
    asked.clear()
    row = zip1989.choose("digits", "paper", "start=root learning_rate=0.006", 0)
    assert row["val_error_8"] == pytest.approx(0.1)
    assert float(asked[0]["optimizer"].learning_rate) == pytest.approx(0.006)
    assert asked[0]["epochs"] == 8 and asked[0]["digits"] == 1149  # four fifths


def test_chapter_7_asks_for_its_recipes(asked):
    for recipe in ("plain", "distorted"):
        row = why.run_rival("digits", recipe, "784-10", 2)
        assert (row["val_accuracy"], row["test_accuracy"]) == (0.75, 0.75)
    for call in asked:
        assert (call["epochs"], call["batch_size"], call["seed"]) == (10, 256, 2)
        assert falls(call["optimizer"]) == (0.003, 0, 6 * 10)
        assert call["optimizer"].weight_decay == 0.05
    assert "distort" not in asked[0] and asked[1]["distort"].limits == PLANAR
    asked.clear()
    row = why.run_learning("digits", "plain", "784-10", 100, 0)
    assert (row["updates"], row["epochs"], row["batch_size"]) == (1000, 640, 64)
    assert asked[0]["digits"] == 6400  # each digit 64 times
    row = why.run_learning("digits", "plain", "784-10", 10_000, 0)
    assert (row["updates"], row["epochs"], row["batch_size"]) == (1020, 180, 256)


@pytest.mark.slow
def test_chapters_11_and_12_ask_for_their_recipes(asked):
    for recipe in (ARTICLE, FAST, STRONG):
        recipe.train(np.zeros((1317, 1)), np.zeros(1317), None, seed=4)
    _, fast, strong = asked
    assert [call["epochs"] for call in asked] == [10, 3, 30]
    assert [call["batch_size"] for call in asked] == [64, 256, 128]
    assert {call["seed"] for call in asked} == {4}
    assert falls(fast["optimizer"]) == (0.016, 4, 14)  # 18 updates
    assert falls(strong["optimizer"]) == (0.004, 33, 297)  # 330 updates
    assert [call.get("steps_per_execution") for call in asked] == [None, 6, 11]
    assert strong["distort"].limits == asdict(STRONG.distortions) and strong["distort"].seed == 4
    assert [type(one).__name__ for one in strong["callbacks"]] == ["SwapEMAWeights"]
    asked.clear()
    row = faster.learn(ARTICLE, "digits", 0)[1]
    assert (row["val_accuracy_1"], row["val_accuracy"], row["test_accuracy"]) == (0.5, 0.9, 0.75)
    asked.clear()
    for recipe in beyond.RATES:
        row = beyond.run_batches("digits", recipe, 256, 0)
        assert row["steps"] == 6 * 4
        assert (row["val_accuracy"], row["test_accuracy"]) == (0.9, 0.75)
    same, scaled, warm = (call["optimizer"] for call in asked)
    assert {call["epochs"] for call in asked} == {4}
    assert {call["optimizer"].momentum for call in asked} == {0.9}
    rates = [float(one.learning_rate) for one in (same, scaled)]
    assert rates == pytest.approx([0.05, 0.2])
    steps = [float(warm._learning_rate(step)) for step in (0, 3, 6, 9)]
    assert steps == pytest.approx([0.05, 0.125, 0.2, 0.2])
