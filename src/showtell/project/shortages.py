"""What a machine runs out of, in sentences: room on a disk, memory, processes, open files.

Libraries say it in many ways: by an error of the system's, by one of their own with its text.
"""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
_DISK_SAID = re.compile(
    r"No space left|quota exceeded|StorageFull|File too large|Read-only file", re.I
)
_MEMORY_SAID = re.compile(
    r"(can.t|cannot) allocate memory|out of memory|not enough memory|bad_alloc"
    r"|could not create a primitive|failed to map segment",  # of oneDNN, of the linker
    re.I,
)
_PROCESSES_SAID = re.compile(r"can't start new thread|Resource temporarily unavailable", re.I)


def of_disk(error: BaseException) -> str | None:
    """What a disk refused, if that is what went wrong."""
    for one in _behind(error):
        if isinstance(one, OSError) and one.errno in _DISK:
            return one.strerror or errno.errorcode[one.errno]
        if found := _DISK_SAID.search(str(one)):
            return found[0]
    return None


def of_memory(error: BaseException) -> bool:
    """Whether there was no memory for it, of the machine or of its accelerator."""
    return any(
        isinstance(one, MemoryError)
        or (isinstance(one, OSError) and one.errno == errno.ENOMEM)
        or (isinstance(one, RuntimeError | ImportError) and _MEMORY_SAID.search(str(one)))
        for one in _behind(error)
    )


def unwritten(path: Path, why: str) -> str:
    """The sentence for a file that could not be written."""
    free = "?"
    with suppress(OSError):
        free = f"{shutil.disk_usage(path.parent).free >> 20:,}"
    return (
        f"{path} could not be written: {why} ({free} MB are free there). Make room, or lift the "
        "quota or limit, and run the same command again: nothing half-written counts, and it "
        "carries on from what is complete."
    )


def sentence(error: BaseException) -> str | None:
    """What ran out and what to do; None for every other error."""
    if why := of_disk(error):
        named = [
            one.filename for one in _behind(error) if isinstance(one, OSError) and one.filename
        ]
        return unwritten(Path(str(named[0])) if named else Path.cwd() / "a file", why)
    if of_memory(error):
        return (
            f"the memory ran out ({(str(error) or 'MemoryError').splitlines()[0]}). End other "
            "programs, ask for fewer processes (--threads, CORES=1), or use a larger machine; run "
            "the same command again, and it carries on."
        )
    for one in _behind(error):
        if isinstance(one, OSError) and one.errno in (errno.EMFILE, errno.ENFILE):
            return f"too many files are open ({one}); raise the limit: ulimit -n 4096"
        if isinstance(one, OSError | RuntimeError) and _PROCESSES_SAID.search(str(one)):
            return f"no more processes or threads may be started ({one}); raise: ulimit -u"
    return None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
