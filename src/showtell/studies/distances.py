"""Distances to a goal along rollouts, before any training (HOLD's reward without an agent).

A good correlation along a demonstration proves nothing: in scenes with a fixed camera, pixels and
networks that were never trained have it too. So the rollouts are of known kinds, misses among
them (the arm moves as in a success, but the thing stays), and are also seen in changed scenes. The
goal is always that of the task's own scene.

What ranks rollouts is the distance to the last goal at their end. What is correlated with time is
the distance as the reward takes it, to the active goal: the way to the first goal of a task with
several may well lead away from the last one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from showtell.rendering.scene import Frames, View
from showtell.rewards.reward import Measuring, Reward
from showtell.rewards.sum import Sum
from showtell.studies.known_rollouts import MOMENTS, Known, Rollouts, play, shares
from showtell.studies.seen import LIGHT, OWN, Light, Seen, scene
from showtell.studies.statistics import spearman
from showtell.studies.study import Array, Measured, StudyInputs, Value
from showtell.study.needs import Offers
from showtell.study.settings import RewardSettings, StudySettings
from showtell.worlds.world import Change, Changeable, World

COLUMNS = (
    *("scene", "kind", "rollout", "success"),  # success: at the last step
    *("start", "end", "least", "least_at"),  # distances to the last goal; a share of the steps
    *("mean", "spearman", "stage"),  # of the distance to the active goal; the last active stage
    *("distances", "staged"),  # at evenly spaced moments, after reset and to the last step
)


_STRIP = 8  # frames


class DistancesSettings(StudySettings):
    """Which rollouts, seen in which scenes."""

    kind: Literal["distances"]
    methods: list[str] = Field(default=[])
    # Distances beside the methods': name in the table -> entry of rewards; null: left out.
    rewards: dict[str, str | None] = Field(default={})
    rollouts: Known  # how many of each kind
    moments: int = Field(ge=4)  # of each rollout, evenly spaced: after reset and to the last step
    # same: the task's own; light: other light and a pushed camera; else one of the world's.
    scenes: list[str] = Field(min_length=1)
    light_gains: tuple[float, float, float]  # factors on red, green and blue of the scene light
    light_shift: tuple[int, int]  # pixels to the right and down of the scene light

    def control_rewards(self) -> Mapping[str, str]:
        """Distances that are measured beside the methods'."""
        return {name: reward for name, reward in self.rewards.items() if reward is not None}

    def problem(self, offers: Offers) -> str | None:
        """A script, goal images, and the changed scenes."""
        if not offers.script:
            return "the world has no script, and every kind of rollout but noise begins with it"
        if not offers.scenes:
            return "the world does not tell the arm's joints from the things'"
        known = (OWN, LIGHT, *offers.scenes)
        lacking = [name for name in self.scenes if name not in known]
        if lacking:
            return f"the world has no scene {lacking[0]!r}; name some of {', '.join(known)}"
        return None

    def problem_with(self, reward: RewardSettings) -> str | None:
        """Only distances are measured."""
        if any(one.measures for one in (reward, *reward.terms_of())):
            return None
        return (
            f"a reward of kind {reward.kind!r} is no distance to a goal; name methods whose reward "
            "is of kind 'distance', or a sum with such a term."
        )


