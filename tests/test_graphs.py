"""The figures of values that go forward and slopes that come back: what is drawn, and with what."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, Rectangle

from lenet_tutorial import figures
from lenet_tutorial.figures.style import BACKWARD, FORWARD, INK_MAP, SIGNED_MAP

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def words(fig):
    return [text.get_text() for text in fig.findobj(mpl.text.Text) if text.get_text()]


def hue(artist, edge=False):
    colour = artist.get_edgecolor() if edge else artist.get_color()
    return mpl.colors.to_hex(colour)


def test_each_link_has_two_arrows_and_two_numbers():
    nodes = {"x": (1, 0, "x"), "w": (0, 1, "w"), "sum": (1, 1, "sum\nwx")}
    fig = figures.draw_graph(nodes, [("x", "sum", 0.8, -0.39), ("w", "sum", 0.5, -0.617)])
    assert {"x", "w", "sum\nwx", "0.80", "−0.39", "0.50", "−0.62"} <= set(words(fig))
    arrows = fig.findobj(FancyArrowPatch)
    looks = [(hue(one, edge=True), one.get_linestyle()) for one in arrows]
    for look in (FORWARD, BACKWARD):
        assert looks.count((look["color"].lower(), look["ls"])) == 2
    # A value stands on the side of its own arrow: left of one that points up, above a level one.
    at = {text.get_text(): text.get_position() for text in fig.axes[0].texts}
    assert at["0.80"][0] < 1.5 < at["−0.39"][0] and at["0.50"][1] > 1 > at["−0.62"][1]


def test_numbers_are_written_and_framed_and_share_one_scale():
    one, other = np.array([[1.0, -2.0]]), np.array([[0.5], [0.0]])
    marks = [[(0, 1, 1, 1, "forward")], [(0, 0, 2, 1, "backward")]]
    fig = figures.plot_numbers([one, other], ["a", "b"], marks)
    assert {"a", "b", "1.0", "−2.0", "0.5", "0.0"} <= set(words(fig))
    for ax, array in zip(fig.axes, (one, other), strict=True):
        assert np.array_equal(ax.images[0].get_array(), array)
        assert ax.images[0].get_clim() == (-2, 2) and ax.images[0].get_cmap().name == SIGNED_MAP
    frames = [ax.findobj(Rectangle, include_self=False) for ax in fig.axes]
    frames = [[one for one in some if one.get_linewidth() == 3] for some in frames]
    assert [one.get_bbox().bounds for (one,) in frames] == [(0.5, -0.5, 1, 1), (-0.5, -0.5, 1, 2)]
    found = [hue(one, edge=True) for (one,) in frames]
    assert found == [FORWARD["color"].lower(), BACKWARD["color"].lower()]
    with pytest.raises(ValueError, match="2 grids need as many titles"):
        figures.plot_numbers([one, other], ["a"])


def test_a_number_can_be_read_on_its_square():
    fig = figures.plot_numbers([np.array([[3.0, 0.0, -3.0]])], ["a"])
    ink = {text.get_text(): text.get_color() for text in fig.axes[0].texts}
    assert ink["3.0"] == "white" and ink["0.0"] == ink["−3.0"] != "white"


def test_losses_are_drawn_against_the_epoch_with_their_mean():
    losses = np.exp(-np.linspace(0, 2, 200))
    (ax,) = figures.plot_losses(losses, epochs=2, window=20).axes
    single, mean = ax.lines
    assert np.allclose(single.get_ydata(), losses) and len(mean.get_ydata()) == 181
    assert mean.get_ydata()[0] == pytest.approx(losses[:20].mean())
    assert single.get_xdata()[[0, -1]] == pytest.approx([0.005, 1.995])
    assert mean.get_xdata()[0] == pytest.approx(0.1)  # the middle of its twenty batches
    assert ax.get_xlabel() == "epoch" and ax.get_ylabel() == "loss"
    assert len(figures.plot_losses([1.0, 2.0], epochs=1).axes[0].lines[1].get_ydata()) == 1


def test_before_after_and_change_share_one_scale():
    before = np.random.default_rng(0).normal(size=(5, 5, 1, 6))
    fig = figures.plot_start_and_end(before, before * 2)
    pictures = [ax for ax in fig.axes if ax.images and ax.get_label() != "<colorbar>"]
    assert len(pictures) == 18 and {"before", "after", "change"} <= set(words(fig))
    for number, ax in enumerate(pictures):
        factor = (1, 2, 1)[number // 6]
        kernel = before[:, :, 0, number % 6] * factor
        assert np.allclose(ax.images[0].get_array(), kernel)
        assert ax.images[0].get_clim()[1] == pytest.approx(2 * np.abs(before).max())
    with pytest.raises(ValueError, match="must be alike"):
        figures.plot_start_and_end(before, before[:3])


def test_a_push_is_pixel_times_slope_with_the_sign_changed():
    image, slopes = np.eye(8), np.linspace(-1, 1, 16).reshape(4, 4)
    seen = image[2:6, 1:5]
    fig = figures.plot_pushes(image, seen, slopes, (2, 1))
    drawn = [ax for ax in fig.axes if ax.images and ax.get_title()]
    arrays = [ax.images[0].get_array() for ax in drawn]
    for array, wanted in zip(arrays, (image, seen, slopes, -seen * slopes), strict=True):
        assert np.array_equal(array, wanted)
    maps = [ax.images[0].get_cmap().name for ax in drawn]
    assert maps == [INK_MAP, INK_MAP, SIGNED_MAP, SIGNED_MAP]
    (frame,) = [one for one in drawn[0].patches if one.get_linewidth() == 3]
    assert frame.get_bbox().bounds == (0.5, 1.5, 4, 4)
