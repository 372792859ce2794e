"""On the explorer's paper one pointer draws, each step can be undone, and a reload keeps it all."""

import pytest
from browsing import until
from exploring import ONE, PAGE, SEVEN, draw, open_explorer, places, press, settle, verdict

pytestmark = pytest.mark.browser

PAPER = "() => document.querySelector('.lx-paper').toDataURL()"
#: Share of the paper that is dark, in each of its four quarters.
DARK = """() => {
    const paper = document.querySelector(".lx-paper"), half = paper.width / 2;
    return [[0, 0], [half, 0], [0, half], [half, half]].map(([x, y]) => {
        const { data } = paper.getContext("2d").getImageData(x, y, half, half);
        return data.filter((one, n) => n % 4 === 0 && one < 128).length / half / half;
    });
}"""
EVENT = """([type, x, y, pointerId, pointerType, button]) =>
    document.querySelector(".lx-paper").dispatchEvent(new PointerEvent(type, { bubbles: true,
        cancelable: true, clientX: x, clientY: y, pointerId, pointerType, button,
        buttons: type === "pointerup" ? 0 : 1, isPrimary: pointerId === 1 }))"""


@pytest.fixture
def page(browser, server):
    """Open the explorer with an empty paper."""
    page, _, problems = open_explorer(browser, f"{server}/{PAGE}")
    press(page, "Clear")
    yield page
    assert not problems
    page.context.close()


def pointer(page, type, x, y, number=1, kind="touch", button=0):
    """Send an event of a pointer, at a place on the paper from 0 to 1."""
    (place,) = places(page, [(x, y)])
    page.evaluate(EVENT, [f"pointer{type}", *place, number, kind, button])


def line(page, begin, end, number=1, kind="touch"):
    """Draw a line with a pointer, from its coming down to its being lifted."""
    pointer(page, "down", *begin, number, kind)
    for n in range(1, 9):
        at = [one + (other - one) * n / 8 for one, other in zip(begin, end, strict=True)]
        pointer(page, "move", *at, number, kind)
    pointer(page, "up", *end, number, kind)


def dark(page):
    settle(page)
    return page.evaluate(DARK)


def shown(page):
    settle(page)
    return page.evaluate(PAPER)


# --------------------------------------------------------------------------- one pointer


@pytest.mark.parametrize("kind", ["touch", "pen", "mouse"])
def test_a_second_pointer_adds_nothing_to_a_line(page, kind):
    line(page, (0.2, 0.1), (0.2, 0.9), kind=kind)
    alone = shown(page)
    press(page, "Clear")
    pointer(page, "down", 0.2, 0.1, 1, kind)
    for n in range(1, 9):
        pointer(page, "move", 0.2, 0.1 + 0.1 * n, 1, kind)
        # A palm comes down, moves and goes, and a finger stays.
        if n in (2, 4):
            pointer(page, "down", 0.8, 0.8, n, "touch")
        if n > 2:
            pointer(page, "move", 0.7 + 0.02 * n, 0.7, 2, "touch")
        if n == 6:
            pointer(page, "up", 0.8, 0.7, 2, "touch")
    pointer(page, "up", 0.2, 0.9, 1, kind)
    pointer(page, "move", 0.9, 0.9, 4, "touch")
    assert shown(page) == alone
    assert dark(page)[1] == dark(page)[3] == 0


def test_two_fingers_of_a_real_screen_draw_one_line(browser, server):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server}/{PAGE}")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    press(page, "Clear")
    touch = context.new_cdp_session(page)

    def send(kind, *points):
        touch.send(
            "Input.dispatchTouchEvent",
            {
                "type": kind,
                "touchPoints": [
                    {"x": x, "y": y, "id": number}
                    for number, (x, y) in enumerate(places(page, points))
                ],
            },
        )

    send("touchStart", (0.2, 0.15))
    send("touchStart", (0.2, 0.15), (0.8, 0.8))
    for n in range(1, 9):
        send("touchMove", (0.2, 0.15 + 0.09 * n), (0.8, 0.8 - 0.05 * n))
    send("touchEnd")
    until(page, "document.querySelector('.lx-verdict').innerText.includes('reads a 1')")
    assert dark(page)[1] == dark(page)[3] == 0
    context.close()


