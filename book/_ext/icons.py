"""Sphinx extension: leave out the theme's script of icons, half a megabyte on every page.

The theme brings its icons twice, as a font (with the rules for it in its style sheet) and as a
script that draws them. The font is enough.
"""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

SCRIPT = re.compile(r'<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"></script>\s*')


def drop_script(app, exception):
    if exception or app.builder.format != "html":
        return
    site, dropped = Path(app.outdir), 0
    for page in site.rglob("*.html"):
        text, found = SCRIPT.subn("", page.read_text(encoding="utf-8"))
        if found:
            page.write_text(text, encoding="utf-8")
            dropped += 1
    if not dropped:
        raise ExtensionError("the theme has no script of icons any more: do without this extension")
    for file in (site / "_static" / "scripts").glob("fontawesome.js*"):
        file.unlink()


def setup(app):
    app.connect("build-finished", drop_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
