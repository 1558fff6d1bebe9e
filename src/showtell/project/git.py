"""Which commit this is, and whether the code in the folder is that commit's."""

import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

# Results and their tables change by running, not by editing: they do not make the code dirty.
_CODE = (".", ":(exclude)results", ":(exclude)dvc.lock")


class GitState(NamedTuple):
    """The commit and whether tracked code differs from it; both unknown outside git."""

    commit: str | None
    dirty: bool | None


@cache
def git_state(root: Path) -> GitState:
    """The state of the repository at `root`, asked once a process."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return GitState(None, None)
    changes = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *_CODE)
    return GitState(commit.strip(), None if changes is None else bool(changes.strip()))


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git, no repository or no commit."""
    try:
        # No optional locks: two jobs asking at once must not meet on git's index.
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
