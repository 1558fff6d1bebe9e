"""Every number has a source: the paper, its code, or a deviation that names its key."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from showtell.claims.ledger import ledger_path, load
from showtell.study.loading import base, resolved

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "params.yaml").read_text()
LINES = TEXT.splitlines()
WRITTEN, RESOLVED = base(ROOT), resolved(base(ROOT), "params.yaml")
PAPERS = list(WRITTEN["papers"])
LEDGERS = sorted(path.parent.name for path in (ROOT / "src/showtell/papers").glob("*/ledger.yaml"))

# A source that a value follows is the value of that source, not ours.
SOURCE = re.compile(r"\[[pc]\](?!\s*\d)")
SECTION = re.compile(r"§(?:\d\.\d|[IVX]+-[A-Z])|Appendix [A-Z]")
ROMAN = ("I", "II", "III", "IV", "V")
PLACE = re.compile(
    r"Abstract|Limitations|§[\dIVX]|(Figure|Table|Lemma|Definition) [\dIVX]|Appendix [A-Z]|page \d"
    r"|^our control|^not in the paper"
)
# The last section, figure and table of each paper, and its appendices.
CONTENTS = {"roboclip": (5, 9, 0, ""), "vlm_rm": (5, 8, 3, "ABC"), "hold": (5, 8, 5, "ABCDE")}


def keys(node: yaml.Node, path: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """The line of every key of params.yaml, and the key; the innermost of a line first."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, key.value)
        yield from keys(value, here)
        yield key.start_mark.line, ".".join(here)


# The outermost key of every line, and the comment beside it.
COMMENTS = {
    path: LINES[line].partition(" #")[2] for line, path in dict(keys(yaml.compose(TEXT))).items()
}


def switches(paper: str, scale: str) -> set[str]:
    deviations = load(ledger_path(paper)).deviations
    return {key for entry in deviations if scale in entry.scales for key in entry.switches}


def learners(paper: str) -> set[str]:
    """The learners of a paper's experiments, and those they take values from."""
    found = set()
    for experiment in WRITTEN["papers"][paper]["experiments"].values():
        tasks = [RESOLVED["tasks"][task].get("learner") for task in experiment["tasks"]]
        phases = [*experiment["methods"].values(), *experiment.get("finetune", {}).values()]
        found |= {*tasks, *(phase.get("learner") for phase in phases)} - {None}
    todo = list(found)
    while todo:
        parent = WRITTEN["learners"][todo.pop()].get("from")
        if parent and parent not in found:
            found.add(parent)
            todo.append(parent)
    return found


@pytest.mark.parametrize("paper", PAPERS)
def test_every_setting_of_a_learner_has_a_source_or_a_deviation_that_names_it(paper):
    named = switches(paper, "paper")
    paths = {
        f"learners.{learner}.{key}"
        for learner in learners(paper)
        for key in WRITTEN["learners"][learner].keys() - {"kind", "from"}
    }
    assert not {path for path in paths - named if not SOURCE.search(COMMENTS[path])}


@pytest.mark.parametrize("scale", ["mini", "desk"])
@pytest.mark.parametrize("paper", PAPERS)
def test_every_setting_of_a_learner_that_a_scale_changes_is_named_by_a_deviation(paper, scale):
    changes = yaml.safe_load((ROOT / f"workflow/scales/{scale}.yaml").read_text())["learners"]
    changed = {
        f"learners.{learner}.{key}"
        for learner in learners(paper) & changes.keys()
        for key, value in changes[learner].items()
        if value != RESOLVED["learners"][learner][key]
    }
    assert not changed - switches(paper, scale)


def test_every_choice_of_ours_is_named_by_a_deviation():
    named = set().union(*(switches(paper, "paper") for paper in PAPERS))
    experiments = [e for paper in WRITTEN["papers"].values() for e in paper["experiments"].values()]
    used = {
        "tasks": {task for experiment in experiments for task in experiment["tasks"]},
        "learners": set().union(*map(learners, PAPERS)),
    }
    chosen = {path for path, comment in COMMENTS.items() if "[?]" in comment}
    for room, names in used.items():
        chosen -= {p for p in chosen if p.startswith(f"{room}.") and p.split(".")[1] not in names}
    assert not chosen - named


@pytest.mark.parametrize("paper", LEDGERS)
def test_every_claim_number_and_figure_says_where_it_is_in_the_paper(paper):
    ledger = load(ledger_path(paper))
    figures = [facts for of in ledger.figures.values() for facts in of.values()]
    section, figure, table, appendices = CONTENTS[paper]
    for entry in (*ledger.claims, *ledger.published, *figures):
        where = entry.where
        assert PLACE.search(where), where
        assert all(int(number) <= section for number in re.findall(r"§(\d+)", where)), where
        romans = re.findall(r"(?:§|Table )([IVX]+)", where)
        assert all(number in ROMAN for number in romans), where
        assert all(int(number) <= figure for number in re.findall(r"Figure (\d+)", where)), where
        assert all(int(number) <= table for number in re.findall(r"Table (\d+)", where)), where
        assert all(part in appendices for part in re.findall(r"Appendix (\w)", where)), where


@pytest.mark.parametrize("paper", PAPERS)
def test_the_section_of_an_experiment_is_that_of_its_claims(paper):
    ledger = load(ledger_path(paper))
    for name in WRITTEN["papers"][paper]["experiments"]:
        claims = " ".join(claim.where for claim in ledger.claims if claim.experiment == name)
        sections = SECTION.findall(COMMENTS[f"papers.{paper}.experiments.{name}"])
        assert sections, name
        assert set(sections) <= set(SECTION.findall(claims)), name


@pytest.mark.parametrize("paper", PAPERS)
def test_settings_that_were_tuned_are_keys_of_the_parameters_or_of_a_scale(paper):
    scales = [ROOT / f"workflow/scales/{scale}.yaml" for scale in ("mini", "desk")]
    files = [RESOLVED, *(yaml.safe_load(path.read_text()) for path in scales)]
    tuned = load(ledger_path(paper)).tuned
    settings = {setting for entry in tuned for setting in entry.settings.split(", ")}
    assert settings
    assert not {setting for setting in settings if not any(has(file, setting) for file in files)}


def has(values: object, setting: str) -> bool:
    for key in setting.split("."):
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True
