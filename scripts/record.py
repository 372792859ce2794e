"""The record of what the chapters show: ``chapters/outputs.sha256``.

One line for each code cell that has an output: a checksum of the cell's code, one of its outputs
(text and pictures) and the cell. Only ``scripts/execute.py`` writes it, when it has run a chapter.
So an output that was changed, taken away or exchanged by hand or by a merge is found, and so is
code that was changed after it had been run.

A notebook in a folder of ``chapters``, such as the solutions, belongs to the book as well, and its
lines begin with the folder: ``solutions/13-build-it-yourself/s13-003``. It is no chapter.

The record says that nobody touched the outputs since they were made. That they are *true* is
checked elsewhere: tests/test_stored_outputs.py, and ``pytest --nbval``.
"""

import hashlib
import json
from pathlib import Path

import nbformat

from lenet_tutorial.files import write_whole

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "chapters" / "solutions").glob("*.ipynb"))
RECORD = ROOT / "chapters" / "outputs.sha256"


def checksum(thing):
    """Return the SHA-256 of a text, or of anything that JSON can hold."""
    text = thing if isinstance(thing, str) else json.dumps(thing, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def outputs(cell):
    """Return a cell's outputs without the numbers that only say when the cell was run."""
    kept = ("output_type", "name", "text", "data", "metadata")
    return [{key: output[key] for key in kept if key in output} for output in cell.outputs]


def name_of(path):
    """Return what the record calls a notebook; the solutions have their chapter's name."""
    return f"solutions/{path.stem}" if path.parent.name == "solutions" else path.stem


def lines(path):
    """Return the lines of the record for one chapter, in the order of its cells."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        f"{checksum(cell.source)} {checksum(outputs(cell))} {name_of(path)}/{cell.id}"
        for cell in cells
        if cell.cell_type == "code" and cell.outputs
    ]


def read(record=RECORD):
    """Return the record: for each cell, as ``chapter/id``, the checksums of code and outputs."""
    rows = [line.split(" ") for line in record.read_text(encoding="utf-8").splitlines()]
    return {cell: (source, shown) for source, shown, cell in rows}


def update(paths, record=RECORD, chapters=(*CHAPTERS, *SOLUTIONS)):
    """Write the lines of the chapters in `paths` anew, and keep those of the others."""
    kept = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    anew = {name_of(path): lines(path) for path in paths}
    whole = []
    for name in map(name_of, chapters):
        whole += anew.get(name) or [
            line for line in kept if line.split(" ")[-1].startswith(f"{name}/")
        ]
    data = "".join(f"{line}\n" for line in whole).encode()
    write_whole(record, lambda file: file.write(data))
