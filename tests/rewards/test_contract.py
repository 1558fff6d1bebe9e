"""The contract of every registered reward, over the `EXAMPLES` in the reward's own file.

An example may name the goals "text-clip", "text-s3d", "picture", "picture-clip" and "two-pictures",
the demo "one", and the folder "classifier" with a reward model of LeRobot. Record the golden scores
of a new reward, or refresh those of one, with

    python -m tests.rewards.test_contract KIND …

Those of the others stay; without a name, nothing is written and each change is printed.
"""

import atexit
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

from showtell.goals.goal import Target
from showtell.nets.distance import Stage
from showtell.nets.lerobot_files import checksums
from showtell.project.checkpoints import Resume
from showtell.rendering.scene import View
from showtell.rewards.building import GoalInputs, build_reward
from showtell.rewards.reward import Episodes, Learns, Reward, Staged
from showtell.study.registry import examples, part, parts
from tests.nets import lerobot_folders
from tests.nets.models import noise, smoke_encoder
from tests.nets.s3d_models import small_encoder
from tests.rewards.demonstrations import demo_of

GOLDEN = Path(__file__).with_name("golden_scores.json")
VIEW = View(24, 16)
EPISODES, HORIZON = 3, 5
CLIP_FRAMES = {"evenly": 4, "every-fourth": 2}  # of an episode; the encoder resamples them
EXAMPLES = examples("rewards")


def key(settings: dict[str, Any]) -> str:
    return json.dumps(settings)


every_example = pytest.mark.parametrize("settings", EXAMPLES, ids=key)


@cache
def goals(sampling: str) -> dict[str, GoalInputs]:
    clip, s3d = smoke_encoder(), small_encoder()
    s3d.frames = CLIP_FRAMES[sampling]
    sentence, baseline = clip.text(["pole upright on a cart", "pole and cart"]).numpy()
    pictures = noise(2, VIEW.height, VIEW.width, seed=7)
    stages = [
        Stage(embedding, picture)
        for embedding, picture in zip(clip.image(pictures).numpy(), pictures, strict=True)
    ]
    return {
        "text-clip": GoalInputs(Target.of(sentence, baseline), clip),
        "text-s3d": GoalInputs(Target.of(*s3d.text(["robot", "a"]).numpy()), s3d),
        "picture": GoalInputs(Target((Stage(picture=pictures[0]),), None, {}), None),
        "picture-clip": GoalInputs(Target((stages[0],), None, {}), clip),
        "two-pictures": GoalInputs(Target(tuple(stages), None, {}), clip),
    }


@cache
def classifier() -> Path:
    folder = mkdtemp(prefix="classifier-")
    atexit.register(rmtree, folder)
    return lerobot_folders.classifier(Path(folder))


def rewarded(settings: dict[str, Any]) -> Reward:
    if settings.get("folder") == "classifier":
        settings = settings | {"folder": str(classifier()), "sha256": checksums(classifier())}
    demo = demo_of(np.random.default_rng(1).normal(size=(2, HORIZON + 3, 4)))
    checked = part("rewards", settings["kind"]).settings.model_validate(settings)
    given = goals(settings.get("sampling", "evenly"))
    return build_reward(checked, given, {"one": demo}, view=VIEW, seed=0)


def episodes(reward: Reward) -> Episodes:
    """Three episodes, with the frames that the reward asks for."""
    rng = np.random.default_rng(0)
    frames = start_frames = None
    if reward.reads.view is not None:
        kept = len(reward.reads.steps(HORIZON))
        flat = noise(EPISODES * kept, reward.reads.view.height, reward.reads.view.width)
        frames = flat.reshape(EPISODES, kept, *flat.shape[1:])
        if reward.reads.start:
            start_frames = noise(EPISODES, *frames.shape[2:4], seed=1)
    return Episodes(
        observations=rng.normal(size=(EPISODES, HORIZON, 4)).astype(np.float32),
        actions=rng.integers(0, 2, size=(EPISODES, HORIZON)),
        true_rewards=rng.normal(size=(EPISODES, HORIZON)).astype(np.float32),
        successes=rng.random((EPISODES, HORIZON)) < 0.5,
        frames=frames,
        starts=rng.normal(size=(EPISODES, 4)).astype(np.float32),
        log_probs=rng.normal(size=(EPISODES, HORIZON)).astype(np.float32),
        log_prob_of=lambda observations, actions: observations.sum(axis=1),
        start_frames=start_frames,
        dense_rewards=rng.normal(size=(EPISODES, HORIZON)).astype(np.float32),
    )


def test_every_registered_reward_has_an_example_in_its_own_file():
    assert {settings["kind"] for settings in EXAMPLES} == set(parts("rewards"))


