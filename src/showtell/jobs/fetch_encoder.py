"""Fetches a network by name, checks it, and converts it once: weights and description."""

import os
from pathlib import Path
from typing import Any

from showtell.nets.clip import ClipSettings
from showtell.nets.weights import fetch_clip


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Outputs: weights, network. Downloads are kept in SHOWTELL_CACHE, checksums in the lock."""
    settings = ClipSettings.model_validate(job["encoder"])
    cache = Path(os.environ.get("SHOWTELL_CACHE") or Path.home() / ".cache" / "showtell")
    lock = Path("weights.lock.json")  # in the repository, to be committed
    fetch_clip(settings, cache, lock, outputs["weights"], outputs["network"])
