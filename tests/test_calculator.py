"""The calculator says what the package says, draws it, and explains what can't be."""

import csv
import itertools
from pathlib import Path

import pytest
from browsing import until, visit

from lenet_tutorial import shapes

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "book" / "_static" / "explorer"
PAGE = "book/calculator.html"


def cases():
    """Return the shared cases; `output` is 0 where no place fits."""
    with (ROOT / "tests" / "shape_cases.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for key, value in row.items():
            row[key] = value if value in ("valid", "same") else int(value)
    return rows


CASES = cases()


def python_answer(case):
    numbers = (case["size"], case["kernel"], case["stride"], case["padding"], case["dilation"])
    try:
        return shapes.output_size(*numbers)
    except ValueError as error:
        return str(error)


def test_there_are_enough_cases_of_every_kind():
    assert len(CASES) >= 2000
    impossible = [case for case in CASES if case["output"] == 0]
    assert 100 < len(impossible) < len(CASES) / 2
    uneven = [case for case in CASES if case["before"] != case["after"]]
    assert len(uneven) > 100 and all(case["after"] == case["before"] + 1 for case in uneven)


def test_the_python_function_agrees_with_the_counted_cases():
    for case in CASES:
        answer = python_answer(case)
        assert (answer if isinstance(answer, int) else 0) == case["output"], case
        numbers = (case["size"], case["kernel"], case["stride"], case["padding"], case["dilation"])
        assert shapes.pad_amounts(*numbers) == (case["before"], case["after"]), case


@pytest.fixture(scope="module")
def page(browser, server):
    """Open the calculator once."""
    opened, requests, problems = visit(browser, f"{server}/{PAGE}")
    yield opened
    assert not problems
    assert not [url for url in requests if not url.startswith((server, "data:", "blob:"))]
    opened.context.close()


@pytest.mark.browser
def test_the_javascript_function_agrees_with_them_too(page):
    answers = page.evaluate(
        """cases => cases.map(c => {
            const numbers = [c.size, c.kernel, c.stride, c.padding, c.dilation];
            let output;
            try { output = LeNet.shapes.outputSize(...numbers); }
            catch (error) { output = error.message; }
            return [output, ...LeNet.shapes.padAmounts(...numbers)];
        })""",
        CASES,
    )
    assert len(answers) == len(CASES) >= 2000
    for case, (output, before, after) in zip(CASES, answers, strict=True):
        assert output == python_answer(case), case  # a refusal has the same words
        assert (before, after) == (case["before"], case["after"]), case


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("size", 0, "input size must be at least 1"),
        ("stride", 0, "stride must be at least 1"),
        ("kernel", 1.5, "kernel must be a whole number"),
        ("padding", -1, "padding must be at least 0"),
    ],
)
def test_both_functions_refuse_the_same_numbers(page, name, value, words):
    given = {"size": 8, "kernel": 3, "stride": 1, "padding": 0} | {name: value}
    with pytest.raises(ValueError, match=words):
        shapes.output_size(*given.values())
    said = page.evaluate(
        """given => { try { LeNet.shapes.outputSize(...given); return 'fine'; }
                      catch (error) { return error.message; } }""",
        list(given.values()),
    )
    assert words in said


def transposed(*numbers):
    try:
        return shapes.transposed_output_size(*numbers)
    except ValueError as error:
        return str(error)


@pytest.mark.browser
def test_both_languages_turn_a_convolution_round_in_the_same_way(page):
    paddings = ("valid", "same", 0, 1, 3, -1, 1.5)
    given = list(
        itertools.product((0, 1, 5, 7), (1, 2, 3, 5), (1, 2, 4), paddings, ("smallest", "keras"))
    )
    given += [(5, 3, 1, 0, "torch"), (5, 3, 1.5, 0, "keras"), (5, 0, 1, 0, "keras")]
    answers = page.evaluate(
        """cases => cases.map(c => {
            try { return LeNet.shapes.transposedOutputSize(...c); }
            catch (error) { return error.message; }
        })""",
        given,
    )
    for case, said in zip(given, answers, strict=True):
        assert said == transposed(*case), case
    assert transposed(5, 1, 2) == 9 and transposed(5, 1, 2, "valid", "keras") == 10


