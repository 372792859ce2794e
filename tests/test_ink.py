"""What on a photograph is ink: each step by itself, on pictures that are made for it."""

import numpy as np
import pytest

from lenet_tutorial import cutout, ink
from lenet_tutorial.ink import find_strokes

SIDE = 200
LOOK = 400  # pixels that a look has a side, at most


def on_paper(dark):
    """Return colours: so much darker than light paper."""
    return np.repeat((0.92 - np.asarray(dark, float))[..., None], 3, axis=2)


def ring(outer, inner, blurred):
    """Draw a ring; its outer edge is soft over so many pixels, its inner one is sharp."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    far = np.hypot(rows, columns)
    return 0.6 * np.clip((outer - far) / blurred + 0.5, 0, 1) * (far >= inner)


def test_a_line_that_goes_from_side_to_side_is_no_ink():
    dark = np.zeros((SIDE, SIDE))
    dark[40:160, 95:107] = 0.7
    dark[118:121] = np.maximum(dark[118:121], 0.4)
    top, bottom, left, right = find_strokes(on_paper(dark)).box
    assert (top, bottom, left, right) == pytest.approx((40, 160, 95, 107), abs=3)


def test_a_ring_is_meant_and_not_the_paper_in_it():
    dark = ring(70, 40, blurred=12)
    found = [ink._strokes([1 - dark] * 4, one) for one in (True, False)]
    assert found[1]["sharp"] > found[0]["sharp"]  # the sharper outline is that of the hole
    top, bottom, left, right = find_strokes(on_paper(dark)).box
    assert (top, bottom, left, right) == pytest.approx((30, 170, 30, 170), abs=6)


def test_a_small_digit_is_looked_at_again_from_nearer():
    light = np.tile(np.linspace(0.35, 0.95, 4 * LOOK), (4 * LOOK, 1))
    light[700:820, 760:790] -= 0.3
    asked = []

    def look(box):
        asked.append(box)
        top, bottom, left, right = (int(share * len(light)) for share in box)
        part = light[top:bottom, left:right]
        step = -(-max(part.shape) // LOOK)
        return np.repeat(part[::step, ::step, None], 3, axis=2)

    seen, _ = cutout.cut_out(look)
    assert asked[0] == (0, 1, 0, 1) and len(asked) == 2
    height = np.flatnonzero((seen >= 0.5).any(axis=1))
    assert np.ptp(height) + 1 > 100  # from afar it is 30 pixels high
