"""Networks that turn pictures, clips and sentences into vectors. Torch, never a simulator."""
