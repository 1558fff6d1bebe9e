"""A table of training phases: what agents do while they learn, and what their policies score.

One table holds both, so that a picture may show the zero-shot point on the curve that leaves it.
"""

from collections.abc import Iterator

import numpy as np

from showtell.figures.style import STYLE_COLUMNS, styles
from showtell.results.estimates import interval
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.studies import statistics

COLUMNS = (
    *("shows", "task", "method", *STYLE_COLUMNS, "phase", "policy", "measure"),
    *("step", "seed", "value", "low", "high"),
)
FINAL, ORACLE = "deterministic", "deterministic (best-true)"
MEASURES = {
    "success": "success",
    "true_return": "return",
    "success_any": "success_any",
    "success_final": "success_final",
}  # of scores -> metric
TITLES = {"success": "success", "true_return": "true return"}


def phase_table(
    results: Results, phases: tuple[str, ...], methods: tuple[str, ...] | None = None
) -> Table:
    """Curves and scores of the policies of these phases, of all methods or of some."""
    plan, style_of = results.comparison, styles(results.comparison.methods.values())
    rows: list[tuple[Value, ...]] = []
    for task in plan.tasks:
        for method in plan.methods if methods is None else methods:
            for phase in phases:
                if method in plan.methods and phase in plan.phases_of(method):
                    named = (task, method, *style_of[method], phase)
                    scores = _scores(results, task, method, phase)
                    curves = _curves(results, task, method, phase)
                    rows += [("score", *named, *rest) for rest in scores]
                    rows += [("curve", *named, *rest) for rest in curves]
    return Table.of(COLUMNS, rows)


def _scores(results: Results, task: str, method: str, phase: str) -> Iterator[tuple[Value, ...]]:
    """(policy, measure, step, seed, value, low, high): the IQM's row has no seed."""
    for policy in policies_shown(results.comparison.policies):
        for measure, metric in MEASURES.items():
            scores = results.scores(method, phase, policy, metric, task).get(task)
            if not scores:
                continue
            value, low, high, _ = interval(results, method, phase, policy, metric, task)
            yield policy, measure, None, None, value, low, high
            for seed, score in enumerate(scores):
                yield policy, measure, None, seed, score, None, None


def _curves(results: Results, task: str, method: str, phase: str) -> Iterator[tuple[Value, ...]]:
    for measure in TITLES:
        steps, lines = results.curves(method, phase, task, measure)
        if not steps:
            continue
        stream = results.comparison.generator("curve", task, method, phase, measure)
        middle = statistics.iqm_curve(np.array(list(lines.values())), stream)
        for step, *ends in zip(steps, *middle, strict=True):
            yield None, measure, step, None, *map(float, ends)
        for seed, line in lines.items():
            for step, value in zip(steps, line, strict=True):
                yield None, measure, step, seed, value, None, None


def policies_shown(policies: tuple[str, ...]) -> tuple[str, ...]:
    """The final policy, and beside it the one that the true return would have chosen."""
    known = tuple(policy for policy in (FINAL, ORACLE) if policy in policies)
    return known or policies[:1]
