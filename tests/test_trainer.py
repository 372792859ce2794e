"""A network is trained in the page: seen while it learns, drawn on, kept, shared, and stopped."""

import contextlib
import json
import re

import numpy as np
import pytest
from browsing import GRAVE, ROOT, look_with_axe, settle, until, visit

pytestmark = pytest.mark.browser

PAGE = "book/learn.html"
GO, ONE, AGAIN = "[data-lx=go]", "[data-lx=one]", "[data-lx=again]"
HISTORY = "LeNet.trainer.run.history"


def seen(page):
    return page.evaluate("LeNet.trainer.run.last?.seen ?? 0")


def state(page):
    return page.evaluate("LeNet.trainer.run.state")


@contextlib.contextmanager
def opened(browser, address, fragment="", **how):
    """Open the page; at the end, see that nothing went wrong in it."""
    page, requests, problems = visit(browser, f"{address}/{PAGE}{fragment}", **how)
    yield page, requests
    page.context.close()
    assert problems == []


def start(page, digits=0):
    """Load the digits and learn until so many are seen, at least."""
    page.click(GO)
    until(page, "LeNet.trainer.run.state === 'running'")
    until(page, f"(LeNet.trainer.run.last?.seen ?? 0) > {digits}")


def pause(page):
    page.click(GO)
    until(page, "LeNet.trainer.run.state === 'ready'")
    page.wait_for_timeout(300)  # what the worker had under way


def steps(page, count):
    """Learn so many batches, one by one."""
    for _ in range(count):
        before = seen(page)
        page.click(ONE)
        until(page, f"(LeNet.trainer.run.last?.seen ?? 0) > {before}")


def ready(page):
    """Load the digits and stand still before anything is learned."""
    page.click(GO)
    until(page, "LeNet.trainer.run.state === 'running'")
    pause(page)
    page.click(AGAIN)
    until(page, "LeNet.trainer.run.network")


# --------------------------------------------------------------------------- it learns


def test_nothing_is_loaded_before_it_is_asked_for(browser, server):
    with opened(browser, server) as (page, requests):
        assert not [one for one in requests if "/weights/" in one]
        assert not [one for one in requests if "joined-learned" in one]  # it is for drawing
        assert page.locator(".lt-before").is_visible()
        assert not page.locator(".lt-curves").is_visible()
        assert "MB" in page.locator(GO).inner_text()
        assert not page.workers
        host = server.split("/")[2]
        start(page)
        assert {one.split("/")[2] for one in requests if one.startswith("http")} == {host}


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_it_learns_and_shows_it(browser, server, site, scheme):
    address = server if scheme == "http" else site.as_uri()
    with opened(browser, address) as (page, _):
        start(page, 6000)
        until(page, "LeNet.trainer.run.accuracy > 0.8", patience=240)
        pause(page)
        still = seen(page)
        page.wait_for_timeout(600)
        assert seen(page) == still  # it stands still
        until(page, "document.querySelectorAll('.lt-accuracies')[0].points.numberOfItems > 1")
        shown = page.locator("[data-lx=right]").inner_text()
        assert float(shown.removesuffix(" %")) > 80
        losses = page.evaluate(f"{HISTORY}.losses")
        assert losses[-1][1] < losses[0][1] / 2
        page.click(GO)
        until(page, f"LeNet.trainer.run.last.seen > {still}")  # it goes on


def test_the_kernels_stand_beside_what_they_were(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 2000)
        pause(page)
        page.wait_for_timeout(2500)  # the pace where little motion is wanted
        same = page.evaluate(
            """() => ["kernels", "maps"].map(name => [...document.querySelectorAll(
                `[data-lx=${name}Before] canvas`)].map((canvas, n) => canvas.toDataURL() ===
                    document.querySelectorAll(`[data-lx=${name}Now] canvas`)[n].toDataURL()))"""
        )
        assert [len(one) for one in same] == [6, 6]
        assert not any(same[0]) and not any(same[1])
        wrong = page.evaluate(
            """() => { const { run } = LeNet.trainer;
                const first = [...run.first.layers[0].weights], now = run.network.layers[0].weights;
                return first.every((weight, n) => weight === now[n]) }"""
        )
        assert not wrong  # the first network is a copy, not the one that learns


