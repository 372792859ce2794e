"""Files that are written whole or not at all, and what a kill has left."""

import io
import os
import sys
import time
from pathlib import Path

import pytest

from lenet_tutorial import files


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half of")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_whole(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    files.write_whole(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    (tmp_path / "usual").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    """After a loss of power the old file is there, or the whole new one."""
    happened = []

    def spy(name, real):
        def call(*arguments):
            kind = ""
            if name == "fsync":
                mode = os.fstat(arguments[0])
                kind = " folder" if os.path.samestat(mode, os.stat(tmp_path)) else " file"
                if kind == " file":
                    assert mode.st_size == 3  # all of it was handed to the system before
            happened.append(name + kind)
            return real(*arguments)

        monkeypatch.setattr(os, name, call)

    spy("fsync", os.fsync)
    spy("replace", os.replace)
    files.write_whole(tmp_path / "file", lambda file: file.write(b"new"))
    assert happened == ["fsync file", "replace", "fsync folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are Unix things")
def test_links_are_followed_and_what_is_no_file_is_refused(tmp_path):
    def write(path):
        files.write_whole(path, lambda file: file.write(b"new"))

    (tmp_path / "there").mkdir()
    link, target = tmp_path / "link", tmp_path / "there" / "target"
    link.symlink_to(target)
    for _ in range(2):  # first it leads to nothing
        write(link)
        assert link.is_symlink() and target.read_bytes() == b"new"
        target.write_bytes(b"old")
    loop, pipe = tmp_path / "loop", tmp_path / "pipe"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path in (tmp_path / "there", loop, pipe, Path("/dev/null"), tmp_path / "no" / "file"):
        for use in (write, files.check_place):
            with pytest.raises(OSError, match=r".+"):
                use(path)
    assert sorted(os.listdir(tmp_path)) == ["link", "loop", "pipe", "there"]
    assert os.listdir(tmp_path / "there") == ["target"]


def test_a_file_keeps_its_mode_and_may_have_a_long_name(tmp_path):
    path = tmp_path / ("七" * 80 + "\n.npz")  # 245 bytes
    for mode in (0o600, 0o640):
        path.touch()
        path.chmod(mode)
        files.check_place(path)
        files.write_whole(path, lambda file: file.write(b"new"))
        assert path.stat().st_mode & 0o777 == mode or sys.platform == "win32"
    assert path.read_bytes() == b"new" and len(os.listdir(tmp_path)) == 1


def test_a_file_that_is_write_protected_stays(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    real = os.access  # as root, who may write anything, the mode would not do
    monkeypatch.setattr(os, "access", lambda one, how: one != path and real(one, how))
    for use in (files.check_place, lambda path: files.write_whole(path, io.BytesIO.getvalue)):
        with pytest.raises(PermissionError, match="write-protected"):
            use(path)
    assert path.read_bytes() == b"old"


def test_what_a_kill_has_left_is_removed_and_nothing_else(tmp_path):
    path, old = tmp_path / "file", time.time() - 1000
    names = ["file.abcd1234.part", "file.in_use_1.part", "file.young123.part"]
    others = ["other.abcd1234.part", "file.part", "file.abcd1234.part.txt", "file.a.b.part"]
    for name in [*names, *others]:
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "file.folder12.part").mkdir()
    os.utime(tmp_path / names[2])
    with open(tmp_path / names[1], "rb") as file:  # as its writer does
        assert files.hold(file)
        files.write_whole(path, lambda file: file.write(b"new"))
    left = {file.name for file in tmp_path.iterdir()}
    expected = {"file", *names[1:], *others, "file.folder12.part"}
    assert left == expected
    files.remove_unfinished(path, 0)
    assert {file.name for file in tmp_path.iterdir()} == expected - set(names)


def test_what_is_being_written_is_left_alone(tmp_path):
    def write(file):
        file.write(b"new")
        files.remove_unfinished(tmp_path / "file", 0)  # of another process

    files.write_whole(tmp_path / "file", write)
    assert (tmp_path / "file").read_bytes() == b"new"
