"""The figures' data: what is drawn, where, and with which words. nbval can't see a picture."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Polygon, Rectangle

from lenet_tutorial import figures, tables
from lenet_tutorial.models import lenet5_textbook
from lenet_tutorial.shapes import LENET5, Window
from lenet_tutorial.tables import layer_table

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def pictures(fig):
    """Return the axes that hold one picture each."""
    return [ax for ax in fig.axes if ax.images]


def words(fig):
    return [text.get_text() for text in fig.findobj(mpl.text.Text) if text.get_text()]


def test_samples_are_drawn_in_order_dark_on_white_with_their_labels():
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28))
    fig = figures.plot_samples(images, list("abcdefg"), columns=4)
    drawn = pictures(fig)
    assert len(drawn) == 7 and len(fig.axes) == 8
    for ax, image, label in zip(drawn, images, "abcdefg", strict=True):
        assert np.array_equal(ax.images[0].get_array(), image)
        assert ax.images[0].get_cmap().name == "gray_r"
        assert ax.get_title() == label


def test_pixels_are_written_with_their_values():
    image = np.array([[0, 255], [128, 3]], np.uint8)
    assert {"0", "255", "128", "3"} <= set(words(figures.plot_pixels(image)))
    ink = {text.get_text(): text.get_color() for text in figures.plot_pixels(image).axes[0].texts}
    assert ink["255"] == "white" and ink["0"] != "white"


def test_feature_maps_share_one_scale():
    maps = np.random.default_rng(0).normal(size=(5, 5, 6))
    drawn = pictures(figures.plot_feature_maps(maps))[:6]
    for i, ax in enumerate(drawn):
        assert np.array_equal(ax.images[0].get_array(), maps[..., i])
        reach = np.abs(maps).max()
        assert ax.images[0].get_clim() == (-reach, reach)
        assert ax.get_title() == f"map {i}"


def test_single_units_are_one_row():
    fig = figures.plot_feature_maps(np.arange(84.0))
    assert pictures(fig)[0].images[0].get_array().shape == (1, 84)
    assert fig.axes[0].get_xlabel() == "unit"


def test_kernels_of_one_input_and_of_several():
    weights = np.random.default_rng(0).normal(size=(5, 5, 1, 6))
    for i, ax in enumerate(pictures(figures.plot_kernels(weights))[:6]):
        assert np.array_equal(ax.images[0].get_array(), weights[:, :, 0, i])
        low, high = ax.images[0].get_clim()
        assert low == -high  # grey is zero
    weights = np.random.default_rng(0).normal(size=(5, 5, 6, 16))
    drawn = pictures(figures.plot_kernels(weights))
    assert np.array_equal(drawn[6 * 3 + 2].images[0].get_array(), weights[:, :, 2, 3])


def test_the_architecture_names_every_layer_and_size():
    table = layer_table(lenet5_textbook())
    shown = words(figures.draw_architecture(table))
    assert {"input", "1@32×32", *table.index, *table["output"]} <= set(shown)


def history(epochs=3):
    index = pd.RangeIndex(1, epochs + 1, name="epoch")
    names = ["accuracy", "loss", "val_accuracy", "val_loss"]
    values = np.random.default_rng(0).random((epochs, 4))
    return pd.DataFrame(values, index=index, columns=names)


def test_curves_are_told_apart_without_colour():
    table = history()
    fig = figures.plot_history(table)
    for ax, measure in zip(fig.axes, ("accuracy", "loss"), strict=True):
        training, validation = ax.lines
        assert np.array_equal(training.get_ydata(), table[measure])
        assert np.array_equal(validation.get_ydata(), table[f"val_{measure}"])
        assert training.get_linestyle() != validation.get_linestyle()
        assert training.get_marker() != validation.get_marker()
        assert ax.get_xlabel() == "epoch" and ax.get_ylabel() == measure


def test_the_confusion_matrix_counts_row_true_column_predicted():
    matrix = figures.confusion_matrix([0, 0, 1, 2], [0, 1, 1, 0], classes=3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    fig = figures.plot_confusion(matrix * 7)
    placed = {text.get_position(): text.get_text() for text in fig.axes[0].texts}
    assert placed == {(0, 0): "7", (1, 0): "7", (1, 1): "7", (0, 2): "7"}  # x is the column
    assert fig.axes[0].get_ylabel() == "true class"
    assert np.ma.is_masked(fig.axes[0].images[0].get_array()[0, 0])


def test_the_worst_mistakes_are_the_surest_wrong_answers():
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.99, 0.01], [0.3, 0.7]])
    labels = np.array([1, 1, 0, 1, 0])  # wrong: 0 (0.9), 2 (0.6), 3 (0.99), 4 (0.7)
    assert figures.worst_mistakes(answers, labels).tolist() == [3, 0, 4, 2]
    assert figures.worst_mistakes(answers, labels, 2).tolist() == [3, 0]
    images = np.arange(5 * 4).reshape(5, 2, 2)
    drawn = pictures(figures.plot_mistakes(images, labels, answers, count=2))
    assert [ax.get_title() for ax in drawn] == ["1 → 0\n99%", "1 → 0\n90%"]
    assert np.array_equal(drawn[0].images[0].get_array(), images[3])


def test_the_spread_shows_every_run_and_the_mean():
    table = pd.DataFrame({"net": list("aabb"), "error": [1.0, 3.0, 5.0, 6.0]})
    ax = figures.plot_spread(table, "error", "net", percent=False).axes[0]
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 3], [2], [5, 6], [5.5]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]


def test_the_timeline_shows_every_event_with_its_year():
    events = tables.events()
    shown = words(figures.plot_timeline(events))
    drawn = " ".join(shown).replace("\n", " ")
    for _, event in events.iterrows():
        assert str(event["when"]) in shown
        assert event["event"] in drawn
    with pytest.raises(ValueError, match="order of time"):
        figures.plot_timeline(events.iloc[::-1])


@pytest.mark.parametrize(
    ("arguments", "out", "zeros", "crossed"),
    [
        ({"size": 5, "kernel": 3}, 3, 0, 0),
        ({"size": 5, "kernel": 3, "padding": 1}, 5, 49 - 25, 0),
        ({"size": 6, "kernel": 3, "stride": 2}, 2, 0, 11),  # one row and one column are left over
        ({"size": 6, "kernel": 3, "stride": 2, "padding": "same"}, 3, 49 - 36, 0),
        ({"size": 7, "kernel": 3, "dilation": 2}, 3, 0, 0),
        ({"size": 8, "kernel": 2, "stride": 3}, 3, 0, 64 - 36),
    ],
)
def test_the_drawing_of_a_size_has_that_size(arguments, out, zeros, crossed):
    fig = figures.draw_output_size(**arguments)
    left, right = fig.axes
    assert right.get_xlabel() == f"output {out}×{out}"
    assert len(right.patches) == out * out
    assert sum(patch.get_hatch() == "..." for patch in left.patches) <= zeros
    grey = [p for p in left.patches if p.get_hatch() == "..." or is_padding(p, arguments)]
    assert len(grey) == zeros
    assert sum(text.get_text() == "×" for text in left.texts) == crossed


def is_padding(patch, arguments):
    """A covered cell of the padding has lost its hatch; its place gives it away."""
    from lenet_tutorial.shapes import pad_amounts

    if isinstance(patch, Polygon) or patch.get_width() != 1 or patch.get_hatch() == "...":
        return False
    size = arguments["size"]
    before, _ = pad_amounts(**arguments)
    inside = all(before <= place < before + size for place in patch.get_xy())
    return not inside


def test_the_receptive_field_drawing_marks_the_units_that_are_seen():
    fig = figures.draw_receptive_field(32, LENET5, unit=0)
    counted = [text for text in words(fig) if " of " in text]
    assert counted == ["32 of 32", "28 of 28", "14 of 14", "10 of 10", "5 of 5", "1 of 1"]
    fig = figures.draw_receptive_field(32, LENET5[:4], unit=2)
    assert "16 of 32" in words(fig)
    with pytest.raises(ValueError, match="S4 has units 0 to 4, got unit 5"):
        figures.draw_receptive_field(32, LENET5[:4], unit=5)


def test_the_boxes_are_as_large_as_the_receptive_fields():
    fig = figures.plot_receptive_fields(np.zeros((32, 32)), LENET5)
    boxes = [next(p for p in ax.patches if isinstance(p, Rectangle)) for ax in pictures(fig)]
    assert [box.get_width() for box in boxes] == [5, 6, 14, 16, 32]
    assert [ax.get_title() for ax in pictures(fig)][2] == "C3: 14×14"


def test_the_readers_own_style_is_left_alone():
    before = plt.rcParams["font.size"], plt.rcParams["figure.dpi"]
    figures.plot_history(history())
    assert (plt.rcParams["font.size"], plt.rcParams["figure.dpi"]) == before
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, the style is put back
        figures.plot_history(history().drop(columns="loss"))
    assert plt.rcParams["font.size"] == before[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.plot_samples(np.zeros((28, 28))), r"shape \(n, height, width\).*\(28, 28"),
        (lambda: figures.plot_samples(np.zeros((0, 28, 28))), "n ≥ 1"),
        (lambda: figures.plot_samples(np.zeros((2, 8, 8)), [1]), "2 images and 1 labels"),
        (lambda: figures.plot_feature_maps(np.zeros((2, 2))), r"got \(2, 2\)"),
        (lambda: figures.plot_kernels(np.zeros((5, 5, 6))), r"\(k, k, inputs, outputs\)"),
        (lambda: figures.plot_history(pd.DataFrame({"loss": [1]})), "lacks the columns"),
        (lambda: figures.plot_confusion(np.zeros((2, 3))), "square"),
        (lambda: figures.confusion_matrix([0, 1], [0]), "2 images and 1 labels"),
        (lambda: figures.confusion_matrix([0], [10]), "labels must be 0 to 9, got 10"),
        (lambda: figures.worst_mistakes(np.zeros(3), [0]), r"shape \(n, classes\), got \(3,\)"),
        (lambda: figures.worst_mistakes(np.eye(3), [0]), "3 images and 1 labels"),
        (
            lambda: figures.plot_mistakes(np.zeros((2, 8, 8)), [0, 1], np.eye(2)),
            "there are no mistakes",
        ),
        (lambda: figures.draw_output_size(3, 5), "no position fits"),
        (lambda: figures.draw_receptive_field(3, [Window("C1", 5)]), "C1: the kernel covers"),
        (lambda: figures.plot_receptive_fields(np.zeros((8, 9)), LENET5), "must be square"),
    ],
)
def test_bad_input_is_named_with_the_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_one_value_is_drawn_with_its_numbers_and_its_place_on_the_curve():
    patch = np.array([[0.0, 1.0], [0.5, 0.25]])
    kernel = np.array([[2.0, -1.0], [0.5, 4.0]])
    fig = figures.plot_one_value(patch, kernel, 0.5)
    pixels, weights, products, curve = fig.axes
    for ax, values in ((pixels, patch), (weights, kernel), (products, patch * kernel)):
        assert np.array_equal(ax.images[0].get_array(), values)
        assert len(ax.texts) == 4
    assert [text.get_text() for text in products.texts] == ["0.00", "−1.00", "0.25", "1.00"]
    sum_, value = (float(data[0]) for data in curve.lines[1].get_data())
    assert sum_ == 0.75 and value == np.tanh(0.75)


def test_a_patch_is_framed_where_it_lies():
    image = np.arange(64.0).reshape(8, 8) / 63
    fig = figures.plot_patch(image, 2, 4, size=3)
    whole, part = fig.axes
    frame = next(one for one in whole.patches if isinstance(one, Rectangle))
    assert (frame.get_x(), frame.get_y(), frame.get_width()) == (3.5, 1.5, 3)
    assert np.array_equal(part.images[0].get_array(), image[2:5, 4:7])


def test_weights_that_are_zero_are_drawn_as_no_connection():
    full, band = np.ones((2, 3)), np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    fig = figures.plot_weight_matrices({"full": full, "band": band})
    assert [ax.get_title() for ax in fig.axes] == ["full", "band"]
    drawn = fig.axes[1].images[0].get_array()
    assert np.ma.getmaskarray(drawn).sum() == 4
    assert drawn[1, 1] == -1 and fig.axes[0].images[0].get_clim() == (-1, 1)


def test_a_sum_over_maps_shows_every_part():
    rng = np.random.default_rng(0)
    maps, kernels = rng.normal(size=(6, 6, 3)), rng.normal(size=(2, 2, 3))
    parts = [rng.normal(size=(5, 5)) for _ in range(3)]
    total = sum(parts)
    fig = figures.plot_sum_over_maps(maps, kernels, parts, total, np.tanh(total))
    drawn = [ax.images[0].get_array() for ax in pictures(fig)]
    expected = [*maps.transpose(2, 0, 1), *kernels.transpose(2, 0, 1), *parts, total]
    expected.append(np.tanh(total))
    assert len(drawn) >= len(expected)
    for one, other in zip(drawn, expected, strict=False):
        assert np.array_equal(one, other)
    assert {"+", "=", "→"} <= set(words(fig))


def test_kernels_are_drawn_above_what_they_make():
    image, kernel = np.eye(5), np.ones((3, 3))
    fig = figures.plot_filtered(image, {"blur": kernel}, [np.full((3, 3), 2.0)])
    drawn = [ax.images[0].get_array() for ax in pictures(fig)]
    assert any(np.array_equal(one, kernel) for one in drawn)
    assert any(np.array_equal(one, np.full((3, 3), 2.0)) for one in drawn)
    with pytest.raises(ValueError, match="1 kernels and 0 maps"):
        figures.plot_filtered(image, {"blur": kernel}, [])


def test_kernels_before_and_after_share_one_scale():
    before, after = np.zeros((3, 3, 1, 2)), np.ones((3, 3, 1, 2))
    fig = figures.plot_kernel_rows({"before": before, "after": after})
    assert [ax.images[0].get_clim() for ax in pictures(fig)[:4]] == 4 * [(-1, 1)]
    assert {"before", "after", "kernel 0", "kernel 1"} <= set(words(fig))


def test_learning_is_drawn_with_all_its_errors():
    kernels = {name: np.full((3, 3), size) for size, name in enumerate(("start", "learned"))}
    fig = figures.plot_learning(kernels, np.array([1.0, 0.1, 0.01]))
    assert fig.axes[-1].lines[0].get_ydata().tolist() == [1.0, 0.1, 0.01]
    assert fig.axes[-1].get_yscale() == "log"
