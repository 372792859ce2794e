"""What a reader sees in each figure: which is dark, what stands where, which word goes with what.

The figures are drawn with small data whose look is known, and then looked at: the shade at a place,
the order on the page, the words at an axis, the line that a legend's word belongs to.
"""

import itertools

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon, Rectangle

from lenet_tutorial import figures, tables
from lenet_tutorial.figures.style import BLUE, GREEN, GREY, INK, ORANGE, PALE_BLUE, PALE_ORANGE
from lenet_tutorial.models import lenet5_1998, lenet5_textbook, lenet_1989
from lenet_tutorial.shapes import LENET5
from lenet_tutorial.tables import layer_table

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")
    PAGES.clear()


# --------------------------------------------------------------------------- looking


PAGES = {}
SIGNS = ["negative", "0", "positive"]  # what the legend of values with a sign says


def page(fig):
    """Draw a figure, once, and return its pixels."""
    if fig not in PAGES:
        fig.canvas.draw()
        PAGES[fig] = np.asarray(fig.canvas.buffer_rgba())[..., :3] / 255
    return PAGES[fig]


def pixel(ax, x, y):
    """Return the colour of the figure at a place in the axes."""
    pixels = page(ax.get_figure(root=True))
    across, up = ax.transData.transform((x, y))
    return pixels[-1 - int(up), int(across)]


def shade(ax, x, y):
    """Return how light the figure is at a place in the axes: 0 is black, 1 is white."""
    return float(pixel(ax, x, y) @ (0.299, 0.587, 0.114))


def hue(ax, x, y):
    """Return the colour of the figure at a place in the axes, as ``#rrggbb``."""
    return to_hex(pixel(ax, x, y))


def reading_order(fig, some):
    """Say whether axes follow each other as words do: from left to right, from the top down."""
    page(fig)
    boxes = [ax.get_window_extent() for ax in some]
    return all(
        after.x0 > before.x0 + 1 or after.y1 < before.y1 - 1
        for before, after in itertools.pairwise(boxes)
    ) and all(after.y1 < before.y1 + 1 for before, after in itertools.pairwise(boxes))


def pointed(size=8):
    """Return an image with one pixel of ink, right of the middle in the second row."""
    image = np.zeros((size, size))
    image[1, size - 2] = 1
    return image


def shows_the_point(ax, size=8, dark=True):
    """Say whether the picture of `pointed` stands upright, and has the right polarity."""
    ink, mirrored, below = (
        shade(ax, *place) for place in ((size - 2, 1), (1, size - 2), (size - 2, size - 2))
    )
    top, bottom = (ax.transData.transform((0, row))[1] for row in (0, size - 1))
    left, right = (ax.transData.transform((column, 0))[0] for column in (0, size - 1))
    upright = top > bottom and left < right
    return upright and mirrored == below and (ink < below if dark else ink > below)


def entries(legend):
    """Return for each word of a legend the look of its mark: colour, line style and marker."""
    looks = {}
    for text, mark in zip(legend.get_texts(), legend.legend_handles, strict=True):
        looks[text.get_text()] = look(mark)
    return looks


def look(line):
    return to_hex(line.get_color()), line.get_linestyle(), line.get_marker()


def named(ax):
    """Return the lines of axes by the words that the legend has for them."""
    return {
        line.get_label(): line for line in ax.lines if not line.get_label().startswith(("_", " "))
    }


def lightness(colour):
    return float(np.array(mpl.colors.to_rgb(colour)) @ (0.299, 0.587, 0.114))


def bar_label(fig):
    """Return what the colour bar of a figure says, from its lowest value to its highest."""
    (bar,) = [ax for ax in fig.axes if ax.get_label() == "<colorbar>"]
    return bar.get_ylabel() or bar.get_xlabel()


def drawn(fig):
    return [ax for ax in fig.axes if ax.images and ax.get_label() != "<colorbar>"]


def titles(axes):
    return [ax.get_title() for ax in axes]


# --------------------------------------------------------------------------- digits


def test_samples_are_dark_upright_and_in_reading_order():
    images = np.stack([pointed() * (i + 1) for i in range(5)])
    fig = figures.plot_samples(images, labels=[7, 2, 1, 0, 4], columns=3)
    some = drawn(fig)
    assert all(shows_the_point(ax) for ax in some)
    assert reading_order(fig, some) and titles(some) == list("72104")
    assert [ax.images[0].get_array().max() for ax in some] == [1, 2, 3, 4, 5]
    assert shade(some[0], 6, 1) < 0.05 and shade(some[0], 0, 0) > 0.95


def test_titles_stand_in_place_of_labels_and_both_may_be_missing():
    images = np.stack([pointed()] * 2)
    assert titles(drawn(figures.plot_samples(images, [1, 2], titles=["a", "b"]))) == ["a", "b"]
    assert titles(drawn(figures.plot_samples(images))) == ["", ""]


