"""From params.yaml, a scale and a study of one's own to checked parameters.

The order: the scale is laid over params.yaml, the own study is added, `from:` is resolved, the
scale's `run:` picks experiments and methods, types are checked, and at last whether the parts of
every experiment fit each other.
"""

from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from showtell.project.errors import UserError, nearest
from showtell.project.replicate import Replicate, root_seed
from showtell.study.checks import refuse_misfits
from showtell.study.parameters import Parameters, Scale
from showtell.study.plain_values import refuse_odd, taken_as_another, unusable_names
from showtell.study.selection import select
from showtell.study.validation_messages import sentence
from showtell.study.yaml_files import merge, read_yaml

SCALES: tuple[str, ...] = get_args(Scale)
# Sections of named entries, in which `from:` names another entry of the same section.
SECTIONS = ("videos", "encoders", "training", "tasks", "demos", "goals", "rewards", "learners")
_OWN = ("name", "title", "experiments", *SECTIONS)


def load(root: Path, scale: str, study: Path | None = None, seed: int | None = None) -> Parameters:
    """The parameters at one scale; with `study`, those of a study of one's own.

    `seed` is the root seed of a replicate, in the place of the one in params.yaml.
    """
    values = merge(base(root), over := overlay(root, scale))
    if seed is not None:
        values["seed"] = seed
    run = values.pop("run", None)
    source = f"params.yaml + {overlay_path(scale)}"
    if study is not None:
        values, run, source = add_study(values, study, root), None, f"{study} + {source}"
    refuse_odd(values, source)
    values = resolved(values, source)
    if isinstance(values.get("rewards"), dict):
        values["rewards"] = with_terms(values["rewards"], source)
    if "run" in over:
        values["papers"] = select(values.get("papers") or {}, run, str(overlay_path(scale)))
    return _checked(values, source)


def replicate(root: Path, scale: str, seed: object = None) -> Replicate:
    """The replicate that a command names; the root seed of the parameters makes none of its own."""
    named = Replicate.parse(scale)
    if seed is not None:
        if named.seed not in (None, root_seed(seed)):
            raise UserError(f"SCALE={scale} SEED={seed} are two root seeds; leave SEED out.")
        named = Replicate(named.scale, root_seed(seed))
    usual = merge(base(root), overlay(root, named.scale)).get("seed")
    return Replicate(named.scale) if named.seed == usual else named


def base(root: Path) -> dict[str, Any]:
    """params.yaml; a paper may be the name of a file of its own."""
    values = read_yaml(root / "params.yaml")
    papers = values.get("papers")
    if isinstance(papers, dict):
        values["papers"] = {
            name: read_yaml(root / entry) if isinstance(entry, str) else entry
            for name, entry in papers.items()
        }
    return values


def overlay_path(scale: str) -> Path:
    """Where a scale's overlay is, relative to the repository."""
    return Path("workflow/scales") / f"{scale}.yaml"


def overlay(root: Path, scale: str) -> dict[str, Any]:
    """What a scale changes, and under `run` which experiments and methods it runs."""
    if scale not in SCALES:
        raise UserError(f"there is no scale {scale!r}; {nearest(scale, SCALES)} Try SCALE=mini.")
    return read_yaml(root / overlay_path(scale))


def add_study(values: dict[str, Any], path: Path, root: Path) -> dict[str, Any]:
    """The parameters with the entries of a study file, whose experiments are then the only ones."""
    own = read_yaml(root / path)
    for key in own:
        if key not in _OWN:
            raise UserError(f"{path}: {key}: unknown key; {nearest(str(key), _OWN)}")
    name = own.get("name")
    if not isinstance(name, str) or not own.get("experiments"):
        raise UserError(
            f"{path}: a study needs `name:` (a word for its results' folder) and `experiments:`; "
            "docs/own-study.md has an example."
        )
    if name in (values.get("papers") or {}):
        raise UserError(f"{path}: name: {name!r} is a paper of params.yaml; choose another name.")
    together = dict(values)
    for section in SECTIONS:
        mine, theirs = own.get(section) or {}, values.get(section) or {}
        for key in mine:
            if key in theirs:
                raise UserError(
                    f"{path}: {section}.{key} exists in params.yaml; give yours another name, "
                    f"and start it with `from: {key}` to change only some values."
                )
        together[section] = theirs | mine
    experiments = own["experiments"]
    together["papers"] = {name: {"title": own.get("title", name), "experiments": experiments}}
    return together


def resolved(values: dict[str, Any], source: str) -> dict[str, Any]:
    """Every `from:` replaced by the values of the entry that it names."""
    return values | {
        section: {
            name: _entry(entries, name, f"{source}: {section}", ())
            for name, entry in entries.items()
        }
        for section in SECTIONS
        if isinstance(entries := values.get(section), dict)
    }


def with_terms(rewards: dict[str, Any], source: str) -> dict[str, Any]:
    """Sums of rewards with the values of the entries that their terms name."""

    def term(name: Any, where: str) -> Any:
        if not isinstance(name, str):
            return name
        if name not in rewards:
            raise UserError(f"{where}: {name!r} is not defined; {nearest(name, rewards)}")
        return rewards[name]

    return {
        name: entry | {"terms": [term(t, f"{source}: rewards.{name}.terms") for t in terms]}
        if isinstance(entry, dict) and isinstance(terms := entry.get("terms"), list)
        else entry
        for name, entry in rewards.items()
    }


def _entry(entries: dict[str, Any], name: str, where: str, before: tuple[str, ...]) -> Any:
    entry = entries[name]
    if not isinstance(entry, dict) or "from" not in entry:
        return entry
    source, own = entry["from"], {key: v for key, v in entry.items() if key != "from"}
    if not isinstance(source, str):
        raise UserError(f"{where}.{name}.from: expected the name of an entry, found {source!r}.")
    if source in (*before, name):
        chain = " from ".join((*before, name, source))
        raise UserError(f"{where}.{name}.from: {chain}: an entry cannot come from itself.")
    if source not in entries:
        raise UserError(
            f"{where}.{name}.from: {source!r} is not defined; {nearest(source, entries)}"
        )
    return merge(_entry(entries, source, where, (*before, name)), own)


def _checked(values: dict[str, Any], source: str) -> Parameters:
    try:
        parameters = Parameters.model_validate(values)
    except ValidationError as error:
        raise UserError(
            "\n".join(sentence(issue, values, source, Parameters) for issue in error.errors())
        ) from None
    odd = [*taken_as_another(parameters, values), *unusable_names(parameters)]
    if odd:
        raise UserError("\n".join(f"{source}: {line}" for line in sorted(odd)))
    refuse_misfits(parameters, source)
    return parameters
