"""Measurements: each module has `measure()`, a list of rows (name, ours, reference, ratio)."""