def test_pixels_stand_upright_with_row_and_column():
    image = np.zeros((3, 4), np.uint8)
    image[0, 3], image[2, 1] = 255, 100
    fig = figures.plot_pixels(image, title="a picture")
    (ax,) = drawn(fig)
    values = {text.get_position(): text.get_text() for text in ax.texts}
    assert values == {(c, r): str(image[r, c]) for r in range(3) for c in range(4)}
    assert ax.get_xlabel() == "column" and ax.get_ylabel() == "row"
    assert ax.get_title() == "a picture"
    colours = {text.get_position(): text.get_color() for text in ax.texts}
    assert colours[3, 0] == "white" and colours[1, 2] == "black"
    whole = figures.plot_pixels(pointed(), values=False)
    assert shows_the_point(whole.axes[0]) and not whole.axes[0].texts


@pytest.mark.parametrize("values", [np.array([[0.25, 1]]), np.array([[3, 4]])])
def test_values_are_written_as_whole_numbers_or_with_one_place(values):
    texts = [text.get_text() for text in figures.plot_pixels(values).axes[0].texts]
    assert texts == (["0.2", "1.0"] if values.dtype.kind == "f" else ["3", "4"])


# --------------------------------------------------------------------------- inside the network


def test_maps_are_dark_where_a_value_is_large():
    maps = np.stack([pointed() * (i + 1) for i in range(4)], axis=-1)
    fig = figures.plot_feature_maps(maps, title="of C1", columns=2)
    some = drawn(fig)
    assert all(shows_the_point(ax) for ax in some)
    assert reading_order(fig, some)
    peaks = [shade(ax, 6, 1) for ax in some]
    assert peaks == sorted(peaks)[::-1] and peaks[0] - peaks[-1] > 0.3  # one scale for all
    assert shade(some[0], 0, 0) > 0.95 and peaks[-1] < 0.05  # without a sign 0 is white
    assert titles(some) == [f"map {i}" for i in range(4)]
    assert bar_label(fig) == "value" and fig.get_suptitle() == "of C1"
    assert {ax.images[0].get_cmap().name for ax in some} == {"gray_r"}
    signed = drawn(figures.plot_feature_maps(-maps))
    assert all(shows_the_point(ax, dark=False) for ax in signed)
    assert {ax.images[0].get_cmap().name for ax in signed} == {"cividis_r"}
    assert {ax.images[0].get_clim() for ax in signed} == {(-4, 4)}


def test_units_in_a_row_go_from_left_to_right():
    fig = figures.plot_feature_maps(np.arange(10.0) - 4.5, title="F6")
    ax = drawn(fig)[0]
    shades = [shade(ax, unit, 0) for unit in range(10)]
    assert shades == sorted(shades)[::-1] and shades[0] > 0.7 > 0.3 > shades[-1]
    assert ax.get_xlabel() == "unit" and ax.get_title() == "F6" and bar_label(fig) == "value"
    assert len(ax.get_yticks()) == 0


@pytest.mark.parametrize("turned", [1, -1])
def test_kernels_are_dark_where_positive_and_middle_grey_at_zero(turned):
    weights = np.zeros((8, 8, 1, 3))
    weights[..., 0, 0] = 3 * turned * pointed()  # the scale is that of the largest, either sign
    weights[..., 0, 1] = 3 * turned * pointed() / 2
    fig = figures.plot_kernels(weights, title="of C1")
    some = drawn(fig)
    assert shows_the_point(some[0], dark=turned > 0)
    places = (some[0], 0, 0), (some[1], 6, 1), (some[0], 6, 1)  # zero, half, and the largest
    scale = mpl.colormaps["cividis_r"]([0.5, 0.5 + turned / 4, 0.5 + turned / 2])[:, :3]
    for place, colour in zip(places, scale, strict=True):
        assert pixel(*place) == pytest.approx(colour, abs=0.02)
    assert reading_order(fig, some) and titles(some) == ["kernel 0", "kernel 1", "kernel 2"]
    assert bar_label(fig) == "weight" and fig.get_suptitle() == "of C1"


def test_kernels_of_several_inputs_have_a_row_for_each_output():
    weights = np.arange(2 * 3).reshape(1, 1, 2, 3).astype(float)  # 3 · input + output
    fig = figures.plot_kernels(weights)
    some = drawn(fig)
    assert [float(ax.images[0].get_array()[0, 0]) for ax in some] == [0, 3, 1, 4, 2, 5]
    assert reading_order(fig, some)
    assert titles(some) == ["from 0", "from 1", "", "", "", ""]
    assert [ax.get_ylabel() for ax in some] == ["map 0", "", "map 1", "", "map 2", ""]


@pytest.mark.parametrize("build", [lenet5_textbook, lenet5_1998])
def test_the_architecture_is_drawn_from_left_to_right_and_to_scale(build):
    table = layer_table(build())
    ax = figures.draw_architecture(table, title="a network").axes[0]
    words = {text.get_text(): text.get_position()[0] for text in ax.texts}
    places = [words[name] for name in ("input", *table.index)]
    assert places == sorted(places) and ax.get_title() == "a network"
    for name, row in table.iterrows():
        assert any(
            text.get_text() == row["output"] and text.get_position()[0] == words[name]
            for text in ax.texts
        )
    boxes = [p for p in ax.patches if isinstance(p, Rectangle)]
    squares = {round(box.get_width()) for box in boxes}
    assert {32, 28, 14, 10, 5} <= squares
    assert sum(box.get_width() == 28 for box in boxes) == 6  # maps of C1
    assert sum(box.get_width() == 10 for box in boxes) == 16
    for box in boxes:
        side = box.get_width()
        pooled = side in (14, 5)
        assert (box.get_hatch() == "//") == pooled
        want = {32: "white", 28: PALE_BLUE, 10: PALE_BLUE, 14: "white", 5: "white"}
        if side in want:
            assert to_hex(box.get_facecolor()) == to_hex(want[side])
    tall = [box.get_height() for box in boxes if box.get_width() == 3]
    assert tall[-3:] == [6 + 120 / 4, 6 + 84 / 4, 6 + 10 / 4]
    assert to_hex(boxes[-1].get_facecolor()) == to_hex(PALE_ORANGE)


