"""Rewards inside LeRobot's contract: `RewardModel` takes batches as LeRobot makes them."""

from showtell.lerobot.reward_model import RewardModel

__all__ = ["RewardModel"]
