"""What stands under the command line: streams that always take text, and one line for any error.

A command's answer goes to stdout and its complaints to stderr. Either may be closed, full, a pipe
that nobody reads any more, or of an encoding that lacks a character; none of that may end in a
traceback. An error of any kind becomes one line and an exit code.
"""

import contextlib
import logging
import os
import re
import signal
import sys
import traceback

from .._inputs import printable, why

#: Exit codes, beside 0 for done.
FAILED, WRONG, UNEXPECTED = 1, 2, 70
#: The exit code of a command that a signal ended is this and the signal's number.
SIGNALLED = 128
INTERRUPTED = SIGNALLED + 2  # SIGINT, which is Ctrl-C
#: Set it to anything to see where an error came from.
TRACEBACK = "LENET_TUTORIAL_TRACEBACK"
LONG = 300  # characters of a word: what is longer is a path that nobody reads to its end
MEMORY = 3 * 2**30  # bytes of addresses that TensorFlow takes to start and train


class CommandError(Exception):
    """A command ends here, with one line and an exit code.

    Parameters
    ----------
    message : str
        What to complain of.
    code : int
        The exit code.
    """

    def __init__(self, message, code=WRONG):
        super().__init__(message)
        self.code = code


class Stopped(KeyboardInterrupt):
    """The process was asked to end; treated as Ctrl-C is.

    Parameters
    ----------
    number : int
        That of the signal, SIGTERM or SIGHUP.
    """

    def __init__(self, number):
        super().__init__(number)
        self.number = number


# --------------------------------------------------------------------------- one line


def one_line(text):
    """Return a text as one line: control characters as escapes, endless words cut.

    Parameters
    ----------
    text : object
        What ``str`` makes of it counts.

    Returns
    -------
    str
    """
    shown = printable(str(text).strip())
    return re.sub(rf"\S{{{LONG},}}", lambda word: f"{word[0][:100]}…{word[0][-100:]}", shown)


def judge(error):
    """Turn an exception that nobody caught into a message and an exit code.

    Parameters
    ----------
    error : BaseException
        Of any kind.

    Returns
    -------
    (str, int)
        The message, empty if there is nothing to say; 1 where the machine could not do it, 70
        where the error is one that nobody thought of.
    """
    chain = list(_chain(error))
    for one in chain:  # libraries turn an interruption of their import into an ImportError
        if isinstance(one, Stopped):
            return "", SIGNALLED + one.number
        if isinstance(one, KeyboardInterrupt):
            return "", INTERRUPTED
    if any(isinstance(one, MemoryError) for one in chain):
        return "not enough memory: close other programs, or lift `ulimit -v`", FAILED
    if isinstance(error, ImportError):
        # TensorFlow puts a whole traceback into its message, and the reason last.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [
            "ImportError"
        ]
        said = next((line for line in lines if re.match(r"\w*Error: ", line)), lines[0])
        return f"a package can't be loaded: {said} (`lenet-tutorial doctor` looks at all)", FAILED
    if isinstance(error, OSError):
        return why(error), FAILED
    kind = type(error).__name__
    said = why(error)
    said = f"{kind}: {said}" if said != kind else kind
    hint = f"{TRACEBACK}=1 shows where; please report it with that"
    return f"unexpected {said} ({hint})", UNEXPECTED


def _chain(error):
    """Yield an exception and those that led to it."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


# --------------------------------------------------------------------------- streams


def open_streams():
    """See to it that stdin, stdout and stderr are open and take any text.

    A stream that is closed is replaced by nothing. Without that, the next file that is opened would
    get its number, and what TensorFlow says would be written into that file.

    Returns
    -------
    bool
        Whether there is a stdout.
    """
    there = sys.stdout is not None
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        with contextlib.suppress(AttributeError, ValueError, OSError):  # a notebook's has none
            getattr(sys, name).reconfigure(errors="backslashreplace")
    return there


def complain(text):
    """Write one line to stderr, if that can be done.

    Parameters
    ----------
    text : str
        The complaint.
    """
    try:
        print(one_line(text), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        drop(sys.stderr)


def show_traceback(error):
    """Write the traceback to stderr, if it is asked for and that can be done.

    Parameters
    ----------
    error : BaseException
        What has happened.
    """
    if os.environ.get(TRACEBACK):
        try:
            traceback.print_exception(error)
        except (OSError, ValueError):
            drop(sys.stderr)


def drop(stream):
    """Send what a stream still holds to nowhere, so that Python does not try again at its end.

    Parameters
    ----------
    stream : file
        Stdout or stderr.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def flush():
    """Write out what stdout and stderr still hold.

    Returns
    -------
    OSError or None
        What kept stdout from taking it.
    """
    trouble = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            drop(stream)
            if stream is sys.stdout and isinstance(error, OSError):
                trouble = error
    return trouble


# --------------------------------------------------------------------------- surroundings


@contextlib.contextmanager
def surroundings():
    """Make SIGTERM and SIGHUP end a command as Ctrl-C does, and draw to files only."""
    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with contextlib.suppress(ValueError):  # not in the main thread: not ours to set
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _stop)
    drawn = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "agg"
    # It complains of a home folder that it can't write to, and goes on without.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        yield
    finally:
        if drawn is None:
            os.environ.pop("MPLBACKEND", None)
        else:
            os.environ["MPLBACKEND"] = drawn
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number, frame):
    raise Stopped(number)


def memory_limit():
    """Return the limit of addresses in bytes where it is too small for TensorFlow, else None."""
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return limit if limit != resource.RLIM_INFINITY and 0 <= limit < MEMORY else None
