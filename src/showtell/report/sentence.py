"""What was found of a paper in one sentence, made from the verdicts on its claims."""

from typing import NamedTuple

from showtell.claims.verdicts import DECISIVE, Outcome
from showtell.report.experiment import Experiment, Numbers, Video
from showtell.report.paper import JudgedClaim, Paper

_JUDGED: tuple[Outcome, ...] = ("reproduced", "not reproduced", "inconclusive")
_SHORT = 70  # characters of a finding that a sentence can hold


class Result(NamedTuple):
    """One sentence, and the video that goes with it."""

    sentence: str
    video: Video | None
    experiment: str | None  # whose video it is


def result(paper: Paper) -> Result:
    """The counts of the verdicts, and the claim that says most."""
    claim = _first(paper)
    if claim is None:
        video = _any_video(paper)
        return Result(_without_claims(paper), *video)
    return Result(f"{_counted(paper)}{_finding(claim)}.", *_video_of(paper, claim))


def _first(paper: Paper) -> JudgedClaim | None:
    """The first decided claim about policies, else about rewards, else the first with a number."""
    known = [c for c in paper.judged if c.claim.origin == "paper" and c.verdict.parts]
    known.sort(key=lambda c: c.verdict.outcome == "waiting")
    decided = [c for c in known if c.verdict.outcome in DECISIVE]
    policies = [c for c in decided if c.verdict.n is not None]
    return next(iter([*policies, *decided, *known]), None)


def _counted(paper: Paper) -> str:
    """How many claims could be judged, and with which outcome."""
    tally = paper.tally
    judged = {outcome: tally[outcome] for outcome in _JUDGED if outcome in tally}
    counts = ", ".join(f"{count} {outcome}" for outcome, count in judged.items())
    could = (
        f"{sum(judged.values())} could be judged here ({counts})" if judged else "none is judged"
    )
    return f"Of {sum(tally.values())} claims {could}; "


def _finding(entry: JudgedClaim) -> str:
    """The claim, its outcome, and the number of its clearest part where that is short."""
    verdict = entry.verdict
    part = min(verdict.parts, key=lambda part: part.holds is None)  # a decided one
    style = entry.styles.get(part.method)
    label = part.method if style is None else style.label
    seeds = "" if verdict.n is None else f"{verdict.n} of {verdict.expected} seeds"
    found = part.text if len(part.text) <= _SHORT else seeds
    more = f"; {len(verdict.parts) - 1} more parts" if len(verdict.parts) > 1 else ""
    outcome = verdict.outcome if verdict.outcome.startswith("cannot") else f"is {verdict.outcome}"
    return f"“{entry.claim.text.rstrip('.')}” {outcome} ({label}: {found}{more})"


def _without_claims(paper: Paper) -> str:
    """A paper none of whose claims has a number, or a study of one's own: its best method."""
    claims = sum(paper.tally.values())
    best = [(row, name) for name, e in paper.experiments.items() for row in _overall(e)]
    if not best:
        waits = f": {claims} claims wait or are not part of this scale" if claims else ""
        return f"No result yet{waits}."
    row, name = max(best, key=lambda one: one[0].success.value)
    mean = f"the interquartile mean over {row.success.seeds} seed"
    mean += "s" if row.success.seeds != 1 else ""
    found = (
        f"{row.style.label} has the highest success, {100 * row.success.value:.0f} % ({mean}; "
        f"{paper.ledger.protocol(name).title})"
        if row.success.value > 0
        else f"no method has a success above 0 % ({mean})"
    )
    if claims:
        return f"Of {claims} claims none is judged here; {found}."
    return f"{found[:1].upper()}{found[1:]}."


def _overall(experiment: Experiment) -> list[Numbers]:
    return [row for row in experiment.numbers if row.task is None]


def _video_of(paper: Paper, claim: JudgedClaim) -> tuple[Video | None, str | None]:
    """A rollout of a method that the claim is about, else of any."""
    name = claim.claim.experiment
    methods = [part.method for part in claim.verdict.parts]
    videos = paper.experiments[name].videos if name in paper.experiments else ()
    for method in methods:
        for video in videos:
            if video.run.method == method:
                return video, name
    return _any_video(paper)


def _any_video(paper: Paper) -> tuple[Video | None, str | None]:
    for name, experiment in paper.experiments.items():
        for video in experiment.videos:
            return video, name
    return None, None
