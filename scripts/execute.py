"""Run notebooks from top to bottom and store their outputs: ``make execute``.

The result is stable: no time stamps, no version of this machine's Python, no random ids. So code
that has not changed gives a file that has not changed, wherever the computation is deterministic.
A notebook is only written when all its cells have run, and written whole. Then the checksums of its
outputs go into ``chapters/outputs.sha256`` (see ``record.py``).

With ``--digests`` nothing is run: the outputs are taken into the record as they stand. This is for
a change that leaves them as they are: a cell that got another name, or a comment in its code.
"""

import argparse
import sys
import time
from pathlib import Path

import drawing
import first_cell
import nbformat
import record
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def execute(path):
    """Run one notebook in place; raise if a cell fails or writes to stderr."""
    notebook = nbformat.read(path, as_version=4)
    first_cell.put(notebook, path.name, first_cell.repository())
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    client = NotebookClient(
        notebook,
        timeout=1800,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=drawing.KERNEL,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise RuntimeError(f"{path}, cell {number} wrote to stderr:\n{output.text}")
            if drawing.SVG in output.get("data", {}):
                both = output.data[drawing.SVG], output.data["image/png"]
                output.data[drawing.SVG] = drawing.tidy(*both)
    number_cells(notebook)
    first_cell.store(notebook, path)


def number_cells(notebook):
    """Count the chapter's own cells from 1 on; the one that sees to the package has no number."""
    number = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        own = not first_cell.is_setup(cell)
        number += own
        cell.execution_count = number if own else None
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def main():
    """Run every notebook named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = [*record.CHAPTERS, *record.SOLUTIONS]
    parser.add_argument("notebooks", nargs="*", type=Path, default=every)
    parser.add_argument("--digests", action="store_true", help="write the record, run nothing")
    arguments = parser.parse_args()
    if arguments.digests:
        record.update(arguments.notebooks)
        return
    for path in arguments.notebooks:
        started = time.monotonic()
        try:
            execute(path)
        except CellExecutionError as error:
            sys.exit(f"{path}: {error}")
        record.update([path])
        print(f"{path}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
