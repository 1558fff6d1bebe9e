"""What a job asks for follows its specification."""

from pathlib import Path

import pytest

from showtell.cluster.resources import Demand
from showtell.study.grid import Grid
from showtell.study.inputs import Inputs
from showtell.study.loading import load

ROOT = Path(__file__).resolve().parents[2]
HOLD = {
    "paper": "hold", "experiment": "pushing", "task": "rlv-pushing", "method": "hold-c",
    "seed": "0", "phase": "train",
}  # fmt: skip
CARTPOLE = HOLD | {"paper": "vlm_rm", "experiment": "cartpole", "task": "cartpole"}


@pytest.fixture(scope="module")
def paper():
    return load(ROOT, "paper")


def with_learner(parameters, name, **changes):
    learner = parameters.learners[name].model_copy(update=changes)
    return parameters.model_copy(update={"learners": parameters.learners | {name: learner}})


def test_memory_follows_the_replay_of_pictures(paper):
    before = Demand(Grid(paper)).of("train", HOLD)
    name = Grid(paper).task("rlv-pushing").learner
    learner = paper.learners[name]
    larger = learner.pictures.model_copy(update={"width": learner.pictures.width * 4})
    half = with_learner(paper, name, buffer=learner.buffer // 2)
    wide = with_learner(paper, name, pictures=larger)
    pixels = learner.pictures.width * learner.pictures.height
    assert Demand(Grid(half)).of("train", HOLD).mem_mb < before.mem_mb
    more = Demand(Grid(wide)).of("train", HOLD).mem_mb - before.mem_mb
    assert more >= 3 * 3 * pixels * learner.buffer / 1e6 - 500


def test_memory_and_gpu_follow_the_encoder(paper):
    clip, zero = CARTPOLE | {"method": "text-alpha0.5"}, CARTPOLE | {"method": "zero"}
    published, desk = Demand(Grid(paper)), Demand(Grid(load(ROOT, "desk")))
    assert published.of("train", clip).gpu == 1
    assert published.of("train", zero).gpu == 0
    # ViT-bigG has 10 GB of weights.
    assert published.of("train", clip).mem_mb > published.of("train", zero).mem_mb + 20_000
    assert desk.of("train", clip).gpu == 0
    assert desk.of("train", clip).mem_mb < 8000


def test_goals_studies_and_trained_networks_get_a_gpu_where_the_network_is_large(paper):
    goal = {"goal": "text-clip", "task": "cartpole"}
    study = {"paper": "vlm_rm", "experiment": "cartpole", "task": "cartpole", "study": "epic"}
    encoder = {"encoder": "hold-c"}
    for scale, wanted in (("paper", 1), ("desk", 0)):
        demand = Demand(Grid(load(ROOT, scale)))
        asked = [demand.of("embed_goal", goal), demand.of("measure", study)]
        asked.append(demand.of("train_encoder", encoder))
        assert [one.gpu for one in asked] == [wanted] * 3, scale


def test_time_follows_the_steps_and_has_an_end(paper):
    zero = CARTPOLE | {"method": "zero"}
    short = with_learner(paper, "dqn-cartpole", steps=100_000)
    endless = with_learner(paper, "dqn-cartpole", steps=10**9)
    times = [Demand(Grid(one)).of("train", zero).runtime for one in (short, paper, endless)]
    assert times == sorted(set(times))
    assert times[0] == 60
    assert times[-1] == 2880


def test_each_process_that_draws_has_memory(paper):
    demand = Demand(Grid(paper))
    assert demand.of("train", HOLD, 8).mem_mb >= demand.of("train", HOLD, 1).mem_mb + 7 * 400


@pytest.mark.parametrize("scale", ["smoke", "mini", "desk"])
def test_below_paper_no_job_asks_for_more_than_a_small_node(scale):
    grid = Grid(load(ROOT, scale))
    demand, inputs = Demand(grid), Inputs(grid, scale)
    for job in set().union(*(inputs.jobs(paper) for paper in grid.parameters.papers)):
        wildcards = {name: str(value) for name, value in job.wildcards}
        asked = demand.of(job.rule, wildcards)
        assert asked.gpu == 0, job
        assert asked.mem_mb <= 8000, job
        assert asked.runtime <= 240, job
