"""The file of a checkpoint: what a run is, how far it has come, and its numbers.

It is a NumPy archive with an array for each variable, and a text in JSON, the ``head``. It is
written whole or not at all. It is read without pickle, by its sizes first and all of its bytes by
their checksums; whatever else the file is, that ends in one line, and takes little memory. One
process (:mod:`lenet_tutorial.training.backup`) and several
(:mod:`lenet_tutorial.training.worker`) keep their runs in it.
"""

import contextlib
import io
import json
import math
import os
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np

from ..files import write_whole

#: Columns of the history of :func:`lenet_tutorial.training.train`.
HISTORY = ("accuracy", "loss", "val_accuracy", "val_loss")
LARGEST = 2**30  # bytes of a checkpoint; one of this book's has a few million
HEAD = 2**24  # bytes of what it says of its run
DIRECTORY = 2**20  # bytes of its table of contents


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


def check_size(arrays):
    """Refuse a network whose checkpoint could not be read again.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray
        All that is to be kept.

    Raises
    ------
    BackupError
        If they are too large.
    """
    size = sum(array.nbytes for array in arrays)
    if size > LARGEST - HEAD - DIRECTORY:
        raise BackupError(f"a network of {size >> 20} MB is too large for a checkpoint")


def write_checkpoint(path, about, epoch, history, arrays):
    """Write all that is needed to go on, so that it is there whole or not at all.

    Parameters
    ----------
    path : path
        Where the file goes.
    about : dict of str to str
        What the run is.
    epoch : int
        Epochs that are finished.
    history : dict of str to list of float
        For each name a value for each of these epochs.
    arrays : dict of str to numpy.ndarray
        Variables and states.
    """
    head = np.array(json.dumps({"about": about, "epoch": epoch, "history": history}))
    write_whole(path, lambda file: np.savez(file, allow_pickle=False, head=head, **arrays))


def read_head(path, columns=HISTORY, counted=True):
    """Read what a checkpoint says of its run.

    Parameters
    ----------
    path : path
        Of the file.
    columns : sequence of str
        Names that the history must have.
    counted : bool
        Whether the run says how many epochs it has, and so has finished no more.

    Returns
    -------
    dict or None
        ``about``, ``epoch`` (at least 1) and ``history``, as :func:`write_checkpoint` takes them.
        None if there is no such file.

    Raises
    ------
    BackupError
        If it is anything else but a checkpoint. It is as it was.
    """
    if not os.path.lexists(path):
        return None
    with open_checkpoint(path) as archive:
        head = json.loads(read_text(archive, "head"))
        _check_head(head, columns, counted)
    return head


def _check_head(head, columns, counted):
    """Refuse what no run has written."""

    def number(value):
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    about, epoch, history = head["about"], head["epoch"], head["history"]
    if not isinstance(about, dict) or not all(isinstance(one, str) for one in about.values()):
        raise ValueError("it does not say what its run is")
    epochs = int(about["epochs"]) if counted else math.inf
    if not isinstance(epoch, int) or isinstance(epoch, bool) or not 1 <= epoch <= epochs:
        raise ValueError(f"epoch {epoch!r} of {epochs}")
    if not isinstance(history, dict) or not set(columns) <= set(history):
        raise ValueError("its history lacks a column")
    for name, values in history.items():
        if not isinstance(values, list) or len(values) != epoch or not all(map(number, values)):
            raise ValueError(f"its history has not one number of {name} for each epoch")
        history[name] = [float(value) for value in values]


@contextlib.contextmanager
def open_checkpoint(path):
    """Open a checkpoint for reading, once it is sure that this takes little memory.

    Parameters
    ----------
    path : path
        Of the file.

    Yields
    ------
    zipfile.ZipFile
        For :func:`read_array` and :func:`read_text`.

    Raises
    ------
    BackupError
        In place of whatever goes wrong until it is closed. It says so in one line.
    """
    path = Path(path)
    try:
        with _open_archive(path) as archive:
            yield archive
    except Exception as error:  # whatever a file of another kind leads zipfile and NumPy to
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        said = f" ({said.strip().splitlines()[0][:200]})" if said.strip() else ""
        raise BackupError(
            f"{path} is no checkpoint that can be read{said}: if nobody needs it, delete it to "
            "begin anew; else name another folder"
        ) from None


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


def read_array(archive, name, dtype=None, shape=None, most=LARGEST):
    """Read one array of a checkpoint.

    Parameters
    ----------
    archive : zipfile.ZipFile
        From :func:`open_checkpoint`.
    name : str
        Of the array.
    dtype, shape : numpy.dtype and tuple of int, optional
        What it must be.
    most : int
        Bytes that it may have.

    Returns
    -------
    numpy.ndarray
        Read only.

    Raises
    ------
    ValueError
        If it is something else, or its header does not fit its length.
    """
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


def read_text(archive, name):
    """Read one text of a checkpoint.

    Parameters
    ----------
    archive : zipfile.ZipFile
        From :func:`open_checkpoint`.
    name : str
        Of the array that holds it.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is something else.
    """
    array = read_array(archive, name, shape=(), most=HEAD)
    if array.dtype.kind != "U":
        raise ValueError(f"{name} is no text")
    return str(array)
