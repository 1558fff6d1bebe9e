"""Curves and areas of a study of distances, drawn from their table alone."""

from dataclasses import replace

import numpy as np
import pytest

from showtell.figures.chart import chart
from showtell.figures.style import save
from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from showtell.studies.study import write_strips
from tests.results.experiments import listed
from tests.results.test_distances import rows, table

FIGURE = {"kind": "distances", "study": "before", "task": "drawer"}
METHODS = {"pixels": {"kind": "distance"}, "network": {"kind": "distance"}}


def results(*several):
    plan = Comparison(
        root=0, address=("hold", "drawer"), paper="hold", experiment="drawer", tasks=("drawer",),
        methods=listed(METHODS), seeds=1, evaluate={"episodes": 1, "actions": ["stochastic"]},
        studies={"before": {"of": list(METHODS), "study": {"kind": "distances"}}},
    )  # fmt: skip
    return Results(plan, {}, {}, {("drawer", "before"): table(*several)} if several else {})


@pytest.fixture
def drawn():
    better = [("script", 1, 0.0), ("miss", 0, 0.5), ("stalled", 0, 0.9)]
    scenes = [rows("pixels"), rows("pixels", scene="turned"), rows("network", ends=better)]
    return chart(FIGURE).table(results(*scenes))


def test_curves_are_means_as_shares_of_the_start_in_the_own_scene(drawn):
    of = drawn.where(method="pixels", kind="miss")
    assert set(of.column("scene")) == {"same"}
    assert list(zip(of.numbers("x"), of.numbers("value"), strict=True)) == [
        (0, 1), (0.5, 0.5), (1, pytest.approx(0.05)),
    ]  # fmt: skip


def test_areas_are_those_of_the_study_in_every_scene(drawn):
    assert drawn.where(kind="").pick(("method", "scene", "value")) == [
        ("pixels", "same", "0.65"), ("pixels", "turned", "0.65"), ("network", "same", "1.0"),
    ]  # fmt: skip


def test_the_table_alone_gives_the_same_picture(drawn, tmp_path):
    drawn.write(tmp_path / "figure.csv")
    for name, shown in (("a", drawn), ("b", Table.read(tmp_path / "figure.csv"))):
        save(chart(FIGURE).draw(shown), tmp_path / f"{name}.svg")
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert "miss" in text and "turned" in text


def test_without_the_study_there_is_nothing_to_draw():
    assert not chart(FIGURE).table(results()).rows


def test_a_distance_that_no_method_trains_on_is_drawn_by_its_name(drawn):
    beside = chart(FIGURE).table(results(rows("pixels"), rows("outlines")))
    assert set(beside.column("method")) == {"pixels", "outlines"}
    assert beside.where(method="outlines").rows


def test_frames_stand_below_the_curves(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 12, 3), dtype=np.uint8)
    write_strips(tmp_path / "before.npz", {"script": frames[0], "miss": frames[1]})
    shown = results(rows("pixels"))
    shown = replace(shown, strips={("drawer", "before"): tmp_path / "before.npz"})
    table_of = chart(FIGURE).table(shown)
    assert table_of.where(kind="frames").column("file") == [str(tmp_path / "before.npz")]
    save(chart(FIGURE).draw(table_of), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert text.count("<image") == 2 and "Frames of a miss" in text
