"""HOLD: how far a picture is from a goal image, learned from videos of people, as the reward."""