class DistancesStudy:
    """Plays rollouts once, draws them once a scene, and measures each by every method."""

    def __init__(self, settings: DistancesSettings) -> None:
        self._settings = settings
        self._light = Light(settings.light_gains, settings.light_shift)

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """One row a method, scene and rollout, and one for each moment of the shares."""
        world = subject.world
        assert isinstance(world, World) and isinstance(world, Changeable)
        methods = {name: _distance(reward) for name, reward in subject.rewards.items()}
        own = play(world, self._settings.rollouts, root, address)
        rows: list[tuple[Value, ...]] = []
        strips: dict[str, Frames] = {}
        drawn = dict.fromkeys(OWN if n == LIGHT else n for n in self._settings.scenes)
        for name in drawn:
            change = Change() if name == OWN else world.changes[name]
            with scene(change, world, subject.draw) as here:
                rollouts = own
                if change.world:
                    rollouts = play(here.world, self._settings.rollouts, root, address)
                steps = rollouts.snapshots.shape[1] - 1
                moments = np.linspace(0, steps, self._settings.moments).round().astype(np.intp)
                seen = Seen(here, rollouts.snapshots, moments)
                of_shares = np.stack(shares(rollouts, here.world))[:, None]
                single = Seen(here, of_shares, np.zeros(1, dtype=np.intp))
                if name == OWN:
                    strips = _strips(seen, rollouts, next(iter(methods.values()))[1])
                for light in self._lights(name):
                    found = [one if light is None else one.lit(light) for one in (seen, single)]
                    for method, (reward, view) in methods.items():
                        named = (*subject.named(method), name if light is None else LIGHT)
                        measured = _along(reward, view, found[0], rollouts)
                        moments_of = _moments(reward, view, found[1])
                        rows += [(*named, *row) for row in (*measured, *moments_of)]
        return Measured(("method", *subject.swept, *COLUMNS), rows, strips)

    def _lights(self, name: str) -> Iterable[Light | None]:
        if name != OWN:
            return (None,)
        wanted = {OWN: None, LIGHT: self._light}
        return [light for key, light in wanted.items() if key in self._settings.scenes]


def _strips(seen: Seen, rollouts: Rollouts, view: View) -> dict[str, Frames]:
    """Frames along the first rollout of some kinds, as one method reads them."""
    frames = seen.histories(view, 1)[:, :, -1]
    chosen = np.linspace(0, len(seen.moments) - 1, _STRIP).round().astype(np.intp)
    return {
        kind: frames[rollouts.kinds.index(kind), chosen]
        for kind in ("script", "miss")
        if kind in rollouts.kinds
    }


def _distance(reward: Reward) -> tuple[Measuring, View]:
    """The distance that a reward is, or has as a term, and the view that it reads."""
    found = reward.measuring if isinstance(reward, Sum) else reward
    view = reward.reads.view
    assert isinstance(found, Measuring) and view is not None
    return found, view


def _along(
    reward: Measuring, view: View, seen: Seen, rollouts: Rollouts
) -> Iterator[tuple[Value, ...]]:
    """One row a rollout."""
    moments, steps = seen.moments, rollouts.snapshots.shape[1] - 1
    found = reward.distances(seen.histories(view, reward.history), steps / (len(moments) - 1))
    rests = rollouts.rests()
    for at, (kind, number) in enumerate(zip(rollouts.kinds, rollouts.numbers, strict=True)):
        last, staged = found.last[at], found.staged[at]
        # Where nothing moves any more, no distance can fall.
        moving = max(3, int(np.searchsorted(moments, rests[at])) + 1)
        least = int(last.argmin())
        yield (
            *(kind, number, int(rollouts.successes[at])),
            *map(_short, (last[0], last[-1], last[least], moments[least] / steps)),
            _short(staged[1:].mean()),
            _short(spearman((-staged[:moving]).tolist(), moments[:moving].tolist())),
            int(found.stages[at, -1]),
            *(_cell(last), _cell(staged)),
        )


def _moments(reward: Measuring, view: View, single: Seen) -> Iterator[tuple[Value, ...]]:
    """One row for each of the moments that tell the arm's share from the things'."""
    found = reward.distances(single.histories(view, reward.history), 1.0)
    for kind, value in zip(MOMENTS, found.last[:, 0], strict=True):
        yield (kind, 0, None, None, _short(value), *[None] * 7)


def _short(value: float) -> float:
    """With the digits that single precision has: the table stays small."""
    return float(f"{value:.6g}")


def _cell(values: Array) -> str:
    return " ".join(f"{value:.6g}" for value in values)


PARTS = {"distances": (DistancesSettings, "DistancesStudy")}
