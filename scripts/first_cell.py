"""Write each chapter's first code cell, which sees to the package: ``make repository``.

Where the package is installed, the cell does nothing. Where it is missing, on Colab for example, it
installs it from the public repository. The address has one place, ``repository`` in _config.yml.
While it is unset, the cell says how to get the package.

The cell is not part of the page, has no output and no number, and no other cell is touched.
"""

import argparse
import re
from pathlib import Path

import nbformat
import yaml

from lenet_tutorial.files import write_whole

ROOT = Path(__file__).parent.parent
TAG = "setup"

LOOK = """\
# The code that the chapters share must be installed.
from importlib.util import find_spec

"""

UNSET = """\
if find_spec("lenet_tutorial") is None:
    raise ModuleNotFoundError(
        "The package lenet_tutorial is missing. Get a copy of the book's "
        "repository, and run in its folder: python -m pip install ."
    )
"""

SET = """\
PACKAGE = "git+{url}@{branch}"
if find_spec("lenet_tutorial") is None:  # on Colab, for example
    %pip install --quiet {{PACKAGE}}
"""


def repository(config=ROOT / "_config.yml"):
    """Return the address and the branch of the public repository, or None.

    Raises
    ------
    ValueError
        If the address is none that pip can install from, or the branch has a strange name.
    """
    setting = yaml.safe_load(config.read_text(encoding="utf-8")).get("repository") or {}
    url, branch = setting.get("url"), setting.get("branch", "main")
    if not url:
        return None
    if not re.fullmatch(r"https://[\w.-]+(/[\w.-]+)+", str(url)):
        raise ValueError(f"repository.url must be like https://host/owner/name, got {url!r}")
    if not re.fullmatch(r"[\w./-]+", str(branch)):
        raise ValueError(f"repository.branch must be the name of a branch, got {branch!r}")
    return url.removesuffix(".git"), branch


def source(address):
    """Return the cell's code for an address and a branch, or for None."""
    if address is None:
        return (LOOK + UNSET).rstrip()
    url, branch = address
    return (LOOK + SET.format(url=url, branch=branch)).rstrip()


def is_setup(cell):
    """Return whether a cell is the one that is written here."""
    return cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])


def put(notebook, name, address):
    """Put the cell in its place, after the title, or bring it up to date.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    name : str
        Name of the file; ``09-1989-in-code.ipynb`` gives the cell the id ``c09-setup``.
    address : (str, str) or None
        See :func:`repository`.
    """
    cells = [cell for cell in notebook.cells if not is_setup(cell)]
    cell = nbformat.v4.new_code_cell(
        source(address),
        id=f"c{name[:2]}-setup",
        metadata={"tags": [TAG, "remove-cell"]},
    )
    notebook.cells = [*cells[:1], cell, *cells[1:]]


def store(notebook, path):
    """Write a notebook that is valid, whole or not at all."""
    nbformat.validate(notebook)
    data = f"{nbformat.writes(notebook)}\n".encode()
    write_whole(path, lambda file: file.write(data))


def main():
    """Write the cell into every notebook named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    address = repository()
    for path in parser.parse_args().notebooks:
        notebook = nbformat.read(path, as_version=4)
        put(notebook, path.name, address)
        store(notebook, path)
    print(f"{' '.join(address) if address else 'no address is set'}: the chapters say so")


if __name__ == "__main__":
    main()
