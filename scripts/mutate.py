"""Break the project in one place at a time, and see whether a check notices: ``make mutate``.

A check that cannot fail proves nothing. ``scripts/mutations/*.toml`` list faults that the checks
must find, each with the narrowest check that has to fail on it. Here each fault is put into a copy
of the project, the check is run there, and a table says which faults survived. The project itself
is not touched. This is no part of ``make test``: it takes a few seconds for each entry.

An entry (``nth``, ``drop`` and ``swap`` only where they are wanted)::

    [[mutation]]
    name = "the recall of the C3 table"   # unique; says what is broken
    file = "src/lenet_tutorial/layers.py" # from the project's root
    old = "1, 1, 0"                       # the exact text, which stands there once
    new = "1, 0, 1"
    nth = 0                               # which one, from 0 on, where the text stands more often
    check = ["tests/test_layers.py"]      # arguments of pytest

For a notebook, ``cell`` names a cell by its id, and ``part`` says whether ``old`` stands in its
"source" (if nothing is said), in its "output" (any text or picture there), or in its "metadata"
(as JSON). ``drop = true`` instead of ``old`` and ``new`` removes all of that part, or, without a
cell, the file. ``swap = ["c03-004", "c03-010"]`` with ``part = "output"`` exchanges the pictures of
two cells, with ``part = "source"`` or ``"metadata"`` that part.
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import tomllib
import venv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).parent.parent
FOLDER = "scripts/mutations"
PARTS = ("source", "output", "metadata")
CAUGHT, SURVIVED, BROKEN = "caught", "SURVIVED", "BROKEN"


class StaleError(Exception):
    """An entry of the list does not fit the project (any more)."""


@dataclass(frozen=True)
class Mutation:
    """An entry of the list; the fields are its keys, and `area` is the name of its file."""

    name: str
    file: str
    check: tuple
    area: str
    old: str | None = None
    new: str | None = None
    nth: int | None = None
    cell: str | None = None
    part: str = "source"
    drop: bool = False
    swap: tuple = ()


TYPES = {
    **dict.fromkeys(("name", "file", "old", "new", "cell", "part"), str),
    **dict.fromkeys(("check", "swap"), list),
    "nth": int,
    "drop": bool,
}


def snapshot(root=ROOT):
    """Read the project: what git knows, and what it does not know and does not ignore.

    Returns
    -------
    dict
        From the name of each file to its bytes and its mode.

    Raises
    ------
    StaleError
        If git cannot say which files there are.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(
            command, cwd=root, capture_output=True, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.CalledProcessError):
        raise StaleError(f"{root} is no git repository, or git is missing") from None
    files = {name: root / name for name in sorted(set(listed.stdout.split("\0")) - {""})}
    return {
        name: (path.read_bytes(), path.stat().st_mode)
        for name, path in files.items()
        if path.is_file()
    }


