"""The recipes are what they say, and what they are made of does what it says."""

import json
from dataclasses import FrozenInstanceError, asdict, replace

import benchmark
import keras
import numpy as np
import pandas as pd
import pytest

from lenet_tutorial import models, results
from lenet_tutorial.datasets import load_bundled, prepare
from lenet_tutorial.distortions import Distort, ElasticDistort, resample
from lenet_tutorial.experiments import EXPERIMENTS
from lenet_tutorial.experiments import training_faster_and_better as faster
from lenet_tutorial.folded import FoldedConv2D
from lenet_tutorial.losses import SmoothedCrossentropy
from lenet_tutorial.tables import layer_table
from lenet_tutorial.training import recipes, split_validation, train
from lenet_tutorial.training.clock import Clock
from lenet_tutorial.training.recipes import (
    ARTICLE,
    FAST,
    ONE_EPOCH,
    RECIPES,
    STRONG,
    STRONGEST,
    Distortions,
    Recipe,
)

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def few():
    digits = load_bundled()
    x, y, *held_out = split_validation(prepare(digits.x_train), digits.y_train)
    return x[:512], y[:512], tuple(held_out)


# --------------------------------------------------------------------------- the values


def test_recipes_are_found_by_their_names_and_cannot_be_changed():
    assert RECIPES == {one.name: one for one in (ARTICLE, FAST, ONE_EPOCH, STRONG, STRONGEST)}
    with pytest.raises(FrozenInstanceError):
        FAST.epochs = 100
    assert replace(FAST, epochs=8).epochs == 8 and FAST.epochs != 8


def test_the_article_s_recipe_is_the_article_s():
    assert asdict(ARTICLE) == asdict(Recipe("article"))
    assert (ARTICLE.epochs, ARTICLE.batch_size, ARTICLE.learning_rate) == (10, 64, 1e-3)
    assert (ARTICLE.optimizer, ARTICLE.schedule) == ("adam", "constant")
    assert ARTICLE.distortions is None and not ARTICLE.ema and not ARTICLE.whole_epochs


def test_the_fast_recipe_trains_a_network_with_the_article_s_weights():
    """The same kernels, units and biases; C1 and S2 are one layer, which computes less."""
    article, fast = ARTICLE.build(), FAST.build()
    assert article.name == "lenet5_28_max_tanh" and fast.name == "lenet5_28_folded_relu"
    assert article.count_params() == fast.count_params() == 44_426
    shapes = [[weight.shape for weight in model.get_weights()] for model in (article, fast)]
    assert shapes[0] == shapes[1]
    names = [layer.name for layer in fast.layers]
    assert names == ["C1", "C3", "S4", "flatten", "C5", "F6", "output"]
    assert fast.get_layer("C1").output.shape == article.get_layer("S2").output.shape


def test_the_strong_recipe_trains_a_lenet5():
    model = STRONG.build()
    assert model.count_params() == 61_706 <= 62_000
    names = [layer.name for layer in model.layers]
    assert names == ["C1", "S2", "C3", "S4", "C5", "flatten", "F6", "output"]