def test_only_maps_that_see_some_of_those_below_are_drawn_as_a_convolution_by_table():
    texts = figures.draw_architecture(layer_table(lenet_1989())).axes[0].texts
    kinds = {text.get_position()[0]: text.get_text() for text in texts}  # the kind comes last
    places = {text.get_text(): text.get_position()[0] for text in texts}
    assert kinds[places["H1"]] == "convo-\nlution"
    assert kinds[places["H2"]] == "convo-\nlution\nby\ntable"


# --------------------------------------------------------------------------- training


HISTORY = pd.DataFrame(
    {
        "accuracy": [0.6, 0.8, 0.9],
        "loss": [1.2, 0.6, 0.3],
        "val_accuracy": [0.7, 0.75, 0.77],
        "val_loss": [1.0, 0.7, 0.65],
    },
    index=pd.RangeIndex(1, 4, name="epoch"),
)


def test_each_curve_has_its_name():
    fig = figures.plot_history(HISTORY, title="a run")
    left, right = fig.axes
    known = entries(left.get_legend())
    assert list(known) == ["training", "validation"]
    for ax, measure in ((left, "accuracy"), (right, "loss")):
        assert ax.get_ylabel() == measure and ax.get_xlabel() == "epoch"
        curves = named(ax)
        for word, column in (("training", measure), ("validation", f"val_{measure}")):
            assert np.array_equal(curves[word].get_ydata(), HISTORY[column])
            assert curves[word].get_xdata().tolist() == [1, 2, 3]
            assert look(curves[word]) == known[word]
        assert ax.get_yscale() == "linear"
        assert all(float(tick).is_integer() for tick in ax.get_xticks())
    assert left.get_window_extent().x0 < right.get_window_extent().x0
    assert fig.get_suptitle() == "a run"


def test_more_mistakes_are_darker_and_the_true_class_goes_down():
    matrix = np.array([[50, 8, 0], [1, 60, 4], [0, 2, 70]])
    fig = figures.plot_confusion(matrix, title="a network")
    ax = drawn(fig)[0]
    shades = [shade(ax, column + 0.35, row + 0.35) for row, column in ((0, 1), (1, 2), (1, 0))]
    assert shades == sorted(shades) and shades[0] < 0.4 < 0.8 < shades[-1]
    assert shade(ax, 0.35, 0.35) == shade(ax, 2.35, 2.35)  # the diagonal has one shade
    top, bottom = (ax.transData.transform((0, row))[1] for row in (0, 2))
    assert top > bottom
    assert ax.get_xlabel() == "predicted class" and ax.get_ylabel() == "true class"
    assert ax.get_xticks().tolist() == ax.get_yticks().tolist() == [0, 1, 2]
    assert bar_label(fig) == "mistakes" and ax.get_title() == "a network"
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written[1, 0] == "8" and written[0, 1] == "1" and (2, 0) not in written
    ink = {text.get_position(): text.get_color() for text in ax.texts}
    assert (ink[1, 0], ink[0, 1], ink[0, 0]) == ("white", "black", INK)  # the diagonal is pale


def test_mistakes_are_dark_upright_and_the_surest_comes_first():
    answers = np.array([[0.1, 0.9], [0.7, 0.3], [0.02, 0.98]])
    fig = figures.plot_mistakes(np.stack([pointed()] * 3), [0, 1, 0], answers)
    some = drawn(fig)
    assert titles(some) == ["0 → 1\n98%", "0 → 1\n90%", "1 → 0\n70%"]
    assert all(shows_the_point(ax) for ax in some) and reading_order(fig, some)


@pytest.mark.parametrize("percent", [True, False])
def test_the_spread_goes_down_the_page_in_the_order_of_the_table(percent):
    table = pd.DataFrame({"net": ["b", "a", "b"], "error": [0.02, 0.05, 0.04]})
    fig = figures.plot_spread(table, "error", "net", 0.03, "test error", percent)
    (ax,) = fig.axes
    scale = 100 if percent else 1
    assert [text.get_text() for text in ax.get_yticklabels()] == ["b", "a"]
    assert ax.transData.transform((0, 0))[1] > ax.transData.transform((0, 1))[1]
    curves = named(ax)
    assert curves["one run"].get_xdata() == pytest.approx([2 * scale / 100, 4 * scale / 100])
    assert curves["mean"].get_xdata() == pytest.approx([3 * scale / 100])
    known = entries(fig.legends[0])
    assert list(known) == ["one run", "mean"] and known["one run"][2] == "o"
    assert all(look(curves[word])[::2] == known[word][::2] for word in known)
    lines = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in lines] == [0.03 * scale]
    assert ax.get_xlabel() == "test error" and ax.get_xscale() == "linear"
    places = [line.get_ydata().tolist() for line in ax.lines if line.get_marker() == "o"]
    assert places == [[0, 0], [1]]