def read_list(tree):
    """Return all entries, each looked at; raise `StaleError` that names every one that is wrong."""
    mutations, wrong = [], []
    for name in sorted(fnmatch.filter(tree, f"{FOLDER}/*.toml")):
        try:
            entries = tomllib.loads(tree[name][0].decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            wrong.append(f"{name}: {error}")
            continue
        if set(entries) - {"mutation"}:
            wrong.append(f"{name}: only [[mutation]] is known, not {sorted(entries)}")
        for number, entry in enumerate(entries.get("mutation", []), 1):
            try:
                mutations.append(parse(entry, Path(name).stem))
                mutate(tree, mutations[-1])
            except StaleError as error:
                wrong.append(f"{name}, {entry.get('name', f'entry {number}')!r}: {error}")
    names = Counter(mutation.name for mutation in mutations)
    wrong += [f"{name!r} is the name of {n} entries" for name, n in names.items() if n > 1]
    if wrong:
        raise StaleError("\n".join(wrong))
    return mutations


def parse(entry, area):
    """Return an entry of a file as a `Mutation`; raise `StaleError` where a key is wrong."""
    if unknown := sorted(set(entry) - set(TYPES)):
        raise StaleError(f"unknown keys {unknown}")
    for key, value in entry.items():
        if type(value) is not TYPES[key]:
            raise StaleError(f"{key} must be of type {TYPES[key].__name__}, got {value!r}")
    for key in ("name", "file", "check"):
        if not entry.get(key):
            raise StaleError(f"{key} is missing")
    if entry.get("part", "source") not in PARTS:
        raise StaleError(f"part must be one of {PARTS}, got {entry['part']!r}")
    ways = [key for key in ("old", "drop", "swap") if entry.get(key)]
    if len(ways) != 1 or ("old" in entry) != ("new" in entry):
        raise StaleError("an entry has either old and new, or drop, or swap")
    if "swap" in ways and len(entry["swap"]) != 2:
        raise StaleError("swap must name two cells")
    for key in ("check", "swap"):
        entry = entry | {key: tuple(entry.get(key, ()))}
    return Mutation(**entry, area=area)


def mutate(tree, mutation):
    """Return the bytes of the entry's file with the fault in it, or None for no file.

    Raises
    ------
    StaleError
        If the file, the cell, the text or the check is not there, or the text is not unique.
    """
    named = [word.split("::")[0] for word in mutation.check if not word.startswith("-")]
    for name in named:
        if name not in tree and "/" in name:
            raise StaleError(f"its check {name} is not there")
    if mutation.file not in tree:
        raise StaleError(f"{mutation.file} is not there")
    before = tree[mutation.file][0]
    if mutation.cell or mutation.swap:
        after = in_notebook(before, mutation)
    elif mutation.drop:
        return None
    else:
        try:
            text = before.decode()
        except UnicodeDecodeError:
            raise StaleError(f"{mutation.file} is no text") from None
        after = replace_once([text], mutation)[0].encode()
    if after == before:
        raise StaleError("it changes nothing")
    return after


def replace_once(texts, mutation):
    """Return the texts with one `old` made `new`; it must stand in them once, or `nth` says it."""
    count = sum(text.count(mutation.old) for text in texts)
    if mutation.nth is None and count != 1:
        raise StaleError(f"{mutation.old!r} stands {count} times in its place, not once")
    nth = mutation.nth or 0
    if not 0 <= nth < count:
        raise StaleError(f"{mutation.old!r} stands {count} times; there is no nth = {nth}")
    result = []
    for text in texts:
        pieces = text.split(mutation.old)
        if 0 <= nth < len(pieces) - 1:
            head, tail = (mutation.old.join(p) for p in (pieces[: nth + 1], pieces[nth + 1 :]))
            text = head + mutation.new + tail
        nth -= len(pieces) - 1
        result.append(text)
    return result


def in_notebook(content, mutation):
    """Return a notebook's bytes with the fault in one of its cells, or between two."""
    notebook = json.loads(content)

    def find(name):
        found = [cell for cell in notebook["cells"] if cell.get("id") == name]
        if len(found) != 1:
            raise StaleError(f"{len(found)} cells have the id {name!r}")
        if mutation.part == "output" and not found[0].get("outputs"):
            raise StaleError(f"cell {name} has no output")
        return found[0]

    key = "outputs" if mutation.part == "output" else mutation.part
    if mutation.swap:
        swap(*map(find, mutation.swap), key)
    elif mutation.drop:
        cell = find(mutation.cell)
        cell[key] = type(cell[key])()
    elif mutation.part == "metadata":
        cell = find(mutation.cell)
        text = json.dumps(cell[key], ensure_ascii=False, indent=1)
        try:
            cell[key] = json.loads(replace_once([text], mutation)[0])
        except json.JSONDecodeError as error:
            raise StaleError(f"the metadata is no JSON any more: {error}") from None
    else:
        cell = find(mutation.cell)
        texts = replace_once(list(leaves(cell[key])), mutation)
        cell[key] = with_leaves(cell[key], iter(texts))
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def is_text(value):
    """Return whether a value is a text as a notebook keeps it, in one piece or in lines."""
    lines = isinstance(value, list) and value and all(isinstance(line, str) for line in value)
    return isinstance(value, str) or bool(lines)


def leaves(value):
    """Yield every text in a part of a cell, those in lines in one piece."""
    if is_text(value):
        yield "".join(value)
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one)


