"""The backward view: slopes are those of Keras and of a measurement; a step is −rate × slope."""

import base64

import numpy as np
import pytest
from browsing import GRAVE, look_with_axe, until
from exploring import PAGE, WEIGHTS, open_explorer, page_of_scripts, samples, settle

from lenet_tutorial.explorer import export
from lenet_tutorial.losses import MapLoss

pytestmark = pytest.mark.browser

LAST = export.EPOCHS[-1]
TOLERANCE = 1e-4  # of the largest slope of the layer

HELPERS = """() => {
    window.floats = text => new Float32Array(
        Uint8Array.from(atob(text), one => one.charCodeAt(0)).buffer);
    window.text = values => {
        const bytes = new Uint8Array(Float32Array.from(values).buffer);
        return btoa(Array.from(bytes, one => String.fromCharCode(one)).join(""));
    };
    // A small network of chosen activations and poolings, with weights drawn by a simple rule.
    window.small = ({ activation, pooling, end, table }) => {
        let seed = 7;
        const scale = activation === "sigmoid" ? 4 : 1; // its slope is a quarter at most
        const random = () => scale * ((seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5);
        const draw = count => Float32Array.from({ length: count }, random);
        const pool = name => ({ name, kind: pooling, kernel: 2, stride: 2,
            ...(pooling === "subsampling" ? { activation } : {}) });
        const given = [
            { name: "C1", kind: "convolution", kernel: 3, stride: 1, maps: 3, activation },
            { ...pool("S2"), maps: 3 },
            { name: "C3", kind: "convolution", kernel: 2, stride: 1, maps: 4, activation,
              ...(table ? { table: [[0, 1], [1, 2], [0, 2], [0, 1, 2]] } : {}) },
            { ...pool("S4"), maps: 4 },
            { name: "F5", kind: "dense", maps: 12, activation },
            end === "rbf" ? { name: "output", kind: "rbf", maps: 10 }
                          : { name: "output", kind: "dense", maps: 10, activation: "softmax" },
        ];
        let size = 12, maps = 1;
        const layers = given.map(one => {
            const layer = { ...one, inputs: maps, below: size };
            if (!layer.kernel) Object.assign(layer, { kernel: size, stride: 1 });
            layer.size = (size - layer.kernel) / layer.stride + 1;
            const count = layer.maps * maps * layer.kernel ** 2;
            if (layer.kind === "subsampling") {
                layer.coefficients = draw(layer.maps);
                layer.biases = draw(layer.maps);
            } else if (layer.kind === "rbf") layer.codes = draw(count).map(Math.sign);
            else if (!layer.kind.endsWith("pooling")) {
                layer.weights = draw(count);
                layer.biases = draw(layer.maps);
                if (layer.table) layer.weights.forEach((_, n) => {
                    const [map, from] = [Math.floor(n / maps / layer.kernel ** 2),
                                         Math.floor(n / layer.kernel ** 2) % maps];
                    if (!layer.table[map].includes(from)) layer.weights[n] = 0;
                });
            }
            [size, maps] = [layer.size, layer.maps];
            return layer;
        });
        return { name: "small", inputSize: 12, entry: {}, layers, image: draw(144) };
    };
}"""


@pytest.fixture(scope="module")
def engine(browser):
    """Open an empty page with the scripts and all weights."""
    names = ("say", "widgets", "shapes", "engine", "preprocess", "backward", "slopes")
    with page_of_scripts(browser, *names) as page:
        page.evaluate(HELPERS)
        yield page


def encode(values):
    return base64.b64encode(np.ascontiguousarray(values, np.float32).tobytes()).decode()


def decode(text):
    return np.frombuffer(base64.b64decode(text), np.float32)


