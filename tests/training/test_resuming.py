"""A stand-in's training that was killed goes on, and ends with the same bits."""

import pytest
import torch

from showtell.project.checkpoints import Resume
from showtell.training import state as training
from showtell.training.clip import ClipRecipe, train_clip
from showtell.training.s3d import S3dRecipe, train_s3d
from tests.nets import models, s3d_models
from tests.training.test_clip import RECIPE, walls

STEPS, KILLED_AT = 9, 7


class KilledError(Exception):
    """As by kill -9: nothing more is written."""


def s3d(progress, resume=None):
    recipe = S3dRecipe.model_validate(s3d_models.RECIPE | {"steps": STEPS, "batch": 4})
    data, address = s3d_models.moving_squares(12, seed=1), ("encoder", "x")
    return train_s3d(s3d_models.settings(), recipe, data, data, 0, address, progress, resume)


def s3d_in_stages(progress, resume=None):
    """Its second stage, with batches of all tasks, begins at step six."""
    changes = {"steps": STEPS, "batch": 4, "few_until": 0.6, "within_thing": 1.0}
    recipe = S3dRecipe.model_validate(s3d_models.RECIPE | changes)
    data, address = s3d_models.moving_squares(12, seed=1), ("encoder", "x")
    data = data._replace(things=[bag[0] for bag in data.captions])
    return train_s3d(s3d_models.settings(), recipe, data, data, 0, address, progress, resume)


def clip(progress, resume=None):
    recipe = ClipRecipe.model_validate(RECIPE | {"steps": STEPS})
    data, address = (walls(40, 0), walls(9, 1)), ("encoder", "x")
    return train_clip(models.settings(), recipe, *data, 0, address, progress, resume)


@pytest.mark.parametrize("train", [s3d, s3d_in_stages, clip])
def test_a_killed_training_goes_on_and_ends_with_the_same_bits(train, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_CHECKPOINT_EVERY", 3)
    whole = train(lambda step, values: None)

    def killed(step, values):
        if step == KILLED_AT:
            raise KilledError

    with pytest.raises(KilledError), Resume(tmp_path / ".resume", "this job") as resume:
        train(killed, resume)
    taken = []
    with Resume(tmp_path / ".resume", "this job") as resume:
        again = train(lambda step, values: taken.append(step), resume)
    assert taken == [7, 8, 9]  # from the checkpoint after six
    assert again.losses == whole.losses
    tensors = [trained.encoder._model.state_dict() for trained in (again, whole)]
    assert all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[1])
    assert again.metrics == whole.metrics
