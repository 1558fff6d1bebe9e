"""The humanoid and its poses."""
