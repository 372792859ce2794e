"""Print the built book into one PDF, with contents, page numbers and an outline.

``python scripts/pdf.py`` prints the pages of _build/html in reading order through Chromium, each
with the style of ``print.css``, and joins them. Links between them lead to places in the PDF.
"""

import argparse
import html
import io
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote, urldefrag

from bs4 import BeautifulSoup
from chromium import BROWSER, FLAGS
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, Fit, NameObject, NullObject, NumberObject, TextStringObject

from lenet_tutorial.files import write_whole

BUILD = Path(__file__).parent.parent / "_build"
STYLE = """
@page { size: A4; margin: 17mm 17mm 19mm }
body { font: 11pt/1.5 sans-serif; color: #111; margin: 0 }
h1 { font-size: 26pt; margin: 30mm 0 15mm; font-weight: 500 }
h2 { font-size: 13pt; font-weight: 600 }
div { display: flex; gap: 1em; break-inside: avoid }
a { color: inherit; text-decoration: none; flex: 1 }
"""
FOOTER = """<div style="width: 100%; text-align: center; font: 8pt sans-serif; color: #333">
<span class="pageNumber"></span></div>"""


def reading_order(site):
    """Return the files of the book's pages, from the index on, as their links to the next say."""
    first = BeautifulSoup((site / "index.html").read_bytes(), "html.parser")
    lead = first.select_one('meta[http-equiv="refresh"]')
    file = site / (lead["content"].split("url=")[1] if lead else "index.html")
    files = []
    while file not in files:
        files.append(file)
        following = BeautifulSoup(file.read_bytes(), "html.parser").select_one('link[rel="next"]')
        if following:
            file = (file.parent / unquote(following["href"])).resolve()
    return files


def places_wanted(files):
    """Return {file: ids in it that any of the pages links to}."""
    wanted = defaultdict(set)
    for file in files:
        for link in BeautifulSoup(file.read_bytes(), "html.parser").select("article a[href]"):
            path, place = urldefrag(link["href"])
            if place and ":" not in path:
                target = (file.parent / unquote(path)).resolve() if path else file
                wanted[target].add(unquote(place))
    return wanted


def print_page(page, file, places):
    """Return a page of the site as PDF, in which each of the places is a destination."""
    page.goto(file.as_uri(), wait_until="load")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    # Chromium names a place as a destination only if the page itself links to it.
    page.evaluate(
        """places => {
            const links = document.createElement("p");
            links.style.cssText = "font-size: 1px; line-height: 1px; margin: 0; opacity: 0";
            for (const place of places) {
                const link = document.createElement("a");
                link.href = "#" + encodeURIComponent(place);
                link.textContent = ".";
                links.append(link);
            }
            document.querySelector("article").append(links);
        }""",
        sorted(places),
    )
    title = page.evaluate(
        "() => [...document.querySelector('article h1').childNodes]"
        ".filter(node => !node.matches?.('.headerlink')).map(node => node.textContent).join('')"
    )
    return title.strip(), page.pdf(prefer_css_page_size=True, outline=True, tagged=True)


def print_html(page, body, **options):
    """Return a page of our own as PDF."""
    page.set_content(f"<!DOCTYPE html><style>{STYLE}</style>{body}")
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, **options)))


def contents(page, book, parts, starts):
    """Return the page of contents as PDF; parts are (file, title), starts are page numbers."""
    lines = [
        f'<div><a href="{file.as_uri()}">{html.escape(title)}</a><span>{start}</span></div>'
        for (file, title), start in zip(parts, starts, strict=True)
    ]
    return print_html(page, f"<h1>{html.escape(book)}</h1><h2>Contents</h2>{''.join(lines)}")


def destinations(reader):
    """Return {name: (page, height on it)} of a document."""
    return {
        name.lstrip("/"): (reader.get_destination_page_number(place), float(place.top or 842))
        for name, place in reader.named_destinations.items()
    }


def destination(pages, start, target):
    """Return where to jump to: a page, and the height on it."""
    number, top = target
    place = [pages[start + number].indirect_reference, NameObject("/XYZ"), NumberObject(0)]
    return ArrayObject([*place, NumberObject(top), NullObject()])


