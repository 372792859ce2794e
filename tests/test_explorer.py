"""The explorer computes what Keras computes, from a drawing to the answer, and fails with grace."""

import base64
import gzip
import itertools
import json
import re
import shutil

import matplotlib as mpl
import numpy as np
import pytest
from browsing import look_with_axe, until, visit
from exploring import (
    ONE,
    PAGE,
    SCRIPTS,
    SEVEN,
    WEIGHTS,
    draw,
    open_explorer,
    page_of_scripts,
    samples,
    settle,
    some_digits,
    verdict,
)
from scipy import ndimage

from lenet_tutorial.explorer import export, scripts
from lenet_tutorial.training import answers

pytestmark = pytest.mark.browser

LAST = export.EPOCHS[-1]
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def digits():
    return some_digits()


@pytest.fixture(scope="module")
def engine(browser):
    """Open an empty page with the engine, and a function that builds a network."""
    with page_of_scripts(browser, "shapes", "engine", "preprocess") as page:
        yield page


def images28(images):
    """Return uint8 digits as lists of ink from 0 to 1, as a drawing is prepared."""
    return (images.reshape(len(images), -1) / 255).tolist()


# --------------------------------------------------------------------------- parity with Keras


@pytest.mark.parametrize("epoch", [0, LAST])
@pytest.mark.parametrize("name", export.NETWORKS)
def test_every_layer_has_the_values_that_keras_computes(engine, digits, name, epoch):
    import keras

    images = digits.x_test[:250]
    model = export.load(WEIGHTS, name, epoch)
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.Flatten)]
    inside = keras.Model(model.inputs, [layer.output for layer in layers])
    inputs = export.network(name).input.prepare(images)
    want = inside.predict(inputs, batch_size=250, verbose=0)
    # As bytes: Playwright takes a number of a list at a time, and these are two million.
    got, labels = engine.evaluate(
        """([name, epoch, ink]) => {
            const { forward, answer } = LeNet.engine, net = network(name, epoch);
            const all = Float32Array.from(atob(ink), one => one.charCodeAt(0) / 255);
            const numbers = [], labels = [];
            for (let start = 0; start < all.length; start += 784) {
                const image = all.slice(start, start + 784);
                const out = forward(net, LeNet.preprocess.forNetwork(image, net.inputSize));
                for (const values of out.slice(1)) numbers.push(...values);
                labels.push(answer(net, out).label);
            }
            const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
            return [btoa(Array.from(bytes, one => String.fromCharCode(one)).join("")), labels];
        }""",
        [name, epoch, base64.b64encode(images.tobytes()).decode()],
    )
    got = np.frombuffer(base64.b64decode(got), np.float32).reshape(len(images), -1)
    assert len(got) == len(labels) >= 200
    sizes = [np.prod(values.shape[1:]) for values in want]
    assert got.shape[1] == sum(sizes)
    ours = np.split(got, np.cumsum(sizes)[:-1], axis=1)
    for layer, values, here in zip(layers, want, ours, strict=True):
        if values.ndim == 4:  # the page keeps map after map
            values = np.moveaxis(values, -1, 1)
        worst = np.abs(here - values.reshape(len(images), -1)).max()
        assert worst <= TOLERANCE, f"{layer.name}: {worst}"
    rows, last = np.arange(len(images)), want[-1]
    apart = np.abs(last[rows, labels] - last[rows, answers(model, inputs)])
    assert apart.max() <= 2 * TOLERANCE  # two outputs nearly alike may change places
    assert (apart > 0).sum() <= 2


@pytest.mark.parametrize("name", export.NETWORKS)
def test_a_unit_written_out_comes_to_the_value_of_the_forward_pass(engine, digits, name):
    wrong = engine.evaluate(
        """([name, epoch, image]) => {
            const E = LeNet.engine, net = network(name, epoch), wrong = [];
            const out = E.forward(net,
                LeNet.preprocess.forNetwork(Float32Array.from(image), net.inputSize));
            const curve = { tanh: Math.tanh, squash: a => 1.7159 * Math.tanh(2 / 3 * a) };
            let checked = 0;
            net.layers.forEach((layer, index) => {
                for (let map = 0; map < layer.maps; map++) {
                    const place = [(map * 7) % layer.size, (map * 3) % layer.size];
                    const told = E.explain(net, out, index, map, ...place);
                    let value;
                    if (layer.kind === "average pooling") value = told.total / 4;
                    else if (layer.kind === "max pooling")
                        value = Math.max(...told.parts[0].values);
                    else if (layer.kind === "rbf") value = told.total;
                    else if (layer.activation === "softmax") value = told.value; // needs all ten
                    else value = curve[layer.activation](told.sum);
                    checked++;
                    if (!(Math.abs(value - told.value) < 1e-4)) wrong.push([layer.name, map]);
                }
            });
            return [checked, wrong];
        }""",
        [name, LAST, images28(digits.x_test[:1])[0]],
    )
    assert wrong[0] >= 200 and wrong[1] == []


