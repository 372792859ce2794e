"""Watch it compute: the steps have the engine's numbers, and the reader rules the clock."""

import math
import shutil

import explorer
import pytest
from browsing import look_with_axe, settle, until, visit
from exploring import page_of_scripts

from lenet_tutorial.explorer import export

pytestmark = pytest.mark.browser

CHAPTER = "chapters/02-layer-by-layer.html"
LAYERS = explorer.LAYERS
LAST = export.EPOCHS[-1]
TOLERANCE = 1e-4
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden })
    document.dispatchEvent(new Event("visibilitychange"))
}"""


@pytest.fixture(scope="module")
def steps(browser):
    """Open an empty page with what computes the steps; `shown(name)` is a network and a digit."""
    names = ("shapes", "engine", "preprocess", "widgets", "unit", "compute/steps")
    with page_of_scripts(browser, *names) as page:
        page.evaluate(
            """epoch => {
                const { received, decode, forward } = LeNet.engine
                window.shown = (name, sample = 35) => {
                    const built = network(name, epoch)
                    const { samples } = received.catalogue
                    const bytes = decode(received.samples, samples).subarray(784 * sample)
                    const ink = Float32Array.from(bytes.subarray(0, 784), value => value / 255)
                    const image = LeNet.preprocess.forNetwork(ink, built.inputSize)
                    return { network: built, outputs: forward(built, image) }
                }
            }""",
            LAST,
        )
        yield page


# --------------------------------------------------------------------------- the numbers


@pytest.mark.parametrize("name", export.NETWORKS)
def test_the_last_step_of_a_unit_has_the_value_of_the_forward_pass(steps, name):
    worst = steps.evaluate(
        """name => [3, 35].map(sample => {
            const { network, outputs } = shown(name, sample)
            return network.layers.map((layer, index) => {
                const { maps, size } = layer, far = size - 1
                let worst = 0
                for (let map = 0; map < maps; map++)
                    for (const [row, column] of [[0, 0], [far >> 1, far], [far, 0]]) {
                        const steps = LeNet.compute.steps(network, outputs,
                            { index, map, row, column })
                        const { result } = steps[steps.length - 1]
                        const value = outputs[index + 1][(map * size + row) * size + column]
                        const off = Math.abs(result - value)
                        worst = Math.max(worst, Number.isFinite(off) ? off : Infinity)
                    }
                return worst
            })
        })""",
        name,
    )
    assert [len(one) for one in worst] == [7, 7]
    assert max(map(max, worst)) <= TOLERANCE


@pytest.mark.parametrize("name", export.NETWORKS)
def test_the_sum_grows_by_what_each_step_adds(steps, name):
    found = steps.evaluate(
        """name => {
            const { network, outputs } = shown(name)
            return network.layers.flatMap((layer, index) => {
                const unit = { index, map: layer.maps - 1, row: layer.size >> 1, column: 0 }
                let sum = 0
                return LeNet.compute.steps(network, outputs, unit).map(step => {
                    const { kind, value, weight, added } = step
                    const want = {
                        product: () => weight * value,
                        difference: () => (value - weight) ** 2,
                        value: () => value,
                        bias: () => step.bias,
                        coefficient: () => sum * (step.coefficient - 1),
                    }[kind]?.() ?? 0
                    const most = Math.max(step.place ? sum : -9, value)
                    const next = kind === "compare" ? most : sum + want
                    const off = [Math.abs(next - step.sum), Math.abs((added ?? want) - want)]
                    sum = step.sum
                    return Math.max(...off)
                })
            })
        }""",
        name,
    )
    assert len(found) > 500
    assert max(found) < 1e-9


def test_each_kind_of_layer_has_its_own_steps(steps):
    """The numbers of products are those of the chapter: 25, 150, 400, 120 and 84."""

    def of(name, index):
        return steps.evaluate(
            """([name, index]) => {
                const { network, outputs } = shown(name)
                const unit = { index, map: 0, row: 0, column: 0 }
                const steps = LeNet.compute.steps(network, outputs, unit), runs = []
                for (const { kind } of steps) {
                    const last = runs[runs.length - 1]
                    if (last?.[0] === kind) last[1]++
                    else runs.push([kind, 1])
                }
                return [runs, steps.filter(step => step.end >= 2).length]
            }""",
            [name, index],
        )

    end = [["bias", 1], ["activation", 1]]
    assert of("textbook", 0) == [[["product", 25], *end], 3]
    assert of("textbook", 1) == [[["value", 4], ["mean", 1]], 2]
    assert of("textbook", 2) == [[["product", 25], ["map", 1]] * 6 + end, 8]
    assert of("textbook", 4) == [[["product", 25], ["map", 1]] * 16 + end, 18]
    assert of("textbook", 5) == [[["product", 120], *end], 12]  # ten blocks of twelve
    softmax = [["bias", 1], ["sums", 1], ["power", 10], ["share", 1]]
    assert of("textbook", 6) == [[["product", 84], *softmax], 16]  # twelve blocks of seven
    assert of("article", 1) == [[["compare", 4], ["largest", 1]], 2]
    trained = [["value", 4], ["coefficient", 1], *end]
    assert of("lenet5-1998", 1) == [trained, 4]
    assert of("lenet5-1998", 2) == [[["product", 25], ["map", 1]] * 3 + end, 5]  # sees three maps
    assert of("lenet5-1998", 6) == [[["difference", 84], ["nearest", 1]], 13]


def test_softmax_and_the_nearest_code_are_told_of_all_ten(steps):
    ten = steps.evaluate(
        """() => ["textbook", "lenet5-1998"].map(name => {
            const { network, outputs } = shown(name)
            const steps = LeNet.compute.steps(network, outputs,
                { index: 6, map: 2, row: 0, column: 0 })
            return [steps[steps.length - 1], Array.from(outputs[7])]
        })"""
    )
    (share, shares), (nearest, distances) = ten
    assert share["ten"]["shares"] == pytest.approx(shares, abs=TOLERANCE)
    assert sum(share["ten"]["shares"]) == pytest.approx(1)
    assert share["ten"]["total"] == pytest.approx(sum(share["ten"]["powers"]))
    assert share["ten"]["powers"][2] / share["ten"]["total"] == pytest.approx(share["result"])
    assert nearest["ten"]["distances"] == pytest.approx(distances, abs=TOLERANCE)
    assert nearest["label"] == distances.index(min(distances)) == 7


@pytest.mark.parametrize("name", export.NETWORKS)
def test_a_whole_map_goes_through_its_units_in_order(steps, name):
    found = steps.evaluate(
        """name => {
            const { network, outputs } = shown(name)
            return network.layers.map((layer, index) => {
                const map = Math.min(1, layer.maps - 1), { size, maps } = layer
                const steps = LeNet.compute.mapSteps(network, outputs, { index, map })
                const units = steps.filter(step => step.kind === "unit")
                const values = units.map(({ unit }) =>
                    LeNet.compute.unit(network, outputs, unit).value)
                const first = size > 1 ? map * size * size : 0
                const want = outputs[index + 1].subarray(first, first + units.length)
                return [units.length, steps.length - units.length,
                        Math.max(...values.map((value, n) => Math.abs(value - want[n])))]
            })
        }""",
        name,
    )
    first, third = (576, 64) if name == "article" else (784, 100)
    after = 1 if name == "lenet5-1998" else 20
    pooled = (first // 4, third // 4)
    assert [one[0] for one in found] == [first, pooled[0], third, pooled[1], 120, 84, 10]
    assert [one[1] for one in found] == [0, 0, 0, 0, 0, 0, after]
    assert max(one[2] for one in found) <= TOLERANCE


# --------------------------------------------------------------------------- the clock


def open_box(page, layer):
    """Ask for a layer's box in the chapter; return it when it is there."""
    box = page.locator(f".lenet-compute[data-layer={layer}]")
    box.locator("button").click()
    until(page, "layer => document.querySelector(`.lenet-compute[data-layer=${layer}]`)"
          ".dataset.ready === 'yes'", layer)  # fmt: skip
    return box


