"""Datasets: what networks are trained on, made here or downloaded with checksums."""
