"""A network learns in the page as it would with Keras: the same slopes, and the same each time."""

import base64
import io
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import words
from browsing import until
from explorer import LEARNING

from lenet_tutorial.command.model_files.archive import ModelError
from lenet_tutorial.command.model_files.inputs import input_of
from lenet_tutorial.command.model_files.stored import answer, load_model
from lenet_tutorial.experiments import training_with_keras
from lenet_tutorial.explorer import scripts

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "book" / "_static" / "explorer"
WEIGHTS = SCRIPTS / "weights"
MANIFEST = scripts.read_manifest(WEIGHTS)
BEFORE = ("say", "shapes", "engine", "files")  # what the engine of learning builds on


def page_text():
    """Return a page with the engine and nothing else, as it stands in the folder of the site."""
    names = [f"{name}.js" for name in (*BEFORE, *LEARNING)]
    tags = "".join(f'<script src="{name}"></script>' for name in ("words.js", *names))
    head = '<!doctype html><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">'
    return head + tags


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Lay out the scripts as in the site, without building the book."""
    made = tmp_path_factory.mktemp("learning")
    (made / "words.js").write_text(words.script(), encoding="utf-8")
    for name in (*BEFORE, *LEARNING):
        target = made / f"{name}.js"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((SCRIPTS / f"{name}.js").read_bytes())
    (made / "weights").mkdir()
    texts = scripts.made_by_the_build(WEIGHTS)
    scripts.write(made / "weights", {name: texts[name] for name in ("index.js", "digits.js")})
    (made / "page.html").write_text(page_text(), encoding="utf-8")
    return made


@pytest.fixture
def page(browser, folder):
    """Open the page from its folder; at the end, see that nothing went wrong in it."""
    opened, problems = browser.new_page(), []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto((folder / "page.html").as_uri())
    opened.evaluate(HELP)
    yield opened
    opened.close()
    assert problems == []


#: In the page: `learning(settings)` is a training whose events are kept.
HELP = """() => {
    window.learning = async settings => {
        const digits = window.digits ??= await LeNet.train.loadDigits();
        const handle = LeNet.train.open({ digits, ...settings });
        const told = window.told = { handle, progress: [], network: null, networks: 0, errors: [] };
        handle.on("progress", one => told.progress.push(one));
        handle.on("network", one => { told.network = one; told.networks++; });
        handle.on("error", one => told.errors.push(one));
        window.handle = handle;
    };
    window.seen = () => told.progress.at(-1)?.seen ?? 0;
}"""


def learn(page, settings, digits):
    """Learn from so many digits, at least, and stop."""
    page.evaluate("settings => learning(settings)", settings)
    page.evaluate("handle.start()")
    until(page, f"seen() >= {digits} || told.errors.length")
    page.evaluate("handle.close()")
    assert page.evaluate("told.errors") == []
    return page.evaluate("told.progress")


# --------------------------------------------------------------------------- the digits


def packed():
    return scripts.unpack_digits(scripts.read_digits(WEIGHTS))


def test_the_digits_are_small_enough_and_all_classes_are_even():
    about = MANIFEST["digits"]
    assert (about["learned"], about["held_out"]) == (10_000, 2_000)
    data = scripts.read_digits(WEIGHTS)
    assert 4 * len(data) / 3 <= 1_700_000  # as base64, without any compression on the way
    assert len(packed()) == 12_000


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_page_unpacks_what_was_packed(page, by_hand):
    if by_hand:
        page.evaluate("delete window.DecompressionStream")
    got = page.evaluate(
        """async () => {
            const { train, held } = await LeNet.train.loadDigits();
            const crc = part => LeNet.engine.crc32(part);
            return [train, held].map(({ images, labels }) => [crc(images), crc(labels)]);
        }"""
    )
    labels = (np.arange(12_000) % 10).astype("uint8")
    parts = [slice(0, 10_000), slice(10_000, 12_000)]
    want = [[zlib.crc32(packed()[one].tobytes()), zlib.crc32(labels[one])] for one in parts]
    assert got == want


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_damaged_digits_are_one_clear_sentence(browser, folder, tmp_path, damage):
    text = (folder / "weights" / "digits.js").read_text(encoding="utf-8")
    at = len(text) // 2
    other = "A" if text[at] != "A" else "B"
    texts = {"cut": text[:at], "changed": text[:at] + other + text[at + 1 :], "empty": ""}
    shutil.copytree(folder, tmp_path / "site")
    (tmp_path / "site" / "weights" / "digits.js").write_text(texts[damage], encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "site" / "page.html").as_uri())
    said = page.evaluate("LeNet.train.loadDigits().catch(error => error.message)")
    page.close()
    assert said.startswith("The file weights/digits.js is damaged: ") and "\n" not in said


# --------------------------------------------------------------------------- slopes

NETWORKS = [
    {},
    {"activation": "relu", "pooling": "max"},
    {"activation": "squash", "pooling": "subsampling", "table": "1998"},
    {"activation": "sigmoid", "pooling": "subsampling", "inputSize": 28},
    {"activation": "relu", "pooling": "average", "table": "1998", "inputSize": 28},
    {"activation": "tanh", "pooling": "max", "maps": [3, 5], "units": [17, 33]},
    {"activation": "squash", "pooling": "average", "maps": [1, 1], "units": [1, 1]},
]

#: In the page: learn a little, then return the file of the network, and its losses and slopes.
SLOPES = """async ([settings, plain]) => {
    const { train: { images, labels } } = await LeNet.train.loadDigits();
    const learner = LeNet.newLearner({ seed: 3, batch: 16, ...settings }, plain);
    const places = from => Array.from({ length: 16 }, (_, n) => from + 7 * n);
    for (let n = 0; n < 6; n++) learner.learn(images, labels, places(113 * n), 0.002);
    const network = LeNet.train.network(learner.settings, learner.numbers());
    const { loss } = learner.look(images, labels, places(5000));
    const text = array => {
        const bytes = new Uint8Array(Float32Array.from(array).buffer);
        return btoa(Array.from(bytes, one => String.fromCharCode(one)).join(""));
    };
    const slopes = learner.layers.filter(layer => layer.weights).map(layer => {
        const { maps, across, stretch, weightSlopes, biasSlopes } = layer, rows = [];
        for (let map = 0; map < maps; map++)
            rows.push(...weightSlopes.subarray(map * stretch, map * stretch + across));
        return [text(rows), text(biasSlopes.subarray(0, maps))];
    });
    const { bytes } = LeNet.train.file(network);
    const file = btoa(Array.from(bytes, one => String.fromCharCode(one)).join(""));
    const shares = text(learner.layers.at(-1).values.subarray(0, 10));
    return { kind: learner.kind, loss, slopes, file, shares };
}"""


def floats(text):
    return np.frombuffer(base64.b64decode(text), np.float32)


def in_our_order(layer, array):
    """Bring a slope of a Keras layer's weights into the order (map, map below, place)."""
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1).ravel()
    if array.ndim == 3:  # with a table: (row, column, pair)
        inputs = layer.input.shape[-1]
        whole = np.zeros((len(layer.table), inputs, layer.kernel_size**2), np.float32)
        pairs = [(seen, out) for out, row in enumerate(layer.table) for seen in row]
        for pair, (seen, out) in enumerate(pairs):
            whole[out, seen] = array[..., pair].ravel()
        return whole.ravel()
    if array.ndim == 2 and layer.name == "C5":  # over maps: Keras has (place, map below)
        return array.reshape(16, -1, array.shape[1]).transpose(2, 1, 0).ravel()
    return array.T.ravel()