def test_kinds_of_runs_have_rows_and_marks_of_their_own():
    table = pd.DataFrame(
        {"net": list("bbab"), "of": ["x", "y", "y", "y"], "error": [0.02, 0.05, 0.04, 0.07]}
    )
    fig = figures.plot_spread(table, "error", "net", kind="of")
    (ax,) = fig.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["b", "a"]
    known = entries(fig.legends[0])
    assert list(known) == ["x", "y", "mean"] and known["x"][2] != known["y"][2]
    dots = [line for line in ax.lines if line.get_marker() != "|"]
    assert [line.get_xdata().round(6).tolist() for line in dots] == [[2], [5, 7], [4]]
    means = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "|"]
    assert means == pytest.approx([2, 6, 4])
    places = [line.get_ydata()[0] for line in dots]
    assert places[0] < 0 < places[1] < 0.5 and places[2] == 1 + places[1]


@pytest.mark.parametrize("groups", [1, 2, 3, 6, 12])
@pytest.mark.parametrize("kind", [None, "of"])
def test_no_mark_of_a_spread_is_clipped(groups, kind):
    table = pd.DataFrame({"net": [f"n{i}" for i in range(groups)] * 2, "error": 0.02})
    table["of"] = ["x"] * groups + ["y"] * groups
    fig = figures.plot_spread(table, "error", "net", kind=kind)
    page(fig)
    (ax,) = fig.axes
    inside = ax.get_window_extent()
    for line in ax.lines:
        reach = line.get_markersize() / 2 * fig.dpi / 72
        places = ax.transData.transform(line.get_xydata())[:, 1]
        assert inside.y0 <= places.min() - reach and places.max() + reach <= inside.y1


def test_what_is_left_of_the_errors_falls_to_the_right_in_each_panel():
    panels = {"one": {"a": [5, 2, 0.5], "b": [4, 3, 1]}, "two": {"c": [3, 1, 0.3]}}
    fig = figures.plot_refusals(panels, (0, 10, 20), {"the paper": (12.1, 1)})
    first, second = fig.axes
    assert [ax.get_title() for ax in fig.axes] == ["one", "two"]
    for ax, curves in zip(fig.axes, panels.values(), strict=True):
        assert ax.get_yscale() == "log" and ax.get_xlabel() == "digits refused (%)"
        for name, errors in curves.items():
            assert named(ax)[name].get_xdata().tolist() == [0, 10, 20]
            assert named(ax)[name].get_ydata().tolist() == errors
    assert named(first)["a"].get_linestyle() != named(first)["b"].get_linestyle()
    assert named(first)["the paper"].get_xydata().tolist() == [[12.1, 1]]
    assert "the paper" not in named(second)
    assert first.get_ylabel() == "error on the others (%)"
    plain = figures.plot_refusals({"one": panels["one"]}, (0, 10, 20))
    assert len(plain.axes) == 1


def test_the_axis_of_a_spread_is_named_after_its_column():
    table = pd.DataFrame({"net": ["b", "a"], "error": [0.02, 0.05]})
    assert figures.plot_spread(table, "error", "net").axes[0].get_xlabel() == "error"


# --------------------------------------------------------------------------- history and sizes


def test_the_timeline_goes_down_and_each_kind_has_its_mark():
    events = tables.events()
    fig = figures.plot_timeline(events, title="then")
    ax = fig.axes[0]
    years = [text for text in ax.texts if text.get_ha() == "right"]
    told = [text for text in ax.texts if text.get_ha() == "left"]
    assert [text.get_text() for text in years] == [str(when) for when in events["when"]]
    assert [text.get_text().replace("\n", " ") for text in told] == list(events["event"])
    places = [text.get_position()[1] for text in years]
    assert places == sorted(places) == [text.get_position()[1] for text in told]
    assert ax.transData.transform((0, 0))[1] > ax.transData.transform((0, 1))[1]
    known = {word: (colour, mark) for word, (colour, _, mark) in entries(fig.legends[0]).items()}
    assert list(known) == list(dict.fromkeys(events["kind"]))
    marks = [line for line in ax.lines if line.get_marker() != "None" and len(line.get_xdata())]
    assert [line.get_ydata()[0] for line in marks] == places
    for line, kind in zip(marks, events["kind"], strict=True):
        assert (to_hex(line.get_color()), line.get_marker()) == known[kind]
    assert len(set(known.values())) == len(known) and ax.get_title() == "then"


