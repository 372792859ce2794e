"""``lenet-tutorial data``: MNIST and the zip codes of 1989, downloaded and verified."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .. import datasets, zipcodes
from .arguments import to_path
from .net import FAILED, CommandError


class DataSet(NamedTuple):
    """What the command says of a data set, and what gets it."""

    name: str  #: at the beginning of a line
    subject: str  #: of a sentence, with its verb
    hint: str  #: how it is got
    checked: str
    subfolder: str  #: of the cache
    missing: type  #: raised where it can't be downloaded
    holds: Callable  #: says if a folder of the reader's is for it
    read: Callable  #: takes a folder
    fetch: Callable  #: takes a folder of downloads, and mirrors


MNIST = DataSet(
    name="MNIST",
    subject="MNIST is",
    hint="`lenet-tutorial data` downloads it (11 MB)",
    checked="all four checksums are right",
    subfolder="",
    missing=datasets.MnistUnavailable,
    holds=bool,
    read=datasets.load_mnist,
    fetch=datasets.fetch_mnist,
)
ZIP = DataSet(
    name="Zip codes",
    subject="The zip codes are",
    hint="`lenet-tutorial data --zip` downloads them (2 MB)",
    checked="both checksums are right",
    subfolder=zipcodes.SUBFOLDER,
    missing=zipcodes.ZipUnavailable,
    holds=zipcodes.holds_zipcodes,
    read=zipcodes.read_zipcodes,
    fetch=zipcodes.fetch_zipcodes,
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
    data = ZIP if options.zip else MNIST
    named = os.environ.get("LENET_TUTORIAL_DATA")
    folder = options.folder or (Path(named) if named and data.holds(named) else None)
    try:
        place = folder or datasets.cache_folder() / data.subfolder
        digits = _find_or_fetch(data, folder, place, mirrors, options.check)
    except data.missing as error:
        what = data.subject.rpartition(" ")[0]
        raise CommandError(f"{what} can't be downloaded: {error}", FAILED) from None
    except datasets.DatasetError as error:
        raise CommandError(str(error), FAILED) from None
    print(f"{data.name}: {len(digits.x_train)} training and {len(digits.x_test)} test digits.")
    how = "downloaded to" if digits.origin == "download" else "found in"
    print(f"{how.capitalize()} {place}; {data.checked}.")
    if data is MNIST and not options.folder:
        _tell_of_zip()
    if options.folder and (not named or Path(named).resolve() != options.folder.resolve()):
        print(f"To use it: LENET_TUTORIAL_DATA={options.folder}")


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
    try:
        return data.read(folder) if folder else data.fetch(place, mirrors=())
    except datasets.DatasetError:
        if check and folder:
            raise
    if check:
        raise CommandError(f"{data.subject} not in the cache. {data.hint}.", FAILED)
    return data.fetch(place, mirrors)
