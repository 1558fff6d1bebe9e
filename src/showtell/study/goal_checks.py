"""Whether the goals of a reward, and the demonstrations of a demo, fit a task."""

from collections.abc import Iterator
from typing import Any

from showtell.project.errors import nearest
from showtell.study.needs import Comparison
from showtell.study.parameters import Parameters, Task
from showtell.study.settings import EncoderSettings


def of_demo(p: Parameters, name: str, task: str, count: int) -> Iterator[str]:
    """Whether a demo has so many demonstrations of a task."""
    demo, world = p.demos[name], p.tasks[task].world
    if demo.scripted and not world.offers().script:
        yield (
            f"demos.{name} plays the script of the task's world, but {world.kind} has none for "
            f"{task}; name a demo of another kind, for example of kind 'file'."
        )
    known = demo.tasks()
    if known is not None and task not in known:
        yield f"demos.{name} does not show {task}; {nearest(task, known)}"
    if count > demo.available():
        yield (
            f"{count} demonstrations are asked for, but demos.{name} has {demo.available()}; ask "
            f"for at most that, or raise demos.{name}.count."
        )


def of_goals(p: Parameters, task: str, reward: Any) -> Iterator[str]:
    """Whether a reward can compare with its goals on a task."""
    for comparison in reward.needs().comparisons:
        yield from _of_comparison(p, task, reward, comparison)


def _of_comparison(p: Parameters, task: str, reward: Any, wanted: Comparison) -> Iterator[str]:
    goal, entry = p.goals[wanted.goal], p.tasks[task]
    at = f"goals.{wanted.goal}"
    prompt = goal.prompt()
    if prompt is not None and (entry.prompts is None or getattr(entry.prompts, prompt) is None):
        lacks = "prompts" if entry.prompts is None else f"prompt of the name {prompt!r}"
        yield (
            f"{at} is the task's prompt, but tasks.{task} has no {lacks}; add "
            f"tasks.{task}.prompts.{prompt}."
        )
    baseline = entry.prompts is not None and entry.prompts.baseline is not None
    if wanted.baseline and not (goal.source == "prompts" and baseline):
        yield (
            f"its reward ({reward.kind}) needs a baseline, which {at} has not for {task}; add "
            f"tasks.{task}.prompts.baseline, or set the reward's alpha to 0."
        )
    shown = goal.demonstrations()
    if shown is not None:
        yield from of_demo(p, shown[0], shown[1] or task, shown[2])
        yield from _of_moments(p, reward, wanted, shown[0])
    if wanted.timed and not goal.timed:
        yield (
            f"its reward ({reward.kind}) follows a demonstration frame by frame, but {at} is of "
            f"kind {goal.kind!r}; name a goal of the kind 'demo_frames'."
        )
    if goal.source == "rendered" and not entry.world.offers().goal_images:
        yield (
            f"{at} is a picture of the solved task, which the world {entry.world.kind} cannot "
            "draw; give the task a goal of another kind."
        )
    if goal.encoder is not None:
        yield from _of_encoder(p, entry, reward, wanted, goal.encoder)
    elif wanted.embeds is not None:
        yield (
            f"its reward ({reward.kind}) compares embeddings, but {at} is a picture alone; name "
            f"an encoder in {at}.encoder."
        )
    elif wanted.measured:
        fitting = [name for name, one in p.encoders.items() if one.measures]
        yield (
            f"its reward ({reward.kind}) asks a network for distances, but {at} names none; set "
            f"{at}.encoder to a network such as HOLD-R{f': {fitting[0]!r}' if fitting else ''}."
        )


def _of_moments(p: Parameters, reward: Any, wanted: Comparison, demo: str) -> Iterator[str]:
    """Whether a reward that follows a demonstration in time has its frames."""
    goal, at = p.goals[wanted.goal], f"goals.{wanted.goal}"
    if goal.timed and not wanted.timed:
        yield (
            f"{at} ({goal.kind}) is followed frame by frame, which its reward ({reward.kind}) does "
            "not do; name a reward of the kind 'tcn', or a goal of another kind."
        )
    shown = p.demos[demo]
    if goal.moments and (shown.frames or p.encoders[shown.encoder].clip_frames or 1) == 1:
        yield (
            f"{at} ({goal.kind}) reads frames by their time, but demos.{demo} keeps one frame; set "
            f"demos.{demo}.frames to all."
        )


def _of_encoder(
    p: Parameters, task: Task, reward: Any, wanted: Comparison, name: str
) -> Iterator[str]:
    encoder, goal, at = p.encoders[name], p.goals[wanted.goal], f"goals.{wanted.goal}"
    for reading in sorted(goal.reads() | ({wanted.embeds} if wanted.embeds else set())):
        if reading not in encoder.reads:
            fitting = [other for other, one in p.encoders.items() if reading in one.reads]
            yield (
                f"encoders.{name} ({encoder.kind}) does not embed a {reading}, which {at} and "
                f"the reward {reward.kind} need; {nearest(name, fitting)}"
            )
    fitting = [other for other, one in p.encoders.items() if one.measures == wanted.measured]
    if wanted.measured and not encoder.measures:
        yield (
            f"its reward ({reward.kind}) asks a network for distances, but encoders.{name} "
            f"({encoder.kind}) gives embeddings; set distance: l2 or cosine; "
            f"{nearest(name, fitting)}"
        )
    if wanted.embeds and encoder.measures:
        yield (
            f"its reward ({reward.kind}) compares embeddings, but encoders.{name} ({encoder.kind}) "
            f"measures distances itself; set distance: network; {nearest(name, fitting)}"
        )
    if wanted.unit is not None and encoder.unit != wanted.unit:
        length = "of length 1" if wanted.unit else "of any length"
        yield (
            f"its reward ({reward.kind}) needs vectors {length}, but those of encoders.{name} "
            f"({encoder.kind}) are not; name another encoder in {at}."
        )
    recipe = p.training.get(name)
    yield from _of_pixel_values(task, name, encoder, trained=recipe is not None)
    kinds = None if recipe is None else recipe.dataset.world_kinds()
    if recipe is None or kinds is None or wanted.embeds == "text":
        return
    drawn = {p.tasks[one].world.kind for one in recipe.dataset.task_names()} | set(kinds)
    if task.world.kind not in drawn:
        yield (
            f"encoders.{name} is trained here on pictures of {', '.join(sorted(drawn))} and "
            f"never on {task.world.kind}; add a task of that world to training.{name}.dataset, "
            "or name another encoder."
        )


def _of_pixel_values(
    task: Task, name: str, encoder: EncoderSettings, *, trained: bool
) -> Iterator[str]:
    try:
        changed = encoder.reading(task.pixel_values) != encoder
    except ValueError as error:
        yield f"the task's pixel_values are {task.pixel_values}; encoders.{name}: {error}."
        return
    if changed and trained:
        yield (
            f"encoders.{name} is trained here on its own pixel values and cannot read the task's, "
            f"{task.pixel_values}; set pixel_values of the task to null."
        )
