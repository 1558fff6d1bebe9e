"""Results in memory: the numbers of an experiment without its files."""

import pytest

from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from showtell.study.layout import Run


def comparison(methods, tasks=("cartpole",), seeds=5, policies=("stochastic",)):
    return Comparison(
        root=0,
        address=("vlm_rm", "cartpole"),
        paper="vlm_rm",
        experiment="cartpole",
        tasks=tasks,
        methods=listed({name: reward or {"kind": "clip"} for name, reward in methods.items()}),
        seeds=seeds,
        evaluate={"episodes": 10, "actions": list(policies)},
        studies={
            "pole-angle": {"of": ["text"], "study": {"kind": "landscape", "variable": "angle"}},
            "distance": {"of": ["text"], "study": {"kind": "epic"}},
        },
    )


def listed(rewards):
    """Methods as a job has them, from their rewards; an alpha is what a sweep set."""
    variants = {name: {k: v for k, v in r.items() if k == "alpha"} for name, r in rewards.items()}
    return [
        {
            "name": name,
            "label": f"α = {variants[name]['alpha']:g}" if variants[name] else f"the {name}",
            "variant": variants[name],
            "reward": reward,
        }
        for name, reward in rewards.items()
    ]


def _landscape(rows):
    """(method, angle, reward) as a study writes it."""
    columns = ("method", "alpha", "angle", "reward", "rescaled", "true_reward")
    most = max(reward for _, _, reward in rows)
    least = min(reward for _, _, reward in rows)
    span = (most - least) or float("nan")
    strength = {method: float(method.removeprefix("text-alpha")) for method, _, _ in rows}
    return Table.of(
        columns,
        [(m, strength[m], x, y, (y - least) / span, float(abs(x) < 0.2)) for m, x, y in rows],
    )


def _epic(rows, plan):
    """(method, distance, low, high) as a study writes it, for both truths.

    The difference of two methods is decided where their intervals are apart.
    """
    columns = ("method", "alpha", "against", "versus")
    columns += ("epic", "low", "high", "p_lower", "p_higher", "states")
    found = []
    for method, *numbers in rows:
        name = (method, plan.methods[method].variant["alpha"])
        for against in ("success", "true_reward"):
            found.append((*name, against, "", *numbers, None, None, 100))
            for other, value, low, high in rows:
                if other != method:
                    found.append((*name, against, other, *_gap(numbers, (value, low, high)), 100))
    return Table.of(columns, found)


def _gap(one, other):
    if one[1] is None or other[1] is None:
        return one[0] - other[0], None, None, None, None
    low, high = one[1] - other[2], one[2] - other[1]
    p_lower = 0.001 if high < 0 else 1.0 if low > 0 else 0.5
    p_higher = 0.001 if low > 0 else 1.0 if high < 0 else 0.5
    return one[0] - other[0], low, high, p_lower, p_higher


@pytest.fixture
def make_results():
    """Build results from `{method: {task: [success a seed]}}` and study tables."""

    def make(scores, *, seeds=5, tasks=("cartpole",), rewards=None, landscape=None, epic=None):
        methods = {method: (rewards or {}).get(method) for method in scores}
        plan = comparison(methods, tasks, seeds)
        judged = {
            Run(task, method, seed, "train"): {
                "stochastic": {
                    "success": success,
                    "success_any": 1.0,
                    "success_final": success,
                    "success_always": success,
                    "return": 200 * success,
                }
            }
            for method, of_task in scores.items()
            for task, values in of_task.items()
            for seed, success in enumerate(values)
        }
        studies = {}
        if landscape is not None:
            studies["cartpole", "pole-angle"] = _landscape(landscape)
        if epic is not None:
            studies["cartpole", "distance"] = _epic(epic, plan)
        return Results(plan, judged, {}, studies)

    return make
