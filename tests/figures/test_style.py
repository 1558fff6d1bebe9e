"""Styles of methods: swept ones run along a ramp, references are black and grey, others differ."""

import pytest

from showtell.figures.marks import _columns
from showtell.figures.style import INK, SOFT, dark_of, ramp_colour, styles
from showtell.results.reading import Method


def method(name, kind="clip", **variant):
    return Method(name=name, label=name, variant=variant, reward={"kind": kind})


def test_the_order_of_the_parameters_gives_the_colours():
    swept = [method(f"text-{value}", strength=value) for value in ("low", "middle", "high")]
    found = styles([method("gail"), *swept, method("airl")])
    colours = [found[entry.name].colour for entry in swept]
    assert colours == [ramp_colour(0.0), ramp_colour(0.5), ramp_colour(1.0)]
    assert found["gail"].colour != found["airl"].colour


@pytest.mark.parametrize("name", ["dense", "any-name"])
def test_the_reward_and_not_the_name_makes_a_reference(name):
    found = styles([method(name, kind="true_reward"), method("none", kind="zero")])
    assert found[name] == (name, INK, "dashed")
    assert found["none"] == ("none", SOFT, "dotted")
    assert styles([method("zero")])["zero"].colour not in (INK, SOFT)


def test_a_later_value_is_lighter_so_colours_keep_their_order_in_grey():
    def lightness(colour):
        linear = [(c / 255) ** 2.2 for c in bytes.fromhex(colour[1:])]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    shades = [lightness(ramp_colour(share / 10)) for share in range(11)]
    assert shades == sorted(shades)
    assert all(lightness(dark_of()[c]) > 0.25 for c in map(ramp_colour, (0, 0.5, 1)))


def test_twelve_methods_and_two_of_the_true_reward_look_different():
    several = [method(f"m{number}") for number in range(12)]
    found = styles([*several, *(method(name, kind="true_reward") for name in ("true", "longer"))])
    assert len({(entry.colour, entry.line) for entry in found.values()}) == 14
    assert all(entry.dashes for entry in found.values())


@pytest.mark.parametrize(("letters", "columns"), [(6, 3), (20, 2), (50, 1)])
def test_the_key_has_as_many_columns_as_its_names_leave_room_for(letters, columns):
    assert _columns(["x" * letters] * 6) == columns
