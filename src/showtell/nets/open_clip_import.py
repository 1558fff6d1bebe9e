"""open_clip, imported in a quarter of the time."""

import importlib
from functools import cache
from typing import Any

from showtell.project.imports import standing_in


@cache
def library() -> Any:
    """The package, less what none of its plain CLIPs needs: 0.6 s instead of 2.5 s.

    timm is a library of other towers, which `models.config` refuses. PyTorch's compiler is
    imported by torchvision, for one function that says whether a detection layer can be compiled.
    """
    importlib.import_module("torch")
    compiler = {"is_compile_supported": lambda device: False}
    away = {"timm": None, "torch._dynamo": {}, "torch._dynamo.utils": compiler}
    with standing_in(away):
        return importlib.import_module("open_clip")