def test_the_first_position_is_blue_at_the_top_left_and_the_last_is_orange():
    fig = figures.draw_output_size(6, kernel=3, stride=2, padding=1)  # 3 × 3; 8 × 8 with zeros
    left, right = fig.axes
    assert hue(left, 1.3, 1.3) == "#7fb8da" and hue(right, 0.3, 0.3) == "#7fb8da"
    corner = [p for p in left.patches if p.get_xy() == (4, 4) and p.get_width() == 1]
    assert [to_hex(p.get_facecolor()) for p in corner] == ["#f3c666"]
    assert corner[0].get_hatch() == "//"
    last = [p for p in right.patches if p.get_xy() == (2, 2)]
    assert [to_hex(p.get_facecolor()) for p in last] == ["#f3c666"]
    frames = [p for p in left.patches if not p.get_fill()]
    assert [(p.get_xy(), p.get_width(), p.get_linestyle()) for p in frames] == [
        ((0, 0), 3, "-"),
        ((4, 4), 3, "--"),
    ]
    for ax in fig.axes:
        assert ax.transData.transform((0, 0))[1] > ax.transData.transform((0, 1))[1]
    assert left.get_xlabel() == "input 6×6, padding 1" and right.get_xlabel() == "output 3×3"
    assert fig.get_suptitle() == "kernel 3×3, stride 2"
    assert {text.get_position() for text in left.texts} == {
        (i + 0.5, j + 0.5) for i in range(8) for j in range(8) if 7 in (i, j)
    }


@pytest.mark.parametrize(
    ("arguments", "title", "label"),
    [
        ({"size": 7, "kernel": 3, "dilation": 2}, "kernel 3×3, stride 1, dilation 2", "padding 0"),
        ({"size": 6, "kernel": 2, "stride": 2, "title": "pool"}, "pool", "padding 0"),
        (
            {"size": 16, "kernel": 5, "stride": 2, "padding": (2, 1)},
            "kernel 5×5, stride 2",
            "padding 2 + 1",
        ),
    ],
)
def test_the_drawing_of_a_size_says_its_numbers(arguments, title, label):
    fig = figures.draw_output_size(**arguments)
    size = arguments["size"]
    assert fig.get_suptitle() == title
    assert fig.axes[0].get_xlabel() == f"input {size}×{size}, {label}"


def test_a_kernel_with_gaps_covers_every_other_pixel():
    left, _ = figures.draw_output_size(7, kernel=3, dilation=2).axes
    blue = {p.get_xy() for p in left.patches if to_hex(p.get_facecolor()) == "#7fb8da"}
    assert blue == {(x, y) for x in (0, 2, 4) for y in (0, 2, 4)}
    orange = [p for p in left.patches if to_hex(p.get_facecolor()) == "#f3c666"]
    whole = {p.get_xy() for p in orange if not isinstance(p, Polygon)}
    halves = {tuple(p.get_xy().min(axis=0)) for p in orange if isinstance(p, Polygon)}
    assert whole == {(x, y) for x in (2, 4, 6) for y in (2, 4, 6)} - blue
    assert halves == {(x, y) for x in (2, 4) for y in (2, 4)}  # of both places: divided
    assert [p.get_width() for p in left.patches if not p.get_fill()] == [5, 5]


def test_a_unit_sees_more_and_more_from_the_top_down():
    fig = figures.draw_receptive_field(32, LENET5[:4], unit=2, title="S4")
    (ax,) = fig.axes
    names = {text.get_text(): text.get_position()[1] for text in ax.texts}
    levels = [names[name] for name in ("input", "C1", "S2", "C3", "S4")]
    assert levels == [0, 1, 2, 3, 4]
    assert ax.transData.transform((0, 0))[1] < ax.transData.transform((0, 4))[1]  # input below
    seen = [
        [
            p
            for p in ax.patches
            if p.get_y() == level - 0.3 and to_hex(p.get_facecolor()) == "#0072b2"
        ]
        for level in levels
    ]
    assert [len(some) for some in seen] == [16, 12, 6, 2, 1]
    middle = [np.mean([p.get_x() + p.get_width() / 2 for p in some]) for some in seen]
    assert middle == pytest.approx([15.5] * 5)
    assert ax.get_xlabel() == "place over the input, in pixels" and ax.get_title() == "S4"
    assert ax.get_xticks().tolist() == list(range(0, 32, 4)) and not len(ax.get_yticks())


def test_the_boxes_stand_where_the_middle_unit_looks():
    fig = figures.plot_receptive_fields(pointed(32), LENET5, title="LeNet-5")
    some = drawn(fig)
    assert reading_order(fig, some) and fig.get_suptitle() == "LeNet-5"
    assert titles(some) == ["C1: 5×5", "S2: 6×6", "C3: 14×14", "S4: 16×16", "C5: 32×32"]
    boxes = [ax.patches[0] for ax in some]
    assert [box.get_xy() for box in boxes] == [(n, n) for n in (12.5, 11.5, 7.5, 7.5, -0.5)]
    assert all(to_hex(box.get_edgecolor()) == BLUE.lower() for box in boxes)
    assert shows_the_point(some[0], 32) and shade(some[0], 30, 1) < 0.05


# --------------------------------------------------------------------------- measurements


RUNS = pd.DataFrame(
    {
        "digits": [100, 100, 1000, 1000, 100, 1000],
        "error": [10.0, 20.0, 4.0, 6.0, 30.0, 9.0],
        "network": ["a", "a", "a", "a", "b", "b"],
    }
)


