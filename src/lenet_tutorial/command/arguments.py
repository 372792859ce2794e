"""What is typed after a command, taken apart: the parser, and the kinds of values."""

import argparse
import importlib
import sys
from pathlib import Path

from .net import CommandError, one_line


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, whatever was typed.

    That of a command asks the command's module for its options when it is needed. So ``--help``
    answers at once, and ``doctor`` where a package is missing that other commands need.
    """

    module = None

    def parse_known_args(self, args=None, namespace=None):
        """Take the arguments apart, as Python's own parser does."""
        if self.module:
            command = importlib.import_module(self.module)
            command.add_options(self)
            self.set_defaults(run=command.run)
            self.module = None
        return super().parse_known_args(args, namespace)

    def error(self, message):
        """End with the usage, one line and exit code 2."""
        super().error(one_line(message))

    def _print_message(self, message, file=None):
        if file is sys.stdout:  # argparse would overlook that it can't be written
            file.write(message)
        else:
            super()._print_message(message, file)


def to_path(text):
    """Take the name of a file or folder.

    Parameters
    ----------
    text : str
        What was typed.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"must be the name of a file or folder, got {text!r}")
    return Path(text)


def to_count(text):
    """Take a whole number of at least 1.

    Parameters
    ----------
    text : str
        What was typed.

    Returns
    -------
    int

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


def to_seed(text):
    """Take a whole number from 0 to 2³² − 1.

    Parameters
    ----------
    text : str
        What was typed.

    Returns
    -------
    int

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    if not text.isascii() or not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to 2**32 - 1, got {text!r}"
        )
    return int(text)


def check_names(kind, names, known):
    """Refuse names of things that there are not.

    Parameters
    ----------
    kind : str
        What the things are.
    names : sequence of str
        What was typed.
    known : collection of str
        What there is.

    Raises
    ------
    CommandError
        If a name is not known.
    """
    for name in names:
        if name not in known:
            raise CommandError(f"no {kind} called {name!r}; there are {', '.join(known)}")
