"""Builds report.html: one file that holds everything it shows, at any moment of a study."""

import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from showtell.claims.descriptions import judged
from showtell.claims.ledger import ledger_files
from showtell.figures.style import INK, MethodStyle
from showtell.project.files import canonical_json, write_text
from showtell.report import graphics
from showtell.report.networks import COLUMNS, shown
from showtell.report.page_data import Experiment, JudgedClaim, Origin, origins, papers, stand_ins
from showtell.report.plan import Plan
from showtell.report.published import table_files
from showtell.studies.permutation import ENOUGH_SEEDS
from showtell.studies.statistics import Estimate, spread_name

DATA = ("page.html.j2", "networks.html.j2", "style.css", "videos.js")
_HERE = Path(__file__).parent
_SIGNATURE = '<meta name="showtell-signature" content="'
_BADGES = {
    "reproduced": ("good", "✓"),
    "not reproduced": ("bad", "✕"),
    "inconclusive": ("open", "?"),
    "waiting": ("wait", "…"),
    "cannot be tested at this scale": ("none", "⊘"),
    "not run at this scale": ("none", "–"),
    "not implemented": ("none", "○"),
}


def build(results: Path, job: dict[str, Any], out: Path) -> Path:
    """Write the page from whatever exists under `results/<replicate>`; also from nothing."""
    with _alone(results):
        signature = _signature(results, job)
        write_text(out, _render(results, Plan.model_validate(job), signature))
    return out


def refresh(results: Path, job: dict[str, Any], out: Path) -> bool:
    """Build the page again if anything that it shows has changed; whether it did."""
    if out.exists():
        with out.open() as page:
            if _SIGNATURE + _signature(results, job) in page.read(1000):
                return False
    build(results, job, out)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One page at a time: who read less must not write over who read more."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _signature(results: Path, job: dict[str, Any]) -> str:
    """What the page depends on: the job, the ledgers, and every small result by its stamp."""
    digest, papers = hashlib.sha256(canonical_json(job).encode()), job["papers"]
    kinds = ("csv", "json", "mp4", "svg", "parquet")
    files = [path for kind in kinds for path in results.rglob(f"*.{kind}")]
    files = [path for path in files if not path.relative_to(results).parts[0].startswith("report")]
    for path in sorted([*files, *ledger_files(papers), *table_files(papers)]):
        stamp = path.stat()
        digest.update(f"{path.name}\0{path.parent}\0{stamp.st_size}\0{stamp.st_mtime_ns}".encode())
    return digest.hexdigest()[:24]


def _render(results: Path, plan: Plan, signature: str) -> str:
    found = papers(plan, results)
    sources = origins(results, plan.papers)
    experiments = [e for paper in found for e in paper.experiments.values()]
    page: str = _template().render(
        signature=signature,
        style=Markup((_HERE / "style.css").read_text()),
        script=Markup((_HERE / "videos.js").read_text()),
        plan=plan,
        papers=found,
        tallies={
            paper.ledger.paper.short or paper.name: counts
            for paper in found
            if (counts := _counts(paper.judged))
        },
        expected=sum(e.expected for e in experiments),
        judged=sum(e.judged for e in experiments),
        studies=_studies(experiments),
        enough_seeds=ENOUGH_SEEDS,
        fewest_seeds=min((e.plan.seeds for e in experiments if e.plan.seeds), default=0),
        stand_ins=stand_ins(plan, results),
        columns=COLUMNS,
        origins=sources,
        commits=sorted({source.commit for source in sources}),
        compute_s=sum(source.wall_time_s for source in sources),
        latest=max((str(s.record.get("started", "")) for s in sources), default=""),
        environment=_environment(sources),
    )
    page = page.replace(" %", "\N{NO-BREAK SPACE}%")  # a number keeps its unit
    return page.replace("/*dark*/", graphics.dark_colours(page))


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "judged": judged,
        "badge": lambda outcome: _BADGES[outcome],
        "percent": _percent,
        "number": _number,
        "duration": _duration,
        "value": _value,
        "score": shown,
        "spread": spread_name,
        "swatch": _swatch,
        "strips": _strips,
        "breakable": _breakable,
        "svg": Markup,
        "moment": lambda text: text.replace("T", " ")[:16],
    }
    return environment.get_template("page.html.j2")


def _counts(claims: Iterable[JudgedClaim]) -> dict[str, int]:
    """How many claims have each outcome; controls are ours and not counted."""
    counts = Counter(entry.verdict.outcome for entry in claims if entry.claim.origin == "paper")
    return {outcome: counts[outcome] for outcome in _BADGES if counts[outcome]}  # type: ignore[index]


def _studies(experiments: list[Experiment]) -> tuple[int, int]:
    """(done, expected) measurements that need no training."""
    done = sum(len(e.results.studies) for e in experiments)
    return done, sum(len(e.plan.study_tasks(s)) for e in experiments for s in e.plan.studies)


def _environment(sources: list[Origin]) -> dict[str, str]:
    """Machine and versions of all jobs; several values where jobs differ."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for name in ("machine", "versions"):
            for key, value in (source.record.get(name) or {}).items():
                if value not in (None, [], ""):
                    shown = value if isinstance(value, str) else json.dumps(value)
                    found.setdefault(key, set()).add(shown)
    return {key: " · ".join(sorted(values)) for key, values in found.items()}


def _percent(estimate: Estimate) -> Markup:
    return _with_interval(estimate, lambda value: f"{100 * value:.0f}", " %")


def _number(estimate: Estimate) -> Markup:
    return _with_interval(estimate, lambda value: f"{value:.3g}", "")


def _with_interval(estimate: Estimate, show: Any, unit: str) -> Markup:
    value, low, high, _ = estimate
    text = Markup("<b>{}{}</b>").format(show(value), unit)
    if low is not None and high is not None:
        text += Markup(' <span class="ci">[{}, {}]</span>').format(show(low), show(high))
    return text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _value(value: Any) -> str:
    """A parameter as a reader wants it: 3 000 000, not 3000000."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.4g}"
    return "—" if value is None else canonical_json(value).replace(",", ", ").replace('"', "")


def _breakable(key: str) -> Markup:
    """A dotted key that a narrow page may break after a dot."""
    return Markup("<wbr>").join(part + "." for part in key.split(".")[:-1]) + Markup(
        "<wbr>{}"
    ).format(key.rpartition(".")[2])


def _swatch(style: MethodStyle) -> Markup:
    """A dot in the method's colour, and its name."""
    return Markup('<span class="method"><i style="background:{}"></i>{}</span>').format(
        graphics.page_colour(style.colour), style.label
    )


def _strips(judged: JudgedClaim) -> list[tuple[MethodStyle, Markup, str]]:
    """(method, its strip, what was found) for each method of a verdict."""
    verdict = judged.verdict
    numbers = [n for part in verdict.parts for n in (part.value, part.low, part.high)]
    numbers += [verdict.line, *(verdict.band or ())]
    span = graphics.span_of([number for number in numbers if number is not None])
    return [
        (
            # A study also measures distances that no method trains on.
            style := judged.styles.get(part.method, MethodStyle(part.method, INK, "solid")),
            Markup(
                graphics.strip(
                    Estimate(part.value, part.low, part.high, 0),
                    verdict.line,
                    verdict.band,
                    span,
                    style.colour,
                )
            ),
            part.text,
        )
        for part in verdict.parts
    ]
