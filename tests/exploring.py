"""What a test does with the explorer in a browser: open it, draw on it, and read what it says."""

from browsing import until, visit

PAGE = "book/explorer.html"


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
