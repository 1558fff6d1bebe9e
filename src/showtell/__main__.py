"""The command line: `python -m showtell <verb>`. Each rule of the workflow is one verb."""

import argparse
import importlib
import json
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from showtell.project import shortages
from showtell.project.addresses import MaskedFormatter, masked
from showtell.project.errors import UserError
from showtell.project.replicate import Replicate

_LAST_LOOK_S = 10.0  # of the watch, after the workflow: to show its last points
ROOT = Path.cwd()  # every verb is run from the repository's root
JOBS = {
    "demonstrate": "make the demonstrations of a task: scripted, drawn, published or from a file",
    "draw_videos": "draw videos of a hand as an archive of Something-Something v2",
    "read_videos": "check, unpack, index and pack videos, and list those that cannot be used",
    "train_encoder": "train a network here: a stand-in, or a distance from videos",
    "fetch_encoder": "download a network by name, check it, convert it once",
    "embed_goal": "embed a goal: a sentence, a demonstration or a picture",
    "train": "train one agent: a task, a method, a seed",
    "evaluate": "evaluate the policies of one training, and record a video",
    "measure": "measure rewards without any training",
    "summarise": "an experiment's numbers and verdicts, from all of its trainings",
    "figure": "draw one figure (SVG, PDF and the CSV behind it)",
    "report": "write the page a person reads",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; a mistake that the user can correct is one sentence, not a traceback."""
    options = _parser().parse_args(arguments)
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(MaskedFormatter("%(asctime)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    sys.excepthook = lambda *error: print(
        masked("".join(traceback.format_exception(*error))), end="", file=sys.stderr
    )
    try:
        return int(options.run(options) or 0)
    except UserError as error:
        print(f"showtell: {masked(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("showtell: interrupted; the next run carries on from here.", file=sys.stderr)
        return 130
    except Exception as error:
        why = shortages.sentence(error)
        if why is None and isinstance(error, RecursionError):
            why = "values are nested too deep in a file or a setting that was read."
        if why is None:
            raise
        print(f"showtell: {masked(why)}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="showtell",
        description="Rewards you show or tell: HOLD, RoboCLIP and VLM-RM with one command.",
        epilog="`make reproduce` runs everything; each job below is one rule of that workflow and "
        "can be run by hand: `snakemake -n -p` prints its exact command.",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_project_verbs(verbs)
    for name, sentence in JOBS.items():
        job = verbs.add_parser(name, help=sentence, description=sentence.capitalize() + ".")
        job.add_argument("--job", required=True, help="the specification: JSON, or @FILE")
        job.add_argument(
            "--in",
            dest="inputs",
            nargs="+",
            action="append",
            default=[],
            metavar=("NAME", "PATH"),
            help="an input file, by name",
        )
        job.add_argument(
            "--results", help="results/<replicate>, for a job that finds its files there"
        )
        job.add_argument(
            "--out",
            dest="outputs",
            nargs=2,
            action="append",
            default=[],
            metavar=("NAME", "PATH"),
            help="an output file, by name",
        )
        job.add_argument("--threads", type=int, default=1, help="processes that draw; default 1")
        job.add_argument("--gpus", type=int, default=0, help="GPUs to train on; default 0: a CPU")
        job.set_defaults(run=run_job, verb=name)
    return parser


def _add_project_verbs(verbs: Any) -> None:
    doctor = verbs.add_parser("doctor", help="check this machine; every problem comes with its fix")
    doctor.set_defaults(run=_doctor)
    plan = verbs.add_parser("plan", help="what would run, how long, how much disk and download")
    plan.add_argument("--profile", help="of a cluster: slurm, kubernetes; what jobs ask it for")
    plan.set_defaults(run=_plan)
    why = verbs.add_parser("why", help="what would run for a target, and what changed")
    why.add_argument("target", help="a result file, a paper, or all")
    why.set_defaults(run=_why)
    share = verbs.add_parser("share", help="record results with DVC and push them to a remote")
    share.add_argument("--remote", help="a folder, s3://… or ssh://…; remembered")
    share.set_defaults(run=_share)
    tables = verbs.add_parser("tables", help="write the small tables that git keeps")
    tables.set_defaults(run=_tables)
    pull = verbs.add_parser("pull", help="fetch shared results, verified, so that nothing reruns")
    pull.add_argument("--remote", help="a folder, s3://… or ssh://…; remembered")
    pull.set_defaults(run=_pull)
    track = verbs.add_parser("track", help="rebuild the MLflow store from the result files")
    track.add_argument("--begin", action="store_true", help="open an invocation, print its run id")
    track.set_defaults(run=_track)
    refresh = verbs.add_parser("refresh", help="rebuild the report from what exists now")
    refresh.set_defaults(run=_refresh)
    watch = verbs.add_parser(
        "watch", help="keep report and MLflow up to date while a process lives"
    )
    watch.add_argument("--pid", type=int, required=True)
    watch.set_defaults(run=_watch)
    gallery = verbs.add_parser("gallery", help="draw every task and every demo into docs/gallery")
    gallery.add_argument("--only", nargs="+", default=[], help="families of worlds, or hand")
    gallery.set_defaults(run=_gallery)
    show = verbs.add_parser("show", help="print an experiment, a method or an entry, resolved")
    show.add_argument("name", help="for example language, roboclip.language or rewards.gail")
    show.set_defaults(run=_show)
    judge = verbs.add_parser("judge", help="judge all claims again, from the small tables alone")
    judge.add_argument("tables", type=Path, help="for example results/mini/tables")
    judge.set_defaults(run=_judge)
    agree = verbs.add_parser("agree", help="compare the verdicts of folders of results")
    agree.add_argument("folders", nargs="+", help="results/mini, results/mini-seed1, …")
    agree.add_argument("--json", type=Path, help="write the comparison as JSON")
    agree.add_argument("--csv", type=Path, help="write the comparison as CSV")
    agree.set_defaults(run=_agree)
    compare = verbs.add_parser("compare", help="the numbers of two results side by side")
    compare.add_argument("a", help="results/mini, or an experiment, a task, a method, a seed of it")
    compare.add_argument("b", nargs="?", help="another one; COMMIT:results/mini is of a commit")
    compare.add_argument("--metric", default="success", help="success, return, …; success")
    compare.add_argument("--csv", type=Path, help="write all numbers as CSV")
    compare.set_defaults(run=_compare)
    _add_recording(verbs)
    _add_label(verbs)
    _add_probe(verbs)
    _add_new(verbs)
    page = verbs.add_parser("page", help="print where the report is")
    page.set_defaults(run=_page)
    export = verbs.add_parser("export", help="rewrite the files that are generated from code")
    export.set_defaults(run=_export)
    for verb in (doctor, plan, why, share, tables, pull, track, refresh, watch, show, page):
        verb.add_argument("--scale", default="mini", help="smoke, mini, desk or paper")
        verb.add_argument("--seed", help="the root seed; default: that of params.yaml")
    for verb in (plan, tables, refresh, watch, show, page):
        verb.add_argument("--study", type=Path, help="a study of your own: a YAML file")


def _add_label(verbs: Any) -> None:
    label = verbs.add_parser("label", help="rate videos by hand, on a page of this machine alone")
    label.add_argument("--scale", default="mini", help="smoke, mini, desk or paper")
    label.add_argument("--seed", help="the root seed; default: that of params.yaml")
    label.add_argument("--task", help="the task whose finished evaluations are shown")
    label.add_argument("--kind", default="buckets", help="buckets, frames or pairs; buckets")
    label.add_argument("--rater", help="a name in small letters; default: rater1")
    label.add_argument("--count", type=int, default=200, help="at most so many items; 200")
    label.add_argument("--each", type=int, default=8, help="frames of each video; 8")
    label.add_argument("--port", type=int, default=0, help="default: any that is free")
    label.add_argument("--no-browser", action="store_true", help="print the address alone")
    what = label.add_mutually_exclusive_group()
    what.add_argument("--offline", action="store_true", help="write the page as one HTML file")
    what.add_argument("--read", type=Path, metavar="FILE", help="add labels that came back")
    what.add_argument("--agreement", action="store_true", help="how far raters agree")
    label.set_defaults(run=_label)


def _label(options: argparse.Namespace) -> int:
    from showtell.commands.label import Labelling
    from showtell.study.loading import load

    replicate = _replicate(options)
    study = load(ROOT, replicate.scale, seed=replicate.seed)
    rater = options.rater or ("" if options.offline else "rater1")
    labelling = Labelling(
        *(ROOT, replicate.name, study.seed, study.tasks),
        *(options.kind, rater, options.count, options.each),
    )
    if options.read is not None:
        return labelling.read(options.read)
    if options.agreement:
        return labelling.agreement(options.task)
    if options.offline:
        return labelling.offline(options.task)
    return labelling.serve(options.task, options.port, browse=not options.no_browser)


def _add_probe(verbs: Any) -> None:
    probe = verbs.add_parser("probe", help="measure a goal of your own before any training")
    probe.add_argument("--task", required=True, help="the task, for example drawer-close")
    probe.add_argument("--text", help="the goal as a sentence")
    probe.add_argument("--baseline", help="a sentence about the scene without the goal")
    probe.add_argument("--video", type=Path, help="the goal as a video, a GIF or a folder")
    probe.add_argument("--image", type=Path, help="the goal as a picture")
    probe.add_argument("--model", help="lerobot:FOLDER, a reward model that is measured beside it")
    probe.add_argument("--cores", default="all", help="default: all")
    probe.add_argument("--scale", default="mini", help="smoke, mini, desk or paper")
    probe.add_argument("--seed", help="the root seed; default: that of params.yaml")
    probe.set_defaults(run=_probe)


def _add_recording(verbs: Any) -> None:
    play = verbs.add_parser("play", help="watch a trained policy, on a page that is opened")
    record = verbs.add_parser("record", help="record a trained policy as a video")
    record.add_argument("--out", type=Path, required=True, help="x.webm, x.mp4 or x.gif")
    play.add_argument("--out", type=Path, help="the page; default: a temporary file")
    play.add_argument("--no-browser", action="store_true", help="print where the page is, alone")
    for verb, episodes in ((play, [0, 1, 2, 3]), (record, [0])):
        verb.add_argument("policy", metavar="RUN", help="results/mini/…/seed0/train")
        verb.add_argument("--episodes", type=int, nargs="+", default=episodes, help="from 0")
        verb.add_argument(
            "--actions", choices=("deterministic", "stochastic"), default="deterministic"
        )
        verb.add_argument("--checkpoint", default="last", help="last, best-learned or best-true")
        verb.set_defaults(run=_record, verb=verb.prog.split()[-1])


def _record(options: argparse.Namespace) -> int:
    from showtell.commands.record import Choice, play, record

    choice = Choice(options.episodes, options.actions, options.checkpoint)
    if options.verb == "record":
        return record(ROOT, options.policy, options.out, choice)
    return play(ROOT, options.policy, choice, options.out, browse=not options.no_browser)


def _add_new(verbs: Any) -> None:
    new = verbs.add_parser("new", help="write a reward, a task or a study that works, and its test")
    kinds = new.add_subparsers(title="what", metavar="reward|task|study", required=True)
    reward = kinds.add_parser("reward", help="one file in src/showtell/rewards")
    task = kinds.add_parser("task", help="a world of your own: a folder in src/showtell/worlds")
    study = kinds.add_parser("study", help="one YAML file in studies/: a sentence, or a reward")
    study.add_argument("--task", default="drawer-close", help="the task it is about; drawer-close")
    study.add_argument("--text", help="the goal as a sentence; default: the task's own")
    study.add_argument("--reward", help="instead of a sentence: a reward that needs no goal")
    for what, parser in (("reward", reward), ("task", task), ("study", study)):
        parser.add_argument("name", metavar="NAME")
        parser.set_defaults(run=_new, what=what)


def _new(options: argparse.Namespace) -> int:
    from showtell.commands import new

    if options.what == "reward":
        return new.new_reward(ROOT, options.name)
    if options.what == "task":
        return new.new_task(ROOT, options.name)
    return new.new_study(ROOT, options.name, options.task, options.text, options.reward)


def _probe(options: argparse.Namespace) -> int:
    from showtell.commands.probe import probe
    from showtell.probe.question import question
    from showtell.study.loading import load

    replicate = _replicate(options)
    p = load(ROOT, replicate.scale, seed=replicate.seed)
    goal = (options.text, options.video, options.image)
    asked = question(p, options.task, *goal, options.baseline, options.model)
    return probe(ROOT, replicate.name, asked, p, options.cores)


def _replicate(options: argparse.Namespace) -> Replicate:
    from showtell.study.loading import replicate

    return replicate(ROOT, options.scale, options.seed)


def _doctor(options: argparse.Namespace) -> int:
    from showtell.commands.doctor import doctor

    return doctor(ROOT, _replicate(options).name)


def _plan(options: argparse.Namespace) -> int:
    from showtell.commands.plan import plan
    from showtell.study.grid import Grid
    from showtell.study.loading import load

    replicate = _replicate(options)
    if options.profile is not None:
        from showtell.commands.booking import booking

        print(booking(ROOT, replicate.name, options.profile, options.study))
        return 0
    grid = Grid(load(ROOT, replicate.scale, options.study, replicate.seed))
    print(plan(ROOT, replicate.name, grid, os.cpu_count() or 1, options.study))
    return 0


def _why(options: argparse.Namespace) -> int:
    from showtell.commands.why import why

    print(why(ROOT, _replicate(options).name, options.target))
    return 0


def _judge(options: argparse.Namespace) -> int:
    from showtell.commands.judge import judge

    print(judge(options.tables))
    return 0


def _tables(options: argparse.Namespace) -> int:
    from showtell.project.sharing.tables import write_tables
    from showtell.study.loading import load

    replicate = _replicate(options)
    papers = load(ROOT, replicate.scale, options.study, replicate.seed).papers
    written = write_tables(ROOT, replicate.name, papers)
    if not written:
        raise UserError(
            f"results/{replicate.name} has no finished experiment: run `make reproduce` first."
        )
    print(f"results/{replicate.name}/tables: the tables of {written} experiments")
    return 0


def _share(options: argparse.Namespace) -> int:
    from showtell.project.sharing import share

    return share(ROOT, _replicate(options).name, options.remote)


def _pull(options: argparse.Namespace) -> int:
    from showtell.project.sharing import pull

    return pull(ROOT, _replicate(options).name, options.remote)


def _track(options: argparse.Namespace) -> int:
    from showtell.commands.track import track
    from showtell.project.processes import end_with_workflow

    end_with_workflow(os.environ)  # a store that does not answer would keep it for minutes
    return track(ROOT, _replicate(options).name, begin=options.begin)


def _refresh(options: argparse.Namespace) -> int:
    from showtell.jobs.report import refresh
    from showtell.project.processes import end_with_workflow

    end_with_workflow(os.environ)
    return refresh(ROOT, _replicate(options), options.study)


def _watch(options: argparse.Namespace) -> int:
    from showtell.jobs.report import watch
    from showtell.project.processes import Process, end_after

    # Whatever it waits for then, a store that does not answer or the page.
    end_after(Process.of(options.pid), _LAST_LOOK_S)
    return watch(ROOT, _replicate(options), options.pid, options.study)


def _gallery(options: argparse.Namespace) -> int:
    from showtell.commands.gallery import gallery

    return gallery(ROOT, options.only)


def _show(options: argparse.Namespace) -> int:
    from showtell.commands.show import show

    print(show(ROOT, _replicate(options).scale, options.name, options.study))
    return 0


def _agree(options: argparse.Namespace) -> int:
    from showtell.commands.agree import agree

    return agree(ROOT, options.folders, options.json, options.csv)


def _compare(options: argparse.Namespace) -> int:
    from showtell.commands.compare import compare

    names = [name for name in (options.a, options.b) if name is not None]
    return compare(ROOT, names, options.metric, options.csv)


def _page(options: argparse.Namespace) -> int:
    from showtell.study.layout import Layout
    from showtell.study.yaml_files import read_yaml

    name = read_yaml(options.study)["name"] if options.study else None
    page = Layout(ROOT / "results" / _replicate(options).name).page(name)
    print(f"The report: {page.with_suffix('.html')}")
    return 0


def _export(options: argparse.Namespace) -> int:
    from showtell.commands.exports import exports
    from showtell.project.files import write_text

    for path, text in exports(ROOT).items():
        write_text(path, text)
        print(path.relative_to(ROOT))
    return 0


def run_job(options: argparse.Namespace) -> int:
    """Run one job and write its provenance."""
    from showtell.project.processes import end_with_workflow
    from showtell.project.provenance import (
        refuse_damaged,
        refuse_damaged_below,
        write_provenance,
    )
    from showtell.rendering.pool import use_processes
    from showtell.training.devices import launch, use_gpus

    # Not a setting of the job: results are the same with any number.
    use_processes(options.threads)
    use_gpus(options.gpus)
    if options.gpus > 1 and options.verb == "train_encoder" and "WORLD_SIZE" not in os.environ:
        launch(options.gpus, sys.argv[1:])
    end_with_workflow(os.environ)
    started = time.time()
    job = _specification(options.job)
    inputs = {name: [Path(path) for path in paths] for name, *paths in options.inputs}
    if options.results is not None:
        inputs["results"] = [Path(options.results)]
    outputs = {name: Path(path) for name, path in options.outputs}
    provenance = outputs.pop("provenance", None)
    named = {name: paths for name, paths in inputs.items() if name != "results"}
    refuse_damaged(ROOT, (path for paths in named.values() for path in paths))
    try:
        run = importlib.import_module(f"showtell.jobs.{options.verb}").run
        extra = run(job, inputs, outputs) or {}
    except Exception as error:
        if options.results is not None:  # it may come from a table that is damaged
            refuse_damaged_below(ROOT, Path(options.results))
        if shortages.of_memory(error) or isinstance(error, RecursionError):
            raise UserError(_too_large(error, named)) from error
        raise
    inputs = named
    read = extra.pop("read", ())  # what the job found there
    try:
        refuse_damaged(ROOT, read)
    except UserError:
        for path in outputs.values():  # made of what is damaged
            path.unlink(missing_ok=True)
        raise
    if provenance is not None and not extra.pop("follows", False):  # of another process
        write_provenance(
            provenance,
            job_name=options.verb,
            job=job,
            inputs=[*(path for paths in inputs.values() for path in paths), *read],
            outputs=list(outputs.values()),
            started=started,
            wall_time_s=time.time() - started,
            # Under which run of the workflow: a rebuilt store groups its jobs by it.
            extra={"invocation": os.environ.get("SHOWTELL_PARENT_RUN"), **extra},
        )
    return 0


def _too_large(error: Exception, inputs: dict[str, list[Path]]) -> str:
    """A sentence for a job that had no room: for its numbers, or for what a file unfolds to."""
    files = ", ".join(str(path) for paths in inputs.values() for path in paths)
    what = "levels for nested values" if isinstance(error, RecursionError) else "memory"
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return (
        f"the job ran out of {what} ({said}). Its settings ask for more "
        f"than this machine has, or a file that it reads is not what it should be: {files or '-'}."
    )


def _specification(text: str) -> dict[str, Any]:
    if text.startswith("@"):
        text = Path(text[1:]).read_text()
    try:
        job = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"--job is not JSON ({error}); copy it from `snakemake -n -p`.") from None
    if not isinstance(job, dict):
        raise UserError(f"--job is a {type(job).__name__}, not a mapping of settings.")
    return job


if __name__ == "__main__":
    sys.exit(main())
