"""Chapter 6: figures of the way down, and 500 digits with and without a remedy."""

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from lenet_tutorial import figures, results
from lenet_tutorial.experiments import when_training_fails as fails
from lenet_tutorial.figures.style import BLUE, ORANGE
from lenet_tutorial.models import lenet5_article
from lenet_tutorial.training.recipes import STRONG

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


# --------------------------------------------------------------------------- figures


def test_each_loss_stands_over_its_epoch_with_its_name():
    fig = figures.plot_runs({"small": [3.0, 2.0, 1.0], "large": [9.0, 8.0]}, top=4)
    (ax,), (legend,) = fig.axes, fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["small", "large"]
    small, large = ax.lines
    assert small.get_xdata().tolist() == [1, 2, 3] and small.get_ydata().tolist() == [3, 2, 1]
    assert large.get_xdata().tolist() == [1, 2] and large.get_ydata().tolist() == [9, 8]
    marks = [to_hex(mark.get_color()) for mark in legend.legend_handles]
    assert (
        marks == [BLUE.lower(), ORANGE.lower()] == [to_hex(line.get_color()) for line in ax.lines]
    )
    assert small.get_linestyle() != large.get_linestyle()
    assert ax.get_ylim() == (0, 4) and ax.get_yscale() == "linear"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_losses_can_stand_on_another_scale_under_other_words():
    how = {"scale": "log", "labels": {"y": "error"}}
    (ax,) = figures.plot_runs({"one": [1.0, 0.1]}, top=2, **how).axes
    assert ax.get_yscale() == "log" and ax.get_ylim()[1] == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "error")
    with pytest.raises(ValueError, match="can be told apart, got 0"):
        figures.plot_runs({})
    with pytest.raises(ValueError, match="can be told apart, got 6"):
        figures.plot_runs({name: [1.0] for name in "abcdef"})


def test_a_path_is_drawn_into_a_valley_that_is_light_at_the_bottom():
    path = np.array([[-8.0, 1.0], [-4.0, -0.5], [0.0, 0.0]])
    paths = {"first": path, "second": path / 2}
    fig = figures.plot_paths(lambda x, y: x**2 / 20 + y**2, paths)
    assert [ax.get_title() for ax in fig.axes] == ["first", "second"]
    for ax, way in zip(fig.axes, paths.values(), strict=True):
        steps, bottom = ax.lines
        assert np.array_equal(steps.get_xydata(), way)
        assert bottom.get_xydata().tolist() == [[0, 0]]
        assert ax.get_xlim() == (-10, 2) and ax.get_ylim() == (-1.6, 1.6)
    fig.canvas.draw()
    pixels = np.asarray(fig.canvas.buffer_rgba())[..., :3].mean(axis=2)

    def shade(x, y):
        across, up = fig.axes[0].transData.transform((x, y))
        return pixels[-1 - int(up), int(across)]

    assert shade(0.5, 0.0) > shade(-6.0, 0.9) > shade(-9.8, 1.5)
    assert fig.axes[0].get_window_extent().y0 > fig.axes[1].get_window_extent().y1


# --------------------------------------------------------------------------- remedies


def test_dropout_stands_in_front_of_each_dense_layer_and_keeps_the_weights():
    model = lenet5_article()
    chain = fails.with_dropout(model, 0.3)
    kinds = [type(layer).__name__ for layer in chain.layers]
    assert kinds.count("Dropout") == 3
    for place, kind in enumerate(kinds):
        assert (kinds[place - 1] == "Dropout") == (kind == "Dense")
    assert all(layer.rate == 0.3 for layer in chain.layers if type(layer).__name__ == "Dropout")
    x = np.random.default_rng(0).random((5, 28, 28, 1), "float32")
    used = [np.array(one(x, training=False)) for one in (model, chain)]
    np.testing.assert_allclose(*used, atol=1e-6)
    assert np.abs(np.array(chain(x, training=True)) - used[0]).max() > 1e-3
    assert len(fails.with_dropout(model, 0).layers) == len(model.layers)


def test_a_remedy_differs_from_nothing_in_one_thing():
    plain = fails.REMEDIES["nothing"]
    assert plain == fails.Remedy(fails.PLAIN) and plain.recipe.weight_decay == 0
    differs = {
        "early stopping": {"stops"},
        "weight decay": {"optimizer", "weight_decay"},
        "dropout": {"dropout"},
        "distortions": {"distortions"},
    }
    assert set(differs) == set(fails.REMEDIES) - {"nothing"}
    for name, wanted in differs.items():
        remedy = fails.REMEDIES[name]
        pairs = [(vars(remedy), vars(plain)), (vars(remedy.recipe), vars(plain.recipe))]
        other = {key for one, two in pairs for key in one if one[key] != two[key]}
        assert other - {"recipe"} == wanted, name
    assert fails.REMEDIES["distortions"].recipe.distortions == STRONG.distortions


def test_what_was_chosen_is_best_by_the_validation_split():
    tried = results.read("rescue_choices")
    assert not any(column.startswith("test") for column in tried)
    best = tried.groupby(["recipe", "amount"])["val_accuracy"].mean()
    assert best["weight decay"].idxmax() == fails.REMEDIES["weight decay"].recipe.weight_decay
    assert best["dropout"].idxmax() == fails.REMEDIES["dropout"].dropout
    for name, amounts in fails.TRIED.items():
        assert tuple(best[name].index) == amounts


def test_the_digits_that_are_watched_are_none_that_are_learned(monkeypatch):
    seen = {}

    def learn(remedy, seed, train, watched, epochs):
        seen[seed] = train, watched
        return lenet5_article(), 1

    monkeypatch.setattr(fails, "learn", learn)
    monkeypatch.setattr(fails, "accuracy", lambda model, x, y: 0.5)
    for seed in (0, 1):
        fails.run("digits", "early stopping", seed)
    assert all(len(train[1]) == len(train[0]) == fails.FEW for train, _ in seen.values())
    known = {image.tobytes() for image in seen[0][0][0]}
    assert not known & {image.tobytes() for image in seen[0][1][0]}
    assert known != {image.tobytes() for image in seen[1][0][0]}


def few(count=30):
    rng = np.random.default_rng(0)
    return rng.random((count, 28, 28, 1), "float32"), rng.integers(0, 10, count).astype("uint8")


def test_a_run_that_is_stopped_early_goes_back_to_its_best_epoch():
    remedy, seen = fails.Remedy(fails.PLAIN, stops=True), []
    real = keras.callbacks.EarlyStopping.on_epoch_end

    def look(self, epoch, logs=None):
        seen.append(logs["val_loss"])
        return real(self, epoch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.callbacks.EarlyStopping, "on_epoch_end", look)
        model, kept = fails.learn(remedy, 0, few(), few(31))
    assert kept == int(np.argmin(seen)) + 1 and len(seen) == kept + fails.PATIENCE < 30
    x, y = few(31)
    right = model.predict(x, verbose=0)[np.arange(31), y]
    assert -np.log(right).mean() == pytest.approx(min(seen), rel=1e-4)
    _, kept = fails.learn(fails.REMEDIES["nothing"], 0, few(), few(31), epochs=2)
    assert kept == 2


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["nothing", "early stopping"])
def test_500_of_the_bundled_digits_come_out_again(recipe):
    table = results.read("rescues").query("dataset == 'digits'").set_index("recipe")
    new = fails.run("digits", recipe, 0)
    for column in ("train_accuracy", "val_accuracy", "test_accuracy"):
        assert new[column] == pytest.approx(table.loc[recipe, column], abs=0.03), column
