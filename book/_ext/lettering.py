"""The words in the figures, in another language: the same drawing, other letters.

A figure is stored as a drawing in which letters are text (scripts/drawing.py). So the Chinese
edition needs no figure of its own, and no training: the words of each drawing are looked up in the
catalogue ``locale/zh_CN/LC_MESSAGES/figures.po`` and written in their place. Numbers, names of
layers and formulas are the same in both languages.

An entry of the catalogue may have places for numbers: ``map {a}`` holds for each ``map 7``. Lines
that belong together are one text, with a line break where the figure has one; its translation may
have fewer lines. A translation for which there is no room in a figure is broken where it has a
space of no width (U+200B). ``scripts/catalogues.py`` says which words have no entry.
"""

import copy
import functools
import re
from itertools import zip_longest
from pathlib import Path

SVG = "http://www.w3.org/2000/svg"
TEXT = f"{{{SVG}}}text"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
CATALOGUE = "locale/{}/LC_MESSAGES/{}.po"
CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3000-\u303f\uff00-\uffef“”]")
# Every system has one of these; the first two are for letters and numbers, as in English.
FAMILY = (
    "'DejaVu Sans', Verdana, 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', sans-serif"
)
#: What stays as it is: numbers, single letters, names of layers such as C1 and conv2.
NAME = re.compile(
    r"\W*(?:\b(?:[A-Za-z]|(?:conv|fc|block|pool|[A-Z])\d+|\d[\d.,]*(?:e[-+]?\d+)?)\b\W*)*"
)
NUMBER = r"[-−]?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d[\d.,]*\d|\d)"
PLACE = re.compile(r"\{(\w)\}")
BREAK = "\u200b"
SHIFT = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)(.*)")


# --------------------------------------------------------------------------------- the words


def words(root):
    """Yield the texts of a drawing: their elements, one for each line, and what they say."""
    for group in root.iter():
        lines = [part for part in group if part.tag == TEXT]
        if lines and not any(len(line) for line in lines):  # a formula has parts
            yield lines, "\n".join(line.text or "" for line in lines)


def is_name(message):
    """Say whether a text has nothing to translate."""
    return bool(NAME.fullmatch(message))


@functools.cache
def read(root, language, name="figures"):
    """Return a catalogue of a language as {text: translation}; of the book's own it is empty."""
    from babel.messages.pofile import read_po

    file = Path(root, CATALOGUE.format(language, name))
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        return {one.id: one.string for one in read_po(stream) if one.id and one.string}


