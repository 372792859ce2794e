"""One epoch: the recipe, its rows, the number format it takes, and the public record beside it."""

import importlib.util
import json
import time
from dataclasses import replace

import keras
import numpy as np
import peers
import profile_epoch
import pytest

from lenet_tutorial import models, results, tables
from lenet_tutorial.experiments import EXPERIMENTS
from lenet_tutorial.experiments import how_far_lenet_goes_one_epoch as once
from lenet_tutorial.experiments.run import written
from lenet_tutorial.folded import FoldedConv2D
from lenet_tutorial.training import precision
from lenet_tutorial.training.recipes import ARTICLE, FAST, ONE_EPOCH

FILE = results.FOLDER / "peers.csv"
RECORD = (24 * 26) + (32 * (9 * 24 + 1)) + 256 * 801 + 10 * 257


# --------------------------------------------------------------------------- the network


def test_it_is_a_lenet_with_at_most_62_000_parameters():
    model = ONE_EPOCH.build()
    assert model.count_params() == 61_098 <= 62_000
    assert [layer.name for layer in model.layers] == [
        "crop",
        "C1",
        "C3",
        "S4",
        "flatten",
        "C5",
        "output",
    ]
    shapes = [weight.shape for weight in model.get_weights()]
    assert shapes[::2] == [(5, 5, 1, 16), (5, 5, 16, 32), (288, 160), (160, 10)]
    assert ONE_EPOCH.epochs == 1 and ONE_EPOCH.distortions is None


@pytest.mark.parametrize("crop", [1, 2, 6])
def test_what_is_cut_off_is_not_seen(crop):
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(2, 28, 28, 1)).astype("float32")
    model = models.lenet5(28, pooling="folded", crop=crop)
    inside = np.zeros_like(x)
    inside[:, crop:-crop, crop:-crop] = x[:, crop:-crop, crop:-crop]
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(inside, verbose=0))
    sees = tables.layer_table(models.lenet5(28, pooling="folded"))["receptive_field"]
    assert tables.layer_table(model)["receptive_field"]["C1"] == sees["C1"]


@pytest.mark.parametrize(
    ("crop", "size", "says"),
    [(7, 28, "at most 6"), (-1, 28, "at least 0"), (1.5, 28, "whole number"), (2, 32, "28 × 28")],
)
def test_what_cannot_be_cut_off_is_refused(crop, size, says):
    with pytest.raises(ValueError, match=says):
        models.lenet5(size, crop=crop)
    with pytest.raises(ValueError, match=says):
        replace(ARTICLE, input_size=size, crop=crop)


@pytest.mark.parametrize("size", [28, 32])
def test_widths_are_those_that_were_asked_for(size):
    model = models.lenet5(size, maps=(3, 4), units=(5,))
    assert [weight.shape[-1] for weight in model.get_weights()[::2]] == [3, 4, 5, 10]
    assert "F6" not in [layer.name for layer in model.layers]
    usual = models.lenet5(size, maps=[6, 16], units=[120, 84])
    assert usual.count_params() == models.lenet5(size).count_params()


def test_adam_forgets_as_soon_as_the_recipe_says():
    made = ONE_EPOCH.new_optimizer(100)
    assert (made.beta_1, made.beta_2) == (0.7, 0.9)
    usual = FAST.new_optimizer(100)
    assert (usual.beta_1, usual.beta_2) == (0.9, 0.999)


def test_a_row_says_the_widths_as_text():
    assert ONE_EPOCH.row("maps", "units") == {"maps": "16 32", "units": "160"}


# --------------------------------------------------------------------------- the number format


@pytest.fixture
def measured(monkeypatch):
    """Let the measurement say what a test wants, and forget it afterwards."""

    def say(**seconds):
        precision.faster_dtype.cache_clear()
        monkeypatch.setattr(precision, "convolution_seconds", lambda: seconds)

    yield say
    precision.faster_dtype.cache_clear()


def test_bfloat16_is_taken_where_it_is_worth_it_and_only_there(measured):
    for half, chosen in ((0.5, "mixed_bfloat16"), (0.95, "float32"), (2.0, "float32")):
        measured(float32=1.0, bfloat16=half)
        assert precision.faster_dtype() == chosen
        assert ONE_EPOCH.build().layers[0].compute_dtype == chosen.removeprefix("mixed_")


def test_a_backend_without_the_format_means_float32(measured, monkeypatch):
    measured()

    def fail():
        raise RuntimeError("could not create a primitive descriptor")

    monkeypatch.setattr(precision, "convolution_seconds", fail)
    assert precision.faster_dtype() == "float32"


def test_the_measurement_is_short_and_made_once():
    precision.faster_dtype.cache_clear()
    began = time.process_time()
    first = precision.faster_dtype()
    assert time.process_time() - began < 20
    began = time.perf_counter()
    assert precision.faster_dtype() == first and time.perf_counter() - began < 0.1
    took = precision.convolution_seconds(times=1)
    assert set(took) == {"float32", "bfloat16"} and min(took.values()) > 0


# --------------------------------------------------------------------------- the results


