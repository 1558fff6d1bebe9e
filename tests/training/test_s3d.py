"""A small S3D learns what moves where, and the same way every time."""

import math

import numpy as np
import pytest
import torch

from showtell.nets.s3d import S3dEncoder
from showtell.training.s3d import (
    Narrated,
    S3dRecipe,
    about_of,
    area,
    fits_of,
    measure,
    mil_nce,
    said_of,
    sentences_of,
    train_s3d,
)
from showtell.training.state import schedule
from tests.nets.s3d_models import RECIPE, SMALL, moving_squares, settings, small_encoder

QUARTER = SMALL["architecture"] | {"width": 0.25}


def train(data=None, held_out=None, progress=None, root=0, **changes):
    data = data or moving_squares(40, seed=1)
    asked, recipe = settings(architecture=QUARTER), S3dRecipe.model_validate(RECIPE | changes)
    progress = progress or (lambda step, values: None)
    address = ("encoder", "s3d")
    return train_s3d(asked, recipe, data, held_out or data, root, address, progress)


@pytest.fixture(scope="module")
def trained():
    return train(moving_squares(400, seed=1), moving_squares(100, seed=2))


def test_it_learns_where_squares_move_and_says_so_of_squares_it_never_saw(trained):
    assert trained.metrics["clips"] == 100
    assert trained.metrics["captions"] == 8
    assert trained.metrics["video_to_text"] > 0.8  # a guess: 1/4
    assert trained.metrics["text_to_video"] > 0.7
    assert trained.metrics["auc"] > 0.9  # a guess: 1/2
    assert np.mean(trained.losses[-10:]) < 0.5 * np.mean(trained.losses[:10])


def test_it_reads_time_not_single_frames(trained):
    """The same clips backwards go the other way."""
    data = moving_squares(60, seed=3)
    opposite = {"left": "right", "right": "left", "up": "down", "down": "up"}
    told = [tuple(_last(bag, opposite) for bag in clip) for clip in data.captions]
    backwards = Narrated(data.clips[:, ::-1].copy(), told)
    assert measure(trained.encoder, backwards)["auc"] > 0.9
    assert (
        measure(trained.encoder, Narrated(data.clips[:, ::-1].copy(), data.captions))["auc"]
        < trained.metrics["auc"] - 0.1
    )


def _last(sentence: str, words: dict[str, str]) -> str:
    *others, last = sentence.split()
    return " ".join([*others, words[last]])


def test_bfloat16_ranks_clips_as_float32_does(trained):
    assert trained.metrics["bfloat16_agreement"] > 0.998  # of the worst caption
    data = moving_squares(100, seed=4)
    sentences = sentences_of(data)
    said = trained.encoder.text(sentences)
    products = [
        (trained.encoder.at(precision).video(data.clips) @ said.T).numpy().ravel()
        for precision in ("float32", "bfloat16")
    ]
    ranks = [product.argsort().argsort() for product in products]
    assert np.corrcoef(*ranks)[0, 1] >= 0.999


def test_a_trained_network_is_saved_with_its_words_and_recipe(trained, tmp_path):
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    trained.encoder.save(*files, note="it has seen squares")
    loaded = S3dEncoder.load(settings(architecture=QUARTER), *files)
    assert set(loaded.network.words) == {
        "square", "moving", "left", "right", "up", "down", "a", "box", "goes"
    }  # fmt: skip
    assert loaded.network.recipe == S3dRecipe.model_validate(RECIPE).model_dump(mode="json")
    clips = moving_squares(4, seed=5).clips
    if loaded.device.type == "cpu":
        assert torch.equal(loaded.video(clips), trained.encoder.video(clips))


def test_the_same_arguments_give_the_same_bits_whatever_ran_before():
    first = train(steps=3)
    torch.manual_seed(99)
    torch.rand(7)
    np.random.seed(3)
    threads = torch.get_num_threads()
    second = train(steps=3)
    assert torch.get_num_threads() == threads
    assert first.losses == second.losses
    tensors = [trained.encoder._model.state_dict() for trained in (first, second)]
    assert all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[0])
    assert train(steps=3, root=1).losses != first.losses


def test_training_leaves_torchs_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    train(steps=1)
    assert torch.equal(torch.rand(3), expected)


def test_progress_is_told_at_every_step():
    told = []
    trained = train(steps=3, progress=lambda step, values: told.append((step, dict(values))))
    assert told == [(step, {"loss": loss}) for step, loss in enumerate(trained.losses, start=1)]


def test_no_steps_leave_a_random_network_that_knows_the_words():
    trained = train(steps=0)
    assert trained.losses == []
    assert trained.encoder.text(["square moving left"]).isfinite().all()
    assert 0 <= trained.metrics["auc"] <= 1


