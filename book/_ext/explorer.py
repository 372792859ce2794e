"""Sphinx extension: the explorer, the calculator and their like, put into a page.

A page says where such a program stands, and what stands there without JavaScript::

    :::{explorer}
    :asked:

    On the book's site the explorer stands here.
    :::

``asked`` loads the explorer's scripts and weights when the reader asks for them (``asked.js``),
``page`` is for a page that is there for this alone, and ``part`` names the part of the calculator
that is wanted, ``layer`` or ``list``. ``{compute}`` shows how one ``layer`` computes, C1 to F6 or
output, when the reader asks. The text is a text like any other, so it is translated like any other.
With ``hero`` the explorer is its stage alone; a picture that stands in the text is there without
JavaScript, and on paper.

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

from lenet_tutorial.command.photos import MAX_PIXELS
from lenet_tutorial.explorer.scripts import made_by_the_build, write

WORDS = ("words", "say")  # `words` is made by the build
ASKED = ("widgets", "files", "asked")  # where something is loaded when a reader asks for it
COMPUTE = tuple(
    f"compute/{name}" for name in ("steps", "telling", "player", "cells", "drawing", "compute")
)
LAYERS = ("C1", "S2", "C3", "S4", "C5", "F6", "output")


def layer_name(value):
    """Return the name of a layer of LeNet-5; docutils' own choice would write it small."""
    if value not in LAYERS:
        raise ValueError(f'"{value}" unknown; choose from {", ".join(LAYERS)}')
    return value


class Program(NamedTuple):
    """What stands in a page: its template is ``book/_templates/NAME.html``."""

    scripts: tuple  #: in the order in which they build on one another
    options: Mapping = MappingProxyType({})  #: of its directive, beside ``asked`` and ``page``
    styles: tuple = ()  #: beside ``explorer``, which all have
    wings: tuple = ()  #: scripts of parts that a hero lacks; they come before the last of `scripts`
    later: tuple = ()  #: scripts that those load when a reader asks for what is in them

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
        styles=("stage", "sources", "compute", "backward"),
        wings=(  # scripts of wings come here; templates: see explorer.html
            *("kept", "yours", "beside", *COMPUTE, "backward", "slopes", "backward-unit"),
            *("backward-pixels", "backward-learn", "backward-view"),
        ),
    ),
    "compute": Program(
        scripts=(
            *("widgets", "shapes", "engine", "preprocess", "pictures", "links", "unit", "files"),
            *("networks", "sources", *COMPUTE),
        ),
        options={"layer": layer_name},
        styles=("compute",),
    ),
    "calculator": Program(
        scripts=(
            *("widgets", "shapes", "calculator-fields", "design/explain", "calculator-drawing"),
            *("calculator-layer", "table", "design/counts", "design/presets", "design/code"),
            *("design/link", "design/train", "design/card", "design/designer", "design/share"),
            "calculator",
        ),
        options={"part": lambda value: directives.choice(value, ("layer", "list"))},
    ),
}
CHAPTER = "chapters/04-lenet-from-nothing"  # the backward view leads to it
#: The engine of a training in the page, in this order; a program that trains has them all, after
#: ``shapes``, ``engine`` and ``files``.
LEARNING = (
    *("table", "train/assembler", "train/products", "train/blueprint", "train/layers"),
    *("train/learner", "train/worker", "train/train", "train/inflate", "train/digits"),
    "train/file",
)
TRAINING = ("links", "run", "curves", "pictures", "choices", "keep", "page")  # its own, in train/
BEFORE = ("widgets", "shapes", "engine", "preprocess", "unit", "files", "kept")
PROGRAMS["trainer"] = Program(
    scripts=(*BEFORE, *LEARNING, *(f"train/{name}" for name in TRAINING)),
    styles=(*PROGRAMS["explorer"].styles, "train"),
    later=tuple(name for name in PROGRAMS["explorer"].wanted() if name not in BEFORE),
)
WEIGHTS = "_static/explorer/weights"  # in the sources below book/, and in the site
LEARN = "book/learn"  # the page on which a network learns
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
        asked = "asked" in self.options and self.program == "explorer"
        if asked or self.program == "compute":
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


def scripts_at_once(document):
    """Return the scripts that a page loads by itself; others come when a reader asks for them."""
    mounts = list(document.findall(mount))
    open_ones = [one for one in mounts if "when" not in one["data"]]
    here = {one["program"] for one in open_ones}
    needed = [name for name in PROGRAMS if name in here]  # what others build on comes first
    hero = all("hero" in one["data"] for one in open_ones)
    wanted = [*WORDS, *(name for one in needed for name in PROGRAMS[one].wanted(hero))]
    if len(open_ones) < len(mounts):
        wanted += ASKED
    return list(dict.fromkeys(wanted))


def visit_mount(self, node):
    program = node["program"]
    data = {f"data-{name}": value for name, value in node["data"].items()}
    if "when" in node["data"]:
        now = scripts_at_once(node.document)
        data["data-scripts"] = " ".join(
            name for name in PROGRAMS[program].wanted() if name not in now
        )
        data["data-styles"] = " ".join(PROGRAMS[program].styles)
    kind = f"lenet-{program}" + (" lx-page" if node["page"] else "")
    self.body.append(self.starttag(node, "div", CLASS=kind, **data))


def learn(builder):
    """Return the way from a page to "Watch it learn", or None where the book has no such page."""
    if LEARN not in builder.env.found_docs:
        return None
    here, there = builder.current_docname, LEARN
    return relative_uri(builder.get_target_uri(here), builder.get_target_uri(there))


def depart_mount(self, node):
    say = words.sayer(words.read(self.config.language))
    page = self.builder.get_target_uri(self.builder.current_docname)
    values = {
        **node["data"],
        "say": say,
        "later": " ".join(PROGRAMS[node["program"]].later),
        "level": level(node),
        "learn": learn(self.builder),
        "most_pixels": MAX_PIXELS,  # as `predict` takes them
        "home": relative_uri(page, self.builder.get_target_uri("book/explorer")),
        "chapter": relative_uri(page, self.builder.get_target_uri(CHAPTER)),
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
    for script in scripts_at_once(node.document):
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
    """Load the styles on the pages that have such a program; those of what is asked for, later."""
    mounts = list(doctree.findall(mount)) if doctree else []
    needed = {one["program"] for one in mounts if "when" not in one["data"]}
    styles = ["explorer"] * bool(mounts)
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
