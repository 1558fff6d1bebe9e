"""Claims of a paper: controls, tests, decisions and verdicts."""
