"""What the programs on the pages say stands in one table, whole, and nowhere else."""

import json
import re

import explorer
import pytest
import quiz
import words
from contents import ROOT
from sphinx.errors import ExtensionError

STATIC = ROOT / "book" / "_static"
TEMPLATES = ROOT / "book" / "_templates"
ALL = words.read()
SCRIPTS = sorted(
    file
    for folder in ("explorer", "quiz")
    for file in (STATIC / folder).rglob("*.js")
    if file.parent.name != "weights"
)
PROGRAMS = [TEMPLATES / f"{name}.html" for name in explorer.PROGRAMS]
SAID = re.compile(r"""\bsay\(\s*["'`]([\w.-]+?)(\$\{|\.?["'`])""")
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
SENTENCE = re.compile(r"(?<![\w.#-])[A-Za-z’]+,? [a-z’]{2,}(?![\w-]*[:;=(])")
#: What is no sentence for a reader: a selector, a style, an attribute's list of classes.
CODE = re.compile(
    r"^use strict$|[\[{>#]|lx-|lc-|lt-|^\w+(?: \w+)*: |^\.|aria-|quiz-|sans-serif"
    r"|^(?:average|max) pooling$"  # a kind of layer
)
#: Scripts whose errors are compared with those of Python, word for word: they are for programmers.
SAME_IN_PYTHON = {"shapes.js"}
#: A script whose texts are code, of WebAssembly.
CODE_IN_TEXTS = {"products.js"}


def sentences(text):
    """Return what a script says by itself: its literals that look like words of a sentence."""
    found = LITERAL.findall(COMMENT.sub("", text))
    texts = [re.sub(r"\$\{[^}]*\}", "", one or two) for one, two in found]
    return [one for one in texts if SENTENCE.search(one) and not CODE.search(one)]


def test_a_sentence_in_a_script_is_found():
    text = '/* "A comment here." */ a("Draw a digit"); b("lx-map lx-on"); c(`It sees ${x} maps.`);'
    assert sentences(text) == ["Draw a digit", "It sees  maps."]


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_says_nothing_of_its_own(file):
    if file.name in SAME_IN_PYTHON:
        pytest.skip("its errors are those of Python")
    if file.name in CODE_IN_TEXTS:
        pytest.skip("its texts are code")
    found = sentences(file.read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize("file", PROGRAMS, ids=lambda file: file.name)
def test_a_template_says_nothing_of_its_own(file):
    text = re.sub(r"\{[{%#].*?[}%#]\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    seen = re.sub(r"<[^>]*>", "\n", text) + "\n".join(
        re.findall(r'(?:label|title)="([^"]*)"', text)
    )
    found = re.findall(r"[A-Za-z]{2,}[^\n]*", seen)
    assert found == []


def said():
    """Return the names that scripts, templates and extensions ask for, and beginnings of names."""
    files = [*SCRIPTS, *TEMPLATES.glob("*.html"), *(ROOT / "book" / "_ext").glob("*.py")]
    whole, begun = set(), set()
    for file in files:
        if file.name == "words.py":
            continue
        for name, end in SAID.findall(file.read_text(encoding="utf-8")):
            (begun if end == "${" or name.endswith(".") else whole).add(name)
    whole |= {f"quiz.{name}" for name in quiz.WORDS}
    return whole, begun


def test_what_is_asked_for_is_there_and_what_is_there_is_asked_for():
    whole, begun = said()
    assert [name for name in whole if name not in ALL] == []
    assert [one for one in begun if not any(name.startswith(one) for name in ALL)] == []
    names = {name.removesuffix(".one") for name in ALL}
    spare = {name for name in names if name not in whole and not name.startswith(tuple(begun))}
    assert spare == set()


def test_other_languages_have_the_same_names_and_places():
    for folder in words.FOLDER.iterdir():
        for file in folder.glob("*.json"):
            mine = json.loads(file.read_text(encoding="utf-8"))
            for key, text in mine.items():
                name = f"{file.stem}.{key}"
                assert name in ALL, f"{folder.name}: {name}"
                places = {*words.PLACE.findall(text)}
                assert places <= {*words.PLACE.findall(ALL[name])}, name
                assert text.strip(), name


def test_what_a_language_lacks_is_said_in_english(tmp_path):
    for name, table in {
        "en": {"a": "A {count}", "a.one": "one A", "b": "B"},
        "xy": {"b": "Y"},
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "thing.json").write_text(json.dumps(table), encoding="utf-8")
    say = words.sayer(words.read("xy", tmp_path))
    assert say("thing.b") == "Y"
    assert say("thing.a", count=1) == "one A"
    assert say("thing.a", count=2) == "A 2"
    named = words.sayer({"thing.a": "See {layer}", "named.output": "the last layer"})
    assert named("thing.a", layer="output") == "See the last layer"
    assert named("thing.a", layer="C1") == "See C1"
    put_in = words.sayer({"thing.a": "{layer} 的 {count} 个", "named.output": "输出层"})
    assert put_in("thing.a", layer="output", count=2) == "输出层的 2 个"
    assert put_in("thing.a", layer="C5", count=2) == "C5 的 2 个"
    with pytest.raises(ExtensionError, match=r"has no thing\.c"):
        say("thing.c")


def test_damaged_words_are_named(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "thing.json").write_text("{", encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"words/en/thing\.json: Expecting"):
        words.read("en", tmp_path)


@pytest.mark.browser
def test_a_script_says_what_the_table_holds(browser):
    page = browser.new_page()
    page.add_script_tag(content=words.script())
    page.add_script_tag(path=STATIC / "explorer" / "say.js")
    assert page.evaluate("LeNet.words") == ALL
    page.evaluate("LeNet.words = { 'a.b': 'B {count} {x}', 'a.b.one': 'one' }")
    assert page.evaluate("LeNet.say('a.b', { count: 1 })") == "one"
    assert page.evaluate("LeNet.say('a.b', { count: 2, x: 'y' })") == "B 2 y"
    assert page.evaluate("LeNet.say('a.c')") == "a.c"
    page.evaluate("LeNet.words['named.output'] = 'the last layer'")
    assert page.evaluate("LeNet.say('a.b', { count: 2, x: 'output' })") == "B 2 the last layer"
    assert page.evaluate("LeNet.sentences('A.', '', false, 'B.')") == "A. B."
    assert page.evaluate("LeNet.sentences('有。', 'C1 有。', '无')") == "有。C1 有。无"
    page.evaluate("LeNet.words = { 'a.b': '{x} 的 {count} 个', 'named.output': '输出层' }")
    assert page.evaluate("LeNet.say('a.b', { count: 2, x: 'output' })") == "输出层的 2 个"
    assert page.evaluate("LeNet.say('a.b', { count: 2, x: 'C5' })") == "C5 的 2 个"
    page.close()
