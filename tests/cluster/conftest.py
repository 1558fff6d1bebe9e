"""The small study that is shared with a bucket and through SSH."""

from tests.project.test_sharing import published, surroundings

__all__ = ["published", "surroundings"]
