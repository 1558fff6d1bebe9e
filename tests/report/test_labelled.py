"""Success by the labels of people on the page."""

import pytest

from showtell import report
from showtell.labels.items import items_of, videos_of
from showtell.labels.journal import Journal
from showtell.labels.study import key_of
from showtell.labels.table import write_labels
from showtell.study.layout import Layout
from tests.report.conftest import TASK, Tree, pages, report_job


@pytest.fixture
def tree(tmp_path):
    """One seed of each method, with its video."""
    job = report_job(alphas=(0.0,), seeds=1)
    return Tree(tmp_path / "results/mini", job).write_all()


def page(tree):
    return pages(tree)[1]


def label_all(tree, label):
    layout = Layout(tree.root)
    videos = videos_of(layout, TASK)
    items = items_of("buckets", videos, 0, TASK, 200, 1)
    folder = layout.labels(TASK, "buckets")
    key_of(("mini", TASK, "buckets"), "It balances.", items, videos, tree.root).write(folder)
    with Journal(folder / "ada.jsonl") as journal:
        for item in items:
            journal.write(item.id, label)
    write_labels(folder)
    return videos


def test_labels_stand_beside_the_rule_and_change_the_page(tree):
    assert "By people" not in page(tree)
    label_all(tree, "0")
    out = tree.root / "report.html"
    assert report.refresh(tree.root, tree.job, out)
    part = (tree.root / "report/vlm_rm.html").read_text().split("By people")[1].split("</table>")[0]
    assert part.count("<tr>") - 1 == len(tree.plan["methods"])
    assert "<b>0\u00a0%</b>" in part


def test_labels_of_a_video_that_was_made_again_are_left_out(tree):
    for video in label_all(tree, "100"):
        video.path.write_bytes(video.path.read_bytes() + b" ")
    assert "By people" not in page(tree)
