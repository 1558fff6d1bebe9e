"""Figures: drawn from their table alone, byte for byte the same, colours in order."""

import re

import numpy as np
import pytest

from showtell.figures.chart import chart
from showtell.figures.style import save
from showtell.project.errors import UserError
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.study.layout import Run

REWARDS = {
    "text-alpha0": {"kind": "clip", "alpha": 0.0},
    "text-alpha0.5": {"kind": "clip", "alpha": 0.5},
    "ground-truth": {"kind": "true_reward"},
    "zero": {"kind": "zero"},
}


FIGURES = {
    "landscape": {"kind": "landscape", "study": "pole-angle"},
    "learning": {"kind": "learning"},
    "success": {"kind": "success"},
    "epic": {"kind": "epic", "study": "distance", "over": "alpha"},
}


@pytest.fixture
def results(make_results):
    draw = np.random.default_rng(0)
    scores = {method: {"cartpole": draw.random(3).tolist()} for method in REWARDS}
    xs = np.linspace(-1, 1, 21)
    landscape = [
        (method, float(x), float(-(x**2)))
        for method in ("text-alpha0", "text-alpha0.5")
        for x in xs
    ]
    epic = [("text-alpha0", 0.4, 0.38, 0.42), ("text-alpha0.5", 0.3, 0.28, 0.32)]
    made = make_results(scores, rewards=REWARDS, landscape=landscape, epic=epic)
    progress = {
        Run("cartpole", method, seed, "train"): Table.of(
            ("step", "true_return", "success"),
            [(step, float(draw.random()), float(draw.random())) for step in range(0, 100, 20)],
        )
        for method in REWARDS
        for seed in range(3)
    }
    return Results(made.comparison, made.scores_of, progress, made.studies)


@pytest.mark.parametrize("name", FIGURES)
def test_the_csv_alone_gives_the_same_svg_and_pdf_byte_for_byte(name, results, tmp_path):
    table = chart(FIGURES[name]).table(results)
    table.write(tmp_path / "figure.csv")
    save(chart(FIGURES[name]).draw(table), tmp_path / "a.svg", tmp_path / "a.pdf")
    again = Table.read(tmp_path / "figure.csv")
    save(chart(FIGURES[name]).draw(again), tmp_path / "b.svg", tmp_path / "b.pdf")
    for kind in ("svg", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    assert not re.search(rb"CreationDate|<dc:date>", (tmp_path / "a.pdf").read_bytes())
    assert "<dc:date>" not in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize("name", FIGURES)
def test_a_changed_number_changes_the_picture(name, results, tmp_path):
    table = chart(FIGURES[name]).table(results)
    column = {"landscape": "rescaled", "learning": "value"}.get(name, name)
    at = table.columns.index(column)
    first = (*table.rows[0][:at], "0.123", *table.rows[0][at + 1 :])
    save(chart(FIGURES[name]).draw(table), tmp_path / "a.svg")
    save(
        chart(FIGURES[name]).draw(Table(table.columns, (first, *table.rows[1:]))),
        tmp_path / "b.svg",
    )
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("name", FIGURES)
def test_without_results_a_table_has_no_rows(name, make_results):
    empty = make_results({method: {} for method in REWARDS}, rewards=REWARDS)
    assert chart(FIGURES[name]).table(empty).rows == ()


def test_success_shows_every_seed_and_the_interval(results):
    rows = chart(FIGURES["success"]).table(results).where(method="zero", policy="stochastic")
    assert rows.column("seed") == ["", "0", "1", "2"]
    low, high = rows.numbers("low")[0], rows.numbers("high")[0]
    seeds = rows.numbers("success")[1:]
    assert min(seeds) <= low <= rows.numbers("success")[0] <= high <= max(seeds)


def test_landscape_is_rescaled_to_one_at_its_peak(results):
    rows = chart(FIGURES["landscape"]).table(results).where(method="text-alpha0")
    assert max(rows.numbers("rescaled")) == 1.0
    assert min(rows.numbers("rescaled")) == 0.0
    assert rows.numbers("x")[int(np.argmax(rows.numbers("rescaled")))] == pytest.approx(0.0)


def test_names_that_a_colour_bar_has_no_place_for_are_a_legend_and_panels_name_their_tasks(results):
    table = chart(FIGURES["landscape"]).table(results)
    columns, at = table.columns, table.columns.index("label")
    rows = [list(row) for row in table.rows]
    assert not chart(FIGURES["landscape"]).draw(table).axes[0].get_legend()
    long = [[*row[:at], f"{row[at]}, of a network of another kind", *row[at + 1 :]] for row in rows]
    both = [[task, *row[1:]] for task in ("one", "two") for row in long]
    figure = chart(FIGURES["landscape"]).draw(Table.of(columns, both))
    names = {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
    assert len(names) == 2 and all(name.endswith("another kind") for name in names)
    assert [axis.get_title(loc="left") for axis in figure.axes[1:]] == ["one", "two"]


def test_a_reward_that_is_flat_has_no_rescaled_curve(make_results, tmp_path):
    flat = [("text-alpha0", x, 1.0) for x in range(5)]
    results = make_results({"text-alpha0": {}}, rewards=REWARDS, landscape=flat)
    table = chart(FIGURES["landscape"]).table(results)
    assert set(table.column("rescaled")) == {""}
    save(chart(FIGURES["landscape"]).draw(table), tmp_path / "flat.svg")


def test_an_unknown_kind_of_figure_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'landscape'"):
        chart({"kind": "landscpe"})
