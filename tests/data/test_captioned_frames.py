"""Captioned frames: which words fit which state, and frames drawn for them."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from showtell.data.captioned_frames import (
    CAPTIONS,
    CAR,
    MOUNTAIN_CAR,
    POLE,
    ClassicControlCaptions,
    ClassicControlCaptionsSettings,
    angle_place,
)
from showtell.data.samples import Request
from showtell.nets.known_words import FUNCTION_WORDS
from showtell.nets.s3d_text import split

LOOSE = 2.0
SETTINGS = ClassicControlCaptionsSettings(
    kind="classic_control_captions",
    cartpole=40,
    mountain_car=20,
    textured=0.5,
    held_out=0.25,
    looseness=LOOSE,
)


def make(seed: int = 0, **changes):
    settings = SETTINGS.model_copy(update=changes)
    request = Request(48, 32, None)
    return ClassicControlCaptions(settings).make(np.random.default_rng(seed), request)


def pole_fits(angles: np.ndarray) -> np.ndarray:
    return POLE.fits(angle_place(angles), LOOSE)


def test_the_goal_fits_an_upright_pole_best_and_ever_less_on_both_sides():
    angles = np.linspace(0, math.pi, 200)
    goal = list(POLE.captions).index("pole vertically upright on top of the cart")
    for side in (1, -1):
        fit = pole_fits(side * angles)[:, goal]
        assert np.all(np.diff(fit) < 0)
    assert pole_fits(np.zeros(1)).argmax() == goal


def test_both_sides_are_one():
    angles = np.linspace(0, math.pi, 50)
    np.testing.assert_allclose(pole_fits(angles), pole_fits(-angles), rtol=1e-9)


def test_each_caption_fits_best_somewhere():
    fittest = pole_fits(np.linspace(0, math.pi, 1000)).argmax(1)
    assert fittest.tolist() == sorted(fittest)
    assert set(fittest) == set(range(len(POLE.captions)))


def test_the_car_fits_the_goal_best_at_the_flag():
    places = 4 * np.linspace(-1.2, 0.45, 100)
    goal = CAR.fits(places, LOOSE)[:, -1]
    assert goal.argmax() == 99
    assert np.all(np.diff(goal[-30:]) > 0)


@pytest.mark.parametrize("scale", [POLE, CAR], ids=["pole", "car"])
def test_no_function_word_tells_one_state_from_another(scale):
    counted = [
        Counter(word for word in split(caption) if word in FUNCTION_WORDS)
        for caption in scale.captions
    ]
    assert counted[0]
    assert all(count == counted[0] for count in counted)


def test_the_papers_prompts_are_among_the_captions():
    parameters = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())
    prompts = parameters["tasks"]["cartpole"]["prompts"]
    assert {prompts["goal"], prompts["baseline"]} <= set(CAPTIONS)


def test_captions_are_told_apart():
    assert len(set(CAPTIONS)) == len(CAPTIONS)


def test_fits_are_chances_and_only_of_the_pictured_world():
    training, held_out = make()
    for data in (training, held_out):
        np.testing.assert_allclose(data.fits.sum(1), 1, rtol=1e-5)
        car = CAPTIONS.index(next(iter(CAR.captions)))
        of_cars = data.fits[:, car:].sum(1)
        assert np.all((of_cars == 0) | (of_cars > 0.99))


def test_frames_are_split_by_state_and_drawn_at_the_asked_size():
    training, held_out = make()
    assert (len(training.frames), len(held_out.frames)) == (45, 15)
    assert training.frames.shape[1:] == (32, 48, 3)
    seen = {frame.tobytes() for frame in training.frames}
    assert not any(frame.tobytes() in seen for frame in held_out.frames)
    assert all(frame.std() > 0 for frame in training.frames)


def test_a_frame_shows_what_its_caption_says():
    """The pole is the only brown thing in a picture; row 0 is the top one."""
    training, _ = make()
    best = np.array(CAPTIONS)[training.fits.argmax(1)]

    def height(word: str) -> float:
        """Of the pole, in pixels above the bottom, where a caption has this word."""
        frames = training.frames[np.array([word in words for words in best])].astype(int)
        brown = np.argwhere(frames[..., 0] - frames[..., 2] > 40)
        return 32 - float(brown[:, 1].mean())

    upright, flat, hanging = height("upright"), height("flat"), height("hanging")
    assert upright > flat + 2
    assert flat > hanging + 2


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_so_many_frames_of_mountain_car_have_textures(share):
    """The sky of the plain mountain is white, that of the textured one is not."""
    training, held_out = make(textured=share, cartpole=0)
    frames = np.concatenate([training.frames, held_out.frames])
    plain = (frames[:, 0] == 255).all(axis=(1, 2))
    assert len(frames) == 20
    assert plain.sum() == round((1 - share) * 20)


def test_without_frames_of_cartpole_its_captions_are_left_out():
    training, held_out = make(cartpole=0)
    assert training.captions == held_out.captions == [*CAR.captions, MOUNTAIN_CAR]
    np.testing.assert_allclose(training.fits.sum(1), 1, rtol=1e-5)
    assert make()[0].captions == CAPTIONS


def test_the_same_stream_gives_the_same_frames():
    for one, two in zip(make(), make(), strict=True):
        assert np.array_equal(one.frames, two.frames)
        assert np.array_equal(one.fits, two.fits)
    assert not np.array_equal(make()[0].frames, make(1)[0].frames)


def test_the_stand_in_is_honest_about_itself():
    assert "simulator" in ClassicControlCaptions.note


@pytest.mark.parametrize(
    "change", [{"held_out": 1.0}, {"cartpole": -1}, {"looseness": 0}, {"textured": 1.1}]
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        ClassicControlCaptionsSettings(**SETTINGS.model_dump() | change)
