"""Draw what others show of the book: the picture of a link to it, its icons, and one of its pages.

``python scripts/card.py`` writes card.png, apple-touch-icon.png and favicon.ico into book/_static,
from the title picture and the logo, and screenshot.png, which the README shows, from the site if it
was built. It needs Chromium.
"""

import io
from pathlib import Path

from chromium import BROWSER, FLAGS
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "book" / "_static"
PAGE, FIGURE = ROOT / "_build/html/chapters/02-layer-by-layer.html", "#fig-c02-kernels"
CARD = f"""
<body style="margin: 0; width: 1200px; height: 630px; background: #fff; color: #222;
             display: flex; align-items: center; gap: 28px; font-family: 'DejaVu Sans', sans-serif">
  <div style="margin-left: 36px; width: 256px">
    <img src="{(STATIC / "logo.svg").as_uri()}" width="96" height="96">
    <div style="font-size: 66px; font-weight: bold; margin: 20px 0 6px">LeNet</div>
    <div style="font-size: 34px; line-height: 1.25">layer<br>by layer</div>
  </div>
  <img src="{(STATIC / "hero.png").as_uri()}" width="840">
</body>"""
# Apple cuts the corners off itself, so the blue goes to the edge.
ICON = f"""<body style="margin: 0; background: #0072B2">
  <img src="{(STATIC / "logo.svg").as_uri()}" style="display: block; width: 100vw"></body>"""


def picture(browser, html, width, height):
    """Return the page with this HTML as a PIL image."""
    page = browser.new_page(viewport={"width": width, "height": height})
    file = STATIC / ".card.html"  # a page from a file may show files
    file.write_text(f"<!DOCTYPE html><meta charset='utf-8'>{html}", encoding="utf-8")
    try:
        page.goto(file.as_uri())
        return Image.open(io.BytesIO(page.screenshot()))
    finally:
        file.unlink()
        page.close()


def screenshot(browser):
    """Return a PIL image of the page that shows the first kernels and feature maps."""
    page = browser.new_page(viewport={"width": 1200, "height": 820}, color_scheme="light")
    page.goto(PAGE.as_uri())
    page.locator(FIGURE).evaluate("e => scrollBy(0, e.getBoundingClientRect().top - 70)")
    page.wait_for_timeout(1000)  # the bar at the top follows
    picture = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return picture


def main():
    """Draw and save the pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        card = (
            picture(browser, CARD, 1200, 630)
            .convert("RGB")
            .quantize(256, Image.Quantize.MAXCOVERAGE)
        )
        card.save(STATIC / "card.png", optimize=True)
        icon = picture(browser, ICON, 180, 180).convert("RGB")
        icon.save(STATIC / "apple-touch-icon.png", optimize=True)
        picture(browser, ICON, 192, 192).save(STATIC / "favicon.ico", sizes=[(32, 32), (48, 48)])
        if PAGE.exists():
            shot = screenshot(browser).convert("P", palette=Image.Palette.ADAPTIVE)
            shot.save(STATIC / "screenshot.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