def test_one_epoch_is_enough_for_99_percent():
    table = results.read("one_epoch")
    assert (table["parameters"] == 61_098).all() and (table["epochs"] == 1).all()
    for _, rows in table.groupby("dtype"):
        assert rows["seed"].nunique() >= 5
        assert rows["test_accuracy"].mean() >= 0.99


def test_the_parts_were_judged_by_the_validation_split():
    table = results.read("one_epoch_parts")
    assert "test_accuracy" not in table and set(table["recipe"]) == set(once.PARTS)
    assert table.groupby("recipe")["seed"].nunique().min() >= 5
    mean = table.groupby("recipe")["val_accuracy"].mean()
    behind = mean["one epoch"] - mean.drop("one epoch")
    same = ["whole picture", "batch 128"]  # they cost time, and nothing else
    assert (behind.drop(same) > 0.001).all() and (behind[same].abs() < 0.0005).all()


@pytest.mark.slow
def test_both_experiments_run_on_the_bundled_digits():
    few = {"dataset": "digits", "seed": 0, "train_digits": 512}
    row = EXPERIMENTS["one_epoch"].row(recipe="one epoch", dtype="float32", **few)
    assert row["parameters"] == 61_098 and 0 <= row["test_accuracy"] <= 1
    assert row["train_digits"] == 512 + 120  # with those that are held out elsewhere
    assert set(row) == set(results.read("one_epoch")) - {"keras", "backend", "machine", "date"}
    row = EXPERIMENTS["one_epoch_parts"].row(recipe="6 and 16 maps", **few)
    assert row["parameters"] < 45_000 and "test_accuracy" not in row


@pytest.mark.mnist
def test_a_run_comes_out_again_on_mnist():
    row = once.whole("mnist", "one epoch", seed=0, dtype="float32")
    table = results.read("one_epoch").query("dtype == 'float32' and seed == 0")
    assert row["test_accuracy"] == pytest.approx(table["test_accuracy"].item(), abs=0.004)


# --------------------------------------------------------------------------- the record


def test_without_pytorch_the_benchmark_says_how_to_get_it(monkeypatch, capsys):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    peers.main([])
    said = capsys.readouterr().out
    assert said == 'PyTorch is not installed: python -m pip install --editable ".[torch]"\n'
    with pytest.raises(SystemExit):
        peers.main(["--pairs", "0"])


def test_the_rows_of_the_peers_are_as_they_were_written():
    table = results.read("peers")
    rows = table.to_dict("records")
    assert FILE.read_text(encoding="utf-8") == written(peers.NAME, peers.KEY, rows)
    assert not table.duplicated(peers.KEY).any() and set(table["recipe"]) == set(peers.PEERS)
    assert RECORD == 215_194
    want = table["recipe"].map({"one epoch": 61_098, "record": RECORD})
    assert (table["parameters"] == want).all()
    assert table.groupby(["instructions", "recipe"])["seed"].nunique().min() >= 5
    assert set(table["instructions"]) == {"ALL", "AVX512_CORE", "AVX2"}
    record = table[table["recipe"] == "record"]
    assert (record["dtype"] == "float32").all() and (record["accuracy"] > 0.985).all()
    ours = table[table["recipe"] == "one epoch"].groupby("instructions")["dtype"].unique()
    assert {kind: [*found] for kind, found in ours.items()} == {
        "ALL": ["bfloat16"],
        "AVX512_CORE": ["float32"],
        "AVX2": ["float32"],
    }


def test_one_epoch_takes_less_than_half_of_the_record_s_time():
    """By the processor, in each pair; on the wall in the middle of five, and never more time."""
    table = results.read("peers").set_index(["instructions", "seed", "recipe"])
    ratios = {}
    for clock in ("train_s", "train_cpu_s"):
        pairs = table[clock].unstack()
        ratios[clock] = (pairs["record"] / pairs["one epoch"]).groupby("instructions")
    assert (ratios["train_cpu_s"].min() > 2).all()
    assert (ratios["train_s"].median() > 2).all() and (ratios["train_s"].min() > 1.5).all()
    for clock in ("s", "cpu_s"):
        started = table[f"import_{clock}"] + table[f"build_{clock}"]
        ours, theirs = (started.xs(one, level="recipe") for one in ("one epoch", "record"))
        assert ours.max() < 4 and (ours < theirs).all()


@pytest.mark.slow
def test_digits_are_copied_and_the_step_is_compiled_before_the_clock_starts(monkeypatch):
    """Python runs through a layer when TensorFlow traces it, and not when it computes."""
    traced, before, handed_over = [], {}, []
    call, fit = FoldedConv2D.call, keras.Model.fit

    def counted(self, maps):
        traced.append(maps)
        return call(self, maps)

    def looked_at(self, x, y, **how):
        handed_over.append(keras.ops.is_tensor(x) and keras.ops.is_tensor(y))
        return fit(self, x, y, **how)

    monkeypatch.setattr(FoldedConv2D, "call", counted)
    monkeypatch.setattr(keras.Model, "fit", looked_at)
    monkeypatch.setattr(peers.Watch, "note", lambda watch, name: before.update({name: len(traced)}))
    peers.one_epoch(peers.Watch(time.time()), "digits", seed=0)
    assert 0 < before["build"] == before["train"]
    assert handed_over == [True, True]


