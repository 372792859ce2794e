"""The slides: made of the chapters' own cells, one file each, and nothing sticks out of a slide."""

import base64
import hashlib
import json
import re
import shutil
from collections import Counter
from urllib.parse import urlsplit

import pictures
import pytest
import slides
from browsing import GRAVE, look_with_axe, parsed, visit
from bs4 import BeautifulSoup
from contents import (
    CHAPTERS,
    LESSONS,
    PLANS,
    code_cells,
    lessons,
    numbers_in,
    plan_of,
    read,
    slides_of,
    unfounded,
)

pytestmark = pytest.mark.book

BUDGET = 3_000_000  # bytes, so that a deck can be sent by mail


@pytest.fixture(scope="session")
def decks(site):
    """Return {lesson: (file, parsed page)} of the decks that came with the book."""
    files = sorted((site / "slides").iterdir())
    assert [file.name for file in files] == [f"lesson-{number}.html" for number in LESSONS]
    return {lesson: (file, parsed(file)) for lesson, file in zip(LESSONS, files, strict=True)}


# --------------------------------------------------------------------------- what is in them


@lessons
def test_a_deck_has_the_slides_of_its_plan(decks, lesson):
    _, page = decks[lesson]
    sections = page.select(".slides > section")
    assert len(sections) == len(slides_of(lesson))
    assert 10 <= len(sections) <= 20
    for section, text in zip(sections, slides_of(lesson), strict=True):
        heading = re.match(r"#{1,2} (.+)", text)[1]
        assert section.find(["h1", "h2"]).text.replace("\u00a0", " ") == heading
        assert len(section.select_one("aside.notes").text.split()) >= 15, heading
        shown = section.select_one(".slide")
        words = " ".join(part.text for part in shown.select(".words"))
        assert len(words.split()) <= 60, f"{heading}: much text"


def image_of(data):
    """Return what a slide shows of a figure, in base64: its light form, or else its pixels."""
    if svg := data.get("image/svg+xml"):
        return base64.b64encode(pictures.both(svg)[0].encode()).decode()
    return data["image/png"].replace("\n", "")


@lessons
def test_what_a_slide_shows_is_what_the_chapter_stores(decks, lesson):
    stored = {cell.id: cell for path in CHAPTERS for cell in code_cells(read(path))}
    _, page = decks[lesson]
    pulled = 0
    for section, text in zip(page.select(".slides > section"), slides_of(lesson), strict=True):
        shown = section.get_text()
        for kind, name in slides.PULL.findall(text):
            cell = stored[name]
            if kind == "figure":
                alt = cell.metadata.mystnb.image.alt
                sources = [i["src"].partition(",")[2] for i in section.find_all("img", alt=alt)]
                shown_of = [o.data for o in cell.outputs if "image/png" in o.get("data", {})]
                assert [image_of(data) for data in shown_of] == sources, name
            elif kind == "code":
                code = section.select_one(".code").text
                for line in code.strip().splitlines():
                    assert line in cell.source.splitlines(), name
                assert "assert " not in code
                assert len(code.splitlines()) >= len(cell.source.splitlines()) / 2
            else:
                for output in cell.outputs:
                    whole = output.get("text") or output.data.get("text/html")
                    whole = BeautifulSoup(whole or "", "html.parser")
                    for style in whole.find_all("style"):
                        style.decompose()
                    for word in whole.text.split():
                        assert word in shown, f"{name}: {word}"
            pulled += 1
    assert pulled >= 10


