"""The strongest LeNet: teachers, its rows, and the program that chose its numbers."""

from dataclasses import replace

import jax
import keras
import many_at_once as many
import numpy as np
import pandas as pd
import pytest
from jax import numpy as jnp
from many_at_once_groups import GROUPS

from lenet_tutorial import models, results
from lenet_tutorial.experiments.run import written
from lenet_tutorial.teaching import Taught, soften, taught
from lenet_tutorial.training.recipes import LONGEST, STRONG, STRONGEST, TAUGHT

FILE = results.FOLDER / f"{many.NAME}.csv"


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(96, 32, 32, 1)).astype("float32")
    return x, (np.arange(96) % 10).astype("int64")


def network(seed, sure=1):
    """Return an untrained network; with `sure` above 1 its answers differ more."""
    model = STRONGEST.build(seed)
    model.layers[-1].set_weights([sure * values for values in model.layers[-1].get_weights()])
    return model


# --------------------------------------------------------------------------- learning from others


def test_softened_probabilities_are_the_softmax_of_smaller_sums():
    sums = np.random.default_rng(1).normal(size=(5, 10))
    for heat in (1.0, 2.0, 4.0):
        want = np.exp(sums / heat) / np.exp(sums / heat).sum(1, keepdims=True)
        given = np.exp(sums) / np.exp(sums).sum(1, keepdims=True)
        np.testing.assert_allclose(soften(given, heat), want, atol=1e-6)
    assert np.isfinite(np.asarray(soften(np.eye(10)[:2], 2.0))).all()


def test_what_is_added_is_the_cross_entropy_with_the_teachers_mean(digits):
    x = digits[0][:8]
    model, teachers = network(0, sure=8), [network(1, sure=20), network(2, sure=20)]
    layer = Taught(teachers, temperature=2.0)
    given = np.asarray(model(x))
    assert np.asarray(layer([x, given], training=True)) == pytest.approx(given)
    theirs = sum(np.asarray(teacher(x)) for teacher in teachers) / 2
    wanted, own = (values**0.5 / (values**0.5).sum(1, keepdims=True) for values in (theirs, given))
    want = -4 * (wanted * np.log(own)).sum(1).mean()
    assert [float(one) for one in layer.losses] == pytest.approx([want], rel=1e-4)


def test_a_reader_is_not_taught(digits):
    """Where digits are read, no teacher is asked, and nothing is added."""
    layer = Taught([network(1)])
    layer([digits[0][:2], np.asarray(network(0)(digits[0][:2]))], training=False)
    assert layer.losses == []


def test_the_network_learns_and_its_teachers_stay(digits):
    x, y = digits
    model, teachers = network(0), [network(1), network(2)]
    before = [one.get_weights() for one in (model, *teachers)]
    how = TAUGHT.__class__("short", input_size=32, epochs=2, batch_size=32, activation="relu")
    pupil = taught(model, teachers)
    assert len(pupil.trainable_weights) == len(model.weights)
    _, history = how.train(x, y, (x, y), model=pupil, loss="sparse_categorical_crossentropy")
    after = [one.get_weights() for one in (model, *teachers)]
    assert not all(map(np.array_equal, before[0], after[0]))
    for old, new in zip(before[1:], after[1:], strict=True):
        assert all(map(np.array_equal, old, new))
    assert model.count_params() == 61_706 and len(history) == 2


def test_the_answers_of_a_teacher_are_learned_without_a_label(digits):
    """With labels that say nothing, what is learned is what the teacher says."""
    x, _ = digits
    teacher, model = network(3, sure=8), network(4)

    def apart():
        return float(np.abs(np.asarray(model(x)) - np.asarray(teacher(x))).mean())

    before = apart()
    pupil = taught(model, [teacher], temperature=1.0)
    pupil.compile(keras.optimizers.Adam(3e-3), loss=lambda y, given: 0.0 * given[:, 0])
    pupil.fit(x, np.zeros(len(x)), epochs=60, batch_size=32, verbose=0)
    assert apart() < before / 3


@pytest.mark.parametrize(
    ("teachers", "heat", "says"), [([], 2.0, "one teacher"), ([None], 0, "temperature")]
)
def test_no_teacher_and_no_temperature_are_refused(teachers, heat, says):
    with pytest.raises(ValueError, match=says):
        taught(network(0), teachers, heat)


# --------------------------------------------------------------------------- nine looks


