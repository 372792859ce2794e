"""The words in the figures of the Chinese edition: all are Chinese, in their places, and fit."""

import re
from xml.etree import ElementTree

import catalogues
import lettering
import nbformat
import pictures
import pytest
import record
import test_pictures
import test_zh

TABLE = lettering.read(catalogues.ROOT, "zh_CN")
DRAWN = test_pictures.DRAWN
#: Names that are written in the same letters in both languages, and keys of the code.
SAME = {
    *"AlexNet VGG-16 ResNet-50 LeNet LeNet-1 LeNet-4 LeNet-5 MNIST Net-{a} Adam ReLU".split(),
    *"tanh relu softmax adamw distort more fast article".split(),
    *("SGD {a}", "Adam {a}", "1.7159 tanh(2a/3)"),
}


def said(root):
    """Return the texts of a drawing."""
    return [text for _, text in lettering.words(root)]


def test_the_catalogue_has_every_word_of_every_figure_and_no_other():
    file = catalogues.LOCALE / "figures.po"
    now = catalogues.merge(catalogues.read(file), catalogues.gather("figures"))
    assert not catalogues.unfinished(now), "run `make catalogues` and translate what it names"
    assert catalogues.as_text(now) == file.read_text(encoding="utf-8"), "run `make catalogues`"
    assert len(now) > 300


@pytest.mark.parametrize("name", DRAWN)
def test_no_english_word_is_left_in_a_figure(name):
    for cell, svg in DRAWN[name].items():
        english, chinese = ElementTree.fromstring(svg), ElementTree.fromstring(svg)
        assert not lettering.translate(chinese, TABLE), cell
        texts = [said(root) for root in (english, chinese)]
        assert len(texts[0]) == len(texts[1]), cell
        for text in texts[1]:
            known = {one.replace("{a}", r"[-\d.]+") for one in SAME}
            name_ = any(re.fullmatch(one, text) for one in known) or text in SAME
            assert name_ or lettering.is_name(text) or lettering.CHINESE.search(text), (cell, text)
        for form in pictures.both(svg, TABLE)[:2]:
            assert said(ElementTree.fromstring(form)) == texts[1], cell
        for formula in english.iter(lettering.TEXT):  # words in a formula would be left as they are
            if len(formula):
                assert not re.search(r"[A-Za-z]{2}", "".join(formula.itertext())), cell


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_the_same_but_for_its_words(name):
    for cell, svg in DRAWN[name].items():
        forms = [pictures.both(svg, table) for table in (None, TABLE)]
        assert forms[0][2] == forms[1][2]
        plain = [re.sub(r"<text.*?</text>\s*", "", form[0], flags=re.DOTALL) for form in forms]
        assert plain[0] == plain[1], cell


def together(text):
    """Write words of a figure in one line, and the thousands of a number as a page has them."""
    return re.sub(r"(?<=\d) (?=\d{3}\b)", "\u00a0", text.replace("\n", " "))


def test_translations_of_words_in_figures_keep_their_numbers():
    wrong = {
        text: lost
        for text, chinese in TABLE.items()
        if (lost := test_zh.lost(together(text), chinese)) and "90 年代" not in chinese
    }
    assert not wrong, wrong
    for text, chinese in TABLE.items():
        assert sorted(lettering.PLACE.findall(text)) == sorted(lettering.PLACE.findall(chinese))
        assert bool(lettering.CHINESE.search(chinese)) != (text in SAME), text
        assert chinese == text or text not in SAME


def test_a_word_without_an_entry_is_named_and_stays():
    svg = DRAWN["02-layer-by-layer"]["c02-008"].replace(">column<", ">pillar<")
    root = ElementTree.fromstring(svg)
    assert lettering.translate(root, TABLE) == ["pillar"]
    assert "pillar" in said(root) and "行" in said(root)


def test_numbers_stand_in_the_places_of_an_entry():
    table = {"map {a} of {b}": "共 {b}，第 {a}", "map 3 of 4": "第三"}
    for text, chinese in {
        "map 7 of 1 000": "共 1 000，第 7",
        "map 3 of 4": "第三",
        "map -0.5 of −2": "共 −2，第 -0.5",
    }.items():
        assert lettering.translated(text, table) == chinese
    for text in ("map x of 2", "a map 7 of 2", "map 7 of 2."):
        assert lettering.translated(text, table) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((one, True) for one in ("C1", "0.5", "f(a)", "x + f(x)", "5 → 3\n9%", "1e-02", "j = 1")),
        *((one, False) for one in ("map", "map 1", "of", "C1 map", "LeNet-5", "tanh", "in 1989")),
    ],
)
def test_numbers_letters_and_layers_are_names(text, expected):
    assert lettering.is_name(text) == expected


LOOK = "font-size: 10px; font-family: 'DejaVu Sans', Verdana, sans-serif"


