"""What is made of labels: one table, files that come back, agreement, success."""

import json
import re

import pyarrow.parquet as pq
import pytest

from showtell.labels.journal import Journal, read_clicks
from showtell.labels.offline import merge, read_sent, write_offline
from showtell.labels.study import Key
from showtell.labels.table import FILE, read_labels, schema, write_labels
from showtell.project.errors import UserError
from showtell.results.by_labels import success_by_labels
from tests.labels.conftest import TASK, labelling, study

NAME = {"replicate": "mini", "task": TASK, "kind": "buckets"}
TIME = "2026-01-02T03:04:05.678Z"


def give(folder, rater, labels):
    with Journal(folder / f"{rater}.jsonl") as journal:
        for item, label in labels.items():
            journal.write(item, label)


def sent(path, labels, rater="eva", study=NAME, **more):
    rows = [{"item": item, "label": label, "time": TIME} for item, label in labels]
    value = {"format": "showtell-labels/1", "study": study, "rater": rater, "labels": rows}
    path.write_text(json.dumps(value | more))
    return path


def test_the_table_has_one_row_a_rater_and_item_and_hidden_trainings(layout):
    key, items, folder = study(layout, "pairs")
    give(folder, "ada", {items[0].id: "left", items[1].id: "right"})
    give(folder, "bob", {items[0].id: "right"})
    assert write_labels(folder) == 3
    assert pq.read_schema(folder / FILE).names == schema().names
    rows = read_labels(folder / FILE)
    assert [(row["rater"], row["label"]) for row in rows if row["item"] == items[0].id] == [
        ("ada", "left"), ("bob", "right"),
    ]  # fmt: skip
    [row, _] = [row for row in rows if row["item"] == items[0].id]
    resolved = key.trainings[row["training"]], key.trainings[row["other"]]
    assert {path.split("/")[3] for path in resolved} == {"text", "zero"}
    assert f"seed{row['seed']}" in resolved[0]
    assert row["time"].tzinfo is not None
    assert b"text" not in (folder / FILE).read_bytes().split(b"ARROW:schema")[0]


def test_the_same_labels_are_the_same_bytes(layout):
    _, items, folder = study(layout)
    give(folder, "ada", {items[0].id: "50"})
    write_labels(folder)
    before = (folder / FILE).read_bytes()
    write_labels(folder)
    assert (folder / FILE).read_bytes() == before


def test_a_key_that_is_lost_or_of_other_labels_is_named(layout):
    _, _, folder = study(layout)
    give(folder, "ada", {"unknown": "50"})
    with pytest.raises(UserError, match=r"unknown.*items\.json"):
        write_labels(folder)
    (folder / "items.json").unlink()
    with pytest.raises(UserError, match="make label"):
        write_labels(folder)


def test_labels_that_came_back_are_merged_and_counted(layout, tmp_path):
    _, items, folder = study(layout)
    one, two, three = (item.id for item in items[:3])
    give(folder, "eva", {one: "0", two: "25"})
    file = sent(
        tmp_path / "f.json", [(one, "0"), (two, "50"), (three, "75"), (three, "100"), ("gone", "0")]
    )
    merged = merge(read_sent(file), file, folder)
    assert merged == ("eva", 1, 1, 1, 1, 1)
    clicks = read_clicks(folder / "eva.jsonl").labels
    assert {item: click.label for item, click in clicks.items()} == {
        one: "0",
        two: "50",
        three: "100",
    }
    assert clicks[three].time.isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert merge(read_sent(file), file, folder) == ("eva", 0, 0, 3, 1, 1)  # once more: no change


