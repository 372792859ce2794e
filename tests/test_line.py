"""The wide paper: the page's engine reads lines as Python does, and a reader can write on it."""

import contextlib
import json
import re

import numpy as np
import pytest
from browsing import GRAVE, look_with_axe, until, visit
from contents import ROOT
from exploring import SCRIPTS, WEIGHTS, some_digits

from lenet_tutorial import weights
from lenet_tutorial.explorer import line, scripts
from lenet_tutorial.reading import sliding
from lenet_tutorial.reading.lines import Writing, write_lines

PAGE = "book/line.html"
BASE = ("say", "widgets", "shapes", "engine", "preprocess", "hand")
OWN = ("slide", "decode", "prepare", "reader")
TOLERANCE = 1e-4
#: Of a digit of width and height 1, the strokes of somebody who writes plainly.
RING = [(0.5 + 0.5 * np.sin(n / 8 * np.pi), 0.5 - 0.5 * np.cos(n / 8 * np.pi)) for n in range(17)]
STROKES = {
    "0": [RING],
    "1": [[(0.5, 0), (0.5, 1)]],
    "4": [[(0.35, 0), (0.05, 0.6), (1, 0.6)], [(0.7, 0.3), (0.65, 1)]],
    "7": [[(0, 0), (1, 0), (0.35, 1)]],
}


@pytest.fixture(scope="module")
def lines():
    """Return lines of digits that the network has not learnt, some of them touching."""
    digits = some_digits()
    return write_lines(digits.x_test, digits.y_test, 60, Writing(touching=0.3), seed=16)


@pytest.fixture(scope="module")
def answers(lines):
    """Return what Keras answers at all places of the lines."""
    model = sliding.load_reader()
    return model.predict(lines.images[..., None], batch_size=30, verbose=0)


@pytest.fixture
def engine(browser):
    """Open an empty page with the scripts that read, and the network as `network`."""
    page = browser.new_page()
    for name in (*BASE, *(f"line/{one}" for one in OWN)):
        page.add_script_tag(path=SCRIPTS / f"{name}.js")
    for text in line.made_by_the_build(WEIGHTS).values():
        page.add_script_tag(content=text)
    page.evaluate(
        """() => { const { about, weights } = LeNet.engine.received.line;
            window.network = LeNet.engine.build(about.network, LeNet.engine.decode(weights, about));
            window.ink = (rows) => Float32Array.from(rows.flat()) }"""
    )
    yield page
    page.close()


READ = """(image) => {
    const { slide, decode } = LeNet, width = image[0].length;
    const { answers, places } = slide.forward(network, ink(image), width);
    const digits = decode.spell(decode.best(answers, places));
    const text = digits.map(({ digit }) => digit).join("");
    const chance = decode.chance(decode.penalties(answers, places), places, text);
    return { answers: Array.from(answers), places, text, chance };
}"""


# --------------------------------------------------------------------------- the numbers


def test_the_browser_is_told_of_the_layers_what_keras_has():
    model = sliding.build_sliding()
    told = [shape for layer in line.layers(sliding.MAPS) for shape in layer["shapes"]]
    assert told == [list(array.shape) for array in model.get_weights()]
    data, about = weights.read(sliding.STORED)
    assert tuple(about["maps"]) == sliding.MAPS
    assert len(data) == 2 * model.count_params()


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_reads_lines_as_python_does(engine, lines, answers):
    """Answers at all places, text, probability; and so the same share of lines is read right."""
    said, expected, apart = [], [], 0.0
    for image, wanted in zip(lines.images, answers, strict=True):
        read = engine.evaluate(READ, image.tolist())
        got = np.array(read["answers"]).reshape(read["places"], 11)
        assert got.shape == wanted.shape
        apart = max(apart, np.abs(got - wanted).max())
        text = sliding.spell(wanted.argmax(axis=1))
        assert read["chance"] == pytest.approx(sliding.chance(wanted, text), abs=1e-3)
        said.append(read["text"])
        expected.append(text)
    assert apart < TOLERANCE
    assert said == expected
    right = np.mean([one == text for one, text in zip(said, lines.texts, strict=True)])
    print(f"{right:.0%} of {len(said)} lines are read right; largest difference {apart:.1e}")
    assert right > 0.6


