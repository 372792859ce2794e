"""A lock on a file of its own: for what two processes must not do at once."""

import contextlib
import errno
import os
import platform
import re
import stat
import time
from pathlib import Path

from ..files import fcntl, hold
from .checkpoint import BackupError

UNKNOWN = "another process"  # where a lock does not say whose it is


class LockedError(BackupError):
    """Another process is at it."""


class Lock:
    """A lock on a file of its own, which ends with the process that holds it, however that ends.

    Parameters
    ----------
    path : path
        Of the lock's file. It is made, says who holds it, and is removed at the end; one that a
        kill has left holds nobody up.
    what : str
        What it guards, for the message.

    Raises
    ------
    LockedError
        If another holds it.
    BackupError
        If the file can't be made or locked.
    """

    def __init__(self, path, what):
        self.path, self.what, self._file = Path(path), what, None
        try:
            while self._file is None:
                self._file = self._try()
        except OSError as error:
            said = error.strerror or error
            raise BackupError(
                f"{what} can't be locked ({said}: {self.path}): name one on another disk, which "
                "can be written to"
            ) from None

    def _try(self):
        """Return the locked file; None if another removed it in the meantime."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        file = os.fdopen(os.open(self.path, flags, 0o644), "r+b", buffering=0)
        try:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "it is no file")
            if not hold(file):
                raise LockedError(f"{self.what} is in use by {_holder(file)}: wait until it ends")
            if not _same(file, self.path):
                file.close()
                return None
            if file.seek(0, os.SEEK_END) and _holder(file) == UNKNOWN:
                raise OSError(errno.EEXIST, "a file of somebody else has the lock's name")
            since = time.strftime("%Y-%m-%d %H:%M")
            file.truncate(0)
            file.seek(0)
            file.write(f"process {os.getpid()} on {platform.node()} since {since}".encode())
        except BaseException:
            file.close()
            raise
        return file

    def release(self):
        """Let another have it, and remove the file."""
        if self._file is None:
            return
        if fcntl:  # removed while it is held, so that nobody's file is removed
            self.path.unlink(missing_ok=True)
        self._file.close()
        self._file = None
        if not fcntl:  # Windows removes no open file, and so none that another holds by now
            with contextlib.suppress(OSError):
                self.path.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.release()


def _holder(file):
    """Say who holds a lock."""
    with contextlib.suppress(OSError):
        file.seek(0)
        said = file.read(200).decode(errors="replace")
        if re.fullmatch(r"process \d+ on \S* since [\d: -]+", said):
            return said
    return UNKNOWN


def _same(file, path):
    """Say whether a path still leads to an open file."""
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file.fileno()), there)
