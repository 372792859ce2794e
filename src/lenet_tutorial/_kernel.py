"""Let figures appear in a notebook, whatever backend the reader's machine names.

``MPLBACKEND=Agg`` is often exported for scripts on servers. In a Jupyter kernel it wins over the
backend that shows figures below a cell, so a chapter would have none of its pictures.
"""

import os
import sys

INLINE = "module://matplotlib_inline.backend_inline"
# These can only write files. One that opens windows, or one made for notebooks, is left as it is.
FILES_ONLY = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}


def install():
    """In a Jupyter kernel, replace a backend from the environment that shows nothing."""
    if "ipykernel" not in sys.modules or os.environ.get("MPLBACKEND", "").lower() not in FILES_ONLY:
        return
    os.environ["MPLBACKEND"] = INLINE
    if "matplotlib" in sys.modules:  # it has read the variable already
        import matplotlib

        shell = sys.modules["IPython"].get_ipython()
        if shell and matplotlib.get_backend().lower() in FILES_ONLY:
            shell.run_line_magic("matplotlib", "inline")
