"""One file of scripts, and one of styles, for each program on the pages.

The sources stay one file for each concern; a page that asked for forty of them would wait for forty
answers. So the build joins them, without their comments. A script that stands in two joined files,
of which a page has both, runs once: each is marked when it has run.
"""

import json
import re
from pathlib import Path

import words

FOLDER = Path(__file__).parent.parent / "_static" / "explorer"
# A comment that stands on lines of its own. Others are few, and hard to tell from texts.
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.DOTALL | re.MULTILINE)
EMPTY = re.compile(r"\n\s*\n")


def without_comments(text):
    """Return a script or a style sheet without the comments on lines of their own."""

    def shortened(found):
        inside = text.count("`", 0, found.start()) % 2  # of a text that has several lines
        return found[0] if inside else ""

    return EMPTY.sub("\n", COMMENT.sub(shortened, text)).strip() + "\n"


def heading(names):
    return f"/* Joined by the build (book/_ext/joined.py): {', '.join(names)}. */\n"


def script(names, language=words.SOURCE):
    """Return the scripts called ``names``, in their order, as one; with the words that they say."""
    texts = {name: read(f"{name}.js") for name in names if name != "words"}
    whole = heading(names) + "window.LeNet = window.LeNet || {};\n"
    whole += "LeNet.ran = LeNet.ran || {}; // the scripts that have run, by their names\n"
    if "words" in names or said(texts.values()):
        whole += words.script(language, said(texts.values()))
    for name, text in texts.items():
        mark = f"LeNet.ran[{json.dumps(name)}]"
        whole += f"if (!{mark}) {{\n{mark} = true;\n{without_comments(text)}}}\n"
    return whole


def said(texts):
    """Return the names of the files of words from which some scripts say something."""
    every = {name.partition(".")[0] for name in words.read()}
    return {name for name in every if any(re.search(rf"[\"'`]{name}\.", one) for one in texts)}


def sheet(names):
    """Return the style sheets called ``names``, in their order, as one."""
    return heading(names) + "".join(without_comments(read(f"{name}.css")) for name in names)


def read(file):
    return (FOLDER / file).read_text(encoding="utf-8")
