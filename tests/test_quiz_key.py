"""The key to the questions, written a second time, with the reason why each answer is right.

Where the reason is a number, it is computed here; a moved mark, a changed answer and a wrong number
all fail. The pieces of the whys are computed in ``facts`` of ``test_quiz.py``.
"""

import math

import numpy as np
import pytest
from contents import CHAPTERS, asked
from scipy import ndimage

from lenet_tutorial import by_hand, models, results, shapes
from lenet_tutorial.reading.paths import Arc, best_path
from lenet_tutorial.reading.sliding import spell
from lenet_tutorial.shapes import LENET5, output_size, trace
from lenet_tutorial.tables import layer_table, networks, rivals

pytestmark = pytest.mark.book


def error(name, **where):
    """Return the mean test error of a long run on MNIST."""
    rows = results.read(name).query("dataset == 'mnist'")
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows), (name, where)
    return 1 - rows["test_accuracy"].mean()


def side(image, layer):
    return {one.name: one.size for one in trace(image, shapes.LENET5)}[layer]


def parameters(model, layer):
    return layer_table(model).loc[layer, "parameters"]


def best_dense_is_bigger_and_worse():
    rival = rivals().set_index("method")["test_error"]
    same = "family == 'dense network' and digits == 'as they are'"
    dense = rivals().query(same)["test_error"].min()
    return dense / rival["LeNet-5"] > 2.5 and 784 * 500 > 60_000


def changes_do_not_add_up():
    def of(pooling, activation):
        return error("changes", input_size=32, pooling=pooling, activation=activation)

    base = of("average", "tanh")
    alone = [base - of("max", "tanh"), base - of("average", "relu")]
    return base - of("max", "relu") <= max(alone) + 0.0005 and min(alone) > 0.003


def distortions_help_most():
    """Distortions gain most, weight decay less than three points, stopping early nothing."""
    errors = results.read("rescues").query("dataset == 'mnist'").groupby("recipe")["test_accuracy"]
    errors = 100 * (1 - errors.mean())
    gains = errors["nothing"] - errors
    return gains.idxmax() == "distortions" and gains["distortions"] > 2 * gains["dropout"]


def softmax_loses_one_at_the_right_class():
    scores, right = np.log([[0.2, 0.5, 0.3]]), np.array([1])
    slopes = by_hand.softmax_cross_entropy_backward(scores, right)
    return np.allclose(slopes, [[0.2, -0.5, 0.3]])


def a_shared_weight_adds_up_its_places():
    maps, slopes = np.ones((1, 32, 32, 1)), np.ones((1, 28, 28, 1))
    _, kernels, _ = by_hand.convolve_backward(slopes, maps, np.ones((5, 5, 1, 1)))
    return (kernels == 784).all()


def no_difference_at_2007_digits():
    paper, ours = 0.05, results.read("zip1989").query("recipe == 'paper'")["test_error"].mean()
    chance = math.sqrt(sum(p * (1 - p) / 2007 for p in (paper, ours)))
    return 0 < (paper - ours) / chance < 2


def distortion_raises_the_training_error():
    road = results.read("zip1989").groupby("recipe")[["train_error", "test_error"]].mean()
    step = road.loc["distort"] - road.loc["softmax"]
    return step["train_error"] > 0 > step["test_error"]


def moved(recipe, network):
    return error("tolerance", kind="shift", amount=4.0, recipe=recipe, network=network)


def shuffling(network):
    of = {one: error("rivals", recipe=one, network=network) for one in ("plain", "shuffled")}
    return of["shuffled"] / of["plain"]


def the_answer_before_pooling_and_after():
    values = np.linspace(-3, 3, 16).reshape(4, 4)[:, [2, 0, 3, 1]]
    after = np.tanh(values).max(axis=1)
    means = np.tanh(values).mean(axis=1), np.tanh(values.mean(axis=1))
    return np.array_equal(after, np.tanh(values.max(axis=1))) and not np.allclose(*means)


def pooling_after_a_shift():
    pixels = np.arange(64.0).reshape(8, 8) ** 2 % 11

    def pooled(shift):
        rolled = np.roll(pixels, shift, axis=1)
        return rolled.reshape(4, 2, 4, 2).mean(axis=(1, 3))

    moved_along = [np.array_equal(pooled(1), np.roll(pooled(0), by, axis=1)) for by in range(4)]
    return not any(moved_along) and np.array_equal(pooled(2), np.roll(pooled(0), 1, axis=1))


