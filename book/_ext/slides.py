"""The slides of the lessons: one self-contained HTML file for each plan in ``book/slides``.

A plan is Markdown. A line such as ``{figure} c02-019`` pulls the figure that is stored in the cell
with this id; ``{code}`` pulls the code and ``{output}`` what the code printed. So a slide can't
differ from the chapter, and a cell that is gone is an error. nbconvert makes the slides, reveal.js
and MathJax come from their npm packages. It is a Sphinx extension: each build of the book makes the
slides too. ``python book/_ext/slides.py`` makes them again in ``_build/html``, without the book.

The plans of another language stand in a folder of its name, ``zh_CN``: the same slides, which pull
the same things. What the chapters say of a figure, and their headings, come from their catalogues.
"""

import ast
import base64
import functools
import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cells
import lettering
import nbformat
import offline
import pictures
import words
import yaml
from babel.messages.pofile import read_po
from typography import TOGETHER

ROOT = Path(__file__).parent.parent.parent

PLANS = ROOT / "book" / "slides"  # in English
LOCALE = ROOT / "locale"
REVEAL = ROOT / "node_modules" / "reveal.js"
PULL = re.compile(r"^\{(figure|code|output)\} (\S+)$", re.MULTILINE)
ROLE = re.compile(r"\{[\w:-]+\}`([^`<]+?)(?: <[^`]*>)?`")  # as in {term}`kernel`
LINE = re.compile(r"^---$\n", re.MULTILINE)
SAY = words.sayer(words.read())
MATH = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


# --------------------------------------------------------------------------- the chapters


@dataclass(frozen=True)
class Source:
    """A code cell of a chapter, and where it stands in the book."""

    cell: nbformat.NotebookNode
    page: str  # as in "chapters/02-layer-by-layer.html"
    section: str  # the heading above it
    anchor: str
    alt: str  # of its figure
    caption: str
    say: Callable  # returns a text of the chapter in the language of the slides
    language: str

    def words(self, name):
        """Return what the words in figures, tables or comments are in the language."""
        return lettering.read(ROOT, self.language, name)


@functools.cache
def translations(chapter, language):
    """Return the texts of a chapter's catalogue: {as it stands in the chapter: translated}."""
    path = LOCALE / language / "LC_MESSAGES" / "chapters" / f"{chapter}.po"
    with path.open("rb") as file:
        return {
            message.id.replace("\u00a0", " "): message.string
            for message in read_po(file, locale=language, charset="utf-8")
        }


def translated(text, chapter, language):
    """Return a text of a chapter in a language, as it is read: without roles."""
    if text and language != words.SOURCE:
        known = translations(chapter, language)
        if not known.get(text.replace("\u00a0", " ")):
            raise ValueError(f"{chapter} is not translated: {text}")
        text = known[text.replace("\u00a0", " ")]
    return ROLE.sub(r"\1", text)


def read_chapters(folder=ROOT / "chapters", language=words.SOURCE):
    """Return {cell id: Source} of all code cells of all chapters."""
    from docutils.nodes import make_id

    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        section = ""
        say = functools.partial(translated, chapter=path.stem, language=language)
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                section = [section, *re.findall(r"^#{1,3} (.+)", cell.source, re.M)][-1]
                continue
            look = cell.metadata.get("mystnb", {})
            figure = look.get("figure", {})
            found[cell.id] = Source(
                cell,
                page=f"chapters/{path.stem}.html",
                section=section,
                anchor=figure.get("name") or make_id(section),
                alt=look.get("image", {}).get("alt", ""),
                caption=figure.get("caption", ""),
                say=say,
                language=language,
            )
    return found


def read_labels(inventory):
    """Return {label: page and anchor} from the book's ``objects.inv``."""
    from sphinx.util.inventory import InventoryFile

    with Path(inventory).open("rb") as stream:
        entries = InventoryFile.load(stream, "", lambda _, location: location)
    return {label: entry[2] for label, entry in entries.get("std:label", {}).items()}


# --------------------------------------------------------------------------- one plan


