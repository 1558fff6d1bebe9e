"""Turns what is shown or told into one target embedding."""

from pathlib import Path
from typing import Any

from showtell.jobs.parts import built, demo_of, settings_of
from showtell.nets import encoder


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Inputs: encoder, network; demo, where something is shown. Output: target."""
    goal = built("goals", job["goal"])
    settings = settings_of("nets", job["encoder"])
    network = encoder.load(settings, inputs["encoder"][0], inputs["network"][0])
    goal.embed(network, job["prompts"], demo_of(inputs)).save(outputs["target"])
