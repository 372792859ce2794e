"""Refusals: the least sure first, and the mistakes that are left counted by hand."""

import numpy as np
import pytest

from lenet_tutorial.outputs import PENALTIES, PROBABILITIES
from lenet_tutorial.refusing import leads, refused_for, wrong_after

# Four digits; their best answers lead by 0.8, 0.1, 0.4 and 0.3.
OUTPUTS = np.array(
    [[0.9, 0.1, 0.0], [0.5, 0.4, 0.1], [0.1, 0.3, 0.7], [0.6, 0.3, 0.1]],
)
LABELS = np.array([0, 1, 2, 1])  # the second and the fourth are read wrong


def test_the_lead_is_that_of_the_best_over_the_second():
    assert np.allclose(leads(PROBABILITIES, OUTPUTS), [0.8, 0.1, 0.4, 0.3])
    assert np.allclose(leads(PENALTIES, OUTPUTS), [0.1, 0.3, 0.2, 0.2])


def test_the_least_sure_go_first_and_mistakes_go_with_them():
    # refused: none, the second, the second and fourth, then the third, then all
    assert wrong_after(PROBABILITIES, OUTPUTS, LABELS).tolist() == [2, 1, 0, 0, 0]
    # as penalties the answers are 2, 2, 0, 2: all wrong
    assert wrong_after(PENALTIES, OUTPUTS, LABELS).tolist() == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("left", "error", "refused"),
    [
        ([2, 1, 0, 0, 0], 0.01, 2),
        ([2, 1, 0, 0, 0], 0.5, 0),  # two of four
        ([2, 1, 0, 0, 0], 0.34, 1),  # one of three
        ([4, 3, 2, 1, 0], 0.01, 4),
        ([1] * 101, 0.01, 0),  # one of a hundred is one per cent
    ],
)
def test_so_many_must_be_refused(left, error, refused):
    left = np.array(left)
    assert refused_for(left, error) == refused


def test_labels_and_shares_are_checked():
    with pytest.raises(ValueError, match="4 images and 3 labels"):
        wrong_after(PROBABILITIES, OUTPUTS, LABELS[:3])
    with pytest.raises(ValueError, match="error"):
        refused_for(np.array([1, 0]), 1.0)
