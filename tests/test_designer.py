"""The designer counts as the package counts, writes programs that run, and loses nothing."""

import contextlib
import copy
import io
import json
import random
import re
from urllib.parse import unquote

import pytest
from browsing import GRAVE, look_with_axe, until, visit
from contents import ROOT

from lenet_tutorial import shapes

PAGE = "book/calculator.html"
COSTS = ("parameters", "connections", "multiplyAdds")
DEFAULTS = {
    "convolution": {
        **{"maps": 6, "kernel": 5, "stride": 1, "padding": "valid", "dilation": 1},
        **{"activation": "tanh", "table": "full", "bias": "map"},
    },
    "average": {"kernel": 2, "stride": 2, "padding": "valid"},
    "max": {"kernel": 2, "stride": 2, "padding": "valid"},
    "subsampling": {"activation": "squash"},
    "dense": {"maps": 84, "activation": "tanh"},
    "rbf": {},
}
PRESETS = ("textbook", "article", "lenet5", "lenet1", "net1989")


# --------------------------------------------------------------------------- designs by chance


def some_window(chance, kind):
    layer = DEFAULTS[kind] | {
        "kernel": chance.choice((1, 2, 3, 3, 5, 5, 7)),
        "stride": chance.choice((1, 1, 1, 2, 3)),
        "padding": chance.choice(("valid", "valid", "same", 1, 2)),
    }
    if kind == "convolution":
        layer["maps"] = chance.choice((1, 3, 4, 6, 8, 16))
        layer["activation"] = chance.choice(("linear", "tanh", "relu", "sigmoid", "squash"))
        layer["dilation"] = chance.choice((1, 1, 1, 1, 2))
        if chance.random() < 0.2:
            layer["bias"] = "unit"
        if chance.random() < 0.1:
            layer["padding"] = [2, 1]
    return layer


def some_table(chance, layer, below):
    if below == 6 and layer["maps"] == 16 and chance.random() < 0.7:
        return "1998"
    maps = range(below + (chance.random() < 0.1))  # now and then one that is not there
    least = 0 if chance.random() < 0.05 else 1
    return [
        sorted(chance.sample(maps, chance.randint(min(least, below), below)))
        for _ in range(layer["maps"])
    ]


def some_design(seed):
    """Make a design by chance: possible more often than not."""
    chance = random.Random(seed)
    layers, below = [], 1
    for number in range(chance.randint(1, 4)):
        kind = chance.choice(("convolution", "convolution", "average", "max", "subsampling"))
        layer = DEFAULTS[kind] | {"name": f"L{number}", "kind": kind}
        if kind != "subsampling":
            layer |= some_window(chance, kind)
        if kind == "convolution":
            if chance.random() < 0.35:
                layer["table"] = some_table(chance, layer, below)
            below = layer["maps"]
        layers.append(layer)
    for number in range(chance.randint(0, 2)):
        units = chance.choice((10, 30, 84))
        activation = chance.choice(("tanh", "squash", "softmax", "linear"))
        layers.append(
            {"name": f"F{number}", "kind": "dense", "maps": units, "activation": activation}
        )
    if chance.random() < 0.2:
        layers.append({"name": "output", "kind": "rbf"})
    if chance.random() < 0.04:
        layers.append(DEFAULTS["max"] | {"name": "late", "kind": "max"})
    return {"size": chance.choice((12, 16, 28, 32, 33)), "layers": layers}


DESIGNS = [some_design(seed) for seed in range(400)]


def reference(design):
    """Return the costs of each layer, by the rules of the package; None from where one is wrong."""
    maps, side, reach = 1, design["size"], shapes.Reach("input", design["size"], 1, 1, 0)
    found = []
    with contextlib.suppress(ValueError):
        for layer in design["layers"]:
            kind, inputs = layer["kind"], maps * max(side, 1) ** 2
            if kind == "dense":
                maps, side = layer["maps"], 0
                cost = [maps * (inputs + 1), maps * (inputs + 1), maps * inputs]
            elif kind == "rbf":
                if inputs != 84:
                    raise ValueError(inputs)
                maps, side, cost = 10, 0, [0, 840, 840]
            else:
                if not side:
                    raise ValueError("no maps")
                maps, reach, cost = windowed(layer, maps, reach)
                side = reach.size
            window = (reach.receptive_field, reach.jump) if side else None
            found.append((maps, side, *cost, window))
    return found + [None] * (len(design["layers"]) - len(found))


