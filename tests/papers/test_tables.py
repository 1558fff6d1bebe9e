"""Published tables of networks and settings are true to the parameters that they speak of."""

import dataclasses
from pathlib import Path

import pytest

from showtell.claims.ledger import ledger_path, load
from showtell.report.plan import TrainedPlan
from showtell.report.published import find_tables, table_files
from showtell.report.recipes import leaves, with_epochs, with_updates
from showtell.study.loading import load as load_parameters
from showtell.training.along_videos import Along

ROOT = Path(__file__).parents[2]
PAPERS = [path.parent.name for path in (ROOT / "src/showtell/papers").glob("*/tables.yaml")]


@pytest.fixture(scope="module")
def sections():
    """Section -> entry -> its settings at the paper's values, with what is computed from them."""
    parameters = load_parameters(ROOT, "paper")
    training = {
        name: with_epochs(TrainedPlan(encoder={}, training=recipe.model_dump(), videos=None), 1)
        for name, recipe in parameters.training.items()
    }
    learners = {name: with_updates(one.model_dump()) for name, one in parameters.learners.items()}
    return {"training": training, "learners": learners}


def test_hold_alone_has_such_tables():
    assert PAPERS == ["hold"]
    assert find_tables("vlm_rm") is None
    assert [path.parent.name for path in table_files(["vlm_rm", "hold"])] == PAPERS


@pytest.mark.parametrize("paper", PAPERS)
def test_published_networks_are_answered_by_networks_of_the_parameters(sections, paper):
    tables = find_tables(paper)
    measures = {field.name for field in dataclasses.fields(Along)}
    for row in tables.networks.rows:
        assert set(row.scores) <= measures, row.label
        assert {name for name, _ in row.answers} <= set(sections["training"]), row.label
    recipes = {name for pair in tables.recipes for name in (pair.published, pair.ours)}
    assert recipes <= set(sections["training"])


@pytest.mark.parametrize("paper", PAPERS)
def test_the_first_entry_of_each_table_has_the_published_settings(sections, paper):
    for table in find_tables(paper).settings:
        entries = sections[table.section]
        assert set(table.here) <= set(entries), table.title
        first = leaves(entries[table.here[0]])
        for row in table.rows:
            if row.key is not None:
                assert row.key in first, f"{table.title}: {row.label}"
            if row.key not in (None, "epochs") and not row.unit:  # see the deviation on epochs
                assert first[row.key] == row.published, f"{table.title}: {row.label}"


def test_the_ledger_and_the_tables_of_hold_publish_the_same_numbers():
    ledger = {entry for entry in load(ledger_path("hold")).published if entry.where == "Table IV"}
    rows = find_tables("hold").networks.rows
    numbers = {number for row in rows for number in row.scores.values()}
    assert {entry.value for entry in ledger} <= numbers
