"""The report: one HTML page, and the tables of docs/results.md."""

from showtell.report.page import build, refresh

__all__ = ["build", "refresh"]
