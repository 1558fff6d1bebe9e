"""Reads packed videos: any frames of any video, from any number of processes."""

import io
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from showtell.project.bounds import ODD
from showtell.project.errors import UserError, nearest
from showtell.videos.reading.pack import OFFSETS, SIZES, VIDEOS, shard_path

Frames = NDArray[np.uint8]  # (N, H, W, 3)
_AGAIN = "pack it again: rm {}/shards.json, then make reproduce"
_OPEN = 64  # shards a process keeps open; systems allow about 1,000 files


class Videos:
    """The videos of a folder of shards; columns are arrays, and frames' places stay in the file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            columns = ["id", "split", "label", "frames", "fps", "width", "height", "shard", "first"]
            table = pq.read_table(folder / VIDEOS, columns=columns)
            self._offsets = np.load(folder / OFFSETS, mmap_mode="r", allow_pickle=False)
            self._sizes = np.load(folder / SIZES, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UserError(
                f"{folder} is not a folder of packed videos ({error}); {_AGAIN.format(folder)}"
            ) from None
        self._ids = table["id"].combine_chunks()
        self._labels = table["label"].combine_chunks()
        split = table["split"].combine_chunks().dictionary_encode()
        self._splits: list[str] = split.dictionary.to_pylist()
        self._split = split.indices.to_numpy()
        self.lengths: NDArray[np.int32] = table["frames"].to_numpy()
        self.fps: NDArray[np.float64] = table["fps"].to_numpy()
        self.widths: NDArray[np.int32] = table["width"].to_numpy()
        self.heights: NDArray[np.int32] = table["height"].to_numpy()
        self._shard = table["shard"].to_numpy()
        self._first = table["first"].to_numpy()
        self._files: OrderedDict[int, int] = OrderedDict()  # shard -> file descriptor
        self._process = os.getpid()

    def __len__(self) -> int:
        return len(self.lengths)

    def __getstate__(self) -> dict[str, Any]:
        """Another process opens the folder for itself."""
        return {"folder": self._folder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["folder"])  # type: ignore[misc]

    def __del__(self) -> None:
        if getattr(self, "_process", None) == os.getpid():
            self.close()

    def close(self) -> None:
        """Close the shards that are open."""
        while self._files:
            os.close(self._files.popitem()[1])

    def id(self, video: int) -> str:
        """The id of a video."""
        return str(self._ids[video].as_py())

    def caption(self, video: int) -> str:
        """The label of a video, with its objects named; empty where it has none."""
        return self._labels[video].as_py() or ""

    def split(self, video: int) -> str:
        """The split of a video."""
        return str(self._splits[self._split[video]])

    def of_split(self, split: str) -> NDArray[np.int64]:
        """The positions of a split's videos."""
        if split not in self._splits:
            raise UserError(
                f"{self._folder} has no split {split!r}; {nearest(split, self._splits)}"
            )
        return np.flatnonzero(self._split == self._splits.index(split))

    def position(self, video_id: str) -> int:
        """The position of the video of this id."""
        position = int(pa.compute.index(self._ids, video_id).as_py())
        if position < 0:
            raise UserError(f"{self._folder} has no video {video_id!r}; see its {VIDEOS}.")
        return position

    def read(self, video: int, frames: Sequence[int] | NDArray[np.integer[Any]]) -> Frames:
        """These frames of a video, in this order; no other frame is read."""
        length = int(self.lengths[video])
        pictures = np.empty((len(frames), self.heights[video], self.widths[video], 3), np.uint8)
        for target, frame in zip(pictures, frames, strict=True):
            if not 0 <= frame < length:
                raise IndexError(f"video {self.id(video)} has {length} frames, no frame {frame}")
            target[:] = self._picture(video, int(self._first[video]) + int(frame))
        return pictures

    def _picture(self, video: int, place: int) -> Frames:
        shard, size = int(self._shard[video]), int(self._sizes[place])
        jpeg = os.pread(self._file(shard), size, int(self._offsets[place]))
        try:
            with Image.open(io.BytesIO(jpeg)) as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, *ODD) as error:
            raise UserError(
                f"{shard_path(self._folder, shard)} is damaged ({error}); delete it, and "
                f"{_AGAIN.format(self._folder)}"
            ) from None

    def _file(self, shard: int) -> int:
        """An open shard; one that a fork inherited is never used."""
        if self._process != os.getpid():
            self._files, self._process = OrderedDict(), os.getpid()
        if shard in self._files:
            self._files.move_to_end(shard)
            return self._files[shard]
        if len(self._files) >= _OPEN:
            os.close(self._files.popitem(last=False)[1])
        try:
            self._files[shard] = os.open(shard_path(self._folder, shard), os.O_RDONLY)
        except OSError as error:
            path = shard_path(self._folder, shard)
            again = _AGAIN.format(self._folder)
            raise UserError(f"{path} cannot be opened ({error}); {again}") from None
        return self._files[shard]
