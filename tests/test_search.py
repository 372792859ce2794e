"""The search leads to the section that has most to do with the words, and chapters come first."""

import json
import re
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import sections
from browsing import anchors, serve, until, visit
from docutils import nodes
from docutils.core import publish_doctree
from sphinx.search.en import SearchEnglish

FOUND = "links => links.map(link => [link.getAttribute('href'), link.innerText])"


def results(browser, address, query):
    """Return [href, title] of what the search finds, the best one first, and the lines shown."""
    page, _, problems = visit(browser, f"{address}/search.html?{urlencode({'q': query})}")
    until(page, "document.querySelector('.search-summary')?.innerText", patience=30)
    until(page, "!document.querySelector('#search-results li:first-child:not(:has(.context))')")
    found = page.locator("#search-results li > a").evaluate_all(FOUND)
    lines = page.locator("#search-results li .context").all_inner_texts()
    page.context.close()
    assert not problems
    return found, lines


FIRST = {
    "RBF": "chapters/08-as-published-1998.html#the-output-distances",
    "receptive field": "chapters/03-output-size.html#the-receptive-field",
    "stride": "chapters/03-output-size.html#stride",
    "padding": "chapters/03-output-size.html#padding",
    "dilation": "chapters/03-output-size.html#dilation-a-kernel-with-gaps",
    "C3 table": "chapters/08-as-published-1998.html#c3-sixty-kernels-and-no-more",
    "average pooling": "chapters/04-lenet-from-nothing.html#pooling",
    "back-propagation": "chapters/04-lenet-from-nothing.html#",
    "learning rate": "chapters/05-training-with-keras.html#compile-how-to-learn",
    "softmax": "chapters/0",
    "Keras": "chapters/05-training-with-keras.html",
    "MNIST": "chapters/01-history.html#mnist",
    "momentum": "chapters/06-when-training-fails.html#three-rules-on-the-way-down",
}


@pytest.mark.browser
@pytest.mark.parametrize(("query", "place"), FIRST.items(), ids=FIRST)
def test_what_comes_first_is_the_section_that_explains_it(browser, server, site, query, place):
    found, lines = results(browser, server, query)
    links = [link for link, _ in found]
    assert links[0].startswith(place), links[:4]
    for link in links:
        page, _, anchor = link.partition("#")
        assert not anchor or anchor in anchors(site / page), link
    later = [n for n, link in enumerate(links) if link.startswith("book/glossary.html")]
    assert all(n > 0 for n in later)
    assert any(word.lower() in lines[0].lower() for word in [*query.split(), "distance"]), lines[0]


@pytest.mark.browser
def test_a_result_names_page_and_section_and_a_page_is_found_once(browser, server):
    found, _ = results(browser, server, "stride")
    assert found[0][1] == "3. How large is the output? › Stride"
    pages = [link.partition("#")[0] for link, _ in found if not link.startswith("book/api")]
    assert len(pages) == len({*pages}) >= 5
    assert any(title == "Glossary › stride" for _, title in found)


@pytest.mark.browser
def test_what_headings_of_every_chapter_say_comes_last(browser, server):
    found, _ = results(browser, server, "average pooling")
    assert "Exercises" not in "".join(title for _, title in found[:3])


@pytest.mark.browser
def test_sections_are_found_from_a_folder_too(browser, site):
    page, _, problems = visit(browser, (site / "search.html").as_uri() + "?q=RBF")
    until(page, "document.querySelector('.search-summary')?.innerText", patience=30)
    first = page.locator("#search-results li > a").first.get_attribute("href")
    assert first == FIRST["RBF"] and not problems
    page.context.close()


@pytest.mark.book
def test_every_section_of_the_index_is_there(site):
    text = (site / sections.FILE).read_text(encoding="utf-8")
    told = json.loads(text.removeprefix("Search.setSections(").removesuffix(");\n"))
    assert len(told["sections"]) > 400
    for page, place, heading in told["sections"]:
        assert place in anchors(site / f"{page}.html"), (page, place)
        assert heading and len(heading) < 120, heading
    numbers = {int(one.split(":")[0]) for some in told["words"].values() for one in some.split()}
    assert numbers == {*range(len(told["sections"]))}
    assert "28" not in told["words"]


# --------------------------------------------------------------------------- how it is counted


def read(text):
    tree = publish_doctree(text, settings_overrides={"doctitle_xform": False})
    return sections.read(tree, SearchEnglish({}))


def test_a_word_counts_for_its_own_section_and_more_in_a_heading():
    found = read("Top\n===\n\nkernel\n\nKernels\n-------\n\n" + "pixel " * 9 + "\n\n.. kernel\n")
    top, below = found[("top", "Top")], found[("kernels", "Kernels")]
    assert top == {"top": 9, "kernel": 1}
    assert below == {"kernel": 9, "pixel": sections.MOST}  # a comment is not seen


def test_the_title_of_a_box_is_no_heading():
    (found,) = read("Top\n===\n\n.. admonition:: Pixels\n\n   Ink.\n").values()
    assert found["pixel"] == 1


def test_a_name_of_several_words_and_a_short_form_are_found_by_their_parts():
    (found,) = read("Top\n===\n\nEuclideanRBF 12 and radial basis functions\n").values()
    assert {"euclideanrbf", "euclidean", "rbf"} <= {*found} and "12" not in found
    # One in the name, one for the long form; and where that stands, it is explained.
    assert found["rbf"] == 2 + sections.HEADING


def test_a_section_without_a_heading_belongs_to_the_one_around():
    inner = nodes.section("", nodes.paragraph("", "pixel"), ids=["inner"])
    outer = nodes.section("", nodes.title("", "Out"), inner, ids=["outer"])
    tree = SimpleNamespace(findall=outer.findall)
    assert {*sections.read(tree, SearchEnglish({}))} == {("outer", "Out")}


def test_headings_are_safe_as_html():
    made = sections.table({"page": {("id", "a < b"): {"word": 3, "other": 1}}})
    assert made == {
        "sections": [["page", "id", "a &lt; b"]],
        "words": {"other": "0", "word": "0:3"},
    }


@pytest.mark.browser
def test_the_search_leads_to_sections_with_sphinxs_index_alone_no_more_than_pages(browser, site):
    """Without the second index the first one does what it did."""
    with serve(site, "/") as address:
        context = browser.new_context()
        page = context.new_page()
        page.route(re.compile(r"sections\.js"), lambda route: route.abort())
        page.goto(f"{address}/search.html?q=softmax")
        until(page, "document.querySelector('.search-summary')?.innerText", patience=30)
        assert page.locator("#search-results li").count() >= 5
        context.close()