def test_held_out_digits_turn_from_wrong_to_right(browser, server):
    with opened(browser, server) as (page, _):
        ready(page)
        page.wait_for_timeout(2500)
        before = page.locator(".lt-wall .lt-wrong").count()
        page.click(GO)
        until(page, "LeNet.trainer.run.accuracy > 0.8", patience=240)
        pause(page)
        page.wait_for_timeout(2500)
        bricks = page.locator(".lt-wall button")
        after = page.locator(".lt-wall .lt-wrong").count()
        assert bricks.count() == 24 and before > 12 and after < 8
        right = f"{24 - after} of these 24"
        assert right in page.locator("[data-lx=wallTitle]").inner_text()
        bricks.nth(5).click()
        assert bricks.nth(5).get_attribute("aria-pressed") == "true"
        label = re.search(r"Digit 6: a (\d)", bricks.nth(5).get_attribute("aria-label"))[1]
        assert f"for the {label}" in page.locator("[data-lx=mapsTitle]").inner_text()


def test_one_batch_is_one_step(browser, server):
    with opened(browser, server) as (page, _):
        ready(page)
        batch = int(page.locator("[data-lx=batch]").input_value())
        steps(page, 3)
        assert seen(page) == 3 * batch and state(page) == "ready"


def test_the_same_seed_gives_the_same_curve(browser, server):
    curves = []
    with opened(browser, server) as (page, _):
        ready(page)
        for seed in ("5", "5", "6"):
            page.fill("[data-lx=seed]", seed)
            page.locator("[data-lx=seed]").blur()
            page.click(AGAIN)
            until(page, "LeNet.trainer.run.network")
            steps(page, 6)
            curves.append(page.evaluate(f"{HISTORY}.losses"))
    assert curves[0] == curves[1] != curves[2]


def test_the_run_before_stays_beside_the_new_one(browser, server):
    with opened(browser, server) as (page, _):
        ready(page)
        steps(page, 4)
        old = page.evaluate(f"{HISTORY}.losses")
        page.select_option("[data-lx=activation]", "relu")
        until(page, "LeNet.trainer.run.previous")
        assert page.evaluate("LeNet.trainer.run.previous.losses") == old
        until(page, "!document.querySelector('[data-lx=key]').hidden")
        assert "tanh" in page.locator("[data-lx=beforeWhat]").inner_text()
        points = "document.querySelector('[data-lx=lossChart] .lt-past').points.numberOfItems"
        until(page, f"{points} === {len(old)}")


# --------------------------------------------------------------------------- choices


def test_the_rate_changes_as_it_runs(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 100)
        count = page.evaluate("LeNet.trainer.run.count")
        page.select_option("[data-lx=rate]", "0.0001")
        then = seen(page)
        until(page, f"LeNet.trainer.run.last.seen > {then}")
        assert page.evaluate("[LeNet.trainer.run.settings.rate, LeNet.trainer.run.count]") == [
            0.0001,
            count,
        ]
        assert "slow" in page.locator("[data-lx=rateHint]").inner_text()


def test_a_choice_rebuilds_the_network(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 100)
        layers = "LeNet.trainer.run.network?.layers"
        page.select_option("[data-lx=activation]", "sigmoid")
        until(page, f"{layers} && {layers}[0].activation === 'sigmoid'")
        assert state(page) == "running"
        assert "wait" in page.locator("[data-lx=activationHint]").inner_text()
        page.select_option("[data-lx=pooling]", "max")
        until(page, f"{layers} && {layers}[1].kind === 'max pooling'")
        page.select_option("[data-lx=c1]", "8")
        until(page, "document.querySelectorAll('[data-lx=kernelsNow] canvas').length === 8")
        page.select_option("[data-lx=c3]", "4")
        until(page, f"{layers} && {layers}[2].maps === 4")
        page.select_option("[data-lx=table]", "1998")
        until(page, f"{layers} && {layers}[2].table")
        assert page.evaluate(f"{layers}[2].table[0]") == [0, 1, 2]
        assert page.evaluate(f"[{layers}[0].maps, {layers}[2].maps]") == [6, 16]
        assert page.locator("[data-lx=c1]").is_disabled()


