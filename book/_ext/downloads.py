"""Sphinx extension: the button of a Chinese chapter hands out a Chinese notebook.

It is the notebook of the book with other words, from the same catalogues as the page: its texts,
the comments of its code, the captions and alternative texts of its figures, and the words in them.
Code and outputs are those of the book, so it runs as the other does, and prints the same.
"""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import cells
import lettering
import nbformat

DRAWING = "image/svg+xml"
# What may stand on a line in front of a text: marks of Markdown, or other cells of a table.
MARK = r"(?:[-*+]|\d+[.)]|\[[ x]\]|#+|:|\|)[ \t]+|(?::{3,}|`{3,})\{[^}\n]*\}[ \t]*"
BEFORE = re.compile(rf"(?:.*\|)?[ \t>]*(?:{MARK})*")
AFTER = re.compile(r"[ \t]*(?:\{[^}\n]*\})?[ \t]*(?=\n|\||\Z)")
HELD = "\x00{}\x00"


def one_line(text):
    """Return a text with a plain space for each gap, whatever it is made of."""
    return " ".join(text.split())


def places(source, text):
    """Yield where a text stands whole in Markdown, as (start, end): the last place first."""
    found = list(re.finditer(re.escape(text), source))
    if not found:  # it goes on on the next line
        found = list(re.finditer(r"[\s>]+".join(map(re.escape, text.split())), source))
    for start, end in (one.span() for one in reversed(found)):
        line = source[source.rfind("\n", 0, start) + 1 : start]
        if BEFORE.fullmatch(line) and AFTER.match(source, end):
            yield start, end


def with_texts(source, table):
    """Return Markdown with its texts in the language of a catalogue.

    A text of the catalogue is a paragraph, a heading, an entry of a list or a cell of a table, and
    stands for itself only where it is whole. Long ones go first, and none within another.
    """
    held, flat = [], one_line(re.sub(r"(?m)^[ \t>]+", "", source))
    for text in sorted(table, key=len, reverse=True):
        line = one_line(text)
        if table[text] == text or line not in flat:
            continue
        for start, end in places(source, line):
            held.append(table[text])
            source = f"{source[:start]}{HELD.format(len(held) - 1)}{source[end:]}"
    return re.sub("\x00(\\d+)\x00", lambda found: held[int(found[1])], source)


def with_metadata(value, table):
    """Return a cell's settings with captions and the like in the language of a catalogue."""
    if isinstance(value, dict):
        return {key: with_metadata(one, table) for key, one in value.items()}
    if isinstance(value, str):
        return table.get(one_line(value), value)
    return value


def drawn(drawing, table):
    """Return a figure with its words in the language of a catalogue."""
    for prefix, name in (("", lettering.SVG), ("xlink", "http://www.w3.org/1999/xlink")):
        ElementTree.register_namespace(prefix, name)
    root = ElementTree.fromstring(drawing)
    lettering.translate(root, table)
    return ElementTree.tostring(root, encoding="unicode")


def translate(notebook, texts, comments, figures):
    """Write a notebook in the language of its catalogues.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It is changed.
    texts, comments, figures : dict of str to str
        The catalogues, from :func:`lettering.read`: of the page, of all code, of all figures.
    """
    known = {one_line(text): said for text, said in texts.items()}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cells.with_programs(with_texts(cell.source, texts), comments)
            continue
        cell.source = cells.with_comments(cell.source, comments)
        if look := cell.metadata.get("mystnb"):
            cell.metadata["mystnb"] = nbformat.from_dict(with_metadata(look, known))
        for output in cell.outputs:
            if drawing := output.get("data", {}).get(DRAWING):
                output["data"][DRAWING] = drawn(drawing, figures)
    return notebook


def write_notebooks(app, exception):
    """Put Chinese notebooks where the download button finds them."""
    if exception or app.builder.name != "html":
        return
    catalogue, sources = (app.srcdir, app.config.language), Path(app.outdir, "_sources")
    for file in sorted(sources.rglob("*.ipynb")):
        page = file.relative_to(sources).with_suffix("").as_posix()
        if texts := lettering.read(*catalogue, page):
            others = (lettering.read(*catalogue, name) for name in ("comments", "figures"))
            notebook = nbformat.read(Path(app.srcdir, f"{page}.ipynb"), as_version=4)
            written = io.StringIO()
            nbformat.write(translate(notebook, texts, *others), written)
            file.write_text(written.getvalue(), encoding="utf-8")


def setup(app):
    """Tell Sphinx of this extension."""
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
