"""The order of the tests: rooms whose files take minutes come first, so that none ends alone."""

import pytest

LONGEST = ("workflow", "faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` gives whole files to two processes in this order."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)
