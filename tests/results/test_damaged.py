"""Tables that no job of ours writes are refused by name, with the cure."""

import pytest

from showtell.project.errors import UserError
from showtell.results.reading import _curve, _scores
from showtell.results.table import Table

HEADER = "policy,episode,length,success,success_any,success_final,success_always,return\n"
ROWS = [f"deterministic,{n},50,1.0,1.0,1.0,1.0,{n}.5\n" for n in range(4)]
WHOLE = HEADER + "".join(ROWS)

DAMAGED = {
    "not UTF-8": (WHOLE.replace("0.5", "0\udcff5"), "UTF-8"),
    "a NUL": (WHOLE.replace("0.5", "0\0005"), r"episodes\.csv"),
    "a word for a number": (WHOLE.replace("0.5", "zero"), "'zero' in column 'return'"),
    "a missing column": (WHOLE.replace("return", "retrun"), "no column 'return'"),
    "two columns of one name": (WHOLE.replace("length", "return"), "two columns of one name"),
    "a second header": (WHOLE + HEADER, "second header"),
    "the file twice": (WHOLE + WHOLE, "second header"),
    "rows twice": (WHOLE + "".join(ROWS), "every row twice"),
    "one row twice": (WHOLE + ROWS[1], "two rows of deterministic 1"),
    "a row missing": (WHOLE.replace(ROWS[2], ""), "3 of 4 episodes"),
    "a cut row": (WHOLE[:-4] + "\n", r"episodes\.csv"),
    "NaN": (WHOLE.replace("0.5", "nan"), "'nan' in column 'return'"),
    "infinity": (WHOLE.replace("0.5", "-inf"), "'-inf' in column 'return'"),
    "an empty cell": (WHOLE.replace("0.5", ""), "empty cell"),
    "nothing": ("", r"episodes\.csv"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_table_of_episodes_is_named_with_its_cure(tmp_path, damage):
    path = tmp_path / "episodes.csv"
    path.write_bytes(WHOLE.encode())
    assert _scores(path, 4)["deterministic"]["return"] == 2.0
    text, said = DAMAGED[damage]
    path.write_bytes(text.encode(errors="surrogateescape"))
    if damage == "a cut row":
        path.write_text(WHOLE[:-8])
    with pytest.raises(UserError, match=said) as error:
        _scores(path, 4)
    assert str(path) in str(error.value)
    assert "Delete it" in str(error.value)


def test_fewer_episodes_that_were_asked_for_by_other_parameters_are_not_damaged(tmp_path):
    (tmp_path / "episodes.csv").write_text(WHOLE)
    (tmp_path / "provenance.json").write_text('{"job": {"evaluate": {"episodes": 4}}}')
    assert _scores(tmp_path / "episodes.csv", 6) == {}


def test_steps_that_do_not_grow_are_refused(tmp_path):
    path = tmp_path / "progress.csv"
    path.write_text("step,success\n100,0.0\n300,0.5\n200,0.1\n")
    with pytest.raises(UserError, match=r"progress\.csv has steps"):
        _curve(path)


def test_a_word_in_any_table_is_refused_where_it_is_read_as_a_number(tmp_path):
    path = tmp_path / "study.csv"
    path.write_text("method,epic\na,0.5\nb,half\n")
    table = Table.read(path)
    with pytest.raises(UserError, match=r"study\.csv has 'half' in column 'epic'"):
        table.numbers("epic")
    with pytest.raises(UserError, match=r"study\.csv has no column 'epid'"):
        table.where(method="b").numbers("epid")
