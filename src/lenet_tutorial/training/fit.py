"""Training with a seed, a held-out validation split and a history that can be read as a table."""

import sys

import numpy as np

from .._checks import check_seed, check_whole
from ..images import check_images, check_labels


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


def set_seed(seed):
    """Seed Python, NumPy and Keras, so that weights and shuffling come out the same again.

    The same seed gives the same weights on the same machine. Another number of threads or another
    processor adds in another order, and the results drift apart in the last digits.

    Parameters
    ----------
    seed : int
        From 0 to 2³² − 1.

    Raises
    ------
    ValueError
        If the seed is not a whole number from 0 to 2³² − 1.
    """
    seed = check_seed(seed)
    import keras

    keras.utils.set_random_seed(seed)


def judge(model):
    """Return the loss and the metric that fit a classifier's last layer.

    Parameters
    ----------
    model : keras.Model
        Its last layer is a softmax, RBF units (the smallest penalty wins), or squashed units whose
        target is +1 or −1.

    Returns
    -------
    (keras.losses.Loss, keras.metrics.Metric)
        Cross-entropy, equation 9 of 1998, or the squared error of 1989; and the accuracy.
    """
    import keras

    from ..layers import EuclideanRBF, squash
    from ..losses import MapLoss, SquaredError, smallest_wins

    last = model.layers[-1]
    if isinstance(last, EuclideanRBF):
        return MapLoss(), keras.metrics.MeanMetricWrapper(smallest_wins, name="accuracy")
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if getattr(last, "activation", None) is squash:
        return SquaredError(), accuracy
    return keras.losses.SparseCategoricalCrossentropy(), accuracy


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
        :class:`lenet_tutorial.distortions.Distort`.
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
    steps_per_execution = check_whole("steps_per_execution", steps_per_execution)
    side = model.input_shape[1]
    x = check_images(x, size=side)
    y = check_labels(y, count=len(x))
    x_val = check_images(validation[0], size=side)
    y_val = check_labels(validation[1], count=len(x_val))

    import pandas as pd

    set_seed(seed)
    usual, accuracy = judge(model)
    learner = model
    if distort is not None:  # a chain around the same layers, so the weights are the model's
        import keras

        learner = keras.Sequential([keras.Input(model.input_shape[1:]), distort, model])
    learner.compile(
        optimizer=optimizer,
        loss=loss or usual,
        metrics=[accuracy],
        steps_per_execution=steps_per_execution,
        jit_compile=jit_compile,
    )
    # Or TensorFlow meets new variables while it builds the program of a step, and builds it twice.
    learner.optimizer.build(learner.trainable_variables)
    callbacks = fit.pop("callbacks", None) or []
    callbacks = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    kept = None
    if backup is not None:
        kept = _open_backup(
            backup,
            learner,
            (x, y, x_val, y_val),
            epochs,
            callbacks,
            fit,
            {
                "batch_size": batch_size,
                "seed": seed,
                "steps_per_execution": steps_per_execution,
                "jit_compile": jit_compile,
            },
            restart,
        )
        fit["initial_epoch"] = kept.epoch
    steps = fit.get("steps_per_epoch") or -(-len(x) // batch_size)
    bar = None
    if verbose == "auto":
        verbose = 0
        if sys.stderr.isatty():
            bar = _Bar(epochs, steps, fit.get("initial_epoch", 0))
    try:
        if kept:  # first of the callbacks: before others touch the weights
            callbacks = [kept.callback(learner), *callbacks]
        history = learner.fit(
            x,
            y,
            validation_data=(x_val, y_val),
            epochs=epochs,
            batch_size=batch_size,
            verbose=verbose,
            callbacks=[*callbacks, *([bar.callback()] if bar else [])],
            **fit,
        ).history
    except KeyboardInterrupt:
        if bar:
            bar.close()
        if kept:
            print(kept.how_to_go_on(epochs), file=sys.stderr, flush=True)
        raise
    else:
        if kept:
            history = kept.history  # with the epochs before the interruption
            kept.remove()
    finally:
        if bar:
            bar.close()
        if kept:
            kept.close()
    table = pd.DataFrame(history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    return table[["accuracy", "loss", "val_accuracy", "val_loss"]]


def _open_backup(folder, learner, data, epochs, callbacks, fit, settings, restart):
    """Open the backup of a run, and say so if it goes on from one."""
    from .backup import Backup, check_callbacks, describe_run

    if "initial_epoch" in fit:
        raise ValueError("a backup counts the epochs itself: leave initial_epoch out")
    check_callbacks(callbacks)
    names = ("training images", "training labels", "validation images", "validation labels")
    settings |= {"epochs": epochs, **fit, "callbacks": [type(one).__name__ for one in callbacks]}
    about = describe_run(learner, dict(zip(names, data, strict=True)), **settings)
    kept = Backup(folder, about, restart)
    if kept.epoch:
        print(
            f"Going on after epoch {kept.epoch} of {epochs}, from {kept.path}.",
            file=sys.stderr,
            flush=True,
        )
    return kept


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
    from ..layers import EuclideanRBF

    batch_size = check_whole("batch_size", batch_size)
    outputs = model.predict(x, batch_size=batch_size, verbose=0)
    smallest = isinstance(model.layers[-1], EuclideanRBF)
    return outputs.argmin(axis=1) if smallest else outputs.argmax(axis=1)


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
