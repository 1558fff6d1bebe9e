"""What a campaign found, as rows of docs/reliability.md."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One kind of fault: how often it was tried, and what came of it."""

    fault: str
    before: str  # at d38c53a, before these faults were mended
    came: Counter[str]

    @classmethod
    def of(cls, fault: str, before: str, came: Iterable[str]) -> "Row":
        return cls(fault, before, Counter(came))

    @property
    def wrong(self) -> int:
        """How many ended as nothing should."""
        return sum(count for what, count in self.came.items() if what.startswith("WRONG"))

    def text(self) -> str:
        came = "; ".join(f"{count} {what}" for what, count in sorted(self.came.items()))
        return f"| {self.fault} | {self.before} | {self.came.total()} | {came} |"