def pull(kind, name, sources):
    """Return the cell for the slides that shows one thing of a chapter's cell."""
    if name not in sources:
        raise ValueError(f"no chapter has a code cell {name!r}")
    source = sources[name]
    cell = nbformat.v4.new_code_cell(source.cell.source, metadata={"pull": kind})
    drawn = ["image/png" in output.get("data", {}) for output in source.cell.outputs]
    wanted = {"code": None, "figure": True, "output": False}[kind]
    outputs = [
        o for o, picture in zip(source.cell.outputs, drawn, strict=True) if picture is wanted
    ]
    if kind == "code":
        cell.source = for_a_slide(cells.with_comments(cell.source, source.words("comments")))
    if kind == "figure" and outputs:
        cell.metadata.alt = source.say(source.alt)
        cell.metadata.caption = source.say(source.caption)
        if not cell.metadata.alt:
            raise ValueError(f"the figure of {name} has no alt text")
    if kind != "code" and not outputs:
        raise ValueError(f"cell {name} has no {kind}")
    for output in outputs:
        if "text/html" in output.get("data", {}):  # a table, without pandas' own looks
            table = cells.with_tables(output.data["text/html"], source.words("tables"))
            table = plain_table(table)
            output = nbformat.from_dict({**output, "data": {"text/html": table}})
        if drawing := output.get("data", {}).get("image/svg+xml"):  # sharp on a large screen
            light = base64.b64encode(
                pictures.both(drawing, source.words("figures"))[0].encode()
            ).decode()
            output = nbformat.from_dict({**output, "data": {"image/svg+xml": light}})
        cell.outputs.append(output)
    return cell


def plain_table(text):
    """Make a table of pandas a plain one: no border, one row of headings where one will do."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(text, "html.parser")
    del page.table["border"]
    head = page.table.thead.find_all("tr")
    if len(head) == 2:  # below the columns' names stand those of the index, and nothing else
        names = [cell.text for cell in head[1].find_all("th")]
        first = head[0].find_all("th")
        empty = [not cell.text for cell in first]
        if empty == [bool(name) for name in names]:
            for cell, name in zip(first, names, strict=True):
                cell.string = cell.text or name
            head[1].decompose()
    for cell in page.table.find_all("th"):
        if not cell.text.strip():
            cell.name = "td"  # an empty heading is none
        for part in list(cell.find_all(string=re.compile("_"))):  # a long name goes on below
            pieces = part.split("_")
            part.replace_with(pieces[0])
            for piece in pieces[1:]:
                cell.extend(["_", page.new_tag("wbr"), piece])
    if len(page.table.tr.find_all(["td", "th"])) > 5:
        page.table["class"] = "wide"
    return str(page.table)


def for_a_slide(source):
    """Leave out the assertions, which are for the reader of the chapter, and every second gap."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.Assert):
            del lines[node.lineno - 1 : node.end_lineno]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip())


def resolve(text, labels):
    """Link to the book where the text names a label, as in ``[words](#ch-layers)``.

    No line ends between a number and what belongs to it, as on the book's pages.
    """

    def link(match):
        if match[1] not in labels:
            raise ValueError(f"the book has no label {match[1]!r}")
        return f"](../{labels[match[1]]})"

    return TOGETHER.sub("\u00a0", re.sub(r"\]\(#([\w-]+)\)", link, text))


def compose(path, sources, labels, say=SAY):
    """Make one plan into a notebook for nbconvert.

    Parameters
    ----------
    path : pathlib.Path
        The plan: YAML between two lines of dashes (``title``, ``lesson``), then slides that are
        separated by such lines. Each slide has a heading, and ends in its notes, which follow a
        line ``Note:``.
    sources : dict
        From :func:`read_chapters`.
    labels : dict
        From :func:`read_labels`.
    say : callable
        From :func:`words.sayer`; in English by default.

    Returns
    -------
    nbformat.NotebookNode
        With the metadata of a slide show.

    Raises
    ------
    ValueError
        If the title or the number of the lesson is missing; if a slide has no heading or no notes,
        or names a cell that no chapter has or a label that the book lacks; or if a cell lacks what
        is asked of it. It names the plan and the slide.
    """
    front, *shown = LINE.split(path.read_text(encoding="utf-8"))[1:] or [""]
    about = yaml.safe_load(front)
    if not about or not {"title", "lesson"} <= set(about):
        raise ValueError(f"{path.name}: begin with the title and the number of the lesson")
    cells = []
    for number, slide in enumerate(shown, 1):
        try:
            cells += compose_slide(slide, sources, labels, say)
        except ValueError as error:
            raise ValueError(f"{path.name}, slide {number}: {error}") from None
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # no random ids: the same plan gives the same file
    return nbformat.v4.new_notebook(cells=cells, metadata=about)


