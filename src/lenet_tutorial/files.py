"""Files that come from anywhere, read without surprise; and files written whole or not at all."""

import contextlib
import errno
import hashlib
import os
import re
import stat
import tempfile
import time
from pathlib import Path

from ._inputs import shown, why

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

STALE = 60  # seconds after which an unfinished file that nobody holds is one that a kill left
OLD = 3600  # seconds: where files can't be held, nobody writes one for so long


class NoFile(OSError):
    """What a path leads to is neither a file nor a folder."""


def open_file(path):
    """Open a regular file for reading, and nothing else.

    A pipe or a device is not opened: it could wait or go on for ever.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    file
        Open, of bytes.

    Raises
    ------
    OSError
        If it can't be opened: IsADirectoryError for a folder, NoFile for what is no file either.
    ValueError
        If the path can't be one.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    # What has no end is refused before it is opened, and again after: it may have changed.
    _check_kind(os.stat(path))
    file = open(os.open(path, flags), "rb")
    try:
        _check_kind(os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def _check_kind(about):
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(about.st_mode):
        raise NoFile("it is no file")


def read_file(path, most, error):
    """Return the bytes of a regular file, and of nothing else, as :func:`open_file` opens it.

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
    try:
        with open_file(path) as file:
            if os.fstat(file.fileno()).st_size > most:
                raise error(f"{name} is larger than {most // 1_000_000} MB")
            return file.read(most)
    except error:
        raise
    except (NoFile, IsADirectoryError):
        raise error(f"{name} is no file") from None
    except (FileNotFoundError, NotADirectoryError):
        raise error(f"no such file: {name}") from None
    except PermissionError:
        raise error(f"{name} can't be opened: permission denied") from None
    except (OSError, ValueError) as wrong:  # a name too long, or one with a zero byte
        raise error(f"{name} can't be opened: {why(wrong, named=False)}") from None
    except MemoryError:
        raise error(f"{name} can't be read: out of memory") from None


def hold(file):
    """Lock an open file for this process, without waiting.

    Parameters
    ----------
    file : file or int
        Open; the lock ends when it is closed.

    Returns
    -------
    bool
        Whether nobody else held it.

    Raises
    ------
    OSError
        If it is on a disk that knows no locks.
    """
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:  # a byte behind the end: others can still read who holds it
            file.seek(1 << 30)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def write_whole(path, write, careful=True):
    """Write a file beside its place and move it there: a whole file or none.

    Parameters
    ----------
    path : path
        Where the file is to be. Where it is a symbolic link, the file that it leads to.
    write : callable
        Takes the open binary file.
    careful : bool
        Otherwise whatever lies there is replaced: a link itself, a pipe, a write-protected file.

    Raises
    ------
    OSError
        If the file can't be written, or what is there is no file or must not be written to. It is
        as it was.
    """
    path, mode = _place(path) if careful else (Path(path), _usual_mode())
    remove_unfinished(path)
    number, unfinished = _begin(path)
    try:
        with os.fdopen(number, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(OSError):  # some disks know no modes
                unfinished.chmod(mode)
            if fcntl:  # held until it is in its place
                os.replace(unfinished, path)
        if not fcntl:  # Windows moves no file that is open
            os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(path.parent)


def check_place(path):
    """See that a file can be written somewhere, by writing one beside it.

    Parameters
    ----------
    path : path
        As :func:`write_whole` takes it.

    Raises
    ------
    OSError
        If it can't.
    """
    path, _ = _place(path)
    number, unfinished = _begin(path)
    os.close(number)
    unfinished.unlink(missing_ok=True)


def _place(path):
    """Return where a file is to be, behind all links, and the mode that it is to have."""
    path = Path(os.path.realpath(path))
    try:
        about = os.stat(path)
    except FileNotFoundError:
        return path, _usual_mode()
    if not stat.S_ISREG(about.st_mode):
        kind = "a folder" if stat.S_ISDIR(about.st_mode) else "no regular file"
        raise OSError(errno.EINVAL, f"it is {kind}", str(path))
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected", str(path))
    return path, stat.S_IMODE(about.st_mode)


def _usual_mode():
    """Return the mode of a new file: mkstemp lets nobody else read it."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _begin(path):
    """Open an unfinished file beside its place; return its number and path."""
    while True:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path), suffix=".part")
        try:
            held = not fcntl or hold(number)  # while it is written, see remove_unfinished
        except OSError:  # this disk knows no locks
            held = True
        if held and os.fstat(number).st_nlink:
            return number, Path(name)
        os.close(number)  # another process has just swept it away


def _prefix(path):
    if len(os.fsencode(path.name)) <= 200:
        return f"{path.name}."
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return f"{path.name[:40]}.{digest}."  # or the name would be too long


def remove_unfinished(path, age=STALE):
    """Remove what writers of a file have left that were killed, and nothing that one still writes.

    Parameters
    ----------
    path : path
        Of the file, as :func:`write_whole` takes it.
    age : float
        In seconds: what is younger stays. Where files can't be held, so does what is younger than
        an hour.
    """
    path = Path(os.path.realpath(path))
    ours = re.compile(rf"{re.escape(_prefix(path))}\w{{8}}\.part")
    with contextlib.suppress(OSError):  # what can't be removed is in nobody's way
        for one in os.scandir(path.parent):
            if not ours.fullmatch(one.name) or not one.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError), open(one.path, "rb") as file:
                old = time.time() - os.fstat(file.fileno()).st_mtime
                if old >= age and _free(file, old):
                    os.unlink(one.path)


def _free(file, age):
    """Say whether no writer holds an unfinished file."""
    try:
        return not fcntl or hold(file)  # Windows removes none that is open
    except OSError:  # this disk knows no locks
        return age > OLD


def _sync_folder(folder):
    """See that a new name outlives a loss of power, where the system can do that."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
