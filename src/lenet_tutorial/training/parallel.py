"""Data-parallel training with several real processes on this machine.

:func:`fit_parallel` starts worker processes that run :mod:`lenet_tutorial.training.worker`, waits
for them and gives the model the weights that they have learned. TensorFlow's workers are one
process each and talk over the loopback address (``tf.distribute.MultiWorkerMirroredStrategy``);
with JAX one process drives several devices (``keras.distribution.DataParallel``).

However a run ends, by success, error, timeout or interrupt, no worker is left behind: the
launcher ends them all, and a worker whose launcher has vanished ends itself.
"""

import importlib.util
import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._checks import check_whole
from ..images import check_images, check_labels
from .processes import WorkerError, Workers
from .worker import load_checkpoint

ENGINES = ("tensorflow", "jax")
PORT_TAKEN = ("Could not start gRPC server", "Address already in use", "Failed to bind")


@dataclass(frozen=True)
class ParallelRun:
    """What a parallel training reports.

    Attributes
    ----------
    loss : list of float
        Mean training loss of each epoch, those before a resume included.
    first_epoch : int
        The epoch, counted from 0, that this run began with: 0, or more where it was resumed.
    apart : float
        Largest difference between the weights of any two workers.
    step_seconds : float or None
        Time of a step in worker 0, the very first one (which compiles) left out: one step of ten
        was as fast or faster. So it says what the machine can do, and little of what else it had
        to do meanwhile.
    busy_seconds : float or None
        Mean time that the processor worked for worker 0 in a step, on all its threads. Waiting for
        other workers is not in it, and neither is what the machine did for others.
    devices : tuple of str
        One for each replica of the model.
    """

    loss: list
    first_epoch: int
    apart: float
    step_seconds: float
    busy_seconds: float
    devices: tuple


def free_ports(count):
    """Return so many ports of the loopback address that nobody listens on at the moment.

    Parameters
    ----------
    count : int
        How many, all different.

    Returns
    -------
    list of int
    """
    sockets = [socket.socket() for _ in range(check_whole("count", count))]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def cluster(ports, index):
    """Return ``TF_CONFIG``, the variable that tells a TensorFlow worker who and where all are.

    Parameters
    ----------
    ports : sequence of int
        One for each worker, on the loopback address.
    index : int
        Which of them the worker is, from 0.

    Returns
    -------
    str
        JSON.
    """
    addresses = [f"127.0.0.1:{check_whole('port', port)}" for port in ports]
    index = check_whole("index", index, 0)
    return json.dumps(
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    )


