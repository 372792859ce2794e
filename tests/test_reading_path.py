"""The reader's path: what a chapter links to, how long it takes, and what stands where."""

import re
from pathlib import Path

import pytest
import yaml
from browsing import visit
from contents import CHAPTERS, read

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)

# --------------------------------------------------------------------------- glossary

TERMS = re.findall(
    r"^([A-Za-z][^\n]*)\n  \(", (ROOT / "book" / "glossary.md").read_text(encoding="utf-8"), re.M
)
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
    "08": {"unit"},  # to the last unit
    "09": {"noise"},  # the kernels are no longer noise
    "16": {"stage"},  # one part after the other
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


# --------------------------------------------------------------------------- begin and end


@chapters
def test_a_chapter_begins_with_its_question_and_ends_with_what_to_remember(path):
    notebook = read(path)
    opening = notebook.cells[0].source.split("\n\n")[1]
    assert "?" in opening and opening.count(" ") >= 15, opening
    headings = [
        line[3:]
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    assert headings[-3:] == ["Five questions", "What to remember", "Exercises"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_chapter_leads_to_the_one_before_and_the_one_after(browser, server, width):
    page, _, _ = visit(browser, f"{server}/chapters/{CHAPTERS[1].stem}.html", width=width)
    for kind, neighbour in (("left-prev", CHAPTERS[0]), ("right-next", CHAPTERS[2])):
        link = page.locator(f"a.{kind}")
        assert link.get_attribute("href").endswith(f"{neighbour.stem}.html")
        box = link.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 24
    page.context.close()


# --------------------------------------------------------------------------- from layer to code

LAYERS = {"sec-c1": "C1", "sec-s2": "S2", "sec-c3": "C3", "sec-s4": "S4", "sec-c5": "C5"}


def sections(path):
    """Return {label: text} of a chapter's sections that have one."""
    text = "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    parts = re.split(r"^\((sec-[\w-]+)\)=\n(?=## )", text, flags=re.MULTILINE)
    return {
        label: re.split(r"^## ", body[3:], flags=re.MULTILINE)[0]
        for label, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_a_layer_leads_to_its_formula_and_its_formula_back_to_it():
    layer, size = sections(CHAPTERS[1]), sections(CHAPTERS[2])
    api = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    for label in LAYERS:
        formulas = set(re.findall(r"\{ref\}`(?:[^`<]*<)?(sec-[\w-]+)", layer[label])) & set(size)
        assert formulas, f"{label} leads to no section on sizes"
        back = "\n".join(size.values())
        assert re.search(rf"\{{ref\}}`{LAYERS[label]} <{label}>`", back), label
    for name in ("Subsample", "TableConv2D", "EuclideanRBF"):
        assert f"{{class}}`~lenet_tutorial.layers.{name}`" in "\n".join(layer.values()), name
        assert name in api
    assert "{func}`~lenet_tutorial.shapes.output_size`" in layer["sec-c1"]
    assert "{func}`~lenet_tutorial.shapes.output_size`" in "\n".join(size.values())


# --------------------------------------------------------------------------- the first page

INDEX = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
WORDS_A_MINUTE, LINES_A_MINUTE = 200, 10


def minutes(path):
    """Return how long a chapter takes to read once: its text, its quiz and the code that shows."""
    words = lines = 0
    for cell in read(path).cells:
        text, tags = cell.source, cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            text, _, exercises = text.partition("## Exercises")
            text = re.sub(r"\{[\w:-]+\}`([^`<]*)[^`]*`", r"\1", text)
            words += len(re.findall(r"\w[\w.'’-]*", text))
            if exercises:
                return words / WORDS_A_MINUTE + lines / LINES_A_MINUTE
        elif not {"hide-input", "hide-cell", "remove-cell"} & set(tags):
            lines += len([line for line in text.splitlines() if line.strip()])
    raise AssertionError(f"{path.name} has no exercises")


def cards():
    """Return the cards of the map: (number, label, minutes, numbers of the chapters it needs)."""
    found = re.findall(
        r"\{grid-item-card\} (\d+)\n\{ref\}`([\w-]+)`\n\n.*\?\n\n\{\.needs\}\n(\d+) min(.*)\n",
        INDEX,
    )
    return [
        (int(number), label, int(time), [int(one) for one in re.findall(r"\d+", needs)])
        for number, label, time, needs in found
    ]


def label_of(path):
    return re.match(r"\(([\w-]+)\)=", read(path).cells[0].source)[1]


def number_of(path):
    return int(path.name[:2])


NUMBERS = {label_of(path): number_of(path) for path in CHAPTERS}
PARTS = {
    part["caption"]: [int(Path(entry["file"]).name[:2]) for entry in part["chapters"]]
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    if part.get("numbered")
}


def test_the_map_has_a_card_for_every_chapter_in_order():
    assert [card[:2] for card in cards()] == [(number, label) for label, number in NUMBERS.items()]


def test_the_map_has_the_parts_of_the_contents():
    map_of_parts = INDEX.split("## The chapters")[1].split("\n## ")[0].split("\n### ")[1:]
    shown = {part.splitlines()[0]: re.findall(r"card\} (\d+)", part) for part in map_of_parts}
    assert {name: [int(one) for one in found] for name, found in shown.items()} == PARTS
    assert list(PARTS) == ["The network", "History rebuilt", "Workshop"] == list(shown)
    ordered = [part for part in map_of_parts if "chapter-map in-order" in part]
    assert ordered == map_of_parts[:1]


def test_a_card_says_which_chapters_the_chapter_itself_says_it_needs():
    first, *others = PARTS.values()
    for path, (number, label, _, needs) in zip(CHAPTERS, cards(), strict=True):
        box = read(path).cells[0].source.split("What you need")[1]
        named = {NUMBERS[one] for one in re.findall(r"ch-[\w-]+", box) if one in NUMBERS}
        assert sorted(named) == needs, f"{label}: its box names {named}"
        assert all(one < number for one in needs)
        # The first part is read in order; a chapter of the others needs none but those.
        assert set(needs) <= set(first), label
    assert sum(map(len, (first, *others))) == len(CHAPTERS)


def test_the_times_on_the_cards_are_those_of_the_chapters():
    for path, (_, label, time, _) in zip(CHAPTERS, cards(), strict=True):
        real = minutes(path)
        assert time % 5 == 0
        assert abs(time - real) <= 4, f"{label}: {time} min, by its words {real:.0f}"


def test_the_hour_is_an_hour():
    card = re.search(r"\} Read it in an hour\n(.*?)\n:::", INDEX, re.DOTALL)[1]
    times = {label: time for _, label, time, _ in cards()}
    hour = sum(times[label] for label in re.findall(r"\{ref\}`(ch-[\w-]+)`", card))
    assert 50 <= hour <= 65
