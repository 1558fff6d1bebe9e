"""Results on disk, read into numbers."""
