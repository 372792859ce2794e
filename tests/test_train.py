"""A network learns in the page as it would with Keras: the same slopes, and the same each time."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import words
from browsing import until
from explorer import LEARNING

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


def test_a_first_training(page):
    told = learn(page, {}, 6000)
    print(page.evaluate("handle.kind"), json.dumps(told[-1]))
    best = max(one.get("accuracy", 0) for one in told)
    assert best > 0.85
