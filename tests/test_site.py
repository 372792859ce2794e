"""The site as others find it: its addresses, what it may run, who can read it, and on what."""

import base64
import hashlib
import itertools
import re
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import first_cell
import pytest
import yaml
from browsing import (
    GRAVE,
    OBJECTS_OWN,
    build,
    look_with_axe,
    parsed,
    search,
    serve,
    settle,
    until,
    visit,
)
from PIL import Image

ROOT = Path(__file__).parent.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
REPOSITORY = "https://github.com/Some-One/a-book"
BASE = "https://some-one.github.io/a-book/"
REQUESTS = 70  # at most, with all pictures of a chapter


def page_names(site):
    """Return the pages of a built site, less slides and the one that only leads to the index."""
    files = [file for file in site.rglob("*.html") if "_static" not in file.parts]
    names = sorted(file.relative_to(site).as_posix() for file in files)
    others = 'meta[http-equiv="refresh"], .reveal'
    return [name for name in names if not parsed(site / name).select_one(others)]


def meta(page, name):
    """Return the contents of all meta tags with this name or property."""
    found = page.select(f'meta[name="{name}"], meta[property="{name}"]')
    return [tag["content"] for tag in found]


# --------------------------------------------------------------------------- addresses


def edition(folder, url):
    """Build an index, a chapter and the glossary, with this address of the repository."""
    html = {key: value for key, value in CONFIG["html"].items() if key != "baseurl"}
    config = {**CONFIG, "html": html, "repository": {"url": url, "branch": "main"}}
    extensions = config["sphinx"]["local_extensions"]
    local = {name: str(ROOT / path) for name, path in extensions.items()}
    local.pop("slides", None)  # they lead to chapters that are not built here
    extensions = [name for name in config["sphinx"]["config"]["extensions"] if name != "slides"]
    inner = {**config["sphinx"]["config"], "extensions": extensions}
    config["sphinx"] = {**config["sphinx"], "local_extensions": local, "config": inner}
    toc = {
        "format": "jb-book",
        "root": "book/index",
        "chapters": [{"file": "chapters/03-output-size"}, {"file": "book/glossary"}],
    }
    for name, content in (("_config.yml", config), ("_toc.yml", toc)):
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    build(folder, "--all", f"--config={folder / '_config.yml'}", f"--toc={folder / '_toc.yml'}")


@pytest.fixture(scope="session")
def public(once):
    return once("public", lambda folder: edition(folder, REPOSITORY)) / "_build" / "html"


@pytest.fixture(scope="session")
def private(once):
    return once("private", lambda folder: edition(folder, "")) / "_build" / "html"


def test_the_address_is_unset_or_one_that_site_and_chapters_can_follow():
    address = first_cell.repository()
    assert address is None or CONFIG["repository"]["url"].removesuffix(".git") == address[0]


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://github.com/Some-One/a-book", BASE),
        ("https://github.com/Some-One/Some-One.github.io", "https://some-one.github.io/"),
        ("https://gitlab.com/some-one/a-book", ""),
        ("", ""),
    ],
)
def test_the_address_of_the_site_follows_from_the_repository(repository, address):
    import public as extension

    assert extension.pages_address(repository) == address


def test_with_the_setting_a_chapter_can_be_launched_and_its_source_found(public):
    page = parsed(public / "chapters" / "03-output-size.html")
    links = {a["href"] for a in page.select(".article-header-buttons a[href]")}
    path = "chapters/03-output-size.ipynb"
    assert (ROOT / path).is_file()
    hub = "https://mybinder.org/v2/gh/Some-One/a-book/main?urlpath=lab/tree/"
    assert f"{hub}{path}" in links
    colab = "https://colab.research.google.com/github/Some-One/a-book/blob/main/"
    assert f"{colab}{path}" in links
    assert f"{REPOSITORY}/edit/main/{path}" in links
    assert REPOSITORY in links
    assert any(link.startswith(f"{REPOSITORY}/issues/new?") for link in links)
    for image in page.select(".article-header-buttons img"):
        assert not urlsplit(image["src"]).netloc
    text = parsed(public / "book" / "index.html")
    links = {a["href"] for a in text.select(".article-header-buttons a[href]")}
    assert f"{REPOSITORY}/edit/main/book/index.md" in links
    assert not [link for link in links if "binder" in link or "colab" in link]  # no code in it


