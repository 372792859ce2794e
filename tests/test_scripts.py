"""The scripts of the explorer and the calculator: short enough to be read, and all of them used."""

import re

import explorer
import joined
import pytest
from bs4 import BeautifulSoup
from contents import ROOT

FOLDER = ROOT / "book" / "_static" / "explorer"
SCRIPTS = sorted(file for file in FOLDER.rglob("*.js") if file.parent.name != "weights")
# Around a script: what is inside is seen by nobody else. And around what a worker gets of it.
WHOLE = ("(function () {", "  function part(LeNet) {")


def functions(text):
    """Yield the first line of each function in a text that Prettier has set, and its length."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        opens = re.search(r"(\bfunction\b.*|=> |\) )\{$", line)
        if not opens or line in WHOLE or re.match(r" *(?:\} )?(?:if|for|while|else|catch)\b", line):
            continue
        indent = len(line) - len(line.lstrip())
        end = next(
            later
            for later in range(number + 1, len(lines))
            if re.match(rf" {{{indent}}}\}}", lines[later])
        )
        code = [one for one in lines[number : end + 1] if one.strip()]
        yield line.strip(), len(code)


def test_the_length_of_a_function_is_found():
    text = "(function () {\n  function one(a) {\n    if (a) {\n      b();\n    }\n\n  }\n"
    text += "  const two = (a) => {\n    c();\n  };\n  x.on(1, () => {\n    d();\n  });\n"
    text += "  const three = {\n    four() {\n      e();\n    },\n  };\n})();\n"
    assert dict(functions(text)) == {
        "function one(a) {": 5,
        "const two = (a) => {": 3,
        "x.on(1, () => {": 3,
        "four() {": 3,
    }


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: str(file.relative_to(FOLDER)))
def test_a_script_can_be_read_in_one_sitting(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith("/* ") and "import " not in text  # it says what it is; no module
    assert len(text.splitlines()) <= 400
    long = {line: length for line, length in functions(text) if length > 60}
    assert not long


def test_every_script_is_loaded_by_the_explorer_or_the_calculator():
    loaded = {name for program in explorer.PROGRAMS.values() for name in program.wanted()}
    loaded |= {*explorer.ASKED, *explorer.PHOTOS}
    files = {file.relative_to(FOLDER).with_suffix("").as_posix() for file in SCRIPTS}
    assert {*explorer.WORDS, *loaded, *explorer.LEARNING} == {"words", *files}


@pytest.mark.parametrize(
    ("page", "program", "data"),
    [
        ("book/explorer", "explorer", {}),
        ("book/calculator", "calculator", {}),
        ("book/line", "line", {}),
        (
            "chapters/02-layer-by-layer",
            "explorer",
            {"data-when": "asked", "data-files": "joined-later-explorer"},
        ),
        ("chapters/03-output-size", "calculator", {"data-part": "layer"}),
    ],
)
def test_a_page_carries_the_template_and_the_scripts_and_what_stands_without(
    site, page, program, data
):
    html = BeautifulSoup((site / f"{page}.html").read_bytes(), "html.parser")
    (place,) = html.select(f".lenet-{program}")
    given = {name: value for name, value in place.attrs.items() if name != "class"}
    assert given == data
    assert ("lx-page" in place["class"]) == page.startswith("book/")
    words, template = place.find_all(recursive=False)
    assert words.name == "p" and "needs JavaScript" in words.text
    assert template.name == "template" and len(template.select("[data-lx]")) > 10
    assert not re.search(r">\s+<", template.decode())
    (script,) = html.select("script[src*='/explorer/']")
    name = "asked" if "data-when" in data else program
    assert script["src"].split("/explorer/")[1].partition("?")[0] == f"joined-{name}.js"
    assert "defer" in script.attrs and html.head.find("script", src=script["src"])
    # A list of layers has no place to draw one where the other part is left out.
    assert bool(template.select("[data-lx=list]")) == (page == "book/calculator")


def test_joined_scripts_hold_each_part_and_all_that_they_say():
    parts = explorer.SCRIPTS["explorer"]
    text = joined.script(parts)
    assert [name for name in re.findall(r'^LeNet.ran\["(.*)"\] = true', text, re.M)] == [
        *(name for name in parts if name != "words")
    ]
    assert text.count("/*") == 2  # what it is, and whence the words come
    said = {*joined.said([(FOLDER / f"{name}.js").read_text("utf-8") for name in parts[1:]])}
    assert {"explorer", "paper", "networks", "backward"} <= said and not {"trainer", "quiz"} & said
    assert '"explorer.reads' in text or '"explorer.' in text
    later = {*explorer.SCRIPTS["later-explorer"], *explorer.SCRIPTS["asked"]}
    assert later == {*explorer.SCRIPTS["explorer"], *explorer.ASKED}
    learned = {*explorer.SCRIPTS["learned"], *explorer.SCRIPTS["trainer"]}
    assert learned >= {*explorer.PROGRAMS["explorer"].wanted()}


def test_comments_on_lines_of_their_own_are_left_out_and_nothing_else():
    text = "/* One\n   two. */\na = 1; // why\n  // three\n\n\nb = `\n// no comment\n`;\n"
    text += "/** f */ const g = '/* h */';\n/* i */\n"
    assert joined.without_comments(text) == (
        "a = 1; // why\nb = `\n// no comment\n`;\n/** f */ const g = '/* h */';\n"
    )


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: str(file.relative_to(FOLDER)))
def test_a_script_can_be_joined_with_others(file):
    """Within the braces that joining puts around it, nothing of it is seen by others."""
    lines = joined.without_comments(file.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if line[0] not in " }`"] == ["(function () {"]
    assert lines[-1] == "})();"


def test_a_directive_without_words_or_with_an_unknown_part_is_refused():
    assert explorer.Mount.has_content
    with pytest.raises(ValueError, match='"both" unknown; choose from "layer", or "list"'):
        explorer.directive("calculator").option_spec["part"]("both")
    with pytest.raises(ValueError, match='"c1" unknown; choose from C1, S2, C3, '):
        explorer.directive("compute").option_spec["layer"]("c1")


def test_pages_and_chapters_name_no_script_of_it_by_hand():
    sources = [*ROOT.glob("book/*.md"), *ROOT.glob("chapters/*.ipynb")]
    assert len(sources) > 15
    for source in sources:
        assert "_static/explorer" not in source.read_text(encoding="utf-8"), source.name
