"""The comparison of pictures beside nbval finds what it must, and lets pass what it may."""

import base64
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import likeness
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import origins
import pandas as pd
import pytest
import record

from lenet_tutorial import figures

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

mpl.use("Agg")


def png(fig):
    """Return a figure as it is stored in a notebook."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=fig.dpi, bbox_inches="tight")
    plt.close(fig)
    return base64.b64encode(buffer.getvalue()).decode()


HEIGHTS = np.array([0.1, 0.35, 0.6, 0.2, 0.85, 0.5])


def bars(heights=HEIGHTS, colour="#0072B2", across="class", up="probability"):
    fig, ax = plt.subplots(figsize=(6, 2.4), layout="constrained")
    ax.bar(range(len(heights)), heights, color=colour)
    ax.set(xlabel=across, ylabel=up, ylim=(0, 1))
    return png(fig)


def apart(one, other, tolerance):
    return likeness.difference(likeness.decode(one)[0], likeness.decode(other)[0], tolerance)


SWAPPED = HEIGHTS[[0, 1, 3, 2, 4, 5]]


@pytest.mark.parametrize(
    "changed",
    [
        {"heights": HEIGHTS[::-1]},
        {"heights": SWAPPED},
        {"colour": "#E69F00"},
        {"across": "closs"},
        {"up": "class", "across": "probability"},
        {"heights": HEIGHTS + np.array([0, 0, 0.02, 0, 0, 0])},
    ],
    ids=["reversed", "two swapped", "colour", "a letter", "labels swapped", "a bit higher"],
)
def test_another_picture_is_another_one(changed):
    assert apart(bars(), bars(**changed), likeness.SAME) > 2 * likeness.SAME.most


@pytest.mark.parametrize(
    "changed",
    [{"heights": HEIGHTS[::-1]}, {"heights": SWAPPED}, {"colour": "#E69F00"}],
    ids=["reversed", "two swapped", "colour"],
)
def test_another_picture_is_found_with_another_matplotlib_too(changed):
    assert apart(bars(), bars(**changed), likeness.OTHER) > 1.5 * likeness.OTHER.most


def test_the_same_picture_is_the_same_and_letters_may_be_drawn_otherwise():
    assert apart(bars(), bars(), likeness.SAME) == 0
    with mpl.rc_context({"text.hinting": "none", "text.antialiased": False}):
        other = bars()
    assert other != bars() and apart(bars(), other, likeness.OTHER) < likeness.OTHER.most / 2


def test_exchanged_curves_and_reversed_shades_are_found():
    history = pd.DataFrame(
        {"accuracy": [0.9, 0.97], "loss": [0.3, 0.1], "val_accuracy": [0.95, 0.96]},
        index=[1, 2],
    ).assign(val_loss=[0.15, 0.12])
    turned = history.rename(columns=lambda name: name.replace("val_", ""))
    turned.columns = ["val_accuracy", "val_loss", "accuracy", "loss"]
    one, other = (png(figures.plot_history(table)) for table in (history, turned))
    assert apart(one, other, likeness.SAME) > 0.5 and apart(one, other, likeness.OTHER) > 0.2
    image = np.zeros((2, 8, 8))
    image[:, 2:5, 3] = 1
    one, other = (png(figures.plot_samples(some)) for some in (image, 1 - image))
    assert apart(one, other, likeness.CHOSEN) > 0.3


def test_a_trained_network_drawn_in_another_order_or_with_the_other_sign_is_found():
    random = np.random.default_rng(0)
    maps = random.random((8, 8, 6))
    one, other = (png(figures.plot_feature_maps(some)) for some in (maps, maps[..., ::-1]))
    assert apart(one, other, likeness.TRAINED) > likeness.TRAINED.most
    kernels = random.normal(size=(5, 5, 1, 6))
    one, other = (png(figures.plot_kernels(some)) for some in (kernels, -kernels))
    assert apart(one, other, likeness.TRAINED) > likeness.TRAINED.most
    assert apart(bars(), bars(SWAPPED), likeness.OTHER) > 0.3


def test_a_picture_of_another_size_is_another_one():
    fig, _ = plt.subplots(figsize=(6, 2.6), layout="constrained")
    assert apart(bars(), png(fig), likeness.OTHER) == 1


def test_the_program_that_drew_a_picture_says_how_exactly_it_must_come_out_again():
    _, program = likeness.decode(bars())
    assert mpl.__version__ in program
    assert likeness.tolerance_for(program, program) == likeness.SAME
    assert likeness.tolerance_for(program, "Matplotlib 3.9") == likeness.OTHER
    assert likeness.tolerance_for(program, program, bundled=False) == likeness.OTHER
    assert likeness.tolerance_for(program, program, trained=True) == likeness.TRAINED
    assert likeness.tolerance_for(program, program, chosen=True) == likeness.SAME
    assert likeness.tolerance_for(program, program, trained=True, chosen=True) == likeness.CHOSEN


@pytest.mark.parametrize("path", record.CHAPTERS, ids=lambda path: path.stem)
def test_each_stored_picture_says_who_drew_it(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                _, program = likeness.decode(output.data["image/png"])
                assert program.startswith("Matplotlib version3."), cell.id


@pytest.mark.parametrize(
    ("stored", "fresh", "share", "found"),
    [
        ("18.0% wrong", "18.0% wrong", 0, None),
        ("18.0% wrong", "18.1% wrong", 0, None),  # one unit of the last place
        ("18.0% wrong", "13.0% wrong", 0, ("18.0", "13.0")),
        ("98.73", "98.99", 0.35, None),
        ("127 mistakes", "227 mistakes", 0.35, ("127", "227")),
        ("127 mistakes", "128 mistakes", 0, ("127", "128")),
        ("4 taken for 9", "4 mistaken for 9", 1, ("4 taken for 9", "4 mistaken for 9")),
        ("apart 1.2e-07", "apart 3.4e-07", 0, None),  # rounding
        ("5,923  6,742", "5,923   6,742", 0, None),
        ("5,923", "5,932", 0, ("5,923", "5,932")),
        ("3e-06", "4e-06", 0, None),
        ("0.003", "0.007", 0, ("0.003", "0.007")),
    ],
)
def test_texts_are_alike_up_to_their_numbers(stored, fresh, share, found):
    assert likeness.unlike(stored, fresh, share) == found


def test_a_small_number_may_differ_by_some_units_of_its_last_place():
    assert likeness.unlike("0.6", "0.1", 0.35, units=5) is None
    assert likeness.unlike("0.6", "0.1", 0.35) == ("0.6", "0.1")


# --------------------------------------------------------------------------- what depends on what


def kinds(*sources):
    """Return what the last of some cells depends on."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    return origins.origins(cells)[cells[-1].id]


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        (["x = 1", "x"], set()),
        (["digits = load_digits28()", "x = digits.x_train", "x.mean()"], {"data"}),
        (["digits = load_digits28()", "digits = 3", "digits"], set()),
        (["rows = []", "for d in load_digits28().x_train:\n    rows.append(d)", "rows"], {"data"}),
        (["model = build()", "model.fit(x)", "draw(model)"], {"training"}),
        (["model = build()", "history = train(model, x)", "plot(history)"], {"training"}),
        (["model = build()", "train(model, x)", "layer_table(model)"], set()),
        (["import numpy as np", "np.save(load_digits28())", "np.ones(3)"], set()),
        (["def f(x):\n    return train(x)", "f(3)"], {"training"}),
        (["digits = load_digits28()", "[digits for digits in range(3)]"], set()),
        (["d = load_digits28()", "if d.name:\n    x = 1\nelse:\n    x = 2", "x"], {"data"}),
        (["took = seconds(step)", "print(took)"], {"time"}),
        (["%timeit 3"], {"data", "training", "time"}),
        (["d = load_digits28()", "a = {}", "a['x'] = d", "a"], {"data"}),
        (["d = load_digits28()", "a, b = d, 1", "a"], {"data"}),
        (["model = load_model('x')", "model"], {"training"}),
        (["fit(m)", "worst = np.argsort(m)", "plot(x[worst])"], {"training", "choice"}),
    ],
)
def test_names_are_followed_through_a_chapter(sources, found):
    assert kinds(*sources) == found


