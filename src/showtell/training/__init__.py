"""Trains the networks of `nets` on the datasets of `data`; resumable."""
