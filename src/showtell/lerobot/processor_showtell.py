"""What LeRobot does with a batch before and after `compute_reward`: nothing, for our rewards."""

from typing import Any

from lerobot.processor import IdentityProcessorStep, PolicyProcessorPipeline


def make_showtell_pre_post_processors(config: Any, **_: Any) -> tuple[Any, Any]:
    """Two pipelines that change nothing: our rewards resize and normalise pictures themselves."""
    steps = [IdentityProcessorStep()]
    return (
        PolicyProcessorPipeline(steps=steps, name="showtell_preprocessor"),
        PolicyProcessorPipeline(steps=steps, name="showtell_postprocessor"),
    )
