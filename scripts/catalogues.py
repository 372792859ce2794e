"""Bring the catalogues of the Chinese edition up to date, and say what is left to translate.

``make catalogues`` extracts the texts of the book and calls this. The pages that are translated are
those that have a catalogue in ``locale/zh_CN/LC_MESSAGES``; an empty file is enough to begin one.
Beside the pages' catalogues stand those of what a notebook holds as no text of its own: ``figures``
the words in the figures, ``tables`` those in the tables that cells made, ``comments`` the comments
and the docstrings of the code.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import nbformat
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "locale" / "zh_CN" / "LC_MESSAGES"
NOTEBOOKS = [*sorted(ROOT.glob("chapters/*.ipynb")), *sorted(ROOT.glob("chapters/*/*.ipynb"))]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import cells  # noqa: E402
import lettering  # noqa: E402

VOLATILE = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator')


def translated_pages(folder: Path = LOCALE) -> list[str]:
    """Return the pages that have a catalogue, such as ``chapters/01-history``."""
    return sorted(
        file.relative_to(folder).with_suffix("").as_posix() for file in folder.glob("*/**/*.po")
    )


def read(file: Path, locale: str | None = "zh_CN") -> Catalog:
    """Read a catalogue, or the texts that were extracted (with locale None)."""
    with file.open("rb") as stream:
        return read_po(stream, locale=locale, charset="utf-8")


def merge(catalogue: Catalog, texts: Catalog) -> Catalog:
    """Take the texts over: in their order, similar ones marked as fuzzy, old ones left out."""
    catalogue.update(texts)
    catalogue.obsolete.clear()
    for message in catalogue:
        # Most formulas need no translator; one with words may have been given other words.
        formula = message.id and message.id.startswith("\n")
        if formula and (not message.string or "fuzzy" in message.flags):
            message.string = message.id
            message.flags.discard("fuzzy")
    return catalogue


def as_text(catalogue: Catalog) -> str:
    """Write a catalogue without anything that changes by itself, such as dates."""
    catalogue.project, catalogue.header_comment = "LeNet, layer by layer", "#"
    catalogue.fuzzy = False
    for message in catalogue:  # a role's braces are no placeholders of Python
        message.flags -= {"python-format", "python-brace-format"}
    stream = io.BytesIO()
    write_po(stream, catalogue, width=0, include_lineno=False)
    lines = stream.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(VOLATILE))


def unfinished(catalogue: Catalog) -> list[str]:
    """Return the texts that have no translation, or one that somebody must look at."""
    return [m.id for m in catalogue if m.id and (not m.string or m.fuzzy)]


# ---------------------------------------------------------------- what stands in the notebooks


def every_cell() -> Iterator[nbformat.NotebookNode]:
    """Yield the cells of all notebooks."""
    for path in NOTEBOOKS:
        yield from nbformat.read(path, as_version=4).cells


def code_cells() -> Iterator[nbformat.NotebookNode]:
    """Yield the code cells of all notebooks."""
    return (cell for cell in every_cell() if cell.cell_type == "code")


def drawings() -> Iterator[str]:
    """Yield the figures of all notebooks, as SVG."""
    for cell in code_cells():
        for output in cell.outputs:
            if drawing := output.get("data", {}).get("image/svg+xml"):
                yield drawing


def words_of_figures() -> Iterator[str]:
    """Yield the texts in the figures that have something to translate."""
    for drawing in drawings():
        for _, text in lettering.words(ElementTree.fromstring(drawing)):
            if not lettering.is_name(text):
                yield text


def words_of_tables() -> Iterator[str]:
    """Yield the words in the tables that the notebooks show."""
    for cell in code_cells():
        for output in cell.outputs:
            yield from cells.words_of_tables(output.get("data", {}).get("text/html", ""))


def comments() -> Iterator[str]:
    """Yield the comments and docstrings of the notebooks, and of the programs in their texts."""
    for cell in every_cell():
        code = cell.cell_type == "code"
        for source in [cell.source] if code else cells.programs(cell.source):
            for *_, text in cells.comments(source):
                yield text


#: The catalogues that are no page's, and where their texts come from.
OTHERS = {"figures": words_of_figures, "tables": words_of_tables, "comments": comments}


def gather(name: str) -> Catalog:
    """Return the texts of a catalogue that is no page's, as a new catalogue."""
    file = LOCALE / f"{name}.po"
    messages = read(file) if file.is_file() else ()
    old = dict.fromkeys(message.id for message in messages if message.id)  # in their order
    found = Catalog()
    for text in OTHERS[name]():
        found.add(lettering.entry(text, old) or text)
    return found


def main(extracted: Path) -> int:
    """Update all catalogues from a folder of extracted texts; return 1 if something is left."""
    left = 0
    for page in [*translated_pages(), *OTHERS]:
        file = LOCALE / f"{page}.po"
        texts = gather(page) if page in OTHERS else read(extracted / f"{page}.pot", locale=None)
        catalogue = merge(read(file), texts)
        file.write_text(as_text(catalogue), encoding="utf-8")
        texts = unfinished(catalogue)
        left += len(texts)
        print(f"{page}: {len(catalogue)} texts, {len(texts)} to translate")
        for text in texts:
            print(f"  {text}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(ROOT / "_build" / "gettext"))