def test_the_seed_draws_the_weights():
    one, same, other = (FAST.build(seed).get_weights()[0] for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_the_dtype_is_that_of_the_model_alone():
    model = replace(FAST, dtype="mixed_bfloat16").build()
    assert model.layers[0].compute_dtype == "bfloat16"
    assert model.layers[0].variable_dtype == "float32"
    assert model.layers[-1].compute_dtype == "float32"  # probabilities are not rounded
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"input_size": 16}, r"input_size must be one of \(28, 32\), got 16"),
        ({"optimizer": "adagrad"}, r"optimizer must be one of .*, got 'adagrad'"),
        ({"schedule": "linear"}, r"schedule must be one of .*, got 'linear'"),
        ({"dtype": "int8"}, r"dtype must be one of .*, got 'int8'"),
        ({"jit_compile": "yes"}, r"jit_compile must be one of .*, got 'yes'"),
        ({"maps": (6, 16, 32)}, r"maps must hold 2 numbers, got \(6, 16, 32\)"),
        ({"maps": (6, 0)}, "maps must be a whole number of at least 1, got 0"),
        ({"units": ()}, r"units must hold 1 or 2 numbers, got \(\)"),
        ({"units": 84}, "units must hold 1 or 2 numbers, got 84"),
        ({"beta_1": 1.0}, "beta_1 must be at least 0 and below 1, got 1.0"),
        ({"beta_2": -0.5}, "beta_2 must be at least 0 and below 1, got -0.5"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number of at least 1, got 2.5"),
        ({"epochs": True}, "epochs must be a whole number of at least 1, got True"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, got 0.0"),
        ({"learning_rate": "0.1"}, "learning_rate must be above 0, got '0.1'"),
        ({"learning_rate": float("inf")}, "learning_rate must be above 0, got inf"),
        ({"momentum": float("nan")}, "momentum must be at least 0 and below 1, got nan"),
        ({"weight_decay": 0.1}, "weight_decay goes with 'adamw'"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0, got -1.0"),
        ({"warmup_from": 0.1}, "warmup_from goes with a warmup, which is 0"),
        ({"warmup_from": -0.1, "warmup": 0.5}, "warmup_from must be at least 0, got -0.1"),
        ({"nesterov": 1}, r"nesterov must be one of \(True, False\), got 1"),
        ({"shuffle": None}, r"shuffle must be one of \(True, False\), got None"),
        ({"ema": 1.0}, "ema must be at least 0 and below 1, got 1.0"),
        ({"label_smoothing": -0.1}, "label_smoothing must be at least 0 and below 1, got -0.1"),
    ],
)
def test_a_recipe_that_cannot_be_run_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Recipe("wrong", **wrong)


def test_the_rate_rises_and_falls_to_zero():
    rate = replace(FAST, learning_rate=0.5, warmup=0.2).new_optimizer(100)._learning_rate
    values = [float(rate(step)) for step in range(101)]
    assert values[0] == 0 and values[20] == pytest.approx(0.5) and values[100] == pytest.approx(0)
    assert np.argmax(values) == 20 and values[60] == pytest.approx(0.25)
    without = replace(FAST, learning_rate=0.5, warmup=0.0).new_optimizer(100)._learning_rate
    assert float(without(0)) == pytest.approx(0.5)
    assert float(ARTICLE.new_optimizer(100).learning_rate) == pytest.approx(1e-3)


def test_a_rate_may_rise_from_another_one_and_then_stay_or_fall():
    rising = replace(FAST, learning_rate=0.5, warmup=0.2, warmup_from=0.1)
    for schedule, last in (("constant", 0.5), ("cosine", 0.0)):
        rate = replace(rising, schedule=schedule).new_optimizer(100)._learning_rate
        values = [float(rate(step)) for step in (0, 10, 20, 100)]
        assert values == pytest.approx([0.1, 0.3, 0.5, last], abs=1e-6)


def test_each_optimiser_is_the_one_that_was_named():
    for name in recipes.OPTIMIZERS:
        made = Recipe("one", optimizer=name, ema=0.9).new_optimizer(10)
        assert type(made).__name__.lower() == name and made.use_ema
    assert Recipe("one", optimizer="sgd").new_optimizer(10).nesterov
    plain = Recipe("one", optimizer="sgd", momentum=0.0, nesterov=False).new_optimizer(10)
    assert not plain.nesterov and plain.momentum == 0


@pytest.mark.slow
def test_digits_come_in_their_own_order_where_the_recipe_says_so(few, monkeypatch):
    x, y, held_out = few
    given = []
    fit = keras.Model.fit
    monkeypatch.setattr(
        keras.Model,
        "fit",
        lambda *args, **how: given.append(how.get("shuffle")) or fit(*args, **how),
    )
    short = replace(ARTICLE, epochs=9)
    for shuffle in (True, False):
        history = replace(short, shuffle=shuffle).train(x, y, held_out, epochs=1)[1]
        assert len(history) == 1
    assert given == [None, False]  # nothing is said of Keras's own way


def test_a_run_that_stops_early_keeps_the_schedule_of_the_whole_recipe(few):
    x, y, held_out = few
    recipe = replace(ARTICLE, schedule="cosine", epochs=9)
    model, history = recipe.train(x, y, held_out, epochs=1)
    assert len(history) == 1 and model.optimizer._learning_rate.decay_steps == 8 * 9


# --------------------------------------------------------------------------- training


@pytest.mark.slow
def test_a_short_training_of_each_recipe_learns(few):
    x, y, held_out = few
    for recipe in (ARTICLE, replace(FAST, batch_size=64)):
        model, history = replace(recipe, epochs=8).train(x, y, held_out, seed=0)
        assert list(history.columns) == ["accuracy", "loss", "val_accuracy", "val_loss"]
        assert len(history) == 8 and history["loss"].iloc[-1] < 0.5 * history["loss"].iloc[0]
        assert history["val_accuracy"].iloc[-1] > 0.7  # chance is 0.1
        assert model.count_params() == 44_426


def test_arguments_of_fit_are_handed_through_and_a_given_model_is_trained(few):
    x, y, held_out = few
    seen = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    model = FAST.build()
    same, _ = replace(FAST, epochs=2).train(x, y, held_out, model=model, callbacks=[note])
    assert same is model and seen == [0, 1]


def test_bad_digits_are_refused(few):
    x, y, held_out = few
    with pytest.raises(ValueError, match="labels"):
        FAST.train(x, y[:-1], held_out)


@pytest.mark.slow
def test_the_result_is_the_average_of_the_weights_and_is_what_was_validated(few):
    """With an average that keeps everything the network stays where it started."""
    x, y, held_out = few
    recipe = Recipe("slow", epochs=1, batch_size=64, optimizer="sgd", learning_rate=0.05)
    plain = recipe.build()
    start = plain.get_weights()
    recipe.train(x, y, held_out, model=plain)
    mean = recipe.build()
    _, history = replace(recipe, ema=0.9).train(x, y, held_out, model=mean)
    moved = [np.abs(a - b).max() for a, b in zip(plain.get_weights(), start, strict=True)]
    less = [np.abs(a - b).max() for a, b in zip(mean.get_weights(), start, strict=True)]
    assert 0 < sum(less) < 0.9 * sum(moved)
    mean.compile(loss="sparse_categorical_crossentropy")
    loss = np.ravel(mean.evaluate(*held_out, verbose=0))[0]
    assert loss == pytest.approx(history["val_loss"].iloc[-1], rel=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch takes batch by batch")
def test_a_whole_epoch_at_once_gives_the_same_as_batch_by_batch(few):
    x, y, held_out = few
    weights = []
    for steps in (1, 8):
        model = FAST.build(0)
        train(model, x, y, held_out, epochs=1, steps_per_execution=steps, seed=3)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        assert np.allclose(one, other, atol=1e-5)


def test_the_optimiser_is_there_before_the_program_of_a_step_is_built(few):
    """Else TensorFlow would build the program twice."""
    x, y, held_out = few
    built = []
    note = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: built.append(model.optimizer.built)
    )
    model = ARTICLE.build()
    replace(ARTICLE, epochs=1).train(x, y, held_out, model=model, callbacks=[note])
    assert built == [True]


# --------------------------------------------------------------------------- its parts


@pytest.mark.parametrize(("side", "inputs", "kernel_size"), [(28, 1, 5), (13, 3, 4), (12, 6, 1)])
def test_a_convolution_and_a_mean_are_one_convolution(side, inputs, kernel_size):
    maps = rng.normal(size=(3, side, side, inputs)).astype("float32")
    folded = FoldedConv2D(4, kernel_size, activation="relu")
    wrapped = keras.Sequential([keras.Input(maps.shape[1:]), folded])
    both = keras.Sequential(
        [
            keras.Input(maps.shape[1:]),
            keras.layers.Conv2D(4, kernel_size),
            keras.layers.AveragePooling2D(2),
            keras.layers.ReLU(),
        ]
    )
    assert wrapped.output_shape == both.output_shape
    assert folded.compute_output_shape(maps.shape) == (3, *both.output_shape[1:])
    bias = rng.normal(size=4).astype("float32")
    both.set_weights([rng.normal(size=folded.kernel.shape), bias])
    folded.set_weights(both.get_weights())
    assert folded.count_params() == both.count_params()
    at_once, one_by_one = (model.predict_on_batch(maps) for model in (wrapped, both))
    assert np.allclose(at_once, one_by_one, atol=1e-4)
    copy = keras.Sequential.from_config(wrapped.get_config())
    copy.set_weights(wrapped.get_weights())
    assert np.array_equal(copy.predict_on_batch(maps), at_once)


def test_folding_saves_two_thirds_of_the_sums_of_c1():
    plain, folded = (
        layer_table(models.lenet5(28, pooling, "relu")) for pooling in ("average", "folded")
    )
    assert plain.loc["C1", "multiply_adds"] == 24 * 24 * 6 * 25 == 86_400
    assert folded.loc["C1", "multiply_adds"] == 12 * 12 * 6 * 36 == 31_104
    assert folded.loc["C1", "connections"] == 12 * 12 * 6 * 37
    assert folded.loc["C1", "parameters"] == 156 and folded.loc["C1", "output"] == "6@12×12"
    for column in ("output", "receptive_field", "parameters"):
        kept = ["C3", "S4", "C5", "F6", "output"]
        assert (plain.loc[kept, column] == folded.loc[kept, column]).all(), column
    assert folded.loc["C1", "receptive_field"] == plain.loc["S2", "receptive_field"] == 6


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"filters": 0}, "filters must be a whole number of at least 1, got 0"),
        ({"kernel_size": 2.5}, "kernel_size must be a whole number of at least 1, got 2.5"),
        ({"kernel_size": True}, "kernel_size must be a whole number of at least 1, got True"),
    ],
)
def test_a_folded_convolution_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        FoldedConv2D(**{"filters": 6, "kernel_size": 5} | wrong)
    with pytest.raises(ValueError, match=r"must be \(batch, height, width, maps\), got"):
        FoldedConv2D(6, 5)(np.zeros((2, 28, 28), "float32"))


