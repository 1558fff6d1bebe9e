"""RLV's and DVD's pictures; `python -m tests.worlds.tabletop.test_scene` refreshes the golden ones.

Everything is drawn by render pools: OpenGL and torch must not meet in the process of the tests.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from showtell.media.frames import contact_sheet, read_png, write_png
from showtell.rendering.meshes import lighten
from showtell.rendering.pool import RenderError, RenderPool
from showtell.rendering.scene import View
from showtell.worlds.simulator.models import mujoco
from showtell.worlds.tabletop import physics
from tests.worlds.tabletop.test_world import (
    DRAWER,
    FAUCET,
    MUG,
    PUSHED_X,
    RLV_DRAWER,
    SETTINGS,
    VARIANTS,
    tabletop,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "tabletop"
QUALITIES = ("faithful", "fast")
SIZES = {"pushing": (96, 96), "drawer": (96, 96), "dvd": (120, 80)}
GOLDENS = [*SETTINGS, *VARIANTS[1:]]
RED, GREEN, BLACK, WHITE = (200, 30, 30), (90, 150, 90), (26, 26, 26), (225, 225, 225)


@cache
def pool(scene: str, **settings: Any) -> RenderPool:
    return RenderPool(scene, settings, workers=1)


@pytest.fixture(scope="module", autouse=True)
def _pools():
    yield
    close_pools()


def close_pools() -> None:
    for name in SETTINGS:
        for variant in VARIANTS if name == "dvd_cup_forward" else VARIANTS[:1]:
            pool_of(world_of(name, variant)).close()


def world_of(name: str, variant: str = "original") -> Any:
    return tabletop(name, **({"variant": variant} if name.startswith("dvd") else {}))


def pool_of(world: Any) -> RenderPool:
    return pool(world.scene, **world.scene_settings())


def draw(world: Any, moments: Any, **view: Any) -> np.ndarray:
    width, height = SIZES[world.table]
    shown = View(**({"width": width, "height": height, "quality": "fast"} | view))
    return pool_of(world).draw(np.atleast_2d(moments), shown)


def started(name: str, variant: str = "original", seed: int = 0) -> tuple[Any, np.ndarray]:
    world = world_of(name, variant)
    world.reset(seed=seed)
    return world, world.snapshot()


def place(picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 60) -> np.ndarray:
    """(row, column) of the middle of what has a colour, as shares of the picture."""
    near = np.abs(picture.astype(int) - colour).max(axis=-1) < tolerance
    assert near.sum() > 8, "nothing has that colour"
    return np.argwhere(near).mean(axis=0) / picture.shape[:2]


def golden_sheet(name: str, quality: str) -> np.ndarray:
    """The start and the goals of a task, or the start of a variant."""
    if name in VARIANTS:
        world, start = started("dvd_cup_forward", name)
        return draw(world, start, quality=quality)[0]
    world, start = started(name)
    return contact_sheet(draw(world, [start, *world.goal_snapshots()], quality=quality), columns=3)


@pytest.mark.parametrize("name", GOLDENS)
@pytest.mark.parametrize("quality", QUALITIES)
def test_pictures_are_the_golden_ones(name, quality):
    golden = read_png(GOLDEN / f"{name}-{quality}.png").astype(int)
    difference = np.abs(golden - golden_sheet(name, quality))
    # Another driver rounds edges otherwise; a moved or recoloured part shows at once.
    assert difference.mean() < 1.5
    assert (difference > 40).mean() < 0.01


def test_pushing_shows_a_red_mug_behind_a_black_square():
    world, start = started("rlv_pushing")
    start[PUSHED_X] = 0
    picture = draw(world, start, quality="faithful")[0]
    mug, square = place(picture, RED), place(picture[50:], BLACK) * (46, 96) + (50, 0)
    np.testing.assert_allclose(mug, (0.49, 0.5), atol=0.02)
    np.testing.assert_allclose(square / 96, (0.69, 0.5), atol=0.02)
    assert np.abs(picture[70:, :20].astype(int) - 150).max() < 25  # a plain grey table


def test_the_box_drawer_is_red_in_a_blue_cover_with_a_black_handle():
    world, start = started("rlv_drawer")
    opened = start.copy()
    opened[RLV_DRAWER] = -0.2
    shut, out = draw(world, [start, opened], quality="faithful")
    blue, red, black = (60, 50, 120), (190, 50, 35), (2, 2, 2)
    cover, front = place(shut, blue, 30), place(shut, red, 40)
    handle = place(shut[40:], black, 8) * (56, 96) / 96 + (40 / 96, 0)  # below the arm's ring
    assert handle[1] < front[1] < 1
    assert cover[1] > handle[1]
    assert place(out, red, 40)[1] < front[1] - 0.05  # it comes towards the robot, to the left


def test_the_sky_behind_rlvs_drawer_is_grey():
    """The first of RLV's two skies, which MuJoCo draws; (127, 126, 122) in its goal images."""
    world, start = started("rlv_drawer")
    picture = draw(world, start, quality="faithful")[0]
    sky = (np.abs(picture.astype(int) - (127, 126, 122)).max(axis=-1) < 3).mean()
    assert sky > 0.01


