"""Pictures of CartPole and MountainCar at many states, with the sentences that fit each state."""

import math
from collections.abc import Collection
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from showtell.data.samples import Captioned, Request
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.study.settings import DatasetSettings, Samples
from showtell.worlds.classic_control.words import (
    CAPTIONS,
    CAR,
    CART,
    CARTPOLE,
    MOUNTAIN_CAR,
    POLE,
    angle_place,
)
from showtell.worlds.classic_control.world import CartPole, MountainCar

Array = NDArray[np.float64]


class ClassicControlCaptionsSettings(DatasetSettings):
    """How many states are drawn, how large, and how loosely their captions fit."""

    samples: ClassVar[Samples] = "frames"

    kind: Literal["classic_control_captions"]
    cartpole: NonNegativeInt  # frames of CartPole; none: its captions are left out too
    mountain_car: PositiveInt  # frames of MountainCar
    textured: float = Field(ge=0, le=1)  # share of the frames of MountainCar that have textures
    held_out: float = Field(gt=0, lt=1)  # share of the frames
    looseness: PositiveFloat  # of a caption, in steps from one caption to the next

    def world_kinds(self) -> Collection[str]:
        """Both worlds."""
        return ("cartpole", "mountain_car")


# What a caption speaks of, in shares: the pole mostly, sometimes where the cart is, or just both.
_POLE_SHARE, _CART_SHARE, _PLAIN_SHARE = 0.75, 0.10, 0.15


class ClassicControlCaptions:
    """Draws the frames and says which captions fit them."""

    note: ClassVar[str] = (
        "A stand-in trained on frames of this very simulator, captioned by rule from its state "
        "with the paper's prompts among the captions: it shows that the method works, not what a "
        "pretrained CLIP knows."
    )

    def __init__(self, settings: ClassicControlCaptionsSettings) -> None:
        self._settings = settings

    def make(self, generator: np.random.Generator, request: Request) -> tuple[Captioned, Captioned]:
        """(training, held out): frames of different states, in random order."""
        carts = self._cartpole_states(generator)
        cars = self._mountain_car_states(generator)
        plain = math.floor((1 - self._settings.textured) * len(cars) + 1e-9)
        frames = np.concatenate(
            [
                self._draw(request, CartPole.scene, {}, carts),
                self._draw(request, MountainCar.scene, {"textured": False}, cars[:plain]),
                self._draw(request, MountainCar.scene, {"textured": True}, cars[plain:]),
            ]
        )
        fits = np.concatenate([self._cartpole_fits(carts), self._mountain_car_fits(cars)])
        used = np.flatnonzero(fits.any(axis=0))  # all, unless there are no frames of CartPole
        captions, fits = [CAPTIONS[column] for column in used], fits[:, used].astype(np.float32)
        order = generator.permutation(len(frames))
        cut = max(1, round(self._settings.held_out * len(frames)))
        held_out, training = order[:cut], order[cut:]
        return (
            Captioned(frames[training], captions, fits[training]),
            Captioned(frames[held_out], captions, fits[held_out]),
        )

    def _cartpole_states(self, generator: np.random.Generator) -> Snapshots:
        """Positions uniform, angles uniform on the scale of words: denser near upright."""
        states = np.zeros((self._settings.cartpole, len(CartPole.state)))
        u = generator.uniform(-1, 1, len(states))
        states[:, CartPole.state.index("pole_angle")] = math.pi * u**3
        states[:, CartPole.state.index("cart_position")] = generator.uniform(
            -CartPole.TRACK, CartPole.TRACK, len(states)
        )
        return states

    def _mountain_car_states(self, generator: np.random.Generator) -> Snapshots:
        states = np.zeros((self._settings.mountain_car, len(MountainCar.state)))
        states[:, MountainCar.state.index("car_position")] = generator.uniform(
            MountainCar.LEFT, MountainCar.RIGHT, len(states)
        )
        return states

    @staticmethod
    def _draw(request: Request, scene: str, settings: dict[str, Any], states: Snapshots) -> Frames:
        if not len(states):
            return np.empty((0, request.height, request.width, 3), dtype=np.uint8)
        view = View(width=request.width, height=request.height)
        with RenderPool(scene, settings, workers=0) as pool:  # no OpenGL: drawn in this process
            return pool.draw(states, view)

    def _cartpole_fits(self, states: Snapshots) -> Array:
        angles = states[:, CartPole.state.index("pole_angle")]
        positions = states[:, CartPole.state.index("cart_position")]
        loose = self._settings.looseness
        return _placed(
            {
                next(iter(POLE.captions)): _POLE_SHARE * POLE.fits(angle_place(angles), loose),
                next(iter(CART.captions)): _CART_SHARE * CART.fits(positions, loose),
                CARTPOLE: np.full((len(states), 1), _PLAIN_SHARE),
            }
        )

    def _mountain_car_fits(self, states: Snapshots) -> Array:
        places = 4 * states[:, MountainCar.state.index("car_position")]
        return _placed(
            {
                next(iter(CAR.captions)): (1 - _PLAIN_SHARE)
                * CAR.fits(places, self._settings.looseness),
                MOUNTAIN_CAR: np.full((len(states), 1), _PLAIN_SHARE),
            }
        )


def _placed(blocks: dict[str, Array]) -> Array:
    """Columns of CAPTIONS, each block beginning at its first caption, zero elsewhere."""
    rows = len(next(iter(blocks.values())))
    fits = np.zeros((rows, len(CAPTIONS)))
    for first, block in blocks.items():
        start = CAPTIONS.index(first)
        fits[:, start : start + block.shape[1]] = block
    return fits


PARTS = {"classic_control_captions": (ClassicControlCaptionsSettings, "ClassicControlCaptions")}
