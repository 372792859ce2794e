"""What the Chinese edition translates of code cells: comments and tables, and no code."""

import ast
import io
import re
import tokenize

import catalogues
import cells
import lettering
import pytest
import test_zh
from contents import ROOT, code_cells, notebooks, read

COMMENTS, TABLES = (lettering.read(ROOT, "zh_CN", name) for name in ("comments", "tables"))
#: Names of the code, of programs and of layers, which a table keeps.
SAME = {
    *"AlexNet VGG-16 ResNet-50 LeNet LeNet-1 LeNet-4 LeNet-5 MNIST Net-{a} Adam ReLU NaN".split(),
    *"tanh relu softmax keras adamw distort more fast article lenet5_article bfloat16 XLA".split(),
    *"batch_size optimizer adam learning_rate schedule constant cosine warmup dtype ema".split(),
    *"float32 mixed_bfloat16 whole_epochs False True weight_decay label_smoothing".split(),
    *("alpha", "sigma", "784-300-10 tanh"),
}


@pytest.mark.parametrize("name", ["comments", "tables"])
def test_the_catalogue_has_every_word_and_no_other(name):
    file = catalogues.LOCALE / f"{name}.po"
    now = catalogues.merge(catalogues.read(file), catalogues.gather(name))
    assert not catalogues.unfinished(now), "run `make catalogues` and translate what it names"
    assert catalogues.as_text(now) == file.read_text(encoding="utf-8"), "run `make catalogues`"
    assert len(now) > 100


def test_translations_are_chinese_and_keep_their_numbers():
    for table, same in ((TABLES, SAME), (COMMENTS, set())):
        for text, chinese in table.items():
            named = text in same or lettering.is_name(text)
            assert bool(lettering.CHINESE.search(chinese)) != named, text
            assert chinese == text or not named, text
            both = (re.sub(r"(?<=\d) (?=\d{3})", "\u00a0", one) for one in (text, chinese))
            assert not test_zh.lost(*both), text
            assert "\n" not in chinese


def docstrings(tree):
    """Yield the constants that are docstrings of functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            yield node.body[0].value


def code(source):
    """Return what Python does by some source: its tree without docstrings."""
    tree = ast.parse(source)
    for constant in docstrings(tree):
        constant.value = ""
    return ast.dump(tree)


@notebooks
def test_the_code_is_the_same_and_all_comments_are_chinese(path):
    for cell in code_cells(read(path)):
        chinese = cells.with_comments(cell.source, COMMENTS)
        assert code(chinese) == code(cell.source), cell.id
        parts = [
            [
                token.string
                for token in tokenize.generate_tokens(io.StringIO(text).readline)
                if token.type != tokenize.COMMENT and not token.string.startswith('"""')
            ]
            for text in (cell.source, chinese)
        ]
        assert parts[0] == parts[1], cell.id
        for *_, text in cells.comments(chinese):
            assert lettering.CHINESE.search(text) or lettering.is_name(text), (cell.id, text)
        for constant in docstrings(ast.parse(chinese)):
            for line in filter(str.strip, constant.value.split("\n")):
                assert lettering.CHINESE.search(line), (cell.id, line)
        assert max(map(len, chinese.split("\n"))) <= 100


def test_programs_in_a_text_have_chinese_comments_too():
    text = "a  # units\n\n```python\nx = 1  # units\n\n# units\ny = 2\n```\n\n```\n# units\n```"
    assert cells.with_programs(text, {"units": "单元"}) == (
        "a  # units\n\n```python\nx = 1  # 单元\n\n# 单元\ny = 2\n```\n\n```\n# units\n```"
    )
    found = [
        (program, cells.with_comments(program, COMMENTS))
        for cell in catalogues.every_cell()
        for program in cells.programs(cell.source)
        if cell.cell_type == "markdown"
    ]
    assert found
    for english, chinese in found:
        assert code(english) == code(chinese)
        for *_, words in cells.comments(chinese):
            assert lettering.CHINESE.search(words), words


@notebooks
def test_all_words_of_tables_are_chinese(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            english = output.get("data", {}).get("text/html", "")
            chinese = cells.with_tables(english, TABLES)
            for word in cells.words_of_tables(chinese):
                kept = word in SAME or re.fullmatch(r"Net-\d", word)
                assert kept or lettering.CHINESE.search(word), (cell.id, word)
            titles = re.findall(r'<th[^>]* title="([^"]*)">', chinese)
            assert set(titles) <= set(cells.words_of_tables(english)), cell.id
            numbers = [re.findall(r">([\d.,\s-]+)<", text) for text in (english, chinese)]
            assert numbers[0] == numbers[1], cell.id


def test_a_comment_is_told_from_a_string_and_from_a_word_to_a_program():
    source = 'x = "# units"  # units\n# units\ny = 1  # fmt: skip\n    # other'
    assert cells.with_comments(source, {"units": "单元", "fmt: skip": "x"}) == (
        'x = "# units"  # 单元\n# 单元\ny = 1  # fmt: skip\n    # other'
    )
    assert [text for *_, text in cells.comments(source)] == ["units", "units", "other"]


def test_a_docstring_is_told_from_other_strings():
    source = '''def units(x):
    """Return units.

    x: units
        (n, "units")
    """
    if x:  # units
        "units".join(x)
    return """units"""


class Units:
    # units
    """Units."""  # of 1998
'''
    words = ["Return units.", "x: units", '(n, "units")', "units", "units", "Units.", "of 1998"]
    assert [text for *_, text in cells.comments(source)] == words
    table = {"x: units": "x：单元", "units": "单元", "Units.": "单元。"}
    chinese = cells.with_comments(source, table)
    assert code(chinese) == code(source) and '"units".join(x)' in chinese
    assert chinese.count("单元") == 4 and 'return """units"""' in chinese


def test_a_heading_says_what_the_code_calls_it_and_other_tables_stay():
    text = (
        '<table border="1" class="dataframe"><tr><th valign="top">test error</th><th>C1</th>'
        "<td>test error</td><td>0.5</td><td>cat &amp; dog</td></tr></table>"
    )
    table = {"test error": "测试错误率", "cat & dog": "甲 & 乙"}
    assert cells.with_tables(text, table) == (
        '<table border="1" class="dataframe"><tr>'
        '<th valign="top" title="test error">测试错误率</th><th>C1</th>'
        "<td>测试错误率</td><td>0.5</td><td>甲 &amp; 乙</td></tr></table>"
    )
    other = text.replace(' class="dataframe"', "")
    assert cells.with_tables(other, table) == other
