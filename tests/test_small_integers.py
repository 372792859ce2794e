"""NumPy's small whole numbers give what Python's give: the checked value is the one used.

Each call is made with plain ints, and again with each kind of NumPy integer that can hold its
numbers. They are chosen so that one of 8 or 16 bits overflows if it is computed with.
"""

import dataclasses
import functools
import inspect

import numpy as np
import pytest

from lenet_tutorial import _checks, figures, layers, models, pictures, shapes
from lenet_tutorial.images import check_images, check_labels, prepare
from lenet_tutorial.training import answers, parallel, set_seed, split_validation, worker
from lenet_tutorial.training.recipes import Recipe

KINDS = (np.uint8, np.int8, np.int16)


def drawn(figure):
    """Return what can be compared of a figure: its size and all that is placed in it."""
    import matplotlib.pyplot as plt

    seen = [tuple(figure.get_size_inches())]
    for ax in figure.axes:
        seen.append((ax.get_xlim(), ax.get_ylim(), ax.get_xlabel(), ax.get_title()))
        seen += [patch.get_window_extent().bounds for patch in ax.patches]
        seen += [(text.get_text(), text.get_position()) for text in ax.texts]
    plt.close(figure)
    return seen


def trace(size, kernel, stride, padding, dilation):
    """Return all that is known of two layers, and what their units see."""
    stack = [shapes.Window("A", kernel, stride, padding, dilation)]
    stack.append(shapes.Window("B", kernel, stride, (padding, padding), dilation))
    reaches = shapes.trace(size, stack)
    return [dataclasses.astuple(reach) for reach in reaches], reaches[-1].pixels(dilation - 1)


def place(size, field, jump, start, unit):
    return shapes.Reach("A", size, field, jump, start).pixels(unit)


def trained_layer(kernel_size, strides, before, after):
    layer = layers.TableConv2D([[0]], kernel_size, strides, (before, after))
    return layer.compute_output_shape((None, 120, 120, 1))


def same_draw(call):
    """Seed, and return what is drawn then."""
    call()
    return np.random.default_rng(np.random.randint(10**6)).random()  # noqa: NPY002


RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 20, 60)
MAPS = RNG.random((4, 4, 4))
KERNELS = RNG.random((3, 3, 1, 5))
RIGHT = np.eye(20)[RNG.integers(0, 20, 300)]
NOUGHTS = np.zeros(300, int)
STATES = [np.ones((2, 2))] * 3
IMAGES = np.zeros((200, 8, 8))


def recipe(epochs, batch_size, input_size, learning_rate):
    made = Recipe(
        "x", input_size, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate
    )
    return made.row(), made.epochs * made.batch_size * 3000, made.input_size * 3000


def steps(updates, share):
    made = Recipe("x", schedule="cosine", warmup=0.5, learning_rate=share)
    return made.new_optimizer(updates)._learning_rate.get_config()


CALLS = {
    "output_size": (shapes.output_size, (120, 3, 1, 100, 1)),
    "output_size, wide kernel": (shapes.output_size, (127, 60, 1, 0, 2)),
    "output_size, same": (shapes.output_size, (127, 100, 100, "same", 2)),
    "output_size, a pair": (shapes.output_size, (120, 3, 1, (100, 99), 1)),
    "pad_amounts": (shapes.pad_amounts, (127, 100, 100, "same", 2)),
    "layer_numbers": (shapes.layer_numbers, (127, 100, 100, (5, 6), 2)),
    "transposed_output_size": (shapes.transposed_output_size, (100, 5, 100, 2)),
    "trace, dilated": (trace, (120, 10, 1, 2, 5)),
    "trace, large steps": (trace, (127, 2, 12, 5, 1)),
    "pixels": (place, (120, 120, 100, -3, 100)),
    "draw_output_size": (lambda *a: drawn(figures.draw_output_size(*a)), (8, 3, 2, 3, 1)),
    "draw_receptive_field": (
        lambda size, kernel, stride, unit: drawn(
            figures.draw_receptive_field(
                size, [shapes.Window("A", kernel, stride), shapes.Window("B", 3, 3)], unit
            )
        ),
        (120, 30, 10, 1),
    ),
    "plot_samples": (lambda n: drawn(figures.plot_samples(IMAGES[:4], columns=n)), (3,)),
    "plot_feature_maps": (lambda n: drawn(figures.plot_feature_maps(MAPS, columns=n)), (3,)),
    "plot_kernels": (lambda n: drawn(figures.plot_kernels(KERNELS, columns=n)), (3,)),
    "plot_exchange": (lambda n: drawn(pictures.plot_exchange(STATES, "abc", columns=n)), (2,)),
    "confusion_matrix": (
        lambda labels, other, n: figures.confusion_matrix(labels, other, n).tolist(),
        (LABELS, LABELS[::-1], 20),
    ),
    "worst_mistakes": (
        lambda right, labels, n: figures.worst_mistakes(right, labels, n).tolist(),
        (RIGHT, NOUGHTS, 120),
    ),
    "check_images": (lambda n: check_images(IMAGES, n).shape, (8,)),
    "check_labels": (
        lambda labels, count, n: check_labels(labels, count, n).tolist(),
        (LABELS, 60, 20),
    ),
    "prepare": (lambda n: prepare(np.zeros((1, 28, 28), np.uint8), n).shape, (32,)),
    "split_validation": (
        lambda seed: split_validation(IMAGES, np.arange(200) % 10, seed=seed)[1].tolist(),
        (100,),
    ),
    "set_seed": (lambda seed: same_draw(lambda: set_seed(seed)), (100,)),
    "free_ports": (lambda count: len(parallel.free_ports(count)), (3,)),
    "cluster": (lambda port, index: parallel.cluster([port, port], index), (120, 1)),
    "order_of": (
        lambda seed, epoch, count: worker.order_of(seed, epoch, count).tolist(),
        (100, 100, 120),
    ),
    "share_of": (
        lambda index, workers: worker.share_of(np.arange(1000), index, workers).tolist(),
        (9, 10),
    ),
    "Recipe": (recipe, (100, 120, 28, 2)),
    "new_optimizer": (steps, (120, 1)),
    "lenet5": (lambda side, n: models.lenet5(side, classes=n).count_params(), (28, 120)),
    "TableConv2D": (trained_layer, (50, 3, 70, 71)),
    "TableConv2D's table": (
        lambda one, two: layers.TableConv2D([[one, two], [two]]).get_config()["table"],
        (100, 101),
    ),
    "FoldedConv2D": (
        lambda maps, kernel: layers.FoldedConv2D(maps, kernel).compute_output_shape(
            (None, 200, 200, 1)
        ),
        (120, 127),
    ),
    "Subsample": (
        lambda repeat: layers.Subsample(repeat).compute_output_shape((None, 8, 8, 100)),
        (100,),
    ),
    "check_whole": (lambda n: _checks.check_whole("n", n) * 1000, (100,)),
    "check_number": (lambda n: _checks.check_number("n", n) * 1000, (100,)),
    "check_one_of": (lambda n: _checks.check_one_of("n", n, (1, 100)) * 1000, (100,)),
}


