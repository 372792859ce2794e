"""``make mutate``: its list fits the project, and what it says of a check is true."""

import json
import subprocess
from pathlib import Path

import mutate
import pytest

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

LEAST = 150  # mutations; a list that shrinks is a check that was lost

CHECKS = """\
import subprocess, sys, time
import pytest
from lenet_tutorial import RATE, UNSEEN

def test_the_rate():
    assert RATE == 3

def test_the_rate_of_a_child_that_is_given_no_setting():
    command = [sys.executable, "-c", "import lenet_tutorial; print(lenet_tutorial.RATE)"]
    assert subprocess.run(command, env={}, capture_output=True).stdout == b"3\\n"

def test_nothing():
    pass

def test_red():
    assert UNSEEN is None

def test_that_hangs():
    while RATE > 3:
        time.sleep(1)

def test_skipped():
    pytest.skip("no data here")
"""
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "c01-001",
            "metadata": {"tags": ["a"], "mystnb": {"image": {"alt": "A left part"}}},
            "source": ["one = 1\n", "two = 2"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["98.7 %\n", "98.8 %\n"]},
                {"data": {"image/png": "AAAA", "text/plain": ["<Figure>"]}, "metadata": {}},
            ],
        },
        {
            "cell_type": "code",
            "id": "c01-002",
            "metadata": {},
            "source": [],
            "outputs": [{"data": {"image/png": "BBBB"}, "metadata": {}}],
        },
        {"cell_type": "markdown", "id": "c01-003", "metadata": {}, "source": ["Words."]},
    ],
    "nbformat": 4,
}
CHAPTER = "chapters/01.ipynb"


def entry(name="a fault", test="", **keys):
    where = {"file": "src/lenet_tutorial/__init__.py", "check": [f"tests/test_toy.py{test}"]}
    return {"name": name} | where | keys


def toy(*entries, notebook=NOTEBOOK):
    """Return a small project with a list of these entries."""
    toml = "\n".join(
        "[[mutation]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.items())
        for one in entries
    )
    files = {
        "src/lenet_tutorial/__init__.py": "RATE = 3\nUNSEEN = 3\n",
        "tests/test_toy.py": CHECKS,
        CHAPTER: json.dumps(notebook),
        "scripts/mutations/toy.toml": toml,
    }
    return {name: (text.encode(), 0o644) for name, text in files.items()}


def write(tree, root):
    for name, (content, _) in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)


def test_every_entry_fits_the_project_and_there_are_enough():
    """Old texts stand where the list says, once, and so the list cannot rot."""
    try:
        tree = mutate.snapshot()
    except mutate.StaleError as error:
        pytest.skip(str(error))
    mutations = mutate.read_list(tree)
    assert len({mutation.name for mutation in mutations}) == len(mutations) >= LEAST


