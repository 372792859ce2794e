"""How a run of several processes shares out its work: one site for all, the long files first."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from contents import ROOT

pytestmark = pytest.mark.book

CONFTEST = f"""
import importlib.util, sys
sys.path[:0] = {[str(ROOT / name) for name in ("tests", "scripts", "book/_ext")]}
spec = importlib.util.spec_from_file_location("shared", {str(ROOT / "tests" / "conftest.py")!r})
shared = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shared)
once = shared.once
"""

TESTS = """
import os, time
import pytest

def write(folder):
    with open("calls", "a", encoding="utf-8") as file:
        file.write(f"{folder.name}\\n")

def make(folder):
    write(folder)
    (folder / "half").write_text("1", encoding="utf-8")
    time.sleep(1)  # the other process asks meanwhile
    (folder / "whole").write_text("1", encoding="utf-8")

def fail(folder):
    write(folder)
    assert not folder.exists(), "a link leads nowhere"

def test_all_get_the_whole(once):
    assert {file.name for file in once("made", make).iterdir()} == {"half", "whole"}
    with open("processes", "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\\n")

def test_all_are_told_what_is_wrong(once):
    with pytest.raises(AssertionError, match="a link leads nowhere"):
        once("broken", fail)
"""


def test_what_all_processes_need_is_made_once_whole_or_with_its_fault(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    for name in "ab":
        (tmp_path / f"test_{name}.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
    ran = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "of the run")],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert "4 passed" in ran.stdout, ran.stdout + ran.stderr
    assert (tmp_path / "calls").read_text(encoding="utf-8").split() == ["made", "broken"]
    assert len(set((tmp_path / "processes").read_text(encoding="utf-8").split())) == 2


def test_the_files_that_take_longest_are_begun_first_where_several_processes_run(pytestconfig):
    conftest = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    assert all((ROOT / name).is_file() for name in conftest.LONGEST)
    # Else the files of many tests come first. A worker reads what its controller had set.
    here = {"reorder": pytestconfig.option.loadscopereorder}
    assert not getattr(pytestconfig, "workerinput", here)["reorder"]
    assert "test_pages" in conftest.LONGEST[0] and "test" not in conftest.LONGEST[1]
    short = ["tests/test_a.py::one", "tests/test_a.py::two"]
    long = [f"{name}::{part}" for name in conftest.LONGEST for part in ("one", "two")]
    items = [SimpleNamespace(nodeid=name) for name in [*short, *long[::2], *long[1::2]]]
    alone, worker = SimpleNamespace(), SimpleNamespace(workerinput={})
    for config, wanted in ((alone, [one.nodeid for one in items]), (worker, [*long, *short])):
        conftest.pytest_collection_modifyitems(config, items)
        assert [one.nodeid for one in items] == wanted


def test_a_test_that_takes_the_site_counts_among_those_of_the_book(pytestconfig):
    shared = pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))
    marks = []
    takes = SimpleNamespace(fixturenames=["tmp_path", "site"], add_marker=marks.append)
    other = SimpleNamespace(fixturenames=["tmp_path"], add_marker=None)
    shared.pytest_collection_modifyitems([takes, other, SimpleNamespace()])
    assert marks == ["book"]
