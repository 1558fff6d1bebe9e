"""Measures a goal of one's own before any training, and writes one page with the answer."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import yaml

from showtell.jobs.parts import Job
from showtell.probe.plan import ELSEWHERE, OWN, STUDY, TASK, Plan, plan
from showtell.probe.question import Question
from showtell.project.errors import UserError
from showtell.project.files import write_text
from showtell.project.foreign import snakemake
from showtell.results.table import Table
from showtell.study.grid import Grid
from showtell.study.layout import Layout
from showtell.study.loading import load
from showtell.study.parameters import Parameters
from showtell.study.specifications import Specifications

_UNASKED = ("random", "outlines", "pixels")  # networks that learned nothing, and none at all


def probe(root: Path, replicate: str, question: Question, p: Parameters, cores: str) -> int:
    """Write the study, measure it, and say whether to train."""
    began, layout = time.time(), Layout(root / "results" / replicate)
    asked = plan(question, p, layout)
    folder = Path("results") / replicate / "probes" / question.name
    study = folder / "study.yaml"
    write_text(root / study, yaml.safe_dump(dict(asked.study), sort_keys=False, allow_unicode=True))
    _announce(asked, p, layout)
    _measure(root, replicate, study, asked, layout, cores)
    page, answer = _page(root, replicate, study, question, asked, layout)
    write_text(root / folder / "probe.html", page)
    size = len(page.encode()) / 1e6
    _say(f"{answer}\n{folder / 'probe.html'} ({size:.1f} MB, {time.time() - began:.0f} s)")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _announce(asked: Plan, p: Parameters, layout: Layout) -> None:
    """Which networks must be trained first: everything else takes a minute."""
    names = {goal["encoder"] for goal in asked.study.get("goals", {}).values()}
    for experiment in asked.study["experiments"].values():
        for method in experiment["methods"].values():
            if method["reward"] in p.rewards:
                names.update(p.goals[g].encoder for g in p.rewards[method["reward"]].needs().goals)
    missing = [
        name
        for name in sorted(filter(None, names))
        if name in p.training and not (layout.encoder(name) / "model.safetensors").exists()
    ]
    if missing:
        _say(f"First {', '.join(missing)} is trained here, once; `make plan` says how long.")


def _measure(
    root: Path, replicate: str, study: Path, asked: Plan, layout: Layout, cores: str
) -> None:
    targets = [path.relative_to(root).as_posix() for path in asked.targets(layout)]
    command = [sys.executable, "-m", "snakemake", "--cores", cores, "--nocolor"]
    settings = [f"scale={replicate}", f"study={study.as_posix()}"]
    done = subprocess.run(
        [*command, "--config", *settings, "--", *targets],
        cwd=root, text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise UserError(f"the goal could not be measured: {_cause(done.stdout + done.stderr)}")


def _cause(output: str) -> str:
    """The sentence of the job that failed, or of a study that is refused."""
    said = re.findall(r"^.*showtell: (.*)$", output, flags=re.MULTILINE)
    return str(said[-1]) if said else snakemake.refusal(output)


def _page(
    root: Path, replicate: str, study: Path, question: Question, asked: Plan, layout: Layout
) -> tuple[str, str]:
    from showtell.probe.page import render

    own = load(root, replicate.partition("-seed")[0], study)
    job: Job = json.loads(Specifications(Grid(own)).study(asked.name, OWN, TASK, STUDY))
    tables = {TASK: Table.read(layout.study(asked.name, OWN, TASK, STUDY))}
    for task in asked.elsewhere:
        tables[task] = Table.read(layout.study(asked.name, ELSEWHERE, task, STUDY))
    rivals = {
        method
        for method in asked.methods
        if any(word in method for word in _UNASKED)
        or asked.methods[method].startswith("the script")
    }
    facts = {
        "scale": replicate,
        "study": study.as_posix(),
        "train": f"make reproduce SCALE={replicate} STUDY={study.as_posix()}",
        "note": _note(asked, own),
    }
    page, answer = render(question, asked, job, tables, rivals, facts)
    with_what = f" with {asked.methods[answer.method]}" if answer.outcome == "train" else ""
    return page, f"{answer.outcome.capitalize()}{with_what}: {answer.reason}."


def _note(asked: Plan, own: Parameters) -> str:
    """What an answer of a network that was trained here is worth."""
    encoders = {
        own.goals[goal].encoder
        for name in own.papers[asked.name].experiments[OWN].methods.values()
        for goal in own.rewards[name.reward].needs().goals
    }
    trained = sorted(name for name in filter(None, encoders) if name in own.training)
    if not trained:
        return ""
    return (
        f"{', '.join(trained)}: trained here, on what this scale says; the published networks may "
        "answer otherwise."
    )
