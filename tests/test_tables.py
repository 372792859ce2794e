"""The layer table against counting by force, and the data files against their sources."""

import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from lenet_tutorial import tables
from lenet_tutorial.models import lenet5_article, lenet5_textbook
from lenet_tutorial.tables import layer_table

ROOT = Path(__file__).parent.parent
KEYS = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text(), re.M))


def test_the_textbook_network_row_by_row():
    table = layer_table(lenet5_textbook())
    rows = {
        # output, kernel, stride, parameters, connections, multiply-adds, receptive field
        "C1": ("6@28×28", "5×5", "1", 156, 122_304, 117_600, 5),
        "S2": ("6@14×14", "2×2", "2", 0, 4_704, 0, 6),
        "C3": ("16@10×10", "5×5", "1", 2_416, 241_600, 240_000, 14),
        "S4": ("16@5×5", "2×2", "2", 0, 1_600, 0, 16),
        "C5": ("120@1×1", "5×5", "1", 48_120, 48_120, 48_000, 32),
        "F6": ("84", "–", "–", 10_164, 10_164, 10_080, 32),
        "output": ("10", "–", "–", 850, 850, 840, 32),
    }
    assert list(table.index) == list(rows)
    columns = ["output", "kernel", "stride", "parameters", "connections"]
    columns += ["multiply_adds", "receptive_field"]
    for name, row in rows.items():
        assert tuple(table.loc[name, columns]) == row, name
    assert table.attrs["input"] == 32


def test_the_articles_network():
    table = layer_table(lenet5_article())
    assert table["output"].tolist() == ["6@24×24", "6@12×12", "16@8×8", "16@4×4", "120", "84", "10"]
    assert table["parameters"].sum() == 44_426
    assert table["receptive_field"].tolist() == [5, 6, 14, 16, 28, 28, 28]


def count_by_force(side, kernel, stride, maps_below, maps):
    """Walk over every unit and every value that it takes in."""
    weights_used = units = 0
    for _ in range(maps):
        for row in range(0, side - kernel + 1, stride):
            for column in range(0, side - kernel + 1, stride):
                units += 1
                inputs = [
                    (row + i, column + j, below)
                    for i in range(kernel)
                    for j in range(kernel)
                    for below in range(maps_below)
                ]
                weights_used += len(inputs)
    return weights_used, units


@pytest.mark.parametrize(("side", "kernel", "stride"), [(9, 3, 1), (9, 3, 2), (8, 5, 1), (8, 2, 2)])
def test_connections_counted_one_by_one(side, kernel, stride):
    model = keras.Sequential(
        [keras.Input((side, side, 3)), layers.Conv2D(4, kernel, strides=stride, name="C1")]
    )
    weights, units = count_by_force(side, kernel, stride, 3, 4)
    row = layer_table(model).loc["C1"]
    assert row["multiply_adds"] == weights
    assert row["connections"] == weights + units  # each unit has a bias


def test_layers_without_bias_and_layers_that_only_hand_on():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3, use_bias=False, padding="same", name="C1"),
            layers.Activation("relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, use_bias=False, name="F2"),
        ]
    )
    table = layer_table(model)
    assert list(table.index) == ["C1", "F2"]
    assert table["parameters"].tolist() == [18, 640]
    assert table["connections"].tolist() == table["multiply_adds"].tolist() == [1152, 640]


def test_a_dilated_and_a_grouped_convolution():
    model = keras.Sequential(
        [
            keras.Input((12, 12, 4)),
            layers.Conv2D(4, 3, dilation_rate=2, groups=2, name="C1"),
        ]
    )
    row = layer_table(model).loc["C1"]
    assert row["output"] == "4@8×8"
    assert row["receptive_field"] == 5
    assert row["multiply_adds"] == 8 * 8 * 4 * 9 * 2


def test_a_model_that_cannot_be_counted_is_named():
    def sequential(shape, *stack):
        return keras.Sequential([keras.Input(shape), *stack])

    with pytest.raises(ValueError, match=r"'odd' of kind SeparableConv2D; known are Conv2D"):
        layer_table(sequential((8, 8, 1), layers.SeparableConv2D(1, 3, name="odd")))
    with pytest.raises(ValueError, match="one square image"):
        layer_table(sequential((8, 9, 1), layers.Conv2D(1, 3)))
    with pytest.raises(ValueError, match="one square image"):
        layer_table(sequential((8,), layers.Dense(3)))
    with pytest.raises(ValueError, match="'wide' has a window or a stride that is not square"):
        layer_table(sequential((8, 8, 1), layers.Conv2D(1, (3, 5), name="wide")))


# Written down from the papers a second time, so that a slip in a data file shows.
PUBLISHED = {
    # year, parameters, connections, error
    "Denker et al.": (1988, "", "", ""),
    "1989 network": (1989, "9760", "64660", "5.0 % of 2007 zip-code digits"),
    "LeNet-1": (1990, "about 2600", "about 100000", "1.7 % on MNIST"),
    "LeNet-4": (1994, "about 17000", "about 260000", "1.1 % on MNIST"),
    "LeNet-5": (1998, "60000", "340908", "0.95 % on MNIST"),
    "AlexNet": (2012, "about 60000000", "", "15.3 % top-5 on ILSVRC-2012"),
    "VGG-16": (2015, "about 138000000", "", ""),
    "ResNet-50": (2016, "about 25600000", "", ""),
}
RIVALS = {
    "linear": 12.0,
    "pairwise linear": 7.6,
    "k-nearest neighbours": 5.0,
    "40 principal components + quadratic": 3.3,
    "1000 RBF units + linear": 3.6,
    "28×28-300-10": 4.7,
    "28×28-1000-10": 4.5,
    "28×28-300-100-10": 3.05,
    "28×28-500-150-10": 2.95,
    "LeNet-1": 1.7,
    "LeNet-4": 1.1,
    "LeNet-5": 0.95,
    "LeNet-5 with distortions": 0.8,
    "boosted LeNet-4 with distortions": 0.7,
    "SVM of polynomials (reduced set)": 1.0,
    "virtual SVM with distortions": 0.8,
}


def plain(text):
    """Take the spaces out of numbers: they are written as they are printed."""
    return re.sub(r"(?<=\d)\s(?=\d)", "", text)


def test_the_networks_table_and_its_sources():
    table = tables.networks()
    assert table["year"].is_monotonic_increasing
    for sources in table["source"]:
        assert sources and set(sources.split()) <= KEYS, sources
    rows = table[["year", "parameters", "connections", "error"]].itertuples(name=None)
    assert {name: (year, *map(plain, texts)) for name, year, *texts in rows} == PUBLISHED


def test_the_events_are_in_order_and_have_sources_of_their_year():
    table = tables.events()
    assert table["year"].is_monotonic_increasing
    assert len(table) >= 12
    for event in table.itertuples():
        assert set(event.source.split()) <= KEYS, event.source
        if event.when == str(event.year):  # where it is exact, it is the year of the paper
            assert event.source.endswith(event.when), event


def test_the_rivals_of_1998():
    table = tables.rivals()
    assert dict(zip(table["method"], table["test_error"], strict=True)) == RIVALS


def test_every_key_that_the_data_cite_is_used_in_full():
    assert {"lecun1989", "lecun1998", "krizhevsky2012", "he2016"} <= KEYS


def test_a_table_can_be_written_and_read_again(tmp_path):
    table = layer_table(lenet5_textbook())
    table.to_csv(tmp_path / "table.csv")
    again = pd.read_csv(tmp_path / "table.csv", index_col="layer", dtype={"stride": str})
    assert np.array_equal(again["parameters"], table["parameters"])
