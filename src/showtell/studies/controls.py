"""Controls: what succeeds on a task without any learned reward.

Every control plays the layouts that policies are evaluated on. A method is worth its reward only
where it does better than all of them: an open-loop replay of the demonstration reads no
observation, an untrained policy, a still one and noise read no reward, and cloning reads the
demonstration alone.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np
from gymnasium import spaces
from pydantic import Field, PositiveInt, model_validator

from showtell.learners.cloning import CloningSettings, cloned
from showtell.learners.policies import Policy
from showtell.project.errors import UserError
from showtell.project.seeds import generator, seed
from showtell.studies.rollouts import Episode, EpisodeRunner, How, play, scores
from showtell.studies.study import Measured, StudyInputs, Value
from showtell.study.needs import Demonstrations, Needs, Offers
from showtell.study.settings import LearnerSettings, StudySettings
from showtell.worlds.script import has_script, script_of
from showtell.worlds.world import LAYOUTS, SeededEpisodes, World

COLUMNS = (
    *("control", "definition", "episode", "layout"),
    *("success_any", "success_final", "success", "return"),
)

Act = Callable[[], Any]  # the next action of an episode
Begin = Callable[[World, np.random.Generator], Act]  # after the world's reset


class ControlsSettings(StudySettings):
    """How many layouts, and which demonstration is replayed and cloned."""

    acts: ClassVar[bool] = True

    kind: Literal["controls"]
    methods: list[str] = Field(default=[], max_length=0)  # none: no reward is measured
    episodes: PositiveInt  # of each control: of as many layouts, from the evaluation's first on
    demo: str | None  # its first demonstration; null: the world has no script to demonstrate with
    cloning: CloningSettings | None  # null: the demo is replayed alone

    @model_validator(mode="after")
    def _cloning_with_a_demo(self) -> Self:
        if self.demo is None and self.cloning is not None:
            raise ValueError("what is cloned is the demo: name one, or set cloning to null.")
        return self

    def needs(self) -> Needs:
        """The actions of one demonstration."""
        if self.demo is None:
            return Needs()
        return Needs(demonstrations=(Demonstrations(self.demo, 1, states=True),))

    def problem(self, offers: Offers) -> str | None:
        """What is imitated are actions in a box."""
        if self.demo is not None and offers.actions != "box":
            return "only actions in a box are cloned; set the study's demo to null"
        return None

    def problem_of(self, learner: LearnerSettings) -> str | None:
        """A recorded demonstration has the world's numbers, and no picture of each step."""
        if self.cloning is not None and learner.sees:
            return "policies that observe pictures are not cloned; set the study's cloning to null."
        return None


class Controls:
    """Plays every control on every layout."""

    def __init__(self, settings: ControlsSettings) -> None:
        self._settings = settings

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """One row a control and episode."""
        world = subject.make_world()
        rows: list[tuple[Value, ...]] = []
        for control, definition, played in self._controls(subject, world, root, address):
            for episode in played:
                found = scores(episode, world)
                named = (control, definition, episode.number, LAYOUTS.evaluation + episode.number)
                rows.append((*named, *(found[name] for name in COLUMNS[len(named) :])))
        return Measured(COLUMNS, rows)

    def _controls(
        self, subject: StudyInputs, world: World, root: int, address: tuple[str | int, ...]
    ) -> Iterator[tuple[str, str, list[Episode]]]:
        """(name, how it acts, its episodes)."""
        episodes, demo = self._settings.episodes, self._settings.demo

        def acted(begin: Begin) -> list[Episode]:
            seeded = SeededEpisodes(world, root, *address, "evaluate")
            return [_played(seeded, begin, number, root, address) for number in range(episodes)]

        def of(policy: Policy, how: How) -> list[Episode]:
            make, draw = subject.make_world, subject.draw
            return play(make, policy, how, episodes, root, address, draw)

        if has_script(world):
            yield "script", "the world's script", acted(lambda world, _: script_of(world))
        if demo is not None:
            recorded = _recorded(subject, demo)
            begin: Begin = lambda _, __: iter(recorded).__next__
            yield "replay", f"the {len(recorded)} actions of the demo {demo}", acted(begin)
        action, words = still(world.action_space)
        yield "still", words, acted(lambda _, __: lambda: action)
        yield (
            "noise",
            "uniform random actions",
            acted(lambda world, dice: uniform(world.action_space, dice)),
        )
        untrained = subject.untrained()
        yield "untrained", "deterministic", of(untrained, "deterministic")
        yield "untrained-stochastic", "stochastic", of(untrained, "stochastic")
        if demo is not None and (settings := self._settings.cloning) is not None:
            states = subject.demos[demo].observations[0, : len(recorded)]  # type: ignore[index]
            clone = cloned(untrained, states, recorded, settings, seed(root, *address, "cloning"))
            words = f"deterministic, mean squared error {clone.loss:.2g}"
            yield "cloning", words, of(clone.policy, "deterministic")


def still(space: spaces.Space[Any]) -> tuple[Any, str]:
    """The action that moves nothing, or the middle one, and its name."""
    if isinstance(space, spaces.Discrete):
        middle = int(space.n) // 2
        return middle, f"action {middle} of 0 to {int(space.n) - 1}"
    assert isinstance(space, spaces.Box)
    if ((space.low <= 0) & (space.high >= 0)).all():
        return np.zeros(space.shape, dtype=space.dtype), "zero action"
    return ((space.low + space.high) / 2).astype(space.dtype), "the middle of the box"


def uniform(space: spaces.Space[Any], dice: np.random.Generator) -> Act:
    """Actions drawn uniformly from all that the world allows."""
    if isinstance(space, spaces.Discrete):
        return lambda: int(dice.integers(space.n))
    assert isinstance(space, spaces.Box)
    return lambda: dice.uniform(space.low, space.high).astype(space.dtype)


def _played(
    seeded: SeededEpisodes, begin: Begin, number: int, root: int, address: tuple[str | int, ...]
) -> Episode:
    """One episode, from the same start and with the same random draws as a policy's."""
    player = EpisodeRunner(seeded, number, generator(root, *address, "evaluate", number, "actions"))
    act = begin(seeded.world, player.generator)
    while not player.over:
        player.step(act())
    return player.played()


def _recorded(subject: StudyInputs, demo: str) -> Any:
    """The actions of the first demonstration, (T, A)."""
    actions = subject.demos[demo].actions
    if actions is None:
        raise UserError(
            f"demos.{demo} is video alone, but controls replay actions; name a demo that is a "
            "rollout, e.g. one of the kind 'scripted', in the study's demo."
        )
    return actions[0]


PARTS = {"controls": (ControlsSettings, "Controls")}
