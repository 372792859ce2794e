"""Refusals: digits that are left to a person, until the others are read well enough.

A machine that sorts letters need not answer: what it refuses, a person reads. LeCun et al. (1989,
doi:10.1162/neco.1989.1.4.541) and (1990) give the share of digits that must be refused for an error
of 1 % on the others. Here one number decides: by how much the best answer leads the second.
"""

import numpy as np

from ._checks import check_number
from .images import check_labels
from .outputs import PENALTIES, winners


def leads(kind, outputs):
    """Return by how much the best answer of each row leads the second best.

    Parameters
    ----------
    kind : str
        What the outputs are, from :func:`lenet_tutorial.outputs.meaning`.
    outputs : numpy.ndarray
        ``(n, classes)``.

    Returns
    -------
    numpy.ndarray
        ``(n,)``, not negative, in the unit of the outputs.
    """
    ordered = np.sort(-outputs if kind == PENALTIES else outputs, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def bests(kind, outputs):
    """Return how good the best answer of each row is by itself.

    Parameters
    ----------
    kind : str
        As :func:`leads` takes it.
    outputs : numpy.ndarray
        ``(n, classes)``.

    Returns
    -------
    numpy.ndarray
        ``(n,)``, in the unit of the outputs; a penalty is counted below zero.
    """
    return (-outputs if kind == PENALTIES else outputs).max(axis=1)


def wrong_after(kind, outputs, labels, sure=leads):
    """Return the mistakes that are left after each number of refusals, the least sure first.

    Parameters
    ----------
    kind : str
        As :func:`leads` takes it.
    outputs : numpy.ndarray
        ``(n, classes)``.
    labels : numpy.ndarray
        ``(n,)``.
    sure : callable
        What decides: :func:`leads` or :func:`bests`.

    Returns
    -------
    numpy.ndarray
        ``(n + 1,)``, whole numbers: mistakes among the digits that are left when none, one, two …
        are refused; the last is 0.

    Raises
    ------
    ValueError
        If there is not one label for each row.
    """
    labels = check_labels(labels, len(outputs), outputs.shape[1])
    order = np.argsort(sure(kind, outputs), kind="stable")
    wrong = (winners(kind, outputs) != labels)[order]
    return np.append(wrong[::-1].cumsum()[::-1], 0)


def refused_for(left, error=0.01):
    """Return how many digits must be refused, until the error on the others is small enough.

    Parameters
    ----------
    left : numpy.ndarray
        From :func:`wrong_after`.
    error : float
        The share of mistakes among the digits that are left.

    Returns
    -------
    int
        The smallest number for which it holds; all, if it never does before.

    Raises
    ------
    ValueError
        If `error` is not from 0 to below 1.
    """
    error = check_number("error", error, below=1)
    answered = np.arange(len(left) - 1, -1, -1)
    return int((left <= error * answered + 1e-9).argmax())
