"""A target: stages of embeddings and pictures, the same after a file."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from showtell.goals.goal import Target
from showtell.nets.distance import Stage
from showtell.project.errors import UserError

RNG = np.random.default_rng(0)
VECTOR = RNG.normal(size=5).astype(np.float32)
PICTURE = RNG.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)
STAGES = (Stage(VECTOR, PICTURE), Stage(picture=PICTURE[::-1]), Stage(embedding=-VECTOR))


def test_stages_are_the_same_and_in_order_after_a_file(tmp_path):
    Target(STAGES, VECTOR + 1, {"made": "by a test"}).save(tmp_path / "t")
    read = Target.load(tmp_path / "t")
    assert len(read.stages) == 3
    for stage, wanted in zip(read.stages, STAGES, strict=True):
        for found, value in ((stage.embedding, wanted.embedding), (stage.picture, wanted.picture)):
            assert (found is None) == (value is None)
            assert found is None or np.array_equal(found, value)
    assert read.stages[0].picture.dtype == np.uint8
    assert np.array_equal(read.baseline, VECTOR + 1)
    assert read.source == {"made": "by a test"}


def test_the_goal_of_one_stage_is_its_embedding():
    assert np.array_equal(Target.of(VECTOR).goal, VECTOR)


@pytest.mark.parametrize(
    ("stages", "cure"), [(STAGES, "stages: last"), (STAGES[1:2], "distance: pixels")]
)
def test_several_stages_or_a_picture_are_not_a_single_embedding(stages, cure):
    with pytest.raises(UserError, match=cure):
        _ = Target(stages, None, {}).goal


def test_a_file_of_the_earlier_format_is_refused_with_the_command_that_makes_it_again(tmp_path):
    save_file({"goal": VECTOR}, tmp_path / "old", metadata={"shown": "{}"})
    with pytest.raises(UserError, match=r"old is not.*earlier version.*make reproduce"):
        Target.load(tmp_path / "old")
