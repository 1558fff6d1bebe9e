"""Videos that networks learn distances from: where they come from, and how they are read."""
