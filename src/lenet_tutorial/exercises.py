"""The functions that a reader writes in the chapter "Build it yourself", and the check of each.

``check(convolve)`` calls the reader's function on a few small arrays, compares what comes back with
what must come back, and prints one line: passed, not written yet, or what is wrong and where.
"""

import dis
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import cases
from .comparing import compare_all


@dataclass(frozen=True)
class Task:
    """A function to write.

    Attributes
    ----------
    returns : tuple of str
        What each of its results is, where there are several.
    cases : callable
        Returns the cases to try, each ``(about, arguments, expected)``.
    needed : bool
        Whether the network needs it; the others belong to exercises.
    """

    returns: tuple
    cases: Callable
    needed: bool = True


_SLOPES = ("the slopes for the inputs", "for the weights", "for the bias")
_SLOPES_OF_KERNELS = ("the slopes for the images", "for the kernels", "for the bias")

#: The functions, by their names, in the order in which they are written. `train` has rules of its
#: own: its result depends on the order in which the images are drawn, and any order will do.
TASKS = {
    "convolve": Task((), cases.convolve),
    "pool": Task((), cases.pool),
    "dense": Task((), cases.dense),
    "softmax": Task((), cases.softmax),
    "cross_entropy": Task((), cases.cross_entropy),
    "cross_entropy_backward": Task((), cases.cross_entropy_backward),
    "dense_backward": Task(_SLOPES, cases.dense_backward),
    "tanh_backward": Task((), cases.tanh_backward),
    "pool_backward": Task((), cases.pool_backward),
    "convolve_backward": Task(_SLOPES_OF_KERNELS, cases.convolve_backward),
    "gradients": Task(("the loss", *cases.PARAMETERS), cases.gradients),
    "train": Task((), cases.train),
    "max_pool": Task((), cases.max_pool, needed=False),
    "max_pool_backward": Task((), cases.max_pool_backward, needed=False),
}

PASSED, EMPTY, MISSING = "passed", "not written yet", "not in the file"


def check(*functions):
    """Print one line for each function: passed, not written yet, or what is wrong with it.

    Parameters
    ----------
    *functions : callable
        The reader's, under the names that ``TASKS`` has.
    """
    for function in functions:
        print(f"{_name(function)}: {verdict(function)}")


def passes(*functions):
    """Say whether all functions pass their checks; nothing is printed.

    Parameters
    ----------
    *functions : callable
        As :func:`check` takes them.

    Returns
    -------
    bool
    """
    return all(verdict(function) == PASSED for function in functions)


def verdict(function, name=None):
    """Return what :func:`check` says of a function, in one line.

    Parameters
    ----------
    function : callable
        The reader's.
    name : str, optional
        Which of ``TASKS`` it is; by default its own name.

    Returns
    -------
    str
        ``'passed'``, ``'not written yet'`` or what is wrong.
    """
    name = name or _name(function)
    if name not in TASKS:
        return f"no function of this name is asked for; there are {', '.join(TASKS)}"
    if not callable(function):
        return f"must be a function, and is of the type {type(function).__name__}"
    if is_empty(function):
        return EMPTY
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for about, arguments, expected in TASKS[name].cases():
            said = _try(function, TASKS[name], arguments, expected)
            if said == EMPTY:
                return EMPTY
            if said:
                return f"{said}, {about}"
    return PASSED


def is_empty(function):
    """Say whether a function's body is only a docstring, ``pass`` or ``...``.

    Parameters
    ----------
    function : callable
        Of any kind; one without a body that can be looked at is not empty.

    Returns
    -------
    bool
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    kinds = {step.opname for step in dis.get_instructions(code)}
    return kinds <= {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP"} and all(
        step.argval is None for step in dis.get_instructions(code) if "CONST" in step.opname
    )


def _name(function):
    return getattr(function, "__name__", str(function))


# --------------------------------------------------------------------------- one case


def _try(function, task, arguments, expected):
    """Call a function once; return what is wrong, "" if nothing is."""
    given = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
    try:
        got = function(*given)
    except NotImplementedError:
        return EMPTY
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _raised(error, function)
    if callable(expected):  # it knows what must have happened
        return expected(got, given)
    for number, (one, before) in enumerate(zip(given, arguments, strict=True)):
        if isinstance(before, np.ndarray) and not np.array_equal(one, before):
            names = function.__code__.co_varnames if hasattr(function, "__code__") else ()
            which = names[number] if number < len(names) else f"number {number + 1}"
            return f"changes its argument {which}; copy it first"
    if got is None:
        return "returns nothing: is `return` missing?"
    return compare_all(got, expected, task.returns)


def _raised(error, function):
    """Say in one line what a function raised, and in which of its lines."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    where = f" in line {frames[-1].lineno}" if frames else ""
    if frames and re.fullmatch(r"cell \d+", own):
        where += f" of {own}"
    words = " ".join(str(error).split())[:200]
    return f"raises {type(error).__name__}{where}{f' ({words})' if words else ''}"