@pytest.mark.parametrize(("rare", "low", "high"), [(20, 0.4, 0.6), (1, 0.02, 0.15)])
def test_every_bag_is_drawn_equally_often_unless_it_is_tiny(rare, low, high):
    clips = np.zeros((100, 8, 32, 32, 3), np.uint8)
    clips[:rare] = 255  # white
    captions = [("white", "bright")] * rare + [("black",)] * (100 - rare)
    seen = []

    class Clips(np.ndarray):
        def __getitem__(self, index):
            if isinstance(index, np.ndarray):
                seen.extend(index.tolist())
            return super().__getitem__(index)

    train(Narrated(clips.view(Clips), captions), Narrated(clips, captions), steps=12)
    assert low < np.mean(np.array(seen) < rare) < high


@pytest.mark.parametrize(
    ("tasks_a_batch", "until", "most"),
    [(1, 1.0, [1, 1]), (2, 1.0, [2, 2]), (9, 1.0, [3, 3]), (1, 0.5, [1, 3])],
)
def test_a_batch_is_of_so_many_tasks_then_of_all(tasks_a_batch, until, most):
    data = moving_squares(60, seed=1)
    asked = np.repeat(["one", "another", "a third"], 20)
    batches = []

    class Clips(np.ndarray):
        def __getitem__(self, index):
            if isinstance(index, np.ndarray):
                batches.append(set(asked[index]))
            return super().__getitem__(index)

    few = Narrated(data.clips.view(Clips), data.captions, asked.tolist())
    train(few, data, steps=24, batch=16, tasks_a_batch=tasks_a_batch, few_until=until)
    sizes = [len(batch) for batch in batches]
    assert [max(sizes[:12]), max(sizes[12:])] == most
    assert set.union(*batches) == {"one", "another", "a third"}


def test_the_learning_rate_rises_and_falls_in_each_stage():
    recipe = S3dRecipe.model_validate(RECIPE | {"steps": 100, "few_until": 0.6, "warmup": 0.1})
    rates = [schedule(step, recipe) for step in range(1, 101)]
    assert [rates[step - 1] for step in (6, 64)] == [1.0, 1.0]
    assert max(rates[59], rates[99]) < 0.01
    alone = recipe.model_copy(update={"few_until": 1.0, "steps": 60})
    assert rates[:60] == [schedule(step, alone) for step in range(1, 61)]


def test_captions_of_a_thing_are_those_of_its_clips():
    bags = [("open door", "door"), ("shut door", "door"), ("push cup",)]
    data = Narrated(np.zeros((3, 1, 2, 2, 3), np.uint8), bags, (), ("door", "door", "cup"))
    sentences = sentences_of(data)
    about = about_of(data, fits_of(data, sentences))
    of_door = [said != "push cup" for said in sentences]
    assert about.tolist() == [of_door, of_door, [not each for each in of_door]]


@pytest.mark.parametrize(("alike", "times"), [(True, 2), (False, 1)])
def test_the_loss_counts_once_more_among_clips_of_one_thing(alike, times):
    data = moving_squares(60, seed=1)
    told = data._replace(things=["square" if alike else bag[0] for bag in data.captions])
    once, more = (
        train(told, data, steps=1, batch=16, tasks_a_batch=9, within_thing=weight).losses[0]
        for weight in (0.0, 1.0)
    )
    assert more == pytest.approx(times * once, rel=1e-5)  # with one sentence a thing: no rivals


def test_mil_nce_is_equation_1():
    scores = torch.tensor([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]], dtype=torch.float64)
    fits = torch.tensor([[True, True, False], [False, False, True]])
    e = math.exp
    first = (e(1) + e(2)) / (e(1) + e(2) + e(-1) + e(0.5) + e(0))  # its bag with the other clip
    second = e(3) / (e(3) + e(0.5) + e(0) + e(-1))
    expected = -(math.log(first) + math.log(second)) / 2
    assert mil_nce(scores, fits).item() == pytest.approx(expected, rel=1e-12)


def test_a_clip_of_which_the_same_is_said_is_no_wrong_answer():
    fits = torch.tensor([[True, False], [True, False]])
    low = mil_nce(torch.tensor([[5.0, 0.0], [5.0, 0.0]]), fits)
    assert low.item() == pytest.approx(math.log1p(math.exp(-5)), rel=1e-5)


def test_mil_nce_needs_one_caption_of_a_bag_to_fit():
    fits = torch.tensor([[True, True, False], [False, False, True]])
    one = torch.tensor([[9.0, -9.0, 0.0], [0.0, -9.0, 9.0]])
    assert mil_nce(one, fits) < 0.01


def test_a_caption_that_fits_but_is_not_said_is_neither_right_nor_wrong():
    fits = torch.tensor([[True, True], [False, True]])
    said = torch.tensor([[True, False], [False, True]])
    scores = [torch.tensor([[1.0, other], [0.5, 2.0]]) for other in (-3.0, 3.0)]
    one, same = (mil_nce(each, fits, said) for each in scores)
    assert one.item() == pytest.approx(same.item())
    assert one.item() != pytest.approx(mil_nce(scores[0], fits).item())


