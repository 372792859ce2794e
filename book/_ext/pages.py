"""Sphinx extension: the last touch to each page: what it may run, what it waits for, its pictures.

Each page carries a Content Security Policy: it may run the scripts of this site, and those written
into it by Sphinx and the theme, which are named by their hashes; nothing else. So

- attributes like ``onclick`` become ``data-press``, which ``page.js`` reads,
- scripts in files wait until the page stands (``defer``), so that it shows sooner,
- the theme is light or dark from the first: as the theme's own scripts have it, a page would be
  drawn with both logos, and anew when they have come,
- the search index, 100 KB and more, is loaded by the page of the search alone.

A page comes in pieces, and what is drawn of the first ones stays where it is: pictures get the size
that they have, and the page's first tag says which program the page is for (``data-for``), since it
is wider then. Some labels, roles and ids that Sphinx and the theme write mislead a screen reader;
they are left out.
"""

import base64
import hashlib
import re
import struct
from pathlib import Path
from urllib.parse import unquote

from sphinx.errors import ExtensionError

# A page from a folder can start a worker from a blob only. Styles may stand in a page, for MathJax
# writes some for each formula, and tables have others.
POLICY = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'"
)
# On a page on which a network learns, this too: it computes in WebAssembly, which the page's own
# script writes (train/products.js). It allows no text to run as a script.
COMPILES = "'wasm-unsafe-eval'"
LEARNS = re.compile(r'<script[^>]*\ssrc="[^"]*/joined-trainer\.js')
UNSURE = """
    document.documentElement.dataset.mode = localStorage.getItem("mode") || "auto";
    document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";
  """
SURE = """
    {
      let mode = null;
      try {
        mode = localStorage.getItem("mode");
      } catch {} // a browser may refuse to keep anything
      mode ||= "auto";
      const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      const theme = mode === "auto" ? system : mode;
      Object.assign(document.documentElement.dataset, { mode, theme });
    }
  """
# What explorer.py writes on a page that is there for a program, or begins with one.
FOR = re.compile(r'<div class="lenet-(?:(\w+) lx-page"|explorer" data-(hero)=)')
ACTIONS = {"window.print()": "print", "toggleFullScreen()": "fullscreen"}

INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
FILE = re.compile(r"<script(?![^>]*\s(?:defer|async|type)\b)[^>]*\ssrc=[^>]*>")
SEARCH = re.compile(
    r'\s*<script[^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>'
)
INDEX = re.compile(r'(?=<script[^>]*src="searchindex\.js[^"]*"[^>]*></script>)')
MENDED = "".join(  # see there
    f'<script src="_static/{name}.js"></script>\n    ' for name in ("search", "sections")
)
HANDLER = re.compile(r'\son[a-z]+="([^"]*)"(?=[^<>]*>)')
VIEWPORT = re.compile(r'\s*<meta name="viewport"[^>]*>')
PRINTED = re.compile(r'<div id="jb-print-docs-body".*?(?=<div id="searchbox"|<article)', re.DOTALL)
IMAGE = re.compile(r'<img\b(?![^>]*\swidth=)[^>]*?\ssrc="([^"]+)"[^>]*>')
MISLEADING = [  # (where, the attribute to leave out)
    # The button of the search and the title of a folded cell are named by the words on them.
    (re.compile(r'<(?:button class="btn search-button-field|summary)[^>]*>'), "aria-label"),
    # Each entry of the references is a list with something else than entries in it.
    (re.compile(r'<div[^>]*class="citation(?:-list)?"[^>]*>'), "role"),
    # Each exercise and each solution has the same one.
    (re.compile(r'<\w+[^>]*\sid="(?:exercise|solution)-content"[^>]*>'), "id"),
]
# In the contents, what unfolds the pages below a chapter has no words: it gets the chapter's.
UNFOLDS = re.compile(r'>([^<>]+)</a>(<details[^>]*>)<summary>(?=<span class="toctree-toggle")')
VIEWBOX = re.compile(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')


def action(found):
    """Return the attribute that replaces a script in an attribute."""
    try:
        return f' data-press="{ACTIONS[found[1]]}"'
    except KeyError:
        raise ExtensionError(f"a script in an attribute, new to pages.py: {found[1]}") from None


def named(found):
    """Return the head of what unfolds in the contents, with a name for those who do not see it."""
    words = found[1].strip().replace('"', "&quot;")
    return f'>{found[1]}</a>{found[2]}<summary aria-label="{words}">'


def size(file):
    """Return the width and height of a PNG or SVG picture in pixels, or None."""
    data = file.read_bytes()
    if data.startswith(b"\x89PNG"):
        return struct.unpack(">II", data[16:24])
    box = VIEWBOX.search(data[:1000].decode(errors="replace"))
    return tuple(round(float(side)) for side in box.groups()) if box else None


def policy(text):
    """Return the policy of a page, with the hash of each script that is written into it."""
    hashes = {hashlib.sha256(body.encode()).digest() for body in INLINE.findall(text) if body}
    names = sorted(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)
    if LEARNS.search(text):
        names.insert(0, COMPILES)
    return POLICY.format(hashes=" ".join(names)).replace(" ;", ";")


def finish(text, name, site, prefix="/"):
    """Return the text of the page called name as it is published."""

    def sized(found):
        address = unquote(found[1].split("?")[0])
        start = site if address.startswith(prefix) else (site / name).parent
        file = start / address.removeprefix(prefix)
        measures = size(file) if ":" not in address and file.is_file() else None
        if not measures:
            return found[0]
        # book.css makes no figure smaller than its words allow, which depends on its height.
        height = "" if " style=" in found[0] else f' style="--height: {measures[1]}px"'
        tag = '<img width="{}" height="{}"{}'.format(*measures, height)
        return found[0].replace("<img", tag, 1)

    if name != "search.html":
        text = SEARCH.sub("", text)
    elif len(INDEX.findall(text)) != 1:
        raise ExtensionError("search.html loads its index otherwise: see MENDED in pages.py")
    else:
        text = INDEX.sub(MENDED, text)
    text = PRINTED.sub("", text)  # a second heading; print.css prints the first
    text = HANDLER.sub(action, text)
    for where, attribute in MISLEADING:
        text = where.sub(lambda tag, a=attribute: re.sub(rf'\s{a}="[^"]*"', "", tag[0]), text)
    head, end, body = text.partition("</head>")
    if "</article>" in body and UNSURE not in head:
        raise ExtensionError("a page begins with another script than pages.py knows: see UNSURE")
    head = FILE.sub(lambda tag: tag[0].replace("<script", "<script defer"), head)
    text = head.replace(UNSURE, SURE) + end + body  # scripts in the text run where they stand
    text = IMAGE.sub(sized, text)
    program = FOR.search(body)
    if program:
        text = text.replace("<html", f'<html data-for="{program[1] or program[2]}"', 1)
    text = UNFOLDS.sub(named, text)
    first = VIEWPORT.search(text)
    if first:  # Sphinx and the theme write it three times
        text = text[: first.end()] + VIEWPORT.sub("", text[first.end() :])
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(text)}" />'
    return re.sub(r'(<meta charset="utf-8"\s*/?>)', rf"\1\n    {meta}", text, count=1)


def note_changes(app, env, added, changed, removed):
    app.builder.sources_changed = bool(added | changed | removed)
    return []


def write_all(app, env):
    """Write every page again when a source has changed, though only that one is read.

    The menu of each page holds the titles of others, and the site map names the pages written.
    """
    return sorted(env.found_docs) if app.builder.sources_changed else []


def finish_all(app, exception):
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    prefix = app.config.notfound_urls_prefix  # of addresses from the root, on the page 404
    for file in site.rglob("*.html"):
        text, name = file.read_text(encoding="utf-8"), file.relative_to(site).as_posix()
        if not name.startswith("_static/") and "Content-Security-Policy" not in text:
            file.write_text(finish(text, name, site, prefix), encoding="utf-8")


def setup(app):
    app.connect("env-get-outdated", note_changes)
    app.connect("env-updated", write_all)
    app.connect("build-finished", finish_all, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