@pytest.mark.parametrize(
    ("labels", "more", "match"),
    [
        ([("gone", "50")], {}, "none of its 1 items"),
        ([(0, "30")], {}, "expected one of 0, 25, 50, 75, 100"),
        ([(0, "50")], {"study": NAME | {"kind": "frames"}}, "another study"),
        ([(0, "50")], {"rater": "../eva"}, "small letters"),
        ([(0, "50")], {"format": "2"}, "format"),
        ([(0, "50")], {"extra": 1}, "extra"),
    ],
)
def test_a_file_of_something_else_is_refused(layout, tmp_path, labels, more, match):
    _, items, folder = study(layout)
    file = sent(tmp_path / "f.json", [(items[0].id if i == 0 else i, v) for i, v in labels], **more)
    with pytest.raises(UserError, match=match):
        merge(read_sent(file), file, folder)
    assert not list(folder.glob("*.jsonl"))


def test_a_file_that_is_cut_off_or_absent_is_refused(tmp_path):
    (tmp_path / "f.json").write_text('{"format": ')
    with pytest.raises(UserError, match="not JSON"):
        read_sent(tmp_path / "f.json")
    with pytest.raises(UserError, match="does not exist"):
        read_sent(tmp_path / "other.json")


def test_the_page_as_a_file_holds_its_videos_once_and_has_a_bound(layout, tmp_path):
    key, items, _ = study(layout, "pairs")
    size = write_offline(tmp_path / "p.html", key, items, "", layout.results, 1.0)
    text = (tmp_path / "p.html").read_text()
    assert size == (tmp_path / "p.html").stat().st_size
    assert text.count("data:video/mp4;base64,") == 4
    assert not re.search(r"https?://", text)
    with pytest.raises(UserError, match=r"COUNT=\d"):
        write_offline(tmp_path / "q.html", key, items, "", layout.results, 0.001)
    assert not (tmp_path / "q.html").exists()


def test_the_commands_write_a_file_and_read_what_came_back(layout, tmp_path, capsys):
    assert labelling(tmp_path, rater="").offline(TASK) == 0
    folder = layout.labels(TASK, "buckets")
    assert "4 items" in capsys.readouterr().out
    key = Key.read(folder)
    file = sent(tmp_path / "f.json", [(item, "100") for item in key.items])
    assert labelling(tmp_path).read(file) == 0
    assert "4 labels are new" in capsys.readouterr().out
    assert len(read_labels(folder / FILE)) == 4
    other = sent(tmp_path / "g.json", [], study=NAME | {"replicate": "desk"})
    with pytest.raises(UserError, match="another study"):
        labelling(tmp_path).read(other)


def test_agreement_is_printed_with_counts_and_success(layout, tmp_path, capsys):
    key, items, folder = study(layout)
    of_text = [i.id for i in items if "/text/" in key.trainings[key.videos[i.video].training]]
    of_zero = [i.id for i in items if i.id not in of_text]
    give(folder, "ada", {of_text[0]: "50", of_text[1]: "25", of_zero[0]: "0", of_zero[1]: "0"})
    give(folder, "bob", {of_text[0]: "100", of_text[1]: "25", of_zero[0]: "0"})
    assert labelling(tmp_path).agreement(None) == 0
    said = capsys.readouterr().out
    # Three items, two agree; 1 * 1 + 1 * 1 of 9 by chance: (6 - 2) / (9 - 2).
    assert re.search(r"ada +bob +3 +2 +0\.57", said)
    assert "bob: 3 labels (1 0, 1 25, 0 50, 0 75, 1 100)" in said
    table = success_by_labels(layout, TASK)
    # text: one of its two videos by either rater, both by the rule; zero: none by either.
    assert table.column("method") == ["text", "zero"]
    assert table.numbers("success_labels") == [0.5, 0.0]
    assert table.numbers("success_criteria") == [1.0, 0.0]
    assert table.numbers("agree") == [0.5, 1.0]
    assert (folder / "success.csv").read_text() == table.text


def test_agreement_without_labels_names_the_command(layout, tmp_path):
    with pytest.raises(UserError, match="make label"):
        labelling(tmp_path).agreement(None)
