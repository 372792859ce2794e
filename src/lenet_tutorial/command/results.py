"""``lenet-tutorial results``: the long runs of the chapters."""

from .. import results
from ..experiments import EXPERIMENTS
from ..experiments.run import make
from ..training.backup import BackupError, Lock
from .arguments import check_names
from .net import FAILED, CommandError


def add_options(parser):
    """Say what the command takes.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """
    parser.add_argument("names", nargs="*", help="files to make; by default all")
    parser.add_argument(
        "--again",
        action="store_true",
        help="compute all rows anew; the old ones stay until all are there",
    )


def run(options):
    """Compute the long runs that are missing.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`add_options` asks for.

    Raises
    ------
    CommandError
        If that can't be done.
    """
    check_names("experiment", options.names, EXPERIMENTS)
    results.FOLDER.mkdir(parents=True, exist_ok=True)
    for name in options.names or EXPERIMENTS:
        try:  # two at once would each write the file without the other's rows
            with Lock(results.FOLDER / f"{name}.lock", f"{name}.csv"):
                make(name, EXPERIMENTS[name], options.again)
        except (BackupError, results.ResultsError) as error:
            raise CommandError(str(error), FAILED) from None
        except KeyboardInterrupt:
            print(f"Interrupted. Finished runs are kept; the same command goes on with {name}.")
            raise
