"""The files that benchmarks add their runs to: looked at before the first run, added to after it.

A run can take minutes, so a file that cannot be added to is refused before anything has run. What
tells runs apart are the columns of a benchmark's KEY, among them the data set: MNIST's rows stay
when the same is tried with the bundled digits.
"""

import argparse
from pathlib import Path


def dataset_name(dataset=None):
    """Return what a run learns from, as all results name it: 'mnist' or 'digits'."""
    from lenet_tutorial.datasets import load_digits28

    return load_digits28(dataset).name.lower()


def writable(text):
    """Return the path of a file that can be written, for an option of argparse."""
    from lenet_tutorial._inputs import why
    from lenet_tutorial.files import check_place

    try:
        check_place(text)
    except OSError as error:
        said = f"can't write {text}: {why(error, named=False)}"
        raise argparse.ArgumentTypeError(said) from None
    return Path(text)


def add_option(parser, name, key):
    """Give a parser the option ``--csv``: a file that the rows of `name` can be added to."""

    def file(text):
        from lenet_tutorial.results import ResultsError

        path = writable(text)
        try:
            rows_of(path, name, key)
        except ResultsError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return path

    parser.add_argument("--csv", type=file, help="add the single runs to this file")


def rows_of(path, name, key):
    """Return the rows of a file of results `name`; none where there is no file."""
    from lenet_tutorial import results

    if not path.is_file():
        return []
    old = results.read_sealed(path, name, "name another file")
    for column in key:
        if column not in old:
            raise results.ResultsError(f"{path} has no column {column!r}: name another file")
    return old.to_dict("records")


def add(rows, path, name, key):
    """Add rows, in the place of older ones of the same runs: the file is whole or as it was."""
    from lenet_tutorial.experiments.run import written
    from lenet_tutorial.files import write_whole

    def of(row):
        return tuple(str(row[column]) for column in key)

    kept = {of(row): row for row in rows_of(path, name, key)} | {of(row): row for row in rows}
    text = written(name, key, list(kept.values()))
    write_whole(path, lambda file: file.write(text.encode()))
