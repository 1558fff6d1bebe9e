"""Every row of HOLD's measurements can be measured; how fast anything is, is never asserted."""

import pytest

from showtell.rendering.scene import View
from tests.bench import hold_learning, hold_videos

pytestmark = pytest.mark.slow


def row(measured: dict[str, object]) -> dict[str, object]:
    assert set(measured) == {"name", "ours", "reference", "ratio"}
    assert all("nan" not in str(cell) for cell in measured.values())
    return measured


def test_a_training_on_videos_is_measured_beside_one_that_makes_no_batch_ahead(tmp_path):
    videos, waiting = hold_videos.training(tmp_path / "people", videos=20, steps=4, skip=1)
    assert float(str(row(videos)["ours"])) > 0
    assert 0 <= float(str(row(waiting)["ours"]).rstrip("%")) <= 100


def test_a_long_index_is_opened_and_sampled(tmp_path):
    found = row(hold_videos.index(tmp_path / "long", videos=600, samples=100))
    assert float(str(found["ours"]).split()[0]) > 0


def test_labels_are_measured_beside_steps_that_are_drawn_alone():
    small = {"environments": 1, "gradient_steps": 1}
    published = View(60, 40, quality="fast", mirrored=True)
    found = hold_learning.labels(1, 1, published, **small)
    assert len([row(one) for one in found]) == 4


@pytest.mark.slow  # three large encoders
def test_updates_from_pictures_are_measured_beside_the_published_network():
    row(hold_learning.updates("sac-hold-pushing", turns=1, each=1))


@pytest.mark.parametrize("measured", [hold_learning.replay, hold_learning.loop])
def test_memory_is_measured_at_a_tenth_and_at_the_end(measured):
    found = row(measured(1200))
    assert all(float(str(found[key]).split()[0]) > 0 for key in ("reference", "ours"))
