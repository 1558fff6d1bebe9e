"""What reruns, and what does not: the promises of the DAG, checked as sets of jobs."""

import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.workflow
TASK = ("vlm_rm", "cartpole", "cartpole")
SEEDS = ("0", "1")


FIGURES = {
    "cartpole": ("landscape", "learning", "success", "epic"),
    "mountain-car": ("landscape", "epic"),
    "language": ("alignment", "agents", "language", "finetuning"),
    "edited": ("edited", "fit"),
    "dvd": ("learning", "success", "distances"),
}
PAPERS = {
    "cartpole": "vlm_rm",
    "mountain-car": "vlm_rm",
    "language": "roboclip",
    "edited": "roboclip",
    "dvd": "hold",
}


def downstream(*, figures: bool = True, experiment: str = "cartpole") -> set[tuple[str, ...]]:
    """What follows any change of a training's result."""
    at = ("smoke", PAPERS[experiment], experiment)
    names = FIGURES[experiment] if figures else ()
    return {("compare", *at), ("report", "smoke"), *(("figure", *at, name) for name in names)}


def cells(*methods: str) -> set[tuple[str, ...]]:
    return {job for seed in SEEDS for method in methods for job in training(*TASK, method, seed)}


def training(*run: str, phases: tuple[str, ...] = ("train",)) -> set[tuple[str, ...]]:
    return {(rule, "smoke", *run, phase) for rule in ("train", "evaluate") for phase in phases}


def language(*methods: str, phases: tuple[str, ...]) -> set[tuple[str, ...]]:
    at = ("roboclip", "language", "drawer-close")
    runs = (training(*at, method, "0", phases=phases) for method in methods)
    return set().union(*runs) | downstream(experiment="language")


def edited() -> set[tuple[str, ...]]:
    run = training("roboclip", "edited", "drawer-close", "edited", "0")
    return run | downstream(experiment="edited")


def controls(*place: str) -> set[tuple[str, ...]]:
    return {("measure", "smoke", *place, "controls")}


DVD = ("hold", "dvd", "dvd-close-drawer")
LANGUAGE, EDITED = (("roboclip", name, "drawer-close") for name in ("language", "edited"))
AGENTS = {("measure", "smoke", *LANGUAGE, "agents")}  # they play what was trained
STUDIES = {("measure", "smoke", *TASK, study) for study in ("pole-angle", "epic")}
CAR = ("vlm_rm", "mountain-car", "mountain-car")
STUDIES_OF_CAR = {("measure", "smoke", *CAR, study) for study in ("car-position", "epic")}
EXPERIMENT = "papers__vlm_rm__experiments__cartpole"
EVALUATIONS = {
    job
    for job in cells("text-alpha0.5", "wrong-text", "zero", "ground-truth")
    if job[0] == "evaluate"
}
BOTH = ("train", "true-reward")
# Each edit is of one paper, so that one dry run shows the jobs of one edit of each.
CARTPOLE_EDITS = {
    "alpha": (
        {f"{EXPERIMENT}__methods__text__sweep__alpha": [0.25]},
        cells("text-alpha0.25") | STUDIES | downstream(),
    ),
    "evaluation": ({f"{EXPERIMENT}__evaluate__episodes": 3}, EVALUATIONS | downstream()),
    "study": (
        {f"{EXPERIMENT}__studies__epic__states": 50},
        {("measure", "smoke", *TASK, "epic")} | downstream(),
    ),
    "learner": (
        {"learners__dqn-cartpole__gamma": 0.9},
        cells("text-alpha0.5", "wrong-text", "zero", "ground-truth")
        | controls(*TASK)
        | downstream(),
    ),
}
ROBOCLIP_EDITS = {
    "scripted demo": (
        {"demos__scripted__attempts": 21},
        {("demonstrate", "smoke", "scripted", "drawer-close")}
        | language("gail", phases=BOTH)
        | AGENTS
        | controls(*LANGUAGE)
        | controls(*EDITED)
        | downstream(experiment="edited"),
    ),
    "demo of another task": (
        {"demos__hand__count": 2},
        {
            ("demonstrate", "smoke", "hand", "button-press"),
            ("embed_goal", "smoke", "edited-s3d", "drawer-close"),
            ("measure", "smoke", "roboclip", "edited", "drawer-close", "alignment"),
        }
        | edited(),
    ),
    "learner of the fine-tuning": (
        {"learners__ppo-finetune__epochs": 3},
        language("text", "gail", "zero", phases=("true-reward",)),
    ),
    "PPO": (
        {"learners__ppo__clip": 0.1},
        language("text", "gail", "zero", phases=BOTH)
        | AGENTS
        | edited()
        | controls(*LANGUAGE)
        | controls(*EDITED),
    ),
}


@pytest.mark.parametrize(("one", "other"), zip(CARTPOLE_EDITS, ROBOCLIP_EDITS, strict=True))
def test_a_changed_key_of_each_paper_reruns_exactly_its_descendants(workspace, one, other):
    edits, expected = CARTPOLE_EDITS[one]
    more_edits, more_expected = ROBOCLIP_EDITS[other]
    workspace.override(**edits, **more_edits)
    assert workspace.pending() == expected | more_expected