@functools.cache
def pattern(text):
    """Return what matches a text of the catalogue, with numbers in its places; or None."""
    if not PLACE.search(text):
        return None
    parts = PLACE.split(text)
    return re.compile(
        "".join(
            f"(?P<{part}>{NUMBER})" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
    )


def entry(message, texts):
    """Return the entry that holds for a text, itself or one with places for numbers; or None."""
    if message in texts:
        return message
    fits = (one for one in texts if (sign := pattern(one)) and sign.fullmatch(message))
    return next(fits, None)


def translated(message, table):
    """Return a text in the language of a catalogue, or None where that has no entry."""
    text = entry(message, table)
    if text in (None, message):
        return table.get(message)
    found = pattern(text).fullmatch(message)
    return PLACE.sub(lambda place: found[place[1]], table[text])


# --------------------------------------------------------------------------------- in their place


def width(text, size):
    """Return how wide a line is, in the units of the size: a Chinese sign is a square."""
    squares = len(CHINESE.findall(text))
    return size * (squares + letters().getlength(CHINESE.sub("", text)) / 100)


@functools.cache
def letters():
    """Return the letters that matplotlib draws with."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), 100)


def anchor(lines):
    """Return how the lines of a text stand below each other, and where.

    Returns
    -------
    (str, float, list of float, str)
        ``start``, ``middle`` or ``end``; the place that they share along the line; the places of
        the lines across it; the turn of the text.
    """
    places = [SHIFT.fullmatch(line.get("transform", "")).groups() for line in lines]
    turn = places[0][2]
    along, across = zip(
        *((-float(y), float(x)) if turn else (float(x), float(y)) for x, y, _ in places),
        strict=True,
    )
    if max(along) - min(along) < 0.01:
        return "start", along[0], across, turn
    wide = [width(line.text, letter_size(line)) for line in lines]
    ends = [place + one for place, one in zip(along, wide, strict=True)]
    if max(ends) - min(ends) < 0.5:
        return "end", ends[0], across, turn
    middles = [place + one / 2 for place, one in zip(along, wide, strict=True)]
    return "middle", sum(middles) / len(middles), across, turn


def letter_size(line):
    """Return the size of the letters of a line."""
    return float(re.search(r"font-size: ([\d.]+)px", line.get("style"))[1])


def put(line, text):
    """Write a line of text in place of another: in the letters that Chinese needs, if it does."""
    line.text, style = text, line.get("style")
    if CHINESE.search(text):  # these signs have no slanted form
        style = re.sub(r"font-family: [^;]*", f"font-family: {FAMILY}", style)
        style = style.replace("font-style: italic; ", "")
        line.set(LANGUAGE, "zh-CN")  # a browser has signs of its own for each language
    line.set("style", style)


def write(lines, text):
    """Write a text where several lines stand: aligned as they are, and as high as they on average.

    Returns
    -------
    list of xml.etree.ElementTree.Element
        The lines that are left over, or empty: with these a short text stands at the top.
    """
    new = text.split("\n")
    if len(new) > len(lines):
        raise ValueError(f"{text!r} has more lines than what it stands for")
    how, along, across, turn = anchor(lines)
    step = (across[-1] - across[0]) / (len(across) - 1)
    first = sum(across) / len(across) - step * (len(new) - 1) / 2
    for number, (line, said) in enumerate(zip(lines, new, strict=False)):
        place = first + number * step
        x, y = (place, -along) if turn else (along, place)
        line.set("transform", f"translate({x:.2f} {y:.2f}){turn}")
        put(line, said)
        line.set("style", f"{line.get('style')}; text-anchor: {how}")
    return [line for line, said in zip_longest(lines, new) if not said]


def has_room(line, text, wide):
    """Say whether a line of text fits into a drawing where another line stands."""
    if "x" not in line.attrib or "rotate" in line.get("transform", ""):
        return True
    long, place = width(text, letter_size(line)), float(line.get("x"))
    how = re.search(r"text-anchor: (\w+)", line.get("style"))
    left = place - long * {"start": 0, "middle": 0.5, "end": 1}[how[1] if how else "start"]
    return left >= 0 and left + long <= wide


def write_line(line, text, group, wide):
    """Write a text where a single line stands, in two lines where there is no room for one."""
    whole = text.replace(BREAK, "")
    if BREAK not in text or has_room(line, whole, wide):
        put(line, whole)
        return
    below = copy.deepcopy(line)
    group.insert(list(group).index(line) + 1, below)
    half = 0.6 * letter_size(line)
    for one, said, shift in zip((line, below), text.split(BREAK), (-half, half), strict=True):
        put(one, said)
        one.set("y", f"{float(one.get('y')) + shift:.2f}")


def translate(root, table):
    """Write the words of a drawing in another language.

    Parameters
    ----------
    root : xml.etree.ElementTree.Element
        The drawing. It is changed.
    table : dict of str to str
        The catalogue, from :func:`read`.

    Returns
    -------
    list of str
        The texts that the catalogue lacks; they are left as they are.
    """
    missing, wide = [], float(root.get("viewBox").split()[2])
    inside = {child: parent for parent in root.iter() for child in parent}
    for lines, message in list(words(root)):
        if is_name(message) or CHINESE.search(message):
            continue
        text = translated(message, table)
        if text is None:
            missing.append(message)
        elif len(lines) == 1:
            write_line(lines[0], text, inside[lines[0]], wide)
        else:
            for line in write(lines, text.replace(BREAK, "")):
                inside[line].remove(line)
    return missing
