"""Clips in MP4 files that every browser plays."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from showtell.project import bounds
from showtell.project.errors import UserError

Frames = NDArray[np.uint8]  # (N, H, W, 3), upright RGB
_SHORTER = "Cut it shorter."
_SMALLER = "Encode it with fewer pixels: networks read 256 x 256 of them or fewer."


def write_video(path: Path, frames: Frames, fps: float) -> None:
    """Write H.264; the same frames give the same bytes."""
    if len(frames) == 0:
        raise ValueError(f"{path}: a video needs at least one frame")
    frames = _even(frames)
    # bitexact: neither a creation time nor the encoder's version goes into the file.
    options = {"fflags": "+bitexact", "movflags": "+faststart"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"  # what browsers can play
        # One thread: how x264 divides a frame among threads changes its bytes.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {
            **{"crf": "18", "preset": "medium", "threads": "1"},
            # x264's fastest kernels round its macroblock tree now this way, now that.
            "x264-params": "cpu-independent=1",
        }
        stream.codec_context.flags |= int(av.codec.context.Flags.bitexact)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_yuv(frame), format="yuv420p")))
        container.mux(stream.encode())


def read_video(path: Path) -> tuple[Frames, float]:
    """All frames of a clip, and how many a second."""
    frames: list[Frames] = []
    for frame in video_frames(path):
        held = (len(frames) + 1) * frame.nbytes
        bounds.at_most(path, held, bounds.HELD_BYTES, "bytes of frames", _SHORTER)
        frames.append(frame)
    with _opened(path) as container:
        return np.stack(frames), float(container.streams.video[0].average_rate or 0)


def video_frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame, (H, W, 3), decoded when it is asked for."""
    count = pixels = 0
    with _opened(path) as container:
        stream = container.streams.video[0]
        claimed = stream.codec_context.width * stream.codec_context.height
        bounds.at_most(path, claimed, bounds.PIXELS, "pixels a frame", _SMALLER)
        for frame in container.decode(stream):
            count, pixels = count + 1, pixels + frame.width * frame.height
            at_once = frame.width * frame.height
            bounds.at_most(path, at_once, bounds.PIXELS, "pixels a frame", _SMALLER)
            bounds.at_most(path, pixels, bounds.CLIP_PIXELS, "pixels in its frames", _SHORTER)
            yield frame.to_ndarray(format="rgb24")
        promised = stream.frames
    if count < max(promised, 1):  # FFmpeg only logs it when a file breaks off
        raise UserError(
            f"{path} breaks off after {count} of {promised} frames; delete it, or pull it again."
        )


def count_frames(path: Path) -> int:
    """How many frames a clip promises, without decoding it."""
    with _opened(path) as container:
        return int(container.streams.video[0].frames)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The container of a clip; what FFmpeg says of a damaged one names the file."""
    try:
        with av.open(str(path)) as container:
            yield container
    except (av.error.FFmpegError, IndexError, ValueError, *bounds.ODD) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            f"{path} is not a whole video ({bounds.said(error)}); delete it, or pull it again."
        ) from error


# BT.601, limited range: what players take a small clip to be.
_LUMA = np.array([65.481, 128.553, 24.966]) / 255
_BLUE = np.array([-37.797, -74.203, 112.0]) / 255
_RED = np.array([112.0, -93.786, -18.214]) / 255


def planes(frame: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """One frame as the three planes of yuv420p; a size that is odd rounds up in the small ones.

    Not by FFmpeg: how its conversion rounds depends on where in memory a frame happens to lie.
    """
    height, width = frame.shape[:2]
    even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), "edge").astype(np.uint16)
    quarters = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    found = (16 + frame @ _LUMA, 128 + quarters @ _BLUE, 128 + quarters @ _RED)
    return [plane.round().astype(np.uint8) for plane in found]


def _yuv(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One frame of an even size as PyAV takes it, (3H/2, W)."""
    height, width = frame.shape[:2]
    flat = np.concatenate([plane.ravel() for plane in planes(frame)])
    return flat.reshape(height * 3 // 2, width)


def _even(frames: Frames) -> Frames:
    """Repeat the last row or column where a size is odd, which yuv420p cannot hold."""
    height, width = frames.shape[1:3]
    padding = ((0, 0), (0, height % 2), (0, width % 2), (0, 0))
    return np.pad(frames, padding, mode="edge") if height % 2 or width % 2 else frames
