"""A short slice of ``scripts/fuzz.py``, always the same: nothing but our own exceptions."""

import io

import fuzz
import numpy as np
import pytest
from contents import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_hostile_input_gives_nothing_but_our_own_exceptions(name):
    outcome = fuzz.child(name, fuzz.TARGETS[name].slice, number=0, patience=240)
    assert not outcome["failures"], "\n".join(fuzz.table([outcome]))
    assert outcome["examples"] >= min(fuzz.TARGETS[name].slice, 5)
    assert outcome["refused"] > 0 and outcome["peak"] < fuzz.MEMORY


@pytest.mark.filterwarnings("ignore:Metadata Warning")
def test_the_files_that_are_changed_are_whole_before(tmp_path):
    """Otherwise all would be refused for one reason, and nothing else be looked at."""
    from lenet_tutorial.command.photos import read_digit

    for name, data in fuzz.pictures().items():
        assert fuzz.changed(data, []) == data
        if name.startswith("PNG"):
            assert fuzz.with_sums(data) == data
        (tmp_path / "picture").write_bytes(data)
        assert read_digit(tmp_path / "picture").max() > 100, name


@pytest.mark.filterwarnings("ignore:.*")
def test_the_network_that_is_changed_is_whole_and_its_pickle_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    target = fuzz.Networks(tmp_path)
    assert target.call(target.whole) == "taken"
    pickled = target.array(fuzz.members(target.whole), "F6.biases.npy", "pickle")
    np.load(io.BytesIO(pickled), allow_pickle=True)
    assert (tmp_path / "pickled").is_dir()  # whoever opens it runs what it says


def test_what_is_not_ours_counts_as_a_failure(monkeypatch, tmp_path):
    def call(self, data):
        raise KeyError("not ours")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_TUTORIAL_DATA", "put back afterwards")
    monkeypatch.setenv("FUZZ_LATEST", str(tmp_path / "latest"))
    monkeypatch.setattr(fuzz.Idx, "call", call)
    [find, *_] = fuzz.run("idx", 3, 0)["failures"]
    assert find["error"].startswith("KeyError") and find["said"] == "'not ours'"
    assert find["example"].startswith("base64:")


@pytest.mark.slow
def test_a_child_that_dies_counts_as_a_failure(monkeypatch):
    monkeypatch.setattr(fuzz, "__file__", str(ROOT / "nowhere.py"))
    [find] = fuzz.child("idx", 3, 0, patience=60)["failures"]
    assert "ended with 2" in find["error"] and "nowhere.py" in find["said"]
