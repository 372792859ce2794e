"""The quizzes: what is asked, in which words, in which language, and how it works in a browser."""

import json
import math
import re
import subprocess
import sys

import ledger
import pytest
import quiz
import words
from browsing import look_with_axe, until, visit
from bs4 import BeautifulSoup
from contents import (
    CHAPTERS,
    ROOT,
    asked,
    chapters,
    code_cells,
    numbers,
    numbers_in,
    prose,
    prose_of_quiz,
    read,
    unfounded,
)
from docutils import nodes

pytestmark = pytest.mark.book

# --------------------------------------------------------------------------- the directive

PAGE = """
# Page

```{glossary}
kernel
  A small grid.
```

:::{quiz}

1. How many parameters has a {term}`kernel` of $k^2$?

   - [ ] 24

     One is **missing**.

   - [x] 25

     One for each place of the {term}`kernel`.

2. Does this work?

   ```python
   print(1)
   ```

   - [x] Yes

     It does.

   - [ ] No

     It does, and $a = b$.

:::
"""

CHINESE = {
    "How many parameters has a {term}`kernel` of $k^2$?": "$k^2$ 的 {term}`kernel` 有多少参数？",
    "24": "24 个",
    "25": "25 个",
    "One is **missing**.": "**少**了一个。",
    "One for each place of the {term}`kernel`.": "{term}`kernel` 的每个位置一个。",
    "Does this work?": "这样行吗？",
    "Yes": "行",
    "It does.": "确实行。",
    "No": "不行",
    "It does, and $a = b$.": "行，而且 $a = b$。",
}


def sphinx(folder, builder, text=PAGE, language="en"):
    """Build a page with the extension; return what the program said and the folder."""
    source, out = folder / "source", folder / builder
    source.mkdir(exist_ok=True)
    (source / "index.md").write_text(text, encoding="utf-8")
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'quiz']\n"
        "myst_enable_extensions = ['colon_fence', 'dollarmath']\n"
        f"language, locale_dirs = {language!r}, ['locale']\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", builder]
    done = subprocess.run([*command, str(source), str(out)], capture_output=True, encoding="utf-8")
    return done.stderr, out


def built(folder, builder, **settings):
    error, out = sphinx(folder, builder, **settings)
    assert error == ""
    return out


def read_page(out):
    return BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")


def test_a_quiz_in_a_page_is_a_group_with_its_answers_folded_away(tmp_path):
    page = read_page(built(tmp_path, "html"))
    (box,) = page.select("div.quiz")
    questions = box.select("fieldset.quiz-question")
    assert [one.legend.get_text() for one in questions] == [
        r"1. How many parameters has a kernel of \(k^2\)?",
        "2. Does this work?",
    ]
    assert [one.get_text() for one in questions[0].select(".quiz-choice")] == ["24", "25"]
    assert questions[0].legend.a["href"] == "#term-kernel"
    assert questions[1].select_one(".highlight-python")
    for question, right in zip(questions, ([False, True], [True, False]), strict=True):
        reasons = question.select("details:not([open]) li.quiz-reason")
        assert ["quiz-right" in one["class"] for one in reasons] == right
    assert questions[0].select(".quiz-why")[1].get_text(" ", strip=True).startswith("One for each")
    assert "[x]" not in box.get_text() and "[ ]" not in box.get_text()
    # The page allows no script and no handler within it, so the words stand in attributes.
    assert not box.select("script, [onclick], [onchange], [style]")
    assert box["data-check"] == "Check"


def test_other_builders_get_plain_lists(tmp_path):
    text = (built(tmp_path, "text") / "index.txt").read_text(encoding="utf-8")
    assert "1. How many parameters" in text and "2. Does this work?" in text
    assert text.count("**Right.**") == text.count("**Not quite.**") == 2
    assert "[x]" not in text


