"""Pictures of CartPole and MountainCar at many states, with the sentences that fit each state."""

import math
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from showtell.data.samples import Captioned
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.worlds.classic_control import CartPole, MountainCar

Array = NDArray[np.float64]


class ClassicControlCaptionsSettings(BaseModel):
    """How many states are drawn, how large, and how loosely their captions fit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["classic_control_captions"]
    width: PositiveInt  # of the view; the tasks that use the network should have its aspect
    height: PositiveInt
    cartpole: PositiveInt  # frames
    mountain_car: PositiveInt  # frames, half of them textured
    held_out: float = Field(gt=0, lt=1)  # share of the frames
    looseness: PositiveFloat  # of a caption, in steps from one caption to the next


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


# From upright to hanging; the places are angles in rad. To which side the pole leans is not said:
# networks that start as unlucky as one in three take sentences that differ in "left" and "right"
# for one, and never find out, and the rest of what they learn is worse for it.
_POLE_ANGLES = {
    "pole vertically upright on top of the cart": 0.0,
    "pole almost vertical, leaning a touch, on top of the cart": 0.05,
    "pole leaning very slightly on the cart": 0.15,
    "pole leaning slightly to one side on the cart": 0.35,
    "pole leaning to one side of the cart": 0.65,
    "pole leaning far to one side of the cart": 1.05,
    "pole fallen flat beside the cart": 1.57,
    "pole fallen below the cart": 2.3,
    "a pole hanging straight down below the cart": math.pi,
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
        "a car high on the left hill": -4.4,
        "a car on the slope of the left hill": -3.2,
        "a car at the bottom of the valley": -2.1,
        "a car at the foot of the mountain": -0.9,
        "a car half way up the mountain": 0.2,
        "a car close below the peak of the mountain": 1.1,
        "a car at the peak of the mountain, next to the yellow flag": 1.95,
    }
)
CARTPOLE, MOUNTAIN_CAR = "pole and cart", "a car in the mountain"
CAPTIONS = [*POLE.captions, *CART.captions, CARTPOLE, *CAR.captions, MOUNTAIN_CAR]
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

    def make(self, generator: np.random.Generator) -> tuple[Captioned, Captioned]:
        """(training, held out): frames of different states, in random order."""
        carts = self._cartpole_states(generator)
        cars = self._mountain_car_states(generator)
        half = len(cars) // 2
        frames = np.concatenate(
            [
                self._draw(CartPole.scene, {}, carts),
                self._draw(MountainCar.scene, {"textured": False}, cars[:half]),
                self._draw(MountainCar.scene, {"textured": True}, cars[half:]),
            ]
        )
        fits = np.concatenate([self._cartpole_fits(carts), self._mountain_car_fits(cars)])
        order = generator.permutation(len(frames))
        cut = max(1, round(self._settings.held_out * len(frames)))
        held_out, training = order[:cut], order[cut:]
        return (
            Captioned(frames[training], CAPTIONS, fits[training].astype(np.float32)),
            Captioned(frames[held_out], CAPTIONS, fits[held_out].astype(np.float32)),
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

    def _draw(self, scene: str, settings: dict[str, Any], states: Snapshots) -> Frames:
        view = View(width=self._settings.width, height=self._settings.height)
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
