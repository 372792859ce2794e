"""Sphinx extension: the site needs no other host.

MathJax comes from its npm package (``make book`` installs it into ``node_modules``). What the pages
load of it is copied into the site: one script and its fonts.
"""

import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

PARTS = ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2")


def vendor_mathjax(app, exception):
    if exception or app.builder.format != "html":
        return
    package = Path(app.srcdir) / "node_modules" / "mathjax" / "es5"
    if not package.is_dir():
        raise ExtensionError(f"MathJax is missing ({package}): run `make book`, which installs it")
    site = Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        target = site / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (package / part).is_dir():
            shutil.copytree(package / part, target, dirs_exist_ok=True)
        else:
            shutil.copy2(package / part, target)
    shutil.copy2(package.parent / "LICENSE", site / "LICENSE")


def setup(app):
    # Jupyter Book sets this one for sphinx_comments, which names other hosts and is left out.
    app.add_config_value("comments_config", {}, "")
    app.connect("build-finished", vendor_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
