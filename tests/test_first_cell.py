"""The first cell of a chapter sees to the package, and knows its address from one place only."""

import importlib.util

import first_cell
import nbformat
import pytest
from contents import CHAPTERS, read
from IPython.core.inputtransformer2 import TransformerManager

pytestmark = pytest.mark.book

ADDRESS = ("https://example.org/owner/lenet", "main")


def config(folder, text):
    (folder / "_config.yml").write_text("title: A book\n" + text, encoding="utf-8")
    return folder / "_config.yml"


def run(source, monkeypatch, missing):
    """Run a cell as Jupyter does; return the magics that it called."""
    called = []

    class Shell:
        def run_line_magic(self, name, line):
            called.append((name, line.format(**names)))

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if missing and name == "lenet_tutorial" else find(name),
    )
    names = {"get_ipython": Shell}
    exec(TransformerManager().transform_cell(source), names)
    return called


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_has_the_cell_as_the_setting_says(path):
    notebook = read(path)
    cell = notebook.cells[1]
    assert [first_cell.is_setup(one) for one in notebook.cells].count(True) == 1
    assert first_cell.is_setup(cell), "run `make repository`"
    assert cell.source == first_cell.source(first_cell.repository()), "run `make repository`"
    assert cell.metadata == {"tags": ["setup", "remove-cell"]}  # no part of the page
    assert cell.outputs == [] and cell.execution_count is None
    assert cell.id == f"c{path.name[:2]}-setup"


@pytest.mark.parametrize("address", [None, ADDRESS])
def test_with_the_package_the_cell_does_nothing(address, monkeypatch, capsys):
    assert run(first_cell.source(address), monkeypatch, missing=False) == []
    assert capsys.readouterr() == ("", "")


def test_without_the_package_and_an_address_it_says_how_to_get_it(monkeypatch):
    with pytest.raises(ModuleNotFoundError, match=r"python -m pip install \."):
        run(first_cell.source(None), monkeypatch, missing=True)


def test_without_the_package_it_installs_it_from_the_repository(monkeypatch):
    called = run(first_cell.source(ADDRESS), monkeypatch, missing=True)
    assert called == [("pip", "install --quiet git+https://example.org/owner/lenet@main")]


def test_the_setting_is_read_from_the_configuration(tmp_path):
    assert first_cell.repository(config(tmp_path, "")) is None
    assert first_cell.repository(config(tmp_path, "repository:\n  branch: main\n")) is None
    text = "repository:\n  url: https://example.org/owner/lenet\n"
    assert first_cell.repository(config(tmp_path, text)) == ADDRESS
    branch = "  branch: release/1\n"
    assert first_cell.repository(config(tmp_path, text + branch)) == (ADDRESS[0], "release/1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url: example.org/owner/lenet", "must be like https://host/owner/name, got 'example"),
        ("url: https://example.org", "must be like"),
        ('url: https://example.org/o/l"; evil', "must be like"),
        ("url: https://example.org/o/l\n  branch: a b", "must be the name of a branch, got 'a b'"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        first_cell.repository(config(tmp_path, f"repository:\n  {text}\n"))


def test_to_put_the_cell_again_changes_nothing_else():
    notebook = read(CHAPTERS[0])
    before = nbformat.writes(notebook)
    first_cell.put(notebook, CHAPTERS[0].name, first_cell.repository())
    assert nbformat.writes(notebook) == before
    first_cell.put(notebook, CHAPTERS[0].name, ADDRESS)
    nbformat.validate(notebook)
    changed = [cell.id for cell in notebook.cells if ADDRESS[0] in cell.source]
    assert changed == ["c01-setup"]
    # A new chapter gets it after its title.
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# New")])
    first_cell.put(new, "11-new.ipynb", None)
    assert [cell.cell_type for cell in new.cells] == ["markdown", "code"]
    assert new.cells[1].id == "c11-setup"


def test_a_notebook_is_written_whole_and_as_it_was(tmp_path):
    path = tmp_path / "copy.ipynb"
    notebook = nbformat.read(CHAPTERS[0], as_version=4)
    first_cell.store(notebook, path)
    assert path.read_bytes() == CHAPTERS[0].read_bytes()
    del notebook.cells[0]["cell_type"]
    with pytest.raises(nbformat.ValidationError):
        first_cell.store(notebook, path)
    assert path.read_bytes() == CHAPTERS[0].read_bytes() and len(list(tmp_path.iterdir())) == 1
