"""Pictures of handwritten digits as readers take them: light, paper, pens, desks, dirt.

Each kind is a function: a digit of MNIST and a source of random numbers in, bytes ``(h, w, 3)`` or
``(h, w, 4)`` out. Light, paper and ink are drawn anew for each picture, with the parts of
:mod:`lenet_tutorial.photographs`.
"""

import numpy as np
from scipy import ndimage

from lenet_tutorial.photographs import finish, in_a_line, places, ramp, ruled, strokes, write

__all__ = ["KINDS", "finish", "in_a_line", "write"]
KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


@kind
def clean(image, random):
    return finish(write(strokes(image, random)), random)


@kind
def falling_light(image, random):
    sheet = write(strokes(image, random))
    return finish(
        sheet * (1 - random.uniform(0.5, 0.65) * ramp(sheet.shape[:2], random))[..., None], random
    )


@kind
def vignette(image, random):
    sheet = write(strokes(image, random))
    y, x = places(sheet.shape)
    away = np.hypot(y - 0.5, x - 0.5) / 0.707
    return finish(sheet * (1 - random.uniform(0.45, 0.6) * away**2)[..., None], random)


@kind
def hard_shadow(image, random):
    sheet = write(strokes(image, random))
    shade = ramp(sheet.shape[:2], random) > random.uniform(0.3, 0.7)
    shade = ndimage.gaussian_filter(shade.astype(float), random.uniform(1, 5))
    return finish(sheet * (1 - random.uniform(0.25, 0.5) * shade)[..., None], random)


@kind
def glare(image, random):
    sheet = write(
        strokes(image, random),
        paper=(0.8, 0.82, 0.84),
        pen=random.choice([(0.1, 0.1, 0.5), (0.1, 0.1, 0.1), (0.6, 0.1, 0.1)]),
    )
    y, x = places(sheet.shape)
    cy, cx = random.uniform(0.1, 0.9, 2)
    spot = np.exp(-(((y - cy) ** 2 + (x - cx) ** 2) / random.uniform(0.01, 0.04)))
    return finish(np.minimum(sheet + 0.35 * spot[..., None], 1), random)


def on_lines(image, random, squares, strength, pen, pitch):
    ink = strokes(image, random)
    lines, colour = ruled(ink.shape, random, squares, pitch, strength)
    paper = np.array((0.95, 0.95, 0.93)) + lines[..., None] * (colour - 0.94)
    return finish(write(ink, paper, pen), random)


@kind
def squares(image, random):
    return on_lines(
        image, random, True, random.uniform(0.6, 1), (0.12, 0.12, 0.14), random.uniform(22, 34)
    )


@kind
def squares_and_biro(image, random):
    return on_lines(
        image, random, True, random.uniform(0.5, 0.8), (0.12, 0.2, 0.55), random.uniform(22, 34)
    )


@kind
def ruled_paper(image, random):
    return on_lines(
        image, random, False, random.uniform(0.6, 1), (0.15, 0.15, 0.3), random.uniform(36, 60)
    )


@kind
def thin_pencil(image, random):
    return finish(
        write(strokes(image, random, thin=random.integers(5, 9)), pen=(0.45, 0.45, 0.47)), random
    )


@kind
def faint_pencil(image, random):
    ink = strokes(image, random, thin=3)
    ink = ink * np.clip(random.normal(0.75, 0.25, ink.shape), 0, 1)
    return finish(write(ink, pen=(0.62, 0.62, 0.63)), random, grain=0.025)


@kind
def highlighter(image, random):
    return finish(
        write(strokes(image, random), pen=random.choice([(0.95, 0.93, 0.2), (0.55, 0.95, 0.45)])),
        random,
    )


@kind
def red_on_green(image, random):
    return finish(
        write(strokes(image, random), paper=(0.45, 0.68, 0.48), pen=(0.85, 0.38, 0.32)), random
    )


@kind
def white_on_transparent(image, random):
    ink = strokes(image, random)
    made = np.full((*ink.shape, 4), 255, np.uint8)
    made[..., 3] = ink * 255
    return made


@kind
def low_light(image, random):
    return finish(
        write(strokes(image, random)) * random.uniform(0.25, 0.4), random, grain=0.06, quality=75
    )


@kind
def desk(image, random):
    sheet = write(strokes(image, random, fill=random.uniform(0.35, 0.5)))
    h, w = sheet.shape[:2]
    table = np.array((0.32, 0.22, 0.15)) * (1 + random.normal(0, 0.05, (h, 1, 1)))
    page = np.zeros((h, w))
    t, b, le, r = (random.uniform(0.03, 0.12) for _ in range(4))
    page[int(t * h) : int((1 - b) * h), int(le * w) : int((1 - r) * w)] = 1
    page = ndimage.rotate(page, random.uniform(-5, 5), reshape=False, order=1)[..., None]
    return finish(sheet * page + table * (1 - page), random)


