"""Meta-World's pictures; `python -m tests.worlds.metaworld.test_scene` refreshes the golden ones.

They are drawn by `pictures.py` in a process of its own, without torch.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from showtell.media.frames import contact_sheet, read_png, write_png
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.worlds.metaworld.scene import MetaWorldScene
from tests.worlds.metaworld.pictures import QUALITIES, TASKS, world

GOLDEN = Path(__file__).parents[2] / "golden/metaworld"
SHEETS = [f"{what}-{quality}" for what in ("camera", "task") for quality in QUALITIES]


def draw(folder: Path) -> dict[str, np.ndarray]:
    script, out = Path(__file__).with_name("pictures.py"), folder / "pictures.npz"
    subprocess.run([sys.executable, script, out], check=True, timeout=300)
    with np.load(out) as archive:
        return {name: archive[name].astype(int) for name in archive.files}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> dict[str, np.ndarray]:
    return draw(tmp_path_factory.mktemp("metaworld"))


def sheet(pictures: dict[str, np.ndarray], name: str) -> np.ndarray:
    shown = [p for key, p in pictures.items() if key.startswith(f"golden-{name}-")]
    return contact_sheet(np.array(shown, dtype=np.uint8), columns=4, gap=2)


def test_a_snapshot_draws_what_mujoco_draws_of_the_live_world_turned_upright(pictures):
    np.testing.assert_array_equal(pictures["full-published"], pictures["own"][::-1, ::-1])


def test_mirrored_is_what_roboclips_agents_saw(pictures):
    np.testing.assert_array_equal(pictures["mirrored-published"], pictures["own"][::-1])


@pytest.mark.parametrize("task", TASKS)
def test_faithful_is_the_published_picture_but_for_the_edges_of_shadows(pictures, task):
    difference = np.abs(pictures[f"near-faithful-{task}"] - pictures[f"near-published-{task}"])
    assert difference.any()  # it is another shadow map
    assert difference.mean() < 0.2
    assert np.percentile(difference, 99) <= 2
    assert difference.max() < 100


@pytest.mark.parametrize("task", TASKS)
def test_roboclips_camera_sees_nothing_that_reflects(pictures, task):
    np.testing.assert_array_equal(
        pictures[f"near-faithful-{task}"], pictures[f"near-reflecting-{task}"]
    )


@pytest.mark.parametrize("quality", ["published", "fast"])
def test_the_crop_is_the_centre_of_the_whole_picture(pictures, quality):
    difference = np.abs(pictures[f"crop-{quality}"] - pictures[f"full-{quality}"][115:365, 195:445])
    assert difference.mean() < 0.05
    assert (difference > 2).mean() < 1e-3


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_moment_drawn_twice_is_the_same_picture(pictures, quality):
    np.testing.assert_array_equal(pictures[f"again-{quality}"], pictures[f"full-{quality}"])


def test_the_two_qualities_do_not_disturb_each_other(pictures):
    np.testing.assert_array_equal(pictures["later-faithful"], pictures["full-faithful"])
    np.testing.assert_array_equal(pictures["later-crop"], pictures["crop-faithful"])


def test_fast_shows_the_same_things_at_the_same_places(pictures):
    faithful, fast = pictures["full-faithful"], pictures["full-fast"]
    assert np.abs(faithful - fast).mean() < 16  # the floor, which mirrors the sky, is brighter
    assert (faithful != fast).any(axis=-1).mean() > 0.1  # and yet it is another picture
    for is_shown in (_red, _green, _wood):
        one, other = is_shown(faithful), is_shown(fast)
        assert one.sum() > 300
        assert (one & other).sum() / (one | other).sum() > 0.75


def test_a_hand_that_moves_left_moves_left_and_mirrored_right(pictures):
    left = {m: _column_of_finger(pictures[f"hand-1-{m}"]) for m in (False, True)}
    right = {m: _column_of_finger(pictures[f"hand-0-{m}"]) for m in (False, True)}
    assert left[False] < right[False] - 30
    assert left[True] > right[True] + 30


def test_up_is_up(pictures):
    for quality in QUALITIES:
        wood = np.argwhere(_wood(pictures[f"full-{quality}"]))[:, 0]
        drawer = np.argwhere(_green(pictures[f"full-{quality}"]))[:, 0]
        assert drawer.mean() < wood.mean() - 20  # the drawer stands on the table


@pytest.mark.parametrize("name", SHEETS)
def test_pictures_are_the_golden_ones(pictures, name):
    difference = np.abs(read_png(GOLDEN / f"{name}.png").astype(int) - sheet(pictures, name))
    # Another Mesa or a GPU shades a little otherwise; what moved or lost its colour shows at once.
    assert difference.mean() < 1.5
    assert (difference > 32).mean() < 0.01


def test_the_pool_draws_the_same(pictures):
    a_world = world("drawer-close")
    a_world.reset(seed=0)
    for _ in range(40):
        a_world.step(np.array((0.3, 0.5, -0.4, 0.2), dtype=np.float32))
    snapshots = np.stack([a_world.snapshot()] * 2)
    with RenderPool(a_world.scene, a_world.scene_settings(), workers=1) as pool:
        drawn = pool.draw(snapshots, View(250, 250, "corner2-crop", "fast"))
    np.testing.assert_array_equal(drawn[0], pictures["crop-fast"])
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_a_scene_says_that_it_needs_opengl():
    assert MetaWorldScene.needs_gl


def _column_of_finger(picture: np.ndarray) -> float:
    cyan = (picture[..., 0] < 110) & (picture[..., 1] > 140) & (picture[..., 2] > 140)
    assert cyan.sum() > 30
    return float(np.argwhere(cyan)[:, 1].mean())


def _red(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] > 80) & (picture[..., 1] < 60) & (picture[..., 2] < 60)


def _green(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 1] - picture[..., 0] > 30) & (picture[..., 1] - picture[..., 2] > 30)


def _wood(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] - picture[..., 2] > 15) & (picture[..., 1] > 50)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw(Path(folder))
    for name in SHEETS:
        new, path = sheet(drawn, name), GOLDEN / f"{name}.png"
        old = read_png(path).astype(int) if path.exists() else np.zeros(new.shape)
        print(f"{name}: mean difference {np.abs(old - new).mean():.3f} of 255")
        write_png(path, new)