def test_what_is_drawn_from_files_and_formulas_is_compared_with_either_data_set():
    found = {}
    for path in record.CHAPTERS:
        cells = nbformat.read(path, as_version=4).cells
        drawn = {
            cell.id
            for cell in cells
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
        }
        found |= {name: k for name, k in origins.origins(cells).items() if name in drawn}
    free = [name for name, k in found.items() if k <= {origins.CHOICE}]
    chosen = {name for name, k in found.items() if {origins.TRAINING, origins.CHOICE} <= k}
    assert chosen == {"c05-048", "c09-045", "c07-010", "c07-014"}
    trained = [name for name, k in found.items() if origins.TRAINING in k]
    assert len(free) >= 0.5 * len(found), sorted(free)
    assert len(trained) <= 0.33 * len(found), sorted(trained)
    for name in ("c01-031", "c08-024", "c08-062", "c09-052", "c07-062", "c10-064", "c11-048"):
        assert name in free
    assert found["c01-019"] == found["c01-025"] == {origins.DATA}
    assert origins.TRAINING in found["c05-035"] & found["c02-018"] & found["c09-041"]


# --------------------------------------------------------------------------- beside nbval

DRAW = """\
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.bar(range(3), {heights})
plt.show()"""
LOAD = """\
class Digits:
    def __repr__(self):
        return "<{name}: 3 digits>"
def load_digits28():
    return Digits()
digits = load_digits28()
digits"""


