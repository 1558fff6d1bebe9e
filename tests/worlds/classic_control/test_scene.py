"""CartPole's and MountainCar's pictures. Refresh the golden ones with `python <this file>`."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest
from PIL import Image

from showtell.media.frames import contact_sheet, read_png, write_png
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.worlds.classic_control.scene import CartPoleScene, MountainCarScene

GOLDEN = Path(__file__).parents[2] / "golden"
LARGE, SMALL = View(600, 400), View(120, 80)
CARTPOLES = [
    *([0, 0, 0, 0], [1, 0, 0.3, 0], [-2.4, 0, 1.5, 0], [0.5, 0, 3.1, 0], [-0.7, 0, -0.1, 0]),
    *([2.4, 0, -2.0, 0], [0, 0, -np.pi / 2, 0]),
]
CARS = [[-1.2, 0], [-0.9, 0], [-0.5, 0], [0.1, 0], [0.45, 0], [0.6, 0]]
SCENES = {
    "cartpole": (CartPoleScene, {}, CARTPOLES),
    "mountain_car": (MountainCarScene, {"textured": False}, CARS),
    "mountain_car_textured": (MountainCarScene, {"textured": True}, CARS),
}


def pictures(name: str, view: View) -> np.ndarray:
    scene_class, settings, snapshots = SCENES[name]
    scene = scene_class(**settings)
    return np.stack([scene.draw(np.array(snapshot, dtype=float), view) for snapshot in snapshots])


def golden_sheet(name: str) -> np.ndarray:
    return contact_sheet(pictures(name, SMALL), columns=4)


@pytest.mark.parametrize(
    ("name", "task"), [("cartpole", "CartPole-v1"), ("mountain_car", "MountainCarContinuous-v0")]
)
def test_large_pictures_are_gymnasiums_to_the_pixel(name, task):
    theirs = gymnasium.make(task, render_mode="rgb_array").unwrapped
    theirs.reset(seed=0)
    rng = np.random.default_rng(0)
    scene_class, settings, snapshots = SCENES[name]
    scene = scene_class(**settings)
    low, high = ([-2.4, 0, -3.14, 0], [2.4, 0, 3.14, 0]) if name == "cartpole" else CARS[::5]
    for snapshot in [*map(np.array, snapshots), *rng.uniform(low, high, size=(40, len(low)))]:
        theirs.state = snapshot
        np.testing.assert_array_equal(scene.draw(snapshot.astype(float), LARGE), theirs.render())
    theirs.close()


@pytest.mark.parametrize("name", SCENES)
def test_small_pictures_are_the_large_ones_averaged(name):
    for small, large in zip(pictures(name, SMALL), pictures(name, LARGE), strict=True):
        averaged = large.reshape(80, 5, 120, 5, 3).mean((1, 3))
        assert np.abs(small - averaged).max() <= 1


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("view", [View(224, 224), View(96, 64), View(900, 600)])
def test_other_sizes_show_the_same_scene(name, view):
    drawn = pictures(name, view)
    assert drawn.shape[1:] == (view.height, view.width, 3)
    foot = view.width * 2 // 3  # a taller view only shows more sky
    shown = [np.asarray(Image.fromarray(p[-foot:]).resize((60, 40))) for p in drawn]
    reference = [np.asarray(Image.fromarray(p).resize((60, 40))) for p in pictures(name, LARGE)]
    errors = np.abs(np.array(shown)[:, None].astype(int) - np.array(reference)[None]).mean(
        (2, 3, 4)
    )
    assert (errors.argmin(1) == np.arange(len(drawn))).all()
    assert np.diag(errors).max() < 3


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("view", [LARGE, SMALL])
def test_a_moment_leaves_no_trace_in_the_next(name, view):
    scene_class, settings, snapshots = SCENES[name]
    used = scene_class(**settings)
    for number, snapshot in enumerate(snapshots * 2):
        picture = used.draw(np.array(snapshot, dtype=float), view)
        fresh = scene_class(**settings).draw(np.array(snapshot, dtype=float), view)
        np.testing.assert_array_equal(picture, fresh, err_msg=f"moment {number}")
    kept = picture.copy()
    used.draw(np.array(snapshots[0], dtype=float), view)
    np.testing.assert_array_equal(picture, kept)  # a picture is the caller's own


@pytest.mark.parametrize("far", [1e3, -1e9, 1e300])
def test_a_cart_far_outside_the_picture_is_just_not_seen(far):
    empty = CartPoleScene().draw(np.array([far, 0.0, 0.4, 0.0]), LARGE)
    assert (empty[299] == 0).all()
    assert (np.delete(empty, 299, axis=0) == 255).all()


def test_mirroring_flips_left_and_right():
    scene, snapshot = CartPoleScene(), np.array([1.0, 0.0, 0.5, 0.0])
    straight = scene.draw(snapshot, SMALL)
    np.testing.assert_array_equal(
        scene.draw(snapshot, SMALL._replace(mirrored=True)), straight[:, ::-1]
    )


def test_an_unknown_camera_is_refused():
    with pytest.raises(UserError, match="'behind'"):
        CartPoleScene().draw(np.zeros(4), SMALL._replace(camera="behind"))


def test_the_textured_car_is_red_and_follows_the_hill():
    drawn = pictures("mountain_car_textured", LARGE)[1:-1].astype(int)  # not half out of view
    red = (drawn[..., 0] > 180) & (drawn[..., 1] < 60) & (drawn[..., 2] < 60)
    centres = [np.argwhere(mask).mean(0) for mask in red]
    for (row, column), (position, _) in zip(centres, CARS[1:-1], strict=True):
        assert column == pytest.approx((position + 1.2) * 600 / 1.8, abs=16)
        hill = 400 - (0.45 * np.sin(3 * position) + 0.55) * 600 / 1.8
        assert 5 < hill - row < 35


@pytest.mark.parametrize("name", SCENES)
def test_pictures_are_the_golden_ones(name):
    difference = np.abs(read_png(GOLDEN / f"{name}.png").astype(int) - golden_sheet(name))
    # Another pygame may round an edge otherwise; a moved or recoloured part shows at once.
    assert difference.mean() < 0.5
    assert (difference > 16).mean() < 0.002


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in SCENES:
        path = GOLDEN / f"{name}.png"
        sheet = golden_sheet(name)
        old = read_png(path).astype(int) if path.exists() else np.zeros(sheet.shape)
        print(f"{name}: mean difference {np.abs(old - sheet).mean():.3f} of 255")
        write_png(path, sheet)
