"""Reads checkpoints of flax: msgpack, in which arrays are an extension. Nothing can run code.

The package `msgpack` is no dependency of anything here, and flax uses a small part of the format.
"""

import struct
from pathlib import Path
from typing import Any

import numpy as np

from showtell.nets.encoder import read_error
from showtell.project.bounds import ODD

_ARRAY, _COMPLEX, _SCALAR = 1, 2, 3  # flax's types of extensions
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b",
    0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_LENGTHS = {
    0xC4: ("bytes", ">B"), 0xC5: ("bytes", ">H"), 0xC6: ("bytes", ">I"), 0xC7: ("extension", ">B"),
    0xC8: ("extension", ">H"), 0xC9: ("extension", ">I"), 0xD9: ("text", ">B"),
    0xDA: ("text", ">H"), 0xDB: ("text", ">I"), 0xDC: ("list", ">H"), 0xDD: ("list", ">I"),
    0xDE: ("map", ">H"), 0xDF: ("map", ">I"),
}  # fmt: skip
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_CHUNKED = "__msgpack_chunked_array__"  # arrays beyond a gigabyte are maps of parts


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A tree of maps with arrays as its leaves."""
    cure = "delete it and fetch it again with: make reproduce"
    try:
        reader = _Reader(memoryview(path.read_bytes()))
        tree = reader.value()
        if not isinstance(tree, dict) or reader.place != len(reader.buffer):
            raise ValueError("it is no map, or something follows it")
        return tree
    except (OSError, ValueError, KeyError, TypeError, *ODD) as error:
        raise read_error(path, "a whole checkpoint of flax", cure, error) from None


class _Reader:
    """Reads one value after the other."""

    def __init__(self, buffer: memoryview) -> None:
        self.buffer, self.place = buffer, 0

    def value(self) -> Any:
        """The value that begins here."""
        (mark,) = (self._number(">B"),)
        if mark < 0x80:
            return mark
        if mark >= 0xE0:
            return mark - 0x100
        if mark < 0x90:
            return self._map(mark & 0x0F)
        if mark < 0xA0:
            return self._list(mark & 0x0F)
        if mark < 0xC0:
            return self._text(mark & 0x1F)
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in _NUMBERS:
            return self._number(_NUMBERS[mark])
        if mark in _LENGTHS:
            kind, form = _LENGTHS[mark]
            return getattr(self, f"_{kind}")(self._number(form))
        if 0xD4 <= mark <= 0xD8:
            return self._extension(2 ** (mark - 0xD4))
        raise ValueError(f"no value begins with the byte {mark}")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _bytes(self, length: int) -> memoryview:
        found = self.buffer[self.place : self.place + length]
        if len(found) < length:
            raise ValueError("it ends too early")
        self.place += length
        return found

    def _text(self, length: int) -> str:
        return str(self._bytes(length), "utf-8")

    def _list(self, length: int) -> list[Any]:
        return [self.value() for _ in range(length)]

    def _map(self, length: int) -> Any:
        found = {self.value(): self.value() for _ in range(length)}
        return _joined(found) if _CHUNKED in found else found

    def _extension(self, length: int) -> Any:
        kind, content = self._number(">B"), self._bytes(length)
        if kind == _COMPLEX:
            return complex(*_Reader(content).value())
        if kind not in (_ARRAY, _SCALAR):
            raise ValueError(f"flax has no extension of type {kind}")
        shape, name, values = _Reader(content).value()
        if name == "bfloat16":  # the upper half of a float32
            half = np.frombuffer(values, np.uint16).astype(np.uint32)
            return (half << 16).view(np.float32).reshape(shape)
        array = np.frombuffer(values, np.dtype(name)).reshape(shape)
        return array if kind == _ARRAY else array[()]


def _joined(parts: dict[str, Any]) -> Any:
    shape, chunks = (
        [parts[key][str(number)] for number in range(len(parts[key]))]
        for key in ("shape", "chunks")
    )
    return np.concatenate(chunks).reshape(shape)
