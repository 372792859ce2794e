"""The command ``lenet-tutorial``: look, get the digits, train, read a picture.

What a command needs is imported when it runs, so that ``--help`` answers at once. A command ends
with 0 when it did what it was asked, with 1 when it could not (no network, a full disk, something
missing or in use), with 2 when it was asked for something wrong (a bad option, a file that is no
picture), with 70 when something happened that nobody thought of, and with 130 when it was
interrupted (143 or 129 by SIGTERM or SIGHUP). Whatever happens, the complaint is one line; set
``LENET_TUTORIAL_TRACEBACK=1`` to see where an error came from.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

from .. import __version__
from . import net as _net

BAR = 40  # characters of a certain answer's bar
#: Backends of Keras. That of NumPy answers and does not learn.
BACKENDS = {"train": ("tensorflow", "jax", "torch")}
BACKENDS["predict"] = (*BACKENDS["train"], "numpy")
MAX_MAPS, MAX_LAYERS = 1000, 60  # that `predict --explain` draws


class CommandError(Exception):
    """A command ends here, with one line and an exit code."""

    def __init__(self, message, code=2):
        super().__init__(message)
        self.code = code


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        The exit code.
    """
    has_output, name, parsed = _net.open_streams(), "lenet-tutorial", True
    with _net.surroundings():
        try:
            options = make_parser().parse_args(arguments)
            name = f"lenet-tutorial {options.command}"
            if options.answers and not has_output:
                raise CommandError("stdout is closed: the answer would be lost", 1)
            if options.keras:
                check_keras(options.keras)
            code = options.run(options) or 0
        except SystemExit as end:  # from argparse: --help, or a wrong option
            code, parsed = end.code, False
        except CommandError as error:
            code = _end(name, error, str(error), error.code)
        except BrokenPipeError as error:  # whoever read the output has seen enough
            code = _end(name, error, "", 1)
        except BaseException as error:  # one net for all: no traceback is any use to a reader
            code = _end(name, error, *_net.judge(error))
        trouble = _net.flush()
        if trouble and not isinstance(trouble, BrokenPipeError) and not code:
            _net.complain(f"{name}: can't write to stdout: {_net.why(trouble)}")
        code = code or (1 if trouble else 0)
    if not parsed:
        raise SystemExit(code)
    return code


def _end(name, error, message, code):
    """Say what ended a command, and return its exit code."""
    _net.show_traceback(error)
    if message:
        _net.complain(f"{name}: {message}")
    return code


def check_keras(use):
    """See to it that Keras can start as its settings say, before it takes its time to try.

    Parameters
    ----------
    use : {'predict', 'train'}
        What for.

    Raises
    ------
    CommandError
        If a setting names a backend that is none or is not installed, or the machine's limits are
        too narrow.
    """
    from importlib.machinery import PathFinder  # the package wraps the others, see _quiet

    limit = _net.memory_limit()
    if limit is not None:
        raise CommandError(
            f"the limit of memory is {limit >> 20} MB, and Keras needs {_net.MEMORY >> 20} MB to "
            "start: lift it (`ulimit -v unlimited`)",
            1,
        )
    settings, place = _keras_settings()
    backend, where = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND"
    if not backend:
        backend, where = settings.get("backend", "tensorflow"), f'"backend" in {place}'
    if backend not in BACKENDS[use]:
        known = ", ".join(BACKENDS[use])
        raise CommandError(f"{where} is {backend!r}, and must be one of {known}, or not set")
    if PathFinder.find_spec(backend) is None:
        raise CommandError(
            f"{where} asks for {backend}, which is not installed: unset it, or install {backend}", 1
        )
    axes = settings.get("image_data_format", "channels_last")
    if axes != "channels_last":
        raise CommandError(
            f"\"image_data_format\" in {place} is {axes!r}, and must be 'channels_last'"
        )


def _keras_settings():
    """Return Keras's own settings of the reader, and where they stand."""
    home = os.path.expanduser("~")
    base = home if os.access(home, os.W_OK) else "/tmp"  # as Keras does it
    place = Path(os.path.expanduser(os.environ.get("KERAS_HOME", f"{base}/.keras"))) / "keras.json"
    try:
        settings = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it does without them
        settings = {}
    return settings if isinstance(settings, dict) else {}, place


