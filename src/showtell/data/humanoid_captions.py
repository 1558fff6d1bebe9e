"""Pictures of the humanoid in all its scenes, with captions graded by the margins of rules."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt

from showtell.data.humanoid_bodies import WANDERING_BODIES, Bodies, Drawn
from showtell.data.judged import Judged, JudgedFrames
from showtell.data.samples import Captioned, Request
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Frames, View
from showtell.study.settings import DatasetSettings, Samples
from showtell.worlds.humanoid.poses import POSES, missing
from showtell.worlds.humanoid.words import (
    BODY,
    BODY_PARTS,
    ROBOT,
    SENTENCES,
    STANDING,
    Caption,
)
from showtell.worlds.humanoid.world import MODEL, Humanoid

# The poses whose sentences have no word that only they have: the others cannot be left out.
Composed = Literal["arms_raised", "hands_on_hips", "one_leg", "arms_crossed"]


class HumanoidCaptionsSettings(DatasetSettings):
    """How many bodies are drawn, from where, and how loosely their captions fit."""

    samples: ClassVar[Samples] = "frames"

    kind: Literal["humanoid_captions"]
    frames: PositiveInt  # a quarter of each scene: plain and textured, the original camera and ours
    wandering: float = Field(ge=0, le=1)  # share of the bodies that move with random torques
    other_views: float = Field(ge=0, lt=1)  # share of the pictures that another camera saw
    held_out: float = Field(gt=0, lt=1)  # share of the frames
    # Poses that are never trained on: no frame that shows one, and not its sentence.
    left_out: tuple[Composed, ...]
    looseness: PositiveFloat  # of a caption: m and rad that its rule is missed by, together

    def world_kinds(self) -> Collection[str]:
        """The humanoid, whatever its pose."""
        return ("humanoid",)


# What a caption speaks of, in shares: the whole body, what a standing body does, a part of it, or
# no more than what it is.
_BODY_SHARE, _STANDING_SHARE, _PARTS_SHARE, _PLAIN_SHARE = 0.4, 0.3, 0.2, 0.1
_SCENES = [(textured, camera) for textured in (False, True) for camera in ("side", "fixed")]


class HumanoidCaptions:
    """Draws the frames and says which captions fit them."""

    note: ClassVar[str] = (
        "A stand-in trained on frames of this very simulator, captioned by the margins of the "
        "rules of all poses with the paper's prompts among the captions. Of a pose that its "
        "dataset leaves out it knows the words alone, from other poses and from parts of bodies."
    )

    def __init__(self, settings: HumanoidCaptionsSettings) -> None:
        self._settings = settings
        left_out = set(settings.left_out)
        self._families: list[tuple[Sequence[Caption], float]] = [
            ([caption for caption in family if caption.pose not in left_out], share)
            for family, share in (
                (BODY, _BODY_SHARE),
                *((family, _STANDING_SHARE / len(STANDING)) for family in STANDING),
                *((pair, _PARTS_SHARE / len(BODY_PARTS)) for pair in BODY_PARTS),
            )
        ]
        texts = [caption.text for family, _ in self._families for caption in family]
        self.captions = [*dict.fromkeys(texts), ROBOT]

    def make(
        self, generator: np.random.Generator, request: Request
    ) -> tuple[Captioned, JudgedFrames]:
        """(training, held out): frames of different bodies, in random order."""
        from showtell.worlds.simulator.models import bare_model

        bodies = Bodies(bare_model(str(MODEL)))
        count = max(1, round(self._settings.held_out * self._settings.frames))
        seen = list(islice(self.allowed(bodies, generator), self._settings.frames - count))
        held_out = list(islice(self.drawn(bodies, generator), count))
        frames = self._draw(generator, request, [*seen, *held_out])
        return (
            Captioned(frames[: len(seen)], self.captions, self._fits(seen)),
            JudgedFrames(
                frames[len(seen) :], self.captions, self._fits(held_out), _judged(held_out)
            ),
        )

    def drawn(self, bodies: Bodies, generator: np.random.Generator) -> Iterator[Drawn]:
        """Bodies without end."""
        # One wandering gives several bodies.
        runs = self._settings.wandering / WANDERING_BODIES
        often = runs / (runs + 1 - self._settings.wandering)
        while True:
            if generator.random() < often:
                yield from bodies.wandering(generator)
            else:
                yield bodies.posed(generator)

    def allowed(self, bodies: Bodies, generator: np.random.Generator) -> Iterator[Drawn]:
        """Those that show no pose that is left out."""
        rules = [POSES[pose].shown for pose in self._settings.left_out]
        for body in self.drawn(bodies, generator):
            if not any(shows(body.posture) for shows in rules):
                yield body

    def _fits(self, bodies: list[Drawn]) -> NDArray[np.float32]:
        """(N, C), rows sum to 1: in each family, captions by how much their rules are missed by."""
        fits = np.zeros((len(bodies), len(self.captions)))
        fits[:, self.captions.index(ROBOT)] = _PLAIN_SHARE
        for family, share in self._families:
            missed = np.array(
                [[missing(caption.margins(body.posture)) for caption in family] for body in bodies]
            )
            weights = np.exp(-missed / self._settings.looseness)
            columns = [self.captions.index(caption.text) for caption in family]
            fits[:, columns] += share * weights / weights.sum(1, keepdims=True)
        return fits.astype(np.float32)

    def _draw(
        self, generator: np.random.Generator, request: Request, bodies: list[Drawn]
    ) -> Frames:
        """Each body in one scene, in turn, and some from another camera."""
        frames = np.empty((len(bodies), request.height, request.width, 3), dtype=np.uint8)
        scenes = [_SCENES[number % len(_SCENES)] for number in range(len(bodies))]
        others = [view["camera"] for view in Humanoid.other_views]
        for number in np.flatnonzero(generator.random(len(bodies)) < self._settings.other_views):
            scenes[number] = scenes[number][0], others[int(generator.integers(len(others)))]
        for textured in (False, True):
            with RenderPool(Humanoid.scene, {"textured": textured}) as pool:
                for camera in dict.fromkeys(view for look, view in scenes if look == textured):
                    rows = [n for n, scene in enumerate(scenes) if scene == (textured, camera)]
                    view = View(request.width, request.height, camera, "fast")
                    frames[rows] = pool.draw(np.array([bodies[n].qpos for n in rows]), view)
        return frames


def _judged(bodies: list[Drawn]) -> dict[str, Judged]:
    """Every pose of every body, also of those that are left out of the training."""
    noise = np.array([body.noise for body in bodies])
    found: dict[str, Judged] = {}
    for pose, sentence in SENTENCES.items():
        margins = [POSES[pose].margins(body.posture) for body in bodies]
        shown = np.array([min(each) > 0 for each in margins])
        fit = np.array([-missing(each) for each in margins])
        found[str(pose)] = Judged(sentence, shown, fit, noise)
    return found


PARTS = {"humanoid_captions": (HumanoidCaptionsSettings, "HumanoidCaptions")}
