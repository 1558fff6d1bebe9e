"""Frames of a video, one after another, by torchcodec where it is installed, else by PyAV."""

import importlib.util
import logging
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from showtell.project.bounds import CLIP_PIXELS, ODD, PIXELS, said
from showtell.videos.reading.records import Reason, VideoError

Picture = NDArray[np.uint8]  # (H, W, 3), upright RGB
Decoder = Literal["av", "torchcodec"]
_LOG = logging.getLogger(__name__)
_BATCH = 32  # frames that torchcodec decodes at a time
_LOOSE_FRAMES = 1.5  # how far a video may end before the time in its header
_LOOSE_SHARE = 0.1  # webm says its length in seconds only, and frames may not be evenly spaced


class Shape(NamedTuple):
    """What a video is: frames counted by decoding every one, and their upright size."""

    frames: int
    fps: float
    width: int
    height: int


class _Header(NamedTuple):
    """What the container says."""

    fps: float  # 0 where unknown
    duration_s: float  # 0 where unknown
    alone: bool  # no sound beside the picture


@cache
def best_decoder() -> Decoder:
    """`torchcodec` where it is installed and decodes, else PyAV, which has its own FFmpeg."""
    if importlib.util.find_spec("torchcodec") is None:
        return "av"
    # It can be imported without an FFmpeg and with another torch, and fails at the first video.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "two.gif")
        first, second = Image.new("RGB", (16, 16)), Image.new("RGB", (16, 16), "red")
        first.save(path, save_all=True, append_images=[second])
        try:
            decodes = len(list(_torchcodec(path))) == 2
        except (VideoError, ImportError, OSError) as error:
            _LOG.warning("torchcodec is installed but does not work (%s); PyAV decodes", error)
            decodes = False
    return "torchcodec" if decodes else "av"


def frames(path: Path, decoder: Decoder) -> Iterator[Picture]:
    """Every frame in order; raises `VideoError` where one cannot be decoded."""
    if decoder == "torchcodec":
        yield from _torchcodec(path)
        return
    for frame in _av(path):
        yield np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)


def examine(path: Path, decoder: Decoder) -> Shape:
    """Decode a whole video and compare it with its header; `VideoError` if it cannot be used."""
    header, end_s = _header(path)
    count, pixels, sizes = 0, 0, set()
    for size in _sizes(path, decoder):
        count, pixels = count + 1, pixels + size[0] * size[1]
        if pixels > CLIP_PIXELS:
            raise VideoError(Reason.LARGE, f"{pixels:,} pixels in its frames, over {CLIP_PIXELS:,}")
        sizes.add(size)
    _check(path, header, count, end_s)
    if count < 2:
        raise VideoError(Reason.SHORT, f"{count} frames")
    if len(sizes) > 1:
        raise VideoError(Reason.RESIZED, f"{len(sizes)} sizes")
    ((height, width),) = sizes
    fps = header.fps or count / end_s
    return Shape(count, fps, width, height)


def _check(path: Path, header: _Header, count: int, end_s: float) -> None:
    """Refuse a video that ends before its header says, which FFmpeg only logs."""
    if path.suffix.lower() == ".gif" and not _has_trailer(path):
        raise VideoError(Reason.TRUNCATED, f"{count} frames, and no end mark")
    expected = header.duration_s * header.fps
    if not expected:  # a recorder that did not know how long it would run
        return
    short = (header.duration_s - end_s) * header.fps > _LOOSE_FRAMES
    if path.suffix.lower() == ".webm" and header.alone:
        short = short or expected - count > max(_LOOSE_FRAMES, _LOOSE_SHARE * expected)
    if short:
        raise VideoError(Reason.TRUNCATED, f"{count} of about {round(expected)} frames")


def _header(path: Path) -> tuple[_Header, float]:
    """The header, and the time at which the last packet of any stream ends; nothing is decoded."""
    end_s = 0.0
    try:
        with av.open(str(path)) as container:
            stream = _picture_stream(container)
            header = _Header(
                fps=float(stream.average_rate or stream.guessed_rate or 0),
                duration_s=(container.duration or 0) / av.time_base,
                alone=len(container.streams) == 1,
            )
            start_s = (container.start_time or 0) / av.time_base
            for packet in container.demux():
                if packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    end_s = max(end_s, float(end) - start_s)
    except VideoError:
        raise
    except (av.error.FFmpegError, OSError, ValueError, *ODD) as error:
        raise VideoError(Reason.UNREADABLE, _said(error)) from None
    if not header.fps and not end_s:
        raise VideoError(Reason.UNREADABLE, "no frame rate")
    return header, end_s


def _sizes(path: Path, decoder: Decoder) -> Iterator[tuple[int, int]]:
    """The (height, width) of every frame, upright; colours are not converted where PyAV decodes."""
    if decoder == "torchcodec":
        yield from (picture.shape[:2] for picture in _torchcodec(path))
        return
    for frame in _av(path):
        turned = frame.rotation // 90 % 2
        yield (frame.width, frame.height) if turned else (frame.height, frame.width)


def _av(path: Path) -> Iterator[Any]:
    try:
        with av.open(str(path)) as container:
            stream = _picture_stream(container)
            stream.thread_type = "NONE"
            stream.codec_context.thread_count = 1  # as many workers as processors are at work
            yield from container.decode(stream)
    except (av.error.FFmpegError, OSError, ValueError, *ODD) as error:
        raise VideoError(Reason.BROKEN, _said(error)) from None


def _torchcodec(path: Path) -> Iterator[Picture]:
    module = importlib.import_module("torchcodec.decoders")
    try:
        # Exact: without the scan of the file, seeking in VP9 gives neighbours of a frame.
        video = module.VideoDecoder(
            str(path), dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode="exact"
        )
        for start in range(0, len(video), _BATCH):
            batch = video.get_frames_in_range(start, min(start + _BATCH, len(video)))
            yield from batch.data.numpy()
    except (RuntimeError, ValueError, IndexError, *ODD) as error:
        raise VideoError(Reason.BROKEN, _said(error)) from None


def _picture_stream(container: Any) -> Any:
    stream = container.streams.best("video")
    if stream is None:
        raise VideoError(Reason.UNREADABLE, "no pictures in it")
    if (pixels := stream.codec_context.width * stream.codec_context.height) > PIXELS:
        raise VideoError(Reason.LARGE, f"{pixels:,} pixels a frame, over {PIXELS:,}")
    return stream


def _has_trailer(path: Path) -> bool:
    """A GIF ends with a semicolon; some writers pad it."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 64))
        return stream.read().rstrip(b"\0\r\n").endswith(b";")


def _said(error: Exception) -> str:
    """What a library said, without the path, which the table has already."""
    return getattr(error, "strerror", None) or said(error)
