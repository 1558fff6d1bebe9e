"""A question becomes a study that the workflow accepts, or a sentence that says what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from showtell.media.frames import write_png
from showtell.media.video import write_video
from showtell.probe.page import render
from showtell.probe.plan import OWN, STUDY, TASK, paraphrases, plan
from showtell.probe.question import question
from showtell.project.errors import UserError
from showtell.results.table import Table
from showtell.studies.alignment import COLUMNS
from showtell.study.grid import Grid
from showtell.study.layout import Layout
from showtell.study.loading import load
from showtell.study.specifications import Specifications
from tests.nets.lerobot_folders import classifier

ROOT = Path(__file__).parents[2]
SENTENCE = "robot closing green drawer"


@pytest.fixture(scope="module")
def smoke():
    return load(ROOT, "smoke")


def asked(p, task="drawer-close", text=None, video=None, image=None, **more):
    return question(p, task, text, video, image, **more)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "goal.png"
    write_png(path, np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3))
    return path


@pytest.fixture
def clip(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (6, 32, 48, 3), dtype=np.uint8)
    write_video(tmp_path / "mine.mp4", frames, 10)
    return tmp_path / "mine.mp4"


def accepted(made, tmp_path):
    """The study as the workflow reads it."""
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(dict(made.study)))
    own = load(ROOT, "smoke", path)
    return json.loads(Specifications(Grid(own)).study(made.name, OWN, TASK, STUDY))


def test_a_sentence_a_video_and_a_picture_become_studies(smoke, picture, clip, tmp_path):
    layout = Layout(tmp_path)
    text = plan(asked(smoke, text=SENTENCE), smoke, layout)
    assert accepted(text, tmp_path)["controls"] == ["shuffled", "wrong"]
    video = plan(asked(smoke, video=clip), smoke, layout)
    assert any(name.startswith("probe-") for name in accepted(video, tmp_path)["order"])
    image = plan(asked(smoke, task="rlv-drawer", image=picture), smoke, layout)
    assert "probe-pixels" in accepted(image, tmp_path)["order"]


def test_the_same_question_is_the_same_study_and_another_file_is_not(smoke, picture):
    first = asked(smoke, task="rlv-drawer", image=picture).name
    assert asked(smoke, task="rlv-drawer", image=picture).name == first
    write_png(picture, np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)[::-1])
    assert asked(smoke, task="rlv-drawer", image=picture).name != first


def test_what_cannot_be_asked_is_one_sentence(smoke, picture, tmp_path):
    blank = tmp_path / "blank.png"
    write_png(blank, np.full((8, 8, 3), 255, dtype=np.uint8))
    for wanted, words in (
        ({"task": "drawer-clsoe", "text": SENTENCE}, "drawer-close"),
        ({"text": "  "}, "empty"),
        ({}, "--text"),
        ({"text": SENTENCE, "image": picture}, "--text and --image"),
        ({"video": picture}, "--image"),
        ({"image": picture}, "no goal images"),
        ({"task": "rlv-drawer", "image": blank}, "one colour"),
        ({"task": "cartpole", "text": SENTENCE}, "no script"),
        ({"task": "rlv-drawer", "image": picture, "baseline": "a drawer"}, "--baseline"),
    ):
        with pytest.raises(UserError, match=words):
            asked(smoke, **wanted)


def test_a_baseline_that_no_reward_reads_is_refused(smoke, tmp_path):
    made = asked(smoke, text=SENTENCE, baseline="a robot and a drawer")
    with pytest.raises(UserError, match="α"):
        plan(made, smoke, Layout(tmp_path))


@pytest.fixture
def model(tmp_path):
    return f"lerobot:{classifier(tmp_path / 'model')}"


def test_a_model_of_lerobot_is_measured_on_the_same_rollouts_beside_every_kind_of_goal(
    smoke, model, picture, clip, tmp_path
):
    layout = Layout(tmp_path)
    for wanted in (
        {"text": SENTENCE},
        {"video": clip},
        {"task": "rlv-drawer", "image": picture},
    ):
        alone, made = (
            plan(asked(smoke, **wanted, **m), smoke, layout) for m in ({}, {"model": model})
        )
        job = accepted(made, tmp_path)
        assert made.name != alone.name
        assert [m for m in job["order"] if m not in job["controls"]] == [
            *alone.methods,
            "probe-model",
        ]
        assert job["rewards"]["probe-model"]["output"] == "probability"
        assert set(job["rewards"]["probe-model"]["sha256"]) > {"config.json", "model.safetensors"}
        assert "LeRobot, reward_classifier" in made.methods["probe-model"]


def test_a_model_alone_is_measured_beside_the_tasks_own_sentence(smoke, model):
    made = asked(smoke, model=model)
    assert (made.how, made.goal) == ("text", smoke.tasks["drawer-close"].prompts.goal)


def test_a_model_that_is_changed_is_another_question_and_one_that_cannot_be_read_is_refused(
    smoke, model, tmp_path
):
    first = asked(smoke, model=model).name
    assert asked(smoke, model=model).name == first
    classifier(tmp_path / "model", device="cuda")
    assert asked(smoke, model=model).name != first
    classifier(tmp_path / "odd", type="sram")
    for name, words in (
        ("clip:somewhere", "lerobot:FOLDER"),
        ("lerobot:", "lerobot:FOLDER"),
        (f"lerobot:{tmp_path}/nowhere", "no folder"),
        (f"lerobot:{tmp_path}/odd", "sram"),
    ):
        with pytest.raises(UserError, match=words):
            asked(smoke, model=name)


def test_other_words_keep_the_goal():
    assert next(paraphrases("closing the drawer")) == "robot closing the drawer"
    assert next(paraphrases("a robot closing the drawer")) == "closing drawer"


def test_the_page_holds_its_answer_its_videos_and_no_address(smoke, tmp_path):
    made = asked(smoke, text=SENTENCE)
    known = plan(made, smoke, Layout(tmp_path))
    job = accepted(known, tmp_path)
    job["study"]["episodes"] = 6
    rows = [
        ("roboclip-text", text, n, 1 - n / 5, int(n > 2), float(n), float(n) * sign, "", "")
        for text, sign in (("probe", 1), ("probe-1", -1), ("wrong", -1))
        for n in range(6)
    ]
    table = Table.of(("method", *COLUMNS), rows)
    facts = {"scale": "smoke", "study": "study.yaml", "train": "make", "note": ""}
    page, answer = render(made, known, job, {TASK: table}, set(), facts)
    assert answer.outcome == "train"
    assert page.count("data:video/mp4") == 4
    assert "http" not in page.replace("http://www.w3.org", "")
