"""A new reward is one file: with it alone, the registry and the contract know the reward."""

import json
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


def test_the_golden_scores_of_one_reward_leave_those_of_others_alone(installed, tmp_path, capsys):
    (mine,) = [one for one in registry.examples("rewards") if one["kind"] == "bright_middle"]
    others = [one for one in contract.EXAMPLES if one["kind"] in ("zero", "true_reward")]
    path = tmp_path / "golden.json"
    path.write_text(json.dumps({contract.key(one): [9.0] for one in others}))
    contract.refresh(["bright_middle"], path, [*others, mine])
    golden = json.loads(path.read_text())
    assert len(golden.pop(contract.key(mine))) == contract.EPISODES
    assert list(golden.values()) == [[9.0]] * len(others)
    contract.refresh([], path, [*others, mine])
    assert "largest change" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="bright_midle"):
        contract.refresh(["bright_midle"], path, [mine])


def test_the_documents_reward_is_found_with_its_example_and_keeps_the_contract(installed):
    assert "bright_middle" in registry.parts("rewards")
    (example,) = [one for one in registry.examples("rewards") if one["kind"] == "bright_middle"]
    contract.test_scores_are_one_finite_float32_a_step(example)
    contract.test_a_score_does_not_depend_on_the_other_episodes(example)
    contract.test_a_score_leaves_the_episodes_alone_and_is_the_same_twice(example)
    reward = contract.rewarded(example)
    assert np.ptp(reward.score(contract.episodes(reward))) > 0
