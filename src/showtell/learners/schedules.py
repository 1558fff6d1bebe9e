"""How a learning rate moves while a training goes on."""

from collections.abc import Callable
from typing import Literal

Decay = Literal["none", "linear"]  # linear: to zero at the end


def learning_rate(start: float, decay: Decay) -> float | Callable[[float], float]:
    """What Stable-Baselines3 takes: a number, or a function of the share that is left."""
    # A last rollout may reach past the end, where a negative rate would unlearn.
    return start if decay == "none" else lambda left: start * max(left, 0.0)
