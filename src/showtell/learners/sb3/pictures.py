"""Environments whose observations are pictures; the reward reads the same frames."""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from showtell.learners.sb3.drawn import Drawn
from showtell.learners.sb3.lockstep import Lockstep
from showtell.learners.sight import Sight
from showtell.learners.stages import Stages
from showtell.rendering.scene import Frames


class Pictures(Drawn):
    """Observes each step's frame, with the picture of the active goal appended."""

    def __init__(self, worlds: Lockstep, sight: Sight, stages: Stages) -> None:
        shape = (sight.channels, sight.size.height, sight.size.width)
        space = spaces.Box(0, 255, shape, np.uint8)
        super().__init__(worlds, space, sight.draw, sight.view, stages)
        self.sight = sight

    def observations(
        self, states: NDArray[Any], frames: Frames, active: NDArray[np.intp]
    ) -> NDArray[np.uint8]:
        """(n, C, H, W)."""
        return self.sight.observations(frames, active)
