import json

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
