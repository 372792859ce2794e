"""The network of 1989 in code: the draw, its variants, and the results that chapter 9 publishes."""

from itertools import pairwise

import numpy as np
import pytest

from lenet_tutorial import results
from lenet_tutorial.datasets import Digits, load_digits28
from lenet_tutorial.experiments import in_code_1989 as zip1989


def test_the_draw_has_the_papers_sizes_and_no_digit_twice():
    training, test = zip1989.draw_rows(60_000, 10_000)
    assert (len(training), len(test)) == (7_291, 2_007)
    assert len(set(training)) == 7_291 and training.min() >= 0 and training.max() < 60_000
    assert len(set(test)) == 2_007 and test.min() >= 0 and test.max() < 10_000


def test_the_draw_is_the_same_each_time_and_a_larger_one_begins_with_a_smaller_one():
    training, test = zip1989.draw_rows(60_000, 10_000)
    again, test_again = zip1989.draw_rows(60_000, 10_000)
    more, test_of_more = zip1989.draw_rows(60_000, 10_000, 60_000)
    assert (training == again).all() and (test == test_again).all()
    assert (more[:7_291] == training).all() and len(more) == 60_000
    assert (test_of_more == test).all()
    assert (zip1989.draw_rows(60_000, 10_000, seed=1)[0] != training).any()


def test_training_and_test_digits_come_from_their_own_part():
    def some(count, labels):
        return np.zeros((count, 28, 28), np.uint8), np.resize(labels, count).astype(np.uint8)

    x_train, y_train = some(30, [0, 1, 2, 3, 4])
    x_test, y_test = some(20, [5, 6, 7, 8, 9])
    digits = Digits(x_train, y_train, x_test, y_test, name="digits", origin="bundled")
    x, y, x_test, y_test = zip1989.draw(digits, training=12)
    assert x.shape == (12, 16, 16, 1) and x_test.shape == (20, 16, 16, 1)
    assert y.max() < 5 <= y_test.min()


def test_a_draw_of_nothing_is_refused():
    with pytest.raises(ValueError, match="training must be a whole number of at least 1, got 0"):
        zip1989.draw_rows(100, 100, 0)


def test_a_recipe_keeps_the_changes_of_those_before_it():
    recipes = list(zip1989.recipes().items())
    assert recipes[0] == ("paper", zip1989.PAPER)
    for (_, before), (name, after) in pairwise(recipes):
        changed = {key for key in after if after[key] != before[key]}
        assert changed == set(zip1989.CHANGES[name])


def test_every_variant_has_the_networks_9760_parameters():
    variants = ({}, {"output": "softmax"}, {"activation": "relu"}, {"dropout": 0.25})
    for parts in variants:
        assert zip1989.network(**parts).count_params() == 9_760, parts


def test_the_defaults_give_the_network_of_the_paper():
    from lenet_tutorial.models import lenet_1989
    from lenet_tutorial.training import set_seed

    set_seed(3)
    usual = lenet_1989()
    set_seed(3)
    model = zip1989.network()
    for one, other in zip(usual.get_weights(), model.get_weights(), strict=True):
        assert (one == other).all()
    x = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)).astype("float32")
    assert np.allclose(usual.predict(x, verbose=0), model.predict(x, verbose=0))


FAN_IN = {"H1": 25, "H2": 200, "H3": 192, "output": 30}  # inputs of a unit, the bias left out


def test_each_part_changes_what_it_says():
    from lenet_tutorial.training import set_seed

    x = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)).astype("float32")
    probabilities = zip1989.network(output="softmax").predict(x, verbose=0)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    relu = zip1989.network(activation="relu")
    for name in ("H1", "H2", "H3"):
        assert relu.get_layer(name).activation.__name__ == "relu"
    set_seed(0)
    small = zip1989.network()
    set_seed(0)
    large = zip1989.network(start="root")
    for name, fan_in in FAN_IN.items():
        one, other = (m.get_layer(name).get_weights()[0] for m in (small, large))
        assert np.allclose(other, one * fan_in**0.5, rtol=1e-5), name
    dropped = zip1989.network(dropout=0.5)
    assert (np.array(dropped(x)) == np.array(dropped(x))).all()  # not when it answers
    assert (np.array(dropped(x, training=True)) != np.array(dropped(x))).any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"output": "rbf"}, r"output must be one of \('squash', 'softmax'\), got 'rbf'"),
        ({"activation": "tanh"}, r"activation must be one of \('squash', 'relu'\), got 'tanh'"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"start": "ones"}, r"start must be one of \('fan-in', 'root'\), got 'ones'"),
    ],
)
def test_an_unknown_part_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        zip1989.network(**wrong)


def test_a_choice_must_name_a_number_of_the_recipe():
    with pytest.raises(ValueError, match=r"change must name one of .*, got 'speed=3'"):
        zip1989.choose("digits", "paper", "speed=3", 0)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", zip1989.CHANGES)
def test_every_recipe_learns_something_in_a_pass(recipe):
    x, y, _, _ = zip1989.draw(load_digits28("digits"))
    numbers = zip1989.recipes()[recipe]
    passes = 5 if numbers["batch_size"] == 1 else 8
    _, history = zip1989.learn(numbers, x, y, (x[:100], y[:100]), seed=0, passes=passes)
    assert np.isfinite(history.to_numpy()).all()
    assert history["val_accuracy"].iloc[-1] > 0.2  # chance is 0.1


# --------------------------------------------------------------------------- what is published


def test_the_runs_were_made_with_the_network_of_1989():
    assert (results.read("zip1989")["parameters"] == 9_760).all()


def test_each_number_is_the_one_that_did_best_on_the_validation_split():
    tried = results.read("zip1989_choices")
    for recipe, rows in tried.groupby("recipe"):
        best = rows.loc[rows["val_error"].idxmin(), "change"]
        for part in best.split():
            name, _, value = part.partition("=")
            used = zip1989.recipes()[recipe][name]
            assert used == (value if isinstance(used, str) else float(value)), (recipe, best)


def test_the_errors_are_shares_of_whole_digits():
    table = results.read("zip1989")
    for column, digits in (("test_error", 2_007), ("train_error", table["digits"])):
        counts = table[column] * digits
        assert ((counts - counts.round()).abs() < 0.05).all(), column


def test_no_run_stands_far_from_the_other_seeds_of_its_recipe():
    table = results.read("zip1989")
    middle = table.groupby("recipe")["test_error"].transform("median")
    assert ((table["test_error"] - middle).abs() < 0.01).all()


def test_the_network_of_1989_reads_as_well_as_the_book_promises():
    table = results.read("zip1989")
    paper = table[table["recipe"] == "paper"]
    assert paper["seed"].nunique() >= 3
    assert paper["test_error"].mean() <= 0.041


@pytest.mark.mnist
def test_the_first_pass_of_a_run_comes_out_again():
    again = zip1989.run("mnist", "paper", seed=0, passes=1)
    table = results.read("zip1989").set_index(["recipe", "seed"])
    # Three times the spread over the seeds.
    expected = table.loc[("paper", 0), "train_error_1"]
    assert again["train_error_1"] == pytest.approx(expected, abs=0.03)
