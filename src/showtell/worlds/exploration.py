"""Behaviour of many kinds: a script executed fully, noisily, partly or late; unrelated motion.

A trained agent tries whatever the reward scores highly: an arm in front of a thing or beside it
may look as if the work were done, and unfinished work as if it were finished. So the arm also
wanders about the thing, and also begins too late.
"""

from collections.abc import Callable, Iterator

import numpy as np

from showtell.worlds.script import clipped, has_script, script_of
from showtell.worlds.world import Action, Reachable, Script, World

Motion = Callable[[], Action]

# How often an episode is: the script to the end, the script given up half way, the script begun so
# late that the episode ends in the middle of it, a visit to places about the thing, none of these.
_HOW_OFTEN = {"to the end": 0.3, "half way": 0.2, "cut off": 0.2, "about": 0.2, "aimless": 0.1}
_FAR = (0.2, 0.2, 0.12)  # m: how far those places are from the thing, in x, y, z
_GAIN = 10.0  # of the way to a place, as in Meta-World's own scripts


def behaviour(world: World, draws: np.random.Generator) -> Iterator[Action]:
    """An action for every step of an episode; ask for each only after the step before it."""
    for motion, steps in _plan(world, draws):
        for _ in range(steps):
            yield motion()


def _plan(world: World, draws: np.random.Generator) -> Iterator[tuple[Motion, int]]:
    """One motion after the other, each for so many steps, for longer than an episode."""
    horizon, kind = world.horizon, _kind(world, draws)
    if kind == "cut off":
        idle = _towards(world, draws) if isinstance(world, Reachable) else _aimless(world, draws)
        yield idle, int(draws.integers(horizon // 3, horizon * 9 // 10))
        yield _clumsy(script_of(world), draws), horizon
    if kind in ("to the end", "half way"):
        if draws.random() < 0.4:  # a late start
            yield _aimless(world, draws), int(draws.integers(5, horizon // 3))
        whole = kind == "to the end"
        steps = horizon if whole else int(draws.integers(horizon // 20, horizon * 2 // 3))
        yield _clumsy(script_of(world), draws), steps
    while kind == "about" and isinstance(world, Reachable):
        yield _towards(world, draws), int(draws.integers(horizon // 6, horizon))
    while True:
        yield _aimless(world, draws), int(draws.integers(horizon // 12, horizon // 2))


def _kind(world: World, draws: np.random.Generator) -> str:
    if not has_script(world):
        return "aimless"
    return list(_HOW_OFTEN)[int(draws.choice(len(_HOW_OFTEN), p=list(_HOW_OFTEN.values())))]


def _towards(world: Reachable, draws: np.random.Generator) -> Motion:
    """To some place about the thing, and then there, more or less still."""
    _, thing = world.hand_and_thing()
    place = thing + draws.uniform(-1, 1, 3) * _FAR
    grip, speed, shake = draws.uniform(-1, 1), draws.uniform(0.2, 1), draws.choice([0.0, 0.2])

    def motion() -> Action:
        hand, _ = world.hand_and_thing()
        way = speed * _GAIN * (place - hand)
        return clipped(np.append(way, grip) + shake * draws.normal(size=4))

    return motion


def _clumsy(perfect: Script, draws: np.random.Generator) -> Motion:
    """The script, slowed down and shaken by different degrees."""
    speed = draws.uniform(0.4, 1.0)
    shake = draws.choice([0.0, 0.3, 0.8])

    def motion() -> Action:
        action = perfect()
        moved = speed * action + shake * draws.normal(size=action.shape)
        return clipped(moved)

    return motion


def _aimless(world: World, draws: np.random.Generator) -> Motion:
    """Still, trembling, drifting, or straight on in some direction."""
    shape = world.action_space.shape
    assert shape is not None
    way = draws.uniform(-1, 1, shape) * draws.uniform(0.2, 1)
    memory, shake = [(1.0, 0.0), (0.0, 1.0), (0.9, 0.45), (1.0, 0.2)][int(draws.integers(4))]
    if memory == 0.0 or draws.random() < 0.1:
        way[:] = 0

    def motion() -> Action:
        nonlocal way
        if memory == 1.0:
            return clipped(way + shake * draws.normal(size=shape))
        way = memory * way + shake * draws.normal(size=shape)
        return clipped(way)

    return motion
