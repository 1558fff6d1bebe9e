"""Replicates: a study at one scale from one root seed, with a folder of results of its own."""

import re
from dataclasses import dataclass

from showtell.project.errors import UserError

_SEED = "-seed"


@dataclass(frozen=True)
class Replicate:
    """Which results: `mini` of the root seed in params.yaml, `mini-seed1` of another one."""

    scale: str
    seed: int | None = None  # the root of the seed tree; None: the one in the parameters

    @classmethod
    def parse(cls, name: str) -> "Replicate":
        """The replicate of a folder under `results/`; whether its scale exists is not asked."""
        scale, marked, seed = name.partition(_SEED)
        return cls(scale, root_seed(seed) if marked else None)

    @property
    def name(self) -> str:
        """Its folder under `results/`."""
        return self.scale if self.seed is None else f"{self.scale}{_SEED}{self.seed}"

    @property
    def options(self) -> str:
        """What names it on Snakemake's command line."""
        return f"scale={self.scale}" + ("" if self.seed is None else f" seed={self.seed}")


def root_seed(value: object) -> int:
    """A root seed as it came from a command line."""
    if re.fullmatch(r"[0-9]+", str(value)) is None:
        raise UserError(
            f"SEED={value}: a root seed is a whole number from 0 up; for example "
            "`make reproduce SEED=1`."
        )
    return int(str(value))
