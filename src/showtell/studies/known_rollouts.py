"""Rollouts whose kind is known: scripted successes, and the ways in which one fails.

Rollout i of each kind begins from the same start, whatever the kind.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from showtell.project.seeds import generator
from showtell.project.settings import Frozen
from showtell.rendering.scene import Snapshots
from showtell.studies.controls import still
from showtell.studies.rollouts import Episode, EpisodeRunner
from showtell.worlds.script import script_of, shaken
from showtell.worlds.world import Parted, Script, SeededEpisodes, World

_MOVED = 0.005  # rad or m of a joint, below which nothing moves in a picture


class Known(Frozen):
    """How many rollouts of each kind."""

    script: PositiveInt  # the script with little noise or none; a miss for each that succeeds
    noisy: NonNegativeInt  # the script with more noise
    stalled: NonNegativeInt  # the script stops on its way, and the arm stays where it is
    drifting: NonNegativeInt  # one random direction, all the time
    random: NonNegativeInt  # a random walk of actions
    little_noise: float = Field(ge=0)  # of the last of the kind script; the first has none
    much_noise: PositiveFloat  # of the last noisy one


class Rollouts(NamedTuple):
    """N rollouts of T steps."""

    kinds: list[str]  # those of `Known`, and miss
    numbers: list[int]  # within the kind; a miss has that of its success
    successes: NDArray[np.bool_]  # (N,): at the last step
    snapshots: Snapshots  # (N, T + 1, D): after reset, and after each step

    def rests(self) -> NDArray[np.intp]:
        """The index after which nothing moves any more: (N,)."""
        away = np.abs(self.snapshots - self.snapshots[:, -1:]).max(axis=2) > _MOVED
        last = self.snapshots.shape[1] - 1
        return np.where(away.any(axis=1), last - away[:, ::-1].argmax(axis=1) + 1, 0)


def play(world: World, known: Known, root: int, address: tuple[str | int, ...]) -> Rollouts:
    """All rollouts; a miss is a success in which no thing moves."""
    assert isinstance(world, Parted)
    found = []
    for kind, number, episode in _played(world, known, root, address):
        found.append((kind, number, bool(episode.successes[-1]), episode.snapshots))
        if kind == "script" and episode.successes[-1]:
            found.append(("miss", number, *_missed(episode.snapshots, world)))
    kinds, numbers, successes, snapshots = zip(*found, strict=True)
    return Rollouts(list(kinds), list(numbers), np.array(successes), np.stack(snapshots))


class Shares(NamedTuple):
    """Moments that tell the part of the arm from that of the things, (D,) each."""

    start: NDArray[np.float64]
    goal: NDArray[np.float64]  # the end of the script
    thing_unmoved: NDArray[np.float64]  # the arm of the end, the things of the start
    arm_at_start: NDArray[np.float64]  # the reverse


def shares(rollouts: Rollouts, world: World) -> Shares:
    """The moments of the first rollout, which is the script without noise."""
    assert isinstance(world, Parted)
    first = rollouts.snapshots[0]
    start, goal = first[0], first[-1]
    return Shares(start, goal, mixed(goal, start, world), mixed(start, goal, world))


def mixed(arm: NDArray[np.float64], things: NDArray[np.float64], world: Parted) -> Any:
    """Snapshots with the arm of one and the things of another."""
    found = np.array(arm)
    found[..., world.things] = things[..., world.things]
    return found


def _missed(snapshots: Snapshots, world: Parted) -> tuple[bool, Snapshots]:
    missed = mixed(snapshots, snapshots[:1], world)
    return world.succeeded(missed[-1]), missed


def _played(
    world: World, known: Known, root: int, address: tuple[str | int, ...]
) -> Iterator[tuple[str, int, Episode]]:
    seeded = SeededEpisodes(world, root, *address, "rollouts")

    def episode(kind: str, number: int, begin: Callable[[np.random.Generator], Script]) -> Episode:
        player = EpisodeRunner(seeded, number, generator(root, *address, "actions", kind, number))
        act = begin(player.generator)
        while not player.over:
            player.step(act())
        return player.played()

    def scripted(noise: float) -> Callable[[np.random.Generator], Script]:
        return lambda dice: shaken(script_of(world), dice, noise)

    little = np.linspace(0, known.little_noise, known.script)
    much = np.linspace(known.little_noise, known.much_noise, known.noisy + 1)[1:]
    for kind, noises in (("script", little), ("noisy", much)):
        for number, noise in enumerate(noises):
            yield kind, number, episode(kind, number, scripted(float(noise)))
    stay, _ = still(world.action_space)
    for number in range(known.stalled):
        reached = episode("script", number, scripted(0.0)).successes
        needed = int(reached.argmax()) if reached.any() else len(reached)
        steps = round(needed * (number + 1) / (known.stalled + 1))
        begin = lambda _, steps=steps: _until(script_of(world), steps, stay)
        yield "stalled", number, episode("stalled", number, begin)
    for number in range(known.drifting):
        yield "drifting", number, episode("drifting", number, lambda dice: _constant(world, dice))
    for number in range(known.random):
        walk = lambda dice: shaken(lambda: stay, dice, 1.0)
        yield "random", number, episode("random", number, walk)


def _until(script: Script, steps: int, stay: Any) -> Script:
    """The script for some steps, and then the action that moves nothing."""
    ahead = iter(range(steps))
    return lambda: script() if next(ahead, None) is not None else stay


def _constant(world: World, dice: np.random.Generator) -> Script:
    size = np.shape(still(world.action_space)[0])
    action = dice.uniform(-1, 1, size).astype(np.float32)
    return lambda: action


MOMENTS: tuple[str, ...] = tuple(name.replace("_", " ") for name in Shares._fields)
