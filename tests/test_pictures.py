"""Each figure is stored as a drawing too, and the site shows a light and a dark form of it."""

import base64
import io
import re
from itertools import combinations
from xml.etree import ElementTree

import drawing
import enlarge
import likeness
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pictures
import pytest
import record
import slides
from browsing import parsed, until, visit
from PIL import Image

from lenet_tutorial import figures
from lenet_tutorial.figures import style

mpl.use("Agg")
NOTEBOOKS = [*record.CHAPTERS, *record.SOLUTIONS]
LARGEST = 160_000  # letters: what a drawing may take
WORDS, LINES = 4.5, 3.0  # the least contrast


def stored(path):
    """Return {cell id: (picture, drawing or None)} of the figures of a notebook."""
    return {
        f"{cell.id}": (output.data["image/png"], output.data.get(drawing.SVG))
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    }


FIGURES = {path.stem: stored(path) for path in NOTEBOOKS if stored(path)}
DRAWN = {
    name: {cell: svg for cell, (_, svg) in some.items() if svg} for name, some in FIGURES.items()
}
chapters = pytest.mark.parametrize("name", [name for name, some in DRAWN.items() if some])


def luminance(colour):
    """Return how light a colour is, from 0 to 1, as contrast is reckoned with."""
    if isinstance(colour, str):
        colour = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    rgb = np.asarray(colour, float)[..., :3] / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def contrast(one, other):
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((float(luminance(one)), float(luminance(other))))
    return (high + 0.05) / (low + 0.05)


# --------------------------------------------------------------------------- what is stored


@pytest.mark.book
@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_stored_as_a_drawing_of_the_same_size(name):
    for cell, (png, svg) in FIGURES[name].items():
        size = Image.open(io.BytesIO(base64.b64decode(png))).size
        *_, drawn = pictures.both(svg)
        assert list(size) == drawn, cell


@pytest.mark.book
@chapters
def test_a_drawing_is_small_tells_no_day_and_holds_its_words(name):
    for cell, svg in DRAWN[name].items():
        assert svg == drawing.tidy(svg, FIGURES[name][cell][0]), (
            f"{cell} was not stored by make execute"
        )
        assert len(svg) < LARGEST, f"{cell}: {len(svg)} letters; is an artist of it to be pixels?"
        assert not re.search(r"<metadata|<!DOCTYPE|Matplotlib|dc:|20\d\d-\d\d-\d\d", svg), cell
        assert "DejaVuSans-" not in svg, f"{cell} draws its letters as lines"
        families = set(re.findall(r"font-family: ([^;\"]+)", svg))
        assert families <= {drawing.FAMILY}, cell


@pytest.mark.book
@chapters
def test_every_colour_of_a_drawing_has_one_for_the_night(name):
    for cell, svg in DRAWN[name].items():
        pictures.both(svg)  # it refuses another colour
        used = set(re.findall(r"#[0-9a-f]{6}\b", svg))
        assert used <= set(pictures.NIGHTS) or "<image" in svg, cell


def draw(fig):
    """Return a figure as a drawing, as the kernel is told to make it."""
    png, svg = io.BytesIO(), io.BytesIO()
    with mpl.rc_context(drawing.RC):
        for kind, file in (("png", png), ("svg", svg)):
            fig.savefig(file, format=kind, dpi=fig.dpi, bbox_inches="tight")
    plt.close(fig)
    return drawing.tidy(svg.getvalue().decode(), base64.b64encode(png.getvalue()).decode())


def test_a_figure_that_is_drawn_twice_gives_the_same_drawing():
    maps = np.random.default_rng(0).random((8, 8, 6))
    one, other = (draw(figures.plot_feature_maps(maps, title="six maps")) for _ in range(2))
    assert one == other and one.count("<image") >= 6 and ">six maps</text>" in one
    # A map of 8 by 8 is stored as 64 values, and not as what a screen shows of them.
    first = re.search(r'base64,([^"]+)"[^>]* width="(\d+)" height="(\d+)"[^>]*>', one)
    assert (first[2], first[3]) == ("8", "8") and "image-rendering:pixelated" in first[0]
    assert Image.open(io.BytesIO(base64.b64decode(first[1]))).size == (8, 8)


