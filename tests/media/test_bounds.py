"""Clips that claim to be larger than anything that is read: refused by name, at once."""

import struct
import zlib

import av
import numpy as np
import pytest
from PIL import Image

from showtell.media.clips import read_clip
from showtell.media.video import read_video, write_video
from showtell.project import bounds
from showtell.project.errors import UserError


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(path, width: int, height: int, *more: bytes):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )
    return path


def gif(path, frames: int, side: int = 1):
    """Frames of one pixel on a screen of any size."""
    screen = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(3) + bytes([255] * 3)
    one = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    path.write_bytes(screen + one * frames + b";")
    return path


@pytest.mark.parametrize("side", [13_000, 65_535, 2_000_000_000])
def test_a_picture_of_a_huge_size_is_refused(tmp_path, side):
    with pytest.raises(
        UserError, match=rf"clip\.png has .* pixels a frame; at most {bounds.PIXELS:,}"
    ):
        read_clip(png(tmp_path / "clip.png", side, side))


def test_a_gif_of_a_huge_screen_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"clip\.gif has 4,294,836,225 pixels a frame; at most"):
        read_clip(gif(tmp_path / "clip.gif", 1, 65_535))


def test_a_gif_of_too_many_frames_is_refused_and_its_cure_named(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MOVING_FRAMES", 100)
    assert read_clip(gif(tmp_path / "clip.gif", 100)).found == 100
    with pytest.raises(UserError, match=r"clip\.gif has 101 frames; at most 100 are read.*MP4"):
        read_clip(gif(tmp_path / "clip.gif", 101))


def test_a_folder_of_too_many_pictures_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MOVING_FRAMES", 2)
    for number in range(3):
        png(tmp_path / f"{number}.png", 1, 1)
    with pytest.raises(UserError, match="has 3 pictures; at most 2"):
        read_clip(tmp_path)


def test_text_that_unfolds_to_megabytes_in_a_picture_is_refused(tmp_path):
    bomb = chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(4 << 20)))
    with pytest.raises(UserError, match=r"clip\.png .*damaged"):
        read_clip(png(tmp_path / "clip.png", 1, 1, bomb))


def test_a_video_of_huge_frames_or_of_too_many_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "clip.mp4"
    write_video(path, np.zeros((6, 32, 48, 3), np.uint8), 10)
    assert len(read_video(path)[0]) == 6
    for name, bound, unit in (
        ("PIXELS", 1535, "pixels a frame"),
        ("CLIP_PIXELS", 3 * 1536, "pixels in its frames"),
        ("HELD_BYTES", 3 * 4608, "bytes of frames"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(bounds, name, bound)
            with pytest.raises(UserError, match=rf"clip\.mp4 has .* {unit}; at most {bound:,}"):
                read_video(path)


def test_a_long_video_of_which_few_frames_are_asked_is_not_held(tmp_path, monkeypatch):
    monkeypatch.setattr("showtell.media.clips._KEPT_BYTES", 10_000)
    monkeypatch.setattr(bounds, "HELD_BYTES", 20_000)
    path = tmp_path / "clip.mp4"
    write_video(path, np.zeros((60, 32, 48, 3), np.uint8), 10)
    clip = read_clip(path, 4)
    assert (clip.found, clip.frames.shape) == (60, (4, 32, 48, 3))
    with pytest.raises(UserError, match="at most 20,000 are read"):
        read_clip(path)


@pytest.mark.parametrize(
    "error", [MemoryError(), RecursionError(), NotImplementedError(), zlib.error()]
)
def test_whatever_a_library_raises_names_the_file(tmp_path, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Image, "open", fail)
    monkeypatch.setattr(av, "open", fail)
    for name in ("clip.gif", "clip.mp4"):
        (tmp_path / name).touch()
        with pytest.raises(UserError, match=name):
            read_clip(tmp_path / name)
