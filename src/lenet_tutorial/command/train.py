"""``lenet-tutorial train``: a network, trained and written to a file."""

import errno
import functools
import math
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from .._inputs import why
from ..datasets import DatasetError, load_digits28
from ..files import check_place, remove_unfinished
from ..networks import NETWORKS
from ..training import error_rate, set_seed, split_validation, train
from ..training.backup import FILE, BackupError, Lock, LockedError, read_head
from ..training.recipes import RECIPES
from .arguments import to_count, to_path, to_seed
from .model_files.inputs import input_of
from .model_files.stored import ModelError, check_ending, save_model
from .net import FAILED, WRONG, CommandError


def add_options(parser):
    """Say what the command takes.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """
    titles = "; ".join(f"{name}: {network.title}" for name, network in NETWORKS.items())
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--network", choices=NETWORKS, help=f"{titles} (default lenet5)")
    what.add_argument(
        "--recipe",
        choices=RECIPES,
        help="train by a recipe of chapter 11, which chooses the network and everything else",
    )
    parser.add_argument(
        "--epochs", type=to_count, help="passes over the digits (default 10, or the recipe's)"
    )
    parser.add_argument(
        "--batch-size", type=to_count, help="digits per step (default 64); not with --recipe"
    )
    parser.add_argument(
        "--seed", type=to_seed, default=0, help="of weights and shuffling (default 0)"
    )
    parser.add_argument(
        "--dataset",
        choices=("auto", "mnist", "digits"),
        help="MNIST or scikit-learn's digits; by default what LENET_TUTORIAL_DATASET says",
    )
    parser.add_argument(
        "--output", type=to_path, required=True, help="the file to write, FILE.keras"
    )
    parser.add_argument(
        "--backup",
        type=to_path,
        metavar="FOLDER",
        help="for the checkpoint (default OUTPUT.backup)",
    )
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help="go on from a checkpoint; an error if there is none"
    )
    again.add_argument(
        "--restart",
        action="store_true",
        help="begin anew; a checkpoint stays until the new run has its own",
    )


def run(options):
    """Train a network and write it to a file.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`add_options` asks for.

    Raises
    ------
    CommandError
        If that can't be done.
    """
    if options.recipe and options.batch_size:
        said = f"the recipe {options.recipe} has its own batch size"
        raise CommandError(f"{said}: leave --batch-size out")
    try:
        output = check_ending(options.output)
        backup = options.backup or output.with_name(f"{output.name}.backup")
        target = _check_places(output, backup, options.resume)
        with Lock(target.with_name(f"{target.name}.lock"), output):
            _learn(options, output, backup)
    except (BackupError, ModelError) as error:
        ours = isinstance(error, BackupError) and error.ours
        code = FAILED if isinstance(error, LockedError) else WRONG
        raise CommandError(f"{error}{', or add --restart' if ours else ''}", code) from None


def _check_places(output, backup, resume):
    """Refuse what can't be written in the end, and return the file behind all links."""
    if not output.parent.is_dir():
        raise CommandError(f"no such folder: {output.parent}")
    try:
        check_place(output)
        tempfile.gettempdir()  # where the model is put together
    except OSError as error:
        code = WRONG if error.errno == errno.EINVAL else FAILED  # what is there is no file
        raise CommandError(f"can't write to {output}: {why(error)}", code) from None
    try:
        os.lstat(backup)
        if not backup.is_dir():
            raise CommandError(f"{backup} is to be the folder of the checkpoint, and is no folder")
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:
        raise CommandError(f"the backup folder can't be made: {why(error)}", FAILED) from None
    if read_head(backup / FILE) is None and resume:
        raise BackupError(f"there is nothing to go on from in {backup}")
    return Path(os.path.realpath(output))


def _learn(options, output, backup):
    """Train while nobody else writes the same file."""
    remove_unfinished(output, 0)
    digits = _load_digits(options.dataset)
    try:
        _run(digits, options, output, backup)
    except OSError as error:
        raise CommandError(f"can't write: {why(error)}", FAILED) from None


def _load_digits(name):
    try:
        return load_digits28(name)
    except DatasetError as error:
        raise CommandError(str(error), FAILED) from None


def _run(digits, options, output, backup):
    """Train one network, and write it before its checkpoint is given up."""
    import keras

    title, model, learn, epochs = _plan(options)
    prepare = input_of(model).prepare
    x, y, x_val, y_val = split_validation(prepare(digits.x_train), digits.y_train)
    parameters = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    print(f"{title}: {parameters} parameters; {digits.name}, {len(x)} digits to train on.")

    def show(epoch, logs):
        line = f"epoch {epoch + 1} of {epochs}: loss {logs['loss']:.4f}, "
        tqdm.write(f"{line}validation accuracy {logs['val_accuracy']:.2%}")
        sys.stdout.flush()

    learn(
        x=x,
        y=y,
        validation=(x_val, y_val),
        model=model,
        seed=options.seed,
        backup=backup,
        restart=options.restart,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=show, on_train_end=lambda logs: save_model(model, output)
            )
        ],
    )
    wrong = error_rate(model, prepare(digits.x_test), digits.y_test)
    print(f"test accuracy {1 - wrong:.2%} on {len(digits.x_test)} digits")
    print(f"written: {output}")


def _plan(options):
    """Say what is trained and how: its title, the network, the training, the epochs."""
    if options.recipe:
        recipe = RECIPES[options.recipe]
        recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
        title = f"the recipe {recipe.name}"
        return title, recipe.build(options.seed), recipe.train, recipe.epochs
    network, epochs = NETWORKS[options.network or "lenet5"], options.epochs or 10
    set_seed(options.seed)
    learn = functools.partial(train, epochs=epochs, batch_size=options.batch_size or 64)
    return network.title, network.build(), learn, epochs
