"""``lenet-tutorial predict``: handwritten digits, read from pictures."""

import io
import json
import os
import stat
import warnings

import numpy as np

from .._inputs import shown, why
from ..cutout import DOUBTS
from ..figures import plot_layers
from ..files import write_whole
from ..networks import NETWORKS
from ..outputs import OTHERS, PENALTIES, PROBABILITIES, winners
from .arguments import to_path
from .model_files.archive import said
from .model_files.inputs import input_of
from .model_files.stored import ModelError, answer, default_model, load_model
from .net import FAILED, WRONG, CommandError, complain
from .photos import PictureError, read_digits

BAR = 40  # characters of a certain answer's bar
MAX_MAPS, MAX_LAYERS = 1000, 60  # that `--explain` draws


def add_options(parser):
    """Say what the command takes.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """
    parser.add_argument(
        "images", nargs="+", type=to_path, metavar="IMAGE", help="PNG, JPEG, WebP, GIF or BMP"
    )
    parser.add_argument(
        "--model",
        type=to_path,
        help="a .keras file of your own, or an .npz file of the page “Watch it learn”; by default "
        "the textbook LeNet-5 of the explorer",
    )
    parser.add_argument(
        "--one", action="store_true", help="refuse a picture on which several digits are found"
    )
    parser.add_argument("--json", action="store_true", help="write the answers as JSON")
    parser.add_argument(
        "--explain", type=to_path, metavar="OUT.png", help="draw the feature maps of all layers"
    )


def run(options):
    """Read handwritten digits from pictures.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`add_options` asks for.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    CommandError
        If that can't be done.
    """
    _check_target(options)
    # What can be wrong is looked at before TensorFlow takes its time.
    found, wrong = _read(options)
    answers = {}
    if found:
        try:
            model, taken = _load_network(options.model)
            inputs = taken.prepare(np.stack([one.image for all in found.values() for one in all]))
            kind, values = answer(model, inputs)
        except ModelError as error:
            if options.json:
                print(_as_json(options.images, {}, dict.fromkeys(found, str(error)) | wrong))
            raise CommandError(str(error)) from None
        each = zip(winners(kind, values), values, strict=True)
        answers = {n: [(one, *next(each)) for one in all] for n, all in found.items()}
        if options.explain:
            title = f"{shown(options.images[0].name, 80)}: {answers[0][0][1]}"
            _explain(model, inputs[0], title, options.explain)
    if options.json:
        made = {n: _told(each, kind, taken.about()) for n, each in answers.items()}
        print(_as_json(options.images, made, wrong))
    elif answers:
        _print_answers(options.images, answers, kind)
        if options.model:
            print(taken.fed())
    return WRONG if wrong else 0


def _check_target(options):
    """Look whether the picture of the layers can be written where nothing of the reader's is."""
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
        raise CommandError(f"can't write to the folder {shown(target.parent)}", FAILED)
    for given in (*options.images, options.model):
        if given and _is_same(target, given):
            raise CommandError(f"--explain would overwrite {shown(given)}: name another file")
    try:
        if not stat.S_ISREG(os.stat(target).st_mode):
            raise CommandError(f"--explain writes a file, and {name} is none")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise CommandError(f"can't write {name}: {why(error, named=False)}") from None


def _read(options):
    """Return the digits and what is wrong, each by the picture's number; say what is doubtful."""
    found, wrong = {}, {}
    for number, path in enumerate(options.images):
        try:
            digits = read_digits(path)
            if len(digits) > 1 and (options.one or options.explain):
                asks = "--one asks for one" if options.one else "--explain draws one"
                raise PictureError(f"{shown(path)} holds {len(digits)} digits, and {asks}")
        except PictureError as error:
            wrong[number] = str(error)
            complain(f"lenet-tutorial predict: {error}")
            continue
        found[number] = digits
        for place, digit in enumerate(digits, 1):
            if digit.doubts:
                which = f"digit {place} of " if len(digits) > 1 else ""
                why = "; ".join(DOUBTS[one] for one in digit.doubts)
                complain(f"lenet-tutorial predict: {which}{shown(path)} is doubtful: {why}")
    return found, wrong


def _is_same(one, other):
    """Say if two names stand for one file, by whatever links and in whatever letters."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them is not there
        return False


def _load_network(path):
    """Return the model that is asked for, and what its input looks like."""
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


def _told(digits, kind, about):
    """Return what JSON says of a picture: its number, and all that is known of each digit."""
    each = [
        {
            "digit": int(digit),
            "values": [float(value) for value in row],
            "doubts": one.doubts,
            "box": dict(zip(("top", "bottom", "left", "right"), one.box, strict=True)),
            "row": one.row,
        }
        for one, digit, row in digits
    ]
    told = {"number": _number(digits), "kind": kind, "input": about, "digits": each}
    if len(each) == 1:  # as it was when a picture held one digit
        told |= {name: each[0][name] for name in ("digit", "values", "doubts")}
    return told


def _number(digits):
    """Return the digits in a row, and a space between rows."""
    rows = {}
    for one, digit, _ in digits:
        rows[one.row] = f"{rows.get(one.row, '')}{digit}"
    return " ".join(rows.values())


def _print_answers(paths, answers, kind):
    for one, digits in answers.items():
        print(f"{shown(paths[one], None)}: {_number(digits)}")
        if len(digits) > 1:
            for place in digits:
                _print_one_of_several(*place, kind)
            continue
        ((_, digit, row),) = digits
        for number, value in enumerate(row):
            if kind == PROBABILITIES:
                print(f"  {number} {value:8.2%} {'#' * round(BAR * float(value))}".rstrip())
            else:
                print(f"  {number} {value:8.3f}{' <' if number == digit else ''}")
    if kind == PENALTIES:
        print("The outputs are penalties: the smallest one wins.")
    elif kind == OTHERS:
        print("The outputs are no probabilities: the largest one wins.")


def _print_one_of_several(found, digit, row, kind):
    value = f"{row[digit]:8.2%}" if kind == PROBABILITIES else f"{row[digit]:8.3f}"
    top, bottom, left, right = found.box
    where = f"from {left}, {top} to {right}, {bottom}"
    print(f"  {digit} {value}  {where}{'  doubtful' if found.doubts else ''}")


def _explain(model, image, title, target):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

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
            f"--explain can't draw the layers of this network ({said(error)})"
        ) from None
    try:
        write_whole(target, lambda file: file.write(drawn.getvalue()))
    except OSError as error:
        raise CommandError(f"can't write: {why(error)}", FAILED) from None
