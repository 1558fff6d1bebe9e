import numpy as np
import pytest

from showtell.learners.progress import EpisodeLog, csv_of, succeeded


def log(*steps: int, each: int = 2) -> EpisodeLog:
    episodes = EpisodeLog()
    for number, step in enumerate(steps):
        values = np.full(each, float(number))
        episodes.add(step, values, values / 3, np.array([True] + [False] * (each - 1)))
    return episodes


def test_a_row_is_the_mean_since_the_row_before():
    rows = list(log(10, 20, 30, 40).rows(20, ended=True))
    assert [(row.step, row.episodes, row.true_return) for row in rows] == [
        (20, 4, 0.5),
        (40, 8, 2.5),
    ]
    assert rows[0].success == 0.5


def test_rounds_longer_than_the_interval_give_one_row_each():
    assert [row.step for row in log(50, 100).rows(20, ended=True)] == [50, 100]


def test_episodes_after_the_last_multiple_get_a_row_when_training_has_ended():
    episodes = log(10, 20, 30)
    assert [row.step for row in episodes.rows(20, ended=False)] == [20]
    assert [row.step for row in episodes.rows(20, ended=True)] == [20, 30]


def test_numbers_in_the_table_read_back_equal():
    header, *lines = csv_of(log(10, 20).rows(10, ended=True)).splitlines()
    assert header == "step,episodes,true_return,learned_return,success"
    assert [float(line.split(",")[3]) for line in lines] == [0.0, 1 / 3]
    assert lines[1].split(",")[:2] == ["20", "4"]


def test_a_restored_log_tells_the_same_story():
    episodes, again = log(10, 20, 30), EpisodeLog()
    again.restore(episodes.state())
    for one in (episodes, again):
        one.add(40, np.array([0.1]), np.array([0.2]), np.array([True]))
    assert list(again.rows(20, ended=True)) == list(episodes.rows(20, ended=True))
    assert again.final() == episodes.final()


def test_final_values_are_of_the_latest_hundred_episodes():
    episodes = log(*range(10, 1210, 10), each=1)
    assert episodes.final() == {
        "final_episodes": 100, "true_return": np.mean(range(20, 120)),
        "learned_return": pytest.approx(np.mean(range(20, 120)) / 3), "success": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("any", [True, True, False]),
        ("half", [True, True, False]),
        ("final", [True, False, False]),
        ("always", [True, False, False]),
    ],
)
def test_success_of_an_episode_follows_the_worlds_rule(rule, expected):
    steps = np.array([[True, True], [True, False], [False, False]])
    assert succeeded(rule, steps).tolist() == expected
    assert succeeded("final", np.array([[False, True]])).tolist() == [True]
