"""Draws one figure: the CSV of all that is seen, and from it the SVG and the PDF."""

from pathlib import Path
from typing import Any

from showtell.figures.chart import chart
from showtell.figures.style import save
from showtell.project.errors import UserError
from showtell.results.reading import Comparison, read


def run(
    job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]
) -> dict[str, Any]:
    """Input: the folder results/<replicate>; missing seeds are allowed."""
    comparison = Comparison.model_validate(job)
    kind = chart(job["figure"])
    results = read(comparison, inputs["results"][0])
    table = kind.table(results)
    if not table.rows:
        raise UserError(
            f"nothing to draw for the figure {job['figure']['name']!r} of {comparison.paper}/"
            f"{comparison.experiment}: none of its input files holds a result; run its trainings "
            "and studies first, or take it out of the experiment's figures in params.yaml."
        )
    table.write(outputs["csv"])
    save(kind.draw(table), outputs["svg"], outputs["pdf"])
    return {"read": results.numbers}