@pytest.mark.parametrize("settings", NETWORKS, ids=lambda one: "-".join(map(str, one.values())))
def test_slopes_are_those_of_keras(page, tmp_path, settings):
    import tensorflow as tf

    told = page.evaluate(SLOPES, [settings, False])
    assert told["kind"] == "vectors"
    path = tmp_path / "lenet.npz"
    path.write_bytes(base64.b64decode(told["file"]))
    model = load_model(path)
    places = [5000 + 7 * n for n in range(16)]
    images = input_of(model).prepare(packed()[places])
    labels = tf.constant([place % 10 for place in places])
    with tf.GradientTape() as tape:
        here = tf.constant(images)
        for layer in model.layers[:-1]:
            here = layer(here)
        sums = tf.matmul(here, model.layers[-1].kernel) + model.layers[-1].bias
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, sums))
    layers = [layer for layer in model.layers if layer.trainable_weights]
    want = tape.gradient(loss, [[w.value for w in layer.trainable_weights] for layer in layers])
    assert told["loss"] == pytest.approx(float(loss), abs=1e-5)
    assert np.abs(floats(told["shares"]) - tf.nn.softmax(sums)[0].numpy()).max() < 1e-5
    assert len(layers) == len(told["slopes"])
    plain = page.evaluate(SLOPES, [settings, True])
    assert plain["kind"] == "plain"
    for layer, pair, slopes, others in zip(
        layers, want, told["slopes"], plain["slopes"], strict=True
    ):
        for array, text, other in zip(pair, slopes, others, strict=True):
            wanted = in_our_order(layer, array.numpy())
            assert np.abs(floats(text) - wanted).max() <= 1e-4, layer.name
            assert np.abs(floats(text) - floats(other)).max() <= 1e-5, layer.name


