"""Scripts of worlds: the next action at every step, exact or with noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.project.errors import UserError
from showtell.worlds.world import Action, Script, Scripted, World

_MEMORY = 0.9  # of the noise of one step in that of the next: it fades over ten steps


def has_script(world: World) -> bool:
    """Whether this world, with its settings, has a script."""
    return isinstance(world, Scripted) and world.has_script


def script_of(world: World) -> Script:
    """The world's script, for one episode; ask for it after the world's reset."""
    if isinstance(world, Scripted) and world.has_script:
        return world.script()
    raise UserError(
        f"there is no script for {type(world).__name__} with these settings; tasks of Meta-World, "
        "of the table tops and of the kitchen with `actions: end_effector` have one. Give this "
        "task a video file instead: a demo of `kind: file` in params.yaml."
    )


def shaken(script: Script, generator: np.random.Generator, noise: float) -> Script:
    """The same script with autocorrelated noise of standard deviation `noise`, clipped."""
    wander: Any = None

    def act() -> Action:
        nonlocal wander
        wanted = script()
        fresh = generator.standard_normal(wanted.shape)
        # An autoregressive walk of variance one.
        wander = fresh if wander is None else _MEMORY * wander + np.sqrt(1 - _MEMORY**2) * fresh
        return clipped(wanted + noise * wander)

    return act


def clipped(wanted: NDArray[Any]) -> Action:
    """An action within the box from -1 to 1."""
    return np.asarray(np.clip(wanted, -1, 1), dtype=np.float32)
