"""A goal of one's own, measured before any training: whether its reward ranks rollouts."""
