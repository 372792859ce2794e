"""Sphinx extension: the explorer and the calculator, put into a page.

A page says where they stand, and what stands there without JavaScript::

    :::{explorer}
    :asked:

    On the book's site the explorer stands here.
    :::

``asked`` loads the weights when the reader asks for them, ``page`` is for a page that is there for
this alone, and ``part`` names the part of the calculator that is wanted, ``layer`` or ``list``. The
text is a text like any other, so it is translated like any other.

What a reader sees with JavaScript is a template of HTML, ``book/_templates/explorer.html`` or
``calculator.html``, which the page carries unseen; the scripts in ``_static/explorer`` put it into
the place of the text and give it life. They are loaded on the pages that need them.

The networks' weights are scripts too. Those that the repository holds in another form are made
here: see ``lenet_tutorial.explorer.scripts``.
"""

import re
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from lenet_tutorial.explorer.scripts import made_by_the_build, write

#: The scripts of each, in the order in which they build on one another.
SCRIPTS = {
    "explorer": (
        *("widgets", "shapes", "engine", "preprocess", "links", "unit", "files", "state"),
        *("paper", "answer", "maps", "panel", "networks", "sources", "explorer"),
    ),
    "calculator": (
        *("widgets", "shapes", "calculator-fields", "calculator-drawing", "calculator-layer"),
        *("calculator-list", "calculator"),
    ),
}
WEIGHTS = "_static/explorer/weights"  # in the sources below book/, and in the site
BETWEEN_TAGS = re.compile(r">\s+<")  # spaces there would be seen between two buttons


class mount(nodes.General, nodes.Element):
    """The place of an explorer or a calculator (``program``), with what else stands there."""


class Mount(SphinxDirective):
    has_content = True
    option_spec: ClassVar[dict] = {
        "asked": directives.flag,
        "page": directives.flag,
        "part": lambda value: directives.choice(value, ("layer", "list")),
    }

    def run(self):
        self.assert_has_content()
        made = mount(program=self.name, page="page" in self.options, data={})
        if "asked" in self.options:
            made["data"]["when"] = "asked"
        if "part" in self.options:
            made["data"]["part"] = self.options["part"]
        self.set_source_info(made)
        self.state.nested_parse(self.content, self.content_offset, made)
        return [made]


def visit_mount(self, node):
    program = node["program"]
    data = {f"data-{name}": value for name, value in node["data"].items()}
    kind = f"lenet-{program}" + (" lx-page" if node["page"] else "")
    self.body.append(self.starttag(node, "div", CLASS=kind, **data))


def depart_mount(self, node):
    template = self.builder.templates.render(f"{node['program']}.html", node["data"])
    seen = BETWEEN_TAGS.sub("><", template.strip())
    self.body.append(f"<template>{seen}</template>\n</div>\n")
    mounts = list(node.document.findall(mount))
    if node is not mounts[-1]:
        return
    # Not at the head of the page: they run before what follows is drawn, so nothing jumps.
    page = self.builder.get_target_uri(self.builder.current_docname)
    programs = sorted({one["program"] for one in mounts})
    for script in dict.fromkeys(name for one in programs for name in SCRIPTS[one]):
        source = relative_uri(page, f"_static/explorer/{script}.js")
        self.body.append(f'<script src="{source}"></script>\n')


def add_files(app, pagename, templatename, context, doctree):
    """Load the style on the pages that have an explorer or a calculator."""
    if doctree and any(doctree.findall(mount)):
        app.add_css_file("explorer/explorer.css")


def write_scripts(app, exception):
    """Write the scripts of weights that the repository does not hold as such."""
    if exception or app.builder.format != "html":
        return
    try:
        texts = made_by_the_build(Path(app.srcdir, "book", WEIGHTS))
    except (OSError, ValueError) as error:
        raise ExtensionError(f"the explorer's weights: {error}") from None
    write(Path(app.outdir, WEIGHTS), texts)


def setup(app):
    app.add_directive("explorer", Mount)
    app.add_directive("calculator", Mount)
    app.add_node(mount, html=(visit_mount, depart_mount))
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
