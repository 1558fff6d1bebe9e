"""Computes every verdict again from the small tables that git keeps, without any training."""

from pathlib import Path

from showtell.claims.verdicts import written
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, read_json, write_json
from showtell.results import recorded


def judge(tables: Path) -> str:
    """Write `claims.json` of every experiment below a folder of tables; what changed, in words."""
    folders = sorted(path.parent for path in tables.glob("**/comparison.json"))
    if not folders:
        raise UserError(
            f"{tables} has no tables of an experiment (no comparison.json in it); expected a "
            "folder such as results/mini/tables. `make tables` writes it."
        )
    lines: list[str] = []
    for folder in folders:
        new = written(recorded.read(folder))
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