@pytest.mark.parametrize("name", export.NETWORKS)
def test_a_receptive_field_is_where_a_changed_pixel_changes_the_unit(engine, name):
    """Change every input pixel in turn; those that move the unit must fill the named square."""
    checked = engine.evaluate(
        """([name, epoch]) => {
            const E = LeNet.engine, net = network(name, epoch), side = net.inputSize;
            const image = Float32Array.from({ length: side ** 2 }, (_, n) => n * 37 % 101 / 101);
            const before = E.forward(net, image);
            const units = [[0, 3, 5], [1, 6, 2], [2, 4, 1], [3, 1, 3]];
            const moved = units.map(() => []);
            for (let n = 0; n < side * side; n++) {
                const changed = image.slice();
                changed[n] += 1.5;
                const after = E.forward(net, changed);
                units.forEach(([index, row, column], u) => {
                    const { maps, size } = net.layers[index];
                    for (let map = 0; map < maps; map++) {
                        const at = (map * size + row) * size + column;
                        if (after[index + 1][at] !== before[index + 1][at]) {
                            moved[u].push(n);
                            break;
                        }
                    }
                });
            }
            return units.map(([index, row, column], u) => {
                const rows = moved[u].map(n => Math.floor(n / side));
                const columns = moved[u].map(n => n % side);
                const { input } = E.looksAt(net, index, row, column);
                const r = Math.min(...rows), c = Math.min(...columns);
                return [[r, c, Math.max(...rows) - r + 1, Math.max(...columns) - c + 1],
                        [input.row, input.column, input.side, input.side]];
            });
        }""",
        [name, LAST],
    )
    assert len(checked) == 4
    for seen, named in checked:
        assert seen == named


# --------------------------------------------------------------------------- preparation


def thin(ink):
    """Thin a picture of strokes to lines of one pixel (Zhang and Suen 1984)."""
    ink = np.pad(ink, 1)
    while True:
        before = ink.sum()
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            shifts = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            around = [np.roll(ink, shift, (0, 1)) for shift in shifts]
            count = sum(one.astype(int) for one in around)
            turns = sum((~around[n] & around[(n + 1) % 8]).astype(int) for n in range(8))
            inside = np.logical_and.reduce([around[n] for n in first])
            inside |= np.logical_and.reduce([around[n] for n in second])
            ink = ink & ~((count >= 2) & (count <= 6) & (turns == 1) & ~inside)
        if ink.sum() == before:
            return ink[1:-1, 1:-1]


def redraw(image, zoom=3):
    """Return a digit as strokes on the page's paper: its middle lines, from 0 to 255."""
    fine = ndimage.zoom(image.astype(float), zoom, order=1, grid_mode=True, mode="grid-constant")
    rows, columns = np.nonzero(thin(fine > 110))
    points = set(zip(rows.tolist(), columns.tolist(), strict=True))

    def place(row, column):
        return [round(14 + 8 * (n + 0.5) / zoom) for n in (column, row)]

    strokes = [[place(*point)] for point in sorted(points)]
    for row, column in sorted(points):
        for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
            if (row + down, column + right) in points:
                strokes.append([place(row, column), place(row + down, column + right)])
    return strokes


@pytest.mark.parametrize("name", export.NETWORKS)
def test_a_redrawn_digit_is_read_as_the_digit(engine, digits, name):
    # The networks know MNIST's handwriting; without MNIST its samples must do.
    images = digits.x_test[:300] if digits.name == "MNIST" else samples()[0][:50]
    model = export.load(WEIGHTS, name, LAST)
    want = answers(model, export.network(name).input.prepare(images))
    got = engine.evaluate(
        """([name, epoch, drawings]) => {
            const P = LeNet.preprocess, E = LeNet.engine, net = network(name, epoch);
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = P.PAPER;
            const pen = canvas.getContext("2d", { willReadFrequently: true });
            return JSON.parse(drawings).map(strokes => {
                P.drawStrokes(pen, strokes);
                const { centred } = P.normalise(P.readInk(pen), P.PAPER, P.PAPER);
                const image = P.forNetwork(centred, net.inputSize);
                return E.answer(net, E.forward(net, image)).label;
            });
        }""",
        [name, LAST, json.dumps([redraw(image) for image in images])],
    )
    assert np.mean(np.array(got) == want) >= 0.95


