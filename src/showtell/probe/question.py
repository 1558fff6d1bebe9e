"""What is asked: one task, and a sentence, a video or a picture as its goal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

from showtell.nets.lerobot_files import checksums, read_config
from showtell.nets.lerobot_models import CLASSIFIER
from showtell.nets.lerobot_models import load as load_model
from showtell.project.errors import UserError, nearest
from showtell.project.files import canonical_json
from showtell.study.parameters import Parameters, Task

How = Literal["text", "video", "image"]
_FRAMES = 16  # the most that LeRobot's TOPReward takes by default


class Model(NamedTuple):
    """A reward model of the user's own, which is measured beside the goal."""

    folder: str
    type: str
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """The goal as the user gave it."""

    task: str
    how: How
    goal: str  # the sentence, or the path of the file
    baseline: str | None  # a sentence about the scene without the goal
    content: str  # of the file, as a digest; of a sentence empty
    model: Model | None = None

    @property
    def name(self) -> str:
        """The name of its study: the same question is the same study."""
        asked: tuple[Any, ...] = (self.task, self.how, self.goal, self.baseline, self.content)
        if self.model is not None:
            asked += (dict(self.model.sha256), self.model.folder)
        return f"probe-{sha256(canonical_json(asked).encode()).hexdigest()[:8]}"


def question(
    p: Parameters,
    task: str,
    text: str | None,
    video: Path | None,
    image: Path | None,
    baseline: str | None = None,
    model: str | None = None,
) -> Question:
    """Refuses what cannot be asked, with the nearest choice.

    A model without a goal is measured beside the task's own sentence.
    """
    if task not in p.tasks:
        raise UserError(f"there is no task {task!r}; {nearest(task, p.tasks)}")
    own = None if model is None else _model(model)
    if own is not None and (text, video, image) == (None, None, None):
        text = sentence_of(p, task)
    given: list[tuple[How, str | Path]] = [
        (how, value) for how, value in _given(text, video, image) if value is not None
    ]
    if len(given) != 1:
        found = " and ".join(f"--{how}" for how, _ in given) or "none of them"
        raise UserError(f"a probe needs one of --text, --video or --image; found {found}.")
    how, value = given[0]
    _refuse_world(p, task, how)
    if baseline is not None and how != "text":
        raise UserError(f"--baseline is a sentence beside --text; found --{how}.")
    if isinstance(value, Path):
        return Question(task, how, value.as_posix(), None, _read(value, how), own)
    sentence = " ".join(value.split())
    if not sentence:
        raise UserError(
            "--text is empty; write what the robot does, as in --text 'robot closing drawer'."
        )
    return Question(task, how, sentence, baseline, "", own)


def _model(name: str) -> Model:
    """A folder of LeRobot's that can be scored by; else it is refused before anything runs."""
    kind, _, folder = name.partition(":")
    if kind != "lerobot" or not folder:
        raise UserError(
            f"--model is lerobot:FOLDER, with config.json and model.safetensors; found {name!r}."
        )
    config = read_config(Path(folder))
    load_model(Path(folder), "reward", None, frames_of(config.type))
    return Model(folder, config.type, checksums(Path(folder)))


def sentence_of(p: Parameters, task: str) -> str | None:
    """The task's own sentence, the first of several."""
    prompts = p.tasks[task].prompts
    if prompts is None:
        return None
    return prompts.goal if isinstance(prompts.goal, str) else prompts.goal[0]


def frames_of(model: str) -> int:
    """How many frames a model of this type is given; those of videos are given some."""
    return 1 if model == CLASSIFIER else _FRAMES


def _given(
    text: str | None, video: Path | None, image: Path | None
) -> Iterator[tuple[How, str | Path | None]]:
    yield "text", text
    yield "video", video
    yield "image", image


def _refuse_world(p: Parameters, task: str, how: How) -> None:
    """The rollouts begin with a script; distances need worlds that can be changed, too."""
    if _fits(p.tasks[task], how):
        return
    others = [name for name, entry in p.tasks.items() if _fits(entry, how)]
    lack = "no script" if not p.tasks[task].world.offers().script else "no goal images"
    raise UserError(
        f"the world of {task} has {lack}, so there are no rollouts to measure a goal of the kind "
        f"--{how} on; try for example --task {nearest_name(task, others)}."
    )


def _fits(entry: Task, how: How) -> bool:
    offers = entry.world.offers()
    return offers.script and (how != "image" or bool(offers.scenes))


def nearest_name(name: str, known: list[str]) -> str:
    """The most similar name, or the first."""
    from difflib import get_close_matches

    return (get_close_matches(name, known, n=1, cutoff=0.0) or known)[0]


def _read(path: Path, how: How) -> str:
    """The digest of a file that is what it is said to be."""
    from showtell.media.clips import read_clip

    frames = read_clip(path).frames
    if how == "video" and len(frames) < 2:
        raise UserError(f"{path} holds one picture, no video; give it as --image {path}.")
    if frames.min() == frames.max():
        raise UserError(f"{path} shows one colour everywhere; give a {how} that shows the goal.")
    digest = sha256(str(frames.shape).encode())
    digest.update(frames.tobytes())
    return digest.hexdigest()
