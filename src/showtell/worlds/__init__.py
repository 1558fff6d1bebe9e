"""What an agent lives in: one file a family. NumPy and simulators, never torch, never OpenGL."""