def test_a_digit_of_mnist_stays_nearly_as_it_is(engine):
    """Enlarged tenfold and prepared again, a sample comes out where it was, hardly changed."""
    images = samples()[0][:50]  # the others are misread
    got = engine.evaluate(
        """images => images.map(image => {
            const side = 280, ink = new Float32Array(side * side);
            for (let n = 0; n < ink.length; n++) {
                const row = Math.floor(n / side / 10), column = Math.floor(n % side / 10);
                ink[n] = image[row * 28 + column];
            }
            return Array.from(LeNet.preprocess.normalise(ink, side, side).centred);
        })""",
        images28(images),
    )
    difference = np.abs(np.array(got) - images.reshape(50, -1) / 255).mean(axis=1)
    assert np.median(difference) < 0.03 and difference.max() < 0.12


def test_the_drawing_is_scaled_and_centred_by_its_mass(engine):
    steps = engine.evaluate(
        """() => {
            const side = 280, ink = new Float32Array(side * side);
            for (let y = 30; y < 130; y++) for (let x = 10; x < 40; x++) ink[y * side + x] = 1;
            for (let y = 110; y < 130; y++) for (let x = 40; x < 60; x++) ink[y * side + x] = 1;
            const { box, width, height, x, y, centre, centred } =
                LeNet.preprocess.normalise(ink, side, side);
            return { box, width, height, x, y, centre, centred: Array.from(centred) };
        }"""
    )
    assert steps["box"] == {"x": 10, "y": 30, "width": 50, "height": 100}
    assert (steps["width"], steps["height"]) == (10, 20)
    centred = np.array(steps["centred"]).reshape(28, 28)
    rows, columns = ndimage.center_of_mass(centred)
    assert abs(rows - 14) <= 0.5 and abs(columns - 14) <= 0.5
    assert centred.max() == pytest.approx(1)
    assert centred.sum() == pytest.approx(3400 / 25, rel=1e-3)  # area, at a fifth of the size


@pytest.mark.mnist
def test_the_middle_is_where_mnist_has_it(digits):
    middles = np.array([ndimage.center_of_mass(image) for image in digits.x_test[:1000]])
    assert np.abs(middles - 14).max() <= 0.51


# --------------------------------------------------------------------------- how fast


def best_median(page, code, argument=None, runs=5):
    """Return the best of several medians, in milliseconds: a busy machine is no slow page."""
    return min(page.evaluate(code, argument) for _ in range(runs))


@pytest.mark.parametrize("name", export.NETWORKS)
def test_a_forward_pass_takes_no_more_than_twenty_milliseconds(engine, digits, name):
    code = """([name, epoch, image]) => {
        const net = network(name, epoch);
        const input = LeNet.preprocess.forNetwork(Float32Array.from(image), net.inputSize);
        const times = Array.from({ length: 60 }, () => {
            const start = performance.now();
            LeNet.engine.forward(net, input);
            return performance.now() - start;
        });
        return times.sort((a, b) => a - b)[30];
    }"""
    median = best_median(engine, code, [name, LAST, images28(digits.x_test[:1])[0]])
    print(f"forward pass, {name}: {median:.2f} ms")
    assert median <= 20  # the budget is 5; other work may be going on here


def test_from_the_pen_to_the_probabilities_takes_no_more_than_two_hundred_milliseconds(ready):
    page = ready
    code = """async () => {
        const paper = document.querySelector(".lx-paper"), box = paper.getBoundingClientRect();
        const at = (type, x, y) => paper.dispatchEvent(new PointerEvent(type, { bubbles: true,
            pointerId: 1, button: 0, clientX: box.left + x, clientY: box.top + y }));
        paper.setPointerCapture = () => {};
        const best = document.querySelector(".lx-verdict"), times = [];
        for (let n = 0; n < 15; n++) {
            const before = document.querySelectorAll(".lx-share")[1].textContent;
            const start = performance.now();
            at("pointerdown", 60 + 10 * n, 40);
            at("pointermove", 60 + 10 * n, 200);
            await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
            times.push(performance.now() - start);
            at("pointerup", 60, 200);
        }
        return times.sort((a, b) => a - b)[7];
    }"""
    median = best_median(page, code, runs=3)
    print(f"pen to probabilities: {median:.1f} ms")
    assert median <= 200  # the budget is 50


# --------------------------------------------------------------------------- the page


