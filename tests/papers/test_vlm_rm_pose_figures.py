"""Table 1 and the histograms of successful steps: which checkpoint is chosen, what is counted."""

import numpy as np
import pytest

from showtell.claims.ledger import find_ledger
from showtell.figures.chart import chart
from showtell.figures.style import save
from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from showtell.study.layout import Run
from tests.results.experiments import listed

TASKS = ("humanoid-kneeling", "humanoid-one-leg")
TABLE = {"kind": "chosen_seeds", "checkpoint": "best-learned"}
STEPS = {"kind": "successful_steps", "checkpoint": "best-learned"}
POLICY = "stochastic (best-learned)"


@pytest.fixture
def results() -> Results:
    """Two seeds: the first has the higher learned return and the lower success."""
    plan = Comparison(
        root=0,
        address=("vlm_rm", "humanoid"),
        paper="vlm_rm",
        experiment="humanoid",
        tasks=TASKS,
        methods=listed({"text": {"kind": "clip_sampled"}, "oracle": {"kind": "oracle"}}),
        seeds=2,
        evaluate={"episodes": 4, "actions": ["stochastic"], "checkpoints": ["best-learned"]},
    )
    scores, progress = {}, {}
    for task in TASKS:
        for method in plan.methods:
            for seed, (half, best) in enumerate([(0.25, 9.0), (0.75, 5.0)]):
                run = Run(task, method, seed, "train")
                rates = {"success": half, "success_any": 1.0, "success_always": 0.25}
                scores[run] = {POLICY: rates | {"success_final": half, "return": 0.0}}
                rows = [(100, 1.0, 0.0), (200, best, 0.0), (300, 2.0, 0.0)]
                progress[run] = Table.of(("step", "learned_return", "true_return"), rows)
    return Results(plan, scores, progress, {})


def test_the_chosen_seed_has_the_highest_learned_return_not_the_highest_success(results):
    table = chart(TABLE).table(results)
    row = table.where(task="humanoid-kneeling", method="text")
    assert row.column("seed") == ["0"]
    assert row.numbers("return") == [9.0]
    assert row.numbers("success") == [0.25]
    assert row.numbers("mean") == [0.5]


def test_the_published_value_stands_beside_the_text_reward_alone(results):
    table = chart(TABLE).table(results)
    entries = find_ledger("vlm_rm").published
    published = {e.task: e.value for e in entries if e.experiment == "humanoid"}
    for task in TASKS:
        assert table.where(task=task, method="text").numbers("published") == [published[task]]
        assert table.where(task=task, method="oracle").column("published") == [""]


def test_buckets_of_steps_divide_all_episodes(results):
    table = chart(STEPS).table(results).where(task="humanoid-kneeling", method="text")
    assert table.column("steps") == ["none", "under half", "half or more", "all"]
    np.testing.assert_allclose(table.numbers("share"), [0.0, 0.5, 0.25, 0.25])


@pytest.mark.parametrize("figure", [TABLE, STEPS], ids=["table", "steps"])
def test_the_csv_alone_gives_the_same_figure(figure, results, tmp_path):
    table = chart(figure).table(results)
    table.write(tmp_path / "figure.csv")
    save(chart(figure).draw(table), tmp_path / "a.svg")
    save(chart(figure).draw(Table.read(tmp_path / "figure.csv")), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "kneeling" in (tmp_path / "a.svg").read_text()
