"""The stages of dvc.yaml at one scale: which results belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_SCALES = Path("workflow/shared.yaml")
_HEADER = (
    "# The scales whose results have been shared; `make share` adds to them, dvc.yaml reads them.\n"
)


@dataclass(frozen=True)
class Stage:
    """One stage: its name in DVC, and what it makes."""

    root: Path
    scale: str
    name: str
    outs: tuple[str, ...]

    @property
    def target(self) -> str:
        """Its name at this scale, as DVC's commands take it."""
        return f"{self.name}@{self.scale}"

    @property
    def records(self) -> Path:
        """Where Snakemake's records of it are kept."""
        return self.root / "results" / self.scale / "records" / f"{self.name}.json"

    @property
    def missing(self) -> list[str]:
        """What of it does not exist yet."""
        return [out for out in self.outs if not (self.root / out).exists()]

    def owns(self, path: str) -> bool:
        """Whether a result is among its outputs."""
        return any(path == out or path.startswith(f"{out}/") for out in self.outs)


def stages(root: Path, scale: str) -> list[Stage]:
    """All stages, whether or not their outputs exist."""
    described = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    return [
        Stage(root, scale, name, tuple(_outs(stage, scale))) for name, stage in described.items()
    ]


def papers(root: Path, scale: str) -> list[str]:
    """The stages that are a paper with results: each has its folder."""
    return [
        stage.name
        for stage in stages(root, scale)
        if stage.name != "models" and (root / "results" / scale / stage.name).is_dir()
    ]


def shared_scales(root: Path) -> list[str]:
    """The scales that have been shared."""
    path = root / _SCALES
    return list(yaml.safe_load(path.read_text())["scales"]) if path.exists() else []


def add_shared_scale(root: Path, scale: str) -> None:
    """Let dvc.yaml have this scale's stages from now on."""
    scales = shared_scales(root)
    if scale not in scales:
        (root / _SCALES).write_text(f"{_HEADER}scales: [{', '.join([*scales, scale])}]\n")


def _outs(stage: dict[str, Any], scale: str) -> list[str]:
    listed = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    paths = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in listed]
    return [path.replace("${item.scale}", scale) for path in paths]