@pytest.fixture
def ready(browser, server):
    """Open the page and wait for the network."""
    page, requests, problems = open_explorer(browser, f"{server}/{PAGE}")
    yield page
    assert not problems
    assert not [url for url in requests if not url.startswith((server, "data:", "blob:"))]
    page.context.close()


ZERO_POINTS = [(0.5 + 0.25 * np.sin(a), 0.5 - 0.38 * np.cos(a)) for a in np.linspace(0, 6.4, 24)]


def test_what_is_drawn_with_the_mouse_is_read(ready):
    for strokes, label in ((ONE, 1), (SEVEN, 7), ([ZERO_POINTS], 0)):
        ready.get_by_role("button", name="Clear").click()
        draw(ready, strokes)
        assert f"reads a {label}" in verdict(ready)
        assert ready.locator(".lx-best .lx-digit").inner_text() == str(label)
    texts = ready.locator("[data-lx=bars] .lx-share").all_inner_texts()
    shares = [float(text.split()[0]) for text in texts]
    assert sum(shares) == pytest.approx(100, abs=1)


def test_a_finger_can_draw(browser, server):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    page.get_by_role("button", name="Clear").tap()
    page.locator(".lx-paper").scroll_into_view_if_needed()
    box = page.locator(".lx-paper").bounding_box()
    touch = context.new_cdp_session(page)
    x = box["x"] + box["width"] / 2
    for n in range(12):
        kind = "touchStart" if n == 0 else "touchMove"
        point = {"x": x, "y": box["y"] + box["height"] * (0.12 + 0.07 * n)}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(page, "document.querySelector('.lx-verdict').innerText.includes('reads a 1')")
    context.close()


def test_undo_goes_back_stroke_by_stroke_and_clear_can_be_undone(ready):
    ready.get_by_role("button", name="Clear").click()
    assert "Nothing is drawn" in verdict(ready)
    draw(ready, ONE)
    one = verdict(ready)
    draw(ready, [[(0.2, 0.5), (0.8, 0.5)]])
    assert verdict(ready) != one
    ready.get_by_role("button", name="Undo", exact=True).click()
    assert verdict(ready) == one
    ready.get_by_role("button", name="Clear").click()
    ready.get_by_role("button", name="Undo", exact=True).click()
    assert verdict(ready) == one


def test_reset_goes_back_to_the_beginning(ready):
    first = verdict(ready)
    ready.get_by_label("The Keras LeNet").check()
    ready.get_by_role("button", name="Clear").click()
    draw(ready, ONE)
    ready.get_by_role("button", name="Reset").click()
    until(ready, "text => document.querySelector('.lx-verdict').innerText === text", arg=first)
    assert ready.get_by_label("Textbook LeNet-5").is_checked()


def test_all_fifty_samples_can_be_chosen_and_most_are_read_right(ready):
    ready.get_by_text("Choose a sample digit", exact=True).click()
    buttons = ready.locator(".lx-samples:not(.lx-misread) button")
    assert buttons.count() == 50
    right = 0
    for number in range(50):
        name = buttons.nth(number).get_attribute("aria-label")
        buttons.nth(number).click()
        right += f"reads a {name[-1]}" in verdict(ready)
    assert right >= 48


def test_networks_and_epochs_are_loaded_when_they_are_asked_for(browser, server):
    page, requests, problems = open_explorer(browser, f"{server}/{PAGE}")

    def loaded():
        return {url.rsplit("/", 1)[-1] for url in requests if "/weights/" in url}

    assert loaded() == {"index.js", "samples.js", "textbook-10.js"}
    about = page.locator(".lx-about")
    page.get_by_label("0 epochs", exact=True).check()
    until(page, "document.querySelector('.lx-about').innerText.includes('Before')")
    assert "textbook-00.js" in loaded()
    for name, entry in {e["name"]: e for e in scripts.read_manifest(WEIGHTS)["networks"]}.items():
        page.get_by_label(entry["title"]).check()
        page.get_by_label("10 epochs").check()
        until(
            page,
            "text => document.querySelector('.lx-about').innerText.includes(text)",
            arg=f"{100 * entry['test_accuracy']:.2f} % of the test digits",
        )
        assert entry["title"] in about.inner_text()
        assert f"{name}-10.js" in loaded()
        side = entry["input_size"]
        assert f"{side}×{side}" in page.locator(".lx-given").inner_text()
    assert not problems
    page.context.close()