# --------------------------------------------------------------------------- learning


def test_keras_is_compared_at_the_usual_settings(page):
    usual = page.evaluate("LeNet.blueprint.USUAL")
    assert training_with_keras.PAGE == {name: usual[name] for name in usual if name != "seed"}


def test_it_reads_more_than_95_of_100_held_out_digits_after_40_000(page):
    told = learn(page, {}, 40_000)
    read = [(one["seen"], one["accuracy"]) for one in told if "accuracy" in one]
    print(page.evaluate("handle.kind"), told[-1]["seconds"], read)
    assert read[0][0] == 0 and read[0][1] < 0.3
    assert read[-1][0] >= 40_000 and read[-1][1] > 0.95
    assert [one["step"] * 16 for one in told] == [one["seen"] for one in told]
    assert told[-1]["epoch"] == told[-1]["seen"] / 10_000


def gone(page):
    """Wait until no worker is left; at most some seconds."""
    for _ in range(100):
        if not page.workers:
            return
        page.wait_for_timeout(100)
    assert not page.workers


def curve(told):
    """Return what was told of the learning, less the time."""
    kept = [{k: v for k, v in one.items() if k != "seconds"} for one in told]
    return [one for one in kept if "loss" in one or "accuracy" in one]


def test_the_same_seed_gives_the_same_curve_whatever_pauses_there_are(page):
    first = curve(learn(page, {"seed": 5}, 3000))
    page.evaluate("learning({ seed: 5 })")
    for digits in (500, 600, 1700, 3000):
        page.evaluate("handle.start(), handle.pause(), handle.start()")
        until(page, f"seen() >= {digits}")
        page.evaluate("handle.pause()")
        page.wait_for_timeout(100)
    page.evaluate("handle.close()")
    second = curve(page.evaluate("told.progress"))
    both = min(len(first), len(second))
    assert both > 8 and first[:both] == second[:both]
    other = curve(learn(page, {"seed": 6}, 1000))
    assert other[1] != first[1]


def test_a_paused_training_stands_still_and_a_step_is_one_batch(page):
    page.evaluate("learning({ batch: 32 })")
    page.evaluate("handle.step(), handle.step()")
    until(page, "seen() === 64")
    page.evaluate("handle.start()")
    until(page, "seen() > 1000")
    page.evaluate("handle.pause()")
    page.wait_for_timeout(500)
    before = page.evaluate("[told.progress.length, told.networks]")
    page.wait_for_timeout(500)
    assert page.evaluate("[told.progress.length, told.networks]") == before
    page.evaluate("handle.set({ rate: 0.0001 }), handle.start()")
    then = page.evaluate("seen()")
    until(page, f"seen() > {then}")
    assert len(page.workers) == 1
    page.evaluate("handle.close()")
    gone(page)
    page.evaluate("handle.start(), handle.step(), handle.pause(), handle.close()")  # no harm


