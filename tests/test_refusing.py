"""Refusals: the least sure first, and the mistakes that are left counted by hand."""

import numpy as np
import pytest

from lenet_tutorial.outputs import PENALTIES, PROBABILITIES, SQUASHED
from lenet_tutorial.refusing import bests, leads, refused_for, wrong_after

# Four digits; their best answers lead by 0.8, 0.1, 0.4 and 0.3.
OUTPUTS = np.array(
    [[0.9, 0.1, 0.0], [0.5, 0.4, 0.1], [0.1, 0.3, 0.7], [0.6, 0.3, 0.1]],
)
LABELS = np.array([0, 1, 2, 1])  # the second and the fourth are read wrong


def test_the_lead_is_that_of_the_best_over_the_second():
    assert np.allclose(leads(PROBABILITIES, OUTPUTS), [0.8, 0.1, 0.4, 0.3])
    assert np.allclose(leads(PENALTIES, OUTPUTS), [0.1, 0.3, 0.2, 0.2])


def test_the_best_answer_counts_by_itself_and_a_penalty_below_zero():
    assert np.allclose(bests(PROBABILITIES, OUTPUTS), [0.9, 0.5, 0.7, 0.6])
    assert np.allclose(bests(PENALTIES, OUTPUTS), [0, -0.1, -0.1, -0.1])


def test_what_is_near_two_codes_leads_by_little_and_what_is_near_none_is_far():
    """Near the codes of 0 and 1; far from all, and farther from 1 and 2; sure, and wrong."""
    penalties = np.array([[1.0, 2, 90], [60, 75, 90], [80, 80, 3]])
    labels = np.array([0, 1, 1])
    assert wrong_after(PENALTIES, penalties, labels).tolist() == [2, 2, 1, 0]
    assert wrong_after(PENALTIES, penalties, labels, bests).tolist() == [2, 1, 0, 0]


def test_the_squared_distance_to_targets_refuses_what_the_outputs_of_1989_refuse():
    """With targets of ±1, two distances differ by four times what the two outputs do."""
    outputs = np.random.default_rng(0).uniform(-1.7, 1.7, (50, 10))
    targets = 2 * np.eye(10) - 1
    distances = ((outputs[:, None] - targets) ** 2).sum(axis=2)
    assert np.allclose(leads(PENALTIES, distances), 4 * leads(SQUASHED, outputs))
    labels = np.arange(50) % 10
    one, other = (
        wrong_after(kind, found, labels)
        for kind, found in ((PENALTIES, distances), (SQUASHED, outputs))
    )
    assert (one == other).all()


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
