"""The page a person reads."""

from showtell.report.page import build, refresh

__all__ = ["build", "refresh"]
