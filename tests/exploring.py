"""What a test does with the explorer in a browser: open it, draw on it, and read what it says.

And with its scripts alone, on an empty page.
"""

import base64
import contextlib

import numpy as np
from browsing import until, visit
from contents import ROOT

from lenet_tutorial.datasets import DatasetError, load_bundled, load_mnist
from lenet_tutorial.explorer import scripts

PAGE = "book/explorer.html"
SCRIPTS = ROOT / "book" / "_static" / "explorer"
WEIGHTS = SCRIPTS / "weights"

#: In a page: `network(name, epoch)` builds a network of the explorer.
NETWORK = """() => { window.network = (name, epoch) => {
    const { received, build, decode } = LeNet.engine;
    const entry = received.catalogue.networks.find(one => one.name === name);
    const shot = entry.snapshots.find(one => one.epoch === epoch);
    return build(entry, decode(received.weights[`${name}-${epoch}`], shot));
} }"""


def some_digits():
    """Return MNIST where it is, else the bundled digits; nothing is downloaded."""
    try:
        return load_mnist(mirrors=())
    except DatasetError:
        return load_bundled()


def samples():
    """Return the digits that come with the page, with their labels; those after 50 are misread."""
    text = (WEIGHTS / "samples.js").read_text(encoding="utf-8")
    data = base64.b64decode(text.rsplit('"', 2)[1])
    labels = scripts.read_manifest(WEIGHTS)["samples"]["labels"]
    return np.frombuffer(data, np.uint8).reshape(-1, 28, 28), np.array(labels)


@contextlib.contextmanager
def page_of_scripts(browser, *names):
    """Open an empty page with some scripts, all weights, and a function `network(name, epoch)`."""
    page = browser.new_page()
    for name in names:
        page.add_script_tag(path=SCRIPTS / f"{name}.js")
    for file in sorted(WEIGHTS.glob("*.js")):
        page.add_script_tag(path=file)
    for text in scripts.made_by_the_build(WEIGHTS).values():
        page.add_script_tag(content=text)
    page.evaluate(NETWORK)
    yield page
    page.close()


def open_explorer(browser, address, **how):
    """Open a page with an explorer, and wait for the network."""
    page, requests, problems = visit(browser, address, **how)
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    return page, requests, problems


def settle(page):
    """Wait until the page has drawn what was asked of it: it does so once a frame."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def verdict(page):
    """Return the sentence that says what the network reads."""
    settle(page)
    return page.locator(".lx-verdict").inner_text()


def press(page, name):
    """Press a button of the explorer."""
    page.locator(".lenet-explorer").get_by_role("button", name=name, exact=True).click()
    settle(page)


def places(page, points):
    """Return places on the paper, given from 0 to 1, as places in the window."""
    page.locator(".lx-paper").scroll_into_view_if_needed()
    box = page.locator(".lx-paper").bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page, strokes):
    """Draw strokes, lists of (x, y) from 0 to 1, with the mouse."""
    for stroke in strokes:
        first, *others = places(page, stroke)
        page.mouse.move(*first)
        page.mouse.down()
        for place in others:
            page.mouse.move(*place, steps=6)
        page.mouse.up()
    settle(page)


ONE = [[(0.5, 0.12), (0.5, 0.88)]]
SEVEN = [[(0.2, 0.15), (0.8, 0.15), (0.42, 0.9)]]
