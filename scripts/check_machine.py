"""Say whether the book can be set up here, before anything is installed: ``make`` asks first.

``python scripts/check_machine.py .venv`` prints one line for each thing that is missing, with what
to do, and ends with 1; it prints nothing where all is well. It runs on any Python from 3.6 on, and
imports nothing but the standard library.
"""

import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What setting up takes on a disk: the environment 2.4 GB, the site, and what pip unpacks meanwhile.
NEEDED = 4 * 10**9


def supported(text):
    """Return the first Python that will do and the first that won't, from pyproject.toml's text."""
    bounds = re.search(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"$', text, re.MULTILINE)
    return (3, int(bounds.group(1))), (3, int(bounds.group(2)))


def names(first, end):
    """Return the supported versions in words, as in "3.11, 3.12 or 3.13"."""
    found = [f"3.{minor}" for minor in range(first[1], end[1])]
    return ", ".join(found[:-1]) + " or " + found[-1]


def wrong_python(version, first, end):
    """Say what is wrong with a version of Python, or nothing."""
    if first <= version[:2] < end:
        return []
    fault = "too old" if version[:2] < first else "too new: TensorFlow is not made for it yet"
    advice = f"install Python {names(first, end)} and name it, as in"
    advice += f" `make PYTHON=python3.{end[1] - 1} book`"
    return [f"Python {version[0]}.{version[1]} is {fault}; {advice}"]


def wrong_modules(find):
    """Say which modules of the standard library the system has left out; find imports one."""
    try:
        for module in ("venv", "ensurepip", "ssl"):
            find(module)
    except ImportError as error:
        advice = "on Debian and Ubuntu: apt-get install python3-venv"
        return [f"Python's module {error.name} is missing; {advice}"]
    return []


def wrong_disk(folder, usage):
    """Say whether the disk that will hold a folder is too full; usage is shutil.disk_usage."""
    folder = os.path.abspath(folder)
    while not os.path.isdir(folder):  # it is still to be made
        folder = os.path.dirname(folder)
    free = usage(folder).free
    if free >= NEEDED:
        return []
    advice = "make room, or name a folder on another disk, as in `make VENV=/other/disk/venv book`"
    return [f"{folder} has {free / 1e9:.1f} GB left and {NEEDED / 1e9:.0f} are needed; {advice}"]


def wrong_folder(folder):
    """Say whether the environment can't lie where it shall; an old one there will be replaced."""
    folder = os.path.abspath(folder)
    if os.path.exists(folder) and not os.path.isfile(os.path.join(folder, "pyvenv.cfg")):
        if not os.path.isdir(folder) or os.listdir(folder):
            return [f"{folder} is there and is no environment of Python; name another, in VENV"]
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if os.path.isdir(folder) and os.access(folder, os.W_OK):
        return []
    return [f"nothing can be written into {folder}; make a copy of the book elsewhere"]


def faults(folder, version=sys.version_info, find=__import__, usage=shutil.disk_usage):
    """Return all that stands in the way of an environment in a folder, a line for each."""
    with open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as stream:
        first, end = supported(stream.read())
    wrong = wrong_python(tuple(version), first, end)
    if not wrong:  # another Python has other modules
        wrong = wrong_modules(find)
    return wrong + wrong_folder(folder) + wrong_disk(folder, usage)


if __name__ == "__main__":
    found = faults(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, ".venv"))
    for line in found:
        sys.stderr.write("The book can't be set up here: " + line + ".\n")
    sys.exit(bool(found))
