"""Is every shared byte what it was? DVC does not ask (measured), so this does.

With DVC's defaults a remote's damaged or truncated object is pulled, cached and reported up to
date; a damaged object in the cache is checked out and pushed on; a push replaces no lost or damaged
object of a folder whose list is there. In each case DVC does not compare the content with its hash.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from showtell.project.errors import UserError
from showtell.project.files import replacing, sha256
from showtell.project.foreign.dvc import Out, cached, files, md5, object_path
from showtell.project.provenance import records


class Damage(NamedTuple):
    """One file that cannot be had as it was shared."""

    path: str
    objects: tuple[str, ...]  # its own, then the list of the folder it is in
    made_here: bool = False  # there is a file, but another one

    @property
    def is_list(self) -> bool:
        """A folder's list of files itself."""
        return self.path.endswith("/")


def objects(root: Path, outs: list[Out]) -> dict[str, str]:
    """Every object behind these outputs, by hash, with the path it stands for."""
    found = {out.md5: out.path for out in outs if out.is_folder}
    for out in outs:
        found |= {digest: path for path, digest in files(root, out).items()}
    return found


def refuse_changed(root: Path, replicate: str) -> None:
    """Stop at a result that is not what its job wrote, by the job's own provenance."""
    # Also rewritten between jobs, whenever results arrive.
    pages = (f"results/{replicate}/report.html", f"results/{replicate}/report/")
    for path, record in records(root / "results" / replicate):
        for place, expected in record["outputs"].items():
            file = root / place
            if not place.startswith(pages) and file.exists() and sha256(file) != expected:
                raise UserError(
                    f"{place} is not what its job wrote ({path.name} has another sha256): it was "
                    "edited or damaged since. Delete it and run "
                    f"`make reproduce SCALE={replicate}`, then share."
                )


def mend(store: Path, wanted: dict[str, str], source: Callable[[str], Path]) -> list[str]:
    """Make a folder of objects whole from good copies; the paths whose object was not good."""
    mended = []
    for digest, path in wanted.items():
        place = object_path(store, digest)
        if _good(place, digest):
            continue
        good = source(digest)
        if not _good(good, digest):
            raise UserError(
                f"{path} cannot be shared: no good copy of it is left here. "
                "Delete it and run `make reproduce`, then share."
            )
        place.unlink(missing_ok=True)
        with replacing(place) as temporary:
            shutil.copyfile(good, temporary)
        place.chmod(0o444)
        mended.append(path)
    return mended


def drop_bad_objects(root: Path, outs: list[Out], good: set[str]) -> list[str]:
    """Remove from the cache what is not what its name says, and what was checked out from it.

    `good` collects the hashes that were found right, and spares them the next time.
    """
    dropped = []
    for out in outs:
        if out.is_folder:
            if _drop(cached(root, out.md5), out.md5, good) is not None:
                dropped.append(out.path)
            if not cached(root, out.md5).exists():
                continue
        for path, digest in files(root, out).items():
            content = _drop(cached(root, digest), digest, good)
            if content is not None:
                dropped.append(path)
                here = root / path
                if here.is_file() and md5(here) == content:
                    here.unlink()
    return dropped


def damages(root: Path, outs: list[Out]) -> list[Damage]:
    """Every file of these outputs that is absent or different, by content."""
    found = []
    for out in outs:
        if out.is_folder and not cached(root, out.md5).exists():
            found.append(Damage(f"{out.path}/", (out.md5,)))
            continue
        for path, digest in files(root, out).items():
            here = root / path
            if not here.is_file() or md5(here) != digest:
                behind = (digest, out.md5) if out.is_folder else (digest,)
                found.append(Damage(path, behind, made_here=here.is_file()))
    return found


def check_out(root: Path, absent: list[Damage]) -> None:
    """Put files in place whose object is in the cache: DVC leaves out a whole folder for one."""
    for damage in absent:
        object_here = cached(root, damage.objects[0])
        if not damage.is_list and object_here.exists():
            with replacing(root / damage.path) as temporary:
                shutil.copyfile(object_here, temporary)


def _drop(copy: Path, digest: str, good: set[str]) -> str | None:
    """Remove one object if it is not what its name says; returns what it was instead."""
    if digest in good or not copy.is_file():
        return None
    content = md5(copy)
    if content == digest.removesuffix(".dir"):
        good.add(digest)
        return None
    copy.unlink()
    return content


def _good(path: Path, digest: str) -> bool:
    return path.is_file() and md5(path) == digest.removesuffix(".dir")
