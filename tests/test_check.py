"""``lenet-tutorial check``: a reader's file is read, run apart, judged, and left as it is."""

import json
import os
import sys

import numpy as np
import pytest
from contents import ROOT

from lenet_tutorial.command import check, reader
from lenet_tutorial.command.cli import main
from lenet_tutorial.exercises import TASKS

CHAPTER = ROOT / "chapters" / "13-build-it-yourself.ipynb"
SOLUTIONS = ROOT / "chapters" / "solutions" / "13-build-it-yourself.ipynb"
NEEDED = [name for name, task in TASKS.items() if task.needed]

GOOD = """\
import numpy as np

def dense(values, weights, biases):
    return values @ weights + biases
"""


@pytest.fixture
def run(capfd):
    """Return a function that runs the command: exit code, lines on stdout, on stderr."""

    def call(*arguments):
        capfd.readouterr()
        try:
            code = main(["check", *map(str, arguments)])
        except SystemExit as end:
            code = end.code
        said = capfd.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a reader's file."""

    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def notebook(*codes):
    cells = [{"cell_type": "markdown", "source": ["# Title"]}]
    cells += [{"cell_type": "code", "source": code.splitlines(keepends=True)} for code in codes]
    return json.dumps({"cells": cells, "nbformat": 4})


# --------------------------------------------------------------------------- what is right


def test_the_solutions_pass_and_the_chapter_is_not_written_yet(run):
    code, said, complaints = run(SOLUTIONS)
    assert code == 0 and complaints == []
    assert said == [*(f"{name}: passed" for name in TASKS), "14 of 14 pass"]
    code, said, complaints = run(CHAPTER)
    assert code == 1 and complaints == []
    assert said == [*(f"{name}: not written yet" for name in NEEDED), "0 of 12 pass"]


@pytest.mark.parametrize("name", ["mine.py", "mine.ipynb", "MINE.PY"])
def test_a_file_and_a_notebook_are_checked_alike(run, file, name):
    text = notebook("%matplotlib inline\n" + GOOD) if name.endswith("ipynb") else GOOD
    code, said, _ = run(file(text, name))
    assert code == 1 and said[-1] == "1 of 12 pass"
    assert "dense: passed" in said and "convolve: not in the file" in said
    assert not any(line.startswith("max_pool") for line in said)


def test_only_some_functions_may_be_asked_for(run, file):
    assert run(file(GOOD), "--only", "dense") == (0, ["dense: passed", "1 of 1 pass"], [])
    code, said, _ = run(file(GOOD), "--only", "max_pool", "dense")
    assert code == 1 and said == ["max_pool: not in the file", "dense: passed", "1 of 2 pass"]
    code, said, complaints = run(file(GOOD), "--only", "dens")
    assert code == 2 and said == [] and "no function called 'dens'" in complaints[0]


def test_nothing_of_the_reader_s_is_changed(run, file, tmp_path):
    file("SIZE = 2\n", "beside.py")
    path = file("from beside import SIZE\n" + GOOD)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert run(path, "--only", "dense")[0] == 0
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_what_only_runs_is_left_out(run, file):
    text = GOOD.replace("    return", "    '''x'''\n    return") + (
        "print('hello')\nimport sys\nsys.exit(3)\nx = open('made', 'w')\n"
        "for i in range(3): print(i)\nwhile True: pass\n"
    )
    assert run(file(text), "--only", "dense") == (0, ["dense: passed", "1 of 1 pass"], [])


def test_values_that_functions_need_are_there(run, file):
    text = (
        "import numpy as np\nONE = np.ones(1)\nBAD = nobody.knows\ndef helper(x): return x * ONE\n"
    )
    text += "def dense(values, weights, biases): return helper(values @ weights) + biases\n"
    assert run(file(text), "--only", "dense")[0] == 0


# --------------------------------------------------------------------------- what goes wrong

BROKEN = {
    "while True: pass": "takes longer than 4 seconds: a loop without an end?",
    "import os; os._exit(0)": "ends Python",
    "import sys; sys.exit('enough')": "raises SystemExit in line 3 (enough), for one unit",
    "return input()": "raises EOFError in line 3 (EOF when reading a line), for one unit",
    "return nobody": "raises NameError in line 3 (name 'nobody' is not defined), for one unit",
    "return dense(values, weights, biases)": "raises RecursionError in line 3 (maximum recursion",
    "raise ValueError('one\\ntwo')": "raises ValueError in line 3 (one two), for one unit",
    "print('noise', flush=True); return 'x'": "returns a str, expected an array of shape (1, 1)",
}


@pytest.mark.parametrize("body", BROKEN)
def test_one_broken_function_has_one_line_and_the_others_are_checked(run, file, body):
    text = f"import numpy as np\ndef dense(values, weights, biases):\n    {body}\n"
    text += "def tanh_backward(slopes, outputs):\n    return slopes * (1 - outputs**2)\n"
    code, said, complaints = run(file(text), "--seconds", 4, "--only", "dense", "tanh_backward")
    assert code == 1 and complaints == []
    assert len(said) == 3 and said[1:] == ["tanh_backward: passed", "1 of 2 pass"]
    assert said[0].startswith(f"dense: {BROKEN[body]}")


