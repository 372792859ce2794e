"""Several digits on a picture: found, read in order, and doubted where they touch."""

import json

import numpy as np
import photographing
import pytest
from browsing import until
from exploring import PAGE, open_explorer, press, some_digits, verdict
from PIL import Image
from scipy import ndimage
from test_uploads import in_javascript, read_by_network, rgba, saved, upload

from lenet_tutorial.command import photos
from lenet_tutorial.command.cli import main
from lenet_tutorial.cutout import find_digits, normalise
from lenet_tutorial.rows import find_rows, piece_of

#: Kinds on which a line of digits can be written.
KINDS = [
    *("clean", "falling_light", "vignette", "hard_shadow", "glare", "squares", "squares_and_biro"),
    *("ruled_paper", "thin_pencil", "highlighter", "red_on_green", "white_on_transparent"),
    *("low_light", "drawn_frame", "specks", "chalk", "red_pen"),
]


@pytest.fixture(scope="module")
def digits():
    return some_digits()


def line(digits, draw, kind="clean", count=None):
    """Return a picture of some digits in a line, and what stands there."""
    rows = draw.integers(0, len(digits.x_test), count or draw.integers(2, 7))
    picture = photographing.KINDS[kind](digits.x_test[rows], draw)
    return picture, "".join(map(str, digits.y_test[rows]))


def found_on(picture):
    return find_digits(photos.Picture(Image.fromarray(picture)).look)


def blocks(*boxes, height=120, width=240):
    """Return ink in some boxes: (top, bottom, left, right)."""
    ink = np.zeros((height, width), np.float32)
    for top, bottom, left, right in boxes:
        ink[top:bottom, left:right] = 1
    return ink


def boxes_of(ink, **how):
    return [[piece.box for piece in row] for row in find_rows(ink, **how)]


# --------------------------------------------------------------------------- pieces and rows


def test_digits_are_read_from_left_to_right_and_rows_from_top_to_bottom():
    first = [(10, 50, 100, 120), (12, 52, 20, 40), (9, 49, 180, 200)]
    second = [(70, 110, 30, 50), (72, 112, 90, 110)]
    (above, below) = boxes_of(blocks(*second, *first))
    assert above == [first[1], first[0], first[2]] and below == second


def test_a_row_may_climb():
    boxes = [(80 - 12 * n, 110 - 12 * n, 10 + 40 * n, 30 + 40 * n) for n in range(5)]
    assert boxes_of(blocks(*boxes)) == [boxes]


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ([(34, 90, 30, 60), (28, 32, 55, 75)], "the bar of a 5"),
        ([(30, 57, 30, 60), (62, 90, 32, 58)], "a digit that breaks in the middle"),
        ([(30, 66, 30, 52), (28, 90, 55, 62)], "a 4 whose strokes don't meet"),
        ([(30, 50, 30, 60), (54, 70, 40, 60), (75, 90, 30, 60)], "three pieces"),
    ],
)
def test_what_belongs_to_one_digit_stays_together(parts, what):
    other = (28, 90, 120, 150)
    ends = np.array(parts)
    whole = (*ends.min(axis=0)[[0]], *ends.max(axis=0)[[1]], ends[:, 2].min(), ends[:, 3].max())
    assert boxes_of(blocks(*parts, other)) == [[tuple(map(int, whole)), other]], what


def test_two_digits_are_two_where_one_reaches_over_the_other():
    five = blocks((30, 34, 30, 90), (34, 90, 30, 50))
    one = blocks((40, 90, 75, 82))
    assert len(boxes_of(np.maximum(five, one))[0]) == 2


def test_specks_frames_and_what_goes_across_are_no_digits():
    number = [(40, 80, 60, 80), (40, 80, 120, 140)]
    frame = blocks((5, 8, 5, 180), (110, 113, 5, 180), (5, 113, 5, 8), (5, 113, 177, 180))
    specks = blocks((20, 23, 100, 103), (95, 98, 150, 153))
    assert boxes_of(np.maximum(blocks(*number), np.maximum(frame, specks))) == [number]
    line = blocks((100, 102, 0, 240))
    assert boxes_of(np.maximum(blocks(*number), line), edge=False) == [number]
    assert boxes_of(np.maximum(blocks(*number), line)) == []  # not all is plain there