def make_parser():
    """Return the parser of all commands."""
    parser = Parser(
        prog="lenet-tutorial",
        description='The command line of the book "LeNet, layer by layer".',
        epilog="`lenet-tutorial COMMAND --help` says what a command takes.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands"
    )

    def command(name, run, text, more="", answers=False, keras=None):
        added = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}. {more}"
        )
        # Whether what it does is its output; and what it needs Keras for.
        added.set_defaults(run=run, answers=answers, keras=keras)
        return added

    command(
        "doctor",
        _doctor,
        "say what is there, what is missing, and how to mend it",
        "Ends with 0 if the chapters can run, else with 1.",
        answers=True,
    )

    one = command(
        "data",
        _data,
        "get MNIST (11 MB) and verify its checksums",
        "What is there already is not downloaded again.",
    )
    one.add_argument(
        "--folder",
        type=_path,
        help="where the files are to be; by default the folder that LENET_TUTORIAL_DATA names, "
        "else the cache",
    )
    one.add_argument("--check", action="store_true", help="verify what is there, download nothing")
    one.add_argument(
        "--mirror",
        action="append",
        metavar="ADDRESS",
        help="base address to download from, https, in place of the usual ones; may be repeated",
    )

    one = command(
        "train",
        _train,
        "train a network and write it to a file",
        "After each epoch a checkpoint is kept beside the output. When the run is interrupted, the "
        "same command goes on from there. A twelfth of the training set is held out for "
        "validation, and the test set is looked at once, at the end.",
        keras="train",
    )
    from ..networks import NETWORKS
    from ..training.recipes import RECIPES

    titles = "; ".join(f"{name}: {network.title}" for name, network in NETWORKS.items())
    what = one.add_mutually_exclusive_group()
    what.add_argument("--network", choices=NETWORKS, help=f"{titles} (default lenet5)")
    what.add_argument(
        "--recipe",
        choices=RECIPES,
        help="train by a recipe of chapter 9, which chooses the network and everything else",
    )
    one.add_argument(
        "--epochs", type=_count, help="passes over the digits (default 10, or the recipe's)"
    )
    one.add_argument(
        "--batch-size", type=_count, help="digits per step (default 64); not with --recipe"
    )
    one.add_argument("--seed", type=_seed, default=0, help="of weights and shuffling (default 0)")
    one.add_argument(
        "--dataset",
        choices=("auto", "mnist", "digits"),
        help="MNIST or scikit-learn's digits; by default what LENET_TUTORIAL_DATASET says",
    )
    one.add_argument("--output", type=_path, required=True, help="the file to write, FILE.keras")
    one.add_argument(
        "--backup", type=_path, metavar="FOLDER", help="for the checkpoint (default OUTPUT.backup)"
    )
    again = one.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help="go on from a checkpoint; an error if there is none"
    )
    again.add_argument(
        "--restart",
        action="store_true",
        help="begin anew; a checkpoint stays until the new run has its own",
    )

    one = command(
        "predict",
        _predict,
        "read handwritten digits from pictures",
        "Each picture shows one digit, of any size, dark on light or light on dark.",
        answers=True,
        keras="predict",
    )
    one.add_argument(
        "images", nargs="+", type=_path, metavar="IMAGE", help="PNG, JPEG, WebP, GIF or BMP"
    )
    one.add_argument(
        "--model",
        type=_path,
        help="a .keras file of your own; by default the textbook LeNet-5 of the explorer",
    )
    one.add_argument("--json", action="store_true", help="write the answers as JSON")
    one.add_argument(
        "--explain", type=_path, metavar="OUT.png", help="draw the feature maps of all layers"
    )

    one = command(
        "export", _export, "train the networks of the explorer (needs MNIST)", keras="train"
    )
    one.add_argument("folder", type=_path, help="where the scripts go")
    one.add_argument("names", nargs="*", help="networks; by default all")
    one.add_argument("--force", action="store_true", help="replace even by worse weights")
    one.add_argument(
        "--default-model",
        type=_path,
        metavar="FILE",
        help="write the last weights of the textbook network there too, for `predict`",
    )

    one = command(
        "results",
        _results,
        "compute the long runs of the chapters that are missing",
        "It can be interrupted: finished runs are kept.",
        keras="train",
    )
    one.add_argument("names", nargs="*", help="files to make; by default all")
    one.add_argument(
        "--again",
        action="store_true",
        help="compute all rows anew; the old ones stay until all are there",
    )
    return parser


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, whatever was typed."""

    def error(self, message):
        """End with the usage, one line and exit code 2."""
        super().error(_net.one_line(message))

    def _print_message(self, message, file=None):
        if file is sys.stdout:  # argparse would overlook that it can't be written
            file.write(message)
        else:
            super()._print_message(message, file)


def _path(text):
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"must be the name of a file or folder, got {text!r}")
    return Path(text)


def _count(text):
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


def _seed(text):
    if not text.isascii() or not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to 2**32 - 1, got {text!r}"
        )
    return int(text)


# --------------------------------------------------------------------------- doctor and data


def _doctor(options):
    from .doctor import examine, report

    text, good = report(examine())
    print(text)
    return 0 if good else 1


def _data(options):
    from .. import datasets

    try:
        mirrors = datasets.check_mirrors(options.mirror) if options.mirror else None
    except datasets.DatasetError as error:
        raise CommandError(f"--mirror: {error}") from None
    named = os.environ.get("LENET_TUTORIAL_DATA")
    folder = options.folder or (Path(named) if named else None)
    try:
        place = folder or datasets.cache_folder()
        digits = _find_or_fetch(folder, place, mirrors, options.check)
    except datasets.MnistUnavailable as error:
        raise CommandError(f"MNIST can't be downloaded: {error}", 1) from None
    except datasets.DatasetError as error:
        raise CommandError(str(error), 1) from None
    print(f"MNIST: {len(digits.x_train)} training and {len(digits.x_test)} test digits.")
    how = "downloaded to" if digits.origin == "download" else "found in"
    print(f"{how.capitalize()} {place}; all four checksums are right.")
    if options.folder and (not named or Path(named).resolve() != options.folder.resolve()):
        print(f"To use it: LENET_TUTORIAL_DATA={options.folder}")


def _find_or_fetch(folder, place, mirrors, check):
    """Return MNIST from a folder of the reader's, or the cache; unless it is only to be checked."""
    from .. import datasets

    try:
        if folder:
            return datasets.load_mnist(folder)
        return datasets.fetch_mnist(place, mirrors=())
    except datasets.DatasetError:
        if check and folder:
            raise
    if check:
        hint = "`lenet-tutorial data` downloads it (11 MB)"
        raise CommandError(f"MNIST is not in the cache. {hint}.", 1)
    return datasets.fetch_mnist(place, mirrors)


