"""Folders of videos as a dataset: Something-Something v2, or a user's own videos."""