def with_leaves(value, texts):
    """Return a part of a cell with other texts, in the order of :func:`leaves`."""
    if is_text(value):
        text = next(texts)
        return text if isinstance(value, str) else text.splitlines(keepends=True)
    if isinstance(value, dict):
        return {key: with_leaves(one, texts) for key, one in value.items()}
    return [with_leaves(one, texts) for one in value] if isinstance(value, list) else value


def swap(one, two, key):
    """Exchange a part of two cells; of the outputs, their pictures only."""
    if key != "outputs":
        one[key], two[key] = two[key], one[key]
        return
    places = []
    for cell in (one, two):
        data = [output.get("data", {}) for output in cell[key]]
        places.append([(d, kind) for d in data for kind in d if kind.startswith("image/")])
    if not places[0] or len(places[0]) != len(places[1]):
        raise StaleError(f"the cells have {len(places[0])} and {len(places[1])} pictures")
    for (a, kind), (b, other) in zip(*places, strict=True):
        a[kind], b[other] = b[other], a[kind]


class Workshop:
    """A place of its own for one worker: a copy of the project and an environment that uses it.

    The environment has all packages of the present one, but ``lenet_tutorial`` comes from the copy,
    also in a child process that was given no variable.
    """

    def __init__(self, folder, root):
        self.root, self.copy, self.env = root, folder / "book", folder / "env"
        venv.create(self.env, symlinks=True, with_pip=False)
        here, there = Path(sys.prefix), self.env
        packages = next((there / "lib").glob("*/site-packages"))
        paths = [self.copy / "src", sysconfig.get_paths()["purelib"]]
        (packages / "copy.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
        for path in (here / "share", here / "etc"):
            if path.is_dir():
                (there / path.name).symlink_to(path)
        for script in Path(sys.executable).parent.iterdir():
            self.lend(script, there / "bin" / script.name)

    @staticmethod
    def lend(script, place):
        """Put one of the environment's programs into this one, and let it run in this one."""
        if place.exists() or script.is_dir():
            return
        with script.open("rb") as file:
            start = file.read(2)
        if start != b"#!":
            place.symlink_to(script)
            return
        code = script.read_bytes().split(b"\n", 1)[-1]
        place.write_bytes(b"#!" + os.fsencode(place.with_name("python")) + b"\n" + code)
        place.chmod(script.stat().st_mode)

    def lay_out(self, tree):
        """Write the project anew, so that nothing is left of the last run."""
        shutil.rmtree(self.copy, ignore_errors=True)
        for name, (content, mode) in tree.items():
            path = self.copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
        if (self.root / "node_modules").is_dir():
            (self.copy / "node_modules").symlink_to(self.root / "node_modules")
        for words in (["init", "--quiet"], ["add", "--all", "--force", "."]):
            subprocess.run(["git", *words], cwd=self.copy, check=True, stderr=subprocess.DEVNULL)

    def run(self, tree, check, limit):
        """Run a check on a tree; return what it came to, what it wrote, and how long it took.

        Returns
        -------
        code : int or None
            pytest's exit status; None if it was stopped after `limit` seconds.
        text : str
        seconds : float
        """
        self.lay_out(tree)
        program = self.env / "bin" / "python"
        command = [program, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *check]
        settings = os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
        settings.pop("PYTHONPATH", None)
        if data := settings.get("LENET_TUTORIAL_DATA"):
            settings["LENET_TUTORIAL_DATA"] = os.path.abspath(data)
        started = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=self.copy,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all its children can be stopped
        ) as process:
            try:
                text = process.communicate(timeout=limit)[0]
                code = process.returncode
            except subprocess.TimeoutExpired:
                text, code = b"", None
            finally:
                stop(process)
        return code, text.decode(errors="replace"), time.monotonic() - started


