"""The command ``lenet-tutorial``: look, get the digits, train, read a picture.

What a command needs is imported when it runs, so that ``--help`` answers at once. A command ends
with 0 when it did what it was asked, with 1 when it could not (no network, a full disk, something
missing or in use), with 2 when it was asked for something wrong (a bad option, a file that is no
picture), with 70 when something happened that nobody thought of, and with 130 when it was
interrupted (143 or 129 by SIGTERM or SIGHUP). Whatever happens, the complaint is one line; set
``LENET_TUTORIAL_TRACEBACK=1`` to see where an error came from.
"""

import os
import sys
from dataclasses import dataclass

from .. import __version__
from .._inputs import why
from . import net
from .arguments import Parser
from .backend import check_keras
from .net import CommandError


@dataclass(frozen=True)
class Command:
    """What is known of a command before its module is imported.

    Attributes
    ----------
    module : str
        Where its options and its code are.
    text : str
        What it does, in a line.
    more : str
        What else there is to say.
    answers : bool
        Whether what it does is its output.
    keras : {None, 'train', 'predict'}
        What it needs Keras for.
    """

    module: str
    text: str
    more: str = ""
    answers: bool = False
    keras: str | None = None


#: The commands, by their names.
COMMANDS = {
    "doctor": Command(
        "lenet_tutorial.command.doctor",
        "say what is there, what is missing, and how to mend it",
        "Ends with 0 if the chapters can run, else with 1.",
        answers=True,
    ),
    "data": Command(
        "lenet_tutorial.command.data",
        "get MNIST (11 MB) and verify its checksums",
        "What is there already is not downloaded again.",
    ),
    "train": Command(
        "lenet_tutorial.command.train",
        "train a network and write it to a file",
        "After each epoch a checkpoint is kept beside the output. When the run is interrupted, the "
        "same command goes on from there. A twelfth of the training set is held out for "
        "validation, and the test set is looked at once, at the end.",
        keras="train",
    ),
    "predict": Command(
        "lenet_tutorial.command.predict",
        "read handwritten digits from pictures",
        "Each picture shows one digit, of any size, dark on light or light on dark.",
        answers=True,
        keras="predict",
    ),
    "check": Command(
        "lenet_tutorial.command.check",
        'check the functions that you wrote for the chapter "Build it yourself"',
        "It reads a Python file or a notebook, and changes neither. Of its code, only what defines "
        "something is run. Ends with 0 if all functions pass, else with 1.",
        answers=True,
    ),
    "export": Command(
        "lenet_tutorial.command.export",
        "train the networks of the explorer (needs MNIST)",
        keras="train",
    ),
    "results": Command(
        "lenet_tutorial.command.results",
        "compute the long runs of the chapters that are missing",
        "It can be interrupted: finished runs are kept.",
        keras="train",
    ),
}


def program():
    """Run the command that was asked for, and end the process with its exit code."""
    code = main()
    if code > net.SIGNALLED:
        # A training that is cut short leaves threads behind that still hold the digits. Python
        # takes itself apart under them, and now and then they end the process with a crash.
        os._exit(code)
    sys.exit(code)


def main(arguments=None):
    """Run a command, and return to whoever called it.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        The exit code.
    """
    has_output, name, parsed = net.open_streams(), "lenet-tutorial", True
    with net.surroundings():
        try:
            options = make_parser().parse_args(arguments)
            name = f"lenet-tutorial {options.command}"
            if options.answers and not has_output:
                raise CommandError("stdout is closed: the answer would be lost", net.FAILED)
            if options.keras:
                check_keras(options.keras)
            code = options.run(options) or 0
        except SystemExit as end:  # from argparse: --help, or a wrong option
            code, parsed = end.code, False
        except CommandError as error:
            code = _end(name, error, str(error), error.code)
        except BrokenPipeError as error:  # whoever read the output has seen enough
            code = _end(name, error, "", net.FAILED)
        except BaseException as error:  # one net for all: no traceback is any use to a reader
            code = _end(name, error, *net.judge(error))
        trouble = net.flush()
        if trouble and not isinstance(trouble, BrokenPipeError) and not code:
            net.complain(f"{name}: can't write to stdout: {why(trouble)}")
        code = code or (net.FAILED if trouble else 0)
    if not parsed:
        raise SystemExit(code)
    return code


def _end(name, error, message, code):
    """Say what ended a command, and return its exit code."""
    net.show_traceback(error)
    if message:
        net.complain(f"{name}: {message}")
    return code


def make_parser():
    """Return the parser of all commands.

    Returns
    -------
    Parser
    """
    parser = Parser(
        prog="lenet-tutorial",
        description='The command line of the book "LeNet, layer by layer".',
        epilog="`lenet-tutorial COMMAND --help` says what a command takes.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands"
    )
    for name, command in COMMANDS.items():
        text = f"{command.text[0].upper()}{command.text[1:]}. {command.more}"
        added = commands.add_parser(name, help=command.text, description=text)
        added.module = command.module
        added.set_defaults(answers=command.answers, keras=command.keras)
    return parser
