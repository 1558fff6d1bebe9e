"""Rules of verdicts are rarely wrong, and find the effects that papers state."""

import re

import pytest

from tests.claims.error_rates import DOCUMENT, WORLDS, measure, worlds

COUNT = 150
CHANCE = 3 * (0.05 * 0.95 / COUNT) ** 0.5  # three standard errors of a rate of 5 %
ALL = [world for world in worlds() if world.forbidden]
LARGE = [w for w in ALL if "50 points" in w.truth and "learn or do not" not in w.rule]


def name(world):
    return f"{world.rule}: {world.truth}"


@pytest.mark.parametrize("world", ALL, ids=name)
def test_a_false_verdict_is_rare(world):
    assert measure(world, 5, COUNT).of(world.forbidden) <= 0.05 + CHANCE


@pytest.mark.parametrize("world", LARGE, ids=name)
def test_a_large_effect_is_found(world):
    assert measure(world, 5, COUNT).of(world.right) >= 0.7


def test_the_documented_table_has_every_rule_and_no_rate_above_five_percent():
    row = r"^\| (.+) \| (.+) \| (5|10) \| .* \| ([\d.]*)(?: %)? \|$"
    rows = re.findall(row, DOCUMENT.read_text(), re.MULTILINE)
    assert {(rule, truth) for rule, truth, *_ in rows} == {(w.rule, w.truth) for w in worlds()}
    chance = 2.5 * (0.05 * 0.95 / WORLDS) ** 0.5
    unseen = {w.rule for w in worlds() if "one seed in five" in w.rule}
    rates = [float(rate) for rule, _, _, rate in rows if rate and rule not in unseen]
    assert max(rates) <= 100 * (0.05 + chance)
