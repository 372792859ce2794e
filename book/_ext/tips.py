"""Sphinx extension: what a term means, shown where it stands.

A term that a page links to the glossary opens a tip with its meaning: under a pointer, with the
keyboard, and at the first tap of a finger; see ``_static/tips/tips.js``. The meanings are those of
the built glossary, in ``_static/tips/terms.js``, which a page loads when the first tip is asked
for. So they are in the language of the edition, and pages from a folder have them too.
"""

import json
import re
from pathlib import Path

import words
from bs4 import BeautifulSoup
from docutils import nodes

GLOSSARY = "book/glossary.html"
FILE = "_static/tips/terms.js"  # in the site
# The English glossary has the Chinese term in front of each meaning: of use there, not in a tip.
CHINESE = re.compile(r"^\([^()]*[\u4e00-\u9fff][^()]*\)\s*")


def terms(page, without=None):
    """Return the terms of a glossary's page, {id: [term, HTML of its meaning]}.

    Parameters
    ----------
    page : str
        HTML.
    without : re.Pattern, optional
        What is left out at the beginning of a meaning.
    """
    found = {}
    for term in BeautifulSoup(page, "html.parser").select("dl.glossary > dt[id]"):
        meaning = term.find_next_sibling("dd")
        for link in term.select(".headerlink"):
            link.decompose()
        for tag in meaning.find_all(id=True):
            del tag["id"]  # a page has it already, or another one
        first = meaning.find(string=re.compile(r"\S"))
        if without and first:
            first.replace_with(without.sub("", first))
        found[term["id"]] = [term.get_text().strip(), meaning.decode_contents().strip()]
    return found


def write(app, exception):
    if exception or app.builder.format != "html":
        return
    language = app.config.language or words.SOURCE
    say = words.sayer(words.read(language))
    page = Path(app.outdir, GLOSSARY).read_text(encoding="utf-8")
    told = {
        "lang": language.replace("_", "-"),
        "more": say("tips.more"),
        "terms": terms(page, CHINESE if language == words.SOURCE else None),
    }
    target = Path(app.outdir, FILE)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, ensure_ascii=False, indent=0)
    target.write_text(f"LeNet.tips.take({text});\n", encoding="utf-8", newline="\n")


def add_files(app, pagename, templatename, context, doctree):
    """Load script and style on the pages that have such a term."""
    inline = doctree.findall(nodes.inline) if doctree else ()
    if any("std-term" in one.get("classes", ()) for one in inline):
        app.add_css_file("tips/tips.css")
        app.add_js_file("tips/tips.js", loading_method="defer")


def setup(app):
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