def fit_parallel(
    model,
    x,
    y,
    workers=2,
    epochs=1,
    batch_size=64,
    optimizer="adam",
    seed=0,
    engine="tensorflow",
    keep=None,
    threads=None,
    timeout=300,
    kill=None,
):
    """Train a classifier on several workers, as one worker would train it.

    Each step takes `batch_size` images, the same share of them in each worker, and sums the
    gradients of the shares, so that every worker moves its copy of the weights by the gradient of
    the whole batch. The order of the images depends on the seed and the epoch alone, see
    :func:`lenet_tutorial.training.worker.order_of`. What is left over at the end of an epoch is
    left out; the next epoch has another order.

    A layer that looks at the whole batch (batch normalisation) sees a worker's share only, and one
    that draws random numbers (dropout) draws others in each worker and after a resume.

    Parameters
    ----------
    model : keras.Model
        A classifier as :func:`lenet_tutorial.training.train` takes it. It gets the new weights.
    x, y : numpy.ndarray
        Training images ``(n, side, side, 1)`` and labels ``(n,)``.
    workers : int
        At least 1: processes (TensorFlow) or devices of one process (JAX).
    epochs, batch_size : int
        At least 1. The batch is that of all workers together, a multiple of their number.
    optimizer : str or keras.optimizers.Optimizer
        As Keras takes it. Its settings count; its state starts anew, or comes from `keep`.
    seed : int
        Of the order of the images.
    engine : {'tensorflow', 'jax'}
        Who computes and adds up.
    keep : str or pathlib.Path, optional
        A folder for the checkpoint that is written after each epoch. If it holds one of this run,
        training goes on from there.
    threads : int, optional
        Threads of each TensorFlow worker; by default the machine's cores, shared out.
    timeout : float
        Seconds after which all is given up.
    kill : (int, int, int), optional
        For trying out what happens then: this worker kills itself (SIGKILL) in this epoch, counted
        from 0, after so many steps, at least 1.

    Returns
    -------
    ParallelRun

    Raises
    ------
    ValueError
        If images or labels have the wrong shape, type or range, a number is out of range, the batch
        can't be shared out evenly, or the checkpoint is of another run.
    ModuleNotFoundError
        If the engine is not installed.
    WorkerError
        If a worker dies or the time is up. The model is then as it was.
    """
    workers, epochs = check_whole("workers", workers), check_whole("epochs", epochs)
    batch_size, seed = check_whole("batch_size", batch_size), check_whole("seed", seed, 0)
    _check_engine(engine)
    if batch_size % workers:
        raise ValueError(
            f"batch_size must be a multiple of the {workers} workers, got {batch_size}"
        )
    processes = workers if engine == "tensorflow" else 1
    kill = _checked_kill(kill, processes, epochs)
    if not timeout > 0:
        raise ValueError(f"timeout must be above 0 seconds, got {timeout!r}")
    if threads is None:
        threads = max(1, (os.cpu_count() or 1) // workers)
    threads = check_whole("threads", threads)
    x = check_images(x, size=model.input_shape[1])
    y = check_labels(y, count=len(x))
    if len(x) < batch_size:
        raise ValueError(f"{len(x)} images are fewer than one batch of {batch_size}")
    job = {
        "engine": engine,
        "workers": workers,
        "epochs": epochs,
        "threads": threads,
        "keep": None if keep is None else str(Path(keep).absolute()),
        "kill": kill,
        **_describe(model, x, batch_size, seed, optimizer),
    }
    if keep is not None:
        Path(keep).mkdir(parents=True, exist_ok=True)
        load_checkpoint(keep, job["run"])  # refused here, not in a worker
    with tempfile.TemporaryDirectory(prefix="lenet-workers-") as folder:
        folder = Path(folder)
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        np.savez(folder / "data.npz", x=x, y=y)
        model.save(folder / "model.keras")
        _run(job, folder, float(timeout))
        weights, report = _collect(folder, processes)
    model.set_weights(weights[0])
    return ParallelRun(apart=_apart(weights), **report | {"devices": tuple(report["devices"])})


def _check_engine(engine):
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {ENGINES}, got {engine!r}")
    if importlib.util.find_spec(engine) is None:
        raise ModuleNotFoundError(f"{engine} is not installed: pip install {engine}")


def _checked_kill(kill, processes, epochs):
    """Return which worker is to kill itself, in which epoch and after which step."""
    if kill is None:
        return None
    which, epoch, step = kill = tuple(check_whole("kill", value, 0) for value in kill)
    if not (0 <= which < processes and 0 <= epoch < epochs and step >= 1):
        raise ValueError(f"kill must name a worker, an epoch and a step ≥ 1, got {kill}")
    return kill


def _describe(model, x, batch_size, seed, optimizer):
    """Return the optimiser, and what a run is, however many workers and epochs it has.

    A checkpoint of another run is refused.
    """
    import keras

    optimizer = keras.optimizers.serialize(keras.optimizers.get(optimizer))
    settings = {name: value for name, value in optimizer["config"].items() if name != "name"}
    run = {
        "images": len(x),
        "parameters": model.count_params(),
        "batch_size": batch_size,
        "seed": seed,
        "optimizer": {"kind": optimizer["class_name"].lower(), **settings},
    }
    return {"optimizer": optimizer, "run": run}


def _apart(weights):
    """Return the largest difference between the weights of any two workers."""
    return max(
        float(np.abs(one - first).max())
        for copy in weights
        for one, first in zip(copy, weights[0], strict=True)
    )


def _run(job, folder, timeout):
    """Start the workers of a job and wait for them; try again where a port was snatched away."""
    for attempt in range(3):
        try:
            with Workers("lenet_tutorial.training.worker", folder, _environments(job)) as running:
                running.wait(timeout)
            return
        except WorkerError as error:
            if attempt == 2 or not any(sign in str(error) for sign in PORT_TAKEN):
                raise


def _environments(job):
    common = {"KERAS_BACKEND": job["engine"], "TF_CPP_MIN_LOG_LEVEL": "3"}
    if job["engine"] == "jax":
        return [
            common | {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(job["workers"])},
        ]
    # Workers on one machine can't share its GPU: each would ask for all of its memory.
    common |= {"CUDA_VISIBLE_DEVICES": ""}
    ports = free_ports(job["workers"])
    return [common | {"TF_CONFIG": cluster(ports, index)} for index in range(job["workers"])]


def _collect(folder, processes):
    """Return the weights of all workers, and the report of the first one."""
    weights = []
    for index in range(processes):
        with np.load(folder / f"weights-{index}.npz") as stored:
            weights.append([stored[f"arr_{number}"] for number in range(len(stored.files))])
    return weights, json.loads((folder / "report.json").read_text(encoding="utf-8"))