def test_the_summary_compares_the_two_of_a_pair():
    def row(recipe, seed, seconds):
        return {
            "recipe": recipe,
            "seed": seed,
            "accuracy": 0.99,
            **dict.fromkeys(peers.TIMES, seconds),
        }

    rows = [row("one epoch", 0, 1.0), row("record", 0, 3.0), row("one epoch", 1, 2.0)]
    said = peers.summary([*rows, row("record", 1, 4.0)])
    ratio = said.split("record / one epoch:\n")[1]
    line = next(one for one in ratio.splitlines() if one.startswith("train_s"))
    assert line.split()[1:] == ["2.5", "2", "3"]


def test_the_parts_of_a_run_add_up():
    watch = peers.Watch(time.time() - 1)
    watch.note("import")
    time.sleep(0.05)
    watch.note("train")
    assert watch.parts["import_s"] >= 1 and 0.05 <= watch.parts["train_s"] < 5
    assert watch.parts["train_cpu_s"] < watch.parts["train_s"] + 0.05


@pytest.mark.slow
@pytest.mark.parametrize("recipe", peers.PEERS)
def test_a_side_runs_on_the_bundled_digits(recipe, capsys):
    if recipe == "record":
        pytest.importorskip("torch")
    peers.main(["--only", recipe, "--dataset", "digits", "--seed", "1"])
    (line,) = (one for one in capsys.readouterr().out.splitlines() if one.startswith("ROW "))
    row = json.loads(line[4:])
    assert row["parameters"] == {"one epoch": 61_098, "record": RECORD}[recipe]
    assert np.isfinite([row[name] for name in peers.TIMES]).all() and 0.2 < row["accuracy"] <= 1
    assert set(row) < set(results.read("peers")) and row["dataset"] == "digits"


# --------------------------------------------------------------------------- where the time goes

PROFILE = results.FOLDER / f"{profile_epoch.NAME}.csv"


def test_the_profile_is_as_it_was_written():
    table = results.read_sealed(PROFILE, profile_epoch.NAME, "restore it")
    rows = table.to_dict("records")
    text = written(profile_epoch.NAME, profile_epoch.KEY, rows)
    assert PROFILE.read_text(encoding="utf-8") == text
    layers = [layer.name for layer in ONE_EPOCH.build().layers]
    for _, parts in table.groupby(["dtype", "run"]):
        assert sorted(parts["part"]) == sorted(["epoch", "batches", "loss", "Adam", *layers])
        assert parts.set_index("part").loc["epoch", "share"] == 1
        assert parts["roof"].dropna().between(0, 1).all()


def test_its_multiply_adds_are_those_of_the_layer_table():
    """Forwards, for the slopes of the weights and, where a layer below learns, for those below."""
    table = results.read(profile_epoch.NAME).set_index(["dtype", "run", "part"]).sort_index()
    counts = table.loc["float32", 0]["multiply_adds"]
    costs = tables.layer_table(ONE_EPOCH.build())["multiply_adds"]
    batch = ONE_EPOCH.batch_size
    assert counts["C1"] == 2 * batch * costs["C1"] and counts["C3"] == 3 * batch * costs["C3"]
    assert counts["epoch"] == batch * (3 * costs.sum() - costs["C1"])


@pytest.mark.slow
def test_an_epoch_is_taken_apart(monkeypatch):
    """Of few digits, which says nothing of the shares but that they are there."""
    monkeypatch.setattr(profile_epoch, "seconds", lambda step, least=0: (step(), 1e-3)[1])
    rows = profile_epoch.profile("float32", "digits")
    assert [row["part"] for row in rows[:4]] == ["epoch", "batches", "crop", "C1"]
    # All parts take the same time here, so the roof is a matter of multiply-adds alone.
    by = {row["part"]: row for row in rows}
    stored = results.read(profile_epoch.NAME).set_index("part")["multiply_adds"]
    assert all(row["multiply_adds"] == stored[part].iloc[0] for part, row in by.items())
    assert by["C3"]["roof"] == round(by["C3"]["multiply_adds"] / profile_epoch.SIDE**3, 4)
    assert by["epoch"]["share"] == 1 and all(row["share"] > 0 for row in rows)


def test_the_rows_of_a_profile_say_what_was_learned_from(monkeypatch, tmp_path):
    asked = []
    found = [{"dtype": "float32", "part": name, "share": 0.5, "roof": 0.1} for name in ("C1", "C3")]
    monkeypatch.setattr(profile_epoch, "profile", lambda *how, epochs: asked.append(how) or found)
    file = tmp_path / "rows.csv"
    profile_epoch.main(["--dataset", "digits", "--runs", "2", "--csv", f"{file}"])
    table = results.read_sealed(file, profile_epoch.NAME, "")
    assert asked == [("float32", "digits")] * 2
    keys = table[profile_epoch.KEY].to_numpy().tolist()
    assert keys == [["digits", "float32", part, run] for part in ("C1", "C3") for run in (0, 1)]