def test_pointing_at_a_unit_lights_up_what_it_sees(ready):
    maps = ready.locator(".lx-maps canvas")
    title = "() => document.querySelector('.lx-panel .lx-title').innerText"
    c3 = ready.get_by_role("application", name=re.compile("^C3")).locator("canvas").nth(4)
    c3.scroll_into_view_if_needed()
    box = c3.bounding_box()
    ready.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.35)
    until(ready, f"({title})() === 'C3, map 4, row 3, column 2'")  # the pointer rests there
    place = ready.locator(".lx-place").inner_text()
    assert "rows 3–7, columns 2–6 of S2, in all 6 maps" in place
    assert "rows 6–19, columns 4–17 of the input" in place
    # One mark in the input, six in C1 and in S2, and the unit itself; above it, one in S4, and one
    # around all units of C5, of F6 and of the output.
    counts = {"lx-sees": 13, "lx-unit": 1, "lx-feeds": 4}
    for kind, count in counts.items():
        assert ready.locator(f".lx-maps .{kind}").count() == count, kind
    share = ready.evaluate(
        """() => { const mark = document.querySelector('.lx-input .lx-mark').style;
                   return [mark.top, mark.left, mark.width].map(parseFloat); }"""
    )
    assert share == pytest.approx([100 * 6 / 32, 100 * 4 / 32, 100 * 14 / 32])
    assert maps.count() >= 44


def test_a_large_value_is_dark_in_every_map_and_kernel(engine, ready):
    engine.add_script_tag(path=SCRIPTS / "widgets.js")
    got = engine.evaluate(
        """() => [[-2, -1, 0, 1, 2], [0, 1, 2]].map((values) => {
            const { make, paint, schemeOf } = LeNet.widgets, canvas = make("canvas");
            const limits = [values[0], 2];
            paint(canvas, values, values.length, 1, limits, schemeOf(limits));
            return Array.from(canvas.getContext("2d").getImageData(0, 0, values.length, 1).data);
        })"""
    )
    for colours, name in zip(got, ("cividis_r", "gray_r"), strict=True):
        colours = np.reshape(colours, (-1, 4))
        want = mpl.colormaps[name](np.linspace(0, 1, len(colours)), bytes=True)
        np.testing.assert_allclose(colours, want, atol=3)
    legend = ready.locator(".lx-legend").inner_text().split()
    assert " ".join(legend) == (
        "Dark is large. negative −1 0 1 positive ink and probabilities: 0 1"
    )
    # The unit of C1 with the largest value in the first map has the darkest pixel there.
    place, size = ready.evaluate(
        """() => {
            const canvas = document.querySelector('.lx-network canvas[data-map="0"]');
            const { data, width } = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height);
            const light = Array.from({ length: data.length / 4 }, (_, n) =>
                data[4 * n] + data[4 * n + 1]);
            return [light.indexOf(Math.min(...light)), width];
        }"""
    )
    row, column = divmod(place, size)
    ready.locator('[data-lx="layer"]').select_option(index=0)
    for field, value in (("map", 0), ("row", row), ("column", column)):
        ready.locator(f'[data-lx="{field}"]').fill(str(value))
    value = ready.locator('[data-lx="unitBody"] strong').inner_text()
    assert float(value.replace("−", "-")) > 0.3


def test_the_panel_writes_the_computation_out(ready):
    ready.get_by_label("Layer").select_option(label="C1: 6@28×28, convolution 5×5")
    for label, value in (("Map", 2), ("Row", 10), ("Column", 12)):
        ready.get_by_label(label, exact=True).fill(str(value))
        ready.get_by_label(label, exact=True).press("Enter")
    panel = ready.locator(".lx-panel")
    assert "C1, map 2, row 10, column 12 (pinned)" in panel.inner_text()
    text = panel.inner_text().replace("−", "-")
    total, bias, total2 = re.search(
        r"sum of products \(?(-?[\d.]+)\)? \+ bias \(?(-?[\d.]+)\)? = (-?[\d.]+)", text
    ).groups()
    given, value = re.search(r"tanh\((-?[\d.]+)\) = (-?[\d.]+)", text).groups()
    assert float(total) + float(bias) == pytest.approx(float(total2), abs=2e-4)
    assert np.tanh(float(given)) == pytest.approx(float(value), abs=2e-4)
    panel.get_by_text("All 25 products").click()
    until(ready, "document.querySelector('.lx-panel pre').textContent.length > 50")
    products = ready.locator(".lx-panel pre").inner_text().replace("−", "-")
    pairs = re.findall(r"(-?[\d.]+)·\(?(-?[\d.]+)\)?", products)
    assert len(pairs) == 25
    summed = sum(float(a) * float(b) for a, b in pairs)
    assert summed == pytest.approx(float(total), abs=0.2)  # two decimals each


