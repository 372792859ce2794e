"""The lesson plans: the minutes add up, what they name is there, and the answers are right."""

import contextlib
import math
import re
from pathlib import Path

import numpy as np
import pytest
from browsing import visit
from contents import (
    CHAPTERS,
    LESSONS,
    PLANS,
    lessons,
    numbers_in,
    prose,
    read,
    slides_of,
    unfounded,
)

from lenet_tutorial import shapes

pytestmark = pytest.mark.book

BOOK = Path(__file__).parent.parent / "book"
TEACH = (BOOK / "teach.md").read_text(encoding="utf-8")
SHEETS = (BOOK / "worksheet.md").read_text(encoding="utf-8")


def tables(text):
    """Return each Markdown table as a list of rows, without its heading."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE):
        rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in block.splitlines()]
        found.append(rows[2:])
    return found


def part(text, label):
    """Return what stands under a label, up to the next heading of the same kind."""
    return re.split(r"^## ", text.partition(f"({label})=\n")[2], flags=re.M)[1]


def whole(cell):
    return int(cell.replace(" ", ""))


# --------------------------------------------------------------------------- the plans


@lessons
def test_the_minutes_add_up_and_every_slide_has_its_time(lesson):
    plan = tables(part(TEACH, f"sec-lesson-{lesson}"))[0]
    assert sum(int(row[0]) for row in plan) == 90
    assert sum(int(row[1]) for row in plan) == 60
    assert all(int(long) >= int(short) > 0 for long, short, *_ in plan)
    shown = []
    for row in plan:
        first, _, last = row[2].partition("–")
        if first:
            shown += range(int(first), int(last or first) + 1)
    assert shown == list(range(1, len(slides_of(lesson)) + 1))


@lessons
def test_each_lesson_has_its_parts_and_ends_as_its_slides_do(lesson):
    text = part(TEACH, f"sec-lesson-{lesson}")
    for name in ("Aim", "Prepare", "Ask the class", "Activity", "Exit question", "Homework"):
        assert re.search(rf"^\*\*{name}\b", text, re.MULTILINE), name
    assert len(tables(text)[1]) >= 4  # questions, each with what many say and what to answer
    asked = re.search(r"\*\*Exit question\.\*\* (.+?\?) \*A good", text)[1]
    last = re.search(r"^> (.+)", slides_of(lesson)[-1], re.MULTILINE)[1]
    assert asked == last
    title = re.search(r"^title: (.+)", PLANS[lesson - 1].read_text(encoding="utf-8"), re.M)[1]
    assert f'<a href="../slides/lesson-{lesson}.html">{title}</a>' in TEACH
    assert text.splitlines()[0].lower() == f"lesson {lesson}: {title}".lower()


def test_every_exercise_that_is_set_is_there_under_its_number():
    known = re.findall(r"^:label: (c\d\d-ex\d+)", "\n".join(prose(read(c)) for c in CHAPTERS), re.M)
    for text in (TEACH, SHEETS):
        refs = re.findall(r"\{ref\}`([^`]*?) ?<(c\d\d-ex\d+)>`", text)
        assert len(refs) >= 2
        for words, label in refs:
            assert label in known, label
            for digit in re.findall(r"\d", words):
                assert label.endswith(f"ex{digit}"), f"{words}: {label}"
    named = set(re.findall(r"c\d\d", " ".join(re.findall(r"<(c\d\d-ex\d+)>", TEACH))))
    assert named >= {"c01", "c02", "c03", "c05", "c07", "c08", "c13"}


def test_every_number_is_in_a_chapter():
    known = set().union(*(numbers_in(read(chapter).cells) for chapter in CHAPTERS))
    text = re.sub(r"\{[\w:-]+\}`[^`]*`|`[^`]*`|^\(.*\)=", "", TEACH, flags=re.M)
    assert not unfounded(text, known)


# --------------------------------------------------------------------------- the sheets


@pytest.fixture(scope="module")
def copy():
    """Return the layer table of the textbook LeNet-5."""
    from lenet_tutorial.models import lenet5_textbook
    from lenet_tutorial.tables import layer_table

    return layer_table(lenet5_textbook())


@pytest.fixture(scope="module")
def original():
    """Return the layer table of LeNet-5 as published."""
    from lenet_tutorial.models import lenet5_1998
    from lenet_tutorial.tables import layer_table

    return layer_table(lenet5_1998())


def test_the_textbook_network_is_filled_in_as_the_package_computes_it(copy):
    *rows, total = tables(part(SHEETS, "sec-sheet-answers"))[0]
    assert [row[0] for row in rows] == list(copy.index)
    for name, kind, kernel, stride, output, parameters, connections in rows:
        layer = copy.loc[name]
        assert layer["kind"] == kind.partition(",")[0]
        assert layer["kernel"] == kernel.replace(" ", "") and layer["stride"] == stride
        assert layer["output"] == output
        if "," in kind:  # so many maps, or units
            assert re.search(r"\d+", kind)[0] == output.partition("@")[0]
        assert (layer["parameters"], layer["connections"]) == (
            whole(parameters),
            whole(connections),
        )
    assert whole(total[5]) == copy["parameters"].sum()
    assert whole(total[6]) == copy["connections"].sum()


def test_the_published_network_is_filled_in_as_the_package_computes_it(copy, original):
    *rows, total = tables(part(SHEETS, "sec-sheet-answers"))[1]
    columns = ["parameters", "connections"]
    differ = (original[columns] != copy[columns]).any(axis=1)
    assert [row[0] for row in rows] == list(original.index[differ])
    for name, output, parameters, connections in rows:
        layer = original.loc[name]
        assert layer["output"] == output
        assert (layer["parameters"], layer["connections"]) == (
            whole(parameters),
            whole(connections),
        )
    assert whole(total[2]) == original["parameters"].sum()
    assert whole(total[3]) == original["connections"].sum()


def test_the_receptive_fields_are_those_of_the_package():
    (row,) = tables(part(SHEETS, "sec-sheet-answers"))[2]
    fields = [reach.receptive_field for reach in shapes.trace(32, shapes.LENET5)]
    assert [int(cell) for cell in row[1:]] == fields


def test_the_empty_sheet_gives_away_nothing_and_fits_its_answers():
    empty, full = (tables(part(SHEETS, label)) for label in ("sec-sheet", "sec-sheet-answers"))
    given = [4, 1, 1]  # columns that are filled in already
    for blank, filled, columns in zip(empty, full[:3], given, strict=True):
        assert [row[:columns] for row in blank] == [row[:columns] for row in filled]
        assert not "".join(cell for row in blank for cell in row[columns:])
        assert [len(row) for row in blank] == [len(row) for row in filled]


def test_the_usual_mistakes_lead_to_the_numbers_that_are_listed(copy):
    listed = " ".join(row[0] for row in tables(part(SHEETS, "sec-sheet-answers"))[3])
    assert copy.loc["C1", "parameters"] - 6 == 150 and "C1 with 150" in listed
    assert 16 * (5 * 5 + 1) == 416 and "C3 with 416" in listed
    assert shapes.output_size(32, 5) - 1 == 27 and "27 × 27" in listed
    assert (6 * 4, 6 * (4 + 1), 6 * (6 * 4 + 1)) == (24, 30, 150) and "24, 30 or 150" in listed
    assert 120 * (5 * 5 + 1) == 3_120 and "C5 with 3 120" in listed
    assert copy.loc["F6", "parameters"] - 84 == 10_080 and "F6 with 10 080" in listed


def test_the_answers_of_the_test_are_right():
    questions, answers = part(SHEETS, "sec-test"), part(SHEETS, "sec-test-answers")
    assert re.findall(r"^\*\*(\d)\.\*\*", questions, re.M) == list("123456")
    assert re.findall(r"^\*\*(\d)\.\*\*", answers, re.M) == list("123456")
    answer = dict(re.findall(r"^\*\*(\d)\.\*\* (.+)", answers, re.M))

    heading = re.search(r"^\| (\d) \| (\d) \| (\d) \|\n\| ---", questions, re.M).groups()
    patch = np.array([heading, *tables(questions)[0]], dtype=int)
    kernel = np.array([[0, 1, 0]] * 3)
    assert f"= {(kernel * patch).sum() - 1}." in answer["1"]

    layers = [shapes.Window("C", 5), shapes.Window("S", 2, stride=2)]
    small, large = shapes.trace(20, layers), shapes.trace(40, layers)
    for reach in small:
        assert f"{reach.size} × {reach.size}" in answer["2"]
    for reach in large:
        assert f"{reach.size} × {reach.size}" in answer["3"]
    assert f"{small[-1].receptive_field} pixels" in answer["4"]

    import keras

    parts = [keras.layers.Conv2D(12, 5), keras.layers.AveragePooling2D(2)]
    network = keras.Sequential([keras.Input((20, 20, 1)), *parts])
    assert f"= {network.count_params()} in" in answer["2"]
    assert f"stay: {network.count_params()}." in answer["3"]
    assert f"{-math.log(0.5):.2f} and {-math.log(0.01):.2f}" in answer["5"]


# --------------------------------------------------------------------------- sheet 3


def sheet_3(label="sec-sheet-3-answers"):
    """Return the tables of sheet 3, each {name of the row: numbers}; a heading is left out."""
    found = []
    for table in tables(part(SHEETS, label)):
        rows = {row[0]: [cell for cell in row[1:] if cell not in ("–", "")] for row in table}
        numbers = {}
        for name, cells in rows.items():
            with contextlib.suppress(ValueError):
                numbers[name] = [float(cell.replace("−", "-")) for cell in cells]
        found.append(numbers)
    return found


def test_the_step_of_one_unit_is_right():
    table, *_ = sheet_3()
    value, weight, slope, new = np.array([[*table["first"]], [*table["second"]]]).T
    bias, slope_of_bias, new_bias = table["bias"]
    total, after = table["sum"]
    assert value @ weight + bias == total == 5
    assert np.allclose(slope, (total - 4) * value) and slope_of_bias == total - 4
    assert np.allclose(new, weight - 0.1 * slope)
    assert new_bias == pytest.approx(bias - 0.1 * slope_of_bias)
    assert value @ new + new_bias == pytest.approx(after) and abs(after - 4) < abs(total - 4)


def test_the_slopes_of_sheet_3_are_those_of_the_package():
    from lenet_tutorial import by_hand

    _, scores, windows, row, _ = sheet_3()
    p = np.array([scores["probability"]])
    slopes = by_hand.softmax_cross_entropy_backward(np.log(p), np.array([1]))
    assert p.sum() == pytest.approx(1) and np.allclose(slopes, [scores["slope of the score"]])

    window = np.array([3.0, 1, 2, 0]).reshape(1, 2, 2, 1)
    four = np.full((1, 1, 1, 1), 4.0)
    assert by_hand.average_pool_backward(four).ravel().tolist() == windows["average pooling"]
    assert by_hand.max_pool_backward(four, window).ravel().tolist() == windows["max pooling"]

    values, slopes = np.array(row["value"]), np.array(row["slope of the output"])
    kernel, back = np.array([1.0, -1]), np.zeros(4)
    assert np.correlate(values, kernel, "valid").tolist() == row["output"]
    for place, slope in enumerate(slopes):
        back[place : place + 2] += slope * kernel
    assert back.tolist() == row["slope of the value"]
    assert np.correlate(values, slopes, "valid").tolist() == row["slope of the weight"]
    assert f"The slope of the bias: {slopes.sum():.0f}." in SHEETS


def test_sheet_3_gives_away_nothing_and_fits_its_answers():
    empty, full = (tables(part(SHEETS, label)) for label in ("sec-sheet-3", "sec-sheet-3-answers"))
    for blank, filled in zip(empty, full[:4], strict=True):
        assert len(blank) == len(filled)
        for given, answer in zip(blank, filled, strict=True):
            assert len(given) == len(answer) and given[0] == answer[0]
            assert all(one in ("", two) for one, two in zip(given, answer, strict=True))
    gaps = [sum(cell == "" for row in blank for cell in row) for blank in empty]
    assert gaps[1:] == [3, 8, 9] and gaps[0] >= 8


def test_the_usual_mistakes_of_sheet_3_are_what_they_say():
    *_, mistakes = tables(part(SHEETS, "sec-sheet-3-answers"))
    listed = " ".join(row[0] for row in mistakes)
    assert f"A: {3 + 0.1 * 2} and −{2 - 0.1 * 1}" in listed  # uphill
    assert "B: 0.5, 0.3 and 0.2" in listed and "C: 4, 4, 4 and 4" in listed
    assert f"D: {2 * 0} and {2 * 3} for the weights" in listed


@pytest.mark.browser
def test_each_sheet_prints_on_a_page_of_its_own(browser, server):
    page, _, _ = visit(browser, f"{server}/book/worksheet.html")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 6
    page.emulate_media(media="print")
    assert not page.locator("#jb-print-docs-body").is_visible()
    page.context.close()


def test_there_are_five_lessons():
    assert len(PLANS) == len(LESSONS) == len(re.findall(r"^## Lesson \d", TEACH, re.M)) == 5