def small(value, kind):
    """Turn whole numbers into this kind, inside pairs and arrays too."""
    if isinstance(value, tuple):
        return tuple(small(one, kind) for one in value)
    if isinstance(value, np.ndarray) and value.dtype == int:
        return value.astype(kind)
    if isinstance(value, int) and np.iinfo(kind).min <= value <= np.iinfo(kind).max:
        return kind(value)
    return value


@functools.cache
def plain(name):
    """Return what a call gives with Python's own numbers."""
    call, arguments = CALLS[name]
    return call(*arguments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("error:overflow")
def test_small_whole_numbers_give_what_ints_give(name, kind):
    call, arguments = CALLS[name]
    assert call(*(small(value, kind) for value in arguments)) == plain(name)


def test_the_case_of_the_wrapped_output_size():
    assert shapes.output_size(np.uint8(250), np.uint8(3), padding=10) == 268
    assert type(shapes.output_size(np.uint8(250), np.uint8(3), padding=10)) is int


def test_what_comes_back_is_plain():
    """A NumPy number that is handed on would overflow later."""
    window = shapes.Window("A", np.uint8(3), np.uint8(2), (np.uint8(1), np.uint8(2)), np.uint8(1))
    assert {type(value) for value in (window.kernel, window.stride, *window.padding)} == {int}
    made = Recipe("x", np.uint8(32), epochs=np.uint8(3), learning_rate=np.float32(0.5))
    assert [type(value) for value in (made.input_size, made.epochs)] == [int, int]
    assert type(made.learning_rate) is float
    assert type(_checks.check_one_of("n", np.str_("a"), ("a", "b"))) is str


@pytest.mark.parametrize("value", [True, np.True_, 28.0, np.float32(28), "28", None, 28j])
def test_one_rule_for_what_a_whole_number_is(value):
    """No float, not even 28.0, no bool and no text, wherever a whole number is asked for."""
    for refuse in (
        lambda: _checks.check_whole("n", value),
        lambda: _checks.check_one_of("n", value, (1, 28)),
        lambda: shapes.output_size(value, 1),
        lambda: shapes.output_size(28, 1, padding=(0, value)),
        lambda: shapes.trace(28, [shapes.Window("A", value)]),
        lambda: shapes.transposed_output_size(28, value),
        lambda: models.lenet5(value),
        lambda: models.lenet5(classes=value),
        lambda: Recipe("x", value),
        lambda: Recipe("x", epochs=value),
        lambda: layers.FoldedConv2D(3, value),
        lambda: layers.TableConv2D([[value]]),
        lambda: layers.TableConv2D([[0]], padding=(value, 0)),
        lambda: figures.plot_kernels(KERNELS, columns=value if value is not None else "no"),
        lambda: figures.worst_mistakes(RIGHT, NOUGHTS, value),
        lambda: figures.confusion_matrix(LABELS, LABELS, value),
        lambda: worker.order_of(value, 0, 5),
        lambda: parallel.cluster([value], 0),
        lambda: answers(None, None, value),
        lambda: set_seed(value),
    ):
        with pytest.raises(ValueError, match="must be"):
            refuse()


def test_a_bool_is_no_number_and_a_number_is_no_bool():
    for value in (True, np.True_):
        with pytest.raises(ValueError, match="must be at least 0, got"):
            _checks.check_number("n", value)
    with pytest.raises(ValueError, match="jit_compile must be one of"):
        Recipe("x", jit_compile=1)
    assert Recipe("x", jit_compile=True).jit_compile is True


def test_no_check_throws_its_value_away():
    """Wherever a check is called, what it returns is used."""
    import ast
    import pathlib

    package = pathlib.Path(inspect.getfile(_checks)).parent
    checks = {name for name in vars(_checks) if name.startswith("check_")} | {"_whole"}
    thrown = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                name = getattr(node.value.func, "id", getattr(node.value.func, "attr", ""))
                if name in checks:
                    thrown.append(f"{path.name}:{node.lineno} {name}")
    assert not thrown
