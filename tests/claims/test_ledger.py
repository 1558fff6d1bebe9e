"""The format of a ledger: checked data, with errors that name the place."""

import pytest
import yaml

from showtell.claims.ledger import Ledger, ledger_path, load
from showtell.project.errors import UserError


@pytest.fixture
def written(tmp_path):
    """The ledger as plain data, and a function that writes and loads a changed one."""
    data = yaml.safe_load(ledger_path("vlm_rm").read_text())

    def reload():
        path = tmp_path / "ledger.yaml"
        path.write_text(yaml.safe_dump(data))
        return load(path)

    return data, reload


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
