"""An experiment in small tables: numbers of each seed, summary.csv, and verdicts."""

from pathlib import Path
from typing import Any

from showtell.claims.verdicts import written
from showtell.project.files import write_json
from showtell.results import recorded
from showtell.results.reading import Comparison, read
from showtell.results.summary import summarise


def run(
    job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]
) -> dict[str, Any]:
    """Input: the folder results/<replicate>; missing seeds are allowed."""
    comparison = Comparison.model_validate(job)
    results = read(comparison, inputs["results"][0])
    summarise(results).write(outputs["summary"])
    recorded.scores(results).write(outputs["scores"])
    recorded.curves(results).write(outputs["curves"])
    write_json(outputs["comparison"], recorded.plan(job))
    write_json(outputs["claims"], written(results))
    return {"read": results.numbers}