def test_a_pen_takes_over_from_the_palm_that_came_first(page):
    line(page, (0.2, 0.1), (0.2, 0.9), 2, "pen")
    alone = shown(page)
    press(page, "Clear")
    pointer(page, "down", 0.9, 0.9, 1, "touch")
    pointer(page, "move", 0.91, 0.9, 1, "touch")
    pointer(page, "down", 0.2, 0.1, 2, "pen")
    for n in range(1, 9):
        pointer(page, "move", 0.2, 0.1 + 0.1 * n, 2, "pen")
        pointer(page, "move", 0.91, 0.9 - 0.02 * n, 1, "touch")
    pointer(page, "up", 0.91, 0.7, 1, "touch")
    pointer(page, "up", 0.2, 0.9, 2, "pen")
    assert shown(page) == alone
    press(page, "Undo")
    assert "Nothing is drawn" in verdict(page)


def test_a_line_that_is_cancelled_ends_and_stays_and_a_cancelled_palm_leaves_nothing(page):
    pointer(page, "down", 0.2, 0.1)
    pointer(page, "move", 0.2, 0.4)
    before = shown(page)
    pointer(page, "cancel", 0, 0)
    pointer(page, "move", 0.9, 0.9)
    assert shown(page) == before
    pointer(page, "down", 0.8, 0.8)
    pointer(page, "cancel", 0, 0)
    assert shown(page) == before
    line(page, (0.7, 0.1), (0.7, 0.4))  # and the next one is drawn
    assert dark(page)[1] > 0.05


def test_a_line_that_leaves_the_paper_goes_on_where_it_comes_back(page):
    (first, out, back, last) = places(page, [(0.5, 0.5), (-0.2, 0.5), (-0.2, 0.02), (0.5, 0.02)])
    page.mouse.move(*first)
    page.mouse.down()
    for place in (out, back, last):
        page.mouse.move(*place, steps=12)
    page.mouse.up()
    assert 0.05 < dark(page)[0] < 0.35
    # Nothing was drawn along the edge, where the pointer was outside.
    edge = """() => { const { data } = document.querySelector(".lx-paper").getContext("2d")
        .getImageData(0, 60, 10, 40); return data.every((one, n) => n % 4 === 3 || one > 200) }"""
    assert page.evaluate(edge)
    press(page, "Undo")
    assert "Nothing is drawn" in verdict(page)


@pytest.mark.parametrize("button", [1, 2, 5])
def test_another_button_of_the_mouse_draws_nothing(page, button):
    pointer(page, "down", 0.5, 0.5, 1, "mouse", button)
    pointer(page, "move", 0.5, 0.9, 1, "mouse", button)
    pointer(page, "up", 0.5, 0.9, 1, "mouse", button)
    assert "Nothing is drawn" in verdict(page)
    line(page, (0.5, 0.1), (0.5, 0.9), kind="mouse")
    assert "reads a 1" in verdict(page)


def test_the_right_button_during_a_line_neither_ends_nor_breaks_it(page):
    (begin, middle, end) = places(page, [(0.5, 0.1), (0.5, 0.5), (0.5, 0.9)])
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*middle, steps=4)
    page.mouse.down(button="right")
    page.mouse.up(button="right")
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    page.mouse.move(begin[0] - 60, begin[1], steps=4)
    assert "reads a 1" in verdict(page)
    press(page, "Undo")
    assert "Nothing is drawn" in verdict(page)


def test_a_stroke_during_which_something_else_is_shown_is_over(page):
    pointer(page, "down", 0.2, 0.1)
    pointer(page, "move", 0.2, 0.5)
    page.evaluate("document.querySelector('[data-lx=clear]').click()")
    pointer(page, "move", 0.2, 0.9)
    assert "Nothing is drawn" in verdict(page)
    pointer(page, "up", 0.2, 0.9)
    press(page, "Undo")
    assert dark(page)[0] > 0.05


# --------------------------------------------------------------------------- a dot


