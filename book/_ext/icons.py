"""Sphinx extension: leave out the theme's script of icons, half a megabyte on every page.

The theme brings its icons twice, as a font (with the rules for it in its style sheet) and as a
script that draws them. The font is enough.
"""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

NAME = "scripts/fontawesome.js"
SCRIPT = re.compile(rf'<script[^>]*src="[^"]*{re.escape(NAME)}[^"]*"></script>\s*')


def drop_script(app, exception):
    if exception or app.builder.format != "html":
        return
    if not any(
        Path(folder, "static", NAME).is_file() for folder in app.builder.theme.get_theme_dirs()
    ):
        raise ExtensionError("the theme has no script of icons any more: do without this extension")
    site = Path(app.outdir)
    for page in site.rglob("*.html"):  # pages that an earlier build wrote have lost it already
        text, found = SCRIPT.subn("", page.read_text(encoding="utf-8"))
        if NAME in text:
            raise ExtensionError(f"{page} loads the script of icons in a new way: see icons.py")
        if found:
            page.write_text(text, encoding="utf-8")
    for file in (site / "_static").glob(f"{NAME}*"):
        file.unlink()


def setup(app):
    app.connect("build-finished", drop_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
