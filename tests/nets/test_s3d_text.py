"""Sentences as numbers of words, exactly as the published network was taught."""

from showtell.nets.s3d_text import LENGTH, Vocabulary, split, vocabulary_of

KNOWN = Vocabulary(["robot", "closing", "green", "drawer", "don't", "x_1"])


def numbers(sentence: str) -> list[int]:
    row = KNOWN.numbers([sentence])[0].tolist()
    assert len(row) == LENGTH == 16
    while row and row[-1] == 0:
        row.pop()
    return row


def test_a_word_has_its_place_plus_one_and_a_table_a_row_more_than_words():
    assert numbers("robot closing green drawer") == [1, 2, 3, 4]
    assert KNOWN.rows == 7


def test_case_and_punctuation_do_not_matter_but_apostrophes_and_underscores_do():
    assert numbers("  ROBOT, closing:(Green)\tdrawer!") == [1, 2, 3, 4]
    assert numbers("robot-closing") == [1, 2]
    assert numbers("Don't x_1") == [5, 6]
    assert numbers("don t x 1") == []
    assert split("It's a 2nd ROBOT's—drawer.") == ["it's", "a", "2nd", "robot's", "drawer"]


def test_unknown_words_are_left_out_and_leave_no_gap():
    assert numbers("the robot is closing a drawer") == [1, 2, 4]
    assert numbers("nothing here") == []
    assert KNOWN.unknown("The robot is closing") == ["the", "is"]


def test_sixteen_known_words_are_read_and_unknown_ones_do_not_count():
    assert numbers("robot " * 15 + "closing green drawer") == [1] * 15 + [2]
    assert numbers("the " * 20 + "robot " * 16 + "drawer") == [1] * 16
    assert numbers("robot " * 14 + "the the closing") == [1] * 14 + [2]


def test_several_sentences_are_rows():
    rows = KNOWN.numbers(["drawer", "", "green robot"])
    assert rows[:, :2].tolist() == [[4, 0], [0, 0], [3, 1]]


def test_the_words_of_captions_are_known_in_alphabetical_order():
    words = vocabulary_of(["Robot closing drawer", "robot, don't!"])
    assert words.words == ("closing", "don't", "drawer", "robot")
    assert words.numbers(["robot closing"])[0, :3].tolist() == [4, 1, 0]