def test_what_comes_in_from_the_edge_counts_only_beside_digits_as_high():
    number = [(40, 80, 60, 80), (40, 80, 120, 140)]
    cut, desk = (42, 84, 226, 240), (0, 30, 150, 240)
    assert boxes_of(blocks(*number, cut, desk)) == [[*number, cut]]
    assert boxes_of(blocks(*number, cut, desk), edge=False) == [number]
    for other in ((10, 200, 226, 240), (55, 70, 226, 240)):  # beside them, but too high or too low
        assert boxes_of(blocks(*number, other)) == [number]


def test_a_piece_has_its_soft_edge_and_nothing_of_its_neighbour():
    ink = blocks((40, 80, 60, 80), (40, 80, 84, 100))
    ink[40:80, 59] = ink[40:80, 80] = 0.2
    ((left, right),) = find_rows(ink)
    both = piece_of(ink, left.mask), piece_of(ink, right.mask)
    assert both[0][:, 84:].max() == 0 and both[1][:, :81].max() == 0
    assert both[0][60, 59] == np.float32(0.2)


def test_nothing_is_found_where_there_is_nothing():
    assert find_rows(np.zeros((30, 40), np.float32)) == []


# --------------------------------------------------------------------------- pictures


@pytest.mark.mnist
@pytest.mark.parametrize("kind", KINDS)
def test_digits_in_a_line_are_found_on_each_kind_of_picture(digits, kind):
    draw = np.random.default_rng(20 + KINDS.index(kind))
    counted, silent, cut, want = 0, 0, [], []
    for _ in range(4):
        picture, text = line(digits, draw, kind)
        found = found_on(picture)
        counted += len(found) == len(text)
        silent += len(found) != len(text) and not any(one.doubts for one in found)
        if len(found) == len(text):
            cut += [normalise(one.ink) for one in found]
            want += [int(one) for one in text]
    right = (read_by_network(cut) == want).mean()
    print(f"{kind}: {counted} of 4 lines, {right:.0%} of their digits, {silent} without a word")
    assert counted >= 3 and silent == 0 and right >= 0.85


@pytest.mark.mnist
def test_digits_that_touch_are_doubted_and_not_cut(digits):
    draw, told = np.random.default_rng(3), []
    while len(told) < 25:
        rows = draw.integers(0, len(digits.x_test), 2)
        ink = photographing.in_a_line(
            digits.x_test[rows], draw, 480, 620, fill=0.5, gaps=(-0.2, -0.05), climb=2
        )
        if ndimage.label(ink > 0.3, np.ones((3, 3)))[1] > 1:
            continue
        found = found_on(photographing.finish(photographing.write(ink), draw))
        assert len(found) == 1
        told.append(bool(found[0].doubts))
    print(f"{np.mean(told):.0%} of pairs that touch are doubted")
    assert np.mean(told) >= 0.3  # of single digits one in thirty is (test_uploads.py)


def test_python_and_the_explorer_find_the_same_digits(digits):
    draw = np.random.default_rng(7)
    pictures = [line(digits, draw, kind, 4)[0][80:400] for kind in KINDS[::6]]
    two = np.concatenate([pictures[0][40:280], pictures[0][40:280]])  # two rows
    small = np.pad(two[::2, ::2], ((300, 40), (90, 300), (0, 0)), constant_values=236)
    pictures += [two, small]
    full = [rgba(one) if one.ndim == 2 else one for one in pictures]
    full = [one if one.shape[2] == 4 else np.dstack([one, one[..., 0] | 255]) for one in full]
    counts = []
    for ours, theirs in zip(map(found_on, full), in_javascript(full), strict=True):
        counts.append(len(ours))
        assert len(ours) == len(theirs["digits"])
        for one, other in zip(ours, theirs["digits"], strict=True):
            cut = normalise(one.ink).ravel()
            np.testing.assert_allclose(cut, other["centred"], atol=1e-4)
            np.testing.assert_allclose(one.box, other["box"], atol=1e-9)
            assert (one.doubts, one.row) == (other["doubts"], other["row"])
    assert counts[-2:] == [8, 8] and min(counts) >= 3


# --------------------------------------------------------------------------- predict


