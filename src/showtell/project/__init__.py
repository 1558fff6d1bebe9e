"""Parameters, the grid, fingerprints, provenance, tracking, sharing: no science here."""
