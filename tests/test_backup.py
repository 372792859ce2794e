"""Runs that are interrupted: what is kept, that they go on as if nothing had been, what is refused.

The interruptions are real signals to a process in the middle of an epoch.
"""

import errno
import os
import random
import signal
import stat
import struct
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from lenet_tutorial import layers, models
from lenet_tutorial.datasets import load_bundled, prepare
from lenet_tutorial.training import backup, set_seed, split_validation, train
from lenet_tutorial.training.backup import BackupError
from lenet_tutorial.training.lock import Lock, LockedError

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


@pytest.fixture
def stopped(data, tmp_path):
    """Return the folder of a run that ended after two of three epochs."""
    folder = tmp_path / "runs" / "backup"
    with pytest.raises(Stop):
        run(data, folder, [stop_after(2)])
    return folder


def test_whatever_ends_a_run_its_last_checkpoint_is_there(data, stopped):
    assert [file.name for file in stopped.iterdir()] == [backup.FILE]
    _, history = run(data, stopped, [stop_after(-1)])
    assert history.index.tolist() == [1, 2, 3]
    _, at_once = run(data, None)
    np.testing.assert_allclose(history, at_once, atol=1e-3)
    assert not stopped.exists() and stopped.parent.exists()


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


def test_a_state_that_does_not_fit_ends_a_run_in_one_line_and_frees_the_folder(data, stopped):
    path = stopped / backup.FILE
    with np.load(path) as archive:
        kept = {name: archive[name] for name in archive.files}
    np.savez(path, **kept | {"numpy": np.array("[1000000000, 0, 0.0]")})
    for _ in range(2):
        with pytest.raises(BackupError, match=r"is no checkpoint that can be read .*random"):
            run(data, stopped, [stop_after(-1)])
        assert os.listdir(stopped) == [backup.FILE]


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


# --------------------------------------------------------------------------- random numbers


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


# --------------------------------------------------------------------------- one run at a time


ABOUT = {"network": "0123456789abcdef", "epochs": "3", "seed": "0"}


def test_two_runs_do_not_share_a_folder(data, stopped):
    before = (stopped / backup.FILE).read_bytes()
    with Lock(stopped / backup.LOCK, "it"):
        for restart in (False, True):
            with pytest.raises(LockedError, match=f"{stopped} is in use by process"):
                run(data, stopped, restart=restart)
    assert (stopped / backup.FILE).read_bytes() == before


def test_while_a_run_goes_on_its_folder_is_locked(data, tmp_path):
    def look(epoch, logs):
        with pytest.raises(LockedError):
            backup.Backup(tmp_path / "b", ABOUT)
        looked.append(epoch)

    looked = []
    run(data, tmp_path / "b", [keras.callbacks.LambdaCallback(on_epoch_begin=look)], epochs=2)
    assert looked == [0, 1] and not (tmp_path / "b").exists()


# --------------------------------------------------------------------------- the bar


def test_without_a_terminal_nothing_is_shown(data, capfd):
    run(data, None, epochs=1)
    assert capfd.readouterr() == ("", "")


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