def test_numbers_of_numpy_can_be_written_down():
    layer = FoldedConv2D(np.int64(6), np.int8(5))
    assert json.loads(json.dumps(layer.get_config()))["kernel_size"] == 5
    distort = ElasticDistort(alpha=np.float32(2), shift=np.int64(1))
    assert json.loads(json.dumps(distort.get_config()))["alpha"] == 2


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_max_pooling_and_a_rising_activation_may_change_places(activation):
    curve = getattr(keras.ops, activation)
    maps = rng.normal(size=(4, 8, 8, 3)).astype("float32")
    before = keras.ops.max_pool(curve(maps), 2, 2)
    after = curve(keras.ops.max_pool(maps, 2, 2))
    assert np.array_equal(np.array(before), np.array(after)) or np.allclose(
        before, after, atol=1e-7
    )


def test_average_pooling_and_an_activation_may_not():
    maps = rng.normal(size=(4, 8, 8, 3)).astype("float32")
    before = keras.ops.average_pool(keras.ops.tanh(maps), 2, 2)
    after = keras.ops.tanh(keras.ops.average_pool(maps, 2, 2))
    assert not np.allclose(before, after, atol=1e-2)


def images(count=3, side=28):
    made = np.zeros((count, side, side, 1), "float32")
    made[:, 8:20, 8:20] = rng.random((count, 12, 12, 1))
    return made


