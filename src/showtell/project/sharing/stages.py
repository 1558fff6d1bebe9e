"""The stages of dvc.yaml for a replicate: which results belong together; no folder is left out."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from showtell.project.errors import UserError
from showtell.project.foreign import dvc

_SHARED = Path("workflow/shared.yaml")
_HEADER = (
    "# The replicates that have been shared; `make share` adds to them, dvc.yaml reads them.\n"
)


@dataclass(frozen=True)
class Stage:
    """One stage: its name in DVC, and what it makes."""

    root: Path
    target: str  # as DVC's commands take it: models@mini, papers@vlm_rm-mini
    outs: tuple[str, ...]

    @property
    def records(self) -> Path:
        """Where Snakemake's records of it are kept: an output that each stage has."""
        return next(self.root / out for out in self.outs if Path(out).parent.name == "records")

    @property
    def name(self) -> str:
        """The paper, or the stage that is none."""
        return self.records.stem

    @property
    def missing(self) -> list[str]:
        """What of it does not exist yet."""
        return [out for out in self.outs if not (self.root / out).exists()]

    def owns(self, path: str) -> bool:
        """Whether a result is among its outputs."""
        return any(path == out or path.startswith(f"{out}/") for out in self.outs)


def stages(root: Path, replicate: str) -> list[Stage]:
    """All stages of a shared replicate, whether or not their outputs exist."""
    return [
        Stage(root, target, outs)
        for target, outs in dvc.stages(root).items()
        if any(out.startswith(f"results/{replicate}/") for out in outs)
    ]


def papers(root: Path, replicate: str) -> list[str]:
    """The papers with results: each has its folder."""
    return [
        stage.name
        for stage in stages(root, replicate)
        if stage.target.startswith("papers@")
        and (root / "results" / replicate / stage.name).is_dir()
    ]


def refuse_unowned(root: Path, replicate: str) -> None:
    """Stop at a folder of results that no stage of dvc.yaml would share."""
    results = root / "results" / replicate
    owned = {Path(out).parts[2] for stage in stages(root, replicate) for out in stage.outs}
    for folder in sorted(path for path in results.iterdir() if path.is_dir()):
        if folder.name not in owned and next(folder.rglob("*provenance.json"), None):
            raise UserError(
                f"results/{replicate}/{folder.name} has results, but no stage of dvc.yaml has it "
                f"among its outputs: add {folder.name} to stages.papers.matrix.paper in dvc.yaml, "
                f"then `make share SCALE={replicate}`."
            )


def shared_replicates(root: Path) -> list[str]:
    """The replicates that have been shared."""
    path = root / _SHARED
    return list(yaml.safe_load(path.read_text())["replicates"]) if path.exists() else []


def add_shared(root: Path, replicate: str) -> None:
    """Let dvc.yaml have the stages from now on."""
    known = shared_replicates(root)
    if replicate not in known:
        (root / _SHARED).write_text(f"{_HEADER}replicates: [{', '.join([*known, replicate])}]\n")
