"""Debian's Chromium, and how the tests open a page in it."""

import shutil

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
    page.wait_for_function("!window.MathJax?.startup?.promise || document.fonts.ready")
    page.evaluate("() => window.MathJax?.startup?.promise?.then(() => document.fonts.ready)")
    return page, requests, problems