def test_dvds_things_stand_where_they_should():
    world, start = started("dvd_cup_forward")
    picture = draw(world, start, width=180, height=120, quality="faithful")[0]
    drawer = place(picture, (105, 180, 105), 40)
    machine = place(picture, (100, 45, 48), 18)
    without = start.copy()
    without[MUG] = 0, 0.6, -1
    bare = draw(world, without, width=180, height=120, quality="faithful")[0]
    changed = np.abs(picture.astype(int) - bare).max(axis=-1) > 60
    mug = np.argwhere(changed).mean(axis=0) / changed.shape
    assert np.median(picture[changed], axis=0).min() > 150  # white
    assert drawer[1] > 0.65  # upright, the drawer is on the right; mirrored, on the left
    assert 0.35 < machine[1] < 0.6
    assert machine[0] < drawer[0] < mug[0]
    assert 0.45 < mug[1] < 0.6
    mirrored = draw(world, start, width=180, height=120, quality="faithful", mirrored=True)[0]
    assert place(mirrored, (105, 180, 105), 40)[1] < 0.35
    np.testing.assert_array_equal(mirrored, picture[:, ::-1])


@pytest.mark.parametrize(
    ("name", "column", "values", "colour"),
    [
        # The pushing camera looks back at the robot: towards +x is to the left.
        ("rlv_pushing", PUSHED_X, (-0.08, 0.08), RED),
        ("dvd_cup_forward", MUG.start, (0.12, -0.08), WHITE),
    ],
)
@pytest.mark.parametrize("quality", QUALITIES)
def test_what_moves_left_moves_left_unless_mirrored(name, column, values, colour, quality):
    world, start = started(name)
    before, after = start.copy(), start.copy()
    before[column], after[column] = values
    if name == "dvd_cup_forward":
        before[10] = after[10] = 0.75  # before the coffee machine, away from the white fingers
    steps = {}
    for mirrored in (False, True):
        pictures = draw(world, [before, after], quality=quality, mirrored=mirrored).astype(int)
        # Where one picture has the mug and the other has not.
        gone, come = (place_of_change(*pair, colour) for pair in (pictures, pictures[::-1]))
        steps[mirrored] = come - gone
    assert steps[False] < -0.08
    assert steps[True] == pytest.approx(-steps[False])


def place_of_change(one: np.ndarray, other: np.ndarray, colour: tuple[int, int, int]) -> float:
    """The column, as a share, of what has the colour in the first picture alone."""
    near, far = (np.abs(picture - colour).max(axis=-1) < 60 for picture in (one, other))
    columns = np.argwhere(near & ~far)[:, 1]
    assert len(columns) > 4
    return float(columns.mean()) / one.shape[1]


