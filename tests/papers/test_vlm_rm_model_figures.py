"""Figures over models: EPIC over size, a line a model over α, histograms of goal states."""

import pytest

from showtell.figures.chart import chart
from showtell.figures.style import save
from showtell.results.reading import Comparison, Results
from showtell.results.table import Table

TASK = "humanoid-kneeling"
SIZES = {"small": 1e3, "large": 1e5}
SIZE = {"kind": "epic", "study": "epic", "over": "parameters", "methods": "*-alpha0"}
ALPHA = {"kind": "epic", "study": "epic", "over": "alpha"}
GOALS = {"kind": "goal_states", "study": "goals"}


@pytest.fixture
def results() -> Results:
    """Two models with three strengths each, and a reward without a network."""
    methods = [
        {
            "name": f"{size}-alpha{alpha}",
            "label": f"the {size} one, α = {alpha:g}",
            "variant": {"alpha": alpha},
            "reward": {"kind": "clip", "goal": f"text-{size}", "alpha": alpha},
        }
        for size in SIZES
        for alpha in (0, 0.5, 1)
    ]
    methods.append({"name": "oracle", "label": "rule", "reward": {"kind": "oracle"}})
    plan = Comparison(
        root=0,
        address=("vlm_rm", "models"),
        paper="vlm_rm",
        experiment="models",
        tasks=(TASK,),
        methods=methods,
        seeds=0,
        evaluate={"episodes": 4, "actions": ["stochastic"]},
        studies={
            "epic": {"of": [], "study": {"kind": "epic"}},
            "goals": {"of": [], "study": {"kind": "goal_states"}},
        },
    )
    epic = [("oracle", None, "success", "", 0.0, 0.0, 0.0, 9)]
    epic += [
        (name, size, "success", versus, 0.6 - 0.1 * place, 0.5, 0.7, 9)
        for of, size in SIZES.items()
        for place, name in enumerate(f"{of}-alpha{alpha}" for alpha in (1, 0.5, 0))
        for versus in ("", "oracle")
    ]
    goals = [
        row
        for name in ("small-alpha0", "large-alpha0")
        for row in (
            (name, "separation", "", 0.8, 1.0, -0.5, None, None, 10),
            *(
                (name, "histogram", "", None, None, None, goal, at, 2 + goal + place)
                for goal in (0, 1)
                for place, at in enumerate((-1.0, 0.0, 1.0))
            ),
        )
    ]
    numbers = ("epic", "low", "high", "states")
    shown = ("auc", "goal_mean", "other_mean", "goal", "at", "states")
    tables = {
        "epic": Table.of(("method", "parameters", "against", "versus", *numbers), epic),
        "goals": Table.of(("method", "shows", "versus", *shown), goals),
    }
    return Results(plan, {}, {}, {(TASK, study): table for study, table in tables.items()})


def test_over_size_the_matching_methods_stand_at_the_size_that_the_study_counted(results):
    table = chart(SIZE).table(results)
    assert table.column("method") == ["small-alpha0", "large-alpha0"]
    assert table.numbers("x") == [1e3, 1e5]
    assert table.numbers("epic") == pytest.approx([0.4, 0.4])
    assert set(table.column("network")) == {""}  # one line through all


def test_over_alpha_each_model_has_a_line_of_its_own_named_without_the_strength(results):
    table = chart(ALPHA).table(results)
    assert table.distinct("network") == ["the small one", "the large one"]
    assert len(table.distinct("network_colour")) == 2
    assert table.where(network="the small one").numbers("x") == [1.0, 0.5, 0.0]
    assert "oracle" not in table.column("method")


def test_one_model_has_no_key(results):
    kept = results.studies[TASK, "epic"]
    rows = [row for row in kept.rows if not row[0].startswith("large")]
    results.studies[TASK, "epic"] = Table(kept.columns, tuple(rows))
    assert set(chart(ALPHA).table(results).column("network")) == {""}


def test_a_study_that_did_not_count_has_no_figure_over_size_and_still_one_over_alpha(results):
    kept = results.studies[TASK, "epic"]
    columns = [name for name in kept.columns if name != "parameters"]
    results.studies[TASK, "epic"] = Table.of(columns, kept.pick(columns))
    assert chart(SIZE).table(results).rows == ()
    assert len(chart(ALPHA).table(results).rows) == 6


def test_a_histogram_is_of_its_own_kind_of_state(results):
    table = chart(GOALS).table(results).where(method="small-alpha0")
    for goal in ("0", "1"):
        assert sum(table.where(goal=goal).numbers("share")) == pytest.approx(1)
    assert table.where(goal="1").numbers("states") == [3, 4, 5]
    assert set(table.numbers("goal_mean")) == {1.0}


@pytest.mark.parametrize("figure", [SIZE, ALPHA, GOALS], ids=["size", "alpha", "goals"])
def test_the_csv_alone_gives_the_same_figure(figure, results, tmp_path):
    table = chart(figure).table(results)
    table.write(tmp_path / "figure.csv")
    save(chart(figure).draw(table), tmp_path / "a.svg")
    save(chart(figure).draw(Table.read(tmp_path / "figure.csv")), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "the large one" in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize("figure", [SIZE, ALPHA, GOALS], ids=["size", "alpha", "goals"])
def test_without_results_a_table_has_no_rows(figure, results):
    results.studies.clear()
    assert chart(figure).table(results).rows == ()
