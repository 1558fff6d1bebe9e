"""Scripted policies of the table-top tasks, for demonstrations and goal images."""

import math
from collections.abc import Callable
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from showtell.rendering.scene import Frames, Snapshots, View
from showtell.worlds.dvd import CloseDrawer, CupForward, FaucetRight
from showtell.worlds.tabletop import DrawerOpening, Pushing, Tabletop

Action = NDArray[np.float32]


@singledispatch
def scripted_action(world: Tabletop) -> Action:
    """What to do now, judged from where things are; succeeds from every start of its task."""
    raise NotImplementedError(type(world).__name__)


@scripted_action.register
def _(world: Pushing) -> Action:
    x, y = world.snapshot()[8:10]
    if abs(x) + abs(y - 0.75) < 0.005:
        return np.zeros(2, np.float32)
    hand_x, hand_y = world.target[:2]
    side = math.copysign(1, hand_x - x)
    if hand_y > y - 0.05 and x * side > 0.008:  # beside it: push it to the middle
        return _towards(world, (hand_x - side, hand_y), speed=0.5)
    if abs(x) > 0.3 * (0.75 - y) + 0.005:  # too far aside for a push from behind
        beside = x + math.copysign(0.075, x)
        if abs(x - hand_x) > 0.065:
            return _towards(world, (beside, y - 0.015))
        return _towards(world, (hand_x if hand_y > y - 0.085 else beside, y - 0.09))
    if abs(x - hand_x) > 0.015 or hand_y < y - 0.1:  # come behind it, without touching it
        return _towards(world, (hand_x + 0.1 * side if hand_y > y - 0.07 else x, y - 0.08))
    # Friction carries the mug along: the hand moves as the mug shall, at most 1 cm a step.
    return _towards(world, (hand_x - x, hand_y + 0.75 - y), speed=0.5)


@scripted_action.register
def _(world: DrawerOpening) -> Action:
    _, y, z = world.target
    if world.snapshot()[9] < -0.001 or z < 0.092:
        return _towards(world, (0, 0.4, 0.09), grip=1)
    if y < 0.745:
        return _towards(world, (0, 0.75, 0.16), grip=1)  # over the handle, fingers closing
    return _towards(world, (0, 0.75, 0.09), grip=1)  # into its loop


@scripted_action.register
def _(world: CloseDrawer) -> Action:
    x, y, _ = world.layout.drawer
    if abs(world.target[0] - x) > 0.02 or abs(world.target[2] - 0.09) > 0.02:
        return _towards(world, (x, 0.42, 0.09), grip=1)
    return _towards(world, (x, y - 0.2, 0.09), grip=1, speed=0.2)


@scripted_action.register
def _(world: CupForward) -> Action:
    x, y = world.snapshot()[9:11]
    goal_x, goal_y, _ = world.layout.mug_goal
    if goal_x - x > 0.06:  # from the left
        if world.target[1] > y - 0.06:
            return _towards(world, (goal_x, y - 0.02, 0.02), speed=0.2)
        if world.target[0] > x - 0.11:
            return _towards(world, (x - 0.12, y - 0.15, 0.02))
        return _towards(world, (x - 0.12, y - 0.02, 0.02))
    if y > goal_y - 0.03:
        return _towards(world, world.target)
    return _towards(world, (world.target[0], 0.8, 0.02), speed=0.2)


@scripted_action.register
def _(world: FaucetRight) -> Action:
    x, y, _ = world.layout.faucet
    if world.target[2] < 0.1:
        return _towards(world, (0, 0.45, 0.12), grip=1)
    if abs(world.target[1] - (y - 0.19)) > 0.01:
        return _towards(world, (0, y - 0.19, 0.12), grip=1)
    return _towards(world, (x - 0.06, y - 0.19, 0.12), grip=1, speed=0.4)


def _towards(
    world: Tabletop, point: tuple[float, ...], grip: float | None = None, speed: float = 1.0
) -> Action:
    """Move the mocap point straight to a point, at a share of the full speed."""
    action = np.zeros(world.actions, np.float32)
    away = np.subtract(point, world.target[: len(point)]) / world.reach
    action[: len(point)] = away * min(1.0, speed / max(np.abs(away).max(), 1e-9))
    if grip is not None:
        action[-1] = grip
    return action


def goal_snapshots(world: Tabletop, seed: int = 0) -> Snapshots:
    """What a goal image shows: the end of a scripted episode, the arm still there.

    Drawer opening has two: the fingers in the handle of the shut drawer, then the drawer open.
    """
    world.reset(seed=seed)
    moments = []
    for _ in range(world.horizon):
        world.step(scripted_action(world))
        moments.append(world.snapshot())
    if not isinstance(world, DrawerOpening):
        return moments[-1][None]
    moved = next(t for t, moment in enumerate(moments) if moment[9] < -0.001)
    return np.stack([moments[moved - 1], moments[-1]])


def goal_images(
    world: Tabletop, draw: Callable[[Snapshots, View], Frames], view: View, seed: int = 0
) -> Frames:
    """The goal images of a task, (stages, H, W, 3); `draw` is a render pool's."""
    return draw(goal_snapshots(world, seed), view)