def test_with_the_setting_each_page_has_its_absolute_address(public):
    listed = set()
    for name in page_names(public):
        page = parsed(public / name)
        canonical = [link["href"] for link in page.select('link[rel="canonical"]')]
        assert canonical == ([] if name == "404.html" else [BASE + name]), name
        if name.startswith(("book/", "chapters/")):
            assert meta(page, "og:url") == [BASE + name]
            assert meta(page, "og:image") == [BASE + "_static/card.png"]
            assert meta(page, "twitter:card") == ["summary_large_image"]
            assert len(meta(page, "og:title")[0]) > 5
            listed.add(BASE + name)
    tree = ElementTree.parse(public / "sitemap.xml")
    found = [node.text for node in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sorted(found) == sorted(listed)
    assert f"Sitemap: {BASE}sitemap.xml" in (public / "robots.txt").read_text(encoding="utf-8")
    lead = parsed(public / "index.html").select_one('link[rel="canonical"]')
    assert lead["href"] == BASE + "book/index.html"


@pytest.mark.parametrize("name", ["private", "site"])
def test_without_the_setting_no_page_has_half_an_address_or_names_a_host(name, request):
    if name == "site" and (CONFIG["repository"]["url"] or CONFIG["html"].get("baseurl")):
        pytest.skip("this book has an address")
    site = request.getfixturevalue(name)
    assert not (site / "sitemap.xml").exists()
    assert (site / "robots.txt").read_text(encoding="utf-8") == "User-agent: *\nAllow: /\n"
    for file in [site / "index.html", *(site / name for name in page_names(site))]:
        page = parsed(file)
        assert not page.select('link[rel="canonical"]'), file
        assert not meta(page, "og:url") and not meta(page, "og:image"), file
        for link in page.select(".article-header-buttons [href], head [href], head [content]"):
            address = link.get("href") or link.get("content")
            assert "://" not in address, link


def test_the_picture_and_the_icons_are_there_in_the_sizes_they_claim(site):
    static = site / "_static"
    assert Image.open(static / "card.png").size == (1200, 630)
    assert (static / "card.png").stat().st_size < 300_000
    assert Image.open(static / "apple-touch-icon.png").size == (180, 180)
    assert (32, 32) in Image.open(site / "favicon.ico").info["sizes"]
    page = parsed(site / "book" / "index.html")
    assert page.select_one('link[rel="icon"]')["href"] == "../_static/logo.svg"
    icon = page.select_one('link[rel="apple-touch-icon"]')["href"]
    assert icon == "../_static/apple-touch-icon.png"


@pytest.mark.browser
def test_the_page_404_works_at_any_depth(browser, public):
    with serve(public, urlsplit(BASE).path) as address:
        for path in ("/a-book/nothing.html", "/a-book/chapters/deep/er/nothing"):
            page, requests, problems = visit(browser, address + path)
            # The page itself is answered with 404, and that is all that is missing.
            assert len(problems) == 1 and "404" in problems[0], problems
            assert page.locator("article h1").inner_text() == "Page not found"
            assert page.evaluate("getComputedStyle(document.body).fontFamily") != "Times New Roman"
            assert len(page.evaluate("[...document.styleSheets].map(s => s.href)")) >= 5
            assert not [url for url in requests if not url.startswith(f"{address}/a-book/")]
            with page.expect_navigation():
                page.locator(".bd-sidebar-primary a[href$='.html']").last.click()
            assert page.locator("article h1").inner_text() != "Page not found"
            page.context.close()


# --------------------------------------------------------------------------- what a page may run


def test_each_page_allows_its_own_scripts_and_no_others(site):
    checked = 0
    for name in ["index.html", *page_names(site)]:
        page = parsed(site / name)
        [tag] = page.select('meta[http-equiv="Content-Security-Policy"]')
        parts = dict(part.strip().split(" ", 1) for part in tag["content"].split(";"))
        assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'self'"
        assert parts["object-src"] == "'none'"
        allowed = set(parts["script-src"].split()) - {"'self'"}
        written = {
            f"'sha256-{base64.b64encode(hashlib.sha256(s.string.encode()).digest()).decode()}'"
            for s in page.find_all("script", src=False)
            if s.string
        }
        assert allowed == written, name  # so no 'unsafe-inline', no host, nothing left over
        before = [one.name for one in tag.find_all_previous(["script", "link", "style"])]
        assert not before, name  # a policy holds for what stands after it
        for element in page.find_all(True):
            handlers = [key for key in element.attrs if key.startswith("on")]
            assert not handlers, f"{name}: {element}"
            assert not str(element.get("href", "")).startswith("javascript:"), element
        checked += len(written)
    assert checked > 50


def test_scripts_wait_until_the_page_stands(site):
    for name in page_names(site):
        scripts = parsed(site / name).select("head script[src]")
        blocking = [s["src"] for s in scripts if "defer" not in s.attrs]
        assert len(blocking) <= 1 and "documentation_options" in blocking[0], name
        index = [s["src"] for s in scripts if "searchindex" in s["src"]]
        assert bool(index) == (name == "search.html"), name


# --------------------------------------------------------------------------- search


@pytest.mark.browser
@pytest.mark.parametrize("word", [*OBJECTS_OWN, "constructor kernel", "kernel __proto__"])
def test_the_search_ends_for_words_that_javascript_knows(browser, server, word):
    """They were looked up in plain objects, which have them all: an error, and dots for ever."""
    found, said, problems = search(browser, server, word)
    assert not problems
    if found:
        assert re.search(rf"found {found} page", said)
    else:
        assert "did not match any documents" in said


@pytest.mark.browser
@pytest.mark.parametrize("word", ["kernel", "subsampling", "receptive field"])
def test_the_search_still_finds_what_is_there(browser, server, word):
    found, said, problems = search(browser, server, word)
    assert not problems and found >= 5 and f"found {found} page" in said


# --------------------------------------------------------------------------- page by page

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
    if (!words.currentNode.data.trim() || element.closest("mjx-container, script, style")) continue;
    if (parseFloat(getComputedStyle(element).fontSize) < 12 && visible(element)) {
      small.add(element.outerHTML.slice(0, 100));
    }
  }
  return {
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
                page.set_viewport_size({"width": 360, "height": 740})
                report["width"] = page.evaluate("document.documentElement.scrollWidth")
                page.set_viewport_size({"width": width, "height": 900})
            home = "file://" if from_file else server
            report["elsewhere"] = [
                url for url in requests if not url.startswith((home, "data:", "blob:"))
            ]
            report["problems"] = list(problems)
        context.close()
    return reports


def faults(seen, key):
    """Return what was found under a key, page by page, where anything was."""
    return {where: report[key] for where, report in seen.items() if report.get(key)}


@pytest.mark.browser
def test_no_page_asks_for_what_its_policy_refuses(seen):
    assert len(seen) > 40
    assert faults(seen, "refused") == {}


@pytest.mark.browser
def test_no_page_complains_calls_what_is_out_of_date_or_asks_elsewhere(seen):
    assert faults(seen, "problems") == {}
    assert faults(seen, "deprecated") == {}
    assert faults(seen, "elsewhere") == {}


@pytest.mark.browser
def test_axe_finds_nothing_serious_on_any_page(seen):
    grave = {
        where: [one for one in report["axe"] if one[0] in GRAVE]
        for where, report in seen.items()
        if "axe" in report
    }
    assert len(grave) > 30
    assert {where: found for where, found in grave.items() if found} == {}


@pytest.mark.browser
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


@pytest.mark.browser
def test_nothing_is_nameless_or_jumps_or_is_too_small_to_read(seen):
    assert faults(seen, "nameless") == {}
    assert faults(seen, "unsized") == {}
    assert faults(seen, "bent") == {}  # wider or narrower than it is
    assert faults(seen, "ids") == {}
    assert {w: r["small"] for w, r in seen.items() if r["small"] and w[1] == "phone"} == {}
    # 0.25 is where Chromium calls a page's jumps poor. Pages here move by the width of a font.
    assert {w: r["shift"] for w, r in seen.items() if r["shift"] > 0.25} == {}


@pytest.mark.browser
def test_a_page_asks_for_little_and_shows_soon(seen):
    assert {w: r["requests"] for w, r in seen.items() if r["requests"] > REQUESTS} == {}
    assert {w: r["painted"] for w, r in seen.items() if r["painted"] >= 15_000} == {}


@pytest.mark.browser
def test_no_page_is_wider_than_the_narrowest_phone(seen):
    widths = {where: r["width"] for where, r in seen.items() if where[1] == "phone"}
    assert len(widths) > 10
    assert {where: width for where, width in widths.items() if width > 360} == {}
