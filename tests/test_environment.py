"""The files that describe the environment agree with each other, and with what is imported."""

import ast
import base64
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import downloads
import nbformat
import pytest
import seal_lock
import yaml
from contents import CHAPTERS, PLACES, ROOT, SOLUTIONS, code_of, sources
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import lenet_tutorial

pytestmark = pytest.mark.book


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


SETTINGS = tomllib.loads(read("pyproject.toml"))
PROJECT = SETTINGS["project"]
LOCK = read("requirements.lock")
CONDA = yaml.safe_load(read("environment.yml"))


def locked():
    """Return {package name: [version, …]} from requirements.lock."""
    found = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def wanted():
    texts = list(PROJECT["dependencies"])
    for extra in ("book", "test"):
        texts += PROJECT["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda r: r.name)
def test_the_lock_holds_a_version_that_pyproject_allows(requirement):
    versions = locked().get(canonicalize_name(requirement.name))
    assert versions, f"{requirement.name} is not locked: run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions)


def test_every_line_of_the_lock_is_one_version_with_hashes():
    lines = [line for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
    pinned = re.compile(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.+!]+( ; [^\\]+)? \\")
    blocks = []
    for line in lines:
        if not line.startswith(" "):
            assert pinned.fullmatch(line), line
            blocks.append([line])
        else:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
            blocks[-1].append(line)
    assert len(blocks) > 50
    assert all(len(block) > 1 for block in blocks), "a package without a hash"


def test_nobody_has_changed_the_lock_by_hand():
    assert seal_lock.is_sealed(LOCK), "run `make lock`"
    assert seal_lock.is_sealed(seal_lock.seal(LOCK)) and seal_lock.seal(LOCK) == LOCK
    first = re.search(r"    --hash=sha256:[0-9a-f]{64} \\\n", LOCK)[0]
    for old, new in (("==", ">="), (first, "")):
        assert not seal_lock.is_sealed(LOCK.replace(old, new, 1))


#: Bounds that stand for a reason: what is just outside, and why.
OUTSIDE = {
    "keras": ("3.15.0", "a network's weights could name any file of the machine as their data"),
    "pillow": ("11.2", "it could write beyond its memory (CVE-2025-48379)"),
    "numpy": ("1.26", "its scalars and its casts are others"),
    "jupyter-book": ("2.0", "another program, with other settings"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_bound_that_stands_for_a_reason_is_there(name):
    wants = next(one for one in wanted() if one.name == name)
    version, reason = OUTSIDE[name]
    assert not wants.specifier.contains(version), reason
    assert any(wants.specifier.contains(one) for one in locked()[canonicalize_name(name)])


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64"])
def test_one_tensorflow_is_installed_and_the_small_one_where_it_is_made(system, machine):
    place = {"sys_platform": system, "platform_machine": machine}
    names = [one.name for one in wanted() if one.name.startswith("tensorflow")]
    assert sorted(names) == ["tensorflow", "tensorflow-cpu"]
    chosen = [one.name for one in wanted() if one.name in names and one.marker.evaluate(place)]
    small = (system, machine) == ("linux", "x86_64")
    assert chosen == ["tensorflow-cpu" if small else "tensorflow"]


def test_all_data_of_the_package_are_packed():
    folder = Path(lenet_tutorial.__file__).parent
    patterns = SETTINGS["tool"]["setuptools"]["package-data"]["lenet_tutorial"]
    packed = {path for pattern in patterns for path in folder.glob(pattern)}
    there = {path for path in (folder / "data").rglob("*") if path.is_file()}
    assert len(there) > 20
    assert not {path.name for path in there - packed if not path.name.startswith(".")}


def test_what_npm_brings_is_known_by_a_whole_checksum():
    for place, package in json.loads(read("package-lock.json"))["packages"].items():
        if place:
            kind, _, code = package["integrity"].partition("-")
            assert kind == "sha512" and len(base64.b64decode(code, validate=True)) == 64, place


def test_the_paper_in_the_citation_is_the_one_in_the_references():
    (cited,) = yaml.safe_load(read("CITATION.cff"))["references"]
    text = re.search(r"@article\{lecun1998,\n(.*?)\n\}", read("book/references.bib"), re.S)[1]
    entry = dict(re.findall(r"(\w+) += \{(.*)\}", text))
    authors = [f"{one['family-names']}, {one['given-names']}" for one in cited["authors"]]
    assert " and ".join(authors) == entry["author"].replace(r"{\'e}", "é")
    for here, there in {"title": "title", "journal": "journal", "doi": "doi"}.items():
        assert cited[here] == entry[there]
    for here, there in {"volume": "volume", "issue": "number", "year": "year"}.items():
        assert str(cited[here]) == entry[there]
    assert f"{cited['start']}--{cited['end']}" == entry["pages"]


def test_binder_installs_what_make_installs():
    lines = read(".binder/requirements.txt").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-r ../requirements.lock"]
    start = ROOT / ".binder" / "postBuild"
    assert start.stat().st_mode & 0o111 and read(".binder/postBuild").startswith("#!")
    steps = [line for line in read(".binder/postBuild").splitlines() if "pip install" in line]
    assert len(steps) == 1 and steps[0].replace("python", "$(BIN)/python", 1) in read("Makefile")


def test_binder_makes_the_notebooks_that_the_chinese_pages_open(tmp_path):
    assert read(".binder/postBuild").splitlines()[-1] == "python book/_ext/downloads.py"
    assert f"{downloads.FOLDER.split('/')[0]}/" in read(".gitignore").splitlines()
    downloads.main(tmp_path)
    made = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.ipynb"))
    book = sorted(file.relative_to(ROOT).as_posix() for file in [*CHAPTERS, *SOLUTIONS])
    assert made == book
    for name in made:
        first = nbformat.read(tmp_path / name, as_version=4).cells[0].source
        assert re.search("[\u4e00-\u9fff]", first), name


def test_binder_and_the_readme_have_a_python_that_is_supported():
    bounds = SpecifierSet(PROJECT["requires-python"])
    minors = [f"3.{minor}" for minor in range(30) if bounds.contains(f"3.{minor}")]
    assert read(".binder/runtime.txt").strip() in {f"python-{minor}" for minor in minors}
    words = f"{', '.join(minors[:-1])} or {minors[-1]}"
    assert f"You need Python {words} and" in read("README.md")
    assert set(re.findall(r"PYTHON=python(3\.\d+)", read("README.md"))) <= set(minors)


def test_the_locks_name_no_host_and_no_path():
    package_lock = read("package-lock.json")
    for text in (LOCK, package_lock):
        assert "://" not in text
        assert "resolved" not in text
        assert "--index-url" not in text and "--find-links" not in text
    assert '"integrity": "sha512-' in package_lock


def test_conda_has_the_same_python_and_installs_the_same_package_and_extras():
    python = next(d for d in CONDA["dependencies"] if str(d).startswith("python"))
    bounds = SpecifierSet(python.removeprefix("python"))
    assert bounds == SpecifierSet(PROJECT["requires-python"])
    assert sorted(one.operator for one in bounds) == ["<", ">="]  # too new is said as well
    pip = next(d["pip"] for d in CONDA["dependencies"] if isinstance(d, dict))
    assert len(pip) == 1
    extras = re.fullmatch(r"--editable \.\[(.+)\]", pip[0]).group(1).split(",")
    # The same extras that the lock is made of, and that `make` installs.
    lock_line = next(line for line in read("Makefile").splitlines() if "uv pip" in line)
    assert extras == re.findall(r"--extra (\w+)", lock_line)


def test_the_makefile_has_the_targets_that_the_readme_names():
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "book" / "how-to-use.md"]
    named = set()
    for page in pages:
        text = page.read_text(encoding="utf-8")
        named |= set(re.findall(r"(?:`|\$ |^)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, re.M))
    assert {"book", "test"} <= named
    assert named <= targets


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == lenet_tutorial.__version__


# --------------------------------------------------------------------------- what is imported

CORE = "dependencies"
# Imported where KERAS_BACKEND names them; optax comes with JAX, for benchmarks on a GPU.
OTHER_BACKENDS = {"jax", "torch", "optax"}
# What is used without an import, and where one sees it.
UNSEEN = {
    "ipykernel": ("chapters/01-history.ipynb", '"name": "python3"'),
    "jax": ("chapters/12-beyond-one-machine.ipynb", 'engine=\\"jax\\"'),
    "jupyter-book": ("Makefile", "jupyter-book build"),
    "nbval": ("Makefile", "--nbval"),
    "pytest-xdist": ("Makefile", "--numprocesses"),
    "requests": ("src/lenet_tutorial/datasets.py", "HTTPDownloader"),  # pooch leaves it to us
    "ruff": ("Makefile", "ruff check"),
    "sphinx-design": ("_config.yml", "- sphinx_design"),
    "sphinx-exercise": ("_config.yml", "- sphinx_exercise"),
    "sphinx-notfound-page": ("_config.yml", "- notfound.extension"),
    "sphinx-reredirects": ("_config.yml", "- sphinx_reredirects"),
    "sphinx-sitemap": ("_config.yml", "- sphinx_sitemap"),
    "sphinxcontrib-bibtex": ("_config.yml", "- sphinxcontrib.bibtex"),
    "sphinxext-opengraph": ("_config.yml", "- sphinxext.opengraph"),
}


def modules(code):
    """Return the modules that a program imports, at any depth, by their first name."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names


OWN = {Path(name).stem for _, name in sources()} | {"lenet_tutorial"}
PACKAGES = packages_distributions()


def distributions(module):
    return {canonicalize_name(name) for name in PACKAGES.get(module, [module])}


def declared(extras):
    texts = list(PROJECT[CORE])
    for extra in extras:
        texts += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(Requirement(text).name) for text in texts}


@pytest.mark.parametrize("place", PLACES)
def test_all_that_is_imported_is_declared_where_it_is_needed(place):
    for file, name in sources():
        if name.partition("/")[0] == place:
            there = declared(PLACES[place])
            for module in modules(code_of(file)) - OWN - OTHER_BACKENDS:
                assert distributions(module) & there, f"{name} imports {module}"


def test_all_that_is_declared_is_used():
    imported = set()
    for file, _ in sources():
        for module in modules(code_of(file)) - OWN:
            imported |= distributions(module)
    if imported & {"tensorflow", "tensorflow-cpu"}:  # the same, for another machine
        imported |= {"tensorflow", "tensorflow-cpu"}
    for name in declared({"book", "test"}) - imported:
        assert name in UNSEEN, f"{name} is declared, and nothing imports it"
        file, text = UNSEEN[name]
        assert text in read(file), f"{name} is declared, and {file} doesn't use it"


def test_the_floors_can_be_met_together_and_no_dependency_is_named_twice():
    for extra in (CORE, "book", "test"):
        names = PROJECT[CORE] if extra == CORE else PROJECT["optional-dependencies"][extra]
        found = [Requirement(text) for text in names]
        assert len({canonicalize_name(one.name) for one in found}) == len(found), extra
        for one in found:
            assert any(bound.operator == ">=" for bound in one.specifier), one.name


# --------------------------------------------------------------------------- how tests are run


def test_pytest_is_strict_shows_what_it_skips_and_looks_everywhere():
    options = SETTINGS["tool"]["pytest"]["ini_options"]
    given = options["addopts"].split()
    for wanted_option in ("--strict-markers", "-ra", "--nbval-current-env"):
        assert wanted_option in given
    assert "surroundings" in given[given.index("-p") + 1]
    assert options["testpaths"] == ["tests", "chapters"]
    used = set()
    for file in (ROOT / "tests").glob("*.py"):
        used |= set(re.findall(r"pytest\.mark\.(\w+)", file.read_text(encoding="utf-8")))
    markers = {text.partition(":")[0] for text in options["markers"]}
    assert markers == used - {"parametrize", "skipif", "xfail", "filterwarnings", "usefixtures"}


def test_what_cannot_run_without_mnist_is_marked():
    """CI runs the marked tests once more, with MNIST."""
    for file in sorted((ROOT / "tests").glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            needs = re.search(
                r"pytest\.skip\(f?.no MNIST|load_mnist\(mirrors=\(\)\)", ast.unparse(node)
            )
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and needs:
                marks = [ast.unparse(one) for one in node.decorator_list]
                assert "pytest.mark.mnist" in marks, f"{file.name}: {node.name}"


def test_ruff_looks_at_all_kinds_of_faults():
    lint = SETTINGS["tool"]["ruff"]["lint"]
    assert {"E", "F", "I", "B", "UP", "W", "RUF", "D", "NPY", "PT"} <= set(lint["select"])
    assert SETTINGS["tool"]["ruff"]["line-length"] == 100
