"""Before anything is installed, make says what is missing: a Python, a module, room on the disk."""

import ast
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import check_machine
import pytest

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "check_machine.py"

Usage = namedtuple("Usage", "total used free")


def faults(tmp_path, version=(3, 11, 0), find=__import__, free=10**12):
    return check_machine.faults(
        str(tmp_path / "new" / "venv"), version, find, lambda folder: Usage(0, 0, free)
    )


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 3), (3, 13, 9)])
def test_a_python_that_will_do_is_passed_without_a_word(tmp_path, version):
    assert faults(tmp_path, version) == []


@pytest.mark.parametrize(
    ("version", "fault"),
    [((2, 7, 18), "old"), ((3, 6, 0), "old"), ((3, 10, 14), "old"), ((3, 14, 0), "new")],
)
def test_another_python_is_refused_in_one_line_that_says_what_to_do(tmp_path, version, fault):
    (line,) = faults(tmp_path, version)
    assert f"Python {version[0]}.{version[1]} is too {fault}" in line and "\n" not in line
    assert "3.11, 3.12 or 3.13" in line and "make PYTHON=python3.13 book" in line


def test_a_full_disk_is_noticed_before_anything_is_written(tmp_path):
    (line,) = faults(tmp_path, free=3.2e9)
    assert f"{tmp_path} has 3.2 GB left and 4 are needed" in line and "VENV=" in line
    assert not (tmp_path / "new").exists()
    assert faults(tmp_path, free=4e9) == []


@pytest.mark.parametrize("module", ["venv", "ensurepip", "ssl"])
def test_what_debian_packs_separately_is_named(tmp_path, module):
    def find(name):
        if name == module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    (line,) = faults(tmp_path, find=find)
    assert module in line and "apt-get install python3-venv" in line


def test_a_folder_of_something_else_is_never_taken_for_the_environment(tmp_path):
    (tmp_path / "letter.txt").touch()
    (line,) = check_machine.faults(str(tmp_path), (3, 11, 0))
    assert "no environment" in line
    (tmp_path / "pyvenv.cfg").touch()  # an old one, which may be replaced
    assert check_machine.wrong_folder(str(tmp_path)) == []
    assert check_machine.wrong_folder(str(tmp_path / "letter.txt" / "venv")) != []


def test_all_faults_are_said_at_once_a_line_for_each(tmp_path):
    assert len(faults(tmp_path, (3, 9, 0), free=0)) == 2


def test_the_script_says_it_on_stderr_and_ends_with_1(tmp_path):
    (tmp_path / "letter.txt").touch()
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert ran.returncode == 1 and ran.stdout == ""
    assert "The book can't be set up here: " in ran.stderr and "no environment" in ran.stderr


def test_an_old_python_can_read_the_script():
    text = SCRIPT.read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 6))
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported == {"os", "re", "shutil", "sys"}


def test_what_is_needed_is_what_the_readme_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{check_machine.NEEDED // 10**9} GB of disk" in readme
    first, end = check_machine.supported((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"You need Python {check_machine.names(first, end)} and `make`" in readme
