"""What every MuJoCo scene shares: cameras, crops, sizes, upright pictures, errors, a clean end."""

import itertools
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from showtell.rendering.mujoco import shadow_map_size
from showtell.rendering.pool import RenderError, RenderPool
from showtell.rendering.scene import View

QUALITIES = ("published", "faithful", "fast")
RAIL = "plain_scenes:Rail"
SQUARE = View(100, 100)


@pytest.fixture(scope="module")
def pool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        with RenderPool(RAIL, {}, workers=1) as pool:
            yield pool


def ball(picture: np.ndarray) -> tuple[float, float, float]:
    """Row, column and height of the ball, in shares of the picture's height."""
    picture = picture.astype(int)
    places = np.argwhere((picture[..., 0] > 100) & (picture[..., 2] < 60))
    assert len(places)
    row, column = places.mean(0) + 0.5
    tall = np.ptp(places[:, 0]) + 1
    return row / len(picture), column / len(picture), tall / len(picture)


def drawn(pool: RenderPool, place: float, view: View) -> np.ndarray:
    return pool.draw(np.array([[place]]), view)[0]


@pytest.mark.parametrize("camera", ["default", "front", "upside-down"])
def test_right_is_right_and_up_is_up_from_every_camera(pool, camera):
    view = SQUARE._replace(camera=camera)
    (row, left, _), (_, right, _) = (ball(drawn(pool, place, view)) for place in (-0.5, 0.5))
    assert row == pytest.approx(0.5, abs=0.02)
    assert left == pytest.approx(1 - right, abs=0.02)
    assert right - left > 0.2
    picture = drawn(pool, 0.0, view)
    assert not picture[:30].any()  # there is no sky
    assert (picture[-1] > 30).all()  # the floor


def test_mirroring_flips_left_and_right_alone(pool):
    for camera in ("default", "upside-down"):
        view = SQUARE._replace(camera=camera)
        straight = drawn(pool, 0.4, view)
        np.testing.assert_array_equal(
            drawn(pool, 0.4, view._replace(mirrored=True)), straight[:, ::-1]
        )


def test_a_crop_shows_the_middle_larger(pool):
    whole = drawn(pool, 0.2, View(200, 200, "front"))
    crop = drawn(pool, 0.2, View(100, 100, "near"))
    difference = np.abs(crop.astype(int) - whole[50:150, 50:150])
    assert difference.mean() < 0.5
    assert ball(crop)[2] == pytest.approx(2 * ball(whole)[2], rel=0.03)


def test_a_free_camera_farther_away_shows_the_ball_smaller(pool):
    near, far = (ball(drawn(pool, 0.0, SQUARE._replace(camera=c)))[2] for c in ("default", "far"))
    assert far == pytest.approx(near / 2, rel=0.15)


def test_any_size_is_drawn_whatever_was_drawn_before(pool):
    sizes = [(64, 64), (320, 200), (30, 90), (64, 64)]
    for (width, height), quality in itertools.product(sizes, QUALITIES):
        picture = drawn(pool, 0.3, View(width, height, quality=quality))
        assert picture.shape == (height, width, 3)
        assert ball(picture)[2] == pytest.approx(0.18, abs=0.03)


def test_two_processes_draw_the_bytes_that_one_draws(pool):
    places = np.linspace(-0.8, 0.8, 21)[:, None]
    with RenderPool(RAIL, {}, workers=2) as two:
        for quality in QUALITIES:
            view = View(120, 90, "front", quality)
            np.testing.assert_array_equal(two.draw(places, view), pool.draw(places, view))


def test_a_picture_does_not_depend_on_the_sizes_drawn_before(pool):
    views = [View(size, size, "front") for size in (64, 300, 64)]
    first, _, last = (drawn(pool, 0.3, view) for view in views)
    np.testing.assert_array_equal(first, last)
    with RenderPool(RAIL, {}, workers=1) as new:
        np.testing.assert_array_equal(drawn(new, 0.3, views[1]), drawn(pool, 0.3, views[1]))


@pytest.mark.parametrize(
    ("size", "quality", "texels"),
    [
        *[((250, 250), "published", 4096), ((250, 250), "fast", 0)],
        *[((32, 32), "faithful", 512), ((250, 250), "faithful", 1024)],
        *[((100, 257), "faithful", 2048), ((256, 100), "faithful", 1024)],
        ((5000, 10), "faithful", 4096),
    ],
)
def test_the_shadow_map_follows_the_longer_side_up_to_the_published_one(size, quality, texels):
    assert shadow_map_size(View(*size, quality=quality), published=4096) == texels


def test_fast_draws_neither_shadows_nor_smooth_edges(pool):
    faithful, fast = (
        drawn(pool, 0.0, View(100, 100, quality=quality)) for quality in ("faithful", "fast")
    )
    assert len(np.unique(fast[:45].reshape(-1, 3), axis=0)) < len(
        np.unique(faithful[:45].reshape(-1, 3), axis=0)
    )
    floor = np.s_[80:, 30:70, 0]
    assert np.ptp(faithful[floor].astype(int)) > np.ptp(fast[floor].astype(int))


def test_an_unknown_camera_is_refused_with_the_nearest_one(pool):
    with pytest.raises(RenderError, match="did you mean 'front'"):
        drawn(pool, 0.0, SQUARE._replace(camera="fromt"))


@pytest.mark.parametrize("end", ["scene.close(); scene.close()", "pass"])
def test_a_process_ends_without_a_word_closed_or_not(end):
    script = f"""
        import numpy as np
        from plain_scenes import Rail
        from showtell.rendering.scene import View
        scene = Rail()
        for quality in ("faithful", "fast", "published", "faithful"):
            scene.draw(np.zeros(1), View(40, 30, quality=quality))
        {end}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        **{"cwd": Path(__file__).parent, "capture_output": True, "text": True, "timeout": 120},
        check=True,
    )
    assert done.stdout + done.stderr == ""
