"""How the tests build the site, serve it, open a page of it in Chromium, and what axe finds."""

import contextlib
import functools
import http.server
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import public
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
#: Where the site will stand, and the folder there; "" and "/" while the book has no address.
ADDRESS = CONFIG["html"].get("baseurl") or public.pages_address(CONFIG["repository"]["url"])
PREFIX = urlsplit(ADDRESS).path or "/"


def build(folder, *options):
    """Build the book into a folder with Jupyter Book's own command; return the folder's site."""
    command = [str(Path(sys.executable).parent / "jupyter-book"), "build", *options]
    built = subprocess.run(
        [*command, "--path-output", str(folder), str(ROOT)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    html = folder / "_build" / "html"
    assert (html / "index.html").is_file()
    return html


@functools.cache
def parsed(file):
    """Return a page of a site as BeautifulSoup; whoever asks again gets the same."""
    return BeautifulSoup(file.read_bytes(), "html.parser")


def page_names(site):
    """Return the pages of a built site, less slides and the one that only leads to the index."""
    files = [file for file in site.rglob("*.html") if "_static" not in file.parts]
    names = sorted(file.relative_to(site).as_posix() for file in files)
    others = 'meta[http-equiv="refresh"], .reveal'
    return [name for name in names if not parsed(site / name).select_one(others)]


def meta(page, name):
    """Return the contents of all meta tags with this name or property."""
    found = page.select(f'meta[name="{name}"], meta[property="{name}"]')
    return [tag["content"] for tag in found]


def references(page):
    """Yield (tag name, address) of everything that a page links to or loads."""
    for tag in page.find_all(True):
        for attribute in ("href", "src", "data-src", "poster", "action"):
            if tag.get(attribute):
                yield tag.name, tag[attribute]


def dead_links(site, files):
    """Return the links from some pages of a site that lead nowhere, and how many were followed."""
    dead, followed = [], 0
    for file in files:
        for _, address in references(parsed(file)):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or address == "#":
                continue
            target, path = file, unquote(parts.path)
            if path.startswith("/"):  # the page 404, which may stand at any depth
                assert file.name == "404.html"
                target = site / path.removeprefix(PREFIX)
            elif path:
                target = Path(os.path.normpath(file.parent / path))
            anchor = unquote(parts.fragment)
            if not target.is_relative_to(site) or not target.exists():
                dead.append(f"{file.relative_to(site)}: {address}")
            elif anchor and target.suffix == ".html" and anchor not in anchors(target):
                dead.append(f"{file.relative_to(site)}: {address}")
            followed += 1
    return dead, followed


@functools.cache
def anchors(file):
    return {tag["id"] for tag in parsed(file).find_all(id=True)}


#: A page is cut before these tags where it comes in pieces.
CUT = re.compile(rb'(?=<(?:/h1|article|footer|div class="(?:sidebar|bd-|header-)))')


@contextlib.contextmanager
def serve(site, *prefixes, pause=0):
    """Serve a folder under prefixes on a free port of the loopback address, as GitHub Pages does.

    What is not there is answered with the site's page 404. With a pause, in seconds, a page comes
    in pieces, as over a slow line.
    """

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def translate_path(self, path):
            inside = [path.removeprefix(one) for one in prefixes or "/" if path.startswith(one)]
            return super().translate_path("/" + inside[0] if inside else "/none")

        def copyfile(self, source, outputfile):
            if not pause or not source.name.endswith(".html"):
                super().copyfile(source, outputfile)
                return
            for piece in CUT.split(source.read()):
                outputfile.write(piece)
                time.sleep(pause)

        def send_error(self, code, message=None, explain=None):
            page = site / "404.html"
            if code != 404 or not page.is_file():
                super().send_error(code, message, explain)
                return
            data = page.read_bytes()
            self.send_response(404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, address):
            pass  # a page that is left closes its connections

    handler = functools.partial(Handler, directory=str(site))
    with Server(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def until(page, expression, arg=None, patience=120):
    """Wait until an expression, or a function of arg, is true in a page; at most so many seconds.

    Playwright's own wait asks from inside the page, which the policy of the pages refuses.
    """
    latest = time.monotonic() + patience
    asked = f"() => Boolean({expression})" if arg is None else expression
    while not page.evaluate(asked, arg):
        assert time.monotonic() < latest, f"not within {patience} s: {expression}"
        page.wait_for_timeout(50)


def settle(page, patience=120):
    """Wait for fonts, on the page where the forwarding ends; at most so many seconds.

    A page may be left at any moment here. What is asked of it then fails, once or more often, until
    the next page is known; so it is asked again.
    """
    from playwright.sync_api import Error

    ready = """async () => {
        await document.fonts.ready
        const loaded = document.readyState === "complete"
        return loaded && !document.querySelector("meta[http-equiv=refresh]")
    }"""
    latest = time.monotonic() + patience
    while True:
        try:
            page.wait_for_load_state("load")
            if page.evaluate(ready):
                return
        except Error as error:
            if "navigation" not in str(error).lower():
                raise
        assert time.monotonic() < latest, f"{page.url} did not come to rest within {patience} s"
        page.wait_for_timeout(50)


#: Words that every JavaScript object knows; none of them is in the index of the book.
OBJECTS_OWN = (
    "constructor __proto__ toString hasOwnProperty valueOf isPrototypeOf __defineGetter__ "
    "toLocaleString propertyIsEnumerable prototype length"
).split()


def search(browser, address, query):
    """Search a site; return how many pages were found, what was said, and what went wrong."""
    page, _, problems = visit(browser, f"{address}/search.html?{urlencode({'q': query})}")
    until(page, "document.querySelector('.search-summary')?.innerText", patience=30)
    said = page.locator(".search-summary").inner_text()
    found = page.locator("#search-results ul.search > li").count()
    waits = page.evaluate("Search.dots.isConnected")
    page.context.close()
    assert not waits, "the dots still run"
    return found, said, problems


#: The cells of tables in the page's text that take more than two lines of a few characters, though
#: they say more: see typography.py.
NARROW = """() => [...document.querySelectorAll(".bd-article table:not(.dataframe) :is(td, th)")]
    .filter((cell) => {
        const style = getComputedStyle(cell), all = document.createRange();
        all.selectNodeContents(cell);
        const pads = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
        const wide = (cell.clientWidth - pads) / parseFloat(style.fontSize);
        const lines = new Set([...all.getClientRects()].map((part) => Math.round(part.top / 6)));
        return cell.checkVisibility() && wide < 3.8 && lines.size > 2;
    })
    .map((cell) => cell.textContent.trim())"""


def visit(browser, address, width=1280, theme="light"):
    """Open a page; return it with the addresses it asked for and what went wrong."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    requests, problems = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    page.goto(address, wait_until="load")
    settle(page)
    return page, requests, problems


#: How grave axe must call what keeps some readers out.
GRAVE = ("serious", "critical")


def look_with_axe(page, where=None, **options):
    """Return what axe finds, [[impact, rule, [HTML of each place]]], and how many rules passed."""
    file = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    assert file.is_file(), "axe-core is missing: run `make book`, which installs it"
    page.evaluate(file.read_text(encoding="utf-8"))  # a script tag is refused by the page's policy
    return page.evaluate(
        """([where, options]) => axe.run(where ?? document, options).then(found => [
            found.violations.map(one => [one.impact, one.id,
                one.nodes.map(node => node.html.slice(0, 160))]),
            found.passes.length])""",
        [where, options],
    )
