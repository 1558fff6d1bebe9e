"""What is wrong with a value of the parameters, in one sentence a person can act on."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel

from showtell.project.errors import nearest


def sentence(issue: Any, values: Any, source: str, root: type[BaseModel]) -> str:
    """One pydantic error as a sentence: file, key path, what was found, what is allowed."""
    # Tags of discriminated unions appear in `loc` but are no keys of the file.
    path = _real_path(issue["loc"], values)
    where = ": ".join(filter(None, (source, ".".join(map(str, path)))))
    if issue["type"] == "extra_forbidden":
        known = _fields_at(path[:-1], values, root)
        return f"{where}: unknown key; {nearest(str(path[-1]), known)}"
    if issue["type"] == "union_tag_invalid":
        found = issue["ctx"]["tag"]
        tags = [tag.strip().strip("'") for tag in issue["ctx"]["expected_tags"].split(",")]
        return f"{where}: kind is {found!r}; {nearest(found, tags)}"
    if issue["type"] == "missing":
        return f"{where}: this key is missing."
    if issue["type"] == "value_error":
        return f"{where}: {issue['ctx']['error']}"
    return f"{where}: found {issue['input']!r}; {issue['msg'].lower()}."


def _real_path(loc: tuple[int | str, ...], values: Any) -> list[int | str]:
    path: list[int | str] = []
    at = values
    for index, key in enumerate(loc):
        inside = (isinstance(at, dict) and key in at) or (
            isinstance(at, list) and isinstance(key, int) and key < len(at)
        )
        if inside:
            at = at[key]
            path.append(key)
        elif index == len(loc) - 1 and not (isinstance(at, dict) and at.get("kind") == key):
            path.append(key)
    return path


def _fields_at(path: list[int | str], values: Any, root: type[BaseModel]) -> set[str]:
    """The keys that may stand at this path: the types are walked beside the values."""
    expected: Any = root
    for key in path:
        model = _model(expected, values)
        if model is not None:
            expected = model.model_fields[str(key)].annotation
        else:  # a mapping or a list: its values' type comes last
            expected = get_args(expected)[-1]
        values = values[key]
    model = _model(expected, values)
    return set(model.model_fields) if model is not None else set()


def _model(expected: Any, value: Any) -> type[BaseModel] | None:
    """The model that a value is meant to be: of several, the one of its `kind`."""
    if isinstance(expected, type) and issubclass(expected, BaseModel):
        return expected
    if get_origin(expected) in (dict, list):
        return None
    options = [_model(option, value) for option in get_args(expected)]
    models = [option for option in options if option is not None]
    kind = value.get("kind") if isinstance(value, dict) else None
    named = [m for m in models if "kind" in m.model_fields]
    for model in named:
        if kind in get_args(model.model_fields["kind"].annotation):
            return model
    return models[0] if models else None
