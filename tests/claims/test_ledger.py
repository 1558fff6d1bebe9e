"""The ledger: checked data, and true to the parameters and figures it speaks of."""

from pathlib import Path

import pytest
import yaml

from showtell.claims.ledger import Ledger, ledger_path, load
from showtell.claims.tests import Against
from showtell.papers.roboclip import figures as roboclip_figures
from showtell.papers.vlm_rm.figures import FIGURES
from showtell.project.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def written(tmp_path):
    """The ledger as plain data, and a function that writes and loads a changed one."""
    data = yaml.safe_load(ledger_path("vlm_rm").read_text())

    def reload():
        path = tmp_path / "ledger.yaml"
        path.write_text(yaml.safe_dump(data))
        return load(path)

    return data, reload


def test_vlm_rm_names_its_claims_values_and_deviations():
    ledger = load(ledger_path("vlm_rm"))
    assert ledger.paper.arxiv == "2310.12921"
    kinds = {claim.test.kind for claim in ledger.claims if claim.test}
    assert kinds == {"above", "at_least", "landscape_peak", "same_shape", "order"}
    values = {entry.id: entry.value for entry in ledger.published}
    assert values["cartpole-success"] == 1.0
    assert values["hands-on-hips"] == 0.64  # Table 1


PAPERS = ["vlm_rm", "roboclip"]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_switch_of_a_deviation_is_a_key_of_the_parameters(paper):
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    for deviation in load(ledger_path(paper)).deviations:
        at = parameters
        for key in (deviation.switch or "").split(".") if deviation.switch else ():
            assert key in at, f"{deviation.id}: {deviation.switch} is not in params.yaml"
            at = at[key]


def test_roboclip_names_its_claims_values_and_deviations():
    ledger = load(ledger_path("roboclip"))
    assert ledger.paper.arxiv == "2310.07899"
    assert {entry.id: entry.value for entry in ledger.published}["zero-shot-times"] == 2.0
    answered = " ".join(facts.where for of in ledger.figures.values() for facts in of.values())
    assert all(f"Figure {number}" in answered for number in range(2, 10))
    (stand_in,) = [entry for entry in ledger.deviations if entry.banner]
    assert "paper" not in stand_in.scales


def test_roboclips_claims_name_methods_phases_and_figures_of_its_experiments():
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    experiments = parameters["papers"]["roboclip"]["experiments"]
    ledger = load(ledger_path("roboclip"))
    assert set(ledger.experiments) == set(experiments)
    for claim in ledger.claims:
        experiment = experiments[claim.experiment]
        if claim.test is None:
            continue
        others = claim.test.others if isinstance(claim.test, Against) else ()
        for method in (claim.test.method, *others):
            assert method in experiment["methods"], f"{claim.id}: {method}"
        for key in ("phase", "versus_phase"):
            phase = getattr(claim.test, key, None) or "pretrain"
            assert phase in {"pretrain", *experiment.get("finetunes", {})}, f"{claim.id}: {phase}"


def test_roboclips_figures_are_drawable_captioned_and_asked_for():
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    experiments = parameters["papers"]["roboclip"]["experiments"]
    captioned = {name: set(of) for name, of in load(ledger_path("roboclip")).figures.items()}
    assert captioned == {name: set(entry["figures"]) for name, entry in experiments.items()}
    assert set.union(*captioned.values()) == set(roboclip_figures.FIGURES)


def test_figures_that_can_be_drawn_are_the_ones_with_a_caption():
    assert set(load(ledger_path("vlm_rm")).figures["cartpole"]) == set(FIGURES)


def test_stand_in_is_said_at_every_scale_but_the_papers():
    ledger = load(ledger_path("vlm_rm"))
    (stand_in,) = [entry for entry in ledger.deviations if entry.banner]
    assert set(stand_in.scales) == {"smoke", "mini", "desk"}
    peak = next(claim for claim in ledger.claims if claim.id == "cartpole-landscape-peak")
    assert "zero-shot" in peak.caveat("mini")
    assert peak.caveat("paper") is None


def test_a_misspelt_key_is_refused_with_file_and_place(written):
    data, reload = written
    data["claims"][0]["test"]["polcy"] = "stochastic"
    with pytest.raises(UserError, match=r"ledger\.yaml: claims\.0\.test\.at_least\.polcy"):
        reload()


def test_an_id_given_twice_is_refused(written):
    data, reload = written
    data["published"].append(data["published"][0])
    with pytest.raises(UserError, match=r"cartpole-success.*twice"):
        reload()


def test_a_claim_about_an_unknown_experiment_names_the_nearest(written):
    data, reload = written
    data["claims"][0]["experiment"] = "cartpol"
    with pytest.raises(UserError, match="did you mean 'cartpole'"):
        reload()


def test_a_claim_with_an_unknown_figure_names_the_nearest(written):
    data, reload = written
    data["claims"][0]["figure"] = "sucess"
    with pytest.raises(UserError, match="did you mean 'success'"):
        reload()


def test_broken_yaml_is_refused_by_name(tmp_path):
    path = tmp_path / "ledger.yaml"
    path.write_text("paper: {")
    with pytest.raises(UserError, match=r"ledger\.yaml is not valid YAML"):
        load(path)


def test_an_unknown_paper_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'vlm_rm'"):
        ledger_path("vlmrm")


def test_a_changed_ledger_is_read_again(written):
    data, reload = written
    first: Ledger = reload()
    data["paper"]["venue"] = "elsewhere, with a longer name"
    assert reload().paper.venue != first.paper.venue
