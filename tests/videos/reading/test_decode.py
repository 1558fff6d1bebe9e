"""Videos are counted by decoding them, and a bad one is told by its reason."""

import types

import numpy as np
import pytest

from showtell.videos.reading import decode
from showtell.videos.reading.decode import Shape, best_decoder, examine, frames
from showtell.videos.reading.records import Reason, VideoError
from tests.videos.reading.making import pictures, still, video

DECODERS = [
    "av",
    pytest.param(
        "torchcodec",
        marks=pytest.mark.skipif(
            best_decoder() != "torchcodec",
            reason="needs torchcodec and an FFmpeg that it finds: pip install torchcodec",
        ),
    ),
]


def reason(path, decoder="av"):
    with pytest.raises(VideoError) as error:
        examine(path, decoder)
    return error.value.reason


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize(
    ("name", "size", "fps"),
    [
        ("a.webm", {"width": 57, "height": 32}, 12),
        ("b.webm", {"width": 57, "height": 33}, 30),
        ("c.mp4", {"width": 56, "height": 32}, 25),
        ("d.gif", {"width": 57, "height": 32}, 10),
    ],
)
def test_every_frame_is_counted(tmp_path, decoder, name, size, fps):
    path = video(tmp_path / name, 20, fps, **size)
    assert examine(path, decoder) == Shape(20, pytest.approx(fps, rel=0.01), **size)


@pytest.mark.parametrize("decoder", DECODERS)
def test_frames_come_in_order(tmp_path, decoder):
    shown = pictures(20).astype(int)
    back = np.stack(list(frames(video(tmp_path / "a.webm", 20), decoder))).astype(int)
    errors = np.abs(back[:, None] - shown).mean((2, 3, 4))
    assert errors.argmin(1).tolist() == list(range(20))


def test_the_same_video_has_the_same_pixels(tmp_path):
    path = video(tmp_path / "a.webm", 8)
    decoded, held = set(), []
    for size in range(20):
        held.append(np.empty(1000 * size + 1))  # memory lies elsewhere each time
        decoded.add(np.stack(list(frames(path, "av"))).tobytes())
    assert len(decoded) == 1


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_video_of_a_phone_is_turned_upright(tmp_path, decoder):
    """The matrix of an MP4's track header, in 16.16 numbers, turns the picture clockwise."""
    path = video(tmp_path / "a.mp4", 4, width=56, height=32)
    content = path.read_bytes()
    place = content.index(b"tkhd") + 4 + 40
    turned = b"".join(
        number.to_bytes(4, signed=True)
        for number in (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    )
    path.write_bytes(content[:place] + turned + content[place + len(turned) :])
    assert examine(path, decoder) == Shape(4, 12, 32, 56)
    first = next(frames(path, decoder)).astype(int)
    expected = np.rot90(pictures(1, 56, 32)[0], -1).astype(int)
    assert np.abs(first - expected).mean() < 10


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("name", ["a.webm", "a.gif"])
def test_a_video_that_breaks_off(tmp_path, decoder, name, share):
    path = cut(video(tmp_path / name, 60), share)
    assert reason(path, decoder) in {Reason.TRUNCATED, Reason.BROKEN}


def test_a_video_that_breaks_off_between_frames(tmp_path):
    """The last whole frame is before the cut: nothing but the header tells that more came."""
    path = video(tmp_path / "a.webm", 60)
    whole = len(path.read_bytes())
    reasons = {reason(cut(video(path, 60), 1 - 2 * n / whole)) for n in range(100, 160, 3)}
    assert reasons <= {Reason.TRUNCATED, Reason.BROKEN}


def test_noise_within_a_video(tmp_path):
    path = video(tmp_path / "a.webm", 30)
    content = bytearray(path.read_bytes())
    middle = slice(len(content) // 3, 2 * len(content) // 3)
    content[middle] = np.random.default_rng(0).bytes(len(content[middle]))
    path.write_bytes(content)
    assert reason(path) in {Reason.TRUNCATED, Reason.BROKEN}


@pytest.mark.parametrize("content", [b"", b"no video at all", bytes(5000)])
def test_what_is_no_video(tmp_path, content):
    path = tmp_path / "a.webm"
    path.write_bytes(content)
    assert reason(path) is Reason.UNREADABLE


def test_a_folder_is_no_video(tmp_path):
    (tmp_path / "a.webm").mkdir()
    assert reason(tmp_path / "a.webm") is Reason.UNREADABLE


def test_one_frame_is_too_few(tmp_path):
    assert reason(video(tmp_path / "a.webm", 1)) is Reason.SHORT
    assert reason(still(tmp_path / "a.gif")) is Reason.SHORT


@pytest.mark.parametrize("failure", [ImportError, OSError, RuntimeError])
def test_a_torchcodec_that_does_not_work_is_not_used(monkeypatch, caplog, failure):
    """Without an FFmpeg that it finds it can be imported, and fails when it opens a video."""

    def fail(*_, **__):
        raise failure("no libavutil")

    module = types.SimpleNamespace(VideoDecoder=fail)
    monkeypatch.setattr(decode.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(decode.importlib, "import_module", lambda name: module)
    assert best_decoder.__wrapped__() == "av"
    assert "no libavutil" in caplog.text


def test_pyav_decodes_where_torchcodec_is_not_installed(monkeypatch):
    monkeypatch.setattr(decode.importlib.util, "find_spec", lambda name: None)
    assert best_decoder.__wrapped__() == "av"
