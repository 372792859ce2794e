"""Sphinx extension: the explorer, the calculator and their like, put into a page.

A page says where such a program stands, and what stands there without JavaScript::

    :::{explorer}
    :asked:

    On the book's site the explorer stands here.
    :::

``asked`` loads the weights when the reader asks for them, ``page`` is for a page that is there for
this alone, and ``part`` names the part of the calculator that is wanted, ``layer`` or ``list``. The
text is a text like any other, so it is translated like any other. With ``hero`` the explorer is its
stage alone; a picture that stands in the text is there without JavaScript, and on paper.

What a reader sees with JavaScript is a template of HTML, ``book/_templates/explorer.html`` or
``calculator.html``, which the page carries unseen; the scripts in ``_static/explorer`` put it into
the place of the text and give it life. They are loaded on the pages that need them. All words come
from one table (``words.py``).

The networks' weights are scripts too. Those that the repository holds in another form are made
here: see ``lenet_tutorial.explorer.scripts``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import words
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from lenet_tutorial.explorer.scripts import made_by_the_build, write

WORDS = ("words", "say")  # `words` is made by the build


class Program(NamedTuple):
    """What stands in a page: its template is ``book/_templates/NAME.html``."""

    scripts: tuple  #: in the order in which they build on one another
    options: Mapping = MappingProxyType({})  #: of its directive, beside ``asked`` and ``page``
    styles: tuple = ()  #: beside ``explorer``, which all have
    wings: tuple = ()  #: scripts of parts that a hero lacks; they come before the last of `scripts`

    def wanted(self, hero=False):
        """Return the scripts that a page loads."""
        return self.scripts if hero else (*self.scripts[:-1], *self.wings, self.scripts[-1])


PROGRAMS = {
    "explorer": Program(
        scripts=(
            *("widgets", "shapes", "engine", "field", "preprocess", "pictures", "links", "unit"),
            *("files", "state", "paper", "refusal", "answer", "maps", "marks", "loupe", "pointing"),
            *("stage", "panel", "networks", "own", "sources", "remember", "explorer"),
        ),
        options={"hero": directives.flag},
        styles=("stage", "sources"),
        # Scripts of wings come here; templates: see explorer.html.
        wings=("backward", "slopes", "beside"),
    ),
    "calculator": Program(
        scripts=(
            *("widgets", "shapes", "calculator-fields", "calculator-drawing", "calculator-layer"),
            *("calculator-list", "calculator"),
        ),
        options={"part": lambda value: directives.choice(value, ("layer", "list"))},
    ),
}
#: The engine of a training in the page, in this order; a program that trains has them all, after
#: ``shapes``, ``engine`` and ``files``.
LEARNING = (
    *("train/assembler", "train/products", "train/blueprint", "train/layers", "train/learner"),
    *("train/worker", "train/train", "train/inflate", "train/digits", "train/file"),
)
WEIGHTS = "_static/explorer/weights"  # in the sources below book/, and in the site
BETWEEN_TAGS = re.compile(r">\s+<")  # spaces there would be seen between two buttons


class mount(nodes.General, nodes.Element):
    """The place of an explorer or a calculator (``program``), with what else stands there."""


class Mount(SphinxDirective):
    """The directive of a program; its options become data-attributes, which its scripts read."""

    has_content = True
    program = ""

    def run(self):
        self.assert_has_content()
        made = mount(program=self.program, page="page" in self.options, data={})
        if "asked" in self.options:
            made["data"]["when"] = "asked"
        for name in PROGRAMS[self.program].options:
            if name in self.options:
                made["data"][name] = self.options[name] or "yes"  # a flag has no value
        self.set_source_info(made)
        self.state.nested_parse(self.content, self.content_offset, made)
        return [made]


def directive(name):
    """Return the directive that puts a program into a page."""
    options = {"asked": directives.flag, "page": directives.flag, **PROGRAMS[name].options}
    return type(name.title(), (Mount,), {"program": name, "option_spec": options})


def visit_mount(self, node):
    program = node["program"]
    data = {f"data-{name}": value for name, value in node["data"].items()}
    kind = f"lenet-{program}" + (" lx-page" if node["page"] else "")
    self.body.append(self.starttag(node, "div", CLASS=kind, **data))


def depart_mount(self, node):
    say = words.sayer(words.read(self.config.language))
    page = self.builder.get_target_uri(self.builder.current_docname)
    values = {
        **node["data"],
        "say": say,
        "level": level(node),
        "home": relative_uri(page, self.builder.get_target_uri("book/explorer")),
    }
    template = self.builder.templates.render(f"{node['program']}.html", values)
    seen = BETWEEN_TAGS.sub("><", template.strip())
    self.body.append(f"<template>{seen}</template>\n</div>\n")
    mounts = list(node.document.findall(mount))
    if node is not mounts[-1]:
        return
    # Not at the head of the page: they run before what follows is drawn, so nothing jumps. A stage
    # has its room kept (stage.css), so its scripts let the page stand first.
    heroes = ["hero" in one["data"] for one in mounts]
    kept = all(
        one["program"] == "explorer" and (one["page"] or hero)
        for one, hero in zip(mounts, heroes, strict=True)
    )
    needed = sorted({one["program"] for one in mounts})
    wanted = [*WORDS, *(name for one in needed for name in PROGRAMS[one].wanted(all(heroes)))]
    for script in dict.fromkeys(wanted):
        source = relative_uri(page, f"_static/explorer/{script}.js")
        self.body.append(f'<script{" defer" * kept} src="{source}"></script>\n')


def level(node):
    """Return the level of the headings in a program: one below the section that it stands in."""
    depth = 1
    while node.parent is not None:
        node = node.parent
        depth += isinstance(node, nodes.section)
    return min(depth, 6)


def add_files(app, pagename, templatename, context, doctree):
    """Load the styles on the pages that have such a program."""
    needed = {one["program"] for one in doctree.findall(mount)} if doctree else set()
    styles = ["explorer"] * bool(needed)
    styles += [style for one in sorted(needed) for style in PROGRAMS[one].styles]
    for style in dict.fromkeys(styles):
        app.add_css_file(f"explorer/{style}.css")


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
    for name in PROGRAMS:
        app.add_directive(name, directive(name))
    app.add_node(mount, html=(visit_mount, depart_mount))
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