def compose_slide(text, sources, labels, say):
    """Return the cells of one slide: its words, what it pulls, where that stands, the notes."""
    shown, note, notes = text.partition("\nNote:\n")
    if not note or not notes.strip():
        raise ValueError("a slide needs notes, after a line 'Note:'")
    if not re.match(r"\s*#{1,2} \S", shown):
        raise ValueError("a slide begins with its heading")
    new = nbformat.v4.new_markdown_cell
    cells, pulled = [], []
    parts = PULL.split(shown)  # words, kind, id, words, kind, id, …, words
    for place, piece in enumerate(parts[::3]):
        if piece.strip():
            cells.append(new(resolve(piece.strip(), labels)))
        if kind_and_id := parts[3 * place + 1 : 3 * place + 3]:
            cells.append(pull(*kind_and_id, sources))
            pulled.append(sources[kind_and_id[1]])
    cells[0].metadata["slideshow"] = {"slide_type": "slide"}
    if pulled:
        first = pulled[0]
        chapter = int(first.page.removeprefix("chapters/")[:2])
        text = say("slides.from", chapter=chapter, section=first.say(first.section))
        link = f"[{text}](../{first.page}#{first.anchor})"
        cells.append(new(link, metadata={"source": True}))
    captions = [cell.metadata.caption for cell in cells if cell.metadata.get("caption")]
    told = (say("slides.picture", caption=caption) for caption in captions)
    notes = "\n\n".join([notes.strip(), *told])
    cells.append(new(resolve(notes, labels), metadata={"slideshow": {"slide_type": "notes"}}))
    return cells


# --------------------------------------------------------------------------- the files


def typeset(formulas):
    """Return {(TeX, display): HTML} of formulas, drawn by MathJax here and not in the browser.

    A drawing needs no script and no font; the MathML beside it is for screen readers.
    """
    asked = [{"tex": tex, "display": display} for tex, display in formulas]
    try:
        drawn = offline.ask(PLANS / "deck" / "typeset.js", "mathjax", asked)
    except ValueError as error:
        wrong = f"MathJax could not typeset the formulas of the slides: {error}"
        raise ValueError(wrong) from None
    return dict(zip(formulas, drawn, strict=True))


def hold_formulas(notebook):
    """Replace formulas by marks that Markdown leaves alone; return them in the marks' order."""
    formulas = []

    def hold(match):
        formulas.append((match[1] or match[2], bool(match[1])))
        return f"@formula-{len(formulas) - 1}@"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = MATH.sub(hold, cell.source)
    return formulas


