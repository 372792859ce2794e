"""A reader's ways through the site: by links, the menu, the search, the keyboard, and on paper."""

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pdf
import pytest
from browsing import parsed, until, visit
from pypdf import PdfReader

ROOT = Path(__file__).parent.parent
PATIENCE = 120_000  # milliseconds; a machine may be busy

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def order(site):
    """Return the pages in reading order, as the links to the next page lead."""
    lead = parsed(site / "index.html")
    names = [lead.select_one('meta[http-equiv="refresh"]')["content"].split("url=")[1]]
    while True:
        page = parsed(site / names[-1])
        following = page.select_one('link[rel="next"]')
        if not following:
            return names
        file = ((site / names[-1]).parent / unquote(following["href"])).resolve()
        names.append(file.relative_to(site.resolve()).as_posix())
        assert len(names) == len(set(names)), names


def opened(browser, address, width=1280, theme="light"):
    page, requests, problems = visit(browser, address, width, theme)
    page.set_default_timeout(PATIENCE)
    return page, requests, problems


def follow(page, link):
    """Click on a link, and return the address below the root that it led to."""
    with page.expect_navigation(wait_until="domcontentloaded"):
        link.click()
    return urlsplit(page.url).path[1:]


def test_a_walk_from_the_index_by_a_chapter_and_a_term_to_the_explorer_and_back(
    browser, server, order
):
    page, requests, problems = opened(browser, f"{server}/")
    page.wait_for_url(f"{server}/{order[0]}")
    chapter = follow(page, page.locator("article .chapter-map a[href*='chapters/']").first)
    assert chapter.startswith("chapters/")
    term = page.locator("article a[href*='glossary.html#term-']").first
    name = term.get_attribute("href").split("#")[1]
    assert follow(page, term) == "book/glossary.html"
    assert page.evaluate("location.hash") == f"#{name}"
    place = page.locator(f"[id='{name}']").bounding_box()
    assert -1 <= place["y"] < 900  # the term is in sight
    explorer = follow(page, page.locator("#pst-primary-sidebar a[href*='explorer']"))
    assert explorer == "book/explorer.html"
    page.locator(".lenet-explorer canvas").first.wait_for(state="visible")
    for expected in ("book/glossary.html", chapter, order[0]):
        page.go_back()
        page.wait_for_url(re.compile(re.escape(expected)))
    assert not [url for url in requests if not url.startswith((server, "data:", "blob:"))]
    assert not problems
    page.context.close()


def test_the_links_to_the_next_and_the_previous_page_go_through_the_whole_book(
    browser, server, order
):
    assert len([name for name in order if name.startswith("chapters/")]) >= 8
    page, _, problems = opened(browser, f"{server}/{order[0]}")
    for name in order[1:]:
        assert follow(page, page.locator(".prev-next-footer a.right-next")) == name
    assert page.locator(".prev-next-footer a.right-next").count() == 0
    assert follow(page, page.locator(".prev-next-footer a.left-prev")) == order[-2]
    assert not problems
    page.context.close()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("receptive field", "chapters/03-output-size.html#the-receptive-field"),
        ("C3 table", "chapters/"),
    ],
)
def test_the_search_finds_a_term_and_shows_where(browser, server, site, words, expected):
    page, requests, problems = opened(browser, f"{server}/search.html")
    page.locator(".bd-search-container input[name=q]").fill(words)
    page.keyboard.press("Enter")
    first = page.locator("#search-results li").first
    first.wait_for()
    until(page, "/found \\d+|\\d+ page/.test(document.body.innerText)")
    found = page.locator("#search-results li > a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert len(found) >= 3 and any(link.startswith(expected) for link in found[:3])
    page.locator("#search-results li p.context").first.wait_for()
    lines = page.locator("#search-results li p.context").all_inner_texts()
    assert any(word.lower() in " ".join(lines).lower() for word in words.split())
    assert not [line for line in lines if re.search(r"\S#\s|¶|\\\(|</?\w+>", line)]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert follow(page, page.locator("#search-results li > a").first) == found[0].split("#")[0]
    assert not problems
    assert not [url for url in requests if not url.startswith((server, "data:"))]
    page.context.close()

    from_file = f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}"
    page, _, problems = opened(browser, from_file)
    page.locator("#search-results li").nth(2).wait_for()
    again = page.locator("#search-results li > a").evaluate_all(
        "links => links.slice(0, 3).map(link => link.getAttribute('href'))"
    )
    assert again == found[:3]
    assert not problems
    page.context.close()


