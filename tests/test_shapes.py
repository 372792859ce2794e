"""Sizes and receptive fields against brute force: slide the window, mark the pixels."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lenet_tutorial.shapes import (
    ARTICLE,
    LENET5,
    Window,
    output_size,
    pad_amounts,
    trace,
    transposed_output_size,
)

small = st.integers(1, 6)


def count_positions(size, kernel, stride, before, after, dilation):
    """Slide the kernel over the padded input, and count the positions where it fits."""
    padded, count, position = before + size + after, 0, 0
    while position + dilation * (kernel - 1) < padded:
        count += 1
        position += stride
    return count


@given(
    size=st.integers(1, 60),
    kernel=st.integers(1, 9),
    stride=small,
    padding=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    dilation=st.integers(1, 4),
)
def test_output_size_counts_the_positions_of_the_kernel(size, kernel, stride, padding, dilation):
    positions = count_positions(size, kernel, stride, *padding, dilation)
    if positions == 0:
        with pytest.raises(ValueError, match="no position fits"):
            output_size(size, kernel, stride, padding, dilation)
    else:
        assert output_size(size, kernel, stride, padding, dilation) == positions


@given(size=st.integers(1, 60), kernel=st.integers(1, 9), stride=small, dilation=st.integers(1, 4))
def test_same_padding_is_the_least_that_keeps_the_size(size, kernel, stride, dilation):
    before, after = pad_amounts(size, kernel, stride, "same", dilation)
    wanted = len(range(0, size, stride))
    assert output_size(size, kernel, stride, "same", dilation) == wanted
    assert count_positions(size, kernel, stride, before, after, dilation) == wanted
    assert 0 <= after - before <= 1  # the odd one comes after the input, as in Keras
    if before + after:  # one zero less, and a position is lost
        assert count_positions(size, kernel, stride, before, after - 1, dilation) < wanted


@given(size=st.integers(1, 60), kernel=st.integers(1, 9), stride=small)
def test_valid_padding_is_none(size, kernel, stride):
    assert pad_amounts(size, kernel, stride, "valid") == (0, 0)
    assume(kernel <= size)
    assert output_size(size, kernel, stride, "valid") == output_size(size, kernel, stride, 0)


@given(size=st.integers(1, 30), kernel=st.integers(1, 7), stride=small, padding=st.integers(0, 3))
def test_the_transposed_size_is_the_smallest_that_the_convolution_takes_back(
    size, kernel, stride, padding
):
    fits = [
        n for n in range(1, 300) if count_positions(n, kernel, stride, padding, padding, 1) == size
    ]
    smallest = stride * (size - 1) + kernel - 2 * padding
    if smallest < 1:
        with pytest.raises(ValueError, match="takes away all"):
            transposed_output_size(size, kernel, stride, padding)
    else:
        assert transposed_output_size(size, kernel, stride, padding) == fits[0]


windows = st.builds(
    Window,
    name=st.just("layer"),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.one_of(st.integers(0, 2), st.sampled_from(["valid", "same"])),
    dilation=st.integers(1, 2),
)


def pixels_seen(size, layers):
    """Return for each unit of the last layer the set of places it sees; padding counts too."""
    seen = {place: {place} for place in range(size)}
    width, jump, origin = size, 1, 0
    for layer in layers:
        before, after = pad_amounts(
            width, layer.kernel, layer.stride, layer.padding, layer.dilation
        )
        padded = range(-before, width + after)
        below = {
            place: seen.get(place) or {origin + place * jump + offset for offset in spread(seen)}
            for place in padded
        }
        units, start = [], -before
        while start + layer.dilation * (layer.kernel - 1) < width + after:
            taps = range(start, start + layer.dilation * layer.kernel, layer.dilation)
            units.append(set().union(*(below[place] for place in taps)))
            start += layer.stride
        seen = dict(enumerate(units))
        origin, jump = origin - before * jump, jump * layer.stride
        width = len(units)
    return seen


def spread(seen):
    """Offsets that one unit of this layer sees, counted from the first unit's own place."""
    first = min(seen[0])
    return {place - first for place in seen[0]}