@pytest.mark.browser
def test_a_window_has_the_same_answers_alone_and_in_the_line(engine, lines):
    """Slid over the line, or cut out: the engine of the explorer computes the latter."""
    image = lines.images[0].tolist()
    apart = engine.evaluate(
        """(image) => {
            const { engine, slide } = LeNet, width = image[0].length, line = ink(image);
            const { answers, places } = slide.forward(network, line, width);
            let apart = 0;
            for (let place = 0; place < places; place++) {
                const { from } = slide.windowOf(network, place);
                const cut = Float32Array.from({ length: 1024 }, (_, n) =>
                    line[(n >> 5) * width + from + (n & 31)]);
                const alone = engine.forward(network, cut).at(-1);
                alone.forEach((value, n) => {
                    apart = Math.max(apart, Math.abs(value - answers[place * 11 + n])) });
            }
            return [places, apart];
        }""",
        image,
    )
    assert apart[0] == sliding.places(len(image[0])) and apart[1] < 1e-4


@pytest.mark.browser
def test_paths_are_spelt_and_added_up_as_in_python(engine):
    random = np.random.default_rng(4)
    for places in (1, 2, 5, 9):
        logits = random.normal(size=(places, 11)).astype("float32") * 3
        texts = ["", "3", "33", "07", sliding.spell(logits.argmax(axis=1))]
        got = engine.evaluate(
            """([rows, texts]) => {
                const answers = ink(rows), places = rows.length, { decode } = LeNet;
                const penalties = decode.penalties(answers, places);
                return [decode.spell(decode.best(answers, places)).map((one) => one.digit).join(""),
                    texts.map((text) => decode.chance(penalties, places, text))];
            }""",
            [logits.tolist(), texts],
        )
        assert got[0] == texts[-1]
        assert got[1] == pytest.approx([sliding.chance(logits, text) for text in texts], abs=1e-6)
    spelt = engine.evaluate("LeNet.decode.spell([0, 4, 4, 0, 4, 5, 5])")
    assert spelt == [
        {"digit": 3, "from": 1, "to": 2},
        {"digit": 3, "from": 4, "to": 4},
        {"digit": 4, "from": 5, "to": 6},
    ]


# --------------------------------------------------------------------------- what is written


def lay(engine, strokes):
    """Return the line that is made of strokes, and how it was laid out."""
    made = engine.evaluate(
        """(strokes) => {
            const canvas = document.createElement("canvas");
            const pen = canvas.getContext("2d", { willReadFrequently: true });
            const { ink, ...layout } = LeNet.lines.ofStrokes(strokes, pen);
            return { ink: Array.from(ink), ...layout };
        }""",
        strokes,
    )
    made["ink"] = np.array(made["ink"]).reshape(32, made["width"])
    return made


def written(text, left=40, top=60, height=120, gap=40):
    """Return strokes for a number, on a paper that is 255 high."""
    found = []
    for place, digit in enumerate(text):
        x = left + place * (0.7 * height + gap)
        for stroke in STROKES[digit]:
            found.append(
                [[round(x + 0.7 * height * a), round(top + height * b)] for a, b in stroke]
            )
    return found