def test_a_hatch_of_dots_is_a_hatch_of_points():
    svg = draw(figures.draw_output_size(5, 3, padding=1))
    (dots,) = {path for path in re.findall(r'<path d="([^"]+)" style="[^"]*round"', svg)}
    assert dots.startswith("M0 72h0M4 72h0") and len(svg) < 30_000


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('<path d="M 1.23456 -0.5"/>', '<path d="M 1.23 -0.5"/>'),
        ('<use x="-0.001" y="10.00"/>', '<use x="0" y="10"/>'),
        ('<g transform="matrix(4.999985 0 0 4.999985 1.5 2)"/>', None),
        ('<text x="1" transform="rotate(-0 1 2)">a</text>', '<text x="1">a</text>'),
        ('<text x="1" transform="rotate(-90 1 2)">a</text>', None),
        ("<metadata>\n<x/></metadata><g/>", "<g/>"),
        ("<a style=\"font-family: 'DejaVu Sans', 'Arial', sans-serif; x: 1\"/>", "family"),
        ("<a style=\"font: 11px 'DejaVu Sans'\"/>", '<a style="font: 11px {}"/>'),
    ],
)
def test_what_is_left_of_a_drawing(written, kept):
    if kept == "family":
        kept = '<a style="font-family: {}; x: 1"/>'
    kept = (kept or written).format(drawing.FAMILY)
    given = f'<?xml version="1.0"?>\n<svg x="1" width="9pt" height="9pt">{written}</svg>\n'
    left = f'<svg x="1" width="256" height="1">{kept}</svg>\n'
    picture = base64.b64encode(b"\x89PNG" + bytes(14) + b"\1\0\0\0\0\1" + bytes(40)).decode()
    assert drawing.tidy(given, picture) == left


# --------------------------------------------------------------------------- its dark form


def test_words_and_lines_can_be_read_at_night():
    page = style.NIGHT[style.PAPER]
    words = [style.INK, style.GREY, style.BROWN, style.DARK_ORANGE, style.BLUE, "#000000"]
    lines = [style.ORANGE, style.GREEN, style.LIGHT_BLUE, style.LIGHT_ORANGE, "#D55E00"]
    areas = [style.PALE_BLUE, style.PALE_ORANGE, style.PALE_GREY]
    for colour in words:
        assert contrast(style.NIGHT[colour], page) >= WORDS, colour
    for colour in lines:
        assert contrast(style.NIGHT[colour], page) >= LINES, colour
    for colour in [*areas, style.LIGHT_BLUE, style.LIGHT_ORANGE]:
        assert contrast(style.NIGHT[style.INK], style.NIGHT[colour]) >= WORDS, colour
    for colour in areas:
        assert contrast(style.NIGHT[colour], page) >= 1.4, colour
    # What is told apart by its colour by day is so by night.
    assert len(set(style.NIGHT.values())) == len(style.NIGHT)
    for one, other in combinations(("BLUE", "ORANGE", "GREEN", "INK"), 2):
        day, night = ([f(getattr(style, n)) for n in (one, other)] for f in (str, style.NIGHT.get))
        assert np.linalg.norm(np.subtract(*map(rgb, night))) > 100, (one, other, day)


