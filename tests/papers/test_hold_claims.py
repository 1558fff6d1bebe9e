"""HOLD's claims hold in a world like the paper, and not where all rewards are alike."""

from pathlib import Path

import pytest

from showtell.claims.ledger import ledger_path, load
from showtell.claims.tests import Above, Separates, Sooner
from showtell.claims.verdicts import judge
from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from showtell.studies.controls import COLUMNS
from showtell.study.layout import Run
from showtell.study.loading import load as load_parameters
from tests.results.experiments import listed

ROOT = Path(__file__).parents[2]
LEDGER = load(ledger_path("hold"))
SEEDS, NEVER = 5, 10**9
# Experiment -> steps between two rows, and rows; method -> steps until it has learned, in
# thousands, success and return at the end. Methods that are not named learn as the last one does.
PAPER = {
    "pushing": {
        "hold-c-sparse": (40, 1.0, 80), "hold-r-sparse": (100, 0.9, 80),
        "hold-c-ours-sparse": (40, 1.0, 80), "pixels-sparse": (260, 0.9, 80),
        "r3m-sparse": (200, 0.9, 80), "tcn-sparse": (NEVER, 0.1, 5), "sparse": (330, 0.8, 80),
        "sparse-long": (700, 0.9, 80), "hold-c": (100, 0.2, 10), "hold-r": (300, 0.2, 10),
        "r3m": (100, 0.1, 5), "hold-c-ours": (100, 0.4, 30), "zero": (NEVER, 0.0, 0),
    },
    "drawer": {
        "hold-c-sparse": (100, 1.0, 145), "hold-r-sparse": (150, 0.9, 145),
        "hold-c-ours-sparse": (100, 1.0, 145), "pixels-sparse": (380, 0.4, 145),
        "r3m-sparse": (300, 0.9, 145), "tcn-sparse": (NEVER, 0.1, 5), "sparse": (390, 0.5, 60),
        "sparse-long": (NEVER, 0.6, 60), "hold-r": (100, 0.5, 60), "r3m": (100, 0.1, 5),
        "hold-c-ours": (100, 0.4, 30), "zero": (NEVER, 0.0, 0),
    },
    "dvd": {
        "hold-c-sparse": (9, 0.94, 40), "hold-r-sparse": (10, 0.94, 40),
        "hold-c-ours-sparse": (9, 0.94, 40), "sparse": (20, 0.8, 40), "oracle": (18, 0.8, 40),
        "pixels-sparse": (20, 0.8, 40), "outlines-sparse": (20, 0.8, 40), "hold-c": (12, 0.94, 40),
        "hold-r": (12, 0.94, 40), "hold-c-ours": (12, 0.94, 40), "zero": (NEVER, 0.2, 5),
    },
    "shape": {
        "hold-r-t10": (30, 0.6, 80), "hold-r": (60, 0.9, 80), "hold-r-t100": (90, 0.7, 80),
        "hold-c": (40, 0.9, 80), "hold-c-ours": (40, 0.9, 80), "zero": (NEVER, 0.0, 0),
        "other": (150, 0.6, 80),
    },
}  # fmt: skip
ROWS = {"pushing": (10, 100), "drawer": (10, 275), "dvd": (1, 35), "shape": (10, 40)}
ALIKE = (100, 0.6, 50)


@pytest.fixture(scope="module")
def experiments():
    return load_parameters(ROOT, "paper").papers["hold"].experiments


def results(name, experiment, world):
    """What an experiment left on disk, if its methods learned as a world says."""
    tasks = tuple(experiment.tasks)
    rewards = {method: {"kind": "sum"} for method in experiment.methods}
    rewards |= {"sparse": {"kind": "true_reward"}, "zero": {"kind": "zero"}}
    plan = Comparison(
        root=0,
        address=("hold", name),
        paper="hold",
        experiment=name,
        tasks=tasks,
        methods=listed({m: rewards[m] for m in experiment.methods}),
        seeds=SEEDS,
        evaluate={"episodes": 10, "actions": ["deterministic"]},
        studies={"controls": {"study": {"kind": "controls"}}},
    )
    runs = {run: _of(world, run.method) for run in plan.runs}
    noise = Table.of(COLUMNS, [("noise", "at random", 0, 10, 0, 0, 0, 0.0)])
    return Results(
        plan,
        {run: _scores(run, *of[1:]) for run, of in runs.items()},
        {run: _curve(run, *ROWS[name], *of) for run, of in runs.items()},
        {(task, "controls"): noise for task in tasks},
    )


def _of(world, method):
    return world if isinstance(world, tuple) else world.get(method, [*world.values()][-1])


def _scores(run: Run, success, returned):
    of = {"success": max(0.0, success - run.seed / 200), "return": returned - run.seed / 10}
    return {"deterministic": {**of, "success_any": 1, "success_final": 0, "success_always": 0}}


def _curve(run: Run, every, rows, learned, success, returned):
    """Nothing before it has learned, all after it; seeds differ by some rows."""
    lines = []
    for step in range(every, every * rows + 1, every):
        done = step >= learned + run.seed % 2 * every
        lines.append((step * 1000, returned * done, (1.0 if returned >= 40 else success) * done))
    return Table.of(("step", "true_return", "success"), lines)


def outcomes(name, experiment, world):
    """(claim, its outcome) of all claims that trained agents can test."""
    claims = {claim.id: claim for claim in LEDGER.claims}
    found = judge(LEDGER, results(name, experiment, world))
    tested = [v for v in found if claims[v.id].test is not None]
    return [(claims[v.id], v) for v in tested if not isinstance(claims[v.id].test, Separates)]


@pytest.mark.parametrize("name", PAPER)
def test_in_the_world_of_the_paper_its_claims_are_reproduced(experiments, name):
    found = outcomes(name, experiments[name], PAPER[name])
    assert len(found) > 5
    others = {c.id: (v.outcome, v.why) for c, v in found if v.outcome != "reproduced"}
    assert not others


@pytest.mark.parametrize("name", PAPER)
def test_where_all_rewards_are_alike_no_method_is_called_better(experiments, name):
    found = outcomes(name, experiments[name], ALIKE)
    better = [(c, v) for c, v in found if isinstance(c.test, Above | Sooner)]
    assert better and all(verdict.outcome != "reproduced" for _, verdict in better)
