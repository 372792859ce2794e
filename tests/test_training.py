"""Training: the split, the seed, the history and what is refused."""

import numpy as np
import pytest

from lenet_tutorial import distortions, losses, models
from lenet_tutorial.datasets import load_bundled, prepare, prepare_1989, prepare_1998
from lenet_tutorial.models import lenet5_article
from lenet_tutorial.training import error_rate, judge, set_seed, split_validation, train


@pytest.fixture(scope="module")
def digits():
    return load_bundled()


def build(seed=0):
    set_seed(seed)
    return lenet5_article()


def test_the_split_takes_the_same_share_of_every_class_and_loses_nothing():
    y = np.repeat(np.arange(10), 120)
    x = np.arange(1200)
    x_train, y_train, x_val, y_val = split_validation(x, y)
    assert np.bincount(y_val).tolist() == [10] * 10
    assert sorted([*x_train, *x_val]) == x.tolist()
    assert (y[x_train] == y_train).all() and (y[x_val] == y_val).all()  # pairs stay together


def test_the_split_depends_on_its_seed_alone():
    y = np.repeat(np.arange(10), 24)
    np.random.seed(0)  # noqa: NPY002 - the global generator, which must not matter
    first = split_validation(np.arange(240), y)[2]
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(split_validation(np.arange(240), y)[2], first)
    assert not np.array_equal(split_validation(np.arange(240), y, seed=1)[2], first)


def test_mnist_s_size_leaves_5000_for_validation():
    y = np.random.default_rng(0).integers(0, 10, 60_000)
    _, y_train, _, y_val = split_validation(np.zeros(60_000), y)
    assert (len(y_train), len(y_val)) == (55_000, 5_000)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_network_and_the_same_history(digits):
    x, y, x_val, y_val = split_validation(prepare(digits.x_train[:600]), digits.y_train[:600])
    weights, histories = [], []
    for seed in (3, 3, 4):
        model = build(seed)
        weights.append(model.get_weights()[0].copy())
        histories.append(train(model, x, y, (x_val, y_val), epochs=2, seed=seed))
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])
    np.testing.assert_allclose(histories[0], histories[1], atol=1e-3)


@pytest.mark.slow
def test_the_history_is_a_table_and_the_network_learns(digits):
    x, y, x_val, y_val = split_validation(prepare(digits.x_train), digits.y_train)
    model = build()
    before = error_rate(model, prepare(digits.x_test), digits.y_test)
    history = train(model, x, y, (x_val, y_val), epochs=4)
    assert list(history.columns) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert history.index.tolist() == [1, 2, 3, 4] and history.index.name == "epoch"
    assert history["loss"].is_monotonic_decreasing
    after = error_rate(model, prepare(digits.x_test), digits.y_test)
    assert before > 0.7 and after < 0.3
    accuracy = model.evaluate(x_val, y_val, verbose=0)[1]
    assert history["val_accuracy"].iloc[-1] == pytest.approx(accuracy, abs=1e-6)


def test_error_rate_counts_the_wrong_ones(digits):
    model = build()
    x = prepare(digits.x_test[:50])
    answers = model.predict(x, verbose=0).argmax(axis=1)
    wrong = (answers + 1) % 10
    assert error_rate(model, x, answers) == 0
    assert error_rate(model, x, wrong) == 1
    assert error_rate(model, x, np.r_[answers[:40], wrong[40:]], batch_size=7) == 0.2


images, labels = np.zeros((4, 28, 28, 1), "f4"), np.arange(4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"epochs": 1.5}, r"epochs must be a whole number of at least 1, got 1\.5"),
        ({"batch_size": -1}, "batch_size must be a whole number of at least 1, got -1"),
        ({"x": np.zeros((4, 32, 32, 1), "f4")}, "images must be 28×28 pixels, got 32×32"),
        ({"x": np.full((4, 28, 28, 1), np.nan)}, "images hold NaN"),
        ({"y": np.array([0, 1, 2, 10])}, "labels must be 0 to 9, got 10"),
        ({"y": np.arange(3)}, "there are 4 images and 3 labels"),
        ({"y": np.eye(4)}, r"labels must have shape \(n,\)"),
        ({"validation": (images, np.arange(5))}, "there are 4 images and 5 labels"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"seed": 1.0}, "seed must be a whole number from 0"),
    ],
)
def test_bad_input_is_named_before_anything_is_trained(changes, message):
    model = build()
    before = [weight.copy() for weight in model.get_weights()]
    arguments = {"x": images, "y": labels, "validation": (images, labels), "epochs": 1} | changes
    with pytest.raises(ValueError, match=message):
        train(model, **arguments)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize(
    ("fraction", "labels", "message"),
    [
        (0, np.arange(10), "fraction must lie between 0 and 1, got 0"),
        (1, np.arange(10), "fraction must lie between 0 and 1, got 1"),
        (0.5, np.arange(9), "there are 10 images and 9 labels"),
        (0.5, np.arange(10), "least populated class"),
    ],
)
def test_a_split_that_cannot_be_made(fraction, labels, message):
    with pytest.raises(ValueError, match=message):
        split_validation(np.zeros(10), labels, fraction)


@pytest.mark.slow
def test_each_network_is_judged_by_what_its_last_layer_means(digits):
    x = prepare_1998(digits.x_train[:400])
    y = digits.y_train[:400]
    for model, images, kind in (
        (models.lenet5_1998(), x, losses.MapLoss),
        (models.lenet1(), prepare(digits.x_train[:400]), losses.SquaredError),
        (models.lenet_1989(), prepare_1989(digits.x_train[:400]), losses.SquaredError),
    ):
        assert isinstance(judge(model)[0], kind)
        images.setflags(write=False)  # it is the caller's: nothing may change it
        history = train(
            model, images[:300], y[:300], (images[300:], y[300:]), epochs=3, batch_size=10
        )
        assert history["accuracy"].iloc[-1] > history["accuracy"].iloc[0]
        wrong = error_rate(model, images[300:], y[300:])
        assert history["val_accuracy"].iloc[-1] == pytest.approx(1 - wrong, abs=1e-6)


@pytest.mark.slow
def test_distorting_trains_the_same_network_and_leaves_the_validation_alone(digits):
    x, y = prepare(digits.x_train[:400], 32), digits.y_train[:400]
    held_out = (x[300:], y[300:])
    set_seed(0)
    model = models.lenet5_textbook()
    before = model.get_weights()[0].copy()
    distort = distortions.Distort(seed=0)
    history = train(model, x[:300], y[:300], held_out, epochs=2, distort=distort)
    assert np.abs(model.get_weights()[0] - before).max() > 0
    wrong = error_rate(model, *held_out)
    assert history["val_accuracy"].iloc[-1] == pytest.approx(1 - wrong, abs=1e-6)