def test_resampling_at_its_own_places_changes_nothing_and_a_step_shifts():
    x = images()
    place = np.arange(28, dtype="float32") - 13.5
    right = np.broadcast_to(place, (3, 28, 28))
    down = np.broadcast_to(place[:, None], (3, 28, 28))
    assert np.allclose(resample(x, right, down), x, atol=1e-5)
    assert np.allclose(resample(x, right + 2, down), np.roll(x, -2, axis=2), atol=1e-5)
    assert np.allclose(resample(x, right, down + 3), np.roll(x, -3, axis=1), atol=1e-5)
    half = np.array(resample(x, right + 0.5, down))
    assert np.allclose(half, (x + np.roll(x, -1, axis=2)) / 2, atol=1e-5)
    assert np.allclose(resample(x, right + 99, down, background=-1.0), -1, atol=2e-3)


def test_no_distortion_is_no_change():
    still = dict.fromkeys(("shift", "scale", "squeeze", "shear", "rotation", "alpha"), 0.0)
    x = images()
    assert np.allclose(ElasticDistort(**still)(x, training=True), x, atol=1e-5)
    assert np.array_equal(ElasticDistort()(x, training=False), x)


def test_planar_distortions_are_those_of_the_older_layer():
    x, limits = images(), {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2}
    older = Distort(**limits, seed=4)(x, training=True)
    newer = ElasticDistort(**limits, rotation=0.0, alpha=0.0, seed=4)(x, training=True)
    assert np.allclose(older, newer, atol=1e-3)


