"""Verdicts of two folders of results side by side."""

import csv
import json

import pytest

from showtell.commands.agree import Counts, Row, agree
from showtell.project.errors import UserError
from showtell.project.files import write_json

FIRST = {"p/e": {"x": "reproduced", "y": "not reproduced", "z": "inconclusive"}}


def verdicts(folder, outcomes, form="{}/compare/claims.json"):
    for place, claims in outcomes.items():
        paper, experiment = place.split("/")
        listed = [{"id": id_, "outcome": outcome, "why": "."} for id_, outcome in claims.items()]
        value = {"paper": paper, "experiment": experiment, "claims": listed}
        write_json(folder / form.format(place), value)


@pytest.fixture
def root(tmp_path):
    verdicts(tmp_path / "results/mini", FIRST)
    return tmp_path


def compared(root, *folders):
    status = agree(root, folders, root / "out.json", root / "out.csv")
    return status, json.loads((root / "out.json").read_text())


def test_two_folders_are_compared_claim_by_claim(root, capsys):
    other = {"x": "reproduced", "y": "cannot be tested at this scale", "z": "not implemented"}
    verdicts(root / "results/mini-seed1", {"p/e": other})
    status, [pair] = compared(root, "results/mini", "results/mini-seed1/")
    assert status == 0
    assert {c["claim"]: c["agreement"] for c in pair["claims"]} == {
        "x": "agree",
        "y": "decisive in one",
        "z": "open",
    }
    assert pair["counts"]["total"] == pair["counts"]["p"]
    assert (pair["counts"]["p"]["of_both"], pair["counts"]["p"]["of_any"]) == (1.0, 0.5)
    text = capsys.readouterr().out
    assert "cannot be tested at this scale" in text
    assert "scales" not in text
    with (root / "out.csv").open() as file:
        assert [row["in_b"] for row in csv.DictReader(file)] == list(other.values())


def test_a_contradiction_is_an_exit_status(root):
    verdicts(root / "results/mini-seed1", {"p/e": {"x": "not reproduced"}})
    status, [pair] = compared(root, "results/mini", "results/mini-seed1")
    assert status == 1
    assert pair["counts"]["total"]["contradict"] == 1
    assert pair["counts"]["total"]["of_both"] == 0.0


def test_committed_tables_are_read_too_by_either_address(root):
    verdicts(root / "far/mini", FIRST, "tables/{}/claims.json")
    for folder in ("far/mini", "far/mini/tables"):
        status, [pair] = compared(root, "results/mini", folder)
        assert (status, pair["counts"]["total"]["agree"]) == (0, 2)


def test_all_pairs_of_three_folders_are_compared(root):
    verdicts(root / "results/mini-seed1", FIRST)
    verdicts(root / "results/mini-seed2", {"p/e": {"x": "not reproduced"}})
    status, pairs = compared(root, *(f"results/mini{s}" for s in ("", "-seed1", "-seed2")))
    assert status == 1
    assert [pair["counts"]["total"]["contradict"] for pair in pairs] == [0, 1, 1]


def test_a_claim_of_one_folder_alone_is_named_and_not_counted(root, capsys):
    verdicts(root / "results/mini-seed1", {"p/e": {"x": "reproduced", "new": "reproduced"}})
    _, [pair] = compared(root, "results/mini", "results/mini-seed1")
    assert pair["counts"]["total"] == {
        **{"agree": 1, "contradict": 0, "one": 0, "open": 0},
        **{"of_both": 1.0, "of_any": 1.0},
    }
    text = capsys.readouterr().out
    assert "p/e/y, p/e/z" in text
    assert "p/e/new" in text


def test_other_scales_are_compared_and_said(root, capsys):
    verdicts(root / "results/desk-seed1", FIRST)
    status, _ = compared(root, "results/mini", "results/desk-seed1")
    assert status == 0
    assert "mini and desk" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        (["results/mini"], "two or more"),
        (["results/mini", "results/mini/"], "two or more"),
        (["results/mini", "results/minni"], "'results/mini'"),
        (["results/mini", "results/empty"], "results/empty has no verdicts"),
        (["results/mini", "results/torn"], "p/e/compare/claims.json"),
    ],
)
def test_what_cannot_be_compared_is_refused(root, folders, words):
    (root / "results/empty").mkdir()
    torn = root / "results/torn/p/e/compare"
    torn.mkdir(parents=True)
    (torn / "claims.json").write_text('{"claims": [')
    with pytest.raises(UserError, match=words):
        agree(root, folders, None, None)


def test_shares_of_no_decisive_verdict_are_none():
    counts = Counts.of([Row("p", "e", "c", "inconclusive", "waiting")])
    assert (counts.of_both, counts.of_any, counts.open) == (None, None, 1)
