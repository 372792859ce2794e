"""Runs that are interrupted: what is kept, that they go on as if nothing had been, what is refused.

The interruptions are real signals to a process in the middle of an epoch.
"""

import errno
import io
import json
import os
import random
import shutil
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from lenet_tutorial import files, layers, models
from lenet_tutorial.datasets import load_bundled, prepare
from lenet_tutorial.training import backup, set_seed, split_validation, train
from lenet_tutorial.training.backup import BackupError

SCRIPT = Path(__file__).parent / "interrupted.py"


def start(folder, output, waits=-1):
    command = [sys.executable, str(SCRIPT), str(folder), str(output), str(waits)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=dict(os.environ),
    )


def finish(process):
    shown, complaints = process.communicate(timeout=300)
    return shown, complaints


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Run without a backup and without interruption; return the file of its weights."""
    output = tmp_path_factory.mktemp("whole") / "weights.npz"
    process = start("none", output)
    shown, complaints = finish(process)
    assert process.returncode == 0, complaints
    assert shown == "epochs: 0 1 2 3 4\n"
    return output


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda one: one.name)
def test_an_interrupted_run_goes_on_and_ends_as_if_nothing_had_been(whole, tmp_path, how):
    folder, output = tmp_path / "backup", tmp_path / "weights.npz"
    process = start(folder, output, waits=2)
    assert process.stdout.readline() == "waiting\n"  # in the middle of the third epoch
    process.send_signal(how)
    _, complaints = finish(process)
    assert process.returncode != 0 and not output.exists()
    if how == signal.SIGINT:
        said = f"Interrupted. 2 of 5 epochs are kept in {folder}; the same call again goes on"
        assert complaints.count(said) == 1
    # What was killed could not remove its lock; it holds nobody up.
    left = {backup.FILE} | ({backup.LOCK} if how == signal.SIGKILL else set())
    assert {file.name for file in folder.iterdir()} == left

    process = start(folder, output)
    shown, complaints = finish(process)
    assert process.returncode == 0, complaints
    assert f"Going on after epoch 2 of 5, from {folder / backup.FILE}." in complaints
    assert shown == "epochs: 2 3 4\n"
    assert not folder.exists()  # nothing is left to go on from
    # To the last bit: weights (with moving averages, dropout, distortions) and the whole history.
    assert output.with_suffix(".npz.csv").read_text(encoding="utf-8") == whole.with_suffix(
        ".npz.csv"
    ).read_text(encoding="utf-8")
    with np.load(output) as here, np.load(whole) as there:
        assert len(here.files) == len(there.files) == 10
        assert all(np.array_equal(here[name], there[name]) for name in there.files)


# --------------------------------------------------------------------------- in this process


class Stop(Exception):
    pass


def stop_after(epochs, error=Stop):
    def look(epoch, logs):
        if epoch == epochs:
            raise error

    return keras.callbacks.LambdaCallback(on_epoch_begin=look)


@pytest.fixture(scope="module")
def data():
    digits = load_bundled()
    return split_validation(prepare(digits.x_train[:240]), digits.y_train[:240])


def run(data, folder, callbacks=(), model=None, seed=0, **changes):
    set_seed(seed)
    model = model or models.lenet5_article()
    x, y, x_val, y_val = data
    how = {"epochs": 3, "batch_size": 40, "backup": folder, "callbacks": list(callbacks)}
    return model, train(model, x, y, (x_val, y_val), seed=seed, **(how | changes))


@pytest.fixture(scope="module")
def left(data, tmp_path_factory):
    """Train two of three epochs, once; return the folder that is left, which nobody changes."""
    folder = tmp_path_factory.mktemp("left") / "backup"
    with pytest.raises(Stop):
        run(data, folder, [stop_after(2)])
    return folder


@pytest.fixture
def stopped(left, tmp_path):
    """Return the folder of a run that ended after two of three epochs."""
    return Path(shutil.copytree(left, tmp_path / "runs" / "backup"))


@pytest.mark.slow
def test_whatever_ends_a_run_its_last_checkpoint_is_there(data, stopped):
    assert [file.name for file in stopped.iterdir()] == [backup.FILE]
    _, history = run(data, stopped, [stop_after(-1)])
    assert history.index.tolist() == [1, 2, 3]
    _, at_once = run(data, None)
    np.testing.assert_allclose(history, at_once, atol=1e-3)
    assert not stopped.exists() and stopped.parent.exists()


@pytest.mark.slow
def test_the_same_model_can_go_on_in_the_same_session(data, tmp_path):
    model = models.lenet5_article()
    with pytest.raises(Stop):
        run(data, tmp_path / "b", [stop_after(1)], model)
    for weight in model.weights:
        weight.assign(weight + 1)  # whatever became of it: the checkpoint counts
    _, history = run(data, tmp_path / "b", [stop_after(-1)], model)
    _, at_once = run(data, None, model=same_start())
    assert len(history) == 3
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] < 3
    assert history["loss"].iloc[-1] == pytest.approx(at_once["loss"].iloc[-1], abs=0.5)


def same_start():
    set_seed(0)
    return models.lenet5_article()


def test_a_run_stopped_after_its_last_epoch_only_has_to_be_handed_over(data, tmp_path):
    late = keras.callbacks.LambdaCallback(on_train_end=lambda logs: (_ for _ in ()).throw(Stop))
    with pytest.raises(Stop):
        run(data, tmp_path / "b", [late])
    model, history = run(data, tmp_path / "b", [stop_after(-1)])
    assert len(history) == 3 and not (tmp_path / "b").exists()
    x_val, y_val = data[2:]
    assert model.evaluate(x_val, y_val, verbose=0)[1] == history["val_accuracy"].iloc[-1]


def half(data):
    return tuple(part[::2] for part in data)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 4}, "epochs was 3 and is now 4"),
        ({"batch_size": 20}, "batch_size was 40 and is now 20"),
        ({"seed": 1}, "seed was 0 and is now 1"),
        ({"steps_per_execution": 2}, "steps_per_execution was 1 and is now 2"),
        ({"jit_compile": True}, "jit_compile differs"),
        ({"optimizer": "sgd"}, "optimiser differs"),
        ({"optimizer": keras.optimizers.Adam(2e-3)}, "optimiser differs"),
        ({"loss": layers.SquaredError()}, "loss differs"),
        ({"distort": layers.Distort(seed=0)}, "network differs"),
        ({"model": models.lenet5(28, "average", "tanh")}, "network differs"),
        ({"shuffle": False}, "shuffle differs"),
        ({"data": half}, "training images differs; training labels differs; validation images"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_another_run_is_refused_and_the_checkpoint_stays(data, stopped, changes, words):
    changes = dict(changes)
    before = (stopped / backup.FILE).read_bytes()
    other = changes.pop("data", lambda data: data)(data)
    with pytest.raises(BackupError, match=f"interrupted after epoch 2: .*{words}.*delete"):
        run(other, stopped, [stop_after(-1)], **changes)
    assert (stopped / backup.FILE).read_bytes() == before


def test_names_of_layers_do_not_make_another_run():
    about = []
    for _ in range(2):  # Keras counts on: conv2d, conv2d_1 …
        model = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        about.append(backup.describe_run(model, {"x": np.zeros(3)}, epochs=1))
    assert about[0] == about[1]
    assert model.layers[-1].name != "dense"


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"\x80\x04K\x01."],
    ids=["cut short", "empty", "a pickle"],
)
def test_a_damaged_checkpoint_is_named_and_not_used(data, stopped, damage):
    path = stopped / backup.FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BackupError, match=r"training\.npz is no checkpoint.*delete it"):
        run(data, stopped)


def test_a_folder_that_cannot_be_made_is_named(data, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match=r"the backup folder .*file can't be made"):
        run(data, tmp_path / "file")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_what_else_is_in_the_folder_stays(data, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / f"{backup.FILE}.abc.part").write_text(
        "of a process that was killed", encoding="utf-8"
    )
    run(data, tmp_path, epochs=1)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_callbacks_that_would_count_anew_are_refused(data, tmp_path):
    for callback in (
        keras.callbacks.EarlyStopping(),
        keras.callbacks.ReduceLROnPlateau(),
        keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"), save_best_only=True),
    ):
        with pytest.raises(ValueError, match=f"{type(callback).__name__} counts from epoch"):
            run(data, tmp_path / "b", [callback])
    with pytest.raises(ValueError, match="leave initial_epoch out"):
        run(data, tmp_path / "b", initial_epoch=1)
    assert not (tmp_path / "b").exists()


def test_ctrl_c_in_the_first_epoch_says_that_nothing_is_kept(data, tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "b", [stop_after(0, KeyboardInterrupt)])
    assert capsys.readouterr().err == (
        "Interrupted before the first epoch was over: nothing is kept.\n"
    )


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


# --------------------------------------------------------------------------- random numbers


@pytest.mark.slow
def test_random_numbers_of_ones_own_go_on_too(data, tmp_path):
    """A callback that draws from the generators that all of a process share."""

    def drawing(drawn):
        def draw(epoch, logs):
            normal = np.random.standard_normal()  # noqa: NPY002 - the first half of a pair
            drawn.append((np.random.random(), normal, random.random(), random.gauss(0, 1)))  # noqa: NPY002

        return keras.callbacks.LambdaCallback(on_epoch_begin=draw)

    whole, drawn = [], []
    _, at_once = run(data, None, [stop_after(-1), drawing(whole)])
    with pytest.raises(Stop):
        run(data, tmp_path / "b", [stop_after(1), drawing(drawn)])
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    _, history = run(data, tmp_path / "b", [stop_after(-1), drawing(drawn)])
    assert drawn == whole and len(set(whole)) == 3  # each half of a pair of normal numbers, too
    np.testing.assert_allclose(history, at_once, atol=1e-3)


# --------------------------------------------------------------------------- beginning anew


@pytest.mark.slow
def test_the_older_checkpoint_stays_until_the_new_run_has_its_own(data, stopped, capsys):
    path = stopped / backup.FILE
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        run(data, stopped, [stop_after(0, KeyboardInterrupt)], restart=True, epochs=9)
    assert path.read_bytes() == before
    assert f"the older checkpoint is still in {stopped}" in capsys.readouterr().err
    with pytest.raises(ValueError, match="counts from epoch"):
        run(data, stopped, [keras.callbacks.EarlyStopping()], restart=True)
    assert path.read_bytes() == before
    with pytest.raises(Stop):
        run(data, stopped, [stop_after(1)], restart=True, epochs=9)
    assert backup.read_head(path)["epoch"] == 1
    assert "Going on" not in capsys.readouterr().err
    _, history = run(data, stopped, [stop_after(-1)], restart=True)
    assert len(history) == 3 and not stopped.exists()


def test_an_epoch_counts_as_kept_once_it_is(data, tmp_path, monkeypatch, capsys):
    real, folder = os.fsync, tmp_path / "b"

    def interrupted(number):
        if (folder / backup.FILE).exists() and stat.S_ISREG(os.fstat(number).st_mode):
            raise KeyboardInterrupt
        real(number)

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(data, folder)
    assert "Interrupted. 1 of 3 epochs are kept" in capsys.readouterr().err
    assert backup.read_head(folder / backup.FILE)["epoch"] == 1


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_the_last_checkpoint(data, tmp_path, monkeypatch):
    real, folder = os.fsync, tmp_path / "b"

    def full(number):
        if (folder / backup.FILE).exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run(data, folder, [stop_after(-1)])
    monkeypatch.undo()
    assert [file.name for file in folder.iterdir()] == [backup.FILE]
    _, history = run(data, folder, [stop_after(-1)])
    assert len(history) == 3 and not folder.exists()


# --------------------------------------------------------------------------- files of others


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


def test_a_state_that_does_not_fit_ends_a_run_in_one_line_and_frees_the_folder(data, stopped):
    path = stopped / backup.FILE
    change(path, **numpy_state(place=10**9))
    for _ in range(2):
        with pytest.raises(BackupError, match=r"is no checkpoint that can be read .*random"):
            run(data, stopped, [stop_after(-1)])
        assert os.listdir(stopped) == [backup.FILE]


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
    monkeypatch.setattr(backup, "LARGEST", backup.HEAD + backup.DIRECTORY + 100_000)
    one = backup.Backup(tmp_path / "b", ABOUT)
    with pytest.raises(BackupError, match="too large for a checkpoint"):
        one.callback(learner)
    one.close()


# --------------------------------------------------------------------------- locks


HOLDER = """
import sys, time
from lenet_tutorial.training import backup
with backup.Lock(sys.argv[1], "the house"):
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
        with pytest.raises(backup.LockedError, match=words):
            backup.Lock(path, "the house")
    process.kill()
    process.wait()
    assert path.exists()  # it could not be removed, and holds nobody up
    with backup.Lock(path, "the house"), pytest.raises(backup.LockedError, match=f"{os.getpid()}"):
        backup.Lock(path, "the house")
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

    monkeypatch.setattr(backup, "hold", late)
    with backup.Lock(path, "it"):
        assert len(turns) == 2 and path.exists()
        monkeypatch.undo()
        with pytest.raises(backup.LockedError):
            backup.Lock(path, "it")


