"""VP9 videos: sizes that are odd, the same bytes again."""

import av
import numpy as np
import pytest

from showtell.media.webm import write_webm


@pytest.mark.parametrize("size", [(48, 85), (47, 64), (48, 64)])
def test_a_video_is_read_as_it_was_written(size, tmp_path):
    rows, columns = np.mgrid[: size[0], : size[1]]
    frames = np.stack(
        [np.stack([rows * 4, columns * 2, rows + 0 * columns + 9 * n], -1) for n in range(12)]
    ).astype(np.uint8)
    write_webm(tmp_path / "a.webm", frames, 12)
    write_webm(tmp_path / "b.webm", frames, 12)
    assert (tmp_path / "a.webm").read_bytes() == (tmp_path / "b.webm").read_bytes()
    with av.open(str(tmp_path / "a.webm")) as container:
        stream = container.streams.video[0]
        read = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)])
        assert stream.average_rate == 12
    assert read.shape == frames.shape
    assert np.abs(read.astype(int) - frames).mean() < 6


def test_a_video_without_frames_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one frame"):
        write_webm(tmp_path / "a.webm", np.zeros((0, 8, 8, 3), np.uint8), 12)