def with_keras(name, epoch, images, labels, slopes=True):
    """Return the losses, and the slopes of each layer's values, the images first, and weights."""
    import keras
    import tensorflow as tf

    model = export.load(WEIGHTS, name, epoch)
    right = tf.constant(labels)
    values = [tf.constant(images[..., None])]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values[0])
        here = values[0]
        for layer in model.layers:
            if layer is model.layers[-1] and getattr(layer, "activation", None):
                assert layer.activation is keras.activations.softmax
                here = tf.matmul(here, layer.kernel) + layer.bias
                values.append(here)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(right, here)
                continue
            here = layer(here)
            if not isinstance(layer, keras.layers.Flatten):
                values.append(here)
                if layer is model.layers[-1]:
                    losses = MapLoss(reduction=None)(right, here)
        if not slopes:
            return losses.numpy()
        each = [losses[n] for n in range(len(images))]
    units = tape.gradient(losses, values)
    weights = [
        [tape.gradient(one, [w.value for w in layer.trainable_weights]) for one in each]
        for layer in model.layers
        if not isinstance(layer, keras.layers.Flatten)
    ]
    return losses.numpy(), [one.numpy() for one in units], weights, model


def in_our_order(layer, array, arrays):
    """Bring a slope of a Keras layer's weights into the order (map, map below, place)."""
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1).ravel()
    if array.ndim == 3:  # with a table: (row, column, pair)
        places = array.reshape(-1, array.shape[-1])
        whole = np.zeros((len(layer.table), arrays, len(places)), np.float32)
        pairs = [(out, seen) for out, below in enumerate(layer.table) for seen in below]
        for pair, (out, seen) in enumerate(pairs):
            whole[out, seen] = places[:, pair]
        return whole.ravel()
    if array.ndim == 2 and arrays != len(array):  # over maps: Keras has (place, map below)
        return array.reshape(-1, arrays, array.shape[1]).transpose(2, 1, 0).ravel()
    return array.T.ravel()


@pytest.mark.parametrize("epoch", [0, LAST])
@pytest.mark.parametrize("name", export.NETWORKS)
def test_slopes_are_those_of_keras(engine, name, epoch):
    """The sample that is read worst, and others with a wrong label.

    Where an answer is right and sure, all slopes are nearly 0, and float32, in which Keras
    computes, knows few digits of 1 − p. A little noise is on the paper: of equal values in a
    window only one could win.
    """
    shown = export.network(name).input
    images, labels = samples()
    ready = shown.prepare(images)[..., 0].astype(np.float32)
    losses = with_keras(name, epoch, ready, labels, slopes=False)
    chosen = [int(np.argmax(losses)), 3, 17, 44]
    labels = labels[chosen].copy()
    labels[1:] = (labels[1:] + 5) % 10
    noise = np.random.default_rng(1).uniform(0, 0.02, (len(chosen), shown.side, shown.side))
    inputs = (shown.prepare(images[chosen])[..., 0] + noise).astype(np.float32)
    losses, units, weights, model = with_keras(name, epoch, inputs, labels)
    import keras

    layers = [one for one in model.layers if not isinstance(one, keras.layers.Flatten)]
    for n, image in enumerate(inputs):
        told = engine.evaluate(
            """([name, epoch, image, label]) => {
                const net = network(name, epoch);
                // The noisy image is what the network is given; nothing is scaled again.
                const plain = { ...net, entry: {} };
                const out = LeNet.engine.forward(plain, floats(image));
                const found = LeNet.backward(plain, out, label);
                return [found.loss, found.units.map(text), found.layers.map(one =>
                    Object.fromEntries(Object.entries(one).map(([k, v]) => [k, text(v)])))];
            }""",
            [name, epoch, encode(image), int(labels[n])],
        )
        loss, ours, kept = told
        assert loss == pytest.approx(losses[n], rel=1e-4, abs=1e-5)
        assert len(ours) == len(units) == len(layers) + 1
        for place, (found, want) in enumerate(zip(ours, units, strict=True)):
            want = want[n]
            want = np.moveaxis(want, -1, 0) if want.ndim == 3 else want
            near(decode(found), want.ravel(), f"values {place}")
        maps = 1
        for layer, found, want in zip(layers, kept, weights, strict=True):
            trained = [w.numpy() for w in want[n]] if want[n] else []
            names = ("coefficients", "biases") if "Sub" in type(layer).__name__ else None
            names = names or ("weights", "biases")
            assert list(found) == (list(names) if trained else [])
            for key, slopes in zip(names, trained, strict=False):
                near(decode(found[key]), in_our_order(layer, slopes, maps), f"{layer.name} {key}")
            maps = layer.output.shape[-1]