def test_a_file_of_somebody_elses_that_has_the_locks_name_stays(tmp_path):
    path = tmp_path / "model.keras.lock"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match="a file of somebody else has the lock's name"):
        backup.Lock(path, "it")
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS])
def test_a_disk_that_knows_no_locks_is_named(tmp_path, monkeypatch, number):
    def fail(file):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(backup, "hold", fail)
    with pytest.raises(BackupError, match=f"can't be locked .{os.strerror(number)}.*another disk"):
        backup.Backup(tmp_path, ABOUT)


def test_two_runs_do_not_share_a_folder(data, stopped):
    before = (stopped / backup.FILE).read_bytes()
    with backup.Lock(stopped / backup.LOCK, "it"):
        for restart in (False, True):
            with pytest.raises(backup.LockedError, match=f"{stopped} is in use by process"):
                run(data, stopped, restart=restart)
    assert (stopped / backup.FILE).read_bytes() == before


def test_while_a_run_goes_on_its_folder_is_locked(data, tmp_path):
    def look(epoch, logs):
        with pytest.raises(backup.LockedError):
            backup.Backup(tmp_path / "b", ABOUT)
        looked.append(epoch)

    looked = []
    run(data, tmp_path / "b", [keras.callbacks.LambdaCallback(on_epoch_begin=look)], epochs=2)
    assert looked == [0, 1] and not (tmp_path / "b").exists()


# --------------------------------------------------------------------------- whole files


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


# --------------------------------------------------------------------------- the bar


def test_without_a_terminal_nothing_is_shown(data, capfd):
    run(data, None, epochs=1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is a Unix thing")
def test_on_a_terminal_a_bar_counts_the_batches(tmp_path):
    import fcntl
    import pty
    import termios

    shown, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    command = [sys.executable, str(SCRIPT), "none", str(tmp_path / "w.npz"), "-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        text = b""
        while True:
            try:
                piece = os.read(shown, 4096)
            except OSError:  # what Linux says at the end
                break
            if not piece:
                break
            text += piece
        process.communicate(timeout=300)
    os.close(shown)
    text = text.decode()
    assert process.returncode == 0
    assert "epoch 1/5" in text and "epoch 5/5: 100%" in text
    assert "95/95" in text and "val_accuracy=0." in text