def test_a_tap_makes_a_dot_also_in_a_link_and_after_a_reload(browser, server, page):
    (place,) = places(page, [(0.75, 0.25)])
    page.mouse.click(*place)
    dots = dark(page)
    assert dots[1] > 0.02 and dots[0] == dots[2] == dots[3] == 0
    assert "reads a" in verdict(page)
    press(page, "Share")
    link = page.get_by_label("Link to this drawing").input_value()
    again, _, _ = open_explorer(browser, link)
    assert shown(again) == shown(page)
    again.context.close()


def test_a_dot_and_a_line_that_stays_where_it_is_look_alike(page):
    got = page.evaluate(
        """() => [[[128, 64]], [[128, 64], [128, 64]], [[128, 64], [129, 64]]].map(stroke => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = LeNet.preprocess.PAPER;
            const pen = canvas.getContext("2d");
            LeNet.preprocess.drawStrokes(pen, [stroke]);
            const ink = LeNet.preprocess.readInk(pen);
            return ink.reduce((sum, value) => sum + value);
        })"""
    )
    assert got[0] == got[1] == pytest.approx(3.1416 * 12**2, rel=0.02)
    assert got[2] == pytest.approx(got[0], rel=0.1)


# --------------------------------------------------------------------------- back and forward


def test_the_keys_go_back_and_forward(page):
    draw(page, ONE)
    one = shown(page)
    draw(page, [[(0.2, 0.5), (0.8, 0.5)]])
    two = shown(page)
    assert one != two
    for key, want in (
        ("Control+z", one),
        ("Control+Shift+Z", two),
        ("Meta+z", one),
        ("Meta+Shift+z", two),
        ("Control+Z", one),
        ("Control+y", two),
        ("Control+Alt+z", two),
        ("z", two),
    ):
        page.keyboard.press(key)
        assert shown(page) == want, key
    page.keyboard.press("Control+z")
    draw(page, [[(0.2, 0.2), (0.8, 0.2)]])  # what was undone is gone now
    assert page.get_by_role("button", name="Redo").is_disabled()
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+z")
    assert shown(page) == one