def test_the_usual_settings_come_back_and_the_network_of_before_is_told(browser, server):
    with opened(browser, server) as (page, _):
        usual = page.evaluate("LeNet.trainLink.defaults()")
        assert page.locator("[data-lx=usual]").is_disabled()
        ready(page)
        page.select_option("[data-lx=shift]", "0")
        page.select_option("[data-lx=falls]", "0")
        until(page, "LeNet.trainer.run.network && LeNet.trainer.run.handle.settings.shift === 0")
        steps(page, 2)
        assert "by heart" in page.locator("[data-lx=shiftHint]").inner_text()
        page.click("[data-lx=usual]")
        until(page, "LeNet.trainer.run.previous?.settings.shift === 0")
        assert page.evaluate("LeNet.trainer.run.settings") == usual
        assert page.locator("[data-lx=shift]").input_value() == "1"
        assert page.locator("[data-lx=usual]").is_disabled()
        until(page, "document.querySelector('[data-lx=beforeWhat]').textContent")
        told = page.locator("[data-lx=beforeWhat]").inner_text()
        assert "rate 0.002 (it stays), digits not moved" in told


def test_every_choice_has_a_word_on_what_to_expect(browser, server):
    with opened(browser, server) as (page, _):
        names = "rate falls batch shift activation pooling table c1 c3".split()
        for name in names:
            field = page.locator(f"[data-lx={name}]")
            values = field.locator("option").evaluate_all("all => all.map(one => one.value)")
            assert len(values) >= 2
            for value in values:
                page.select_option("[data-lx=table]", "full")
                field.select_option(value)
                hint = page.locator(f"[data-lx={name}Hint]").inner_text()
                assert re.fullmatch(r"[A-Z][^{}]+[.?]", hint), (name, value, hint)


# --------------------------------------------------------------------------- links


def test_settings_travel_in_a_link(browser, server):
    with opened(browser, server) as (page, _):
        page.select_option("[data-lx=activation]", "relu")
        page.select_option("[data-lx=c1]", "4")
        page.select_option("[data-lx=rate]", "0.005")
        page.select_option("[data-lx=falls]", label="never")
        page.select_option("[data-lx=shift]", label="up to 2 pixels")
        page.fill("[data-lx=seed]", "77")
        page.locator("[data-lx=seed]").blur()
        ready(page)
        page.click("[data-lx=share]")
        link = page.locator("[data-lx=link]").input_value()
        wanted = page.evaluate("LeNet.trainer.run.settings")
        assert (wanted["falls"], wanted["shift"]) == (0, 2)
        assert page.evaluate("location.href") == link
    fragment = link[link.index("#") :]
    with opened(browser, server, fragment) as (page, _):
        assert page.evaluate("LeNet.trainer.run.settings") == wanted
        assert page.locator("[data-lx=seed]").input_value() == "77"
        assert page.locator("[data-lx=messages]").inner_text() == ""


@pytest.mark.parametrize(
    "broken",
    [
        *("rate:0.0", "rate", "maps:3", "activation:step", "c1:0", "table:1998,c1:4", "seed:12345"),
        *("shift:4", "shift:0.5", "falls:-1", "falls:1000001", ""),
    ],
)
def test_a_broken_link_is_told_and_the_usual_settings_are_used(browser, server, broken):
    with opened(browser, server, f"#train={broken}") as (page, _):
        assert "can’t be read" in page.locator("[data-lx=messages]").inner_text()
        usual = page.evaluate("LeNet.trainLink.defaults()")
        assert page.evaluate("LeNet.trainer.run.settings") == usual


def test_the_usual_settings_are_those_of_the_engine(browser, server):
    with opened(browser, server) as (page, _):
        usual, engine = page.evaluate("[LeNet.trainLink.defaults(), LeNet.blueprint.USUAL]")
        assert usual == {name: engine[name] for name in usual}
        assert {*engine} == {*usual}
        fields = page.locator(".lt-choices [data-lx]:is(select, input)")
        named = "all => Object.fromEntries(all.map(one => [one.dataset.lx, one.value]))"
        shown = fields.evaluate_all(named)
        flat = usual | dict(zip(("c1", "c3"), usual["maps"], strict=True))
        assert shown == {name: str(flat[name]) for name in shown}
        assert {"falls", "shift"} <= {*shown}


