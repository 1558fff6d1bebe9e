"""Measurements without training: alignment, landscapes, EPIC, controls; and statistics."""
