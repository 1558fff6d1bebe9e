"""A paper's page: honest at any moment, whole in one file, rebuilt only when something changed."""

import json
import re
import shutil
import subprocess
import threading
import time
from html.parser import HTMLParser

import pytest

from showtell import report
from showtell.__main__ import main
from showtell.claims.ledger import Published, ledger_path, load
from showtell.claims.tests import Measured
from showtell.report import graphics, page_videos, paper
from showtell.report import pages as pages_module
from tests.report.conftest import SUCCESS, TASK, Tree, named, pages, report_job

COMPARED = ("summary.csv", "claims.json", "scores.csv", "curves.csv", "comparison.json")
COMPARED += ("provenance.json",)


def built(tree):
    """The page of VLM-RM."""
    return pages(tree)[1]


class Reader(HTMLParser):
    """Collects what a browser would load, and the text that a reader sees."""

    def __init__(self, page):
        super().__init__()
        self.loads, self.words, self.open = [], [], []
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split()).replace("\u00a0", " ")

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "wbr", "br", "i", "img", "input"):
            self.open.append(tag)
        for name, value in attrs:
            loads = name in ("src", "srcset", "poster", "data", "xlink:href")
            if (loads or (name == "href" and tag != "a")) and not value.startswith("#"):
                self.loads.append(value)

    def handle_endtag(self, tag):
        if tag in self.open:
            self.open.reverse()
            self.open.remove(tag)
            self.open.reverse()

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)


def outcomes(page):
    """Claim -> its outcome."""
    return dict(re.findall(r'id="claim-([^"]+)" data-outcome="([^"]+)"', page))


def ledger():
    return load(ledger_path("vlm_rm"))


def test_page_of_nothing_shows_that_nothing_has_run(empty_tree):
    page = built(empty_tree)
    assert 'data-trainings="0/25" data-studies="0/2"' in page
    assert "<figure" not in page
    assert set(outcomes(page).values()) == {"waiting"}


def test_page_of_a_whole_experiment_shows_claims_first(mini_tree):
    page = built(mini_tree)
    assert 'class="partial"' not in page
    names = ("claims", "experiment-cartpole", "figure-cartpole-learning", "scale")
    order = [page.index(f'id="{name}"') for name in names]
    assert order == sorted(order)
    assert outcomes(page)["cartpole-beats-zero-reward"] == "reproduced"
    assert "mountain-car-textured" not in outcomes(page)  # not run at this scale
    assert 'data-deviation="stand-in' in page
    drawings = page.count("<svg") - page.count('class="strip"') - page.count('<use href="#drawing')
    assert drawings == 4


def test_page_quotes_the_ledger_and_what_evaluations_call_success(mini_tree):
    text = Reader(built(mini_tree)).text
    assert ledger().protocol("cartpole").oracle in text
    assert SUCCESS in text


def test_published_steps_and_returns_are_no_percentages(mini_tree, monkeypatch):
    shared = {"where": "Appendix D", "read": "stated", "experiment": "cartpole"}
    measured = Measured(method="ground-truth", metric="return", policy="stochastic")
    published = (
        Published(id="steps", label="Steps to it", value=80_000, unit="steps", **shared),
        Published(
            id="return", label="Return", value=145, unit="number", measured=measured, **shared
        ),
        Published(
            id="order",
            label="In order",
            value=0.6709,
            unit="number",
            answered="counted nowhere",
            **shared,
        ),
    )
    with_those = ledger().model_copy(update={"published": published})
    monkeypatch.setattr(paper, "find_ledger", lambda paper: with_those)
    text = Reader(built(mini_tree)).text
    text = text[text.index("Beside what was published") :]
    assert "80 000 steps" in text and "0.6709 counted nowhere" in text
    ours = text[text.index("Return") : text.index("In order")]
    assert "145" in ours and "%" not in ours and re.search(r"\d", ours.partition("145")[2])


def test_page_shows_an_experiment_that_no_paper_describes(mini_tree):
    experiments = mini_tree.job["papers"]["vlm_rm"]["experiments"]
    experiments["a-first"] = {**experiments["cartpole"], "experiment": "a-first"}
    shutil.copytree(mini_tree.folder, mini_tree.folder.with_name("a-first"))
    page = built(mini_tree)
    described, own = 'id="experiment-cartpole"', 'id="experiment-a-first"'
    assert page.index(described) < page.index(own)  # the paper's first
    assert 'id="figure-a-first-success"' in page
    mini_tree.job["papers"]["vlm_rm"]["order"] = ["a-first", "cartpole"]  # as params.yaml may say
    page = built(mini_tree)
    assert page.index(own) < page.index(described)