def test_nine_looks_are_the_mean_of_the_answers_to_a_digit_that_is_moved(digits):
    x, model = digits[0][:4], network(5, sure=8)
    nine = models.nine_looks(model)
    framed = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [framed[:, r : r + 32, c : c + 32] for r in range(3) for c in range(3)]
    want = np.mean([model.predict(one, verbose=0) for one in moved], axis=0)
    np.testing.assert_allclose(nine.predict(x, verbose=0), want, atol=1e-6)
    assert np.abs(want - model.predict(x, verbose=0)).max() > 1e-4  # they do differ
    assert nine.count_params() == 61_706


# --------------------------------------------------------------------------- the stored rows


def test_the_recipes_are_the_strong_one_with_other_numbers():
    for recipe in (STRONGEST, LONGEST, TAUGHT):
        assert recipe.build().count_params() == STRONG.build().count_params() == 61_706
        assert (recipe.input_size, recipe.pooling, recipe.batch_size) == (32, "max", 128)
    assert STRONGEST.epochs == 150
    assert replace(STRONGEST, name="longest", epochs=300) == LONGEST


def choices():
    return results.read_sealed(FILE, many.NAME, "restore it")


def test_the_choices_are_as_they_were_written():
    table = choices()
    rows = table.to_dict("records")
    assert FILE.read_text(encoding="utf-8") == written(many.NAME, many.KEY, rows)
    assert not table.duplicated(many.KEY).any()
    want = [
        ("mnist", name, group.epochs, 50_000, seed)
        for group in GROUPS.values()
        for name in group.recipes
        for seed in range(group.seeds)
    ]
    assert sorted(want) == sorted(table[many.KEY].itertuples(index=False, name=None))
    assert (table["learned_from"] + table["held_out"] == 60_000).all()
    assert not [name for name in table if "test" in name]


def test_each_choice_was_made_with_the_numbers_in_the_code():
    table = choices().set_index(["recipe", "epochs"])
    for group in GROUPS.values():
        for name, own in group.recipes.items():
            rows = table.loc[[(name, group.epochs)]]
            for column, value in (many.STRONG | own).items():
                assert (rows[column] == value).all(), (name, column)
            assert (rows["pooling"] == group.pooling).all()


def test_the_recipe_is_the_one_with_the_fewest_errors_on_digits_held_out():
    table = choices()
    best = table.groupby(["recipe", "epochs"])["wrong"].mean().idxmin()
    row = table.set_index(["recipe", "epochs"]).loc[[best]].iloc[0]
    own = STRONGEST.row()
    shared = [column for column in many.STRONG if column in own]
    assert len(shared) == 12
    for column in shared:
        assert row[column] == pytest.approx(own[column]), column
    assert (row["fade"], row["late"], row["taught"]) == (0, 1, 0)
    # As many updates as there were in the choice, with a fifth more digits in each epoch.
    updates = [digits // STRONGEST.batch_size * epochs for digits, epochs in (
        (row["learned_from"], best[1]), (60_000, STRONGEST.epochs))]  # fmt: skip
    assert updates[1] == pytest.approx(updates[0], rel=0.06)


# --------------------------------------------------------------------------- many at once


def weights_of(model):
    """Return the weights of a Keras LeNet-5 as the program keeps them."""
    parts = [layer.get_weights() for layer in model.layers if layer.get_weights()]
    flat = [(kernel.reshape(-1, kernel.shape[-1]), bias) for kernel, bias in parts]
    return dict(zip(many.LAYERS, flat, strict=True))


@pytest.mark.parametrize("pooling", ["max", "folded"])
def test_its_network_is_the_book_s(pooling, digits):
    model = models.lenet5(32, pooling, "relu")
    for layer in model.layers:
        rng = np.random.default_rng(2)
        layer.set_weights([rng.normal(0, 0.2, w.shape) for w in layer.get_weights()])
    x = digits[0][:4]
    sums = many.forward(weights_of(model), jnp.array(x[..., 0]), pooling)
    np.testing.assert_allclose(jax.nn.softmax(sums), model(x), atol=2e-5)


