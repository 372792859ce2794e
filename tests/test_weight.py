"""A page is light: few files, few bytes before it shows, and nothing jumps while it loads."""

import gzip
import posixpath

import pytest
import theme
import weight
from browsing import PREFIX, parsed, serve, until, visit
from sphinx.errors import ExtensionError

#: What a page may ask for before it shows, as servers pack it: [style sheets, bytes with the page].
#: And after that: [scripts, bytes].
FIRST = {
    "book/index": ([2, 38_000], [2, 46_000]),
    "chapters/02-layer-by-layer": ([3, 66_000], [6, 33_000]),
    "book/explorer": ([2, 41_000], [3, 75_000]),
    "book/learn": ([2, 40_000], [3, 56_000]),
    "book/line": ([2, 38_000], [3, 40_000]),
    "book/calculator": ([3, 37_000], [3, 38_000]),
}
#: All that is asked for until the page has its network, where it has one; pictures too.
REQUESTS = {"book/index": 13, "book/explorer": 15, "book/learn": 11, "book/line": 13}
REQUESTS |= {"book/calculator": 14}
SHIFT = 0.03  # 0.1 counts as good
WATCH = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntries())
            shifts.push([one.value, one.sources.map(({ node }) => node?.className ?? "")]);
    }).observe({ type: "layout-shift", buffered: true });
"""


def packed(site, page, addresses):
    """Return how many bytes files are when they are packed, by the addresses that a page names."""
    folder = posixpath.dirname(page)
    names = [posixpath.normpath(posixpath.join(folder, one.split("?")[0])) for one in addresses]
    return sum(len(gzip.compress((site / name).read_bytes())) for name in names)


@pytest.mark.parametrize("name", FIRST)
def test_a_page_asks_for_few_files_before_it_shows(site, name):
    page = parsed(site / f"{name}.html")
    sheets = [tag["href"] for tag in page.select("link[rel=stylesheet]") if not tag.get("media")]
    scripts = page.select("script[src]")
    assert not [tag["src"] for tag in scripts if "defer" not in tag.attrs]
    assert not page.select("link[rel=preload]")
    before, after = FIRST[name]
    first = packed(site, name, [f"{posixpath.basename(name)}.html", *sheets])
    later = packed(site, name, [tag["src"] for tag in scripts])
    print(f"{name}: {len(sheets)} sheets, {first:,} bytes; {len(scripts)} scripts, {later:,} bytes")
    assert len(sheets) <= before[0] and first <= before[1]
    assert len(scripts) <= after[0] and later <= after[1]


def watched(browser, address, width):
    """Open a page while its shifts are noted; return it with the addresses that it asked for."""
    size = {"width": width, "height": 800 if width > 800 else 844}
    page = browser.new_context(viewport=size).new_page()
    page.add_init_script(WATCH)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address, wait_until="load")
    if page.locator(".lenet-explorer:not([data-when])").count():
        until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    page.wait_for_timeout(500)
    return page, [one for one in requests if one.startswith("http")]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", FIRST)
def test_nothing_jumps_while_a_page_loads(browser, server, name, width):
    page, requests = watched(browser, f"{server}/{name}.html", width)
    shifts = page.evaluate("shifts")
    total = sum(value for value, _ in shifts)
    print(f"{name}, {width} px: shift {total:.4f}, {len(requests)} requests")
    assert total <= SHIFT, shifts
    assert len(requests) <= REQUESTS.get(name, 40)
    assert not any("bootstrap" in one for one in requests)  # nobody has done anything yet
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", FIRST)
def test_nothing_jumps_while_a_page_comes_in_pieces(browser, site, name, width):
    """What is drawn of the first pieces keeps its place when the others come."""
    for pause in (0.1, 0.3, 1):  # a busy machine draws later than the last piece comes
        with serve(site, PREFIX, "/", pause=pause) as address:
            page, _ = watched(browser, f"{address}/{name}.html", width)
            shifts = page.evaluate("shifts")
            drawn = page.evaluate("performance.getEntriesByType('paint')[0].startTime")
            come = page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
            page.context.close()
        total = sum(value for value, _ in shifts)
        print(f"{name}, {width} px: drawn at {drawn:.0f}, come at {come:.0f} ms, shift {total:.4f}")
        if drawn < come:
            break
    assert drawn < come
    assert total <= SHIFT, shifts


@pytest.mark.browser
def test_the_logo_has_its_room_before_it_has_come(browser, server):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.route("**/logo.svg*", lambda route: None)  # it never comes
    page.goto(f"{server}/book/glossary.html", wait_until="domcontentloaded")
    box = page.locator(".navbar-brand img.only-light").bounding_box()
    assert (box["width"], box["height"]) == (88, 88)
    page.context.close()


@pytest.mark.browser
def test_a_page_is_drawn_once_in_the_theme_of_the_reader(browser, server):
    """Before the theme's scripts have come: they would draw the page anew."""
    for system, kept, wanted in (
        ("light", None, "light"),
        ("dark", None, "dark"),
        ("light", "dark", "dark"),
    ):
        page = browser.new_context(color_scheme=system).new_page()
        page.route("**/site.js*", lambda route: route.abort())
        if kept:
            page.add_init_script(f"localStorage.setItem('mode', '{kept}')")
        page.goto(f"{server}/book/glossary.html")
        assert page.evaluate("document.documentElement.dataset.theme") == wanted
        assert page.locator(".navbar-brand img:visible").count() == 1
        page.context.close()


