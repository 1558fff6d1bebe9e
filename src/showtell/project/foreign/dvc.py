"""What is private to DVC and yet relied upon: its lock, stages, objects and configuration."""

import configparser
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from showtell.project.errors import UserError
from showtell.project.files import replacing

VERSION = "3.67"  # the release whose formats these are; tests/project/foreign holds them to it
_REMOTE_SECTION = "'remote \""  # …NAME"', quotes included


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

    @property
    def replicate(self) -> str:
        """The replicate whose result it is."""
        return self.path.split("/")[1]


def outs(root: Path, replicate: str | None = None) -> list[Out]:
    """The outputs in dvc.lock, of one replicate or all; those that git owns are left out."""
    lock = root / "dvc.lock"
    if not lock.exists():
        return []
    stages = yaml.safe_load(lock.read_text()).get("stages") or {}
    found = [
        Out(stage, out["path"], out["md5"], out.get("size", 0))
        for stage, entry in stages.items()
        for out in entry.get("outs", [])
    ]
    return [
        out
        for out in found
        if replicate in (None, out.replicate)
        and not out.path.startswith(f"results/{out.replicate}/tables/")
    ]


def stages(root: Path) -> dict[str, tuple[str, ...]]:
    """The outputs of each stage of dvc.yaml, as DVC resolves its matrices."""
    from dvc.repo import Repo  # half a second

    with Repo(str(root)) as repo:
        return {
            stage.name: tuple(out.def_path for out in stage.outs)
            for stage in repo.stage.load_file(str(root / "dvc.yaml"))
        }


def remotes(root: Path) -> tuple[dict[str, str], str | None]:
    """The address of each configured remote, and the name of the default one."""
    config = read_config(root)
    addresses = {
        section.removeprefix(_REMOTE_SECTION).removesuffix("\"'"): config.get(section, "url")
        for section in config.sections()
        if section.startswith(_REMOTE_SECTION) and config.has_option(section, "url")
    }
    return addresses, config.get("core", "remote", fallback=None)


def remember_remote(root: Path, name: str, url: str) -> None:
    """Make this the default remote, in the part of DVC's configuration that git ignores."""
    path = root / ".dvc" / "config.local"
    config = read_config(root, "config.local")
    section = f"{_REMOTE_SECTION}{name}\"'"
    # `verify` is off by default: DVC then takes a damaged object for a good one, for good.
    config.read_dict({"core": {"remote": name}, section: {"url": url, "verify": "true"}})
    with replacing(path) as temporary:
        temporary.touch(mode=0o600)  # an address may have a password in it
        with temporary.open("w") as file:
            config.write(file)


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