def windowed(layer, maps, reach):
    kind = layer["kind"]
    numbers = [layer.get(name, 2) for name in ("kernel", "stride")]
    padding = layer.get("padding", "valid")
    padding = tuple(padding) if isinstance(padding, list) else padding
    window = shapes.Window(layer["name"], *numbers, padding, layer.get("dilation", 1))
    reach = shapes.advance(reach, window)
    places, kernel = reach.size**2, numbers[0]
    if kind == "subsampling":
        return maps, reach, [2 * maps, places * maps * 5, places * maps]
    if kind != "convolution":
        return maps, reach, [0, places * maps * kernel**2, 0]
    out, table = layer["maps"], layer["table"]
    special = table != "full" or layer["bias"] == "unit" or isinstance(padding, tuple)
    if special and layer["dilation"] > 1:
        raise ValueError("no dilation")
    pairs = out * maps
    if table == "1998":
        if (maps, out) != (6, 16):
            raise ValueError("table")
        pairs = 60
    elif table != "full":
        if not all(table) or max(max(row) for row in table) >= maps:
            raise ValueError("table")
        pairs = sum(map(len, table))
    biases = out * (places if layer["bias"] == "unit" else 1)
    work = places * pairs * kernel**2
    return out, reach, [pairs * kernel**2 + biases, work + places * out, work]


@pytest.fixture(scope="module")
def page(browser, server):
    """Open the calculator once."""
    opened, _, problems = visit(browser, f"{server}/{PAGE}")
    yield opened
    assert not problems
    opened.context.close()


def counted(page, designs):
    return page.evaluate(
        """designs => designs.map(design => LeNet.design.count(design).map(
            one => (one.error ? { ...one, error: { code: one.error.code } } : one)))""",
        designs,
    )


@pytest.mark.browser
def test_random_designs_cost_what_the_rules_say(page):
    fits = 0
    for design, counts in zip(DESIGNS, counted(page, DESIGNS), strict=True):
        for count, want in zip(counts, reference(design), strict=True):
            assert bool(count.get("error")) == (want is None), (design, count)
            if want is None:
                assert count["error"]["code"], design
                continue
            maps, side, *costs, window = want
            assert (count["maps"], count["side"]) == (maps, side), design
            assert [count[name] for name in COSTS] == costs, design
            if window:
                assert (count["field"], count["jump"]) == window, design
            fits += 1
    assert fits > 800  # layers
    wrong = {
        one["error"]["code"] for some in counted(page, DESIGNS) for one in some if "error" in one
    }
    assert wrong >= {"place", "after", "codes", "needsMaps", "noMap", "emptyRow", "tableDilation"}


# --------------------------------------------------------------------------- programs


def run(code):
    """Run a program as a reader would; return its model and what it printed."""
    names, said = {}, io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "<designer>", "exec"), names)
    return names["model"], said.getvalue()


def compare(design, counts, model):
    """Compare a design with the model that its program made, and the package's table of that."""
    from lenet_tutorial.tables import layer_table

    table = layer_table(model)
    assert len(table) == len(counts)
    fixed = 840 * sum(layer["kind"] == "rbf" for layer in design["layers"])  # codes, no parameters
    assert model.count_params() == sum(one["parameters"] for one in counts) + fixed
    padded = False
    for count, layer, (_, row) in zip(counts, design["layers"], table.iterrows(), strict=True):
        assert row["output"] == count["output"], design
        costs = [row[name] for name in ("parameters", "connections", "multiply_adds")]
        assert costs == [count[name] for name in COSTS], (design, count["name"])
        padded |= layer.get("padding", "valid") != "valid"
        assert row["receptive_field"] == count["sees"], (design, count["name"])
        if not padded and count["side"]:
            assert count["sees"] == count["field"]
    return table


