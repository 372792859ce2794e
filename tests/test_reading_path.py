"""The reader's path: what a chapter links to, how long it takes, and what stands where."""

import re
from pathlib import Path

import pytest
from test_notebooks import CHAPTERS, read

ROOT = Path(__file__).parent.parent
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)

# --------------------------------------------------------------------------- glossary

TERMS = re.findall(r"^([A-Za-z][^\n]*)\n  \(", (ROOT / "book" / "glossary.md").read_text(), re.M)
ANY_TERM = re.compile(
    r"(?<![\w-])("
    + "|".join(re.escape(term) for term in sorted(TERMS, key=len, reverse=True))
    + r")(?:s|es)?(?![\w-])",
    re.IGNORECASE,
)

# What is no prose: roles, code, formulas, links, HTML, labels, options, fences, headings, tables,
# a section's question and the name before an entry of a list.
NO_PROSE = re.compile(
    r"\{[\w:-]+\}`[^`]*`|`[^`]*`|\$\$[^$]*\$\$|\$[^$]*\$|\[[^\]]*\]\([^)]*\)|<[^>]*>"
    r"|^\(.*\)=|^:\w+:.*|^(?:```|:::).*|^#.*|^\|.*|^\*[^*]*\?\*$|^- \*\*[^*]*\*\*",
    re.MULTILINE,
)

# Words that a chapter uses as anybody does, before or without the meaning of the glossary.
EVERYDAY = {
    "03": {"label"},  # to label every pixel
    "05": {"unit"},  # to the last unit
    "06": {"noise"},  # the kernels are no longer noise
}


def linked(text):
    """Return the terms that a text links to the glossary, with where."""
    for role in re.finditer(r"\{term\}`([^`]*)`", text):
        target = re.search(r"<(.*)>", role[1])
        yield role.start(), (target[1] if target else role[1]).replace("\n", " ").lower()


def unlinked(path):
    """Yield (cell, place, term) of the first uses of terms in a chapter that are no links.

    The opening boxes may link a term, and need not. Headings, tables, the quiz, the summary and
    the exercises are left out.
    """
    notebook, seen = read(path), set(EVERYDAY.get(path.name[:2], ()))
    seen |= {term for _, term in linked(notebook.cells[0].source)}
    for number, cell in enumerate(notebook.cells[1:], 1):
        if cell.cell_type != "markdown":
            continue
        if "\n## Five questions" in cell.source:
            return
        blank = NO_PROSE.sub(lambda found: re.sub(r"\S", " ", found[0]), cell.source)
        uses = [(found.start(), found[1].lower()) for found in ANY_TERM.finditer(blank)]
        for place, term, is_link in sorted(
            [(place, term, True) for place, term in linked(cell.source)]
            + [(place, term, False) for place, term in uses]
        ):
            if term not in seen and not is_link:
                yield number, place, term
            seen.add(term)


@chapters
def test_a_term_is_linked_to_the_glossary_where_a_chapter_first_uses_it(path):
    notebook = read(path)
    found = [
        f"{term}: …{notebook.cells[cell].source[place : place + 60]!r}"
        for cell, place, term in unlinked(path)
    ]
    assert not found, "\n".join(found)
