# Helpers of the rules: names in, paths and job specifications out. The grid itself is in src/.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from showtell.claims import agreement
from showtell.demos import inputs
from showtell.project import invocation
from showtell.project.foreign.snakemake import schedule_when_jobs_end
from showtell.study import loading, shared_trainings
from showtell.project.errors import UserError
from showtell.study.grid import PRETRAIN, Cell, Grid
from showtell.project.sharing import records
from showtell.study.inputs import Inputs, one_of
from showtell.study.layout import (
    Layout,
    COMPARISON,
    DEMO,
    ENCODER,
    EVALUATION,
    FIGURE,
    GOAL,
    STUDY,
    TRAINING,
)
from showtell.study.specifications import Specifications
from showtell.study.yaml_files import changes

invocation.use_this_python()
ROOT = Path(workflow.basedir)
SCALE = str(config.get("scale", "mini"))
OWN_STUDY = Path(config["study"]) if config.get("study") else None

try:
    GRID = Grid(loading.load(ROOT, SCALE, OWN_STUDY))
    shared_trainings.check(GRID)
    agreement.check(loading.load(ROOT, "paper"))
    INPUTS = Inputs(GRID, SCALE)
    INPUTS.check_targets(sys.argv[1:])  # Snakemake sets its own list later
    inputs.refuse_missing(GRID, ROOT, SCALE)
except UserError as error:
    raise WorkflowError(str(error)) from None
SPECIFICATIONS = Specifications(GRID)
NAMES = INPUTS.names()  # wildcard -> what it may be
RESULTS = f"results/{SCALE}"
# A study of one's own has a page of its own, and no part in the papers'.
PAGE = Layout.of(SCALE).page(OWN_STUDY and next(iter(GRID.parameters.papers)))

# Results that came by a plain `dvc pull` or `dvc checkout` are known to Snakemake from here on.
records.restore(ROOT, SCALE)

# A training takes a GPU where this machine has one; clusters say so in their profile.
GPU_PER_TRAINING = min(1, invocation.gpus())


def cell(wildcards):
    return Cell(
        wildcards.paper,
        wildcards.experiment,
        wildcards.task,
        wildcards.method,
        int(wildcards.seed),
    )


def cell_folder(cell):
    return f"results/{SCALE}/{cell.paper}/{cell.experiment}/{cell.task}/{cell.method}/seed{cell.seed}"


# --- specifications: the one parameter of each rule ---


def job_of_encoder(wildcards):
    return SPECIFICATIONS.encoder(wildcards.encoder)


def job_of_demo(wildcards):
    return SPECIFICATIONS.demo(wildcards.demo, wildcards.task)


def job_of_goal(wildcards):
    return SPECIFICATIONS.goal(wildcards.goal, wildcards.task)


def job_of_training(wildcards):
    return SPECIFICATIONS.training(cell(wildcards), wildcards.phase)


def job_of_evaluation(wildcards):
    return SPECIFICATIONS.evaluation(cell(wildcards), wildcards.phase)


def job_of_study(wildcards):
    return SPECIFICATIONS.study(
        wildcards.paper, wildcards.experiment, wildcards.task, wildcards.study
    )


def job_of_comparison(wildcards):
    return SPECIFICATIONS.comparison(wildcards.paper, wildcards.experiment)


def job_of_figure(wildcards):
    return SPECIFICATIONS.figure(
        wildcards.paper, wildcards.experiment, wildcards.figure
    )


def job_of_report(wildcards):
    over = changes(loading.base(ROOT), loading.overlay(ROOT, SCALE))
    return SPECIFICATIONS.report(SCALE, over)


# --- inputs ---


def encoders(trained_here):
    known, trained = GRID.parameters.encoders, GRID.parameters.training
    return [name for name in known if (name in trained) == trained_here]


def model_files(encoders, name):
    return [f"results/{SCALE}/models/{encoder}/{name}" for encoder in encoders]


def model_of_goal(wildcards, name):
    encoder = GRID.goal(wildcards.goal).encoder
    return [] if encoder is None else model_files([encoder], name)


def encoder_of_goal(wildcards):
    return model_of_goal(wildcards, "model.safetensors")


def network_of_goal(wildcards):
    return model_of_goal(wildcards, "model.json")


def demo_file(demo, task):
    return f"results/{SCALE}/demos/{demo}/{task}/demo.npz"


def files_of_demo(wildcards):
    return inputs.files(GRID, ROOT, wildcards.demo, wildcards.task)


def demo_of_goal(wildcards):
    shown = GRID.demo_of_goal(wildcards.goal, wildcards.task)
    return [] if shown is None else demo_file(*shown)