def slope_at_the_value(value):
    """Return the slope of 1.7159 tanh(2a/3) where it has a value."""
    return 2 / 3 * (1.7159 - value**2 / 1.7159)


def the_whole_recipe_and_its_best_variant_overlap():
    rows = results.read("strong").query("dataset == 'mnist'")
    return 100 * rows["test_accuracy"].std() > 0.01


def ink_in_the_light_is_as_bright():
    """Paper in a shadow that takes two thirds of the light, and a pen of a third of the paper's."""
    paper, pen, shadow = 0.93, 0.4, 1 / 3
    return pen * 1.0 >= paper * shadow


def the_paper_under_a_stroke(window):
    """Return the light that a closing finds where a stroke of five pixels stands."""
    light = np.full((40, 40), 0.9)
    light[:, 18:23] = 0.1
    assert ndimage.grey_closing(light, (3, 3))[20, 20] < 0.2
    return ndimage.grey_closing(light, (window, window))[20, 20]


def the_small_graph_is_read_as_40():
    """The graph of chapter 14: four paths, "40" the best of them."""
    arcs = [Arc(0, 1, "1", 0.2), Arc(1, 2, "1", 0.9), Arc(0, 2, "4", 0.6), Arc(0, 2, "9", 1.4)]
    penalty, path = best_path([*arcs, Arc(2, 3, "0", 0.1), Arc(1, 3, "6", 2.3)], 3)
    return [arc.label for arc in path] == ["4", "0"] and math.isclose(penalty, 0.7)