@pytest.mark.browser
@pytest.mark.parametrize("height", [60, 120, 230])
def test_what_is_written_becomes_a_line_of_the_usual_size(engine, height):
    made = lay(engine, written("1074", height=height, top=10))
    ink = made["ink"]
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))
    assert 19 <= rows[-1] - rows[0] + 1 <= 21
    assert abs((rows[0] + rows[-1]) / 2 - 15.5) <= 1
    assert 15 <= columns[0] <= 17 and 15 <= made["width"] - 1 - columns[-1] <= 18
    # The pen is as thick as MNIST's however large the digits are: the 1 shows it.
    one = ink[:, : columns[0] + 6].sum(axis=1)[12:20]
    assert one.mean() == pytest.approx(2.4, abs=0.2)
    read = engine.evaluate(READ, ink.tolist())
    print(height, read["text"], read["chance"])


@pytest.mark.browser
def test_a_dot_and_uneven_digits_make_a_line_as_well(engine):
    dot = lay(engine, [[[100, 100]]])
    assert dot["ink"].shape == (32, dot["width"]) and 0 < dot["ink"].sum() < 12
    steps = [*written("1", top=0, height=150), [[200, 100], [200, 250]]]
    rows = np.flatnonzero((lay(engine, steps)["ink"] > 0.3).any(axis=1))
    assert rows[0] >= 1 and rows[-1] <= 30  # all of both is in the line


# --------------------------------------------------------------------------- the page


@contextlib.contextmanager
def opened(browser, address, width=1280, theme="light"):
    page, requests, problems = visit(browser, address, width=width, theme=theme)
    until(page, "document.querySelector('.lenet-line').dataset.ready")
    settle(page)
    yield page, requests
    assert not problems
    page.context.close()


@pytest.fixture
def page(browser, server):
    with opened(browser, f"{server}/{PAGE}") as (page, _):
        yield page


def settle(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def said(page):
    settle(page)
    return page.locator("[data-lx=verdict]").inner_text()


def number(page):
    settle(page)
    return page.locator("[data-lx=number]").inner_text().removesuffix("?")


def press(page, name):
    page.locator(".lenet-line").get_by_role("button", name=name, exact=True).click()
    settle(page)


def write(page, text, **how):
    """Write a number with the mouse."""
    page.locator(".ll-paper").scroll_into_view_if_needed()
    box = page.locator(".ll-paper").bounding_box()
    for stroke in written(text, **how):
        first, *others = [
            (box["x"] + x * box["height"] / 255, box["y"] + y * box["height"] / 255)
            for x, y in stroke
        ]
        page.mouse.move(*first)
        page.mouse.down()
        for place in others:
            page.mouse.move(*place, steps=4)
        page.mouse.up()
    settle(page)


@pytest.mark.browser
def test_examples_are_read_and_the_digits_stand_where_they_are_written(browser, server, page):
    names = [f"Read the example {text}" for text, *_ in line.EXAMPLES]
    read = []
    for name in names:
        press(page, name)
        read.append(number(page))
    wanted = [text for text, *_ in line.EXAMPLES]
    print(read)
    press(page, names[3])  # the text of the page says that this one is misread, and how
    assert number(page) == "2768" and "It is unsure of digit number 3: 6 (" in said(page)
    assert sum(one == text for one, text in zip(read, wanted, strict=True)) >= len(wanted) - 1
    press(page, names[0])
    # What stands on the paper, is given, and is answered: the same upright.
    spots = page.evaluate(
        """() => {
            const left = (name) => document.querySelector(name).getBoundingClientRect().left;
            return [left(".ll-paper"), left(".ll-given"), left(".ll-answers"), left(".ll-digits"),
                Array.from(document.querySelectorAll(".ll-digits span"), (one) => {
                    const { left, width } = one.getBoundingClientRect();
                    return left + width / 2;
                })];
        }"""
    )
    assert max(spots[:4]) - min(spots[:4]) < 1
    (example,) = [image for text, image in line.examples(WEIGHTS) if text == wanted[0]]
    ink = page.evaluate(
        """() => { const paper = document.querySelector(".ll-paper");
            const { width, height } = paper, pen = paper.getContext("2d");
            const { data } = pen.getImageData(0, 0, width, height);
            return Array.from({ length: width }, (_, x) => {
                let dark = 0;
                for (let y = 0; y < height; y++) dark += data[4 * (y * width + x)] < 100;
                return dark; }) }"""
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.array(ink) > 0, [0]])))
    middles = edges.reshape(-1, 2).mean(axis=1) + spots[0]
    assert len(middles) == len(spots[4]) == len(wanted[0]) and example.shape[0] == 32
    pitch = page.evaluate("document.querySelector('.ll-column').getBoundingClientRect().width")
    late = (np.array(spots[4]) - middles) / pitch
    print(late)
    assert np.abs(late).max() < 4  # each digit is in the window that it is read in


