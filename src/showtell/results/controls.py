"""Controls of an experiment: how often each succeeds, at any step and at the end of an episode."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from showtell.results.reading import Results
from showtell.results.table import Table

TRUE_REWARD = "true-reward"
LABELS: Mapping[str, str] = {  # in the order of the report's table
    "script": "script",
    "replay": "open-loop replay",
    "cloning": "behaviour cloning",
    "untrained": "untrained policy",
    "untrained-stochastic": "untrained policy",
    "noise": "noise",
    "still": "still",
    TRUE_REWARD: "trained on the true reward",
}
_SCRIPTED = ("script", "replay", "cloning")
NO_SCRIPT = "n/a: this world has no script"
NOT_TRAINED = "n/a: no method here is trained on the true reward"


class Rates(NamedTuple):
    """How often one control succeeds on one task."""

    definition: str  # how it acts
    n: int  # episodes, or seeds of the training on the true reward
    success_any: float
    success_final: float
    success: float  # by the world's own rule


_METRICS = Rates._fields[2:]
Rows = dict[str, dict[str, Rates | str]]  # control -> task -> its rates, or why there are none


def controls(results: Results) -> Rows:
    """What is known of every control; without rows where no controls were measured."""
    tables = {task: table for study in _studies(results) for task, table in _tables(results, study)}
    return {
        control: {
            task: _true_reward(results, task) if control == TRUE_REWARD else _rates(table, control)
            for task, table in tables.items()
        }
        for control in (LABELS if tables else ())
    }


def _studies(results: Results) -> Iterator[str]:
    for study in results.comparison.studies:
        if results.study_settings(study)["kind"] == "controls":
            yield study


def _tables(results: Results, study: str) -> list[tuple[str, Table]]:
    return list(results.study_tables(study).items())


def _rates(table: Table, control: str) -> Rates | str:
    rows = table.where(control=control)
    if not rows.rows:
        return NO_SCRIPT if control in _SCRIPTED else "n/a"
    means = (float(np.mean(rows.numbers(name))) for name in _METRICS)
    return Rates(rows.column("definition")[0], len(rows.rows), *means)


def _true_reward(results: Results, task: str) -> Rates | str:
    """The trainings of the first phase, as the first way of evaluating them finds them."""
    plan = results.comparison
    for name, method in plan.methods.items():
        if method.role != "true reward":
            continue
        at = (name, plan.phases[0], plan.policies[0])
        found = [results.scores(*at, metric, task) for metric in _METRICS]
        if all(task in one for one in found):
            means = (float(np.mean(one[task])) for one in found)
            return Rates(f"{plan.policies[0]}, mean over seeds", len(found[0][task]), *means)
    return NOT_TRAINED