def test_every_question_answer_and_why_is_a_message_without_its_mark(tmp_path):
    catalogue = (built(tmp_path, "gettext") / "index.pot").read_text(encoding="utf-8")
    for message in CHINESE:
        assert f'\nmsgid "{message}"\n' in catalogue, message
    assert "[x]" not in catalogue and "[ ]" not in catalogue


def test_a_translated_quiz_keeps_its_right_answers_and_its_words_are_translated(tmp_path):
    folder = tmp_path / "source" / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    entries = [f'msgid "{one}"\nmsgstr "{other}"\n' for one, other in CHINESE.items()]
    (folder / "index.po").write_text(head + "\n".join(entries), encoding="utf-8")
    page = read_page(built(tmp_path, "html", language="zh_CN"))
    box = page.select_one("div.quiz")
    for message in ("有多少参数？", "25 个", "的每个位置一个。", "行，而且"):
        assert message in box.get_text()
    first, second = box.select("fieldset")
    assert first.legend.a["href"] == "#term-kernel" and first.legend.select(".math")
    assert "每个位置" in first.select_one(".quiz-right").get_text()
    assert "确实行" in second.select_one(".quiz-right").get_text()
    assert box["data-check"] == "检查" and box.summary.get_text() == "答案"
    assert "Not quite" not in str(box)


def test_the_words_are_the_same_ones_in_every_language():
    for language in ("en", "zh_CN"):
        own = json.loads((words.FOLDER / language / "quiz.json").read_text(encoding="utf-8"))
        assert {*own} == {*quiz.WORDS} and all(own.values())
        assert "{right}" in own["score"] and "{all}" in own["score"]


GOOD = "1. Why?\n\n   - [x] So\n\n     It is.\n\n   - [ ] Not so\n\n     It is.\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Why?\n", "one ordered list"),
        (GOOD + "\nAnd more.\n", "one ordered list"),
        ("1. Why?\n", "question 1 of the quiz doesn't end in a list of answers"),
        ("1. - [x] So\n\n     It is.\n", "doesn't begin with a paragraph"),
        (GOOD.replace("[ ]", "[x]"), "2 answers, of which 2 are right"),
        (GOOD.replace("[x]", "[ ]"), "2 answers, of which 0 are right"),
        (GOOD.replace("[ ]", "[?]"), "doesn't begin with [ ] or [x]"),
        (GOOD.replace("\n\n     It is.", "", 1), "has no why: [x] So"),
        (GOOD[: GOOD.index("   - [ ]")], "1 answers, of which 1 are right"),
    ],
)
def test_a_quiz_with_a_mistake_is_refused_with_the_reason(tmp_path, text, words):
    error, _ = sphinx(tmp_path, "html", text=f"# Page\n\n:::{{quiz}}\n\n{text}\n:::\n")
    assert words in error, error


# --------------------------------------------------------------------------- what is asked


@chapters
def test_a_chapter_asks_five_questions_before_what_to_remember(path):
    text = prose(read(path))
    assert text.index("## Five questions") < text.index(":::{quiz}")
    assert text.index(":::{quiz}") < text.index("## What to remember") < text.index("## Exercises")
    questions = asked(path)
    assert len(questions) == 5
    for question, answers in questions:
        assert question.count("?") >= 1 and question.endswith("?"), question
        assert 3 <= len(answers) <= 5, question
        assert sum(right for right, _, _ in answers) == 1, question
        assert len({answer for _, answer, _ in answers}) == len(answers), question
        for _, answer, why in answers:
            # A link within an answer would be followed by whoever clicks on the answer.
            assert "{term}" not in answer and "{ref}" not in answer and "](" not in answer
            assert len(why) >= 20 and why[-1] in ".*", f"{answer}: {why}"


def test_the_right_answer_stands_in_every_place_and_is_not_always_the_longest():
    places, longest, count = set(), 0, 0
    for path in CHAPTERS:
        for _, answers in asked(path):
            (place,) = [n for n, (right, _, _) in enumerate(answers) if right]
            places.add(place)
            longest += place == max(range(len(answers)), key=lambda n: len(answers[n][1]))
            count += 1
    assert places == {0, 1, 2, 3}
    assert longest <= 0.6 * count, f"{longest} of {count}"


