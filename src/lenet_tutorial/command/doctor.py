"""What is there, what is missing, and how to mend it: ``lenet-tutorial doctor``."""

import functools
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .._inputs import why
from . import net as _net

#: Beside the package's own dependencies, what a notebook needs to run.
FOR_CHAPTERS = ("ipykernel",)
KINDS = {
    "book": ("Building the site", "make book"),
    "test": ("Checking it", "make test"),
}
BACKENDS = ("jax", "torch")
FREE = 100_000_000  # bytes; MNIST and a chapter's own files take less


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes
    ----------
    state : {'ok', 'wrong', 'missing', 'optional'}
        Only what is wrong keeps the chapters from running.
    text : str
        What was looked at and what was found.
    advice : str
        How to mend it.
    """

    state: str
    text: str
    advice: str = ""


def add_options(parser):
    """Say what the command takes: nothing.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """


def run(options):
    """Look at everything, and say what was found.

    Parameters
    ----------
    options : argparse.Namespace
        Nothing is asked for.

    Returns
    -------
    int
        The exit code: 0 if the chapters can run.
    """
    text, good = report(examine())
    print(text)
    return 0 if good else _net.FAILED


def examine():
    """Look at everything.

    Returns
    -------
    dict of str to list of Check
        By the title of the group.
    """
    groups = {
        "Machine": [
            *_look("Python", _python),
            *_look("the machine", _machine),
            *_look("the disk", _temporary),
        ],
        "Packages of the chapters": [
            *_look("the packages", _packages, None),
            *_look("Keras", _backend),
        ],
        "Digits": [*_look("the digits", _digits), *_look("the zip codes", _zip_codes)],
    }
    for extra, (title, command) in KINDS.items():
        groups[title] = _look("the packages", _packages, extra, command)
    groups["Building the site"] += _look(
        "make", _program, "make", ("make",), "on Debian: apt-get install make"
    )
    groups["Checking it"] += _look(
        "Chromium",
        _program,
        "Chromium, for the tests in a browser",
        ("chromium", "chromium-browser"),
        "on Debian: apt-get install chromium; else these tests are skipped",
    )
    groups["Other backends, if you like"] = [
        check for name in BACKENDS for check in _look(name, _optional, name)
    ]
    return groups


def _look(what, examine, *arguments):
    """Return the checks of one kind; whatever goes wrong there, the others are still looked at."""
    try:
        found = examine(*arguments)
    except Exception as error:
        said = why(error)
        if not isinstance(error, (OSError, ValueError, MemoryError)):
            said = f"{type(error).__name__}: {said}"
        return [Check("wrong", f"{what} can't be looked at: {said}")]
    return found if isinstance(found, list) else [found]


def report(groups):
    """Write the report of :func:`examine`.

    Parameters
    ----------
    groups : dict of str to list of Check
        What was found.

    Returns
    -------
    (str, bool)
        The text, and whether the chapters can run.
    """
    lines, wrong = [], []
    for title, checks in groups.items():
        lines.append(title)
        for check in checks:
            lines.append(f"  {check.state:8} {_net.one_line(check.text)}")
            if check.advice and check.state != "ok":
                lines.append(f"{'':11}{_net.one_line(check.advice)}")
        wrong += [_net.one_line(check.text) for check in checks if check.state == "wrong"]
        lines.append("")
    if wrong:
        lines.append(f"The chapters can't run: {'; '.join(wrong)}.")
    else:
        lines.append("The chapters can run.")
    return "\n".join(lines), not wrong


def _python():
    """Hold Python against what the package asks for, which is written down in one place."""
    from packaging.specifiers import SpecifierSet

    found = platform.python_version()
    try:
        asked = importlib.metadata.metadata("lenet-tutorial")["Requires-Python"] or ""
    except importlib.metadata.PackageNotFoundError:  # which another check says
        asked = ""
    good = SpecifierSet(asked).contains(found, prereleases=True)
    return Check(
        "ok" if good else "wrong",
        f"Python {found}, {sys.executable}",
        f"Python {asked} is needed: make book PYTHON=python3.12",
    )


def _machine():
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    checks = [Check("ok", f"{platform.system()} {platform.machine()}, {usable} cores")]
    limit = _net.memory_limit()
    if limit is not None:
        text = f"the limit of memory is {limit >> 20} MB, Keras needs {_net.MEMORY >> 20} MB"
        checks.append(Check("wrong", text, "lift it: ulimit -v unlimited"))
    return checks


def _temporary():
    """Look for a folder for temporary files, which Keras and the notebooks need."""
    try:
        folder = tempfile.gettempdir()
    except OSError as error:
        advice = "set TMPDIR to a folder that can be written to"
        return Check("wrong", f"no folder for temporary files: {why(error)}", advice)
    return _room("temporary files", folder, "wrong")


def _room(what, folder, state):
    """Say how much room a disk has."""
    folder = Path(folder).absolute()
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    free = shutil.disk_usage(there).free
    return Check(
        "ok" if free >= FREE else state,
        f"{free / 1e9:.1f} GB free for {what}, in {there}",
        f"{FREE // 1_000_000} MB are needed: make room",
    )


@functools.cache
def _requirements():
    """Return the package's requirements by the extra that asks for them, or None."""
    from packaging.requirements import Requirement

    try:
        texts = importlib.metadata.requires("lenet-tutorial") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = {}
    for text in texts:
        requirement = Requirement(text)
        for extra in (None, *KINDS):
            marker = requirement.marker
            always = marker is None or marker.evaluate({"extra": ""})
            if (always and extra is None) or (
                not always and extra and marker.evaluate({"extra": extra})
            ):
                found.setdefault(extra, []).append(requirement)
    return found