def test_the_line_of_an_error_is_that_of_its_cell(run, file):
    cell = "def dense(values, weights, biases):\n    return 1 / 0\n"
    _, said, _ = run(file(notebook("import numpy as np", cell), "a.ipynb"), "--only", "dense")
    assert (
        said[0] == "dense: raises ZeroDivisionError in line 2 of cell 3 (division by zero), "
        "for one unit"
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.py", "def f(:\n", "a.py, line 1: invalid syntax"),
        ("a.py", "x = 1\n  y = 2\n", "a.py, line 2: unexpected indent"),
        ("a.py", "x = '\0'\n", "a.py, "),
        ("a.py", "import not_there\n", "a.py: line 1: ModuleNotFoundError: No module named"),
        ("a.py", "def f(x=1 / 0): pass\n", "a.py: line 1: ZeroDivisionError: division by zero"),
        ("a.py", "class A: import sys; sys.exit(1)\n", "a.py: line 1: SystemExit: 1"),
        ("a.ipynb", notebook("x = 1", "def f(:"), "a.ipynb, cell 3, line 1: invalid syntax"),
        ("a.ipynb", notebook("import not_there"), "a.ipynb: cell 2, line 1: ModuleNotFoundError"),
        ("a.ipynb", "{", "a.ipynb is no notebook"),
        ("a.ipynb", "[]", "a.ipynb is no notebook"),
        ("a.ipynb", '{"cells": [{}]}', "a.ipynb is no notebook"),
        ("a.ipynb", '{"cells": 5}', "a.ipynb is no notebook"),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": 5}]}', "a.ipynb is no notebook"),
        ("a.txt", "", "a.txt must be a .py file or a notebook"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_checked_is_refused_in_one_line(run, file, name, text, words):
    code, said, complaints = run(file(text, name))
    assert code == 2 and said == [] and len(complaints) == 1
    assert complaints[0].startswith("lenet-tutorial check: ") and words in complaints[0]


def test_a_file_that_is_none_is_refused(run, tmp_path):
    (tmp_path / "a.py").mkdir()
    (tmp_path / "b.py").write_bytes(b"\xff\xfe\x00")
    for name, words in (("a.py", "is no file"), ("b.py", "UTF-8"), ("c.py", "no such file")):
        code, said, complaints = run(tmp_path / name)
        assert (code, said, len(complaints)) == (2, [], 1) and words in complaints[0]


def test_a_start_without_an_end_is_told(run, file, monkeypatch):
    monkeypatch.setattr(check, "START", 5)
    file("while True: pass\n", "endless.py")
    code, said, complaints = run(file("import endless\n" + GOOD))
    assert code == 2 and said == []
    assert "takes longer than 5 seconds before its functions can be checked" in complaints[0]
    file("import os; os._exit(7)\n", "gone.py")
    code, _, complaints = run(file("import gone\n" + GOOD))
    assert code == 2 and "ends Python before its functions can be checked" in complaints[0]


def test_a_process_that_was_ended_leaves_nothing(run, file, monkeypatch):
    started, popen = [], check.subprocess.Popen

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(check.subprocess, "Popen", start)
    endless = "def dense(a, b, c):\n    while True: pass\n"
    run(file(endless), "--seconds", 4, "--only", "dense", "softmax")
    assert len(started) == 2 and all(one.returncode is not None for one in started)


# --------------------------------------------------------------------------- the process itself


@pytest.mark.parametrize(
    ("code", "defines"),
    [
        ("import os", True),
        ("from os import path", True),
        ("def f(): run()", True),
        ("class A: pass", True),
        ("x = 5", True),
        ("x: int = 5", True),
        ("x = [y * 2 for y in (1, 2)]", True),
        ("x = np.zeros(3) + np.random.default_rng(0).normal(3)", True),
        ("x = train(model)", False),
        ("digits = load_digits28()", False),
        ("x = np.sum(train(model))", False),
        ("print(1)", False),
        ("x += 1", False),
        ("if True: x = 1", False),
        ("check(dense)", False),
    ],
)
def test_what_defines_something_is_run_and_nothing_else(code, defines):
    (node,) = reader.ast.parse(code).body
    assert reader.is_definition(node) == defines


def test_names_are_defined_in_turn():
    names = {"np": np}
    assert reader.define("a.py", "x = 2\ndef f(): return x * 3\ny = missing", names) is None
    assert names["f"]() == 6 and "y" not in names
    assert reader.define("cell 4", "import x_y_z", {}).startswith("cell 4, line 1: Module")


def test_the_program_needs_no_terminal_and_no_path(file, tmp_path):
    command = [sys.executable, "-m", "lenet_tutorial", "check", str(file(GOOD)), "--only", "dense"]
    done = check.subprocess.run(
        command, cwd=tmp_path, stdin=check.subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == "dense: passed\n1 of 1 pass\n"
