"""A new part of any kind is one new file: no other module, table or list has to name it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Parts of several rooms have the same kind, key and names of classes.
MODULE = """
    from collections.abc import Collection
    from typing import ClassVar, Literal
    from {settings} import {base}

    class NewSettings({base}):
        kind: Literal["{kind}"]
        size: int  # how large the new part is
{more}

    class New:
        def __init__(self, settings, **context):
            self.size = settings.size

    PARTS = {{"{kind}": (NewSettings, "New")}}
"""


class Kind(NamedTuple):
    """What adds one part: a module, and entries of a study of one's own."""

    file: str  # below src/showtell
    base: str  # of its settings
    job: str  # of `Specifications`, which reads it
    entries: str  # of the study, beside its experiment
    more: str = ""  # of its settings
    method: str = "{reward: zero}"
    experiment: str = ""
    task: str = "cartpole"
    kind: str = "new"
    settings: str = "showtell.study.settings"


NEW = "{kind: new, size: 3}"
KINDS = {
    "encoder": Kind(
        "nets/new.py",
        "EncoderSettings",
        "encoder",
        """
        encoders: {new: {kind: new, size: 3, picture: native}}
        goals: {words: {kind: text, encoder: new, sentence: goal}}
        rewards: {near: {kind: clip, goal: words, alpha: 0.0}}
        """,
        """
        reads: ClassVar = frozenset({"image", "text"})
        unit: ClassVar = True
        fetched: ClassVar = "new weights"
        """,
        method="{reward: near}",
    ),
    "dataset": Kind(
        "data/new.py",
        "DatasetSettings",
        "encoder",
        f"""
        encoders: {{trained: {{from: clip}}}}
        training:
          trained: {{kind: clip, dataset: {NEW}, steps: 2, batch: 2, learning_rate: 1e-3,
            warmup: 0, weight_decay: 0}}
        goals: {{words: {{kind: text, encoder: trained, sentence: goal}}}}
        rewards: {{near: {{kind: clip, goal: words, alpha: 0.0}}}}
        """,
        """
        def world_kinds(self):
            return None
        """,
        method="{reward: near}",
    ),
    "training": Kind(
        "training/new.py",
        "Recipe",
        "encoder",
        """
        encoders: {trained: {from: clip}}
        training:
          trained: {kind: new, size: 3, steps: 2, batch: 2, learning_rate: 1e-3, warmup: 0,
            weight_decay: 0,
            dataset: {kind: classic_control_captions, cartpole: 20, mountain_car: 4, textured: 0.5,
                      held_out: 0.1, looseness: 1.4}}
        goals: {words: {kind: text, encoder: trained, sentence: goal}}
        rewards: {near: {kind: clip, goal: words, alpha: 0.0}}
        """,
        """
        encoder_kind: ClassVar = "open_clip"
        """,
        settings="showtell.training.state",
        method="{reward: near}",
    ),
    "demo": Kind(
        "demos/new.py",
        "DemoSettings",
        "demo",
        """
        demos: {new: {kind: new, size: 3, encoder: s3d}}
        goals: {video: {kind: video, encoder: s3d, demo: new, demos: 1, combine: sum}}
        rewards: {near: {kind: roboclip, goal: video, sampling: evenly, compare: product}}
        """,
        task="drawer-close",
        method="{reward: near}",
    ),
    "goal": Kind(
        "goals/new.py",
        "GoalSettings",
        "goal",
        """
        goals: {new: {kind: new, size: 3, encoder: clip}}
        rewards: {near: {kind: clip, goal: new, alpha: 0.0}}
        """,
        """
        source: ClassVar = "prompts"

        def reads(self):
            return frozenset({"text"})
        """,
        method="{reward: near}",
    ),
    "reward": Kind(
        "rewards/new.py",
        "RewardSettings",
        "training",
        f"rewards: {{near: {NEW}}}",
        method="{reward: near}",
    ),
    "learner": Kind(
        "learners/new.py",
        "LearnerSettings",
        "training",
        "learners: {new: {kind: new, size: 3, steps: 10}}",
        'actions: ClassVar = frozenset({"discrete"})',
        method="{reward: zero, learner: new}",
    ),
    "study": Kind(
        "studies/new.py",
        "StudySettings",
        "study",
        "",
        experiment="studies: {measured: {kind: new, size: 3, methods: [method]}}",
    ),
    "figure": Kind(
        "figures/new.py",
        "FigureSettings",
        "figure",
        "",
        experiment="figures: {new: {kind: new, size: 3}}",
    ),
    "figure of a paper": Kind(
        "papers/new/figures.py",
        "FigureSettings",
        "figure",
        "",
        experiment="figures: {new: {kind: new_of_a_paper, size: 3}}",
        kind="new_of_a_paper",
    ),
}
LEDGER = """
    paper: {title: New, authors: A, venue: V, arxiv: "1", code: C, summary: S.}
    experiments: {one: {title: One, learning: L., evaluation: E., oracle: O.}}
    published: []
    claims: []
    deviations: []
    figures: {}
"""
EXPERIMENT = """
    tasks: [{task}]
    seeds: 1
    methods: {{method: {method}}}
    evaluate: {{episodes: 1, actions: [deterministic]}}
    {experiment}
"""
# Run in the copy, as `showtell plan` and `make export` would; prints the modules of each job.
USE = """
    import json
    import sys
    from pathlib import Path
    from showtell.claims import agreement
    from showtell.claims.ledger import find_ledger
    from showtell.commands.schema import schema, undescribed
    from showtell.study import specifications
    from showtell.study.grid import Grid
    from showtell.study.loading import load
    from showtell.study.yaml_files import read_yaml

    def record(modules, *rest, **more):
        read.extend(modules)
        return "a fingerprint"

    specifications.fingerprint = record
    root, studies, found = Path(sys.argv[1]), Path(sys.argv[2]), {}
    for path in sorted(studies.glob("*.yaml")):
        own, grid = read_yaml(path), Grid(load(root, "smoke", path))
        jobs, make = {}, specifications.Specifications(grid)
        experiment, cell = grid.experiment("own", "one"), grid.cells("own", "one")[0]
        task = cell.task
        calls = [(make.encoder, name) for name in own.get("encoders", ())]
        calls += [(make.demo, name, task) for name in own.get("demos", ())]
        calls += [(make.goal, name, task) for name in own.get("goals", ())]
        calls += [(make.training, cell, grid.phases(experiment)[0])]
        calls += [(make.study, "own", "one", task, name) for name in experiment.studies]
        calls += [(make.figure, "own", "one", name) for name in experiment.figures]
        for call, *arguments in calls:
            read = []
            job = json.loads(call(*arguments))
            jobs.setdefault(call.__name__, []).extend(read)
        found[path.stem] = jobs
    parameters, read = load(root, "smoke"), []
    agreement.check(parameters)
    specifications.Specifications(Grid(parameters)).comparison("new", "one")
    found["paper"] = {"comparison": read, "learning": find_ledger("new").protocol("one").learning}
    exported = json.loads(schema())
    print(json.dumps([found, exported, undescribed(exported)]))
"""