def test_one_caption_of_a_clip_is_drawn_the_first_most_often():
    fits = torch.tensor([[True, True, False], [False, False, True]]).repeat(200, 1)
    first, draws = torch.tensor([1, 2]).repeat(200), np.random.default_rng(0)
    said = said_of(fits, first, 0.2, draws)
    assert (said.sum(1) == 1).all()
    assert not (said & ~fits).any()
    assert 0.7 < said[::2, 1].float().mean() < 0.9
    assert said[1::2, 2].all()  # it has no other
    assert torch.equal(said_of(fits, first, None, draws), fits)
    assert (said_of(fits, first, 0.0, draws).float().argmax(1) == first).all()


def test_a_calibrated_random_network_tells_clips_apart():
    clips = moving_squares(8, seed=5).clips
    spread = {}
    for calibrated_on in (0, 16):
        encoder = train(steps=0, calibrated_on=calibrated_on).encoder
        vectors = encoder.video(clips).numpy()
        spread[calibrated_on] = vectors.std(axis=0).max() / np.abs(vectors).mean()
    assert spread[16] > 0.1 > 20 * spread[0]


@pytest.mark.parametrize("fits", [[[1, 0], [1, 0]], [[1, 1], [1, 1]], [[1, 0], [0, 1]]])
def test_gradients_are_finite_whatever_a_batch_holds(fits):
    scores = torch.randn(2, 2, requires_grad=True)
    mil_nce(scores, torch.tensor(fits, dtype=torch.bool)).backward()
    assert scores.grad.isfinite().all()


def test_the_area_under_the_curve_counts_pairs():
    labels = np.array([True, True, False, False])
    assert area(np.array([4.0, 3.0, 2.0, 1.0]), labels) == 1
    assert area(np.array([4.0, 1.0, 3.0, 2.0]), labels) == 0.5
    assert area(np.array([1.0, 1.0, 1.0, 0.0]), labels) == 0.75


def test_metrics_of_known_products_are_known():
    class Oracle:
        """Knows the answers: clip i shows what sentence i % 3 says."""

        def video(self, clips):
            return torch.eye(3)[torch.from_numpy(clips[:, 0, 0, 0, 0] % 3).long()]

        def text(self, sentences):
            return torch.eye(3)[: len(sentences)]

        def at(self, precision):
            return self

    clips = np.zeros((9, 2, 2, 2, 3), np.uint8)
    clips[:] = np.arange(9)[:, None, None, None, None]
    right = [(f"thing {number % 3}",) for number in range(9)]
    scores = measure(Oracle(), Narrated(clips, right))
    assert scores == {"clips": 9, "captions": 3, "video_to_text": 1.0, "text_to_video": 1.0,
                      "auc": 1.0, "bfloat16_agreement": pytest.approx(1)}  # fmt: skip
    wrong = [(f"thing {(number + 1) % 3}",) for number in range(9)]
    scores = measure(Oracle(), Narrated(clips, wrong))
    assert (scores["video_to_text"], scores["text_to_video"], scores["auc"]) == (0, 0, 0.25)


def test_each_task_has_its_own_measure_of_success():
    class Oracle:
        """Scores every clip by its colour for "won", and against it for "done"."""

        def video(self, clips):
            return torch.from_numpy(clips[:, 0, 0, 0, :1]).float()

        def text(self, sentences):
            return torch.tensor([[{"won": 1.0, "done": -1.0}.get(s, 0.0)] for s in sentences])

        def at(self, precision):
            return self

    clips = np.zeros((8, 2, 2, 2, 3), np.uint8)
    clips[:] = np.arange(8)[:, None, None, None, None]
    told = [("lost",), ("lost",), ("won",), ("won",), ("left",), ("left",), ("done",), ("done",)]
    scores = measure(Oracle(), Narrated(clips, told, ["won"] * 4 + ["done"] * 4))
    assert (scores["auc: won"], scores["auc: done"]) == (1, 0)
    scores = measure(Oracle(), Narrated(clips[2:4], told[2:4], ["won"] * 2))
    assert not [name for name in scores if name.startswith("auc:")]  # nothing failed


def test_a_clip_of_which_nothing_is_said_is_refused():
    clips = np.zeros((2, 2, 2, 2, 3), np.uint8)
    for captions in ([("a",)], [("a",), ()]):
        with pytest.raises(ValueError, match="a bag of at least one caption"):
            fits_of(Narrated(clips, captions), ["a"])


def test_words_of_a_bag_can_come_in_any_order():
    encoder = small_encoder()
    clips = moving_squares(3, seed=0).clips
    one = measure(encoder, Narrated(clips, [("robot closing", "red"), ("green",), ("button",)]))
    two = measure(encoder, Narrated(clips, [("red", "robot closing"), ("green",), ("button",)]))
    assert one == two


def test_statistics_at_the_end_are_those_of_all_clips_not_of_the_last_batches():
    left, taken = train(calibrated_on=0).encoder, train(calibrated_on=16).encoder
    means = [
        [value for name, value in encoder._model.state_dict().items() if "running_mean" in name]
        for encoder in (left, taken)
    ]
    assert any(not np.allclose(one, other) for one, other in zip(*means, strict=True))
    weights = [
        [value.detach() for value in encoder._model.parameters()] for encoder in (left, taken)
    ]
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
