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


_DENSE = ("the slopes of the values", "of the weights", "of the biases")
_CONVOLUTION = ("the slopes of the maps", "of the kernels", "of the biases")

#: The functions, by their names, in the order in which they are written. `backward` and `train`
#: have judges of their own: any order of the images will do, for instance.
TASKS = {
    "convolve": Task((), cases.convolve),
    "average_pool": Task((), cases.average_pool),
    "dense": Task((), cases.dense),
    "softmax": Task((), cases.softmax),
    "cross_entropy": Task((), cases.cross_entropy),
    "softmax_cross_entropy_backward": Task((), cases.softmax_cross_entropy_backward),
    "dense_backward": Task(_DENSE, cases.dense_backward),
    "tanh_backward": Task((), cases.tanh_backward),
    "average_pool_backward": Task((), cases.average_pool_backward),
    "convolve_backward": Task(_CONVOLUTION, cases.convolve_backward),
    "backward": Task((), cases.backward),
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
    given = [_copied(one) for one in arguments]
    try:
        got = function(*given)
    except NotImplementedError:
        return EMPTY
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _raised(error, function)
    for number, (one, before) in enumerate(zip(given, arguments, strict=True)):
        if isinstance(before, np.ndarray) and not np.array_equal(one, before):
            names = function.__code__.co_varnames if hasattr(function, "__code__") else ()
            which = names[number] if number < len(names) else f"number {number + 1}"
            return f"changes its argument {which}; copy it first"
    if got is None:
        return "returns nothing: is `return` missing?"
    if callable(expected):  # a judge of its own
        return expected(got, given)
    return compare_all(got, expected, task.returns)


def _copied(thing):
    """Copy arrays, and what holds some; leave other things as they are."""
    if isinstance(thing, list):
        return [_copied(one) for one in thing]
    if isinstance(thing, dict):
        return {name: _copied(one) for name, one in thing.items()}
    return thing.copy() if isinstance(thing, np.ndarray) else thing


def _raised(error, function):
    """Say in one line what a function raised, and in which of its lines."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    where = f" in line {frames[-1].lineno}" if frames else ""
    if frames and re.fullmatch(r"cell \d+", own):
        where += f" of {own}"
    words = " ".join(str(error).split())[:200]
    return f"raises {type(error).__name__}{where}{f' ({words})' if words else ''}"
