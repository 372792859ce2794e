"""Long runs, computed once and kept: ``make results``.

What takes more than about a minute on two cores is no notebook cell. It is computed here, one row
per run, into small CSV files beside this module, and the chapters read and draw them. Nobody types
a number into such a file: each row ends in a digest of itself, and one that does not fit is
refused. A test runs a small slice again and compares. What is run stands in
``lenet_tutorial.experiments``.

Run ``python -m lenet_tutorial.results`` to add the rows that are missing (it can be interrupted:
finished runs are kept), or with ``--again`` to compute all of them anew; the old rows stay until
the new ones are complete.
"""

import csv
import datetime
import hashlib
import io
import os
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .files import read_file

FOLDER = Path(__file__).parent / "data" / "results"
DIGEST = "digest"  # the last column of each file
MAX_BYTES = 50_000_000  # of a file; the largest has 60 kB


class ResultsError(ValueError):
    """A file of results can't be used as it is; the message names the file and says why."""


@dataclass(frozen=True)
class Experiment:
    """A file of results: which runs it holds, and how one of them is made.

    Attributes
    ----------
    runs : list of dict
        What tells the runs apart, with the same keys for all; each combination stands in the file
        once. Among the keys are ``dataset``, ``recipe`` and ``seed``.
    run : callable
        Takes one of these as keyword arguments, and returns the row: the same keys, the numbers of
        the recipe, and what was measured.
    """

    runs: list
    run: object

    @property
    def key(self):
        """The names of the columns that say which run a row is."""
        return list(self.runs[0])


def experiments():
    """Return all experiments, by the name of their file without its ending."""
    from .experiments import EXPERIMENTS

    return EXPERIMENTS


def read(name):
    """Read a file of results.

    Parameters
    ----------
    name : str
        One of the keys of :func:`experiments`.

    Returns
    -------
    pandas.DataFrame
        One row per run: the columns that tell the runs apart, the recipe's numbers, what was
        measured (shares between 0 and 1), the versions, the date and the class of machine.

    Raises
    ------
    ResultsError
        If there is no such file, or a row of it is not as it was written.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.csv"))
        raise ResultsError(
            f"no results called {name!r}; there are {known}. `make results` makes them"
        )
    return _read(path, name, f"restore it, or run `lenet-tutorial results {name} --again`")


def _read(path, name, advice):
    """Read a file of results, unless somebody has changed it."""
    import pandas as pd

    try:
        text = read_file(path, MAX_BYTES, ResultsError).decode().replace("\r\n", "\n")
        reader = csv.DictReader(io.StringIO(text))
        wrong = next((line for line, row in enumerate(reader, 2) if not _is_whole(name, row)), 0)
        if DIGEST not in (reader.fieldnames or ()):  # nothing, or no row
            wrong = wrong or 1
    except (UnicodeDecodeError, csv.Error) as error:
        raise ResultsError(f"{path} is no file of results ({error}): {advice}") from None
    if wrong:
        raise ResultsError(
            f"{path}, row {wrong}, is not as it was computed. Nobody types a number into this "
            f"file: {advice}"
        )
    return pd.read_csv(io.StringIO(text)).drop(columns=DIGEST)


def _is_whole(name, row):
    """Say if a row is as it was written; cells beyond the last column stand under None."""
    return None not in row and row.get(DIGEST) == digest(name, row)


def digest(name, row):
    """Return what the last column says: a digest of a row and of the columns' names.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    row : dict of str
        From columns to cells. Empty ones don't count, so a file can get another column.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    cells = sorted(item for item in row.items() if item[0] != DIGEST and item[1])
    return hashlib.sha256(repr((name, cells)).encode()).hexdigest()[:12]


def sealed(name, text):
    """Return a file's text with the digest of each row in a last column.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    text : str
        CSV, with the names of the columns first.

    Returns
    -------
    str
    """
    rows, out = list(csv.DictReader(io.StringIO(text))), io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], DIGEST], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {DIGEST: digest(name, row)} for row in rows)
    return out.getvalue()


def provenance():
    """Return the columns that say with what, on what and when a run was made."""
    import keras

    backend = keras.backend.backend()
    return {
        "keras": version("keras"),
        "backend": f"{backend} {__import__(backend).__version__}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
    }


def make(name, again=False):
    """Compute the rows that a file lacks, and write it after each one.

    Parameters
    ----------
    name : str
        A key of :func:`experiments`.
    again : bool
        Compute all rows anew, into a second file. It takes the place of the first when it is
        complete; where it is there already, it is gone on with.

    Raises
    ------
    ResultsError
        If a row that is there is not as it was written, or says too little.
    """
    import pandas as pd
    from tqdm import tqdm

    from .files import write_whole

    experiment, path = experiments()[name], FOLDER / f"{name}.csv"
    here = path.with_name(f"{path.name}.again") if again else path
    have = []
    if here.is_file():
        have = (_read(here, name, "remove it") if again else read(name)).to_dict("records")
    for column in experiment.key:
        if have and column not in have[0]:
            raise ResultsError(f"{here} has no column {column!r}: compute it anew with --again")
    done = {tuple(row[column] for column in experiment.key) for row in have}
    todo = [wanted for wanted in experiment.runs if tuple(wanted.values()) not in done]
    with tqdm(todo, desc=name, unit="run") as bar:
        for wanted in bar:
            have.append(experiment.run(**wanted) | provenance())
            table = pd.DataFrame(have).sort_values(experiment.key)
            text = sealed(name, table.to_csv(index=False, lineterminator="\n"))
            write_whole(here, lambda file, text=text: file.write(text.encode()))
    if again:
        os.replace(here, path)


def main(arguments=None):
    """Run ``python -m lenet_tutorial.results``, the same as ``lenet-tutorial results``."""
    from .command.cli import main as command

    return command(["results", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