def test_the_list_of_products_stays_open_and_a_unit_without_one_is_shown_all_the_same(ready):
    panel = ready.locator(".lx-panel")
    ready.get_by_label("Layer").select_option(label="C1: 6@28×28, convolution 5×5")
    panel.get_by_text("All 25 products").click()
    ready.get_by_label("Layer").select_option(label="C3: 16@10×10, convolution 5×5")
    assert panel.locator("details").get_attribute("open") is not None
    ready.get_by_label("Layer").select_option(label="S2: 6@14×14, average pooling 2×2")
    assert "/ 4 =" in panel.inner_text()
    spoken = ready.locator(".lx-quiet").nth(1)
    assert re.match("S2, map .* pinned", spoken.inner_text())


def test_the_1998_network_shows_its_table_and_its_codes(ready):
    ready.get_by_label("LeNet-5 of 1998").check()
    until(ready, "document.querySelector('.lx-about').innerText.includes('1998')")
    ready.get_by_label("Layer").select_option(label="C3: 16@10×10, convolution 5×5")
    ready.get_by_label("Map", exact=True).fill("0")
    ready.get_by_label("Map", exact=True).press("Enter")
    assert "in maps 0, 1, 2" in ready.locator(".lx-place").inner_text()
    ready.get_by_label("Layer").select_option(label="S2: 6@14×14, subsampling 2×2")
    assert "× coefficient" in ready.locator(".lx-panel").inner_text()
    ready.get_by_label("Layer").select_option(label="output: 10 units, distance to ten codes")
    assert "The smallest of the ten wins" in ready.locator(".lx-panel").inner_text()


# --------------------------------------------------------------------------- links


def test_a_link_brings_a_drawing_back(browser, server, ready):
    ready.get_by_role("button", name="Clear").click()
    draw(ready, SEVEN)
    ready.get_by_label("The Keras LeNet").check()
    ready.get_by_label("5 epochs").check()
    until(ready, "document.querySelector('.lx-about').innerText.includes('After 5')")
    ready.get_by_role("button", name="Share").click()
    link = ready.get_by_label("Link to this drawing").input_value()
    assert link.startswith(f"{server}/{PAGE}#lenet=article.5.s.") and len(link) < 1500
    again, _, problems = open_explorer(browser, link)
    assert again.get_by_label("5 epochs").is_checked()
    assert again.get_by_label("The Keras LeNet").is_checked()
    assert verdict(again) == verdict(ready)
    picture = "() => document.querySelector('.lx-paper').toDataURL()"
    assert again.evaluate(picture) == ready.evaluate(picture)
    assert not problems
    again.context.close()


def test_links_to_samples_and_pictures_come_back_too(browser, server):
    page, _, _ = open_explorer(browser, f"{server}/{PAGE}#lenet=textbook.10.t.20")
    assert "reads a 4" in verdict(page)
    fragment = page.evaluate(
        """() => { const { links } = LeNet;
            const centred = Float32Array.from({ length: 784 }, (_, n) => (n % 16) / 15);
            const text = links.write("textbook", 10, { kind: "picture", centred });
            const back = links.read("#" + text).source.centred;
            return [text, Math.max(...back.map((v, n) => Math.abs(v - centred[n])))]; }"""
    )
    assert fragment[1] < 1e-6
    page.goto("about:blank")
    page.goto(f"{server}/{PAGE}#{fragment[0]}")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    assert "reads a" in verdict(page)
    page.context.close()


@pytest.mark.parametrize("length", [1, 2, 254, 255, 256, 509, 510, 1000])
def test_a_stroke_of_any_length_fits_into_a_link(engine, length):
    engine.add_script_tag(path=SCRIPTS / "links.js")
    back = engine.evaluate(
        """length => { const stroke = Array.from({ length }, (_, n) => [n % 256, n * 7 % 256]);
            const text = LeNet.links.write("textbook", 10, { kind: "strokes", strokes: [stroke] });
            return [stroke, LeNet.links.read("#" + text).source.strokes]; }""",
        length,
    )
    stroke, pieces = back
    joined = pieces[0] + [point for piece in pieces[1:] for point in piece[1:]]
    assert joined == stroke
    assert all(a[-1] == b[0] for a, b in itertools.pairwise(pieces))


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ("lenet=textbook.10.s.A", "can’t be read"),
        ("lenet=textbook.10.s.%00%ff", "can’t be read"),
        ("lenet=textbook.10.t.99", "can’t be read"),
        ("lenet=textbook.10.p.AAAA", "can’t be read"),
        ("lenet=", "can’t be read"),
        ("lenet=lenet6.10.t.3", "a network that is not here"),
        ("lenet=textbook.7.t.3", "a network that is not here"),
    ],
)
def test_a_broken_link_says_so_and_the_page_works(browser, server, fragment, words):
    page, _, problems = open_explorer(browser, f"{server}/{PAGE}#{fragment}")
    assert words in page.locator(".lx-messages").inner_text()
    assert "reads a" in verdict(page)
    assert not problems
    page.context.close()


