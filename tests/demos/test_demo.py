"""A demonstration in a file: what is saved comes back, and nothing else is taken for one."""

import time

import numpy as np
import pytest

from showtell.demos.demo import Demo
from showtell.project.errors import UserError

K, N, T = 2, 3, 5


def clip() -> Demo:
    frames = np.arange(K * N * 4 * 6 * 3, dtype=np.uint8).reshape(K, N, 4, 6, 3)
    return Demo(frames=frames, about={"made_by": "a test", "numbers": [1, 2.5]})


def rollout(**changes) -> Demo:
    draws = np.random.default_rng(0)
    arrays = {
        "observations": draws.normal(size=(K, T + 1, 4)).astype(np.float32),
        "actions": draws.normal(size=(K, T, 2)).astype(np.float32),
        "true_rewards": draws.normal(size=(K, T)).astype(np.float32),
        "successes": np.eye(K, T, dtype=bool),
        "snapshots": draws.normal(size=(K, T + 1, 7)),
    }
    return Demo(frames=clip().frames, about={}, **(arrays | changes))


@pytest.mark.parametrize("demo", [clip(), rollout()], ids=["clip", "rollout"])
def test_what_is_saved_comes_back(tmp_path, demo):
    demo.save(tmp_path / "demo.npz")
    back = Demo.load(tmp_path / "demo.npz")
    assert back.about == demo.about
    assert back.is_rollout == demo.is_rollout
    for name in ("frames", "observations", "actions", "true_rewards", "successes", "snapshots"):
        saved, found = getattr(demo, name), getattr(back, name)
        if saved is None:
            assert found is None
        else:
            assert found.dtype == saved.dtype
            np.testing.assert_array_equal(found, saved)


def test_the_same_demonstration_is_the_same_bytes_whenever_it_is_written(tmp_path, monkeypatch):
    rollout().save(tmp_path / "a.npz")
    later = time.localtime(time.time() + 86_400)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    rollout().save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "b.npz"}


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_broken_file_is_refused_by_name(tmp_path, kept):
    path = tmp_path / "demo.npz"
    rollout().save(path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(UserError, match=r"demo\.npz is not a whole demonstration .*delete it"):
        Demo.load(path)


def test_another_npz_is_no_demonstration(tmp_path):
    np.savez(tmp_path / "demo.npz", frames=np.zeros((2, 2)))
    with pytest.raises(UserError, match="not a whole demonstration"):
        Demo.load(tmp_path / "demo.npz")


def test_objects_are_never_read(tmp_path):
    np.savez(tmp_path / "demo.npz", frames=np.array([{}], dtype=object), about=np.zeros(1, "u1"))
    with pytest.raises(UserError, match="allow_pickle"):
        Demo.load(tmp_path / "demo.npz")


def test_a_missing_file_says_how_it_is_made(tmp_path):
    with pytest.raises(UserError, match=r"no demonstration at .*make reproduce"):
        Demo.load(tmp_path / "demo.npz")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"actions": None}, "no actions"),
        ({"actions": np.zeros((K, T, 2))}, "actions are float64"),
        ({"successes": np.zeros((K, T - 1), bool)}, "successes are"),
        ({"snapshots": np.zeros((K, T, 7))}, "snapshots are"),
        ({"actions": np.zeros((K + 1, T, 2), np.float32)}, "beside 3 rollouts"),
    ],
)
def test_a_rollout_has_all_its_parts_at_their_lengths(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        rollout(**changes)


@pytest.mark.parametrize("shape", [(K, N, 4, 6), (K, N, 4, 6, 4), (K, 0, 4, 6, 3)])
def test_frames_are_clips_of_rgb(shape):
    with pytest.raises(ValueError, match="frames are"):
        Demo(frames=np.zeros(shape, np.uint8), about={})
