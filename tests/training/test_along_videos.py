"""The measures of Table IV, by hand."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from showtell.training.along_videos import along


def test_a_video_computed_by_hand():
    """d = 3, 1, 2, 0.5: one of three neighbours rises, by 1; of six pairs one rises, by 1."""
    found = along([np.array([3, 1, 2, 0.5])], [2.0], times=False)
    assert found.spearman == pytest.approx(0.8)
    assert found.misclassified == pytest.approx(1 / 3)
    assert found.hinge == pytest.approx(1 / 2 / 3)  # a frame is half a second
    assert found.misclassified_printed == pytest.approx(1 / 4)
    assert found.hinge_printed == pytest.approx(1 / 4)
    assert found.squared is None


def test_two_videos_are_weighted_by_their_frames_but_correlate_alike():
    falling, rising = np.array([3.0, 2, 1]), np.array([0.0, 1, 2, 3, 4])
    found = along([falling, rising], [1, 1], times=False)
    assert found.spearman == pytest.approx(0)
    assert found.misclassified == pytest.approx(4 / 6)
    assert found.hinge_printed == pytest.approx((4 * 1 + 3 * 2 + 2 * 3 + 1 * 4) / 8)


def test_time_is_compared_with_the_frames_that_are_left_and_as_the_code_does():
    exact = np.array([4.0, 3, 2, 1])
    found = along([exact], [12], times=True)
    assert found.squared == found.absolute == 0
    assert found.absolute_coded == pytest.approx((4 + 2 + 0 + 2) / 4)
    assert found.squared_coded == pytest.approx((16 + 4 + 0 + 4) / 4)


def test_spearman_is_scipys_where_no_distances_are_equal():
    draws = np.random.default_rng(0)
    video = draws.normal(size=40)
    found = along([video], [12], times=False)
    assert found.spearman == pytest.approx(spearmanr(video, np.arange(40)[::-1]).statistic)


def test_a_reversed_video_of_a_perfect_distance_is_all_wrong():
    found = along([np.arange(10.0)], [12], times=False)
    assert found.spearman == pytest.approx(-1)
    assert found.misclassified == 1


def test_a_video_without_two_frames_is_refused():
    with pytest.raises(ValueError, match="two frames"):
        along([np.array([1.0])], [12], times=False)