@lessons
def test_every_picture_and_every_formula_can_be_read_aloud(decks, lesson):
    _, page = decks[lesson]
    assert page.html["lang"] == "en"
    assert page.title.text.startswith(f"Lesson {lesson}: ")
    for image in page.find_all("img"):
        assert len(image["alt"]) >= 30
    formulas = page.select(".formula")
    assert len(formulas) == len(slides.MATH.findall(plan_of(lesson)))
    for formula in formulas:
        assert formula.svg["aria-hidden"] == "true" and formula.math


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_number_on_a_slide_is_in_a_chapter(path):
    known = set().union(*(numbers_in(read(chapter).cells) for chapter in CHAPTERS))
    text = re.sub(r"\$.+?\$|^\{.*", "", path.read_text(encoding="utf-8"), flags=re.M)
    assert not unfounded(text, known, years=False)


@lessons
def test_a_deck_is_one_file_that_needs_no_other(decks, lesson):
    file, page = decks[lesson]
    assert file.stat().st_size < BUDGET
    links = 0
    for tag in page.find_all(True):
        for attribute in ("src", "href", "data-src", "data-background-image", "poster"):
            address = tag.get(attribute)
            if address and tag.name == "a":
                assert not urlsplit(address).netloc, address
                links += address.startswith("../")
            elif address and not address.startswith("#"):  # a glyph of the same drawing
                assert address.startswith("data:"), f"<{tag.name}> {address[:80]}"
        assert not [name for name in tag.attrs if name.startswith("on")], tag
    assert links >= 8
    style = "\n".join(tag.text for tag in page.find_all("style"))
    assert "@import" not in style
    for address in re.findall(r"url\(([^)]*)\)", style):
        assert address.strip("'\"").startswith("data:"), address
    assert "Permission is hereby granted" in str(page)  # the licence of reveal.js


@lessons
def test_the_policy_allows_the_decks_own_script_and_nothing_else(decks, lesson):
    _, page = decks[lesson]
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    assert "unsafe" not in rules["script-src"]
    (script,) = page.find_all("script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in rules["script-src"]


def test_the_colours_are_those_of_the_figures(decks):
    from lenet_tutorial.figures.style import BLUE, ORANGE

    _, page = decks[1]
    style = "\n".join(tag.text for tag in page.find_all("style"))
    assert f"--blue: {BLUE};" in style and f"--orange: {ORANGE};" in style


def test_the_same_plans_make_the_same_files(site, decks, tmp_path):
    made = slides.build(site / "objects.inv", tmp_path)
    assert [file.read_bytes() for file in made] == [file.read_bytes() for file, _ in decks.values()]


# --------------------------------------------------------------------------- a wrong plan

GOOD = (
    "---\ntitle: T\nlesson: 1\n---\n# Title\n\nNote:\nWords.\n---\n## Next\n\n{}\n\nNote:\nWords.\n"
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{figure} c99-001", "no chapter has a code cell 'c99-001'"),
        ("{code} c02-000", "no chapter has a code cell 'c02-000'"),  # that one is Markdown
        ("{figure} c02-013", "cell c02-013 has no figure"),
        ("{output} c02-019", "cell c02-019 has no output"),
        ("[words](#no-such-label)", "the book has no label 'no-such-label'"),
    ],
)
def test_a_plan_that_asks_for_what_is_not_there_is_an_error(tmp_path, content, reason):
    plan = tmp_path / "1-x.md"
    plan.write_text(GOOD.format(content), encoding="utf-8")
    labels = {"ch-layers": "chapters/02-layer-by-layer.html#ch-layers"}
    with pytest.raises(ValueError, match=re.escape(f"1-x.md, slide 2: {reason}")):
        slides.compose(plan, slides.read_chapters(), labels)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("Note:\nWords.\n---", "---"), "slide 1: a slide needs notes"),
        (GOOD.replace("## Next", "Next"), "slide 2: a slide begins with its heading"),
        ("# No front matter\n", "1-x.md: begin with"),
        (GOOD.replace("lesson: 1\n", ""), "1-x.md: begin with"),
    ],
)
def test_a_plan_without_its_parts_is_an_error(tmp_path, text, reason):
    plan = tmp_path / "1-x.md"
    plan.write_text(text.replace("{}", "Words."), encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        slides.compose(plan, slides.read_chapters(), {})


def test_nothing_is_written_if_one_plan_is_wrong(site, tmp_path):
    plans = tmp_path / "plans"
    shutil.copytree(slides.PLANS, plans)
    (plans / "5-x.md").write_text(GOOD.format("{code} c99-001"), encoding="utf-8")
    with pytest.raises(ValueError, match="5-x"):
        slides.build(site / "objects.inv", tmp_path / "out", plans=plans)
    assert not (tmp_path / "out").exists()


def test_a_formula_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="no formula"):
        slides.typeset([(r"\frac{1", True)])