@pytest.mark.browser
def test_a_number_that_is_written_is_read_and_can_be_undone(page):
    press(page, "Clear")
    assert said(page) == "Nothing is written yet." and number(page) == ""
    write(page, "1074")
    assert number(page) == "1074"
    assert re.match(r"The network reads 1074\. Probability of this reading: [\d.]+ %\.", said(page))
    for _ in range(2):
        page.keyboard.press("Control+z")  # the 4 has two strokes
    assert number(page) == "107"
    for _ in range(2):
        page.keyboard.press("Control+y")
    assert number(page) == "1074"
    press(page, "Clear")
    assert number(page) == ""
    press(page, "Undo")
    assert number(page) == "1074"
    press(page, "Read the example 1998")
    assert number(page) == "1998"
    press(page, "Undo")
    assert number(page) == "1074"


@pytest.mark.browser
def test_pointing_at_a_place_marks_its_32_columns_and_shows_its_answers(page):
    box = page.locator(".ll-answers").bounding_box()
    reading = "() => LeNet.line.states[0]"
    assert page.evaluate(f"({reading})().reading.places") > 5
    page.mouse.move(box["x"] + 120, box["y"] + 40)
    marks = page.evaluate(
        """() => [".ll-mark", ".ll-column", ".ll-window"].map((name) => {
            const { left, width } = document.querySelector(name).getBoundingClientRect();
            return [left, width] })"""
    )
    (left, wide), (column, broad), _ = marks
    assert wide == pytest.approx(8 * broad, abs=1)  # 32 columns, and a place has 4
    assert left + wide / 2 == pytest.approx(column + broad / 2, abs=1)
    assert abs(column + broad / 2 - box["x"] - 120) <= broad
    shown = page.locator("[data-lx=placeText]").inner_text()
    place, places, first, last = map(
        int, re.match(r"Place (\d+) of (\d+), columns (\d+) to (\d+):", shown).groups()
    )
    assert first == 4 * (place - 1) and last == first + 31
    shares = [float(one) for one in page.locator(".ll-share").all_inner_texts()]
    assert len(shares) == 11 and sum(shares) == pytest.approx(100, abs=0.6)
    mine = page.evaluate(f"Array.from(({reading})().reading.shares)")
    assert [100 * one for one in mine[11 * (place - 1) : 11 * place]] == pytest.approx(
        shares, abs=0.06
    )
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == str(place + 1)
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == str(places)
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == str(places)
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext").startswith(
        f"Place 1 of {places}, columns 0 to 31"
    )


@pytest.mark.browser
def test_the_path_goes_through_the_best_label_of_each_place(page):
    got = page.evaluate(
        """() => { const { labels } = LeNet.line.states[0].reading;
            const points = document.querySelector(".ll-path").getAttribute("points").split(" ");
            return [labels, points.map((point) => point.split(",").map(Number))] }"""
    )
    labels, points = got
    assert [row - 0.5 for _, row in points] == labels
    steps = np.diff([x for x, _ in points])
    assert steps.min() > 0 and np.ptp(steps) < 0.01


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(browser, server, width, theme):
    with opened(browser, f"{server}/{PAGE}", width=width, theme=theme) as (page, _):
        found, rules = look_with_axe(page)
        assert [one for one in found if one[0] in GRAVE] == [] and rules > 20
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        paper = page.locator(".ll-paper").bounding_box()
        assert paper["width"] > 0.8 * min(width - 250 if width > 800 else width, 1000)
        buttons = page.locator(".lenet-line button").all()
        assert all(one.bounding_box()["height"] >= 24 for one in buttons)


