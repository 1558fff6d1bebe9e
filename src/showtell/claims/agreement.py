"""Whether the claims of the ledgers speak of studies that the parameters have."""

from collections.abc import Iterator

from showtell.claims.ledger import Ledger, find_ledger
from showtell.project.errors import UserError, nearest
from showtell.study.parameters import Paper, Parameters


def check(parameters: Parameters) -> None:
    """Refuse parameters that lack a study, or have another kind of study, than a claim names."""
    found = [
        f"papers/{name}/ledger.yaml: {problem}"
        for name, paper in parameters.papers.items()
        if (ledger := find_ledger(name)) is not None
        for problem in _problems(ledger, paper)
    ]
    if found:
        raise UserError("\n".join(found))


def check_experiments(parameters: Parameters) -> None:
    """Refuse a claim that has a test but no experiment among the papers' whole parameters."""
    found = [
        f"papers/{name}/ledger.yaml: the claim {claim.id} has a test, but params.yaml has no "
        f"experiment {claim.experiment!r}; {nearest(claim.experiment, paper.experiments)} "
        "Or say under `untested` why nothing tests it yet."
        for name, paper in parameters.papers.items()
        if (ledger := find_ledger(name)) is not None
        for claim in ledger.claims
        if claim.untested is None and claim.experiment not in paper.experiments
    ]
    if found:
        raise UserError("\n".join(found))


def _problems(ledger: Ledger, paper: Paper) -> Iterator[str]:
    for claim in ledger.claims:
        experiment = paper.experiments.get(claim.experiment)
        name = getattr(claim.test, "study", None)
        if name is None or experiment is None:
            continue
        where = f"the claim {claim.id} is tested on the study {name!r}"
        if name not in experiment.studies:
            yield (
                f"{where}, which experiments.{claim.experiment}.studies does not have: "
                f"no {name!r}; {nearest(name, experiment.studies)}"
            )
            continue
        kind = getattr(claim.test, "study_kind", None)
        there = experiment.studies[name].kind
        if kind not in (None, there):
            yield f"{where} of kind {kind!r}, but it is of kind {there!r} in params.yaml."