def test_a_study_of_ones_own_has_one_page_without_claims(mini_tree):
    own = json.loads(json.dumps(mini_tree.plan)) | {"paper": "mine", "experiment": "trial"}
    job = mini_tree.job | {
        "papers": {"mine": {"title": "What I tried", "experiments": {"trial": own}}}
    }
    shutil.copytree(mini_tree.folder, mini_tree.root / "mine/trial")
    page = report.build(mini_tree.root, job, mini_tree.root / "mine/report.html").read_text()
    assert not (mini_tree.root / "mine/report").exists()
    assert "<h1>What I tried</h1>" in page
    assert 'id="figure-trial-success"' in page
    assert "https://arxiv.org/abs/" not in page
    assert not outcomes(page)
    assert "has the highest success" in page
    index, _ = pages(mini_tree)
    assert 'href="mine/report.html"' in index and "What I tried" in index


def test_page_lists_what_cannot_run_with_the_reason(mini_tree):
    mini_tree.plan["incompatible"] = [{"task": TASK, "method": "zero", "why": "It cannot see."}]
    page = built(mini_tree)
    assert 'data-incompatible="zero cartpole"' in page
    assert "It cannot see." in page
    assert 'class="partial"' not in page
    assert 'data-trainings="20/20"' in page


def test_policies_that_were_evaluated_by_other_settings_do_not_count(mini_tree):
    plan = mini_tree.job["papers"]["vlm_rm"]["experiments"]["cartpole"]
    plan["evaluate"] = plan["evaluate"] | {"checkpoints": ["last", "best-true"]}
    assert 'data-trainings="0/25"' in built(mini_tree)


def test_page_prints_every_change_of_the_scale_and_every_deviation(mini_tree):
    page = built(mini_tree)
    text = Reader(page).text
    for change in mini_tree.job["changes"]:
        if not isinstance(change["here"], dict):
            assert f'data-key="{change["key"]}"' in page
    assert "3 000 000 60 000" in text
    assert 'data-key="training.clip.dataset.cartpole"' in page  # not a mapping in one cell
    shown = set(re.findall(r'data-deviation="([^"]+)"', page))
    assert shown == {d.id for d in ledger().deviations if d.matters("mini", ["cartpole"])}
    assert len(shown) < len(ledger().deviations)  # some concern the paper's weights only


def test_page_shows_how_good_the_stand_in_is(mini_tree):
    page = built(mini_tree)
    assert 'id="encoder-clip"' in page
    assert "rank correlation 0.76" in Reader(page).text


def test_page_of_the_papers_own_scale_needs_no_stand_in(tmp_path):
    job = report_job(scale="paper") | {"changes": []}
    tree = Tree(tmp_path, job).write_all(films=False)
    shutil.rmtree(tmp_path / "models")  # fetched weights have no scores of a training here
    page = built(tree)
    assert 'id="encoder-clip"' not in page
    assert "data-key" not in page
    shown = set(re.findall(r'data-deviation="([^"]+)"', page))
    assert shown == {d.id for d in ledger().deviations if d.matters("paper", ["cartpole"])}


def test_page_names_the_seeds_that_are_missing(mini_tree):
    shutil.rmtree(mini_tree.run_folder("text-alpha0.5", 2))
    page = built(mini_tree)
    assert 'data-trainings="24/25"' in page
    part = page[page.index('id="experiment-cartpole"') :]
    assert "α = 0.5 4 of 5 seeds" in Reader(part).text


@pytest.mark.parametrize("seeds", [1, 4])
def test_page_warns_of_few_seeds(tmp_path, seeds):
    tree = Tree(tmp_path, report_job(scale="smoke", seeds=seeds)).write_all(films=False)
    page = built(tree)
    assert f'data-seeds="{seeds}"' in page
    assert outcomes(page)["cartpole-beats-zero-reward"] == "inconclusive"


def compare_and_draw(tree, name="epic"):
    """Run `summarise` and one `figure` as the workflow does, with provenance."""
    folder = tree.folder
    run("summarise", tree, tree.plan, {n: folder / f"compare/{n}" for n in COMPARED})
    drawn = {kind: folder / f"figures/{name}.{kind}" for kind in ("svg", "pdf", "csv")}
    drawn["provenance"] = folder / f"figures/{name}.provenance.json"
    run("figure", tree, {**tree.plan, "figure": named(tree, name)}, drawn)


