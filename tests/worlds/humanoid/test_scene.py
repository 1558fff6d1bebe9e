"""The humanoid's pictures; `python -m tests.worlds.humanoid.test_scene` refreshes golden ones.

They are drawn in a render process: OpenGL must not meet the torch of other tests.
"""

from pathlib import Path

import numpy as np
import pytest

from showtell.media.frames import contact_sheet, read_png, write_png
from showtell.rendering.pool import RenderError, RenderPool
from showtell.rendering.scene import View
from showtell.worlds.humanoid.poses import POSES, Body
from showtell.worlds.humanoid.textures import shell, sky, slate
from showtell.worlds.humanoid.world import MODEL, Humanoid, HumanoidSettings
from showtell.worlds.simulator.models import bare_model

GOLDEN = Path(__file__).parents[2] / "golden/humanoid"
SCENE = "showtell.worlds.humanoid.scene:HumanoidScene"
LOOKS = {"textured": True, "plain": False}
CAMERAS = ("fixed", "side")
QUALITIES = ("faithful", "fast")
SMALL = View(80, 80, "fixed", "fast")


def moments() -> np.ndarray:
    body = Body(bare_model(str(MODEL)))
    return np.array([body.example(name) for name in POSES])


def raised(side: str) -> np.ndarray:
    """One arm up, the other hanging."""
    body, up, down = Body(bare_model(str(MODEL))), POSES["arms_raised"], POSES["standing_up"]
    angles = {**down.example}
    mirror = -1 if side == "left" else 1
    for joint in ("shoulder1", "shoulder2"):
        angles[f"{side}_{joint}"] = mirror * up.example[joint]
    angles[f"{side}_elbow"] = up.example["elbow"]
    return body.grounded(body.positions(angles))


@pytest.fixture(scope="module", params=LOOKS)
def look(request):
    with RenderPool(SCENE, {"textured": LOOKS[request.param]}, workers=1) as pool:
        yield request.param, pool


@pytest.fixture(scope="module")
def plain():
    with RenderPool(SCENE, {"textured": False}, workers=1) as pool:
        yield pool


def golden_sheet(pool: RenderPool, quality: str) -> np.ndarray:
    """Every pose, from both cameras."""
    rows = [pool.draw(moments(), SMALL._replace(camera=c, quality=quality)) for c in CAMERAS]
    return contact_sheet(np.concatenate(rows), columns=len(POSES), gap=2)


@pytest.mark.parametrize("quality", QUALITIES)
def test_pictures_are_the_golden_ones(look, quality):
    name, pool = look
    expected = read_png(GOLDEN / f"{name}-{quality}.png").astype(int)
    difference = np.abs(expected - golden_sheet(pool, quality))
    # Another OpenGL may shade and smooth otherwise; a moved or recoloured part shows at once.
    assert difference.mean() < 1.5
    assert (difference > 40).mean() < 0.01


def test_fast_is_close_to_faithful_and_tells_poses_apart_alike(look):
    _, pool = look
    snapshots = moments()
    pictures = {
        quality: pool.draw(snapshots, View(96, 96, "fixed", quality)).astype(float)
        for quality in QUALITIES
    }
    faithful, fast = pictures["faithful"], pictures["fast"]
    errors = np.abs(fast[:, None] - faithful[None]).mean((2, 3, 4))
    assert (errors.argmin(1) == np.arange(len(snapshots))).all()
    assert np.diag(errors).mean() < 12  # the plain floor's reflections are most of it


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_snapshot_is_all_that_a_moment_needs(look, quality):
    _, pool = look
    settings = {"kind": "humanoid", "pose": "lotus", "horizon": 40, "end": "terminal"}
    settings |= {"observe_time": False, "ends_when_unhealthy": False, "textured": True}
    settings |= {"action_repeat": 1, "integrator": "runge_kutta", "observed": "all"}
    world = Humanoid(HumanoidSettings.model_validate(settings))
    world.reset(seed=0)
    snapshots = []
    for action in np.random.default_rng(0).uniform(-0.4, 0.4, (30, 17)):
        world.step(action)
        snapshots.append(world.snapshot())
    view = View(64, 64, "side", quality)
    wanted = np.array(snapshots)[[5, 29, 5]]
    first, other, again = pool.draw(wanted, view)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(pool.draw(wanted[1:2], view)[0], other)


