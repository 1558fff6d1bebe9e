"""The name of a folder of results: a scale, and a root seed where it is another one."""

import pytest

from showtell.project.errors import UserError
from showtell.project.replicate import Replicate


@pytest.mark.parametrize("replicate", [Replicate("mini"), Replicate("mini", 0), Replicate("x", 12)])
def test_a_name_says_which_replicate_it_is(replicate):
    assert Replicate.parse(replicate.name) == replicate


def test_a_folder_is_named_by_its_scale_and_seed():
    assert Replicate("mini").name == "mini"
    assert Replicate("mini", 1).name == "mini-seed1"
    assert Replicate("mini", 1).options == "scale=mini seed=1"


@pytest.mark.parametrize("name", ["mini-seed", "mini-seed-1", "mini-seedone", "mini-seed1.5"])
def test_a_folder_with_no_whole_number_is_refused(name):
    with pytest.raises(UserError, match="SEED="):
        Replicate.parse(name)
