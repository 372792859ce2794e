"""Test digits are for the end: no training, no validation and no choice ever sees one.

Every experiment, recipe and command runs here on a few digits, while a spy knows each test digit by
its pixels, through all that is done to it on the way, and looks at what is learned from and judged.
"""

import ast
import functools
import re
from dataclasses import replace

import benchmark
import keras
import numpy as np
import pytest
import tensorflow as tf
from contents import CHAPTERS, code_cells, read
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier

from lenet_tutorial import datasets, from_nothing, images, results
from lenet_tutorial.command import cli
from lenet_tutorial.command import train as command_train
from lenet_tutorial.experiments import EXPERIMENTS
from lenet_tutorial.experiments import how_far_lenet_goes_small as small
from lenet_tutorial.experiments import how_far_lenet_goes_strongest as strongest
from lenet_tutorial.experiments import in_code_1989_zip_codes as zip_codes
from lenet_tutorial.experiments import reading_a_whole_number as lines
from lenet_tutorial.experiments import training_faster_and_better as faster
from lenet_tutorial.experiments import what_came_after as after
from lenet_tutorial.experiments import when_training_fails as fails
from lenet_tutorial.experiments import why_it_works as why
from lenet_tutorial.experiments import why_it_works_five_nets as five_nets
from lenet_tutorial.experiments.run import written
from lenet_tutorial.explorer import export
from lenet_tutorial.training import levenberg, parallel

# A note of TensorFlow on the input pipeline, which is not run step by step.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")

PREPARE = ("prepare", "prepare_1989", "prepare_1998")
PREPARING = [
    *((module, name) for module in (images, datasets) for name in PREPARE),
    (why, "shuffle_pixels"),
    (why, "changed"),
    (after, "halved"),
    (zip_codes, "enlarge"),
]
METHODS = (LogisticRegression, Ridge, KNeighborsClassifier)
LEARNING = [
    (keras.Model, "fit"),
    (keras.Model, "train_on_batch"),
    (levenberg, "train_lm"),
    (levenberg, "curvature"),
    (parallel, "fit_parallel"),
    (from_nothing, "train"),
    *((method, "fit") for method in METHODS),
]
LOOKING = [
    *((keras.Model, name) for name in ("evaluate", "predict", "predict_on_batch", "test_on_batch")),
    *((method, name) for method in METHODS for name in ("predict", "score")),
    (LogisticRegression, "predict_proba"),
    (KNeighborsClassifier, "kneighbors"),
    (from_nothing, "accuracy"),
]


class Spy:
    """Knows the test digits, and writes down who learned from what and who looked at them."""

    def __init__(self, digits):
        self.known, self.log, self.looking = set(), [], False
        self.mark(digits.x_test)

    @staticmethod
    def rows(array):
        flat = np.ascontiguousarray(np.asarray(array, "float32").reshape(len(array), -1))
        return {row.tobytes() for row in flat}

    def mark(self, array):
        self.known |= self.rows(array)

    def holds(self, *values):
        """Return whether a test digit is in here."""
        for value in values:
            if isinstance(value, list | tuple) and not np.isscalar(value[:1]):
                if self.holds(*value):
                    return True
            elif hasattr(value, "shape") and np.ndim(value) > 1:
                if self.rows(value) & self.known:
                    return True
        return False

    def prepares(self, function):
        @functools.wraps(function)
        def spied(images, *args, **kwargs):
            result = function(images, *args, **kwargs)
            if self.holds(images):
                self.mark(result)
            return result

        return spied

    def learns(self, function):
        @functools.wraps(function)
        def spied(learner, *args, **kwargs):
            assert not self.holds(*args, *kwargs.values()), f"{function} was given test digits"
            self.log.append(("learns", learner))
            return function(learner, *args, **kwargs)

        return spied

    def looks(self, function):
        @functools.wraps(function)
        def spied(*args, **kwargs):
            if self.looking or not self.holds(*args, *kwargs.values()):
                return function(*args, **kwargs)
            # A network of NumPy is a list of its parameters, and is given last.
            learner = args[-1] if function.__module__ == from_nothing.__name__ else args[0]
            self.log.append(("looks", learner))
            self.looking = True
            try:
                result = function(*args, **kwargs)
            finally:
                self.looking = False
            if np.ndim(result) > 1:  # what a layer makes of a test digit is a test digit too
                self.mark(result)
            return result

        return spied

    def check(self, looks):
        """Assert that it was looked at so often, and that nothing was learned thereafter."""
        assert len(self.log) > looks, "nothing was learned: does the spy see it?"
        seen = []
        for what, learner in self.log:
            if what == "looks":
                seen.append(learner)
            else:
                assert not any(learner is one for one in seen), "it learned after the test"
        assert len(seen) == looks, f"the test digits were looked at {len(seen)} times, not {looks}"