def part(box, name):
    return box.locator(f"[data-lx={name}]")


def now(box):
    return int(part(box, "progress").input_value())


def go(box, step):
    part(box, "progress").evaluate(
        "(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')) }", step
    )


@pytest.fixture
def moving(browser, server):
    """Open the chapter where motion is welcome, with a clock that stands still."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="no-preference"
    )
    page = context.new_page()
    page.goto(f"{server}/{CHAPTER}", wait_until="load")
    settle(page)
    page.clock.install(time=0)
    page.clock.pause_at(60)
    yield page
    context.close()


def test_it_plays_pauses_and_goes_step_by_step(moving):
    box = open_box(moving, "C1")
    assert part(box, "play").inner_text() == "Pause"  # it was asked to be watched
    before = now(box)
    moving.clock.run_for(5 * 350 + 10)
    assert now(box) == before + 5
    part(box, "play").click()
    assert part(box, "play").inner_text() == "Play"
    moving.clock.run_for(5000)
    assert now(box) == before + 5
    part(box, "step").click()
    assert now(box) == before + 6
    assert part(box, "spoken").inner_text().startswith(f"Product {before + 6} of 25: weight ")
    part(box, "back").click()
    part(box, "back").click()
    assert now(box) == before + 4
    part(box, "first").click()
    assert now(box) == 0 and part(box, "back").is_disabled()
    assert "The products are added up." in part(box, "how").inner_text()
    part(box, "play").click()
    part(box, "step").click()  # by hand, while it plays: it stops there
    assert part(box, "play").inner_text() == "Play"
    moving.clock.run_for(2000)
    assert now(box) == 1


def test_its_speed_can_be_changed_while_it_plays(moving):
    box = open_box(moving, "C3")
    go(box, 0)
    for speed, steps in (("slow", 2), ("medium", 8), ("fast", 8 * 5), ("fastest", 4 * 26)):
        go(box, 0)
        part(box, "speed").select_option(speed)
        part(box, "play").click()
        moving.clock.run_for(3000)
        assert abs(now(box) - steps) <= max(1, steps // 4), speed
        part(box, "play").click()


def test_at_the_end_it_stops_and_begins_anew(moving):
    box = open_box(moving, "S2")
    moving.clock.run_for(5000)
    assert now(box) == 5 and part(box, "play").inner_text() == "Play"
    assert part(box, "step").is_disabled()
    part(box, "play").click()
    assert now(box) == 0
    moving.clock.run_for(400)
    assert now(box) == 1


def test_the_keyboard_does_all_of_it(moving):
    box = open_box(moving, "C3")
    stage = part(box, "stage")
    assert stage.evaluate("stage => stage === document.activeElement")
    press = moving.keyboard.press
    press(" ")
    assert part(box, "play").inner_text() == "Play"
    press("Home")
    assert now(box) == 0
    for key, step in [
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("PageDown", 5),
        ("PageDown", 10), ("PageUp", 5), ("End", 158),
    ]:  # fmt: skip
        press(key)
        assert now(box) == step, key
    assert part(box, "how").inner_text().startswith("tanh(")
    for key, speed in [("+", "fast"), ("+", "fastest"), ("+", "fastest"), ("-", "fast")]:
        press(key)
        assert part(box, "speed").input_value() == speed
    press("k")
    assert part(box, "play").inner_text() == "Pause"
    press("Control+k")
    assert part(box, "play").inner_text() == "Pause"


def test_a_hidden_tab_pauses_it(moving):
    box = open_box(moving, "C5")
    moving.evaluate(HIDE, True)
    here = now(box)
    assert part(box, "play").inner_text() == "Play"
    moving.clock.run_for(10_000)
    moving.evaluate(HIDE, False)
    moving.clock.run_for(10_000)
    assert now(box) == here


def test_another_digit_begins_anew_and_keeps_the_place(moving):
    box = open_box(moving, "C3")
    title = part(box, "title").inner_text()
    moving.clock.run_for(2000)
    assert now(box) > 3
    part(box, "digit").select_option(label="a 2")
    assert now(box) == 0 and part(box, "title").inner_text() == title
    assert part(box, "play").inner_text() == "Pause"  # as it was
    moving.clock.run_for(360)
    assert now(box) == 1
    part(box, "play").click()
    part(box, "digit").select_option(label="a 3")
    moving.clock.run_for(3000)
    assert now(box) == 0


# --------------------------------------------------------------------------- in the chapter


def test_nothing_is_loaded_before_it_is_asked_for(browser, server):
    page, requests, problems = visit(browser, f"{server}/{CHAPTER}")
    assert page.locator(".lenet-compute").count() == len(LAYERS)
    assert [one.get_attribute("data-layer") for one in page.locator(".lenet-compute").all()] == [
        *LAYERS
    ]
    assert not [one for one in requests if "/weights/" in one]
    heights = [one.bounding_box()["height"] for one in page.locator(".lenet-compute").all()]
    assert max(heights) < 70
    assert len([one for one in requests if "/explorer/" in one and ".js" in one]) == 1
    assert len([one for one in requests if "/explorer/" in one and ".css" in one]) == 1
    open_box(page, "C1")
    asked = [one.rsplit("/", 1)[1] for one in requests if "/weights/" in one]
    assert asked == ["index.js", "samples.js", f"textbook-{LAST:02}.js"]
    open_box(page, "S2")
    assert len([one for one in requests if "/weights/" in one]) == 3
    assert problems == []
    page.context.close()


def test_who_wants_less_motion_gets_large_steps_when_he_asks(browser, server):
    page, _, _ = visit(browser, f"{server}/{CHAPTER}")
    page.clock.install(time=0)
    page.clock.pause_at(60)
    box = open_box(page, "C3")
    page.clock.run_for(10_000)
    assert now(box) == 0 and part(box, "play").inner_text() == "Play"
    assert "less motion" in part(box, "calm").inner_text() and part(box, "speed").is_disabled()
    part(box, "step").click()
    assert now(box) == 1
    part(box, "play").click()
    page.clock.run_for(1600)
    assert now(box) == 26  # the whole first map
    page.clock.run_for(1500)
    assert now(box) == 52
    page.emulate_media(reduced_motion="no-preference")
    until(page, "!document.querySelector('[data-layer=C3] [data-lx=speed]').disabled")
    assert part(box, "calm").inner_text() == ""
    page.context.close()


def test_it_starts_at_any_layer_and_unit(browser, server):
    page, _, problems = visit(browser, f"{server}/{CHAPTER}")
    box = open_box(page, "C3")
    for name, value in (("map", 15), ("row", 9), ("column", 99)):
        part(box, name).fill(str(value))
        part(box, name).press("Tab")
    assert part(box, "title").inner_text() == "C3, map 15, row 9, column 9"
    assert part(box, "column").input_value() == "9"
    part(box, "stage").press("End")
    value = float(part(box, "how").inner_text().split("= ")[1].replace("−", "-"))
    want = page.evaluate(
        """async () => {
            const { engine, preprocess, sources, networks } = LeNet
            const network = await networks.load("textbook", 10)
            const { ink } = sources.readSamples()[35]
            const image = preprocess.forNetwork(ink, network.inputSize)
            return engine.forward(network, image)[3][15 * 100 + 99]
        }"""
    )
    assert value == pytest.approx(want, abs=1e-4)
    part(box, "map").fill("")
    part(box, "map").press("Tab")
    assert part(box, "map").input_value() == "0"
    picture = box.locator(".lm-out canvas")
    size = picture.bounding_box()
    picture.click(position={"x": size["width"] * 0.25, "y": size["height"] * 0.75})
    assert part(box, "title").inner_text() == "C3, map 0, row 7, column 2"
    part(box, "level").select_option("map")
    picture.click(position={"x": size["width"] * 0.25, "y": size["height"] * 0.75})
    assert now(box) == 73 and part(box, "where").inner_text().startswith("Row 7, column 2:")
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("network", ["article", "lenet5-1998"])
def test_the_other_networks_compute_in_the_chapter_too(browser, server, network):
    page, _, problems = visit(browser, f"{server}/{CHAPTER}")
    for layer, text in {
        "S2": {"article": "largest", "lenet5-1998": "1.7159 · tanh(2/3 · "}[network],
        "output": {"article": " = 0.99", "lenet5-1998": "is the smallest of the ten"}[network],
    }.items():
        box = open_box(page, layer)
        part(box, "network").select_option(network)
        until(page, "([layer, title]) => document.querySelector("
              "`.lenet-compute[data-layer=${layer}] [data-lx=about]`).textContent.includes(title)",
              [layer, {"article": "Keras", "lenet5-1998": "1998"}[network]])  # fmt: skip
        part(box, "stage").press("End")
        assert text in part(box, "how").inner_text()
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_it_plays(browser, server, width):
    page, _, problems = visit(browser, f"{server}/{CHAPTER}", width)
    for layer in LAYERS:
        box = open_box(page, layer)
        for level in ("unit", "map"):
            part(box, "level").select_option(level)
            heights = box.evaluate(
                """box => {
                    const slider = box.querySelector("[data-lx=progress]"), heights = new Set()
                    const stride = Math.ceil(slider.max / 60), last = Number(slider.max)
                    for (let n = 0; n < last + stride; n += n > last - 14 ? 1 : stride) {
                        slider.value = n
                        slider.dispatchEvent(new Event("input"))
                        heights.add(box.offsetHeight)
                        if (n >= last) break
                    }
                    return [...heights]
                }"""
            )
            assert len(heights) == 1, (layer, level)
        wide = box.evaluate("box => [box.scrollWidth - box.clientWidth, "
                            "box.querySelector('.lm-stage').scrollWidth - "
                            "box.querySelector('.lm-stage').clientWidth]")  # fmt: skip
        assert max(wide) <= 0, layer
    assert problems == []
    page.context.close()


def test_on_a_phone_the_sum_the_window_and_the_buttons_are_on_one_screen(browser, server):
    page, _, problems = visit(browser, f"{server}/{CHAPTER}", 390)
    page.set_viewport_size({"width": 390, "height": 844})
    bar = 58  # the page's own bar at the top, which stays
    go = "(box, top) => scrollBy(0, box.getBoundingClientRect().top - top)"

    def sticks_out(box, *names):
        found = {name: part(box, name).bounding_box() for name in names}
        return [
            (name, at)
            for name, at in found.items()
            if at and (at["y"] < bar or at["y"] + at["height"] > 844)
        ]

    for layer in LAYERS:
        box = open_box(page, layer)
        for level in ("unit", "map"):
            part(box, "level").select_option(level)
            box.evaluate(go, bar)
            seen = ("where", "how", "curve", "below", "out", "grids", "play", "progress")
            assert sticks_out(box, *seen) == [], (layer, level)
            box.evaluate(go, 500)  # the buttons stay where the rest is cut off by the screen
            assert sticks_out(box, "where", "play", "progress") == [], (layer, level)
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_it(browser, server, theme):
    page, _, _ = visit(browser, f"{server}/{CHAPTER}", theme=theme)
    for layer in ("C3", "F6", "output"):
        box = open_box(page, layer)
        part(box, "stage").press("PageDown")
    found, passed = look_with_axe(page, ".lenet-compute")
    assert [one for one in found if one[0] in ("serious", "critical")] == []
    assert passed > 10
    page.context.close()


def test_where_the_weights_are_missing_it_says_so_and_can_try_again(browser, server):
    page, _, _ = visit(browser, f"{server}/{CHAPTER}")
    page.route("**/samples.js", lambda route: route.abort())
    box = page.locator(".lenet-compute[data-layer=C1]")
    box.locator("button").click()
    until(page, "document.querySelector('[data-layer=C1] button').textContent === 'Try again'")
    assert "samples.js is missing" in box.inner_text()
    page.unroute("**/samples.js")
    open_box(page, "C1")
    page.route("**/lenet5-1998-10.js", lambda route: route.abort())
    part(box, "network").select_option("lenet5-1998")
    until(page, "document.querySelector('[data-layer=C1] [data-lx=about]').textContent"
          ".includes('lenet5-1998-10.js is missing')")  # fmt: skip
    assert part(box, "network").input_value() == "textbook"
    part(box, "stage").press("ArrowRight")
    assert part(box, "where").inner_text() == "Product 1 of 25"
    page.unroute("**/lenet5-1998-10.js")
    page.reload()
    page.route("**/joined-later-compute.js", lambda route: route.abort())
    box.locator("button").click()
    until(page, "document.querySelector('[data-layer=C1] button').textContent === 'Try again'")
    assert "joined-later-compute.js is missing" in box.inner_text()
    page.unroute("**/joined-later-compute.js")
    open_box(page, "C1")
    page.context.close()


def test_two_programs_in_a_chapter_run_a_script_of_both_once(browser, server):
    page, requests, problems = visit(browser, f"{server}/{CHAPTER}")
    count = """() => {
        window.runs = {};
        LeNet.ran = new Proxy(LeNet.ran, { set(ran, name, value) {
            window.runs[name] = (window.runs[name] || 0) + 1;
            return Reflect.set(ran, name, value);
        } });
    }"""
    page.evaluate(count)
    open_box(page, "C1")
    assert page.evaluate("runs['compute/compute'] === 1 && !runs.explorer")
    page.locator(".lenet-explorer > button").click()
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    assert page.evaluate("runs.explorer === 1 && new Set(Object.values(runs)).size === 1")
    assert page.evaluate("new Set(LeNet.wings).size === LeNet.wings.length")
    assert len([one for one in requests if "/explorer/joined" in one and ".js" in one]) == 3
    assert problems == []
    page.context.close()


def test_the_words_of_a_step_have_its_numbers(browser, server):
    """Each sentence is an equation; both sides are the same, as far as they are written."""
    page, _, problems = visit(browser, f"{server}/{CHAPTER}")
    seen = set()
    for layer in ("C1", "S2", "C3", "output"):
        box = open_box(page, layer)
        last = int(part(box, "progress").get_attribute("max"))
        for step in {1, 2, last // 2, *range(max(1, last - 15), last + 1), min(26, last)}:
            go(box, step)
            where, how = part(box, "where").inner_text(), part(box, "how").inner_text()
            left, _, rest = how.partition(";")[0].partition(" = ")
            if "^" in left or "·" in left + rest or "digit" in left or not rest:
                continue
            seen.add(where.split()[0])
            left = left.replace("weight ", "").replace("value ", "").replace("bias ", "")
            left = left.replace("sum so far ", "").replace("×", "*").replace("−", "-")
            value = eval(left, {"tanh": math.tanh})
            want = float(rest.replace("−", "-"))
            assert value == pytest.approx(want, abs=0.003, rel=0.003), (layer, step, how)
    assert seen >= {"Product", "Value", "Map", "The", "Activation:", "Mean"}
    assert problems == []
    page.context.close()


def test_it_works_from_a_folder(browser, site, tmp_path):
    shutil.copytree(site / "_static", tmp_path / "_static")
    (tmp_path / "chapters").mkdir()
    shutil.copy(site / CHAPTER, tmp_path / CHAPTER)
    page = browser.new_page(reduced_motion="reduce")
    page.goto((tmp_path / CHAPTER).as_uri(), wait_until="load")
    box = open_box(page, "output")
    part(box, "stage").press("End")
    assert " = 0.99" in part(box, "how").inner_text() or " = 1.0" in part(box, "how").inner_text()
    page.close()


# --------------------------------------------------------------------------- in the explorer


def open_explorer(browser, server, **options):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
    page = context.new_page()
    page.goto(f"{server}/book/explorer.html", wait_until="load")
    settle(page)
    until(page, "document.querySelector('.lenet-explorer').dataset.ready === 'yes'")
    return page, page.locator(".lenet-explorer")


def test_the_explorers_unit_is_watched_from_its_panel(browser, server):
    page, root = open_explorer(browser, server, reduced_motion="no-preference")
    part(root, "layer").select_option("2")
    for name, value in (("map", 4), ("row", 3), ("column", 5)):
        part(root, name).first.fill(str(value))
        part(root, name).first.press("Tab")
    page.clock.install()
    root.locator(".lm-watch").click()
    box = root.locator(".lm-box")
    assert part(box, "title").inner_text() == "C3, map 4, row 3, column 5"
    assert part(box, "play").inner_text() == "Pause"
    assert part(box, "stage").evaluate("stage => stage === document.activeElement")
    page.clock.run_for(3000)
    until(page, "document.querySelector('.lm-stage').getBoundingClientRect().top < innerHeight / 2")
    assert now(box) >= 8
    part(box, "stage").press("End")
    value = float(part(box, "how").inner_text().split("= ")[1].replace("−", "-"))
    panel = root.locator(".lx-panel strong").inner_text()
    assert value == pytest.approx(float(panel.replace("−", "-")), abs=2e-4)
    part(root, "watch").click()
    assert box.is_hidden() and part(root, "watch").get_attribute("aria-expanded") == "false"
    page.context.close()


def test_another_unit_or_drawing_in_the_explorer_begins_anew(browser, server):
    page, root = open_explorer(browser, server, reduced_motion="reduce")
    part(root, "watch").click()
    box = root.locator(".lm-box")
    part(box, "stage").press("ArrowRight")
    assert now(box) == 1
    part(root, "layer").select_option("5")
    until(page, "document.querySelector('.lm-box [data-lx=title]').textContent.startsWith('F6')")
    assert now(box) == 0
    part(box, "stage").press("ArrowRight")
    before = part(box, "how").inner_text()
    part(root, "clear").click()
    until(page, "document.querySelector('.lm-box [data-lx=progress]').value === '0'")
    part(box, "stage").press("ArrowRight")
    assert now(box) == 1 and part(box, "how").inner_text() != before
    found, _ = look_with_axe(page, ".lm-wing")
    assert [one for one in found if one[0] in ("serious", "critical")] == []
    page.context.close()