def test_its_start_is_drawn_as_keras_draws_it():
    drawn, model = many.start(0), network(0)
    for name, (matrix, bias) in drawn.items():
        kernel = model.get_layer(name).get_weights()[0]
        assert matrix.shape == (kernel.size // kernel.shape[-1], kernel.shape[-1])
        assert float(jnp.abs(matrix).max()) == pytest.approx(np.abs(kernel).max(), rel=0.06)
        assert not bias.any()


def test_its_rate_is_the_recipe_s():
    ours = STRONGEST.new_optimizer(1000)._learning_rate
    numbers = {"learning_rate": 8e-3, "warmup": 0.1}
    for update in (0, 50, 100, 400, 999):
        assert float(many.rate_at(numbers, update, 1000)) == pytest.approx(
            float(ours(update)), abs=1e-5
        )


def test_one_step_is_that_of_keras(digits):
    x, y = digits[0][:32], digits[1][:32]
    model = network(0)
    numbers = many.STRONG | dict.fromkeys(many.BENDS, 0.0)
    numbers |= {"learning_rate": 2e-3, "warmup": 0.0, "weight_decay": 5.0}
    weights = jax.tree_util.tree_map(jnp.array, weights_of(model))
    zeros = jax.tree_util.tree_map(jnp.zeros_like, weights)
    model.compile(keras.optimizers.AdamW(2e-3, weight_decay=5.0), "sparse_categorical_crossentropy")
    model.train_on_batch(x, y)
    what = jax.random.key(0), jnp.array(x[..., 0]), jnp.array(y), None
    state = many.one_step((weights, zeros, zeros, weights), numbers, *what, 0, 10**6, "max")
    for name, (matrix, bias) in weights_of(model).items():
        # Adam's first step is the rate, whatever the slope: of a slope near 0 it takes the noise.
        for ours, theirs in zip(state[0][name], (matrix, bias), strict=True):
            assert float(jnp.abs(ours - theirs).mean()) < 1e-4


@pytest.mark.parametrize(("change", "update"), [({"late": 0.0}, 95), ({"fade": 2.0}, 50)])
def test_distortions_end_when_they_are_told_to(change, update, digits):
    """Without any left, a step is that of digits which were never bent."""
    weights = many.start(0)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, weights)
    what = jax.random.key(0), jnp.array(digits[0][:8, ..., 0]), jnp.array(digits[1][:8]), None

    def stepped(**own):
        state = weights, zeros, zeros, weights
        return many.one_step(state, many.STRONG | own, *what, update, 100, "max")[0]["C1"][0]

    never = stepped(**dict.fromkeys(many.BENDS, 0.0))
    np.testing.assert_allclose(stepped(**change), never, atol=1e-7)
    assert float(jnp.abs(stepped() - never).max()) > 1e-5


def test_a_network_that_is_only_taught_does_not_read_the_labels(digits):
    x, weights = jnp.array(digits[0][:8, ..., 0]), many.start(0)
    theirs = jnp.full((8, 10), 0.1)

    def lost(label, share):
        numbers = many.STRONG | {"taught": share}
        return float(many.loss(weights, x, jnp.full(8, label), theirs, numbers, "max"))

    assert lost(3, 1.0) == lost(7, 1.0) and lost(3, 0.5) != lost(7, 0.5)
    assert lost(3, 0.5) == pytest.approx((lost(3, 0.0) + lost(3, 1.0)) / 2)


def test_a_digit_that_is_not_bent_stays_and_one_that_is_keeps_its_ink(digits):
    x = jnp.array(np.pad(np.ones((3, 12, 12), "float32"), ((0, 0), (10, 10), (10, 10))))
    same = many.distort(x, dict.fromkeys(many.BENDS, 0.0) | {"sigma": 5.0}, jax.random.key(0))
    np.testing.assert_allclose(same, x, atol=1e-6)
    bent = many.distort(x, {k: many.STRONG[k] for k in (*many.BENDS, "sigma")}, jax.random.key(0))
    assert float(jnp.abs(bent - x).max()) > 0.5
    ink = np.asarray(bent.sum((1, 2)))
    assert ink == pytest.approx(144, rel=0.3) and len(set(ink.round(2))) == 3


@pytest.mark.slow
def test_it_runs_and_writes_its_rows(tmp_path, capsys, monkeypatch):
    for name, count in (("brief", 4), ("taught by brief ones", 1)):
        monkeypatch.setitem(many.GROUPS, name, replace(GROUPS[name], seeds=count))
    file = tmp_path / "rows.csv"
    groups = ["--groups", "brief", "taught by brief ones"]
    few = ["--dataset", "digits", "--epochs", "1", "--digits", "128"]
    many.main([*groups, *few, "--csv", f"{file}"])
    table = pd.read_csv(file)
    assert len(table) == 4 + 4 and set(table) == set(pd.read_csv(FILE))
    assert (table["learned_from"] == 128).all() and table["wrong"].between(1, 240).all()
    assert "taught by brief ones: 4 networks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--epochs", "0"], "--epochs must be at least 1"),
        (["--digits", "5"], "--digits must be at least 128"),
        (["--groups", "taught", "--dataset", "digits"], "name that group before it"),
    ],
)
def test_what_it_cannot_do_is_said_in_a_line(arguments, says, capsys):
    with pytest.raises(SystemExit):
        many.main(arguments)
    assert says in capsys.readouterr().err
