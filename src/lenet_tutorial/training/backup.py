"""Checkpoints of a training run, so that an interrupted one goes on where it was.

After each epoch everything that the next one depends on is written into one file: the weights, the
optimiser's state, the number of the epoch, the history, and the state of all random numbers
(shuffling, dropout, distortions). A whole file takes the place of a whole file, so whatever
interrupts the run, the last checkpoint is good.

Keras's own ``BackupAndRestore`` brings back weights, optimiser and epoch. It does not bring back
the history or the order of shuffling, writes two files one after the other, takes up the state of
any other run with the same shapes, and removes its whole folder at the end.
"""

import contextlib
import math
from pathlib import Path

import numpy as np

from ..files import remove_unfinished
from .checkpoint import (
    HISTORY,
    BackupError,
    check_size,
    open_checkpoint,
    read_array,
    read_head,
    write_checkpoint,
)
from .describe import describe_run, differences
from .lock import Lock, LockedError
from .seeds import random_states, read_random_states, set_random_states

__all__ = ["FILE", "HISTORY", "LOCK", "Backup", "BackupError", "Lock", "LockedError"]
__all__ += ["check_callbacks", "describe_run", "read_head"]

FILE = "training.npz"
LOCK = "training.lock"
# Callbacks that count from epoch to epoch. They would begin to count anew.
STATEFUL = ("EarlyStopping", "ReduceLROnPlateau", "BackupAndRestore")


class Backup:
    """The checkpoint of one run in a folder, which no other process uses meanwhile.

    Parameters
    ----------
    folder : path
        Made where it is missing. Nothing else in it is touched.
    about : dict of str to str
        What the run is, from :func:`lenet_tutorial.training.describe.describe_run`.
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
        found = differences(about, self.about)
        if found:
            raise BackupError(
                f"{self.folder} keeps another run, which was interrupted after epoch {epoch}: "
                f"{'; '.join(found)}. Name another folder, or delete {self.path} to begin anew",
                ours=True,
            )
        self.epoch, self.history = epoch, history

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

        check_size(map(_to_numpy, _variables(learner).values()))
        if self.epoch:
            self._kept = self._read(learner)
        return keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: self._restore(learner),
            on_epoch_end=lambda epoch, logs: self._keep(learner, epoch, logs),
        )

    def _read(self, learner):
        """Read the state of a run, and see that all of it fits, before any of it is used."""
        with open_checkpoint(self.path) as archive:
            kept = {}
            for name, variable in _variables(learner).items():
                like = _to_numpy(variable)
                kept[name] = read_array(archive, name, like.dtype, like.shape)
            numbers = [array for name, array in kept.items() if name.startswith("model_")]
            lost = any(one.dtype.kind == "f" and not np.isfinite(one).all() for one in numbers)
            if lost and all(math.isfinite(self.history[name][-1]) for name in ("loss", "val_loss")):
                raise ValueError("weights that are no numbers")  # one that diverged has such losses
            kept |= read_random_states(archive)
        return kept

    def _restore(self, learner):
        if self._kept is None:
            return
        for name, variable in _variables(learner).items():
            variable.assign(self._kept[name])
        set_random_states(self._kept)
        self._kept = None

    def _keep(self, learner, epoch, logs):
        history = {
            name: [*self.history.get(name, []), float(value)] for name, value in logs.items()
        }
        state = {name: _to_numpy(variable) for name, variable in _variables(learner).items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_checkpoint(self.path, self.about, epoch + 1, history, state | random_states())
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