def book(folder, cells):
    """Write a chapter, and run nbval over it in a folder like ours; return what it says."""
    (folder / "chapters").mkdir(exist_ok=True)
    shutil.copy(ROOT / "chapters" / "conftest.py", folder / "chapters")
    if not (folder / "scripts").exists():
        (folder / "scripts").mkdir()
        for name in ("beside_nbval", "likeness", "origins"):
            shutil.copy(ROOT / "scripts" / f"{name}.py", folder / "scripts")
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, folder / "chapters" / "one.ipynb")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LENET", "PYTEST"))}
    environment["TMPDIR"] = str(folder)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "chapters", "-q"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    return done.stdout + done.stderr


def code(source, outputs=(), count=1, **metadata):
    return nbformat.v4.new_code_cell(
        source, outputs=list(outputs), execution_count=count, metadata=metadata
    )


def run_once(source):
    """Return the outputs of a cell that is run in a kernel of its own."""
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3").execute()
    return notebook.cells[0].outputs


def test_pictures_are_compared_where_nbval_looks_away(tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    right, wrong = DRAW.format(heights=[1, 3, 2]), DRAW.format(heights=[2, 3, 1])
    stored = run_once(right)
    shown = nbformat.v4.new_output(
        "execute_result", {"text/plain": "<MNIST: 3 digits>"}, execution_count=1
    )
    ignore = {"tags": ["nbval-ignore-output"]}
    number = nbformat.v4.new_output("stream", name="stdout", text="18.0 wrong\n")
    of_digits = "h = [1, 3, 2] if digits else 0\n"
    cells = [
        code(right, stored),
        code(wrong, stored),
        code(LOAD.format(name="other"), [shown], **ignore),
        code(of_digits + wrong.replace("[2, 3, 1]", "h[::-1]"), stored),  # of other digits
        code(LOAD.format(name="MNIST"), [shown], **ignore),
        code(of_digits + wrong.replace("[2, 3, 1]", "h[::-1]"), stored),
        code("print('13.0 wrong' if digits else '')", [number], **ignore),
        code("print('18.0 wrong' if digits else '')", [number], **ignore),
    ]
    for place, cell in enumerate(cells):
        cell.id = f"cell-{place}"
    said = book(tmp_path, cells)
    failed = {
        int(line.split("Cell ")[-1].split()[0])
        for line in said.splitlines()
        if line.startswith("FAILED")
    }
    assert failed == {1, 5, 6}, said
    assert "The picture of cell-1 looks different" in said and "make execute" in said
    assert "cell-6 shows '18.0' where it is stored, and '13.0' comes out" in said
    kept = sorted(file.name for file in (tmp_path / "lenet-tutorial-pictures").iterdir())
    assert kept == [f"cell-{n}-0-{which}.png" for n in (1, 5) for which in ("fresh", "stored")]
