"""Videos: what is written comes back, byte-stable, in a format browsers play."""

import time

import av
import numpy as np
import pytest

from showtell.media.video import read_video, write_video
from showtell.project.errors import UserError


def moving_square(count: int, height: int, width: int) -> np.ndarray:
    frames = np.full((count, height, width, 3), 40, dtype=np.uint8)
    for number, frame in enumerate(frames):
        frame[8:24, 2 * number : 2 * number + 16] = (220, 60, 30)
    return frames


def test_frames_come_back_in_order(tmp_path):
    frames = moving_square(20, 48, 64)
    write_video(tmp_path / "clip.mp4", frames, 25)
    back, fps = read_video(tmp_path / "clip.mp4")
    assert back.shape == frames.shape
    assert fps == 25
    errors = np.abs(back[:, None].astype(int) - frames[None]).mean((2, 3, 4))
    assert (errors.argmin(1) == np.arange(20)).all()
    assert np.diag(errors).max() < 6


def noisy_bar(count):
    """A bar that runs through noise: many close decisions for an encoder."""
    frames = np.full((count, 240, 240, 3), 255)
    for number, frame in enumerate(frames):
        frame[120:170, 20 + number : 26 + number] = (202, 152, 101)
    noise = np.random.default_rng(0).integers(-3, 4, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def test_the_same_frames_give_the_same_bytes(tmp_path):
    frames = moving_square(12, 48, 64)
    write_video(tmp_path / "a.mp4", frames, 1 / 0.02)
    time.sleep(1.1)  # a creation time would differ by now
    write_video(tmp_path / "b.mp4", frames, 1 / 0.02)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_long_film_has_one_encoding_whatever_memory_holds(tmp_path):
    frames, films = noisy_bar(150), set()
    for number in range(5):
        held = [bytes(1 + 9_973 * size) for size in range(7 * number)]
        write_video(tmp_path / "film.mp4", frames, 30)
        films.add((tmp_path / "film.mp4").read_bytes())
        del held
    assert len(films) == 1


def test_odd_sizes_are_padded_and_pixels_are_yuv420p(tmp_path):
    frames = moving_square(3, 47, 63)
    write_video(tmp_path / "clip.mp4", frames, 10)
    back, _ = read_video(tmp_path / "clip.mp4")
    assert back.shape == (3, 48, 64, 3)
    assert np.abs(back[:, :47, :63].astype(int) - frames).mean() < 6
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert container.streams.video[0].codec_context.name == "h264"


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.7])
def test_a_broken_file_is_refused_by_name(tmp_path, kept):
    path = tmp_path / "clip.mp4"
    write_video(path, moving_square(30, 48, 64), 10)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(UserError, match=r"clip\.mp4"):
        read_video(path)


def test_an_empty_video_is_not_written(tmp_path):
    path = tmp_path / "clip.mp4"
    with pytest.raises(ValueError, match="at least one"):
        write_video(path, moving_square(1, 48, 64)[:0], 10)