def facts():
    """Yield (chapter, a piece of its quiz, whether the package says the same).

    The piece must be in the quiz: no check outlives its text. A number in it counts as checked.
    """
    import itertools

    import numpy as np

    from lenet_tutorial import by_hand, models, results, shapes
    from lenet_tutorial.images import prepare
    from lenet_tutorial.layers import digit_codes
    from lenet_tutorial.shapes import output_size, trace
    from lenet_tutorial.tables import layer_table, networks, rivals

    def sides(image):
        return {reach.name: reach.size for reach in trace(image, shapes.LENET5)}

    def mean(name, **where):
        """Return the mean test error over the seeds of a long run on MNIST, in per cent."""
        rows = results.read(name).query("dataset == 'mnist'")
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return 100 * (1 - rows["test_accuracy"].mean())

    rival = rivals().set_index("method")["test_error"]
    dense = (
        rivals().query("family == 'dense network' and digits == 'as they are'")["test_error"].min()
    )
    yield "01", "614 656 weights", (28 * 28) ** 2 == 614_656
    yield "01", "it has 19 600", 784 * 25 == 19_600
    yield "01", "25 weights for each of the 784 units", 28 * 28 == 784
    yield "01", "9 760 parameters", networks().loc["1989 network", "parameters"] == "9 760"
    yield "01", "and 64 660 connections", networks().loc["1989 network", "connections"] == "64 660"
    yield (
        "01",
        "All 64 units of a map of H1",
        "H1 12@8×8" in networks().loc["1989 network", "layers"],
    )
    yield "01", "nearly twenty times as many mistakes", 18.5 < 18 / rival["LeNet-5"] < 20
    yield "01", "three times as many mistakes", 2.9 < dense / rival["LeNet-5"] < 3.3

    copy, old = layer_table(models.lenet5_textbook()), layer_table(models.lenet_1989())
    published = layer_table(models.lenet5_1998())
    yield "02", "156\n\n     6 × (25 + 1)", copy.loc["C1", "parameters"] == 156
    yield "02", "25 weights make 150", copy.loc["C1", "parameters"] - 6 == 150
    yield "02", "122 304", copy.loc["C1", "connections"] == 122_304
    yield "02", "All 784 units of a map", sides(32)["C1"] ** 2 == 784
    yield "02", "They stay as they are: 2 416.", copy.loc["C3", "parameters"] == 2_416
    yield (
        "02",
        "26 × 26 units then, in place of 10 × 10",
        (sides(64)["C3"], sides(32)["C3"]) == (26, 10),
    )
    yield "02", "These are 150 values", (2_416 - 16) / 16 == 150
    yield "02", "14 × 14 of them", sides(32)["S2"] == 14
    yield "02", "because it expects 400 values", sides(32)["S4"] ** 2 * 16 == 400
    yield "02", "It gives maps of 5 × 5 units.", sides(48)["C5"] == 5
    yield "02", "S4's maps are 9 × 9 then", sides(48)["S4"] == 9

    reach = {one.name: one for one in trace(64, shapes.LENET5)}  # an image larger than any field
    yield "03", "= 2. The windows start", output_size(6, 3, stride=2) == 2
    yield "03", "(6 − 3) / 2 + 1 is 2.5", (6 - 3) / 2 + 1 == 2.5
    yield "03", "right for `same` padding", output_size(6, 3, stride=2, padding="same") == 3
    yield "03", "two on each side", output_size(28, 5, padding=2) == 28
    yield "03", "enough for a kernel of 3", output_size(28, 3, padding=1) == 28
    yield "03", "by six pixels", output_size(28, 5, padding=5) == 28 + 6
    yield "03", "⌈28 / 2⌉ = 14", output_size(28, 3, stride=2, padding="same") == 14
    yield "03", "the output of `valid`", output_size(28, 3, stride=2) == 13
    yield "03", "one zero is added", sum(shapes.pad_amounts(28, 3, 2, "same")) == 1
    yield "03", "A unit of S4 sees 16 pixels", reach["S4"].receptive_field == 16
    yield "03", "it sees 32 pixels just the same", reach["C5"].receptive_field == 32
    yield "03", "only four pixels apart", reach["S4"].jump == 4
    yield "03", "only 28 − 5 + 1 = 24 places", output_size(28, 5) == 24
    small = [reach.size for reach in trace(28, shapes.LENET5[:4])]
    yield "03", "28 → 24 → 12 → 8 → 4", small == [24, 12, 8, 4]

    p = by_hand.softmax(np.log([[0.2, 0.5, 0.3]]))[0]
    yield "04", "Up, by 0.6 times the learning rate.", 1 - 0.1 * -0.6 > 1  # against the slope
    yield "04", "0.2, −0.5, 0.3", np.allclose(p - [0, 1, 0], [0.2, -0.5, 0.3])
    yield "04", "and not 784 of them", sides(32)["C1"] ** 2 == 784

    tanh = {"input_size": 32, "activation": "tanh"}
    relu = {"input_size": 32, "activation": "relu"}
    base = mean("changes", pooling="average", **tanh)
    pooled = base - mean("changes", pooling="max", **tanh)
    rectified = base - mean("changes", pooling="average", **relu)
    both = base - mean("changes", pooling="max", **relu)
    yield (
        "05",
        "−ln 0.9 is 0.11, and −ln 0.5 is 0.69",
        (round(-math.log(0.9), 2) == 0.11 and round(-math.log(0.5), 2) == 0.69),
    )
    yield "05", "takes about 0.4 points off", round(pooled, 1) == 0.4
    yield "05", "ReLU takes 0.4 points off as well", round(rectified, 1) == 0.4
    yield "05", "About 0.8 points.", round(pooled + rectified, 1) == 0.8
    yield "05", "No more than from one of them.", both <= max(pooled, rectified)
    yield "05", "With ReLU in place, max pooling gained nothing", both <= rectified

    more = copy["parameters"] - published["parameters"]
    rule = sorted(100 * (1 - results.read("levenberg")["test_accuracy"]))
    yield "08", "1 706 more parameters", more.sum() == 1_706
    yield "08", "The full C3 has 900 more", more["C3"] == 900
    yield "08", "the output 850", more["output"] == 850
    yield "08", "have lost their 44", -(more["S2"] + more["S4"]) == 44
    yield (
        "08",
        "C5 has 48 120 parameters in both",
        set(published.loc["C5", ["parameters"]]) == {48_120},
    )
    yield "08", "has the penalty 84", set((digit_codes() ** 2).sum(axis=1)) == {84}
    yield "08", "1.08 %, 0.98 % and 7.9 %", [round(one, 2) for one in rule] == [0.98, 1.08, 7.9]
    yield "08", "The mean, 3.32 %.", round(sum(rule) / 3, 2) == 3.32

    road = 100 * results.read("zip1989").groupby("recipe")[["train_error", "test_error"]].mean()
    paper, ours = 5.0, round(road.loc["paper", "test_error"], 2)
    chance = math.sqrt(sum(e / 100 * (1 - e / 100) / 2_007 for e in (paper, ours)))
    step = road.loc["distort"] - road.loc["softmax"]
    yield "09", "our copy gets 3.84 %", ours == 3.84
    yield "09", "The difference is 1.8 times", round((paper - ours) / 100 / chance, 1) == 1.8
    yield "09", "uncertain by nearly half a point", 0.4 < 100 * math.sqrt(0.04 * 0.96 / 2_007) < 0.5
    yield "09", "the training error went *up*", step["train_error"] > 0
    yield "09", "went down by 1.1 points", round(step["test_error"], 1) == -1.1
    yield "09", "It has 9 760", old["parameters"].sum() == 9_760
    yield "09", "64 biases in place of one", old.loc["H1", "output"] == "12@8×8"
    yield "09", "They add up to −8", 1 - 9 == -8

    article = layer_table(models.lenet5_article())
    dense_work = 784 * 56 + 56 * 10
    moved = {"kind": "shift", "amount": 4.0}
    lenet, big = {"network": "lenet5_article"}, {"network": "784-300-10"}
    yield "07", "9.3 % errors on the pixels", round(mean("probes", layer="pixels"), 1) == 9.3
    for what, weights, error in (
        ("2.4 % on S4", "trained", 2.4),
        ("It makes 6.6 %", "untrained", 6.6),
    ):
        yield "07", what, round(mean("probes", layer="S4", weights=weights), 1) == error
    shuffled = mean("rivals", recipe="shuffled", **lenet) / mean("rivals", recipe="plain", **lenet)
    yield "07", "nearly five times as many errors", 4.5 < shuffled < 5
    yield "07", "LeNet's C1 alone has 3 456", article.loc["C1", "output"] == "6@24×24"
    yield "07", "It does 6.3 times", round(article["multiply_adds"].sum() / dense_work, 1) == 6.3
    for what, where, recipe, error in (
        ("45.7 %", lenet, "plain", 45.7),
        ("68.9 %", big, "plain", 68.9),
        ("it is 9.0 % errors", lenet, "distorted", 9.0),
    ):
        yield "07", what, round(mean("tolerance", recipe=recipe, **where, **moved), 1) == error

    yield "10", "18 weights for each pair of maps in place of 25", (2 * 3 * 3, 5 * 5) == (18, 25)

    most = math.log(sys.float_info.max)
    yield "13", "e to the power of 1000 is infinite", 700 < most < 1000
    yield "14", "28 stand in the next window", 32 - 4 == 28
    yield "14", "covers the maps of S4 with its kernel", sides(32)["S4"] == 5
    yield "14", "convolutions of 1 × 1", sides(32)["C5"] == 1
    yield "14", 'paths "40" with penalty 0.7', math.isclose(0.6 + 0.1, 0.7)
    yield "14", '"110" with penalty 1.2', math.isclose(0.2 + 0.9 + 0.1, 1.2)
    spelled = "".join(one for one, _ in itertools.groupby("-44-47") if one != "-")
    yield "14", "447, three digits", spelled == "447"
    yield "14", "4447, four digits", "-44-47".replace("-", "") == "4447"
    yield "14", "47, two digits", spelled != "47"
    yield "15", "only 256 levels", np.iinfo(np.uint8).max + 1 == 256
    yield "15", "has 28 × 28 pixels", 20 + 2 * 4 == 28
    yield "15", "values from 0 to 1", prepare(np.full((1, 28, 28), 255, np.uint8)).max() == 1

    reached = 100 * results.read("one_epoch_parts").groupby("recipe")["val_accuracy"].mean()
    lost = reached["one epoch"] - reached
    yield "16", "cost 0.4 points", round(lost["batch 512"], 1) == 0.4
    yield "16", "118 steps", 118 == -(-60_000 // 512)
    yield "16", "fewer than 235", 235 == -(-60_000 // 256)
    yield "16", "0.01 points apart", round(lost["whole picture"], 2) == 0.01
    yield "16", "6 × 6 places in place of 8 × 8", ((24 - 4) // 2 - 4, (28 - 4) // 2 - 4) == (6, 8)
    yield "16", "has 25 weights for each map", 5 * 5 == 25
    yield "16", "8 · 0.1 · 0.1 / 2 = 0.04", math.isclose(8 * 0.1**2 / 2, 0.04)
    yield "16", "0.3 · 0.4 · 0.4 / 2 = 0.024", math.isclose(0.3 * 0.4**2 / 2, 0.024)
    yield "16", "From −7 to 7, for 2³ − 1 is 7", 2**3 - 1 == 7
    yield "16", "16 patterns of 4 bits", 2**4 == 16
    yield "16", "But −8 is left out", -(2**3) == -8
    few = ledger.facts()["few-parameters"]["value"]
    yield "16", "A network of 697 parameters", few == "697"


def test_every_number_in_a_quiz_is_in_its_chapter_or_is_computed_here():
    pieces = {}
    for chapter, piece, holds in facts():
        pieces.setdefault(chapter, []).append(piece)
        (path,) = [one for one in CHAPTERS if one.name.startswith(chapter)]
        text = re.sub(r"(?<=\d)\u00a0(?=\d{3})", " ", prose_of_quiz(path))
        assert piece in text, f"{path.name}: {piece}"
        assert holds, f"{path.name}: {piece}"
    for path in CHAPTERS:
        checked = "\n".join(pieces.get(path.name[:2], []))
        known = numbers_in(code_cells(read(path)))
        known |= numbers(re.sub(r"(?<=\d) (?=\d{3}\b)", "", checked))
        text = re.sub(r"\{[\w:-]+\}`[^`]*`|^\(.*\)=", "", prose_of_quiz(path), flags=re.M)
        assert not unfounded(text, known), path.name


# --------------------------------------------------------------------------- in the browser


def quiz_of(page, number=0):
    return page.locator(".quiz").first.locator("fieldset").nth(number)


def place_of(path, number, right):
    """Return the place of the right answer to a question, or of the first wrong one."""
    return [told for told, _, _ in asked(path)[number][1]].index(right)


@pytest.fixture
def ready(browser, server):
    """Open a chapter with a quiz; no script may have stumbled when the test is over."""
    page, _, problems = visit(browser, f"{server}/chapters/{CHAPTERS[1].stem}.html")
    yield page
    assert not problems
    page.context.close()


@pytest.mark.browser
def test_a_click_tells_right_from_wrong_and_says_why(ready):
    path, box = CHAPTERS[1], quiz_of(ready)
    result = box.get_by_role("status")
    assert result.inner_text() == ""
    for right, word, sign in ((False, "Not quite.", "✗"), (True, "Right.", "✓")):
        place = place_of(path, 0, right)
        _, answer, why = asked(path)[0][1][place]
        box.get_by_role("radio", name=answer, exact=True).check()
        assert result.inner_text() == ""  # what was said of another answer has gone
        box.get_by_role("button", name="Check").click()
        text = result.inner_text()
        assert text.startswith(f"{sign} {word}") or text.startswith(f"{sign}{word}"), text
        first_words = re.sub(r"\{\w+\}`([^`<]*).*", r"\1", why)[:25]
        assert first_words in text.replace("\u00a0", " "), text
        # The sign is for the eyes; who listens hears the word.
        assert result.locator("[aria-hidden=true]").inner_text() == sign


@pytest.mark.browser
def test_without_a_choice_it_asks_for_one_and_counts_nothing(ready):
    box = quiz_of(ready)
    box.get_by_role("button", name="Check").click()
    assert "Choose an answer first." in box.get_by_role("status").inner_text()
    assert ready.get_by_role("button", name="Try again").count() == 0


@pytest.mark.browser
def test_the_score_counts_first_tries_and_try_again_starts_anew(ready):
    path, score = CHAPTERS[1], ready.locator(".quiz-score")
    for number in range(5):
        assert score.inner_text() == ""
        # The first question is missed, and then found: that is no first try.
        for right in [False, True] if number == 0 else [True]:
            box = quiz_of(ready, number)
            box.get_by_role("radio").nth(place_of(path, number, right)).check()
            box.get_by_role("button", name="Check").click()
    assert score.inner_text() == "4 of 5 at the first try."
    assert score.get_attribute("role") == "status"
    ready.get_by_role("button", name="Try again").click()
    assert score.inner_text() == ""
    assert ready.locator(".quiz input:checked").count() == 0
    assert ready.locator(".quiz-result").all_inner_texts() == [""] * 5
    # The focus is on the first answer, and not lost with the button.
    assert ready.evaluate("document.activeElement.name") == "quiz-1-1"


@pytest.mark.browser
def test_a_quiz_is_taken_with_the_keyboard_alone(ready):
    path, box = CHAPTERS[1], quiz_of(ready, 1)
    box.get_by_role("radio").first.focus()
    # The Tab key has stopped once per question, and one sees where.
    look = box.get_by_role("radio").first.evaluate(
        "radio => [radio.matches(':focus-visible'), getComputedStyle(radio).outlineStyle]"
    )
    ready.keyboard.press("Space")
    for _ in range(place_of(path, 1, True)):
        ready.keyboard.press("ArrowDown")
    ready.keyboard.press("Tab")
    assert ready.evaluate("document.activeElement.innerText") == "Check"
    seen = ready.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert seen == "3px" and look == [True, "solid"]
    ready.keyboard.press("Enter")
    assert "Right." in box.get_by_role("status").inner_text()
    assert ready.evaluate("document.activeElement.innerText") == "Check"  # it stays where it is
    # A group that has its question as its name.
    group = ready.get_by_role("group", name=re.compile("^2\\. The same network"))
    assert group.count() == 1


@pytest.mark.browser
def test_without_javascript_the_answer_is_folded_away(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/chapters/{CHAPTERS[1].stem}.html")
    box = quiz_of(page)
    assert box.locator("input, button").count() == 0
    why = box.locator(".quiz-right .quiz-why")
    assert not why.is_visible() and "156" in box.locator(".quiz-choices").inner_text()
    box.locator("summary").focus()
    page.keyboard.press("Enter")
    assert why.is_visible() and "six kernels" in why.inner_text()
    context.close()


@pytest.mark.browser
def test_on_paper_there_are_questions_and_answers_and_nothing_to_press(ready):
    ready.emulate_media(media="print")
    ready.evaluate("dispatchEvent(new Event('beforeprint'))")
    box = quiz_of(ready)
    assert not box.get_by_role("button").is_visible()
    assert not box.locator("input").first.is_visible()
    assert box.locator(".quiz-right .quiz-why").is_visible()
    assert box.locator(".quiz-choice").first.is_visible()
    ready.evaluate("dispatchEvent(new Event('afterprint'))")
    ready.emulate_media(media="screen")
    assert not box.locator(".quiz-solution").is_visible()


@pytest.mark.browser
def test_the_script_is_loaded_where_there_is_a_quiz_only(browser, server):
    for name, loaded in ((f"chapters/{CHAPTERS[0].stem}", 1), ("book/glossary", 0)):
        page, requests, _ = visit(browser, f"{server}/{name}.html")
        assert len([url for url in requests if "/_static/quiz/" in url]) == loaded
        page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_to_complain_of_in_a_quiz(browser, server, width, theme):
    page, _, _ = visit(
        browser, f"{server}/chapters/{CHAPTERS[2].stem}.html", width=width, theme=theme
    )
    for number in range(5):  # right answers, wrong answers, and one that is missing
        box = quiz_of(page, number)
        if number:
            box.get_by_role("radio").nth(place_of(CHAPTERS[2], number, number < 3)).check()
        box.get_by_role("button", name="Check").click()
    found, passed = look_with_axe(page, ".quiz")
    assert not found, found
    assert passed > 10
    page.context.close()


# --------------------------------------------------------------------------- what is kept


def answered(page, path, rights):
    """Answer the first questions of a quiz, each rightly or wrongly."""
    for number, right in enumerate(rights):
        box = quiz_of(page, number)
        box.get_by_role("radio").nth(place_of(path, number, right)).check()
        box.get_by_role("button", name="Check").click()


def again(page):
    page.reload()
    until(page, "document.querySelector('.quiz-on')")


@pytest.mark.browser
def test_answers_are_there_after_a_reload_until_one_tries_again(ready):
    answered(ready, CHAPTERS[1], [False, True, True, True])
    last = quiz_of(ready, 4).get_by_role("radio").nth(place_of(CHAPTERS[1], 4, True))
    last.check()  # chosen, and not checked yet
    before = ready.locator(".quiz-result").all_inner_texts()
    assert "Not quite." in before[0] and "Right." in before[1] and before[4] == ""
    again(ready)
    assert ready.locator(".quiz-result").all_inner_texts() == before
    assert last.is_checked() and ready.locator(".quiz input:checked").count() == 5
    assert ready.locator(".quiz-score").inner_text() == ""
    quiz_of(ready, 4).get_by_role("button", name="Check").click()
    # The first try of the first question is not forgotten.
    box = quiz_of(ready, 0)
    box.get_by_role("radio").nth(place_of(CHAPTERS[1], 0, True)).check()
    box.get_by_role("button", name="Check").click()
    assert ready.locator(".quiz-score").inner_text() == "4 of 5 at the first try."
    again(ready)
    assert ready.locator(".quiz-score").inner_text() == "4 of 5 at the first try."
    ready.get_by_role("button", name="Try again").click()
    again(ready)
    assert ready.locator(".quiz input:checked").count() == 0
    assert ready.get_by_role("button", name="Try again").count() == 0


@pytest.mark.browser
def test_answers_to_other_questions_are_not_taken_and_pages_are_kept_apart(ready, server):
    answered(ready, CHAPTERS[1], [True])
    keys = ready.evaluate("Object.keys(localStorage).filter(key => key.includes('quiz'))")
    assert len(keys) == 1 and CHAPTERS[1].stem in keys[0]
    ready.goto(f"{server}/chapters/{CHAPTERS[2].stem}.html")
    assert ready.locator(".quiz input:checked").count() == 0
    ready.goto(f"{server}/chapters/{CHAPTERS[1].stem}.html")
    assert ready.locator(".quiz input:checked").count() == 1
    ready.route(
        f"**/{CHAPTERS[1].stem}.html",
        lambda route: route.fulfill(
            body=re.sub(r'data-text="\w+"', 'data-text="another"', route.fetch().text()),
            content_type="text/html",
        ),
    )
    again(ready)
    assert ready.locator(".quiz input:checked").count() == 0


def test_a_quiz_that_changes_has_another_mark():
    def made(text="Why?", right=(True, False)):
        reasons = [quiz.quiz_reason("", right=one) for one in right]
        return quiz.mark(quiz.quiz("", nodes.paragraph("", text), *reasons))

    marks = {made(), made("Who?"), made(right=(False, True))}
    assert made() in marks and len(marks) == 3


@pytest.mark.browser
@pytest.mark.parametrize(
    "kept", ["{", '{"text": "%s", "answers": [[9, 1, 1, 1], 3, null, [0, "x"]]}', "null", "[]"]
)
def test_damaged_answers_are_passed_over(ready, kept):
    answered(ready, CHAPTERS[1], [True])
    mark = ready.locator(".quiz").first.get_attribute("data-text")
    ready.evaluate(
        "text => Object.keys(localStorage).filter(key => key.includes('quiz'))"
        ".forEach(key => localStorage.setItem(key, text))",
        kept.replace("%s", mark),
    )
    again(ready)
    assert ready.locator(".quiz input:checked").count() == 0
    answered(ready, CHAPTERS[1], [True])
    assert "Right." in quiz_of(ready).get_by_role("status").inner_text()


@pytest.mark.browser
def test_without_storage_a_quiz_works_and_forgets(browser, server):
    context = browser.new_context()
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.add_init_script(
        "for (const act of ['getItem', 'setItem', 'removeItem'])"
        " Storage.prototype[act] = () => { throw new DOMException('full', 'QuotaExceededError') }"
    )
    page.goto(f"{server}/chapters/{CHAPTERS[1].stem}.html")
    answered(page, CHAPTERS[1], [True])
    assert "Right." in quiz_of(page).get_by_role("status").inner_text()
    page.get_by_role("button", name="Try again").click()
    assert not [one for one in problems if "quiz" in one]
    context.close()