def test_an_exercise_unfolds_at_a_press_and_for_a_link_that_leads_to_it(browser, server):
    address = f"{server}/chapters/03-output-size.html"
    page, _, problems = opened(browser, address)
    box, words = page.locator("#c03-ex1"), page.locator("#c03-ex1 p").nth(1)
    assert not words.is_visible()
    box.locator(".admonition-title").click()
    words.wait_for(state="visible")
    page.evaluate("location.hash = '#c03-ex2'")
    until(page, "!document.querySelector('#c03-ex2').matches('.toggle-hidden')")
    page.goto(f"{address}?again#c03-ex3")
    until(page, "!document.querySelector('#c03-ex3').matches('.toggle-hidden')")
    assert not problems
    page.context.close()


def test_the_theme_can_be_switched_and_stays_so(browser, server, order):
    page, _, problems = opened(browser, f"{server}/{order[0]}")
    root = "document.documentElement.dataset"
    button = page.locator(
        ".article-header-buttons .theme-switch-button, .theme-switch-button"
    ).first
    for _ in range(3):  # light, dark, and as the system says
        if page.evaluate(f"{root}.mode") == "dark":
            break
        button.click()
    assert page.evaluate(f"{root}.theme") == "dark"
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    follow(page, page.locator(".prev-next-footer a.right-next"))
    assert page.evaluate(f"{root}.theme") == "dark" and page.evaluate(colour) == dark
    page.reload()
    assert page.evaluate(f"{root}.theme") == "dark"
    assert not problems
    page.context.close()


def test_on_a_phone_the_menu_opens_closes_and_leads_on(browser, server, order):
    page, _, problems = opened(browser, f"{server}/{order[0]}", width=390)
    link = page.locator("#pst-primary-sidebar-modal a[href*='chapters/']").first
    assert not page.locator("#pst-primary-sidebar a[href*='chapters/']").first.is_visible()
    toggle = page.locator(".primary-toggle").first
    toggle.click()
    link.wait_for(state="visible")
    page.keyboard.press("Escape")
    link.wait_for(state="hidden")
    toggle.click()
    link.wait_for(state="visible")
    assert follow(page, link).startswith("chapters/")
    assert not page.locator("#pst-primary-sidebar").is_visible()
    assert not problems
    page.context.close()


def test_the_first_key_leads_past_the_menu(browser, server, order):
    page, _, _ = opened(browser, f"{server}/{order[1]}")
    page.keyboard.press("Tab")
    link = page.evaluate("[document.activeElement.innerText, document.activeElement.hash]")
    assert link == ["Skip to main content", "#main-content"]
    # It is seen while it has the focus.
    until(page, "document.activeElement.getBoundingClientRect().top >= 0")
    assert page.evaluate("document.activeElement.getBoundingClientRect().width") > 50
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('main')")
    page.context.close()


def test_what_scrolls_sideways_can_be_scrolled_with_the_keyboard(browser, server, order):
    page, _, _ = opened(browser, f"{server}/chapters/02-layer-by-layer.html", width=390)
    wide = page.locator("article figure[data-reached]").first
    wide.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.scrollLeft > 20")
    page.context.close()


def test_the_buttons_of_the_theme_work_without_a_script_in_the_page(browser, server):
    page, _, problems = opened(browser, f"{server}/chapters/03-output-size.html")
    page.evaluate("window.print = () => { window.printed = true }")
    page.evaluate("window.toggleFullScreen = () => { window.full = true }")
    page.locator("[data-press=print]").evaluate("button => button.click()")
    page.locator("[data-press=fullscreen]").evaluate("button => button.click()")
    assert page.evaluate("[window.printed, window.full]") == [True, True]
    assert not problems
    page.context.close()


# --------------------------------------------------------------------------- on paper


@pytest.fixture(scope="session")
def printed(site, tmp_path_factory, browser):
    """Print a chapter and the glossary as `make pdf` does; return the PDF."""
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    files = [site / "chapters" / "03-output-size.html", site / "book" / "glossary.html"]
    return PdfReader(pdf.make(site, target, files, browser))