def written(kind: Kind, source: Path) -> None:
    path = source / kind.file
    path.parent.mkdir(exist_ok=True)
    more = indent(dedent(kind.more), " " * 8)
    path.write_text(dedent(MODULE.format(**kind._asdict() | {"more": more})))


def study(kind: Kind) -> str:
    experiment = dedent(EXPERIMENT.format(**kind._asdict()))
    return (
        "name: own\n"
        + dedent(kind.entries)
        + "\nexperiments:\n  one:\n"
        + indent(experiment, "    ")
    )


def copied(to: Path) -> Path:
    """The package and the parameters; compiled modules too, which then count."""
    shutil.copytree(ROOT / "src/showtell", to / "src/showtell")
    (to / "workflow/scales").mkdir(parents=True)
    for file in ("params.yaml", "workflow/scales/smoke.yaml"):
        shutil.copy(ROOT / file, to / file)
    return to


def add_paper(root: Path) -> None:
    """A ledger, and as for every paper an entry in params.yaml and one at the scale."""
    ledger = root / "src/showtell/papers/new/ledger.yaml"
    ledger.parent.mkdir(exist_ok=True)
    ledger.write_text(dedent(LEDGER))
    experiment = dedent(EXPERIMENT.format(**Kind("", "", "", "")._asdict()))
    entry = "new:\n  title: New\n  experiments:\n    one:\n" + indent(experiment, " " * 6)
    with (root / "params.yaml").open("a") as file:
        file.write(indent(entry, "  "))
    scale = root / "workflow/scales/smoke.yaml"
    scale.write_text(scale.read_text().replace("\nrun:\n", "\nrun:\n  new: all\n"))


def python(root: Path, code: str, *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), *map(str, (root, *arguments))],
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """(kind -> job -> modules that it reads, the schema, what the schema does not describe)."""
    root = copied(tmp_path_factory.mktemp("copy"))
    studies = root / "studies"
    studies.mkdir()
    for name, kind in KINDS.items():
        written(kind, root / "src/showtell")
        (studies / f"{name}.yaml").write_text(study(kind))
    add_paper(root)
    return json.loads(python(root, USE, studies))


@pytest.mark.parametrize("name", KINDS)
def test_a_new_file_is_a_new_part_that_a_study_uses(used, name):
    kind, (jobs, _, _) = KINDS[name], used
    module = "showtell." + kind.file.removesuffix(".py").replace("/", ".")
    assert module in jobs[name][kind.job]


@pytest.mark.parametrize("name", KINDS)
def test_the_schema_describes_a_new_part(used, name):
    _, schema, _ = used
    part = KINDS[name].file.removesuffix(".py").replace("/", "__")
    properties = schema["$defs"][f"showtell__{part}__NewSettings"]["properties"]
    assert properties["size"]["description"] == "How large the new part is."


def test_the_schema_describes_all_keys_of_new_parts(used):
    assert used[2] == []


def test_a_new_ledger_is_a_new_paper(used):
    paper = used[0]["paper"]
    assert paper["learning"] == "L."
    assert "showtell.papers.new" in paper["comparison"]