def near(found, want, where):
    assert found.shape == want.shape, where
    assert np.abs(want).max() > 0, where
    worst = np.abs(found - want).max() / np.abs(want).max()
    assert worst <= TOLERANCE, f"{where}: {worst}"


KINDS = [
    {"activation": activation, "pooling": pooling, "end": end, "table": end == "rbf"}
    for activation, end in (
        *(("tanh", "softmax"), ("relu", "softmax")),
        *(("sigmoid", "softmax"), ("squash", "rbf"), ("linear", "softmax")),
    )
    for pooling in ("average pooling", "max pooling", "subsampling")
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_slopes_are_what_a_measurement_finds(engine, kind):
    """Every weight and pixel of a small network is moved a little, up and down."""
    checked, worst = engine.evaluate(
        """kind => {
            const net = small(kind), label = 3, nudge = 1 / 256;
            const loss = () => {
                const out = LeNet.engine.forward(net, net.image);
                return LeNet.backward(net, out, label).loss;
            };
            const out = LeNet.engine.forward(net, net.image);
            const found = LeNet.backward(net, out, label);
            let checked = 0, worst = 0;
            const compare = (numbers, slopes, seen = () => true) => {
                const largest = Math.max(...slopes.map(Math.abs)) || 1;
                numbers.forEach((kept, n) => {
                    if (!seen(n)) {
                        worst = Math.max(worst, Math.abs(slopes[n])); // no connection, no slope
                        return;
                    }
                    const at = shift => { numbers[n] = kept + shift; return loss(); };
                    // Five points: the curve bends, and float32 allows for no tiny nudge.
                    const measured = (8 * (at(nudge) - at(-nudge)) - at(2 * nudge)
                        + at(-2 * nudge)) / (12 * nudge);
                    numbers[n] = kept;
                    checked++;
                    const apart = Math.abs(measured - slopes[n]) / largest;
                    // Where a maximum or a bend of ReLU lies within the nudge, the two may differ.
                    if (apart > 0.003) missed.push(apart);
                });
            };
            const missed = [];
            compare(net.image, found.units[0]);
            net.layers.forEach((layer, index) => {
                const places = layer.kernel ** 2;
                const seen = n => !layer.table || LeNet.engine.sees(layer,
                    Math.floor(n / places / layer.inputs)).includes(
                    Math.floor(n / places) % layer.inputs);
                for (const [name, slopes] of Object.entries(found.layers[index]))
                    compare(layer[name], slopes, name === "weights" ? seen : undefined);
            });
            const bends = kind.activation === "relu" || kind.pooling === "max pooling";
            if (missed.length > (bends ? 0.15 * checked : 0)) worst = Math.max(...missed);
            return [checked, worst];
        }""",
        kind,
    )
    assert checked > 350 and worst == 0


def test_a_network_with_another_end_is_refused(engine):
    with pytest.raises(Exception, match=r"backward\.noLoss"):
        engine.evaluate(
            """() => { const net = network("textbook", 0);
                net.layers = net.layers.slice(0, 1);
                LeNet.backward(net, LeNet.engine.forward(net, new Float32Array(1024)), 1); }"""
        )


@pytest.mark.parametrize("name", export.NETWORKS)
def test_a_step_is_minus_rate_times_slope_and_the_loss_falls(engine, name):
    images, labels = samples()
    got = engine.evaluate(
        """([name, image, label, epoch]) => {
            const net = network(name, epoch), before = network(name, epoch), rate = 0.01;
            const given = LeNet.preprocess.forNetwork(floats(image), net.inputSize);
            const outputs = LeNet.engine.forward(net, given);
            const { network: next, changes, slopes } = LeNet.learnStep(net, outputs, label, rate);
            let moved = 0, wrong = 0, touched = 0;
            net.layers.forEach((layer, index) => {
                for (const key of ["weights", "biases", "coefficients", "codes"]) {
                    layer[key]?.forEach((value, n) => {
                        const slope = slopes.layers[index][key]?.[n] ?? 0;
                        const step = Math.fround(-rate * slope);
                        const moves = next.layers[index][key][n];
                        if (value !== before.layers[index][key][n]) touched++;
                        if (moves !== value) moved++;
                        if (moves !== Math.fround(value + step)) wrong++;
                        if (slope && changes[index][key][n] !== step) wrong++;
                    });
                }
            });
            const after = LeNet.engine.forward(next, given);
            return [moved, wrong, touched, slopes.loss, LeNet.backward(next, after, label).loss];
        }""",
        [name, encode(images[36] / 255), int(labels[36] + 1) % 10, LAST],
    )
    moved, wrong, touched, before, after = got
    assert moved > 30_000 and wrong == 0 and touched == 0
    assert after < before


def test_a_backward_pass_is_quick(engine):
    images, _ = samples()
    median = engine.evaluate(
        """image => {
            const net = network("textbook", 10);
            const given = LeNet.preprocess.forNetwork(floats(image), net.inputSize);
            const out = LeNet.engine.forward(net, given);
            const times = Array.from({ length: 30 }, () => {
                const start = performance.now();
                LeNet.backward(net, out, 3);
                return performance.now() - start;
            });
            return times.sort((a, b) => a - b)[15];
        }""",
        encode(images[36] / 255),
    )
    print(f"backward pass: {median:.2f} ms")
    assert median < 40


def test_covering_what_matters_not_changes_nothing(engine):
    images, labels = samples()
    side, falls, whole, again = engine.evaluate(
        """([image, label]) => {
            const net = network("textbook", 10);
            const given = LeNet.preprocess.forNetwork(floats(image), net.inputSize);
            const kept = given.slice();
            let last;
            for (const one of LeNet.occlude(net, given, label)) last = one;
            const share = pixels =>
                LeNet.engine.answer(net, LeNet.engine.forward(net, pixels)).shares[label];
            const worst = last.falls.indexOf(Math.max(...last.falls));
            const covered = given.slice();
            for (let r = 0; r < 4; r++) for (let c = 0; c < 4; c++)
                covered[(2 * Math.floor(worst / last.side) + r) * 32
                    + 2 * (worst % last.side) + c] = 0;
            return [last.side, Array.from(last.falls), given.every((v, n) => v === kept[n]),
                    share(given) - share(covered) - last.falls[worst]];
        }""",
        [encode(images[36] / 255), int(labels[36])],
    )
    assert side == 15 and len(falls) == 225
    assert falls[0] == 0 and max(falls) > 0 and whole and abs(again) < 1e-6


# --------------------------------------------------------------------------- the view


def open_page(browser, address, **how):
    page, requests, problems = open_explorer(browser, address, **how)
    settle(page)
    return page, requests, problems


@pytest.fixture
def view(browser, server):
    page, requests, problems = open_page(browser, f"{server}/{PAGE}")
    yield page
    assert not problems
    assert not [url for url in requests if not url.startswith((server, "data:", "blob:"))]
    page.context.close()


def part(page, name):
    return page.locator(f'.lenet-explorer [data-lx="{name}"]')


def press(page, name):
    part(page, name).click()
    settle(page)


def mean(page, digit):
    page.locator(".lx-meant").get_by_label(str(digit), exact=True).check()
    settle(page)


def loss(page):
    return float(part(page, "loss").get_attribute("data-loss"))


def pixels_of(page, selector):
    return page.locator(selector).evaluate_all(
        """all => all.map(one => Array.from(one.getContext("2d")
            .getImageData(0, 0, one.width, one.height).data).join(","))"""
    )


def shares(page):
    return page.locator(".lx-bars .lx-share").all_inner_texts()


def sample(page, number):
    page.locator("details:has([data-lx=samples])").evaluate("one => (one.open = true)")
    page.locator(".lx-samples button").nth(number).click()
    settle(page)


def network(page, name):
    page.get_by_label(export.NETWORKS[name]["title"], exact=True).check()
    title = export.NETWORKS[name]["title"]
    until(page, "title => document.querySelector('.lx-about').innerText.startsWith(title)", title)
    settle(page)


@pytest.mark.parametrize("name", export.NETWORKS)
def test_the_switch_shows_slopes_in_all_layers_and_values_again(view, name):
    if name != "textbook":
        network(view, name)
    maps = ".lx-maps canvas"
    values = pixels_of(view, maps)
    kinds = view.locator(".lx-kind").all_inner_texts()
    mean(view, 2)
    press(view, "showSlopes")
    slopes = pixels_of(view, maps)
    assert len(slopes) == len(values) and all(a != b for a, b in zip(slopes, values, strict=True))
    assert all(text.startswith("±") for text in view.locator(".lx-kind").all_inner_texts())
    assert "Dark blue: the loss would rise" in part(view, "slopesLegend").inner_text()
    style = view.locator(".lx-layer .lx-map").first.evaluate("one => getComputedStyle(one).outline")
    assert "dashed" in style
    press(view, "showValues")
    assert pixels_of(view, maps) == values
    assert view.locator(".lx-kind").all_inner_texts() == kinds


def test_the_label_is_the_samples_or_the_answer_or_the_readers(view):
    sample(view, 10)
    assert "label of the sample" in part(view, "meantWhy").inner_text()
    assert view.locator(".lx-meant input:checked").get_attribute("value") == "2"
    small = loss(view)
    mean(view, 6)
    assert loss(view) > small and "You have said so" in part(view, "meantWhy").inner_text()
    sample(view, 20)  # another digit
    assert view.locator(".lx-meant input:checked").get_attribute("value") == "4"
    press(view, "clear")
    assert part(view, "learn").is_disabled() and "Nothing is drawn" in inner(view, "learnSteps")
    part(view, "paper").scroll_into_view_if_needed()
    box = part(view, "paper").bounding_box()
    view.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    view.mouse.down()
    view.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20, steps=6)
    view.mouse.up()
    settle(view)
    assert "A drawing has no label" in inner(view, "meantWhy")
    assert part(view, "learn").is_enabled()
    before = loss(view)
    mean(view, 7)
    assert loss(view) > before


