"""RoboCLIP's figures: drawn from their table alone, with zero-shot points and switches in place."""

from dataclasses import replace

import numpy as np
import pytest

from showtell.claims.ledger import ledger_path, load
from showtell.claims.verdicts import judge
from showtell.demos.demo import Demo
from showtell.figures.chart import chart
from showtell.figures.style import save
from showtell.media.video import write_video
from showtell.results.table import Table
from showtell.study.layout import Run
from tests.results.test_alignment_fit import OTHER, OWN
from tests.results.trainings import alignment_of, results_of

REWARDS = {
    "text": {"kind": "roboclip", "goal": "told"},
    "gail": {"kind": "gail", "demo": "scripted"},
    "dense": {"kind": "true_reward"},
}
FIGURES = {
    "alignment": {"kind": "alignment", "study": "alignment"},
    "fit": {"kind": "fit", "study": "alignment"},
    "language": {"kind": "zero_shot"},
    "finetuning": {"kind": "fine_tuning", "phases": ["true-reward"]},
    "critic": {"kind": "phase_switch", "compare": ["true-reward", "true-reward-abrupt"]},
    "filmstrips": {"kind": "filmstrips"},
}
LATER = ("true-reward", "true-reward-abrupt")


@pytest.fixture
def results(tmp_path):
    draw = np.random.default_rng(0)
    scores = {
        method: {"train": {task: draw.random(3).tolist() for task in OWN}} for method in REWARDS
    }
    for method, phases in (("text", LATER), ("gail", LATER[:1])):
        for phase in phases:
            scores[method][phase] = {task: draw.random(3).tolist() for task in OWN}
    videos, demos = {}, {}
    for task in OWN:
        frames = draw.integers(0, 255, (20, 24, 32, 3), dtype=np.uint8)
        for seed in range(3):
            path = tmp_path / f"{task}{seed}.mp4"
            write_video(path, frames, 10)
            videos[Run(task, "text", seed, "train")] = path
        demos[task] = tmp_path / f"{task}.npz"
        Demo(frames=frames[None, :8], about={}).save(demos[task])
    return results_of(
        scores, rewards=REWARDS, curves={}, studies=alignment_of(OWN), videos=videos, demos=demos
    )


