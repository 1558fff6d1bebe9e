"""Meta-World's own scripted policies."""

from collections.abc import Callable
from typing import Any

from showtell.worlds.script import clipped
from showtell.worlds.world import Action, Array, Script


def script(task: str, observe: Callable[[], Array]) -> Script:
    """The policy of one task; `observe` gives all 39 numbers, the hidden goal among them."""
    from metaworld.policies import ENV_POLICY_MAP  # imports the simulator

    policies: Any = ENV_POLICY_MAP
    policy = policies[f"{task}-v3"]()

    def act() -> Action:
        return clipped(policy.get_action(observe()))

    return act
