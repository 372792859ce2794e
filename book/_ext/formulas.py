"""Sphinx extension: formulas are set when the book is built, so that no page loads MathJax.

Sphinx writes each formula into its page as TeX, between marks. When all pages stand, KaTeX, from
its npm package, sets all formulas of all pages in one run of Node.js: as HTML, and as MathML for
screen readers and for whoever copies one. A formula that it can't read is an error, with the page
it stands on. A page with formulas loads KaTeX's style sheet, and its browser the fonts that it
needs; nothing runs in the page.
"""

import os
import re
import shutil
from html import unescape
from pathlib import Path

import offline
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

ROOT = Path(__file__).parent.parent.parent
KATEX = ROOT / "node_modules" / "katex"
TYPESET = Path(__file__).with_name("formulas.js")
MARKED = re.compile(r'<code class="tex( display)?">(.*?)</code>', re.DOTALL)
OTHER_FORMATS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("\w+"\)')


# ----------------------------------------------------------------------------- what Sphinx writes


def visit_inline(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(f'<code class="tex">{self.encode(node.astext())}</code></span>')
    raise nodes.SkipNode


def visit_display(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    tex = node.astext().strip()
    if r"\\" in tex and r"\begin" not in tex:  # as Sphinx does: several lines, aligned at each &
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    self.body.append(f'<code class="tex display">{self.encode(tex)}</code></div>\n')
    raise nodes.SkipNode


# ----------------------------------------------------------------------------- what KaTeX makes


def typeset(formulas):
    """Return {(TeX, display): HTML} of formulas, or {…: "!" and what is wrong}."""
    try:
        drawn = offline.ask(TYPESET, "katex", formulas)
    except ValueError as error:
        raise ExtensionError(f"KaTeX could not set the formulas: {error}") from None
    return dict(zip(formulas, drawn, strict=True))


def set_formulas(app, exception):
    """Put the formulas into all pages, in place of the marks."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    marked = {}
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        if found := [(unescape(tex), bool(display)) for display, tex in MARKED.findall(text)]:
            marked[file] = text, found
    drawn = typeset(list(dict.fromkeys(one for _, found in marked.values() for one in found)))
    wrong = [
        f"{file.relative_to(site)}: {drawn[one][1:]}"
        for file, (_, found) in marked.items()
        for one in found
        if drawn[one].startswith("!")
    ]
    if wrong:
        raise ExtensionError("\n".join(["formulas that KaTeX can't read", *wrong]))
    for file, (text, found) in marked.items():
        rest = iter(found)
        text = MARKED.sub(lambda _, rest=rest: drawn[next(rest)], text)
        sheet = os.path.relpath(site / "_static" / "katex" / "katex.min.css", file.parent)
        link = f'<link rel="stylesheet" href="{Path(sheet).as_posix()}" />\n  </head>'
        file.write_text(text.replace("</head>", link, 1), encoding="utf-8")


def vendor(app, exception):
    """Copy KaTeX's style sheet and fonts into the site: WOFF2, which every browser reads."""
    if exception or app.builder.format != "html":
        return
    source, target = KATEX / "dist", Path(app.outdir) / "_static" / "katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    style = (source / "katex.min.css").read_text(encoding="utf-8")
    (target / "katex.min.css").write_text(OTHER_FORMATS.sub("", style), encoding="utf-8")
    for font in (source / "fonts").glob("*.woff2"):
        shutil.copy2(font, target / "fonts")
    shutil.copy2(KATEX / "LICENSE", target)


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("build-finished", set_formulas)
    app.connect("build-finished", vendor)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
