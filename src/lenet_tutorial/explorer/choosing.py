"""Which digits the explorer's page gets: some to try, some that are misread, some to learn from."""

import numpy as np

SAMPLES_PER_CLASS = 5
MISREAD = 12  # digits to show that all networks misread
MISREAD_PER_CLASS = 2
LEARNED, HELD_OUT = 1000, 200  # digits of each class for a training in the page


class ExportError(ValueError):
    """The networks can't be exported; the message says why. What was there is as it was."""


def choose_samples(digits, per_class=SAMPLES_PER_CLASS):
    """Choose the first digits of each class from the test set.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        Where to take them from.
    per_class : int
        How many of each class.

    Returns
    -------
    numpy.ndarray
        Indices into the test set, class by class.
    """
    rows = [np.flatnonzero(digits.y_test == label)[:per_class] for label in range(10)]
    return np.concatenate(rows)


def choose_misread(digits, answers):
    """Choose test digits that all networks misread, the first ones, and few of each class.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        Where to take them from.
    answers : list of numpy.ndarray
        What each network reads, ``(n,)`` for all test digits.

    Returns
    -------
    numpy.ndarray
        At most `MISREAD` indices into the test set.
    """
    wrong = np.logical_and.reduce([said != digits.y_test for said in answers])
    rows = [np.flatnonzero(wrong & (digits.y_test == one))[:MISREAD_PER_CLASS] for one in range(10)]
    return np.sort(np.concatenate(rows))[:MISREAD]


def choose_digits(digits, learned=LEARNED, held_out=HELD_OUT):
    """Choose the digits from which a network learns in the page, and those held out there.

    They are the first ones of each class in the training set. The classes take turns, so digit n
    is a n mod 10, and no list of labels is needed.

    Parameters
    ----------
    digits : lenet_tutorial.datasets.Digits
        Where to take them from.
    learned, held_out : int
        How many of each class.

    Returns
    -------
    numpy.ndarray
        Indices into the training set; those held out come last.

    Raises
    ------
    ExportError
        If a class has fewer.
    """
    count = learned + held_out
    rows = [np.flatnonzero(digits.y_train == label)[:count] for label in range(10)]
    fewest = min(map(len, rows))
    if fewest < count:
        raise ExportError(
            f"{digits.name} has classes of {fewest} training digits, and {count} are needed"
        )
    return np.stack(rows, axis=1).ravel()