# --------------------------------------------------------------------------- in Chinese

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLANS_ZH = sorted((slides.PLANS / "zh_CN").glob("[0-9]*.md"))
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@pytest.fixture(scope="session")
def chinese(site, tmp_path_factory):
    """Return the Chinese decks, made beside the English pages: {lesson: (file, parsed page)}."""
    folder = tmp_path_factory.mktemp("zh") / "slides"
    made = slides.build(site / "objects.inv", folder, language="zh_CN")
    return {lesson: (file, parsed(file)) for lesson, file in zip(LESSONS, made, strict=True)}


def test_each_plan_has_a_chinese_one():
    assert [path.name for path in PLANS_ZH] == [path.name for path in PLANS]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_chinese_plan_pulls_and_links_and_counts_as_the_english_one(path):
    english, chinese = (
        re.split(r"^---$\n", one.read_text(encoding="utf-8"), flags=re.M)[2:]
        for one in (path, path.parent / "zh_CN" / path.name)
    )
    assert len(english) == len(chinese)
    for one, two in zip(english, chinese, strict=True):
        for kept in (slides.PULL, slides.MATH, re.compile("^>", re.M)):
            assert kept.findall(one) == kept.findall(two), two
        labels = re.compile(r"\]\(#([\w-]+)\)")
        assert sorted(labels.findall(one)) == sorted(labels.findall(two)), two
        figures = []
        for text in (one, two):
            text = re.sub(r"\$.+?\$|^\{.*", "", text, flags=re.M)
            figures.append(NUMBER.findall(re.sub(r"(?<=\d)[ \u00a0](?=\d{3}\b)", "", text)))
        lost = Counter(figures[0]) - Counter(figures[1])
        made_up = Counter(figures[1]) - Counter(figures[0])
        assert not lost and sum(made_up.values()) <= 1, (lost, made_up, two)  # "a four": 4


@lessons
def test_a_chinese_deck_is_in_chinese(chinese, lesson):
    _, page = chinese[lesson]
    assert page.html["lang"] == "zh-CN" and page.title.text.startswith(f"第 {lesson} 课：")
    sections = page.select(".slides > section")
    assert len(sections) == len(slides_of(lesson))
    read = [page.select_one(".share button"), page.noscript]
    for section in sections:
        read += [section.find(["h1", "h2"]), *section.select(".words p, aside.notes p")]
        assert len(CHINESE.findall(section.select_one("aside.notes").text)) >= 15
        if source := section.footer:
            assert re.match(r"第 \d+ 章：", source.text.replace("\u00a0", " ").strip())
        shown = "".join(part.text for part in section.select(".slide .words"))
        assert len(CHINESE.findall(shown)) <= 110, f"{shown}: much text"
    for tag in read:
        for formula in tag.select(".formula"):
            formula.extract()
        letters = re.sub(r"[^A-Za-z\u4e00-\u9fff]", "", tag.text)
        if len(letters) > 3:
            assert len(CHINESE.findall(letters)) >= 0.35 * len(letters), tag
    for image in page.find_all("img"):
        assert CHINESE.search(image["alt"]), image["alt"]


def test_what_no_catalogue_has_is_an_error():
    with pytest.raises(ValueError, match="02-layer-by-layer is not translated: Nobody said this"):
        slides.translated("Nobody said this", "02-layer-by-layer", "zh_CN")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(960, 700), (390, 844)])
