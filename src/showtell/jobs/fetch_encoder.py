"""Fetches a network by name, checks it, and converts it once: weights and description."""

import os
from pathlib import Path
from typing import Any

from showtell.project import seeds
from showtell.study.registry import part


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Outputs: weights, network. Downloads are kept in SHOWTELL_CACHE, checksums in the lock."""
    kind = part("nets", job["encoder"]["kind"])
    settings = kind.settings.model_validate(job["encoder"])
    cache = Path(os.environ.get("SHOWTELL_CACHE") or Path.home() / ".cache" / "showtell")
    lock = Path("weights.lock.json")  # in the repository, to be committed
    seed = seeds.seed(job["root"], *job["address"], "weights")
    kind.load().fetch(settings, cache, lock, outputs["weights"], outputs["network"], seed)