def run(verb, tree, job, outputs):
    job = {key: value for key, value in job.items() if key != "figures"}
    arguments = [verb, "--job", json.dumps({**job, "root": 0, "fingerprint": "f"})]
    arguments += ["--results", str(tree.root)]
    for name, path in outputs.items():
        arguments += ["--out", name.partition(".")[0], str(path)]
    assert main(arguments) == 0


def mark(path, text, other):
    path.write_text(path.read_text().replace(text, other))


@pytest.mark.parametrize("touched", [None, "job", "episodes", "study"])
def test_page_takes_what_was_compared_and_drawn_only_while_it_is_current(mini_tree, touched):
    compare_and_draw(mini_tree)
    mark(mini_tree.folder / "figures/epic.svg", "</svg>", "<desc>from the file</desc></svg>")
    mark(
        mini_tree.folder / "compare/claims.json", '"outcome": "reproduced"', '"outcome": "waiting"'
    )
    if touched == "job":
        mini_tree.plan["evaluate"] = mini_tree.plan["evaluate"] | {"note": 1}
    elif touched == "episodes":
        (mini_tree.run_folder("zero", 1) / "evaluation/episodes.csv").touch()
    elif touched == "study":
        (mini_tree.folder / "cartpole/studies/epic.csv").touch()
    page = built(mini_tree)
    current = touched is None
    assert ("<desc>from the file" in page) == current
    assert ("reproduced" not in outcomes(page).values()) == current


def test_page_is_the_same_whether_it_reads_or_computes(mini_tree):
    def sections():
        page = built(mini_tree)
        found = ['<section id="claims">.*?</section>', "<h3>Numbers</h3>.*?<h3>"]
        return [re.search(pattern, page, flags=re.DOTALL)[0] for pattern in found]

    computed = sections()
    compare_and_draw(mini_tree)
    assert sections() == computed


def test_page_loads_nothing_from_outside(mini_tree):
    mini_tree.write_run("zero", 0, film=True)
    page = built(mini_tree)
    loads = Reader(page).loads
    assert loads
    assert all(value.startswith("data:") for value in loads)
    style = page[page.index("<style>") : page.index("</style>")]
    assert not re.search(r"@import|url\(", style)


def test_page_carries_small_videos_and_links_large_ones(mini_tree, monkeypatch):
    mini_tree.write_run("zero", 0, film=True)
    assert built(mini_tree).count("data:video/mp4;base64,") == 2  # at the top, in its experiment
    monkeypatch.setattr(graphics, "VIDEO_BYTES", 10)
    page = built(mini_tree)
    assert "data:video" not in page
    assert 'href="../vlm_rm/cartpole/cartpole/zero/seed0/train/evaluation/rollout.mp4"' in page
    assert "2 videos are not inside this page" in page


def test_page_keeps_its_bound_and_says_how_many_videos_it_leaves_out(mini_tree, monkeypatch):
    methods = list(mini_tree.rewards)
    for method in methods:
        mini_tree.write_run(method, 0, film=True)
    whole = built(mini_tree)
    assert whole.count("data:video") == len(methods) + 1
    monkeypatch.setattr(page_videos, "PAGE_BYTES", len(whole.encode()) - 1000)
    page = built(mini_tree)
    assert 0 < page.count("data:video") < len(methods) + 1
    assert len(page.encode()) <= page_videos.PAGE_BYTES
    assert "not inside this page" in page


def test_video_is_that_of_the_seed_with_the_median_success(mini_tree):
    rates = {0: 1.0, 1: 0.0, 2: 0.5}
    for seed, rate in rates.items():
        mini_tree.write_run("zero", seed, film=True)
        path = mini_tree.run_folder("zero", seed) / "evaluation/episodes.csv"
        head = path.read_text().splitlines()[0]
        rows = [
            f"{policy},{n},9.0,9,1,1,{int(n < 20 * rate)},{int(n < 20 * rate)}"
            for policy in ("deterministic", "stochastic")
            for n in range(20)
        ]
        path.write_text("\n".join([head, *rows]) + "\n")
    assert "seed 2 · 50 %" in Reader(built(mini_tree)).text


def test_page_says_where_every_number_comes_from(mini_tree):
    text = Reader(built(mini_tree)).text
    assert "50 jobs" in text
    assert "9f2c4e1a" in text
    assert "vlm_rm / cartpole / cartpole / text-alpha0.5 / 1" in text
    assert "stable-baselines3" in text


def test_figures_of_one_page_share_no_element_ids(mini_tree):
    found = re.findall(r"<svg.*?</svg>", built(mini_tree), flags=re.DOTALL)
    drawn = [svg for svg in found if "strip" not in svg[:30] and "<use href" not in svg[:90]]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in drawn]
    assert len(ids) == 4
    assert not set.intersection(*ids)


