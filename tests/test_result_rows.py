"""The files that benchmarks add their runs to; what stands in them: see the tests of each."""

import accelerator
import benchmark
import many_at_once
import peers
import profile_epoch
import pytest
import result_rows

from lenet_tutorial import results

ADDING = (accelerator, peers, profile_epoch, many_at_once)
NAME, KEY = accelerator.NAME, accelerator.KEY
ROW = {
    "dataset": "mnist",
    "framework": "jax",
    "recipe": "fast",
    "seed": 0,
    "device": "A",
    "epochs": 3,
    "train_s": 2.0,
}


def rows(file):
    return results.read_sealed(file, NAME, "").to_dict("records")


def test_new_rows_take_the_place_of_older_ones_of_the_same_run(tmp_path):
    file = tmp_path / "runs.csv"
    result_rows.add([ROW, ROW | {"device": "B"}], file, NAME, KEY)
    again = ROW | {"train_s": 1.0}
    result_rows.add([again], file, NAME, KEY)
    assert [(row["device"], row["train_s"]) for row in rows(file)] == [("A", 1.0), ("B", 2.0)]
    # A quick look, or one without MNIST, takes nobody's place.
    for other in ({"dataset": "digits"}, {"epochs": 1}):
        result_rows.add([ROW | other | {"train_s": 0.1}], file, NAME, KEY)
        assert again in rows(file)
    assert len(rows(file)) == 4


@pytest.mark.parametrize("program", ADDING)
def test_the_book_s_rows_tell_the_data_set_by_their_key(program):
    assert "dataset" in program.KEY
    table = results.read(program.NAME)
    assert set(table["dataset"]) == {"mnist"} and not table.duplicated(program.KEY).any()


def test_a_run_is_named_by_what_it_learned_from(monkeypatch):
    assert result_rows.dataset_name("digits") == "digits"
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "digits")
    assert result_rows.dataset_name() == "digits"


@pytest.mark.mnist
def test_mnist_is_named_as_all_results_name_it():
    assert result_rows.dataset_name("mnist") == "mnist"


@pytest.mark.parametrize(
    ("program", "kind"),
    [(one, kind) for one in ADDING for kind in ("no folder", "a folder", "changed", "older")]
    + [(benchmark, "no folder"), (benchmark, "a folder")],  # it adds to no file
)
def test_a_file_that_cannot_be_added_to_is_refused_before_the_first_run(
    program, kind, tmp_path, capsys
):
    file, words = tmp_path / "runs.csv", "name another file"
    if kind == "no folder":
        file, words = tmp_path / "none" / "runs.csv", "can't write"
    elif kind == "a folder":
        file, words = tmp_path, "can't write"
    else:
        key = [name for name in program.KEY if name != "dataset"]
        result_rows.add([dict.fromkeys(key, 1)], file, program.NAME, key)
        if kind == "changed":
            file.write_text(file.read_text(encoding="utf-8").replace("1", "2", 1), encoding="utf-8")
    old = file.read_bytes() if file.is_file() else None
    with pytest.raises(SystemExit) as ended:
        program.main(["--csv", str(file)])
    said = capsys.readouterr().err.splitlines()[-1]
    assert ended.value.code == 2 and str(file) in said and words in said
    assert (file.read_bytes() if file.is_file() else None) == old
    assert kind != "older" or "no column 'dataset'" in said
