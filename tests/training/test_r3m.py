"""R3M learns time and captions, goes on after a kill, and drops its language head."""

import numpy as np
import pytest
import torch

from showtell.data.samples import VideoSplits
from showtell.nets.encoder import load
from showtell.nets.r3m import R3mSettings
from showtell.nets.s3d_text import vocabulary_of
from showtell.project.checkpoints import Resume
from showtell.training.captioned_videos import frame_numbers, language, others, time_contrast
from showtell.training.r3m import R3mRecipe, loss_of, train_r3m
from tests.training.videos import MovingSquares

SETTINGS = {
    "kind": "r3m",
    "architecture": {
        "layers": [1, 1, 1, 1], "block": "basic", "width": 8, "norm": "group",
        "branch_scale": 0,
    },
    "pretrained": None, "source": None, "sha256": None,
    "picture": {"width": 24, "height": 24}, "resize": 24, "crop": 24, "batch": 32,
}  # fmt: skip
RECIPE = {
    "kind": "r3m",
    "dataset": {"kind": "videos", "videos": "people"},
    "steps": 200, "batch": 8, "learning_rate": 3e-3, "warmup": 0.1, "weight_decay": 0,
    "ends": 0.2, "negatives": 3, "time_weight": 1.0, "language_weight": 1.0,
    "l1_weight": 1e-5, "l2_weight": 1e-5, "word_dimensions": 8, "hidden": 32,
    "augmentation": {
        "kind": "light", "smallest_crop": 1.0, "flip": False, "colour": 0, "frame_light": 0,
        "frame_shift": 0,
    },
    "measured": 8,
}  # fmt: skip


class Captioned(MovingSquares):
    """Every other video runs backwards, and its caption says so."""

    def read(self, video, frames):
        return super().read(video, frames if video % 2 else self.lengths[video] - 1 - frames)

    def caption(self, video):
        return "a square moves to the right" if video % 2 else "a square moves to the left"


def recipe(**changes):
    return R3mRecipe.model_validate(RECIPE | changes)


def train(resume=None, progress=lambda step, values: None, **changes):
    videos = Captioned(32)
    data, held_out = VideoSplits(videos, np.arange(24)), VideoSplits(videos, np.arange(24, 32))
    settings = R3mSettings.model_validate(SETTINGS)
    return train_r3m(settings, recipe(**changes), data, held_out, 0, ("r3m",), progress, resume)


def test_it_learns_time_and_captions_of_videos_that_it_has_not_seen(tmp_path):
    trained = train()
    assert np.mean(trained.losses[-10:]) < 0.5 * np.mean(trained.losses[:10])
    assert trained.metrics["spearman"] > 0.8
    assert trained.metrics["caption_of_end"] > 0.9
    assert trained.metrics["caption_of_video"] > 0.9
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    trained.encoder.save(*files, note="of a test")
    frames = np.random.default_rng(0).integers(0, 256, (3, 24, 30, 3), dtype=np.uint8)
    read = load(R3mSettings.model_validate(SETTINGS), *files)
    torch.testing.assert_close(read.image(frames), trained.encoder.image(frames), rtol=0, atol=0)
    assert read.image(frames).shape == (3, 64)
    assert not any("score" in name for name in trained.encoder._model.state_dict())


def test_a_training_that_was_killed_ends_with_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("showtell.training.state._CHECKPOINT_EVERY", 10)
    whole = train(steps=30)

    def killed(step, values):
        if step == 17:
            raise KeyboardInterrupt

    with Resume(tmp_path, "r3m") as resume, pytest.raises(KeyboardInterrupt):
        train(resume, killed, steps=30)
    with Resume(tmp_path, "r3m") as resume:
        again = train(resume, steps=30)
    assert again.losses == whole.losses
    for one, other in zip(
        whole.encoder._model.state_dict().values(),
        again.encoder._model.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)


def vectors(*videos):
    """Embeddings on a line, of (begin, end, early, middle, late) each."""
    return torch.tensor(videos, dtype=torch.float32)[..., None]