def needs_of_training(wildcards):
    return GRID.reward(cell(wildcards), wildcards.phase).needs()


def demos_of_training(wildcards):
    demos = GRID.demos(needs_of_training(wildcards))
    return [demo_file(demo, wildcards.task) for demo in demos]


def target_file(goal, task):
    return f"results/{SCALE}/goals/{goal}/{task}.safetensors"


def targets_of_training(wildcards):
    goals = GRID.goals(needs_of_training(wildcards))
    return [target_file(goal, wildcards.task) for goal in goals]


def weights_of_training(wildcards):
    encoders = GRID.encoders(needs_of_training(wildcards))
    return model_files(encoders, "model.safetensors")


def networks_of_training(wildcards):
    return model_files(GRID.encoders(needs_of_training(wildcards)), "model.json")


def policy_before(wildcards):
    """Fine-tuning starts from the pretrained policy."""
    if wildcards.phase == PRETRAIN:
        return []
    return f"{cell_folder(cell(wildcards))}/{PRETRAIN}/policy.safetensors"


def targets_of_study(wildcards):
    named = (wildcards.paper, wildcards.experiment, wildcards.task, wildcards.study)
    return [target_file(goal, task) for goal, task in GRID.study_targets(*named)]


def needs_of_study(wildcards):
    named = (wildcards.paper, wildcards.experiment, wildcards.study)
    return GRID.study_needs(*named)


def weights_of_study(wildcards):
    return model_files(GRID.encoders(needs_of_study(wildcards)), "model.safetensors")


def networks_of_study(wildcards):
    return model_files(GRID.encoders(needs_of_study(wildcards)), "model.json")


def demos_of_study(wildcards):
    demos = GRID.demos(needs_of_study(wildcards))
    return [demo_file(demo, wildcards.task) for demo in demos]


def evaluations_of(wildcards):
    return INPUTS.evaluations(wildcards.paper, wildcards.experiment, "episodes.csv")


def curves_of(wildcards):
    return INPUTS.trainings(wildcards.paper, wildcards.experiment, "progress.csv")


def studies_of(wildcards):
    return INPUTS.studies(wildcards.paper, wildcards.experiment)


def videos(paper, experiment):
    return INPUTS.evaluations(paper, experiment, "rollout.mp4")


def videos_of(wildcards):
    return videos(wildcards.paper, wildcards.experiment)


def demos_of(wildcards):
    return INPUTS.demos(wildcards.paper, wildcards.experiment)


def outputs(rule, **wildcards):
    """The files that one job makes, as its rule declares them."""
    patterns = getattr(rules, rule).output
    return [str(pattern).format(scale=SCALE, **wildcards) for pattern in patterns]


def all_outputs_of(paper):
    """Every file that a job makes for a paper: Snakemake makes again only what a target names."""
    return sorted(
        {
            path
            for name, e, _ in GRID.experiments()
            if name == paper
            for path in _all(name, e)
        }
    )


def _all(paper, name):
    experiment = GRID.experiment(paper, name)
    named = dict(paper=paper, experiment=name)
    needed = set()
    for cell in GRID.cells(paper, name):
        for phase in GRID.phases(experiment, cell.method):
            one = dict(vars(GRID.home(cell)), phase=phase)
            yield from outputs("train", **one)
            yield from outputs("evaluate", **one)
            needs = GRID.reward(cell, phase).needs()
            needed |= {(goal, cell.task) for goal in needs.goals}
    for study in experiment.studies:
        for task in GRID.study_tasks(paper, name, study):
            yield from outputs("measure", **named, task=task, study=study)
            needed |= set(GRID.study_targets(paper, name, task, study))
    yield from outputs("compare", **named)
    for figure in experiment.figures:
        yield from outputs("figure", **named, figure=figure)
    for goal, task in needed:
        yield from outputs("embed_goal", goal=goal, task=task)
    for encoder in {GRID.goal(goal).encoder for goal, _ in needed} - {None}:
        trained = encoder in encoders(trained_here=True)
        yield from outputs(
            "train_encoder" if trained else "fetch_encoder", encoder=encoder
        )
    shown = {GRID.demo_of_goal(goal, task) for goal, task in needed} - {None}
    for demo, task in shown.union(GRID.demos_of(paper, name)):
        yield from outputs("demonstrate", demo=demo, task=task)


def everything_reported(wildcards):
    return [path for paper in GRID.parameters.papers for path in INPUTS.results(paper)]


def videos_reported(wildcards):
    return [
        path for paper, name, _ in GRID.experiments() for path in videos(paper, name)
    ]
