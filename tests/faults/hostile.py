"""Files that are made to harm: read within bounds of time and memory, or refused by name."""

import io
import json
import pickle
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from showtell.demos.demo import Demo
from showtell.goals.goal import Target
from showtell.labels.offline import read_sent
from showtell.learners.policies import load_weights
from showtell.media.clips import read_clip
from showtell.nets import flax_checkpoint, r3m_weights
from showtell.nets.s3d_weights import read_dictionary
from showtell.project.errors import UserError
from showtell.results.table import Table
from showtell.study.yaml_files import read_yaml
from showtell.videos.reading.layout import detect
from showtell.videos.reading.unpack import unpack
from tests.faults.children import apart
from tests.faults.table import Row
from tests.media.test_bounds import chunk, gif, png
from tests.project.test_bounds import encrypted, header, method, npz
from tests.videos.reading.making import FOLDER, labels

BEFORE = "63: 0 executed, 48 sentences, 9 tracebacks, 2 without an end in 150 s, 4 accepted"
_LONGEST_S = 20.0  # of a processor's time, for one file
_MOST_BYTES = 1 << 30  # of memory
_RAN = "a-pickle-ran"


class _Pickle:
    def __reduce__(self) -> Any:
        return Path(_RAN).touch, ()


def _clip(path: Path) -> None:
    read_clip(path, 4)


def _table(path: Path) -> None:
    Table.read(path).numbers("step")


def _archive(path: Path) -> None:
    unpack(detect(path.parent))


def _bytes(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


def _tar(*members: tarfile.TarInfo, content: bytes = b"") -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        labels(path.parent)
        stream = io.BytesIO()
        for one in members:
            stream.write(one.tobuf(tarfile.PAX_FORMAT))
        path.write_bytes(zlib.compress(stream.getvalue() + content, wbits=31))

    return write


def _long_name(path: Path) -> None:
    named = _entry("1", 64 << 20, tarfile.GNUTYPE_LONGNAME)
    _tar(named, content=bytes(64 << 20))(path)


def _entry(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(f"{FOLDER}/{name}")
    entry.size, entry.type = size, kind
    return entry


def _pickled() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([_Pickle()], dtype=object), allow_pickle=True)
    return stream.getvalue()


def _tensors(count: int) -> Callable[[Path], Any]:
    one = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}

    def write(path: Path) -> None:
        text = json.dumps({f"t{n}": one for n in range(count)}).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text)

    return write


def _text(path: Path) -> None:
    png(path, 1, 1, chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(64 << 20))))


