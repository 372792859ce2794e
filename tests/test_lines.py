"""Lines of digits, the graph of their readings, and LeNet-5 slid over them."""

import itertools
import math

import matplotlib as mpl
import numpy as np
import pytest

from lenet_tutorial.experiments import reading_a_whole_number as whole
from lenet_tutorial.figures import reading as drawn
from lenet_tutorial.reading import cutting, learning, lines, pieces, sliding
from lenet_tutorial.reading.lines import Writing, write_lines
from lenet_tutorial.reading.paths import Arc, against_all, all_paths, best_path

mpl.use("Agg")


@pytest.fixture(scope="module")
def digits():
    """Give ten images, each with its own mark: a ring, a bar, …; enough to tell them apart."""
    from lenet_tutorial.datasets import load_bundled

    found = load_bundled()
    return found.x_train[:300], found.y_train[:300]


# --------------------------------------------------------------------------- lines


def test_a_line_holds_the_digits_that_it_says(digits):
    made = write_lines(*digits, 40, Writing(digits=(3, 6)), seed=3)
    assert made.images.shape == made.owners.shape and made.images.dtype == np.float32
    assert made.images.shape[:2] == (40, 32) and len(made) == 40
    assert 0 <= made.images.min() and made.images.max() <= 1
    assert {len(text) for text in made.texts} == {3, 4, 5, 6}
    for image, owners, text, spans in zip(
        made.images, made.owners, made.texts, made.spans, strict=True
    ):
        assert len(spans) == len(text) == owners.max()
        for number, (start, end) in enumerate(spans, 1):
            columns = np.flatnonzero((owners == number).any(axis=0))
            assert start <= columns[0] and columns[-1] < end
        assert (image[owners == 0] == 0).all()
        assert spans[0][0] == lines.MARGIN and not image[:, : lines.MARGIN].any()
        assert not image[:, spans[-1][1] :].any()


def test_neighbours_stand_apart_or_touch_as_asked(digits):
    from scipy import ndimage

    apart = write_lines(*digits, 30, Writing(gap=(2, 5)), seed=1)
    for spans in apart.spans:
        between = spans[1:, 0] - spans[:-1, 1]
        assert between.min() >= 2 and between.max() <= 5
    assert not any(each.any() for each in apart.touching)
    together = write_lines(*digits, 60, Writing(touching=1.0, overlap=(0, 2)), seed=1)
    assert np.concatenate(together.touching).mean() > 0.8
    for image, owners, spans, touching in zip(
        together.images, together.owners, together.spans, together.touching, strict=True
    ):
        assert len(touching) == len(spans) - 1
        assert (spans[:-1, 1] - spans[1:, 0]).max() <= Writing().reach
        for number, touches in enumerate(touching, 1):
            left, right = ((image >= lines.INK) & (owners == k) for k in (number, number + 1))
            beside = ndimage.binary_dilation(left, np.ones((3, 3))) & right
            assert beside.any() <= touches  # what touches may do so in a pixel of both
    half = write_lines(*digits, 200, Writing(touching=0.5), seed=5)
    assert 0.3 < np.concatenate(half.touching).mean() < 0.6


def test_the_middles_of_neighbours_stand_apart(digits):
    for touching in (0.0, 1.0):
        made = write_lines(*digits, 100, Writing(touching=touching, apart=8), seed=8)
        middles = [np.diff(spans.mean(axis=1)).min() for spans in made.spans]
        assert min(middles) >= 8
    wide = write_lines(*digits, 30, Writing(touching=1.0, apart=30), seed=8)
    assert min(np.diff(spans.mean(axis=1)).min() for spans in wide.spans) >= 30


def test_the_same_seed_writes_the_same_lines(digits):
    one, two, other = (write_lines(*digits, 5, seed=seed) for seed in (4, 4, 5))
    assert one.texts == two.texts and (one.images == two.images).all()
    assert one.texts != other.texts


def test_size_slant_and_lift_do_what_they_say(digits):
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 255  # a bar
    rows = lambda drawn: np.flatnonzero((drawn >= 0.5).any(axis=1))  # noqa: E731
    upright = lines.lean(image)
    assert len(rows(upright)) == 20 and upright.shape[1] == 2
    assert len(rows(lines.lean(image, scale=0.5))) == 10
    leaning = lines.lean(image, slant=0.25)
    top, bottom = (np.average(np.arange(leaning.shape[1]), weights=leaning[k]) for k in (7, 23))
    assert top - bottom == pytest.approx(16 * 0.25, abs=0.1)
    assert rows(lines.lean(image, lift=2))[0] == rows(upright)[0] - 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"digits": (0, 3)},
        {"digits": (4, 3)},
        {"gap": (0, 2)},
        {"touching": 1.5},
        {"touching": -0.1},
        {"size": (30, 40)},
        {"slant": (-1, 1)},
        {"lift": 9},
        {"uneven": 0.5},
        {"overlap": (1,)},
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))) as error:
        Writing(**wrong)
    assert "\n" not in str(error.value)


