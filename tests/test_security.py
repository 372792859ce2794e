"""What is published holds no secret and no trace of a machine, and runs nothing of others."""

import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

SECRETS = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22}|AKIA[0-9A-Z]{16}|npm_[A-Za-z0-9]{36}"
    r"|pypi-AgE[\w-]{20}|xox[abp]-[\w-]{10}|\bsk-[A-Za-z0-9]{20}|AIza[\w-]{35}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
)
PATHS = re.compile(
    r"(?<![\w./~$:<-])/(?:home|root|tmp|work|Users|mnt|opt|private|var/folders)/[\w.-]+"
    r"|\b[A-Z]:\\\\?Users\\"
)


def registries():
    """Return the hosts that packages come from: the public ones, and those of this machine."""
    hosts = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}
    settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8"
    ).stdout
    names = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "NPM_CONFIG_REGISTRY")
    texts = [settings, *(os.environ.get(name, "") for name in names)]
    for address in re.findall(r"https?://[^\s'\"]+", " ".join(texts)):
        hosts.add(urlsplit(address).hostname)
    return {host for host in hosts if host}


def traces(text):
    """Yield what should not be in a file that is published."""
    yield from (found.group()[:12] for found in SECRETS.finditer(text))
    yield from (found.group() for found in PATHS.finditer(text))
    yield from (host for host in registries_here if host in text)
    name = socket.gethostname()
    if len(name) >= 6 and name not in ("localhost", "localhost.localdomain"):
        yield from [name] * (name in text)


registries_here = registries()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("ghp_" + "a1B2" * 9, 1),
        ("AKIA" + "ABCD" * 4, 1),
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", 1),
        ("in /" + "home/reader/book and /" + "tmp/x", 2),
        ("from https://" + "pypi.org/simple", 1),
        ("and/or 1/2, ~/work/x, https://x.org/home/page, src/tmp/y, the root/leaf", 0),
    ],
)
def test_the_look_out_sees_what_it_is_for(text, count):
    assert len(list(traces(text))) == count


def committed():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, encoding="utf-8", cwd=ROOT
    )
    if listed.returncode:
        pytest.skip("no git here: the files of the repository can't be listed")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_committed_file_holds_a_secret():
    files = committed()
    assert len(files) > 80
    for file in files:
        if file.is_file():
            assert not SECRETS.search(file.read_text(errors="replace", encoding="utf-8")), file


def test_chapters_results_and_data_hold_no_trace_of_a_machine():
    looked = [
        file for file in committed() if file.suffix in (".ipynb", ".csv", ".json", ".lock", ".bib")
    ]
    looked += sorted((ROOT / "book").rglob("*.js"))
    assert len(looked) > 40
    for file in looked:
        if file.is_file():
            assert not list(traces(file.read_text(errors="replace", encoding="utf-8"))), file


def test_the_built_site_holds_no_trace_of_a_machine(site):
    looked = [
        file
        for file in site.rglob("*")
        if file.suffix in (".html", ".ipynb", ".json", ".txt", ".inv", ".xml")
        or file.name == "searchindex.js"
    ]
    assert len(looked) > 20
    for file in looked:
        found = list(traces(file.read_text(errors="replace", encoding="utf-8")))
        assert not found, f"{file.relative_to(site)}: {found}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the package from what is committed, without any network."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT"):
        shutil.copy(ROOT / name, source)
    leave = shutil.ignore_patterns("*.egg-info", "__pycache__", "*.part")
    shutil.copytree(ROOT / "src", source / "src", ignore=leave)
    made = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--quiet", "--wheel-dir", str(made), str(source)]
    built = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(made.glob("*.whl"))) as archive:
        yield archive


def test_the_wheel_holds_no_trace_of_a_machine(wheel):
    for name in wheel.namelist():
        assert not list(traces(wheel.read(name).decode(errors="replace"))), name


def test_the_wheel_holds_all_that_the_package_reads_and_the_command(wheel):
    names = set(wheel.namelist())
    package = ROOT / "src" / "lenet_tutorial"
    for file in package.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".part":
            assert f"lenet_tutorial/{file.relative_to(package).as_posix()}" in names, file
    points = next(name for name in names if name.endswith("entry_points.txt"))
    assert "lenet-tutorial = lenet_tutorial.command.cli:program" in wheel.read(points).decode()


# --------------------------------------------------------------------------- the code


def test_nothing_in_the_package_reads_a_pickle_or_runs_text():
    for file in (ROOT / "src").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for word in ("import pickle", "import marshal", "allow_pickle=True", "safe_mode=False"):
            assert word not in text, f"{file.name}: {word}"
        # One line runs what a reader wrote: `check`, on his own file, in a process of its own.
        runs = re.findall(r"(?<![\w.])(?:eval|exec)\(", text)
        own = file.relative_to(ROOT / "src" / "lenet_tutorial").as_posix() == "command/reader.py"
        assert runs == (["exec("] if own else []), file.name
        assert "shell=True" not in text and "os.system" not in text, file.name


def test_the_security_policy_says_what_it_must():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for words in ("private vulnerability reporting", "predict", "safe_mode", "pickle", "Supported"):
        assert words in text, words
    assert "SECURITY.md" in (ROOT / "README.md").read_text(encoding="utf-8")
