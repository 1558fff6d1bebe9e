"""A goal that was told: VLM-RM's goal sentence and its baseline (Definition 1)."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from showtell.goals.goal import Target, Vector
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError


class TextSettings(BaseModel):
    """Which encoder reads the task's prompts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["text"]
    encoder: str


class TextGoal:
    """Reads the task's prompts."""

    def __init__(self, settings: TextSettings) -> None:
        self._settings = settings

    def embed(self, encoder: Encoder, prompts: Mapping[str, Any] | None) -> Target:
        """The target of `prompts`: {goal, baseline}, each a sentence, several, or (baseline) None.

        Several are averaged; unlike VLM-RM's code, which leaves the average shorter than 1, the
        result has length 1 as Definition 1 asks. The paper never uses several.
        """
        if prompts is None or not prompts.get("goal"):
            raise UserError(
                "this task has no prompts to be told by; add prompts.goal to the task in "
                "params.yaml."
            )
        baseline = prompts.get("baseline")
        return Target(
            goal=_mean(encoder, prompts["goal"]),
            baseline=None if baseline is None else _mean(encoder, baseline),
            shown={"prompts": dict(prompts)},
        )


def _mean(encoder: Encoder, sentences: str | list[str]) -> Vector:
    told = [sentences] if isinstance(sentences, str) else sentences
    mean = encoder.text(told).numpy().astype(np.float64).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


PARTS = {"text": (TextSettings, "TextGoal")}
