"""Pictures become what MNIST's digits look like, as in the explorer; the rest is refused."""

import io
import math
import os
import struct
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from memory import PRINT_PEAK
from PIL import Image

from lenet_tutorial.command import photos as scans
from lenet_tutorial.command.photos import PictureError, read_digit, read_light


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


@pytest.mark.parametrize("side", [6325, 10_000, 15_000, 60_000])
def test_the_size_is_looked_up_before_a_pixel_is_unpacked(tmp_path, monkeypatch, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(side, side))

    def unpack(*args):
        raise AssertionError("a pixel was unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    with warnings.catch_warnings(record=True) as shown:
        with pytest.raises(PictureError, match="more than 40 million pixels"):
            read_digit(path)
    assert not shown


def test_a_large_picture_is_made_smaller(tmp_path):
    Image.fromarray(stroke()).resize((1200, 1600)).save(tmp_path / "large.png")
    assert read_light(tmp_path / "large.png").shape == (400, 300)


@pytest.mark.parametrize("kind", ["RGBA", "I;16"])
def test_a_picture_is_the_same_in_strips(tmp_path, monkeypatch, kind):
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (900, 700, 4), np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    if kind == "I;16":
        image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    image.save(tmp_path / "noise.png", compress_level=1)
    whole = read_light(tmp_path / "noise.png")
    monkeypatch.setattr(scans, "STRIP", 10_000)
    assert whole.shape == (400, 311)
    np.testing.assert_array_equal(read_light(tmp_path / "noise.png"), whole)


def test_a_huge_file_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(scans, "MAX_BYTES", 100)
    Image.fromarray(stroke()).save(tmp_path / "heavy.png")
    with pytest.raises(PictureError, match="is larger than"):
        read_digit(tmp_path / "heavy.png")


# --------------------------------------------------------------------------- damage


def chunks(data):
    """Yield the parts of a PNG: name and content."""
    place = 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def png(parts):
    """Put a PNG together from its parts, with the right checksums."""
    made = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def saved(kind, image=None, **how):
    """Return the bytes of a picture of a kind."""
    made = io.BytesIO()
    (image or Image.fromarray(stroke())).save(made, kind, **how)
    return made.getvalue()


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a digit from bytes."""

    def run(data):
        (tmp_path / "picture").write_bytes(data)
        return read_digit(tmp_path / "picture")

    return run


def test_a_flipped_byte_anywhere_in_a_png_is_refused(read):
    data = saved("PNG")
    whole = read(data)
    places = np.random.default_rng(0).choice(len(data), 150, replace=False)
    for place in (*range(60), *places, *range(len(data) - 20, len(data))):
        changed = bytearray(data)
        changed[place] ^= 0x10
        try:
            assert np.array_equal(read(bytes(changed)), whole), place
        except PictureError as error:
            said = str(error)
        else:
            said = "read as whole"
        assert said != "read as whole", place


def test_right_checksums_of_the_parts_do_not_hide_a_wrong_one_of_the_rows(read):
    parts = list(chunks(saved("PNG")))
    place = next(n for n, (name, _) in enumerate(parts) if name == b"IDAT")
    rows = parts[place][1]
    assert png(parts) == saved("PNG")
    for wrong in (rows[:-1] + bytes([rows[-1] ^ 1]), rows[:-4], rows[:-30], b"", rows[5:]):
        changed = [*parts[:place], (b"IDAT", wrong), *parts[place + 1 :]]
        with pytest.raises(PictureError, match="is damaged or cut short"):
            read(png(changed))
    # In several parts they are still whole.
    split = [(b"IDAT", rows[:70]), (b"IDAT", b""), (b"IDAT", rows[70:])]
    split = png([*parts[:place], *split, *parts[place + 1 :]])
    assert np.array_equal(read(split), read(png(parts)))


def test_rows_that_never_end_are_not_unpacked(read):
    head, *_ = chunks(saved("PNG"))
    endless = zlib.compress(bytes(60_000_000), 9)
    started = time.process_time()
    with pytest.raises(PictureError, match="holds more than its pixels"):
        read(png([head, (b"IDAT", endless), (b"IEND", b"")]))
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"pHYs", b"gAMA"])
def test_notes_of_any_kind_neither_fill_the_memory_nor_pass_an_error_on(read, name):
    head, *rest = chunks(saved("PNG"))
    bomb = zlib.compress(bytes(50_000_000), 9)
    for body in (b"", b"x", b"x\0\0" + bomb, b"\xff" * 40, b"x\0\1\0\0\0" + bomb):
        for times in (1, 40):
            try:
                assert read(png([head, *[(name, body)] * times, *rest])).max() == 255
            except PictureError as error:
                said = str(error)
            else:
                said = ""
            assert said == "" or "damaged or cut short" in said


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_picture_cut_anywhere_is_refused_or_whole(read, kind):
    # A JPEG's end, or a GIF's, may be missing where all its pixels are there.
    data = saved(kind, Image.fromarray(stroke()).convert("RGB"))
    whole = read(data)
    refused = 0
    lengths = {*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 6, len(data))}
    for length in lengths:
        try:
            assert np.array_equal(read(data[:length]), whole), length
        except PictureError as error:
            refused += 1
            said = str(error)
            assert "\n" not in said
    assert refused > 0.9 * len(lengths) - 6


def broken_notes():
    """Return EXIF that says which side is up, with something broken behind it."""
    notes = Image.Exif()
    notes[0x0112], notes[0x010F], notes[0x011A] = 6, "someone", 72.0
    notes.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    data = bytearray(notes.tobytes())
    assert data[:8] == b"Exif\0\0MM"
    return data


NOTES = {
    "as they should be": lambda data: data,
    "a rational out of reach": lambda data: data.replace(
        b"\x01\x1a\0\x05\0\0\0\1\0\0", b"\x01\x1a\0\x05\0\0\0\1\x7f\xff"
    ),
    "an endless text": lambda data: data.replace(b"\x01\x0f\0\x02\0\0", b"\x01\x0f\0\x02\x7f\xff"),
    "a lost folder": lambda data: data.replace(
        b"\x87\x69\0\x04\0\0\0\1\0\0", b"\x87\x69\0\x04\0\0\0\1\xff\xff"
    ),
    "cut": lambda data: data[:-9],
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("name", NOTES)
def test_which_side_is_up_is_read_from_broken_notes(read, kind, name):
    notes = bytes(NOTES[name](broken_notes()))
    assert name == "as they should be" or notes != bytes(broken_notes())
    sideways = Image.fromarray(np.rot90(stroke()).copy()).convert("RGB")
    how = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    found = read(saved(kind, sideways, exif=notes, **how)).astype(float).ravel()
    wanted = read(saved("PNG")).astype(float).ravel()
    assert found @ wanted / np.linalg.norm(found) / np.linalg.norm(wanted) > 0.95


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_way_of_holding_is_turned(read, turn):
    from PIL import ImageOps

    notes = Image.Exif()
    notes[0x0112] = turn
    data = saved("PNG", exif=notes)
    with Image.open(io.BytesIO(data)) as image:
        upright = saved("PNG", ImageOps.exif_transpose(image))
    assert np.array_equal(read(data), read(png(p for p in chunks(upright) if p[0] != b"eXIf")))


@pytest.mark.parametrize("value", [0, 9, 65535, "6", b"6", 2.5, (6, 6)])
def test_an_orientation_that_is_none_is_left_out(monkeypatch, read, value):
    plain = read(saved("PNG"))
    monkeypatch.setattr(Image.Image, "getexif", lambda image: {0x0112: value})
    assert np.array_equal(read(saved("PNG")), plain)


@pytest.mark.parametrize(
    "error", [struct.error, SyntaxError, OverflowError, ZeroDivisionError, AttributeError, OSError]
)
def test_no_error_in_the_notes_stops_the_picture(monkeypatch, read, error):
    plain = read(saved("PNG"))

    def fail(image):
        raise error("broken notes")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    assert np.array_equal(read(saved("PNG")), plain)
    # The second kind of notes still counts.
    sideways = Image.fromarray(np.rot90(stroke()).copy()).convert("RGB")
    turned = read(saved("JPEG", sideways, quality=95, xmp=b'<x tiff:Orientation="6"/>'))
    alike = turned.astype(float).ravel() @ plain.astype(float).ravel()
    assert alike / np.linalg.norm(turned.astype(float)) / np.linalg.norm(plain.astype(float)) > 0.95


def test_notes_that_stop_the_decoder_are_left_out(monkeypatch, read):
    data = saved("JPEG", exif=bytes(broken_notes()), icc_profile=b"x" * 99, dpi=(72, 72))
    real = Image.open

    def stop(file, **how):
        if b"Exif" in file.getvalue():
            raise AttributeError("in the notes")
        return real(file, **how)

    monkeypatch.setattr(Image, "open", stop)
    assert read(data).max() == 255
    assert scans._without_notes(data).count(b"\xff\xe1") == 0
    assert scans._without_notes(saved("PNG")) == saved("PNG")


@pytest.mark.parametrize("error", [RuntimeError, ZeroDivisionError, KeyError, MemoryError])
def test_whatever_a_decoder_raises_becomes_one_line(monkeypatch, read, error):
    def fail(*args):
        raise error("first\nsecond")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(PictureError) as raised:
        read(saved("BMP"))
    assert "\n" not in str(raised.value)


def test_mutated_pictures_are_read_or_refused_without_a_warning(read):
    seeds = [saved("PNG"), saved("GIF"), saved("BMP"), saved("WEBP"), saved("JPEG")]
    seeds += [saved("JPEG", exif=bytes(broken_notes())), saved("WEBP", lossless=True)]
    seeds += [saved("PNG", palette(Image.fromarray(stroke())), transparency=0)]
    draw = np.random.default_rng(1)
    said = set()
    with warnings.catch_warnings(record=True) as shown:
        for _ in range(300):
            data = bytearray(seeds[draw.integers(len(seeds))])
            for place in draw.integers(0, min(len(data), 600), draw.integers(1, 6)):
                data[place] = draw.integers(256)
            if data[:8] == b"\x89PNG\r\n\x1a\n" and draw.integers(2):
                data = bytearray(png(chunks(bytes(data))))
            try:
                read(bytes(data))
            except PictureError as error:
                said.add(str(error))
    assert len(said) > 10 and not [one for one in said if "\n" in one]
    assert not shown


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cmyk", "rgba", "sixteen"])
def test_the_largest_picture_takes_a_bounded_memory(tmp_path, kind):
    if sys.platform != "linux":
        pytest.skip("the largest memory of a process is read as Linux tells it")
    side = math.isqrt(scans.MAX_PIXELS)
    pixels = np.full((side, side), 230, np.uint8)
    pixels[side // 8 : -side // 8, side // 2 - 300 : side // 2 + 300] = 20
    image, path = Image.fromarray(pixels), tmp_path / "large.png"
    if kind == "cmyk":
        path = tmp_path / "large.jpg"
        notes = Image.Exif()
        notes[0x0112] = 6
        image.convert("CMYK").save(path, exif=notes, progressive=True)
    elif kind == "rgba":
        image.convert("RGBA").save(path, compress_level=1)
    else:
        Image.fromarray(pixels.astype(np.uint16) * 257).save(path, compress_level=1)
    code = "import sys; from lenet_tutorial.command.photos import read_digit; "
    code += f"read_digit(sys.argv[1]); {PRINT_PEAK}"
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, encoding="utf-8", check=True
    )
    assert int(found.stdout) / 1e6 < 0.65  # GB


NAMES = {
    "too long": "x" * 300 + ".png",
    "a zero byte": "a\0b.png",
    "half a character": "\udcff.png",
    "a line break": "a\nb.png",
    "below a file": "file.png/x.png",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_cannot_be_opened_is_said_in_one_line(tmp_path, name):
    (tmp_path / "file.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r"no such file|can't be opened") as raised:
        read_digit(tmp_path / NAMES[name])
    assert "\n" not in str(raised.value)
    str(raised.value).encode()  # can be printed


def test_a_device_is_not_read(tmp_path):
    if not Path("/dev/zero").exists():
        pytest.skip("no devices with a name here")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    with pytest.raises(PictureError, match="is no file"):
        read_digit(tmp_path / "zero.png")


def test_a_file_without_permission_is_named(tmp_path, monkeypatch):
    Image.fromarray(stroke()).save(tmp_path / "closed.png")

    def closed(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lenet_tutorial.files.os.open", closed)
    with pytest.raises(PictureError, match=r"closed\.png can't be opened: permission denied"):
        read_digit(tmp_path / "closed.png")
