import json

from showtell.commands.schema import schema, undescribed


def test_every_key_of_the_schema_has_a_description():
    assert undescribed(json.loads(schema())) == []


def test_the_comment_beside_a_field_is_its_description():
    cartpole = json.loads(schema())["$defs"]["CartPoleSettings"]["properties"]
    assert "angle into [-pi, pi]" in cartpole["wrap_state"]["description"]
    assert cartpole["horizon"]["description"] == "Steps of an episode."
