"""What is there, what is missing, and how to mend it: ``lenet-tutorial doctor``."""

import functools
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: Beside the package's own dependencies, what a notebook needs to run.
FOR_CHAPTERS = ("ipykernel",)
KINDS = {
    "book": ("Building the site", "make book"),
    "test": ("Checking it", "make test"),
}
BACKENDS = ("jax", "torch")


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


def examine():
    """Look at everything.

    Returns
    -------
    dict of str to list of Check
        By the title of the group.
    """
    groups = {
        "Machine": [_python(), _machine()],
        "Packages of the chapters": [*_packages(None), _backend()],
        "Digits": [_digits()],
    }
    for extra, (title, command) in KINDS.items():
        groups[title] = _packages(extra, command)
    groups["Building the site"] += [_program("make", ("make",), "on Debian: apt-get install make")]
    groups["Checking it"] += [
        _program(
            "Chromium, for the tests in a browser",
            ("chromium", "chromium-browser"),
            "on Debian: apt-get install chromium; else these tests are skipped",
        )
    ]
    groups["Other backends, if you like"] = [_optional(name) for name in BACKENDS]
    return groups


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
            lines.append(f"  {check.state:8} {check.text}")
            if check.advice and check.state != "ok":
                lines.append(f"{'':11}{check.advice}")
        wrong += [check.text for check in checks if check.state == "wrong"]
        lines.append("")
    if wrong:
        lines.append(f"The chapters can't run: {'; '.join(wrong)}.")
    else:
        lines.append("The chapters can run.")
    return "\n".join(lines), not wrong


def _python():
    found = platform.python_version()
    good = sys.version_info >= (3, 11)
    return Check(
        "ok" if good else "wrong",
        f"Python {found}, {sys.executable}",
        "Python 3.11 or newer is needed: make book PYTHON=python3.12",
    )


def _machine():
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("ok", f"{platform.system()} {platform.machine()}, {usable} cores")


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
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("wrong", f"Keras does not start: {error}", "make book sets it up anew")
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
    from . import datasets

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
    try:
        place = folder or datasets.cache_folder()
        if not folder:
            datasets.chosen_mirrors()
        datasets.load_mnist(mirrors=())
    except datasets.MnistUnavailable:
        advice = (
            "lenet-tutorial data gets it; if you have it, name its folder in LENET_TUTORIAL_DATA"
        )
        if asked == "mnist":
            return Check("wrong", "MNIST is not here, and LENET_TUTORIAL_DATASET=mnist", advice)
        text = "MNIST is not here: the chapters download it (11 MB), or take scikit-learn's digits"
        return Check("missing", text, advice)
    except datasets.DatasetError as error:
        return Check("wrong", str(error), "correct the setting, or unset it")
    return Check("ok", f"MNIST, in {where}: {Path(place)}")


def _program(what, names, advice):
    found = next(filter(None, map(shutil.which, names)), None)
    return Check("ok", f"{what}: {found}") if found else Check("missing", what, advice)


def _optional(name):
    try:
        return Check("ok", f"{name} {importlib.metadata.version(name)}")
    except importlib.metadata.PackageNotFoundError:
        advice = f"pip install {name}, then set KERAS_BACKEND={name}"
        return Check("optional", f"{name} is not installed", advice)
