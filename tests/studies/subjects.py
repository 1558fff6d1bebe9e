"""Subjects of studies: the real CartPole, rewards whose landscape is known, a counting encoder."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from showtell.goals.goal import Target
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.studies.study import CachedEncoder, StudyInputs
from showtell.study.registry import build, part
from showtell.worlds.classic_control.world import CartPole
from tests.nets.models import smoke_encoder

VIEW = View(24, 16)
ANGLE = CartPole.state.index("pole_angle")
WORLD: dict[str, Any] = {
    "kind": "cartpole",
    "horizon": 200,
    "wrap_state": True,
    "ends_when_fallen": False,
    "end": "terminal",
    "observe_time": False,
    "fallen_reward": -2.0,
    "falling_reward": -2.0,
}


class OfState:
    """A reward that is a function of the state: (N, D) -> (N,)."""

    def __init__(self, function: Callable[[np.ndarray], np.ndarray]) -> None:
        self.reads = Reads()
        self._function = function

    def score(self, episodes: Episodes) -> np.ndarray:
        return self._function(episodes.observations[:, 0])[:, None].astype(np.float32)


class Counting:
    """A real encoder that counts the frames it was given."""

    def __init__(self) -> None:
        self._encoder = smoke_encoder()
        self.dimensions = self._encoder.dimensions
        self.frames = 0

    def image(self, frames: np.ndarray) -> torch.Tensor:
        self.frames += len(frames)
        return self._encoder.image(frames)

    def video(self, clips: np.ndarray) -> torch.Tensor:
        return self._encoder.video(clips)

    def text(self, sentences: list[str]) -> torch.Tensor:
        return self._encoder.text(sentences)


def world() -> CartPole:
    settings = part("worlds", "cartpole").settings.model_validate(WORLD)
    built: CartPole = build("worlds", settings)
    return built


def draw(snapshots: np.ndarray, view: View) -> np.ndarray:
    with RenderPool(CartPole.scene, {}, workers=0) as pool:
        return pool.draw(snapshots, view)


def subject(**rewards: Any) -> StudyInputs:
    return StudyInputs(world(), rewards, {}, draw)


def clip_subject(alphas: list[float], encoder: Counting) -> StudyInputs:
    once = CachedEncoder(encoder)
    goal, baseline = encoder.text(["pole upright on a cart", "pole and cart"]).numpy()
    target = Target.of(goal, baseline)
    settings = part("rewards", "clip").settings
    rewards = {
        f"text-alpha{alpha}": build(
            "rewards",
            settings.model_validate({"kind": "clip", "goal": "g", "alpha": alpha}),
            encoder=once,
            target=target,
            view=VIEW,
        )
        for alpha in alphas
    }
    return StudyInputs(
        world(), rewards, dict(zip(rewards, ({"alpha": a} for a in alphas), strict=True)), draw
    )