def test_a_rotation_turns_by_up_to_its_limit():
    bar = np.zeros((200, 29, 29, 1), "float32")
    bar[:, 14, 4:25] = 1  # a horizontal line through the middle
    layer = ElasticDistort(0.0, 0.0, 0.0, 0.0, rotation=30.0, alpha=0.0, seed=0)
    turned = np.array(layer(bar, training=True))[..., 0]
    heights = (turned[:, :, 22] * np.arange(29)).sum(1) / turned[:, :, 22].sum(1) - 14
    angles = np.degrees(np.arctan2(heights, 8))
    assert 25 < np.abs(angles).max() < 31 and (angles > 5).any() and (angles < -5).any()


def test_elastic_steps_are_smooth_and_as_large_as_promised():
    layer = ElasticDistort(alpha=34.0, sigma=4.0, seed=0)
    layer.build((None, 28, 28, 1))
    steps = np.array(layer.steps(500))
    assert steps.shape == (2, 500, 28, 28)
    assert steps[:, :, 14, 14].std() == pytest.approx(1.4, abs=0.12)
    assert abs(steps.mean()) < 0.05
    neighbours = np.corrcoef(steps[0, :, 14, 14], steps[0, :, 14, 15])[0, 1]
    far = np.corrcoef(steps[0, :, 14, 4], steps[0, :, 14, 24])[0, 1]
    assert neighbours > 0.95 and abs(far) < 0.2
    assert abs(np.corrcoef(steps[0, :, 14, 14], steps[1, :, 14, 14])[0, 1]) < 0.2


def test_each_digit_is_bent_in_its_own_way_and_keeps_its_ink():
    x = np.repeat(images(1), 8, axis=0)
    bent = np.array(ElasticDistort(seed=0)(x, training=True))
    assert bent.shape == x.shape
    assert all(not np.allclose(bent[0], other, atol=1e-2) for other in bent[1:])
    assert np.allclose(bent.sum((1, 2, 3)) / x.sum((1, 2, 3)), 1, atol=0.35)
    again = np.array(ElasticDistort(seed=0)(x, training=True))
    assert np.allclose(again, bent, atol=1e-5)