@pytest.mark.browser
def test_the_calculator_offers_both_sizes_of_a_transposed_convolution(fresh):
    turned = fresh.locator(".lc-turned")
    assert "makes 8 × 8 of 6 × 6" in turned.inner_text()
    assert "Keras" not in turned.inner_text()  # both rules say the same
    fresh.get_by_label("Input i").fill("5")
    fresh.get_by_label("Kernel k").fill("1")
    fresh.get_by_label("Stride s").fill("2")
    text = turned.inner_text()
    assert "makes 9 × 9 of 5 × 5" in text and "Keras makes 10 × 10 of it, since" in text
    fresh.locator(".lc-one").get_by_label("Padding").select_option("same")
    assert "makes 10 × 10 of 5 × 5" in turned.inner_text()
    fresh.get_by_label("Dilation d").fill("2")
    assert turned.inner_text() == ""


@pytest.mark.browser
def test_trace_agrees_with_padding_and_dilation_too(page):
    layers = [shapes.Window("A", 3, 2, "same"), shapes.Window("B", 3, 1, 2, 2)]
    layers += [shapes.Window("C", 2, 2, "valid")]
    want = [[r.size, r.receptive_field, r.jump, r.start] for r in shapes.trace(33, layers)]
    got = page.evaluate(
        "([size, layers]) => LeNet.shapes.trace(size, layers).map("
        "r => [r.size, r.field, r.jump, r.start])",
        [33, [vars(layer) for layer in layers]],
    )
    assert got == want


# --------------------------------------------------------------------------- the page


@pytest.fixture
def fresh(browser, server):
    """Open the calculator anew."""
    page, _, problems = visit(browser, f"{server}/{PAGE}")
    yield page
    assert not problems
    page.context.close()


def answer(page):
    return page.locator(".lc-one .lc-answer").inner_text()


@pytest.mark.browser
def test_the_formula_is_worked_out_with_the_numbers(fresh):
    assert "Output: 4 × 4" in answer(fresh)
    fresh.get_by_label("Input i").fill("28")
    fresh.get_by_label("Kernel k").fill("5")
    fresh.get_by_label("Stride s").fill("2")
    fresh.locator(".lc-one").get_by_label("Padding").select_option("number")
    fresh.get_by_label("Zeros on each side p").fill("2")
    text = answer(fresh)
    assert "Output: 14 × 14" in text
    assert "⌊(28 + 2·2 − 1·(5 − 1) − 1) / 2⌋ + 1 = ⌊27 / 2⌋ + 1 = 14" in text
    assert "1 row and column are left over" in fresh.locator(".lc-why").inner_text()


@pytest.mark.browser
def test_same_says_where_the_odd_zero_goes(fresh):
    fresh.get_by_label("Kernel k").fill("4")
    fresh.locator(".lc-one").get_by_label("Padding").select_option("same")
    assert "Output: 6 × 6" in answer(fresh)
    assert "1 zero before and 2 after" in fresh.locator(".lc-why").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Kernel k", "9", "The kernel covers 9 pixels and the padded input has only 6"),
        ("Stride s", "0", "Stride must be at least 1, got 0"),
        ("Input i", "2.5", "Input size must be a whole number, got 2.5"),
        ("Input i", "", "Input size must be a whole number, and the field is empty"),
    ],
)
def test_impossible_numbers_are_explained_and_can_be_mended(fresh, label, value, words):
    fresh.get_by_label(label).fill(value)
    assert words in answer(fresh)
    assert fresh.get_by_role("button", name="Play").is_disabled()
    fresh.get_by_label(label).fill("3")
    assert "Output:" in answer(fresh)


@pytest.mark.browser
def test_a_kernel_too_large_comes_with_a_way_out(fresh):
    fresh.get_by_label("Kernel k").fill("9")
    why = fresh.locator(".lc-why").inner_text()
    assert "A padding of 2 on each side" in why
    fresh.locator(".lc-one").get_by_label("Padding").select_option("number")
    fresh.get_by_label("Zeros on each side p").fill("2")
    assert "Output: 2 × 2" in answer(fresh)


@pytest.mark.browser
def test_steps_go_through_all_places_by_keyboard(fresh):
    place = fresh.locator(".lc-place")
    assert "Place 1 of 16" in place.inner_text()
    picture = "() => document.querySelector('.lc-drawing').toDataURL()"
    first = fresh.evaluate(picture)
    fresh.get_by_role("button", name="Step", exact=True).focus()
    for _ in range(5):
        fresh.keyboard.press("Enter")
    assert "Place 6 of 16: rows 1 to 3 and columns 1 to 3" in place.inner_text()
    assert fresh.evaluate(picture) != first
    fresh.get_by_role("button", name="Step back").press("Enter")
    assert "Place 5 of 16" in place.inner_text()


