"""What a page loads of the scripts that the theme and the extensions bring.

What every page needs comes in one file, ``_static/site.js``; what copies a code cell, and what
unfolds a box, only where there is one. The theme's largest script, for menus that unfold and for
tips at buttons, comes when a reader first does something (``theme.js``). ``weight.py`` hands the
pages to the functions here.
"""

import re
from functools import partial

from sphinx.errors import ExtensionError

EVERYWHERE = (
    *("doctools.js", "sphinx_highlight.js", "page.js", "enlarge.js", "theme.js"),
    *("scripts/sphinx-book-theme.js", "scripts/pydata-sphinx-theme.js"),
)
CODE = ("clipboard.min.js", "copybutton.js")
#: The joined files and their parts, in the order in which they run.
JOINED = {"site.js": EVERYWHERE, "code.js": CODE}
# The theme asks each box for its size and changes it, in turn: a page is measured dozens of times.
MEASURES = "e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight"
IN_TURN = f".forEach(e=>{{e.tabIndex={MEASURES}?0:-1}})"
AT_ONCE = (
    f".forEach((_,n,all)=>n||[...all].map(e=>[e,{MEASURES}?0:-1])"
    ".forEach(([e,wanted])=>{if(e.tabIndex!==wanted)e.tabIndex=wanted}))"
)
# A fault in one of the theme's would stop what follows it in the file; the others share names.
APART = EVERYWHERE[-2:]
LATER = "scripts/bootstrap.js"  # theme.js asks for it
OPTIONS = "documentation_options.js"
FOLDS, TABS = "togglebutton.js", "design-tabs.js"

TAG = r'[ \t]*<script\b[^>]*\ssrc="[^"]*_static/(?:{})(?:\?[^"]*)?"[^>]*></script>\n?'
HINTS = re.compile(r"[ \t]*<script>(?:let toggle\w+|var togglebutton\w+) = '[^']*';</script>\n?")
ON_IT = re.compile(r'<script[^>]* src="[^"]*/(?:searchtools|translations)\.js')
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
CLASSES = re.compile(r'\sclass="([^"]*)"')


def tags(*names):
    """Return what finds the tags of some scripts."""
    return re.compile(TAG.format("|".join(map(re.escape, names))))


OPTIONS_TAG = tags(OPTIONS)
LATER_TAG = tags(LATER)
SPARE = {name: tags(name) for name in (FOLDS, TABS)}
JOINED_TAGS = {name: tags(*parts) for name, parts in JOINED.items()}


def joined(read, parts):
    """Return one script made of several; ``read(name)`` returns each."""
    texts = [f"/* Joined by the build (book/_ext/theme.py): {', '.join(parts)}. */\n"]
    for name in parts:
        text = re.sub(r"\n//# sourceMappingURL=.*", "", read(name).rstrip())
        if name == APART[1] and IN_TURN not in text:
            raise ExtensionError(f"{name} measures boxes in a new way: see IN_TURN in theme.py")
        text = text.replace(IN_TURN, AT_ONCE)
        apart = "try {{\n{}\n}} catch (error) {{\n  reportError(error);\n}}\n"
        texts.append(apart.format(text) if name in APART else f"{text}\n")
    return ";\n".join(texts)


def folds(text):
    """Say whether a page has a box that the script of folds is for."""
    every = (set(found.split()) for found in CLASSES.findall(text))
    return any(
        "toggle" in one or ("admonition" in one and one & {"dropdown", "exercise"}) for one in every
    )


def relieve(text, options, address):
    """Return a page that loads no more scripts than it needs.

    ``options`` is Sphinx's script of options, which goes into the page; ``address(name)`` is where
    a joined script lies. The script of all pages comes last: it asks where things are, which the
    others change; where one builds on it, it comes first.
    """
    head = f"<script>{options.strip()}</script>\n"
    text = OPTIONS_TAG.sub(lambda found: head, text, count=1)
    needed = {"code.js": 'class="highlight' in text}
    for name, where in JOINED_TAGS.items():
        every = len(where.findall(text))
        place = every - 1 if name == "site.js" and not ON_IT.search(text) else 0
        tag = f'    <script defer src="{address(name)}"></script>\n'
        rest = iter([tag * (n == place and needed.get(name, True)) for n in range(every)])
        text = where.sub(partial(lambda left, found: next(left), rest), text)
    if not folds(text):
        text = HINTS.sub("", SPARE[FOLDS].sub("", text))
    if "sd-tab-set" not in text:
        text = SPARE[TABS].sub("", text)
    return PRELOAD.sub("", LATER_TAG.sub("", text))