@pytest.mark.browser
def test_a_finger_writes_and_the_page_stays(browser, server):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    until(page, "document.querySelector('.lenet-line').dataset.ready")
    press(page, "Clear")
    touch = context.new_cdp_session(page)
    page.locator(".ll-paper").scroll_into_view_if_needed()
    box = page.locator(".ll-paper").bounding_box()
    before = page.evaluate("scrollY")
    for stroke in written("71", height=130, gap=50):
        for n, (x, y) in enumerate(stroke):
            at = {"x": box["x"] + x * box["height"] / 255, "y": box["y"] + y * box["height"] / 255}
            kind = "touchStart" if n == 0 else "touchMove"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(
        page, "document.querySelector('[data-lx=number]').innerText.startsWith('71')", patience=20
    )
    assert page.evaluate("scrollY") == before
    context.close()


@pytest.mark.browser
def test_it_works_from_a_folder_and_asks_nobody_else(browser, site):
    with opened(browser, (site / PAGE).as_uri()) as (page, requests):
        assert number(page) == "1998"
        assert all(one.startswith("file://") for one in requests)


@pytest.mark.browser
def test_a_missing_network_is_said_and_one_can_still_write(browser, server):
    page = browser.new_page()
    page.route("**/weights/line.js*", lambda route: route.abort())
    page.goto(f"{server}/{PAGE}")
    until(page, "document.querySelector('.lenet-line').dataset.ready")
    told = page.locator("[data-lx=messages]").inner_text()
    assert told.startswith("The network could not be loaded, so nothing is read:")
    write(page, "17")
    assert page.evaluate("LeNet.line.states[0].source.strokes.length") == 2
    assert said(page) == "There is no network to ask."
    page.close()


@pytest.mark.browser
def test_what_is_written_is_there_after_a_reload_and_after_a_turn_of_the_phone(page):
    press(page, "Clear")
    write(page, "1074")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert number(page) == "1074"
    page.reload()
    until(page, "document.querySelector('.lenet-line').dataset.ready")
    assert number(page) == "1074"


# --------------------------------------------------------------------------- the files


def test_lines_to_try_are_small_and_come_whole():
    packed = line.pack_lines([image for _, image in line.examples(WEIGHTS)])
    assert len(packed) < 16_000
    for (text, image), (wanted, *_) in zip(line.examples(WEIGHTS), line.EXAMPLES, strict=True):
        assert text == wanted and image.shape[0] == 32 and image.shape[1] % 2 == 0
        assert image.dtype == np.float32 and 0 <= image.min() and image.max() <= 1
        assert not image[:, :16].any() and not image[:, -16:].any()
    text = line.made_by_the_build(WEIGHTS)[line.FILE]
    assert len(text) < 345_000
    told = json.JSONDecoder().raw_decode(text.partition("line(")[2])[0]
    assert told["bytes"] == len(weights.read(sliding.STORED)[0])
    assert told["crc32"] == scripts.about_file("", weights.read(sliding.STORED)[0])["crc32"]


def test_the_page_names_the_numbers_that_the_scripts_have():
    text = (ROOT / "book" / "line.md").read_text(encoding="utf-8")
    script = (SCRIPTS / "line" / "reader.js").read_text(encoding="utf-8")
    sure, clear = (
        float(re.search(rf"{name} = ([\d.]+);", script)[1]) for name in ("SURE", "CLEAR")
    )
    assert f"less than {clear:.0%} at its best place".replace("%", " %") in text
    assert f"the number less than {sure:.0%}".replace("%", " %") in text
    assert f"{sliding.MAPS[0]} and {sliding.MAPS[1]}" in text
