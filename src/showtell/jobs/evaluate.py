"""Evaluates the policies of a training in seeded episodes, and records a video of one episode."""

from pathlib import Path
from typing import Any

from showtell.jobs.parts import Context, Inputs, view, world_of
from showtell.learners import policies
from showtell.learners.checkpoints import policy_name
from showtell.media.video import write_video
from showtell.project.files import replacing, write_json, write_text
from showtell.rendering.pool import RenderPool
from showtell.studies.rollouts import Episode, film_view, play, summary, table


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> None:
    """Inputs: policy, description; for a policy of several goals, what its reward is built with."""
    world, evaluate = world_of(job["task"]), job["evaluate"]
    reward = Context.read(job, inputs).reward_of_training() if "reward" in job else None
    played: dict[str, list[Episode]] = {}
    with RenderPool(world.scene, world.scene_settings()) as pool:
        for checkpoint in evaluate["checkpoints"]:
            policy = policies.load(inputs["policy"][0], inputs["description"][0], checkpoint)
            policies.check_fits(policy.network, world.observation_space, world.action_space)
            for how in evaluate["actions"]:
                played[policy_name(how, checkpoint)] = play(
                    lambda: world_of(job["task"]),
                    policy,
                    how,
                    evaluate["episodes"],
                    job["root"],
                    job["address"],
                    pool.draw,
                    reward,
                )
        shown = policy_name("deterministic", evaluate["checkpoints"][0])
        first = played.get(shown) or next(iter(played.values()))
        frames = pool.draw(
            first[0].snapshots, film_view(view(job, job["task"]["camera"]["native"]))
        )
    write_text(outputs["episodes"], table(played, world))
    write_json(outputs["metrics"], summary(played, world))
    with replacing(outputs["video"]) as temporary:
        write_video(temporary, frames, world.metadata.get("render_fps", 30))
