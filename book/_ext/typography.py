"""Sphinx extension: no line ends between a number and what belongs to it.

In the sources one types ``4.7 %``, ``28 × 28`` and ``60 000``. On the page the spaces in them do
not break.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

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


def setup(app):
    app.add_post_transform(KeepTogether)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
