"""What all trainings of stand-ins share: a recipe, its schedule, the same bits every time."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic_core import CoreSchema, core_schema

from showtell.project.errors import UserError
from showtell.project.registry import part, parts

Progress = Callable[[int, Mapping[str, float]], None]  # a step (from 1), and its loss


class _Dataset:
    """The settings of any dataset, found by name when they are checked.

    Not when this module is imported: datasets may import networks, and these know no simulator.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _dataset_settings,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: value.model_dump(mode="json")
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        known = [handler(p.settings.__pydantic_core_schema__) for p in parts("data").values()]
        return known[0] if len(known) == 1 else {"oneOf": known}


def _dataset_settings(value: Any) -> BaseModel:
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    try:
        return part("data", str(name)).settings.model_validate(value)
    except UserError as error:
        raise ValueError(str(error)) from None


class Recipe(BaseModel):
    """How a stand-in is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Annotated[BaseModel, _Dataset()]
    steps: PositiveInt
    batch: PositiveInt  # frames a step; every caption is read at every step
    learning_rate: PositiveFloat  # its peak: it rises over `warmup`, then falls as a cosine
    warmup: Annotated[float, Field(ge=0, lt=1)]  # share of the steps
    weight_decay: NonNegativeFloat  # of matrices; biases and scales are left alone


def schedule(step: int, recipe: Recipe) -> float:
    """The share of the peak learning rate: a line up, a cosine down."""
    warmup = recipe.warmup * recipe.steps
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (recipe.steps - warmup + 1)))


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """One thread (sums in another order are other bits), and torch's generator put back after."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
