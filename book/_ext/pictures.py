"""Sphinx extension: each figure that a cell drew has a light and a dark form, and no white box.

A cell stores its figure as pixels and as a drawing (scripts/drawing.py). When the pages stand, two
files are made of the drawing: the dark one has for each colour of the book the one that stands for
it at night (``NIGHT`` in lenet_tutorial.figures.style). Pictures of values, such as digits, keep
their colours, and so does what lies on them. A page names both files; the style shows one, and a
browser fetches only what is shown.

In the Chinese edition the words of a drawing are Chinese: see lettering.py. A figure without a
drawing is shown as it is stored, on white.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

import lettering
from sphinx.errors import ExtensionError

from lenet_tutorial.figures.style import NIGHT, PAPER

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
MADE = '<g id="figure_1">'  # by matplotlib
IMAGE = re.compile(r'<img\b([^>]*?)\ssrc="([^"]*_images/[^"]+)\.svg"([^>]*)>')
COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
BLACK = "#000000"  # matplotlib does not say it, for letters and areas are black by themselves
EDGE = 1.0  # in points: as far as a line may stick out of the picture on which it lies
NIGHTS = {day.lower(): night.lower() for day, night in NIGHT.items()}


# --------------------------------------------------------------------------------- places


def numbers(text):
    """Return the numbers in a text."""
    return [float(number) for number in NUMBER.findall(text or "")]


def box(element):
    """Return the box (left, top, right, bottom) of a drawn thing, or None if it has no place."""
    name = element.tag.rpartition("}")[2]
    if name == "path":
        every = numbers(element.get("d"))
        across, down = every[::2], every[1::2]
        return (min(across), min(down), max(across), max(down)) if down else None
    x, y, wide, high = (float(element.get(key, 0)) for key in ("x", "y", "width", "height"))
    turn = element.get("transform", "")
    if turn.startswith("matrix"):
        a, _, _, d, x, y = numbers(turn)
        wide, high = a * wide, d * high
    elif turn.startswith("scale(1 -1) translate"):  # drawn in pixels, from below
        y, high = -numbers(turn)[-1] - y, -high
    elif turn.startswith("translate"):
        x, y = numbers(turn)[:2]
    elif "x" not in element.attrib:
        return None
    return min(x, x + wide), min(y, y + high), max(x, x + wide), max(y, y + high)


def lies_on(thing, pictures):
    """Say whether a box lies on one of some pictures, and not just along its edge."""
    left, top, right, bottom = thing
    x, y = (left + right) / 2, (top + bottom) / 2
    return any(
        min(left - one[0], top - one[1], one[2] - right, one[3] - bottom) >= -EDGE
        and min(x - one[0], y - one[1], one[2] - x, one[3] - y) > EDGE
        for one in pictures
    )


# --------------------------------------------------------------------------------- colours


def without_ground(root):
    """Take the white behind a figure and behind its axes away; return the root."""
    for group in root.iter(f"{{{SVG}}}g"):
        name, first = group.get("id", ""), next(iter(group), None)
        if not name.startswith(("figure_", "axes_")) or first is None:
            continue
        paths = list(first)
        plain = f"fill: {PAPER.lower()}"
        if first.get("id", "").startswith("patch_") and paths[0].get("style") == plain:
            group.remove(first)
    return root


def parents(root):
    """Return {element: the element that it stands in}."""
    return {child: parent for parent in root.iter() for child in parent}


def at_night(root):
    """Give a drawing the colours of the dark page; return the root."""
    pictures = list(root.iter(f"{{{SVG}}}image"))
    boxes = [box(one) for one in pictures]
    kept, shared = set(), {}
    for element in root.iter():
        if "style" in element.attrib or element.tag == f"{{{SVG}}}use":
            place = box(element)
            on = place is not None and lies_on(place, boxes)
            if target := element.get(f"{{{LINK}}}href", "").removeprefix("#"):
                shared.setdefault(target, []).append(on)
            if on:
                kept.update(element.iter())
    marked = set()  # what is drawn at several places has its colour from there
    for marks in root.iter(f"{{{SVG}}}defs"):
        for mark in marks:
            marked.update(mark.iter())
            kept.difference_update(mark.iter())
            if all(shared.get(mark.get("id"), [False])):
                kept.update(mark.iter())
    for element in root.iter():
        if element in kept:
            style = element.get("style")
            if style and "fill:" not in style and element not in marked:
                element.set("style", f"{style}; fill: {BLACK}")
        else:
            for name in {"style", "fill", "stroke"} & set(element.attrib):
                text = COLOUR.sub(night, f": {element.get(name)}")
                element.set(name, text.removeprefix(": "))
    root.set("fill", NIGHTS[BLACK])
    inside = parents(root)
    for one in pictures:  # some let the paper shine through
        keys = ("x", "y", "width", "height", "transform")
        paper = {key: one.get(key) for key in keys if key in one.attrib}
        ground = ElementTree.Element(f"{{{SVG}}}rect", {**paper, "fill": PAPER.lower()})
        inside[one].insert(list(inside[one]).index(one), ground)
    return root


def night(found):
    """Return the colour that stands for another one at night."""
    try:
        return NIGHTS[found[0]]
    except KeyError:
        wrong = f"a figure has the colour {found[0]}, which NIGHT in figures/style.py lacks"
        raise ValueError(wrong) from None


def both(drawing, table=None):
    """Return the light and the dark form of a drawing, and its width and height in pixels.

    Parameters
    ----------
    drawing : str
        SVG, as it is stored.
    table : dict of str to str, optional
        What its words are in another language: see :func:`lettering.read`.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    forms = []
    for change in (lambda root: root, at_night):
        root = without_ground(ElementTree.fromstring(drawing))
        if table:
            lettering.translate(root, table)
        root = change(root)
        size = [int(root.get(side)) for side in ("width", "height")]
        forms.append(ElementTree.tostring(root, encoding="unicode"))
    return *forms, size


