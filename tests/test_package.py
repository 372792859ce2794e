"""The package as a whole: light to import, quiet, documented, and its imports point one way."""

import doctest
import importlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rules import House, read_map

import lenet_tutorial

SOURCE = Path(lenet_tutorial.__file__).parent
ROOT = Path(__file__).parents[1]
MAP = read_map((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
HOUSE = House(SOURCE, MAP)
ALL = HOUSE.modules
MODULES = [name for name in ALL if not name.split(".")[-1].startswith("_")]
#: Modules of classes on top of Keras's own, which can't do without it.
HEAVY = {*MAP["layers"], "__main__"}


def run(code, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=True,
    )


def test_import_is_light():
    heavy = "tensorflow keras matplotlib pandas sklearn pooch numpy".split()
    result = run(f"import sys, lenet_tutorial; print([m for m in {heavy} if m in sys.modules])")
    assert result.stdout.strip() == "[]"
    # The layers are classes on top of Keras's own, so that module alone can't do without it.
    modules = ", ".join(f"lenet_tutorial.{name}" for name in MODULES if name not in HEAVY)
    result = run(f"import sys; import {modules}; print([m for m in {heavy} if m in sys.modules])")
    assert result.stdout.strip() == "['numpy']"


def test_import_takes_a_tenth_of_a_second_at_most():
    # The processor's time: the wall clock also counts what other programs do meanwhile.
    code = "import time; t = time.process_time(); import lenet_tutorial; "
    code += "print(time.process_time() - t)"
    run(code)
    assert min(float(run(code).stdout) for _ in range(3)) <= 0.1


@pytest.mark.slow
def test_keras_loads_without_a_word():
    result = run("import lenet_tutorial, keras; keras.ops.ones(3)")
    assert result.stderr == "" and result.stdout == ""


def test_a_real_complaint_of_tensorflow_is_passed_on(tmp_path):
    fake = tmp_path / "tensorflow"
    fake.mkdir()
    (fake / "__init__.py").write_text(
        "import os; os.write(2, b'oneDNN custom operations are on.\\nsomething is wrong\\n')",
        encoding="utf-8",
    )
    result = run("import lenet_tutorial, tensorflow", PYTHONPATH=str(tmp_path))
    assert result.stderr == "something is wrong\n"


@pytest.mark.slow
def test_of_tensorflow_s_warnings_only_the_one_on_retracing_is_dropped():
    code = "import lenet_tutorial, tensorflow, logging; log = logging.getLogger('tensorflow'); "
    code += "log.warning('5 out of the last 5 calls to f triggered tf.function retracing'); "
    code += "log.warning('this matters')"
    result = run(code)
    shown = result.stderr + result.stdout
    assert "this matters" in shown and "retracing" not in shown


def test_an_error_while_tensorflow_loads_is_not_swallowed(tmp_path):
    fake = tmp_path / "tensorflow"
    fake.mkdir()
    (fake / "__init__.py").write_text(
        "import os; os.write(2, b'first\\n'); raise OSError('broken')", encoding="utf-8"
    )
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run("import lenet_tutorial, tensorflow", PYTHONPATH=str(tmp_path))
    assert "first" in caught.value.stderr and "OSError: broken" in caught.value.stderr


def test_the_readers_log_level_wins():
    code = "import lenet_tutorial, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run(code, TF_CPP_MIN_LOG_LEVEL="0").stdout.strip() == "0"


# --------------------------------------------------------------------------- the house's rules


def test_the_map_names_every_module_once():
    listed = sorted(name for modules in MAP.values() for name in modules)
    assert listed == sorted(ALL)


def test_the_readme_names_the_wings_and_nothing_that_is_gone():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = re.search(r"## What is where\n\n```\n(.*?)```", text, re.DOTALL)[1]
    around, named = ROOT, set()
    for line in tree.splitlines():
        if found := re.match(r"( {0,2})(\S.*?)(?:  |$)", line):
            for name in found[2].split(", "):
                path = (around if found[1] else ROOT) / name
                assert path.exists(), name
                named.add(path)
            around = around if found[1] else path
    assert {file.parent for file in SOURCE.glob("*/__init__.py")} <= named


def test_the_reference_goes_through_the_map():
    text = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    assert " ← ".join(MAP) in text
    shown = re.findall(r"^\.\. automodule:: lenet_tutorial\.([\w.]+)$", text, re.MULTILINE)
    ground, *above = MAP.values()  # nobody looks for that first
    places = {name: number for number, row in enumerate([*above, ground]) for name in row}
    assert len(set(shown)) == len(shown)
    assert [places[name] for name in shown] == sorted(places[name] for name in shown)
    handed_on = {
        inner for name in shown if hasattr(HOUSE.module(name), "__all__")
        for inner in HOUSE.imports(name) if inner.startswith(f"{name}.")
    }  # fmt: skip
    packages = {name for name in MODULES if HOUSE.path(name).name == "__init__.py"}
    # It says so: what holds the runs of one chapter, and what only the command line uses.
    left_out = {name for layer in ("experiments", "command") for name in MAP[layer]}
    assert {*MODULES} - packages - left_out - handed_on <= {*shown}
    assert left_out & {*shown} >= {"experiments.run", "command.photos"}


@pytest.mark.parametrize("name", ["", *ALL])
def test_imports_go_down_only(name):
    assert HOUSE.upward(name) == []


def test_imports_go_round_in_no_circle():
    assert HOUSE.circle() == []


@pytest.mark.parametrize("name", ALL)
def test_a_module_can_be_read_in_one_sitting(name):
    assert HOUSE.too_long(name) == []


@pytest.mark.parametrize("name", MODULES)
def test_what_is_public_says_what_it_takes_and_gives(name):
    assert HOUSE.undocumented(name) == []


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_come_out(name):
    module = importlib.import_module(f"lenet_tutorial.{name}")
    assert doctest.testmod(module).failed == 0


def test_the_data_files_are_part_of_the_package():
    assert (SOURCE / "data" / "events.csv").is_file()
    assert len(list((SOURCE / "data" / "results").glob("*.csv"))) >= 3


def test_starting_a_chapter_s_imports_is_fast_enough_to_type_along():
    took = []
    for _ in range(3):  # the machine may be busy
        started = time.monotonic()
        run("import lenet_tutorial.figures, lenet_tutorial.tables, lenet_tutorial.shapes")
        took.append(time.monotonic() - started)
    assert min(took) < 5


# --------------------------------------------------------------------------- the rules can fail


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """Return a function that makes a package of two layers and a house of it."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / f"made_up_{tmp_path.name}"

    def make(**texts):
        files = {"__init__": "", "low": "", "high": "", "wing/__init__": "", "wing/room": ""}
        for name, text in (files | texts).items():
            path = folder / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("PACKAGE", folder.name), encoding="utf-8")
        importlib.invalidate_caches()
        return House(folder, {"ground": ["low", "wing", "wing.room"], "roof": ["high"]})

    return make


@pytest.mark.parametrize(
    "text",
    [
        "from . import high",
        "from .high import this",
        "import PACKAGE.high",
        "import PACKAGE.high as high",
        "from PACKAGE import high",
        "def call():\n    import PACKAGE.high",
        "class A:\n    def call(self):\n        from .high import this",
        "if False:\n    try:\n        from . import high\n    except ImportError:\n        pass",
        "import importlib\nimportlib.import_module('PACKAGE.high')",
        "from importlib import import_module\nimport_module('.high', __package__)",
        "__import__('PACKAGE.high')",
        "COMMAND = ['python', '-m', 'PACKAGE.high']",
        "import importlib\n\ndef call(name):\n    importlib.import_module('PACKAGE.' + name)",
        "import importlib\n\ndef call(name):\n    importlib.import_module(f'PACKAGE.{name}')",
    ],
)
def test_an_import_from_a_higher_layer_is_found_however_it_is_written(made_up, text):
    house = made_up(low=text)
    assert house.upward("low") and not house.upward("high")
    for one in ("from .", "('."):  # from one floor deeper
        text = text.replace(one, f"{one}.")
    assert made_up(**{"low": "", "wing/room": text}).upward("wing.room")


def test_what_is_no_import_from_a_higher_layer(made_up):
    quiet = '"""As `PACKAGE.high` does; see PACKAGE.high."""\nimport os\nfrom .wing import room\n'
    house = made_up(low=quiet, high="from . import low\nfrom .wing.room import this\n")
    assert house.upward("low") == house.upward("high") == house.circle() == []
    assert house.imports("high") == {"low", "wing", "wing.room"}


@pytest.mark.parametrize(
    "texts",
    [
        {"low": "from .wing import room", "wing/room": "from ..low import this"},
        {"low": "from .wing import room", "wing/room": "def call():\n    from .. import low"},
        {"wing/__init__": "from . import room", "wing/room": "from . import this"},
        {"low": "from .wing.room import this", "wing/__init__": "from .. import low"},
    ],
    ids=["at the top", "inside a function", "with its own package", "with the package around it"],
)
def test_a_circle_is_found(made_up, texts):
    assert made_up(**texts).circle()


def test_what_is_too_long_is_found(made_up):
    def function(lines, head="def call():", indent=""):
        return f"{indent}{head}\n" + f"{indent}    x = 1\n" * (lines - 1)

    for text, wrong in (
        ("x = 1\n" * 400, []),
        ("x = 1\n" * 401, ["low has 401 lines"]),
        (function(60), []),
        (function(61), ["low.call has 61 lines of code"]),
        (function(61, "async def call():"), ["low.call has 61 lines of code"]),
        ("class A:\n" + function(61, indent="    "), ["low.call has 61 lines of code"]),
        (function(40) + "\n    # why\n" * 40, []),
        (function(60).replace("\n", '\n    """What.\n\n    More.\n    """\n', 1), []),
        (function(59) + "    x = (\n        1\n    )\n", ["low.call has 62 lines of code"]),
    ):
        assert made_up(low=text).too_long("low") == wrong
    inner = "def outer():\n" + function(61, "def inner():", "    ")
    found = made_up(low=inner).too_long("low")
    assert found == ["low.outer has 62 lines of code", "low.inner has 61 lines of code"]


TEXT = '"""Do it.\n\nParameters\n----------\nlearning_rate, size : float\n    Of all.\n"""'
FIELDS = TEXT.replace("Parameters", "Attributes")
RECORD = f"from dataclasses import dataclass\n@dataclass\nclass A:\n {FIELDS}"
METHOD = 'class A:\n "It."\n def call(self, rate):\n  "Do."'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"def call(learning_rate, size):\n {TEXT}", []),
        (f"def call(learning_rate, rate):\n {TEXT}", ["low.call: rate"]),  # no substring
        (f"def call(learning_rate, *extra):\n {TEXT}", ["low.call: extra"]),
        ("def call():\n pass", ["low.call"]),
        ("def _call(size):\n pass", []),
        ('def call(size):\n "Take the size."', ["low.call: size"]),
        ('def call():\n "Do it."\n raise ValueError', ["low.call: Raises"]),
        (f"from functools import cache\n@cache\ndef call(rate):\n {TEXT}", ["low.call: rate"]),
        (f"class A:\n {TEXT}\n def __init__(self, size): pass", []),
        (f"class A:\n {TEXT}\n def __init__(self, rate): pass", ["low.A: rate"]),
        (METHOD, ["low.A.call: rate"]),
        (METHOD.replace('  "Do."', "  pass"), ["low.A.call"]),
        (METHOD.replace(" def call(self", " @classmethod\n def call(cls"), ["low.A.call: rate"]),
        (METHOD.replace("A", "A(dict)").replace("call", "pop"), []),  # that of the base
        (f"{RECORD}\n size: int\n", []),
        (f"{RECORD}\n size: int\n rate: int", ["low.A: rate"]),
    ],
)
def test_what_the_docstrings_leave_out_is_found(made_up, text, wrong):
    house = made_up(low=f'"A module."\n{text}\n')
    sys.modules.pop(f"{house.package}.low", None)
    assert house.undocumented("low") == wrong
