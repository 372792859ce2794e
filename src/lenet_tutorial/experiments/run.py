"""Long runs, computed once and kept: ``make results``, or ``lenet-tutorial results``.

What takes more than about a minute on two cores is no notebook cell. It is computed here, one row
per run, into small CSV files, and the chapters read them with :mod:`lenet_tutorial.results` and
draw them. Nobody types a number into such a file: each row ends in a digest of itself, and one that
does not fit is refused. A test runs a small slice again and compares.

Only the rows that are missing are computed (that can be interrupted: finished runs are kept), or,
with ``--again``, all of them anew; the old rows stay until the new ones are complete.
"""

import contextlib
import csv
import datetime
import io
import itertools
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version

from .. import datasets, results
from ..files import write_whole
from ..training import fit


def _no_numbers(run):
    return {}


@dataclass(frozen=True)
class Experiment:
    """A file of results: which runs it holds, and how one of them is made.

    Attributes
    ----------
    runs : list of dict
        What tells the runs apart, with the same keys for all; each combination stands in the file
        once. Among the keys are ``dataset``, ``recipe`` and ``seed``.
    run : callable
        Takes one of these as keyword arguments, and returns what it measured.
    numbers : callable
        Takes one of these, and returns the numbers of its recipe that stand in the file. A number
        that a run measures itself, such as epochs that depend on the digits, goes before.
    """

    runs: list
    run: object
    numbers: object = _no_numbers

    @property
    def key(self):
        """The names of the columns that say which run a row is."""
        return list(self.runs[0])

    def row(self, **wanted):
        """Make a run, and return its row: which run it is, the recipe's numbers, what was measured.

        Parameters
        ----------
        **wanted
            One of `runs`, or another with the same keys; and what `run` takes beside them, for a
            quick check.

        Returns
        -------
        dict
        """
        key = {column: wanted[column] for column in self.key}
        return key | self.numbers(key) | self.run(**wanted)


def runs(columns, seeds=3, dataset="mnist"):
    """List the runs of an experiment: each combination of the columns' values, seed by seed.

    Parameters
    ----------
    columns : dict
        From a column to its values, the last one innermost; or from several columns, as one text
        with spaces, to tuples of values that belong together.
    seeds : int
        How many.
    dataset : {'mnist', 'digits'}
        What is learned from.

    Returns
    -------
    list of dict

    Examples
    --------
    >>> runs({"recipe": ["plain"], "kind amount": [("shift", 1), ("shift", 2)]}, seeds=1)[1]
    {'dataset': 'mnist', 'recipe': 'plain', 'kind': 'shift', 'amount': 2, 'seed': 0}
    """
    found = []
    for seed in range(seeds):
        for values in itertools.product(*columns.values()):
            run = {"dataset": dataset}
            for names, value in zip(columns, values, strict=True):
                several = value if " " in names else (value,)
                run |= zip(names.split(), several, strict=True)
            found.append(run | {"seed": seed})
    return found


def load(dataset, prepare, train_digits=None):
    """Return training, validation and test digits.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    prepare : callable
        Takes the images as they come, and returns what the network takes.
    train_digits : int, optional
        Use the first so many training digits only.

    Returns
    -------
    ((x, y), (x_val, y_val), (x_test, y_test)) : tuple
        Images and labels. The validation digits are held out of the training digits.
    """
    digits = datasets.load_digits28(dataset)
    x, y, *held_out = fit.split_validation(prepare(digits.x_train), digits.y_train)
    test = prepare(digits.x_test), digits.y_test
    return (x[:train_digits], y[:train_digits]), tuple(held_out), test


def accuracy(model, x, y):
    """Return the share of images that a network reads right, as it stands in a file.

    Parameters
    ----------
    model : keras.Model
        As :func:`lenet_tutorial.training.answers` takes it.
    x, y : numpy.ndarray
        Images ``(n, side, side, 1)`` and labels ``(n,)``.

    Returns
    -------
    float
        Between 0 and 1, with six places.
    """
    return round(1 - fit.error_rate(model, x, y), 6)


def provenance():
    """Return the columns that say with what, on what and when a run was made."""
    import keras

    backend = keras.backend.backend()
    made_with = {
        "keras": version("keras"),
        "backend": f"{backend} {__import__(backend).__version__}",
    }
    return made_with | where_and_when()


def where_and_when():
    """Return the columns that say on what machine and when a run was made."""
    return {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
    }


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
    writer = csv.DictWriter(out, [*rows[0], results.DIGEST], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {results.DIGEST: results.digest(name, row)} for row in rows)
    return out.getvalue()


def written(name, key, rows):
    """Return the text of a file of results.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    key : list of str
        The columns by which the rows are sorted.
    rows : list of dict
        Where the file is there already, its columns keep their order, and new ones come last.

    Returns
    -------
    str
    """
    import pandas as pd

    table, old = pd.DataFrame(rows).sort_values(key), ()
    with contextlib.suppress(OSError, ValueError):  # no file, or one that will be made anew
        old = pd.read_csv(results.FOLDER / f"{name}.csv", nrows=0).columns
    columns = [column for column in old if column in table]
    columns += [column for column in table if column not in columns]
    return sealed(name, table[columns].to_csv(index=False, lineterminator="\n"))


def make(name, experiment, again=False):
    """Compute the rows that a file lacks, and write it after each one.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    experiment : Experiment
        What it holds.
    again : bool
        Compute all rows anew, into a second file. It takes the place of the first when it is
        complete; where it is there already, it is gone on with.

    Raises
    ------
    lenet_tutorial.results.ResultsError
        If a row that is there is not as it was written, or says too little.
    """
    from tqdm import tqdm

    path, key = results.FOLDER / f"{name}.csv", experiment.key
    here = path.with_name(f"{path.name}.again") if again else path
    have = []
    if here.is_file():
        table = results.read_sealed(here, name, "remove it") if again else results.read(name)
        have = table.to_dict("records")
    for column in key:
        if have and column not in have[0]:
            raise results.ResultsError(
                f"{here} has no column {column!r}: compute it anew with --again"
            )
    done = {tuple(row[column] for column in key) for row in have}
    todo = [wanted for wanted in experiment.runs if tuple(wanted.values()) not in done]
    with tqdm(todo, desc=name, unit="run") as bar:
        for wanted in bar:
            have.append(experiment.row(**wanted) | provenance())
            text = written(name, key, have)
            write_whole(here, lambda file, text=text: file.write(text.encode()))
    if again:
        os.replace(here, path)
