"""Every page of the site, opened in every view: wide, on a phone, by day and by night, from a file.

Each page is opened once in each view; the tests look at what was seen then.
"""

import functools
import gzip
import itertools
from urllib.parse import unquote, urlsplit

import pytest
from browsing import GRAVE, PREFIX, look_with_axe, meta, page_names, parsed, settle, until

REQUESTS = 70  # at most, with all pictures of a chapter
WEIGHT = 1_500_000  # bytes over the wire
HEIGHT = 18_000  # pixels of a chapter, 1280 pixels wide, with what is folded folded

WATCH = """
window.seen = { shift: 0, refused: [], deprecated: [] };
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation",
  event => seen.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
new ReportingObserver(reports => seen.deprecated.push(...reports.map(one => one.body.message)),
  { types: ["deprecation"], buffered: true }).observe();
"""

LOOK = """() => {
  const visible = element => element.checkVisibility({ visibilityProperty: true });
  const text = element => element.innerText.trim() || element.getAttribute("aria-label")
    || element.querySelector("img[alt]:not([alt=''])")?.alt || element.title
    || element.querySelector("svg title")?.textContent;
  const levels = [...document.querySelectorAll("article :is(h1, h2, h3, h4, h5, h6)")]
    .filter(visible).map(one => Number(one.tagName[1]));
  const small = new Set();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || element.closest(".katex, script, style")) continue;
    if (parseFloat(getComputedStyle(element).fontSize) < 12 && visible(element)) {
      small.add(element.outerHTML.slice(0, 100));
    }
  }
  return {
    height: document.documentElement.scrollHeight,
    title: document.title, lang: document.documentElement.lang,
    viewports: document.querySelectorAll("meta[name=viewport]").length,
    h1: [...document.querySelectorAll("h1")].filter(visible).length, levels,
    nameless: [...document.querySelectorAll("a[href], button")].filter(visible)
      .filter(one => !text(one)).map(one => one.outerHTML.slice(0, 120)),
    unsized: [...document.images].filter(one => one.getAttribute("src"))
      .filter(one => !one.getAttribute("width") || !one.getAttribute("height"))
      .map(one => one.outerHTML.slice(0, 120)),
    bent: [...document.images].filter(one => one.checkVisibility() && one.naturalWidth > 40)
      .filter(one => {
        const box = getComputedStyle(one), inside = (size, ...sides) =>
          sides.reduce((left, side) => left - parseFloat(box[`padding${side}`]), size);
        const shape = inside(one.clientWidth, "Left", "Right")
          / inside(one.clientHeight, "Top", "Bottom");
        return box.objectFit === "fill" && one.closest("article")
          && Math.abs(shape / (one.naturalWidth / one.naturalHeight) - 1) > 0.05;
      }).map(one => one.outerHTML.slice(0, 120)),
    theme: document.documentElement.dataset.theme,
    formulas: document.querySelectorAll(".math").length,
    typeset: document.querySelectorAll(".math .katex").length,
    ids: [...document.querySelectorAll("[id]")].map(one => one.id)
      .filter((id, n, all) => all.indexOf(id) !== n),
    requests: performance.getEntriesByType("resource").length + 1,
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    small: [...small], ...seen,
  };
}"""

# The rules that can come out otherwise on a phone, in the dark; the rest was seen on a wide screen.
ON_A_PHONE = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block",
              "label-content-name-mismatch", "button-name", "link-name", "aria-hidden-focus",
              "aria-dialog-name", "meta-viewport"]  # fmt: skip
RULES = {
    "wide": {"rules": {"target-size": {"enabled": True}}},
    "phone": {"runOnly": {"type": "rule", "values": ON_A_PHONE}},
}

VIEWS = {  # name: (width, theme, from a file)
    "wide": (1280, "light", False),
    "phone": (390, "dark", False),
    "file": (1280, "dark", True),
}

# What sticks out sideways and can't be scrolled within a box of its own is cut off.
FIT = """() => ({
  width: document.documentElement.scrollWidth, theme: document.documentElement.dataset.theme,
  cutOff: [...document.querySelectorAll("article.bd-article *")].filter(element => {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.right <= innerWidth + 1) return false;
    if (element.closest(".katex-mathml")) return false;
    for (let up = element; up; up = up.parentElement) {
      const how = getComputedStyle(up).overflowX;
      if (up.matches("article")) return true;
      if (how === "auto" || how === "scroll" || how === "hidden") return false;
    }
    return true;
  }).map(element => element.outerHTML.slice(0, 120)),
})"""

pytestmark = pytest.mark.browser


@functools.cache
def weigh(site, path):
    """Return the bytes of a file as a server sends it: text is packed."""
    data = (site / unquote(path.removeprefix(PREFIX)).lstrip("/")).read_bytes()
    packed = path.endswith((".html", ".js", ".css", ".svg", ".json"))
    return len(gzip.compress(data)) if packed else len(data)