# --------------------------------------------------------------------------- paths


def all_ways(arcs, last):
    """List all ways by trying every choice of arcs: slow, and plain."""
    found = []
    for length in range(1, last + 1):
        for ways in itertools.permutations(range(len(arcs)), length):
            node = 0
            for number in ways:
                if arcs[number].start != node:
                    break
                node = arcs[number].end
            else:
                if node == last:
                    found.append(ways)
    return found


GRAPH = [
    Arc(0, 1, "1", 0.7),
    Arc(0, 2, "4", 0.9),
    Arc(1, 2, "1", 0.4),
    Arc(1, 2, "7", 0.3),
    Arc(2, 3, "0", 0.2),
    Arc(1, 3, "0", 2.0),
    Arc(0, 3, "8", 3.0),
]


def test_viterbi_and_the_forward_algorithm_agree_with_trying_all_ways():
    ways = all_ways(GRAPH, 3)
    assert len(ways) == 5
    totals = [sum(GRAPH[number].penalty for number in way) for way in ways]
    total, path = best_path(GRAPH, 3)
    assert total == pytest.approx(min(totals))
    assert "".join(arc.label for arc in path) == "40"
    whole, shares = all_paths(GRAPH, 3)
    summed = sum(math.exp(-total) for total in totals)
    assert whole == pytest.approx(-math.log(summed))
    for number, share in enumerate(shares):
        through = sum(
            math.exp(-total) for total, way in zip(totals, ways, strict=True) if number in way
        )
        assert share == pytest.approx(through / summed)


def test_where_no_way_leads_to_the_end_nothing_is_read():
    assert best_path(GRAPH[:4], 3) == (math.inf, [])
    assert all_paths(GRAPH[:4], 3) == (math.inf, [0.0] * 4)


def test_far_penalties_do_not_overflow():
    whole, shares = all_paths([Arc(0, 1, "1", 2000.0), Arc(0, 1, "2", 3000.0)], 1)
    assert whole == pytest.approx(2000) and shares == pytest.approx([1, 0])


def test_the_loss_against_all_ways_and_its_slopes():
    loss, slopes = against_all(GRAPH, "40", 3)
    ways = all_ways(GRAPH, 3)
    right = [way for way in ways if "".join(GRAPH[number].label for number in way) == "40"]
    share = {way: math.exp(-sum(GRAPH[number].penalty for number in way)) for way in ways}
    assert len(right) == 1
    assert loss == pytest.approx(-math.log(share[right[0]] / sum(share.values())))
    for number, arc in enumerate(GRAPH):
        moved = [one._replace(penalty=one.penalty + (1e-6 if one is arc else 0)) for one in GRAPH]
        assert (against_all(moved, "40", 3)[0] - loss) / 1e-6 == pytest.approx(
            slopes[number], abs=1e-5
        )
    assert against_all(GRAPH, "99", 3) == (math.inf, [0.0] * len(GRAPH))


# --------------------------------------------------------------------------- pieces


def test_a_gap_is_cut_once_and_the_ends_are_cuts():
    line = np.zeros((32, 60))
    line[6:26, 10:13] = 1
    line[6:26, 20:23] = 1
    assert pieces.find_cuts(line) == [10, 16, 23]
    around, images = pieces.pieces(line, [10, 16, 23])
    assert around == [(0, 1), (0, 2), (1, 2)] and images.shape == (3, 28, 28)
    assert pieces.find_cuts(np.zeros((32, 60))) == []
    assert pieces.pieces(np.zeros((32, 60)), [])[1].shape == (0, 28, 28)


def test_two_that_touch_are_cut_where_the_ink_is_thin():
    line = np.zeros((32, 60))
    line[6:26, 10:14] = 1
    line[25, 14:22] = 1  # a thread
    line[6:26, 22:26] = 1
    assert any(14 <= cut <= 22 for cut in pieces.find_cuts(line)[1:-1])


