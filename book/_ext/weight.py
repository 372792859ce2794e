"""Sphinx extension: a page asks for few files, and for nothing in them that no page uses.

The theme and the extensions bring nine style sheets, 550 KB, most of it for things that this book
does not have; all of them keep a page from being shown. When the pages stand, what they use of them
goes into one file, in the same order, and so does the book's own. A rule stays if every class and
id in one of its selectors is one of a page, or named in a script; a variable or an animation, if
something asks for it.

The font of icons is cut down to the icons that a page or a rule names. What a page loads of
scripts: see ``theme.py``. Code has elements only where it has a colour of its own.
"""

import hashlib
import os
import re
from pathlib import Path

import editions
import theme
from pages import PRINTED
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
MARK = "written-below"  # in place of a mark that is not known yet
# What the theme's scripts make. What else they name belongs to things that no page has.
MADE = set(
    "active bs-tooltip-auto dropdown-menu-dark empty fade hide noprint pst-sidebar-hidden scrolled"
    " search-results show tooltip tooltip-arrow tooltip-inner".split()
)
THEIRS = ("scripts/", "explorer/weights/", "explorer/joined", "sections.js")  # no class of ours
ATTRIBUTES = re.compile(r"""\s(?:class|id)=(?:"([^"]*)"|'([^']*)')""")
WORD = re.compile(r"[^\s\"'`<>=.,;:#(){}\[\]]+")
BOOTSTRAP = re.compile(r"\[(data-bs-[\w-]+)")
VARIABLE = re.compile(r"""(?<![\w-])(--[\w-]+):((?:"[^"]*"|'[^']*'|[^;{}"'])*)(?:;|(?=\}))""")
ASKED = re.compile(r"(?<![\w-])--[\w-]+(?![\w:-])")
KEYFRAMES = re.compile(r"@(?:-webkit-)?keyframes ([\w-]+)\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}\n?")
EMPTY = re.compile(r"^[^{}@\n]+\{\s*\}\n?", re.MULTILINE)
ORDER = re.compile(r"/\* Joined by the build: (.*?) \*/\n")
ROOT = re.compile(r'<link rel="stylesheet"[^>]* href="(/[^"]*_static/)')
LAST = ("book.css", "zh.css")  # what the book changes
OWN = ("explorer/", "worksheet.css", "katex/")
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
    if any(name not in words for name in BOOTSTRAP.findall(selector)):
        return False
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


def without_spare(style, others):
    """Leave out animations and variables that neither the style nor one of others asks for."""
    moving = {*re.findall(r"[\w-]+", KEYFRAMES.sub("", style))}
    style = KEYFRAMES.sub(lambda found: found[0] if found[1] in moving else "", style)
    elsewhere = {name for text in others for name in re.findall(r"--[\w-]+", text)}
    before = None
    while style != before:  # a variable that is gone may have asked for another
        before, asked = style, elsewhere | {*ASKED.findall(style)}
        style = VARIABLE.sub(lambda found, a=asked: found[0] if found[1] in a else "", style)
    return EMPTY.sub("", style)


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


# --------------------------------------------------------------------------------- code


def plain_classes(style):
    """Return the classes of code that have the colour of the text in both themes (pygments.css)."""
    rules = re.findall(r'data-theme="(\w+)"\] \.highlight(?: \.(\w+))? \{ ([^}]*?);? *\}', style)
    colours, ground = {}, {}
    for name, kind, body in rules:
        if kind:
            colours.setdefault(kind, set()).add((name, body))
        else:
            ground[name] = body.rpartition("; ")[2]
    return {kind for kind, found in colours.items() if found == set(ground.items())}


def plain_code(text, classes):
    """Return a page whose code has no element around what looks like any text: half of them."""
    plain = re.compile(rf'<span class="(?:{"|".join(sorted(classes))})">([^<]*)</span>')
    return plain.sub(r"\1", text) if classes else text


# --------------------------------------------------------------------------------- the pages


