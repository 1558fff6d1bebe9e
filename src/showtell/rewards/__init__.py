"""One file a reward: what it reads, and the score it gives each step."""
