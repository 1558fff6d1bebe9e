"""The goal of rewards that compare with one embedding, checked against their encoder."""

from showtell.goals.goal import Target
from showtell.nets.distance import Vector
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError


def single_goal(goal: str, target: Target, encoder: Encoder) -> Vector:
    """The embedding of a target with one stage, (D,), of the encoder's own dimensions."""
    vector = target.goal
    if len(vector) != encoder.dimensions:
        raise UserError(
            f"the goal {goal!r} has {len(vector)} dimensions and the encoder "
            f"{encoder.dimensions}: they were made by different models. Delete the goal's "
            "file and make it again with: make reproduce"
        )
    return vector
