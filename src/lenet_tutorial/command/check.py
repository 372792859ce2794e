"""``lenet-tutorial check``: the functions of "Build it yourself" in a reader's file.

The file is read and never written. What stands in it runs in a process of its own, function by
function; one that does not end is ended, and the others are still checked.
"""

import ast
import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading

from .._inputs import shown
from ..exercises import MISSING, PASSED, TASKS
from ..files import read_file
from .arguments import check_names, to_count, to_path
from .net import FAILED, CommandError, one_line

MAX_BYTES = 20_000_000  # of a notebook, with its pictures
SECONDS = 20  # for one function
START = 60  # for Python, NumPy and what stands before the functions


def add_options(parser):
    """Say what the command takes.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """
    parser.add_argument("file", type=to_path, metavar="FILE", help="a .py file or an .ipynb")
    parser.add_argument(
        "--only", nargs="+", metavar="FUNCTION", default=[], help="by default all of them"
    )
    parser.add_argument(
        "--seconds", type=to_count, default=SECONDS, help=f"for each function (default {SECONDS})"
    )


def run(options):
    """Check the functions in a reader's file, and print one line for each.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`add_options` asks for.

    Returns
    -------
    int
        0 if all pass, else 1.

    Raises
    ------
    CommandError
        If the file can't be read, is no Python, or fails before its first function.
    """
    check_names("function", options.only, TASKS)
    pieces = read_pieces(options.file)
    wanted = options.only or list(TASKS)
    folder = os.path.dirname(os.path.abspath(options.file))
    said = verdicts(pieces, folder, wanted, options.seconds, shown(options.file))
    if not options.only:  # those of the exercises may be missing
        said = {name: one for name, one in said.items() if one != MISSING or TASKS[name].needed}
    for name, one in said.items():
        print(f"{name}: {one_line(one)}")
    good = sum(one == PASSED for one in said.values())
    print(f"{good} of {len(said)} pass")
    return 0 if good == len(said) else FAILED


# --------------------------------------------------------------------------- the file


def read_pieces(path):
    """Return the code in a file, as ``(name, code)``: a notebook's cells, or the file itself.

    Parameters
    ----------
    path : pathlib.Path
        A ``.py`` or an ``.ipynb`` file.

    Returns
    -------
    list of (str, str)

    Raises
    ------
    CommandError
        If there is no such file, it is of another kind, or its code is no Python.
    """
    name, kind = shown(path), path.suffix.lower()
    if kind not in (".py", ".ipynb"):
        raise CommandError(f"{name} must be a .py file or a notebook, an .ipynb file")
    data = read_file(path, MAX_BYTES, CommandError)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(f"{name} is no text in UTF-8") from None
    pieces = [(name, text)] if kind == ".py" else _cells(text, name)
    for piece, code in pieces:
        where = f"{name}, {piece}, " if kind == ".ipynb" else f"{name}, "
        try:
            ast.parse(code)
        except SyntaxError as error:
            raise CommandError(f"{where}line {error.lineno}: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise CommandError(f"{where}can't be read as Python: {error}") from None
    return pieces


def _cells(text, name):
    """Return the code cells of a notebook; lines for IPython are left empty."""
    try:
        cells = json.loads(text)["cells"]
        codes = [
            (number, "".join(cell["source"]))
            for number, cell in enumerate(cells, 1)
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CommandError(f"{name} is no notebook") from None
    return [
        (f"cell {number}", re.sub(r"^( *)[%!].*", r"\1pass", code, flags=re.MULTILINE))
        for number, code in codes
        if not code.startswith("%%")
    ]


# --------------------------------------------------------------------------- the process

MODULE = "lenet_tutorial.command.reader"


def verdicts(pieces, folder, names, seconds, file):
    """Check functions in processes of their own, a new one after each that had to be ended.

    Parameters
    ----------
    pieces : list of (str, str)
        From :func:`read_pieces`.
    folder : str
        Where the file lies: it may import what lies beside it.
    names : sequence of str
        Of the functions.
    seconds : int
        That each may take.
    file : str
        What the file is called in a complaint.

    Returns
    -------
    dict
        What is said of each function, by its name.

    Raises
    ------
    CommandError
        If what stands before the functions fails, or does not end.
    """
    said, left = {}, list(names)
    while left:
        with _Process({"pieces": pieces, "folder": folder, "names": left}) as process:
            start = process.line(START)
            if "loaded" not in start:
                ended = f"takes longer than {START} seconds" if start else "ends Python"
                raise CommandError(f"{file} {ended} before its functions can be checked")
            if start["loaded"]:
                raise CommandError(f"{file}: {start['loaded']}")
            while left:
                got = process.line(seconds)
                name = left.pop(0)
                said[name] = got.get("said", "ends Python")
                if "late" in got:
                    said[name] = f"takes longer than {seconds} seconds: a loop without an end?"
                if "said" not in got:
                    break
    return said


class _Process:
    """A Python that checks what is asked for and answers with one line of JSON after the other."""

    def __init__(self, order):
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        pipe = subprocess.PIPE
        self.child = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            env=environment,
            encoding="utf-8",
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._listen, args=(json.dumps(order),), daemon=True).start()

    def _listen(self, order):
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was ended
            self.child.stdin.write(order)
            self.child.stdin.close()
            for line in self.child.stdout:
                self.lines.put(json.loads(line))
        self.lines.put({})  # there is no more

    def line(self, seconds):
        """Return the next answer; an empty one if Python has ended, ``late`` if none comes."""
        try:
            return self.lines.get(timeout=seconds)
        except queue.Empty:
            return {"late": True}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