def test_the_time_contrast_is_that_of_two_videos_by_hand():
    found = time_contrast(vectors([0, 9, 1, 2, 4], [0, 9, 1, 5, 6]), np.array([[1], [0]]))
    rows = []
    for (early, middle, late), (other_early, other_late) in (
        ((1, 2, 4), (1, 6)),
        ((1, 5, 6), (1, 4)),
    ):
        for near, other in ((late, other_late), (early, other_early)):
            right, wrong = np.exp(-abs(near - middle)), np.exp(-abs(late - early))
            rows.append(-np.log(right / (right + wrong + np.exp(-abs(near - other)))))
    assert found.item() == pytest.approx(np.mean(rows), abs=1e-5)


def test_embeddings_at_one_point_have_a_loss_and_a_slope():
    same = torch.zeros(2, 5, 3, requires_grad=True)
    loss = time_contrast(same, np.array([[1], [0]]))
    assert loss.item() == pytest.approx(np.log(3), abs=1e-5)
    loss.backward()
    assert torch.isfinite(same.grad).all()


def test_the_loss_of_captions_is_that_of_two_videos_by_hand():
    def head(first, later, sentence):
        return (later * sentence - first)[..., 0]

    both = vectors([0, 3, 1, 2, 4], [1, 5, 2, 3, 6])
    sentences = torch.tensor([[1.0], [0.5]])
    found = language(head, both, sentences, np.array([0, 1]), np.array([[1], [0]]))

    def share(first, later, earlier, sentence, other_first, other_later):
        right, wrong = later * sentence - first, earlier * sentence - first
        return np.logaddexp.reduce([right, wrong, other_later * sentence - other_first]) - right

    one = [share(0, 3, 0, 1, 1, 5), share(0, 2, 1, 1, 1, 3), share(0, 4, 2, 1, 1, 6)]
    other = [share(1, 5, 1, 0.5, 0, 3), share(1, 3, 2, 0.5, 0, 2), share(1, 6, 3, 0.5, 0, 4)]
    assert found.item() == pytest.approx((np.mean(one) + np.mean(other)) / 2, abs=1e-5)
    # A video without a caption counts 0; a negative with the same caption is left out.
    without = language(head, both, sentences, np.array([0, -1]), np.array([[1], [0]]))
    assert without.item() == pytest.approx(np.mean(one) / 2, abs=1e-5)
    alone = [np.logaddexp(right, wrong) - right for right, wrong in ((3, 0), (2, 1), (4, 2))]
    alone += [np.logaddexp(a / 2, b / 2) - a / 2 for a, b in ((5, 1), (3, 2), (6, 3))]
    same = language(head, both, sentences, np.array([0, 0]), np.array([[1], [0]]))
    assert same.item() == pytest.approx(np.mean(alone), abs=1e-5)


def test_sizes_of_embeddings_are_weighed():
    ones = torch.full((2, 5, 4), -0.5)
    light = {"time_weight": 0, "language_weight": 0, "l1_weight": 3, "l2_weight": 0, "negatives": 1}
    words = vocabulary_of(["one"])

    def loss(**changes):
        negatives = np.array([[1], [0]])
        return loss_of(ones, None, ["", ""], words, negatives, recipe(**light | changes)).item()

    assert loss() == pytest.approx(3 * 2)
    assert loss(l1_weight=0, l2_weight=3) == pytest.approx(3 * 1)


def test_frames_are_of_the_ends_and_three_in_order():
    draws = np.random.default_rng(0)
    many = np.array([frame_numbers(40, 0.2, draws) for _ in range(300)])
    begin, end, early, middle, late = many.T
    assert begin.max() == 8
    assert (end.min(), end.max()) == (31, 39)
    assert (early < middle).all()
    assert (middle < late).all()
    assert (early.min(), late.max()) == (0, 39)
    for length in (1, 2, 3):
        few = frame_numbers(length, 0.2, draws)
        assert few.min() >= 0
        assert few.max() < length


def test_negatives_are_other_videos_each_once():
    found = others(6, 3, np.random.default_rng(0))
    assert found.shape == (6, 3)
    for video, row in enumerate(found):
        assert video not in row
        assert len(set(row)) == 3
    with pytest.raises(ValueError, match="negatives 8"):
        recipe(negatives=8)
