"""Bring the catalogues of the Chinese edition up to date, and say what is left to translate.

``make catalogues`` extracts the texts of the book and calls this. The pages that are translated are
those that have a catalogue in ``locale/zh_CN/LC_MESSAGES``; an empty file is enough to begin one.
"""

import io
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "locale" / "zh_CN" / "LC_MESSAGES"
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
        # Sphinx reads formulas as they are, so these need no translator.
        if message.id and message.id.startswith("\n"):
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


def main(extracted: Path) -> int:
    """Update all catalogues from a folder of extracted texts; return 1 if something is left."""
    left = 0
    for page in translated_pages():
        file = LOCALE / f"{page}.po"
        catalogue = merge(read(file), read(extracted / f"{page}.pot", locale=None))
        file.write_text(as_text(catalogue), encoding="utf-8")
        texts = unfinished(catalogue)
        left += len(texts)
        print(f"{page}: {len(catalogue)} texts, {len(texts)} to translate")
        for text in texts:
            print(f"  {text}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(ROOT / "_build" / "gettext"))
