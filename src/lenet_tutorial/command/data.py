"""``lenet-tutorial data``: MNIST, downloaded and verified."""

import os
from pathlib import Path

from .. import datasets
from .arguments import to_path
from .net import FAILED, CommandError


def add_options(parser):
    """Say what the command takes.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """
    parser.add_argument(
        "--folder",
        type=to_path,
        help="where the files are to be; by default the folder that LENET_TUTORIAL_DATA names, "
        "else the cache",
    )
    parser.add_argument(
        "--check", action="store_true", help="verify what is there, download nothing"
    )
    parser.add_argument(
        "--mirror",
        action="append",
        metavar="ADDRESS",
        help="base address to download from, https, in place of the usual ones; may be repeated",
    )


def run(options):
    """Get MNIST, or look whether it is there.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`add_options` asks for.

    Raises
    ------
    CommandError
        If that can't be done.
    """
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
        raise CommandError(f"MNIST can't be downloaded: {error}", FAILED) from None
    except datasets.DatasetError as error:
        raise CommandError(str(error), FAILED) from None
    print(f"MNIST: {len(digits.x_train)} training and {len(digits.x_test)} test digits.")
    how = "downloaded to" if digits.origin == "download" else "found in"
    print(f"{how.capitalize()} {place}; all four checksums are right.")
    if options.folder and (not named or Path(named).resolve() != options.folder.resolve()):
        print(f"To use it: LENET_TUTORIAL_DATA={options.folder}")


def _find_or_fetch(folder, place, mirrors, check):
    """Return MNIST from a folder of the reader's, or the cache; unless it is only to be checked."""
    try:
        if folder:
            return datasets.load_mnist(folder)
        return datasets.fetch_mnist(place, mirrors=())
    except datasets.DatasetError:
        if check and folder:
            raise
    if check:
        hint = "`lenet-tutorial data` downloads it (11 MB)"
        raise CommandError(f"MNIST is not in the cache. {hint}.", FAILED)
    return datasets.fetch_mnist(place, mirrors)
