"""Every paper's ledger is true to the parameters and figures that it speaks of."""

from pathlib import Path

import pytest

from showtell.claims.agreement import check
from showtell.claims.ledger import ledger_path, load
from showtell.claims.tests import Against
from showtell.project.errors import UserError
from showtell.study.grid import Grid
from showtell.study.loading import base, resolved
from showtell.study.loading import load as load_parameters

ROOT = Path(__file__).parents[2]
PAPERS = sorted(path.parent.name for path in (ROOT / "src/showtell/papers").glob("*/ledger.yaml"))
STUDIED = [name for name in PAPERS if load(ledger_path(name)).experiments]


@pytest.fixture(scope="module")
def parameters():
    return load_parameters(ROOT, "paper")


def test_the_papers_of_the_parameters_are_the_ledgers_with_experiments(parameters):
    assert set(parameters.papers) == set(STUDIED)
    assert len(PAPERS) > len(STUDIED)  # hold


@pytest.mark.parametrize("paper", PAPERS)
def test_every_switch_of_a_deviation_is_a_key_of_the_parameters(paper):
    values = resolved(base(ROOT), "params.yaml")
    for deviation in load(ledger_path(paper)).deviations:
        for switch in deviation.switches:
            at = values
            for key in switch.split("."):
                assert key in at, f"{deviation.id}: {switch} is not in params.yaml"
                at = at[key]


@pytest.mark.parametrize("paper", STUDIED)
def test_claims_name_methods_phases_and_studies_of_their_experiments(parameters, paper):
    ledger, experiments = load(ledger_path(paper)), parameters.papers[paper].experiments
    assert set(experiments) <= set(ledger.experiments)
    for claim in ledger.claims:
        experiment = experiments.get(claim.experiment)
        if claim.test is None or experiment is None:
            continue
        others = claim.test.others if isinstance(claim.test, Against) else ()
        for method in (claim.test.method, *others):
            assert method.rstrip("*") in experiment.methods, f"{claim.id}: {method}"
        for key in ("phase", "versus_phase"):
            phase = getattr(claim.test, key, None) or "train"
            assert phase in {"train", *experiment.finetune}, f"{claim.id}: {phase}"
        study = getattr(claim.test, "study", None)
        assert study is None or study in experiment.studies, f"{claim.id}: {study}"


@pytest.mark.parametrize("paper", STUDIED)
def test_every_figure_of_the_parameters_has_a_caption_and_no_other(parameters, paper):
    experiments = parameters.papers[paper].experiments
    captions = {name: set(of) for name, of in load(ledger_path(paper)).figures.items()}
    assert captions == {name: set(entry.figures) for name, entry in experiments.items()}


@pytest.mark.parametrize("paper", STUDIED)
def test_one_deviation_of_every_scale_but_the_papers_stands_at_the_top(paper):
    (stand_in,) = [entry for entry in load(ledger_path(paper)).deviations if entry.banner]
    assert set(stand_in.scales) == {"smoke", "mini", "desk"}


def test_roboclips_figures_answer_those_of_the_paper():
    figures = load(ledger_path("roboclip")).figures
    answered = " ".join(facts.where for of in figures.values() for facts in of.values())
    assert all(f"Figure {number}" in answered for number in range(2, 10))


def test_a_verdict_on_the_landscape_has_a_caveat_below_the_papers_scale():
    claims = {claim.id: claim for claim in load(ledger_path("vlm_rm")).claims}
    assert claims["cartpole-landscape-peak"].caveat("mini")
    assert claims["cartpole-landscape-peak"].caveat("paper") is None


@pytest.mark.parametrize("scale", ["smoke", "mini", "desk", "paper"])
def test_the_ledgers_agree_with_the_parameters_of_every_scale(scale):
    check(load_parameters(ROOT, scale))


def test_a_claim_about_a_study_that_was_renamed_is_refused_with_the_nearest(parameters):
    papers = parameters.model_dump()
    studies = papers["papers"]["vlm_rm"]["experiments"]["cartpole"]["studies"]
    figures = papers["papers"]["vlm_rm"]["experiments"]["cartpole"]["figures"]
    studies["pole-angles"] = studies.pop("pole-angle")
    figures["landscape"]["study"] = "pole-angles"
    renamed = type(parameters).model_validate(papers)
    with pytest.raises(UserError, match="'pole-angle'; did you mean 'pole-angles'"):
        check(renamed)


def test_a_claim_about_a_study_of_another_kind_is_refused(parameters):
    papers = parameters.model_dump()
    experiment = papers["papers"]["vlm_rm"]["experiments"]["cartpole"]
    experiment["studies"]["pole-angle"] = experiment["studies"]["epic"]
    del experiment["figures"]["landscape"]
    with pytest.raises(UserError, match="of kind 'landscape'"):
        check(type(parameters).model_validate(papers))


def test_the_grid_of_figures_leaves_out_those_of_phases_that_a_scale_skips():
    mini, paper = (Grid(load_parameters(ROOT, scale)) for scale in ("mini", "paper"))
    assert list(mini.experiment("roboclip", "language").figures) == ["alignment", "language"]
    assert "critic" in paper.experiment("roboclip", "language").figures
