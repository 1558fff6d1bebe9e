"""What DVC says results must be: dvc.lock and the cache's lists of files, read without DVC."""

import configparser
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from showtell.project.errors import UserError


class Out(NamedTuple):
    """One output that DVC owns: a file, or a folder whose list of files is an object too."""

    stage: str
    path: str
    md5: str
    size: int

    @property
    def is_folder(self) -> bool:
        """Folders are named by the hash of their list."""
        return self.md5.endswith(".dir")


def outs(root: Path, scale: str | None = None) -> list[Out]:
    """The outputs in dvc.lock, of one scale or all; those that git owns are left out."""
    lock = root / "dvc.lock"
    if not lock.exists():
        return []
    stages = yaml.safe_load(lock.read_text()).get("stages") or {}
    return [
        Out(stage, out["path"], out["md5"], out.get("size", 0))
        for stage, entry in stages.items()
        if scale is None or stage.endswith(f"@{scale}")
        for out in entry.get("outs", [])
        if not out["path"].startswith(f"results/{stage.partition('@')[2]}/tables/")
    ]


def read_config(root: Path, *names: str) -> configparser.RawConfigParser:
    """The repository's DVC configuration, what is local to this clone winning."""
    config = configparser.RawConfigParser()
    config.read(root / ".dvc" / name for name in names or ("config", "config.local"))
    return config


def cache_folder(root: Path) -> Path:
    """Where the repository keeps its objects; a relative setting counts from .dvc."""
    folder = read_config(root).get("cache", "dir", fallback="cache")
    return (root / ".dvc" / folder).resolve() / "files" / "md5"


def cached(root: Path, md5: str) -> Path:
    """The cache's object of this hash."""
    return object_path(cache_folder(root), md5)


def object_path(store: Path, md5: str) -> Path:
    """Where a store of objects (a cache, a remote's `files/md5`) keeps this one."""
    return store / md5[:2] / md5[2:]


def files(root: Path, out: Out) -> dict[str, str]:
    """Every file of an output, by path, with its hash."""
    if not out.is_folder:
        return {out.path: out.md5}
    listing = cached(root, out.md5)
    if not listing.exists():
        raise UserError(f"the list of files of {out.path} is not in the cache; run `make pull`.")
    content = listing.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != out.md5.removesuffix(".dir"):
        raise UserError(
            f"the list of files of {out.path} in the cache is damaged; delete {listing} and run "
            "`make pull` again."
        )
    return {f"{out.path}/{entry['relpath']}": entry["md5"] for entry in json.loads(content)}


def known_md5(root: Path) -> dict[str, str]:
    """The hash of every file that DVC has recorded here, as far as its lists are at hand."""
    return dict(_known(root))


def _known(root: Path) -> Iterator[tuple[str, str]]:
    for out in outs(root):
        try:
            yield from files(root, out).items()
        except UserError:  # not pulled here
            continue


def md5(path: Path) -> str:
    """The hash that DVC names a file by."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
