"""From a snapshot to pixels: scenes, and the pool of processes that draws them. Never torch."""
