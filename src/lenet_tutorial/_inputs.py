"""Texts, names and errors that come from anywhere, shown in one line."""

import os


def printable(text):
    """Return a text with what can't be printed in it, as a line break, written as escapes.

    Parameters
    ----------
    text : object
        What ``str`` makes of it counts.

    Returns
    -------
    str
    """
    return "".join(one if one.isprintable() else _escape(one) for one in str(text))


def _escape(character):
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte of a file name that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def shown(path, most=200):
    """Return a path or a name as one line that can be written anywhere.

    Parameters
    ----------
    path : path
        What can't be printed in it, as a line break or half of a character, becomes an escape.
    most : int or None
        A longer one loses its middle; None keeps everything.

    Returns
    -------
    str
    """
    text = printable(path)
    if most is None or len(text) <= most:
        return text
    return f"{text[: most // 2]}...{text[-most // 2 :]}"


def why(error, named=True):
    """Say in a few words what an error was about, whatever it is.

    Parameters
    ----------
    error : BaseException
        Of any kind.
    named : bool
        Say which file the system had something against. It is left out where a message names it.

    Returns
    -------
    str
        In one line, and never empty.
    """
    if isinstance(error, OSError) and error.strerror:
        files = (error.filename, error.filename2) if named else ()
        files = [_name(one) for one in files if one not in (None, "")]
        return ": ".join([str(error.strerror), *files])
    if isinstance(error, MemoryError):
        return "not enough memory"
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _name(path):
    return os.fsdecode(path) if isinstance(path, (bytes, os.PathLike)) else str(path)
