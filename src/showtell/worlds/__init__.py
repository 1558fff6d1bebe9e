"""Worlds: one folder a family. NumPy and simulators, never torch, never OpenGL."""