def test_a_chapter_on_paper_has_all_its_text_and_no_button(printed, site):
    pages = [page.extract_text() for page in printed.pages]
    assert 15 <= len(pages) <= 60
    # A font may join letters, as those of "fi".
    text = unicodedata.normalize("NFKC", re.sub(r"\s+", "", "".join(pages)))
    source = parsed(site / "chapters" / "03-output-size.html")
    article = source.select_one("article")
    for tag in article.select(":is(p, td, figcaption):has(.math)"):
        tag.decompose()  # a formula is set from many small pieces
    for tag in article.select("script, style, .headerlink, summary, [class*=lenet-]"):
        tag.decompose()
    words = [
        re.sub(r"\s+", "", p.text)
        for p in article.select("p, pre, h2, figcaption, .solution p, td")
        if not p.find_parent("details") and "\\" not in p.text
    ]
    lost = [w for w in words if w.isascii() and w not in text]
    assert len(words) > 120
    assert len(lost) <= len(words) * 0.02, lost  # a sentence that goes on on the next page
    for button in ("Skiptomaincontent", "Backtotop", "Searchthisbook", "Clicktoshow", "Contents¶"):
        assert button not in text
    assert "Hidecodecellsource" not in text and "Showthecheck" in text
    folded = article.select("details pre")
    assert folded
    for box in folded:  # it lies open on paper
        assert re.sub(r"\s+", "", box.text)[:60] in text


def test_no_sheet_is_nearly_empty_and_all_are_numbered(printed):
    for number, page in enumerate(printed.pages, start=1):
        text = page.extract_text().strip()
        assert text.endswith(str(number)) or f"\n{number}" in text or text.startswith(str(number))
        assert len(text) > 60 or len(page.images) > 0, (number, text)


def test_the_pdf_has_contents_an_outline_and_links_that_stay_inside(printed):
    top = [item for item in printed.outline if not isinstance(item, list)]
    titles = [item.title for item in top]
    assert len(titles) == 2 and titles[0].startswith("3. ") and titles[1] == "Glossary"
    starts = [printed.get_destination_page_number(item) for item in top]
    front = printed.pages[0].extract_text()
    for title, start in zip(titles, starts, strict=True):
        assert title in front and str(start + 1) in front
        assert title.split(" ")[-1].rstrip("?") in printed.pages[start].extract_text()
    assert printed.metadata.title and printed.root_object["/Lang"] == "en"
    inside, files = 0, []
    for page in printed.pages:
        for reference in page.get("/Annots", ()):
            link = reference.get_object()
            address = link.get("/A", {}).get("/URI", "")
            inside += "/Dest" in link
            if address.startswith("file:"):
                files.append(address)
    assert inside > 40
    assert files == []
    # From the chapter to its term, on the very page of the glossary.
    glossary = range(starts[1], len(printed.pages))
    targets = set()
    for page in printed.pages[starts[0] : starts[1]]:
        for reference in page.get("/Annots", ()):
            if place := reference.get_object().get("/Dest"):
                targets.add(printed.get_page_number(place[0].get_object()))
    assert len(targets & set(glossary)) >= 3


def test_paper_is_light_and_the_page_is_dark_again_after_it(browser, server):
    page, _, _ = opened(browser, f"{server}/chapters/03-output-size.html", theme="dark")
    root = "document.documentElement.dataset.theme"
    folded = "document.querySelectorAll('article details:not([open])').length"
    assert page.evaluate(root) == "dark"
    closed = page.evaluate(folded)
    assert closed >= 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate(root) == "light" and page.evaluate(folded) == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    boxes = "[...document.querySelectorAll('.admonition:is(.exercise, .dropdown) p')]"
    assert page.evaluate(f"{boxes}.length >= 10 && {boxes}.every(one => one.checkVisibility())")
    hidden = page.evaluate(
        """() => ["#pst-primary-sidebar", ".bd-header-article", ".prev-next-footer", ".copybtn"]
            .flatMap(name => [...document.querySelectorAll(name)]).filter(e => e.checkVisibility())
            .length"""
    )
    assert hidden == 0
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(root) == "dark" and page.evaluate(folded) == closed
    page.context.close()
