"""The committed results are complete, keep what the book claims, and come out again."""

import pandas as pd
import pytest

from lenet_tutorial import results
from lenet_tutorial.datasets import DatasetError, load_mnist
from lenet_tutorial.experiments import EXPERIMENTS, changes, published

# A run on another machine adds in another order; after an epoch or ten the accuracies differ by
# some digits. The tolerances are three to five times the spread seen over seeds.
TOLERANCE = {"digits": 0.02, "mnist": 0.01}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_run_of_an_experiment_is_in_its_file_once(name):
    table = results.read(name)
    experiment = EXPERIMENTS[name]
    have = sorted(map(tuple, table[experiment.key].to_numpy().tolist()), key=str)
    want = sorted((tuple(run.values()) for run in experiment.runs), key=str)
    assert have == want


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_file_says_how_its_numbers_were_made(name):
    table = results.read(name)
    for column in ("recipe", "seed", "dataset", "keras", "backend", "machine", "date"):
        assert table[column].notna().all(), column
    measured = [column for column in table if column.endswith(("accuracy", "error"))]
    assert measured
    for column in measured:
        assert table[column].between(0, 1).all(), column
    assert not table.duplicated(EXPERIMENTS[name].key).any()


@pytest.mark.parametrize("name", changes.EXPERIMENTS)
def test_chapter_4_s_runs_were_made_with_its_recipes(name):
    table = results.read(name)
    for column in ("val_accuracy", "test_accuracy"):
        assert table[column].between(0.5, 1).all()
    for recipe, rows in table.groupby("recipe"):
        for key, value in changes.RECIPES[recipe].items():
            assert (rows[key] == value).all(), f"{name}: {recipe} was run with another {key}"


# How many digits an accuracy is a share of, and how far a run may lie from the middle one of its
# network's seeds. (After the first epoch, and on the few bundled digits, seeds differ more.)
SIZES = {
    "mnist": {"val_accuracy_1": 5_000, "val_accuracy": 5_000, "test_accuracy": 10_000},
    "digits": {"val_accuracy_1": 120, "val_accuracy": 120, "test_accuracy": 360},
}
SPREAD = {
    "mnist": {"val_accuracy_1": 0.015, "val_accuracy": 0.006, "test_accuracy": 0.006},
    "digits": {"val_accuracy_1": 0.1, "val_accuracy": 0.03, "test_accuracy": 0.03},
}
accuracies = pytest.mark.parametrize("column", SIZES["mnist"])


@accuracies
@pytest.mark.parametrize("name", changes.EXPERIMENTS)
def test_an_accuracy_is_a_share_of_whole_digits(name, column):
    for dataset, rows in results.read(name).groupby("dataset"):
        digits = rows[column] * SIZES[dataset][column]
        # The share is rounded to six places.
        assert ((digits - digits.round()).abs() < 0.01).all(), f"{name}: {digits.tolist()}"


@accuracies
@pytest.mark.parametrize("name", changes.EXPERIMENTS)
def test_no_run_stands_far_from_the_other_seeds_of_its_network(name, column):
    table = results.read(name)
    network = [key for key in EXPERIMENTS[name].key if key != "seed"]
    middle = table.groupby(network)[column].transform("median")
    far = (table[column] - middle).abs() > table["dataset"].map(lambda d: SPREAD[d][column])
    assert not far.any(), table[far].to_string()


@pytest.mark.parametrize("name", changes.EXPERIMENTS)
def test_validation_and_test_digits_tell_the_same_story(name):
    table = results.read(name)
    gap = (table["val_accuracy"] - table["test_accuracy"]).abs()
    assert (gap < table["dataset"].map({"mnist": 0.01, "digits": 0.04})).all()
    assert (table["val_accuracy_1"] < table["val_accuracy"]).all()


def test_an_unknown_file_is_named_with_what_there_is():
    with pytest.raises(ValueError, match=r"no results called 'nonsense'.*changes"):
        results.read("nonsense")


