"""The checks of "Build it yourself": they pass what is right, and say what is wrong."""

import ast
import re
import textwrap

import nbformat
import numpy as np
import pytest
from contents import ROOT, code_cells, read

from lenet_tutorial import by_hand, comparing, from_nothing
from lenet_tutorial.exercises import EMPTY, PASSED, TASKS, check, passes, verdict

CHAPTER = ROOT / "chapters" / "13-build-it-yourself.ipynb"
SOLUTIONS = ROOT / "chapters" / "solutions" / "13-build-it-yourself.ipynb"


def functions(path):
    """Return the functions that a notebook defines, by their names, and nothing else of it."""
    names = {"np": np, "check": lambda *_: None}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            found = [n for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)]
            exec(compile(ast.Module(found, []), path.stem, "exec"), names)
    return names


@pytest.fixture(scope="module")
def solved():
    return functions(SOLUTIONS)


@pytest.fixture(scope="module")
def unsolved():
    return functions(CHAPTER)


# --------------------------------------------------------------------------- the notebooks


@pytest.mark.parametrize("name", TASKS)
def test_the_solution_passes(solved, name):
    assert verdict(solved[name]) == PASSED


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.needed])
def test_the_empty_function_of_the_chapter_is_not_written_yet(unsolved, name):
    assert verdict(unsolved[name]) == EMPTY
    assert len(unsolved[name].__doc__) > 40


def test_the_chapter_asks_for_the_functions_in_the_order_of_the_checks():
    text = "\n".join(cell.source for cell in code_cells(read(CHAPTER)))
    asked = re.findall(r"^check\((\w+)\)$", text, re.MULTILINE)
    assert asked == [name for name, task in TASKS.items() if task.needed]
    assert len(asked) == 12


def test_the_solutions_have_the_given_cells_and_the_same_signatures(solved, unsolved):
    for name in ("forward", "gradient", "learn"):
        assert solved[name].__code__.co_code == unsolved[name].__code__.co_code, name
    for name, task in TASKS.items():
        if task.needed:
            ours, theirs = (f[name].__code__ for f in (solved, unsolved))
            count = theirs.co_argcount
            assert ours.co_varnames[:count] == theirs.co_varnames[:count], name
            assert solved[name].__defaults__ == unsolved[name].__defaults__, name


def test_the_forward_pass_that_is_given_is_that_of_chapter_4(solved):
    start = from_nothing.start(seed=1)
    images = np.random.default_rng(0).random((2, 32, 32, 1), np.float32)
    ours, theirs = solved["forward"](images, start), from_nothing.forward(images, start)
    assert list(ours) == list(theirs)
    assert all(np.allclose(ours[name], theirs[name], atol=1e-5) for name in theirs)


def test_a_network_of_the_solutions_learns(solved):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(40, 32, 32, 1)).astype(np.float32)
    labels = np.arange(40) % 2
    images[labels == 1, 10:20] += 1
    weights = from_nothing.start(seed=0)
    losses = solved["train"](solved["gradient"], weights, images, labels, 10, size=10)
    assert len(losses) == 40 and losses[-1] < 0.3 < losses[0]


# --------------------------------------------------------------------------- plausible mistakes

