"""What the specifications of a study say is what the jobs build their parts from."""

import json
from pathlib import Path

import pytest

from showtell.jobs.parts import built, settings_of
from showtell.study.grid import TRAIN, Grid
from showtell.study.loading import load
from showtell.study.specifications import Specifications

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", params=["paper", "smoke"])
def grid(request) -> Grid:
    return Grid(load(ROOT, request.param))


def read(text: str) -> dict:
    job: dict = json.loads(text)
    return job


def goals_fit(job: dict) -> None:
    """Every target is of a goal, every goal has its encoder and the size of its pictures."""
    assert {target["goal"] for target in job["targets"]} == set(job["goals"])
    for goal in job["goals"].values():
        assert goal["encoder"] is None or goal["encoder"] in job["encoders"]
        assert goal["picture"].keys() == {"width", "height"}


def test_a_study_is_built_from_the_job_that_measures_it(grid):
    jobs, measured = Specifications(grid), 0
    for paper, name, experiment in grid.experiments():
        for study, settings in experiment.studies.items():
            for task in grid.study_tasks(paper, name, study):
                job = read(jobs.study(paper, name, task, study))
                found = settings_of("studies", job["study"])
                assert found == settings.model_copy(update={"tasks": None})
                assert built("studies", job["study"])
                rewards = {m: settings_of("rewards", job["rewards"][m]) for m in job["order"]}
                assert rewards == grid.study_rewards(paper, name, study)
                goals_fit(job)
                measured += 1
    assert measured


def test_an_agent_is_built_from_the_job_that_trains_it(grid):
    jobs = Specifications(grid)
    for paper, name, experiment in grid.experiments():
        for cell in grid.cells(paper, name):
            if cell.seed:
                continue
            for phase in grid.phases(experiment, cell.method):
                job = read(jobs.training(cell, phase))
                world = settings_of("worlds", job["task"]["world"])
                assert world == grid.task(cell.task).world
                assert settings_of("rewards", job["reward"]) == grid.reward(cell, phase)
                assert settings_of("learners", job["learner"]) == grid.learner(cell, phase)
                assert ("checkpoint" in job) == (phase != TRAIN)
                goals_fit(job)


def test_a_network_a_demo_and_a_goal_are_built_from_their_jobs(grid):
    jobs, parameters = Specifications(grid), grid.parameters
    for name, encoder in parameters.encoders.items():
        job = read(jobs.encoder(name))
        assert settings_of("nets", job["encoder"]) == encoder
        if (recipe := parameters.training.get(name)) is not None:
            assert settings_of("training", job["training"]) == recipe
            assert set(job["tasks"]) == set(recipe.dataset.task_names())
    for paper, name, _ in grid.experiments():
        for demo, task in grid.demos_of(paper, name):
            job = read(jobs.demo(demo, task))
            assert settings_of("demos", job["demo"]) == parameters.demos[demo]
            assert job["frames"] == parameters.encoders[parameters.demos[demo].encoder].clip_frames
    task = next(iter(parameters.tasks))
    for name, goal in parameters.goals.items():
        job = read(jobs.goal(name, task))
        assert settings_of("goals", job["goal"]) == goal