def band(collection):
    """Return lower and upper edge of a band at each place across."""
    points = collection.get_paths()[0].vertices
    return {
        float(x): (points[points[:, 0] == x, 1].min(), points[points[:, 0] == x, 1].max())
        for x in np.unique(points[:, 0])
    }


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_lines_have_their_bands_and_their_names(scale):
    words = {"x": "training digits", "y": "test error (%)"}
    fig = figures.plot_lines(RUNS, "digits", "error", "network", labels=words, scale=scale)
    (ax,) = fig.axes
    assert (ax.get_xscale(), ax.get_yscale()) == (scale, scale)
    assert ax.get_xlabel() == "training digits" and ax.get_ylabel() == "test error (%)"
    curves, known = named(ax), entries(fig.legends[0])
    assert list(known) == ["a", "b"] == list(curves)
    assert all(look(curves[word]) == known[word] for word in known)
    assert dict(zip(curves["a"].get_xdata(), curves["a"].get_ydata(), strict=True)) == {
        100: 15,
        1000: 5,
    }
    first, second = ax.collections
    assert band(first) == {100: (10, 20), 1000: (4, 6)}
    assert band(second) == {100: (30, 30), 1000: (9, 9)}
    assert to_hex(first.get_facecolor()[0]) == to_hex(curves["a"].get_color())
    assert 0.1 <= first.get_facecolor()[0][3] <= 0.4
    if scale == "linear":
        assert ax.get_ylim()[0] == 0


def test_panels_share_their_scale_and_are_named():
    table = pd.concat(
        [RUNS.assign(kind=kind, error=RUNS["error"] * n) for n, kind in enumerate("xyz", 1)]
    )
    words = {"x": "shift (pixels)", "z": "noise", "y": "turn"}
    fig = figures.plot_lines(table, "digits", "error", "network", "kind", words, top=95)
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert len(fig.axes) == 4 and len(shown) == 3 and reading_order(fig, shown)
    assert [ax.get_xlabel() for ax in shown] == ["shift (pixels)", "turn", "noise"]
    assert [ax.get_ylabel() for ax in shown] == ["turn", "", "turn"]
    assert {ax.get_ylim() for ax in shown} == {(0, 95)}
    assert [named(ax)["a"].get_ydata()[0] for ax in shown] == [15, 30, 45]
    assert len(shown[0].get_shared_y_axes().get_siblings(shown[0])) == 4


def test_axes_are_named_after_their_columns():
    (ax,) = figures.plot_lines(RUNS, "digits", "error", "network").axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("digits", "error")


def test_patches_are_dark_on_white_and_kernels_have_zero_in_the_middle():
    patches = np.stack([[pointed()] * 3, [pointed() / 2] * 3])
    kernels = np.stack([pointed(), -pointed()])
    fig = figures.plot_patches(patches, kernels, ["map 0", "map 1"], "kernel", "mean")
    grid = np.array(drawn(fig)).reshape(2, 5)
    assert reading_order(fig, fig.axes) and bar_label(fig) == "kernel"
    assert [text.get_text() for text in fig.axes[-1].get_xticklabels()] == SIGNS
    assert all(shows_the_point(ax) for ax in grid[:, 1:].flat)
    assert shade(grid[0, 1], 6, 1) < 0.05 < 0.4 < shade(grid[1, 1], 6, 1) < 0.6
    assert shows_the_point(grid[0, 0], dark=True) and shows_the_point(grid[1, 0], dark=False)
    assert grid[0, 0].images[0].get_clim() == grid[1, 0].images[0].get_clim() == (-1, 1)
    assert titles(grid[0]) == ["kernel", "", "", "", "mean"] and titles(grid[1]) == [""] * 5
    assert [ax.get_ylabel() for ax in grid[:, 0]] == ["map 0", "map 1"]
    frames = [to_hex(ax.spines["left"].get_edgecolor()) for ax in grid[0, 1:]]
    assert frames == [GREY.lower()] * 3 + [BLUE.lower()]
    bare = figures.plot_patches(patches, None, ["map 0", "map 1"], "none", "mean")
    assert titles(bare.axes[:4]) == ["", "", "", "mean"]
    assert [ax.get_ylabel() for ax in bare.axes[::4]] == ["map 0", "map 1"]


def test_sizes_stand_at_their_place_with_the_name_on_its_side():
    table = pd.DataFrame(
        {
            "parameters": [1e4, 1e5, 1e5],
            "error": [2.0, 3.0, 1.0],
            "kind": ["ours", "ours", "theirs"],
            "side": ["left", "", "right"],
        },
        index=["one", "two", "two"],
    )
    fig = figures.plot_sizes(table)
    (ax,) = fig.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear") and ax.get_ylim()[0] == 0
    assert ax.get_xlabel() == "parameters" and ax.get_ylabel() == "test error (%)"
    curves, known = named(ax), entries(fig.legends[0])
    assert list(known) == ["ours", "theirs"]
    assert all(look(curves[word]) == known[word] for word in known)
    assert curves["ours"].get_xydata().tolist() == [[1e4, 2], [1e5, 3]]
    assert curves["theirs"].get_xydata().tolist() == [[1e5, 1]]
    notes = {text.get_text(): text for text in ax.texts}
    assert notes["one"].get_ha() == "right" and notes["one"].xyann[0] < 0
    assert notes["two"].get_ha() == "left" and notes["two"].xyann[0] > 0
    assert notes["two"].xy == (1e5, 1)
    joined = [line.get_xydata().tolist() for line in ax.lines if line.get_color() == GREY]
    assert [[1e5, 3], [1e5, 1]] in joined
    assert (
        figures.plot_sizes(table, y="side_error" if False else "parameters").axes[0].get_ylabel()
        == "parameters"
    )


