"""Sphinx extension: no line ends between a number and what belongs to it.

In the sources one types ``4.7 %``, ``28 × 28`` and ``60 000``. On the page the spaces in them do
not break. Nor does a table's cell of a few characters: on a phone its column would be one or two
characters wide, where a column of sentences stands beside it.

And no title of a Chinese exercise has the narrow brackets that sphinx-exercise puts into it, nor
the title of its solution a space between two Chinese words.
"""

import re

import editions
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node, solution_node

TOGETHER = re.compile(
    r"(?<=[\d)]) (?=%)|(?<=\d) (?=× \d)|(?<=\d ×) (?=\d)|(?<=\d\u00a0×) (?=\d)"
    r"|(?<=\d) (?=\d{3}\b)"  # thousands
)


class KeepTogether(SphinxPostTransform):
    default_priority = 900  # when all references are text

    def run(self, **kwargs):
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, (nodes.literal, nodes.literal_block, nodes.math)):
                kept = TOGETHER.sub("\u00a0", text)
                if kept != text:
                    text.parent.replace(text, nodes.Text(kept))


SHORT = 6  # characters: "90 min", 局部连接


class ShortCells(SphinxPostTransform):
    """Mark the cells of tables that keep in one line; book.css says what the others do."""

    default_priority = 900

    def run(self, **kwargs):
        for cell in self.document.findall(nodes.entry):
            if len(cell.astext()) <= SHORT:
                cell["classes"].append("short")


BRACKETS = {" (": " ", ")": ""}  # as they stand in a title, each a text of its own


class PlainTitles(SphinxPostTransform):
    """Write the titles as “练习 7.1 ★ …” and “解答：练习 7.1 ★ …”."""

    default_priority = 890  # when sphinx-exercise has made them

    def run(self, **kwargs):
        if not editions.is_chinese(self.config):
            return
        for node in self.document.findall(nodes.Admonition):
            if is_exercise_node(node) or isinstance(node, solution_node):
                for text in list(node[0].findall(nodes.Text)):
                    plain = BRACKETS.get(str(text), text)
                    if isinstance(text.parent, nodes.reference) and text.parent.index(text) == 0:
                        plain = "：" + text.lstrip()
                    text.parent.replace(text, nodes.Text(plain))


def setup(app):
    app.add_post_transform(PlainTitles)
    app.add_post_transform(KeepTogether)
    app.add_post_transform(ShortCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
