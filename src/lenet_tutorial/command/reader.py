"""The process in which a reader's functions run: ``python -m lenet_tutorial.command.reader``.

It takes an order from stdin and answers on stdout, one line of JSON for each function. What the
reader's code prints goes nowhere. Of the code, only what defines something is run: imports,
functions, classes, and names for values; no call but one of NumPy's. So a notebook that trains a
network is checked without training it.
"""

import ast
import json
import os
import sys

from ..exercises import MISSING, verdict


def main():
    """Read the order, define what the reader's code defines, and check one name after the other."""
    order = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)

    def answer(**words):
        answers.write(json.dumps(words) + "\n")
        answers.flush()

    sys.path.insert(0, order["folder"])
    names, trouble = {"__name__": "reader"}, None
    for piece, code in order["pieces"]:
        trouble = trouble or define(piece, code, names)
    answer(loaded=trouble)
    for name in order["names"]:
        answer(said=verdict(names[name], name) if name in names else MISSING)
    answers.close()
    os._exit(0)  # whatever the reader's code has started


def define(piece, code, names):
    """Run what defines something in a piece of code.

    Parameters
    ----------
    piece : str
        What the piece is called: the file, or ``cell 3``.
    code : str
        Python.
    names : dict
        What is defined so far; filled.

    Returns
    -------
    str or None
        What went wrong.
    """
    for node in filter(is_definition, ast.parse(code).body):
        try:
            exec(compile(ast.Module([node], []), piece, "exec"), names)
        except BaseException as error:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                continue  # it needs a value that is not computed here, and perhaps nobody needs it
            where = f"{piece}, " if piece.startswith("cell ") else ""
            words = " ".join(str(error).split())[:200]
            return f"{where}line {node.lineno}: {type(error).__name__}: {words}"
    return None


def is_definition(node):
    """Say whether a statement only defines something.

    Parameters
    ----------
    node : ast.stmt
        Of the top level.

    Returns
    -------
    bool
    """
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    if isinstance(node, kinds):
        return True
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    calls = [ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)]
    return all(name.startswith(("np.", "numpy.")) for name in calls)


if __name__ == "__main__":
    main()