def test_the_button_says_how_much_is_loaded(site):
    size = (site / "_static" / "explorer" / "weights" / "digits.js").stat().st_size
    words = json.loads((ROOT / "book/words/en/trainer.json").read_text(encoding="utf-8"))
    assert f"({size / 1e6:.1f} MB)" in words["load"] and size < 1.7e6


# --------------------------------------------------------------------------- keeping


def keep(page, name):
    page.click("[data-lx=keep]")
    page.fill("[data-lx=name]", name)
    page.click("[data-lx=keepIt]")


def test_a_kept_network_is_there_after_a_reload_and_in_the_explorer(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 500)
        pause(page)
        keep(page, "My <first>")
        assert "My <first>" in page.locator("[data-lx=keptList]").inner_text()
        weights = page.evaluate("[...LeNet.trainer.run.network.layers[0].weights]")
        page.reload()
        settle(page)
        listed = page.locator("[data-lx=keptList] li")
        assert listed.count() == 1 and "My <first>" in listed.inner_text()
        listed.locator("button", has_text="Draw").click()
        until(page, "document.querySelector('.lenet-explorer')?.dataset.ready === 'yes'")
        kept = page.evaluate("[...LeNet.kept.load(LeNet.kept.list()[0].id).layers[0].weights]")
        assert kept == weights

        page.goto(f"{server}/book/explorer.html")
        until(page, "document.querySelector('.lenet-explorer')?.dataset.ready === 'yes'")
        page.get_by_label("My <first>").check()
        until(page, "document.querySelector('[data-lx=about]').innerText.includes('you')")
        page.goto(f"{server}/{PAGE}")
        page.locator("[data-lx=keptList] button", has_text="Remove").click()
        assert not page.locator("[data-lx=kept]").is_visible()
        assert page.evaluate("Object.keys(localStorage).filter(k => /kept/.test(k))") == []


def test_what_is_damaged_is_left_out_with_a_word(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 100)
        pause(page)
        keep(page, "good")
        page.evaluate("localStorage.setItem('lenet-kept.bad', '{')")
        page.evaluate(
            """() => { const [{ id }] = LeNet.kept.list();
                const at = "lenet-kept." + id, text = localStorage.getItem(at + ".network");
                localStorage.setItem("lenet-kept.cut", localStorage.getItem(at));
                localStorage.setItem("lenet-kept.cut.network", text.slice(0, -9)); }"""
        )
        page.reload()
        assert "One kept network can’t be read" in page.locator("[data-lx=keptNote]").inner_text()
        assert page.locator("[data-lx=keptList] li").count() == 2
        said = page.evaluate(
            "() => { try { LeNet.kept.load('cut') } catch (error) { return error.message } }"
        )
        assert "damaged" in said
        page.locator("[data-lx=keptNote] button").click()
        assert not page.locator("[data-lx=keptNote]").is_visible()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("void (Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceeded') })",
         "full"),
        ("Storage.prototype.put = Storage.prototype.setItem; void (Storage.prototype.setItem ="
         " function (name, text) { if (/network$/.test(name)) return this.put(name, text);"
         " throw new DOMException('', 'QuotaExceeded') })", "full"),
        ("void Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })",
         "keep nothing"),
    ],
)  # fmt: skip
def test_where_nothing_can_be_kept_that_is_said(browser, server, how, said):
    with opened(browser, server) as (page, _):
        start(page, 100)
        pause(page)
        page.evaluate(how)
        keep(page, "mine")
        assert said in page.locator("[data-lx=note]").inner_text()
        assert page.evaluate("[LeNet.kept.list(), LeNet.kept.damaged()]") == [[], []]


def test_the_weights_can_be_downloaded_and_the_command_is_shown(browser, server, tmp_path):
    with opened(browser, server) as (page, _):
        start(page, 100)
        pause(page)
        with page.expect_download() as got:
            page.click("[data-lx=download]")
        got.value.save_as(tmp_path / "lenet.npz")
        assert got.value.suggested_filename == "lenet.npz"
        command = page.locator("[data-lx=command]").inner_text()
        assert command == "lenet-tutorial predict --model lenet.npz picture.png"
        weights = page.evaluate("[...LeNet.trainer.run.network.layers[6].biases]")
    with np.load(tmp_path / "lenet.npz") as file:
        names = [name for name in file.files if name.startswith("output") and "bias" in name]
        assert file[names[0]].tolist() == weights


