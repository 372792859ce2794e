"""Files in the place of a checkpoint: of other kinds, damaged, or made to do harm. All stay."""

import json
import os
import random
import struct
import sys
import zipfile

import numpy as np
import pytest

from lenet_tutorial import models
from lenet_tutorial.training import backup, checkpoint, set_seed
from lenet_tutorial.training.backup import BackupError

ABOUT = {"network": "0123456789abcdef", "epochs": "3", "seed": "0"}
PAST = {name: [0.5, 0.25] for name in backup.HISTORY}
GOOD = {"about": ABOUT, "epoch": 2, "history": PAST}


def write_head(path, head):
    np.savez(path, head=np.array(json.dumps(head)))


def test_what_a_checkpoint_says_of_its_run_is_read(tmp_path):
    path = tmp_path / backup.FILE
    assert backup.read_head(path) is None
    write_head(path, GOOD)
    assert backup.read_head(path) == GOOD
    diverged = PAST | {"loss": [0.5, float("nan")]}  # a run may diverge, and is a run
    write_head(path, GOOD | {"history": diverged})
    assert np.isnan(backup.read_head(path)["history"]["loss"][1])


WRONG_HEADS = {
    "epoch": [-5, 0, 4, 10**9, 10**30, 1.5, 2.0, True, "2", None, float("nan"), [2], {}],
    "history": [
        None,
        [],
        {},
        {name: [0.5] for name in PAST},
        {name: [0.5] * 3 for name in PAST},
        {name: PAST[name] for name in backup.HISTORY[:-1]},
        PAST | {"loss": [0.5, "0.25"]},
        PAST | {"loss": [0.5, True]},
        PAST | {"loss": [0.5, None]},
        PAST | {"loss": [0.5, 10**400]},
        PAST | {"loss": {"0": 1, "1": 1}},
        PAST | {"more": []},
    ],
    "about": [None, [], {}, {"epochs": 3}, {"epochs": "many"}, ABOUT | {"seed": 0}],
}


@pytest.mark.parametrize("key", WRONG_HEADS)
def test_what_no_run_has_written_is_refused_and_stays(tmp_path, key):
    path = tmp_path / backup.FILE
    for value in WRONG_HEADS[key]:
        write_head(path, GOOD | {key: value})
        refuse_file(path)
    write_head(path, {name: value for name, value in GOOD.items() if name != key})
    refuse_file(path)


@pytest.mark.parametrize(("epoch", "count"), [(0, 0), (True, 1), (1.0, 1), (4, 4), (1000, 1000)])
def test_an_epoch_that_no_run_has_is_refused_though_the_history_fits(tmp_path, epoch, count):
    history = {name: [0.5] * count for name in backup.HISTORY}
    write_head(tmp_path / backup.FILE, GOOD | {"epoch": epoch, "history": history})
    refuse_file(tmp_path / backup.FILE)


def refuse_file(path):
    """Check that neither a new run nor one that begins anew takes a file; it stays."""
    before = path.read_bytes()
    for restart in (False, True):
        with pytest.raises(BackupError, match=r"is no checkpoint that can be read") as caught:
            backup.Backup(path.parent, ABOUT, restart)
        assert "\n" not in str(caught.value) and not caught.value.ours
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def header(shape, kind="<f4"):
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text) + 1) + text + b"\n"


def deep():
    return "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "content",
    [
        b"my own notes",
        b"",
        b"PK\5\6" + bytes(18),  # an archive without anything in it
        {"arr_0.npy": header((0,))},
        {"head.npy": b""},
        {"head.npy": b"text"},
        {"head.npy": header((10**12,))},
        {"head.npy": header((2**32, 2**32))},  # a product that wraps to 0
        {"head.npy": header((-1, -4)) + bytes(16)},
        {"head.npy": header((), "|O") + bytes(8)},
        {"head.npy": header((), "<U4") + "[1, ".encode("utf-32-le")},
        {"head.npy": header((), f"<U{len(deep())}") + deep().encode("utf-32-le")},
        {"head.npy": header((), "<U2") + "42".encode("utf-32-le")},
        {"head.npy": b"\x93NUMPY\1\0\xff\xff" + b"(" * 65_535},
    ],
    ids=str,
)
def test_files_of_other_kinds_are_refused_and_stay(tmp_path, content):
    path = tmp_path / backup.FILE
    if isinstance(content, dict):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in content.items():
                archive.writestr(name, data)
    else:
        path.write_bytes(content)
    refuse_file(path)


