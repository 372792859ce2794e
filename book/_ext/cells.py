"""Sphinx extension: comments and docstrings of code, and the words of tables, in another language.

Sphinx translates texts, and a code cell is none. What a reader reads in one all the same are its
comments and docstrings, and the headings of a table below it. Their catalogues are
``comments.po`` and ``tables.po`` in ``locale/zh_CN/LC_MESSAGES``; ``scripts/catalogues.py`` says
what they lack. The code itself is the same in both languages. So is what it prints: a heading says
in its title what the code calls it.
"""

import html
import io
import re
import tokenize

import lettering
from docutils import nodes
from sphinx.transforms import SphinxTransform

TABLE = re.compile(r'<table [^>]*class="dataframe".*?</table>', re.DOTALL)
CELL = re.compile(r"<(t[hd])([^>]*)>([^<]+)</t[hd]>")
#: A comment that is for a program.
PRAGMA = re.compile(r"# (?:fmt|noqa|type|pragma)\b")
#: What stands round the words of a docstring.
QUOTES = re.compile(r'^\w?"{3}|"{3}$')
PROGRAM = re.compile(r"(?<=^```python\n).*?(?=\n```)", re.MULTILINE | re.DOTALL)


# ----------------------------------------------------------------------------------- comments


def comments(source):
    """Return what Python says to people: comments, and the lines of docstrings.

    Each is (line, column, words). A docstring stands alone where a block begins.
    """
    found, past = [], []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, column), kind = token.start, token.type
        if kind == tokenize.COMMENT and not PRAGMA.match(token.string):
            words = token.string.removeprefix("#").strip()
            found.append((row, column + token.string.index(words), words))
        if kind in (tokenize.COMMENT, tokenize.NL):
            continue
        kinds = [*(one.type for one in past), kind]
        if kinds == [tokenize.INDENT, tokenize.STRING, tokenize.NEWLINE]:
            found += words_of(past[1]) if past[1].string.endswith('"""') else []
        past = [*past[-1:], token]
    return sorted(found)


def words_of(docstring):
    """Yield the lines of a docstring that hold words, each as (line, column, words)."""
    row, column = docstring.start
    for number, line in enumerate(docstring.string.split("\n")):
        words = QUOTES.sub("", line).strip()
        if words:
            yield row + number, (0 if number else column) + line.index(words), words


def with_comments(source, table):
    """Return Python with its comments and docstrings in the language of a catalogue."""
    lines = source.split("\n")
    for row, column, text in comments(source):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + table.get(text, text) + line[column + len(text) :]
    return "\n".join(lines)


def programs(text):
    """Return the programs in Python that stand in Markdown."""
    return PROGRAM.findall(text)


def with_programs(text, table):
    """Return Markdown with the comments of its programs in the language of a catalogue."""
    return PROGRAM.sub(lambda found: with_comments(found[0], table), text)


# ----------------------------------------------------------------------------------- tables


def words_of_tables(text):
    """Return the words in the tables of pandas in a piece of HTML, in their order."""
    cells = [cell for table in TABLE.findall(text) for cell in CELL.findall(table)]
    words = [html.unescape(cell[2].strip()) for cell in cells]
    return [one for one in words if one and not lettering.is_name(one)]


def with_tables(text, table):
    """Return HTML with the words of its tables in the language of a catalogue."""

    def translate(found):
        kind, look, word = found[1], found[2], html.unescape(found[3].strip())
        said = None if lettering.is_name(word) else lettering.translated(word, table)
        if said is None or said == word:
            return found[0]
        title = f' title="{html.escape(word)}"' if kind == "th" else ""
        return f"<{kind}{look}{title}>{html.escape(said, quote=False)}</{kind}>"

    return TABLE.sub(lambda found: CELL.sub(translate, found[0]), text)


# ----------------------------------------------------------------------------------- on the pages


class TranslateCells(SphinxTransform):
    """Write the comments and the tables of a chapter in the language of the edition."""

    default_priority = 510  # after Sphinx has translated

    def apply(self, **kwargs):
        root, language = self.app.srcdir, self.config.language
        said = lettering.read(root, language, "comments")
        if said:
            for code in self.document.findall(is_python):
                source = with_comments(code.astext(), said)
                code[:] = [nodes.Text(source)]
                code.rawsource = source
        said = lettering.read(root, language, "tables")
        if said:
            for raw in list(self.document.findall(is_table)):
                raw[:] = [nodes.Text(with_tables(raw.astext(), said))]


def is_python(node):
    """Say whether a node of a page is the code of a cell."""
    return isinstance(node, nodes.literal_block) and "python" in node.get("language", "")


def is_table(node):
    """Say whether a node of a page is a table that a cell made."""
    return isinstance(node, nodes.raw) and 'class="dataframe"' in node.astext()


def setup(app):
    """Tell Sphinx of this extension."""
    app.add_transform(TranslateCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
