"""HOLD, Table V: how many videos of Something-Something v2 show a task's action and object."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from showtell.videos.reading.labels import labelled, plain
from showtell.videos.reading.records import Video

# The caption: "number of videos in the training and validation sets labeled with either a, o, or
# both"; videos of each split: section "Training data coverage of evaluated robot tasks".
SPLITS = ("train", "validation")
PUBLISHED_VIDEOS = {"train": 168_913, "validation": 24_777, "test": 27_157}

# Our choices, where the paper says no more than "labeled with":
# - An object is a whole placeholder, in lower case, without its article and space around it: people
#   wrote "a drawer" and "drawer" for the same. The paper counts
#   3 videos "Moving cap towards the camera" and tells them from "bottle cap", which it names apart.
#   `word` is the other reading: the object is one of the placeholder's words.
# - An object may stand in any placeholder of any template; a video that names it twice counts once.
# - "Both" is the same video: its template is the action, and one of its placeholders the object.
Reading = Literal["whole", "word"]


class Count(NamedTuple):
    """Videos of an action, of an object, and of both."""

    action: int
    object: int
    both: int


class Task(NamedTuple):
    """A row of Table V."""

    name: str
    template: str  # as labels.json spells it
    object: str
    published: Count


TASKS = (
    Task("Pushing", "Moving something towards the camera", "cap", Count(927, 611, 3)),
    Task("Open Drawer", "Opening something", "drawer", Count(1585, 619, 67)),
    Task("Close Drawer", "Closing something", "drawer", Count(1296, 619, 62)),
    Task(
        "Push Cup Forward", "Moving something away from the camera", "mug", Count(937, 951, 4)
    ),
    Task(
        "Turn Faucet Right", "Pushing something from left to right", "faucet", Count(3199, 28, 0)
    ),
)  # fmt: skip


def table(labels: Path, reading: Reading = "whole") -> dict[str, Count]:
    """Table V from a folder of label files; videos need not be there."""
    videos, _ = labelled(labels)
    return count(videos, reading)


def count(videos: Iterable[Video], reading: Reading = "whole") -> dict[str, Count]:
    """Of each task, the videos of training and validation that match."""
    known = [video for video in videos if video.split in SPLITS]
    return {task.name: _count(task, known, reading) for task in TASKS}


def _count(task: Task, videos: list[Video], reading: Reading) -> Count:
    action = object_ = both = 0
    for video in videos:
        acts = video.template is not None and plain(video.template) == task.template
        shows = any(_is(task.object, placeholder, reading) for placeholder in video.placeholders)
        action += acts
        object_ += shows
        both += acts and shows
    return Count(action, object_, both)


def _is(word: str, placeholder: str, reading: Reading) -> bool:
    words = placeholder.lower().split()
    named = words[1:] if words[:1] in (["a"], ["an"], ["the"]) else words
    return word in named if reading == "word" else named == [word]