@kind
def scanner_frame(image, random):
    sheet = write(strokes(image, random))
    edge = int(random.uniform(0.02, 0.05) * min(sheet.shape[:2]))
    sheet[:edge], sheet[-edge:], sheet[:, :edge], sheet[:, -edge:] = 0.05, 0.05, 0.05, 0.05
    return finish(sheet, random)


@kind
def drawn_frame(image, random):
    ink = strokes(image, random, fill=random.uniform(0.35, 0.5))
    h, w = ink.shape
    m, t = int(random.uniform(0.05, 0.1) * w), random.integers(3, 7)
    box = np.zeros_like(ink)
    box[m : h - m, m : w - m] = 1
    box[m + t : h - m - t, m + t : w - m - t] = 0
    box = ndimage.rotate(box, random.uniform(-2, 2), reshape=False, order=1)
    return finish(write(np.maximum(ink, box)), random)


@kind
def specks(image, random):
    ink = strokes(image, random)
    h, w = ink.shape
    y, x = np.mgrid[:h, :w]
    for _ in range(random.integers(8, 25)):
        cy, cx, r = random.uniform(0, h), random.uniform(0, w), random.uniform(2, 7)
        ink = np.maximum(ink, np.hypot(y - cy, x - cx) < r)
    return finish(write(ink), random)


@kind
def small_digit(image, random):
    return finish(
        write(strokes(image, random, height=1600, width=1200, fill=random.uniform(0.05, 0.15))),
        random,
    )


@kind
def everyday_photo(image, random):
    ink = strokes(image, random, fill=random.uniform(0.25, 0.45))
    lines, colour = ruled(ink.shape, random, True, random.uniform(24, 34), random.uniform(0.3, 0.6))
    paper = np.array((0.95, 0.94, 0.9)) + lines[..., None] * (colour - 0.94)
    sheet = write(ink, paper, (0.15, 0.2, 0.45))
    return finish(
        ndimage.gaussian_filter(sheet, (1, 1, 0)) * (1 - 0.5 * ramp(ink.shape, random))[..., None],
        random,
        0.03,
    )


@kind
def edge_of_desk(image, random):
    sheet = write(strokes(image, random))
    h, w = sheet.shape[:2]
    shade = ramp((h, w), random) > random.uniform(0.82, 0.9)
    sheet[shade] = (0.3, 0.2, 0.12)
    return finish(sheet, random)


@kind
def chart(image, random):
    ink = np.zeros((480, 640))
    big = strokes(image, random, 350, 350, 0.65)
    ink[60:410, 160:510] = big
    ink[58:61, 158:512] = ink[410:413, 158:512] = 1
    ink[58:413, 157:160] = ink[58:413, 510:513] = 1
    for k in range(6):
        ink[413:420, 175 + 60 * k : 178 + 60 * k] = 1
        ink[425:437, 172 + 60 * k : 181 + 60 * k] = random.random((12, 9)) < 0.5
        ink[75 + 60 * k : 78 + 60 * k, 150:157] = 1
        ink[70 + 60 * k : 82 + 60 * k, 128:146] = random.random((12, 18)) < 0.5
    return finish(write(ink, (1, 1, 1), (0, 0, 0)), random, 0)


@kind
def tight(image, random):
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 60) for axis in (1, 0))
    crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    big = np.clip(ndimage.zoom(np.pad(crop, 1), 8, order=1) / 255.0, 0, 1)
    return finish(write(big), random)


@kind
def tiny(image, random):
    small = image[2:26, 2:26].reshape(8, 3, 8, 3).mean(axis=(1, 3))
    return np.repeat((255 - np.clip(small * 1.2, 0, 255)).astype(np.uint8)[..., None], 3, axis=2)


@kind
def chalk(image, random):
    return finish(
        write(strokes(image, random), (0.15, 0.25, 0.2), (0.85, 0.87, 0.85)), random, 0.03
    )


@kind
def red_pen(image, random):
    return finish(write(strokes(image, random), pen=(0.8, 0.15, 0.15)), random)


@kind
def as_in_mnist(image, random):
    return np.repeat(image[..., None], 3, axis=2)


@kind
def mnist_on_white(image, random):
    return np.repeat(255 - image[..., None], 3, axis=2)
