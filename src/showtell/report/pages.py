"""Builds the report at any moment of a study: an index, and a page of each paper beside it.

Every page is one file that holds all that it shows. A study of one's own has one page alone.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from showtell.claims.ledger import ledger_files
from showtell.project.files import canonical_json, write_text
from showtell.report.networks import COLUMNS
from showtell.report.origins import Origin, environment, origins, stand_ins
from showtell.report.page_videos import PageVideos
from showtell.report.paper import Paper, paper_of
from showtell.report.plan import Plan
from showtell.report.published import table_files
from showtell.report.reproduce import command
from showtell.report.sentence import result
from showtell.report.templates import render
from showtell.studies.permutation import ENOUGH_SEEDS
from showtell.study.layout import Layout

_SIGNATURE = '<meta name="showtell-signature" content="'
_SHARED = {"videos", "models", "demos", "goals"}  # what papers may have in common
_TITLE = re.compile(r"<title>(.*?)</title>")


class Other(NamedTuple):
    """A page that the index links to, and does not make."""

    title: str
    link: str


def build(results: Path, job: dict[str, Any], out: Path) -> Path:
    """Write the pages from whatever exists under `results/<replicate>`; also from nothing."""
    with _alone(results):
        signature = _signature(results, job)
        for path, text in _render(results, Plan.model_validate(job), out, signature).items():
            write_text(path, text)  # the index last: its signature is that of all
    return out


def refresh(results: Path, job: dict[str, Any], out: Path) -> bool:
    """Build the pages again if anything that they show has changed; whether it did."""
    pages = [out, *pages_of(results, list(job["papers"]), out).values()]
    if all(page.exists() for page in pages):
        with out.open() as page:
            if _SIGNATURE + _signature(results, job) in page.read(1000):
                return False
    build(results, job, out)
    return True


def pages_of(results: Path, papers: list[str], out: Path) -> dict[str, Path]:
    """Paper -> its page. A study of one's own has its page where its results are."""
    if any(out == Layout(results).page(name).with_suffix(".html") for name in papers):
        return dict.fromkeys(papers, out)
    return {name: out.with_suffix("") / f"{name}.html" for name in papers}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time: who read less must not write over who read more."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _signature(results: Path, job: dict[str, Any]) -> str:
    """What the pages depend on: the job, the ledgers, and every small result by its stamp."""
    digest, papers = hashlib.sha256(canonical_json(job).encode()), job["papers"]
    kinds = ("csv", "json", "mp4", "svg", "parquet")
    files = [path for kind in kinds for path in results.rglob(f"*.{kind}")]
    files = [path for path in files if not path.relative_to(results).parts[0].startswith("report")]
    for path in sorted([*files, *ledger_files(papers), *table_files(papers)]):
        stamp = path.stat()
        digest.update(f"{path.name}\0{path.parent}\0{stamp.st_size}\0{stamp.st_mtime_ns}".encode())
    digest.update(repr(_others(results, results / "report.html", papers)).encode())
    return digest.hexdigest()[:24]


def _render(results: Path, plan: Plan, out: Path, signature: str) -> dict[Path, str]:
    """Every page by its path; the index, if there is one, last."""
    pages = pages_of(results, list(plan.papers), out)
    papers = [paper_of(plan, name, results) for name in plan.papers]
    sources = origins(results, plan.papers)
    written = {
        pages[paper.name]: _paper_page(plan, paper, sources, pages[paper.name], out, signature)
        for paper in papers
    }
    if out not in written:
        written[out] = _index(plan, papers, sources, pages, out, signature)
    return written


def _index(
    plan: Plan,
    papers: list[Paper],
    sources: list[Origin],
    pages: dict[str, Path],
    out: Path,
    signature: str,
) -> str:
    results = papers[0].results if papers else out.parent
    videos = PageVideos(out)
    page = render(
        "index.html.j2",
        signature=signature,
        plan=plan,
        papers=papers,
        results={paper.name: result(paper) for paper in papers},
        links={name: _link(path, out) for name, path in pages.items()},
        costs={p.name: sum(s.wall_time_s for s in sources if s.folder == p.name) for p in papers},
        shared_s=sum(source.wall_time_s for source in sources if source.folder in _SHARED),
        origins=sources,
        latest=_latest(sources),
        others=_others(results, out, pages),
        place=videos.place,
        left_out=videos.left_out(),
        again=command(plan, results),
    )
    return videos.fill(page)


def _paper_page(
    plan: Plan, paper: Paper, sources: list[Origin], page: Path, index: Path, signature: str
) -> str:
    videos = PageVideos(page)
    own = [source for source in sources if source.folder == paper.name]
    shared = [source for source in sources if source.folder in _SHARED]
    experiments = paper.experiments.values()
    text = render(
        "paper.html.j2",
        signature=signature,
        plan=plan,
        paper=paper,
        result=result(paper),
        index=None if page == index else _link(index, page),
        enough_seeds=ENOUGH_SEEDS,
        fewest_seeds=min((e.plan.seeds for e in experiments if e.plan.seeds), default=0),
        stand_ins=stand_ins(plan, paper.name, paper.results),
        columns=COLUMNS,
        differences=plan.differences_of(paper.name),
        origins=[*own, *shared],
        commits=sorted({source.commit for source in own}),
        own_s=sum(source.wall_time_s for source in own),
        shared_s=sum(source.wall_time_s for source in shared),
        latest=_latest(own),
        environment=environment([*own, *shared]),
        link=lambda file: _link(file, page),
        place=videos.place,
        left_out=videos.left_out(),
        again=partial(command, plan, paper.results),
        compared=Layout(paper.results).comparison,
    )
    return videos.fill(text)


def _others(results: Path, out: Path, papers: Any) -> list[Other]:
    """The pages of studies of one's own, and of goals that were measured before any training."""
    own = [path for path in results.glob("*/report.html") if path.parent.name not in papers]
    known = {path.parent.name for path in results.glob("probes/*/probe.html")}
    own = [path for path in own if path.parent.name not in known]
    found = [*sorted(own), *sorted(results.glob("probes/*/probe.html"))]
    return [Other(_title(path), _link(path, out)) for path in found]


def _title(page: Path) -> str:
    """What a page says of itself."""
    with page.open(encoding="utf-8") as text:
        said = _TITLE.search(text.read(2000))
    return f"{page.parent.name}: {said[1]}" if said else page.parent.name


def _latest(sources: list[Origin]) -> str:
    return max((str(source.record.get("started", "")) for source in sources), default="")


def _link(to: Path, page: Path) -> str:
    return Path(os.path.relpath(to, page.parent)).as_posix()


__all__ = ["build", "pages_of", "refresh"]
