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
the place of the text and give it life. All that a page needs of them comes in one file, and so do
the styles (``joined.py``); all words come from one table (``words.py``). Whoever works on a script
needs no new build of the book: ``python book/_ext/explorer.py _build/html`` joins them anew.

The networks' weights are scripts too. Those that the repository holds in another form are made
here: see ``lenet_tutorial.explorer.scripts``.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import joined
import words
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from lenet_tutorial.command.photos import KINDS, MAX_PIXELS
from lenet_tutorial.explorer import line
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
            *("widgets", "shapes", "engine", "field", "preprocess", "links", "unit"),
            *("files", "hand", "state", "paper", "refusal", "answer", "maps", "marks", "loupe"),
            *("pointing", "stage", "panel", "networks", "own", "sources", "remember", "explorer"),
        ),
        options={"hero": directives.flag},
        styles=("stage", "sources", "compute", "backward"),
        wings=(  # scripts of wings come here; templates: see explorer.html
            *("found", "kept", "yours", "beside", *COMPUTE, "backward", "slopes", "backward-unit"),
            *("backward-pixels", "backward-learn", "backward-view"),
        ),
    ),
    "compute": Program(
        scripts=(
            *("widgets", "shapes", "engine", "preprocess", "links", "unit", "files"),
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
    "line": Program(
        scripts=(
            *("widgets", "shapes", "engine", "preprocess", "files", "hand"),
            *(
                f"line/{name}"
                for name in ("slide", "decode", "prepare", "reader", "keep", "view", "page")
            ),
        ),
        styles=("line",),
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
#: They come with the first picture that a reader chooses.
PHOTOS = ("pieces", "ink", "rows", "cutout", "pictures")
PROGRAMS["trainer"] = Program(
    scripts=(*BEFORE, *LEARNING, *(f"train/{name}" for name in TRAINING)),
    styles=("stage", "train"),
    later=tuple(name for name in PROGRAMS["explorer"].wanted() if name not in BEFORE),
)
#: The joined scripts by their names: what a page loads, what comes when a reader asks for it
#: (``later-…``), and what a page on which a network learns asks for to draw on it.
SCRIPTS = {
    "asked": (*WORDS, *ASKED),
    "hero": (*WORDS, *PROGRAMS["explorer"].wanted(hero=True)),
    **{name: (*WORDS, *program.wanted()) for name, program in PROGRAMS.items()},
    **{
        f"later-{name}": tuple(
            one for one in PROGRAMS[name].wanted() if one not in (*WORDS, *ASKED)
        )
        for name in ("explorer", "compute")
    },
    "learned": PROGRAMS["trainer"].later,
    "photos": PHOTOS,
}
#: The joined style sheets, by the same names.
STYLES = {
    "asked": ("explorer",),
    "hero": ("explorer", "stage"),
    **{name: ("explorer", *program.styles) for name, program in PROGRAMS.items()},
    **{f"later-{name}": PROGRAMS[name].styles for name in ("explorer", "compute")},
    "learned": tuple(
        one for one in PROGRAMS["explorer"].styles if one not in PROGRAMS["trainer"].styles
    ),
}
WEIGHTS = "_static/explorer/weights"  # in the sources below book/, and in the site
LEARN = "book/learn"  # the page on which a network learns
BETWEEN_TAGS = re.compile(r">\s+<")  # spaces there would be seen between two buttons


class mount(nodes.Admonition, nodes.Element):
    """The place of an explorer or a calculator (``program``), with what else stands there.

    A note and no text of the page: the sentence that nothing has started describes no page.
    """


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


def at_once(document):
    """Return the names of the joined files that a page loads by itself."""
    mounts = list(document.findall(mount))
    here = {name_of(one) for one in mounts}
    return [name for name in SCRIPTS if name in here]


def name_of(mounted):
    """Return the name of the joined files that a program needs in its page from the first."""
    if "when" in mounted["data"]:
        return "asked"
    return "hero" if "hero" in mounted["data"] else mounted["program"]


def visit_mount(self, node):
    program = node["program"]
    data = {f"data-{name}": value for name, value in node["data"].items()}
    if "when" in node["data"]:
        data["data-files"] = f"joined-later-{program}"
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
        "later": "joined-learned",
        "level": level(node),
        "learn": learn(self.builder),
        # Pictures as `predict` takes them.
        "kinds": ",".join(f"image/{kind.lower()}" for kind in KINDS),
        "most_pixels": MAX_PIXELS,
        "home": relative_uri(page, self.builder.get_target_uri("book/explorer")),
        "chapter": relative_uri(page, self.builder.get_target_uri(CHAPTER)),
    }
    template = self.builder.templates.render(f"{node['program']}.html", values)
    seen = words.closed(BETWEEN_TAGS.sub("><", template.strip()))
    self.body.append(f"<template>{seen}</template>\n</div>\n")


def level(node):
    """Return the level of the headings in a program: one below the section that it stands in."""
    depth = 1
    while node.parent is not None:
        node = node.parent
        depth += isinstance(node, nodes.section)
    return min(depth, 6)


def add_files(app, pagename, templatename, context, doctree):
    """Load styles and scripts on the pages that have such a program; what is asked for, later.

    The page stands first: the style sheets keep the room that the scripts fill.
    """
    for name in at_once(doctree) if doctree else ():
        app.add_css_file(f"explorer/joined-{name}.css")
        app.add_js_file(f"explorer/joined-{name}.js", loading_method="defer")


def write_joined(app, env):
    """Write the joined style sheets and scripts. Sphinx names a sheet by what stands in it."""
    if app.builder.format == "html":
        join(Path(app.outdir), app.config.language)
    return []


def join(site, language=words.SOURCE):
    """Write the joined style sheets and scripts into a site."""
    texts = {f"joined-{name}.css": joined.sheet(names) for name, names in STYLES.items()}
    texts |= {
        f"joined-{name}.js": joined.script(names, language) for name, names in SCRIPTS.items()
    }
    write(site / "_static" / "explorer", texts)


def write_scripts(app, exception):
    """Write the scripts of weights that the repository does not hold as such."""
    if exception or app.builder.format != "html":
        return
    try:
        folder = Path(app.srcdir, "book", WEIGHTS)
        texts = {**made_by_the_build(folder), **line.made_by_the_build(folder)}
    except (OSError, ValueError) as error:
        raise ExtensionError(f"the explorer's weights: {error}") from None
    write(Path(app.outdir, WEIGHTS), texts)


def setup(app):
    for name in PROGRAMS:
        app.add_directive(name, directive(name))
    app.add_node(mount, html=(visit_mount, depart_mount))
    app.connect("env-updated", write_joined)
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    join(Path(sys.argv[1]))