def inner(page, name):
    return part(page, name).inner_text()


@pytest.mark.parametrize("name", export.NETWORKS)
def test_learning_lowers_the_loss_and_undo_and_forget_restore_it(view, name):
    if name != "textbook":
        network(view, name)
    mean(view, 9)
    part(view, "rate").select_option("0.001")
    first = loss(view), shares(view), pixels_of(view, ".lx-maps canvas")
    press(view, "learn")
    second = loss(view), shares(view), pixels_of(view, ".lx-maps canvas")
    assert second[0] < first[0] and second[2] != first[2]
    assert "One step" in inner(view, "learnSteps") and part(view, "share").is_disabled()
    assert part(view, "learned").locator("tbody tr").count() == 10
    assert part(view, "kernels").locator("canvas").count() == 24
    until(view, "document.querySelector('[data-lx=forgotten]').dataset.read")
    press(view, "learn")
    assert loss(view) < second[0] and "2 steps" in inner(view, "learnSteps")
    press(view, "undoStep")
    assert (loss(view), shares(view), pixels_of(view, ".lx-maps canvas")) == second
    press(view, "learnMany")
    assert "11 steps" in inner(view, "learnSteps")
    press(view, "forgetAll")
    assert (loss(view), shares(view), pixels_of(view, ".lx-maps canvas")) == first
    assert "No step" in inner(view, "learnSteps") and part(view, "share").is_enabled()


