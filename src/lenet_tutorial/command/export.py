"""``lenet-tutorial export``: the networks of the explorer, trained and written."""

from ..explorer.export import DIGITS, NETWORKS, ExportError, export, look_again
from ..explorer.scripts import write_default
from .arguments import check_names, to_path
from .net import FAILED, CommandError


def add_options(parser):
    """Say what the command takes.

    Parameters
    ----------
    parser : Parser
        Of this command.
    """
    parser.add_argument("folder", type=to_path, help="where the scripts go")
    parser.add_argument(
        "names", nargs="*", help="networks, or digits to learn from; by default all"
    )
    parser.add_argument("--force", action="store_true", help="replace even by worse weights")
    parser.add_argument(
        "--stored",
        action="store_true",
        help="train nothing: write the digits to try, and what is no digit to the networks that "
        "are there",
    )
    parser.add_argument(
        "--default-model",
        type=to_path,
        metavar="FILE",
        help="write the last weights of the textbook network there too, for `predict`",
    )


def run(options):
    """Train the networks of the explorer, and write them.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`add_options` asks for.

    Raises
    ------
    CommandError
        If that can't be done.
    """
    check_names("network", options.names, (*NETWORKS, DIGITS))
    try:
        if options.stored:
            look_again(options.folder)
            return
        export(options.folder, options.names, force=options.force)
        if options.default_model:
            write_default(options.folder, options.default_model)
    except ExportError as error:
        raise CommandError(str(error), FAILED) from None