@pytest.mark.parametrize("lean", [-0.3, 0.0, 0.2])
def test_a_leaning_line_is_set_upright(lean):
    bars = np.zeros((28, 28), np.uint8)
    bars[4:24, 13:15] = 255
    line = np.pad(lines.lean(bars, slant=lean), ((0, 0), (20, 20)))
    line = np.concatenate([line, line], axis=1)
    found = pieces.find_lean(line)
    assert found == pytest.approx(lean, abs=0.051)
    upright = pieces.set_upright(line, found)
    assert ((upright >= 0.5).any(axis=0)).sum() <= 8


# --------------------------------------------------------------------------- sliding


def test_slid_over_a_line_are_the_windows_cut_out():
    model = sliding.build_sliding()
    line = np.random.default_rng(0).random((1, 32, 61, 1), np.float32)
    whole = model.predict(line, verbose=0)[0]
    assert whole.shape == (sliding.places(61), 11) == (8, 11)
    for place in range(8):
        window = line[:, :, 4 * place : 4 * place + 32]
        assert np.abs(model.predict(window, verbose=0)[0, 0] - whole[place]).max() < 1e-5


def test_targets_name_the_digit_in_the_middle(digits):
    made = write_lines(*digits, 20, seed=2)
    width = made.images.shape[2]
    labels, weights = sliding.targets(width, made.texts, made.spans)
    assert labels.shape == weights.shape == (20, sliding.places(made.images.shape[2]))
    for text, spans, row, weight in zip(made.texts, made.spans, labels, weights, strict=True):
        for place, label in enumerate(row):
            away = np.abs(16 + 4 * place - spans.mean(axis=1))
            assert weight[place] == (not 3 < away.min() < 4.5)
            if weight[place]:
                expected = int(text[away.argmin()]) + 1 if away.min() <= 3 else 0
                assert label == expected


def test_the_best_labels_are_those_of_all_sequences():
    random = np.random.default_rng(1)
    logits = np.full((4, 11), -30.0)
    logits[:, :3] = 2 * random.normal(size=(4, 3))
    follow = sliding.habits(np.array([[0, 0, 1, 1, 0, 2, 0, 0]]))
    assert np.exp(-follow).sum(axis=1) == pytest.approx(1)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def penalty(labels):
        total = -sum(log_p[place, label] for place, label in enumerate(labels))
        return total + sum(follow[pair] for pair in itertools.pairwise([0, *labels]))

    best = min(itertools.product(range(3), repeat=4), key=penalty)
    assert tuple(sliding.best_labels(logits, follow)) == best


@pytest.mark.parametrize(
    ("labels", "text"),
    [([0, 5, 5, 0, 5, 0], "44"), ([5, 5, 6, 6], "45"), ([0, 0], ""), ([1], "0"), ([0, 10, 0], "9")],
)
def test_what_is_repeated_counts_once(labels, text):
    assert sliding.spell(np.array(labels)) == text


def test_a_text_has_the_probability_of_all_its_ways():
    logits = np.full((5, 11), -50.0)
    logits[:, :3] = 2 * np.random.default_rng(3).normal(size=(5, 3))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    texts = {}
    for labels in itertools.product(range(3), repeat=5):
        text = sliding.spell(np.array(labels))
        way = math.prod(shares[place, label] for place, label in enumerate(labels))
        texts[text] = texts.get(text, 0) + way
    assert {"", "0", "1", "00", "010", "101", "000"} <= set(texts)
    for text, share in texts.items():
        assert sliding.chance(logits, text) == pytest.approx(share), text
    assert sliding.likeliest(logits, beam=50) == max(texts, key=texts.get)


def test_the_most_probable_text_need_not_be_the_most_probable_labels():
    shares = np.full((2, 11), 1e-9)
    shares[:, 0], shares[:, 5] = 0.6, 0.4  # none and none: 0.36; a four in three ways: 0.64
    assert sliding.spell(shares.argmax(axis=1)) == ""
    assert sliding.likeliest(np.log(shares)) == "4"
    assert sliding.chance(np.log(shares), "4") == pytest.approx(0.64, abs=1e-6)
    shares = np.full((3, 11), 1e-9)
    shares[:, 0], shares[:, 5] = 0.76, 0.24  # nothing: 0.439; a four, in six ways: 0.517
    assert sliding.likeliest(np.log(shares)) == "4"


def test_keras_loss_is_minus_the_logarithm_of_that():
    import keras

    logits = np.random.default_rng(4).normal(size=(1, 12, 11)).astype("float32")
    for text in ("7", "33", "1992"):
        wanted = np.array([[int(digit) + 1 for digit in text]])
        loss = float(keras.losses.CTC()(wanted, logits))
        assert -math.log(sliding.chance(logits[0], text)) == pytest.approx(loss, rel=1e-4)


