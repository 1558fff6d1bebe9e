"""The simulators behind the worlds. Imported when a world is built, never to read parameters."""