#: For each function, bodies that a reader might write: what is wrong, the code, what is said of it.
WRONG = [
    ("convolve", "the kernel is turned round", "return right(maps, kernels[::-1, ::-1], biases)"),
    ("convolve", "the bias is forgotten", "return right(maps, kernels, 0)"),
    ("convolve", "one map below", "return right(maps[..., :1], kernels[:, :, :1], biases)"),
    ("convolve", "one place short", "return right(maps, kernels, biases)[:, :-1, :-1]"),
    ("convolve", "padded to the same size", """
        around = [(0, 0), (1, 1), (1, 1), (0, 0)]
        return right(np.pad(maps, around), kernels, biases)"""),
    ("average_pool", "the largest in place of the mean", "return by_hand.max_pool(maps)"),
    ("average_pool", "the sum", "return right(maps) * 4"),
    ("average_pool", "a stride of 1", """
        up, down = maps[:, :-1], maps[:, 1:]
        return (up[:, :, :-1] + up[:, :, 1:] + down[:, :, :-1] + down[:, :, 1:]) / 4"""),
    ("average_pool", "rows only", "return (maps[:, ::2] + maps[:, 1::2]) / 2"),
    ("dense", "no bias", "return values @ weights"),
    ("dense", "the other way round", "return weights @ values + biases"),
    ("dense", "element by element", "return values * weights + biases"),
    ("dense", "a bias for each image", "return values @ weights + biases[0]"),
    ("softmax", "overflow", "e = np.exp(scores)\nreturn e / e.sum(axis=1, keepdims=True)"),
    ("softmax", "over the batch", """
        e = np.exp(scores - scores.max())
        return e / e.sum(axis=0, keepdims=True)"""),
    ("softmax", "over everything", "e = np.exp(scores - scores.max())\nreturn e / e.sum()"),
    ("softmax", "the largest of all rows is taken away", """
        e = np.exp(scores - scores.max())
        return e / e.sum(axis=1, keepdims=True)"""),
    ("cross_entropy", "the sign", "return -right(scores, labels)"),
    ("cross_entropy", "the sum in place of the mean", "return right(scores, labels) * len(labels)"),
    ("cross_entropy", "a loss for each image", """
        p = by_hand.softmax(scores)
        return -np.log(p[np.arange(len(labels)), labels])"""),
    ("cross_entropy", "the logarithm of 0", """
        p = by_hand.softmax(scores)
        return -np.log(p[np.arange(len(labels)), labels]).mean()"""),
    ("cross_entropy", "to the base 10", "return right(scores, labels) / np.log(10)"),
    ("softmax_cross_entropy_backward", "not divided", "return right(scores, labels) * len(labels)"),
    ("softmax_cross_entropy_backward", "y - p", "return -right(scores, labels)"),
    ("softmax_cross_entropy_backward", "the truth is forgotten", """
        return by_hand.softmax(scores) / len(labels)"""),
    ("softmax_cross_entropy_backward", "of the scores", """
        return (scores - np.eye(scores.shape[1])[labels]) / len(labels)"""),
    ("dense_backward", "another order", """
        of_values, of_weights, of_biases = right(slopes, values, weights)
        return of_weights, of_values, of_biases"""),
    ("dense_backward", "the mean over the batch", """
        of_values, of_weights, of_biases = right(slopes, values, weights)
        return of_values, of_weights / len(values), of_biases / len(values)"""),
    ("dense_backward", "a bias for each image", """
        return slopes @ weights.T, values.T @ slopes, slopes"""),
    ("dense_backward", "two of three", "return right(slopes, values, weights)[:2]"),
    ("tanh_backward", "tanh again", "return slopes * (1 - np.tanh(outputs) ** 2)"),
    ("tanh_backward", "the slopes are forgotten", "return 1 - outputs**2"),
    ("tanh_backward", "no square", "return slopes * (1 - outputs)"),
    ("tanh_backward", "changed in place", "slopes *= 1 - outputs**2\nreturn slopes"),
    ("average_pool_backward", "not shared out", "return right(slopes) * 4"),
    ("average_pool_backward", "rows only", "return slopes.repeat(2, axis=1) / 2"),
    ("average_pool_backward", "tiled", "return np.tile(slopes, (1, 2, 2, 1)) / 4"),
    ("average_pool_backward", "to the first value only", """
        out = np.zeros((len(slopes), 2 * slopes.shape[1], 2 * slopes.shape[2], slopes.shape[3]))
        out[:, ::2, ::2] = slopes
        return out"""),
    ("convolve_backward", "the kernel is turned round", """
        _, of_kernels, of_biases = right(slopes, maps, kernels)
        return right(slopes, maps, kernels[::-1, ::-1])[0], of_kernels, of_biases"""),
    ("convolve_backward", "overwritten where it must be added", """
        of_maps, of_kernels, of_biases = right(slopes, maps, kernels)
        rows, columns = slopes.shape[1:3]
        of_maps = np.zeros_like(maps)
        for i, j in np.ndindex(kernels.shape[:2]):
            of_maps[:, i : i + rows, j : j + columns] = slopes @ kernels[i, j].T
        return of_maps, of_kernels, of_biases"""),
    ("convolve_backward", "the mean over the batch", """
        of_maps, of_kernels, of_biases = right(slopes, maps, kernels)
        return of_maps, of_kernels / len(maps), of_biases"""),
    ("convolve_backward", "a bias for each place", """
        return *right(slopes, maps, kernels)[:2], slopes.sum(axis=0)"""),
    ("backward", "one tanh is forgotten", "return right_of(v, labels, parameters, tanh=False)"),
    ("backward", "the last layer first", "return right(v, labels, parameters)[0][::-1]"),
    ("backward", "without the biases", "return right(v, labels, parameters)[0][::2]"),
    ("backward", "the sign", "return [-one for one in right(v, labels, parameters)[0]]"),
    ("max_pool", "the mean", "return by_hand.average_pool(maps)"),
    ("max_pool", "begins at 0", "return np.maximum(right(maps), 0)"),
    ("max_pool", "the largest size", "return right(np.abs(maps))"),
    ("max_pool", "rows only", "return np.maximum(maps[:, ::2], maps[:, 1::2])"),
    ("max_pool_backward", "to all the largest", """
        top = by_hand.max_pool(maps).repeat(2, axis=1).repeat(2, axis=2)
        return slopes.repeat(2, axis=1).repeat(2, axis=2) * (maps == top)"""),
    ("max_pool_backward", "to all four", "return slopes.repeat(2, axis=1).repeat(2, axis=2)"),
    ("max_pool_backward", "a quarter", "return by_hand.average_pool_backward(slopes)"),
    ("max_pool_backward", "the value in place of the slope", """
        return right(np.ones_like(slopes), maps) * maps"""),
]  # fmt: skip