def test_the_fixed_camera_sees_the_front_and_mirroring_swaps_the_sides(plain):
    left, right = plain.draw(np.array([raised("left"), raised("right")]), SMALL).astype(int)
    above = np.abs(left - right).sum(-1) > 60
    # What the left arm adds is on the right of a picture of somebody who faces us.
    brown = (left[..., 0] - left[..., 2]) > 30
    rows, columns = np.nonzero(above & brown)
    highest = columns[rows < rows.min() + 6]
    assert highest.mean() > 44
    mirrored = plain.draw(raised("left")[None], SMALL._replace(mirrored=True))[0]
    np.testing.assert_array_equal(mirrored, left[:, ::-1])


def test_the_side_camera_sees_it_face_right_and_follows_it(plain):
    crossed = Body(bare_model(str(MODEL))).example("arms_crossed")  # both arms stretched forward
    away = crossed.copy()
    away[0] += 6.0
    view = View(120, 120, "side", "fast")
    here, there = plain.draw(np.array([crossed, away]), view).astype(int)
    for picture in (here, there):
        brown = (picture[..., 0] - picture[..., 2]) > 30
        columns = np.nonzero(brown)[1]
        assert columns.max() - 60 > 60 - columns.min()
        assert abs(np.median(columns) - 60) < 6
    gone = plain.draw(away[None], view._replace(camera="fixed"))[0].astype(int)
    brown = (gone[..., 0] - gone[..., 2]) > 30
    assert brown.sum() == 0  # the fixed camera is passed by


def test_the_world_names_its_scene():
    assert Humanoid.scene == SCENE


def test_an_unknown_camera_is_refused_by_name(plain):
    with pytest.raises(RenderError, match="did you mean 'fixed'"):
        plain.draw(moments()[:1], SMALL._replace(camera="fixd"))


def test_textures_look_like_their_names_and_repeat():
    tiles = slate(128).astype(float)
    assert tiles.mean() < 90
    joint = (tiles[0].mean() + tiles[64].mean()) / 2
    assert joint < tiles[32].mean() - 15  # dark joints around and between the tiles
    assert np.abs(tiles[:, 0] - tiles[:, -1]).mean() < 12
    assert shell(64).min() > 225
    faces = sky(64).astype(float).reshape(6, 64, 64, 3)
    ahead, up = faces[4], faces[2]
    assert (ahead[4, :, 2] - ahead[4, :, 0]).mean() > 15  # blue above the horizon
    assert np.ptp(up.mean(-1)) > 60  # with clouds
    np.testing.assert_array_equal(sky(64), sky(64))


def test_faces_of_the_sky_meet_without_a_seam():
    faces = sky(64).astype(float).reshape(6, 64, 64, 3)
    ring = ("right", "back", "left", "front")
    number = {"right": 0, "left": 1, "front": 4, "back": 5}
    for one, other in zip(ring, ring[1:] + ring[:1], strict=True):
        seam = np.abs(faces[number[one]][:, -1] - faces[number[other]][:, 0]).mean()
        assert seam < 4, (one, other)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, textured in LOOKS.items():
        with RenderPool(SCENE, {"textured": textured}, workers=1) as pool:
            for quality in QUALITIES:
                path, sheet = GOLDEN / f"{name}-{quality}.png", golden_sheet(pool, quality)
                old = read_png(path).astype(int) if path.exists() else np.zeros(sheet.shape)
                print(f"{path.stem}: mean difference {np.abs(old - sheet).mean():.3f} of 255")
                write_png(path, sheet)
