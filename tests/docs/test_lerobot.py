"""The Python examples of the documents run as they stand, where encoder and goal are made."""

import re
from pathlib import Path

import pytest

from showtell.goals.goal import Target
from showtell.nets.clip import ClipEncoder, describe
from showtell.study.layout import Layout
from showtell.study.loading import load
from tests.nets.models import random_model, save

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/lerobot.md")


def code(page: str) -> str:
    return re.search(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)[1]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A checkout whose network and goal are there: the network as it is before its training."""
    for name in ("params.yaml", "workflow", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    settings, layout = load(ROOT, "mini").encoders["clip"], Layout.of("mini")
    model = random_model(settings.architecture)
    encoder = ClipEncoder(settings, model, describe(settings), device="cpu")
    folder = layout.encoder("clip")
    folder.mkdir(parents=True)
    save(encoder, folder)
    goal, baseline = encoder.text(["pole upright", "pole"]).numpy()
    target = layout.goal("text-clip", "cartpole")
    target.parent.mkdir(parents=True, exist_ok=True)
    Target.of(goal, baseline).save(target)


@pytest.mark.parametrize("page", PAGES)
def test_the_example_prints_a_reward_for_each_sample(made, capsys, page):
    exec(compile(code(page), page, "exec"), {})
    assert re.match(r"tensor\(\[(0\.\d+,? ?){4}\]\)", capsys.readouterr().out)


def test_a_network_that_is_not_made_yet_is_named_with_the_command(made):
    Layout.of("mini").encoder("clip").joinpath("model.json").unlink()
    from showtell.lerobot import RewardModel
    from showtell.project.errors import UserError

    with pytest.raises(UserError, match=r"make reproduce SCALE=mini TARGETS=.results/mini"):
        RewardModel.of_method("mini", "vlm_rm", "cartpole", "cartpole", "text-alpha0.5")
    with pytest.raises(UserError, match=r"text-alpha0\.5"):
        RewardModel.of_method("mini", "vlm_rm", "cartpole", "cartpole", "text-alpha0.51")