TRAINING, TEST = 240, 41  # a prime: no share of these is a share of other digits


@functools.cache
def few():
    """Return some bundled digits, no two of them the same."""
    digits, noise = datasets.load_bundled(), np.random.default_rng(0)
    x_train, x_test = digits.x_train[:TRAINING], digits.x_test[:TEST]
    return replace(
        digits,
        x_train=x_train + noise.integers(0, 9, x_train.shape, "uint8") * (x_train < 200),
        y_train=digits.y_train[:TRAINING],
        x_test=x_test + noise.integers(0, 9, x_test.shape, "uint8") * (x_test < 200),
        y_test=digits.y_test[:TEST],
    )


RESERVED, OF_EACH, TESTED = 120, 7, 3  # of the few zip codes, as the five networks draw them


@functools.cache
def few_zipcodes():
    """Return as many digits in the form of the zip codes, no two of them the same."""
    noise = np.random.default_rng(1)
    x_train, x_test = (
        noise.uniform(-1, 1, (count, 16, 16)).astype(np.float32) for count in (TRAINING, TEST)
    )
    y_train, y_test = (np.arange(count, dtype=np.uint8) % 10 for count in (TRAINING, TEST))
    return datasets.Digits(x_train, y_train, x_test, y_test, "zip codes", "folder")


def draws(spy, draw):
    """Let the spy know the test digits that one of the five networks draws, or may once draw."""

    @functools.wraps(draw)
    def spied(digits, seed, reserved=False):
        drawn = draw(digits, seed, reserved)
        spy.mark(digits.x_train[five_nets.RESERVED :] if reserved else drawn[2])
        return drawn

    return spied


@pytest.fixture
def spy(monkeypatch):
    """Put a spy everywhere, and digits that it knows."""
    digits = few()
    spy = Spy(digits)
    spy.mark(few_zipcodes().x_test)
    for owner in (zip_codes, five_nets):  # by their name, too
        monkeypatch.setattr(owner, "load_zipcodes", few_zipcodes)
    for name, count in (("RESERVED", RESERVED), ("TRAIN", OF_EACH), ("TEST", TESTED)):
        monkeypatch.setattr(five_nets, name, count)
    monkeypatch.setattr(five_nets, "draw", draws(spy, five_nets.draw))
    for owner in (datasets, command_train):  # the second has it by its name
        monkeypatch.setattr(owner, "load_digits28", lambda dataset=None: digits)
    kinds = {spy.prepares: PREPARING, spy.learns: LEARNING, spy.looks: LOOKING}
    for kind, places in kinds.items():
        for owner, name in places:
            monkeypatch.setattr(owner, name, kind(getattr(owner, name)))
    kept = (faster._article, fails._digits, why._digits, why._trained)
    kept += (five_nets._digits, five_nets._learner, strongest.teachers)
    for forget in kept:
        forget.cache_clear()
    tf.config.run_functions_eagerly(True)  # no time is lost with building programs
    yield spy
    tf.config.run_functions_eagerly(False)
    for forget in kept:
        forget.cache_clear()


