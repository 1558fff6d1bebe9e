"""Frames and clips in files: decode, encode, resize, crop."""