LOOP = """
def train(gradient, parameters, images, labels, epochs,
          rate=0.05, momentum=0.9, size=64, seed=0):
    rng, losses = np.random.default_rng(seed), []
    speeds = [np.zeros_like(w) for w in parameters]
    starts = range(0, len(images), size)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for first in starts:
            some = order[first : first + size]
            now = rate * (1 - len(losses) / (epochs * len(starts)))
            loss, slopes = gradient(images[some], labels[some], parameters)
            losses.append(loss)
            for w, v, slope in zip(parameters, speeds, slopes):
                v[:] = momentum * v - now * slope
                w += v
    return losses
"""
#: What is exchanged in the loop of the solutions.
SLIPS = {
    "momentum has the other sign": ("momentum * v", "-momentum * v"),
    "uphill": ("- now * slope", "+ now * slope"),
    "no momentum": ("momentum * v - now", "-now"),
    "the rate does not fall": ("rate * (1 - len(losses) / (epochs * len(starts)))", "rate"),
    "the rate falls anew": ("len(losses) / (epochs * len(starts))", "first / len(images)"),
    "the same order in each epoch": ("rng.permutation(len(images))", "np.arange(len(images))"),
    "shuffled once": (
        "rng.permutation(len(images))", "np.random.default_rng(seed).permutation(len(images))"
    ),
    "the labels are not shuffled": ("labels[some]", "labels[first : first + size]"),
    "the last batch is left out": ("len(images), size)", "len(images) - size, size)"),
    "one epoch": ("in range(epochs)", "in range(1)"),
    "not in place": ("w += v", "w = w + v"),
    "speeds begin anew": ("losses.append", "speeds = [0 * v for v in speeds]; losses.append"),
    "nothing is returned": ("return losses", ""),
    "the mean is returned": ("return losses", "return np.mean(losses)"),
    "the parameters are returned": ("return losses", "return parameters"),
}  # fmt: skip


def right_of(v, labels, parameters, tanh):
    """Return what `backward` does with the slope of tanh left out."""
    kept = by_hand.tanh_backward
    from_nothing.tanh_backward = kept if tanh else lambda slopes, outputs: slopes
    try:
        return from_nothing.backward(v, labels, parameters)[0]
    finally:
        from_nothing.tanh_backward = kept


def written(name, body, solved):
    """Return a function as a reader might have written it."""
    code = solved[name].__code__
    arguments = ", ".join(code.co_varnames[: code.co_argcount])
    body = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    right = from_nothing.backward if name == "backward" else getattr(by_hand, name)
    names = {"np": np, "by_hand": by_hand, "right": right, "right_of": right_of}
    exec(f"def {name}({arguments}):\n{body}", names)
    return names[name]


@pytest.mark.parametrize(("name", "slip", "body"), WRONG, ids=[f"{n}: {s}" for n, s, _ in WRONG])
def test_a_plausible_mistake_is_found(solved, name, slip, body):
    said = verdict(written(name, body, solved))
    assert said not in (PASSED, EMPTY), slip
    assert "\n" not in said and len(said) < 200
    assert re.search(r"wrong (value|shape)|raises|returns|changes its argument", said), said


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_loop_is_found(slip):
    old, new = SLIPS[slip]
    assert LOOP.count(old) == 1
    names = {"np": np}
    exec(LOOP, names)
    assert verdict(names["train"]) == PASSED
    exec(LOOP.replace(old, new), names)
    said = verdict(names["train"])
    assert said not in (PASSED, EMPTY) and "raises" not in said


def test_every_function_has_three_plausible_mistakes_or_more():
    for name in TASKS:
        count = len(SLIPS) if name == "train" else sum(one == name for one, *_ in WRONG)
        assert count >= 3, name


# --------------------------------------------------------------------------- what is said


def dense(values, weights, biases):
    return values @ weights + biases


