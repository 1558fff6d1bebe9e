"""Zip files and arrays from elsewhere, checked before anything is unfolded."""

import io
import zipfile
from pathlib import Path
from typing import IO

from showtell.project.bounds import ARRAY_BYTES, ODD, ZIP_MEMBERS, at_most, said, sentence
from showtell.project.errors import UserError


def check_arrays(path: Path, expected: str, cure: str) -> None:
    """Refuse an NPZ or NPY file that claims more than it holds, or more than is read."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            _check_array(path, path, stream, path.stat().st_size, expected, cure)
        return
    with opened_zip(path, cure) as archive:
        members = archive.infolist()
        at_most(path, sum(one.file_size for one in members), ARRAY_BYTES, "bytes unfolded", cure)
        for one in members:
            with member(archive, one, path, cure) as stream:
                what = f"{one.filename} in {path}"
                _check_array(path, what, stream, one.file_size, expected, cure)


def opened_zip(path: Path, cure: str) -> zipfile.ZipFile:
    """A zip file of plain members, none of them encrypted."""
    try:
        archive = zipfile.ZipFile(path)
    except (*ODD, OSError, ValueError) as error:
        raise UserError(
            f"{path} is not a whole zip file ({said(error)}). {sentence(cure)}"
        ) from None
    at_most(path, len(archive.infolist()), ZIP_MEMBERS, "members", cure)
    return archive


def member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, cure: str) -> IO[bytes]:
    """A member as a stream; zipfile's errors about passwords and methods name no file."""
    if entry.flag_bits & 1:
        raise UserError(
            f"{entry.filename} in {path} is encrypted; nothing here asks for a password. "
            f"{sentence(cure)}"
        )
    try:
        return archive.open(entry)
    except (*ODD, RuntimeError, OSError) as error:
        raise UserError(
            f"{entry.filename} in {path} cannot be read ({said(error)}). {sentence(cure)}"
        ) from None


def _check_array(
    path: Path, what: object, stream: IO[bytes], size: int, expected: str, cure: str
) -> None:
    """Compare the bytes that an array's header claims with those that stand behind it."""
    from numpy.lib import format as npy

    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        head = io.BytesIO(stream.read(1 << 16))
        version = npy.read_magic(head)
        shape, _, dtype = read[version](head)
    except (*ODD, KeyError, OSError, ValueError) as error:
        raise UserError(f"{path} is not {expected} ({said(error)}); {cure}") from None
    claimed = dtype.itemsize
    for axis in shape:
        claimed *= int(axis)
    at_most(what, claimed, ARRAY_BYTES, "bytes", cure)
    if not dtype.hasobject and claimed != size - head.tell():
        raise UserError(
            f"{path} is not {expected}: the header of {what} says {claimed:,} bytes, and "
            f"{size - head.tell():,} follow; {cure}"
        )
