"""Captions and colours: of methods that ran, and one colour a method."""

import json

import pytest

from showtell.figures.style import INK
from showtell.report.captions import of_methods
from showtell.report.colours import exchange, of_page
from showtell.report.plan import Plan
from showtell.results.reading import Comparison
from showtell.study.grid import Grid
from showtell.study.loading import load
from showtell.study.specifications import Specifications
from tests.project.test_sharing import REPOSITORY
from tests.report.conftest import comparison

CAPTION = (
    "True return while training; only “oracle” trains on it. "
    "The goal “cup” is a video, minus “red”."
)


@pytest.mark.parametrize(
    ("ran", "expected"),
    [
        (["oracle", "cup"], CAPTION),
        (["cup"], "True return while training. The goal “cup” is a video, minus “red”."),
        ([], "True return while training."),
        (["big-oracle", "cup"], CAPTION),  # a part of a name
    ],
)
def test_caption_speaks_of_no_method_that_did_not_run(ran, expected):
    assert of_methods(CAPTION, ran) == expected


def plan_of(*names):
    rewards = [{"name": n, "label": n, "reward": {"kind": "clip"}} for n in names]
    truth = {"name": "truth", "label": "truth", "reward": {"kind": "true_reward"}}
    return Comparison.model_validate(comparison() | {"methods": [*rewards, truth]})


def test_a_method_keeps_its_colour_in_every_experiment():
    looks = of_page({"a": plan_of("x", "y", "z"), "b": plan_of("w", "z", "x")})
    first, second = looks["a"], looks["b"]
    assert first["x"].colour == second["x"].colour
    assert first["z"].colour == second["z"].colour
    assert len({second[name].colour for name in ("w", "z", "x")}) == 3
    assert second["truth"].colour == INK


def test_a_figure_takes_the_colours_of_its_page_and_no_two_become_one():
    (drawn,) = of_page({"b": plan_of("w", "z", "x")}).values()
    page = of_page({"a": plan_of("x", "y", "z"), "b": plan_of("w", "z", "x")})["b"]
    exchanged = exchange(drawn, page)
    for name in ("w", "z", "x"):
        colour = drawn[name].colour
        assert exchanged.get(colour, colour) == page[name].colour
    assert set(exchanged) == set(exchanged.values())
    assert INK not in exchange({"x": drawn["x"]}, {"x": drawn["truth"]})


@pytest.mark.parametrize("scale", ["mini", "desk"])
def test_no_method_of_a_scale_has_two_colours_on_a_page(scale):
    job = json.loads(Specifications(Grid(load(REPOSITORY, scale))).report(scale, []))
    plan = Plan.model_validate(job)
    for name, paper in plan.papers.items():
        comparisons = {n: plan.comparison(entry) for n, entry in paper.experiments.items()}
        colours: dict[str, set[str]] = {}
        for look in of_page(comparisons).values():
            for method, style in look.items():
                colours.setdefault(method, set()).add(style.colour)
        assert {m: c for m, c in colours.items() if len(c) > 1} == {}, name
