"""Collect, label, update: reinforcement learning on Stable-Baselines3, resumable."""
