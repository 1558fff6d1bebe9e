"""Demonstrations: scripted, drawn, published or a user's own."""
