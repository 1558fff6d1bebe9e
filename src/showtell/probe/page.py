"""The page of one probe: a single file that needs no network."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from markupsafe import Markup

from showtell.jobs.parts import Job
from showtell.media.clips import read_clip
from showtell.media.frames import Picture, resize, write_png
from showtell.probe.answer import Line, beside_pixels, of_alignment, of_distances, overall
from showtell.probe.chart import chart
from showtell.probe.plan import TASK, Plan
from showtell.probe.question import Question
from showtell.probe.replays import shown
from showtell.results.alignment_fit import auc
from showtell.results.table import Table

DATA = ("page.html.j2", "../report/style.css")
_HERE = Path(__file__).parent
_FRAMES, _HEIGHT = 6, 180  # of the goal's own frames: how many, and how high
_TONES = {"train": "train", "do not train": "no", "cannot say": "open"}
_MEANINGS = {
    "alignment": "The script is played with more and more noise. “How little noise the script had” "
    "ranks rollouts without looking at them; a reward need not be above it, but one far below sees "
    "little. The rank correlation is with the true return.",
    "distances": "A miss is a rollout whose arm moves as in a success while the thing stays. "
    "Pixels and untrained networks rank ordinary rollouts well wherever the goal image shows the "
    "same scene, so look at the misses and at other light. The rank correlation is along the "
    "script, with time.",
}


def answers(plan: Plan, table: Table, kind: str, rivals: set[str]) -> tuple[list[Line], Line]:
    """A line a method, and the one that the answer is about."""
    others = tuple(task for task in plan.tasks if not task.startswith(TASK))
    lines = (
        of_distances(table)
        if kind == "distances"
        else of_alignment(table, TASK, others, plan.without_goal)
    )
    return lines, overall(lines, rivals)


def render(
    question: Question,
    plan: Plan,
    job: Job,
    tables: Mapping[str, Table],
    rivals: set[str],
    facts: Mapping[str, str],
) -> tuple[str, Line]:
    """The page, and its answer; `tables` by task, `facts`: scale, study, train, note."""
    kind = job["study"]["kind"]
    table = tables[TASK]
    lines, answer = answers(plan, table, kind, rivals)
    method = answer.method
    reads_sentences = question.how == "text" and method not in plan.without_goal
    sentences = list(_sentences(plan, table, method)) if reads_sentences else []
    better = sentences[0][0] if sentences and sentences[0][0] != question.goal else ""
    page: str = _template().render(
        style=Markup((_HERE / "../report/style.css").read_text().replace("/*dark*/", "")),
        title=f"Is this a goal for {question.task}?",
        asked=_asked(question),
        rollouts=len(_rollouts(table, method, kind)),
        goal=_goal(question),
        answer=answer,
        tone=_TONES[answer.outcome],
        lines=lines,
        methods=plan.methods,
        words=better,
        meaning=_MEANINGS[kind],
        sentences=sentences,
        matrix=list(_matrix(question, plan, tables, method)),
        chart=Markup(chart(table, method, TASK)),
        shown=shown(job, table, method, TASK),
        pixels=beside_pixels(lines, answer, f"{TASK}-pixels"),
        **facts,
    )
    return page.replace(" %", "\N{NO-BREAK SPACE}%"), answer


def _rollouts(table: Table, method: str, kind: str) -> list[str]:
    """The rollouts of one method, each once."""
    if kind == "alignment":
        return table.where(method=method, text=TASK).column("episode")
    rows = table.where(method=method, scene="same")
    return [cell for cell in rows.column("success") if cell]


def _goal(question: Question) -> list[str]:
    """Frames of the goal itself, where it is a file."""
    if question.how == "text":
        return []
    path = Path(question.goal)
    image = question.how == "image"
    frames = read_clip(path).frames[-1:] if image else read_clip(path, _FRAMES).frames
    return [_png(frame) for frame in frames]


def _png(picture: Picture) -> str:
    height = min(_HEIGHT, picture.shape[0])
    small = resize(picture[None], round(picture.shape[1] * height / picture.shape[0]), height)[0]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frame.png"
        write_png(path, small)
        return "data:image/png;base64," + b64encode(path.read_bytes()).decode()


def _asked(question: Question) -> str:
    goal = f"“{question.goal}”" if question.how == "text" else f"{question.how} {question.goal}"
    return goal if question.model is None else f"{goal}, and the model {question.model.folder}"


def _sentences(plan: Plan, table: Table, method: str) -> Iterator[tuple[str, float]]:
    """(sentence, its area) of the goal and of its paraphrases, the best first."""
    found = []
    for task, words in plan.tasks.items():
        rows = table.where(method=method, text=task)
        if task.startswith(TASK) and rows.rows:
            success = np.array(rows.numbers("success")) > 0.5
            found.append((words, auc(np.array(rows.numbers("score")), success)))
    yield from sorted(found, key=lambda one: -np.nan_to_num(one[1]))


def _matrix(
    question: Question, plan: Plan, tables: Mapping[str, Table], method: str
) -> Iterator[tuple[str, str, str]]:
    if not plan.elsewhere:
        return
    for task in (TASK, *plan.elsewhere):
        table = tables[task].where(method=method)
        texts = table.distinct("text")
        rows = table.where(text=TASK if TASK in texts else texts[0])
        scores = np.array(rows.numbers("score"))
        success = np.array(rows.numbers("success")) > 0.5
        name = question.task if task == TASK else task
        yield name, _mean(scores[success]), _mean(scores[~success])


def _mean(values: Any) -> str:
    return f"{np.mean(values):.3g} (n = {len(values)})" if len(values) else "none"


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2")