def test_a_line_is_read_twice_and_the_likelier_text_is_kept():
    lines_read = np.zeros((1, 32, 40), np.float32)
    lines_read[0, :, 20] = 1
    seen = []

    def answer(images):
        seen.append(np.flatnonzero(images[0].any(axis=0)[:, 0])[0])
        logits = np.zeros((1, 3, 11))
        logits[0, :, 0] = 3
        logits[0, 1, [0, 8]] = (0, 9) if len(seen) == 1 else (0, 2)
        logits[0, 1, 2] = 0 if len(seen) == 1 else 2.5
        return logits

    texts, sure = sliding.read_lines(lines_read, answer)
    assert texts == ["7"] and seen == [20, 22] and 0 < sure[0] < 1


# --------------------------------------------------------------------------- learning


def test_the_stored_network_reads_lines(digits):
    made = write_lines(*digits, 60, Writing(digits=(4, 4)), seed=1)
    model = sliding.load_reader()
    read, sure = sliding.read_lines(made.images, lambda x: model.predict(x, verbose=0))
    right = np.array([a == b for a, b in zip(read, made.texts, strict=True)])
    assert right.mean() > 0.6  # the bundled digits are blurred, MNIST's are not
    assert sure[right].mean() > sure[~right].mean() if (~right).any() else True


def test_what_was_measured_of_the_kept_network_comes_out_again():
    """A part of a long run, run again: the kept network reads the same lines of MNIST."""
    from lenet_tutorial import datasets, results, weights

    row = results.read("lines").set_index(["recipe", "seed"]).loc[whole.KEPT]
    _, about = weights.read(sliding.STORED)
    for column in ("gaps_5", "touching_5", "wrong_10"):
        assert about[column] == row[column]
    if not datasets.load_digits28().name == "MNIST":
        pytest.skip("the lines of the results are of MNIST")
    again = whole.measure(sliding.load_reader(), "mnist", "texts", count=100)
    for kind in ("gaps", "touching"):
        for length in whole.LENGTHS:  # a tenth of the lines: four standard deviations
            column = f"{kind}_{length}"
            assert again[column] == pytest.approx(row[column], abs=0.1), column
    assert again["wrong_40"] <= again["wrong_10"] <= again["wrong_0"] < 0.15


@pytest.mark.parametrize("recipe", whole.RECIPES)
def test_each_way_learns_from_a_few_lines_and_is_measured(recipe):
    shares = whole.run("digits", recipe, 0, lines=96, epochs=1, count=4)
    kinds = [f"{kind}_{length}" for kind in ("gaps", "touching") for length in whole.LENGTHS]
    assert list(shares) == ["parameters", *kinds, *(f"wrong_{k}" for k in whole.REFUSED)]
    assert all(0 <= shares[name] <= 1 for name in list(shares)[1:])


def test_pieces_are_the_digit_that_they_hold_whole_or_none(digits):
    made = write_lines(*digits, 60, Writing(touching=0.5, reach=2), seed=1)
    found, labels = cutting.known_pieces(made, share_of_none=1.0)
    assert found.shape == (len(labels), 28, 28, 1) and found.dtype == np.uint8
    written = sum(len(text) for text in made.texts)
    assert 0.6 * written < (labels < 10).sum() < 1.4 * written
    assert (labels == cutting.NONE).sum() > 0.3 * len(labels)
    fewer = cutting.known_pieces(made, share_of_none=0.0)[1]
    assert (fewer != cutting.NONE).all() and len(fewer) == (labels < 10).sum()


def test_the_best_path_over_pieces_reads_a_line():
    line = np.zeros((32, 60), np.float32)
    line[6:26, 10:13] = 1
    line[6:26, 20:23] = 1  # two bars: pieces (0, 1), (0, 2), (1, 2)

    def answer(images):
        shares = np.full((len(images), 11), 1e-6)
        shares[[0, 2], [1, 7]] = 0.9, 0.8
        shares[1, 4] = 0.3
        return shares

    (text,), (sure,) = cutting.read_lines(line[None], answer)
    assert text == "17" and sure == pytest.approx(0.72 / 1.02, rel=1e-3)
    arcs, last = cutting.graph(line, answer)
    assert last == 2 and len(arcs) == 30
    (text,), (sure,) = cutting.read_lines(
        np.zeros((1, 32, 60), np.float32), lambda x: x[:, 0, :11, 0]
    )
    assert text == "" and sure == 0