def test_an_archive_that_unpacks_to_much_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / backup.FILE
    write_head(path, GOOD)
    with zipfile.ZipFile(path) as archive:
        data = archive.read("head.npy")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("head.npy", data)
    refuse_file(path)  # NumPy's savez does not compress
    write_head(path, GOOD | {"more": "x" * 5_000_000})
    refuse_file(path)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:050d}", b"")
    with pytest.raises(BackupError, match="its table of contents is too long"):
        backup.Backup(tmp_path, ABOUT)
    with open(path, "wb") as file:  # takes no room on the disk
        file.truncate(6_000_000_000)
    with pytest.raises(BackupError, match="it has 5722 MB"):
        backup.Backup(tmp_path, ABOUT)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links are Unix things")
def test_what_is_no_file_is_not_opened(tmp_path, monkeypatch):
    path, real = tmp_path / backup.FILE, open

    def look(place, *how, **more):
        if place == path:
            pytest.fail("a pipe would wait for its other end, and a device never ends")
        return real(place, *how, **more)

    monkeypatch.setattr("builtins.open", look)
    for make in (
        os.mkfifo,
        os.mkdir,
        lambda path: os.symlink("/dev/zero", path),
        lambda path: os.symlink("nowhere", path),
        lambda path: os.symlink(backup.FILE, path),  # to itself
    ):
        make(path)
        for restart in (False, True):
            with pytest.raises(BackupError, match="is no checkpoint"):
                backup.Backup(tmp_path, ABOUT, restart)
        assert os.listdir(tmp_path) == [backup.FILE]
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


# --------------------------------------------------------------------------- damaged states


@pytest.fixture(scope="module")
def learner():
    set_seed(0)
    model = models.lenet5_article()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture
def kept(learner, tmp_path):
    """Write a good checkpoint of two epochs; return its path and what it holds."""
    one = backup.Backup(tmp_path / "kept", ABOUT)
    for epoch in range(2):
        one._keep(learner, epoch, {name: 0.5 for name in backup.HISTORY})
    one.close()
    return one.path, load(one.path, learner)


def load(path, learner):
    one = backup.Backup(path.parent, ABOUT)
    try:
        one.callback(learner)
        return one.epoch, one.history, one._kept
    finally:
        one.close()


def same(one, other):
    assert one[:2] == other[:2] and one[2].keys() == other[2].keys()
    for name, value in one[2].items():
        there = other[2][name]
        if name == "numpy":
            assert value[2:] == there[2:]
            value, there = value[1], there[1]
        assert value == there if name == "python" else np.array_equal(value, there)
    return True


def test_a_byte_that_was_flipped_is_refused_or_plays_no_part(learner, kept):
    path, good = kept
    data, refused = path.read_bytes(), 0
    assert same(load(path, learner), good)
    with zipfile.ZipFile(path) as archive:
        starts = [entry.header_offset for entry in archive.infolist()]
        directory = archive.start_dir
    draw = np.random.default_rng(0)
    # Anywhere, in the heads of the arrays, and in the table of contents.
    places = [*draw.integers(len(data), size=20), *draw.choice(starts, 20) + draw.integers(200)]
    places += [*range(directory, len(data), 97)]
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << draw.integers(8)
        path.write_bytes(damaged)
        try:
            found = load(path, learner)
        except BackupError:
            refused += 1
        else:
            assert same(found, good)
        assert path.read_bytes() == damaged
    assert refused > len(places) / 2


