"""How a learning rate moves while a training goes on."""

from collections.abc import Callable
from typing import Literal

Decay = Literal["none", "linear"]  # linear: to zero at the end


def learning_rate(
    start: float, decay: Decay, share: float = 1.0
) -> float | Callable[[float], float]:
    """What Stable-Baselines3 takes: a number, or a function of the share of steps that is left.

    `share`: of all steps, how many the decay is over; before them the rate stays as it starts.
    """
    # A last rollout may reach past the end, where a negative rate would unlearn.
    return start if decay == "none" else lambda left: start * min(max(left / share, 0.0), 1.0)