def mean_accuracy(table, **wanted):
    rows = table
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    assert rows["seed"].nunique() >= 3
    return rows["test_accuracy"].mean()


def test_the_published_accuracies_reach_what_the_book_promises():
    changes, schedules = results.read("changes"), results.read("schedules")
    article = mean_accuracy(changes, input_size=28, pooling="max", activation="tanh")
    textbook = mean_accuracy(schedules, input_size=32, pooling="average", activation="tanh")
    assert article >= 0.984
    assert textbook >= 0.987


def test_lenet5_as_published_comes_as_near_to_the_paper_as_the_book_says():
    table = results.read("published")
    assert mean_accuracy(table, recipe="plain") >= 1 - 0.011
    assert mean_accuracy(table, recipe="distorted") >= 1 - 0.008
    for name in published.EXPERIMENTS:
        for row in results.read(name).to_dict("records"):
            recipe = row["recipe"]
            numbers = published.settings(recipe, row["part"]) if recipe != "levenberg" else {}
            assert {key: row[key] for key in numbers} == numbers, (name, row["part"], row["seed"])
            # Two sets of digits, one network: what the one says, the other must not belie.
            assert row["val_accuracy"] == pytest.approx(row["test_accuracy"], abs=0.006)
            assert row["val_accuracy"] <= row["train_accuracy"] + 0.005


def stored(name, wanted):
    table = results.read(name)
    row = table[(table[EXPERIMENTS[name].key] == pd.Series(wanted)).all(axis=1)]
    assert len(row) == 1
    return row.iloc[0]


def test_a_run_on_the_bundled_digits_comes_out_again():
    wanted = EXPERIMENTS["digits"].runs[0]
    again, row = EXPERIMENTS["digits"].run(**wanted), stored("digits", wanted)
    assert again["parameters"] == row["parameters"]
    for column in ("val_accuracy", "test_accuracy"):
        assert again[column] == pytest.approx(row[column], abs=TOLERANCE["digits"])


@pytest.mark.mnist
@pytest.mark.parametrize("name", ["changes", "schedules", "published", "parts"])
def test_the_first_epoch_of_a_run_on_mnist_comes_out_again(name):
    try:
        load_mnist(mirrors=())
    except DatasetError as error:
        pytest.skip(f"no MNIST here: {error}")
    wanted = EXPERIMENTS[name].runs[0]
    again, row = EXPERIMENTS[name].run(**wanted, epochs=1), stored(name, wanted)
    assert again["val_accuracy_1"] == pytest.approx(row["val_accuracy_1"], abs=TOLERANCE["mnist"])


def test_the_rule_of_1998_comes_out_again_on_a_slice():
    """Two passes over some bundled digits give the same again, digit by digit."""
    wanted = {"dataset": "digits", "recipe": "levenberg", "part": "as published", "seed": 0}
    one, two = (published.run_levenberg(**wanted, passes=2, train_digits=500) for _ in range(2))
    assert one == two
    assert one["val_accuracy"] > 0.5 and one["epochs"] == 2


def test_an_interrupted_experiment_keeps_its_finished_runs(tmp_path, monkeypatch):
    runs = [dict(EXPERIMENTS["digits"].runs[0], seed=seed) for seed in range(3)]
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    computed = []

    def run(**wanted):
        if len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(wanted["seed"])
        return wanted | {"test_accuracy": 0.9}

    monkeypatch.setitem(EXPERIMENTS, "tried", results.Experiment(runs, run))
    with pytest.raises(KeyboardInterrupt):
        results.make("tried")
    assert results.read("tried")["seed"].tolist() == [0, 1]
    assert not list(tmp_path.glob("*.part"))

    computed.clear()
    results.make("tried")
    assert computed == [2]  # only the run that was missing
    assert results.read("tried")["seed"].tolist() == [0, 1, 2]
