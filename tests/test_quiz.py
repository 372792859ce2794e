"""The quizzes: what is asked, in which words, in which language, and how it works in a browser."""

import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent

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
    (source / "index.md").write_text(text)
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'quiz']\n"
        "myst_enable_extensions = ['colon_fence', 'dollarmath']\n"
        f"language, locale_dirs = {language!r}, ['locale']\n"
    )
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", builder]
    done = subprocess.run([*command, str(source), str(out)], capture_output=True, text=True)
    return done.stderr, out


def built(folder, builder, **settings):
    error, out = sphinx(folder, builder, **settings)
    assert error == ""
    return out


def read_page(out):
    return BeautifulSoup((out / "index.html").read_text(), "html.parser")


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
    text = (built(tmp_path, "text") / "index.txt").read_text()
    assert "1. How many parameters" in text and "2. Does this work?" in text
    assert text.count("**Right.**") == text.count("**Not quite.**") == 2
    assert "[x]" not in text


def test_every_question_answer_and_why_is_a_message_without_its_mark(tmp_path):
    catalogue = (built(tmp_path, "gettext") / "index.pot").read_text()
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
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        import quiz
    finally:
        sys.path.pop(0)
    english = quiz.WORDS["en"]
    for words in quiz.WORDS.values():
        assert words.keys() == english.keys() and all(words.values())
        assert "{right}" in words["score"] and "{all}" in words["score"]


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
