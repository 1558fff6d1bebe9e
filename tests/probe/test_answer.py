"""Whether to train on a goal: decided by rankings, from tables of known numbers."""

import pytest

from showtell.probe.answer import of_alignment, of_distances, overall
from showtell.results.table import Table
from showtell.studies.alignment import COLUMNS as SCORED
from showtell.studies.distances import COLUMNS as MEASURED

SUCCESSES = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]


def scored(own, wrong=None, other=None, success=SUCCESSES):
    """An alignment table: the scores of ten rollouts by the goal and by its rivals."""
    rows = []
    for text, scores in (("probe", own), ("wrong", wrong), ("door-close", other)):
        for number, score in enumerate(scores or ()):
            noise = 1 - number / 9
            values = (number, noise, success[number], float(success[number]), score, "", "")
            rows.append(("m", text, *values))
    return Table.of(("method", *SCORED), rows)


def answer(table, others=("door-close",)):
    [line] = of_alignment(table, "probe", others)
    return line


def test_a_goal_that_ranks_every_success_first_is_worth_training():
    line = answer(scored(list(range(10)), wrong=list(range(10))[::-1]))
    assert line.outcome == "train"
    assert line.area == pytest.approx((1.0, 1.0, 1.0))
    assert dict(line.beside) == {"how little noise the script had": 1.0, "the wrong sentence": 0.0}


def test_a_goal_that_ranks_at_random_is_not():
    line = answer(scored([1, 6, 3, 8, 5, 2, 7, 4, 9, 0]))
    assert line.outcome == "do not train"
    assert line.area.low < 0.5 < line.area.high


def test_the_wrong_sentence_or_another_goal_that_ranks_as_well_speaks_against_it():
    ranked = list(range(10))
    assert "wrong sentence" in answer(scored(ranked, wrong=ranked)).reason
    assert "door-close" in answer(scored(ranked, other=ranked)).reason


def test_a_model_without_a_goal_is_not_held_against_the_goals_of_others():
    ranked = list(range(10))
    table = scored(ranked, other=ranked)
    [line] = of_alignment(table, "probe", ("door-close",), without_goal=("m",))
    assert line.outcome == "train"
    assert "the goal of door-close" not in dict(line.beside)


def test_equal_scores_and_too_few_successes_are_named():
    assert "same score" in answer(scored([0.5 + 1e-9 * n for n in range(10)])).reason
    line = answer(scored(list(range(10)), success=[0] * 8 + [1] * 2))
    assert (line.outcome, line.reason) == ("cannot say", "only 2 of 10 rollouts are successes")


def measured(method, miss, light):
    """Ends of six successes at distance 0, six failures at 1, six misses and the same in light."""
    ends = [("script", 1, 0.0)] * 6 + [("random", 0, 1.0)] * 6 + [("miss", 0, miss)] * 6
    rows = []
    for scene, shift in (("same", 0.0), ("light", light)):
        for number, (kind, success, end) in enumerate(ends):
            end = end + (shift if success else 0.0)
            values = (1.0, end, end, 1.0, end, 0.5, 0, "1 0", "1 0")
            rows.append((method, scene, kind, number, success, *values))
    return Table.of(("method", *MEASURED), rows)


@pytest.mark.parametrize(
    ("miss", "light", "outcome", "word"),
    [
        (1.0, 0.0, "train", "above"),
        (0.0, 0.0, "do not train", "arm"),
        (1.0, 2.0, "do not train", "light"),
    ],
)
def test_a_picture_must_tell_misses_apart_and_survive_other_light(miss, light, outcome, word):
    [line] = of_distances(measured("m", miss, light))
    assert line.outcome == outcome
    assert word in line.reason


def test_the_answer_is_about_what_was_asked_and_not_about_a_control():
    good, bad = measured("pixels", 1.0, 0.0), measured("mine", 0.0, 0.0)
    lines = of_distances(Table(good.columns, good.rows + bad.rows))
    assert overall(lines, {"pixels"}).method == "mine"
    assert overall(lines, set()).method == "pixels"
