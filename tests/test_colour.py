"""Dark is large: all pictures of values in the book use two colour maps, in one way.

Digits and amounts are ink on white paper. Values with a sign run from light yellow over grey, 0, to
dark blue; their limits lie as far below 0 as above it. The explorer has the same colours.
"""

import ast
import json
import re
from pathlib import Path

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from lenet_tutorial import figures
from lenet_tutorial.figures import style
from lenet_tutorial.models import lenet5_textbook
from lenet_tutorial.shapes import LENET5

mpl.use("Agg")
ROOT = Path(__file__).parent.parent
ALLOWED = {"gray_r", "cividis_r"}
#: What draws an array of values in colours, and would choose a colour map of its own.
PAINTERS = {"imshow", "matshow", "pcolor", "pcolormesh", "contourf", "hexbin", "hist2d", "spy"}
NO_COLOURS = {"spring", "summer", "autumn", "winter", "hot", "cool", "flag", "bone", "gray"}


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def lightness(colours):
    """Return the lightness L* of sRGB colours: how light a greyscale print is."""
    rgb = np.asarray(colours)[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ (0.2126, 0.7152, 0.0722)
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


# --------------------------------------------------------------------------- the table


@pytest.mark.parametrize("name", [style.INK_MAP, style.SIGNED_MAP])
def test_a_larger_value_is_darker_in_greyscale_too(name):
    steps = np.diff(lightness(mpl.colormaps[name](np.arange(256))))
    assert (steps < 0).all()
    assert lightness(mpl.colormaps[name](0)) > 90 > 15 > lightness(mpl.colormaps[name](255))


def test_zero_is_grey_between_yellow_and_blue():
    colours = mpl.colormaps[style.SIGNED_MAP]([0.0, 0.5, 1.0])[:, :3]
    yellow, grey, blue = colours
    assert np.ptp(grey) < 0.03 and lightness(grey) == pytest.approx(50, abs=4)
    assert min(yellow[:2]) > 0.85 and yellow[2] < 0.3
    assert blue[2] > 0.25 > 0.15 > max(blue[:2])


def test_values_with_a_sign_have_limits_around_zero():
    assert style.signed_look([0.5, -2], [[1]]) == {"cmap": "cividis_r", "vmin": -2, "vmax": 2}
    assert style.signed_look(np.uint8([3])) == {"cmap": "cividis_r", "vmin": -3, "vmax": 3}
    assert style.signed_look([0, 0])["vmax"] == 1  # all are grey
    assert style.signed_look([np.nan, -np.inf, 0.25])["vmax"] == 0.25


def test_amounts_begin_at_white_paper():
    assert style.amount_look([3, 7], [5]) == {"cmap": "gray_r", "vmin": 0, "vmax": 7}
    assert style.amount_look([0.0]) == {"cmap": "gray_r", "vmin": 0, "vmax": 1}
    assert style.look_of([0, 2]) == style.amount_look([2])
    assert style.look_of([0, 2], [-1]) == style.signed_look([2])


def test_forward_and_backward_are_told_apart_by_colour_and_line():
    forward, backward = style.FORWARD, style.BACKWARD
    assert (forward["ls"], backward["ls"]) == ("-", "--")
    light = [float(lightness(mpl.colors.to_rgb(look["color"]))) for look in (forward, backward)]
    assert max(light) < 60  # 3 : 1 on white, as a line that says something needs
    assert forward["color"] == style.BLUE and backward["color"] == style.DARK_ORANGE


# --------------------------------------------------------------------------- the figures


SIGNED = np.random.default_rng(0).normal(size=(5, 5, 6))
DIGITS = np.random.default_rng(1).random((4, 8, 8))
COUNTS = np.array([[9, 3, 1], [0, 9, 2], [1, 0, 9]])


def network():
    keras.utils.set_random_seed(0)
    return lenet5_textbook()


#: For each figure that shows arrays: how it is drawn, and what each picture in it is, in order.
FIGURES = {
    "plot_samples": (lambda: figures.plot_samples(DIGITS), ["digit"] * 4),
    "plot_pixels": (lambda: figures.plot_pixels(DIGITS[0]), ["digit"]),
    "plot_mistakes": (
        lambda: figures.plot_mistakes(DIGITS, [0, 0, 1, 1], np.eye(2)[[1, 1, 0, 1]]),
        ["digit"] * 3,
    ),
    "plot_receptive_fields": (
        lambda: figures.plot_receptive_fields(np.eye(32), LENET5),
        ["digit"] * 5,
    ),
    "plot_patches": (
        lambda: figures.plot_patches(DIGITS[None], SIGNED[None, ..., 0], ["map 0"], "k", "mean"),
        ["signed", *["digit"] * 5],
    ),
    "plot_feature_maps": (lambda: figures.plot_feature_maps(SIGNED), ["signed"] * 6),
    "plot_kernels": (lambda: figures.plot_kernels(SIGNED[:, :, None]), ["signed"] * 6),
    "plot_layers": (
        lambda: figures.plot_layers(network(), np.eye(32)[..., None]),
        ["digit", *["signed"] * (6 + 6 + 16 + 16 + 1 + 1)],
    ),
    "plot_numbers": (lambda: figures.plot_numbers([COUNTS, -COUNTS], "ab"), ["signed"] * 2),
    "plot_start_and_end": (
        lambda: figures.plot_start_and_end(SIGNED[:, :, None], 2 * SIGNED[:, :, None]),
        ["signed"] * 18,
    ),
    "plot_pushes": (
        lambda: figures.plot_pushes(DIGITS[0], DIGITS[1], DIGITS[2] - 0.5, (0, 0)),
        ["digit", "digit", "signed", "signed"],
    ),
    "plot_weight_matrices": (
        lambda: figures.plot_weight_matrices({"a": SIGNED[0], "b": np.eye(5)}),
        ["signed"] * 2,
    ),
    "plot_patch": (lambda: figures.plot_patch(DIGITS[0], 1, 2), ["digit"] * 2),
    "plot_one_value": (
        lambda: figures.plot_one_value(DIGITS[0][:5, :5], SIGNED[..., 0], 0.1),
        ["digit", "signed", "signed"],
    ),
    "plot_filtered": (
        lambda: figures.plot_filtered(
            DIGITS[0], {"a": SIGNED[..., 0], "b": SIGNED[..., 1]}, [-DIGITS[1], SIGNED[..., 2]]
        ),
        ["signed", "signed", "digit", "signed", "signed"],
    ),
    "plot_kernel_rows": (
        lambda: figures.plot_kernel_rows({"a": SIGNED[:, :, None], "b": SIGNED[:, :, None] / 2}),
        ["signed"] * 12,
    ),
    "plot_learning": (
        lambda: figures.plot_learning({"a": SIGNED[..., 0], "b": SIGNED[..., 1]}, np.ones(3)),
        ["signed"] * 2,
    ),
    "plot_sum_over_maps": (
        lambda: figures.plot_sum_over_maps(
            SIGNED, SIGNED / 2, [*SIGNED.T], SIGNED.sum(axis=2), np.tanh(SIGNED.sum(axis=2))
        ),
        ["signed"] * (3 * 6 + 2),
    ),
    "plot_confusion": (lambda: figures.plot_confusion(COUNTS), ["amount"]),
    "plot_exchange": (lambda: figures.plot_exchange([np.ones((2, 2))], ["then"]), ["amount"]),
}
FIGURES = {name: one for name, one in FIGURES.items() if hasattr(figures, name)}


def painted(tree):
    """Return the calls in a syntax tree that paint an array."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in calls if getattr(call.func, "attr", None) in PAINTERS]


def test_each_figure_that_paints_an_array_is_among_them():
    """Whoever writes a figure says above what its pictures are."""
    reach = {}  # the functions of the wing, and which of them each calls
    for name in ("convolution", "digits", "graphs", "inside", "networks", "runs", "sizes"):
        file = Path(figures.__file__).parent / f"{name}.py"
        if not file.exists():
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
                reach[node.name] = names | ({"!"} if painted(node) else set())
    for _ in reach:
        for name in reach:
            reach[name] |= set().union(*(reach.get(other, set()) for other in reach[name]))
    found = {name for name in reach if "!" in reach[name] and not name.startswith("_")}
    assert found == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_large_is_dark_in_every_figure(name):
    draw, kinds = FIGURES[name]
    fig = draw()
    images = [
        image
        for ax in fig.findobj(mpl.axes.Axes)
        for image in ax.images
        if ax.get_label() != "<colorbar>"
    ]
    assert len(images) == len(kinds)
    for image, kind in zip(images, kinds, strict=True):
        low, high = image.get_clim()
        values = image.get_array()
        if kind == "signed":
            assert image.get_cmap().name == "cividis_r"
            assert low == -high and high >= np.abs(values).max()
        else:
            assert image.get_cmap().name == "gray_r"
            assert high >= values.max()
            assert low == 0 if kind == "amount" else low <= values.min()


# --------------------------------------------------------------------------- all the rest


def programs():
    """Yield the name and the text of each program that may draw: chapters, package, scripts."""
    for folder in ("src", "scripts", "benchmarks", "book"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield f"{file.name} {cell['id']}", "".join(cell["source"])


PROGRAMS = dict(programs())


def test_no_program_names_another_colour_map():
    others = set(mpl.colormaps) - ALLOWED - NO_COLOURS
    for name, text in PROGRAMS.items():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant):
                assert not (isinstance(node.value, str) and node.value in others), (
                    name,
                    node.value,
                )
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("cm"):
                assert node.attr not in others | NO_COLOURS, (name, node.attr)
            if isinstance(node, ast.keyword) and node.arg == "cmap":
                known = ast.unparse(node.value) in {"INK_MAP", "SIGNED_MAP", *map(repr, ALLOWED)}
                assert known, (name, ast.unparse(node.value))


def test_whoever_paints_an_array_says_with_which_colours():
    count = 0
    for name, text in PROGRAMS.items():
        for call in painted(ast.parse(text)):
            count += 1
            words = {word.arg or ast.unparse(word.value) for word in call.keywords}
            said = any(re.search("cmap|look|scale|DIGIT", word) for word in words)
            assert said, (name, ast.unparse(call))
    assert count >= 12


def test_the_explorer_has_the_colours_of_the_figures():
    script = (ROOT / "book/_static/explorer/widgets.js").read_text(encoding="utf-8")
    table = re.search(r"const SIGNED = \(\s*([^;]*)\s*\)\.split", script)[1]
    stops = re.findall(r"\b[0-9a-f]{6}\b", table)
    assert len(stops) == 17
    places = np.linspace(0, 1, 17)
    rgb = np.array([[int(stop[at : at + 2], 16) for at in (0, 2, 4)] for stop in stops])
    assert np.abs(rgb - 255 * mpl.colormaps["cividis_r"](places)[:, :3]).max() <= 0.5
    # What the script mixes between them is as near as the eye can tell.
    every = np.linspace(0, 1, 256)
    mixed = np.stack([np.interp(every, places, rgb[:, part]) for part in range(3)], axis=1)
    far = np.abs(lightness(mixed / 255) - lightness(mpl.colormaps["cividis_r"](every)))
    assert far.max() < 1
    assert (np.diff(lightness(mixed / 255)) < 0).all()
    assert 'ink: ramp(["ffffff", "000000"])' in script
