"""YAML that reads 1e-4 as a number and refuses a key given twice; merging of such files."""

import re
from pathlib import Path
from typing import Any

import yaml

from showtell.project.bounds import ODD, YAML_BYTES, check_size
from showtell.project.errors import UserError

_DEEPEST = 40  # levels of mappings and lists
_MOST = 200_000  # values


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping, or an error with the line that is wrong."""
    check_size(path, YAML_BYTES, "No settings are that long: was another file meant?")
    try:
        text = path.read_text()
        value = yaml.load(text, Loader=_Loader if _nested(text) else _FastLoader)
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing; restore it with: git checkout -- {path.name}"
        ) from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder, not a file of YAML.") from None
    except (yaml.YAMLError, ValueError, TypeError, *ODD) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    if _counted(value, 0) > _MOST:
        raise UserError(
            f"{path} has more than {_MOST} values, or more than {_DEEPEST} levels of them; an "
            "anchor that names itself has no end."
        )
    if not isinstance(value, dict | None):
        raise UserError(f"{path} holds {type(value).__name__}, not a mapping of keys to values.")
    return value or {}


def _counted(value: Any, level: int) -> int:
    """How many values there are, or one too many where it does not end: anchors multiply."""
    if level > _DEEPEST:
        return _MOST + 1
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    count = 1
    for one in inner:
        count += _counted(one, level + 1)
        if count > _MOST:
            break
    return count


def _nested(text: str) -> bool:
    """Whether it may have so many levels that libyaml ends the process; Python's has an error."""
    level = deepest = 0
    for mark in re.findall(r"[\[{\]}]", text):
        level += 1 if mark in "[{" else -1
        deepest = max(deepest, level)
    return deepest > _DEEPEST or re.search(rf"(?:[-?]\s+){{{_DEEPEST}}}", text) is not None


class _Strict:
    """Strict about keys, generous about numbers."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)  # type: ignore[misc]
        return mapping

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge what `<<` names; merges of merges multiply, so each is counted."""
        super().flatten_mapping(node)  # type: ignore[misc]
        if len(node.value) > _MOST:
            raise yaml.constructor.ConstructorError(
                None, None, f"merged keys add up to more than {_MOST}", node.start_mark
            )


class _Loader(_Strict, yaml.SafeLoader):
    pass


# libyaml takes a fifth of the time for params.yaml. PyYAML's wheels have it, its source may not.
_FastLoader: Any = _Loader
if hasattr(yaml, "CSafeLoader"):

    class _FastLoader(_Strict, yaml.CSafeLoader):  # type: ignore[no-redef]
        pass


for _loader in (_Loader, _FastLoader):
    _loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+$"),
        list("-+0123456789"),
    )


def merge(base: Any, over: Any) -> Any:
    """Mappings are merged key by key; anything else is replaced.

    A mapping that says another `kind` than the one below it is a different thing: it replaces it.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    if over.get("kind", base.get("kind")) != base.get("kind"):
        return over
    return base | {key: merge(base.get(key), value) for key, value in over.items()}


def changes(base: Any, over: Any, at: str = "") -> list[dict[str, Any]]:
    """What an overlay changes, leaf by leaf: `{key, paper, here}`."""
    if isinstance(base, dict) and isinstance(over, dict):
        return [
            row
            for key, value in over.items()
            for row in changes(base.get(key), value, f"{at}.{key}" if at else str(key))
        ]
    return [] if base == over else [{"key": at, "paper": base, "here": over}]
