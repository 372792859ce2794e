"""The program that each worker of a parallel training runs.

``python -m lenet_tutorial.training.worker FOLDER INDEX`` is started by
:mod:`lenet_tutorial.training.parallel`, which puts ``job.json``, ``data.npz`` and ``model.keras``
into the folder and finds ``weights-INDEX.npz`` and ``report.json`` there afterwards.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from .._checks import check_whole
from ..outputs import judge
from .checkpoint import (
    BackupError,
    check_size,
    open_checkpoint,
    read_array,
    read_head,
    write_checkpoint,
)
from .describe import as_text

CHECKPOINT = "checkpoint.npz"


def order_of(seed, epoch, count):
    """Return the order in which an epoch takes its images.

    It depends on nothing but the arguments. So all workers have the same order without a word to
    each other, and a run that is resumed goes on with the order it would have had.

    Parameters
    ----------
    seed, epoch : int
        From 0.
    count : int
        Number of images.

    Returns
    -------
    numpy.ndarray
        ``(count,)``: each number from 0 to count − 1 once.
    """
    seed, epoch = check_whole("seed", seed, 0), check_whole("epoch", epoch, 0)
    return np.random.default_rng([seed, epoch]).permutation(check_whole("count", count, 0))


def share_of(rows, index, workers):
    """Return a worker's share of a batch.

    Parameters
    ----------
    rows : numpy.ndarray
        ``(batch,)``, a multiple of `workers`.
    index : int
        Which worker, from 0.
    workers : int
        How many there are.

    Returns
    -------
    numpy.ndarray
        ``(batch / workers,)``
    """
    index, share = check_whole("index", index, 0), len(rows) // check_whole("workers", workers)
    return rows[index * share : (index + 1) * share]


def make_step(model, optimizer, loss, batch_size):
    """Return the function that each TensorFlow worker runs on its share of a batch.

    Parameters
    ----------
    model : keras.Model
        The worker's copy.
    optimizer : keras.optimizers.Optimizer
        Keras adds up the gradients of all workers in `apply`: this is the all-reduce.
    loss : keras.losses.Loss
        It returns the sum over the images.
    batch_size : int
        Images of all workers together.

    Returns
    -------
    callable
        Takes images and labels, moves the weights, and returns the share's part of the mean loss.
    """
    import tensorflow as tf

    def step(images, labels):
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            part = loss(labels, outputs) / batch_size
        slopes = tape.gradient(part, model.trainable_variables)
        optimizer.apply(slopes, model.trainable_variables)
        return part

    return step


def save_checkpoint(folder, run, epoch, losses, weights, state):
    """Write all that is needed to go on, so that it is there whole or not at all.

    The states of random numbers, which :mod:`lenet_tutorial.training.backup` keeps as well, play
    no part here: see :func:`order_of`.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where the file goes.
    run : dict
        What tells this run from others.
    epoch : int
        Finished epochs.
    losses : list of float
        Of these epochs.
    weights, state : list of numpy.ndarray
        Of the model and of the optimiser.
    """
    arrays = {f"model_{n}": value for n, value in enumerate(weights)}
    arrays |= {f"optimizer_{n}": value for n, value in enumerate(state)}
    about = {name: as_text(value) for name, value in run.items()}
    write_checkpoint(Path(folder) / CHECKPOINT, about, epoch, {"loss": losses}, arrays)


def load_checkpoint(folder, run):
    """Read what :func:`save_checkpoint` wrote.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where to look.
    run : dict
        The run that is to go on.

    Returns
    -------
    (int, list of float, list of numpy.ndarray, list of numpy.ndarray) or None
        Finished epochs, their losses, weights and optimiser state; None where there is no file.

    Raises
    ------
    lenet_tutorial.training.checkpoint.BackupError
        If the file is of another run, or can't be read. BackupError is a ValueError.
    """
    path = Path(folder) / CHECKPOINT
    head = read_head(path, ["loss"], counted=False)
    if head is None:
        return None
    for name, value in run.items():
        kept, here = head["about"].get(name), as_text(value)
        if kept != here:
            kept = str(kept)[:200]
            raise BackupError(f"{path} is of another run: its {name} is {kept}, not {here}")
    arrays = {"model": [], "optimizer": []}
    with open_checkpoint(path) as archive:
        for kind, found in arrays.items():
            count = sum(name.startswith(f"{kind}_") for name in archive.namelist())
            found += [read_array(archive, f"{kind}_{n}") for n in range(count)]
    return head["epoch"], head["history"]["loss"], *arrays.values()


def main(folder, index):
    """Train, and leave the results in the folder.

    Parameters
    ----------
    folder : str
        With the job; see the module's own text.
    index : int
        Which worker this is.
    """
    _end_with_the_launcher()
    from .. import layers  # noqa: F401 - so that Keras can load the units of 1989 and 1998

    folder = Path(folder)
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    with np.load(folder / "data.npz") as data:
        x, y = data["x"], data["y"]
    start = _start_tensorflow if job["engine"] == "tensorflow" else _start_jax
    model, optimizer, step, devices = start(job, folder / "model.keras", x, y, index)

    if job["keep"]:
        check_size([*model.get_weights(), *map(np.asarray, optimizer.variables)])
    run, first, losses = job["run"], 0, []
    found = load_checkpoint(job["keep"], run) if job["keep"] else None
    if found:
        first, losses, weights, state = found
        model.set_weights(weights)
        for variable, value in zip(optimizer.variables, state, strict=True):
            variable.assign(value)

    batch, seconds, busy = run["batch_size"], [], []
    for epoch in range(first, job["epochs"]):
        order, parts = order_of(run["seed"], epoch, len(x)), []
        for number in range(len(x) // batch):
            started = time.perf_counter(), time.process_time()
            parts.append(float(step(order[number * batch : (number + 1) * batch])))
            seconds.append(time.perf_counter() - started[0])
            busy.append(time.process_time() - started[1])
            if job["kill"] == [index, epoch, number + 1]:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        losses.append(float(np.mean(parts)))
        if job["keep"] and index == 0:
            state = [np.asarray(variable) for variable in optimizer.variables]
            save_checkpoint(job["keep"], run, epoch + 1, losses, model.get_weights(), state)

    np.savez(folder / f"weights-{index}.npz", *model.get_weights())
    if index == 0:
        report = {
            "loss": losses,
            "first_epoch": first,
            **timing(seconds, busy),
            "devices": devices,
        }
        (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def timing(seconds, busy):
    """Sum up how long the steps took; the first one, which compiles, does not count.

    Parameters
    ----------
    seconds, busy : list of float
        Of each step: by the clock on the wall, and how long the processor worked.

    Returns
    -------
    dict
        ``step_seconds`` and ``busy_seconds``, as
        :class:`lenet_tutorial.training.parallel.ParallelRun` has them; None where there was one
        step only.
    """
    if len(seconds) < 2:
        return {"step_seconds": None, "busy_seconds": None}
    return {
        "step_seconds": float(np.quantile(seconds[1:], 0.1)),
        "busy_seconds": float(np.mean(busy[1:])),
    }


def _start_tensorflow(job, path, x, y, index):
    """Join the other workers; return model, optimiser, step and the names of the devices."""
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = keras.models.load_model(path, compile=False)
        optimizer = keras.optimizers.deserialize(job["optimizer"])
        optimizer.build(model.trainable_variables)
    loss = judge(model)[0]
    loss.reduction = "sum"
    inner = make_step(model, optimizer, loss, job["run"]["batch_size"])
    x, y = tf.constant(x), tf.constant(y)

    @tf.function
    def outer(rows):
        part = strategy.run(inner, args=(tf.gather(x, rows), tf.gather(y, rows)))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None)

    def step(rows):
        return outer(tf.constant(share_of(rows, index, job["workers"])))

    devices = [f"worker {n}" for n in range(strategy.num_replicas_in_sync)]
    return model, optimizer, step, devices


def _start_jax(job, path, x, y, index):
    """Spread over the devices of this process; otherwise as :func:`_start_tensorflow`."""
    import keras

    devices = keras.distribution.list_devices("cpu")
    if len(devices) != job["workers"]:
        raise RuntimeError(f"{job['workers']} devices were asked for, JAX has {devices}")
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    model = keras.models.load_model(path, compile=False)
    optimizer = keras.optimizers.deserialize(job["optimizer"])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss=judge(model)[0])

    def step(rows):
        model.reset_metrics()
        return model.train_on_batch(x[rows], y[rows])

    return model, optimizer, step, list(devices)


def _end_with_the_launcher():
    """End this process when the launcher's end of stdin closes, however the launcher ended."""

    def watch():
        os.read(0, 1)  # not sys.stdin, whose lock would be held when this process ends
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