@every_example
def test_scores_are_one_finite_float32_a_step(settings):
    reward = rewarded(settings)
    scores = reward.score(episodes(reward))
    assert scores.shape == (EPISODES, HORIZON)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


@every_example
def test_a_score_does_not_depend_on_the_other_episodes(settings):
    reward = rewarded(settings)
    whole = episodes(reward)
    scores = reward.score(whole)
    for which in ([0], [2, 1], [1, 1, 0]):
        np.testing.assert_allclose(reward.score(whole.part(which)), scores[which], atol=1e-5)


@every_example
def test_a_score_leaves_the_episodes_alone_and_is_the_same_twice(settings):
    reward = rewarded(settings)
    whole = episodes(reward)
    first = reward.score(whole)
    first_again = first.copy()
    assert np.array_equal(reward.score(whole), first_again)
    first += 1  # a caller may change what it was given
    fresh = episodes(reward)
    assert np.array_equal(whole.true_rewards, fresh.true_rewards)
    assert np.array_equal(reward.score(whole), first_again)


@every_example
def test_scores_are_the_golden_ones(settings):
    golden = json.loads(GOLDEN.read_text()).get(key(settings))
    if golden is None:
        pytest.skip(
            f"no golden scores yet: python -m tests.rewards.test_contract {settings['kind']}"
        )
    reward = rewarded(settings)
    np.testing.assert_allclose(reward.score(episodes(reward)), golden, atol=2e-4)


LEARN = [one for one in EXAMPLES if isinstance(rewarded(one), Learns)]
STAGED = [one for one in EXAMPLES if isinstance(rewarded(one), Staged)]


@pytest.mark.parametrize("settings", LEARN, ids=key)
def test_a_reward_that_learns_goes_on_from_its_state_to_the_same_bytes(settings, tmp_path):
    whole, resumed = rewarded(settings), rewarded(settings)
    rollout = episodes(whole)
    before = whole.score(rollout)
    for _ in range(2):
        assert all(np.isfinite(loss) for loss in whole.learn(rollout).values())
    with Resume(tmp_path, "") as resume:
        resume.save(1, whole.state())
        resumed.restore(resume.load())
    assert not np.array_equal(whole.score(rollout), before)
    for reward in (whole, resumed):
        reward.learn(rollout)
    assert np.array_equal(whole.score(rollout), resumed.score(rollout))


@pytest.mark.parametrize("settings", LEARN, ids=key)
def test_a_saved_state_does_not_change_when_learning_goes_on(settings):
    reward = rewarded(settings)
    rollout = episodes(reward)
    reward.learn(rollout)
    saved, scores = reward.state(), reward.score(rollout)
    reward.learn(rollout)
    reward.restore(saved)
    assert np.array_equal(reward.score(rollout), scores)


@pytest.mark.parametrize("settings", STAGED, ids=key)
def test_stages_go_on_from_a_saved_state(settings, tmp_path):
    whole, resumed = rewarded(settings), rewarded(settings)
    films = noise(8 * 2, VIEW.height, VIEW.width).reshape(8, 2, VIEW.height, VIEW.width, 3)
    whole.begin(2)
    for step, frames in enumerate(films[:4]):
        whole.advance(frames, np.full(2, step == 0))
    with Resume(tmp_path, "") as resume:
        resume.save(1, whole.state())
        resumed.restore(resume.load())
    for frames in films[4:]:
        stages = [reward.advance(frames, np.zeros(2, bool)) for reward in (whole, resumed)]
        assert np.array_equal(*stages)
        assert (stages[0] < len(whole.goals)).all()


def refresh(
    kinds: Sequence[str], path: Path = GOLDEN, examples: Sequence[dict[str, Any]] = EXAMPLES
) -> None:
    """Write the golden scores of these rewards, and show what changed in any."""
    if unknown := set(kinds) - {settings["kind"] for settings in examples}:
        known = ", ".join(sorted({settings["kind"] for settings in examples}))
        sys.exit(f"no reward has an example of the kind {', '.join(sorted(unknown))}: {known}")
    golden, written = json.loads(path.read_text()), []
    for settings in examples:
        reward = rewarded(settings)
        scores = reward.score(episodes(reward)).astype(float).round(6)
        before = np.array(golden.get(key(settings), np.full(scores.shape, np.nan)))
        print(key(settings), "largest change:", np.abs(scores - before).max())
        if settings["kind"] in kinds:
            golden[key(settings)] = scores.tolist()
            written.append(key(settings))
    path.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"written: {len(written)}; name a kind to write its scores, such as clip")


if __name__ == "__main__":
    refresh(sys.argv[1:])
