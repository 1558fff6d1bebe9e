"""Table V: videos of a robot task's action, of its object, and of both."""

import pytest

from showtell.videos.reading.counts import PUBLISHED_VIDEOS, TASKS, Count, count, table
from showtell.videos.reading.records import Video
from tests.videos.reading.making import labels


def named(template, *placeholders, split="train"):
    return Video("1", split, "1.webm", template=template, placeholders=placeholders)


VIDEOS = [
    named("Opening [something]", "drawer"),
    named("Opening [something]", "Drawer ", split="validation"),
    named("Opening [something]", "drawer", split="test"),
    named("Opening [something]", "desk drawer"),
    named("Opening [something]", "drawers"),
    named("Putting [something] into [something]", "drawer", "drawer"),
    named("Closing [something]", "book"),
    named(None),
]


def test_an_object_is_a_whole_placeholder_of_any_template():
    assert count(VIDEOS)["Open Drawer"] == Count(action=4, object=3, both=2)
    assert count(VIDEOS)["Close Drawer"] == Count(action=1, object=3, both=0)
    assert count(VIDEOS)["Pushing"] == Count(0, 0, 0)


@pytest.mark.parametrize("written", ["a drawer", "The drawer", "an  drawer"])
def test_an_article_is_no_part_of_an_object(written):
    assert count([named("Opening [something]", written)])["Open Drawer"] == Count(1, 1, 1)


def test_the_other_reading_takes_a_word_of_a_placeholder():
    assert count(VIDEOS, "word")["Open Drawer"] == Count(action=4, object=4, both=3)


def test_label_files_are_counted_without_videos(tmp_path):
    counted = table(labels(tmp_path))
    assert counted["Open Drawer"] == Count(action=2, object=1, both=1)
    assert counted["Turn Faucet Right"] == Count(action=1, object=0, both=0)


def test_published_numbers_are_the_papers():
    assert [tuple(task.published) for task in TASKS] == [
        (927, 611, 3), (1585, 619, 67), (1296, 619, 62), (937, 951, 4), (3199, 28, 0)
    ]  # fmt: skip
    assert sum(PUBLISHED_VIDEOS.values()) == 220_847


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_templates_are_spelt_as_in_labels_json(task):
    assert "[" not in task.template
    assert "something" in task.template