@lessons
def test_every_chinese_slide_fits(browser, chinese, lesson, width, height):
    page, _, problems = visit(browser, "about:blank", width=width)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(chinese[lesson][0].as_uri())
    page.locator(".reveal.ready").wait_for()
    assert not page.evaluate(MISFITS, 0.8 if width < 600 else 0.35)
    assert not problems
    page.context.close()


# --------------------------------------------------------------------------- in the browser


@pytest.fixture(scope="module")
def show(browser, site, server):
    """Return a function that opens a deck and waits until it can be used."""

    def open_deck(lesson, width=960, height=700, query="", origin=None):
        address = f"{origin or site.as_uri()}/slides/lesson-{lesson}.html{query}"
        page, requests, problems = visit(browser, "about:blank", width=width)
        requests.clear()
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        page.locator(".reveal.ready").wait_for()
        return page, requests, problems

    return open_deck


@pytest.mark.browser
@pytest.mark.parametrize("origin", ["http", "file"])
@lessons
def test_a_deck_works_and_asks_nobody_for_anything(show, server, lesson, origin):
    page, requests, problems = show(lesson, origin=server if origin == "http" else None)
    total = len(slides_of(lesson))
    assert page.evaluate("Reveal.getTotalSlides()") == total
    place = "Reveal.getIndices().h"
    for key, at in (("ArrowRight", 1), ("Space", 2), ("ArrowLeft", 1), ("End", total - 1)):
        page.keyboard.press(key)
        assert page.evaluate(place) == at, key
    assert page.locator(".slide-number").inner_text().split() == [str(total), "/", str(total)]
    page.keyboard.press("Home")
    assert page.evaluate(place) == 0
    others = [url for url in requests if not url.startswith("data:")]
    assert len(others) == 1  # the deck itself
    assert not problems
    page.context.close()


# What sticks out of its slide, lies under the arrows, or is too small to be seen.
MISFITS = """least => {
    const found = [];
    for (let number = 0; number < Reveal.getTotalSlides(); number++) {
        Reveal.slide(number);
        const section = Reveal.getCurrentSlide();
        const slide = section.querySelector('.slide');
        const frame = slide.getBoundingClientRect();
        const note = (what, tag) =>
            found.push(`slide ${number + 1}: ${what} ${tag.outerHTML.slice(0, 80)}`);
        if (frame.width < 100 || frame.height < 100) note('no slide', slide);
        if (frame.left < -1 || frame.right > innerWidth + 1) note('wider than the window', slide);
        if (frame.top < -1 || frame.bottom > innerHeight + 1) note('higher than the window', slide);
        for (const tag of slide.querySelectorAll('*')) {
            const box = tag.getBoundingClientRect();
            if (!box.width || tag.closest('.spoken')) continue;
            if (box.left < frame.left - 1 || box.right > frame.right + 1) note('wide', tag);
            if (box.top < frame.top - 1 || box.bottom > frame.bottom + 1) note('high', tag);
            if (tag.scrollWidth > tag.clientWidth + 1 && tag.clientWidth
                && tag.matches('pre, div, figure')) note('cut off', tag);
        }
        const parts = [...slide.children];
        parts.slice(1).forEach((part, place) => {
            const above = parts[place].getBoundingClientRect().bottom;
            if (part.getBoundingClientRect().top < above - 1) note('over the part above', part);
        });
        for (const image of slide.querySelectorAll('img')) {
            const box = image.getBoundingClientRect();
            const { naturalWidth: width, naturalHeight: height } = image;
            const drawn = Math.min(box.width, (box.height * width) / height);
            if (drawn < least * innerWidth) note('small', image);
        }
    }
    return found;
}"""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(960, 700), (1280, 720), (390, 664), (390, 844)])
@lessons
def test_every_slide_fits(show, lesson, width, height):
    page, _, problems = show(lesson, width, height)
    phone = width < 600
    page.locator("html.phone" if phone else "html:not(.phone)").wait_for()
    assert not page.evaluate(MISFITS, 0.8 if phone else 0.35)
    if phone:  # what is read on it is no smaller than 11 pixels
        sizes = page.evaluate(
            """() => [...document.querySelectorAll('.slide p, .slide li, .slide pre')].map(
                tag => parseFloat(getComputedStyle(tag).fontSize) * Reveal.getScale())"""
        )
        assert min(sizes) >= 11 or height < 700
    assert not problems
    page.context.close()


