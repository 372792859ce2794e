"""Training with a seed, a held-out validation split and a history that can be read as a table."""

import contextlib
import sys

import numpy as np

from .._checks import check_whole
from ..images import check_images, check_labels
from ..outputs import judge, meaning, winners
from .backup import Backup, check_callbacks, describe_run
from .seeds import set_seed


def split_validation(x, y, fraction=1 / 12, seed=0):
    """Hold out a part of the training set for validation, the same share of every class.

    The test set must play no part in any choice, or its result would flatter the network. What
    is chosen (an epoch, a learning rate, a network) is chosen by the validation split.

    Parameters
    ----------
    x, y : numpy.ndarray
        Images ``(n, …)`` and labels ``(n,)``.
    fraction : float
        Share to hold out, between 0 and 1. One twelfth of MNIST's 60 000 digits is 5 000.
    seed : int
        Seed of the draw. The same seed gives the same split.

    Returns
    -------
    (x_train, y_train, x_val, y_val) : tuple of numpy.ndarray
        In random order.

    Raises
    ------
    ValueError
        If the fraction is not between 0 and 1, the lengths differ, a label is out of range, or a
        class has too few digits to be split.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie between 0 and 1, got {fraction!r}")
    labels = check_labels(y, count=len(x))
    from sklearn.model_selection import train_test_split

    rows, held_out = train_test_split(
        np.arange(len(labels)), test_size=fraction, stratify=labels, random_state=seed
    )
    return x[rows], y[rows], x[held_out], y[held_out]


def train(
    model,
    x,
    y,
    validation,
    epochs=10,
    batch_size=64,
    optimizer="adam",
    seed=0,
    verbose="auto",
    loss=None,
    distort=None,
    steps_per_execution=1,
    jit_compile="auto",
    backup=None,
    restart=False,
    **fit,
):
    """Compile and train a classifier, and return its history.

    Parameters
    ----------
    model : keras.Model
        With one output per class, ``(batch, 10)``: probabilities, penalties or squashed units.
    x, y : numpy.ndarray
        Training images ``(n, side, side, 1)`` and labels ``(n,)``.
    validation : (numpy.ndarray, numpy.ndarray)
        Validation images and labels.
    epochs, batch_size : int
        At least 1.
    optimizer : str or keras.optimizers.Optimizer
        As Keras takes it.
    seed : int
        Seed for the shuffling; the weights were drawn when the model was built.
    verbose : {'auto', 0, 1, 2}
        ``'auto'`` draws one bar for the whole run in a terminal, and nothing in a notebook or a
        file. The others as Keras takes them: 0 is quiet.
    loss : keras.losses.Loss, optional
        By default the one that fits the last layer, see :func:`judge`.
    distort : keras.layers.Layer, optional
        Applied to the training images only, anew in each epoch;
        :class:`lenet_tutorial.layers.Distort`.
    steps_per_execution : int
        So many batches are handed to the backend at once, which saves time and changes nothing.
    jit_compile : bool or 'auto'
        Whether the compiler XLA makes one program of a step; as Keras takes it.
    backup : path, optional
        Folder for a checkpoint after each epoch, see :mod:`lenet_tutorial.training.backup`. If the
        run is interrupted, the same call goes on after the last epoch that was finished, and gives
        what the whole run would have given. At the end the checkpoint is removed.
    restart : bool
        Begin anew where `backup` keeps a checkpoint, which stays until this run has its first one.
    **fit
        Passed on to ``model.fit``.

    Returns
    -------
    pandas.DataFrame
        One row per epoch, counted from 1: ``accuracy``, ``loss``, ``val_accuracy``, ``val_loss``.

    Raises
    ------
    ValueError
        If images or labels have the wrong shape, type or range, hold NaN, or a number is below 1;
        or if `backup` keeps another run (another network, other data or another recipe), holds a
        file that is no checkpoint, or is in use by another process.
    KeyboardInterrupt
        When the reader interrupts it, after a line that says what is kept.
    """
    epochs, batch_size = check_whole("epochs", epochs), check_whole("batch_size", batch_size)
    how = {
        "steps_per_execution": check_whole("steps_per_execution", steps_per_execution),
        "jit_compile": jit_compile,
    }
    x, y = _checked(model, x, y)
    held_out = _checked(model, validation[0], validation[1])
    set_seed(seed)
    learner = _compile(model, distort, optimizer, loss, how)
    callbacks = fit.pop("callbacks", None) or []
    callbacks = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    run = {"batch_size": batch_size, "seed": seed, **how, "epochs": epochs, **fit}
    with _keep(backup, restart, learner, (x, y, *held_out), callbacks, run) as kept:
        if kept:  # first of the callbacks: before others touch the weights
            callbacks = [kept.callback(learner), *callbacks]
            fit["initial_epoch"] = kept.epoch
        steps = fit.get("steps_per_epoch") or -(-len(x) // batch_size)
        with _bar(verbose, epochs, steps, fit.get("initial_epoch", 0)) as bar:
            history = learner.fit(
                x,
                y,
                validation_data=held_out,
                epochs=epochs,
                batch_size=batch_size,
                verbose=0 if verbose == "auto" else verbose,
                callbacks=[*callbacks, *bar],
                **fit,
            ).history
        if kept:
            history = kept.history  # with the epochs before the interruption
            kept.remove()
    return _table(history)


def _checked(model, x, y):
    """Return images and labels that the model can take."""
    x = check_images(x, size=model.input_shape[1])
    return x, check_labels(y, count=len(x))


def _compile(model, distort, optimizer, loss, how):
    """Return what is to learn: the model, or a chain of distortion and model; ready for `fit`."""
    import keras

    usual, accuracy = judge(model)
    learner = model
    if distort is not None:  # a chain around the same layers, so the weights are the model's
        learner = keras.Sequential([keras.Input(model.input_shape[1:]), distort, model])
    learner.compile(optimizer=optimizer, loss=loss or usual, metrics=[accuracy], **how)
    # Or TensorFlow meets new variables while it builds the program of a step, and builds it twice.
    learner.optimizer.build(learner.trainable_variables)
    return learner


@contextlib.contextmanager
def _keep(folder, restart, learner, data, callbacks, run):
    """Open the backup of a run, if it has one; say what it goes on from, and what is kept."""
    if folder is None:
        yield None
        return
    if "initial_epoch" in run:
        raise ValueError("a backup counts the epochs itself: leave initial_epoch out")
    check_callbacks(callbacks)
    names = ("training images", "training labels", "validation images", "validation labels")
    data = dict(zip(names, data, strict=True))
    run = run | {"callbacks": [type(one).__name__ for one in callbacks]}
    kept = Backup(folder, describe_run(learner, data, **run), restart)
    try:
        if kept.epoch:
            _say(f"Going on after epoch {kept.epoch} of {run['epochs']}, from {kept.path}.")
        yield kept
    except KeyboardInterrupt:
        _say(kept.how_to_go_on(run["epochs"]))
        raise
    finally:
        kept.close()


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _table(history):
    import pandas as pd

    index = pd.RangeIndex(1, len(history["loss"]) + 1, name="epoch")
    return pd.DataFrame(history, index)[["accuracy", "loss", "val_accuracy", "val_loss"]]


@contextlib.contextmanager
def _bar(verbose, epochs, steps, done):
    """Show a bar where a run is watched in a terminal; give the callbacks that move it."""
    if verbose != "auto" or not sys.stderr.isatty():
        yield []
        return
    bar = _Bar(epochs, steps, done)
    try:
        yield [bar.callback()]
    finally:
        bar.close()


class _Bar:
    """One bar for all epochs of a run, on a terminal."""

    def __init__(self, epochs, steps, done):
        from tqdm import tqdm

        self.epochs, self.steps = epochs, steps
        self.bar = tqdm(total=epochs * steps, initial=done * steps, unit="batch", leave=None)

    def callback(self):
        import keras

        return keras.callbacks.LambdaCallback(
            on_epoch_begin=self._begin, on_train_batch_end=self._step, on_epoch_end=self._end
        )

    def _begin(self, epoch, logs):
        self.start = epoch * self.steps
        self.bar.set_description(f"epoch {epoch + 1}/{self.epochs}")

    def _step(self, batch, logs):
        self.bar.update(self.start + batch + 1 - self.bar.n)

    def _end(self, epoch, logs):
        shown = ("loss", "val_loss", "val_accuracy")
        self.bar.set_postfix({name: f"{logs[name]:.4f}" for name in shown if name in logs})

    def close(self):
        self.bar.close()


def answers(model, x, batch_size=1000):
    """Return the class that the model names for each image.

    Parameters
    ----------
    model : keras.Model
        With one output per class. The largest output wins, or the smallest one of RBF units.
    x : numpy.ndarray
        Images ``(n, side, side, 1)``.
    batch_size : int
        Images per step.

    Returns
    -------
    numpy.ndarray
        ``(n,)``, whole numbers.
    """
    batch_size = check_whole("batch_size", batch_size)
    return winners(meaning(model), model.predict(x, batch_size=batch_size, verbose=0))


def error_rate(model, x, y, batch_size=1000):
    """Return the share of images that the model puts into the wrong class.

    Parameters
    ----------
    model : keras.Model
        As :func:`answers` takes it.
    x, y : numpy.ndarray
        Images ``(n, side, side, 1)`` and labels ``(n,)``.
    batch_size : int
        Images per step.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If images or labels have the wrong shape, type or range.
    """
    x = check_images(x, size=model.input_shape[1])
    y = check_labels(y, count=len(x))
    return float(np.mean(answers(model, x, batch_size) != y))
