"""One layout: what is written at a path is found at it."""

from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.study.layout import EVALUATION, Layout, Place, Run

RUN = Run("cartpole", "text-alpha0.5", 12, "finetune")


@pytest.mark.parametrize("folder", ["training", "evaluation"])
def test_a_path_says_which_training_it_belongs_to(folder):
    layout = Layout.of("mini")
    path = getattr(layout, folder)("vlm_rm", "cartpole", RUN)
    assert layout.parse(path / "metrics.json") == Place("vlm_rm", "cartpole", RUN)
    assert layout.parse(path) == Place("vlm_rm", "cartpole", RUN)


def test_the_rules_and_the_readers_share_one_template():
    named = EVALUATION.format(replicate="mini", paper="p", experiment="e", **RUN._asdict())
    assert Path(named) == Layout.of("mini").evaluation("p", "e", RUN)


@pytest.mark.parametrize("path", ["p/e/t/text/first/train/progress.csv", "p/e/figures/a.svg"])
def test_another_path_belongs_to_no_training(path):
    with pytest.raises(UserError, match=r"\{task\}/\{method\}/seed\{seed\}"):
        Layout(Path("results/mini")).parse(Path("results/mini") / path)


def test_results_may_lie_anywhere(tmp_path):
    layout = Layout(tmp_path)
    assert layout.demo("scripted", "drawer").relative_to(tmp_path).parts[0] == "demos"
    assert layout.parse(layout.training("p", "e", RUN)) == Place("p", "e", RUN)


def test_what_exists_is_listed_and_nothing_else(tmp_path):
    layout = Layout(tmp_path)
    folders = [layout.training("p", "e", RUN), layout.training("p", "f", RUN)]
    folders += [layout.comparison("p", "e"), layout.comparison("q", "e"), layout.encoder("clip")]
    folders += [layout.evaluation("p", "e", RUN), tmp_path / "p/e/t/text/seed-of-none/pretrain"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    listed = layout.trainings("p")
    assert listed == [(Place("p", e, RUN), layout.training("p", e, RUN)) for e in ("e", "f")]
    assert layout.comparisons("p") == {"e": layout.comparison("p", "e")}
    assert layout.encoders() == {"clip": layout.encoder("clip")}
    assert Layout(tmp_path / "nothing").trainings("p") == []
