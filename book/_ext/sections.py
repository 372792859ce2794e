"""Sphinx extension: the search leads to the sections in which a word stands.

Sphinx's own index knows for each word the pages that have it. Here a second one is written,
``_static/sections.js``: for each word the sections that have it, and how much they have to do with
it. A section is what has a heading, and so are the entries of the glossary and of the reference of
the package. ``_static/search.js`` puts the two together; only the page of the search loads them.
"""

import functools
import html
import json
import re
from collections import Counter
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

FILE = "_static/sections.js"  # in the site
MOST = 6  # a word that stands more often in a section than that counts no more
HEADING = 8  # a word in a heading counts as so many in the text
#: Who looks for the second means the first: where it is written out, it is explained.
SHORT = {"radial basis function": "RBF"}
HUMP = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+")  # a part of a name like EuclideanRBF
#: What a Chinese glossary calls a term too, at the beginning of what it means.
ALSO = re.compile("也叫([\u4e00-\u9fff、]+)[：。]")
CHINESE = re.compile("[\u4e00-\u9fff]+")
UNSEEN = (nodes.comment, nodes.raw, nodes.math, nodes.math_block)


def place_of(text):
    """Return the node that counts as the section of a text, and whether it is its heading."""
    heading, node = False, text
    while node is not None:
        if isinstance(node, UNSEEN):
            return None, False
        if isinstance(node, (nodes.title, nodes.term, addnodes.desc_name)):
            # What a table or a box is called is no heading of its section.
            heading = not isinstance(node.parent, (nodes.table, nodes.Admonition))
        entry = isinstance(node, nodes.definition_list_item) and node[0].get("ids")
        section = isinstance(node, nodes.section) and isinstance(node[0], nodes.title)
        if section or isinstance(node, addnodes.desc) or entry:
            return node, heading
        node = node.parent
    return None, False


def head_of(place):
    """Return the id and the heading of a section."""
    head = place[0]
    if isinstance(place, addnodes.desc):
        return next(iter(head.get("ids", ())), ""), head.get("fullname") or head.astext()
    if isinstance(place, nodes.definition_list_item):
        return head["ids"][0], head.astext()
    return place["ids"][0], head.astext()


def short_forms(text):
    """Return the short forms of the names that are written out in a text."""
    return [short for long, short in SHORT.items() if long in text.lower()]


def words_of(text, language):
    """Yield the words of a text in the form that Sphinx's index has."""
    text = " ".join([text, *short_forms(text)])
    names = [word for word in language.split(text) if len(HUMP.findall(word)) > 1]
    parts = [part for word in names for part in HUMP.findall(word)]
    for word in language.split(text) + parts:
        if word.isdecimal():
            continue  # the search passes over numbers
        stem = language.stem(word).lower()
        if not language.word_filter(stem) and language.word_filter(word):
            stem = word.lower()  # a stem may be too short to be kept
        if language.word_filter(stem):
            yield stem


def read(doctree, language):
    """Return the sections of a page that have words: {(id, heading): {word: weight}}."""
    found = {}
    for text in doctree.findall(nodes.Text):
        place, heading = place_of(text)
        if place is None:
            continue
        inside, heads = found.setdefault(head_of(place), (Counter(), set()))
        words = list(words_of(text.astext(), language))
        heads.update(words if heading else map(str.lower, short_forms(text.astext())))
        inside.update(words)
    return {
        place: {word: min(n, MOST) + HEADING * (word in heads) for word, n in inside.items()}
        for place, (inside, heads) in found.items()
    }


def table(pages):
    """Put the sections of all pages, {name: what :func:`read` returns}, into one table.

    ``sections`` has [page, id, heading] of each; ``words`` has for each word the numbers of the
    sections, with the weights that are not 1, as a text: ``"12:3 15"``.
    """
    sections, words = [], {}
    for page, found in pages.items():
        for (name, heading), weights in found.items():
            for word, weight in weights.items():
                place = f"{len(sections)}:{weight}" if weight > 1 else str(len(sections))
                words.setdefault(word, []).append(place)
            sections.append([page, name, html.escape(heading)])
    texts = {word: " ".join(places) for word, places in sorted(words.items())}
    return {"sections": sections, "words": texts}


def names(doctree):
    """Return what a Chinese glossary calls its terms: {name: term}; a term leads to itself.

    A name with Latin letters is none: those have spaces around them.
    """
    found = {}
    for glossary in doctree.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            term, meaning = item[0].astext(), item[-1].astext()
            if CHINESE.fullmatch(term):
                also = ALSO.search(meaning)
                found |= {name: term for name in (also[1].split("、") if also else ())}
                found[term] = term
    return {name: term for name, term in found.items() if name == term or name not in term}


def remember_stems(app, *page):
    """Let the language of the index find the stem of each word once: that takes long."""
    language = app.builder.indexer.lang if hasattr(app.builder, "indexer") else None
    if language and not hasattr(language.stem, "cache_info"):
        language.stem = functools.cache(language.stem)


def write(app, exception):
    if exception or app.builder.format != "html":
        return
    if not hasattr(app.builder, "indexer"):  # nothing was out of date: what stands is right
        return
    language = app.builder.indexer.lang
    pages, known = {}, {}
    for name in sorted(app.env.found_docs):
        doctree = app.env.get_doctree(name)  # once: that takes long
        pages[name] = read(doctree, language)
        known |= names(doctree)
    told = table(pages) | {"names": known}
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    target = Path(app.outdir, FILE)
    target.write_text(f"Search.setSections({text});\n", encoding="utf-8", newline="\n")


def setup(app):
    app.connect("html-page-context", remember_stems)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