_MERGES = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 10)
)
_LISTS = "a0: &a0 [1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
PART = f"{FOLDER}-00"
FILES: dict[str, tuple[str, Callable[[Path], Any], Callable[[Path], Any]]] = {
    "a PNG of 13,000 pixels a side": ("c.png", lambda p: png(p, 13_000, 13_000), _clip),
    "a PNG of 2,000,000,000 pixels a side": (
        "c.png",
        lambda p: png(p, 2 * 10**9, 2 * 10**9),
        _clip,
    ),
    "a PNG whose text unfolds to 64 MB": ("c.png", _text, _clip),
    "a GIF of 20,000 frames": ("c.gif", lambda p: gif(p, 20_000), _clip),
    "a GIF on a screen of 65,535 pixels a side": ("c.gif", lambda p: gif(p, 3, 65_535), _clip),
    "a playlist as a video": ("c.mp4", _bytes(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), _clip),
    "a list of other files as a video": (
        "c.mp4",
        _bytes(b"ffconcat version 1.0\nfile /etc/hosts\n"),
        _clip,
    ),
    "an NPZ with a pickle": ("d.npz", lambda p: npz(p, frames=_pickled()), Demo.load),
    "an NPZ that claims 4 exabytes": (
        "d.npz",
        lambda p: npz(p, frames=header((10**9, 10**9))),
        Demo.load,
    ),
    "an encrypted NPZ": (
        "d.npz",
        lambda p: encrypted(npz(p, frames=header((1,)) + bytes(4))),
        Demo.load,
    ),
    "an NPZ of an unknown method": (
        "d.npz",
        lambda p: method(npz(p, frames=header((1,)) + bytes(4)), 97),
        Demo.load,
    ),
    "a zip of 20,000 members": (
        "d.npz",
        lambda p: npz(p, **{str(n): b"" for n in range(20_000)}),
        Demo.load,
    ),
    "an NPY with a pickle": ("w.npy", _bytes(_pickled()), read_dictionary),
    "a bare pickle as NPY": ("w.npy", _bytes(pickle.dumps(_Pickle())), read_dictionary),
    "an NPY that claims 4 exabytes": (
        "w.npy",
        _bytes(header((10**9, 10**9), "<U1")),
        read_dictionary,
    ),
    "a safetensors header of 200,000 tensors": (
        "t.safetensors",
        _tensors(200_000),
        Target.load,
    ),
    "a safetensors header of 8 exabytes": (
        "t.safetensors",
        _bytes(struct.pack("<Q", 1 << 63) + b"{}"),
        load_weights,
    ),
    "a pickle as safetensors": ("t.safetensors", _bytes(pickle.dumps(_Pickle())), load_weights),
    "weights of R3M with a pickle": (
        "r.pt",
        _bytes(pickle.dumps(_Pickle())),
        r3m_weights.read_checkpoint,
    ),
    "weights of flax nested 100,000 deep": (
        "c",
        _bytes(b"\x91" * 100_000),
        flax_checkpoint.read_checkpoint,
    ),
    "weights of flax that claim 4,000,000,000 values": (
        "c",
        _bytes(b"\xdd\xff\xff\xff\xff"),
        flax_checkpoint.read_checkpoint,
    ),
    "YAML of multiplied lists": ("s.yaml", _bytes(_LISTS.encode()), read_yaml),
    "YAML of multiplied merges": ("s.yaml", _bytes(_MERGES.encode()), read_yaml),
    "YAML nested 100,000 deep": ("s.yaml", _bytes(b"[" * 100_000), read_yaml),
    "YAML of 20 MB": ("s.yaml", _bytes(b"a: 1 # \n" + b"#" * (20 << 20)), read_yaml),
    "YAML with a Python object": (
        "s.yaml",
        _bytes(b"a: !!python/object/apply:os.system [ls]"),
        read_yaml,
    ),
    "labels nested 100,000 deep": ("l.json", _bytes(b"[" * 100_000), read_sent),
    "a table with a cell of 1 MB": ("t.csv", _bytes(b"step\n" + b"1" * (1 << 20)), _table),
    "a table with a NUL": ("t.csv", _bytes(b"step\n1\0\n"), _table),
    "a tar whose video claims 8 TB": (PART, _tar(_entry("1.webm", 8 << 40)), _archive),
    "a tar with a sparse file": (PART, _tar(_entry("1.webm", 0, tarfile.GNUTYPE_SPARSE)), _archive),
    "a tar that leaves its folder": (PART, _tar(_entry("../../out", 0)), _archive),
    "a tar with a link": (PART, _tar(_entry("1.webm", 0, tarfile.SYMTYPE)), _archive),
    "a tar whose header claims a name of 64 MB": (
        PART,
        _long_name,
        _archive,
    ),
    "a damaged gzip": (PART, _bytes(b"\x1f\x8b\x08" + bytes(2000)), _archive),
}


def campaign(root: Path) -> Iterator[Row]:
    """One row; each file in a process of its own."""
    yield Row.of("a hostile or absurd file", BEFORE, (outcome(root, name) for name in FILES))


def outcome(root: Path, name: str) -> str:
    """What came of one file."""
    file, write, read = FILES[name]
    folder = root / f"hostile-{abs(hash(name))}"
    folder.mkdir(parents=True)
    write(folder / file)

    def body() -> int:
        try:
            read(folder / file)
        except UserError as error:
            print(error)
            return 2 if file.split(".")[0] in str(error) or folder.name in str(error) else 3
        return 0

    code, said, spent, more = apart(folder, body)
    if (folder / _RAN).exists():
        return f"WRONG: {name} ran code"
    if spent > _LONGEST_S or more > _MOST_BYTES:
        return f"WRONG: {name} took {spent:.0f} s and {more >> 20} MB"
    if code == 3:
        return f"WRONG: {name}: the file is not named: {said}"
    if code not in (0, 2):
        return f"WRONG: {name}: {said.strip().splitlines()[-1:]}"
    return "a sentence" if code else "read"
