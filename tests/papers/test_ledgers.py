"""Every paper's ledger is true to the parameters and figures that it speaks of."""

import fnmatch
from pathlib import Path

import pytest

from showtell.claims.agreement import check
from showtell.claims.ledger import ledger_path, load
from showtell.claims.tests import Against, Separates, Sooner
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
    desk = load_parameters(ROOT, "desk").papers[paper].experiments
    for claim in ledger.claims:
        experiment = experiments.get(claim.experiment)
        if claim.test is None or experiment is None:
            continue
        for pattern in (claim.test.method, *others(claim.test)):
            known = measured(experiment, claim.test)
            if claim.origin == "control":  # of ours, which a scale may add
                known += desk[claim.experiment].methods if claim.experiment in desk else []
            assert fnmatch.filter(known, pattern.removesuffix("*") + "*"), f"{claim.id}: {pattern}"
            assert "*" in pattern or pattern in known, f"{claim.id}: {pattern}"
        for key in ("phase", "versus_phase"):
            phase = getattr(claim.test, key, None) or "train"
            assert phase in {"train", *experiment.finetune}, f"{claim.id}: {phase}"
        study = getattr(claim.test, "study", None)
        assert study is None or study in experiment.studies, f"{claim.id}: {study}"


def others(test):
    """The methods that a test compares its own with."""
    if isinstance(test, Sooner):
        return (test.versus,)
    if isinstance(test, Separates):
        return (test.versus,) if isinstance(test.versus, str) else test.versus
    return test.others if isinstance(test, Against) else ()


def measured(experiment, test):
    """The methods of an experiment; a study of distances has more."""
    if not isinstance(test, Separates):
        return list(experiment.methods)
    return [*experiment.methods, *experiment.studies[test.study].control_rewards()]


def test_holds_controls_name_methods_and_studies_of_their_experiments(parameters):
    ledger, experiments = load(ledger_path("hold")), parameters.papers["hold"].experiments
    for name, experiment in experiments.items():
        kinds = {study.kind for study in experiment.studies.values()}
        for control_name, control in ledger.controls_of(name).items():
            named = {getattr(control, key, None) for key in ("method", "versus")} - {None}
            for pattern in named:
                assert fnmatch.filter(experiment.methods, pattern), f"{name}: {control_name}"
            assert control.kind != "beats_control" or "controls" in kinds, control_name


def test_scenes_and_tasks_of_a_claim_are_those_of_the_experiment(parameters):
    experiments = parameters.papers["hold"].experiments
    for claim in load(ledger_path("hold")).claims:
        if claim.test is None:
            continue
        experiment = experiments[claim.experiment]
        if isinstance(claim.test, Separates):
            assert set(claim.test.scenes) <= set(experiment.studies[claim.test.study].scenes)
        tasks = getattr(claim.test, "tasks", None) or ()
        assert set(tasks) <= set(experiment.tasks), claim.id


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


def test_holds_figures_answer_those_of_the_paper_that_have_results():
    figures = load(ledger_path("hold")).figures
    answered = " ".join(facts.where for of in figures.values() for facts in of.values())
    assert all(f"Figure {number}" in answered for number in (3, 4, 5, 6, 8))


def test_a_verdict_on_a_network_of_drawn_hands_says_so_below_the_papers_scale():
    claims = load(ledger_path("hold")).claims
    learned = [claim for claim in claims if claim.test and claim.test.method.startswith("hold-")]
    assert len(learned) > 40
    assert all(claim.caveat("mini") and claim.caveat("desk") for claim in learned)
    tcn = [c for c in learned if getattr(c.test, "versus", None) == "tcn-sparse"]
    assert all(claim.caveat("paper") for claim in tcn)  # TCN's demonstration is the robot's own


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
    drawn = ["alignment", "agents", "language"]
    assert list(mini.experiment("roboclip", "language").figures) == drawn
    assert "critic" in paper.experiment("roboclip", "language").figures
