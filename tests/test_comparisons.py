"""What the figures show that set several networks beside each other."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from lenet_tutorial import figures
from lenet_tutorial.models import lenet5_textbook
from lenet_tutorial.tables import layer_table

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def networks():
    """Return two small tables: that of LeNet-5, and one with maps beside single units."""
    other = pd.DataFrame(
        {
            "maps": [4, 8, 8, 16, 16],
            "side": [16, 14, 7, 7, 0],
            "kernel": ["1×1", "3×3", "2×2", "3×3", "–"],
            "parameters": [0, 80, 0, 1168, 0],
            "multiply_adds": [0, 300, 0, 900, 0],
            "receptive_field": [1, 3, 4, 8, 16],
        },
        index=["start", "a", "b", "c", "d"],
    )
    other.attrs["input"] = 16
    return {"LeNet-5": layer_table(lenet5_textbook()), "other": other}


def test_the_stages_show_the_shares_of_each_network():
    fig = figures.plot_stages(networks())
    first, second = fig.axes
    assert [text.get_text() for text in first.get_yticklabels()] == [
        "C1",
        "C3",
        "C5",
        "F6",
        "output",
    ]
    assert [text.get_text() for text in second.get_yticklabels()] == [
        "a",
        "c",
    ]  # the others have neither
    parameters, work = second.containers
    assert [bar.get_width() for bar in parameters] == pytest.approx([8000 / 1248, 116_800 / 1248])
    assert [bar.get_width() for bar in work] == pytest.approx([25, 75])
    assert work[0].get_hatch() and not parameters[0].get_hatch()
    assert sum(bar.get_width() for bar in first.containers[0]) == pytest.approx(100)


def test_the_growth_of_the_field_starts_with_one_pixel():
    ax = figures.plot_receptive_growth(networks()).axes[0]
    lenet, other = ax.lines
    assert lenet.get_ydata() == pytest.approx([100 * r / 32 for r in (1, 5, 6, 14, 16, 32)])
    assert other.get_xdata().tolist() == [0, 1, 2, 3, 4]  # d has no window
    assert other.get_ydata() == pytest.approx([100 * r / 16 for r in (1, 1, 3, 4, 8)])
    assert lenet.get_linestyle() != other.get_linestyle()
    assert lenet.get_marker() != other.get_marker()


def test_the_shapes_go_from_few_large_maps_to_many_small_ones():
    ax = figures.plot_shapes(networks(), {"LeNet-5": 1, "other": 3}).axes[0]
    lenet, other = ax.lines
    assert lenet.get_xdata().tolist() == [32, 28, 14, 10, 5, 1]
    assert lenet.get_ydata().tolist() == [1, 6, 6, 16, 16, 120]
    points = list(zip(other.get_xdata(), other.get_ydata(), strict=True))
    assert points == [(16, 3), (16, 4), (14, 8), (7, 16)]


def test_the_residual_block_shows_its_layers_in_order():
    fig = figures.draw_residual_block(["first", "second"])
    places = {text.get_text(): text.get_position()[1] for text in fig.axes[0].texts}
    assert places["x"] < places["first"] < places["second"] < places["+"] < places["x + f(x)"]
    assert "skip\nconnection" in places


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.plot_stages({}), "1 to 4 networks can be told apart, got 0"),
        (lambda: figures.plot_receptive_growth(dict.fromkeys("abcde")), "got 5"),
        (lambda: figures.plot_shapes({}, {}), "got 0"),
        (lambda: figures.draw_residual_block([]), "at least one layer, got none"),
    ],
)
def test_bad_input_is_named_with_the_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()
