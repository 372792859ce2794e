"""Chapter 5 prints a whole program to copy: it runs as it stands."""

import ast
import os
import re
import subprocess
import sys

import pytest
from contents import ROOT, prose, read

pytestmark = [pytest.mark.book, pytest.mark.slow]

CHAPTER = ROOT / "chapters" / "05-training-with-keras.ipynb"

# Put before the program: Keras' own download gives few digits, or fails.
FEW = """\
import keras
from lenet_tutorial.datasets import load_digits28
few = load_digits28("digits")
parts = (few.x_train[:600], few.y_train[:600]), (few.x_test, few.y_test)
keras.datasets.mnist.load_data = lambda: parts
"""
NONE = """\
import keras
def load_data():
    raise Exception("URL fetch failure on https://example.org/mnist.npz")
keras.datasets.mnist.load_data = load_data
"""
# And after it: what it has built.
AFTER = """
print("parameters", model.count_params(), "pixels", x_train.min(), x_train.max(), x_train.shape)
"""


def program():
    """Return the only block of Python in the chapter's text."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", prose(read(CHAPTER)), re.MULTILINE | re.DOTALL)
    return block


def run(before, folder):
    path = folder / "lenet.py"
    path.write_text(program(), encoding="utf-8")
    start = (
        f"{before}\nexec(compile(open({str(path)!r}, encoding='utf-8').read(), 'lenet.py', 'exec'))"
    )
    return subprocess.run(
        [sys.executable, "-c", start + AFTER],
        cwd=folder,
        env=os.environ | {"LENET_TUTORIAL_DATASET": "digits"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
    )


def test_it_needs_keras_and_numpy_and_the_books_loader_only_where_keras_can_get_no_data():
    tree = ast.parse(program())
    at_the_top = {
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert {name.split(".")[0] for name in at_the_top} == {"keras", "numpy"}
    (attempt,) = (node for node in tree.body if isinstance(node, ast.Try))
    assert "lenet_tutorial" in ast.unparse(attempt.handlers[0])
    assert program().count("lenet_tutorial") == 1


def test_it_touches_the_test_digits_once_and_at_the_end():
    calls = [
        node
        for node in ast.walk(ast.parse(program()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    (fit,) = (call for call in calls if call.func.attr == "fit")
    (evaluate,) = (call for call in calls if call.func.attr == "evaluate")
    assert "test" not in ast.unparse(fit) and "validation_split" in ast.unparse(fit)
    assert "x_test" in ast.unparse(evaluate) and evaluate.lineno > fit.lineno


@pytest.mark.parametrize("before", [FEW, NONE], ids=["keras' data", "the book's loader"])
def test_the_program_runs_as_it_stands(before, tmp_path):
    done = run(before, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "input_shape" not in done.stderr and "UserWarning" not in done.stderr
    assert "Epoch 10/10" in done.stdout and "val_accuracy" in done.stdout
    assert "parameters 44426 pixels 0.0 1.0" in done.stdout and "28, 28, 1)" in done.stdout
    (accuracy,) = re.findall(r"Test accuracy: (0\.\d{4})", done.stdout)
    assert float(accuracy) > (0.6 if before == FEW else 0.85)