#: What is run of each experiment: what differs from its first run, and how often a network is shown
#: the test digits. Where rates are chosen or times measured: never.
SLICES = [
    ("changes", {"epochs": 1, "train_digits": 64}, 1),
    ("schedules", {"epochs": 1, "train_digits": 64}, 1),
    ("digits", {"epochs": 1, "train_digits": 64}, 1),
    ("fast", {"train_digits": 64}, 2),  # two networks
    ("peaks", {"epochs": 1, "train_digits": 64}, 0),
    ("speed", {"epochs": 2, "train_digits": 64}, 0),
    ("one_epoch", {"train_digits": 64}, 1),
    ("one_epoch_parts", {"train_digits": 64}, 0),
    # Their mistakes are listed; those of the strongest for one look and for nine.
    ("strong", {"epochs": 1, "train_digits": 64}, 2),
    ("strongest", {"epochs": 1, "train_digits": 64}, 4),
    ("looks", {"epochs": 1, "train_digits": 64}, 0),
    ("strongest", {"recipe": "taught", "epochs": 1, "train_digits": 64, "count": 1}, 4),
    ("accuracy", {"epochs": 1, "train_digits": 64}, 1),
    ("published", {"epochs": 1, "train_digits": 32}, 1),
    ("levenberg", {"passes": 1, "train_digits": 8}, 1),
    ("parts", {"epochs": 1, "train_digits": 32}, 1),
    ("constants", {"epochs": 1, "train_digits": 32}, 1),
    ("deep", {"epochs": 1, "train_digits": 64}, 1),
    ("rivals", {"recipe": "least squares", "network": "784-10"}, 1),
    ("rivals", {"recipe": "neighbours", "network": "k-NN"}, 1),
    ("rivals", {"recipe": "plain", "network": "784-10"}, 1),
    ("rivals", {"recipe": "distorted", "network": "784-10"}, 1),
    ("rivals", {"recipe": "shuffled", "network": "784-10"}, 1),
    ("probes", {"weights": "untrained", "layer": "pixels"}, 1),
    ("probes", {"weights": "trained", "layer": "F6"}, 2),  # by the layer and by the probe
    ("tolerance", {"network": "784-10", "kind": "shift", "amount": 2.0}, 1),
    ("tolerance", {"network": "784-10", "kind": "noise", "amount": 0.3}, 1),
    ("learning", {"network": "784-10", "digits": 100}, 1),
    ("learning", {"network": "nearest neighbour", "digits": 100}, 1),
    ("zip1989", {"recipe": "adamw", "passes": 1}, 1),
    ("zip1989", {"recipe": "relu", "passes": 1}, 1),
    ("zip1989_choices", {"recipe": "adamw", "change": "learning_rate=0.002", "passes": 1}, 0),
    ("workers", {"train_digits": 100}, 0),
    ("batches", {"epochs": 1, "train_digits": 64}, 1),
    ("rescues", {"recipe": "early stopping", "epochs": 1}, 1),
    ("rescues", {"recipe": "distortions", "epochs": 1}, 1),
    ("rescue_choices", {"epochs": 1}, 0),
    ("nothing", {"epochs": 1}, 1),
    ("misread", {"epochs": 1, "train_digits": 64}, 1),
    ("zip_codes", {"recipe": "adamw", "passes": 1}, 1),
    ("zip_codes", {"recipe": "relu", "passes": 1}, 1),
    ("zip_codes_outputs", {"part": "as published", "passes": 1}, 1),
    ("zip_codes_outputs", {"part": "softmax", "passes": 1}, 1),
    ("five_nets", {"net": 5, "passes": 1}, 1),
    ("five_nets_choices", {"net": 5, "passes": 1}, 0),
    ("bits", {"epochs": 1}, 1 + len(small.BITS)),  # whole, and with fewer bits
    ("smallest", {"epochs": 1}, 1),
]


NAMES = [name for name, *_ in SLICES]
IDS = [f"{name}{NAMES[:place].count(name) or ''}" for place, name in enumerate(NAMES)]


#: Where nobody can look. `engines` runs the page's own program, in Node; of the digits that come
#: with the page none is a test digit (tests/test_export.py), and Keras is given the same. In
#: `lines` digits are sized, slanted and joined, so that none is known by its pixels: see below. In
#: `pruning` one network is measured again and again while it loses parameters: see below, too.
OUT_OF_SIGHT = {"engines", "lines", "pruning"}


def test_every_experiment_is_looked_at():
    assert set(NAMES) | OUT_OF_SIGHT == set(EXPERIMENTS)


def test_lines_to_learn_from_are_written_with_training_digits(monkeypatch):
    digits, given = few(), []
    monkeypatch.setattr(lines, "load_digits28", lambda dataset: digits)
    for owner, name in ((lines.learning, "write_training_lines"), (lines, "write_lines")):
        monkeypatch.setattr(owner, name, lambda images, *_, **how: given.append(images))
    for forget in (kept := (lines._digits, lines._training_lines, lines.lines_to_read)):
        forget.cache_clear()
    lines._training_lines("digits", 5)
    lines.lines_to_read("digits", 3, False)
    spy, (learned, read_) = Spy(digits), given
    assert not spy.holds(learned) and spy.rows(read_) == spy.known
    for forget in kept:
        forget.cache_clear()


