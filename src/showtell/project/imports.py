"""Imports of other packages, less what they import and no code here needs."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def standing_in(modules: Mapping[str, dict[str, Any] | None]) -> Iterator[None]:
    """Imports meet modules with these contents, or with None: no such module.

    What was imported before stays, and the real ones can be imported afterwards.
    """
    new = {name: contents for name, contents in modules.items() if name not in sys.modules}
    for name, contents in new.items():
        module = None if contents is None else ModuleType(name)
        if module is not None:
            module.__dict__.update(contents or {})
        sys.modules[name] = module  # type: ignore[assignment]  # None: it cannot be imported
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]
