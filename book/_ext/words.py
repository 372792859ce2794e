"""Sphinx extension: the words of the programs on the pages, in one table.

What the explorer, the calculator, the quizzes and the trainer say stands in ``book/words/en``, one
file of JSON for each of them: ``explorer.json`` holds ``{"clear": "Clear"}``, and its name is
``explorer.clear``. A text may have places for values, ``"{count} units"``; one whose name ends in
``.one`` is taken where ``count`` is 1. A value that ``named.json`` knows, such as the name of a
layer, is said as it stands there. Another language is another folder with the same names, for
instance ``book/words/zh_CN``; what it lacks is said in English.

A template in ``book/_templates`` and an extension ask what :func:`sayer` returns; a script asks
``LeNet.say`` (``say.js``), which the build hands what a page needs of the table (``joined.py``).
"""

import functools
import json
import re
from pathlib import Path

from sphinx.errors import ExtensionError

FOLDER = Path(__file__).parent.parent / "words"
SOURCE = "en"  # the language in which the words are written, and which lacks none
PLACE = re.compile(r"\{(\w+)\}")
HAN, WIDE = "[\u4e00-\u9fff]", "[、。〈-】！-／：-？]"  # Chinese letters and marks (as in say.js)
GAP = re.compile(rf"(?<={HAN}) +(?={HAN})|(?<={WIDE}) +| +(?={WIDE})")


@functools.cache
def read(language=SOURCE, folder=FOLDER):
    """Return the words in a language by their names; those that it lacks are in English."""
    table = {}
    for name in dict.fromkeys((SOURCE, language or SOURCE)):
        for file in sorted((folder / name).glob("*.json")):
            try:
                words = json.loads(file.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ExtensionError(f"words/{name}/{file.name}: {error}") from None
            table |= {f"{file.stem}.{key}": text for key, text in words.items()}
    return table


def closed(text):
    """Return a text without the spaces that Chinese does not have, such as before a name put in."""
    return GAP.sub("", text)


def sayer(table):
    """Return a function that says what stands under a name, with values in their places."""

    def named(value):
        return table.get(f"named.{value}", str(value))

    def say(name, **values):
        one = table.get(f"{name}.one") if values.get("count") == 1 else None
        text = table.get(name) if one is None else one
        if text is None:
            raise ExtensionError(f"book/words has no {name}")
        return closed(PLACE.sub(lambda found: named(values[found[1]]), text))

    return say


def script(language=SOURCE, files=None):
    """Return the script that hands the words to the others: all, or those from some files."""
    table = {
        name: text
        for name, text in read(language).items()
        if files is None or name.partition(".")[0] in files
    }
    told = json.dumps(table, ensure_ascii=False, indent=0)
    home = "(window.LeNet = window.LeNet || {})"
    return f"/* The words, from book/words. */\n{home}.words = {{ ...LeNet.words, ...{told} }};\n"


def setup(app):
    return {"parallel_read_safe": True, "parallel_write_safe": True}
