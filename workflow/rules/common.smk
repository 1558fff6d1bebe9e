# Helpers of the rules: names in, paths and job specifications out. The grid itself is in src/.
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

from showtell.claims import agreement
from showtell.cluster.resources import Demand
from showtell.demos import inputs
from showtell.labels import inputs as label_inputs
from showtell.project import invocation
from showtell.project.addresses import refuse_secrets
from showtell.project.foreign.snakemake import schedule_when_jobs_end, unmade
from showtell.study import loading, shared_trainings
from showtell.project.errors import UserError
from showtell.study.grid import Cell, Grid
from showtell.project.sharing import records
from showtell.study.inputs import Inputs
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
    VIDEOS,
)
from showtell.study.targets import Targets, one_of, refuse_unmade
from showtell.study.specifications import Specifications
from showtell.study.yaml_files import changes
from showtell.videos import inputs as video_inputs

invocation.use_this_python()
ROOT = Path(workflow.basedir)
OWN_STUDY = Path(config["study"]) if config.get("study") else None

try:
    REPLICATE = loading.replicate(
        ROOT, str(config.get("scale", "mini")), config.get("seed")
    )
    SCALE, RESULTS = REPLICATE.scale, REPLICATE.name  # the overlay, the folder
    GRID = Grid(loading.load(ROOT, SCALE, OWN_STUDY, REPLICATE.seed))
    refuse_secrets(GRID.parameters.model_dump(mode="json"))
    shared_trainings.check(GRID)
    WHOLE = loading.load(ROOT, "paper")
    agreement.check(WHOLE)
    agreement.check_experiments(WHOLE)
    INPUTS = Inputs(GRID, RESULTS)
    TARGETS = Targets(GRID, RESULTS)
    TARGETS.check(sys.argv[1:])  # Snakemake sets its own list later
    inputs.refuse_missing(GRID, ROOT, RESULTS)
    label_inputs.refuse_missing(GRID, ROOT, RESULTS)
except UserError as error:
    raise WorkflowError(str(error)) from None
SPECIFICATIONS = Specifications(GRID)
NAMES = TARGETS.names()  # wildcard -> what it may be
# A study of one's own has a page of its own, and no part in the papers'.
PAGE = Layout.of("{replicate}").page(OWN_STUDY and next(iter(GRID.parameters.papers)))
PAPER_PAGES = {
    paper: f"{Layout.of('{replicate}').paper_page(paper)}.html"
    for paper in ([] if OWN_STUDY else GRID.parameters.papers)
}

invocation.own(ROOT, RESULTS, sys.argv[1:])

# Results that came by a plain `dvc pull` or `dvc checkout` are known to Snakemake from here on.
records.restore(ROOT, RESULTS)

DEMAND = Demand(GRID)
TRAININGS = ("train", "train_encoder")


def cell(wildcards):
    return Cell(
        wildcards.paper,
        wildcards.experiment,
        wildcards.task,
        wildcards.method,
        int(wildcards.seed),
    )


# --- resources: of each job by its specification; a profile's `set-resources` replaces them ---


@cache
def asked(rule, wildcards, threads):
    return DEMAND.of(rule, dict(wildcards), threads)


def asks(rule, resource):
    """One resource of a rule: Snakemake calls what this returns for each job."""

    def of_job(wildcards, threads, attempt):
        value = getattr(
            asked(rule, tuple(map(tuple, wildcards.items())), threads), resource
        )
        if resource == "mem_mb":  # a job that ran out of it gets half as much again
            return value * (1 + attempt) // 2
        here = workflow.local_exec and not (workflow.dryrun or workflow.remote_exec)
        if resource == "gpu" and here:  # a training takes what this machine has
            return min(1, invocation.gpus()) if rule in TRAININGS else 0
        return value

    return of_job


# --- specifications: the one parameter of each rule ---


def job_of_drawing(wildcards):
    return SPECIFICATIONS.drawn_videos(wildcards.videos)


def job_of_reading(wildcards):
    return SPECIFICATIONS.read_videos(wildcards.videos)


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
    return SPECIFICATIONS.report(SCALE, over, str(OWN_STUDY or ""))


# --- inputs ---


def drawn_videos():
    return [name for name, one in GRID.parameters.videos.items() if one.drawn]


def files_of_videos(wildcards):
    return video_inputs.files(GRID, ROOT, RESULTS, wildcards.videos)


def videos_of_encoder(wildcards):
    return INPUTS.videos_of_encoder(wildcards.encoder)


def encoders(trained_here):
    known, trained = GRID.parameters.encoders, GRID.parameters.training
    return [name for name in known if (name in trained) == trained_here]


def encoder_of_goal(wildcards):
    return INPUTS.of_goal(wildcards.goal, wildcards.task, "model.safetensors")


def network_of_goal(wildcards):
    return INPUTS.of_goal(wildcards.goal, wildcards.task, "model.json")