# --------------------------------------------------------------------------- train


def _train(options):
    from ..training.backup import BackupError, Lock
    from .model_files.stored import ModelError, check_ending

    if options.recipe and options.batch_size:
        why = f"the recipe {options.recipe} has its own batch size"
        raise CommandError(f"{why}: leave --batch-size out")
    try:
        output = check_ending(options.output)
        backup = options.backup or output.with_name(f"{output.name}.backup")
        target = _check_places(output, backup, options.resume)
        with Lock(target.with_name(f"{target.name}.lock"), output):
            _learn(options, output, backup)
    except (BackupError, ModelError) as error:
        ours = isinstance(error, BackupError) and error.ours
        raise CommandError(f"{error}{', or add --restart' if ours else ''}", _code(error)) from None


def _code(error):
    """Say whether a wrong thing was asked for, or the right one can't be done now."""
    from ..training.backup import LockedError

    return 1 if isinstance(error, LockedError) else 2


def _check_places(output, backup, resume):
    """Refuse what can't be written in the end, and return the file behind all links."""
    import tempfile

    from ..files import check_place
    from ..training.backup import FILE, BackupError, read_head

    if not output.parent.is_dir():
        raise CommandError(f"no such folder: {output.parent}")
    try:
        check_place(output)
        tempfile.gettempdir()  # where the model is put together
    except OSError as error:
        raise CommandError(f"can't write to {output}: {_net.why(error)}", 1) from None
    try:
        os.lstat(backup)
        if not backup.is_dir():
            raise CommandError(f"{backup} is to be the folder of the checkpoint, and is no folder")
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:
        raise CommandError(f"the backup folder can't be made: {_net.why(error)}", 1) from None
    if read_head(backup / FILE) is None and resume:
        raise BackupError(f"there is nothing to go on from in {backup}")
    return Path(os.path.realpath(output))