# --------------------------------------------------------------------------- failures


def altered(site, tmp_path, file, change=lambda text: None):
    """Copy what the page needs, with one file of weights missing or with another content."""
    for part in (PAGE, "_static"):
        target = tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (site / part).is_dir() else shutil.copy)(site / part, target)
    path = tmp_path / "_static" / "explorer" / "weights" / file
    text = change(path.read_text(encoding="utf-8"))
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    return (tmp_path / PAGE).as_uri()


def flipped(text):
    """Return a script of weights with one letter changed: the checksum no longer fits."""
    at = len(text) // 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("textbook-10.js", lambda text: None, "The file weights/textbook-10.js is missing"),
        ("textbook-10.js", flipped, "textbook-10.js is damaged: wrong checksum"),
        ("textbook-10.js", lambda text: "<html>", "textbook-10.js is damaged"),
        ("textbook-10.js", lambda text: text[:9000], "textbook-10.js is damaged"),
        ("index.js", lambda text: None, "The file weights/index.js is missing"),
        (
            "index.js",
            lambda text: "LeNet.engine.catalogue({",
            "The file weights/index.js is damaged",
        ),
    ],
)
def test_without_good_weights_a_sentence_helps_and_the_rest_works(
    browser, site, tmp_path, file, change, words
):
    address = altered(site, tmp_path, file, change)
    page, _, _ = visit(browser, address)
    message = page.locator(".lx-messages")
    until(page, "document.querySelector('.lx-messages').innerText")
    assert words in message.inner_text() and "make export" in message.inner_text()
    # Drawing and its preparation work all the same.
    page.get_by_role("button", name="Clear").click()
    prepared = "() => document.querySelectorAll('.lx-step canvas')[2].toDataURL()"
    settle(page)
    empty = page.evaluate(prepared)
    draw(page, SEVEN)
    assert page.evaluate(prepared) != empty
    page.context.close()


def test_a_later_network_that_fails_leaves_the_first_one_as_it_was(browser, site, tmp_path):
    address = altered(site, tmp_path, "article-10.js", flipped)
    page, _, problems = open_explorer(browser, address)
    before = verdict(page)
    page.get_by_label("The Keras LeNet").click()
    until(page, "document.querySelector('.lx-messages').innerText.includes('damaged')")
    assert page.get_by_label("Textbook LeNet-5").is_checked()
    assert verdict(page) == before and "32×32" in page.locator(".lx-given").inner_text()
    page.get_by_label("5 epochs").check()
    until(page, "document.querySelector('.lx-about').innerText.includes('After 5')")
    assert page.locator(".lx-messages").inner_text() == ""
    # The copied page lacks a file or two of the theme's; no script of ours may stumble.
    assert not [one for one in problems if "ERR_FILE_NOT_FOUND" not in one]
    page.context.close()


def test_without_samples_the_network_can_still_be_asked(browser, site, tmp_path):
    page, _, _ = open_explorer(browser, altered(site, tmp_path, "samples.js"))
    assert "The sample digits can’t be shown" in page.locator(".lx-messages").inner_text()
    draw(page, SEVEN)
    assert "reads a 7" in verdict(page)
    page.context.close()


def test_without_canvas_samples_and_numbers_work(browser, server):
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"{server}/{PAGE}")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    assert "no canvas" in page.locator(".lx-messages").inner_text()
    page.get_by_text("Choose a sample digit", exact=True).click()
    page.get_by_role("button", name="Sample 16: a 3").click()
    until(page, "document.querySelector('.lx-verdict').innerText.includes('reads a 3')")
    assert "sum of products" in page.locator(".lx-panel").inner_text()
    assert not problems
    page.close()