def relink(pages, numbers, own, start, documents):
    """Let the links on the pages with these numbers lead to places in the joined PDF.

    ``documents`` is {address of a file: (its first page, {name: (page, height)})}; ``own`` are the
    names in the document that the pages come from, and ``start`` is its first page.
    """
    for number in numbers:
        links = pages[number].get("/Annots", ArrayObject())
        for reference in list(links):
            link = reference.get_object()
            act = link.get("/A", {})
            name = link.get("/Dest", act.get("/D"))
            if act.get("/S") == "/URI":
                address, place = urldefrag(act["/URI"])
                if address not in documents:
                    if address.startswith("file:"):  # a page that is not printed
                        links.remove(reference)
                    continue
                first, names = documents[address]
                target = destination(pages, first, names.get(unquote(place), (0, 842)))
            elif isinstance(name, str):
                target = destination(pages, start, own.get(str(name).lstrip("/"), (0, 842)))
            else:
                continue
            for key in ("/A", "/Dest"):
                link.pop(key, None)
            link[NameObject("/Dest")] = target


def add_outline(writer, reader, items, start, parent=None):
    """Copy the outline of a document that begins on page ``start``."""
    last = parent
    for item in items:
        if isinstance(item, list):
            add_outline(writer, reader, item, start, last)
        else:
            number = start + reader.get_destination_page_number(item)
            fit = Fit.xyz(left=0, top=float(item.top or 842))
            half = len(item.title) // 2
            twice = item.title[:half] == item.title[half:]  # a slip of Chromium's
            title = item.title[:half] if twice else item.title
            last = writer.add_outline_item(title=title, page_number=number, parent=parent, fit=fit)


def write(page, book, language, files, printed, target):
    """Join what was printed: contents, pages, their numbers, links and outline."""
    readers = [PdfReader(io.BytesIO(data)) for _, data in printed]
    parts = [(file, title) for file, (title, _) in zip(files, printed, strict=True)]
    # The contents are printed twice: the first time to know how many pages they take.
    first = len(contents(page, book, parts, [0] * len(parts)).pages)
    starts = [first]
    for reader in readers:
        starts.append(starts[-1] + len(reader.pages))
    front = contents(page, book, parts, [start + 1 for start in starts[:-1]])

    writer = PdfWriter()
    for reader in (front, *readers):
        for one in reader.pages:
            writer.add_page(one)
    empty = "<p style='break-after: page; margin: 0'>&nbsp;</p>" * (len(writer.pages) - 1)
    numbers = print_html(
        page, empty + "&nbsp;", display_header_footer=True, header_template="<i></i>",
        footer_template=FOOTER,
    )  # fmt: skip
    for one, number in zip(writer.pages, numbers.pages, strict=True):
        one.merge_page(number)
        one.compress_content_streams()

    documents = {
        file.as_uri(): (start, destinations(reader))
        for file, start, reader in zip(files, starts, readers, strict=False)
    }
    relink(writer.pages, range(first), {}, 0, documents)
    for file, start, stop, reader in zip(files, starts, starts[1:], readers, strict=False):
        own = documents[file.as_uri()][1]
        relink(writer.pages, range(start, stop), own, start, documents)
        add_outline(writer, reader, reader.outline, start)
    writer.add_metadata({"/Title": book, "/Creator": "scripts/pdf.py"})
    writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    writer.page_mode = "/UseOutlines"
    writer.compress_identical_objects(remove_unreferenced=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, writer.write)


def make(site, target, files=None, browser=None):
    """Print pages of a site (all of them, unless ``files`` says which) into one PDF."""
    if browser is None:
        if not BROWSER:
            raise SystemExit("Chromium prints the pages, and is missing: apt-get install chromium")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
            return make(site, target, files, browser)
    site = site.resolve()
    order = reading_order(site)
    files = [file.resolve() for file in files] if files else order
    wanted = places_wanted(order)
    start = BeautifulSoup((site / "index.html").read_bytes(), "html.parser")
    book, language = start.title.text, start.html["lang"]
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(180_000)
    page = context.new_page()
    printed = [print_page(page, file, wanted[file]) for file in files]
    write(page, book, language, files, printed, target)
    context.close()
    return target


def main():
    """Print the built book."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=BUILD / "html", help="the folder of the site")
    parser.add_argument("--output", type=Path, default=BUILD / "lenet-layer-by-layer.pdf")
    parser.add_argument("pages", nargs="*", type=Path, help="only these pages of the site")
    asked = parser.parse_args()
    print(make(asked.site, asked.output, asked.pages))


if __name__ == "__main__":
    main()