def test_the_layers_are_drawn_from_the_image_to_the_bars():
    maps = keras.Input((8, 8, 1))
    copy = keras.layers.Conv2D(2, 1, name="copies")
    top = keras.layers.Dense(3, name="answer")
    model = keras.Model(maps, top(keras.layers.Flatten()(copy(maps))))
    copy.set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2), np.zeros(2)])
    top.set_weights([np.zeros((128, 3)), np.array([0.2, 0.7, 0.1])])
    fig = figures.plot_layers(model, pointed()[..., np.newaxis], title="a digit")
    assert [part.get_suptitle() for part in fig.subfigs[:-1]] == ["input", "copies"]
    image, first, second = (ax for part in fig.subfigs[:-1] for ax in part.axes)
    assert shows_the_point(image) and shows_the_point(first)
    assert shows_the_point(second, dark=False)  # the copy with a minus
    assert shade(image, 0, 0) > 0.95 > 0.6 > shade(first, 0, 0)  # paper is white, and 0 is grey
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-1, 1)
    heights = [ax.get_window_extent().y1 for ax in (image, first)]
    bars, legend = fig.subfigs[-1].axes
    assert [text.get_text() for text in legend.get_xticklabels()] == SIGNS
    assert [shade(legend, n, 0.5) for n in (-0.99, 0, 0.99)] == pytest.approx(
        [0.85, 0.49, 0.12], abs=0.02
    )
    assert [*heights, bars.get_window_extent().y1] == sorted(
        [*heights, bars.get_window_extent().y1], reverse=True
    )
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([0.2, 0.7, 0.1])
    assert [bar.get_x() + 0.4 for bar in bars.patches] == pytest.approx([0, 1, 2])
    assert bars.get_xlabel() == "class" and bars.get_ylabel() == "answer"
    assert bars.get_xticks().tolist() == [0, 1, 2] and fig.get_suptitle() == "a digit"


def test_units_of_a_layer_are_a_strip_with_large_values_dark():
    inside = keras.Input((1, 4, 1))
    flat = keras.layers.Flatten()(inside)
    units = keras.layers.Dense(4, name="units")
    top = keras.layers.Dense(2, name="top")
    model = keras.Model(inside, top(units(flat)))
    units.set_weights([np.eye(4), np.zeros(4)])
    fig = figures.plot_layers(model, np.arange(4.0).reshape(1, 4, 1))
    strip = fig.subfigs[1].axes[0]
    shades = [shade(strip, unit, 0) for unit in range(4)]
    assert shades == sorted(shades)[::-1] and shades[0] - shades[-1] > 0.5
    assert len(fig.subfigs[-1].axes) == 1  # nothing is negative, so no legend of signs


def test_an_exchange_is_darker_the_more_is_added_up():
    states = [np.ones((3, 3)), np.diag([1.0, 2.0, 0.0]) + 1]
    fig = figures.plot_exchange(states, ["before", "after"])
    first, second = fig.axes
    assert reading_order(fig, fig.axes)
    shades = [shade(second, n + 0.38, n + 0.38) for n in (1, 0, 2)]
    assert shades[0] < shades[1] - 0.1 and shades[1] < shades[2] - 0.1
    assert shade(first, 0.38, 0.38) == shades[-1]  # one scale
    inks = {text.get_text(): text.get_color() for text in second.texts}
    assert inks == {"3": "white", "2": "white", "1": "black"}
    weights = {text.get_text(): text.get_fontweight() for text in second.texts}
    assert weights == {"3": "bold", "2": "normal", "1": "normal"}
    assert [text.get_text() for text in first.get_xticklabels()] == list("ABC")
    assert [ax.get_ylabel() for ax in fig.axes] == ["worker", ""]
    assert {ax.get_xlabel() for ax in fig.axes} == {"piece"}
    assert first.transData.transform((0, 0))[1] > first.transData.transform((0, 2))[1]
    assert {to_hex(box.get_edgecolor()) for box in second.patches} == {ORANGE.lower()}
    hidden = figures.plot_exchange([np.ones((2, 2))] * 5, list("abcde"))
    assert [ax.get_visible() for ax in hidden.axes] == [True] * 5 + [False] * 3


# --------------------------------------------------------------------------- several networks


STAGES = {
    "one": pd.DataFrame({"parameters": [10, 30], "multiply_adds": [60, 20]}, index=["a", "b"]),
    "two": pd.DataFrame({"parameters": [5, 0], "multiply_adds": [9, 1]}, index=["c", "d"]),
}


