"""What is asked: one task, and a sentence, a video or a picture as its goal."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from showtell.project.errors import UserError, nearest
from showtell.project.files import canonical_json
from showtell.study.parameters import Parameters, Task

How = Literal["text", "video", "image"]


@dataclass(frozen=True)
class Question:
    """The goal as the user gave it."""

    task: str
    how: How
    goal: str  # the sentence, or the path of the file
    baseline: str | None  # a sentence about the scene without the goal
    content: str  # of the file, as a digest; of a sentence empty

    @property
    def name(self) -> str:
        """The name of its study: the same question is the same study."""
        asked = (self.task, self.how, self.goal, self.baseline, self.content)
        return f"probe-{sha256(canonical_json(asked).encode()).hexdigest()[:8]}"


def question(
    p: Parameters,
    task: str,
    text: str | None,
    video: Path | None,
    image: Path | None,
    baseline: str | None = None,
) -> Question:
    """Refuses what cannot be asked, with the nearest choice."""
    if task not in p.tasks:
        raise UserError(f"there is no task {task!r}; {nearest(task, p.tasks)}")
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
        return Question(task, how, value.as_posix(), None, _read(value, how))
    sentence = " ".join(value.split())
    if not sentence:
        raise UserError(
            "--text is empty; write what the robot does, as in --text 'robot closing drawer'."
        )
    return Question(task, how, sentence, baseline, "")


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
