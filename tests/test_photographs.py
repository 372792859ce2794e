"""Photographs that the package draws, the lines taken off them, and how their steps are shown."""

import matplotlib as mpl
import numpy as np
import pytest

from lenet_tutorial.cutout import find_digits
from lenet_tutorial.datasets import load_bundled
from lenet_tutorial.figures.photographs import plot_steps
from lenet_tutorial.ink import grey, without_lines
from lenet_tutorial.photographs import PEN, TABLE, photograph, ruled, strokes, write

mpl.use("Agg")


@pytest.fixture(scope="module")
def digits():
    return load_bundled()


def test_the_same_numbers_draw_the_same_photograph(digits):
    first, second = (photograph(digits.x_test[0], np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second) and first.dtype == np.uint8
    assert first.shape == (320, 260, 3)
    assert not np.array_equal(first, photograph(digits.x_test[0], np.random.default_rng(6)))


def test_several_digits_lie_on_a_sheet_on_its_side(digits):
    assert photograph(digits.x_test[:3], np.random.default_rng(5)).shape == (260, 320, 3)


def test_a_photograph_has_a_table_at_its_left_and_uneven_light(digits):
    for seed in range(5):
        photo = photograph(digits.x_test[seed], np.random.default_rng(seed)) / 255
        assert np.allclose(photo[:, :6].mean(axis=(0, 1)), TABLE, atol=0.05)
        light = np.sort(grey(photo[:, 30:]), axis=None)
        assert light[int(0.95 * len(light))] > 1.8 * light[int(0.1 * len(light))]


def test_where_the_pen_was_is_the_colour_of_the_pen(digits):
    ink = strokes(digits.x_test[0], np.random.default_rng(0), 100, 80)
    sheet = write(ink, pen=PEN)
    assert ink.shape == (100, 80) and np.allclose(sheet[ink == 1], PEN)


@pytest.mark.parametrize("turned", [False, True])
def test_lines_go_and_a_stroke_across_them_stays(turned):
    lines, _ = ruled((120, 120), np.random.default_rng(1), False, 24, 0.5)
    stroke = np.zeros((120, 120))
    stroke[20:100, 55:65] = 1
    ink = np.maximum(lines, stroke)
    ink = ink.T if turned else ink
    left = without_lines(ink.T, 1).T if turned else without_lines(ink, 1)
    left = left.T if turned else left
    assert left[stroke == 1].mean() > 0.9
    assert (left[stroke == 0] > 0.25).mean() < 0.01 < (lines[stroke == 0] > 0.25).mean()


def test_where_a_line_was_is_what_stands_above_and_below_it():
    ink = np.full((120, 120), 0.1)
    ink[58:60] = 0.6
    left = without_lines(ink, 1)
    assert left == pytest.approx(np.full((120, 120), 0.1))


def test_a_table_that_comes_in_from_the_edge_is_no_digit(digits):
    photo = photograph(digits.x_test[14], np.random.default_rng(4)) / 255

    def look(box):
        down, across = (
            [round(one * side) for one in ends]
            for ends, side in ((box[:2], photo.shape[0]), (box[2:], photo.shape[1]))
        )
        return photo[slice(*down), slice(*across)]

    (found,) = find_digits(look)
    assert found.box[2] > 0.2 and found.box[3] < 0.8


def test_steps_are_drawn_in_order_and_what_is_left_out_has_a_dashed_box(digits):
    photo = photograph(digits.x_test[0], np.random.default_rng(0))
    ink = 1 - grey(photo / 255)
    boxes = [[(10, 30, 40, 60, "7", True), (50, 60, 70, 80, "", False)]]
    fig = plot_steps([photo, ink], ["first", "second"], 2, boxes)
    one, two = fig.axes
    assert [ax.get_title() for ax in fig.axes] == ["first", "second"]
    assert np.abs(two.images[0].get_array() - ink).max() < 0.03
    assert np.abs(one.images[0].get_array() - photo.astype(float)).max() <= 8
    assert two.images[0].get_cmap().name == "gray_r" and not two.patches
    kept, left = one.patches
    assert kept.get_linestyle() != left.get_linestyle()
    assert kept.get_xy() == (38.5, 8.5) and (kept.get_width(), kept.get_height()) == (22, 22)
    assert [text.get_text() for text in one.texts] == ["7"]