def script_hash(text):
    """Return what a Content-Security-Policy says to allow this script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def deck_parts(language, say):
    """Return what all decks share: one style, one script, and the rules for the browser."""
    from pygments.formatters import HtmlFormatter

    from lenet_tutorial.figures import style as looks

    if not REVEAL.is_dir():
        raise ValueError(f"reveal.js is missing ({REVEAL}): build the book, which fetches it")
    # The licence stands in the page, whole; its short form in the script would name a host.
    reveal = (REVEAL / "dist" / "reveal.js").read_text(encoding="utf-8")
    notes = (REVEAL / "dist" / "plugin" / "notes.js").read_text(encoding="utf-8")
    script = re.sub(r"\A/\*!.*?\*/", "", reveal, flags=re.DOTALL) + notes
    script += (PLANS / "deck" / "deck.js").read_text(encoding="utf-8")
    if "</script" in script:
        raise ValueError("a script of the slides can't be put into the page: it ends a script")
    colours = ("BLUE", "ORANGE", "GREEN", "GREY", "INK", "PALE_BLUE", "PALE_ORANGE")
    names = {name: name.lower().replace("_", "-") for name in colours}
    root = "".join(f"--{names[name]}: {getattr(looks, name)};" for name in colours)
    styles = [
        (REVEAL / "dist" / name).read_text(encoding="utf-8") for name in ("reset.css", "reveal.css")
    ]
    styles += [f":root {{{root}}}", (PLANS / "deck" / "deck.css").read_text("utf-8")]
    styles += [HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")]
    # The window of the speaker has a script of its own, which stands in notes.js as a string.
    speaker = re.search(r"<script>(.*?)<\\/script>", notes, re.DOTALL)[1]
    speaker = re.sub(r"\\([`$\\])", r"\1", speaker)
    logo = base64.b64encode((ROOT / "book" / "_static" / "logo.svg").read_bytes()).decode()
    return {
        "language": language.replace("_", "-"),
        "name": say("slides.name"),
        "needs": words.closed(say("slides.needs") + " "),  # a link follows
        "book": say("slides.book"),
        "share": {
            "button": say("slides.share"),
            "label": say("slides.shareLabel"),
            "copied": say("slides.copied"),
            "by_hand": say("slides.byHand"),
        },
        "style": "\n".join(styles),
        "script": script,
        "icon": f"data:image/svg+xml;base64,{logo}",
        "licence": (REVEAL / "LICENSE").read_text(encoding="utf-8"),
        "policy": "; ".join(
            [
                "default-src 'none'",
                f"script-src {script_hash(script)} {script_hash(speaker)}",
                "style-src 'unsafe-inline'",
                "img-src data:",
                "frame-src 'self' file:",  # the speaker's window shows the slides in frames
                "base-uri 'none'",
                "form-action 'none'",
            ]
        ),
    }


def build(inventory, folder, plans=None, chapters=ROOT / "chapters", language=words.SOURCE):
    """Write one file for each plan, ``lesson-1.html`` and so on; return their paths.

    Parameters
    ----------
    inventory : path
        ``objects.inv`` of the built book.
    folder : path
        Where the decks go. It stands beside the folder of the chapters' pages.
    plans, chapters : pathlib.Path
        The folders of the plans, by default those of the language, and of the notebooks.
    language : str
        ``en``, or the name of a folder of plans, of words and of catalogues.

    Raises
    ------
    ValueError
        If a plan is wrong; nothing is written then.
    """
    from nbconvert import SlidesExporter

    if plans is None:
        plans = PLANS if language == words.SOURCE else PLANS / language
    say = words.sayer(words.read(language))
    sources, labels = read_chapters(chapters, language), read_labels(inventory)
    notebooks = [compose(path, sources, labels, say) for path in sorted(plans.glob("[0-9]*.md"))]
    formulas = [hold_formulas(notebook) for notebook in notebooks]
    drawn = typeset(list(dict.fromkeys(one for some in formulas for one in some)))
    exporter = SlidesExporter(
        template_name="deck", extra_template_basedirs=[str(PLANS)], exclude_anchor_links=True
    )
    parts, pages = deck_parts(language, say), {}
    for notebook, some in zip(notebooks, formulas, strict=True):
        about = notebook.metadata
        parts["title"] = say("slides.title", number=about.lesson, title=about.title)
        page, _ = exporter.from_notebook_node(notebook, resources={"deck": parts})
        for number, formula in enumerate(some):
            page = page.replace(f"@formula-{number}@", drawn[formula], 1)
        pages[f"lesson-{notebook.metadata.lesson}.html"] = page
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (folder / name).write_text(page, encoding="utf-8")
    return [folder / name for name in pages]


# --------------------------------------------------------------------------- as an extension


def make_slides(app, exception):
    """Make the slides when the book is built."""
    from sphinx.errors import ExtensionError

    if exception or app.builder.format != "html":
        return
    try:
        inventory, folder = Path(app.outdir) / "objects.inv", Path(app.outdir) / "slides"
        build(inventory, folder, language=app.config.language or words.SOURCE)
    except ValueError as error:
        raise ExtensionError(f"slides: {error}") from None


def setup(app):
    """Tell Sphinx of this extension."""
    app.connect("build-finished", make_slides)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    site = ROOT / "_build" / "html"
    if not (site / "objects.inv").is_file():
        sys.exit("the slides link to the book: run `make book` first")
    for deck in build(site / "objects.inv", site / "slides"):
        print(f"{deck.relative_to(ROOT)}: {deck.stat().st_size / 1e6:.1f} MB")
