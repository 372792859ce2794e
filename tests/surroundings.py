"""A plugin of pytest: tests and chapters see the same surroundings on every machine.

``pyproject.toml`` loads it before anything else. What the reader has set for Python, Jupyter,
matplotlib, Keras or TensorFlow, in variables or in files in his home, is for his own work. Here it
would change outputs that are compared, or let assertions be skipped. What is set for the book
(``LENET_TUTORIAL_…``) and for the machine (paths, proxies, certificates, threads) stays.
"""

import atexit
import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

PREFIXES = ("IPYTHON", "JUPYTER", "KERAS_", "MPL", "MATPLOTLIB", "PYTHON", "TF_", "TQDM_", "XLA_")
LAYOUT = {"COLUMNS", "LINES", "TZ"}
KEPT = {  # where Python finds its modules, and what changes no output
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONFAULTHANDLER",
    "PYTHONHASHSEED",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONPYCACHEPREFIX",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
}


def is_dropped(name):
    """Return whether a variable is the reader's own business."""
    return (name.startswith(PREFIXES) or name in LAYOUT) and name not in KEPT


def settings(folder, home_is_usable):
    """Return the variables that take the place of the reader's; files go into the folder."""
    matplotlib = Path(importlib.util.find_spec("matplotlib").origin).parent
    found = {
        "PYTHONUTF8": "1",  # of all programs that the tests start
        "MATPLOTLIBRC": str(matplotlib / "mpl-data" / "matplotlibrc"),
        "IPYTHONDIR": str(folder / "ipython"),
        "KERAS_HOME": str(folder / "keras"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter" / "runtime"),
    }
    if not home_is_usable:  # matplotlib's list of fonts, which takes seconds, is kept otherwise
        found["MPLCONFIGDIR"] = str(folder / "matplotlib")
    return found


def can_write_home():
    """Return whether programs can keep something for the next time."""
    try:
        home = Path.home()
    except RuntimeError:  # there is none
        return False
    return home.is_dir() and os.access(home, os.W_OK)


def settle():
    """Change the surroundings of this process, and so of all that it starts."""
    folder = Path(tempfile.mkdtemp(prefix="lenet-tutorial-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if "PYTHONWARNINGS" in os.environ:  # Python has read it already
        sys.warnoptions.clear()
        warnings.resetwarnings()
    for name in filter(is_dropped, list(os.environ)):
        del os.environ[name]
    os.environ.update(settings(folder, can_write_home()))


settle()