def named(pages, scripts):
    """Return the classes and ids of pages, and all that scripts name."""
    words = set(MADE)
    for text in pages:
        words.update(*(one.split() for found in ATTRIBUTES.findall(text) for one in found))
        words.update(re.findall(r"\sdata-bs-[\w-]+", text))
    for text in scripts:
        words.update(WORD.findall(text))
    return {word.strip() for word in words}


def lighten(app, exception):
    """Give all pages one style sheet and few scripts in place of all that Sphinx names."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    # A deck has its own style within it; the other edition was given its own when it was built.
    apart = static, site / "slides", site / editions.FOLDER
    files = [file for file in sorted(site.rglob("*.html")) if not {*apart} & {*file.parents}]
    pages = {file: file.read_text(encoding="utf-8") for file in files}
    scripts = {
        file.relative_to(static).as_posix(): file.read_text(encoding="utf-8")
        for file in static.rglob("*.js")
        if "weights" not in file.parts and file.name not in theme.JOINED
    }
    marks = {"site.css": MARK}
    for name, parts in theme.JOINED.items():
        marks[name] = write(static / name, theme.joined(scripts.__getitem__, parts))

    def address(file, name):
        """Return where a file of all pages lies, seen from one; from the root, on the page 404."""
        root = ROOT.search(pages[file])
        folder = root[1] if root else Path(os.path.relpath(static, file.parent)).as_posix() + "/"
        return f"{folder}{name}?v={marks[name]}"

    plain = plain_classes((static / "pygments.css").read_text(encoding="utf-8"))
    light = {}
    for file, text in pages.items():
        links = bundled(text, static)
        for place, (link, _) in enumerate(links):
            one = f'    <link rel="stylesheet" href="{address(file, "site.css")}" />\n'
            text = text.replace(link, "" if place else one, 1)
        text = plain_code(text, plain)
        options = scripts[theme.OPTIONS]
        light[file] = theme.relieve(text, options, lambda name, file=file: address(file, name))
    # What the pages have is looked for when they are light, as those of an earlier build are.
    seen = [PRINTED.sub("", text) for text in light.values()]
    mark = write_style(static, pages, seen, scripts)
    for file, text in light.items():
        text = re.sub(rf"(/site\.css\?v=)(?:{MARK}|[0-9a-f]{{8}})", rf"\g<1>{mark}", text)
        if text != pages[file]:
            file.write_text(text, encoding="utf-8")


def write(file, text):
    """Write a file of all pages; return its mark, which changes with it."""
    file.write_text(text, encoding="utf-8", newline="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write_style(static, pages, light, scripts):
    """Write the style sheet of all pages, for what they have when light; return its mark."""
    names = [name for text in pages.values() for _, name in bundled(text, static)]
    target = static / "site.css"
    if not names:  # pages that an earlier build wrote have it already
        names = ORDER.match(target.read_text(encoding="utf-8"))[1].split(", ")
    names = sorted(dict.fromkeys(names), key=LAST.__contains__)
    style = "\n".join(whole(static / name, static) for name in names)
    own = [text for name, text in scripts.items() if not name.startswith(THEIRS)]
    style = purge(style, named(light, own))
    sheets = [*static.glob("explorer/*.css"), static / "print.css", static / "worksheet.css"]
    others = [sheet.read_text(encoding="utf-8") for sheet in sheets]
    style = cut_font(without_spare(style, [*light, *own, *others]), static)
    return write(target, f"/* Joined by the build: {', '.join(names)} */\n{style}")


def bundled(text, static):
    """Return [(link, name)] of the style sheets of a page that all pages share."""
    found = []
    for link in LINK.findall(text.partition("</head>")[0]):
        name = HREF.search(link)[1].partition("_static/")[2]
        if name and not name.startswith((*OWN, "site.css")) and "print" not in link:
            found.append((link, name))
    return found


def setup(app):
    app.connect("build-finished", lighten, priority=800)  # before the last touch (see pages.py)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