def test_what_is_drawn_anew_stays_the_same_line():
    random = np.random.default_rng(0)
    bars = np.zeros((2, 32, 80), np.float32)
    bars[:, 8:24, 30:32] = 1
    for _ in range(20):
        made, wider = learning.distorted(bars, random)
        assert made.shape[:2] == (2, 32) and made.shape[2] % 4 == 0 and 0.9 <= wider <= 1.1
        middle = (made[0].sum(axis=0) * (np.arange(made.shape[2]) + 0.5)).sum() / made[0].sum()
        assert middle == pytest.approx(31 * wider, abs=0.8)
        assert 0.75 < made[0].sum() / (32 * wider) < 1.25


@pytest.mark.parametrize("wanted", ["texts", "places"])
def test_batches_hold_every_line_with_little_paper(digits, wanted):
    made = learning.write_training_lines(*digits, 64, Writing(), seed=2, part=20)
    assert made.images.dtype == np.uint8 and len(made) == 64
    data = learning.batches(made, wanted, size=8)
    assert len(data) == 8
    for number in range(8):
        x, *more = data[number]
        assert x.shape[:2] == (8, 32) and x.max() <= 1
        if wanted == "places":
            assert more[0].shape == more[1].shape == (8, sliding.places(x.shape[2]))
        else:
            assert more[0].shape == (8, 6)
    texts = learning.answers(made.texts)
    assert ["".join(str(d - 1) for d in row if d) for row in texts] == made.texts
    assert max(data[k][0].shape[2] for k in range(8)) > min(data[k][0].shape[2] for k in range(8))


def test_single_digits_stand_in_the_middle(digits):
    made, rows = learning.single_digits(digits[0], 30, Writing(), seed=1)
    assert made.shape == (30, 32, 32, 1) and rows.max() < len(digits[0])
    columns = [np.flatnonzero(one[..., 0].max(axis=0) >= 0.3)[[0, -1]].mean() for one in made]
    assert np.abs(np.array(columns) - 15.5).max() <= 3


# --------------------------------------------------------------------------- figures


def words_of(fig):
    return [text.get_text() for text in fig.findobj(mpl.text.Text) if text.get_text()]


def test_a_line_is_drawn_above_its_answers_in_the_same_columns():
    import matplotlib.pyplot as plt

    line, logits = np.zeros((32, 60)), np.zeros((8, 11))
    line[:, 30] = 1
    logits[4, 3] = 9
    fig = drawn.plot_places(line, logits, logits.argmax(axis=1))
    top, below = fig.axes
    assert top.get_xlim() == below.get_xlim() == (0, 60)
    assert top.images[0].get_extent() == [0, 60, 32, 0]
    left, right, *_ = below.images[0].get_extent()
    assert (left, right) == (14, 46)  # the first window's middle is column 16, each is 4 wide
    assert below.images[0].get_array()[3, 4] == below.images[0].get_array().max()
    (path,) = below.lines
    assert path.get_xdata()[4] == 32 and path.get_ydata()[4] == 3
    plt.close("all")


def test_cuts_arcs_and_refusals_are_drawn_where_they_are():
    import matplotlib.pyplot as plt
    import pandas as pd

    fig = drawn.plot_cuts(np.zeros((32, 60)), [10, 16, 23], chosen={0, 2})
    places = {line.get_xdata()[0]: line.get_ls() for line in fig.axes[0].lines}
    assert places == {9.5: "-", 15.5: ":", 22.5: "-"} and words_of(fig)[:3] == ["0", "1", "2"]
    fig = drawn.draw_readings(GRAPH, path=GRAPH[1:2])
    assert {"4: 0.9", "7: 0.3", "8: 3.0"} <= set(words_of(fig)) and len(fig.axes[0].patches) == 7
    table = pd.DataFrame([[0.1, 0.05], [0.2, 0.1]], ["a", "b"], [0, 10])
    fig = drawn.plot_refusals(table)
    first, second, paper = fig.axes[0].lines
    assert list(first.get_ydata()) == [10, 5] and list(second.get_ydata()) == [20, 10]
    assert set(paper.get_ydata()) == {1} and list(first.get_xdata()) == [0, 10]
    assert "graph of readings" in words_of(drawn.draw_machine())
    fig = drawn.plot_written(np.zeros((3, 32, 90)), ["1 → 7", "b", "c"])
    assert len([ax for ax in fig.axes if ax.images]) == 3 and "1 → 7" in [
        ax.get_title(loc="left") for ax in fig.axes
    ]
    plt.close("all")
