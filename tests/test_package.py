"""The package as a whole: light to import, quiet, documented, and its imports point one way."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lenet_tutorial

SOURCE = Path(lenet_tutorial.__file__).parent
MODULES = sorted(file.stem for file in SOURCE.glob("*.py") if not file.stem.startswith("_"))


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
    modules = ", ".join(f"lenet_tutorial.{name}" for name in MODULES if name != "layers")
    result = run(f"import sys; import {modules}; print([m for m in {heavy} if m in sys.modules])")
    assert result.stdout.strip() == "['numpy']"


def test_import_takes_a_tenth_of_a_second_at_most():
    # The processor's time: the wall clock also counts what other programs do meanwhile.
    code = "import time; t = time.process_time(); import lenet_tutorial; "
    code += "print(time.process_time() - t)"
    run(code)
    assert min(float(run(code).stdout) for _ in range(3)) <= 0.1


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


def imported(name):
    """Return the names of the package's own modules that a module imports, at any depth."""
    tree = ast.parse((SOURCE / f"{name}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
    return found


def test_imports_point_one_way():
    order = ["_checks", "shapes", "layers", "models", "mirrors", "datasets"]
    order += ["backup", "training"]
    for place, name in enumerate(order):
        assert imported(name) <= set(order[:place]), name
    lookers_on = {"tables", "figures", "pictures", "comparisons", "results", "levenberg"}
    lookers_on |= {"export", "recipes"}
    lookers_on |= {"cli", "doctor", "scans", "stored"}
    lookers_on |= {"modelfile", "modellayers", "modelsizes"}
    lookers_on |= {"parallel", "worker"}
    assert {*MODULES, "_checks"} == {*order, *lookers_on}
    assert not (lookers_on & imported("tables")) and not (lookers_on & imported("figures"))


def test_a_module_can_be_read_in_one_sitting():
    for name in MODULES:
        assert len((SOURCE / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 900, name


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


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_say_what_they_take_and_give(name):
    assert importlib.import_module(f"lenet_tutorial.{name}").__doc__
    for key, value in public(name):
        text = inspect.getdoc(value) or ""
        assert text, f"{name}.{key}"
        if inspect.isfunction(value):
            for parameter in inspect.signature(value).parameters:
                if name != "results" or key != "main":
                    assert parameter.strip("*") in text, f"{name}.{key}: {parameter}"
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
