"""Checkpoints of a training run, so that an interrupted one goes on where it was.

After each epoch everything that the next one depends on is written into one file: the weights, the
optimiser's state, the number of the epoch, the history, and the state of all random numbers
(shuffling, dropout, distortions). A whole file takes the place of a whole file, so whatever
interrupts the run, the last checkpoint is good. The file is a NumPy archive and is read without
pickle.

Keras's own ``BackupAndRestore`` brings back weights, optimiser and epoch. It does not bring back
the history or the order of shuffling, writes two files one after the other, takes up the state of
any other run with the same shapes, and removes its whole folder at the end.
"""

import contextlib
import errno
import hashlib
import io
import json
import math
import os
import platform
import random
import re
import stat
import struct
import time
import zipfile
from pathlib import Path

import numpy as np

from ..files import fcntl, hold, remove_unfinished, write_whole

FILE = "training.npz"
LOCK = "training.lock"
#: Columns of a run's history.
HISTORY = ("accuracy", "loss", "val_accuracy", "val_loss")
LARGEST = 2**30  # bytes of a checkpoint; one of this book's has a few million
HEAD = 2**24  # bytes of what it says of its run
DIRECTORY = 2**20  # bytes of its table of contents
UNKNOWN = "another process"  # where a lock does not say whose it is
# Callbacks that count from epoch to epoch. They would begin to count anew.
STATEFUL = ("EarlyStopping", "ReduceLROnPlateau", "BackupAndRestore")


class BackupError(ValueError):
    """A backup can't be used; the message says why and what to do.

    Attributes
    ----------
    ours : bool
        Whether what is there is a checkpoint, so that a new run may take its place.
    """

    def __init__(self, message, ours=False):
        super().__init__(message)
        self.ours = ours


class LockedError(BackupError):
    """Another process is at it."""


def describe_run(learner, arrays, **settings):
    """Say what makes a run what it is: network, optimiser, loss, data, backend and settings.

    Parameters
    ----------
    learner : keras.Model
        Compiled. What its weights are plays no part, nor do the names of its layers.
    arrays : dict of str to numpy.ndarray
        The data, by what it is called.
    **settings
        Whole numbers, and what else ``fit`` is given.

    Returns
    -------
    dict of str to str
        The same for two runs that give the same result.
    """
    import keras

    text = learner.to_json()
    names = dict.fromkeys(_names(json.loads(text)))
    for number, name in enumerate(names):  # Keras counts on: dense, dense_1, …
        text = text.replace(json.dumps(name), f'"#{number}"')
    network = _without(json.loads(text), ("build_config", "compile_config"))
    optimizer = keras.optimizers.serialize(learner.optimizer)
    loss = learner.loss
    about = {
        "network": _digest(_plain(network).encode()),
        "optimiser": _plain(_without(optimizer, ("name", "build_config"))),
        "loss": _plain(_without(keras.losses.serialize(loss), ("name",))),
        "backend": keras.backend.backend(),
    }
    about |= {name: _digest_array(array) for name, array in arrays.items()}
    return about | {name: _plain(value) for name, value in settings.items()}


def _names(value):
    """Yield all names in a nested value."""
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        yield value["name"]
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names(inner)


def _without(value, keys):
    """Return a nested value without some keys of its dictionaries."""
    if isinstance(value, dict):
        return {key: _without(inner, keys) for key, inner in value.items() if key not in keys}
    if isinstance(value, (list, tuple)):
        return [_without(inner, keys) for inner in value]
    return value


def _plain(value):
    """Write a value as text that is the same in every process."""

    def other(value):
        if isinstance(value, np.generic):
            return value.item()
        if hasattr(value, "__array__"):
            return _digest_array(np.asarray(value))
        return getattr(value, "__name__", type(value).__name__)

    return json.dumps(value, sort_keys=True, default=other)


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def _digest_array(array):
    array = np.ascontiguousarray(array)
    return f"{array.dtype} {array.shape} {_digest(array.data.cast('B') if array.size else b'')}"


