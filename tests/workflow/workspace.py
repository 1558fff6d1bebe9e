"""A throw-away clone of this repository in which the real workflow runs at smoke scale."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from showtell.study.layout import Layout, Run

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Workspace:
    """One clone: run the workflow in it, edit it, break it."""

    root: Path

    @classmethod
    def clone(cls, root: Path) -> "Workspace":
        """The files git knows or would take, committed afresh."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            source, target = REPOSITORY / name, root / name
            if not (source.is_symlink() or source.exists()):
                continue  # deleted in the work tree
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
        workspace = cls(root)
        workspace.git("init", "-q", "-b", "main")
        workspace.git("add", "-A")
        workspace.git("commit", "-q", "-m", "The clone of a test")
        return workspace

    def copy(self, root: Path) -> "Workspace":
        """This clone with its results, times and records."""
        shutil.copytree(self.root, root, symlinks=True)
        return Workspace(root)

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True)

    @property
    def environment(self) -> dict[str, str]:
        binaries = str(Path(sys.executable).parent)
        return os.environ | {
            "PYTHONPATH": str(self.root / "src"),
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.root}/mlflow.db",
        }

    def snakemake(self, *arguments: str, scale: str = "smoke") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments, scale=scale),
            cwd=self.root,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The workflow in the background, in a process group of its own."""
        return subprocess.Popen(
            self._command(*arguments, scale="smoke"),
            cwd=self.root,
            env=self.environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _command(self, *arguments: str, scale: str) -> list[str]:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--nocolor"]
        return [
            *command,
            "--config",
            f"scale={scale}",
            *(["--", *arguments] if _targets(arguments) else arguments),
        ]

    def showtell(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "showtell", *arguments],
            cwd=self.root,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
        )

    def pending(self) -> set[tuple[str, ...]]:
        """What a run would do now: (rule, wildcard values …)."""
        done = self.snakemake("--dry-run")
        assert done.returncode == 0, done.stderr + done.stdout
        return jobs(done.stdout + done.stderr)

    def override(self, **values: object) -> None:
        """Change the smoke scale: `learners__dqn-cartpole__steps=100`."""
        path = self.root / "workflow/scales/smoke.yaml"
        overlay = yaml.safe_load(path.read_text())
        for key, value in values.items():
            at = overlay
            *parents, last = key.split("__")
            for parent in parents:
                at = at.setdefault(parent, {})
            at[last] = value
        path.write_text(yaml.safe_dump(overlay, sort_keys=False))

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert text.count(old) >= 1, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1))

    def cell(self, method: str, seed: int = 0, phase: str = "train") -> Path:
        layout = Layout(self.root / "results/smoke")
        return layout.training("vlm_rm", "cartpole", Run("cartpole", method, seed, phase))


def _targets(arguments: tuple[str, ...]) -> bool:
    return bool(arguments) and not arguments[0].startswith("-")


def jobs(output: str) -> set[tuple[str, ...]]:
    """The jobs of a dry run's output, by rule and wildcard values."""
    found = set()
    for block in re.split(r"\n(?=(?:local)?rule \w+:)", output):
        rule = re.match(r"(?:local)?rule (\w+):", block)
        if rule is None or rule[1] in ("all", "vlm_rm"):
            continue
        wildcards = re.search(r"^ +wildcards: (.*)$", block, flags=re.MULTILINE)
        values = [pair.partition("=")[2] for pair in wildcards[1].split(", ")] if wildcards else []
        found.add((rule[1], *values))
    return found


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """kill -9 for the workflow and everything it started in its group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
