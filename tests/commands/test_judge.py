"""The verdicts in git follow from the tables in git, with the rules of today."""

import json
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
    # Processors differ in the last digits of sums; a verdict is the same on all of them.
    judged = rounded(json.loads(canonical_json(written(recorded.read(folder)))))
    assert canonical_json(judged) == canonical_json(rounded(read_json(folder / "claims.json")))


def rounded(value):
    match value:
        case float():
            return float(f"{value:.9g}")
        case list():
            return [rounded(entry) for entry in value]
        case dict():
            return {key: rounded(entry) for key, entry in value.items()}
    return value