# --------------------------------------------------------------------------- drawing


def test_one_draws_on_the_network_while_it_learns(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 100)
        page.click("[data-lx=draw]")
        until(page, "document.querySelector('.lenet-explorer')?.dataset.ready === 'yes'")
        explorer = page.locator(".lenet-explorer")
        assert not explorer.locator("[data-lx=choices]").is_visible()
        map_of = """() => document.querySelector(".lenet-explorer [data-lx=network]")
            .querySelectorAll("canvas")[1].toDataURL()"""
        first = page.evaluate(map_of)
        until(page, f"({map_of})() !== {first!r}")  # it changes by itself
        pause(page)
        paper = explorer.locator("[data-lx=paper]")
        paper.scroll_into_view_if_needed()
        explorer.locator("[data-lx=clear]").click()
        box = paper.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40, steps=8)
        page.mouse.up()
        until(page, "/reads a \\d/.test(document.querySelector('[data-lx=verdict]').innerText)")
        page.select_option("[data-lx=c1]", "2")  # another network takes its place
        until(page, "document.querySelectorAll('[data-lx=kernelsNow] canvas').length === 2")
        page.wait_for_timeout(2500)


def numbers(page):
    """Return all weights and biases of the network that is trained, in one row."""
    rows = page.evaluate(
        """LeNet.trainer.run.network.layers.map(
            ({ weights = [], biases = [] }) => [...weights, ...biases])"""
    )
    return np.concatenate([np.array(one) for one in rows])


def test_a_digit_that_is_learned_by_hand_goes_into_the_network_that_learns(browser, server):
    ready_to = "document.querySelector('[data-lx=learn]').disabled"
    with opened(browser, server) as (page, _):
        start(page, 300)
        page.click("[data-lx=draw]")
        until(page, "document.querySelector('.lenet-explorer')?.dataset.ready === 'yes'")
        learn, told = page.locator("[data-lx=learn]"), page.locator("[data-lx=learnSteps]")
        until(page, ready_to)  # a step would be lost with the next snapshot
        assert "Pause it" in told.inner_text()
        pause(page)
        until(page, f"!{ready_to}")
        page.wait_for_timeout(2500)  # the last snapshot may be on its way
        before = numbers(page)
        learn.click()
        after = numbers(page)
        assert 0 < np.abs(after - before).max()
        page.wait_for_timeout(2500)  # nothing puts it back
        assert (numbers(page) == after).all() and "One step" in told.inner_text()
        judged = page.evaluate(f"{HISTORY}.accuracies")
        assert judged[-1][0] == seen(page)  # the changed network was judged
        page.click("[data-lx=undoStep]")
        assert (numbers(page) == before).all()
        wrong = page.locator("[data-lx=meant] input:not(:checked)").first
        wrong.check()  # a label that costs much, so that the steps are large
        page.locator("[data-lx=learnMany]").click()
        after = numbers(page)
        assert np.abs(after - before).max() > 0.03
        steps(page, 1)  # the worker goes on from there: one of its steps moves no weight far
        until(page, "LeNet.trainer.run.network.name === 'trained-1'")
        assert np.abs(numbers(page) - after).max() < 0.01
        until(page, f"{ready_to} === false")
        assert "No step" in told.inner_text()


# --------------------------------------------------------------------------- what may go wrong


def test_a_rate_that_is_too_large_is_told_and_can_be_lowered(browser, server):
    with opened(browser, server, "#train=rate:100") as (page, _):
        page.click(GO)
        until(page, "LeNet.trainer.run.state === 'stopped'")
        said = page.locator("[data-lx=messages]").inner_text()
        assert "too large" in said and "rate of 100" in said
        assert page.evaluate("LeNet.trainer.run.network.layers[0].weights.every(Number.isFinite)")
        count = page.evaluate("LeNet.trainer.run.count")
        page.click("[data-lx=slower]")
        until(page, "LeNet.trainer.run.settings.rate === 10")
        assert page.locator("[data-lx=rate]").input_value() == "10"
        assert page.evaluate("LeNet.trainer.run.count") == count  # it goes on from where it was