def test_without_javascript_a_sentence_helps(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    text = page.locator(".lenet-explorer").inner_text()
    assert "needs JavaScript" in text and "Layer by layer" in text
    context.close()


# --------------------------------------------------------------------------- keyboard and all


def test_everything_can_be_reached_and_done_with_the_keyboard(browser, server):
    page, _, problems = open_explorer(browser, f"{server}/{PAGE}")
    page.evaluate("document.querySelector('.lenet-explorer button:enabled').focus()")
    reached = []
    for _ in range(40):
        reached.append(
            page.evaluate(
                """() => { const e = document.activeElement;
                   return e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText
                       || e.tagName }"""
            )
        )
        page.keyboard.press("Tab")
    text = "\n".join(reached)
    for what in ("Clear", "Reset", "Share", "Choose a sample digit", "image file", "Textbook"):
        assert what in text, what
    for layer in ("C1", "S2", "C3", "S4", "C5", "F6", "output"):
        assert re.search(rf"^{layer}: ", text, re.MULTILINE), layer
    # The Tab key has gone on to the output, whose units have no row and no column.
    assert "Layer" in reached and "Map" in reached

    # Choose a sample: open the list, go to one, press it.
    page.locator(".lx-more summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sample 6: a 1").focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.lx-verdict').innerText.includes('reads a 1')")

    # Go about in a layer, and pin a unit.
    page.get_by_role("application", name=re.compile("^S4")).focus()
    title = page.locator(".lx-panel .lx-title")
    for key in ("Home", "PageDown", "PageDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    where = title.inner_text()
    assert re.fullmatch(r"S4, map 2, row 3, column 3", where)
    page.keyboard.press("Enter")
    assert title.inner_text() == f"{where} (pinned)"
    assert re.search(r"S4, map 2.*pinned", page.locator(".lx-quiet").nth(1).inner_text())
    page.keyboard.press("Escape")
    assert title.inner_text() == where

    # The same with the network's training.
    page.get_by_label("10 epochs").focus()
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('.lx-about').innerText.includes('After 5')")
    assert not problems
    page.context.close()


def test_it_works_from_a_folder(browser, site):
    page, requests, problems = open_explorer(browser, (site / PAGE).as_uri())
    assert "reads a 7" in verdict(page)
    page.get_by_label("The Keras LeNet").check()
    until(page, "document.querySelector('.lx-about').innerText.includes('Keras LeNet')")
    assert all(url.startswith(("file:", "data:", "blob:")) for url in requests)
    assert not problems
    page.context.close()


def test_in_the_chapter_it_waits_until_it_is_asked_for(browser, server):
    address = f"{server}/chapters/02-layer-by-layer.html"
    page, requests, problems = visit(browser, address)
    assert not [url for url in requests if "/weights/" in url]
    button = page.get_by_role("button", name="Load the explorer")
    button.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    assert "reads a 7" in verdict(page)
    assert page.evaluate("document.activeElement.innerText") == "Clear"  # the focus is not lost
    page.get_by_role("button", name="Share").click()
    link = page.get_by_label("Link to this drawing").input_value()
    assert link.startswith(f"{server}/{PAGE}#")  # it leads to the explorer's own page
    assert not problems
    page.context.close()


def test_code_and_weights_of_a_page_stay_within_their_budget(browser, server, site):
    _, requests, _ = open_explorer(browser, f"{server}/{PAGE}")
    own = {url.partition("?")[0] for url in requests if "/_static/explorer/" in url}
    files = [site / "_static" / url.split("/_static/")[1] for url in own]
    data = [file for file in files if file.parent.name == "weights"]
    assert {file.name for file in data} == {"index.js", "samples.js", "textbook-10.js"}
    assert {file.name for file in files} - {file.name for file in data} == {
        *("joined-explorer.js", "joined-explorer.css")
    }
    total = sum(len(gzip.compress(file.read_bytes())) for file in files)
    print(f"explorer: {total:,} bytes over the wire")
    assert total <= 380_000
    for name in export.NETWORKS:
        script = site / "_static" / "explorer" / "weights" / f"{name}-10.js"
        assert len(gzip.compress(script.read_bytes())) <= 300_000


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["explorer", "calculator"])
def test_axe_finds_nothing_to_complain_of(browser, server, name, width, theme):
    page, _, _ = visit(browser, f"{server}/book/{name}.html", width=width, theme=theme)
    if name == "explorer":
        until(page, "document.querySelector('.lenet-explorer').dataset.ready")
        page.get_by_text("Choose a sample digit", exact=True).click()
        page.get_by_role("button", name="Share").click()
    else:
        page.get_by_label("Input size").fill("28")  # with an error on show
    found, passed = look_with_axe(page, f".lenet-{name}")
    assert not found, json.dumps(found, indent=1)
    assert passed > 10
    page.context.close()