def test_stages_have_two_bars_each_that_the_legend_tells_apart():
    fig = figures.plot_stages(STAGES)
    top, bottom = fig.axes
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["one", "two"]
    assert reading_order(fig, fig.axes)
    known = {
        text.get_text(): (to_hex(mark.patches[0].get_facecolor()), mark.patches[0].get_hatch())
        if hasattr(mark, "patches")
        else (to_hex(mark.get_facecolor()), mark.get_hatch())
        for text, mark in zip(
            fig.legends[0].get_texts(), fig.legends[0].legend_handles, strict=True
        )
    }
    assert list(known) == ["parameters", "multiply–adds"]
    for ax, shares in ((top, ([25, 75], [75, 25])), (bottom, ([100, 0], [90, 10]))):
        for bars, share, word in zip(ax.containers, shares, known, strict=True):
            assert [bar.get_width() for bar in bars] == pytest.approx(share)
            look = to_hex(bars[0].get_facecolor()), bars[0].get_hatch()
            assert look == known[word] and bars.get_label() == word
        places = [bar.get_y() + 0.2 for bars in ax.containers for bar in bars]
        assert places == pytest.approx([-0.2, 0.8, 0.2, 1.2])
        assert ax.transData.transform((0, 0))[1] > ax.transData.transform((0, 1))[1]
    assert [text.get_text() for text in top.get_yticklabels()] == ["a", "b"]
    assert bottom.get_xlabel() == "per cent of the network" and top.get_xlim() == bottom.get_xlim()
    assert [color for color, _ in known.values()] == [BLUE.lower(), ORANGE.lower()]


def several():
    small = layer_table(lenet5_1998())
    return {"LeNet-5": layer_table(lenet5_textbook()), "of 1998": small}


def test_the_growth_of_the_field_is_named_and_in_per_cent():
    (ax,) = figures.plot_receptive_growth(several()).axes
    known = entries(ax.get_legend())
    assert list(known) == ["LeNet-5", "of 1998"]
    assert all(look(line) == known[word] for word, line in named(ax).items())
    assert [to_hex(colour) for colour, _, _ in known.values()] == [INK, ORANGE.lower()]
    assert ax.get_xlabel() == "layers with a window, from the image up"
    assert ax.get_ylabel() == "side seen, per cent of image"
    assert ax.get_ylim() == (0, 105) and ax.get_yscale() == "linear"


def test_shapes_go_to_the_right_as_maps_get_smaller():
    tables = several()
    (ax,) = figures.plot_shapes(tables, dict.fromkeys(tables, 1)).axes
    known = entries(ax.get_legend())
    assert all(look(line) == known[word] for word, line in named(ax).items())
    assert list(known) == list(tables)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel() == "side of a map in units" and ax.get_ylabel() == "number of maps"
    assert ax.get_xlim()[0] > ax.get_xlim()[1]
    assert ax.get_xticks().tolist() == [256, 64, 16, 4, 1]
    assert ax.get_yticks().tolist() == [1, 4, 16, 64, 256, 1024]


def test_the_skip_connection_goes_around_the_block_in_its_own_look():
    ax = figures.draw_residual_block(["low", "high"], join="·").axes[0]
    words = {text.get_text(): text.get_position() for text in ax.texts}
    assert ax.transData.transform((0, 0))[1] < ax.transData.transform((0, 1))[1]
    assert words["x"][1] < words["low"][1] < words["high"][1] < words["·"][1]
    boxes = sorted((p for p in ax.patches if isinstance(p, Rectangle)), key=lambda p: p.get_y())
    assert [box.get_y() for box in boxes] == [0.2, 1.2]
    around = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert len(around) == 1 and max(around[0].get_xdata()) > 1.5
    assert words["skip\nconnection"][0] > max(around[0].get_xdata())
    arrows = [p for p in ax.patches if not isinstance(p, Rectangle)]
    assert len(arrows) == 2 + 3


# --------------------------------------------------------------------------- in greyscale


def many_figures():
    """Draw one figure of each kind that has lines or marks of several kinds."""
    wide = pd.concat([RUNS.assign(network=name) for name in "abcde"])
    yield "history", figures.plot_history(HISTORY)
    yield "lines", figures.plot_lines(wide, "digits", "error", "network")
    yield "timeline", figures.plot_timeline(tables.events())
    some = zip("abcd", [*several().values()] * 2, strict=True)
    yield "growth", figures.plot_receptive_growth(dict(some))
    sizes = pd.DataFrame(
        {"parameters": range(1, 6), "error": 1.0, "kind": list("vwxyz"), "side": ""}
    )
    yield "sizes", figures.plot_sizes(sizes)


def test_what_a_legend_tells_apart_can_be_told_apart_without_colour():
    for name, fig in many_figures():
        legends = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
        assert legends, name
        for legend in legends:
            looks = [look[1:] for look in entries(legend).values()]
            assert len(set(looks)) == len(looks), name


def test_the_colours_are_those_of_okabe_and_ito():
    assert (BLUE, ORANGE, GREEN) == ("#0072B2", "#E69F00", "#009E73")
    light = sorted(map(lightness, (BLUE, ORANGE, INK)))
    assert all(after - before > 0.15 for before, after in itertools.pairwise(light))
    assert lightness(GREY) < 0.5 < lightness(PALE_BLUE) and lightness(PALE_ORANGE) > 0.8
