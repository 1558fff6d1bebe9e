"""Fingerprints, provenance, checkpoints, tracking and sharing: no science here."""