def stop(process):
    """End a process and what it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def why_red(code, text, limit):
    """Say why a check is no use before anything was broken, or return None if it is good."""
    if code is None:
        return f"takes more than {limit} s by itself"
    if code:
        return "is red by itself"
    if not re.search(r"\b\d+ passed\b", text):
        return "runs no test here (does it need MNIST or Chromium?)"
    return None


def reason(text):
    """Return the first test that failed, for the table."""
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", text, re.MULTILINE)
    return found[1] if found else text.strip().rpartition("\n")[2]


class Run:
    """All that is done with a list of mutations: the checks by themselves, then the faults."""

    def __init__(self, root, tree, folder, limit):
        self.root, self.tree, self.folder, self.limit = root, tree, folder, limit
        self.local = threading.local()

    @property
    def workshop(self):
        """The present worker's place."""
        if not hasattr(self.local, "workshop"):
            place = Path(tempfile.mkdtemp(dir=self.folder))
            self.local.workshop = Workshop(place, self.root)
        return self.local.workshop

    def check(self, words):
        """Run a check on the sound project; return what is wrong with it, its text, its time."""
        code, text, seconds = self.workshop.run(self.tree, words, self.limit)
        return why_red(code, text, self.limit), text, seconds

    def judge(self, mutation, usual):
        """Break the project; return what became of it, by which test, and the seconds."""
        tree, content = dict(self.tree), mutate(self.tree, mutation)
        mode = tree.pop(mutation.file)[1]
        if content is not None:
            tree[mutation.file] = content, mode
        limit = min(self.limit, max(120, 10 * usual))
        code, text, seconds = self.workshop.run(tree, mutation.check, limit)
        if code is None:
            return CAUGHT, f"stopped after {limit:.0f} s", seconds
        if code:
            return CAUGHT, reason(text), seconds
        skipped = re.search(r"\b(\d+) skipped\b", text)
        return SURVIVED, f"{skipped[1]} tests were skipped" if skipped else "", seconds


def report(verdict, name, seconds, note):
    """Print a line of the table."""
    print(f"{verdict:8}  {seconds:5.0f} s  {name}  [{note}]", flush=True)


def try_all(mutations, tree, root, jobs, limit):
    """Try all mutations and print the table; return how many had which end."""
    checks, counts = {}, Counter()
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder, ThreadPoolExecutor(jobs) as pool:
        run = Run(root, tree, folder, limit)
        words = list(dict.fromkeys(mutation.check for mutation in mutations))
        print(f"{len(words)} checks by themselves, then {len(mutations)} mutations", flush=True)
        found = tqdm(pool.map(run.check, words), total=len(words), disable=None, leave=False)
        for check, result in zip(words, found, strict=True):
            checks[check] = result
            if result[0]:
                print(
                    f"\nThe check {' '.join(check)} {result[0]}:\n{result[1][-2000:]}", flush=True
                )

        def judge(mutation):
            fault, _, usual = checks[mutation.check]
            if fault:
                return BROKEN, f"the check {fault}", 0
            return run.judge(mutation, usual)

        for mutation, (verdict, note, seconds) in zip(
            mutations, pool.map(judge, mutations), strict=True
        ):
            counts[verdict] += 1
            report(verdict, f"{mutation.area}: {mutation.name} ({mutation.file})", seconds, note)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in (CAUGHT, SURVIVED, BROKEN)))
    return counts


def main(arguments=None, root=ROOT):
    """Try the mutations that are named, or all; return 1 if one was not caught."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", help="names of mutations, or patterns such as '*C3*'")
    parser.add_argument("--area", help=f"only those of {FOLDER}/AREA.toml")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (2)")
    parser.add_argument("--limit", type=int, default=600, help="seconds for one check (600)")
    parser.add_argument("--list", action="store_true", help="print the list, and try nothing")
    options = parser.parse_args(arguments)
    try:
        tree = snapshot(root)
        mutations = read_list(tree)
    except StaleError as error:
        print(f"The list does not fit the project; mend this first:\n{error}", file=sys.stderr)
        return 2
    chosen = [
        mutation
        for mutation in mutations
        if options.area in (None, mutation.area)
        and (not options.names or any(fnmatch.fnmatch(mutation.name, one) for one in options.names))
    ]
    if not chosen:
        print(f"none of the {len(mutations)} mutations is called that", file=sys.stderr)
        return 2
    if options.list:
        for mutation in chosen:
            print(f"{mutation.area}: {mutation.name} ({mutation.file})")
        print(f"{len(chosen)} mutations")
        return 0
    counts = try_all(chosen, tree, root, max(1, options.jobs), options.limit)
    return 1 if set(counts) - {CAUGHT} else 0


if __name__ == "__main__":
    sys.exit(main())
