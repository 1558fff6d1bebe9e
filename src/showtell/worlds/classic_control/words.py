"""Captions of CartPole and MountainCar, each with its place on a scale."""

import math
from typing import NamedTuple

import numpy as np

from showtell.worlds.world import Array


class Scale(NamedTuple):
    """Captions along one quantity: each fits best at its place, less and less on both sides."""

    captions: dict[str, float]  # sentence -> its place

    def fits(self, places: Array, looseness: float) -> Array:
        """(N, C), rows sum to 1: Laplace's curve around each place."""
        distances = np.abs(places[:, None] - np.array(list(self.captions.values())))
        # Its logarithm, which is what a contrastive network learns, falls evenly all the way: a
        # Gaussian's tails are so thin that nothing is learned between far and farther.
        weights = np.exp(-distances / looseness)
        return np.asarray(weights / weights.sum(1, keepdims=True))


def angle_place(angles: Array) -> Array:
    """Where a pole angle lies on the scale of words: finely graded near upright."""
    return np.asarray(7 * (np.cbrt(np.abs(angles) + 0.02) - np.cbrt(0.02)))


# From upright to hanging; the places are angles in rad. All captions of a scale have the same
# function words, so that none of these words tells one state from another. No caption names the
# side to which the pole leans: one initialisation in three never learns to separate "left" from
# "right", and learns the other captions worse for it.
_POLE_ANGLES = {
    "pole vertically upright on top of the cart": 0.0,
    "pole leaning minimally on top of the cart": 0.05,
    "pole leaning slightly on top of the cart": 0.15,
    "pole leaning visibly on top of the cart": 0.35,
    "pole leaning strongly on top of the cart": 0.65,
    "pole leaning steeply on top of the cart": 1.05,
    "pole lying flat on top of the cart": 1.57,
    "pole sunk obliquely on underside of the cart": 2.3,
    "pole hanging straight on underside of the cart": math.pi,
}
POLE = Scale({words: float(angle_place(np.array(angle))) for words, angle in _POLE_ANGLES.items()})
CART = Scale(  # places: metres
    {
        "cart at the left edge": -2.0,
        "cart left of the middle": -1.0,
        "cart in the middle": 0.0,
        "cart right of the middle": 1.0,
        "cart at the right edge": 2.0,
    }
)
CAR = Scale(  # places: quarters of the position
    {
        "a car at the top of the left hill, next to the edge": -4.4,
        "a car at the slope of the left hill, next to the valley": -3.2,
        "a car at the bottom of the valley, next to the hills": -2.1,
        "a car at the foot of the mountain, next to the valley": -0.9,
        "a car at the middle of the mountain, next to the slope": 0.2,
        "a car at the shoulder of the mountain, next to the peak": 1.1,
        "a car at the peak of the mountain, next to the yellow flag": 1.95,
    }
)
CARTPOLE, MOUNTAIN_CAR = "pole and cart", "a car in the mountain"
CAPTIONS = [*POLE.captions, *CART.captions, CARTPOLE, *CAR.captions, MOUNTAIN_CAR]
