"""The benchmark for a GPU: its recipes, its rows, and that it runs on whatever is there."""

import importlib.util
import itertools

import accelerator
import pytest

from lenet_tutorial import results
from lenet_tutorial.experiments.run import written

FILE = results.FOLDER / "accelerators.csv"
COUNTS = {"article": 44_426, "fast": 44_426, "one epoch": 57_190, "record": 215_194}
INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not all(map(importlib.util.find_spec, needs)), reason=f"{name} is not installed"
        ),
    )
    for name, needs in accelerator.FRAMEWORKS.items()
    if name not in ("torch graph", "keras jax", "keras torch")
]


def parameters(plan):
    """Return the number of weights and biases of a plan's network."""
    (first, second), maps, sizes = plan.kernels, plan.maps, (plan.flat, *plan.units, 10)
    convolutions = (first**2 + 1) * maps[0] + (second**2 * maps[0] + 1) * maps[1]
    return convolutions + sum((a + 1) * b for a, b in itertools.pairwise(sizes))


def test_the_recipes_have_the_networks_that_they_name():
    assert {name: parameters(plan) for name, plan in accelerator.PLANS.items()} == COUNTS
    assert COUNTS["one epoch"] <= 62_000
    from lenet_tutorial.training.recipes import ARTICLE, FAST

    for recipe in (ARTICLE, FAST):
        plan = accelerator.PLANS[recipe.name]
        own = (recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.activation)
        assert (plan.epochs, plan.batch, plan.rate, plan.activation) == own
        assert plan.cycle == (recipe.schedule == "cosine")


def test_the_rate_rises_to_its_peak_and_falls():
    plan = accelerator.PLANS["one epoch"]
    rates = [plan.rate_at(step, 100) for step in range(100)]
    assert max(rates) == rates[20] == plan.rate
    assert rates[:21] == sorted(rates[:21]) and rates[20:] == sorted(rates[20:], reverse=True)
    assert 0 < rates[-1] < 0.01 * plan.rate
    assert accelerator.PLANS["article"].rate_at(7, 100) == 1e-3


def test_time_to_99_percent_ends_with_the_epoch_that_reaches_it():
    found = accelerator.summed([2.0, 1.0, 3.0], [0.98, 0.991, 0.989], 600)
    times = {"train_s": 6.0, "to_99_s": 3.0, "digits_per_s": 300}
    assert found == {"epochs": 3, "accuracy": 0.989} | times
    assert accelerator.summed([2.0], [0.98], 600)["to_99_s"] is None


def test_the_rows_of_the_book_are_as_they_were_written():
    table = results.read_sealed(FILE, accelerator.NAME, "restore it")
    rows = table.to_dict("records")
    assert FILE.read_text(encoding="utf-8") == written(accelerator.NAME, accelerator.KEY, rows)
    assert not table.duplicated(accelerator.KEY).any()
    assert table["parameters"].tolist() == [COUNTS[name] for name in table["recipe"]]
    assert {*table["framework"]} <= {*accelerator.FRAMEWORKS} and {*table["dataset"]} == {"mnist"}
    assert table["epochs"].tolist() == [accelerator.PLANS[name].epochs for name in table["recipe"]]
    reached = table.groupby(["framework", "recipe"])["accuracy"].mean()
    assert reached["jax", "one epoch"] >= 0.99 and reached["torch graph", "one epoch"] >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("framework", INSTALLED)
def test_it_runs_on_the_processor(tmp_path, capsys, framework):
    file = tmp_path / "runs.csv"
    short = ["--dataset", "digits", "--epochs", "1", "--seeds", "1", "--seconds", "200"]
    accelerator.main(["--frameworks", framework, *short, "--csv", str(file)])
    table = results.read_sealed(file, accelerator.NAME, "")
    known = accelerator.KERAS if framework.startswith("keras") else accelerator.PLANS
    assert {*table["recipe"]} == {*known}
    assert (table["train_s"] > 0).all() and (table["start_s"] > 0).all()
    assert table["accuracy"].between(0.05, 1).all()
    assert {*table["device"]} == {"CPU"} and {*table["dataset"]} == {"digits"}
    assert {*table["epochs"]} == {1}
    assert table["parameters"].tolist() == [COUNTS[name] for name in table["recipe"]]
    assert "digits_per_s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seconds", "0"], "--seconds must be above 0, got 0"),
        (["--seeds", "-1"], "--seeds must be above 0, got -1"),
        (["--epochs", "0"], "--epochs must be above 0, got 0"),
        (["--frameworks", "caffe"], "invalid choice: 'caffe'"),
    ],
)
def test_bad_arguments_are_named(capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        accelerator.main(arguments)
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_without_a_framework_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(accelerator, "can_run", lambda framework: False)
    with pytest.raises(SystemExit):
        accelerator.main(["--frameworks", "torch", "jax"])
    assert "none of torch, jax is installed here" in capsys.readouterr().err
