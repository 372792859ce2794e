"""The site as others find it: its addresses, what it may run, who can read it, and on what."""

import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import downloads
import first_cell
import pytest
import yaml
from browsing import (
    ADDRESS,
    CONFIG,
    OBJECTS_OWN,
    build,
    meta,
    page_names,
    parsed,
    search,
    serve,
    until,
    visit,
)
from PIL import Image

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/Some-One/a-book"
BASE = "https://some-one.github.io/a-book/"


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


def chinese_edition(folder):
    """Build two pages in Chinese, with an address of the repository."""
    pages = [{"file": "chapters/03-output-size"}, {"file": "book/how-to-use"}]
    toc = {"format": "jb-book", "root": "book/index", "chapters": pages}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    settings = [f"html_theme_options.repository_url={REPOSITORY}"]
    settings.append(f"external_toc_path={folder / '_toc.yml'}")
    options = [part for one in settings for part in ("-D", one)]
    command = [sys.executable, "-m", "sphinx", "-q", "-c", str(ROOT / "locale"), *options]
    built = subprocess.run([*command, str(ROOT), str(folder / "html")], capture_output=True)
    assert (folder / "html" / "index.html").is_file(), built.stderr.decode()[-4000:]


@pytest.fixture(scope="session")
def public_in_chinese(once):
    return once("public_zh", chinese_edition) / "html"


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


def test_a_chinese_chapter_is_launched_in_chinese(public_in_chinese):
    page = parsed(public_in_chinese / "chapters" / "03-output-size.html")
    links = page.select(".article-header-buttons .dropdown-launch-buttons a[href]")
    path = "chapters/03-output-size.ipynb"
    hub = "https://mybinder.org/v2/gh/Some-One/a-book/main?urlpath=lab/tree/"
    colab = "https://colab.research.google.com/github/Some-One/a-book/blob/"
    addresses = {f"{hub}{downloads.FOLDER}/{path}", f"{colab}{downloads.BRANCH}/{path}"}
    assert {link["href"] for link in links} == addresses
    assert not any("英文" in f"{link.text}{link['title']}" for link in links)


def test_how_to_use_tells_of_launching_only_where_that_is_possible(site, public_in_chinese):
    name = "book/how-to-use.html"
    text = parsed(public_in_chinese / name).select_one("article").get_text()
    assert "两者打开的都是中文笔记本" in text
    told = "Colab" in parsed(site / name).select_one("article").get_text()
    assert told == bool(CONFIG["repository"]["url"])


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
    if name == "site" and (CONFIG["repository"]["url"] or ADDRESS):
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
            sheets = page.evaluate("[...document.styleSheets].map(s => s.cssRules.length)")
            assert len(sheets) == 2 and min(sheets) > 0
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
        if page.select("script[src*='/joined-trainer.js']"):
            written.add("'wasm-unsafe-eval'")  # where a network learns
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
        assert not blocking, name
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


@pytest.mark.browser
@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("back-propagation", "book/glossary.html#term-back-propagation"),
        ("backpropagation", "book/glossary.html"),  # it stands in the entry
        ("response normalisation", "chapters/10-what-came-after.html"),  # in a folded box
    ],
)
def test_the_search_finds_either_spelling_and_what_is_folded(browser, server, words, place):
    page, _, problems = visit(browser, f"{server}/search.html?{urlencode({'q': words})}")
    until(page, "document.querySelector('.search-summary')?.innerText")
    links = page.locator("#search-results li > a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert place in [link.partition("#")[0] if "#" not in place else link for link in links], links
    assert not problems
    page.context.close()
