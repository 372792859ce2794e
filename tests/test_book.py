"""The built site: no warning, no dead link, no other host, and what a page needs works."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import formulas
import pytest
import weight
from browsing import ADDRESS, NARROW, dead_links, page_names, parsed, references, visit
from bs4 import BeautifulSoup
from contents import LESSONS

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def pages(site):
    """Return {path below the site: parsed page} of all pages, less those that only lead on."""
    names = ["index.html", *page_names(site), *(f"slides/lesson-{n}.html" for n in LESSONS)]
    found = {Path(name): parsed(site / name) for name in names}
    assert len(found) >= 12
    return found


def test_every_internal_link_and_anchor_resolves(site, pages):
    dead, followed = dead_links(site, [site / path for path in pages])
    assert not dead
    assert followed > 500


def test_no_page_loads_anything_from_another_host(pages):
    for path, page in pages.items():
        for tag, address in references(page):
            canonical = tag == "link" and ADDRESS and address.startswith(ADDRESS)
            if tag not in ("a", "form") and not canonical:
                assert not urlsplit(address).netloc, f"{path}: <{tag}> {address}"
        # The libraries in a deck name some; its policy forbids them all (test_slides.py).
        for script in page.find_all("script") if path.parts[0] != "slides" else []:
            assert not re.search(r"https?://(?!www\.w3\.org)", script.text), f"{path}: {script}"


def test_no_page_names_a_path_of_this_machine(site):
    home = str(Path.home())
    for file in site.rglob("*"):
        if file.suffix in (".html", ".js", ".ipynb", ".txt", ".json") and file.is_file():
            text = file.read_text(errors="replace", encoding="utf-8")
            assert str(ROOT) + "/" not in text, file
            assert home == "/" or f"{home}/" not in text, file


def test_every_picture_has_alt_text(pages):
    pictures = 0
    for path, page in pages.items():
        for image in page.find_all("img"):
            assert image.get("alt"), f"{path}: {image}"
            # Where there is none, Sphinx takes the file's name.
            assert not re.search(r"\.(png|svg|jpe?g|gif)$", image["alt"]), f"{path}: {image}"
            pictures += 1
    assert pictures >= 20


def test_exercises_have_folded_solutions_in_the_pages(pages):
    for path, page in pages.items():
        if path.parent == Path("chapters"):
            exercises = page.select("div.exercise.admonition")
            solutions = page.select("div.solution.dropdown.admonition")
            assert len(exercises) >= 5, path
            assert len(solutions) == len(exercises), path


def test_the_glossary_has_the_chinese_term_beside_each_english_one(pages):
    page = pages[Path("book/glossary.html")]
    terms, meanings = page.select("dl.glossary dt"), page.select("dl.glossary dd")
    assert len(terms) >= 60
    assert len(terms) == len(meanings)
    for meaning in meanings:
        assert re.search(r"[\u4e00-\u9fff]", meaning.text), meaning.text


def test_no_line_ends_between_a_number_and_what_belongs_to_it(pages):
    kept = 0
    for path, page in pages.items():
        for text in page.find_all(string=True):
            if text.find_parent("article") and not text.find_parent(["pre", "code", "table"]):
                assert not re.search(r"\d %|\d × \d|\d \d{3}\b", text), f"{path}: {text}"
                kept += len(re.findall(r"\d\u00a0%|\d\u00a0×\u00a0\d|\d\u00a0\d{3}\b", text))
    assert kept >= 150


def test_every_chapter_can_be_downloaded_as_a_notebook(site, pages):
    for path, page in pages.items():
        if path.parts[0] == "chapters":
            links = [a["href"] for a in page.find_all("a") if a.get("href", "").endswith(".ipynb")]
            links = [link for link in links if not urlsplit(link).netloc]
            assert links, path
            assert (site / path.parent / links[0]).is_file()


# --------------------------------------------------------------------------- in the browser


@pytest.mark.browser
def test_the_icons_are_drawn_by_their_font(browser, server):
    page, requests, _ = visit(browser, f"{server}/chapters/03-output-size.html")
    assert not [url for url in requests if "fontawesome.js" in url]
    icon = page.locator(".article-header-buttons .fa-download, .article-header-buttons .fas").first
    look = icon.evaluate("i => [getComputedStyle(i, '::before').content, i.offsetWidth]")
    assert look[0] not in ("none", "normal") and look[1] >= 10
    assert page.evaluate("document.fonts.check('900 16px \"Font Awesome 6 Free\"', '\\uf019')")
    page.context.close()


@pytest.mark.browser
def test_formulas_are_there_without_a_script_in_a_look_and_for_screen_readers(browser, server):
    page, requests, _ = visit(browser, f"{server}/chapters/03-output-size.html")
    assert not any("mathjax" in url.lower() or url.endswith("katex.js") for url in requests)
    assert any("/_static/katex/fonts/KaTeX_Math-Italic" in url for url in requests)
    formulas = page.locator("article .math").count()
    assert formulas >= 20
    assert page.locator("article .math .katex-html[aria-hidden=true]").count() == formulas
    assert page.locator("article .math math semantics").count() == formulas
    page.context.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/chapters/03-output-size.html")
    first = page.locator("article div.math .katex-html").first.bounding_box()
    assert first["width"] > 100 and 15 < first["height"] < 100
    context.close()


def test_a_formula_that_cannot_be_read_stops_the_build_and_is_named():
    good, bad = ("x^2", False), (r"\frac{1", True)
    drawn = formulas.typeset([good, bad])
    assert "<math" in drawn[good] and 'class="katex-html"' in drawn[good]
    assert drawn[bad].startswith(r"!\frac{1: ")


def test_every_mark_of_a_formula_is_replaced_on_all_pages(site):
    left = [f.name for f in site.rglob("*.html") if formulas.MARKED.search(f.read_text("utf-8"))]
    assert left == []
    assert not list(site.rglob("*mathjax*"))


def test_a_numbered_formula_is_set_and_referred_to(tmp_path):
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'formulas']\nhtml_math_renderer = 'katex'\n"
        "myst_enable_extensions = ['amsmath', 'dollarmath']\nmyst_update_mathjax = False\n",
        encoding="utf-8",
    )
    text = "# One $a < b$\n\n$$\na &= b \\\\\nc &= d\n$$ (eq-one)\n\nSee {eq}`eq-one`.\n\n"
    text += "\\begin{align}\na &= 1 \\\\\nb &= 2\n\\end{align}\n\n"
    text += "| a |\n| - |\n| $x^2$ |\n"
    (tmp_path / "index.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "."]

    def run():
        return subprocess.run(
            [*command, "out"], cwd=tmp_path, capture_output=True, encoding="utf-8"
        )

    ran = run()
    assert ran.returncode == 0, ran.stderr
    page = BeautifulSoup((tmp_path / "out" / "index.html").read_text("utf-8"), "html.parser")
    assert page.select_one("#equation-eq-one .eqno").text.startswith("(1)")
    assert page.select_one('a[href="#equation-eq-one"] .eqno, a[href="#equation-eq-one"]')
    assert len(page.select("section .math .katex-html")) == 4
    assert page.select_one("h1 .math annotation").text == "a < b"
    assert page.select_one("td .katex") and page.select_one(
        'link[href="_static/katex/katex.min.css"]'
    )
    (tmp_path / "index.md").write_text("# Two\n\n$\\nosuchword$\n", encoding="utf-8")
    ran = run()
    assert ran.returncode != 0 and "index.html" in ran.stderr and "nosuchword" in ran.stderr


@pytest.mark.browser
def test_a_solution_opens_with_the_keyboard(browser, server):
    page, _, _ = visit(browser, f"{server}/chapters/03-output-size.html")
    folded = page.locator("div.solution.dropdown").first
    assert "toggle-hidden" in folded.get_attribute("class")
    folded.locator("button.toggle-button").focus()
    page.keyboard.press("Enter")
    assert "toggle-hidden" not in folded.get_attribute("class")
    page.context.close()


def test_pages_share_one_style_sheet_that_has_what_they_use(browser, server, site):
    assert (site / "_static" / "site.css").stat().st_size < 120_000
    fonts = sorted((site / "_static").glob("fa-*.woff"))
    assert fonts and sum(font.stat().st_size for font in fonts) < 20_000
    for name in ("book/index", "chapters/02-layer-by-layer"):
        page, requests, problems = visit(browser, f"{server}/{name}.html")
        sheets = [url for url in requests if ".css" in url]
        assert len(sheets) <= 4 and not problems
        assert not any("webfonts" in url or "fontawesome" in url for url in requests)
        page.context.close()


def test_a_rule_stays_if_one_selector_is_used_and_icons_are_named():
    style = (
        '.a:is(h1, h2){u:1}.a,.b .c{x:1}@media print{.d{y:1}.a:not(.q){z:1}}#e[f=".g"]{w:1}p{v:1}'
    )
    assert weight.purge(style, {"a", "e"}) == (
        '.a:is(h1, h2){u:1}\n.a{x:1}\n@media print{.a:not(.q){z:1}}\n#e[f=".g"]{w:1}\np{v:1}'
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    "name", ["chapters/01-history", "chapters/06-when-training-fails", "book/teach"]
)
def test_no_column_is_a_few_characters_wide_on_a_phone(browser, server, name):
    page, _, _ = visit(browser, f"{server}/{name}.html", width=390)
    assert page.locator(".pst-scrollable-table-container :is(td, th).short").count() >= 3
    assert page.evaluate(NARROW) == []
    page.context.close()


def test_a_figure_is_enlarged_by_finger_mouse_and_keyboard(browser, server):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark"
    )
    page = context.new_page()
    page.goto(f"{server}/chapters/02-layer-by-layer.html")
    button = page.locator("button.enlarge").first
    assert button.is_visible() and button.bounding_box()["height"] >= 24
    picture = page.locator("img.can-grow:visible").first
    for opens in (button.tap, picture.tap, picture.click, lambda: button.press("Enter")):
        opens()
        shown = page.locator("dialog.enlarged img:visible")
        # Words of 7 points at least, at 120 pixels to the inch, are 11 pixels high in full size:
        # test_pictures.py measures those of each figure.
        wide, own = shown.bounding_box()["width"], int(picture.get_attribute("width"))
        assert wide / own * 7 / 72 * 120 >= 11
        page.keyboard.press("Escape")
        page.locator("dialog.enlarged").wait_for(state="detached")
    button.tap()
    page.locator("dialog.enlarged > button").tap()
    page.locator("dialog.enlarged").wait_for(state="detached")
    assert button.evaluate("one => one === document.activeElement")
    context.close()
