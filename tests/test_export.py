"""The weights for the browser are whole, those of the networks, and never replaced by worse."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from lenet_tutorial import models
from lenet_tutorial.datasets import DatasetError, load_bundled, load_mnist
from lenet_tutorial.explorer import export
from lenet_tutorial.training import error_rate
from lenet_tutorial.weights import pack, unpack

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "book" / "_static" / "explorer" / "weights"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
NETWORKS = {entry["name"]: entry for entry in MANIFEST["networks"]}
SNAPSHOTS = [(name, shot["epoch"]) for name, e in NETWORKS.items() for shot in e["snapshots"]]


def few(digits, count=256):
    return replace(digits, x_train=digits.x_train[:count], y_train=digits.y_train[:count])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Train the textbook network for a moment and export it."""
    folder = tmp_path_factory.mktemp("weights")
    manifest = export.export(folder, ["textbook"], few(load_bundled()), epochs=(0, 1))
    return folder, manifest


# --------------------------------------------------------------------------- what is committed


def test_all_networks_and_epochs_are_there():
    assert set(NETWORKS) == set(export.NETWORKS)
    for entry in NETWORKS.values():
        assert [shot["epoch"] for shot in entry["snapshots"]] == list(export.EPOCHS)
        assert entry["dataset"] == "MNIST" and entry["train_digits"] == 55_000


@pytest.mark.parametrize(("name", "epoch"), SNAPSHOTS)
def test_a_script_holds_what_the_manifest_says(name, epoch):
    data = export.read_weights(FOLDER, name, epoch)  # checks the sha256
    shot = next(shot for shot in NETWORKS[name]["snapshots"] if shot["epoch"] == epoch)
    assert export._file(shot["file"], data).items() <= shot.items()
    assert (FOLDER / shot["file"]).stat().st_size <= 300_000
    model = export.load(FOLDER, name, epoch)
    assert len(data) == 2 * model.count_params()
    assert export.describe(model) == NETWORKS[name]["layers"]
    assert pack(model) == data


def test_the_parameters_are_those_of_the_book():
    counts = {name: entry["parameters"] for name, entry in NETWORKS.items()}
    assert counts == {"textbook": 61_706, "article": 44_426, "lenet5-1998": 60_000}


def test_the_script_and_the_manifest_say_the_same():
    text = (FOLDER / "index.js").read_text(encoding="utf-8")
    assert json.loads(re.search(r"catalogue\((.*)\);\n$", text).group(1)) == MANIFEST


def test_nothing_else_lies_in_the_folder():
    files = {shot["file"] for entry in NETWORKS.values() for shot in entry["snapshots"]}
    files |= {"index.js", "manifest.json", "samples.js"}
    assert {file.name for file in FOLDER.iterdir()} == files


def test_training_makes_the_networks_better():
    for entry in NETWORKS.values():
        accuracy = [shot["val_accuracy"] for shot in entry["snapshots"]]
        assert accuracy[0] < 0.3 and accuracy[1] > 0.9 and accuracy[-1] > 0.98
        assert entry["test_accuracy"] > 0.98


@pytest.mark.mnist
@pytest.mark.parametrize("name", NETWORKS)
def test_the_test_accuracy_is_that_of_the_committed_weights(name):
    try:
        digits = load_mnist(mirrors=())
    except DatasetError as error:
        pytest.skip(f"no MNIST here: {error}")
    model = export.load(FOLDER, name, export.EPOCHS[-1])
    error = error_rate(model, export.to_input(name, digits.x_test), digits.y_test)
    # On another machine a digit or two on the edge may change sides.
    assert 1 - error == pytest.approx(NETWORKS[name]["test_accuracy"], abs=0.0005)


# --------------------------------------------------------------------------- how it is made


