"""What a policy observes where it observes pictures: the frame, and the active goal beside it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.media.frames import resize
from showtell.nets.distance import Stage
from showtell.project.errors import UserError
from showtell.rendering.scene import Frames, Snapshots, View

Draw = Callable[[Snapshots, View], Frames]
Pixels = NDArray[np.uint8]  # (N, C, H, W), channels first


class Size(NamedTuple):
    """Of the pictures that a policy observes."""

    width: int
    height: int


class Sight(NamedTuple):
    """Draws observations. Frames are drawn with `view` and resized to `size` for the policy."""

    draw: Draw
    view: View
    size: Size
    goals: Frames  # (K, H, W, 3) in the policy's size; K is 0 where it observes no goal

    @property
    def channels(self) -> int:
        """Of an observation: the frame's three, and the goal's."""
        return 6 if len(self.goals) else 3

    def frames(self, snapshots: Snapshots) -> Frames:
        """The frames of these moments, as the reward reads them."""
        return self.draw(snapshots, self.view)

    def observations(self, frames: Frames, stages: NDArray[np.intp]) -> Pixels:
        """What the policy observes of these frames while these goals are active."""
        small = resize(frames, *self.size, how="bilinear")
        if len(self.goals):
            small = np.concatenate([small, self.goals[stages]], axis=-1)
        return np.ascontiguousarray(small.transpose(0, 3, 1, 2))


def goal_pictures(stages: tuple[Stage, ...], size: Size) -> Frames:
    """The goals' pictures in the policy's size; none where the goals have no picture."""
    pictures = [stage.picture for stage in stages if stage.picture is not None]
    if not pictures:
        return np.empty((0, size.height, size.width, 3), np.uint8)
    if len(pictures) != len(stages):
        raise UserError(
            f"{len(stages) - len(pictures)} of the goal's {len(stages)} stages have no picture, "
            "and a policy that observes pictures needs one for each; use a goal of the kind "
            "'rendered'."
        )
    return np.concatenate([resize(picture[None], *size, how="bilinear") for picture in pictures])