def test_the_distortions_of_a_recipe_are_the_layer_s_arguments():
    layer = ElasticDistort(**asdict(STRONG.distortions))
    assert layer.limits == asdict(STRONG.distortions)
    copy = ElasticDistort.from_config(layer.get_config())
    assert copy.limits == layer.limits


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rotation": -1}, "rotation must be at least 0, got -1"),
        ({"alpha": -2.0}, "alpha must be at least 0, got -2.0"),
        ({"sigma": 0}, "sigma must be above 0, got 0"),
        ({"scale": 1.0}, "scale must be at least 0 and below 1, got 1.0"),
    ],
)
def test_distortions_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ElasticDistort(**wrong)


def test_distortions_are_for_images_with_one_channel():
    with pytest.raises(ValueError, match=r"must be \(batch, height, width, 1\), got"):
        ElasticDistort()(np.zeros((1, 28, 28, 3), "float32"), training=True)


def test_label_smoothing_mixes_the_target_with_an_even_one():
    p = rng.dirichlet(np.ones(10), size=5).astype("float32")
    labels = np.array([0, 3, 9, 1, 1])
    plain = -np.log(p[np.arange(5), labels])
    even = -np.log(p).mean(axis=1)
    loss = SmoothedCrossentropy(0.2, reduction=None)
    assert np.allclose(loss(labels, p), 0.8 * plain + 0.2 * even, rtol=1e-4)
    assert np.allclose(loss(labels[:, None], p), 0.8 * plain + 0.2 * even, rtol=1e-4)
    assert np.allclose(SmoothedCrossentropy(0.0, reduction=None)(labels, p), plain, rtol=1e-4)
    assert SmoothedCrossentropy.from_config(loss.get_config()).smoothing == 0.2
    with pytest.raises(ValueError, match=r"at least 0 and below 1, got 1"):
        SmoothedCrossentropy(1)


# --------------------------------------------------------------------------- long runs


def test_the_clock_leaves_the_measuring_out(few):
    x, y, held_out = few
    clock = Clock()
    replace(ARTICLE, epochs=2).train(x, y, held_out, callbacks=[clock.callback()])
    assert len(clock.wall) == len(clock.cpu) == 2 and min(clock.wall + clock.cpu) > 0


@pytest.mark.parametrize("name", ["strong", "accuracy", "fast", "peaks", "speed"])
def test_the_stored_runs_were_made_with_enough_seeds_and_digits(name):
    for _, rows in results.read(name).groupby("recipe"):
        assert rows["seed"].nunique() >= 3
        assert (rows["train_digits"] == (25_600 if name == "speed" else 55_000)).all()


def test_the_strong_recipe_makes_as_few_errors_as_the_chapter_says():
    table = results.read("strong")
    assert (1 - table["test_accuracy"]).mean() <= 0.006
    assert (table["parameters"] <= 62_000).all()


def test_the_fast_recipe_is_better_than_the_article_s_in_a_tenth_of_its_time():
    table = results.read("fast")
    assert len(table) >= 5
    assert (table["test_accuracy"] >= 0.9867).all()
    assert (table["test_accuracy"] > table["article_test_accuracy"]).all()
    assert table["times_wall"].median() >= 10 and table["times_wall"].min() >= 8
    assert table["throughput_wall"].median() >= 3
    assert table["times_cpu"].median() >= 8 and table["throughput_cpu"].median() >= 3


def test_the_validation_split_chose_the_rate_of_the_fast_recipe():
    table = results.read("peaks")
    assert "test_accuracy" not in table
    mean = table.groupby("learning_rate")["val_accuracy"].mean()
    assert sorted(mean.index) == sorted(faster.PEAKS)
    assert mean.idxmax() == FAST.learning_rate