HOLD_EDITS = {
    "how videos are packed": (
        {"videos__people__quality": 80},
        {("read_videos", "smoke", "people"), ("train_encoder", "smoke", "hold-c-ours")}
        | {("embed_goal", "smoke", "image-hold-c-ours", "dvd-close-drawer")}
        | {("measure", "smoke", *DVD, "distances")}
        | training(*DVD, "hold-c-ours-sparse", "0")
        | downstream(experiment="dvd"),
    ),
    "the untrained control": (
        {"encoders__outlines__architecture__cell": 4},
        {("fetch_encoder", "smoke", "outlines")}
        | {("embed_goal", "smoke", "image-outlines", "dvd-close-drawer")}
        | {("measure", "smoke", *DVD, "distances")}
        | downstream(experiment="dvd"),
    ),
}


@pytest.mark.parametrize("one", HOLD_EDITS)
def test_a_changed_key_of_videos_and_distances_reruns_exactly_its_descendants(workspace, one):
    edits, expected = HOLD_EDITS[one]
    workspace.override(**edits)
    assert workspace.pending() == expected


def test_a_second_run_has_nothing_to_do_with_more_threads_either(workspace):
    started = time.perf_counter()
    done = workspace.snakemake("--set-threads", "train=2", "evaluate=2")
    print(f"second run: {time.perf_counter() - started:.1f} s")
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_every_file_of_a_finished_run_is_declared_or_a_log(finished):
    left = {path.name for path in (finished.root / "results").rglob("*") if path.is_dir()}
    assert ".resume" not in left
    assert not list((finished.root / "results").rglob("*.part*"))


def test_a_comment_a_docstring_or_a_files_time_reruns_nothing(workspace):
    workspace.edit("src/showtell/rewards/clip.py", '"""', '"""Edited. ')
    workspace.edit("src/showtell/learners/dqn.py", "\nclass ", "\n# A comment.\nclass ")
    for path in (workspace.root / "results").rglob("model.safetensors"):
        path.touch()
    assert workspace.pending() == set()


def test_a_line_of_a_reward_reruns_exactly_what_imports_it(workspace):
    path = workspace.root / "src/showtell/rewards/clip.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    of_car = STUDIES_OF_CAR | downstream(experiment="mountain-car")
    of_cart = cells("text-alpha0.5", "wrong-text") | STUDIES | downstream()
    assert workspace.pending() == of_cart | of_car


def test_a_file_that_no_job_reads_reruns_nothing(workspace):
    package = workspace.root / "src/showtell"
    smoke = package / "nets/architectures/showtell-smoke.json"
    (smoke.parent / "showtell-new.json").write_text(smoke.read_text())
    reward = (package / "rewards/zero.py").read_text()
    (package / "rewards/nought.py").write_text(reward.replace('"zero"', '"nought"'))
    assert workspace.pending() == set()


def test_an_architecture_reruns_what_is_built_by_it_and_nothing_once_it_is_put_back(workspace):
    path = workspace.root / "src/showtell/nets/architectures/showtell-smoke.json"
    text = path.read_text()
    path.write_text(text.replace('"width"', '"width" ', 1))
    pending = workspace.pending()
    assert ("train_encoder", "smoke", "clip") in pending
    assert cells("text-alpha0.5") <= pending
    assert not [job for job in pending if "zero" in job or "roboclip" in job]
    path.write_text(text)
    assert workspace.pending() == set()


def test_a_reworded_ledger_reruns_what_reads_it(workspace):
    workspace.edit("src/showtell/papers/vlm_rm/ledger.yaml", "summary: ", "summary: In short, ")
    of_car = downstream(figures=False, experiment="mountain-car")
    assert workspace.pending() == downstream(figures=False) | of_car


def test_what_was_deleted_is_made_again(workspace):
    shutil.rmtree(workspace.root / "results/smoke/roboclip")
    (workspace.cell("zero", seed=1) / "metrics.json").unlink()
    pending = workspace.pending()
    trained = {job[2:6] for job in pending if job[0] == "train"}
    assert ("roboclip", "language", "drawer-close", "gail") in trained
    assert {job[2] for job in pending if len(job) > 2} == {"roboclip", "vlm_rm"}
    assert {job[5:] for job in pending if job[:2] == ("train", "smoke") and job[2] == "vlm_rm"} == {
        ("zero", "1", "train")
    }


def test_a_users_video_is_an_input_by_content(workspace):
    clip = workspace.root / "videos/my-hand.gif"
    files = {"button-press": "videos/my-hand.gif"}
    workspace.override(demos__hand={"kind": "file", "encoder": "s3d", "files": files})
    job = ("demonstrate", "smoke", "hand", "button-press")
    target = f"results/smoke/demos/{job[2]}/{job[3]}/demo.npz"
    (workspace.root / target).unlink()
    refused = workspace.snakemake("--dry-run")
    assert refused.returncode != 0
    assert "demos.hand.files.button-press" in refused.stdout + refused.stderr

    film(clip, "red", "blue")
    first = clip.read_bytes()
    assert workspace.snakemake(target).returncode == 0
    film(clip, "blue", "red")
    assert job in workspace.pending()
    clip.write_bytes(first)
    assert job not in workspace.pending()


def test_a_training_of_another_experiment_is_not_made_again(workspace):
    zero = {"reward": "zero", "trainings_of": "roboclip/language"}
    workspace.override(
        papers__roboclip__experiments__edited__methods__zero=zero,
        run__roboclip__edited__methods=["edited", "zero"],
    )
    pending = workspace.pending()
    assert {job[0] for job in pending} == {"compare", "figure", "report"}
    assert {job[3] for job in pending if job[0] != "report"} == {"edited"}


def film(path: Path, *colours: str) -> None:
    path.parent.mkdir(exist_ok=True)
    first, *others = (Image.new("RGB", (32, 32), colour) for colour in colours)
    first.save(path, save_all=True, append_images=others)
