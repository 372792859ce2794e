"""A term shows its meaning where it stands: with the pointer, the keyboard and a finger."""

import re

import pytest
import tips
from browsing import GRAVE, look_with_axe, parsed, until, visit

CHAPTER = "chapters/03-output-size.html"
TERM = ".bd-article a:has(> .std-term)"
TIP = ".lenet-tip"


@pytest.fixture
def ready(browser, server):
    page, requests, problems = visit(browser, f"{server}/{CHAPTER}")
    page.asked = requests
    yield page
    assert not problems
    page.context.close()


def fingers(browser, address):
    """Open a page as on a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("load")
    return page


def shown(page):
    until(page, f"document.querySelector('{TIP}')", patience=10)
    return page.locator(TIP)


def test_every_term_of_the_glossary_has_its_meaning(site):
    page = (site / tips.GLOSSARY).read_text(encoding="utf-8")
    found = tips.terms(page, tips.CHINESE)
    assert len(found) > 100
    for name, (term, meaning) in found.items():
        assert name.startswith("term-") and term, name
        assert len(meaning) > 30 and " id=" not in meaning, name
        assert not re.match(r"<p>\([^)]*[\u4e00-\u9fff]", meaning), name
    assert found["term-stride"][0] == "stride" and "headerlink" not in found["term-stride"][0]
    assert re.match(r"<p>\(", tips.terms(page)["term-stride"][1])  # where it is wanted, it stays


@pytest.mark.book
def test_a_page_with_terms_has_the_script_and_a_page_without_has_not(site):
    for name, wanted in ((CHAPTER, 1), ("book/references.html", 0)):
        scripts = [tag["src"] for tag in parsed(site / name).select("script[src*='tips/']")]
        assert len(scripts) == wanted
    assert not parsed(site / CHAPTER).select("script[src*='terms.js']")  # asked for later


@pytest.mark.browser
def test_the_pointer_opens_a_tip_can_go_onto_it_and_away(ready):
    assert not [url for url in ready.asked if "terms.js" in url]
    link = ready.locator(TERM, has_text="kernel").first
    link.hover()
    tip = shown(ready)
    assert tip.inner_text().startswith("kernel: ") and len(tip.inner_text()) > 40
    box, at = tip.bounding_box(), link.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
    assert box["y"] >= at["y"] + at["height"] or box["y"] + box["height"] <= at["y"]
    tip.hover()
    ready.wait_for_timeout(600)
    assert tip.count() == 1  # WCAG 1.4.13: it can be pointed at
    ready.mouse.move(2, 2)
    until(ready, f"!document.querySelector('{TIP}')", patience=10)
    assert link.get_attribute("aria-describedby") is None


@pytest.mark.browser
def test_the_keyboard_opens_it_and_escape_closes_it_and_enter_goes_there(ready):
    link = ready.locator(TERM).first
    link.evaluate("link => link.previousElementSibling")
    ready.keyboard.press("Tab")
    link.focus()
    tip = shown(ready)
    described = ready.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-describedby')).innerText"
    )
    assert described in tip.inner_text() and "glossary" not in described
    ready.keyboard.press("Escape")
    assert tip.count() == 0
    assert ready.evaluate("document.activeElement.matches('a')")
    ready.keyboard.press("Enter")
    ready.wait_for_url("**/book/glossary.html#term-*")


@pytest.mark.browser
def test_the_first_tap_opens_it_and_the_link_in_it_leads_to_the_glossary(browser, server):
    page = fingers(browser, f"{server}/{CHAPTER}")
    link = page.locator(TERM, has_text="stride").first
    link.tap()
    tip = shown(page)
    assert CHAPTER in page.url and tip.inner_text().startswith("stride: ")
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("h1").first.tap()
    assert tip.count() == 0  # a tap elsewhere closes it
    link.tap()
    shown(page).get_by_role("link", name="In the glossary").tap()
    page.wait_for_url("**/book/glossary.html#term-stride")
    page.go_back()
    link.tap()
    shown(page)
    link.tap()  # the second one goes there
    page.wait_for_url("**/book/glossary.html#term-stride")
    page.context.close()


@pytest.mark.browser
def test_a_tip_works_from_a_folder(browser, site):
    page, _, problems = visit(browser, (site / CHAPTER).as_uri())
    page.locator(TERM).first.hover()
    assert len(shown(page).inner_text()) > 40 and not problems
    page.context.close()


@pytest.mark.browser
def test_where_the_meanings_do_not_come_a_term_is_a_link(browser, server):
    page = fingers(browser, f"{server}/book/calculator.html")
    page.route("**/terms.js", lambda route: route.abort())
    page.locator(TERM).first.tap()
    page.wait_for_url("**/book/glossary.html#term-*")
    page.context.close()


@pytest.mark.browser
def test_links_in_a_tip_lead_where_they_lead_in_the_glossary(ready, site):
    terms = tips.terms((site / tips.GLOSSARY).read_text(encoding="utf-8"))
    with_links = {name for name, (_, meaning) in terms.items() if "<a " in meaning}
    names = ready.locator(TERM).evaluate_all("all => all.map(one => one.hash.slice(1))")
    number = next(n for n, name in enumerate(names) if name in with_links)
    ready.locator(TERM).nth(number).hover()
    links = shown(ready).locator("a").evaluate_all("links => links.map(link => link.href)")
    assert len(links) > 1
    assert all("/book/glossary.html#term-" in link for link in links), links


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_a_tip(browser, server, theme):
    page, _, _ = visit(browser, f"{server}/{CHAPTER}", theme=theme)
    page.locator(TERM).first.hover()
    shown(page)
    found, _ = look_with_axe(page, TIP)
    assert not [one for one in found if one[0] in GRAVE], found
    page.context.close()


@pytest.mark.book
def test_no_button_to_the_top_covers_the_text(site):
    """The theme shows it where the text takes the whole width, and nowhere else."""
    for name in (CHAPTER, "index.html", "book/calculator.html"):
        assert not parsed(site / name).select("#pst-back-to-top")
