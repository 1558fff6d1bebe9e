import json
from pathlib import Path

import jsonschema
import pytest

from showtell.commands.agree import agree
from showtell.commands.claims_schema import claims_schema
from showtell.commands.schema import schema, undescribed
from showtell.project.settings import Frozen


def test_every_key_of_the_schema_has_a_description():
    assert undescribed(json.loads(schema())) == []


def test_the_comment_beside_a_field_is_its_description():
    cartpole = json.loads(schema())["$defs"]["CartPoleSettings"]["properties"]
    assert "angle into [-pi, pi]" in cartpole["wrap_state"]["description"]
    assert cartpole["horizon"]["description"] == "Steps of an episode."


def test_a_model_of_another_room_with_the_same_name_changes_no_description():
    class Method(Frozen):
        learner: str  # something else

    Method.__module__ = "showtell.elsewhere"
    learner = json.loads(schema())["$defs"]["Method"]["properties"]["learner"]
    assert learner["description"] == "Instead of the experiment's."


ROOT = Path(__file__).parents[2]
TABLES = sorted((ROOT / "results").glob("*/tables/*/*/claims.json"))


def test_every_key_of_claims_has_a_description():
    values = json.loads(claims_schema())
    assert undescribed(values) == []


def test_the_verdicts_that_git_keeps_are_of_the_published_form():
    assert len(TABLES) >= 20
    judge = jsonschema.Draft202012Validator(json.loads(claims_schema()))
    for path in TABLES:
        judge.validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("key", "value"), [("outcome", "proved"), ("outcmoe", "reproduced"), ("parts", [{"value": 1}])]
)
def test_verdicts_of_another_form_are_refused(key, value):
    values = json.loads(TABLES[0].read_text())
    values["claims"][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, json.loads(claims_schema()))


def test_verdicts_of_others_are_compared_with_ours(tmp_path, capsys):
    ours = next(path for path in TABLES if '"reproduced"' in path.read_text())
    values = json.loads(ours.read_text())
    theirs = tmp_path / "theirs" / values["paper"] / values["experiment"]
    theirs.mkdir(parents=True)
    text = ours.read_text().replace('"outcome": "reproduced"', '"outcome": "not reproduced"')
    (theirs / "claims.json").write_text(text)
    assert agree(ROOT, [str(ours.parents[3]), str(tmp_path / "theirs")], None, None) != 0
    assert values["paper"] in capsys.readouterr().out