def test_dark_page_has_a_colour_for_every_colour_of_the_figures(mini_tree):
    page = built(mini_tree)
    used = set(re.findall(r"var\((--c[0-9a-f]{6}),", page))
    assert len(used) >= 5
    assert used <= set(re.findall(r"(--c[0-9a-f]{6}):#", page))


def test_pages_depend_on_their_files_alone(mini_tree):
    assert pages(mini_tree) == pages(mini_tree)


def test_a_figure_of_a_claim_is_the_one_of_its_experiment(mini_tree):
    page = built(mini_tree)
    shown = set(re.findall(r'<use href="#([^"]+)"', page)) & set(
        re.findall(r'id="(drawing-[a-z-]+)" role', page)
    )
    assert "drawing-cartpole-success" in shown
    assert page.count('id="drawing-cartpole-success"') == 1


def test_every_figure_has_the_command_that_makes_it_again(mini_tree):
    page = built(mini_tree)
    target = "TARGETS=results/mini/vlm_rm/cartpole/figures/learning.svg"
    assert f"<code>make reproduce SCALE=mini {target}</code>" in page
    seed = Tree(mini_tree.root.with_name("mini-seed3"), mini_tree.job | {"root": 3})
    shutil.copytree(mini_tree.root, seed.root)
    assert "make reproduce SCALE=mini SEED=3 TARGETS=results/mini-seed3/" in built(seed)
    study = Tree(mini_tree.root, mini_tree.job | {"study": "workflow/studies/mine.yaml"})
    assert f"reproduce SCALE=mini STUDY=workflow/studies/mine.yaml {target}" in built(study)


def test_refresh_rebuilds_only_when_something_changed(mini_tree):
    page = mini_tree.root / "report.html"
    refresh = lambda: report.refresh(mini_tree.root, mini_tree.job, page)
    assert refresh()
    assert not refresh()
    mini_tree.write_run("zero", 0)
    assert refresh()
    assert not refresh()
    mini_tree.job["changes"].pop()
    assert refresh()
    (mini_tree.root / "report/vlm_rm.html").unlink()
    assert refresh()
    assert (mini_tree.root / "report/vlm_rm.html").exists()


def test_a_slow_page_does_not_overwrite_a_later_one(mini_tree, monkeypatch):
    reading, go_on, pages = threading.Event(), threading.Event(), iter(["early", "late"])

    def render(*_):
        text = next(pages)
        if text == "early":
            reading.set()
            go_on.wait()
        return {mini_tree.root / "report.html": text}

    monkeypatch.setattr(pages_module, "_render", render)
    out = mini_tree.root / "report.html"
    build = lambda: report.build(mini_tree.root, mini_tree.job, out)
    early, late = (threading.Thread(target=build) for _ in range(2))
    early.start()
    reading.wait()
    late.start()
    late.join(0.5)
    go_on.set()
    early.join()
    late.join()
    assert out.read_text() == "late"


def test_refresh_takes_less_than_three_seconds_of_a_core(mini_tree):
    graphics._drawn.cache_clear()  # the worst case: no figure has been drawn yet
    page = mini_tree.root / "report.html"
    began = time.process_time()  # other processes may hold the clock on the wall
    report.refresh(mini_tree.root, mini_tree.job, page)
    assert time.process_time() - began < 3
    began = time.process_time()
    report.refresh(mini_tree.root, mini_tree.job, page)
    assert time.process_time() - began < 0.3


def test_a_page_that_cannot_be_built_leaves_the_last_one(mini_tree):
    page, _ = pages(mini_tree)
    (mini_tree.run_folder("zero", 0) / "evaluation/episodes.csv").write_text("policy\n1,2\n")
    with pytest.raises(Exception, match=r"episodes\.csv"):
        built(mini_tree)
    assert (mini_tree.root / "report.html").read_text() == page


@pytest.mark.skipif(shutil.which("chromium") is None, reason="install chromium to look at the page")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["index", "paper"])
def test_page_fits_the_window_in_a_browser(mini_tree, tmp_path, which, width):
    page = pages(mini_tree)[which == "paper"]
    widths = "document.documentElement.scrollWidth + '/' + innerWidth"
    probe = f"<script>document.title = {widths}</script></body>"
    (tmp_path / "page.html").write_text(page.replace("</body>", probe))
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--dump-dom"),
        (tmp_path / "page.html").as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    needed, there = map(int, re.search(r"<title>(\d+)/(\d+)</title>", dom).groups())
    assert needed <= there <= max(width, 500)
