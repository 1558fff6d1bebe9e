"""What a paper claims: evidence, tests and verdicts."""