def test_a_network_that_is_pruned_learns_and_is_judged_without_the_test_digits(spy, monkeypatch):
    monkeypatch.setattr(small, "scores", spy.learns(small.scores))
    for forget in (kept := (small._draw, small._first)):
        forget.cache_clear()
    found = small.prune("digits", "saliency", 0, stages=(50, 10), passes=1)
    did = [what for what, _ in spy.log]
    assert did.count("looks") == sum("error" in key for key in found) == 7
    assert did.count("learns") >= 2 + 3  # trained twice, judged at once and in two stages
    for forget in kept:
        forget.cache_clear()


def is_share(value, count):
    """Return whether a number, rounded to six places, is a share of so many digits."""
    return abs(value * count - round(value * count)) < 1e-6 * count


@pytest.mark.slow
@pytest.mark.parametrize(("name", "slice_", "looks"), SLICES, ids=IDS)
def test_an_experiment_learns_and_chooses_without_the_test_digits(
    name, slice_, looks, spy, monkeypatch
):
    experiment = EXPERIMENTS[name]
    monkeypatch.setattr(
        why, "RECIPES", {name: replace(how, epochs=1) for name, how in why.RECIPES.items()}
    )
    monkeypatch.setattr(why, "PROBE_DIGITS", 60)
    tf.config.run_functions_eagerly(name != "learning")  # which makes many updates
    for recipe in ("ARTICLE", "FAST"):
        monkeypatch.setattr(faster, recipe, replace(getattr(faster, recipe), epochs=2))
    if name == "workers":  # no processes: what they would be given is enough
        made = parallel.ParallelRun([1.0], 0, 0.0, 0.1, 0.1, ("worker 0",))
        monkeypatch.setattr(parallel, "fit_parallel", spy.learns(lambda *args, **kwargs: made))
    row = experiment.row(**experiment.runs[0] | {"dataset": "digits"} | slice_)
    spy.check(looks)
    # A row made anew has the columns of the file, in their order, but for those of passes that were
    # not made and those that say with what it was made.
    columns = [*results.read(name), results.DIGEST]
    text = written(name, experiment.key, [row])
    assert text.split("\n")[0].split(",") == [c for c in columns if c in {*row, results.DIGEST}]
    missing = set(columns) - {*row, results.DIGEST, "keras", "backend", "machine", "date"}
    assert set(row) < set(columns)
    assert all(re.fullmatch(r"\w+_error_\d+", column) for column in missing)
    # What a column says it was measured on is what it is a share of.
    held_out = TRAINING / (5 if name == "zip1989_choices" else 12)
    train = row.get("train_digits", TRAINING - held_out * (name == "zip1989_choices"))
    counts = {"test": TEST, "val": held_out, "train": train}
    if name.startswith("five_nets"):
        counts = {"train": 10 * OF_EACH, "test": 10 * TESTED, "val": 10 * TESTED}
    for key, value in row.items():
        if key.endswith(("accuracy", "error")) or "_error_" in key or "_accuracy_" in key:
            on = key.removeprefix("article_").partition("_")[0]
            assert is_share(value, counts[on]), f"{key} = {value}"
    assert any(key.startswith("test_") for key in row) == bool(looks)


@pytest.mark.slow
def test_the_command_and_the_export_learn_without_the_test_digits(spy, tmp_path, capsys):
    words = ["train", "--dataset", "digits", "--epochs", "1", "--output", str(tmp_path / "a.keras")]
    assert cli.main(words) == 0
    assert f"on {TEST} digits" in capsys.readouterr().out
    spy.check(1)
    spy.log.clear()
    entry, _ = export.train_snapshots("textbook", few(), epochs=(0, 1), train_digits=64)
    spy.check(1)
    assert is_share(entry["test_accuracy"], TEST)
    assert all(is_share(shot["val_accuracy"], TRAINING / 12) for shot in entry["snapshots"])