def rgb(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


SMALL = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="240" height="120" viewBox="0 0 144 72"><g id="figure_1"><g id="patch_1">
<path d="M 0 0 L 144 0 L 144 72 L 0 72 z" style="fill: #ffffff"/></g><g id="axes_1">
<g id="patch_2"><path d="M 0 0 L 50 0 L 50 50 L 0 50 z" style="fill: #ffffff"/></g>
<image width="10" height="10" transform="matrix(5 0 0 5 0 0)"/>
<path id="on" d="M 10 10 L 20 20" style="fill: none; stroke: #0072b2"/>
<path id="off" d="M 70 10 L 80 20" style="fill: none; stroke: #0072b2"/>
<path id="out" d="M 30 10 L 80 20" style="fill: none; stroke: #0072b2"/>
<path id="edge" d="M 0 50 L 50 50" style="fill: none; stroke: #0072b2"/>
<path id="frame" d="M -1 -1 L 51 -1 L 51 51 L -1 51 z" style="fill: none; stroke: #0072b2"/>
<text x="25" y="25" style="font-size: 11px">1</text>
<text x="90" y="25" style="font-size: 11px">2</text>
<path id="white" d="M 70 10 L 80 20 L 70 20 z" style="fill: #ffffff; stroke: #222222"/>
</g></g></svg>"""


def test_a_figure_loses_its_paper_and_what_lies_on_a_picture_keeps_its_colours():
    light, dark, size = pictures.both(SMALL)
    assert size == [240, 120] and 'width="240" height="120"' in light
    day, night = map(ElementTree.fromstring, (light, dark))
    for root in (day, night):
        assert not root.findall(".//*[@id='patch_1']") + root.findall(".//*[@id='patch_2']")

    def look(root, name):
        return root.find(f".//*[@id='{name}']").get("style")

    blue = style.NIGHT[style.BLUE].lower()
    for name in ("on", "off", "out", "edge", "frame", "white"):
        assert look(day, name) in SMALL
    for name, kept in (("on", True), ("frame", True), ("off", False), ("out", False)):
        assert (blue not in look(night, name)) == kept, name
    assert blue in look(night, "edge")
    assert look(night, "white") == "fill: #121212; stroke: #eceff2"
    on, off = night.iter(f"{{{pictures.SVG}}}text")
    assert on.get("style").endswith("fill: #000000") and "fill" not in off.get("style")
    assert night.get("fill") == style.NIGHT["#000000"].lower()
    # The paper under a picture through which it shines.
    parts = [part.tag.rpartition("}")[2] for part in night.iter()]
    assert parts.count("rect") == 1 and parts[parts.index("image") - 1] == "rect"


def test_a_colour_without_one_for_the_night_is_named():
    with pytest.raises(ValueError, match="#123456, which NIGHT"):
        pictures.both(SMALL.replace("#222222", "#123456"))


def test_a_page_names_both_forms_once_each():
    image = '<img alt="A 7." class="wide" src="../_images/{}.{}" />'
    page = pictures.with_both(f"<p>{image.format('a', 'svg')}{image.format('b', 'png')}", {
        "a": (240, 120)
    })  # fmt: skip
    first, second, other = re.findall(r"<img[^>]*>", page)
    assert 'class="wide for-light"' in first and 'src="../_images/a.svg"' in first
    assert 'class="wide for-dark"' in second and 'src="../_images/a.night.svg"' in second
    for one in (first, second):
        assert 'alt="A 7."' in one and 'loading="lazy"' in one and 'width="240" height="120"' in one
    assert other == image.format("b", "png")
    assert pictures.with_both(page, {"a": (240, 120)}) == page
    whole = enlarge.with_buttons(f'<div class="cell_output docutils">{page}', "Enlarge", "Close")
    assert whole.count("<button") == 2
    assert re.search(r"for-light[^>]*><img[^>]*for-dark[^>]*><button", whole)


# --------------------------------------------------------------------------- looked at, each one


PLACES = """() => [...document.querySelectorAll('text')].flatMap(text => {
    const spans = text.querySelectorAll('tspan');
    return (spans.length ? [...spans] : [text]).filter(one => one.textContent.trim()).map(one => {
        const box = one.getBoundingClientRect();
        const look = getComputedStyle(one);
        return {words: one.textContent, whole: text.textContent, color: look.fill,
                size: parseFloat(look.fontSize) * (one.ownerSVGElement.getScreenCTM().a),
                box: [box.left, box.top, box.right, box.bottom]};
    });
})"""


def look_at(page, file, ground):
    """Return the words of a drawing, with their places, and its pixels without and with them."""
    page.goto(file.as_uri())
    page.evaluate("colour => document.documentElement.style.background = colour", ground)
    found = page.evaluate(PLACES)
    wide, high = page.evaluate(
        "() => ['width', 'height'].map(n => +document.documentElement.getAttribute(n))"
    )
    shot = {"clip": {"x": 0, "y": 0, "width": wide, "height": high}}
    whole = np.asarray(Image.open(io.BytesIO(page.screenshot(**shot))).convert("RGB"))
    page.evaluate("() => document.querySelectorAll('text').forEach(t => t.style.opacity = 0)")
    bare = np.asarray(Image.open(io.BytesIO(page.screenshot(**shot))).convert("RGB"))
    return found, bare, whole


def beneath(word, bare):
    """Return the colour on which most of a word stands."""
    left, top, right, bottom = (round(side) for side in word["box"])
    pixels = bare[max(top, 0) : bottom, max(left, 0) : right].reshape(-1, 3)
    assert len(pixels), word
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return colours[counts.argmax()]


@pytest.mark.slow
@pytest.mark.book
@pytest.mark.browser
@chapters
def test_every_word_of_a_figure_can_be_read_by_day_and_by_night(name, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1200, "height": 1800})
    faults = []
    for cell, svg in DRAWN[name].items():
        *forms, _ = pictures.both(svg)
        grounds = style.PAPER, style.NIGHT[style.PAPER]
        for form, text, ground in zip(("light", "dark"), forms, grounds, strict=True):
            file = tmp_path / f"{cell}.{form}.svg"
            file.write_text(text, encoding="utf-8")
            words, bare, whole = look_at(page, file, ground)
            for word in words:
                colour = [float(part) for part in re.findall(r"[\d.]+", word["color"])][:3]
                if (least := contrast(colour, beneath(word, bare))) < WORDS:
                    faults.append(f"{cell}, {form}: contrast of {word['words']!r}: {least:.1f}")
                if word["size"] < 11 and word["words"] == word["whole"]:
                    faults.append(f"{cell}: {word['words']!r} is {word['size']:.1f} pixels high")
            if form == "light":
                old, _ = likeness.decode(FIGURES[name][cell][0])
                apart = difference(old, whole)
                if apart > 0.03:
                    faults.append(f"{cell}: the drawing is not the picture: {apart:.3f}")
    page.close()
    assert not faults, "\n".join(faults)


#: Letters as a reader may have them: matplotlib's own, wider ones, and narrower ones.
LETTERS = ("", "letter-spacing: 0.02em", "font-family: 'DejaVu Sans Condensed' !important")
CLASHES = """letters => {
    const root = document.documentElement;
    const look = document.createElementNS(root.namespaceURI, 'style');
    look.textContent = `text, tspan { ${letters} }`;
    root.append(look);
    const [wide, high] = ['width', 'height'].map(name => Number(root.getAttribute(name)));
    const words = [...document.querySelectorAll('text')].filter(one => one.textContent.trim())
        .map(one => [one.textContent.trim(), one.getBoundingClientRect()]);
    const found = [];
    words.forEach(([one, box], place) => {
        if (box.left < -2 || box.top < -2 || box.right > wide + 2 || box.bottom > high + 2)
            found.push(`${one} sticks out`);
        for (const [other, next] of words.slice(place + 1)) {
            const across = Math.min(box.right, next.right) - Math.max(box.left, next.left);
            const down = Math.min(box.bottom, next.bottom) - Math.max(box.top, next.top);
            if (across > 1 && down > 0.6 * Math.min(box.height, next.height))
                found.push(`${one} lies on ${other}`);
        }
    });
    look.remove();
    return found;
}"""


@pytest.mark.slow
@pytest.mark.book
@pytest.mark.browser
@chapters
def test_no_word_lies_on_another_whatever_letters_a_reader_has(name, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1200, "height": 1800})
    faults = []
    for cell, svg in DRAWN[name].items():
        file = tmp_path / f"{cell}.svg"
        file.write_text(pictures.both(svg)[0], encoding="utf-8")
        page.goto(file.as_uri())
        faults += [
            f"{cell}: {one}" for letters in LETTERS for one in page.evaluate(CLASHES, letters)
        ]
    page.close()
    assert not faults, "\n".join(faults)


def difference(old, new):
    """Return how far two pictures are apart on the whole, from 0 to 1, letters left out."""
    shape = tuple(np.array(new.shape[1::-1]) // 16)
    both = []
    for one in (np.asarray(old), new):  # less the paper round them
        rows, columns = np.nonzero((one[..., :3] < 200).any(axis=2))
        one = one[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        one = Image.fromarray(one).convert("RGB").resize(shape, Image.Resampling.BOX)
        both.append(np.asarray(one, float) / 255)
    return float(np.abs(both[0] - both[1]).mean())


# --------------------------------------------------------------------------- on the pages


def pages_with_figures(site):
    """Yield (chapter, its page, how many drawings its cells hold)."""
    for path in record.CHAPTERS:
        if count := len(DRAWN.get(path.stem, {})):
            yield path.stem, parsed(site / "chapters" / f"{path.stem}.html"), count


def test_each_page_shows_both_forms_of_each_figure(site):
    seen = 0
    for name, page, count in pages_with_figures(site):
        light, dark = (page.select(f"article img.for-{form}") for form in ("light", "dark"))
        assert len(light) == len(dark) == count, name
        for one, other in zip(light, dark, strict=True):
            assert one.find_next_sibling() is other
            assert one["src"].removesuffix(".svg") == other["src"].removesuffix(".night.svg")
            for image in (one, other):
                assert (site / "chapters" / image["src"]).is_file()
                assert image["loading"] == "lazy" and int(image["width"]) > 100
            assert {**one.attrs, "class": 0, "src": 0} == {**other.attrs, "class": 0, "src": 0}
            seen += 1
    assert seen >= 8
    unused = {file.name for file in (site / "_images").glob("*.night.svg")}
    named = {i["src"].rpartition("/")[2] for _, p, _ in pages_with_figures(site)
             for i in p.select("img.for-dark")}  # fmt: skip
    assert named == unused


CHAPTER = "chapters/03-output-size.html"


def corner(page, image):
    """Return the colour at the upper left corner of an image on the screen."""
    image.scroll_into_view_if_needed()
    until(page, "image => image.complete && image.naturalWidth > 0", image.element_handle())
    box = image.bounding_box()
    shot = page.screenshot(clip={"x": box["x"] + 1, "y": box["y"] + 1, "width": 2, "height": 2})
    return Image.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0))


@pytest.mark.browser
@pytest.mark.parametrize("start", ["light", "dark"])
def test_a_figure_stands_on_the_page_in_both_themes_and_only_one_form_is_fetched(
    start, browser, server
):
    page, requests, problems = visit(browser, f"{server}/{CHAPTER}", 1280, start)
    other = {"light": "dark", "dark": "light"}[start]
    ground = {"light": (255, 255, 255), "dark": tuple(rgb(style.NIGHT[style.PAPER]))}
    images = page.locator(f"article img.for-{start}")
    for place in range(images.count()):
        assert corner(page, images.nth(place)) == ground[start]
        assert not page.locator(f"article img.for-{other}").nth(place).is_visible()
    fetched = [url for url in requests if url.endswith(".svg") and "_images" in url]
    assert len(fetched) == len(set(fetched)) == images.count()
    assert all(url.endswith(".night.svg") == (start == "dark") for url in fetched)
    places = [one["y"] for one in (images.nth(n).bounding_box() for n in range(images.count()))]
    page.evaluate(f"document.documentElement.dataset.theme = '{other}'")
    turned = page.locator(f"article img.for-{other}")
    assert not images.first.is_visible() and turned.first.is_visible()
    boxes = [turned.nth(n).bounding_box()["y"] for n in range(turned.count())]
    assert np.ptp(np.subtract(places, boxes)) < 0.5  # nothing moves
    assert corner(page, turned.first) == ground[other]
    page.emulate_media(media="print")
    for form in ("light", "dark"):  # paper is white
        assert page.locator(f"article img.for-{form}").first.is_visible() == (form == "light")
    assert not problems
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_enlarged_figure_has_its_theme_and_words_of_11_pixels(theme, browser, server):
    page, requests, problems = visit(browser, f"{server}/{CHAPTER}", 390, theme)
    image = page.locator(f"article img.for-{theme}").nth(1)
    corner(page, image)
    before = len([url for url in requests if ".svg" in url])
    image.click()
    shown = page.locator(f"dialog.enlarged img.for-{theme}")
    assert shown.is_visible() and page.locator("dialog.enlarged img:visible").count() == 1
    assert shown.bounding_box()["width"] == int(image.get_attribute("width"))
    ground = {"light": (255, 255, 255), "dark": tuple(rgb(style.NIGHT[style.PAPER]))}
    assert corner(page, shown) == ground[theme]
    assert len([url for url in requests if ".svg" in url]) == before  # it is there already
    page.keyboard.press("Escape")
    assert not problems
    page.context.close()


@pytest.mark.book
def test_a_slide_shows_the_light_form():
    sources = slides.read_chapters()
    name = next(iter(DRAWN["03-output-size"]))
    (output,) = slides.pull("figure", name, sources).outputs
    light = base64.b64decode(output.data["image/svg+xml"]).decode()
    assert light == pictures.both(DRAWN["03-output-size"][name])[0]


@pytest.mark.parametrize("map_name", [style.INK_MAP, style.SIGNED_MAP])
@pytest.mark.parametrize("opacity", [1.0, 0.75])
def test_letters_on_a_value_are_black_or_white_as_is_read_better(map_name, opacity):
    for shade in np.linspace(0, 1, 60):
        *rgb, _ = mpl.colormaps[map_name](shade)
        seen = 255 * (1 - opacity * (1 - np.array(rgb)))
        letters = style.letters_on([*rgb, opacity])
        assert contrast(seen, {"black": "#000000", "white": "#ffffff"}[letters]) >= WORDS


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_figure_is_as_large_as_its_words_need_before_it_has_come(width, browser, server):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.route("**/*.svg", lambda route: route.abort())
    page.goto(f"{server}/{CHAPTER}")
    for image in page.locator("article img.for-light").all():
        box, own = image.bounding_box(), [int(image.get_attribute(n)) for n in ("width", "height")]
        assert box["width"] / box["height"] == pytest.approx(own[0] / own[1], rel=0.01)
        assert box["width"] <= own[0] + 0.5
        if width > 768:  # 80 pixels to the inch, or as wide as the text
            assert box["height"] <= max(304, own[1] * 2 / 3) + 0.5
        assert box["width"] > 300
    context.close()