def _packages(extra, command="make book"):
    """Check the packages of one extra; what a chapter needs counts with the package's own."""
    requirements = _requirements()
    if requirements is None:
        if extra is not None:
            return []
        return [Check("wrong", "lenet-tutorial is not installed here", "make book sets it up")]
    wanted = [
        one
        for group, ones in requirements.items()
        for one in ones
        if (None if one.name in FOR_CHAPTERS else group) == extra
    ]
    checks, there = [], []
    for requirement in sorted(wanted, key=lambda one: one.name):
        asked = str(requirement.specifier)
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = None
        if found and requirement.specifier.contains(found, prereleases=True):
            there.append(f"{requirement.name} {found}")
        else:
            state = "wrong" if extra is None else "missing"
            text = f"{requirement.name} {found}, {asked} is needed" if found else requirement.name
            text += "" if found else " is not installed"
            checks.append(Check(state, text, f"{command} sets it up in .venv"))
    if extra is None:
        return [*(Check("ok", one) for one in there), *checks]
    if there and not checks:
        checks.append(Check("ok", f"all {len(there)} packages"))
    return checks


def _backend():
    """Start Keras in a process of its own: what can't be loaded must not end the report."""
    code = "import lenet_tutorial, keras; name = keras.backend.backend(); "
    code += (
        "print(name, __import__(name).__version__, keras.ops.convert_to_numpy(keras.ops.ones(1)))"
    )
    try:
        started = subprocess.run(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=300,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("wrong", f"Keras does not start: {why(error)}", "make book sets it up anew")
    if started.returncode == 0 and started.stdout:
        name, version, *_ = started.stdout.split()
        return Check("ok", f"Keras computes with {name} {version}")
    said = (started.stderr.strip().splitlines() or [f"exit status {started.returncode}"])[-1]
    asked = os.environ.get("KERAS_BACKEND")
    advice = "make book sets it up anew"
    if asked:
        advice = f"KERAS_BACKEND={asked} asks for it: install it, or unset KERAS_BACKEND"
    return Check("wrong", f"Keras does not start: {said}", advice)


def _digits():
    """Say which rule finds the data set, without a download."""
    from .. import datasets

    asked = os.environ.get("LENET_TUTORIAL_DATASET") or "auto"
    if asked not in ("auto", "mnist", "digits"):
        return Check(
            "wrong",
            f"LENET_TUTORIAL_DATASET={asked} names no data set",
            "it takes mnist, digits or auto",
        )
    if asked == "digits":
        return Check("ok", "scikit-learn's digits, because of LENET_TUTORIAL_DATASET=digits")
    folder = os.environ.get("LENET_TUTORIAL_DATA")
    where = "LENET_TUTORIAL_DATA" if folder else "the cache"
    setting = "LENET_TUTORIAL_DATA" if folder else "LENET_TUTORIAL_CACHE"
    try:
        place = folder or datasets.cache_folder()
        if not folder:
            setting = "LENET_TUTORIAL_MIRRORS"
            datasets.chosen_mirrors()
            setting = "LENET_TUTORIAL_CACHE"
        datasets.load_mnist(mirrors=())
    except datasets.MnistUnavailable:
        advice = (
            "lenet-tutorial data gets it; if you have it, name its folder in LENET_TUTORIAL_DATA"
        )
        if asked == "mnist":
            return Check("wrong", "MNIST is not here, and LENET_TUTORIAL_DATASET=mnist", advice)
        text = "MNIST is not here: the chapters download it (11 MB), or take scikit-learn's digits"
        room = _look("the cache", _room, "MNIST", place, "missing")
        return [Check("missing", text, advice), *room]
    except datasets.DatasetError as error:
        return Check("wrong", str(error), f"correct {setting}, or unset it")
    except Exception as error:  # a file that is damaged in a way that nobody thought of
        text = f"the digits in {place} can't be read: {why(error)}"
        return Check("wrong", text, f"correct {setting}, or unset it")
    return Check("ok", f"MNIST, in {where}: {Path(place)}")


def _zip_codes():
    """Say whether the zip codes of 1989 are there; no chapter needs them to run."""
    from .. import zipcodes

    try:
        zipcodes.load_zipcodes(mirrors=())
    except zipcodes.ZipUnavailable:
        text = "the zip codes of 1989 are not here: chapters 7 and 9 show stored results"
        return Check("optional", text, "lenet-tutorial data --zip gets them (2 MB)")
    except zipcodes.DatasetError as error:
        return Check("missing", str(error), "lenet-tutorial data --zip gets them anew")
    return Check("ok", "the zip codes of 1989")


def _program(what, names, advice):
    found = next(filter(None, map(shutil.which, names)), None)
    return Check("ok", f"{what}: {found}") if found else Check("missing", what, advice)


def _optional(name):
    try:
        return Check("ok", f"{name} {importlib.metadata.version(name)}")
    except importlib.metadata.PackageNotFoundError:
        advice = f"pip install {name}, then set KERAS_BACKEND={name}"
        return Check("optional", f"{name} is not installed", advice)