def test_one_digit_learned_many_times_costs_others(view):
    mean(view, 9)
    part(view, "rate").select_option("0.1")
    for _ in range(5):
        press(view, "learnMany")
    assert "50 steps" in inner(view, "learnSteps") and "reads a 9" in inner(view, "verdict")
    until(view, "document.querySelector('[data-lx=forgotten]').dataset.read")
    view.wait_for_timeout(500)
    before, after = map(int, part(view, "forgotten").get_attribute("data-read").split())
    assert before == 50 and after < 50
    assert f"read {before} right before you taught it, and {after} now" in inner(view, "forgotten")


def test_another_network_ends_what_was_learned(view):
    press(view, "learn")
    network(view, "article")
    assert "No step" in inner(view, "learnSteps") and part(view, "undoStep").is_disabled()


def test_the_slope_in_the_panel_is_that_of_the_engine_and_the_sum_of_its_ways(view):
    wrong = view.evaluate(
        """() => {
            const E = LeNet.engine, wrong = [];
            let checked = 0;
            for (const entry of E.received.catalogue.networks) {
                const shot = entry.snapshots.at(-1), key = `${entry.name}-${shot.epoch}`;
                if (!E.received.weights[key]) continue;
                const net = E.build(entry, E.decode(E.received.weights[key], shot));
                const ink = Float32Array.from({ length: net.inputSize ** 2 },
                    (_, n) => (n * 37 % 101) / 101);
                const out = E.forward(net, ink), slopes = LeNet.backward(net, out, 3);
                for (let index = -1; index < net.layers.length - 1; index++) {
                    const { maps, size } = net.layers[index] || { maps: 1, size: net.inputSize };
                    const most = Math.max(...slopes.units[index + 1].map(Math.abs));
                    for (let n = 0; n < maps * size * size; n += 7) {
                        const unit = { index, map: Math.floor(n / size / size),
                            row: Math.floor(n / size) % size, column: n % size };
                        const sum = LeNet.ways(net, out, slopes, unit)
                            .reduce((all, way) => all + way.factor * way.slope, 0);
                        checked++;
                        if (Math.abs(sum - slopes.units[index + 1][n]) > 1e-5 * most)
                            wrong.push([entry.name, index, n]);
                    }
                }
            }
            return [checked, wrong];
        }"""
    )
    assert wrong[0] > 900 and wrong[1] == []
    mean(view, 2)
    press(view, "showSlopes")
    part(view, "layer").select_option(index=4)
    settle(view)
    said = view.locator(".lx-slope strong")
    assert 0 < abs(float(said.get_attribute("data-slope"))) < 10
    assert "84 units above" in view.locator(".lx-slope").inner_text()
    number = said.inner_text().replace("−", "-")
    assert float(number) == pytest.approx(float(said.get_attribute("data-slope")), rel=0.01)