@pytest.mark.browser
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_the_network_of_the_package(page, name):
    from lenet_tutorial import models
    from lenet_tutorial.tables import layer_table

    made = {
        "textbook": models.lenet5_textbook,
        "article": models.lenet5_article,
        "lenet5": models.lenet5_1998,
        "lenet1": models.lenet1,
        "net1989": models.lenet_1989,
    }[name]()
    design = page.evaluate("name => LeNet.design.PRESETS[name]", name)
    counts = counted(page, [design])[0]
    table = compare(design, counts, made)
    model, said = run(page.evaluate("design => LeNet.design.code(design).code", design))
    assert compare(design, counts, model).equals(table)
    assert layer_table(model).index.tolist() == [layer["name"] for layer in design["layers"]]
    total = page.evaluate("design => LeNet.design.total(LeNet.design.count(design))", design)
    assert total["parameters"] == table["parameters"].sum()
    assert "Total params" in said
    curves = [getattr(layer, "activation", None) for layer in made.layers]
    assert curves == [getattr(layer, "activation", None) for layer in model.layers]
    for mine, theirs in zip(made.layers, model.layers, strict=True):
        assert getattr(mine, "table", None) == getattr(theirs, "table", None)
        assert getattr(mine, "background", None) == getattr(theirs, "background", None)


@pytest.mark.browser
def test_the_program_of_a_random_design_makes_the_network_that_was_counted(page):
    import keras

    told = page.evaluate("designs => designs.map(LeNet.design.code)", DESIGNS)
    ran, refused = 0, 0
    for design, one, counts in zip(DESIGNS, told, counted(page, DESIGNS), strict=True):
        if any(count.get("error") for count in counts):
            assert one["code"] is None and "impossible" in one["why"]
            continue
        if one["code"] is None:
            assert "stride and a dilation" in one["why"]
            refused += 1
            continue
        if ran >= 60:
            break
        model, _ = run(one["code"])
        compare(design, counts, model)
        ran += 1
        keras.backend.clear_session()
    assert ran >= 60 and refused > 0


@pytest.mark.browser
def test_a_program_takes_any_names(page):
    layers = [
        DEFAULTS["max"] | {"name": name, "kind": "max"} for name in ("a b", "A_b", 'x"', "池")
    ]
    layers.append(DEFAULTS["dense"] | {"name": "flatten", "kind": "dense"})
    design = {"size": 32, "layers": layers}
    model, _ = run(page.evaluate("design => LeNet.design.code(design).code", design))
    assert [layer.name for layer in model.layers] == [
        "a_b",
        "A_b_2",
        "x_",
        "_",
        "flatten_2",
        "flatten",
    ]


# --------------------------------------------------------------------------- links


@pytest.mark.browser
def test_a_link_brings_a_design_back(page):
    back = page.evaluate(
        """designs => designs.map(one => {
            const link = LeNet.design.links.write(one);
            return [link, LeNet.design.links.read('#' + link)];
        })""",
        DESIGNS,
    )
    for design, (link, read) in zip(DESIGNS, back, strict=True):
        assert read == design, link
        assert re.fullmatch(r"design=1\.[\w.~%-]+", link)
    names = ["a~b", "a.b&c", "100 %", "池化", "", "(x)!*'"]
    layers = [DEFAULTS["average"] | {"name": name, "kind": "average"} for name in names]
    link, read = page.evaluate(
        """design => {
            const link = LeNet.design.links.write(design);
            return [link, LeNet.design.links.read(`#${link}`)];
        }""",
        {"size": 9, "layers": layers},
    )
    assert [layer["name"] for layer in read["layers"]] == names
    assert "池化" in unquote(link)


@pytest.mark.browser
@pytest.mark.parametrize("name", PRESETS)
def test_the_link_of_a_network_of_the_book_is_short(page, name):
    link = page.evaluate("n => LeNet.design.links.write(LeNet.design.PRESETS[n])", name)
    assert len(link) < 200


