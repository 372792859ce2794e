"""What is stored in the chapters is what is published, so it is held to the book's contracts.

That the outputs still come out is proved by ``pytest --nbval``; this looks at what they are.
"""

import ast
import functools
import re
from pathlib import Path

import pytest
import yaml
from contents import (
    CHAPTERS,
    ROOT,
    SOLUTIONS,
    chapters,
    code_cells,
    notebooks,
    prose,
    read,
    tags,
    texts,
)
from rules import House

import lenet_tutorial

pytestmark = pytest.mark.book

IGNORE = "nbval-ignore-output"
MNIST = "<MNIST: 60000 training and 10000 test digits>"


def test_the_table_of_contents_names_every_chapter_in_order():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    named = [
        entry["file"]
        for part in toc["parts"]
        for entry in part["chapters"]
        if entry["file"].startswith("chapters/")
    ]
    assert named == [f"chapters/{path.stem}" for path in CHAPTERS]
    assert len(named) >= 4


def test_the_solutions_stand_below_their_chapter_in_the_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    below = {
        inner["file"]: entry["file"]
        for part in toc["parts"]
        for entry in part["chapters"]
        for inner in entry.get("sections", ())
    }
    assert below == {f"chapters/solutions/{one.stem}": f"chapters/{one.stem}" for one in SOLUTIONS}
    assert len(below) == 1


@notebooks
def test_cells_were_run_once_from_top_to_bottom(path):
    # The cell that sees to the package (test_first_cell.py) has no number.
    cells = [cell for cell in code_cells(read(path)) if "setup" not in tags(cell)]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "execute_result":
                assert output.execution_count == cell.execution_count


@notebooks
def test_stored_outputs_are_clean(path):
    for number, cell in enumerate(code_cells(read(path)), 1):
        where = f"{path.name}, cell [{number}]"
        for output in cell.outputs:
            assert output.output_type != "error", where
            assert output.get("name") != "stderr", where
        for text in texts(cell):
            assert not re.search(r"/(home|root|tmp|work|Users|opt|usr|var)/", text), where
            assert "site-packages" not in text and "ipykernel" not in text, where
            assert not re.search(r"\bat 0x[0-9a-f]{6,}", text), f"{where}: a memory address"
            assert not re.search(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text), f"{where}: a time"
            assert not re.search(r"\b\d+ ?m?s/(step|epoch)", text), f"{where}: a duration"
            assert "Warning" not in text, where


@notebooks
def test_the_file_holds_nothing_of_the_machine_that_made_it(path):
    notebook = read(path)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        assert "execution" not in cell.metadata, "time stamps: run `make execute`"
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))


@chapters
def test_the_published_outputs_are_of_mnist(path):
    loads = [cell for cell in code_cells(read(path)) if "load_digits28()" in cell.source]
    assert loads or "load_digits28" not in str(read(path))
    if loads:
        shown = "\n".join(text for cell in code_cells(read(path)) for text in texts(cell))
        assert MNIST in shown, "show the data set: let `digits` be the last line of a cell"
        assert "going on with" not in shown
        assert "1437" not in shown


@notebooks
def test_cells_that_are_not_compared_are_few_and_are_followed_by_an_assertion(path):
    cells = code_cells(read(path))
    with_output = [cell for cell in cells if cell.outputs]
    exact = [cell for cell in with_output if IGNORE not in tags(cell)]
    assert len(exact) >= 0.6 * len(with_output), f"{len(exact)} of {len(with_output)}"
    for number, cell in enumerate(cells):
        if IGNORE in tags(cell):
            here_or_later = [cell, *cells[number + 1 :]]
            assert any("assert" in later.source for later in here_or_later), cell.source
        assert not {"nbval-skip", "raises-exception"} & set(tags(cell)), cell.source


@notebooks
def test_code_cells_are_short(path):
    for cell in code_cells(read(path)):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 20, cell.source
        assert max(map(len, lines), default=0) <= 100, cell.source


FOLDED = {"hide-input", "hide-cell", "remove-cell"}


@chapters
def test_assertions_are_out_of_sight(path):
    """They guard what the text claims; whoever reads for the first time need not read them."""
    for cell in code_cells(read(path)):
        if not FOLDED & set(tags(cell)):
            found = [node for node in ast.walk(tree_of(cell)) if isinstance(node, ast.Assert)]
            assert not found, f"{cell.id}: move it to a cell of its own that is tagged hide-input"


def tree_of(cell):
    """Return the syntax tree of a cell, less IPython's own lines."""
    return ast.parse(re.sub(r"^( *)%.*", r"\1pass", cell.source, flags=re.MULTILINE))


@notebooks
def test_every_figure_has_alt_text_and_a_caption(path):
    names = []
    for cell in code_cells(read(path)):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            look = cell.metadata.get("mystnb", {})
            assert len(look.get("image", {}).get("alt", "")) >= 30, cell.source
            assert len(look.get("figure", {}).get("caption", "")) >= 15, cell.source
            names.append(look["figure"]["name"])
    assert len(names) == len(set(names))


@chapters
def test_a_chapter_has_all_its_parts(path):
    text = prose(read(path))
    assert re.match(r"\(ch-[a-z0-9-]+\)=\s*\n# ", text), "begin with a label and the title"
    for part in ("What you will learn", "What you need", "## What to remember", "## Exercises"):
        assert part in text, part
    assert "{cite:" in text and "{term}`" in text and "{ref}`" in text
    # Each section opens with the question that it answers, in italics.
    for heading, body in re.findall(r"^## (.+)\n+(?:\([\w-]+\)=\n+)?(.*)", text, re.MULTILINE):
        if heading not in ("What to remember", "Exercises"):
            assert re.match(r"\*[^*].*\?\*", body), f"{heading}: {body!r}"