def test_the_keys_work_in_other_alphabets(page):
    draw(page, ONE)
    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown",
            { key: "я", code: "KeyZ", ctrlKey: true, bubbles: true, cancelable: true }))"""
    )
    assert "Nothing is drawn" in verdict(page)


def test_the_keys_are_left_to_a_field_that_is_typed_in_and_to_other_parts_of_the_page(page):
    draw(page, ONE)
    one = shown(page)
    field = page.get_by_label("Map", exact=True)
    field.focus()
    page.keyboard.press("Control+z")
    assert shown(page) == one
    press(page, "Share")
    page.get_by_label("Link to this drawing").focus()
    page.keyboard.press("Control+z")
    assert shown(page) == one
    page.locator("h1").first.click()
    page.keyboard.press("Control+z")
    assert shown(page) == one
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Control+z")
    assert "Nothing is drawn" in verdict(page)


def test_the_keys_do_nothing_while_a_line_is_drawn(page):
    draw(page, [[(0.2, 0.2), (0.2, 0.8)]])
    pointer(page, "down", 0.8, 0.1)
    pointer(page, "move", 0.8, 0.5)
    page.keyboard.press("Control+z")
    pointer(page, "move", 0.8, 0.9)
    pointer(page, "up", 0.8, 0.9)
    assert all(share > 0.05 for share in dark(page))


def test_the_buttons_go_back_and_forward_and_keep_the_focus(page):
    draw(page, ONE)
    undo, redo = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    undo.click()
    undo.click()  # before the paper was empty, a sample was there
    assert "reads a 7" in verdict(page) and undo.is_disabled()
    assert page.evaluate("document.activeElement.innerText") == "Redo"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert "reads a 1" in verdict(page) and redo.is_disabled()
    assert page.evaluate("document.activeElement.innerText") == "Undo"


def test_clear_and_reset_can_be_undone_and_the_network_comes_back(page):
    draw(page, SEVEN)
    page.get_by_label("The Keras LeNet").first.check()
    until(page, "document.querySelector('.lx-about').innerText.includes('Keras LeNet')")
    seven, said = shown(page), verdict(page)
    press(page, "Clear")
    press(page, "Clear")  # nothing is left to clear
    press(page, "Undo")
    assert shown(page) == seven
    press(page, "Reset")
    until(page, "document.querySelector('.lx-about').innerText.includes('Textbook')")
    assert shown(page) != seven
    press(page, "Undo")
    assert shown(page) == seven and verdict(page) == said
    assert page.get_by_label("The Keras LeNet").first.is_checked()
    assert "Keras LeNet" in page.locator(".lx-about").inner_text()
    press(page, "Redo")
    until(page, "document.querySelector('.lx-about').innerText.includes('Textbook')")
    assert page.get_by_label("Textbook LeNet-5").first.is_checked()
    # A step back in a drawing leaves the network that was chosen since.
    press(page, "Clear")
    draw(page, ONE)
    page.get_by_label("The Keras LeNet").first.check()
    until(page, "document.querySelector('.lx-about').innerText.includes('Keras LeNet')")
    press(page, "Undo")
    assert page.get_by_label("The Keras LeNet").first.is_checked()


# --------------------------------------------------------------------------- a reload


def reload(page):
    page.reload()
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")


def test_a_reload_keeps_the_drawing_and_the_network(page):
    draw(page, SEVEN)
    page.get_by_label("The Keras LeNet").first.check()
    until(page, "document.querySelector('.lx-about').innerText.includes('Keras LeNet')")
    seven, said = shown(page), verdict(page)
    reload(page)
    assert shown(page) == seven and verdict(page) == said
    assert page.get_by_label("The Keras LeNet").first.is_checked()
    draw(page, [[(0.1, 0.1), (0.3, 0.1)]])
    assert shown(page) != seven


def test_a_link_in_the_address_wins_until_something_else_is_drawn(browser, server, page):
    draw(page, ONE)
    one = shown(page)
    page.wait_for_timeout(300)
    page.goto("about:blank")
    page.goto(f"{server}/{PAGE}#lenet=textbook.10.t.20")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    assert "reads a 4" in verdict(page) and shown(page) != one
    reload(page)
    assert "reads a 4" in verdict(page)
    press(page, "Clear")
    draw(page, SEVEN)
    page.wait_for_timeout(300)
    assert "#lenet" not in page.url  # the address would no longer tell the truth
    reload(page)
    assert "reads a 7" in verdict(page)


@pytest.mark.parametrize(
    "kept", ["lenet=textbook.10.s.A", "lenet=lenet6.10.t.3", "lenet=textbook.10.t.99", "", "x"]
)
def test_what_was_kept_and_is_damaged_is_left_out(browser, server, kept):
    page, _, problems = open_explorer(browser, f"{server}/{PAGE}")
    first = verdict(page)
    page.evaluate(
        "kept => sessionStorage.setItem(`lenet-drawing:${location.pathname}`, kept)", kept
    )
    reload(page)
    assert verdict(page) == first
    assert page.locator(".lx-messages").inner_text() == ""
    assert not problems
    page.context.close()


@pytest.mark.parametrize("how", ["forbidden", "full"])
def test_where_nothing_can_be_kept_the_page_works(browser, server, how):
    context = browser.new_context()
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(error.stack))
    page.add_init_script(
        """Object.defineProperty(window, "sessionStorage",
            { get() { throw new DOMException("denied", "SecurityError"); } })"""
        if how == "forbidden"
        else "Storage.prototype.setItem = () => { throw new DOMException('full'); }"
    )
    page.goto(f"{server}/{PAGE}")
    until(page, "document.querySelector('.lenet-explorer').dataset.ready")
    press(page, "Clear")
    draw(page, SEVEN)
    page.wait_for_timeout(300)
    assert "reads a 7" in verdict(page)
    reload(page)
    assert "reads a 7" in verdict(page)  # the first sample is one, too
    assert not [one for one in problems if "/explorer/" in one]  # the theme has some of its own
    context.close()


def test_a_reload_keeps_the_drawing_from_a_folder_too(browser, site):
    page, _, problems = open_explorer(browser, (site / PAGE).as_uri())
    press(page, "Clear")
    draw(page, ONE)
    page.wait_for_timeout(300)
    reload(page)
    assert "reads a 1" in verdict(page)
    assert not problems
    page.context.close()
