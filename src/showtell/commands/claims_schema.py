"""The verdicts of an experiment, claims.json, as JSON Schema: what others compare with."""

import json

from pydantic import BaseModel, ConfigDict

from showtell.claims.verdicts import Verdict
from showtell.commands.schema import described

_KEYS = {  # those whose field says no more than its name
    "method": "A method's full name, as in the summary.",
    "value": "The number that was found.",
    "low": "The lower end of its interval or range.",
    "high": "The upper end of its interval or range.",
    "id": "Its address in the paper's ledger.",
    "experiment": "The experiment that it is about.",
    "outcome": "The verdict; docs/verdicts.md says what each means.",
    "parts": "What was found, a part for each method, baseline and task.",
    "controls": "The controls that the claim needs, on each task.",
    "band": "The range that the parts should lie in.",
    "expected": "Seeds that were planned.",
    "task": "The task.",
}


class ClaimsFile(BaseModel):
    """The verdicts on every claim about one experiment of one paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: str  # its name in params.yaml
    experiment: str
    claims: tuple[Verdict, ...]  # in the order of the paper's ledger


def claims_schema() -> str:
    """The text of claims.schema.json."""
    values = described(ClaimsFile, _KEYS)
    for definition in (values, *values["$defs"].values()):
        definition["additionalProperties"] = False
    return json.dumps(values, indent=1, sort_keys=True) + "\n"
