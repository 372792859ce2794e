"""The notebooks that Chinese pages hand out: Chinese words, the book's own code and outputs."""

import re
import subprocess
import sys
from collections import Counter

import catalogues
import cells
import downloads
import lettering
import nbformat
import pytest
from contents import ROOT, code_cells, read, tags
from test_zh_cells import code

CATALOGUES = {
    path: texts
    for path in catalogues.NOTEBOOKS
    if (texts := lettering.read(ROOT, "zh_CN", path.relative_to(ROOT).with_suffix("").as_posix()))
}
COMMENTS, FIGURES, TABLES = (
    lettering.read(ROOT, "zh_CN", name) for name in ("comments", "figures", "tables")
)
each = pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)

#: The Chinese pages without code.
MARKDOWN = [page for page in catalogues.translated_pages() if (ROOT / f"{page}.md").is_file()]

PICTURES = {downloads.DRAWING, downloads.PICTURE}
FENCE = re.compile(r"^([ >]*)(`{3,}|~{3,})(?!\{).*?^\1\2", re.MULTILINE | re.DOTALL)
LABEL = re.compile(r"^\([\w-]+\)=", re.MULTILINE)
OPTION = re.compile(r"^ *:[\w-]+:.*$", re.MULTILINE)
CODE = re.compile(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
TARGET = re.compile(r"\]\([^)]*\)|<[^>]*>|\{[^}]*\}|https?://\S+")
FIELD = re.compile(r"\{(?:figure|solution|exercise|raw|include)\} *([\w-]+)$", re.MULTILINE)
#: English that stays: the title of a book.
STAYS = ("The Elements of Statistical Learning",)


def translated(path):
    """Return the Chinese notebook of a chapter."""
    return downloads.translate(read(path), CATALOGUES[path], COMMENTS, FIGURES, TABLES)


def prose(source):
    """Return the lines of Markdown as they are read, without code, formulas, names and targets."""
    for sign in (FENCE, FIELD, LABEL, OPTION, CODE, TARGET):
        source = sign.sub("", source)
    for one in STAYS:
        source = source.replace(one, "")
    return source.split("\n")


def english(line):
    """Say whether a line has English words to be read: four in a row, or some and no Chinese."""
    if re.search(r"(?:\b[A-Za-z']{2,} ){4,}", line):
        return True
    few = re.search(r"\b[a-z]{2,}\b[^-].*\b[a-z]{2,}\b", line)
    return bool(few) and not lettering.CHINESE.search(line)


def html(cell):
    """Return the HTML that a cell's outputs hold."""
    found = (output.get("data", {}).get("text/html") for output in cell.outputs)
    return [one for one in found if one]


def pictures(cell):
    """Return in which forms each picture among a cell's outputs stands."""
    found = [PICTURES & {*output.get("data", {})} for output in cell.outputs]
    return [kinds for kinds in found if kinds]


def test_all_chapters_have_one():
    assert len(CATALOGUES) >= 15


@each
def test_a_chinese_notebook_is_valid_and_has_the_code_and_the_outputs_of_the_book(path):
    book, chinese = read(path), translated(path)
    nbformat.validate(chinese)
    assert [(c.id, c.cell_type) for c in book.cells] == [(c.id, c.cell_type) for c in chinese.cells]
    for one, other in zip(code_cells(book), code_cells(chinese), strict=True):
        assert code(one.source) == code(other.source), one.id
        tables = [cells.with_tables(table, TABLES) for table in html(one)]
        assert html(other) == tables
        changed = {downloads.UNLIKE} if one.outputs != other.outputs else set()
        assert {*tags(one), *changed} == {*tags(other)}, one.id
        assert pictures(other) == [
            {*kinds} - {downloads.PICTURE} or {*kinds} for kinds in pictures(one)
        ]
        for output in (*one.outputs, *other.outputs):
            for words in (*PICTURES, "text/html"):
                output.get("data", {}).pop(words, None)
        assert one.outputs == other.outputs, one.id


@each
def test_an_english_notebook_has_its_pictures_as_a_run_makes_them(path):
    for cell in code_cells(downloads.as_run(read(path))):
        assert all(kinds <= {downloads.PICTURE} for kinds in pictures(cell)), cell.id


@pytest.mark.slow
def test_what_is_handed_out_is_green_under_nbval_by_itself(tmp_path):
    (path,) = ROOT.glob("chapters/03-*.ipynb")
    nbformat.write(downloads.as_run(read(path)), tmp_path / "english.ipynb")
    nbformat.write(translated(path), tmp_path / "chinese.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "."]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stdout
    assert f"{2 * len(list(code_cells(read(path))))} passed" in ran.stdout


@each
def test_no_english_text_is_left_in_a_chinese_notebook(path):
    left = [
        f"{cell.id}: {line}"
        for cell in translated(path).cells
        if cell.cell_type == "markdown"
        for line in prose(cell.source)
        if english(line)
    ]
    assert not left, "\n".join(left)


@pytest.mark.parametrize("name", MARKDOWN)
def test_no_english_text_is_left_in_the_source_of_a_chinese_page(name):
    text = re.sub(r"\A---\n.*?\n---\n", "", downloads.chinese(ROOT, "zh_CN", name), flags=re.DOTALL)
    assert lettering.CHINESE.search(text.split("\n# ")[1].split("\n")[0]), "its title"
    left = [line for line in prose(text) if english(line)]
    assert not left, "\n".join(left)


@each
def test_captions_and_figures_of_a_chinese_notebook_are_chinese(path):
    for cell in code_cells(translated(path)):
        look = cell.metadata.get("mystnb", {})
        said = [look.get("image", {}).get("alt"), look.get("figure", {}).get("caption")]
        if "hide-input" in cell.metadata.get("tags", []):
            said.append(look.get("code_prompt_show"))
        for text in filter(None, said):
            assert lettering.CHINESE.search(text), (cell.id, text)
        for output in cell.outputs:
            drawing = output.get("data", {}).get(downloads.DRAWING, "")
            assert not re.search(r">[a-z]+ [a-z]+ ?[a-z]*</text>", drawing), cell.id


@each
def test_what_only_the_machine_reads_is_the_same(path):
    for one, other in zip(read(path).cells, translated(path).cells, strict=True):
        if one.cell_type == "markdown":
            one.source = cells.with_programs(one.source, COMMENTS)
            for sign in (LABEL, OPTION, FENCE, re.compile(r"^[ >]*(?::{3,}|`{3,})\S*", re.M)):
                kept = [found[0] for found in sign.finditer(one.source)]
                if sign is OPTION:  # some hold words
                    kept = [option.split(":")[1] for option in kept]
                now = [found[0] for found in sign.finditer(other.source)]
                if sign is OPTION:
                    now = [option.split(":")[1] for option in now]
                assert kept == now, one.id
            targets = [Counter(re.findall(r"\]\((#[\w-]+)\)", c.source)) for c in (one, other)]
            assert targets[0] == targets[1], one.id


TEXTS = {
    "A kernel is small.": "卷积核很小。",
    "kernel": "卷积核",
    "Small and\nlarge": "大小",
    "A layer": "层",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A kernel is small.", "卷积核很小。"),
        ("# A layer\n\nA kernel is small.\n", "# 层\n\n卷积核很小。\n"),
        ("- A layer\n  - [x] kernel\n1. kernel", "- 层\n  - [x] 卷积核\n1. 卷积核"),
        ("| kernel | A layer |\n|---|---|\n| kernels | kernel |",
         "| 卷积核 | 层 |\n|---|---|\n| kernels | 卷积核 |"),
        (":::{note} A layer\n:class: kernel\nA kernel is\nsmall.\n:::",
         ":::{note} 层\n:class: kernel\n卷积核很小。\n:::"),
        ("> Small and\n> large", "> 大小"),
        ("The kernel is here. A layer", "The kernel is here. A layer"),
        ("kernel\nA kernel is small.\nkernel", "卷积核\n卷积核很小。\n卷积核"),
    ],
)  # fmt: skip
def test_a_text_is_translated_where_it_is_whole(source, expected):
    assert downloads.with_texts(source, TEXTS) == expected