def test_what_it_says_of_each_check_is_true(tmp_path, capsys):
    fault = {"old": "RATE = 3", "new": "RATE = 4"}
    tree = toy(
        entry("caught", "::test_the_rate", **fault),
        entry("caught in a child", "::test_the_rate_of_a_child_that_is_given_no_setting", **fault),
        entry("survived", "::test_nothing", **fault),
        entry("no check", "::test_red", **fault),
        entry("no test", "::test_skipped", **fault),
        entry("endless", "::test_that_hangs", **fault),
        entry("gone", "::test_the_rate", drop=True),
    )
    write(tree, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    names = ["[!e]*"]  # all but the endless one
    assert mutate.main(names, tmp_path) == 1
    said = capsys.readouterr().out
    assert "The check tests/test_toy.py::test_red is red by itself" in said
    lines = {line.partition("toy: ")[2].partition(" (")[0]: line for line in said.splitlines()}
    for name, verdict in {
        "caught": "caught",
        "caught in a child": "caught",
        "gone": "caught",
        "survived": "SURVIVED",
        "no check": "BROKEN",
        "no test": "BROKEN",
    }.items():
        assert lines[name].startswith(verdict), said
    assert "[tests/test_toy.py::test_the_rate]" in lines["caught"]
    assert "runs no test here" in lines["no test"]
    assert said.endswith("3 caught, 1 SURVIVED, 2 BROKEN\n")
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before  # the project itself is not touched


def test_what_hangs_is_stopped_and_what_is_caught_is_no_failure(tmp_path, capsys):
    fault = {"old": "RATE = 3", "new": "RATE = 4"}
    write(toy(entry("endless", "::test_that_hangs", **fault)), tmp_path)
    assert mutate.main(["--limit", "15", "--jobs", "1"], tmp_path) == 0
    said = capsys.readouterr().out
    assert "[stopped after 15 s]" in said
    assert said.endswith("1 caught, 0 SURVIVED, 0 BROKEN\n")


def test_the_list_can_be_shown_and_chosen_from(tmp_path, capsys):
    fault = {"old": "RATE = 3", "new": "RATE = 4"}
    write(toy(entry("one fault", **fault), entry("another", **fault)), tmp_path)
    assert mutate.main(["--list"], tmp_path) == 0
    assert capsys.readouterr().out.endswith("2 mutations\n")
    assert mutate.main(["--list", "*fault"], tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "toy: one fault (src/lenet_tutorial/__init__.py)",
        "1 mutations",
    ]
    assert mutate.main(["--list", "--area", "other"], tmp_path) == 2
    assert "none of the 2 mutations" in capsys.readouterr().err


FAULT = {"old": "RATE = 3", "new": "RATE = 4"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (entry(old="RATE = 5", new=""), "'RATE = 5' stands 0 times in its place, not once"),
        (entry(old="= 3", new="= 4"), "stands 2 times in its place, not once"),
        (entry(old="= 3", new="= 4", nth=2), "stands 2 times; there is no nth = 2"),
        (entry(old="= 3", new="= 3", nth=1), "it changes nothing"),
        (entry(**FAULT) | {"file": "no.py"}, "no.py is not there"),
        (entry(**FAULT) | {"check": ["tests/no.py", "-q"]}, "check tests/no.py is not there"),
        (entry(**FAULT) | {"check": []}, "check is missing"),
        (entry(**FAULT) | {"check": "tests/test_toy.py"}, "check must be of type list"),
        (entry(**FAULT, by="hand"), r"unknown keys \['by'\]"),
        (entry(old="RATE = 3"), "either old and new, or drop, or swap"),
        (entry(**FAULT, drop=True), "either old and new, or drop, or swap"),
        (entry(), "either old and new, or drop, or swap"),
        (entry(**FAULT, part="picture"), "part must be one of"),
        (entry(file=CHAPTER, cell="c01-009", **FAULT), "0 cells have the id 'c01-009'"),
        (entry(file=CHAPTER, cell="c01-001", **FAULT), "stands 0 times"),
        (entry(file=CHAPTER, cell="c01-003", part="output", drop=True), "has no output"),
        (entry(file=CHAPTER, cell="c01-003", part="output", **FAULT), "has no output"),
        (entry(file=CHAPTER, swap=["c01-001"], part="output"), "swap must name two cells"),
        (
            entry(file=CHAPTER, cell="c01-001", part="metadata", old='"a"', new="a"),
            "no JSON any more",
        ),
    ],
)
def test_a_stale_entry_is_refused_before_anything_runs(wrong, words, tmp_path, capsys):
    with pytest.raises(mutate.StaleError, match=words):
        mutate.read_list(toy(entry("good", **FAULT), wrong))


def test_all_stale_entries_are_named_at_once(tmp_path, capsys):
    wrong = [entry(f"fault {n}", old="gone", new="") for n in range(2)]
    write(toy(entry(**FAULT), entry(**FAULT), *wrong), tmp_path)
    assert mutate.main([], tmp_path) == 2
    said = capsys.readouterr().err
    assert "mend this first" in said and "'a fault' is the name of 2 entries" in said
    assert "toy.toml, 'fault 0'" in said and "toy.toml, 'fault 1'" in said


def changed(**keys):
    """Return the notebook with the fault of an entry in it."""
    tree = toy(entry(file=CHAPTER, **keys))
    (mutation,) = mutate.read_list(tree)
    return json.loads(mutate.mutate(tree, mutation))["cells"]


def test_a_fault_in_a_notebook_stays_in_its_part():
    cells = NOTEBOOK["cells"]
    source = changed(cell="c01-001", old="1\ntwo", new="7\ntwo")
    assert source[0] == cells[0] | {"source": ["one = 7\n", "two = 2"]}
    output = changed(cell="c01-001", part="output", old="98.8", new="98.9")
    assert output[0]["outputs"][0]["text"] == ["98.7 %\n", "98.9 %\n"]
    output = changed(cell="c01-001", part="output", old="98.", new="99.", nth=1)
    assert output[0]["outputs"][0]["text"] == ["98.7 %\n", "99.8 %\n"]
    output = changed(cell="c01-001", part="output", old="A", new="B", nth=0)
    assert output[0]["outputs"][1]["data"]["image/png"] == "BAAA"
    assert output[1:] == cells[1:]
    metadata = changed(cell="c01-001", part="metadata", old="left", new="right")
    alt = {"image": {"alt": "A right part"}}
    assert metadata[0] == cells[0] | {"metadata": {"tags": ["a"], "mystnb": alt}}
    assert changed(cell="c01-001", part="output", drop=True)[0] == cells[0] | {"outputs": []}
    assert changed(cell="c01-001", part="metadata", drop=True)[0] == cells[0] | {"metadata": {}}


def test_pictures_and_cells_can_be_exchanged():
    one, two, _ = changed(swap=["c01-001", "c01-002"], part="output")
    assert one["outputs"][1]["data"] == {"image/png": "BBBB", "text/plain": ["<Figure>"]}
    assert two["outputs"][0]["data"] == {"image/png": "AAAA"}
    one, *_, three = changed(swap=["c01-001", "c01-003"], part="source")
    assert one["source"] == ["Words."] and three["source"] == ["one = 1\n", "two = 2"]
