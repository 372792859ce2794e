"""``lenet-tutorial data``: MNIST and the zip codes of 1989, downloaded and verified."""

import os
from pathlib import Path

from .. import datasets, zipcodes
from .arguments import to_path
from .net import FAILED, CommandError

#: What a data set is called, how it is got, and the functions that read it and get it.
MNIST = (
    "MNIST is",
    "`lenet-tutorial data` downloads it (11 MB)",
    datasets.load_mnist,
    datasets.fetch_mnist,
)
ZIP = (
    "The zip codes are",
    "`lenet-tutorial data --zip` downloads them (2 MB)",
    zipcodes.read_zipcodes,
    zipcodes.fetch_zipcodes,
)


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

    parser.add_argument(
        "--zip",
        action="store_true",
        help="the zip codes of 1989, which chapters 7 and 9 measure on, in place of MNIST",
    )


def run(options):
    """Get MNIST or the zip codes, or look whether they are there.

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
    (_zip if options.zip else _mnist)(options, mirrors)


def _mnist(options, mirrors):
    named = os.environ.get("LENET_TUTORIAL_DATA")
    folder = options.folder or (Path(named) if named else None)
    try:
        place = folder or datasets.cache_folder()
        digits = _find_or_fetch(MNIST, folder, place, mirrors, options.check)
    except datasets.MnistUnavailable as error:
        raise CommandError(f"MNIST can't be downloaded: {error}", FAILED) from None
    except datasets.DatasetError as error:
        raise CommandError(str(error), FAILED) from None
    print(f"MNIST: {len(digits.x_train)} training and {len(digits.x_test)} test digits.")
    _say_where(digits, place, "all four checksums are right")
    if not options.folder:
        _tell_of_zip()
    _say_how_to_use(options.folder, named)


def _zip(options, mirrors):
    named = os.environ.get("LENET_TUTORIAL_DATA")
    folder = options.folder or (named if named and zipcodes.holds_zipcodes(named) else None)
    try:
        place = Path(folder) if folder else datasets.cache_folder() / zipcodes.SUBFOLDER
        digits = _find_or_fetch(ZIP, folder, place, mirrors, options.check)
    except zipcodes.ZipUnavailable as error:
        raise CommandError(f"The zip codes can't be downloaded: {error}", FAILED) from None
    except datasets.DatasetError as error:
        raise CommandError(str(error), FAILED) from None
    print(f"Zip codes: {len(digits.x_train)} training and {len(digits.x_test)} test digits.")
    _say_where(digits, place, "both checksums are right")
    _say_how_to_use(options.folder, named)


def _say_where(digits, place, checked):
    how = "downloaded to" if digits.origin == "download" else "found in"
    print(f"{how.capitalize()} {place}; {checked}.")


def _say_how_to_use(folder, named):
    if folder and (not named or Path(named).resolve() != folder.resolve()):
        print(f"To use it: LENET_TUTORIAL_DATA={folder}")


def _tell_of_zip():
    """Say in a line whether the zip codes are there, too."""
    try:
        zipcodes.load_zipcodes(mirrors=())
    except zipcodes.ZipUnavailable:
        print("The zip codes of 1989 are not here; `lenet-tutorial data --zip` gets them (2 MB).")
    except datasets.DatasetError as error:
        print(f"The zip codes of 1989: {error}")
    else:
        print("The zip codes of 1989 are here, too; both checksums are right.")


def _find_or_fetch(data, folder, place, mirrors, check):
    """Return a data set from a folder of the reader's, or the cache; unless it is to be checked."""
    what, how, read, fetch = data
    try:
        return read(folder) if folder else fetch(place, mirrors=())
    except datasets.DatasetError:
        if check and folder:
            raise
    if check:
        raise CommandError(f"{what} not in the cache. {how}.", FAILED)
    return fetch(place, mirrors)
