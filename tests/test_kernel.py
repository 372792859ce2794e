"""A figure appears below its cell and looks as in the book, whatever the machine has set."""

import os
import subprocess
import sys

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from lenet_tutorial import _kernel, figures

DRAW = (
    "import lenet_tutorial\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(1, 1))"
)


@pytest.mark.parametrize("earlier", ["", "import matplotlib.pyplot as plt\nplt.figure();\n"])
def test_a_figure_is_shown_where_a_backend_for_files_is_exported(earlier, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(earlier + DRAW)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    kinds = [list(output.get("data", {})) for output in notebook.cells[0].outputs]
    assert any("image/png" in kind for kind in kinds), notebook.cells[0].outputs


def test_elsewhere_the_reader_s_backend_is_left_alone(monkeypatch):
    code = "import os, lenet_tutorial; print(os.environ['MPLBACKEND'])"
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    assert ran.stdout.strip() == "Agg"
    # And so is, in a kernel, one that shows figures in its own way.
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    for backend in ("qtagg", "module://ipympl.backend_nbagg", ""):
        monkeypatch.setenv("MPLBACKEND", backend)
        _kernel.install()
        assert os.environ["MPLBACKEND"] == backend


def drawn():
    """Return the pixels of a figure of the book."""
    fig = figures.plot_kernels(np.arange(50.0).reshape(5, 5, 1, 2), title="title")
    fig.canvas.draw()
    pixels = np.asarray(fig.canvas.buffer_rgba()).copy()
    plt.close(fig)
    return pixels


def test_a_figure_looks_the_same_whatever_style_the_reader_has_chosen():
    wanted = drawn()
    for style in ("dark_background", {"axes.grid": True, "font.size": 20, "image.origin": "lower"}):
        with plt.style.context(style):
            before = dict(plt.rcParams)
            np.testing.assert_array_equal(drawn(), wanted)
            assert dict(plt.rcParams) == before  # and it is left to him
