import numpy as np
import pytest
from pydantic import ValidationError

from showtell.goals.goal import Target
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Reads
from showtell.rewards.roboclip import RoboclipReward, RoboclipSettings
from showtell.studies.alignment import play
from showtell.studies.statistics import spearman
from showtell.studies.study import CachedEncoder, StudyInputs
from showtell.study.registry import build, part
from tests.nets.s3d_models import small_encoder

VIEW = View(32, 32, camera="corner2-crop", quality="fast")
WORLD = {
    "kind": "metaworld", "task": "button-press", "horizon": 128, "end": "terminal",
    "observe_time": True, "layouts": "frozen", "spread": "published", "hide_goal": True,
    "reward": "v2",
}  # fmt: skip


def made(kind, values, **context):
    return build(kind, part(kind, values["kind"]).settings.model_validate(values), **context)


def roboclip(encoder, sentence):
    told = encoder.text([sentence]).numpy()[0]
    settings = RoboclipSettings(kind="roboclip", goal="told", sampling="evenly", compare="product")
    return RoboclipReward(settings, encoder=encoder, target=Target.of(told), view=VIEW)


class Counting:
    """A real encoder that counts the clips it was given."""

    def __init__(self):
        self._encoder = small_encoder()
        self.dimensions, self.frames = self._encoder.dimensions, self._encoder.frames
        self.clips = 0

    def video(self, clips):
        self.clips += len(clips)
        return self._encoder.video(clips)

    def text(self, sentences):
        return self._encoder.text(sentences)


@pytest.fixture(scope="module")
def measured():
    world, counting = made("worlds", WORLD), Counting()
    encoder = CachedEncoder(counting)
    truth = made("rewards", {"kind": "true_reward"})
    told = {
        task: {"text": roboclip(encoder, sentence), "truth": truth}
        for task, sentence in (
            ("drawer-close", "robot closing green drawer"),
            ("button-press", "robot pushing red button"),
        )
    }
    told["drawer-close"]["wrong"] = roboclip(encoder, "robot pushing green drawer")
    told["drawer-close"]["truth wrong"] = roboclip(encoder, "robot pushing red drawer")
    settings = {"kind": "alignment", "methods": ["text", "truth"], "episodes": 6}
    study = made(
        "studies",
        settings
        | {"goals_of": list(told), "controls": {"wrong": "its-reward"}}
        | {"controls_of": {"truth": {"wrong": "another-reward"}}},
    )
    known = {("text", "drawer-close"): 1.0, ("wrong", "drawer-close"): 0.75}
    with RenderPool(world.scene, world.scene_settings(), workers=1) as pool:
        subject = StudyInputs(world, told["drawer-close"], {}, pool.draw, told, known_words=known)
        return study.measure(subject, 0, ("paper", "experiment", "drawer-close")), counting


def column(measured, name, **wanted):
    rows = [dict(zip(measured.columns, row, strict=True)) for row in measured.rows]
    return [row[name] for row in rows if all(row[key] == value for key, value in wanted.items())]


def test_every_method_judges_every_episode_by_every_sentence(measured):
    table, _ = measured
    assert len(table.rows) == (2 * 2 + 2) * 6
    one, other = (
        column(table, "score", method="text", text=t) for t in ("drawer-close", "button-press")
    )
    assert np.isfinite(one).all()
    assert one != other


def test_a_control_is_another_text_of_the_first_method(measured):
    table, _ = measured
    assert "wrong" not in column(table, "method")
    wrong = column(table, "score", method="text", text="wrong")
    assert len(wrong) == 6
    assert wrong != column(table, "score", method="text", text="drawer-close")


def test_each_row_says_how_many_words_of_its_sentence_are_known(measured):
    table, _ = measured
    assert set(column(table, "known_words", method="text", text="wrong")) == {0.75}
    assert set(column(table, "known_words", method="text", text="drawer-close")) == {1.0}
    assert np.isnan(column(table, "known_words", method="truth")).all()


def test_a_control_of_another_method_is_a_text_of_that_method(measured):
    table, _ = measured
    assert set(column(table, "method")) == {"text", "truth"}
    wrong = column(table, "score", method="truth", text="wrong")
    assert len(wrong) == 6
    assert wrong != column(table, "score", method="text", text="wrong")


def test_a_control_of_a_method_that_is_not_measured_is_refused():
    settings = {"kind": "alignment", "methods": ["text"], "episodes": 6, "goals_of": "own"}
    with pytest.raises(ValidationError, match="not among the study"):
        made("studies", settings | {"controls_of": {"txt": {"wrong": "its-reward"}}})


def test_rollouts_run_from_aimless_to_scripted(measured):
    table, _ = measured
    of = {"method": "truth", "text": "drawer-close"}
    assert column(table, "noise", **of) == pytest.approx(np.linspace(1, 0, 6))
    success = column(table, "success", **of)
    assert (success[0], success[-1]) == (0, 1)


def test_the_truth_ranks_as_itself_and_has_no_similarity(measured):
    table, _ = measured
    of = {"method": "truth", "text": "button-press"}
    assert spearman(column(table, "score", **of), column(table, "true_return", **of)) == 1
    assert np.isnan(column(table, "similarity", **of)).all()


def test_a_similarity_is_a_cosine(measured):
    table, _ = measured
    values = np.array(column(table, "similarity", method="text"))
    assert (abs(values) <= 1).all()
    assert np.ptp(values) > 0


def test_each_clip_is_encoded_once_however_many_sentences_judge_it(measured):
    _, counting = measured
    assert counting.clips == 6


def test_a_reward_that_reads_the_start_is_given_its_frame_and_it_is_drawn_once():
    class Starts:
        reads = Reads(view=VIEW, count=1, start=True)

    def draw(snapshots, view):
        drawn.append(snapshots)
        return np.zeros((len(snapshots), view.height, view.width, 3), np.uint8)

    world, drawn = made("worlds", WORLD | {"horizon": 8}), []
    played = play(world, np.array([1.0, 0.0]), 0, ("a",))
    subject = StudyInputs(world, {}, {}, draw)
    for _ in range(2):
        seen = subject.watched(Starts(), *played)
        assert seen.start_frames.shape == (2, VIEW.height, VIEW.width, 3)
    last, start = drawn
    np.testing.assert_array_equal(last, played.snapshots[:, -1])
    np.testing.assert_array_equal(start, played.starts)
    assert (start != played.snapshots[:, 0]).any(axis=1).all()
