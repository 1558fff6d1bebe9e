"""Reading results by their paths, with the seeds that exist."""

import pytest

from showtell.project.errors import UserError
from showtell.results.reading import Home, read
from showtell.results.summary import summarise
from showtell.study.layout import Layout, Run
from tests.results.experiments import comparison

HEADER = "policy,episode,return,length,success_any,success_final,success_always,success"


@pytest.fixture
def experiment(tmp_path):

    plan = comparison({"text": None, "zero": None}, seeds=2)
    plan = plan.model_copy(update={"evaluate": plan.evaluate | {"episodes": 1}})

    def write(run: Run, rows, name="evaluation/episodes.csv", header=HEADER):
        path = Layout(tmp_path).training(plan.paper, plan.experiment, run) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *rows]) + "\n")
        return tmp_path

    return plan, write


def test_scores_are_means_over_the_episodes_of_one_policy(experiment):
    plan, write = experiment
    plan = plan.model_copy(update={"evaluate": plan.evaluate | {"episodes": 2}})
    rows = ["stochastic,0,10.0,5,1,1,0,1", "stochastic,1,20.0,5,True,False,False,False"]
    path = write(Run("cartpole", "text", 0, "train"), rows)
    results = read(plan, path)
    assert results.scores("text", "train", "stochastic", "success") == {"cartpole": [0.5]}
    assert results.scores("text", "train", "stochastic", "return") == {"cartpole": [15.0]}
    assert results.scores("zero", "train", "stochastic", "success") == {}


def test_policies_other_than_the_last_are_shown_by_how_they_were_chosen(experiment):
    plan, write = experiment
    judged = plan.evaluate | {"actions": ["stochastic"], "checkpoints": ["last", "best-true"]}
    plan = plan.model_copy(update={"evaluate": judged})
    assert plan.policies == ("stochastic", "stochastic (best-true)")
    rows = ["stochastic,0,1.0,5,0,0,0,0", "stochastic (best-true),0,2.0,5,1,1,1,1"]
    results = read(plan, write(Run("cartpole", "text", 0, "train"), rows))
    scores = [results.scores("text", "train", p, "success") for p in plan.policies]
    assert scores == [{"cartpole": [0.0]}, {"cartpole": [1.0]}]


def test_leftovers_of_another_grid_are_not_compared(experiment):
    plan, write = experiment
    rows = ["stochastic,0,10.0,5,1,1,1,1"]
    strangers = [
        write(Run("cartpole", "text", 7, "train"), rows),  # more seeds than are compared
        write(Run("cartpole", "removed", 0, "train"), rows),
        write(Run("cartpole", "text", 0, "finetune"), rows),
    ]
    results = read(plan, strangers[0])
    assert results.scores_of == {}
    assert len(results.missing) == 4


def test_missing_seeds_are_counted(experiment):
    plan, write = experiment
    rows = ["stochastic,0,10.0,5,1,1,1,1"]
    results = read(plan, write(Run("cartpole", "text", 1, "train"), rows))
    assert results.seeds_of("text", "train") == 1
    assert results.seeds_of("zero", "train") == 0
    summary = summarise(results)
    assert set(summary.column("n_seeds")) == {"1"}
    assert set(summary.column("expected_seeds")) == {"2"}
    assert set(summary.column("low")) == {""}  # one seed has no interval


def test_episodes_without_a_column_are_refused_by_name(experiment):
    plan, write = experiment
    run = Run("cartpole", "text", 0, "train")
    path = write(run, ["stochastic,0"], header="policy,episode")
    with pytest.raises(UserError, match=r"episodes\.csv has no column 'return'"):
        read(plan, path)


def test_curves_are_compared_at_the_steps_that_all_seeds_share(experiment):
    plan, write = experiment
    header = "step,episodes,true_return,learned_return,success"
    paths = [
        write(
            Run("cartpole", "text", 0, "train"),
            ["10,1,5.0,0.1,0.0", "20,2,7.0,0.2,0.5"],
            "progress.csv",
            header,
        ),
        write(Run("cartpole", "text", 1, "train"), ["10,1,6.0,0.1,0.0"], "progress.csv", header),
    ]
    steps, lines = read(plan, paths[0]).curves("text", "train", "cartpole", "true_return")
    assert (steps, lines) == ([10], {0: [5.0], 1: [6.0]})


def test_summary_pools_tasks_only_when_all_of_them_have_results(make_results):
    tasks = ("pull", "push")
    whole = make_results({"text": {"pull": [0.0, 0.2], "push": [0.8, 1.0]}}, tasks=tasks, seeds=2)
    rows = summarise(whole).where(metric="success")
    assert rows.column("task") == ["pull", "push", "all"]
    assert rows.where(task="all").numbers("iqm") == [pytest.approx(0.5)]  # (0.2 + 0.8) / 2
    part = make_results({"text": {"pull": [0.0, 0.2]}}, tasks=tasks, seeds=2)
    assert summarise(part).where(metric="success").column("task") == ["pull"]


def test_trainings_of_another_experiment_are_read_there(tmp_path):
    homes = {"gail": Home(paper="roboclip", experiment="language", tasks=("near",))}
    plan = comparison({"gail": None, "zero": None}, tasks=("near", "far"), seeds=1).model_copy(
        update={"trained_elsewhere": homes}
    )
    layout = Layout(tmp_path)
    own, home = ("vlm_rm", "cartpole"), ("roboclip", "language")
    for where in (own, home):
        for run in plan.runs:
            path = layout.training(*where, run) / "progress.csv"
            path.parent.mkdir(parents=True)
            path.write_text(f"step,success\n10,{float(where == home)}\n")
    found = read(plan, tmp_path).progress
    assert {run[:2] for run, table in found.items() if table.numbers("success") == [1.0]} == {
        ("near", "gail")
    }
    assert len(found) == 4