# --------------------------------------------------------------------------------- the site


def with_both(text, sizes):
    """Return a page that names both forms of its figures.

    Parameters
    ----------
    text : str
        The page.
    sizes : dict of str to (int, int)
        For the name of each drawing its width and height in pixels.
    """

    def pair(found):
        before, address, after = found.groups()
        name = address.rpartition("/")[2]
        if name not in sizes or "for-light" in found[0]:
            return found[0]
        wide, high = sizes[name]
        # book.css makes no figure smaller than its words allow, which depends on its height.
        look = f'loading="lazy" width="{wide}" height="{high}"'
        look += f' style="--wide: {wide}; --high: {high}"'
        rest = re.sub(r'\sclass="[^"]*"', "", before + after).rstrip(" /")
        words = re.search(r'\sclass="([^"]*)"', before + after)
        words = f"{words[1]} " if words else ""
        return "".join(
            f'<img class="{words}for-{form}" {look}{rest} src="{address}{end}.svg" />'
            for form, end in (("light", ""), ("dark", ".night"))
        )

    return IMAGE.sub(pair, text)


def make_both(app, exception):
    """Make two files of each drawing, and name both where a page shows it."""
    if exception or app.builder.name != "html":
        return
    site, sizes = Path(app.outdir), {}
    table = lettering.read(app.srcdir, app.config.language)
    for file in (site / "_images").glob("*.svg"):
        drawing = file.read_text(encoding="utf-8")
        if MADE not in drawing[:2000] or file.stem.endswith(".night"):
            continue
        try:
            light, dark, sizes[file.stem] = both(drawing, table)
        except ValueError as error:
            raise ExtensionError(f"{file.name}: {error}") from None
        file.write_text(light, encoding="utf-8")
        file.with_suffix(".night.svg").write_text(dark, encoding="utf-8")
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        if (new := with_both(text, sizes)) != text:
            file.write_text(new, encoding="utf-8")


def setup(app):
    """Tell Sphinx of this extension."""
    app.connect("build-finished", make_both, priority=690)  # before the buttons (see enlarge.py)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
