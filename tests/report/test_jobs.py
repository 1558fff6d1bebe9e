"""The jobs `compare`, `figure` and `report`, from files to files."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from showtell.commands.judge import judge
from showtell.jobs import figure, report, summarise
from showtell.project.errors import UserError
from showtell.project.replicate import Replicate
from showtell.results.table import Table
from tests.report.conftest import job_inputs, named


def compared(tree, folder):
    outputs = {name: folder / f"{name}.csv" for name in ("summary", "scores", "curves")}
    outputs |= {name: folder / f"{name}.json" for name in ("claims", "comparison")}
    summarise.run({**tree.plan, "root": 0, "fingerprint": "f"}, job_inputs(tree), outputs)
    summary = Table.read(outputs["summary"])
    claims = json.loads(outputs["claims"].read_text())["claims"]
    return summary, {claim["id"]: claim for claim in claims}, outputs


def drawn(tree, name, folder):
    outputs = {kind: folder / f"{name}.{kind}" for kind in ("svg", "pdf", "csv")}
    figure.run({**tree.plan, "root": 0, "figure": named(tree, name)}, job_inputs(tree), outputs)
    return outputs


def test_compare_writes_the_summary_and_a_verdict_on_each_claim(mini_tree, tmp_path):
    summary, claims, _ = compared(mini_tree, tmp_path)
    assert summary.columns == (
        *("task", "method", "phase", "policy", "metric"),
        *("n_seeds", "expected_seeds", "iqm", "low", "high"),
    )
    text = summary.where(method="text-alpha0.5", policy="stochastic", metric="success")
    assert text.column("n_seeds") == ["5"]
    assert 0.9 < text.numbers("iqm")[0] <= 1.0
    assert claims["cartpole-beats-zero-reward"]["outcome"] == "reproduced"
    assert claims["cartpole-landscape-peak"]["outcome"] == "reproduced"
    assert claims["cartpole-learned-from-a-sentence"]["n"] == 5
    assert "mountain-car-textured" not in claims  # another experiment


def test_compare_is_the_same_bytes_every_time(mini_tree, tmp_path):
    first = compared(mini_tree, tmp_path / "a")[2]
    again = compared(mini_tree, tmp_path / "b")[2]
    for name in first:
        assert first[name].read_bytes() == again[name].read_bytes()


def test_the_small_tables_alone_give_the_same_verdicts(mini_tree, tmp_path):
    _, claims, outputs = compared(mini_tree, tmp_path)
    outputs["claims"].unlink()
    for path in (mini_tree.folder / "cartpole/studies").glob("*.csv"):
        copy = tmp_path / "studies/cartpole" / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    said = judge(tmp_path)
    assert "vlm_rm/cartpole-landscape-peak: new -> reproduced" in said
    again = json.loads((tmp_path / "claims.json").read_text())["claims"]
    assert {claim["id"]: claim for claim in again} == claims
    assert "no verdict changed" in judge(tmp_path)


def test_tables_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UserError, match=r"comparison\.json"):
        judge(tmp_path)
    (tmp_path / "comparison.json").write_text("{}")
    with pytest.raises(UserError, match=r"has no scores\.csv"):
        judge(tmp_path)


def test_a_number_of_a_claim_is_the_number_of_the_summary(mini_tree, tmp_path):
    summary, claims, _ = compared(mini_tree, tmp_path)
    part = claims["cartpole-learned-from-a-sentence"]["parts"][0]
    row = summary.where(method=part["method"], policy="stochastic", metric="success")
    assert [part["value"], part["low"], part["high"]] == [
        row.numbers(name)[0] for name in ("iqm", "low", "high")
    ]


def test_a_seed_that_failed_does_not_stop_the_comparison(mini_tree, tmp_path):
    (mini_tree.run_folder("zero", 1) / "evaluation/episodes.csv").unlink()
    summary, claims, _ = compared(mini_tree, tmp_path)
    zero = summary.where(method="zero", policy="stochastic", metric="success")
    assert (zero.column("n_seeds"), zero.column("expected_seeds")) == (["4"], ["5"])
    claim = claims["cartpole-beats-zero-reward"]
    assert (claim["n"], claim["expected"], claim["outcome"]) == (4, 5, "inconclusive")


@pytest.mark.parametrize("name", ["landscape", "learning", "success", "epic"])
def test_figure_writes_svg_pdf_and_the_csv_behind_them(mini_tree, tmp_path, name):
    outputs = drawn(mini_tree, name, tmp_path)
    assert outputs["svg"].read_text().rstrip().endswith("</svg>")
    assert outputs["pdf"].read_bytes().startswith(b"%PDF")
    assert len(Table.read(outputs["csv"]).rows) >= 2


def test_figure_without_results_says_what_to_run(empty_tree, tmp_path):
    with pytest.raises(UserError, match="run its trainings"):
        drawn(empty_tree, "success", tmp_path)


def test_report_is_built_beside_the_results(mini_tree):
    page = mini_tree.root / "report.html"
    report.run(mini_tree.job, job_inputs(mini_tree), {"page": page})
    assert 'data-trainings="25/25"' in page.read_text()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """As much of a checkout as the report reads."""
    monkeypatch.setattr(report.os, "nice", lambda _: 0)  # the tests come after this one
    shutil.copy(Path(__file__).parents[2] / "params.yaml", tmp_path)
    scales = tmp_path / "workflow/scales"
    scales.mkdir(parents=True)
    thin = {"vlm_rm": {"experiments": {"cartpole": {"seeds": 3}}}}
    overlay = {"run": {"vlm_rm": {"cartpole": "all"}}, "papers": thin}
    (scales / "mini.yaml").write_text(json.dumps(overlay))
    return tmp_path


def test_refresh_builds_the_page_of_a_scale_from_its_parameters(repository):
    assert report.refresh(repository, Replicate("mini")) == 0
    page = (repository / "results/mini/report.html").read_text()
    assert 'data-trainings="0/24"' in page  # eight methods, three seeds
    page = (repository / "results/mini/report/vlm_rm.html").read_text()
    assert "papers.<wbr>vlm_rm.<wbr>experiments.<wbr>cartpole.<wbr>seeds" in page


def test_watch_keeps_the_page_up_to_date_while_a_process_lives(repository, monkeypatch):
    monkeypatch.setattr(report, "_PAUSE_S", 0.05)
    monkeypatch.setattr(report, "_REST", 0)
    built = []
    refresh = report.refresh
    monkeypatch.setattr(report, "refresh", lambda *place: built.append(place) or refresh(*place))
    process = subprocess.Popen(["sleep", "1"])
    assert report.watch(repository, Replicate("mini"), process.pid) == 0
    assert process.wait() == 0  # until now it was a zombie, which is not a living process
    assert len(built) >= 2
    assert (repository / "results/mini/report.html").exists()


def test_watch_outlives_a_file_that_is_being_replaced(repository, monkeypatch):
    monkeypatch.setattr(report, "_PAUSE_S", 0.05)
    calls = []

    def torn(*place):
        calls.append(place)
        if len(calls) == 1:
            raise FileNotFoundError("episodes.csv")
        return 0

    monkeypatch.setattr(report, "refresh", torn)
    process = subprocess.Popen(["sleep", "0.4"])
    assert report.watch(repository, Replicate("mini"), process.pid) == 0
    assert process.wait() == 0
    assert len(calls) >= 2
