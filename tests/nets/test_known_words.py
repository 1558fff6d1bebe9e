"""Which sentences a text encoder may embed: those of which it knows enough content words."""

import pytest

from showtell.nets.known_words import UnknownWordsError, checked, known

WORDS = frozenset({"the", "is", "robot", "closing", "green", "drawer"})


def test_function_words_do_not_count_as_known_content():
    found = known("please tidy up the kitchen", WORDS)
    assert found.share == 0
    assert found.unknown == ("please", "tidy", "up", "kitchen")
    assert not found.enough


@pytest.mark.parametrize(
    ("sentence", "enough"),
    [
        ("robot closing green drawer", True),
        ("a robot is closing the drawer", True),
        ("robot closing wardrobe", True),  # two of three
        ("robot polishing wardrobe", False),
        ("robot polishing green wardrobe", False),  # two of four
        ("the", False),  # known, but no content word
        ("", False),
    ],
)
def test_two_of_three_content_words_must_be_known_and_one_at_least(sentence, enough):
    assert known(sentence, WORDS).enough is enough
    if enough:
        checked(sentence, WORDS, "prompts.goal", "encoders.s3d")
        return
    with pytest.raises(UnknownWordsError, match=r"^prompts\.goal: .*encoders\.s3d|no content word"):
        checked(sentence, WORDS, "prompts.goal", "encoders.s3d")


def test_the_nearest_known_word_is_proposed():
    with pytest.raises(UnknownWordsError, match=r"'drawr' \(did you mean 'drawer'\?\)"):
        checked("drawr", WORDS, "prompts.goal", "encoders.s3d")


def test_a_network_without_a_list_of_words_knows_every_word():
    found = checked("please tidy up the kitchen", None, "prompts.goal", "encoders.clip")
    assert (found.share, found.unknown) == (1, ())
