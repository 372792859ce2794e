"""No setting of the reader's machine changes a compared output.

A child process runs nbval as the reader does, over the chapter that draws most and a notebook that
is made to be easily upset, in the surroundings of several machines at once.
"""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
CHAPTER = ROOT / "chapters" / "03-output-size.ipynb"
DEAD = "http://127.0.0.1:9"  # nobody listens there

PROBE = [  # code, and what it prints
    ("import lenet_tutorial, keras, sys, warnings", ""),
    (
        "print(keras.backend.backend(), keras.config.floatx(), keras.config.image_data_format())",
        "tensorflow float32 channels_last\n",
    ),
    ("print('7 × 7 七', sys.stdout.encoding.lower())", "7 × 7 七 utf-8\n"),
    (
        "from pathlib import Path\nimport tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
        "    file = Path(folder) / '七'\n    file.write_text('七')\n    print(file.read_text())",
        "七\n",
    ),
    ("import pandas\nprint(pandas.DataFrame({'n': range(12)}, columns=['n']).T)", "WIDE"),
    ("print(pandas.DataFrame({'n': range(9)}).shape, 'reader' in globals())", "(9, 1) False\n"),
    ("print(sys.warnoptions)", "[]\n"),
    ("try:\n    assert False\nexcept AssertionError:\n    print('asserts')", "asserts\n"),
]
WIDE = "   0   1   2   3   4   5   6   7   8   9   10  11\n"
WIDE += "n   0   1   2   3   4   5   6   7   8   9  10  11\n"
DRAW = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nlines = ax.plot([1, 2])"


def write_probe(path):
    """Write a notebook whose outputs depend on many settings, with the right ones stored."""
    new, cells = nbformat.v4, []
    for count, (code, printed) in enumerate(PROBE, 1):
        cell = new.new_code_cell(code, execution_count=count)
        if printed:
            text = WIDE if printed == "WIDE" else printed
            cell.outputs = [new.new_output("stream", name="stdout", text=text)]
        cells.append(cell)
    shown = {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": ""}
    drawn = new.new_output("display_data", data=shown)
    cells.append(new.new_code_cell(DRAW, outputs=[drawn], execution_count=len(cells) + 1))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(new.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def bare(folder):
    """A machine on which nothing is set, without even a home."""
    return {}


def poor(folder):
    """Another encoding, no network behind the proxy, a home where nothing can be kept."""
    write(folder / "file", "")
    return {
        "HOME": str(folder / "file" / "home"),
        "MPLBACKEND": "Agg",
        "PYTHONIOENCODING": "cp1252",
        "PYTHONUTF8": "0",
        "LC_ALL": "C",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "COLUMNS": "20",
        "TZ": "Asia/Kathmandu",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "1",
    }


def settled(folder):
    """The home of somebody who has set everything to his liking, and a variable for the rest."""
    home = folder / "home"
    write(home / ".ipython/profile_default/startup/00.py", "reader = 1\nprint('hello')\n")
    write(
        home / ".ipython/profile_default/ipython_kernel_config.py",
        "c.InteractiveShell.ast_node_interactivity = 'all'\n",
    )
    write(home / "startup.py", "import pandas\npandas.options.display.max_columns = 3\n")
    write(home / ".keras/keras.json", '{"floatx": "float64", "backend": "jax"}\n')
    style = "figure.figsize: 2, 2\nfigure.dpi: 50\nfigure.facecolor: black\n"
    write(home / ".config/matplotlib/matplotlibrc", style)
    return {
        "HOME": str(home),
        "MATPLOTLIBRC": str(home / ".config/matplotlib/matplotlibrc"),
        "MPLBACKEND": "pdf",
        "KERAS_BACKEND": "jax",
        "TF_CPP_MIN_LOG_LEVEL": "0",
        "PYTHONSTARTUP": str(home / "startup.py"),
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "1",
        "TQDM_DISABLE": "1",
        "FORCE_COLOR": "1",
        "IPYTHONDIR": str(home / ".ipython"),
    }


@pytest.mark.parametrize("machine", [bare, poor, settled], ids=lambda machine: machine.__name__)
def test_the_chapters_come_out_on_every_machine(machine, tmp_path):
    probe = tmp_path / "probe.ipynb"
    write_probe(probe)
    proxies = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    environment |= dict.fromkeys(proxies, DEAD) | machine(tmp_path)  # so no data is downloaded
    if os.name == "nt":
        environment |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP")}
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider"]
    command += ["-p", "no:xdist", "-c", str(ROOT / "pyproject.toml")]
    ran = subprocess.run(
        [*command, str(CHAPTER), str(probe)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
