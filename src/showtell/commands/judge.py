"""Judges every claim again from the small tables that git keeps, without any training."""

from pathlib import Path
from typing import Any

from showtell.claims.ledger import find_ledger
from showtell.claims.verdicts import judge as verdicts_of
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, read_json, write_json
from showtell.results import recorded


def judge(tables: Path) -> str:
    """Write `claims.json` of every experiment below a folder of tables; what changed, in words."""
    folders = sorted(path.parent for path in tables.glob("**/comparison.json"))
    if not folders:
        raise UserError(
            f"{tables} has no tables of an experiment (no comparison.json in it); expected a "
            "folder such as results/mini/tables. `make reproduce` and `make share` write it."
        )
    lines: list[str] = []
    for folder in folders:
        new = claims(folder)
        file = folder / "claims.json"
        old = read_json(file) if file.exists() else {"claims": []}
        before = {claim["id"]: claim["outcome"] for claim in old["claims"]}
        lines += [
            f"{new['paper']}/{claim['id']}: {before.get(claim['id'], 'new')} -> {claim['outcome']}"
            for claim in new["claims"]
            if before.get(claim["id"]) != claim["outcome"]
        ]
        if canonical_json(old) != canonical_json(new):
            write_json(file, new)
    return "\n".join(lines or [f"{len(folders)} experiments judged again: no verdict changed."])


def claims(folder: Path) -> dict[str, Any]:
    """What `compare` writes as claims.json, from the tables of one experiment."""
    results = recorded.read(folder)
    plan = results.comparison
    ledger = find_ledger(plan.paper)
    found = [] if ledger is None else verdicts_of(ledger, results)
    return {
        "paper": plan.paper,
        "experiment": plan.experiment,
        "claims": [verdict.model_dump(mode="json") for verdict in found],
    }
