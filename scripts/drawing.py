"""How a figure is drawn a second time when a chapter is run: as lines and letters (SVG).

Beside the picture of pixels, which is compared with what comes out anew, each figure is stored as a
drawing. It is sharp at any size, its letters are text, and the site makes a light and a dark one of
it (book/_ext/pictures.py). Here stands what the kernel is told, and what is left of its answer:
nothing of the day, of this machine or of the version of a program; no number finer than an eye.
"""

import base64
import re
import struct

SVG = "image/svg+xml"
# Letters stay letters, and what is drawn twice has the same names in both.
RC = {"svg.fonttype": "none", "svg.hashsalt": "lenet"}
# The picture comes first: to draw a figure can move a word in it by a hair, and the pictures are
# compared with those of a kernel that makes no drawings.
KINDS = "get_ipython().display_formatter.formatters"
KERNEL = [
    "--InlineBackend.figure_formats={'png','svg'}",
    f"--InlineBackend.rc={RC}",
    f"--IPKernelApp.exec_lines={KINDS}.update({{'{SVG}': {KINDS}.pop('{SVG}')}})",
]
# Verdana is as wide as matplotlib's own letters, and stands on most machines that lack those.
FAMILY = "'DejaVu Sans', Verdana, sans-serif"

SAID = re.compile(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", re.DOTALL)
PLACES = re.compile(r'(?<=\s)(d|x|y|width|height|viewBox)="([^"]*)"')
NUMBER = re.compile(r"-?\d+\.\d+")
LETTERS = re.compile(r"'DejaVu Sans'(?:, (?:'[^']*'|[\w-]+))*")
PATTERN = re.compile(r'(<pattern .*?<path d=")([^"]*C[^"]*)" style="fill: (#\w+);[^"]*"', re.DOTALL)
SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"')
STROKE = re.compile(r"stroke-width: ([\d.]+)")


def shorter(number):
    """Return a number with two digits after the point, at most."""
    text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def dotted(found):
    """Return a pattern of dots in which each is a point of a thick pen: not a circle of curves."""
    points, radius = [], 0.0
    for dot in re.findall(r"M[^M]+", found[2]):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", dot)]
        x, y = numbers[::2], numbers[1::2]
        radius = (max(x) - min(x)) / 2
        points.append(f"M{(max(x) + min(x)) / 2:.4g} {(max(y) + min(y)) / 2:.4g}h0")
    pen = 2 * radius + float(STROKE.search(found[0])[1])
    look = f'fill: none; stroke: {found[3]}; stroke-width: {pen:.3g}; stroke-linecap: round"'
    return f'{found[1]}{"".join(points)}" style="{look}'


def tidy(drawing, picture):
    """Return a drawing as it is stored.

    Parameters
    ----------
    drawing : str
        SVG, as matplotlib writes it.
    picture : str
        The same figure as PNG, in base64: the drawing gets its width and height, in pixels.
    """
    drawing = SAID.sub("", drawing[drawing.index("<svg") :])
    drawing = drawing.replace("base64,\n", "base64,")
    drawing = re.sub(r' transform="rotate\(-0 [^"]*"', "", drawing)
    drawing = re.sub(r'(<image [^>]*?) id="image\w+"', r"\1", drawing)
    drawing = PLACES.sub(lambda found: f'{found[1]}="{NUMBER.sub(shorter, found[2])}"', drawing)
    wide, high = struct.unpack(">II", base64.b64decode(picture[:64])[16:24])
    drawing = SIZE.sub(rf'\1 width="{wide}" height="{high}"', drawing, count=1)
    drawing = PATTERN.sub(dotted, drawing)
    drawing = LETTERS.sub(FAMILY, drawing)
    drawing = re.sub(r"\n(?=[LCQz\"])", " ", drawing)
    lines = (line.strip() for line in drawing.splitlines())
    return "".join(f"{line}\n" for line in lines if line)