def change(path, **arrays):
    """Put other arrays into a checkpoint, with good checksums; bytes are taken as they are."""
    with np.load(path) as archive:
        kept = {name: archive[name] for name in archive.files}
    raw = {name: data for name, data in arrays.items() if isinstance(data, bytes)}
    np.savez(path, **(kept | {name: arrays[name] for name in arrays if name not in raw}))
    if raw:
        with zipfile.ZipFile(path) as archive:
            entries = {one: archive.read(one) for one in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in entries.items():
                archive.writestr(name, raw.get(name.removesuffix(".npy"), data))


PYTHON = json.loads(json.dumps(random.Random(0).getstate()))


def python_state(numbers=PYTHON[1], gauss=None, version=3):
    return {"python": np.array(json.dumps([version, numbers, gauss]))}


def numpy_state(place=5, has_gauss=0, gauss=0.0):
    return {"numpy": np.array(json.dumps([place, has_gauss, gauss]))}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_0": np.zeros((4, 5, 1, 6), np.float32)}, "model_0 does not fit"),
        ({"model_0": np.zeros((5, 5, 1, 6), np.float64)}, "model_0 does not fit"),
        ({"model_0": np.zeros((5, 5, 1, 6), np.int32)}, "model_0 does not fit"),
        ({"model_0": np.full((5, 5, 1, 6), np.nan, np.float32)}, "weights that are no numbers"),
        ({"model_0": np.full((5, 5, 1, 6), np.inf, np.float32)}, "weights that are no numbers"),
        ({"model_0": header((10**12,))}, "header of model_0"),
        ({"model_0": header((5, 5, 1, 6), "|O") + bytes(1200)}, "header of model_0"),
        ({"optimizer_0": np.zeros(3)}, "optimizer_0 does not fit"),
        ({"numpy_key": np.zeros(524, np.uint32)}, "numpy_key does not fit"),
        ({"numpy_key": np.zeros(624, np.int64)}, "numpy_key does not fit"),
        (numpy_state(place=-1), "random numbers"),
        (numpy_state(place=10**9), "random numbers"),
        (numpy_state(place=2.5), "random numbers"),
        (numpy_state(has_gauss=7), "random numbers"),
        (numpy_state(gauss="x"), "no checkpoint"),
        ({"numpy": np.array("[]")}, "no checkpoint"),
        ({"numpy": np.zeros(3)}, "no checkpoint"),
        (python_state(numbers=PYTHON[1][:-1]), "no checkpoint"),
        (python_state(numbers=[*PYTHON[1][:-1], 10**6]), "no checkpoint"),
        (python_state(numbers=[*PYTHON[1][:-1], -3]), "no checkpoint"),
        (python_state(numbers=["x"] * 625), "no checkpoint"),
        (python_state(gauss="x"), "random numbers"),
        (python_state(version=7), "no checkpoint"),
        ({"python": np.array(deep())}, "no checkpoint"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_a_state_that_does_not_fit_is_refused_before_it_is_used(learner, kept, changes, words):
    path, _ = kept
    change(path, **changes)
    before, weights = path.read_bytes(), learner.get_weights()
    states = random.getstate(), np.random.get_state()[2]  # noqa: NPY002
    with pytest.raises(BackupError, match=words) as caught:
        load(path, learner)
    assert "no checkpoint that can be read" in str(caught.value)
    assert path.read_bytes() == before
    assert (random.getstate(), np.random.get_state()[2]) == states  # noqa: NPY002
    assert all(map(np.array_equal, learner.get_weights(), weights))


def test_a_run_that_diverged_goes_on_as_one(learner, kept):
    path, _ = kept
    head = backup.read_head(path)
    head["history"]["val_loss"][-1] = float("nan")
    nan = np.full((5, 5, 1, 6), np.nan, np.float32)
    change(path, head=np.array(json.dumps(head)), model_0=nan)
    assert np.isnan(load(path, learner)[2]["model_0"]).all()


def test_a_network_too_large_for_a_checkpoint_is_refused_before_training(
    learner, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoint, "LARGEST", checkpoint.HEAD + checkpoint.DIRECTORY + 10**5)
    one = backup.Backup(tmp_path / "b", ABOUT)
    with pytest.raises(BackupError, match="too large for a checkpoint"):
        one.callback(learner)
    one.close()