@pytest.mark.browser
def test_a_menu_opens_at_the_first_press_though_its_script_comes_with_it(browser, server):
    page, requests, problems = visit(browser, f"{server}/chapters/02-layer-by-layer.html")
    assert not any("bootstrap" in one for one in requests)
    menu = page.locator(".dropdown-download-buttons .dropdown-menu")
    assert not menu.is_visible()
    page.evaluate(
        "document.querySelector('[data-bs-toggle=dropdown]').click()"
    )  # no pointer before
    page.mouse.move(300, 300)
    menu.wait_for(state="visible", timeout=20_000)
    assert len([one for one in requests if "bootstrap" in one]) == 1
    page.keyboard.press("Escape")
    page.mouse.move(300, 300)
    page.locator("button.theme-switch-button:visible").first.hover()
    page.locator(".tooltip").wait_for(state="visible", timeout=20_000)
    assert not problems
    page.context.close()


# --------------------------------------------------------------------------- how it is done


def test_what_a_page_has_no_use_for_is_not_loaded():
    def tag(name):
        return f'    <script src="../_static/{name}?v=1"></script>\n'

    names = [theme.OPTIONS, *theme.EVERYWHERE[:3], *theme.CODE, theme.FOLDS, theme.TABS]
    head = "".join(map(tag, names)) + "<script>let toggleHintShow = 'Show';</script>\n"
    end = f'<link rel="preload" as="script" href="x">\n{tag(theme.LATER)}{tag(theme.APART[1])}'
    plain = theme.relieve(f"{head}<p>7</p>{end}", "const X = 1;\n", "S/{}".format)
    assert plain == (
        '<script>const X = 1;</script>\n<p>7</p>    <script defer src="S/site.js"></script>\n'
    )
    assert theme.relieve(plain, "", "S/{}".format) == plain  # when it is built again
    body = '<div class="highlight-python"></div><div class="admonition note dropdown"></div>'
    full = theme.relieve(f'{head}{body}<p class="sd-tab-set">', "", "S/{}".format)
    assert full.count("<script") == 6 and "S/code.js" in full and "toggleHintShow" in full
    assert tag(theme.FOLDS) in full and tag(theme.TABS) in full
    menu = '<div class="dropdown dropdown-download-buttons"></div>'
    assert theme.FOLDS not in theme.relieve(f"{head}{menu}", "", "S/{}".format)


def test_a_fault_in_the_theme_s_script_does_not_stop_what_follows():
    def read(name):
        return f"all('{name}'){theme.IN_TURN}\n//# sourceMappingURL=x"

    text = theme.joined(read, theme.EVERYWHERE)
    for name in theme.APART:
        ends = f"{theme.AT_ONCE}\n}} catch (error) {{\n  reportError(error);\n}}"
        assert f"try {{\nall('{name}'){ends}" in text
    assert "try {\nall('page.js')" not in text and "sourceMapping" not in text
    with pytest.raises(ExtensionError, match="in a new way"):
        theme.joined(lambda name: "", theme.EVERYWHERE)


def test_code_has_elements_where_it_has_a_colour():
    style = "".join(
        f'html[data-theme="{name}"] .highlight {{ background: {ground}; color: {ink} }}\n'
        f'html[data-theme="{name}"] .highlight .n {{ color: {ink} }} /* Name */\n'
        f'html[data-theme="{name}"] .highlight .o {{ color: {other} }}\n'
        f'html[data-theme="{name}"] .highlight .k {{ color: #123456 }}\n'
        for name, ground, ink, other in (
            ("light", "#fff", "#000", "#000"),
            ("dark", "#000", "#fff", "#ff0"),
        )
    )
    assert weight.plain_classes(style) == {"n"}
    code = '<span class="k">def</span> <span class="n">f</span><span class="o">&lt;</span>'
    assert (
        weight.plain_code(code, {"n"}) == '<span class="k">def</span> f<span class="o">&lt;</span>'
    )


def test_code_on_the_pages_has_few_elements(site):
    page = parsed(site / "chapters" / "02-layer-by-layer.html")
    assert 0 < len(page.select(".highlight span")) < 2500
    assert not page.select(".highlight span.n, .highlight span.p")


def test_variables_and_animations_that_nobody_asks_for_are_left_out():
    style = (
        'a{--one:var(--two);--two:"a;}b";--three:3;x:1}b{--four:4}'
        "@keyframes in{0%{y:1}to{y:2}}@keyframes out{to{y:3}}\nc{animation:in 1s;z:var(--one)}"
        ".d--e:hover{w:2}"
    )
    assert weight.without_spare(style, ["color: var(--four)"]) == (
        'a{--one:var(--two);--two:"a;}b";x:1}b{--four:4}'
        "@keyframes in{0%{y:1}to{y:2}}c{animation:in 1s;z:var(--one)}.d--e:hover{w:2}"
    )


def test_a_class_is_used_where_a_page_has_it_and_not_where_a_text_says_the_word():
    names = weight.named(
        ["<p class='a b' id=\"c\">modal</p><i data-bs-toggle='x'>"], ['add("lx-d")']
    )
    assert {"a", "b", "c", "lx-d", "data-bs-toggle"} <= names and "modal" not in names
    style = "[data-bs-theme=dark] .a{x:1}[data-bs-toggle] .a{y:1}.modal{z:1}"
    assert weight.purge(style, names) == "[data-bs-toggle] .a{y:1}"


def test_a_page_that_begins_otherwise_is_noticed(tmp_path):
    import pages

    text = "<html><head></head><body><article>7</article></body></html>"
    with pytest.raises(ExtensionError, match="see UNSURE"):
        pages.finish(text, "page.html", tmp_path)
