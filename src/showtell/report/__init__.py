"""The report: an index, a page of each paper, and the tables of docs/results.md."""

from showtell.report.pages import build, pages_of, refresh

__all__ = ["build", "pages_of", "refresh"]