def test_digits_that_are_missing_are_told_and_can_be_asked_for_again(browser, server):
    page, _, _ = visit(browser, f"{server}/{PAGE}")
    page.route("**/weights/**", lambda route: route.abort())
    page.click(GO)
    until(page, "document.querySelector('[data-lx=messages]').innerText")
    assert "missing" in page.locator("[data-lx=messages]").inner_text()
    page.unroute("**/weights/**")
    start(page)
    assert page.locator("[data-lx=messages]").inner_text() == ""
    page.context.close()


def test_where_the_explorer_can_not_be_loaded_that_is_told(browser, server):
    page, _, _ = visit(browser, f"{server}/{PAGE}")
    start(page, 50)
    page.route("**/joined-learned.js*", lambda route: route.abort())
    page.click("[data-lx=draw]")
    until(page, "document.querySelector('[data-lx=messages]').innerText")
    assert "joined-learned" in page.locator("[data-lx=messages]").first.inner_text()
    page.unroute("**/joined-learned.js*")
    page.click("[data-lx=draw]")
    until(page, "document.querySelector('.lenet-explorer')?.dataset.ready === 'yes'")
    assert page.locator("[data-lx=messages]").first.inner_text() == ""
    page.context.close()


def test_a_browser_without_workers_is_told_so(browser, server):
    with opened(browser, server) as (page, _):
        page.evaluate("window.Worker = function () { throw new Error('refused') }; 0")
        page.click(GO)
        until(page, "LeNet.trainer.run.state === 'stopped'")
        assert "a worker" in page.locator("[data-lx=messages]").inner_text()
        assert not page.locator("[data-lx=slower]").is_visible()


def test_a_hidden_tab_paints_nothing_and_catches_up(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 200)
        hide = """hidden => { Object.defineProperty(document, "hidden",
            { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange")) }"""
        page.evaluate(hide, True)
        page.wait_for_timeout(300)
        shown = page.locator("[data-lx=seen]").inner_text()
        then = seen(page)
        until(page, f"LeNet.trainer.run.last.seen > {then + 500}")  # it goes on
        assert page.locator("[data-lx=seen]").inner_text() == shown
        page.evaluate(hide, False)
        assert page.locator("[data-lx=seen]").inner_text() != shown


def test_the_worker_ends_when_the_page_is_left(browser, server):
    with opened(browser, server) as (page, _):
        start(page, 100)
        assert len(page.workers) == 1
        page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
        latest = 100
        while page.workers and latest:
            page.wait_for_timeout(50)
            latest -= 1
        assert not page.workers
        assert state(page) == "idle"


# --------------------------------------------------------------------------- how it looks


def test_the_training_is_in_one_view(browser, server):
    with opened(browser, server) as (page, _):
        page.set_viewport_size({"width": 1280, "height": 800})
        start(page, 200)
        page.wait_for_timeout(1500)
        for part in (".lt-bar", ".lt-curves", ".lt-pictures", ".lt-after", ".lt-choices"):
            box = page.locator(part).bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= 800, part


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(browser, server, width, theme):
    with opened(browser, server, width=width, theme=theme) as (page, _):
        before, _ = look_with_axe(page)
        start(page, 500)
        page.click("[data-lx=draw]")
        until(page, "document.querySelector('.lenet-explorer')?.dataset.ready === 'yes'")
        pause(page)
        keep(page, "mine")
        page.click("[data-lx=share]")
        page.locator(".lt-table summary").click()
        until(page, "document.querySelector('[data-lx=rows] tr')")
        after, rules = look_with_axe(page)
        grave = [one for one in before + after if one[0] in GRAVE]
        assert grave == [] and rules > 20
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_screen_reader_is_told_now_and_then(browser, server):
    with opened(browser, server) as (page, _):
        page.evaluate(
            """() => { window.told = [];
                new MutationObserver(() => told.push(performance.now()))
                    .observe(document.querySelector("[data-lx=spoken]"), { childList: true }) }"""
        )
        start(page)
        until(page, "told.length > 1")
        first, second = page.evaluate("told.slice(0, 2)")
        assert second - first > 3000
        said = page.locator(".lenet-trainer > [data-lx=spoken]").inner_text()
        assert re.fullmatch(r"After [\d ]+ digits: [\d.]+ % of held-out digits right\.", said)
