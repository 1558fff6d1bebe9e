"""Rewards you show or tell: HOLD, RoboCLIP and VLM-RM, reproduced and reusable."""
