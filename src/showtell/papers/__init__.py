"""One folder a paper: its published values, claims and deviations (data), its figures (code)."""
