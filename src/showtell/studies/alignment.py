"""Alignment: whether a learned reward ranks behaviours as the truth does (RoboCLIP, Figure 2).

The first thing to know about a prompt, before any training: rollouts from random to scripted
behaviour are scored by every reward, with every sentence.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Self, get_args

import numpy as np
from pydantic import Field, model_validator

from showtell.learners.labelling import Rollout
from showtell.learners.progress import succeeded
from showtell.project import seeds
from showtell.rendering.scene import Snapshots
from showtell.rewards.reward import Episodes, Reward
from showtell.studies.study import Array, Measured, StudyInputs, Value, whole_scores
from showtell.study.needs import Offers
from showtell.study.settings import StudySettings
from showtell.worlds.script import script_of, shaken
from showtell.worlds.world import LAYOUTS, Script, SeededEpisodes, World

Control = Literal["wrong", "shuffled"]
CONTROLS: tuple[str, ...] = get_args(Control)
COLUMNS = (
    "text", "episode", "noise", "success", "true_return", "score", "similarity", "known_words",
)  # fmt: skip


class AlignmentSettings(StudySettings):
    """How many rollouts, and whose sentences score them."""

    kind: Literal["alignment"]
    episodes: int = Field(ge=4)
    # The tasks whose goals score the rollouts.
    goals_of: Literal["own"] | list[str]
    # A reward of the same kind whose goal is another sentence of the task itself. In the table they
    # are texts of the first method.
    controls: dict[Control, str] = Field(default={})
    # Method -> the same for this method.
    controls_of: dict[str, dict[Control, str]] = Field(default={})

    @model_validator(mode="after")
    def _controls_of_methods(self) -> Self:
        for method in self.controls_of:
            if method not in self.methods:
                raise ValueError(
                    f"controls_of names {method!r}, which is not among the study's methods; add it "
                    "to methods, or leave it out of controls_of."
                )
        return self

    def problem(self, offers: Offers) -> str | None:
        """A script is played with more and more noise."""
        return None if offers.script else "the world has no script to play with more and more noise"

    def goal_tasks(self, task: str) -> list[str]:
        """The tasks whose goals score the rollouts of one task."""
        return [task] if self.goals_of == "own" else self.goals_of

    def control_rewards(self) -> Mapping[str, str]:
        """Sentences of the task itself, as rewards."""
        return {
            **{str(control): reward for control, reward in self.controls.items()},
            **{
                f"{method} {control}": reward
                for method, controls in self.controls_of.items()
                for control, reward in controls.items()
            },
        }

    def control(self, name: str) -> tuple[str | None, str]:
        """(its method, what it is) of a reward's name; no method is the first. ("", "") of none."""
        if name in self.controls:
            return None, name
        method, _, control = name.rpartition(" ")
        return (method, control) if control in self.controls_of.get(method, ()) else ("", "")


class Alignment:
    """Plays a script with more and more noise, and scores every episode by every reward."""

    def __init__(self, settings: AlignmentSettings) -> None:
        self._settings = settings

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """One row a method, text and episode; the similarity is a cosine, where there is one."""
        assert isinstance(subject.world, World)
        noises = np.linspace(1.0, 0.0, self._settings.episodes)
        played = play(subject.world, noises, root, address)
        episodes = played.episodes
        success = succeeded(subject.world.success_rule, episodes.successes)
        returns = episodes.true_rewards.sum(axis=1, dtype=np.float64)
        rows: list[tuple[Value, ...]] = []
        first = next(iter(subject.rewards), "")
        judged: dict[int, tuple[Array, Array]] = {}  # one without a goal stands at every task
        for task, rewards in subject.rewards_of.items():
            for method, reward in rewards.items():
                owner, control = self._settings.control(method)
                if id(reward) not in judged:
                    judged[id(reward)] = self._judge(subject, reward, played)
                scores, similarities = judged[id(reward)]
                named = subject.named((owner or first) if control else method)
                text = control or task
                known = subject.known_words.get((method, task), float("nan"))
                rows += [
                    (*named, text, number, *map(float, values), known)
                    for number, values in enumerate(
                        zip(noises, success, returns, scores, similarities, strict=True)
                    )
                ]
        return Measured(("method", *subject.swept, *COLUMNS), rows)

    def _judge(
        self, subject: StudyInputs, reward: Reward, played: "Rollouts"
    ) -> tuple[Array, Array]:
        seen = subject.watched(reward, played.episodes, played.snapshots, played.starts)
        return whole_scores(reward, seen)


class Rollouts(NamedTuple):
    """Whole episodes, and what redraws them."""

    episodes: Episodes
    snapshots: Snapshots  # (E, T, D)
    starts: Snapshots  # (E, D): after reset


def play(world: World, noises: Array, root: int, address: tuple[str | int, ...]) -> Rollouts:
    """One whole episode for each amount of noise, from 0 (the world's script) to 1 (random)."""
    seeded = SeededEpisodes(world, root, *address, "rollouts")
    played = [
        _episode(seeded, number, float(noise), seeds.generator(root, *address, "actions", number))
        for number, noise in enumerate(noises)
    ]
    episodes = [one.episodes for one in played]
    together = Episodes(
        observations=np.concatenate([e.observations for e in episodes]),
        actions=np.concatenate([e.actions for e in episodes]),
        true_rewards=np.concatenate([e.true_rewards for e in episodes]),
        successes=np.concatenate([e.successes for e in episodes]),
        starts=np.concatenate([e.states[:, 0] for e in episodes]),
    )
    return Rollouts(
        together,
        np.concatenate([one.snapshots for one in played]),
        np.concatenate([one.starts for one in played]),
    )


def _episode(
    seeded: SeededEpisodes, number: int, noise: float, generator: np.random.Generator
) -> Rollouts:
    world = seeded.world
    rollout = Rollout(world.horizon, 1, world.horizon)
    seeded.layout = LAYOUTS.evaluation + number
    observation, _ = seeded.reset()
    rollout.begin(observation[None], seeded.start[None])
    scripted = shaken(script_of(world), generator, noise)
    aimless = shaken(_still(world), generator, 1.0)
    for step in range(world.horizon):
        # With more noise, a smaller share of the steps is scripted.
        action = scripted() if step < (1 - noise) * world.horizon else aimless()
        observation, reward, terminated, truncated, info = seeded.step(action)
        over = np.array([terminated or truncated])
        rollout.add(np.asarray(action)[None], observation[None], np.array([reward]), over, [info])
    return Rollouts(*rollout.episodes())


def _still(world: World) -> Script:
    return lambda: np.zeros(world.action_space.shape or (), dtype=np.float32)


PARTS = {"alignment": (AlignmentSettings, "Alignment")}