def _learn(options, output, backup):
    """Train while nobody else writes the same file."""
    from ..files import remove_unfinished

    remove_unfinished(output, 0)
    digits = _load_digits(options.dataset)
    try:
        _run(digits, options, output, backup)
    except OSError as error:
        raise CommandError(f"can't write: {_net.why(error)}", 1) from None


def _load_digits(name):
    from ..datasets import DatasetError, load_digits28

    try:
        return load_digits28(name)
    except DatasetError as error:
        raise CommandError(str(error), 1) from None


def _run(digits, options, output, backup):
    """Train one network, and write it before its checkpoint is given up."""
    import keras

    from ..training.fit import error_rate, split_validation
    from .model_files.inputs import input_of
    from .model_files.stored import save_model

    title, model, learn, epochs = _plan(options)
    prepare = input_of(model).prepare
    x, y, x_val, y_val = split_validation(prepare(digits.x_train), digits.y_train)
    count = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    print(f"{title}: {count} parameters; {digits.name}, {len(x)} digits to train on.")

    def show(epoch, logs):
        from tqdm import tqdm

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
    import functools
    from dataclasses import replace

    from ..networks import NETWORKS
    from ..training.fit import set_seed, train
    from ..training.recipes import RECIPES

    if options.recipe:
        recipe = RECIPES[options.recipe]
        recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
        title = f"the recipe {recipe.name}"
        return title, recipe.build(options.seed), recipe.train, recipe.epochs
    network, epochs = NETWORKS[options.network or "lenet5"], options.epochs or 10
    set_seed(options.seed)
    learn = functools.partial(train, epochs=epochs, batch_size=options.batch_size or 64)
    return network.title, network.build(), learn, epochs


# --------------------------------------------------------------------------- predict


def _predict(options):
    import numpy as np

    from .._inputs import shown
    from .model_files.stored import ModelError, answer
    from .photos import PictureError, read_digit

    _check_target(options)
    digits, wrong = {}, {}  # what can be wrong is looked at before TensorFlow takes its time
    for number, path in enumerate(options.images):
        try:
            digits[number] = read_digit(path)
        except PictureError as error:
            wrong[number] = str(error)
            _net.complain(f"lenet-tutorial predict: {error}")
    answers = {}
    if digits:
        try:
            model, taken = _load_network(options.model)
            inputs = taken.prepare(np.stack(list(digits.values())))
            kind, values = answer(model, inputs)
        except ModelError as error:
            if options.json:
                print(_as_json(options.images, {}, dict.fromkeys(digits, str(error)) | wrong))
            raise CommandError(str(error)) from None
        chosen = (values.argmin if kind == "penalties" else values.argmax)(axis=1)
        answers = dict(zip(digits, zip(chosen, values, strict=True), strict=True))
        if options.explain:
            title = f"{shown(options.images[0].name, 80)}: {chosen[0]}"
            _explain(model, inputs[0], title, options.explain)
    if options.json:
        made = {
            number: {
                "digit": int(digit),
                "kind": kind,
                "values": [float(value) for value in row],
                "input": taken.about(),
            }
            for number, (digit, row) in answers.items()
        }
        print(_as_json(options.images, made, wrong))
    elif answers:
        _print_answers(options.images, answers, kind)
        if options.model:
            print(taken.fed())
    return 2 if wrong else 0


def _check_target(options):
    """Look whether the picture of the layers can be written where nothing of the reader's is."""
    import stat

    from .._inputs import shown

    target = options.explain
    if not target:
        return
    name = shown(target)
    if len(options.images) > 1:
        raise CommandError("--explain draws one picture: name one image")
    if target.suffix.lower() != ".png":
        raise CommandError(f"--explain writes a PNG file, got {name}")
    try:
        if not stat.S_ISDIR(os.stat(target.parent).st_mode):
            raise FileNotFoundError
    except (OSError, ValueError):
        raise CommandError(f"no such folder: {shown(target.parent)}") from None
    if not os.access(target.parent, os.W_OK):
        raise CommandError(f"can't write to the folder {shown(target.parent)}", 1)
    for given in (*options.images, options.model):
        if given and _is_same(target, given):
            raise CommandError(f"--explain would overwrite {shown(given)}: name another file")
    try:
        if not stat.S_ISREG(os.stat(target).st_mode):
            raise CommandError(f"--explain writes a file, and {name} is none")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise CommandError(f"can't write {name}: {getattr(error, 'strerror', error)}") from None