@pytest.mark.browser
def test_a_deck_follows_a_phone_that_is_turned(show):
    page, _, _ = show(2, 390, 844)
    page.locator("html.phone").wait_for()
    page.set_viewport_size({"width": 844, "height": 390})
    page.locator("html:not(.phone)").wait_for()
    page.evaluate("new Promise(requestAnimationFrame)")
    box = page.locator("section.present .slide").bounding_box()
    assert 380 < box["height"] <= 390 and box["x"] >= 0
    page.context.close()


@pytest.mark.browser
@lessons
def test_a_deck_prints_one_slide_on_each_page(show, lesson):
    page, _, problems = show(lesson, query="?print-pdf")
    assert page.locator(".pdf-page").count() == len(slides_of(lesson))
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(slides_of(lesson))
    # All slides can be seen here at once, so this is the place to check them all.
    found, passed = look_with_axe(page)
    found = [one for one in found if one[0] in GRAVE]
    assert not found, json.dumps(found, indent=1)
    assert passed > 10
    assert not problems
    page.context.close()


@pytest.mark.browser
def test_the_controls_can_be_used_by_everyone(show):
    page, _, _ = show(1)
    page.keyboard.press("ArrowRight")
    assert not [one for one in look_with_axe(page)[0] if one[0] in GRAVE]
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("origin", ["http", "file"])
def test_the_window_of_the_speaker_shows_the_notes(show, server, origin):
    page, _, problems = show(2, origin=server if origin == "http" else None)
    page.keyboard.press("ArrowRight")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    window = opened.value
    notes = window.locator(".speaker-controls-notes .value")
    notes.filter(has_text="Let them draw it").wait_for()
    window.keyboard.press("ArrowRight")
    notes.filter(has_text="Point at the first place").wait_for()
    assert page.evaluate("Reveal.getIndices().h") == 2
    assert not problems
    page.context.close()


@pytest.mark.browser
def test_a_slide_has_a_link_that_leads_to_it(show, browser, server):
    page, _, problems = show(2, origin=server)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    button = page.get_by_role("button", name="Copy link to this slide")
    button.focus()
    page.keyboard.press("Space")  # presses the button, and does not go on
    status = page.locator(".share [role=status]")
    status.filter(has_text="Copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.endswith("/slides/lesson-2.html#/2")
    box, number = button.bounding_box(), page.locator(".slide-number").bounding_box()
    assert box["x"] >= number["x"] + number["width"] and box["height"] >= 24
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert status.inner_text() == ""
    other, _, _ = visit(browser, "about:blank")
    other.goto(link)
    other.locator(".reveal.ready").wait_for()
    assert other.evaluate("Reveal.getIndices().h") == 2
    assert not problems
    other.context.close()
    page.context.close()


@pytest.mark.browser
def test_without_a_clipboard_a_deck_says_where_the_link_stands(show):
    page, _, problems = show(1)
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    page.get_by_role("button", name="Copy link to this slide").click()
    page.locator(".share [role=status]").filter(has_text="address bar").wait_for()
    assert not problems
    page.context.close()


@lessons
def test_a_deck_offers_no_language_that_it_does_not_have(decks, lesson):
    _, page = decks[lesson]
    assert page.html["lang"] == "en" and not page.select("[hreflang], .language-switch")
