"""Sphinx extension: the buttons of a chapter hand out a notebook in the language of the page.

The English one is the notebook of the book, with its pictures in the one form that a run makes: so
``pytest --nbval`` misses none. The Chinese one has other words, from the same catalogues as the
page: its texts, the comments and docstrings of its code, the captions and alternative texts of its
figures, and the words in them and in its tables. Its code and what that prints are those of the
book. The source of a page without code is handed out in Chinese, too.

Binder opens files of its own copy of the repository, where ``python book/_ext/downloads.py`` makes
the Chinese notebooks (``.binder/postBuild``). Colab opens what a branch of the repository holds.
Theirs is ``notebooks-zh``: the site's workflow puts them there, and nothing else.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

import cells
import lettering
import nbformat

ROOT = Path(__file__).parents[2]
CHINESE = "zh_CN"
FOLDER = "build/zh"  # of the Chinese notebooks in a copy of the repository; git ignores it
BRANCH = "notebooks-zh"  # of the repository; holds them alone

DRAWING, PICTURE = "image/svg+xml", "image/png"
UNLIKE = "nbval-ignore-output"
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
            held.append(table[text].strip("\n"))  # as formulas have them, whose own lines stay
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


def with_outputs(cell, figures, tables):
    """Write the figures and the tables of a cell in the language of the catalogues.

    A run makes them in English again. So nbval is told not to compare them here; that the code
    makes what is stored, it finds in the book's own notebook.
    """
    for output in cell.outputs:
        data = output.get("data", {})
        before = dict(data)
        if drawing := data.get(DRAWING):
            data[DRAWING] = drawn(drawing, figures)
            data.pop(PICTURE, None)  # in English
        if table := data.get("text/html"):
            data["text/html"] = cells.with_tables(table, tables)
        if data != before:
            tags = cell.metadata.setdefault("tags", [])
            tags.extend({UNLIKE} - {*tags})


def translate(notebook, texts, comments, figures, tables):
    """Write a notebook in the language of its catalogues.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It is changed.
    texts, comments, figures, tables : dict of str to str
        The catalogues, from :func:`lettering.read`: of the page, of all code, figures and tables.
    """
    known = {one_line(text): said for text, said in texts.items()}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cells.with_programs(with_texts(cell.source, texts), comments)
            continue
        cell.source = cells.with_comments(cell.source, comments)
        if look := cell.metadata.get("mystnb"):
            cell.metadata["mystnb"] = nbformat.from_dict(with_metadata(look, known))
        with_outputs(cell, figures, tables)
    return notebook


def chinese(root, language, page):
    """Return the source of a page in a language; or None where that has no catalogue."""
    texts = lettering.read(root, language, page)
    if not texts:
        return None
    names = ("comments", "figures", "tables")
    comments, *others = (lettering.read(root, language, name) for name in names)
    plain = Path(root, f"{page}.md")
    if plain.is_file():
        return cells.with_programs(with_texts(plain.read_text(encoding="utf-8"), texts), comments)
    notebook = nbformat.read(Path(root, f"{page}.ipynb"), as_version=4)
    return nbformat.writes(translate(notebook, texts, comments, *others)) + "\n"


def as_run(notebook):
    """Leave of a notebook's pictures the form that a run makes; drawings are the site's."""
    for cell in notebook.cells:
        for data in (output.get("data", {}) for output in cell.get("outputs", [])):
            if PICTURE in data:
                data.pop(DRAWING, None)
    return notebook


def write_sources(app, exception):
    """Put the pages' sources where the download button finds them, in the language of the page."""
    if exception or app.builder.name != "html":
        return
    sources = Path(app.outdir, "_sources")
    for file in sorted(sources.rglob("*.*")):
        page = file.relative_to(sources).with_suffix("").as_posix()
        if text := chinese(app.srcdir, app.config.language, page):
            file.write_text(text, encoding="utf-8")
        elif file.suffix == ".ipynb":
            nbformat.write(as_run(nbformat.read(file, as_version=4)), file)


def launch(app, pagename, templatename, context, doctree):
    """Let Binder and Colab open the Chinese notebook."""
    if not lettering.read(app.srcdir, app.config.language, pagename):
        return
    main = app.config.html_theme_options.get("repository_branch")
    groups = [one for one in context["header_buttons"] if one.get("label") == "launch-buttons"]
    for button in (button for group in groups for button in group["buttons"]):
        if button["text"] == "Binder":
            button["url"] = button["url"].replace(f"/{pagename}.", f"/{FOLDER}/{pagename}.")
        elif button["text"] == "Colab":
            button["url"] = button["url"].replace(f"/blob/{main}/", f"/blob/{BRANCH}/")


def main(folder=ROOT / FOLDER):
    """Write all Chinese notebooks into this copy of the repository, without building the site."""
    for file in sorted(ROOT.glob("chapters/**/[0-9]*.ipynb")):
        page = file.relative_to(ROOT).with_suffix("").as_posix()
        if text := chinese(ROOT, CHINESE, page):
            target = folder / f"{page}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def setup(app):
    """Tell Sphinx of this extension."""
    app.connect("build-finished", write_sources)
    app.connect("html-page-context", launch, priority=600)  # after the theme has made the buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    main()