def test_what_the_answer_hangs_on_is_shown_and_explained(view):
    view.locator(".lx-backwards summary").click()
    until(view, "document.querySelector('[data-lx=pixels]').dataset.ready === 'yes'")
    assert "small changes only" in inner(view, "pixelSlopesText")
    assert "stand in for each other" in inner(view, "pixelFallsText")
    assert len(set(pixels_of(view, "[data-lx=pixelFalls]")[0].split(","))) > 5


def test_the_backward_view_by_keyboard(view):
    part(view, "showSlopes").focus()
    view.keyboard.press("Enter")
    settle(view)
    assert part(view, "showSlopes").get_attribute("aria-pressed") == "true"
    view.locator(".lx-meant input:checked").focus()
    view.keyboard.press("ArrowRight")
    settle(view)
    assert "You have said so" in inner(view, "meantWhy")
    part(view, "learn").focus()
    view.keyboard.press("Space")
    settle(view)
    part(view, "forgetAll").focus()
    view.keyboard.press("Enter")
    settle(view)
    assert part(view, "learn").evaluate("one => one === document.activeElement")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_backward_view(browser, site, theme):
    """From a file, too."""
    page, _, problems = open_page(browser, (site / PAGE).as_uri(), theme=theme)
    press(page, "showSlopes")
    press(page, "learn")
    page.locator(".lx-backwards summary").click()
    until(page, "document.querySelector('[data-lx=pixels]').dataset.ready === 'yes'")
    assert not problems  # axe itself asks for styles, which a page from a file may not
    found, passes = look_with_axe(page, ".lenet-explorer")
    assert passes > 10 and not [one for one in found if one[0] in GRAVE]
    page.context.close()