# (chapter, question): (the right answer, as far as it says which it is; why it is right)
def larger_batches_are_behind():
    """In one epoch they move the weights half as often, and end lower."""
    reached = results.read("one_epoch_parts").groupby("recipe")["val_accuracy"].mean()
    often = [-(-60_000 // size) for size in (512, 256)]
    return reached["batch 512"] < reached["one epoch"] and 2 * often[0] == often[1] + 1


def less_is_computed_without_the_border():
    """And hardly anything is lost."""
    reached = results.read("one_epoch_parts").groupby("recipe")["val_accuracy"].mean()
    costs = [
        layer_table(models.lenet5(28, "folded", maps=(16, 32), crop=crop))["multiply_adds"]
        for crop in (2, 0)
    ]
    fewer = costs[0]["C3"] / costs[1]["C3"] == (6 / 8) ** 2
    return fewer and abs(reached["one epoch"] - reached["whole picture"]) < 0.0005


KEY = {
    ("01", 1): ("Each unit was made to see 5 × 5 pixels", lambda: 784 * 5 * 5 == 19_600),
    ("01", 2): ("One rule that trains all layers", "fukushima1980 organised itself layer by layer"),
    ("01", 3): (
        "One weight serves many connections.",
        lambda: (
            parameters(models.lenet_1989(), "H1") - 768 == 12 * 25
            and networks().loc["1989 network", "connections"] == "64 660"
        ),
    ),
    ("01", 4): ("It is a yardstick", lambda: 1 - 1 / 10 > 0.18 > 10 * 0.0095),
    ("01", 5): ("It has no idea which pixels are neighbours.", best_dense_is_bigger_and_worse),
    ("02", 1): ("156", lambda: parameters(models.lenet5_textbook(), "C1")),
    ("02", 2): (
        "They stay as they are: 2 416.",
        lambda: {2_416} == {parameters(models.lenet5(input_size=size), "C3") for size in (28, 32)},
    ),
    ("02", 3): ("At the same window of 5 × 5 in all six maps", lambda: 5 * 5 * 6 == 2_400 / 16),
    ("02", 4): ("Where exactly a feature was found.", "a mean does not change with its order"),
    ("02", 5): ("It gives maps of 5 × 5 units.", lambda: side(48, "C5") == 5),
    ("03", 1): ("2", lambda: output_size(6, 3, stride=2)),
    ("03", 2): ("2", lambda: next(p for p in range(9) if output_size(28, 5, padding=p) == 28)),
    ("03", 3): ("14", lambda: output_size(28, 3, stride=2, padding="same")),
    ("03", 4): ("Because what neighbouring units see overlaps.", lambda: 16 + 4 * 4 == 32 < 5 * 16),
    ("03", 5): (
        "C5's kernels would not fit.",
        lambda: trace(28, LENET5[:4])[-1].size < LENET5[4].kernel,
    ),
    ("04", 1): ("Up, by 0.6 times the learning rate.", lambda: 1 - 0.1 * -0.6 > 1),
    ("04", 2): ("0.2, −0.5, 0.3", softmax_loses_one_at_the_right_class),
    ("04", 3): ("Because it is one number:", a_shared_weight_adds_up_its_places),
    ("04", 4): ("The slopes that arrive from above", "see what each backward step is given"),
    ("04", 5): ("Look for the mistake", "by_hand is apart by less than 1e-6"),
    ("05", 1): ("The number is too good", "the smallest of ten numbers is small by luck, too"),
    ("05", 2): (
        "The accuracy is the same, and the loss of A is smaller.",
        lambda: -math.log(0.9) < -math.log(0.5),
    ),
    ("05", 3): ("The accuracy has no slope", "it counts, and a count changes in steps"),
    ("05", 4): ("The network learns what is peculiar", "this is what overfitting means"),
    ("05", 5): ("No more than from one of them.", changes_do_not_add_up),
    ("08", 1): (
        "From C3 and the output, less what S2 and S4 had.",
        lambda: 900 + 850 - 44 == 61_706 - 60_000,
    ),
    ("08", 2): ("Act as a switch.", "it has a coefficient and a bias (lecun1998)"),
    ("08", 3): ("Refuse to answer.", lambda: 115 > 84 == 7 * 12),
    ("08", 4): (
        "It takes the longer step where the loss is flat.",
        lambda: 1 / (0.02 + 0.0) > 1 / (0.02 + 1.0),
    ),
    ("08", 5): ("All three, and what happened in the third.", "what is left out was measured too"),
    ("09", 1): ("It would look like an edge", "the background is −1, and zero lies above it"),
    ("09", 2): (
        "A map can be harder to excite at one place",
        lambda: parameters(models.lenet_1989(), "H1") == 12 * (25 + 64),
    ),
    ("09", 3): (
        "Because at its end the curve is flat.",
        lambda: slope_at_the_value(1) > 10 * slope_at_the_value(1.68),
    ),
    ("09", 4): ("That it reads about as well, and no more.", no_difference_at_2007_digits),
    ("09", 5): (
        "The network can't learn the digits by heart any more.",
        distortion_raises_the_training_error,
    ),
    ("06", 1): ("The network has learned its digits by heart.", "its loss would be near 0"),
    ("06", 2): ("A tenth of the learning rate.", lambda: 2 * 1.05 - 1 > 1 > 1 - 2 * 0.105),
    ("06", 3): ("They learn, and stay equal for ever.", "equal inputs and errors make equal steps"),
    ("06", 4): ("Distorted digits", distortions_help_most),
    ("06", 5): (
        "Softmax is applied twice.",
        lambda: round(math.log(1 + 9 / math.e), 2) == 1.46,
    ),
    ("07", 1): (
        "Not yet. One has to try S4 of an untrained network.",
        lambda: (
            error("probes", layer="S4", weights="trained")
            < error("probes", layer="S4", weights="untrained")
            < error("probes", layer="pixels")
        ),
    ),
    ("07", 2): (
        "The dense network never knew which pixels are neighbours.",
        lambda: shuffling("lenet5_article") > 4 and shuffling("784-56-10") < 1.2,
    ),
    ("07", 3): (
        "LeNet.",
        lambda: layer_table(models.lenet5_article())["multiply_adds"].sum() > 6 * 56 * 794,
    ),
    ("07", 4): ("It changes, and not just by moving along.", pooling_after_a_shift),
    ("07", 5): (
        "Convolutions, and shifted digits in training.",
        lambda: (
            moved("distorted", "lenet5_article")
            < min(moved("plain", "lenet5_article"), moved("plain", "784-300-10"))
        ),
    ),
    ("10", 1): (
        "Because the gradient is multiplied by the weights",
        lambda: 2.4 / math.sqrt(3) / 100 < math.sqrt(2 / 100),
    ),
    ("10", 2): ("All values are kept as they are.", lambda: 0.5 * 0 + 0.5 * 2 == 1),
    ("10", 3): (
        "It has fewer weights, and one activation function more.",
        lambda: 2 * 3 * 3 < 5 * 5,
    ),
    ("10", 4): ("It hands on its input", "x + 0 is x, and its slope is 1"),
    ("10", 5): ("In the first dense layer.", lambda: 7 * 7 * 512 * 4096 > 102e6),
    ("11", 1): ("Most of the time is not spent on sums and products.", "the rest is waiting"),
    ("11", 2): ("Nothing in the answers.", the_answer_before_pooling_and_after),
    ("11", 3): (
        "There were a quarter as many steps",
        lambda: (55_000 // 256) * 4 <= 55_000 // 64 <= (55_000 // 256 + 1) * 4,
    ),
    ("11", 4): ("So that strokes bend", "neighbours must move alike (simard2003)"),
    ("11", 5): ("No difference was seen.", the_whole_recipe_and_its_best_variant_overlap),
    ("12", 1): ("The mean of the two gradients.", lambda: (1 / 32 + 1 / 32) / 2 == 2 / 64),
    ("12", 2): ("2 (N − 1)/N · S", lambda: all(2 * (n - 1) / n < 2 for n in range(2, 999))),
    ("12", 3): ("The ring has 2 (N − 1) steps", lambda: 2 * (512 - 1) == 1_022 > 2 * (64 - 1)),
    ("12", 4): ("Take eight times the learning rate", "the linear scaling rule (goyal2017)"),
    ("12", 5): (
        "Weights and optimiser state are kept, and the order",
        "test_parallel.py kills a worker and compares the weights",
    ),
    ("13", 1): (
        "e to the power of 1000 is infinite in the computer",
        lambda: math.log(np.finfo(float).max) < 1000,
    ),
    ("13", 2): (
        "The products are not added up over the maps below.",
        "with one map there is nothing to add up",
    ),
    ("13", 3): (
        "All slopes are too large by the size of the batch",
        "the slope of a sum is as many times that of the mean",
    ),
    ("13", 4): (
        "Because the slope of a product depends on its other factor.",
        lambda: (3.001 * 7 - 3 * 7) / 0.001 - 7 < 1e-6,
    ),
    ("13", 5): (
        "That your functions return the right numbers on the arrays that were tried.",
        "test_exercises.py passes a function that is wrong elsewhere",
    ),
    ("14", 1): (
        "All its layers can be read as convolutions",
        "test_lines.py slides the network and compares with windows cut out",
    ),
    ("14", 2): ("In C1, where neighbouring windows share", lambda: 28 / 32 > 0 and 4 < 32),
    ("14", 3): ('"40", because its penalties add up to less.', the_small_graph_is_read_as_40),
    ("14", 4): ("447, three digits", lambda: spell(np.array([0, 5, 5, 0, 5, 8])) == "447"),
    ("14", 5): ("What is written on it.", "CTC takes a text and no places (graves2006)"),
    ("15", 1): ("Because ink in the light can be as bright", ink_in_the_light_is_as_bright),
    ("15", 2): ("Wider than a stroke.", lambda: the_paper_under_a_stroke(9) > 0.8),
    ("15", 3): (
        "One that touches the rim of the photograph.",
        "test_photographs.py lets a table come in from the edge",
    ),
    ("15", 4): (
        "Because the network was trained on digits that stand so.",
        "test_uploads.py holds the cut-out against MNIST's own place (lecun1998)",
    ),
    ("15", 5): (
        "That of the ten digits it clearly prefers this one.",
        "the probabilities of a softmax add up to 1, whatever is shown",
    ),
    ("16", 1): ("The epoch has half as many steps.", larger_batches_are_behind),
    ("16", 2): ("There are fewer products.", less_is_computed_without_the_border),
    ("16", 3): ("The 0.4", lambda: 0.3 * 0.4**2 / 2 < 8 * 0.1**2 / 2),
    ("16", 4): ("15", lambda: len(range(-(2**3 - 1), 2**3))),
    ("16", 5): ("Whether each reports its best run", "a best run is above its mean (warn2023)"),
}


def test_every_question_has_its_place_in_the_key():
    assert set(KEY) == {(path.name[:2], n) for path in CHAPTERS for n in range(1, 6)}


@pytest.mark.parametrize(("chapter", "number"), KEY)
def test_the_marked_answer_is_the_one_in_the_key(chapter, number):
    answer, reason = KEY[chapter, number]
    (path,) = [one for one in CHAPTERS if one.name.startswith(chapter)]
    options = [
        (right, text.replace("\u00a0", " ")) for right, text, _ in asked(path)[number - 1][1]
    ]
    meant = [right for right, text in options if text == answer or text.startswith(answer)]
    if answer.isdigit():
        meant = [right for right, text in options if text == answer]
    assert meant == [True], f"question {number} of {path.name}: {options}"
    if isinstance(reason, str):
        assert len(reason.split()) >= 4
    else:
        holds = reason()
        # The key has a number as its answer: it is computed, and no other answer has it.
        assert holds == int(answer) if answer.isdigit() else bool(holds), f"{chapter}, {number}"