@pytest.fixture(scope="session")
def seen(browser, server, site):
    """Open every page in each view; return {(page, view): what there was to see}."""
    reports = {}
    for view, (width, theme, from_file) in VIEWS.items():
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        context.set_default_timeout(120_000)
        context.add_init_script(WATCH)
        page = context.new_page()
        requests, problems = [], []
        page.on("request", lambda request, to=requests: to.append(request.url))
        page.on("pageerror", lambda error, to=problems: to.append(str(error)))
        page.on(
            "console",
            lambda message, to=problems: (
                to.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        for name in page_names(site):
            if from_file and name == "404.html":
                continue  # it stands at the root of a server
            requests.clear()
            problems.clear()
            page.goto((site / name).as_uri() if from_file else f"{server}/{name}")
            settle(page)
            until(page, "performance.getEntriesByName('first-contentful-paint').length")
            report = reports[name, view] = page.evaluate(LOOK)
            if view in RULES:
                report["axe"], _ = look_with_axe(page, resultTypes=["violations"], **RULES[view])
            if view == "phone":
                report["dark"] = page.evaluate(FIT)
                page.emulate_media(color_scheme="light")
                until(page, "document.documentElement.dataset.theme === 'light'")
                report["light"] = page.evaluate(FIT)
                page.set_viewport_size({"width": 360, "height": 740})
                report["narrow"] = page.evaluate(FIT)
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=theme)
            home = "file://" if from_file else server
            report["elsewhere"] = [
                url for url in requests if not url.startswith((home, "data:", "blob:"))
            ]
            report["problems"] = list(problems)
            paths = {urlsplit(url).path for url in requests if url.startswith(server)}
            report["weight"] = sum(weigh(site, path) for path in paths)
        context.close()
    return reports


def faults(seen, key):
    """Return what was found under a key, page by page, where anything was."""
    return {where: report[key] for where, report in seen.items() if report.get(key)}


def test_no_page_asks_for_what_its_policy_refuses(seen):
    assert len(seen) > 40
    assert faults(seen, "refused") == {}


def test_no_page_complains_calls_what_is_out_of_date_or_asks_elsewhere(seen):
    assert faults(seen, "problems") == {}
    assert faults(seen, "deprecated") == {}
    assert faults(seen, "elsewhere") == {}


def test_axe_finds_nothing_serious_on_any_page(seen):
    grave = {
        where: [one for one in report["axe"] if one[0] in GRAVE]
        for where, report in seen.items()
        if "axe" in report
    }
    assert len(grave) > 30
    assert {where: found for where, found in grave.items() if found} == {}


def test_each_page_says_what_it_is(seen, site):
    titles = set()
    for (name, view), report in seen.items():
        assert report["lang"] and report["viewports"] == 1, name
        assert report["h1"] == 1, name
        levels = report["levels"]
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), (name, levels)
        if view == "wide":
            assert report["title"] not in titles, name
            titles.add(report["title"])
    for name in page_names(site):
        if name.startswith(("book/", "chapters/")):
            [description] = meta(parsed(site / name), "description")
            assert 50 <= len(description) <= 210, (name, description)
            assert "JavaScript" not in description, name  # what is seen where nothing has started


def test_nothing_is_nameless_or_jumps_or_is_too_small_to_read(seen):
    assert faults(seen, "nameless") == {}
    assert faults(seen, "unsized") == {}
    assert faults(seen, "bent") == {}  # wider or narrower than it is
    assert faults(seen, "ids") == {}
    assert {w: r["small"] for w, r in seen.items() if r["small"] and w[1] == "phone"} == {}
    # Up to 0.1 Chromium calls a page's jumps good. Pages here move by the width of a font.
    assert {w: r["shift"] for w, r in seen.items() if r["shift"] > 0.1} == {}


def test_a_page_asks_for_little_and_shows_soon(seen):
    assert {w: r["requests"] for w, r in seen.items() if r["requests"] > REQUESTS} == {}
    assert {w: r["weight"] for w, r in seen.items() if r["weight"] > WEIGHT} == {}
    assert any(r["weight"] > WEIGHT / 10 for r in seen.values())
    assert {w: r["painted"] for w, r in seen.items() if r["painted"] >= 15_000} == {}


def test_no_chapter_is_longer_than_one_reads_at_a_stretch(seen):
    heights = {
        name: report["height"]
        for (name, view), report in seen.items()
        if view == "wide" and name.startswith("chapters/")
    }
    assert len(heights) >= 10 and min(heights.values()) > 5_000
    assert {name: height for name, height in heights.items() if height > HEIGHT} == {}


def test_no_page_is_wider_than_the_narrowest_phone(seen):
    phones = {name: report for (name, view), report in seen.items() if view == "phone"}
    assert len(phones) > 10
    for key, most in (("dark", 390), ("light", 390), ("narrow", 360)):
        assert {name: r[key] for name, r in phones.items() if r[key]["width"] > most} == {}
        assert {name: r[key] for name, r in phones.items() if r[key]["cutOff"]} == {}


def test_a_page_is_as_light_or_as_dark_as_the_reader_s_system_also_when_that_changes(seen):
    assert {w: r["theme"] for w, r in seen.items() if r["theme"] != VIEWS[w[1]][1]} == {}
    for report in seen.values():
        for theme in {"dark", "light"} & report.keys():
            assert report[theme]["theme"] == theme


def test_every_formula_is_typeset_also_from_a_file(seen):
    assert {w for w, r in seen.items() if r["typeset"] < r["formulas"]} == set()
    assert any(r["typeset"] >= 20 for (_, view), r in seen.items() if view == "file")
