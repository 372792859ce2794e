"""The files that describe the environment agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import lenet_tutorial

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())


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


def test_every_locked_package_has_hashes():
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert len(blocks) > 50
    for block in blocks:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_locks_name_no_host_and_no_path():
    package_lock = (ROOT / "package-lock.json").read_text()
    for text in (LOCK, package_lock):
        assert "://" not in text
        assert "resolved" not in text
        assert "--index-url" not in text and "--find-links" not in text
    assert '"integrity": "sha512-' in package_lock


def test_conda_has_the_same_python_and_installs_the_same_package_and_extras():
    python = next(d for d in CONDA["dependencies"] if str(d).startswith("python"))
    conda_range = SpecifierSet(python.removeprefix("python").strip())
    pip_range = SpecifierSet(PROJECT["requires-python"])
    for minor in range(8, 14):
        version = f"3.{minor}"
        assert conda_range.contains(version) == pip_range.contains(version), version
    pip = next(d["pip"] for d in CONDA["dependencies"] if isinstance(d, dict))
    assert len(pip) == 1
    extras = re.fullmatch(r"--editable \.\[(.+)\]", pip[0]).group(1).split(",")
    # The same extras that the lock is made of, and that `make` installs.
    lock_line = next(
        line for line in (ROOT / "Makefile").read_text().splitlines() if "uv pip" in line
    )
    assert extras == re.findall(r"--extra (\w+)", lock_line)


def test_the_makefile_has_the_targets_that_the_readme_names():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "book" / "how-to-use.md"]
    named = set()
    for page in pages:
        named |= set(
            re.findall(r"(?:`|\$ |^)(?:[A-Z_]+=\S+ )*make ([a-z]+)", page.read_text(), re.M)
        )
    assert {"book", "test"} <= named
    assert named <= targets


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == lenet_tutorial.__version__


def test_actions_are_pinned_by_commit_and_may_only_read_by_default():
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert {file.stem for file in workflows} >= {"test", "publish", "links"}
    for file in workflows:
        text = file.read_text()
        uses = re.findall(r"uses: (\S+)", text)
        assert uses
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in uses), file
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
