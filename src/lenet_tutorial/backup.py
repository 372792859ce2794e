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
import hashlib
import json
import os
import random
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

FILE = "training.npz"
# Callbacks that count from epoch to epoch. They would begin to count anew.
STATEFUL = ("EarlyStopping", "ReduceLROnPlateau", "BackupAndRestore")


class BackupError(ValueError):
    """A backup can't be used; the message says why and what to do."""


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
    """The checkpoint of one run in a folder.

    Parameters
    ----------
    folder : path
        Made where it is missing. Nothing else in it is touched.
    about : dict of str to str
        What the run is, from :func:`describe_run`.

    Attributes
    ----------
    epoch : int
        Epochs that are finished; 0 where the run begins.
    history : dict
        For each name a list with one value for each of these epochs.

    Raises
    ------
    BackupError
        If the folder holds another run, or a file that can't be read, or it can't be made.
        BackupError is a ValueError.
    """

    def __init__(self, folder, about):
        self.folder, self.about = Path(folder), dict(about)
        self.path = self.folder / FILE
        self.epoch, self.history, self._kept = 0, {}, None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"the backup folder {self.folder} can't be made: {error.strerror}"
            ) from None
        if self.path.exists():
            self._read()

    def _read(self):
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                kept = {name: archive[name] for name in archive.files}
            head = json.loads(str(kept["head"]))
            about, epoch, history = head["about"], head["epoch"], head["history"]
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise BackupError(
                f"{self.path} is no checkpoint that can be read ({error}): delete it to begin anew"
            ) from None
        differences = [
            _difference(name, about.get(name), self.about.get(name))
            for name in {**about, **self.about}
            if about.get(name) != self.about.get(name)
        ]
        if differences:
            raise BackupError(
                f"{self.folder} keeps another run, which was interrupted after epoch {epoch}: "
                f"{'; '.join(differences)}. Name another folder, or delete {self.path} to begin "
                "anew"
            )
        self.epoch, self.history, self._kept = epoch, history, kept

    def callback(self, learner):
        """Return the Keras callback that restores the run at its start and keeps each epoch.

        Parameters
        ----------
        learner : keras.Model
            The compiled model whose ``fit`` it is given to, as the first of the callbacks. Its
            optimiser is built.
        """
        import keras

        return keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: self._restore(learner),
            on_epoch_end=lambda epoch, logs: self._keep(learner, epoch, logs),
        )

    def _restore(self, learner):
        if self._kept is None:
            return
        for name, variable in _variables(learner).items():
            array = self._kept.get(name)
            if array is None or array.shape != tuple(variable.shape):
                raise BackupError(f"{self.path} does not fit the network: delete it to begin anew")
            variable.assign(array)
        version, numbers, gauss = json.loads(str(self._kept["python"]))
        random.setstate((version, tuple(numbers), gauss))
        place, has_gauss, gauss = json.loads(str(self._kept["numpy"]))
        np.random.set_state(  # noqa: NPY002 - the generator that Keras shuffles with
            ("MT19937", self._kept["numpy_key"], place, has_gauss, gauss)
        )
        if "torch" in self._kept:
            import torch

            torch.set_rng_state(torch.from_numpy(self._kept["torch"]))
        self._kept = None

    def _keep(self, learner, epoch, logs):
        import keras

        self.epoch = epoch + 1
        for name, value in logs.items():
            self.history.setdefault(name, []).append(float(value))
        head = {"about": self.about, "epoch": self.epoch, "history": self.history}
        _, key, *rest = np.random.get_state()  # noqa: NPY002
        state = {
            name: np.asarray(keras.ops.convert_to_numpy(variable))
            for name, variable in _variables(learner).items()
        }
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

    def how_to_go_on(self, epochs):
        """Say in one line what an interruption has left.

        Parameters
        ----------
        epochs : int
            Of the whole run.
        """
        if self.epoch == 0:
            return "Interrupted before the first epoch was over: nothing is kept."
        return (
            f"Interrupted. {self.epoch} of {epochs} epochs are kept in {self.folder}; "
            "the same call again goes on from there."
        )

    def remove(self):
        """Remove the checkpoint, and its folder if nothing else is in it."""
        self.path.unlink(missing_ok=True)
        for left in self.folder.glob(f"{FILE}.*.part"):  # of a process that was killed
            left.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or not ours to remove
            self.folder.rmdir()


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


def write_whole(path, write):
    """Write a file beside its place and move it there: a whole file or none.

    Parameters
    ----------
    path : path
        Where the file is to be.
    write : callable
        Takes the open binary file.

    Raises
    ------
    OSError
        If the file can't be written. What was at `path` is as it was.
    """
    path = Path(path)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    unfinished = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if sys.platform != "win32":  # mkstemp lets nobody else read; a file of ours is as usual
            mask = os.umask(0)
            os.umask(mask)
            unfinished.chmod(0o666 & ~mask)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