@notebooks
def test_words_for_a_folded_cell_stand_on_one_that_is_folded(path):
    for cell in code_cells(read(path)):
        folded = {"hide-input", "hide-output", "hide-cell"} & {*tags(cell)}
        prompts = [key for key in cell.metadata.get("mystnb", {}) if key.startswith("code_prompt")]
        assert folded or not prompts, f"{cell.id}: nobody sees its {', '.join(prompts)}"


@chapters
def test_exercises_rise_in_difficulty_and_each_has_a_folded_solution(path):
    text = prose(read(path))
    exercises = re.findall(r"\{exercise\} (★{1,3}) .*\n:label: ([\w-]+)", text)
    assert len(exercises) >= 5
    stars = [len(star) for star, _ in exercises]
    assert stars == sorted(stars) and len(set(stars)) == 3
    solutions = re.findall(r"\{solution(?:-start)?\} ([\w-]+)\n:class: dropdown", text)
    assert sorted(solutions) == sorted(label for _, label in exercises)


def test_all_chapters_together_show_all_fourteen_errata():
    errata = (ROOT / "book" / "errata.md").read_text(encoding="utf-8")
    labels = re.findall(r"^\((err-\d+)\)=", errata, re.MULTILINE)
    assert labels == [f"err-{number}" for number in range(1, 15)]
    text = "\n".join(prose(read(path)) for path in CHAPTERS)
    assert set(labels) == set(re.findall(r"\{ref\}`(?:[^`]*<)?(err-\d+)>?`", text))


# --------------------------------------------------------------------------- where data is loaded

HOUSE = House(Path(lenet_tutorial.__file__).parent, {})
LOADS = {("datasets", name) for name in ("load_digits28", "load_mnist", "fetch_mnist")}
LOADS |= {("zipcodes", name) for name in ("load_zipcodes", "find_zipcodes", "fetch_zipcodes")}
LOADS |= {("fashion", name) for name in ("load_fashion28", "fetch_fashion")}


def imported(node, home):
    """Yield (name, what it stands for) of an import: a module as ("results", None), or a function.

    `home` is the module in which it stands, or "" for a chapter.
    """
    if not isinstance(node, ast.ImportFrom):
        return
    whole = HOUSE.absolute("." * node.level + (node.module or ""), home)
    package, _, module = whole.partition(".")
    for alias in node.names if package == HOUSE.package else ():
        inner = f"{module}.{alias.name}".lstrip(".")
        target = (inner, None) if inner in HOUSE.modules else (module, alias.name)
        yield alias.asname or alias.name, target


@functools.cache
def handed_on():
    """Return {(module, name): what it stands for} of what a module has from another one."""
    return {
        (module, name): target
        for module in HOUSE.modules
        for node in HOUSE.tree(module).body
        for name, target in imported(node, module)
    }


def settled(target):
    """Return the module in which a function is defined, and the function."""
    while target in handed_on():
        target = handed_on()[target]
    return target


def calls_in(tree, home, names):
    """Yield (module, function) of every call of the package's functions in a syntax tree.

    A function that is handed to another one, which may call it, counts as well.
    ``names`` is {name: what it stands for}, as in `imported`; the tree's imports are added.
    """
    for node in ast.walk(tree):
        names.update(imported(node, home))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            for name in (function, *node.args):
                if isinstance(name, ast.Name):
                    yield settled(names.get(name.id, (home, name.id)))
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                module, name = names.get(function.value.id, (None, ""))
                if name is None:
                    yield settled((module, function.attr))


@functools.cache
def loaders():
    """Return (module, function) of all functions of the package that load digits, at any depth."""
    calls = {}
    for module in HOUSE.modules:
        body = HOUSE.tree(module).body
        names = {name: target for node in body for name, target in imported(node, module)}
        for node in body:
            if isinstance(node, ast.FunctionDef):
                calls[module, node.name] = set(calls_in(node, module, dict(names)))
    found, grown = set(LOADS), True
    while grown:
        more = {function for function, called in calls.items() if called & found} - found
        found, grown = found | more, bool(more)
    return found


def test_functions_that_load_digits_are_found_at_any_depth():
    deep = {("command.train", "run"), ("command.doctor", "examine")}
    deep |= {("experiments.why_it_works", "run_probe")}
    deep |= {("experiments.training_faster_and_better", "learn")}
    assert LOADS | deep <= loaders()
    assert not {("figures", "plot_samples"), ("results", "read"), ("images", "prepare")} & loaders()


def test_a_function_is_followed_to_where_it_is_defined():
    chapter = "from lenet_tutorial.training import train\nfrom lenet_tutorial import datasets\n"
    chapter += "train(datasets.prepare(1))"
    called = set(calls_in(ast.parse(chapter), "", {}))
    assert called == {("training.fit", "train"), ("images", "prepare")}


@chapters
def test_the_first_cell_that_may_load_data_is_not_compared(path):
    """The loader says there what it found, and draws its progress."""
    names, found = {}, loaders()
    for cell in code_cells(read(path)):
        if set(calls_in(tree_of(cell), "", names)) & found:
            assert IGNORE in tags(cell), cell.source
            return
