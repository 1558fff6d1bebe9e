"""What a scale runs: experiments, and of each the tasks, methods, phases, studies and figures."""

from typing import Any

from pydantic import ValidationError

from showtell.project.errors import UserError, nearest
from showtell.project.settings import Frozen

ALL = "all"


class Selection(Frozen):
    """Parts of one experiment by name; what is not mentioned runs whole."""

    tasks: list[str] | None = None
    methods: list[str] | None = None
    finetune: list[str] | None = None
    studies: list[str] | None = None
    figures: list[str] | None = None


def select(papers: dict[str, Any], run: Any, source: str) -> dict[str, Any]:
    """The papers with the experiments that `run` names: {paper: all | {experiment: all | …}}."""
    if run in (None, ALL):
        return papers
    _known(run, papers, f"{source}: run")
    found = {}
    for name, wanted in run.items():
        experiments = papers[name].get("experiments") or {}
        if wanted != ALL:
            _known(wanted, experiments, f"{source}: run.{name}")
            experiments = {
                key: _part(experiments[key], selection, f"{source}: run.{name}.{key}")
                for key, selection in wanted.items()
            }
        found[name] = papers[name] | {"experiments": experiments}
    return found


def _part(experiment: dict[str, Any], wanted: Any, where: str) -> dict[str, Any]:
    if wanted == ALL:
        return experiment
    try:
        selection = Selection.model_validate(wanted)
    except ValidationError as error:
        issue = error.errors()[0]
        key = str(issue["loc"][0]) if issue["loc"] else ""
        raise UserError(
            f"{where}: expected `all` or lists of names under "
            f"{', '.join(Selection.model_fields)}; found {key or wanted!r}: {issue['msg']}."
        ) from None
    if not _is_shaped(experiment):  # left whole: the check of types says what is wrong, and where
        return experiment
    found = dict(experiment)
    for key, names in selection:
        if names is None:
            continue
        known = experiment.get(key) or {}
        _known(names, known, f"{where}.{key}")
        found[key] = {name: known[name] for name in names} if isinstance(known, dict) else names
    if left_out := [task for task in experiment.get("tasks") or [] if task not in found["tasks"]]:
        found["left_out"] = left_out
    if selection.methods is not None:
        out = set(experiment.get("methods") or {}) - set(selection.methods)
        found["finetune"] = _without(out, found.get("finetune"), "methods")
        found["studies"] = _without(out, found.get("studies"), "methods")
        found["studies"] = _without(out, found["studies"], "agents")
    return found | {"figures": _drawable(experiment, found)}


def _is_shaped(experiment: Any) -> bool:
    """Whether its parts can be picked by name: lists of names, and entries that are mappings."""
    if not isinstance(experiment, dict) or not _are_names(experiment.get("tasks") or []):
        return False
    rooms = [experiment.get(key) or {} for key in ("methods", "finetune", "studies", "figures")]
    entries = [entry for room in rooms if isinstance(room, dict) for entry in room.values()]
    return all(isinstance(room, dict) for room in rooms) and all(
        isinstance(entry, dict) and _are_names(entry.get("methods") or []) for entry in entries
    )


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _without(out: set[str], entries: Any, key: str) -> dict[str, Any]:
    """Entries that apply to methods, less the methods that do not run; none without any."""
    found = {}
    for name, entry in (entries or {}).items():
        if isinstance(methods := entry.get(key), list):
            if set(methods) <= out:
                continue
            entry = entry | {key: [method for method in methods if method not in out]}
        found[name] = entry
    return found


def _drawable(experiment: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The figures that draw no phase and no study that does not run."""
    out = {
        name
        for key in ("finetune", "studies")
        for name in set(experiment.get(key) or {}) - set(found.get(key) or {})
    }
    return {
        name: figure
        for name, figure in (found.get("figures") or {}).items()
        if out.isdisjoint(_mentions(figure))
    }


def _mentions(figure: Any) -> set[str]:
    """All names among a figure's settings."""
    values = [value for key, value in dict(figure).items() if key != "kind"]
    lists = [value if isinstance(value, list) else [value] for value in values]
    return {name for entry in lists for name in entry if isinstance(name, str)}


def _known(names: Any, known: Any, where: str) -> None:
    if not isinstance(names, dict | list):
        raise UserError(f"{where}: expected names, found {names!r}.")
    for name in names:
        if name not in known:
            raise UserError(f"{where}: {name!r} is not defined; {nearest(str(name), known)}")