def test_an_export_can_be_read_back(exported):
    folder, manifest = exported
    entry = manifest["networks"][0]
    assert [shot["epoch"] for shot in entry["snapshots"]] == [0, 1]
    assert entry["dataset"] == "digits" and entry["train_digits"] < 256
    before, after = (export.load(folder, "textbook", epoch) for epoch in (0, 1))
    assert not np.array_equal(before.get_weights()[0], after.get_weights()[0])
    assert not list(folder.glob("*.part"))


def test_the_samples_are_five_of_each_class(exported):
    _, manifest = exported
    samples, digits = manifest["samples"], load_bundled()
    assert samples["labels"] == [label for label in range(10) for _ in range(5)]
    assert digits.y_test[samples["indices"]].tolist() == samples["labels"]
    assert samples["bytes"] == 50 * 28 * 28


def test_worse_weights_replace_no_better_ones(exported, monkeypatch):
    folder, manifest = exported
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    real = export.train_snapshots

    def worse(*args, **kwargs):
        entry, kept = real(*args, **kwargs)
        lower = manifest["networks"][0]["test_accuracy"] - 0.1
        return entry | {"test_accuracy": lower}, kept

    monkeypatch.setattr(export, "train_snapshots", worse)
    how = {"digits": few(load_bundled()), "epochs": (0, 1)}
    with pytest.raises(export.ExportError, match="Nothing was written"):
        export.export(folder, ["textbook"], **how)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    export.export(folder, ["textbook"], force=True, **how)
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8")) != manifest


def test_without_mnist_the_command_says_so_and_touches_nothing(exported):
    folder, _ = exported
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    nowhere = {**os.environ, "LENET_TUTORIAL_DATA": str(folder / "nowhere")}
    command = [sys.executable, "-m", "lenet_tutorial", "export", str(folder)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", env=nowhere)
    assert result.returncode == 1
    assert "trained on MNIST" in result.stderr and "Nothing was written" in result.stderr
    assert "Traceback" not in result.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_the_command_names_what_there_is():
    command = [sys.executable, "-m", "lenet_tutorial", "export", "x", "nonsense"]
    result = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert result.returncode == 2
    assert "no network called 'nonsense'" in result.stderr and "textbook" in result.stderr


def test_a_damaged_script_is_found_out(exported):
    folder, _ = exported
    path = folder / "textbook-01.js"
    text = path.read_text(encoding="utf-8")
    at = len(text) // 2
    path.write_text(
        text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :], encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"textbook-01\.js does not hold what the manifest says"):
        export.read_weights(folder, "textbook", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no weights of network 'textbook' after epoch 7"):
        export.read_weights(folder, "textbook", 7)


def test_packing_rounds_to_half_precision_and_no_more():
    model = models.lenet5_article()
    given = model.get_weights()
    unpack(pack(model), model)
    for old, new in zip(given, model.get_weights(), strict=True):
        assert np.array_equal(new, old.astype("float16").astype("float32"))
    with pytest.raises(ValueError, match="the model has 44426"):
        unpack(b"\0\0", model)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_weight_that_half_precision_cannot_hold_is_refused(value):
    model = models.lenet5_article()
    weights = model.get_weights()
    weights[0][0, 0, 0, 0] = value
    model.set_weights(weights)
    with pytest.raises(ValueError, match="not finite, or too large"):
        pack(model)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (keras.layers.Conv2D(2, 3, padding="same"), "padding=same"),
        (keras.layers.Conv2D(2, 3, strides=2), "strides="),
        (keras.layers.Conv2D(2, 3, activation="gelu"), "activation="),
        (keras.layers.BatchNormalization(), "kind BatchNormalization"),
    ],
)
def test_what_the_browser_cannot_compute_is_named(layer, words):
    model = keras.Sequential([keras.Input((28, 28, 1)), layer])
    with pytest.raises(ValueError, match=words):
        export.describe(model)


def test_an_unknown_network_is_named():
    with pytest.raises(ValueError, match="no network called 'lenet6'"):
        export.build("lenet6")
