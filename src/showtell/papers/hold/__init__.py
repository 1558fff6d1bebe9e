"""HOLD (Alakuijala et al., ICRA 2023): so far its worlds, and where they differ here."""
