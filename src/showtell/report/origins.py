"""Where results come from: the provenance of every job, its cost, and what stands in for what."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from showtell.project.files import read_json
from showtell.project.provenance import records
from showtell.report.plan import Plan
from showtell.study.layout import Layout


@dataclass(frozen=True)
class Origin:
    """Where one job's outputs come from."""

    folder: str  # the paper, or models, demos, goals, videos
    job: str
    address: str
    key: str
    commit: str
    seeds: str
    wall_time_s: float
    resumed: int
    record: dict[str, Any]


def origins(results: Path, papers: Iterable[str]) -> list[Origin]:
    """The provenance of what these papers, and all of them together, made; not the pages'."""
    below = {"videos", "models", "demos", "goals", *papers}
    found = []
    for path, record in records(results):
        if path.relative_to(results).parts[0] not in below or path.name.startswith("report"):
            continue
        address = record.get("seeds", {}).get("address") or [path.parent.name]
        commit = str(record.get("git_commit") or "no git")[:8]
        found.append(
            Origin(
                folder=path.relative_to(results).parts[0],
                job=str(record.get("job_name", "")),
                address=" / ".join(str(part) for part in address),
                key=str(record.get("job_key", ""))[:10],
                commit=commit + ("*" if record.get("git_dirty") else ""),
                seeds=str(record.get("seeds", {}).get("root", "")),
                wall_time_s=float(record.get("wall_time_s", 0.0)),
                resumed=int(record.get("resumed", 0)),
                record=record,
            )
        )
    return found


def stand_ins(plan: Plan, paper: str, results: Path) -> dict[str, dict[str, Any]]:
    """Encoder of a paper -> what it scored on pictures that were held out of its training here.

    Those that learn from videos have tables of their own.
    """
    known = plan.papers[paper].networks
    layout = Layout(results)
    paths = {n: layout.encoder(n) / "metrics.json" for n in known if known[n].videos is None}
    return {name: read_json(path) for name, path in paths.items() if path.exists()}


def environment(sources: Iterable[Origin]) -> dict[str, str]:
    """Machine and versions of all jobs; several values where jobs differ."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for name in ("machine", "versions"):
            for key, value in (source.record.get(name) or {}).items():
                if value not in (None, [], ""):
                    shown = value if isinstance(value, str) else json.dumps(value)
                    found.setdefault(key, set()).add(shown)
    return {key: " · ".join(sorted(values)) for key, values in found.items()}
