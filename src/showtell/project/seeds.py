"""Seeds as a tree: every random stream has an address, and no two addresses share one."""

import hashlib

import numpy as np


def seed_sequence(root: int, *address: str | int) -> np.random.SeedSequence:
    """The stream at one address, e.g. `(1, "vlm_rm", "cartpole", "text", 0, "replay")`."""
    text = "\x1f".join(str(part) for part in (root, *address))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.SeedSequence(np.frombuffer(digest, dtype=np.uint32).tolist())


def seed(root: int, *address: str | int) -> int:
    """A 31-bit integer seed for libraries that take one number."""
    return int(seed_sequence(root, *address).generate_state(1)[0] >> 1)


def generator(root: int, *address: str | int) -> np.random.Generator:
    """A NumPy generator at one address."""
    return np.random.default_rng(seed_sequence(root, *address))
