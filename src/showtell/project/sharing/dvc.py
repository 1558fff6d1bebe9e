"""DVC as a command: the few verbs that sharing needs, and where its remote is."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from showtell.project.errors import UserError
from showtell.project.foreign.dvc import remember_remote, remotes

_REMOTE = "shared"


class Remote(NamedTuple):
    """Where objects are shared."""

    name: str
    url: str

    @property
    def objects(self) -> Path | None:
        """The folder of its objects, where it is a folder."""
        return None if "://" in self.url else Path(self.url) / "files" / "md5"


def dvc(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run DVC."""
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def must(done: subprocess.CompletedProcess[str]) -> str:
    """What a successful command printed; otherwise DVC's own complaint, as one sentence."""
    if done.returncode != 0:
        verb = done.args[done.args.index("dvc") + 1]
        complaint = " ".join((done.stderr or done.stdout).split())
        raise UserError(f"`dvc {verb}` failed: {complaint[-2000:]}")
    return done.stdout


def prepare(root: Path) -> None:
    """A copy without git history (a downloaded archive) gets a DVC repository of its own."""
    if not (root / ".dvc").exists():
        scm = [] if (root / ".git").exists() else ["--no-scm"]
        must(dvc(root, "init", "--quiet", *scm))
        must(dvc(root, "config", "core.analytics", "false"))


def remote(root: Path, wanted: str | None, replicate: str) -> Remote:
    """The remote to use: the one asked for, which is remembered, or the remembered one."""
    known, default = remotes(root)
    if wanted is None:
        default = default or _REMOTE
        if default in known:
            return Remote(default, known[default])
        raise UserError(
            "no place to share is known yet; say where once: "
            f"`make share SCALE={replicate} REMOTE=<folder, s3://bucket/path or ssh://host/path>`."
        )
    if wanted in known:
        return Remote(wanted, known[wanted])
    url = wanted if "://" in wanted else str(Path(wanted).expanduser().resolve())
    if known.get(_REMOTE) != url:
        remember_remote(root, _REMOTE, url)
    return Remote(_REMOTE, url)
