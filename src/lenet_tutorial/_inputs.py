"""Files and names that come from anywhere: read without surprise, and shown in one line."""

import os
import stat


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


def read_file(path, most, error):
    """Return the bytes of a regular file, and of nothing else.

    A pipe, a device or a folder is not opened for reading: it could wait or go on for ever.

    Parameters
    ----------
    path : path
        The file.
    most : int
        Bytes that it may have.
    error : type
        The exception that says what was wrong. Its message names the file.

    Returns
    -------
    bytes
    """
    name = shown(path)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        # What has no end is refused before it is opened, and again after: it may have changed.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise error(f"{name} is no file")
        with open(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise error(f"{name} is no file")
            if found.st_size > most:
                raise error(f"{name} is larger than {most // 1_000_000} MB")
            return file.read(most)
    except error:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise error(f"no such file: {name}") from None
    except PermissionError:
        raise error(f"{name} can't be opened: permission denied") from None
    except (OSError, ValueError) as wrong:  # a name too long, or one with a zero byte
        said = getattr(wrong, "strerror", None) or wrong
        raise error(f"{name} can't be opened: {said}") from None
    except MemoryError:
        raise error(f"{name} can't be read: out of memory") from None
