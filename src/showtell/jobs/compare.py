"""Puts an experiment's methods side by side: summary.csv, and a verdict on each claim."""

from pathlib import Path
from typing import Any

from showtell.claims.ledger import ledger_path, load
from showtell.claims.verdicts import judge
from showtell.project.files import write_json
from showtell.results.reading import Comparison, read
from showtell.results.summary import summarise


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Inputs: evaluations, curves, studies, ledger; missing seeds are allowed."""
    comparison = Comparison.model_validate(job)
    results = read(comparison, inputs)
    (ledger,) = inputs.get("ledger") or [ledger_path(comparison.paper)]
    verdicts = judge(load(ledger), results)
    summarise(results).write(outputs["summary"])
    write_json(
        outputs["claims"],
        {
            "paper": comparison.paper,
            "experiment": comparison.experiment,
            "claims": [verdict.model_dump(mode="json") for verdict in verdicts],
        },
    )
