"""Captioned humanoids: which sentences fit which body, what is left out, what is drawn."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from showtell.data.humanoid_bodies import Bodies
from showtell.data.humanoid_captions import HumanoidCaptions, HumanoidCaptionsSettings
from showtell.data.judged import JudgedFrames
from showtell.data.samples import Captioned, Request
from showtell.nets.known_words import FUNCTION_WORDS
from showtell.nets.s3d_text import split
from showtell.worlds.humanoid.poses import POSES, Body
from showtell.worlds.humanoid.words import BODY, BODY_PARTS, SENTENCES, STANDING, Caption
from showtell.worlds.humanoid.world import MODEL
from showtell.worlds.simulator.models import bare_model

SETTINGS = {
    "kind": "humanoid_captions",
    "frames": 80,
    "wandering": 0.3,
    "other_views": 0.1,
    "held_out": 0.5,
    "left_out": [],
    "looseness": 0.2,
}
CAPTIONS = {c.text: c for family in (BODY, *STANDING, *BODY_PARTS) for c in family}


def made(**changes: object) -> tuple[Captioned, JudgedFrames]:
    settings = HumanoidCaptionsSettings.model_validate(SETTINGS | changes)
    request = Request(24, 24, None)
    return HumanoidCaptions(settings).make(np.random.default_rng(0), request)


@pytest.fixture(scope="module")
def whole() -> tuple[Captioned, JudgedFrames]:
    return made()


@pytest.fixture(scope="module")
def body() -> Body:
    return Body(bare_model(str(MODEL)))


def prompts(key: str) -> dict[str, str]:
    parameters = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())
    tasks = {n: t for n, t in parameters["tasks"].items() if n.startswith("humanoid-")}
    return {
        name.removeprefix("humanoid-").replace("-", "_"): task["prompts"][key]
        for name, task in tasks.items()
        if key in task.get("prompts", {})
    }


def function_words(sentence: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(w for w in split(sentence) if w in FUNCTION_WORDS).items()))


def test_the_papers_prompts_and_the_wrong_ones_are_captions():
    assert prompts("goal") == dict(SENTENCES)
    wrong = prompts("wrong")
    assert wrong.keys() == SENTENCES.keys()
    for pose, sentence in wrong.items():
        assert sentence in CAPTIONS
        assert function_words(sentence) == function_words(SENTENCES[pose])


def test_no_function_word_tells_one_body_from_another():
    """Every pose's sentence has a caption of its form that its own example does not fit."""
    forms: dict[tuple[tuple[str, int], ...], list[Caption]] = defaultdict(list)
    for caption in CAPTIONS.values():
        forms[function_words(caption.text)].append(caption)
    examples = Body(bare_model(str(MODEL)))
    for pose, sentence in SENTENCES.items():
        posture = examples.posture(examples.example(pose))
        fits = {c.text: min(c.margins(posture)) > 0 for c in forms[function_words(sentence)]}
        assert fits.pop(sentence)
        assert not all(fits.values())
        assert fits


@pytest.mark.parametrize("pose", POSES)
def test_a_wrong_sentence_is_not_true_of_the_pose(body, pose):
    posture = body.posture(body.example(pose))
    assert min(CAPTIONS[prompts("wrong")[pose]].margins(posture)) < 0


def test_the_fittest_captions_of_an_example_are_its_own(body):
    for family in (BODY, *STANDING):
        for caption in family:
            if caption.pose is not None:
                posture = body.posture(body.example(caption.pose))
                margins = {other.text: min(other.margins(posture)) for other in family}
                assert max(margins, key=lambda text: min(margins[text], 0)) == caption.text


def test_fits_are_chances_and_frames_of_all_four_scenes_differ(whole):
    for data in whole:
        np.testing.assert_allclose(data.fits.sum(1), 1, rtol=1e-5)
        assert data.fits.shape == (40, len(data.captions))
        assert data.frames.shape == (40, 24, 24, 3)
        blue = data.frames[..., 2].astype(int) - data.frames[..., 0]
        textured = np.flatnonzero(blue[:, 0].mean(1) > 30)  # the sky
        assert 10 < len(textured) < 30
    assert len(set(whole[0].captions)) == len(whole[0].captions)


def test_held_out_bodies_are_judged_for_every_pose(whole):
    judged = whole[1].judged
    assert judged.keys() == POSES.keys()
    for name, one in judged.items():
        assert one.sentence == SENTENCES[name]
        np.testing.assert_array_equal(one.shown, one.fit == 0)
        assert 0 <= one.noise.min() < one.noise.max() <= 1


def test_a_pose_that_is_left_out_is_never_said_but_all_of_its_words_are():
    left_out = ["arms_raised", "hands_on_hips", "one_leg", "arms_crossed"]
    settings = HumanoidCaptionsSettings.model_validate(SETTINGS | {"left_out": left_out})
    captions = HumanoidCaptions(settings).captions
    said = {word for caption in captions for word in split(caption)}
    for pose in left_out:
        assert SENTENCES[pose] not in captions
        assert set(split(SENTENCES[pose])) <= said


def test_no_body_that_shows_a_pose_that_is_left_out_is_trained_on():
    settings = HumanoidCaptionsSettings.model_validate(SETTINGS | {"left_out": ["arms_raised"]})
    dataset, bodies = HumanoidCaptions(settings), Bodies(bare_model(str(MODEL)))
    shows = POSES["arms_raised"].shown

    def some(drawn) -> list[bool]:
        return [shows(next(drawn).posture) for _ in range(300)]

    assert not any(some(dataset.allowed(bodies, np.random.default_rng(0))))
    assert any(some(dataset.drawn(bodies, np.random.default_rng(0))))


@pytest.mark.parametrize("pose", ["kneeling", "lotus", "standing_up", "splits"])
def test_a_pose_that_only_its_own_words_describe_cannot_be_left_out(pose):
    with pytest.raises(ValidationError, match="left_out"):
        HumanoidCaptionsSettings.model_validate(SETTINGS | {"left_out": [pose]})


def test_bodies_show_every_pose_fall_and_wander():
    bodies, generator = Bodies(bare_model(str(MODEL))), np.random.default_rng(0)
    posed = [bodies.posed(generator) for _ in range(600)]
    for pose in POSES.values():
        assert sum(pose.shown(body.posture) for body in posed) >= 6
    wandering = [body for _ in range(20) for body in bodies.wandering(generator)]
    assert len(wandering) == 80
    assert sum(body.posture.tilt > 60 for body in wandering) >= 8
    assert all(np.isfinite(body.qpos).all() for body in posed + wandering)


def test_the_same_stream_gives_the_same_bodies():
    def some() -> list[np.ndarray]:
        bodies, generator = Bodies(bare_model(str(MODEL))), np.random.default_rng(0)
        wandering = [body.qpos for body in bodies.wandering(generator)]
        return [*wandering, *(bodies.posed(generator).qpos for _ in range(5))]

    np.testing.assert_array_equal(some(), some())