def drawn(*lines):
    """Return a drawing of 100 by 50 with one text."""
    parts = "".join(f'<text style="{LOOK}{look}" {at}>{say}</text>' for say, look, at in lines)
    return ElementTree.fromstring(
        f'<svg xmlns="{lettering.SVG}" viewBox="0 0 100 50" width="100" height="50">'
        f"<g>{parts}</g></svg>"
    )


def look_of(root):
    return [
        (one.text, one.get("transform"), re.search(r"text-anchor: (\w+)", one.get("style"))[1])
        for one in root.iter(lettering.TEXT)
    ]


def test_lines_are_aligned_as_they_were():
    short, long = (lettering.width(word, 10) for word in ("sum", "longer"))
    for turn, place in (("", "{along:.6f} {across}"), (" rotate(-90)", "{across} {minus:.6f}")):
        for how, starts in {
            "start": (20, 20),
            "middle": (50 - short / 2, 50 - long / 2),
            "end": (80 - short, 80 - long),
        }.items():
            where = [
                f'transform="translate({place.format(along=a, minus=-a, across=c)}){turn}"'
                for a, c in zip(starts, (10, 22), strict=True)
            ]
            at = {"start": 20, "middle": 50, "end": 80}[how]
            for chinese, across in {"和\n较长": (10, 22), "和": (16,), "和\n": (10,)}.items():
                root = drawn(("sum", "", where[0]), ("longer", "", where[1]))
                assert not lettering.translate(root, {"sum\nlonger": chinese})
                for (text, shift, anchor), word, c in zip(
                    look_of(root), chinese.strip().split("\n"), across, strict=True
                ):
                    x, y = map(float, lettering.SHIFT.fullmatch(shift).groups()[:2])
                    assert (text, anchor) == (word, how)
                    assert (x, y) == pytest.approx((c, -at) if turn else (at, c), abs=0.02)
    with pytest.raises(ValueError, match="more lines"):
        lettering.translate(root := drawn(("one", "", where[0]), ("two", "", where[1])), {
            said(root)[0]: "一\n二\n三"
        })  # fmt: skip


@pytest.mark.parametrize(
    ("how", "x", "lines"),
    [("start", 10, 1), ("start", 60, 2), ("middle", 50, 1), ("middle", 20, 2), ("end", 30, 2)],
)
def test_a_line_without_room_is_broken_where_it_may_be(how, x, lines):
    root = drawn(("map 7", f"; text-anchor: {how}", f'x="{x}" y="30"'))
    lettering.translate(root, {"map {a}": "{a} 号\u200b特征图"})
    texts = list(root.iter(lettering.TEXT))
    assert [one.text for one in texts] == (["7 号特征图"] if lines == 1 else ["7 号", "特征图"])
    assert [float(one.get("y")) for one in texts] == ([30] if lines == 1 else [24, 36])
    for one in texts:
        assert one.get("x") == str(x) and "PingFang SC" in one.get("style")


def test_chinese_signs_are_not_slanted_and_names_keep_their_letters():
    root = drawn(("cheque", "; font-style: italic; fill: #222222", 'x="1" y="9"'))
    root[0].append(drawn(("LeNet", "", 'x="1" y="9"'))[0][0])
    lettering.translate(drawn(("LeNet", "", 'x="1" y="9"')), TABLE)
    first = root[0][0]
    lettering.put(first, "支票")
    assert "italic" not in first.get("style") and "#222222" in first.get("style")
    lettering.put(root[0][1], "LeNet")
    assert root[0][1].get("style") == LOOK


# ----------------------------------------------------------------------------------- looked at

WIDE = "—"  # as wide as a Chinese sign, and in every font


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", DRAWN)
def test_no_chinese_word_lies_on_another_or_sticks_out(name, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1200, "height": 1800})
    faults = []
    for cell, svg in DRAWN[name].items():
        found = []
        for table in (None, TABLE):
            text = pictures.both(svg, table)[0]
            text = re.sub(
                r"(<text[^>]*>)([^<]*)",
                lambda one: one[1] + lettering.CHINESE.sub(WIDE, one[2]),
                text,
            )
            file = tmp_path / f"{cell}.svg"
            file.write_text(text, encoding="utf-8")
            page.goto(file.as_uri())
            found.append(page.evaluate(test_pictures.CLASHES, ""))
        # A formula is as it was; what stands beside it counts in both languages.
        faults += [f"{cell}: {one}" for one in found[1][len(found[0]) :]]
    page.close()
    assert not faults, "\n".join(faults)


def test_the_figures_are_those_of_all_notebooks():
    shown = {
        cell.id
        for path in (*record.CHAPTERS, *record.SOLUTIONS)
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    }
    assert shown == {cell for some in DRAWN.values() for cell in some}
    assert len(list(catalogues.drawings())) == len(shown)
