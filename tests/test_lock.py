"""Locks: one at a time, and nobody is held up by a process that was killed."""

import errno
import os
import subprocess
import sys

import pytest

from lenet_tutorial import files
from lenet_tutorial.training import lock
from lenet_tutorial.training.backup import Backup
from lenet_tutorial.training.checkpoint import BackupError
from lenet_tutorial.training.lock import Lock, LockedError

HOLDER = """
import sys, time
from lenet_tutorial.training.lock import Lock
with Lock(sys.argv[1], "the house"):
    print("held", flush=True)
    time.sleep(100)
"""


@pytest.fixture
def holder(tmp_path):
    """Hold a lock in another process; return the path and the process."""
    path = tmp_path / "house.lock"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout.readline() == "held\n"
    yield path, process
    process.kill()
    process.communicate()


def test_a_lock_says_who_holds_it_and_ends_with_a_killed_process(holder):
    path, process = holder
    words = rf"the house is in use by process {process.pid} on \S* since 2.*: wait"
    for _ in range(2):
        with pytest.raises(LockedError, match=words):
            Lock(path, "the house")
    process.kill()
    process.wait()
    assert path.exists()  # it could not be removed, and holds nobody up
    with Lock(path, "the house"), pytest.raises(LockedError, match=f"{os.getpid()}"):
        Lock(path, "the house")
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_a_lock_that_was_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    """Between opening and locking the file the holder before ends, and removes it."""
    path, real = tmp_path / "lock", files.hold
    turns = []

    def late(file):
        turns.append(file)
        if len(turns) == 1:
            path.unlink()
        return real(file)

    monkeypatch.setattr(lock, "hold", late)
    with Lock(path, "it"):
        assert len(turns) == 2 and path.exists()
        monkeypatch.undo()
        with pytest.raises(LockedError):
            Lock(path, "it")


def test_a_file_of_somebody_elses_that_has_the_locks_name_stays(tmp_path):
    path = tmp_path / "model.keras.lock"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match="a file of somebody else has the lock's name"):
        Lock(path, "it")
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS])
def test_a_disk_that_knows_no_locks_is_named(tmp_path, monkeypatch, number):
    def fail(file):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock, "hold", fail)
    with pytest.raises(BackupError, match=f"can't be locked .{os.strerror(number)}.*another disk"):
        Backup(tmp_path, {"epochs": "3"})