class Backup:
    """The checkpoint of one run in a folder, which no other process uses meanwhile.

    Parameters
    ----------
    folder : path
        Made where it is missing. Nothing else in it is touched.
    about : dict of str to str
        What the run is, from :func:`describe_run`.
    restart : bool
        Begin anew. A checkpoint that is there stays until the first of this run takes its place.

    Attributes
    ----------
    epoch : int
        Epochs that are finished; 0 where the run begins.
    history : dict
        For each name a list with one value for each of these epochs.

    Raises
    ------
    BackupError
        If the folder holds another run, or a file that is no checkpoint, or it can't be made, or
        another process uses it. BackupError is a ValueError.
    """

    def __init__(self, folder, about, restart=False):
        self.folder, self.about = Path(folder), dict(about)
        self.path = self.folder / FILE
        self.epoch, self.history, self._kept, self._older = 0, {}, None, False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"the backup folder {self.folder} can't be made: {error.strerror}"
            ) from None
        self._lock = Lock(self.folder / LOCK, f"the backup folder {self.folder}")
        try:
            remove_unfinished(self.path, 0)  # nobody else writes here now
            self._look(restart)
        except BaseException:
            self.close()
            raise

    def _look(self, restart):
        head = read_head(self.path)
        if head is None:
            return
        if restart:
            self._older = True
            return
        about, epoch, history = head["about"], head["epoch"], head["history"]
        differences = [
            _difference(name, about.get(name), self.about.get(name))
            for name in {**about, **self.about}
            if about.get(name) != self.about.get(name)
        ]
        if differences:
            raise BackupError(
                f"{self.folder} keeps another run, which was interrupted after epoch {epoch}: "
                f"{'; '.join(differences)}. Name another folder, or delete {self.path} to begin "
                "anew",
                ours=True,
            )
        self.epoch, self.history = epoch, history

    def _read(self, learner):
        """Read the state of a run, and see that all of it fits, before any of it is used."""
        with _open_archive(self.path) as archive:
            kept = {}
            for name, variable in _variables(learner).items():
                like = _to_numpy(variable)
                kept[name] = _read_array(archive, name, like.dtype, like.shape)
            kept["python"] = _python_state(_read_text(archive, "python"))
            key = _read_array(archive, "numpy_key", np.dtype(np.uint32), (624,))
            kept["numpy"] = _numpy_state(_read_text(archive, "numpy"), key)
            if "torch.npy" in archive.namelist():
                kept["torch"] = _read_array(archive, "torch", np.dtype(np.uint8))
        lost = [
            name
            for name, array in kept.items()
            if name.startswith("model_")
            and array.dtype.kind == "f"
            and not np.isfinite(array).all()
        ]
        if lost and all(math.isfinite(self.history[name][-1]) for name in ("loss", "val_loss")):
            raise ValueError("weights that are no numbers")  # a run that diverged has such losses
        return kept

    def callback(self, learner):
        """Return the Keras callback that restores the run at its start and keeps each epoch.

        Parameters
        ----------
        learner : keras.Model
            The compiled model whose ``fit`` it is given to, as the first of the callbacks. Its
            optimiser is built.

        Raises
        ------
        BackupError
            If the checkpoint does not fit the model.
        """
        import keras

        size = sum(_to_numpy(variable).nbytes for variable in _variables(learner).values())
        if size > LARGEST - HEAD - DIRECTORY:
            raise BackupError(f"a network of {size >> 20} MB is too large for a checkpoint")
        if self.epoch:
            try:
                self._kept = self._read(learner)
            except Exception as error:  # whatever a damaged file leads NumPy and zipfile to
                raise BackupError(_no_checkpoint(self.path, error)) from None
        return keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: self._restore(learner),
            on_epoch_end=lambda epoch, logs: self._keep(learner, epoch, logs),
        )

    def _restore(self, learner):
        if self._kept is None:
            return
        for name, variable in _variables(learner).items():
            variable.assign(self._kept[name])
        random.setstate(self._kept["python"])
        np.random.set_state(self._kept["numpy"])  # noqa: NPY002 - what Keras shuffles with
        if "torch" in self._kept:
            import torch

            torch.set_rng_state(torch.from_numpy(self._kept["torch"].copy()))
        self._kept = None

    def _keep(self, learner, epoch, logs):
        import keras

        history = {
            name: [*self.history.get(name, []), float(value)] for name, value in logs.items()
        }
        head = {"about": self.about, "epoch": epoch + 1, "history": history}
        _, key, *rest = np.random.get_state()  # noqa: NPY002
        state = {name: _to_numpy(variable) for name, variable in _variables(learner).items()}
        state |= {
            "head": np.array(json.dumps(head)),
            "python": np.array(json.dumps(random.getstate())),
            "numpy": np.array(json.dumps(rest)),
            "numpy_key": key,
        }
        if keras.backend.backend() == "torch":
            import torch

            state["torch"] = torch.get_rng_state().numpy()
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, lambda file: np.savez(file, allow_pickle=False, **state))
        self.epoch, self.history, self._older = epoch + 1, history, False  # now that it is kept

    def how_to_go_on(self, epochs):
        """Say in one line what an interruption has left.

        Parameters
        ----------
        epochs : int
            Of the whole run.
        """
        if self.epoch == 0:
            kept = (
                f"the older checkpoint is still in {self.folder}"
                if self._older
                else "nothing is kept"
            )
            return f"Interrupted before the first epoch was over: {kept}."
        return (
            f"Interrupted. {self.epoch} of {epochs} epochs are kept in {self.folder}; "
            "the same call again goes on from there."
        )

    def remove(self):
        """Remove the checkpoint, and its folder if nothing else is in it; others may use it now."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self):
        """Let other processes use the folder; remove it if nothing is in it."""
        self._lock.release()
        with contextlib.suppress(OSError):  # not empty, or not ours to remove
            self.folder.rmdir()


def _to_numpy(variable):
    import keras

    return np.asarray(keras.ops.convert_to_numpy(variable))


def _variables(learner):
    """Return the variables of model and optimiser by names of their own, in a fixed order."""
    found = {}
    for kind, variables in (
        ("model", learner.variables),
        ("optimizer", learner.optimizer.variables),
    ):
        unique = {id(variable): variable for variable in variables}
        found |= {f"{kind}_{number}": one for number, one in enumerate(unique.values())}
    return found


def _difference(name, kept, here):
    """Say how one part of two runs differs, with its values where they are short."""
    values = [value for value in (kept, here) if value is not None]
    if len(values) == 2 and all(re.fullmatch(r"[\d.]{1,12}|[a-z]+|null", one) for one in values):
        return f"{name} was {kept} and is now {here}"
    return f"{name} differs"


def check_callbacks(callbacks):
    """Refuse callbacks whose state a backup does not hold.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
        As ``fit`` takes them.

    Raises
    ------
    ValueError
        If one of them counts from epoch to epoch.
    """
    for callback in callbacks:
        names = {kind.__name__ for kind in type(callback).__mro__}
        best = "ModelCheckpoint" in names and getattr(callback, "save_best_only", False)
        if best or names & set(STATEFUL):
            raise ValueError(
                f"{type(callback).__name__} counts from epoch to epoch, and a run that goes on "
                "from its backup would count anew: give one or the other"
            )


# --------------------------------------------------------------------------- reading a checkpoint


def read_head(path):
    """Read what a checkpoint says of its run, and nothing else of it.

    Parameters
    ----------
    path : path
        Of the file.

    Returns
    -------
    dict or None
        ``about``, what the run is, from :func:`describe_run`; ``epoch``, the epochs that are
        finished, at least 1; ``history``, for each name a value for each of these epochs. None if
        there is no such file.

    Raises
    ------
    BackupError
        If it is anything else but a checkpoint. It is as it was.
    """
    path = Path(path)
    try:
        if not os.path.lexists(path):
            return None
        with _open_archive(path) as archive:
            head = json.loads(_read_text(archive, "head"))
        _check_head(head)
    except Exception as error:  # whatever a file of another kind leads zipfile and NumPy to
        raise BackupError(_no_checkpoint(path, error)) from None
    return head


def _no_checkpoint(path, error):
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    said = f" ({said.strip().splitlines()[0]})" if said.strip() else ""
    return (
        f"{path} is no checkpoint that can be read{said}: if nobody needs it, delete it to begin "
        "anew; else name another folder"
    )


def _open_archive(path):
    """Open the zip archive of a checkpoint once it is sure that this takes little memory."""
    about = os.stat(path)
    if not stat.S_ISREG(about.st_mode):  # to open a pipe would wait for its other end
        raise ValueError("it is no file")
    if about.st_size > LARGEST:
        raise ValueError(f"it has {about.st_size >> 20} MB")
    with open(path, "rb") as file:
        file.seek(max(0, about.st_size - 42))
        end = file.read()
    # The last 22 bytes name the size of the table of contents; the 20 before must not overrule it.
    if end[-22:-18] != b"PK\5\6" or end[:-22].startswith(b"PK\6\7"):
        raise ValueError("it is cut short, or no NumPy archive")
    if struct.unpack("<I", end[-10:-6])[0] > DIRECTORY:
        raise ValueError("its table of contents is too long")
    return zipfile.ZipFile(path)


def _read_array(archive, name, dtype=None, shape=None, most=LARGEST):
    """Read one array of an archive, by its sizes first, and all of its bytes by their checksum."""
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > most:
        raise ValueError(f"{name} unpacks to {entry.file_size} bytes")
    file = io.BytesIO(archive.read(entry))
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    found, fortran, kind = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(
        file
    )
    if kind.hasobject or math.prod(found) * kind.itemsize != entry.file_size - file.tell():
        raise ValueError(f"the header of {name} does not fit its length")
    if (dtype is not None and kind != dtype) or (shape is not None and found != shape):
        raise ValueError(f"{name} does not fit the network")
    order = "F" if fortran else "C"
    return np.ndarray(found, kind, file.getvalue(), offset=file.tell(), order=order)


def _read_text(archive, name):
    array = _read_array(archive, name, shape=(), most=HEAD)
    if array.dtype.kind != "U":
        raise ValueError(f"{name} is no text")
    return str(array)


def _check_head(head):
    """Refuse what no run has written."""

    def number(value):
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    about, epoch, history = head["about"], head["epoch"], head["history"]
    if not isinstance(about, dict) or not all(isinstance(one, str) for one in about.values()):
        raise ValueError("it does not say what its run is")
    epochs = int(about["epochs"])
    if not isinstance(epoch, int) or isinstance(epoch, bool) or not 1 <= epoch <= epochs:
        raise ValueError(f"epoch {epoch!r} of {epochs}")
    if not isinstance(history, dict) or not set(HISTORY) <= set(history):
        raise ValueError("its history lacks a column")
    for name, values in history.items():
        if not isinstance(values, list) or len(values) != epoch or not all(map(number, values)):
            raise ValueError(f"its history has not one number of {name} for each epoch")
        history[name] = [float(value) for value in values]


def _python_state(text):
    """Return a state of Python's random numbers that a generator takes."""
    version, numbers, gauss = json.loads(text)
    state = version, tuple(numbers), gauss
    if gauss is not None and not isinstance(gauss, float):
        raise ValueError("the state of random numbers is damaged")
    random.Random().setstate(state)
    return state


def _numpy_state(text, key):
    """Return a state of NumPy's random numbers that a generator takes, as `set_state` wants it."""
    place, has_gauss, gauss = json.loads(text)
    # NumPy takes any place, and reads there.
    if type(place) is not int or not 0 <= place <= len(key) or has_gauss not in (0, 1):
        raise ValueError("the state of random numbers is damaged")
    return "MT19937", key, place, int(has_gauss), float(gauss)


# --------------------------------------------------------------------------- locks


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