BROKEN = (
    "design=",
    "design=2.32.C1~c6k5s1at",
    "design=1.x",
    "design=1.32.C1",
    "design=1.32.C1~q6",
    "design=1.32.C1~c6k5s1at~",
    "design=1.32.C1~c6k5s1atz",
    "design=1.32.C1~d6k5",
    "design=1.32.C1~c6k5s1ax",
    "design=1.32.C1~c6k5s1p3-1at",
    "design=1.32.S2~vk2s2p2-1",
    "design=1.32.C1~m6k2s2",
    "design=1.32.%~vk2s2",
    "design=1.32" + 21 * ".a~vk2s2",
    "layer=1.6",
    "layer=1.6.d10at",
    "layer=9.6.c6k3s1at",
)


@pytest.mark.browser
@pytest.mark.parametrize("fragment", BROKEN)
def test_a_broken_link_is_told_and_nothing_is_lost(browser, server, fragment):
    page, _, problems = visit(browser, f"{server}/{PAGE}#{fragment}")
    assert "can’t be read" in page.get_by_role("alert").inner_text()
    assert page.locator(".lc-card").count() == 7
    assert "Output: 4 × 4" in page.locator(".lc-one .lc-answer").inner_text()
    assert page.get_by_role("button", name="Undo").is_disabled()
    assert not problems
    page.context.close()


# --------------------------------------------------------------------------- the page


@pytest.fixture
def fresh(browser, server):
    page, _, problems = visit(browser, f"{server}/{PAGE}")
    yield page
    assert not problems
    page.context.close()


def totals(page):
    return page.locator(".lc-totals").inner_text().replace("\u00a0", " ")


def names(page):
    return page.locator(".lc-card .lc-name").evaluate_all("all => all.map(one => one.value)")


@pytest.mark.browser
def test_presets_are_loaded_and_undone(fresh):
    assert "61 706 parameters, 429 342 connections" in totals(fresh)
    fresh.get_by_role("button", name="LeNet-5 of 1998").click()
    assert "60 000 parameters, 340 908 connections" in totals(fresh)
    fresh.get_by_role("button", name="The network of 1989").click()
    assert "9 760 parameters, 64 660 connections" in totals(fresh)
    fresh.get_by_role("button", name="LeNet-1").click()
    assert "2 578 parameters, 98 442 connections" in totals(fresh)
    fresh.get_by_role("button", name="The Keras LeNet").click()
    assert "44 426 parameters" in totals(fresh)
    for words in ("2 578", "9 760", "60 000", "61 706"):
        fresh.get_by_role("button", name="Undo").click()
        assert f"{words} parameters" in totals(fresh)
    assert fresh.get_by_role("button", name="Undo").is_disabled()
    fresh.get_by_role("button", name="Redo").click()
    assert "60 000 parameters" in totals(fresh)


@pytest.mark.browser
def test_a_removed_layer_comes_back_and_typing_is_one_step(fresh):
    fresh.get_by_role("button", name="Remove F6").click()
    assert "F6 is gone" in fresh.locator(".lc-list .lc-said").inner_text()
    assert names(fresh) == ["C1", "S2", "C3", "S4", "C5", "output"]
    assert "Remove output" in fresh.evaluate("document.activeElement.getAttribute('aria-label')")
    fresh.keyboard.press("Control+z")
    assert names(fresh) == ["C1", "S2", "C3", "S4", "C5", "F6", "output"]
    field = fresh.get_by_label("C1: number of maps or units")
    field.fill("")
    assert (
        "must be a whole number, and the field is empty"
        in fresh.locator(".lc-list > .lc-answer").inner_text()
    )
    field.press_sequentially("12")
    assert "12@28×28" in fresh.locator(".lc-card").first.inner_text()
    fresh.get_by_role("button", name="Undo").click()
    assert field.input_value() == "6"
    fresh.get_by_role("button", name="Redo").click()
    assert fresh.get_by_label("C1: number of maps or units").input_value() == "12"


