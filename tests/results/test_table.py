"""Tables: what is written is what is read, and half a table is refused."""

import math

import numpy as np
import pytest

from showtell.project.errors import UserError
from showtell.results.table import Table

VALUES = Table.of(
    ("method", "seed", "score"),
    [("text, α", 0, 0.1 + 0.2), ("zero", 1, None), ("zero", 2, np.float64(1 / 3))],
)


def test_floats_read_back_equal_and_missing_ones_are_nan(tmp_path):
    VALUES.write(tmp_path / "table.csv")
    again = Table.read(tmp_path / "table.csv")
    assert again == VALUES
    assert again.numbers("score")[::2] == [0.1 + 0.2, 1 / 3]
    assert math.isnan(again.numbers("score")[1])


def test_nan_is_written_as_an_empty_cell():
    assert Table.of(("a",), [(float("nan"),)]).text == 'a\n""\n'


def test_rows_are_found_by_value():
    assert VALUES.where(method="zero", seed=2).numbers("score") == [1 / 3]
    assert VALUES.where(method="none").rows == ()
    assert VALUES.distinct("method") == ["text, α", "zero"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n3\n"])
def test_a_table_that_is_cut_off_is_refused_by_name(tmp_path, text):
    path = tmp_path / "cut.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=r"cut\.csv"):
        Table.read(path)