def test_a_network_is_what_the_engine_of_the_explorer_computes(page):
    for settings in NETWORKS[:5]:
        page.evaluate("settings => learning(settings)", settings)
        page.evaluate("handle.step()")
        until(page, "told.networks > 1")
        worst = page.evaluate(
            """() => {
                const { network, handle } = told, { inputSize } = network;
                const learner = LeNet.newLearner({ ...handle.settings }, true);
                learner.set(network.layers);
                const { images, labels } = digits.held, margin = (inputSize - 28) / 2;
                learner.look(images, labels, [3]);
                const image = new Float32Array(inputSize ** 2);
                for (let n = 0; n < 784; n++)
                    image[(Math.floor(n / 28) + margin) * inputSize + (n % 28) + margin] =
                        images[3 * 784 + n] / 255;
                const shares = LeNet.engine.forward(network, image).at(-1);
                handle.close();
                return Math.max(...shares.map((one, n) =>
                    Math.abs(one - learner.layers.at(-1).values[n])));
            }"""
        )
        assert worst < 1e-5, settings
        layers = page.evaluate("told.network.layers.map(layer => [layer.name, layer.reach.field])")
        assert [name for name, _ in layers] == ["C1", "S2", "C3", "S4", "C5", "F6", "output"]
        assert layers[1][1] == 6


