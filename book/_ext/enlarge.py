"""Sphinx extension: a figure can be enlarged, for its words are small where a page is narrow.

Behind the picture of each cell stands a button, which the script of the pages shows and answers.
"""

import re
from html import escape
from pathlib import Path

import words

PICTURE = re.compile(
    r'<img\b(?=[^>]*\salt="([^"]*)")[^>]*\ssrc="[^"]*_images/[^"]+"[^>]*>'
    r'(?!\s*<button|<img class="[^"]*for-dark)'  # one behind both forms (see pictures.py)
)
CELL = re.compile(r'<div class="cell_output[^"]*">')


def with_buttons(text, enlarge, close):
    """Return a page with a button behind each picture that a cell drew."""
    start = CELL.search(text)
    if not start:
        return text

    def button(found):
        return (
            f'{found[0]}<button type="button" class="enlarge" hidden data-close="{escape(close)}"'
            f' aria-haspopup="dialog">{escape(enlarge)}</button>'
        )

    return text[: start.start()] + PICTURE.sub(button, text[start.start() :])


def put_buttons(app, exception):
    if exception or app.builder.name != "html":
        return
    say = words.sayer(words.read(app.config.language))
    texts = say("figure.enlarge"), say("figure.close")
    for file in (Path(app.outdir) / "chapters").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        if (new := with_buttons(text, *texts)) != text:
            file.write_text(new, encoding="utf-8")


def setup(app):
    app.connect("build-finished", put_buttons, priority=700)
    app.add_js_file("enlarge.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
