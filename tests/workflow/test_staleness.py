"""What reruns, and what does not: the promises of the DAG, checked as sets of jobs."""

import time

import pytest

pytestmark = pytest.mark.workflow
TASK = ("vlm_rm", "cartpole", "cartpole")
SEEDS = ("0", "1")


def downstream(*, figures: bool = True) -> set[tuple[str, ...]]:
    """What follows any change of a training's result."""
    names = ("landscape", "learning", "success", "epic") if figures else ()
    return {
        ("compare", "smoke", "vlm_rm", "cartpole"),
        ("report", "smoke"),
        *(("figure", "smoke", "vlm_rm", "cartpole", name) for name in names),
    }


def cells(*methods: str) -> set[tuple[str, ...]]:
    return {
        (rule, "smoke", *TASK, method, seed, "pretrain")
        for rule in ("train", "evaluate")
        for method in methods
        for seed in SEEDS
    }


def test_a_second_run_has_nothing_to_do(workspace):
    started = time.perf_counter()
    done = workspace.snakemake()
    print(f"second run: {time.perf_counter() - started:.1f} s")
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout + done.stderr


def test_every_file_of_a_finished_run_is_declared_or_a_log(finished):
    left = {path.name for path in (finished.root / "results").rglob("*") if path.is_dir()}
    assert ".resume" not in left
    assert not list((finished.root / "results").rglob("*.part*"))


def test_changing_alpha_reruns_what_reads_alpha(workspace):
    workspace.override(papers__vlm_rm__experiments__cartpole__methods__text__sweep__alpha=[0.25])
    studies = {("measure", "smoke", *TASK, study) for study in ("pole-angle", "epic")}
    assert workspace.pending() == cells("text-alpha0.25") | studies | downstream()


def test_changing_the_evaluation_retrains_nothing(workspace):
    workspace.override(papers__vlm_rm__experiments__cartpole__evaluate__episodes=3)
    assert {job[0] for job in workspace.pending()} == {"evaluate", "compare", "figure", "report"}


def test_changing_one_study_reruns_that_study(workspace):
    workspace.override(
        **{"papers__vlm_rm__experiments__cartpole__studies__epic__study__states": 50}
    )
    expected = {("measure", "smoke", *TASK, "epic")} | downstream()
    assert workspace.pending() == expected


def test_a_comment_or_a_docstring_reruns_nothing(workspace):
    workspace.edit("src/showtell/rewards/clip.py", '"""', '"""Edited. ')
    workspace.edit("src/showtell/learners/dqn.py", "\nclass ", "\n# A comment.\nclass ")
    assert workspace.pending() == set()


def test_a_line_of_a_reward_reruns_exactly_what_imports_it(workspace):
    path = workspace.root / "src/showtell/rewards/clip.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    studies = {("measure", "smoke", *TASK, study) for study in ("pole-angle", "epic")}
    assert workspace.pending() == cells("text-alpha0.5") | studies | downstream()


def test_touching_files_reruns_nothing(workspace):
    for path in (workspace.root / "results").rglob("model.safetensors"):
        path.touch()
    assert workspace.pending() == set()
