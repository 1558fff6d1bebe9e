"""Training with Stable-Baselines3, through its seams. Imports torch: imported by learners late."""