@pytest.mark.browser
def test_a_kind_brings_its_fields(fresh):
    card = fresh.locator(".lc-card").nth(1)
    fresh.get_by_label("S2: kind").select_option("dense")
    assert card.get_by_label("S2: number of maps or units").is_visible()
    assert not card.get_by_label("S2: kernel").is_visible()
    assert (
        "C3: A window slides over maps, and S2 has single units."
        in fresh.locator(".lc-list > .lc-answer").inner_text()
    )
    assert "comes after C3" in fresh.locator(".lc-card").nth(3).inner_text()
    assert fresh.locator(".lc-card.lc-bad").count() == 5
    assert totals(fresh) == ""
    fresh.get_by_role("button", name="Undo").click()
    assert fresh.locator(".lc-card.lc-bad").count() == 0


@pytest.mark.browser
def test_a_table_is_clicked_and_follows_the_number_of_maps(fresh):
    fresh.get_by_role("button", name="LeNet-5 of 1998").click()
    card = fresh.locator(".lc-card").nth(2)
    assert "1 516" in card.inner_text().replace("\u00a0", " ")
    fresh.get_by_label("C3: maps that it sees").select_option("own")
    boxes = card.get_by_role("checkbox")
    assert boxes.count() == 96
    assert card.locator("input:checked").count() == 60
    fresh.get_by_label("Map 1 sees map 4 below").check()
    assert "1 541" in card.inner_text().replace("\u00a0", " ")
    assert fresh.evaluate("document.activeElement.ariaLabel") == "Map 1 sees map 4 below"
    fresh.get_by_label("Map 2 sees map 2 below").focus()
    for map in (2, 3, 4):
        fresh.get_by_label(f"Map 2 sees map {map} below").uncheck()
    assert "Map 2 sees no map below" in card.inner_text()
    fresh.get_by_label("Map 2 sees map 3 below").check()
    fresh.get_by_label("C3: number of maps or units").fill("17")
    assert boxes.count() == 17 * 6
    fresh.get_by_label("C3: number of maps or units").fill("3")
    assert boxes.count() == 18
    for _ in range(3):
        fresh.get_by_role("button", name="Undo").click()
    assert "C3" in names(fresh)


@pytest.mark.browser
def test_the_link_of_the_page_opens_the_same_design(fresh, server):
    fresh.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    fresh.get_by_role("button", name="LeNet-1").click()
    fresh.get_by_label("C1: kernel").fill("3")
    fresh.get_by_role("button", name="Link to this network").click()
    fresh.locator(".lc-list .lc-link").get_by_text("Copied.").wait_for()
    link = fresh.evaluate("navigator.clipboard.readText()")
    assert link == fresh.url and "#design=1.28.C1~c4k3s1aq" in link
    said = totals(fresh)
    other = fresh.context.new_page()
    other.goto(link)
    assert totals(other) == said and names(other) == names(fresh)
    # It can be undone, and another link in the same page too.
    other.get_by_role("button", name="Undo").click()
    assert "61 706" in totals(other)
    other.evaluate("location.hash = 'design=1.16.only~d10ax'")
    until(other, "document.querySelectorAll('.lc-card').length === 1")
    other.get_by_role("button", name="Undo").click()
    assert "61 706" in totals(other)


@pytest.mark.browser
def test_one_layer_has_a_link_too(fresh, browser, server):
    fresh.get_by_label("Input i").fill("28")
    fresh.get_by_label("Stride s").fill("2")
    fresh.locator(".lc-one").get_by_label("Padding").select_option("same")
    fresh.get_by_role("button", name="Link to this layer").click()
    link = fresh.locator(".lc-one .lc-link input").input_value()
    said = fresh.locator(".lc-one .lc-answer").inner_text()
    for place in (link, link.replace(PAGE, "chapters/03-output-size.html")):
        other, _, problems = visit(browser, place)
        assert other.locator(".lc-one .lc-answer").inner_text() == said
        assert not problems
        other.context.close()
    fresh.get_by_label("Kernel k").fill("40")
    fresh.locator(".lc-one").get_by_label("Padding").select_option("valid")
    fresh.get_by_role("button", name="Link to this layer").click()
    assert "make no link" in fresh.locator(".lc-one .lc-link").inner_text()


