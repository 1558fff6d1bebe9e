"""HOLD-R learns the frames that are left, goes on after a kill, and keeps its best weights."""

import numpy as np
import pytest
import torch

from showtell.nets.hold_r import describe
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.training.hold_r import HoldRRecipe, loss_of, train_hold_r
from showtell.training.video_measures import in_order, measure
from tests.nets.test_hold_r import network, settings
from tests.training.test_frame_pairs import ALL
from tests.training.test_hold_c import STILL
from tests.training.test_video_batches import SCALE
from tests.training.videos import MovingSquares, splits

RECIPE = {
    "kind": "hold_r",
    "dataset": {
        "kind": "classic_control_captions", "cartpole": 1, "mountain_car": 1, "textured": 0.5,
        "held_out": 0.1, "looseness": 1.4,
    },
    "steps": 120,
    "batch": 8,
    "learning_rate": 3e-3,
    "warmup": 0.1,
    "weight_decay": 0,
    "pairs": ALL | {"frames_a_video": 8},
    "loss": {"kind": "huber", "width": 5},
    "optimizer": {"kind": "adam"},
    "clip": None,
    "augmentation": STILL,
    "early_stopping": None,
    "measured": 8,
}  # fmt: skip
PUBLISHED = {
    "pairs": {"kind": "one"}, "loss": {"kind": "squared"}, "batch": 16,
    "optimizer": {"kind": "momentum", "momentum": 0.9}, "clip": 1, "learning_rate": 0.05,
}  # fmt: skip


def recipe(**changes):
    return HoldRRecipe.model_validate(RECIPE | changes)


def train(kind="late_fusion", resume=None, progress=lambda step, values: None, **changes):
    """With `history` of the network among the changes."""
    of = settings(kind, history=changes.pop("history", 1))
    return train_hold_r(of, recipe(**changes), *splits(24, 8), 0, ("hold",), progress, resume)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("late_fusion", {}),
        (
            "resnet",
            PUBLISHED | {"optimizer": {"kind": "adam"}, "learning_rate": 3e-3, "clip": None},
        ),
        ("vivit", PUBLISHED | {"history": 3, "steps": 400}),
    ],
)
def test_it_learns_the_frames_that_are_left(kind, changes):
    trained = train(kind, **changes)
    assert np.mean(trained.losses[-10:]) < 0.8 * np.mean(trained.losses[:10])
    videos = splits(24, 8)[0]  # that it was trained on
    before = in_order(network(kind, history=changes.get("history", 1)), videos)
    after = in_order(trained.encoder, videos)
    assert after.spearman > before.spearman + 0.3
    assert after.squared < before.squared
    assert trained.metrics["videos"] == 8
    assert {"squared", "absolute", "squared_coded", "spearman_pixels"} <= set(trained.metrics)


@pytest.mark.parametrize("kind", ["late_fusion", "vivit"])
def test_a_training_that_was_killed_ends_with_the_same_bytes(kind, tmp_path, monkeypatch):
    """Its skipped layers, its momentum and the weights that it keeps as well."""
    monkeypatch.setattr("showtell.training.state._CHECKPOINT_EVERY", 4)
    changes = {"steps": 10, "early_stopping": {"every": 3, "videos": 3}, "history": 2}
    if kind == "vivit":
        changes |= PUBLISHED | {"augmentation": SCALE}
    whole = train(kind, **changes)

    def killed(step, values):
        if step == 7:
            raise KeyboardInterrupt

    with Resume(tmp_path, "hold") as resume, pytest.raises(KeyboardInterrupt):
        train(kind, resume, killed, **changes)
    with Resume(tmp_path, "hold") as resume:
        again = train(kind, resume, **changes)
    assert again.losses == whole.losses
    assert again.metrics == whole.metrics
    for one, other in zip(
        whole.encoder._model.state_dict().values(),
        again.encoder._model.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_the_weights_that_rank_held_out_videos_best_are_kept(monkeypatch):
    """Chosen on three of eight held-out videos and measured on the other five."""
    found, videos = iter([0.1, 0.7, 0.3, 0.2]), []

    def scored(network, data):
        videos.append(data.rows.tolist())
        score = next(found)
        return type("Along", (), {"spearman": score})

    monkeypatch.setattr("showtell.training.hold_r.in_order", scored)
    kept = train(steps=10, early_stopping={"every": 3, "videos": 3})
    assert kept.metrics["chosen_step"] == 6
    assert kept.metrics["videos"] == 5
    assert len({tuple(rows) for rows in videos}) == 1
    assert len(videos[0]) == 3
    assert set(videos[0]) < set(range(24, 32))
    monkeypatch.undo()
    assert "chosen_step" not in train(steps=10).metrics
    with pytest.raises(UserError, match="at most 7"):
        train(early_stopping={"every": 3, "videos": 8})


def test_predictions_are_converted_to_the_rate_of_the_video():
    """A video at 12 frames a second of which HOLD-R predicts 11.84: 12 / 11.84 as many."""

    class Fixed:
        history, fps = 1, 11.84
        network = describe(settings())

        def between(self, histories, goal):
            return np.full(len(histories), 11.84, np.float32)

    found = measure(Fixed(), splits(4, 2)[1], 2, np.random.default_rng(0))
    lengths = MovingSquares(6).lengths[4:]
    gaps = np.concatenate([12 - np.arange(length - 1, 0, -1) for length in lengths])
    assert found["absolute"] == pytest.approx(np.abs(gaps).mean())
    assert found["squared"] == pytest.approx(np.square(gaps).mean())
    assert found["misclassified"] == 0


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ({"kind": "squared"}, (1 + 100) / 2),
        ({"kind": "huber", "width": 2}, (0.5 + 2 * (10 - 1)) / 2),
        ({"kind": "log"}, (np.log(2) ** 2 + (np.log(13) - np.log(3)) ** 2) / 2),
    ],
)
def test_losses_by_hand(loss, expected):
    found = loss_of(torch.tensor([-1.0, 12.0]), torch.tensor([0.0, 2.0]), recipe(loss=loss).loss)
    assert found.item() == pytest.approx(expected)


def test_all_pairs_need_a_network_that_reads_pictures_alone():
    with pytest.raises(UserError, match="late_fusion"):
        train("vivit")
