"""The parameters as JSON Schema: the comment beside a field is its description in an editor."""

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from showtell.study.parameters import Parameters
from showtell.study.yaml_files import read_yaml

DATA = ("keys.yaml",)

_FIELD = re.compile(r"    (\w+): [^#]*(?:#(?P<comment>.*))?$")


def schema() -> str:
    """The text of params.schema.json."""
    values = described(Parameters, read_yaml(Path(__file__).with_name("keys.yaml")))
    return json.dumps(values, indent=1, sort_keys=True) + "\n"


def described(model: type[BaseModel], common: Mapping[str, str]) -> dict[str, Any]:
    """A model's schema with the comments of its fields; `common`: of a key in any model."""
    values = model.model_json_schema()
    models = {name: one for one in _models(model, set()) for name in _names(one)}
    for name, definition in [(model.__name__, values), *values["$defs"].items()]:
        known = {**common, **_descriptions(models[name])}
        for field, entry in definition.get("properties", {}).items():
            if field in known:
                entry["description"] = known[field]
    return values


def _names(model: type[BaseModel]) -> tuple[str, str]:
    """What pydantic calls a model: by its module where two have one name."""
    return model.__name__, f"{model.__module__}.{model.__qualname__}".replace(".", "__")


def _models(annotation: Any, found: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """`found`, and all models that a field of this type may hold."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        for part in get_args(annotation):
            _models(part, found)
    elif annotation not in found:
        found.add(annotation)
        for field in annotation.model_fields.values():
            _models(field.annotation, found)
    return found


def _descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Field -> the comment beside it, or the comment lines above it; those of bases first."""
    found: dict[str, str] = {}
    for cls in reversed([cls for cls in model.__mro__ if cls.__module__.startswith("showtell.")]):
        above: list[str] = []
        for line in inspect.getsource(cls).splitlines():
            if line.startswith("    # "):
                above.append(line.removeprefix("    # "))
                continue
            match = _FIELD.match(line)
            if match and (text := match["comment"] or " ".join(above)):
                found[match[1]] = _sentence(text.strip())
            above = []
    return found


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def undescribed(values: dict[str, Any]) -> list[str]:
    """The fields without a description, as Model.field."""
    definitions = {"Parameters": values, **values["$defs"]}
    return [
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field, entry in definition.get("properties", {}).items()
        if "description" not in entry
    ]