@pytest.mark.slow
def test_a_peak_and_a_speed_run_on_the_bundled_digits():
    few = {"dataset": "digits", "seed": 0, "train_digits": 512}
    row = EXPERIMENTS["peaks"].row(recipe="peak 0.004", epochs=1, **few)
    assert row["recipe"] == "peak 0.004" and row["learning_rate"] == 0.004
    assert "test_accuracy" not in row and 0 <= row["val_accuracy"] <= 1
    row = EXPERIMENTS["speed"].row(recipe="folded", epochs=2, **few)
    assert row["pooling"] == "folded" and row["throughput_wall"] > 0 and row["throughput_cpu"] > 0
    assert "test_accuracy" not in row


def test_no_change_leaves_the_accuracy_far_behind():
    table = results.read("accuracy")
    middle = table.groupby("recipe")["test_accuracy"].transform("median")
    assert ((table["test_accuracy"] - middle).abs() < 0.006).all()


@pytest.mark.slow
@pytest.mark.parametrize("part", ["short", "label smoothing"])
def test_the_strong_parts_run_on_the_bundled_digits(part):
    few = {"train_digits": 256, "epochs": 1}
    row = EXPERIMENTS["accuracy"].row(dataset="digits", recipe=part, seed=0, **few)
    assert row["recipe"] == part and 0 <= row["test_accuracy"] <= 1
    assert set(row) == set(results.read("accuracy")) - {"keras", "backend", "machine", "date"}


def test_an_unknown_part_is_refused():
    with pytest.raises(KeyError):
        faster.run("digits", "magic", seed=0)


@pytest.mark.mnist
def test_the_fast_recipe_comes_out_again_on_mnist():
    """All of it: three epochs. The tolerance is three times the spread over the seeds."""
    _, row, _ = faster.learn(FAST, "mnist", seed=0)
    stored = results.read("fast").set_index("seed").loc[0]
    for column in ("val_accuracy", "test_accuracy"):
        assert row[column] == pytest.approx(stored[column], abs=0.004), column


# --------------------------------------------------------------------------- benchmark


@pytest.mark.slow
def test_the_benchmark_runs_on_the_bundled_digits(tmp_path, capsys):
    file = tmp_path / "runs.csv"
    benchmark.main(["--dataset", "digits", "--pairs", "2", "--epochs", "2", "--csv", str(file)])
    shown = capsys.readouterr().out
    assert "article / fast" in shown and "digits_per_s" in shown
    runs = pd.read_csv(file)
    assert len(runs) == 6 and set(runs["dataset"]) == {"digits"}
    assert (runs["train_s"] > 0).all() and (runs["digits_per_s"] > 0).all()
    # A made-up table: the ratios say how many times better.
    made = pd.DataFrame(
        {
            "recipe": ["article", "fast"] * 2,
            "seed": [0, 0, 1, 1],
            "epochs": [10, 3] * 2,
            "accuracy": 0.98,
            "train_s": [50, 5, 60, 5],
            "to_98.67_s": [50, 4, np.nan, 5],
            "to_99_s": [np.nan, np.nan, np.nan, 5],
            "digits_per_s": [100, 300, 100, 500],
        }
    )
    medians = benchmark.summary(made)
    ratio = medians["article / fast"]
    assert ratio["train_s"] == 11 and ratio["digits_per_s"] == 4
    # The article's whole training, over the time until a run is as good.
    assert ratio["to_98.67_s"] == (50 / 4 + 60 / 5) / 2
    # One of two runs never got there: no median.
    assert medians.loc["to_98.67_s", "fast"] == 4.5
    assert np.isnan(medians.loc["to_98.67_s", "article"])
    assert medians.loc["to_99_s"].drop("article / fast").isna().all()
    for wrong in (["--pairs", "0"], ["--epochs", "-1"]):
        with pytest.raises(SystemExit):
            benchmark.main(wrong)


def test_distortions_default_to_none():
    assert all(value == 0 for key, value in asdict(Distortions()).items() if key != "sigma")
