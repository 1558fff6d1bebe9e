from pathlib import Path

import pytest
import yaml

from showtell.commands.show import show
from showtell.project.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def test_an_entry_is_shown_with_what_it_takes_over():
    values = yaml.safe_load(show(ROOT, "mini", "rewards.roboclip-video-cosine"))
    assert values == {
        "kind": "roboclip",
        "goal": "video-s3d",
        "sampling": "evenly",
        "compare": "cosine",
    }


def test_a_method_is_shown_by_its_full_name_with_its_sweep():
    values = yaml.safe_load(show(ROOT, "mini", "text-alpha0.5"))
    assert values["reward"]["alpha"] == 0.5
    assert values["goals"]["text-clip"]["encoder"] == "clip"


def test_an_experiment_is_shown_as_the_scale_runs_it():
    values = yaml.safe_load(show(ROOT, "mini", "roboclip.language"))
    assert list(values["methods"]) == ["text", "wrong-text", "gail", "dense", "zero"]
    assert values["tasks"] == ["drawer-close"]


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(UserError, match="'language'"):
        show(ROOT, "mini", "languag")
