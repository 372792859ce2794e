"""Hooks of pytest for what nbval leaves out: pictures, and cells tagged ``nbval-ignore-output``.

nbval compares text and skips pictures. Here each picture that comes out is laid beside the stored
one, and the numbers of tagged cells beside the stored numbers. What depends on the digits is
compared only in a run with MNIST, since MNIST is what is published; what depends on training only
roughly; what depends on the clock not at all. How much may differ stands in ``likeness``, what
depends on what in ``origins``. ``chapters/conftest.py`` brings these hooks in.
"""

import base64
import os
import tempfile
from pathlib import Path

import likeness
import origins
import pytest

IGNORE = "nbval-ignore-output"
# By what share, or how many units of the last place, a trained network's numbers may differ.
TRAINED_NUMBERS = {"share": 0.35, "units": 5}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After nbval has run and compared a cell, compare what it leaves out."""
    if hasattr(item, "test_outputs") and "image/svg+xml" not in item.parent.skip_compare:
        # A chapter that is stored has drawings, too; its kernel was told to make them (drawing.py).
        item.parent.skip_compare += ("image/svg+xml",)
    result = yield
    if hasattr(item, "test_outputs"):
        compare(item)
    return result


def compare(item):
    """Hold what a cell shows now against what is stored."""
    if not hasattr(item.parent, "origins"):
        item.parent.origins = origins.origins(item.parent.nb.cells)
        item.parent.mnist = os.environ.get("LENET_TUTORIAL_DATASET") == "mnist"
    kinds = item.parent.origins.get(item.cell.id, set())
    fresh, stored = item.test_outputs, item.cell.outputs
    item.parent.mnist |= "<MNIST" in text(fresh)
    if origins.TIME in kinds or (
        kinds & {origins.DATA, origins.TRAINING} and not item.parent.mnist
    ):
        return
    compare_pictures(item, kinds, pictures(stored), pictures(fresh))
    if IGNORE in item.cell.metadata.get("tags", []):
        compare_texts(item, kinds, text(stored), text(fresh))


def pictures(outputs):
    """Return the pictures among some outputs, as base64."""
    return [one["data"]["image/png"] for one in outputs if "image/png" in one.get("data", {})]


def text(outputs):
    """Return the text among some outputs."""
    return "".join(
        one.get("text", "") or one.get("data", {}).get("text/plain", "") for one in outputs
    )


def compare_pictures(item, kinds, stored, fresh):
    """Fail if a picture looks different, and say where both are kept to be looked at."""
    if len(stored) != len(fresh):
        item.raise_cell_error(f"{len(stored)} pictures are stored and {len(fresh)} come out", "")
    for number, pair in enumerate(zip(stored, fresh, strict=True)):
        (old, old_by), (new, new_by) = map(likeness.decode, pair)
        trained, chosen = origins.TRAINING in kinds, origins.CHOICE in kinds
        allowed = likeness.tolerance_for(
            old_by, new_by, trained, chosen, likeness.bundled_letters()
        )
        apart = likeness.difference(old, new, allowed)
        if apart > allowed.most:
            folder = keep(item, number, pair)
            item.raise_cell_error(
                f"The picture of {item.cell.id} looks different: {apart:.3f}, "
                f"where {allowed.most} is allowed. Look at both in {folder}. "
                "If the new one is right, run `make execute`",
                "",
            )


def keep(item, number, pair):
    """Write a stored and a fresh picture into a folder for temporary files, and return it."""
    folder = Path(tempfile.gettempdir()) / "lenet-tutorial-pictures"
    folder.mkdir(exist_ok=True)
    for name, picture in zip(("stored", "fresh"), pair, strict=True):
        path = folder / f"{item.cell.id}-{number}-{name}.png"
        path.write_bytes(base64.b64decode(picture))
    return folder


def compare_texts(item, kinds, stored, fresh):
    """Fail if a number of a cell that nbval does not compare is far from the stored one."""
    trained = origins.TRAINING in kinds
    if "<Figure" in stored or (trained and origins.CHOICE in kinds):
        return
    pair = likeness.unlike(stored, fresh, **(TRAINED_NUMBERS if trained else {}))
    if pair:
        item.raise_cell_error(
            f"{item.cell.id} shows {pair[0]!r} where it is stored, and {pair[1]!r} comes out. "
            "If the new one is right, run `make execute`",
            "",
        )