def seven_one(rows=1):
    """Return a picture of 71, in one row or in more."""
    one = np.full((160, 260), 240, np.uint8)
    one[20:34, 30:100] = 20
    for line in range(34, 140):
        left = 95 - int((line - 34) * 0.45)
        one[line, left - 12 : left] = 20
    one[22:140, 170:182] = 20
    return np.concatenate([one] * rows)


@pytest.fixture
def number(tmp_path):
    path = tmp_path / "number.png"
    Image.fromarray(seven_one()).save(path)
    return path


def test_predict_prints_the_number_and_each_digit(number, capsys):
    assert main(["predict", str(number)]) == 0
    out, err = capsys.readouterr()
    first, *each = out.splitlines()
    assert first == f"{number}: 71" and len(each) == 2 and err == ""
    assert each[0].startswith("  7 ") and each[1].startswith("  1 ")
    assert "%" in each[0] and each[1].endswith("from 170, 22 to 182, 140")


def test_predict_reads_rows_with_a_space_between(tmp_path, capsys):
    Image.fromarray(seven_one(2)).save(tmp_path / "rows.png")
    assert main(["predict", str(tmp_path / "rows.png"), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["number"] == "71 71" and [one["row"] for one in told["digits"]] == [0, 0, 1, 1]
    assert "digit" not in told and "error" not in told


def test_predict_tells_each_digit_in_json(number, tmp_path, capsys):
    Image.fromarray(seven_one()[:, :130]).save(tmp_path / "one.png")
    assert main(["predict", "--json", str(number), str(tmp_path / "one.png")]) == 0
    several, one = json.loads(capsys.readouterr().out)
    assert several["number"] == "71" and several["kind"] == "probabilities"
    assert several["digits"][1]["box"] == {"top": 22, "bottom": 140, "left": 170, "right": 182}
    assert [len(each["values"]) for each in several["digits"]] == [10, 10]
    assert one["number"] == "7" and one["digit"] == 7 == one["digits"][0]["digit"]
    assert one["values"] == one["digits"][0]["values"] and one["doubts"] == []


@pytest.mark.parametrize("option", ["--one", "--explain"])
def test_one_digit_can_be_insisted_on(number, tmp_path, capsys, option):
    more = [str(tmp_path / "maps.png")] if option == "--explain" else []
    assert main(["predict", str(number), option, *more]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "holds 2 digits, and --" in err
    Image.fromarray(seven_one()[:, :130]).save(number)
    assert main(["predict", str(number), option, *more]) == 0


def test_which_of_several_digits_is_doubtful_is_said(tmp_path, capsys):
    Image.fromarray(seven_one()[:, :182]).save(tmp_path / "a.png")
    assert main(["predict", str(tmp_path / "a.png")]) == 0
    out, err = capsys.readouterr()
    assert "digit 2 of " in err and "touches the edge" in err and err.count("\n") == 1
    assert out.splitlines()[2].endswith("  doubtful")


# --------------------------------------------------------------------------- in the page


@pytest.mark.browser
def test_the_page_offers_the_digits_of_a_picture_and_reads_the_number(browser, server):
    page, _, problems = open_explorer(browser, f"{server}/{PAGE}")
    place = page.locator(".lx-found")
    assert not place.is_visible()
    upload(page, "number.png", saved(seven_one()))
    until(page, "document.querySelector('.lx-found p').innerText.includes('reads 71')")
    assert "reads a 7" in verdict(page)
    buttons = place.get_by_role("button")
    assert buttons.count() == 2
    assert buttons.nth(1).get_attribute("aria-label") == "Digit 2 of 2: read as 1"
    buttons.nth(1).click()
    until(page, "document.querySelector('.lx-verdict').innerText.includes('reads a 1')")
    pressed = [buttons.nth(n).get_attribute("aria-pressed") for n in range(2)]
    assert pressed == ["false", "true"]
    press(page, "Undo")
    assert "reads a 7" in verdict(page) and place.is_visible()
    upload(page, "rows.png", saved(seven_one(2)))
    until(page, "document.querySelector('.lx-found p').innerText.includes('reads 71 71')")
    upload(page, "one.png", saved(seven_one()[:, :130]))
    until(page, "document.querySelector('.lx-found').hidden")
    assert not problems
    page.context.close()
