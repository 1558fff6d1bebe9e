"""HOLD-C learns the order of frames, goes on after a kill, and is measured on other videos."""

from itertools import islice

import numpy as np
import pytest
import torch

from showtell.nets.encoder import load
from showtell.nets.hold_c import HoldCEncoder, HoldCSettings, describe
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.training.hold_c import HoldCRecipe, loss_of, train_hold_c
from showtell.training.video_batches import LightAugmentation, batches, numbers
from showtell.training.video_measures import measure
from tests.training.videos import MovingSquares, splits

SETTINGS = {
    "kind": "hold_c",
    "architecture": {
        "kind": "resnet",
        "layers": [1, 1, 1, 1], "block": "basic", "width": 8, "norm": "group",
        "branch_scale": 0, "dimensions": 8,
    },
    "pretrained": None,
    "picture": "native",
    "size": 24,
    "fit": "crop",
    "batch": 32,
}  # fmt: skip
STILL = {
    "kind": "light", "smallest_crop": 1.0, "flip": False, "colour": 0, "frame_light": 0,
    "frame_shift": 0,
}  # fmt: skip
RANKS = {"kind": "ranks", "softness": 0.25, "size_weight": 0.005}
TRIPLETS = {
    "kind": "triplets", "near": 2, "far": 4, "margin": 0.2, "reduction": "mean",
    "repeats": "left-out",
}  # fmt: skip
RECIPE = {
    "kind": "hold_c",
    "dataset": {"kind": "videos", "videos": "people"},
    "steps": 60,
    "batch": 6,
    "learning_rate": 3e-3,
    "warmup": 0.1,
    "weight_decay": 0,
    "frames_a_video": 8,
    "frames": "spread",
    "loss": RANKS,
    "augmentation": STILL,
    "measured": 8,
}  # fmt: skip


def settings(**changes):
    return HoldCSettings.model_validate(SETTINGS | changes)


def recipe(**changes):
    return HoldCRecipe.model_validate(RECIPE | changes)


def train(resume=None, progress=lambda step, values: None, **changes):
    return train_hold_c(
        settings(), recipe(**changes), *splits(24, 8), 0, ("hold",), progress, resume
    )


def untrained(seed=0):
    torch.manual_seed(seed)
    return HoldCEncoder(settings(), settings().architecture.build(), describe(settings()), "cpu")


@pytest.mark.parametrize(
    "changes",
    [{}, {"loss": TRIPLETS, "frames": "consecutive", "steps": 600}],
    ids=["ranks", "triplets"],
)
def test_it_learns_how_far_a_frame_is_from_the_end(changes):
    trained = train(**changes)
    assert np.mean(trained.losses[-10:]) < 0.8 * np.mean(trained.losses[:10])
    before = measure(untrained(), splits(24, 8)[1], 8, np.random.default_rng(0))
    # Triplets order near frames alone: past `far` all are equally wrong.
    assert trained.metrics["spearman"] > before["spearman"] + (0.4 if changes else 0.8)
    assert abs(trained.metrics["spearman_shuffled"]) < 0.4
    assert trained.metrics["videos"] == 8


def test_a_training_that_was_killed_ends_with_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("showtell.training.state._CHECKPOINT_EVERY", 10)
    whole = train(steps=30)

    def killed(step, values):
        if step == 17:
            raise KeyboardInterrupt

    with Resume(tmp_path, "hold") as resume, pytest.raises(KeyboardInterrupt):
        train(resume, killed, steps=30)
    with Resume(tmp_path, "hold") as resume:
        again = train(resume, steps=30)
    assert again.losses == whole.losses
    for one, other in zip(
        whole.encoder._model.state_dict().values(),
        again.encoder._model.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_weights_are_read_as_they_were_written(tmp_path):
    encoder = untrained()
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    encoder.save(*files, note="of a test")
    frames = MovingSquares(1).read(0, np.arange(10))
    read = load(settings(), *files)
    torch.testing.assert_close(read.image(frames), encoder.image(frames), rtol=0, atol=0)
    with pytest.raises(UserError, match="says architecture"):
        other = SETTINGS["architecture"] | {"width": 16}
        load(settings(architecture=other), *files)


def test_an_encoder_of_pictures_refuses_clips_and_sentences():
    encoder = untrained()
    with pytest.raises(UserError, match="not clips"):
        encoder.video(np.zeros((1, 4, 24, 24, 3), np.uint8))
    with pytest.raises(UserError, match="not sentences"):
        encoder.text(["a drawer is closed"])


def test_batches_are_those_of_their_steps():
    videos, rows = MovingSquares(6), np.arange(6)

    def made(first):
        found = batches(
            videos, rows, videos_a_batch=3, size=24, first=first, draws=np.random.default_rng,
            frames=lambda length, draws: numbers(length, 5, "spread", draws),
            augmentation=LightAugmentation(**STILL),
        )  # fmt: skip
        few = list(islice(found, 3))
        found.close()
        return few

    for one, other in zip(made(2)[:2], made(1)[1:], strict=True):
        assert torch.equal(one.pictures, other.pictures)
        np.testing.assert_array_equal(one.times, other.times)
    assert made(1)[0].pictures.shape == (3, 5, 3, 24, 24)
    assert videos.reads


def test_short_videos_are_repeated_from_their_start():
    draws = np.random.default_rng(0)
    assert numbers(4, 6, "consecutive", draws).tolist() == [0, 1, 2, 3, 0, 1]
    assert numbers(4, 6, "spread", draws).tolist() == [0, 0, 1, 1, 2, 3]
    some = numbers(30, 6, "spread", draws)
    assert len(set(some)) == 6
    assert (np.diff(some) > 0).all()


def test_repeats_are_left_out_or_taken_for_another_video():
    """A video of two frames met three times: alone it has no negative; its copies are negatives."""
    batch = batches(
        _Short(), np.arange(1), videos_a_batch=1, size=8, first=1, draws=np.random.default_rng,
        frames=lambda length, draws: numbers(length, 6, "consecutive", draws),
        augmentation=LightAugmentation(**STILL),
    )  # fmt: skip
    only = next(batch)
    batch.close()
    assert only.repeated.tolist() == [[False, False, True, True, True, True]]
    vectors = torch.arange(6.0)[:, None].repeat(1, 2) % 2
    published = recipe(loss=TRIPLETS | {"repeats": "negatives", "reduction": "sum"}).loss
    # The furthest copy is as far as the positive, so that each of six pairs costs the margin.
    assert loss_of(vectors, only, published) == pytest.approx(6 * 0.2, abs=1e-5)
    left_out = recipe(loss=TRIPLETS).loss
    assert loss_of(vectors, only, left_out) == 0


class _Short:
    lengths = np.array([2], np.int32)
    fps = np.array([12.0])

    def read(self, video, frames):
        return np.zeros((2, 8, 8, 3), np.uint8)[frames]