def test_faucet_right_turns_right_in_the_mirrored_picture():
    """Its name is that of the published, mirrored picture; upright, it turns to the left."""
    world, start = started("dvd_faucet_right")
    goal = world.goal_snapshots()[0]
    turned = start.copy()
    turned[FAUCET] = goal[FAUCET]
    assert turned[FAUCET] < -0.3
    red = (110, 20, 22)
    window = np.s_[40:85, :75]
    upright = draw(world, [start, turned], width=180, height=120)[(slice(None), *window)]
    assert place(upright[1], red, 35)[1] < place(upright[0], red, 35)[1] - 0.02


def test_a_closed_drawer_hides_its_inside():
    world, start = started("dvd_close_drawer")
    closed = start.copy()
    closed[DRAWER] = 0
    pictures = draw(world, [start, closed], width=180, height=120).astype(int)
    changed = np.argwhere(np.abs(pictures[0] - pictures[1]).max(-1) > 30)
    assert len(changed) > 100
    assert changed[:, 1].min() > 0.55 * 180  # on the right, and nowhere else


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer", "dvd_cup_forward"])
@pytest.mark.parametrize("quality", QUALITIES)
def test_a_moment_is_redrawn_to_the_pixel(name, quality):
    world, start = started(name)
    act = world.script()
    for _ in range(25):
        world.step(act())
    moment = world.snapshot()
    first = draw(world, [moment, start], quality=quality)
    again = draw(world, [start, moment], quality=quality)[::-1]
    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0].astype(int) - first[1]).mean() > 0.5


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer", "dvd_cup_forward"])
def test_fast_pictures_resemble_faithful_ones(name):
    world, start = started(name)
    moments = [start, *world.goal_snapshots()]
    faithful = draw(world, moments, quality="faithful").astype(int)
    fast = draw(world, moments, quality="fast").astype(int)
    # DVD's table is over-lit: where its shadows are drawn, it is a sixth brighter.
    limit = {"rlv_pushing": 2, "rlv_drawer": 5, "dvd_cup_forward": 14}[name]
    assert 0 < np.abs(faithful - fast).mean() < limit


@pytest.mark.parametrize("variant", VARIANTS[1:])
def test_variants_look_different_but_show_the_mug(variant):
    world, start = started("dvd_cup_forward", variant)
    without = start.copy()
    without[MUG] = 0, 0.6, -1
    here, gone = draw(world, [start, without], width=180, height=120).astype(int)
    assert (np.abs(here - gone).max(-1) > 40).sum() > 40
    original = draw(*started("dvd_cup_forward"), width=180, height=120)[0]
    assert np.abs(here - original).mean() > 15


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer", "dvd_cup_forward"])
def test_the_lightened_twin_moves_bit_for_bit_as_the_original(name):
    world, _ = started(name)
    spec = physics.spec(world.table, **world.scene_settings())
    faces = spec.compile().nmeshface
    lighten(spec, 0.15, 500)
    twin = spec.compile()
    assert twin.nmeshface < faces
    data = mujoco.MjData(twin)
    state = int(mujoco.mjtState.mjSTATE_INTEGRATION)
    start = np.empty(mujoco.mj_stateSize(twin, state))
    mujoco.mj_getState(world._model, world._data, start, state)
    mujoco.mj_setState(twin, data, start, state)
    act = world.script()
    for _ in range(40):
        world.step(act())
        data.mocap_pos[0], data.ctrl[:] = world.target, world._data.ctrl
        mujoco.mj_step(twin, data, world.substeps)
        if world.table == "dvd":
            data.qpos[12:16] = 1, 0, 0, 0
        np.testing.assert_array_equal(data.qpos, world.snapshot())


def test_an_unknown_camera_is_refused():
    world, start = started("rlv_pushing")
    with pytest.raises(RenderError, match="no camera 'behind'"):
        draw(world, start, camera="behind")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True, parents=True)
    for name in GOLDENS:
        for quality in QUALITIES:
            path = GOLDEN / f"{name}-{quality}.png"
            sheet = golden_sheet(name, quality)
            old = read_png(path).astype(int) if path.exists() else np.zeros(sheet.shape)
            print(f"{path.name}: mean difference {np.abs(old - sheet).mean():.3f} of 255")
            write_png(path, sheet)
    close_pools()
