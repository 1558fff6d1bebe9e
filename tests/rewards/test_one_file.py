"""A new reward is one file: with it alone, the registry and the contract know the reward."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import showtell.rewards
from showtell.study import registry
from tests.rewards import test_contract as contract

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/adding-a-reward.md"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)[1]
    (tmp_path / "bright_middle.py").write_text(code)
    monkeypatch.setattr(showtell.rewards, "__path__", [*showtell.rewards.__path__, str(tmp_path)])
    registry.parts.cache_clear()
    yield
    sys.modules.pop("showtell.rewards.bright_middle", None)
    registry.parts.cache_clear()


def test_the_documents_reward_is_found_with_its_example_and_keeps_the_contract(installed):
    assert "bright_middle" in registry.parts("rewards")
    (example,) = [one for one in registry.examples("rewards") if one["kind"] == "bright_middle"]
    contract.test_scores_are_one_finite_float32_a_step(example)
    contract.test_a_score_does_not_depend_on_the_other_episodes(example)
    contract.test_a_score_leaves_the_episodes_alone_and_is_the_same_twice(example)
    reward = contract.rewarded(example)
    assert np.ptp(reward.score(contract.episodes(reward))) > 0
