"""What to do in every world that has a script; asked by demonstrations and by datasets of clips."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.data.scripted_tabletop import scripted_action
from showtell.project.errors import UserError
from showtell.worlds import kitchen
from showtell.worlds.kitchen import Kitchen
from showtell.worlds.metaworld import MetaWorld
from showtell.worlds.tabletop import Tabletop
from showtell.worlds.world import World

Action = NDArray[np.float32]  # (A,), within the world's box
Script = Callable[[], Action]  # the next action: ask once before every step of an episode

_MEMORY = 0.9  # of a shaken hand: its noise fades over ten steps


def has_script(world: World) -> bool:
    """Whether `script` knows what to do in this world."""
    if isinstance(world, Kitchen):
        return world.action_space.shape == (7,)
    return isinstance(world, MetaWorld | Tabletop)


def script(world: World) -> Script:
    """A policy that reads the world itself and succeeds from nearly every start.

    Make one for each episode, after the world's reset.
    """
    if not has_script(world):
        raise UserError(
            f"there is no script for {type(world).__name__}; Meta-World, the table tops and the "
            "kitchen with `actions: end_effector` have one. Show this task with a file instead: "
            "a demo of name `file` in params.yaml."
        )
    if isinstance(world, MetaWorld):
        return _metaworld(world)
    if isinstance(world, Kitchen):
        return lambda: kitchen.scripted(world).astype(np.float32)
    assert isinstance(world, Tabletop)
    return lambda: scripted_action(world)


def shaken(script: Script, generator: np.random.Generator, noise: float) -> Script:
    """The same script by a hand that drifts about: noise is its spread, of a full action."""
    wander: Any = None

    def act() -> Action:
        nonlocal wander
        wanted = script()
        fresh = generator.standard_normal(wanted.shape)
        # An autoregressive walk of variance one.
        wander = fresh if wander is None else _MEMORY * wander + np.sqrt(1 - _MEMORY**2) * fresh
        return _action(wanted + noise * wander)

    return act


def _metaworld(world: MetaWorld) -> Script:
    """Meta-World's own policy of the task; it reads the hidden goal too."""
    from metaworld.policies import ENV_POLICY_MAP  # imports the simulator

    policies: Any = ENV_POLICY_MAP
    policy = policies[f"{world.task}-v3"]()

    def act() -> Action:
        return _action(policy.get_action(world.full_observation()))

    return act


def _action(wanted: NDArray[Any]) -> Action:
    return np.asarray(np.clip(wanted, -1, 1), dtype=np.float32)
