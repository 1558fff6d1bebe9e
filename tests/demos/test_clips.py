"""Demonstrations from files and from the web: RoboCLIP's own GIFs where they are at hand."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from showtell.demos.file import File, FileSettings
from showtell.demos.published import Published, PublishedSettings
from showtell.media.video import write_video
from showtell.project.errors import UserError
from showtell.project.files import sha256
from tests.demos.requests import request

PUBLISHED = Path(os.environ.get("SHOWTELL_ROBOCLIP_GIFS", ""))


def gif(path: Path, count: int = 5) -> Path:
    pictures = [Image.new("RGB", (60, 40), (40 * n, 80, 200)) for n in range(count)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    return path


def from_file(path: Path, task: str = "door-open", frames: int | None = 6):
    settings = FileSettings(kind="file", encoder="s3d", files={"door-open": str(path)})
    return File(settings).demonstrate(request(task, frames=frames))


def from_web(path: Path, checksum: str, cache: Path, url: str | None = None):
    clip = {"url": url or path.as_uri(), "sha256": checksum}
    settings = {"kind": "published", "encoder": "s3d", "clips": {"door-open": clip}}
    return Published(PublishedSettings.model_validate(settings)).demonstrate(
        request("door-open", cache, frames=6)
    )


def test_a_file_becomes_frames_of_the_task_s_view(tmp_path):
    demo = from_file(gif(tmp_path / "door.gif"))
    assert demo.frames.shape == (1, 6, 32, 48, 3)
    assert demo.about["clip_frames"] == 5
    assert demo.about["clip_size"] == [60, 40]
    red = demo.frames[0, :, 16, 24, 0].astype(int)
    assert np.abs(red - [0, 40, 80, 120, 120, 160]).max() < 12 or sorted(red) == red.tolist()


def test_a_file_keeps_all_its_frames_where_none_are_counted(tmp_path):
    assert from_file(gif(tmp_path / "door.gif"), frames=None).frames.shape[1] == 5


@pytest.mark.parametrize("count", [1, 7])
def test_a_still_is_refused_where_a_network_reads_videos(tmp_path, count):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (1, 60, 80, 3), dtype=np.uint8)
    write_video(tmp_path / "still.mp4", np.repeat(picture, count, axis=0), 10)
    with pytest.raises(UserError, match=r"one picture|same picture 7 times"):
        from_file(tmp_path / "still.mp4")
    assert from_file(tmp_path / "still.mp4", frames=None).frames.shape[1] == count


def test_one_colour_is_no_goal(tmp_path):
    write_video(tmp_path / "white.mp4", np.full((5, 60, 80, 3), 255, np.uint8), 10)
    with pytest.raises(UserError, match="one colour"):
        from_file(tmp_path / "white.mp4", frames=None)


def test_a_task_without_a_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no file shows door-close; did you mean 'door-open'"):
        from_file(gif(tmp_path / "door.gif"), task="door-close")


def test_a_published_clip_is_fetched_once_and_checked(tmp_path):
    source = gif(tmp_path / "door.gif")
    checksum, cache = sha256(source), tmp_path / "cache"
    demo = from_web(source, checksum, cache)
    assert demo.about["sha256"] == checksum
    source.unlink()
    np.testing.assert_array_equal(from_web(source, checksum, cache).frames, demo.frames)


def test_another_file_at_the_address_is_refused(tmp_path):
    source = gif(tmp_path / "door.gif")
    with pytest.raises(UserError, match=r"door\.gif .*has sha256 .*params\.yaml says 000"):
        from_web(source, "0" * 64, tmp_path / "cache")


def test_without_a_network_the_error_says_where_the_file_can_be_put(tmp_path):
    with pytest.raises(UserError, match=r"could not be downloaded .*put the file into .*demos"):
        from_web(tmp_path, "0" * 64, tmp_path / "cache", url="http://127.0.0.1:9/gone.gif")
    assert [path.name for path in (tmp_path / "cache/demos").iterdir()] == [".lock"]


@pytest.mark.skipif(
    not PUBLISHED.name, reason="set SHOWTELL_ROBOCLIP_GIFS to the folder of RoboCLIP's GIFs"
)
@pytest.mark.parametrize(
    ("name", "frames", "content"),
    [
        ("button-human.gif", 16, [250, 250]),
        ("drawer-open-human2.gif", 16, [250, 250]),
        ("human_opening_door.gif", 26, [250, 250]),
        ("dense_original.gif", 128, [195, 195]),  # a figure with white margins
    ],
)
def test_roboclip_s_clips_are_read_as_they_are(name, frames, content):
    demo = from_file(PUBLISHED / name, frames=32)
    assert demo.frames.shape == (1, 32, 32, 48, 3)
    assert demo.about["clip_frames"] == frames
    assert np.abs(np.subtract(demo.about["size_without_margins"], content)).max() <= 2
    assert np.abs(demo.frames[0, 0].astype(int) - demo.frames[0, -1]).mean() > 4
    assert (demo.frames >= 250).all(axis=-1).mean() < 0.1  # no paper left