# --------------------------------------------------------------------------- what may go wrong


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": 0}, "The rate must be a number above 0"),
        ({"rate": "fast"}, "The rate must be a number above 0"),
        ({"batch": 0}, "batch must be a whole number from 1 to 512, not 0."),
        ({"batch": 3.5}, "batch must be a whole number"),
        ({"maps": [0, 16]}, "maps must be a whole number from 1 to 64, not 0."),
        ({"maps": 6}, "maps must be two whole numbers, not 6."),
        ({"units": [120]}, "units must be two whole numbers"),
        ({"seed": "five"}, "seed must be a whole number from 0 to 4294967295, not five."),
        ({"shift": -1}, "shift must be a whole number from 0 to 3"),
        (
            {"activation": "step"},
            "activation must be one of tanh, relu, squash, sigmoid, not step.",
        ),
        ({"pooling": None}, "pooling must be one of"),
        ({"inputSize": 30}, "inputSize must be one of 28, 32"),
        ({"table": "1998", "maps": [4, 16]}, "The table of 1998 joins 6 maps to 16"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(page, settings, said):
    ask = "one => { try { LeNet.train.open(one) } catch (error) { return error.message } }"
    told = page.evaluate(ask, settings)
    assert told.startswith(said) and told.endswith(".") and "\n" not in told


def test_a_rate_that_is_no_number_and_a_batch_larger_than_all_digits_are_refused(page):
    told = page.evaluate(
        """async () => {
            const said = work => { try { work() } catch (error) { return error.message } };
            const { train, held } = await LeNet.train.loadDigits();
            const few = { train: { images: train.images, labels: train.labels.slice(0, 8) }, held };
            const handle = LeNet.train.open({ digits: few, batch: 8 });
            const told = [said(() => handle.set({ rate: NaN })),
                          said(() => LeNet.train.open({ digits: few, batch: 9 }))];
            handle.close();
            return told;
        }"""
    )
    assert told == [
        "The rate must be a number above 0, at most 100, not NaN.",
        "A batch of 9 is larger than all 8 digits.",
    ]


def test_a_loss_that_is_no_number_is_told_and_the_weights_of_before_are_kept(page):
    page.evaluate("learning({ activation: 'relu', rate: 100 })")
    page.evaluate("handle.start()")
    until(page, "told.errors.length")
    (error,) = page.evaluate("told.errors")
    assert error["kind"] == "diverged" and "no number any more" in error["message"]
    page.wait_for_timeout(300)
    still = page.evaluate("[told.progress.length, told.networks]")
    page.wait_for_timeout(300)
    assert page.evaluate("[told.progress.length, told.networks]") == still
    sound = """told.network.layers.every(layer => ["weights", "biases"].every(
        name => !layer[name] || layer[name].every(Number.isFinite)))"""
    assert page.evaluate(sound)
    page.evaluate("handle.set({ rate: 0.001 }), handle.step()")  # it can go on
    until(page, f"told.progress.length > {still[0]}")
    page.evaluate("handle.close()")


def test_a_worker_that_is_refused_or_breaks_is_told(page):
    page.evaluate(
        "() => { window.Kept = Worker; window.Worker = function () { throw new Error('no') } }"
    )
    page.evaluate("learning({})")
    until(page, "told.errors.length")
    assert "does not let the page start a worker" in page.evaluate("told.errors[0].message")
    page.evaluate("() => { handle.start(); handle.close(); window.Worker = Kept }")
    page.evaluate("LeNet.workerParts.push('() => { throw new Error(1) }'), learning({})")
    until(page, "told.errors.length")
    assert page.evaluate("told.errors[0].kind") == "worker"
    page.evaluate("LeNet.workerParts.pop(), learning({ batch: 16 })")
    until(page, "told.networks")
    page.evaluate("handle.worker.postMessage({ type: 'nonsense' })")
    until(page, "told.errors.length")
    assert page.evaluate("told.errors[0].message").startswith("The training has broken off. ")
    gone(page)


# --------------------------------------------------------------------------- the file


@pytest.fixture(scope="module")
def file(browser, folder):
    """Train a network by the table of 1998 for a moment, and return its file's bytes."""
    page = browser.new_page()
    page.goto((folder / "page.html").as_uri())
    settings = {"table": "1998", "pooling": "subsampling", "activation": "squash"}
    told = page.evaluate(SLOPES, [settings, False])
    page.close()
    return base64.b64decode(told["file"])


def changed(file, **entries):
    """Return the file with other entries; one that is None is left out."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held |= {name.replace("__", "."): data for name, data in entries.items()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in held.items():
            if data is not None:
                archive.writestr(name, data)
    return made.getvalue()


def npy(array):
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


def about(file, **given):
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return json.dumps(json.loads(archive.read("about.json")) | given)


def test_numpy_reads_it_and_it_is_what_it_says(file):
    with np.load(io.BytesIO(file)) as held:
        assert held["C3.weights"].shape == (5, 5, 6, 16)
        assert held["C3.weights"].dtype == np.float32
        assert held["S2.coefficients"].shape == (6,)
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.testzip() is None


REFUSED = {
    "no about": (lambda f: changed(f, about__json=None), "needs one about.json"),
    "no json": (lambda f: changed(f, about__json="{"), "damaged"),
    "nan": (lambda f: changed(f, about__json='{"format": NaN}'), "NaN, which is no number"),
    "a list": (lambda f: changed(f, about__json="[]"), "does not begin as one does"),
    "deep": (lambda f: changed(f, about__json="[" * 9000), "nested too deep|damaged"),
    "long": (lambda f: changed(f, about__json=" " * 10_001), "has more than 0 MB"),
    "maps": (lambda f: changed(f, about__json=about(f, maps=[6, 65])), "from 1 to 64"),
    "huge": (lambda f: changed(f, about__json=about(f, units=[10**9, 84])), "from 1 to 512"),
    "true": (lambda f: changed(f, about__json=about(f, units=[True, 84])), "from 1 to 512"),
    "table": (lambda f: changed(f, about__json=about(f, maps=[5, 16])), "joins 6 maps to 16"),
    "unhashable": (lambda f: changed(f, about__json=about(f, pooling=[])), "pooling must be one"),
    "size": (lambda f: changed(f, about__json=about(f, input_size=28.0)), "input_size must be"),
    "shape": (lambda f: changed(f, F6__biases__npy=npy(np.zeros(83, "f4"))), "shape .83,."),
    "missing": (lambda f: changed(f, F6__biases__npy=None), "no array F6.biases"),
    "more": (lambda f: changed(f, G7__biases__npy=npy(np.zeros(8, "f4"))), "more arrays"),
    "type": (lambda f: changed(f, F6__biases__npy=npy(np.zeros(84, "f8"))), "float32"),
    "objects": (
        lambda f: changed(f, F6__biases__npy=npy(np.array([{}] * 84))),
        "float32|damaged",
    ),
    "not finite": (
        lambda f: changed(f, F6__biases__npy=npy(np.full(84, np.nan, "f4"))),
        "not finite",
    ),
    "joined": (
        lambda f: changed(f, C3__weights__npy=npy(np.ones((5, 5, 6, 16), "f4"))),
        "does not join",
    ),
    "cut": (lambda f: f[: len(f) // 2], "no zip archive"),
    "keras": (lambda f: b"PK nothing", "no zip archive"),
    "bomb": (lambda f: bomb(), "more than 20 MB"),
    "claims": (
        lambda f: changed(
            f, F6__biases__npy=npy(np.zeros(84, "f4")).replace(b"(84,)", b"(9**9,)"[:5] + b"")
        ),
        "damaged|float32|shape",
    ),
}


def bomb():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", "{}")
        archive.writestr("C1.weights.npy", bytes(30_000_000))
    return made.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_none_or_was_changed_is_refused_in_one_line(file, tmp_path, name):
    make, said = REFUSED[name]
    path = tmp_path / "changed.npz"
    path.write_bytes(make(file))
    with pytest.raises(ModelError, match=said) as raised:
        load_model(path)
    assert "\n" not in str(raised.value) and "changed.npz" in str(raised.value)


def test_a_changed_byte_is_found_out_or_harmless(file, tmp_path):
    """Each of many bytes is changed in turn: the file is refused, or gives finite answers."""
    path, refused = tmp_path / "changed.npz", []
    for at in [*range(0, 300, 12), *range(300, len(file), len(file) // 25)]:
        data = bytearray(file)
        data[at] ^= 0x55
        path.write_bytes(data)
        try:
            model = load_model(path)
        except ModelError as error:
            refused.append(str(error))
            continue
        answer(model, np.zeros((1, 32, 32, 1), np.float32))
    assert len(refused) > 20 and not [words for words in refused if "\n" in words]


def test_predict_gives_the_answer_of_the_page(page, tmp_path, capsys):
    from PIL import Image

    from lenet_tutorial.command.cli import main

    page.evaluate("learning({ activation: 'relu', pooling: 'max', inputSize: 28 })")
    page.evaluate("handle.start()")
    until(page, "seen() >= 2000")
    page.evaluate("handle.pause()")
    page.wait_for_timeout(300)
    image, shares, file = page.evaluate(
        """() => {
            // The digit that it is surest of: predict cuts it out anew, which moves shares a bit.
            const { network } = told, { images } = digits.held;
            const read = k => LeNet.engine.forward(network,
                Float32Array.from(images.slice(784 * k, 784 * k + 784), one => one / 255)).at(-1);
            const sure = k => Math.max(...read(k));
            const k = [...Array(100).keys()].reduce((best, k) => sure(k) > sure(best) ? k : best);
            const image = images.slice(784 * k, 784 * k + 784), shares = read(k);
            const { name, bytes } = LeNet.train.file(network);
            handle.close();
            if (name !== "lenet.npz") throw new Error(name);
            return [Array.from(image), Array.from(shares), Array.from(bytes)];
        }"""
    )
    (tmp_path / "lenet.npz").write_bytes(bytes(file))
    pixels = 255 - np.array(image, np.uint8).reshape(28, 28)
    Image.fromarray(pixels).save(tmp_path / "zero.png")
    model = load_model(tmp_path / "lenet.npz")
    inputs = input_of(model).prepare(np.array(image, np.uint8).reshape(1, 28, 28))
    assert np.abs(answer(model, inputs)[1][0] - shares).max() < 1e-3
    code = main(
        ["predict", "--json", "--model", str(tmp_path / "lenet.npz"), str(tmp_path / "zero.png")]
    )
    assert code == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["kind"] == "probabilities" and told["digit"] == int(np.argmax(shares))
