"""The Franka Kitchen."""
