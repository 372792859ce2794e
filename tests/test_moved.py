"""Old addresses: a page that has a new name is found at its old one, with the place on the page."""

import re
from urllib.parse import urlsplit

import pytest
from browsing import CONFIG, parsed, until, visit
from contents import CHAPTERS

pytestmark = pytest.mark.book

#: The chapters' addresses in the order of before, and what a reader had from there: old → new.
MOVED = {
    "04-training-with-keras": "05-training-with-keras",
    "05-as-published-1998": "08-as-published-1998",
    "06-1989-in-code": "09-1989-in-code",
    "08-what-came-after": "10-what-came-after",
    "09-training-faster-and-better": "11-training-faster-and-better",
    "10-beyond-one-machine": "12-beyond-one-machine",
}
moved = pytest.mark.parametrize(("old", "new"), MOVED.items(), ids=MOVED)


def test_every_address_that_was_given_up_leads_to_one_that_is_there():
    told = CONFIG["sphinx"]["config"]["redirects"]
    assert told == {f"chapters/{old}": f"{new}.html" for old, new in MOVED.items()}
    there = {path.stem for path in CHAPTERS}
    assert set(MOVED.values()) <= there and not there & set(MOVED)


@moved
def test_an_old_page_says_without_a_script_where_the_chapter_is(site, old, new):
    page = parsed(site / "chapters" / f"{old}.html")
    [link] = page.select("main a")
    assert link["href"] == link.text == f"{new}.html" and page.html["lang"] == "en"
    assert page.h1.text == page.title.text == "This chapter has moved"
    [forward] = page.select("noscript > meta[http-equiv=refresh]")
    assert forward["content"] == f"0; url={new}.html"


@moved
def test_each_exercise_has_kept_its_place_under_the_new_number(site, old, new):
    """So the old fragment, with the number exchanged, is one of the new page."""
    places = {tag["id"] for tag in parsed(site / "chapters" / f"{new}.html").find_all(id=True)}
    assert sum(re.fullmatch(rf"c{new[:2]}-ex\d+", place) is not None for place in places) >= 5
    assert not [place for place in places if re.match(rf"c(?!{new[:2]})\d\d-", place)]


#: Sections that stand in another chapter now: their old places on the old page, the new section.
SECTIONS = {
    "11-training-faster-and-better": {"sec-one-epoch": ["sec-one-epoch", "one-epoch"]},
    "12-beyond-one-machine": {
        "sec-how-small": [
            *("sec-how-small", "how-small-can-it-be", "fewer-bits", "few-from-the-start"),
            *("fig-c12-pruning", "c12-ex8"),
        ]
    },
}


@pytest.mark.parametrize("old", SECTIONS)
def test_the_old_place_of_a_section_says_where_it_stands_now(site, old):
    page = parsed(site / "chapters" / f"{old}.html")
    for section, places in SECTIONS[old].items():
        for place in places:
            told = page.find(id=place).find_next("p")
            led = [link["href"] for link in told.find_all("a")]
            assert f"16-how-far-lenet-goes.html#{section}" in led, place


@pytest.mark.browser
@pytest.mark.parametrize("way", ["server", "file"])
@moved
def test_a_browser_lands_on_the_new_page_and_at_the_same_place(
    browser, server, site, way, old, new
):
    home = server if way == "server" else site.as_uri()
    ends = {
        "": "",
        f"#c{old[:2]}-ex1": f"#c{new[:2]}-ex1",
        "#exercises": "#exercises",
        "?from=here#five-questions": "#five-questions",
    }
    for end, expected in list(ends.items())[: None if way == "server" else 2]:
        page, requests, problems = visit(browser, f"{home}/chapters/{old}.html{end}")
        assert urlsplit(page.url).path.endswith(f"/chapters/{new}.html")
        assert page.evaluate("location.hash") == expected
        assert page.evaluate("location.search") == end.partition("#")[0]
        assert page.title().count("moved") == 0
        if expected:
            place = page.locator(f"[id='{expected[1:]}']")
            assert -1 <= place.bounding_box()["y"] < 900
            until(page, "!document.querySelector(':target').matches('.toggle-hidden')")
        assert not problems
        assert not [one for one in requests if not one.startswith((home, "data:", "blob:"))]
        page.context.close()


@pytest.mark.browser
def test_an_old_address_is_no_step_of_the_way_back(browser, server):
    """Whoever came by one gets back to where he was, not to the page that sent him on."""
    page, _, _ = visit(browser, f"{server}/book/glossary.html")
    page.goto(f"{server}/chapters/06-1989-in-code.html")
    page.wait_for_url("**/09-1989-in-code.html")
    page.go_back()
    page.wait_for_url("**/glossary.html")
    page.context.close()