@pytest.mark.browser
def test_code_is_copied_as_it_stands(fresh, server):
    fresh.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    fresh.get_by_role("button", name="The network of 1989").click()
    fresh.get_by_role("button", name="Copy the code").click()
    fresh.locator(".lc-code [role=status]").get_by_text("Copied.").wait_for()
    code = fresh.evaluate("navigator.clipboard.readText()")
    assert code.startswith("import keras\n") and 'bias="unit"' in code
    assert "come with the book's package" in code
    fresh.get_by_role("button", name="Textbook LeNet-5").click()
    assert "lenet_tutorial" not in fresh.locator(".lc-code code").inner_text()


# --------------------------------------------------------------------------- the way to training


@pytest.mark.browser
@pytest.mark.parametrize(
    ("preset", "change", "want"),
    [
        (
            "textbook",
            {},
            "#train=activation:tanh,pooling:average,table:full,c1:6,c3:16,c5:120,f6:84,input:32",
        ),
        (
            "article",
            {},
            "#train=activation:tanh,pooling:max,table:full,c1:6,c3:16,c5:120,f6:84,input:28",
        ),
        ("lenet5", {}, "output"),
        ("lenet1", {}, "layers"),
        ("net1989", {}, "size"),
        ("textbook", {"size": 33}, "size"),
        ("textbook", {0: {"kernel": 40}}, "impossible"),
        ("article", {0: {"kernel": 3}}, "windows"),
        ("textbook", {0: {"activation": "relu"}}, "activation"),
        ("textbook", {1: {"kind": "max"}}, "pooling"),
        ("textbook", {0: {"maps": 33}}, "many"),
        ("textbook", {6: {"activation": "linear"}}, "output"),
        ("textbook", {2: {"bias": "unit"}}, "bias"),
        ("textbook", {2: {"table": [[0]] * 16}}, "table"),
    ],
)
def test_what_can_be_trained_has_its_settings_and_what_can_not_a_reason(page, preset, change, want):
    design = copy.deepcopy(page.evaluate("name => LeNet.design.PRESETS[name]", preset))
    design["size"] = change.pop("size", design["size"])
    for place, values in change.items():
        design["layers"][place] |= values
    got = page.evaluate("design => LeNet.design.training(design)", design)
    assert got == ({"fragment": want} if want.startswith("#") else {"why": want})
    if "why" in got:
        words = json.loads((ROOT / "book/words/en/calculator.json").read_text(encoding="utf-8"))
        assert words[f"train.{want}"]


@pytest.mark.browser
def test_the_page_that_trains_is_offered_where_the_book_has_one(fresh, site):
    link = fresh.locator(".lc-train")
    assert link.count() == (site / "book" / "learn.html").is_file()
    if not link.count():
        return
    assert link.get_attribute("href").startswith("learn.html#train=activation:tanh")
    settings = fresh.context.new_page()
    settings.goto(link.evaluate("link => link.href"))
    assert settings.evaluate("LeNet.trainLink.read(location.hash).inputSize") == 32
    fresh.get_by_role("button", name="LeNet-1").click()
    assert not link.is_visible()
    assert "seven layers only" in fresh.locator(".lc-list").inner_text()


# --------------------------------------------------------------------------- on a phone


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_designer_fits_and_axe_finds_nothing_grave(browser, server, width, theme):
    page, _, problems = visit(browser, f"{server}/{PAGE}", width=width, theme=theme)
    page.get_by_role("button", name="LeNet-5 of 1998").click()
    page.get_by_label("C3: maps that it sees").select_option("own")
    page.get_by_label("C1: kernel").fill("40")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for card in page.locator(".lc-card").all():
        box = card.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth + 1")
    found, _ = look_with_axe(page, ".lenet-calculator")
    assert not [one for one in found if one[0] in GRAVE], found
    assert not problems
    page.context.close()
