"""The explorer's stage: all on one screen, fields through every layer, pointing, the hero."""

import gzip
import itertools
import re

import explorer
import numpy as np
import pytest
from browsing import look_with_axe, parsed, until, visit
from contents import ROOT

from lenet_tutorial.explorer import scripts

pytestmark = pytest.mark.browser

SCRIPTS = ROOT / "book" / "_static" / "explorer"
NETWORKS = {
    entry["name"]: entry for entry in scripts.read_manifest(SCRIPTS / "weights")["networks"]
}
PAGE = "book/explorer.html"
WIDE = [(1280, 800), (1920, 1080), (820, 1180)]
PHONE = (390, 844)
READY = "document.querySelector('.lenet-explorer')?.dataset.ready"


def open_stage(browser, address, size, **how):
    """Open a page at a size, with a network; return it with what went wrong."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", **how
    )
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    until(page, READY)
    page.wait_for_timeout(100)
    return page, problems


@pytest.fixture
def stage(browser, server):
    page, problems = open_stage(browser, f"{server}/{PAGE}", WIDE[0])
    yield page
    assert not problems
    page.context.close()


def outside(page, *selectors):
    """Return what is not wholly in the viewport, with its place."""
    return page.evaluate(
        """(selectors) => selectors.flatMap((selector) => {
            const found = Array.from(document.querySelectorAll(selector));
            if (!found.length) return [selector + " is missing"];
            return found.map((one) => one.getBoundingClientRect())
                .filter(({ left, top, right, bottom, width, height }) => !width || !height ||
                    left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1)
                .map(({ left, top, right, bottom }) => [selector, left, top, right, bottom]);
        })""",
        list(selectors),
    )


def title(page):
    return page.locator(".lx-panel .lx-title").inner_text()


def choose(page, index, map=0, row=0, column=0):
    """Choose a unit with the form beside it."""
    page.locator('[data-lx="layer"]').select_option(index=index)
    for name, value in (("map", map), ("row", row), ("column", column)):
        field = page.locator(f'[data-lx="{name}"]')
        if field.is_enabled():
            field.fill(str(value))
            field.press("Enter")


def middle_of(page, layer, map, row, column):
    """Return where the middle of a unit is on the screen, once nothing moves there."""
    canvas = page.locator(f'.lx-layer[data-index="{layer}"] canvas[data-map="{map}"]')
    canvas.hover(trial=True)  # waits for a place that stays
    box = canvas.bounding_box()
    width, height = canvas.evaluate("one => [one.width, one.height]")
    return box["x"] + (column + 0.5) * box["width"] / width, box["y"] + (row + 0.5) * box[
        "height"
    ] / height


# --------------------------------------------------------------------------- one screen


@pytest.mark.parametrize("size", WIDE)
def test_paper_answer_and_every_layer_stand_on_one_screen(browser, server, size):
    page, problems = open_stage(browser, f"{server}/{PAGE}", size)
    everything = (".lx-paper", ".lx-given canvas", ".lx-answer", ".lx-outputs canvas")
    count = page.locator(".lx-layer").count()
    assert count == 6 and page.evaluate("scrollY") == 0
    for index in range(count + 1):  # the output, too
        choose(page, index)
        page.evaluate("scrollTo(0, 0)")
        assert not outside(page, *everything, ".lx-layer", ".lx-layer canvas"), index
        assert not outside(page, ".lx-panel .lx-title", ".lx-panel")  # the numbers, too
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("The Keras LeNet", "LeNet-5 of 1998"):
        page.get_by_label(name).check()
        until(page, "name => document.querySelector('.lx-about').innerText.includes(name)", name)
        page.evaluate("scrollTo(0, 0)")
        assert not outside(page, *everything, ".lx-layer", ".lx-layer canvas"), name
    assert not problems
    page.context.close()


def test_layers_do_not_cover_each_other(stage):
    boxes = stage.locator(".lx-layer .lx-maps, .lx-paper, .lx-given, .lx-answer").evaluate_all(
        "all => all.map(one => { const b = one.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom]; })"
    )
    assert len(boxes) == 9
    for one, two in itertools.combinations(boxes, 2):
        beside = one[2] <= two[0] + 1 or two[2] <= one[0] + 1
        above = one[3] <= two[1] + 1 or two[3] <= one[1] + 1
        assert beside or above, (one, two)


def test_on_a_phone_a_strip_stays_and_a_layer_opens_below_it(browser, server):
    page, problems = open_stage(browser, f"{server}/{PAGE}", PHONE, has_touch=True)
    tabs = page.locator(".lx-tabs button")
    assert tabs.count() == 6
    strip = (".lx-paper", ".lx-given canvas", ".lx-answer", ".lx-tabs button")
    for index in range(6):
        tabs.nth(index).tap()
        assert tabs.nth(index).get_attribute("aria-pressed") == "true"
        assert page.locator(".lx-layer:visible").count() == 1
        where = f'.lx-layer[data-index="{index}"]'
        assert not outside(page, *strip, where, f"{where} canvas"), index
        top = page.locator(where).bounding_box()["y"]
        bottom = page.locator(".lx-strip").bounding_box()
        assert top >= bottom["y"] + bottom["height"]
        layer = page.locator(f"{where} .lx-maps").bounding_box()
        panel = page.locator(".lx-panel").bounding_box()
        assert layer["y"] + layer["height"] <= panel["y"] + 1, index  # it covers no map
    page.evaluate("scrollTo(0, 300)")
    page.wait_for_timeout(50)
    assert not outside(page, *strip)  # it stays
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not problems
    page.context.close()


def test_headings_name_the_parts_and_a_link_leads_past_them(stage):
    titles = stage.locator(".lenet-explorer h2").all_inner_texts()
    assert {"Draw a digit", "What it reads", "Which network"} <= set(titles) and len(titles) >= 7
    toc = stage.locator(".bd-sidebar-secondary, .page-toc").all_inner_texts()
    assert "Draw a digit" not in "".join(toc)
    skip = stage.get_by_role("link", name="Skip the explorer")
    skip.focus()
    assert skip.bounding_box()["width"] > 50  # it shows when it has the focus
    address = stage.url
    stage.keyboard.press("Enter")
    assert stage.url == address  # which may hold a drawing
    stage.keyboard.press("Tab")
    assert (
        stage.evaluate(
            "document.querySelector('.lx-end').compareDocumentPosition(document.activeElement)"
        )
        & 4
    )


# --------------------------------------------------------------------------- fields


def connections(entry):
    """Return for each layer a matrix: which unit (row) is connected with which below (column)."""
    matrices, maps, size = [], 1, entry["input_size"]
    for layer in entry["layers"]:
        kernel, stride = layer.get("kernel") or size, layer.get("stride") or 1
        one_map = layer["kind"] in ("average pooling", "max pooling", "subsampling")
        out = (size - kernel) // stride + 1
        matrix = np.zeros((layer["maps"], out, out, maps, size, size), bool)
        for to, row, column in np.ndindex(layer["maps"], out, out):
            table = layer.get("table") or {to: range(maps)}
            seen = [to] if one_map else table[to]
            rows = slice(row * stride, row * stride + kernel)
            columns = slice(column * stride, column * stride + kernel)
            for map in seen:
                matrix[to, row, column, map, rows, columns] = True
        matrices.append(matrix)
        maps, size = layer["maps"], out
    return matrices


@pytest.fixture(scope="module", params=list(NETWORKS))
def wired(request):
    entry = NETWORKS[request.param]
    return entry, connections(entry)


def units_of(matrices, rng, each=4):
    """Return some units of every layer, the corners among them."""
    for index, matrix in enumerate(matrices):
        maps, size = matrix.shape[:2]
        yield index, 0, 0, 0
        yield index, maps - 1, size - 1, size - 1
        for _ in range(each):
            yield index, *(int(rng.integers(n)) for n in (maps, size, size))


def reached(matrices, unit):
    """Return {layer: units that a unit sees, or that see it}; −1 is the input."""
    index, *place = unit
    own = np.zeros(matrices[index].shape[:3], bool)
    own[tuple(place)] = True
    found, now = {}, own
    for at in range(index, -1, -1):
        now = np.einsum("abc,abcdef->def", now, matrices[at]).astype(bool)
        found[at - 1] = now
    now = own
    for at in range(index + 1, len(matrices)):
        now = np.einsum("def,abcdef->abc", now, matrices[at]).astype(bool)
        found[at] = now
    return found


def painted(blocks, shapes):
    """Return the units in blocks, {layer: array}."""
    found = {}
    for block in blocks:
        units = np.zeros(shapes[block["index"]], bool)
        rows = slice(block["row"], block["row"] + block["rows"])
        columns = slice(block["column"], block["column"] + block["columns"])
        for map in block["maps"]:
            units[map, rows, columns] = True
        found[block["index"]] = units
    return found


def test_a_field_is_what_is_connected_in_every_layer_and_so_is_what_a_unit_feeds(stage, wired):
    entry, matrices = wired
    shapes = {-1: matrices[0].shape[3:]} | {n: m.shape[:3] for n, m in enumerate(matrices)}
    units = list(units_of(matrices, np.random.default_rng(0)))
    got = stage.evaluate(
        """async ([name, units]) => {
            const { engine, field, files } = LeNet;
            const entry = engine.received.catalogue.networks.find(one => one.name === name);
            const shot = entry.snapshots[entry.snapshots.length - 1];
            await files.load(shot.file);
            const data = engine.received.weights[`${name}-${shot.epoch}`];
            const net = engine.build(entry, engine.decode(data, shot));
            return units.map(([index, map, row, column]) => {
                const unit = { index, map, row, column };
                return [...field.below(net, unit), ...field.above(net, unit)];
            });
        }""",
        [entry["name"], units],
    )
    for unit, blocks in zip(units, got, strict=True):
        want, have = reached(matrices, unit), painted(blocks, shapes)
        want = {layer: seen for layer, seen in want.items() if seen.any()}
        assert want.keys() == have.keys(), unit
        for layer in want:
            np.testing.assert_array_equal(have[layer], want[layer], err_msg=f"{unit}: {layer}")


MARKED = """(kind) => Array.from(
    document.querySelectorAll(".lx-given, .lx-layer, .lx-outputs"), (layer) =>
        Array.from(layer.querySelectorAll(".lx-mark." + kind), ({ style, parentElement }) => [
            Number(parentElement.parentElement.querySelector("canvas").dataset.map || 0),
            ...["top", "left", "height", "width"].map((side) => parseFloat(style[side]) / 100)]))"""


def marked(page, kind):
    """Return {layer: {map: (top, left, height, width) in shares}}, −1 for the input."""
    layers = page.evaluate(MARKED, kind)  # the input, the answer's output, then the layers
    given, outputs, *inside = layers
    return {
        place: {map: tuple(box) for map, *box in marks}
        for place, marks in enumerate([given, *inside, outputs], start=-1)
        if marks
    }


def test_the_marks_on_the_screen_are_the_field_and_what_the_unit_feeds(stage, wired):
    entry, matrices = wired
    stage.get_by_label(entry["title"]).check()
    until(stage, "t => document.querySelector('.lx-about').innerText.includes(t)", entry["title"])
    for index, matrix in enumerate(matrices):
        maps, size = matrix.shape[:2]
        unit = index, maps // 2, size // 2, size // 3
        choose(stage, *unit)
        want = reached(matrices, unit)
        have = marked(stage, "lx-sees") | marked(stage, "lx-feeds")
        assert have.keys() == want.keys(), unit
        for layer, units in want.items():
            side = units.shape[1]
            if side == 1:  # single units share a picture
                assert units.all() and have[layer] == {0: (0, 0, 1, 1)}, unit
                continue
            maps_seen = {int(map) for map in np.unique(np.nonzero(units)[0])}
            assert set(have[layer]) == maps_seen, (unit, layer)
            for map, (top, left, height, width) in have[layer].items():
                rows, columns = np.nonzero(units[map])
                box = [rows.min(), columns.min(), np.ptp(rows) + 1, np.ptp(columns) + 1]
                got = side * np.array([top, left, height, width])
                np.testing.assert_allclose(got, box, atol=1e-3)
        assert stage.locator(".lx-lines path.lx-down").count() == index + 1


def test_lines_join_the_marks_of_neighbouring_layers(stage):
    choose(stage, 3, map=5, row=2, column=2)  # S4: one map of C3, six of S2 and of C1, the input
    counts = stage.locator(".lx-lines path.lx-down").evaluate_all(
        "all => all.map(one => one.getAttribute('d').match(/M/g).length)"
    )
    assert counts == [6, 6, 6, 1]
    box = stage.locator(".lx-lines").bounding_box()
    ends = stage.locator(".lx-lines path.lx-down").last.get_attribute("d")
    x, y = map(float, re.findall(r"[\d.]+", ends)[-2:])
    mark = stage.locator(".lx-layer .lx-unit").bounding_box()
    assert mark["x"] - 3 <= box["x"] + x <= mark["x"] + mark["width"] + 3
    assert mark["y"] - 3 <= box["y"] + y <= mark["y"] + mark["height"] + 3


# --------------------------------------------------------------------------- pointing


def rest(page):
    """Give a choice time that must not come."""
    page.wait_for_timeout(150)


def chosen(page, unit):
    """Wait until a unit is chosen: a busy machine draws late."""
    until(page, "unit => document.querySelector('.lx-panel .lx-title').innerText === unit", unit)


def test_a_unit_is_chosen_where_the_pointer_rests(stage):
    stage.mouse.move(*middle_of(stage, 0, 1, 10, 12))
    chosen(stage, "C1, map 1, row 10, column 12")
    stage.mouse.move(*middle_of(stage, 3, 7, 1, 4))
    chosen(stage, "S4, map 7, row 1, column 4")


def test_on_the_way_to_the_panel_the_unit_stays(stage):
    x, y = middle_of(stage, 0, 0, 14, 14)
    stage.mouse.move(x, y)
    before = "C1, map 0, row 14, column 14"
    chosen(stage, before)
    stage.evaluate(
        "() => { window.seen = new Set(); new MutationObserver(() =>"
        " seen.add(document.querySelector('.lx-panel .lx-title').innerText)).observe("
        " document.querySelector('.lx-panel .lx-title'), { childList: true }); }"
    )
    panel = stage.locator(".lx-panel").bounding_box()
    end = x + 60, panel["y"] + 40
    # Past all other maps of C1: a move every 8 ms, which a busy machine may delay, but not reorder.
    stage.evaluate(
        """async ([x, y, toX, toY]) => {
            for (let n = 0; n <= 14; n++) {
                const clientX = x + ((toX - x) * n) / 14, clientY = y + ((toY - y) * n) / 14;
                document.elementFromPoint(clientX, clientY).dispatchEvent(new PointerEvent(
                    "pointermove", { bubbles: true, pointerType: "mouse", clientX, clientY }));
                await new Promise((done) => setTimeout(done, 8));
            }
        }""",
        [x, y, *end],
    )
    stage.mouse.move(*end)
    rest(stage)
    assert title(stage) == before and stage.evaluate("[...seen].length") == 0
    stage.locator(".lx-panel summary").click()
    assert stage.locator(".lx-panel pre").is_visible() and title(stage) == before


def test_a_click_pins_and_another_click_escape_or_nothing_unpins(stage):
    def click(*unit):
        stage.mouse.click(*middle_of(stage, *unit))
        return title(stage)

    assert click(2, 3, 4, 5) == "C3, map 3, row 4, column 5 (pinned)"
    stage.mouse.move(*middle_of(stage, 0, 2, 9, 9))
    rest(stage)
    assert title(stage) == "C3, map 3, row 4, column 5 (pinned)"  # whatever is pointed at
    assert click(1, 4, 6, 6) == "S2, map 4, row 6, column 6 (pinned)"  # another one
    stage.keyboard.press("Escape")
    chosen(stage, "S2, map 4, row 6, column 6")
    stage.mouse.move(*middle_of(stage, 0, 2, 9, 9))
    chosen(stage, "C1, map 2, row 9, column 9")  # hovering works again
    click(2, 3, 4, 5)
    stage.locator("h1").click()  # nothing
    assert title(stage) == "C3, map 3, row 4, column 5"
    click(2, 3, 4, 5)
    stage.get_by_role("button", name="Clear").click()  # a button is something
    assert title(stage).endswith("(pinned)")
    stage.locator(".lx-panel .lx-place").click()  # and so is the panel
    assert title(stage).endswith("(pinned)")
    assert click(2, 3, 4, 5) == "C3, map 3, row 4, column 5"  # the same again


def test_a_click_on_a_bar_chooses_the_unit_of_the_output(stage):
    stage.locator(".lx-bars li").nth(3).click()
    assert title(stage) == "output, unit 3 (pinned)"


def test_a_finger_gets_a_loupe(browser, server):
    page, problems = open_stage(browser, f"{server}/{PAGE}", PHONE, has_touch=True)
    page.locator(".lx-tabs button").nth(0).tap()
    assert page.locator(".lx-loupe").is_hidden()
    page.touchscreen.tap(*middle_of(page, 0, 4, 11, 9))
    assert title(page) == "C1, map 4, row 11, column 9 (pinned)"
    loupe = page.locator(".lx-loupe canvas")
    assert loupe.is_visible() and not outside(page, ".lx-loupe")
    box = loupe.bounding_box()
    unit = box["width"] / 7
    assert unit >= 24  # large enough for a finger
    mark = page.locator(".lx-loupe .lx-mark").bounding_box()
    page.touchscreen.tap(mark["x"] + 1.5 * unit, mark["y"] - 1.5 * unit)
    assert title(page) == "C1, map 4, row 9, column 10 (pinned)"
    page.keyboard.press("Escape")
    assert page.locator(".lx-loupe").is_hidden() and not title(page).endswith("(pinned)")
    page.locator(".lx-tabs button").nth(4).tap()  # units of C5 are large enough as they are
    page.touchscreen.tap(*middle_of(page, 4, 0, 3, 5))
    assert title(page) == "C5, unit 41 (pinned)" and page.locator(".lx-loupe").is_hidden()
    assert not problems
    page.context.close()


def test_after_a_change_of_network_the_form_shows_the_unit_that_is_shown(stage):
    choose(stage, 2, map=3, row=2, column=4)
    stage.get_by_label("LeNet-5 of 1998").check()
    until(stage, "document.querySelector('.lx-about').innerText.includes('1998')")
    assert title(stage) == "C3, map 3, row 2, column 4 (pinned)"
    values = stage.locator(".lx-panel .lx-form :is(select, input)").evaluate_all(
        "all => all.map(e => e.value)"
    )
    assert values == ["2", "3", "2", "4"]
    assert stage.locator(".lx-maps .lx-unit").count() == 1


# --------------------------------------------------------------------------- the hero


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (820, 1180)])
def test_the_hero_works_on_the_first_screen(browser, server, size):
    page, problems = open_stage(browser, f"{server}/book/index.html", size)
    assert not outside(page, "h1", ".lx-paper", ".lx-answer", ".lx-layer", ".lx-layer canvas")
    assert "reads a 7" in page.locator(".lx-verdict").inner_text()
    page.get_by_role("button", name="Clear").click()
    box = page.locator(".lx-paper").bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.12 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.88 * box["height"], steps=8)
    page.mouse.up()
    until(page, "document.querySelector('.lx-verdict').innerText.includes('reads a 1')")
    assert page.locator(".lx-drawer").is_hidden()
    page.get_by_role("link", name=re.compile("Open the explorer")).click()
    until(page, f"{READY} && location.hash")
    assert page.url.startswith(f"{server}/{PAGE}#lenet=textbook.10.s.")
    assert "reads a 1" in page.locator(".lx-verdict").inner_text()
    assert not problems
    page.context.close()


def test_the_hero_asks_for_weights_only_when_it_is_seen(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 150})
    page = context.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{server}/book/index.html")
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    weights = [url for url in requests if "/weights/" in url]
    assert weights == []
    page.locator(".lx-paper").scroll_into_view_if_needed()
    until(page, READY)
    weights = {url.rsplit("/", 1)[-1] for url in requests if "/weights/" in url}
    assert weights == {"index.js", "textbook-10.js"}  # no samples
    assert not [url for url in requests if url.endswith("hero.png")]  # it is not shown
    context.close()


def test_nothing_moves_when_the_hero_comes_to_life(browser, server):
    for size in (WIDE[0], PHONE):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        page = context.new_page()
        page.add_init_script(
            "window.shift = 0; new PerformanceObserver(list => { for (const one of"
            " list.getEntries()) window.shift += one.value; })"
            ".observe({ type: 'layout-shift', buffered: true });"
        )
        page.goto(f"{server}/book/index.html")
        until(page, READY)
        page.wait_for_timeout(300)
        assert page.evaluate("shift") <= 0.05, size
        context.close()


def test_without_javascript_and_on_paper_the_picture_stands_there(browser, server, site):
    (place,) = parsed(site / "book" / "index.html").select(".lenet-explorer")
    assert place.select_one("figure img")["src"].endswith("hero.png")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/book/index.html")
    assert page.locator(".lenet-explorer figure img").is_visible()
    context.close()
    page, _ = open_stage(browser, f"{server}/book/index.html", WIDE[0])
    assert not page.locator(".lenet-explorer figure img").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".lenet-explorer figure img").is_visible()
    assert not page.locator(".lx-stage").is_visible()
    page.context.close()


def test_the_hero_loads_no_wing(site):
    tags = parsed(site / "book" / "index.html").select("script[src*='/explorer/']")
    names = [tag["src"].split("/explorer/")[1].split("?")[0] for tag in tags]
    assert names == ["joined-hero.js"]
    assert not {*explorer.SCRIPTS["hero"]} & {*explorer.PROGRAMS["explorer"].wings}
    assert all(tag.has_attr("defer") for tag in tags)  # the page stands first


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE[0], PHONE])
def test_axe_finds_nothing_in_the_hero(browser, server, size, theme):
    page, _, _ = visit(browser, f"{server}/book/index.html", width=size[0], theme=theme)
    until(page, READY)
    found, passed = look_with_axe(page, ".lenet-explorer")
    assert not found and passed > 10
    page.context.close()


# --------------------------------------------------------------------------- budgets


def test_a_frame_is_long_enough_for_what_a_stroke_causes(stage):
    code = """async () => {
        const paper = document.querySelector(".lx-paper"), box = paper.getBoundingClientRect();
        const at = (type, x, y) => paper.dispatchEvent(new PointerEvent(type, { bubbles: true,
            pointerId: 1, button: 0, clientX: box.left + x, clientY: box.top + y }));
        paper.setPointerCapture = () => {};
        const frame = window.requestAnimationFrame, times = [];
        window.requestAnimationFrame = (work) => frame((now) => {
            const start = performance.now();
            work(now);
            times.push(performance.now() - start);
        });
        at("pointerdown", 40, 20);
        for (let n = 0; n < 60; n++) {
            at("pointermove", 40 + n, 20 + 2 * n);
            await new Promise((done) => frame(() => setTimeout(done)));
        }
        at("pointerup", 100, 140);
        window.requestAnimationFrame = frame;
        return times.sort((a, b) => a - b)[times.length >> 1];
    }"""
    best = min(stage.evaluate(code) for _ in range(4))
    print(f"work for each frame while drawing: {best:.1f} ms")
    assert best <= 12  # of the 16.7 of a frame; 8 on a machine that does nothing else


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_forward_pass_takes_three_milliseconds(stage, name):
    code = """async (name) => {
        const { engine, files } = LeNet;
        const entry = engine.received.catalogue.networks.find(one => one.name === name);
        const shot = entry.snapshots[entry.snapshots.length - 1];
        await files.load(shot.file);
        const data = engine.received.weights[`${name}-${shot.epoch}`];
        const net = engine.build(entry, engine.decode(data, shot));
        const image = new Float32Array(net.inputSize ** 2).fill(0.3);
        const times = Array.from({ length: 200 }, () => {
            const start = performance.now();
            engine.forward(net, image);
            return performance.now() - start;
        });
        return times.sort((a, b) => a - b)[50];
    }"""
    best = min(stage.evaluate(code, name) for _ in range(3))
    print(f"forward pass, {name}: {best:.2f} ms")
    assert best <= 3


def test_explorer_and_weights_stay_below_half_a_megabyte(browser, server, site):
    page, requests, _ = visit(browser, f"{server}/{PAGE}")
    until(page, READY)
    own = {url.partition("?")[0] for url in requests if "/_static/explorer/" in url}
    files = [site / "_static" / url.split("/_static/")[1] for url in own]
    total = sum(len(gzip.compress(file.read_bytes())) for file in files)
    print(f"explorer and weights: {total:,} bytes, compressed")
    assert 100_000 < total <= 500_000
    page.context.close()