def demo_of_goal(wildcards):
    return INPUTS.of_goal(wildcards.goal, wildcards.task, "demo")


def files_of_demo(wildcards):
    return inputs.files(GRID, ROOT, wildcards.demo, wildcards.task)


def needs_of_training(wildcards):
    return INPUTS.needs(cell(wildcards), wildcards.phase)


def targets_of_training(wildcards):
    return INPUTS.targets_of_training(cell(wildcards), wildcards.phase)


def weights_of_training(wildcards):
    return INPUTS.encoders(needs_of_training(wildcards), "model.safetensors")


def networks_of_training(wildcards):
    return INPUTS.encoders(needs_of_training(wildcards), "model.json")


def demos_of_training(wildcards):
    return INPUTS.demonstrations(needs_of_training(wildcards), wildcards.task)


def only_of_several_goals(inputs_of_training):
    """What an evaluation needs where the policy observes which goal is active."""
    return lambda wildcards: (
        inputs_of_training(wildcards)
        if GRID.follows_goals(cell(wildcards), wildcards.phase)
        else []
    )


targets_of_evaluation = only_of_several_goals(targets_of_training)
weights_of_evaluation = only_of_several_goals(weights_of_training)
networks_of_evaluation = only_of_several_goals(networks_of_training)
demos_of_evaluation = only_of_several_goals(demos_of_training)


def policy_before(wildcards):
    return INPUTS.start(cell(wildcards), wildcards.phase)


def needs_of_study(wildcards):
    return GRID.study_needs(wildcards.paper, wildcards.experiment, wildcards.study)


def targets_of_study(wildcards):
    named = (wildcards.paper, wildcards.experiment, wildcards.task, wildcards.study)
    return INPUTS.targets(GRID.study_targets(*named))


def weights_of_study(wildcards):
    return INPUTS.encoders(needs_of_study(wildcards), "model.safetensors")


def networks_of_study(wildcards):
    return INPUTS.encoders(needs_of_study(wildcards), "model.json")


def demos_of_study(wildcards):
    return INPUTS.demonstrations(needs_of_study(wildcards), wildcards.task)


def agents_of_study(file):
    """A file of every agent that a study plays."""
    return lambda wildcards: INPUTS.agents(
        *(wildcards.paper, wildcards.experiment, wildcards.task, wildcards.study), file
    )


policies_of_study = agents_of_study("policy.safetensors")
descriptions_of_study = agents_of_study("policy.json")


def labels_of_study(wildcards):
    named = (wildcards.paper, wildcards.experiment, wildcards.task, wildcards.study)
    return label_inputs.files(GRID, RESULTS, *named)


def evaluations_of(wildcards):
    return INPUTS.evaluations(wildcards.paper, wildcards.experiment, "episodes.csv")


def curves_of(wildcards):
    return INPUTS.trainings(wildcards.paper, wildcards.experiment, "progress.csv")


def studies_of(wildcards):
    return INPUTS.studies(wildcards.paper, wildcards.experiment)


def videos_of(wildcards):
    return INPUTS.evaluations(wildcards.paper, wildcards.experiment, "rollout.mp4")


def demos_of(wildcards):
    return INPUTS.demos(wildcards.paper, wildcards.experiment)


def all_outputs_of(paper):
    """Every file of every job of a paper, as the rules declare them."""
    return sorted(
        str(pattern).format(replicate=RESULTS, **dict(job.wildcards))
        for job in INPUTS.jobs(paper)
        for pattern in getattr(rules, job.rule).output
    )


def refuse_unmade_targets():
    """A target that no rule makes, in one sentence with the nearest that one does."""
    if targets := unmade(workflow, sys.argv[1:]):
        papers = list(GRID.parameters.papers)
        known = [
            "all",
            *papers,
            *(f for paper in papers for f in all_outputs_of(paper)),
        ]
        pages = [f"{PAGE}.html", *PAPER_PAGES.values()]
        known += [page.format(replicate=RESULTS) for page in pages]
        try:
            refuse_unmade(targets, known)
        except UserError as error:
            raise WorkflowError(str(error)) from None


def pages_as_options():
    return "".join(
        f" --out page_{paper} {{output.papers[{k}]:q}}"
        for k, paper in enumerate(PAPER_PAGES)
    )


def everything_reported(wildcards):
    return [path for paper in GRID.parameters.papers for path in INPUTS.results(paper)]


def networks_reported(wildcards):
    papers = GRID.parameters.papers
    return sorted({path for paper in papers for path in INPUTS.networks(paper)})


def videos_learned_from(wildcards):
    papers = GRID.parameters.papers
    return sorted({path for paper in papers for path in INPUTS.videos(paper)})


def videos_reported(wildcards):
    return [
        path
        for paper, name, _ in GRID.experiments()
        for path in INPUTS.evaluations(paper, name, "rollout.mp4")
    ]
