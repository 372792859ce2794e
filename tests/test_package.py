"""The package as a whole: light to import, quiet, documented, and its imports point one way."""

import ast
import doctest
import functools
import graphlib
import importlib
import inspect
import io
import re
import subprocess
import sys
import time
import tokenize
from pathlib import Path

import pytest

import lenet_tutorial

SOURCE = Path(lenet_tutorial.__file__).parent
ROOT = Path(__file__).parents[1]
#: All modules and packages of the package, without its own name in front.
ALL = sorted(
    ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for file in SOURCE.rglob("*.py")
    if file != SOURCE / "__init__.py"
)
MODULES = [name for name in ALL if not name.split(".")[-1].startswith("_")]


#: Modules of classes on top of Keras's own, which can't do without it.
HEAVY = {"layers", "__main__"}


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


def layers():
    """Return the rows of the map in CONTRIBUTING.md, each with its modules."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = re.search(r"^\| layer \|.*?\n\n", text, re.DOTALL | re.MULTILINE).group()
    rows = [row.split("|")[1:3] for row in table.splitlines()[2:] if row]
    return {name.strip(): re.findall(r"`([\w.]+)`", modules) for name, modules in rows}


def path_of(name):
    """Return the file of a module, or of a package."""
    path = SOURCE / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def tree_of(name):
    return ast.parse(path_of(name).read_text(encoding="utf-8"))


def imported(name):
    """Return the package's own modules that a module imports, at any depth of its code."""
    parts = name.split(".") if name else []
    package = parts if path_of(name).name == "__init__.py" else parts[:-1]
    found = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first, _, rest = alias.name.partition(".")
                found |= {rest} if first == "lenet_tutorial" else set()
        if not isinstance(node, ast.ImportFrom):
            continue
        outside = node.level == 0 and (node.module or "").split(".")[0] != "lenet_tutorial"
        if outside:
            continue
        if node.level:
            base = package[: len(package) - node.level + 1]
            base += node.module.split(".") if node.module else []
        else:
            base = node.module.split(".")[1:]
        for alias in node.names:
            whole = ".".join([*base, alias.name])
            found.add(whole if whole in ALL else ".".join(base))
    return found - {"", name}


def test_the_map_names_every_module_once():
    listed = sorted(name for modules in layers().values() for name in modules)
    assert listed == sorted(ALL)


@pytest.mark.parametrize("name", ALL)
def test_imports_go_down_only(name):
    rows = list(layers().values())
    place = next(number for number, modules in enumerate(rows) if name in modules)
    allowed = {module for modules in rows[: place + 1] for module in modules}
    assert imported(name) <= allowed


def test_imports_go_round_in_no_circle():
    order = graphlib.TopologicalSorter({name: imported(name) for name in ALL})
    order.prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("name", ALL)
def test_a_module_can_be_read_in_one_sitting(name):
    text = path_of(name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    code = lines_of_code(text)
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.FunctionDef):
            length = len(code & {*range(node.lineno, node.end_lineno + 1)})
            assert length <= 60, f"{name}.{node.name} has {length} lines of code"


def lines_of_code(text):
    """Return the numbers of the lines that hold code: no comment, no docstring, no empty line."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet and token.type != tokenize.ENDMARKER:
            found |= {*range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            found -= {*range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    return found


def public(name):
    module = importlib.import_module(f"lenet_tutorial.{name}")
    for key, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__
        if (
            own
            and not key.startswith("_")
            and (inspect.isfunction(value) or inspect.isclass(value))
        ):
            yield key, value


def documented(text):
    """Return the names that the section *Parameters* of a numpydoc text explains."""
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE
    )
    heads = (
        re.findall(r"^(\S[^:\n]*?)(?: :.*)?$", section.group(1), re.MULTILINE) if section else []
    )
    return {name.strip().strip("*") for head in heads for name in head.split(",")}


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_say_what_they_take_and_give(name):
    assert importlib.import_module(f"lenet_tutorial.{name}").__doc__
    for key, value in public(name):
        text = inspect.getdoc(value) or ""
        assert text, f"{name}.{key}"
        if inspect.isfunction(value):
            taken = {one.strip("*") for one in inspect.signature(value).parameters}
            assert taken <= documented(text), f"{name}.{key}: {taken - documented(text)}"
            raises = "raise ValueError" in inspect.getsource(value)
            assert not raises or "Raises" in text, f"{name}.{key}"


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
