"""What the book consists of, as the tests read it: chapters, quizzes, lesson plans, Python."""

import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent

# --------------------------------------------------------------------------- chapters

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
#: Notebooks that belong to a chapter and are none themselves.
SOLUTIONS = sorted((ROOT / "chapters" / "solutions").glob("*.ipynb"))
notebooks = pytest.mark.parametrize(
    "path",
    [*CHAPTERS, *SOLUTIONS],
    ids=lambda path: path.relative_to(ROOT / "chapters").with_suffix("").as_posix(),
)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def texts(cell):
    """Return every piece of text that a cell's outputs hold."""
    for output in cell.get("outputs", ()):
        yield from [output.text] if "text" in output else []
        yield from (v for k, v in output.get("data", {}).items() if k.startswith("text/"))


# --------------------------------------------------------------------------- their numbers


def numbers(text):
    """Return the numbers in a text, however they are written: 60 000, 60,000, 60_000, 3e-3."""
    text = re.sub(r"(?<=\d)[\u00a0,_](?=\d{3}\b)", "", text)
    return {float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?", text)}


def numbers_in(cells):
    """Return the numbers in the sources and the outputs of some cells."""
    return {n for cell in cells for text in (cell.source, *texts(cell)) for n in numbers(text)}


def unfounded(text, known, years=True):
    """Return the numbers of a text that are not known; small whole ones and years may be new."""
    found = numbers(re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)) - known
    small = {number for number in found if number.is_integer() and number < 100}
    return found - small - {n for n in found if years and 1900 <= n < 2100}


# --------------------------------------------------------------------------- their quizzes


def prose_of_quiz(path):
    """Return the source of a chapter's quiz; the test fails if there is not exactly one."""
    cells = [cell for cell in read(path).cells if ":::{quiz}" in cell.source]
    assert len(cells) == 1, f"{path.name} has {len(cells)} cells with a quiz"
    return cells[0].source


def asked(path):
    """Return the questions of a chapter: (text, [(right, answer, why)])."""
    body = re.search(r":::\{quiz\}\n(.*)\n:::", prose_of_quiz(path), re.DOTALL)[1]
    questions = []
    for block in re.split(r"^\d+\. ", body, flags=re.MULTILINE)[1:]:
        text, *answers = re.split(r"^   - (?=\[[ x]\])", block, flags=re.MULTILINE)
        told = [re.match(r"\[([ x])\] (.*?)\n\n(.*)", one, re.DOTALL) for one in answers]
        questions.append((text.strip(), [(m[1] == "x", m[2], m[3].strip()) for m in told]))
    return questions


# --------------------------------------------------------------------------- lessons

PLANS = sorted((ROOT / "book" / "slides").glob("[0-9]*.md"))
LESSONS = [1, 2, 3, 4, 5]
lessons = pytest.mark.parametrize("lesson", LESSONS)


def plan_of(lesson):
    return PLANS[lesson - 1].read_text(encoding="utf-8")


def slides_of(lesson):
    """Return the text of each slide in a plan."""
    return re.split(r"^---$\n", plan_of(lesson), flags=re.M)[2:]


# --------------------------------------------------------------------------- Python

#: Where code lies: which extras are installed where it runs.
PLACES = {
    "src": set(),
    "chapters": {"book"},
    "book": {"book"},
    "locale": {"book"},
    "scripts": {"book", "test"},
    "benchmarks": {"book", "test"},
    "tests": {"book", "test"},
    "conftest.py": {"book", "test"},
}


def code_of(file):
    """Return the Python of a file; a notebook's cells one below the other, less IPython's lines."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join("".join(cell["source"]) for cell in cells)
    return re.sub(r"^( *)[%!].*", r"\1pass", lines, flags=re.MULTILINE)


def sources():
    """Yield every file with Python in it, and its path below the root."""
    for place in PLACES:
        folder = ROOT / place
        files = [folder] if folder.suffix else [*folder.rglob("*.py"), *folder.rglob("*.ipynb")]
        for file in sorted(files):
            if file.is_file() and ".ipynb_checkpoints" not in file.parts:
                yield file, file.relative_to(ROOT).as_posix()
