"""The commands of the package: ``python -m lenet_tutorial COMMAND``."""

import argparse


def main(arguments=None):
    """Hand over to the command that was named.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m lenet_tutorial", description=__doc__)
    parser.add_argument("command", choices=["export", "results"])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="of the command; try --help there")
    options = parser.parse_args(arguments)
    if options.command == "export":
        from .export import main as command
    else:
        from .results import main as command
    command(options.rest)


if __name__ == "__main__":
    main()
