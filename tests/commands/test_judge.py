"""The verdicts in git follow from the tables in git, with the rules of today."""

from pathlib import Path

import pytest

from showtell.claims.verdicts import written
from showtell.project.files import canonical_json, read_json
from showtell.results import recorded

ROOT = Path(__file__).resolve().parents[2]
TABLES = sorted(path.parent for path in ROOT.glob("results/*/tables/**/comparison.json"))


def test_tables_are_committed():
    assert {"mini", "desk"} <= {path.relative_to(ROOT).parts[1] for path in TABLES}


@pytest.mark.parametrize("folder", TABLES, ids=lambda path: "-".join(path.parts[-2:]))
def test_committed_tables_alone_give_the_committed_verdicts(folder):
    assert canonical_json(written(recorded.read(folder))) == canonical_json(
        read_json(folder / "claims.json")
    )