@pytest.mark.slow
def test_the_benchmark_shows_the_test_digits_and_chooses_nothing_by_them(monkeypatch):
    """It measures them after each epoch, as the article does; nothing else happens with them."""
    spy, fit, given = Spy(few()), keras.Model.fit, []

    def spied(model, x, y, **how):
        assert not spy.holds(x) and spy.holds(how.pop("validation_data"))
        given.append({type(callback).__name__ for callback in how["callbacks"]})
        return fit(model, x, y, validation_data=(x[:9], y[:9]), **how)

    monkeypatch.setattr(keras.Model, "fit", spied)
    digits = few()
    x_test = datasets.prepare(digits.x_test)
    spy.mark(x_test)
    train = datasets.prepare(digits.x_train)[:64], digits.y_train[:64]
    recipe = benchmark.recipes(epochs=1)[1]
    benchmark.measure(recipe, train, (x_test, digits.y_test), seed=0)
    assert given == [{"Stopwatch"}]  # none that would stop early or keep the best epoch


# --------------------------------------------------------------------------- the chapters

LESSONS = {"fit", "train", "train_lm", "fit_parallel", "train_on_batch", "curvature", "learn"}
SHOWN = re.compile(r"(^|_)test(_|$)")


def mentions(node, names):
    """Return whether an expression holds one of these names, or any that is called test."""
    for one in ast.walk(node):
        name = getattr(one, "id", None) or getattr(one, "attr", None) or ""
        if name in names or SHOWN.search(name):
            return True
    return False


def steps(statements):
    """Yield all statements in order, those in loops, branches and functions too."""
    for statement in statements:
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from steps(getattr(statement, block, []))


def header(statement):
    """Yield the parts of a statement without the blocks in it."""
    for name, value in ast.iter_fields(statement):
        if name not in ("body", "orelse", "finalbody", "handlers"):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    yield part


def lessons(sources):
    """Yield each call that teaches a network something, and whether a test digit is in it.

    What is made of test digits is known by the names that it is given, from cell to cell.
    """
    tainted, teachers = set(), set(LESSONS)
    for statement in steps(part for source in sources for part in ast.parse(source).body):
        if isinstance(statement, ast.FunctionDef):
            called = {getattr(c.func, "attr", getattr(c.func, "id", "")) for c in calls(statement)}
            if called & teachers:
                teachers.add(statement.name)
            continue
        for part in header(statement):
            for call in calls(part):
                if getattr(call.func, "attr", getattr(call.func, "id", "")) in teachers:
                    given = [*call.args, *(keyword.value for keyword in call.keywords)]
                    yield ast.unparse(call), any(mentions(one, tainted) for one in given)
        match statement:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AugAssign(target=target, value=value) | ast.For(target=target, iter=value):
                targets = [target]
            case _:
                continue
        for target in targets:
            names = {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
            if mentions(value, tainted):
                tainted |= names
            elif isinstance(target, ast.Name | ast.Tuple) and isinstance(statement, ast.Assign):
                tainted -= names


def calls(node):
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (["model.fit(x, y, validation_data=(x_val, y_val))"], 0),
        (["model.fit(x, y, validation_data=(x_test, y_test))"], 1),
        (["train(model, *digits.x_test, 3)"], 1),
        (
            ["held_out = prepare(digits.x_test), 1", "options = {'v': held_out}", "fit(**options)"],
            1,
        ),
        (["x_val = x_test", "x_val = x[:3]", "train(m, x, y, (x_val, 1))"], 0),
        (["for part in digits.x_test:\n    model.train_on_batch(part)"], 1),
        (["def go(x):\n    return train(model, x)", "go(x)", "go(x_test)"], 1),
        (["error = error_rate(model, x_test)", "train(model, x, y)", "print(error)"], 0),
        (["rows = []\nfor size in (1, 2):\n    if size:\n        train(x_test)"], 1),
    ],
)
def test_a_lesson_with_test_digits_is_seen(cells, wrong):
    assert sum(shown for _, shown in lessons(cells)) == wrong


def test_no_cell_of_a_chapter_learns_from_or_is_validated_on_test_digits():
    found = 0
    for path in CHAPTERS:
        own = [
            cell for cell in code_cells(read(path)) if "setup" not in cell.metadata.get("tags", ())
        ]
        for call, shown in lessons(cell.source for cell in own):
            found += 1
            assert not shown, f"{path.name}: {call}"
    assert found >= 20