@given(size=st.integers(1, 30), layers=st.lists(windows, min_size=1, max_size=4))
def test_receptive_field_against_marked_pixels(size, layers):
    try:
        reaches = trace(size, layers)
    except ValueError:
        assume(False)  # a kernel does not fit; other tests look at that
    for depth, reach in enumerate(reaches, 1):
        seen = pixels_seen(size, layers[:depth])
        assert reach.size == len(seen)
        for unit, places in seen.items():
            first, last = reach.pixels(unit)
            assert (min(places), max(places)) == (first, last)
            assert last - first + 1 == reach.receptive_field


def test_receptive_field_of_a_unit_by_poking_keras():
    """Change one input pixel at a time: the units that move are those that see it."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            keras.layers.Conv2D(1, 5),
            keras.layers.AveragePooling2D(2),
            keras.layers.Conv2D(1, 3, strides=2, padding="same"),
        ]
    )
    layers = [Window("C1", 5), Window("S2", 2, 2), Window("C3", 3, 2, "same")]
    reach = trace(20, layers)[-1]
    images = np.zeros((21, 20, 20, 1), "float32")
    images[np.arange(20), 9, np.arange(20)] = 1  # one pixel of row 9 in each; the last is empty
    answers = model.predict(images, verbose=0)
    moved = (answers[:20] != answers[20]).any(axis=(1, 3))  # (pixel, unit)
    assert moved.shape[1] == reach.size
    for unit in range(reach.size):
        first, last = reach.pixels(unit)
        inside = np.flatnonzero(moved[:, unit])
        assert (inside.min(), inside.max()) == (max(first, 0), min(last, 19))


def test_convolutions_that_run_have_the_computed_size():
    import keras

    ran = 0
    steps = ((1, 1), (2, 1), (3, 1), (1, 2))
    for size, kernel, (stride, dilation) in product(range(1, 16), (1, 2, 3, 5), steps):
        for padding in ("valid", "same"):
            if padding == "valid" and dilation * (kernel - 1) + 1 > size:
                continue  # no position fits
            row, weights = np.ones((1, size, 1)), np.ones((kernel, 1, 1))
            made = keras.ops.conv(row, weights, stride, padding, dilation_rate=dilation)
            assert made.shape[1] == output_size(size, kernel, stride, padding, dilation)
            ran += 1
    assert ran == 445


def test_keras_puts_an_odd_zero_after_the_input():
    import keras

    row = np.arange(1.0, 7.0).reshape(1, 6, 1)  # pixels 1 … 6
    copy_first = np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    made = keras.ops.conv(row, copy_first, strides=2, padding="same")
    assert pad_amounts(6, 3, 2, "same") == (0, 1)
    assert np.array(made).ravel().tolist() == [1.0, 3.0, 5.0]  # the first place starts at pixel 1


def test_lenet5_and_the_articles_network():
    walk = [(r.name, r.size, r.receptive_field) for r in trace(32, LENET5)]
    assert walk == [("C1", 28, 5), ("S2", 14, 6), ("C3", 10, 14), ("S4", 5, 16), ("C5", 1, 32)]
    walk = [(r.name, r.size, r.receptive_field) for r in trace(28, ARTICLE)]
    assert walk == [("C1", 24, 5), ("S2", 12, 6), ("C3", 8, 14), ("S4", 4, 16)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 4, "kernel": 5}, r"kernel covers 5 pixels.*padded input has only 4"),
        ({"size": 4, "kernel": 3, "dilation": 2}, r"kernel covers 5 pixels"),
        ({"size": 28, "kernel": 5, "stride": 0}, r"stride must be at least 1, got 0"),
        ({"size": -28, "kernel": 5}, r"input size must be at least 1, got -28"),
        ({"size": 0, "kernel": 1}, r"input size must be at least 1, got 0"),
        ({"size": 28, "kernel": 0}, r"kernel must be at least 1, got 0"),
        ({"size": 28.0, "kernel": 5}, r"input size must be a whole number, got 28\.0"),
        ({"size": 28, "kernel": 2.5}, r"kernel must be a whole number, got 2\.5"),
        ({"size": 28, "kernel": True}, r"kernel must be a whole number, got True"),
        ({"size": 28, "kernel": "5"}, r"kernel must be a whole number, got '5'"),
        ({"size": 28, "kernel": 5, "dilation": 0}, r"dilation must be at least 1, got 0"),
        ({"size": 28, "kernel": 5, "padding": -1}, r"padding must be at least 0, got -1"),
        ({"size": 28, "kernel": 5, "padding": (1, -1)}, r"padding must be at least 0, got -1"),
        ({"size": 28, "kernel": 5, "padding": (1, 2, 3)}, r"pair \(before, after\)"),
        ({"size": 28, "kernel": 5, "padding": "full"}, r"'valid', 'same' or a number.*'full'"),
    ],
)
def test_bad_input_is_named_with_the_rule(arguments, message):
    with pytest.raises(ValueError, match=message):
        output_size(**arguments)


def test_a_kernel_may_be_as_large_as_the_padded_input_and_no_larger():
    assert output_size(4, 6, padding=1) == 1
    with pytest.raises(ValueError, match=r"only 6: no position fits .*padding 1 \+ 1"):
        output_size(4, 7, padding=1)


def test_numpy_integers_are_whole_numbers_too():
    assert output_size(np.int64(28), np.uint8(5)) == 24


def test_trace_names_the_layer_that_does_not_fit():
    with pytest.raises(ValueError, match=r"^C3: the kernel covers 5 pixels"):
        trace(10, LENET5)
    with pytest.raises(ValueError, match="the list of layers is empty"):
        trace(10, [])


def test_a_unit_that_does_not_exist_is_named():
    s4 = trace(32, LENET5)[3]
    assert s4.pixels(4) == (16, 31)
    with pytest.raises(ValueError, match="S4 has units 0 to 4, got unit 5"):
        s4.pixels(5)
    with pytest.raises(ValueError, match="unit must be at least 0, got -1"):
        s4.pixels(-1)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_rule_of_keras_is_what_keras_makes(padding):
    import keras

    for size in (1, 2, 5, 7):
        for kernel in range(1, 6):
            for stride in range(1, 6):
                layer = keras.layers.Conv1DTranspose(1, kernel, stride, padding)
                made = layer.compute_output_shape((None, size, 1))[1]
                numbers = size, kernel, stride, padding
                assert transposed_output_size(*numbers, rule="keras") == made, numbers
                if padding == "valid":
                    smallest = transposed_output_size(*numbers)
                    assert smallest == made - max(stride - kernel, 0), numbers


def test_the_output_of_keras_beyond_the_smallest_size_is_the_bias_alone():
    import keras

    layer = keras.layers.Conv1DTranspose(
        1, 1, 2, kernel_initializer="ones", bias_initializer=keras.initializers.Constant(0.5)
    )
    made = np.array(layer(np.ones((1, 5, 1)))).ravel()
    assert len(made) == 10 == transposed_output_size(5, 1, 2, rule="keras")
    smallest = transposed_output_size(5, 1, 2)
    assert smallest == 9 and (made[smallest:] == 0.5).all() and made[smallest - 1] == 1.5


def test_a_transposed_convolution_with_bad_input():
    with pytest.raises(ValueError, match="rule must be 'smallest' or 'keras', got 'torch'"):
        transposed_output_size(4, 3, rule="torch")
    with pytest.raises(ValueError, match="padding must be 'valid' or 'same' with Keras, got 1"):
        transposed_output_size(4, 3, padding=1, rule="keras")
    with pytest.raises(ValueError, match="padding must be a whole number, got 'same'"):
        transposed_output_size(4, 3, padding="same")
    with pytest.raises(ValueError, match="stride must be at least 1"):
        transposed_output_size(4, 3, stride=0)