@pytest.mark.parametrize("name", FIGURES)
def test_the_csv_alone_gives_the_same_svg_byte_for_byte(name, results, tmp_path):
    table = chart(FIGURES[name]).table(results)
    table.write(tmp_path / "figure.csv")
    save(chart(FIGURES[name]).draw(table), tmp_path / "a.svg")
    save(chart(FIGURES[name]).draw(Table.read(tmp_path / "figure.csv")), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("name", FIGURES)
def test_without_results_a_table_has_no_rows(name):
    empty = results_of({method: {"train": {"drawer": []}} for method in REWARDS})
    assert chart(FIGURES[name]).table(empty).rows == ()


def test_success_at_any_step_and_at_the_end_stand_beside_the_tasks_own(results):
    table = chart(FIGURES["language"]).table(results).where(method="gail", seed="", shows="score")
    at = {"task": "door", "policy": "deterministic"}
    own, either, end = (
        table.where(measure=measure, **at).numbers("value")[0]
        for measure in ("success", "success_any", "success_final")
    )
    assert end < own < either


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def test_the_matrix_writes_every_number_and_the_best_of_a_row_bold(results):
    table = chart(FIGURES["alignment"]).table(results)
    assert table.column("text") == ["drawer", "door"] * 2 + ["script's noise"] * 2
    figure = chart(FIGURES["alignment"]).draw(table)
    assert len(texts(figure)) == 3 * (4 + 2)
    bold = [text.get_position() for text in figure.axes[0].texts if text.get_weight() == "bold"]
    assert bold == [(0, 0), (1, 1)]


def test_controls_stand_beside_the_sentences_and_the_noise_beside_every_area(results):
    told = {task: {**texts, "wrong": 0.0} for task, texts in OWN.items()}
    studies = {(task, "alignment"): table for task, table in alignment_of(told).items()}
    table = chart(FIGURES["alignment"]).table(replace(results, studies=studies))
    assert table.distinct("text") == ["drawer", "door", "wrong", "script's noise"]
    wrong = table.where(text="wrong", task="drawer")
    own = table.where(text="drawer", task="drawer")
    assert abs(wrong.numbers("correlation")[0]) < 0.5 < own.numbers("correlation")[0]
    assert set(table.numbers("noise_auc")) == {0.5}  # one level of noise in this study


def test_the_fit_is_of_each_tasks_own_goal_and_has_a_row_a_method(results):
    table = chart(FIGURES["fit"]).table(results)
    assert table.column("task") == table.column("text")
    figure = chart(FIGURES["fit"]).draw(table)
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == table.distinct("label")
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == [f"{value:.2f}" for value in table.numbers("correlation")]


def test_a_reward_that_is_always_the_same_fits_nothing_and_is_drawn_so(results):
    table = chart(FIGURES["fit"]).table(results)
    kept = table.columns.index("correlation")
    empty = Table(table.columns, tuple((*r[:kept], *[""] * (len(r) - kept)) for r in table.rows))
    assert set(texts(chart(FIGURES["fit"]).draw(empty))) == {"–"}


def test_fine_tuning_starts_where_pretraining_ends_and_the_truth_at_zero(results):
    table = chart(FIGURES["finetuning"]).table(results)
    assert "true-reward-abrupt" not in table.distinct("phase")
    axis = chart(FIGURES["finetuning"]).draw(table).axes[0]
    reach = {}
    for line in axis.lines:
        steps = [float(x) for x in line.get_xdata()]
        if len(steps) > 2:
            low, high = reach.get(line.get_color(), (0.0, 0.0))
            reach[line.get_color()] = (min(low, *steps), max(high, *steps))
    assert sorted(reach.values()) == [(-30.0, 40.0), (-30.0, 40.0), (0.0, 40.0)]


def test_zero_shot_points_are_the_judged_policies(results):
    table = chart(FIGURES["language"]).table(results).where(shows="score", measure="success")
    assert table.distinct("phase") == ["train"]
    whole = table.where(method="gail", task="door", policy="deterministic", seed="")
    scores = results.scores("gail", "train", "deterministic", "success", "door")["door"]
    assert whole.numbers("value") == [pytest.approx(np.mean(scores))]
    assert set(table.distinct("policy")) == {"deterministic", "deterministic (best-true)"}


def test_the_critics_figure_shows_both_ways_from_the_same_start(results):
    table = chart(FIGURES["critic"]).table(results)
    assert table.distinct("method") == ["text, true-reward", "text, true-reward-abrupt"]
    starts = table.where(phase="train", seed="", measure="success", task="door")
    assert len(set(starts.where(policy="deterministic").column("value"))) == 1


def test_filmstrips_show_the_demonstration_and_the_median_seed(results):
    table = chart(FIGURES["filmstrips"]).table(results)
    assert table.column("shows") == ["demonstration", "agent"] * 2
    scores = [results.scores_of[Run("drawer", "text", seed, "train")] for seed in range(3)]
    median = sorted(entry["deterministic"]["success"] for entry in scores)[1]
    assert table.where(task="drawer", shows="agent").numbers("success") == [median]


@pytest.mark.parametrize("name", ["alignment", "fit"])
def test_a_study_of_ones_own_changes_no_figure_and_no_claim_of_the_paper(name, results):
    ledger = load(ledger_path("roboclip"))
    before = chart(FIGURES[name]).table(results), judge(ledger, results)
    own = {"a-mine": {"study": {"kind": "alignment"}}}  # first in the alphabet
    tables = {(task, "a-mine"): table for task, table in alignment_of(OTHER).items()}
    with_own = replace(
        results,
        comparison=results.comparison.model_copy(
            update={"studies": own | results.comparison.studies}
        ),
        studies=tables | results.studies,
    )
    assert (chart(FIGURES[name]).table(with_own), judge(ledger, with_own)) == before
    mine = chart(FIGURES[name] | {"study": "a-mine"}).table(with_own)
    assert mine != before[0]


def test_the_figure_of_agents_keeps_own_and_other_agents_apart(tmp_path):
    columns = ("method", "agent", "seed", "episode", "success", "true_return", "score")
    tables = {
        task: Table.of(
            (*columns, "similarity"),
            [
                ("text", agent, 0, n, n % 2, 0.0, sign * (n % 2) + 0.01 * n, 0.1 * sign * n)
                for agent, sign in (("text", -1.0), ("gail", 1.0))
                for n in range(6)
            ],
        )
        for task in OWN
    }
    found = results_of({m: {"train": {t: [0.5] for t in OWN}} for m in REWARDS}, rewards=REWARDS)
    plan = found.comparison.model_copy(
        update={"studies": {"agents": {"study": {"kind": "agents"}}}}
    )
    found = replace(
        found, comparison=plan, studies={(task, "agents"): t for task, t in tables.items()}
    )
    drawn = chart({"kind": "agents", "study": "agents"})
    table = drawn.table(found)
    assert table.column("method") == ["text", "text"]
    assert table.numbers("auc") == [1.0, 1.0]
    assert table.numbers("own_auc") == [0.0, 0.0]
    assert table.numbers("agents") == [1.0, 1.0]
    save(drawn.draw(table), tmp_path / "agents.svg")
    assert (tmp_path / "agents.svg").stat().st_size > 1000