@pytest.mark.browser
def test_less_motion_is_honoured(fresh):  # `visit` asks for it
    fresh.get_by_role("button", name="Play").click()
    assert "Place 16 of 16" in fresh.locator(".lc-place").inner_text()
    assert "less motion" in fresh.locator(".lc-note").inner_text()


@pytest.mark.browser
def test_play_moves_and_stops(browser, server):
    page = browser.new_page(reduced_motion="no-preference")
    page.goto(f"{server}/{PAGE}")
    place = page.locator(".lc-place")
    page.wait_for_timeout(600)
    assert "Place 1 of 16" in place.inner_text()  # nothing moves by itself
    page.get_by_label("Speed").select_option("fast")
    page.get_by_role("button", name="Play").click()
    until(page, "document.querySelector('.lc-place').innerText.includes('Place 16 of')")
    until(page, "!!document.evaluate(\"//button[.='Play']\", document).iterateNext()")
    page.context.close()


@pytest.mark.browser
def test_a_large_input_is_computed_and_not_drawn(fresh):
    fresh.get_by_label("Input i").fill("224")
    assert "Output: 222 × 222" in answer(fresh)
    assert "goes up to 64 pixels" in fresh.locator(".lc-note").inner_text()
    assert not fresh.locator(".lc-drawing").is_visible()


@pytest.mark.browser
def test_the_list_carries_size_and_receptive_field_along(fresh):
    verdict = fresh.locator(".lc-list > .lc-answer")
    assert "32 → 28 → 14 → 10 → 5 → 1." in verdict.inner_text()
    assert "sees 32 × 32 pixels: the whole input" in verdict.inner_text()
    fresh.get_by_role("button", name="The Keras LeNet").click()
    assert "28 → 24 → 12 → 8 → 4." in verdict.inner_text()
    for name in ("output", "F6", "C5"):
        fresh.get_by_role("button", name=f"Remove {name}").click()
    fresh.get_by_role("button", name="Add a layer").click()
    assert "28 → 24 → 12 → 8 → 4 → 2." in verdict.inner_text()
    fresh.get_by_role("button", name="Remove C5").click()
    fresh.get_by_role("button", name="Move S2 up").click()
    assert "28 → 14 → 10 → 6 → 3." in verdict.inner_text()


@pytest.mark.browser
def test_the_list_says_which_layer_does_not_fit(fresh):
    fresh.get_by_label("Input size").fill("28")
    verdict = fresh.locator(".lc-list > .lc-answer").inner_text()
    with pytest.raises(ValueError, match="no position fits") as caught:
        shapes.trace(28, shapes.LENET5)
    assert str(caught.value).replace("C5: the", "C5: The") in verdict
    cards = fresh.locator(".lc-card")
    assert "lc-bad" in cards.nth(4).get_attribute("class")
    assert "lc-bad" not in cards.nth(3).get_attribute("class")


@pytest.mark.browser
def test_a_layer_of_the_list_can_be_drawn(fresh):
    fresh.get_by_role("button", name="Draw S2").click()
    assert "Output: 14 × 14" in answer(fresh)
    assert fresh.get_by_label("Input i").input_value() == "28"


@pytest.mark.browser
def test_both_parts_tell_a_reader_what_the_rules_say_to_a_programmer(page):
    for name, value in (("kernel", 0), ("stride", 1.5), ("dilation", -2), ("padding", -1)):
        said = page.evaluate(
            """([name, value]) => {
                const numbers = { size: 8, kernel: 3, stride: 1, padding: 0, dilation: 1 };
                try { LeNet.shapes.outputSize(...Object.values({ ...numbers, [name]: value })); }
                catch (error) { return [error.message, LeNet.explain(error)]; }
            }""",
            [name, value],
        )
        assert said[1] == f"{said[0].capitalize()}."


@pytest.mark.browser
def test_without_javascript_a_sentence_helps(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    assert "needs JavaScript" in page.locator(".lenet-calculator").inner_text()
    context.close()


@pytest.mark.browser
def test_without_canvas_the_numbers_are_there(browser, server):
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"{server}/{PAGE}")
    assert "Output: 4 × 4" in answer(page)
    assert "no canvas" in page.locator(".lc-note").inner_text()
    page.context.close()


@pytest.mark.browser
def test_it_stands_in_the_chapter_too(browser, server):
    page, _, problems = visit(browser, f"{server}/chapters/03-output-size.html")
    assert "Output: 4 × 4" in answer(page)
    assert page.locator(".lc-list").count() == 0
    page.get_by_role("button", name="Step", exact=True).click()
    assert "Place 2 of 16" in page.locator(".lc-place").inner_text()
    assert not problems
    page.context.close()
