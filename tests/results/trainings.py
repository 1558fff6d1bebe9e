"""Trained policies in memory: scores a seed, of methods that go through several phases."""

import numpy as np

from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from showtell.study.layout import Run
from tests.results.experiments import listed

POLICIES = ("deterministic", "deterministic (best-true)")


def results_of(scores, *, rewards=None, curves=None, studies=None, **more):
    """`scores` is {method: {phase: {task: [success a seed]}}}; `curves` the same, {step: value}."""
    tasks = tuple(dict.fromkeys(t for of in scores.values() for p in of.values() for t in p))
    phases = tuple(dict.fromkeys(phase for of in scores.values() for phase in of))
    plan = Comparison(
        root=0,
        address=("roboclip", "language"),
        paper="roboclip",
        experiment="language",
        tasks=tasks,
        methods=listed({m: (rewards or {}).get(m, {"kind": "roboclip"}) for m in scores}),
        seeds=5,
        phases=phases,
        only={p: tuple(m for m, of in scores.items() if p in of) for p in phases[1:]},
        evaluate={
            "episodes": 10,
            "actions": ["deterministic"],
            "checkpoints": ["last", "best-true"],
        },
        studies={"alignment": {"study": {"kind": "alignment"}}} if studies else {},
    )
    judged = {
        Run(task, method, seed, phase): {
            policy: {
                "success": value,
                "success_any": (1 + value) / 2,
                "success_final": value / 2,
                "return": 100 * value,
            }
            for policy in POLICIES
        }
        for method, of in scores.items()
        for phase, of_task in of.items()
        for task, values in of_task.items()
        for seed, value in enumerate(values)
    }
    progress = {run: _curve(run, curves) for run in judged} if curves is not None else {}
    tables = {(task, "alignment"): table for task, table in (studies or {}).items()}
    return Results(plan, judged, progress, tables, **more)


def _curve(run, curves):
    """Success over steps, a little different each seed."""
    line = curves.get((run.method, run.phase), {10: 0.1, 20: 0.2, 30: 0.3, 40: 0.4})
    rows = [(step, 100 * value, value + run.seed / 100) for step, value in line.items()]
    return Table.of(("step", "true_return", "success"), rows)


def alignment_of(fits, methods=("text",), rollouts=40):
    """{task: study}: each text's score follows the true return as `fits[task][text]` says."""
    draw = np.random.default_rng(0)
    columns = ("method", "text", "episode", "noise")
    columns += ("success", "true_return", "score", "similarity", "known_words")
    returns = np.linspace(0, 1, rollouts)
    return {
        task: Table.of(
            columns,
            [
                (method, text, number, 0.5, float(true > 0.6), true, *_scored(fit, true, draw), 1.0)
                for method in methods
                for text, fit in texts.items()
                for number, true in enumerate(map(float, returns))
            ],
        )
        for task, texts in fits.items()
    }


def _scored(fit, true, draw):
    score = float(fit * true + 0.1 * draw.normal())
    return score, score / 10
