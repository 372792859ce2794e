"""The files of long runs, read as tables.

What takes more than about a minute on two cores is no notebook cell. `make results` computes it
(:mod:`lenet_tutorial.experiments.run`), one row per run, into small CSV files beside this module,
and the chapters read and draw them. Nobody types a number into such a file: each row ends in a
digest of itself, and one that does not fit is refused.
"""

import csv
import hashlib
import io
from pathlib import Path

from .files import read_file

FOLDER = Path(__file__).parent / "data" / "results"
DIGEST = "digest"  # the last column of each file
MAX_BYTES = 50_000_000  # of a file; the largest has 60 kB


class ResultsError(ValueError):
    """A file of results can't be used as it is; the message names the file and says why."""


def read(name):
    """Read a file of results.

    Parameters
    ----------
    name : str
        Of the file, without its ending.

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
    return read_sealed(path, name, f"restore it, or run `lenet-tutorial results {name} --again`")


def read_sealed(path, name, advice):
    """Read a file of results from some place, unless somebody has changed it.

    Parameters
    ----------
    path : path
        The file.
    name : str
        As :func:`read` takes it; the digests depend on it.
    advice : str
        What to do with a file that was changed, for the message.

    Returns
    -------
    pandas.DataFrame
        As :func:`read`.

    Raises
    ------
    ResultsError
        If a row of it is not as it was written.
    """
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


if __name__ == "__main__":
    raise SystemExit("`python -m lenet_tutorial results` computes them")
