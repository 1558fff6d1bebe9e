"""Videos inside a page, as many as it may carry; the others are linked, and the page says so."""

import os
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup, escape

from showtell.report import graphics
from showtell.report.experiment import Video

PAGE_BYTES = 5_000_000
_AROUND = 400  # bytes of HTML around a video
_SUM = "<!--videos left out-->"


class _Slot(NamedTuple):
    rank: int  # lower ones are carried first
    token: str
    video: Video


class PageVideos:
    """The videos of one page: places for them while it is written, their bytes at the end."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._slots: list[_Slot] = []

    def place(self, video: Video, rank: int) -> Markup:
        """Where a video will stand."""
        token = f"<!--video {len(self._slots)}-->"
        self._slots.append(_Slot(rank, token, video))
        return Markup(token)

    @staticmethod
    def left_out() -> Markup:
        """Where the page will say how many videos it does not carry."""
        return Markup(_SUM)

    def fill(self, page: str) -> str:
        """The page with its videos, up to its bound."""
        room = PAGE_BYTES - len(page.encode())
        left_out = 0
        for slot in sorted(self._slots, key=lambda slot: slot.rank):
            source = graphics.video(slot.video.file)
            fits = source is not None and len(source) + _AROUND <= room
            shown = _carried(slot.video, source) if source and fits else self._link(slot.video)
            room -= len(shown)
            left_out += not fits
            page = page.replace(slot.token, shown)
        return page.replace(_SUM, _sentence(left_out))

    def _link(self, video: Video) -> str:
        href = escape(os.path.relpath(video.file, self._page.parent))
        return f'<a class="large" href="{href}">Open the video (too large to carry along)</a>'


def _carried(video: Video, source: str) -> str:
    label = escape(f"Rollout of {video.style.label}")
    return (
        f'<video src="{source}" muted loop playsinline controls preload="metadata" '
        f'aria-label="{label}"></video>'
    )


def _sentence(left_out: int) -> str:
    if not left_out:
        return ""
    many = f"{left_out} videos are" if left_out > 1 else "1 video is"
    return (
        f"{many} not inside this page, which is at most {PAGE_BYTES / 1e6:g} MB; the links open "
        "them beside it: seed…/train/evaluation/rollout.mp4 in the folder of each method."
    )
