"""Sphinx extension: a page asks for few files, and for nothing in them that no page uses.

The theme and the extensions bring nine style sheets, 550 KB, most of it for things that this book
does not have; all of them keep a page from being shown. When the pages stand, what they use of them
goes into one file, in the same order. A rule stays if every class and id in one of its selectors is
named somewhere, in a page or in a script.

The font of icons is cut down to the icons that a page or a rule names.
"""

import hashlib
import os
import re
from pathlib import Path

from sphinx.errors import ExtensionError

LINK = re.compile(r'[ \t]*<link\b[^>]*\brel="stylesheet"[^>]*/>\n?')
HREF = re.compile(r'\bhref="([^"?]+)')
ADDRESS = re.compile(r"url\((['\"]?)(?!data:|#|/|\w+:)([^)'\"]+)\1\)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CHARSET = re.compile(r'@charset "[^"]*";')
IMPORT = re.compile(r'@import "([^"]+)";')
NAMES = re.compile(r"[.#](-?[_a-zA-Z](?:[\w-]|\\.)*)")
FACE = re.compile(r"@font-face\s*\{[^}]*Font Awesome[^}]*\}")
GLYPH = re.compile(r'"\\([ef][0-9a-f]{3}) ?"')
MADE = {"bs-tooltip-auto"}  # put together by a script of the theme
OWN = ("explorer/", "quiz/", "book.css", "zh.css", "worksheet.css", "katex/")
FONT = {"900": "fa-solid-900", "400": "fa-regular-400", "brands": "fa-brands-400"}


# --------------------------------------------------------------------------------- style sheets


def blocks(style):
    """Yield (what stands before the brace, what stands in the braces or None) of a style sheet."""
    place = 0
    while place < len(style):
        found = re.compile(r'"(?:\\.|[^"\\])*"|[{;]').search(style, place)
        start = place
        while found and found[0][0] == '"':
            found = re.compile(r'"(?:\\.|[^"\\])*"|[{;]').search(style, found.end())
        if not found:
            return
        head, place = style[start : found.start()].strip(), found.end()
        if found[0] == ";":
            yield head, None
            continue
        depth, inner = 1, place
        while depth:
            brace = re.compile(r'"(?:\\.|[^"\\])*"|[{}]').search(style, place)
            if not brace:
                raise ExtensionError(f"a style sheet has no end of {head[:60]!r}")
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            place = brace.end()
        yield head, style[inner : place - 1]


def selectors(head):
    """Return the selectors of a rule: commas within brackets do not part them."""
    parts, depth = [""], 0
    for letter in head:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def used(selector, words):
    """Say whether every class and id that a selector asks for is named somewhere."""
    asked = re.sub(r":(?:not|is|where|has)\([^()]*(?:\([^()]*\)[^()]*)*\)", "", selector)
    asked = re.sub(r"\[[^\]]*\]", "", asked)
    return all(re.sub(r"\\(.)", r"\1", name) in words for name in NAMES.findall(asked))


def purge(style, words):
    """Return what is used of a style sheet."""
    kept = []
    for head, body in blocks(style):
        if body is None:
            kept.append(f"{head};")
        elif head.startswith(("@media", "@supports", "@layer")):
            if inner := purge(body, words):
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        elif left := [one for one in selectors(head) if used(one, words)]:
            kept.append(f"{','.join(left)}{{{body.strip()}}}")
    return "\n".join(kept)


def whole(sheet, static):
    """Return a style sheet, with those that it imports, with addresses seen from ``_static``."""
    style = CHARSET.sub("", COMMENT.sub("", sheet.read_text(encoding="utf-8")))
    style = IMPORT.sub(lambda found: whole(sheet.parent / found[1], static), style)

    def address(found):
        if (static / found[2]).is_file():
            return found[0]  # of a sheet that is imported
        target = os.path.normpath(sheet.parent / found[2])
        return f"url({Path(os.path.relpath(target, static)).as_posix()})"

    return ADDRESS.sub(address, style)


# --------------------------------------------------------------------------------- icons


def cut_font(style, static):
    """Cut the fonts of icons down to the icons that a style sheet names; return the sheet."""
    from fontTools import subset

    glyphs = {int(code, 16) for code in GLYPH.findall(style)}
    glyphs |= {ord(letter) for letter in style if "\ue000" <= letter <= "\uf8ff"}
    folder = static / "vendor" / "fontawesome" / "webfonts"

    def face(found):
        weight = (
            "brands" if "Brands" in found[0] else re.search(r"font-weight:\s*(\d+)", found[0])[1]
        )
        file = folder / f"{FONT[weight]}.ttf"
        options = subset.Options(flavor="woff", notdef_outline=True, layout_features=[])
        font = subset.load_font(str(file), options)
        if not glyphs & set(font.getBestCmap()):
            return ""
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=glyphs)
        cutter.subset(font)
        subset.save_font(font, str(static / f"{FONT[weight]}.woff"), options)
        return re.sub(r"src:[^;}]*", f'src:url({FONT[weight]}.woff) format("woff")', found[0])

    return FACE.sub(face, style)


# --------------------------------------------------------------------------------- the pages


def lighten(app, exception):
    """Give all pages one style sheet in place of the theme's and the extensions' own."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    pages, order, words = {}, [], set(MADE)
    for file in [*site.rglob("*.html"), *static.rglob("*.js")]:
        text = file.read_text(encoding="utf-8")
        words |= set(re.findall(r"[^\s\"'`<>=.,;#(){}\[\]]+", text))
        if file.suffix == ".html" and static not in file.parents:
            pages[file] = text
    for file, text in pages.items():
        for link in bundled(text, file, static):
            if link[1] not in order:
                order.append(link[1])
    if not order:
        return  # pages that an earlier build wrote have it already
    style = "\n".join(whole(sheet, static) for sheet in order)
    style = cut_font(purge(style, words), static)
    (static / "site.css").write_text(style, encoding="utf-8")
    mark = hashlib.sha256(style.encode()).hexdigest()[:8]
    for file, text in pages.items():
        links = bundled(text, file, static)
        for place, (link, _) in enumerate(links):
            address = Path(os.path.relpath(static / "site.css", file.parent)).as_posix()
            if "://" not in link and re.search(r'href="/', link):
                address = re.search(r'href="([^"]*/)_static/', link)[1] + "_static/site.css"
            one = f'    <link rel="stylesheet" href="{address}?v={mark}" />\n'
            text = text.replace(link, "" if place else one, 1)
        if links:
            file.write_text(text, encoding="utf-8")


def bundled(text, file, static):
    """Return [(link, file)] of the style sheets of a page that are not the book's own."""
    found = []
    for link in LINK.findall(text.partition("</head>")[0]):
        name = HREF.search(link)[1].partition("_static/")[2]
        if name and not name.startswith((*OWN, "site.css")) and "print" not in link:
            found.append((link, static / name))
    return found


def setup(app):
    app.connect("build-finished", lighten, priority=800)  # before the last touch (see pages.py)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