def test_a_line_for_each_function(capsys):
    def softmax(scores):
        """Return something."""

    def cross_entropy(scores, labels):
        raise NotImplementedError

    def average_pool(maps): ...

    check(dense, softmax, cross_entropy, average_pool)
    told = capsys.readouterr().out.splitlines()
    empty = [f"{name}: not written yet" for name in ("softmax", "cross_entropy", "average_pool")]
    assert told == ["dense: passed", *empty]
    assert passes(dense) and not passes(dense, softmax) and passes()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "return values @ weights",
            "wrong value at [0, 0]: 0, expected -0.59985, "
            "where all weights are 0 and the biases are not",
        ),
        ("return values", "wrong shape (1, 3), expected (1, 1), for one unit"),
        ("return 'x'", "returns a str, expected an array of shape (1, 1), for one unit"),
        ("return values @ weights, biases", "returns a tuple, expected an array of shape (1, 1), "),
        ("values @ weights", "returns nothing: is `return` missing?, for one unit"),
        ("return 1 / 0", "raises ZeroDivisionError in line 2 (division by zero), for one unit"),
        ("raise SystemExit(3)", "raises SystemExit in line 2 (3), for one unit"),
        ("values[:] = 0\nreturn values @ weights", "changes its argument values; copy it first"),
        ("return (values @ weights + biases) * np.nan", "wrong value at [0, 0]: nan, expected "),
        ("return (values @ weights + biases).astype(complex)", "returns a ndarray, expected an"),
    ],
)
def test_it_is_said_what_is_wrong(solved, body, said):
    found = verdict(written("dense", body, solved))
    assert found == said or (said.endswith((" ", "first", "an")) and found.startswith(said)), found


def test_what_is_said_of_a_turned_kernel_names_the_case(solved):
    """In the first case nothing but the one slip shows, so the line says what to look at."""
    said = verdict(written("convolve", "return right(maps, kernels[::-1, ::-1], biases)", solved))
    assert said.endswith(", where the kernel has a single 1, at its top left")
    said = verdict(written("convolve", "return right(maps, kernels, 0)", solved))
    assert said.endswith(", where all weights are 0 and the bias is not")


def test_scores_that_overflow_are_tried_before_scores_that_underflow(solved):
    body = "e = np.exp(scores)\nreturn e / e.sum(axis=1, keepdims=True)"
    said = verdict(written("softmax", body, solved))
    assert (
        said == "wrong value at [0, 0]: nan, expected 0.268941, where the scores are as large "
        "as 1000"
    )


def test_another_shape_is_wrong_whatever_the_values():
    assert comparing.compare(np.ones((2, 3)), np.ones((3, 2))) == (
        "wrong shape (2, 3), expected (3, 2)"
    )
    assert comparing.compare(np.ones((1, 4)), np.ones(4)).startswith("wrong shape (1, 4)")


def test_which_of_several_results_is_wrong_is_said(solved):
    body = "one, two, three = right(slopes, values, weights)\nreturn one, two * 2, three"
    said = verdict(written("dense_backward", body, solved))
    assert re.fullmatch(
        r"wrong value at \[0, 0\]: \S+, expected \S+, in result 2 of 3, of the weights, "
        "for one image and one unit",
        said,
    )


def test_other_forms_of_a_right_answer_pass(solved):
    assert passes(solved["dense"], solved["train"])
    assert verdict(lambda v, w, b: (v @ w + b).tolist(), "dense") == PASSED
    assert verdict(lambda v, w, b: (v @ w + b).astype(np.float32), "dense") == PASSED
    assert verdict(lambda *given: list(by_hand.dense_backward(*given)), "dense_backward") == PASSED


def test_a_check_is_no_proof():
    def right_for_small_ones(values, weights, biases):
        return values @ weights + biases if len(values) < 1000 else values

    assert verdict(right_for_small_ones, "dense") == PASSED


def test_what_is_no_function_or_is_not_asked_for_is_named():
    assert verdict(5, "dense") == "must be a function, and is of the type int"
    assert verdict(len).startswith("no function of this name is asked for; there are convolve, ")
    assert verdict(np.tanh, "tanh_backward").startswith("changes its argument number 2")


def test_an_interruption_is_passed_on():
    def softmax(scores):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(softmax)


@pytest.mark.parametrize("wrong", [0.9999, 1.0001, -1.0])
def test_numbers_are_compared_to_five_places(wrong):
    assert comparing.compare(wrong * np.ones((2, 2)), np.ones((2, 2)))
    assert not comparing.compare((1 + 1e-6) * np.ones((2, 2)), np.ones((2, 2)))