def _is_same(one, other):
    """Say if two names stand for one file, by whatever links and in whatever letters."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them is not there
        return False


def _load_network(path):
    """Return the model that is asked for, and what its input looks like."""
    from .._inputs import shown
    from ..networks import NETWORKS
    from .model_files.inputs import input_of
    from .model_files.stored import ModelError, default_model, load_model

    if not path:
        return default_model()[0], NETWORKS["lenet5"].input

    model = load_model(path)
    try:
        return model, input_of(model)
    except ModelError as error:
        raise ModelError(f"{shown(path)} can't be used: {error}") from None


def _as_json(paths, answers, wrong):
    """Write what came of each picture, in the order in which they were named."""
    told = [
        {"file": str(path), **(answers[one] if one in answers else {"error": wrong[one]})}
        for one, path in enumerate(paths)
    ]
    return json.dumps(told, indent=1, allow_nan=False)


def _print_answers(paths, answers, kind):
    from .._inputs import shown

    for one, (digit, row) in answers.items():
        print(f"{shown(paths[one], None)}: {digit}")
        for number, value in enumerate(row):
            if kind == "probabilities":
                print(f"  {number} {value:8.2%} {'#' * round(BAR * float(value))}".rstrip())
            else:
                print(f"  {number} {value:8.3f}{' <' if number == digit else ''}")
    if kind == "penalties":
        print("The outputs are penalties: the smallest one wins.")
    elif kind == "outputs":
        print("The outputs are no probabilities: the largest one wins.")


def _explain(model, image, title, target):
    import io
    import warnings

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from ..files import write_whole
    from ..pictures import plot_layers
    from .model_files.archive import one_line

    if len(model.layers) > MAX_LAYERS:
        raise CommandError(
            f"--explain draws up to {MAX_LAYERS} layers, and this network has {len(model.layers)}"
        )
    drawn = io.BytesIO()
    try:
        maps = sum(one.output.shape[-1] for one in model.layers if len(one.output.shape) == 4)
        if maps > MAX_MAPS:
            raise CommandError(
                f"--explain draws up to {MAX_MAPS} maps, and this network has {maps}"
            )
        with warnings.catch_warnings():  # a font may lack a name's characters
            warnings.simplefilter("ignore")
            figure = plot_layers(model, image, title)
            figure.savefig(drawn, format="png", metadata={"Software": None})
            plt.close(figure)
    except CommandError:
        raise
    except Exception as error:  # a network of others may be no chain of layers
        raise CommandError(
            f"--explain can't draw the layers of this network ({one_line(error)})"
        ) from None
    try:
        write_whole(target, lambda file: file.write(drawn.getvalue()))
    except OSError as error:
        raise CommandError(f"can't write: {_net.why(error)}", 1) from None


# --------------------------------------------------------------------------- the book's own


def _export(options):
    from ..explorer.export import NETWORKS, ExportError, export, write_default

    _check_names("network", options.names, NETWORKS)
    try:
        export(options.folder, options.names, force=options.force)
        if options.default_model:
            write_default(options.folder, options.default_model)
    except ExportError as error:
        raise CommandError(str(error), 1) from None


def _results(options):
    from .. import results
    from ..experiments import EXPERIMENTS
    from ..experiments.run import make
    from ..training.backup import BackupError, Lock

    _check_names("experiment", options.names, EXPERIMENTS)
    results.FOLDER.mkdir(parents=True, exist_ok=True)
    for name in options.names or EXPERIMENTS:
        try:  # two at once would each write the file without the other's rows
            with Lock(results.FOLDER / f"{name}.lock", f"{name}.csv"):
                make(name, EXPERIMENTS[name], options.again)
        except (BackupError, results.ResultsError) as error:
            raise CommandError(str(error), 1) from None
        except KeyboardInterrupt:
            print(f"Interrupted. Finished runs are kept; the same command goes on with {name}.")
            raise


def _check_names(kind, names, known):
    for name in names:
        if name not in known:
            raise CommandError(f"no {kind} called {name!r}; there are {', '.join(known)}")
