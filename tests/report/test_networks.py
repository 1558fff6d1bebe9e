"""The networks and the videos of a page: published beside measured, at any moment."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from showtell import report
from showtell.project.errors import UserError
from showtell.project.files import write_json, write_text
from showtell.report.markdown import filled
from showtell.report.networks import networks_of
from showtell.report.plan import Plan
from showtell.report.published import find_tables
from showtell.study.grid import Grid
from showtell.study.layout import Layout
from showtell.study.loading import load
from showtell.study.specifications import Specifications
from tests.report.test_page import Reader

ROOT = Path(__file__).parents[2]
ORDERS = {"spearman_reversed": 0.5, "spearman_rewound": -0.1, "spearman_shuffled": 0.0}
SCORES = {
    **{"videos": 40.0, "spearman": 0.612345, "note": "Drawn by code."},
    **{"misclassified": 0.412, "misclassified_printed": 5.31},
    **{"hinge": 0.00123, "hinge_printed": 1.07},
    **ORDERS,
    **{"spearman_pixels": 0.55, "misclassified_pixels": 0.33},
}
TIMES = {"squared": 156.0, "squared_coded": 489.0, "absolute": 9.9, "absolute_coded": 17.9}
COUNTS = """task,template,object,action,object_named,both
Pushing,Moving something towards the camera,cap,{0},2,1
Close Drawer,Closing something,drawer,{0},4,2
"""
QUARANTINE = """id,path,reason,detail
7,7.webm,a frame cannot be decoded,frame 12
8,8.webm,a frame cannot be decoded,frame 3
9,,"the labels name it, but there is no file",
"""


@pytest.fixture(scope="module")
def jobs():
    """Scale -> the report's job of HOLD alone."""
    found = {}
    for scale in ("mini", "paper"):
        job = json.loads(Specifications(Grid(load(ROOT, scale))).report(scale, []))
        found[scale] = job | {"papers": {"hold": job["papers"]["hold"]}}
    return found


def page_of(job, results):
    report.build(results, job, results / "report.html")
    return "".join(path.read_text() for path in (results / "report").glob("*.html"))


def found_in(job, results):
    return networks_of(Plan.model_validate(job).papers["hold"], "hold", Layout(results))


def trained(results, *names, **more):
    for name in names:
        write_json(Layout(results).encoder(name) / "metrics.json", SCORES | more)


def videos(results, refused=None, action=3):
    folder = Layout(results).videos("people")
    refused = refused or {}
    manifest = {"videos": 400, "frames": 16000, "refused": refused, "note": "N.", "shards": {}}
    write_json(folder / "shards.json", manifest)
    write_text(folder / "quarantine.csv", QUARANTINE)
    write_text(folder / "counts.csv", COUNTS.format(action))
    splits = ["train"] * 320 + ["validation"] * 80
    pq.write_table(pa.table({"split": splits}), folder / "videos.parquet")


def row(page, name):
    """The text of one line of the table of networks."""
    (found,) = re.findall(rf'<tr[^>]*data-network="{re.escape(name)}">.*?</tr>', page)
    return Reader(found).text


def test_before_anything_has_run_networks_wait_and_videos_are_not_read(jobs, tmp_path):
    page = page_of(jobs["mini"], tmp_path)
    assert 'data-networks="0/2"' in page
    assert "waiting" in row(page, "hold-c")
    assert "0.6246" in row(page, "HOLD-C, ResNet-50, 1 frame")
    assert "not read yet" in page
    assert "data-task" not in page


def test_measures_stand_in_both_conventions_below_those_of_the_paper(jobs, tmp_path):
    trained(tmp_path, "hold-c")
    page = page_of(jobs["mini"], tmp_path)
    assert 'data-networks="1/2"' in page
    assert "0.612 0.412 5.31 0.00123 1.07" in row(page, "hold-c")
    assert "published recipe" in row(page, "hold-c")
    assert "waiting" in row(page, "hold-c-ours")
    order = [page.index(f'data-network="{n}"') for n in ("HOLD-C, ResNet-50, 1 frame", "hold-c")]
    assert order == sorted(order)
    assert "not trained at this scale" in row(page, "HOLD-R, ViViT, 3 frames")
    assert "no such network here" in row(page, "HOLD-C, ViT, 1 frame")


def test_times_are_compared_with_the_index_first_as_the_published_ones(jobs, tmp_path):
    trained(tmp_path, "hold-r", **TIMES)
    page = page_of(jobs["paper"], tmp_path)
    assert "489 156 17.9 9.9" in row(page, "hold-r")
    assert "499.2 – 18.0 –" in row(page, "HOLD-R, ViViT, 3 frames")


def test_networks_of_videos_are_no_stand_ins_and_other_papers_have_no_such_section(
    jobs, tmp_path, mini_tree
):
    trained(tmp_path, "hold-c")
    assert 'id="encoder-hold-c"' not in page_of(jobs["mini"], tmp_path)
    page = page_of(mini_tree.job, mini_tree.root)
    assert 'id="networks"' not in page
    assert 'id="encoder-clip"' in page


def test_refused_videos_are_counted_by_reason(jobs, tmp_path):
    reasons = {
        "the labels name it, but there is no file": 1,
        "a frame cannot be decoded": 2,
    }
    videos(tmp_path, reasons)
    page = page_of(jobs["mini"], tmp_path)
    assert 'data-videos="people" data-refused="3"' in page
    text = Reader(page).text
    assert "a frame cannot be decoded 2 7: frame 12" in text
    assert "the labels name it, but there is no file 1 9" in text
    assert 'href="../videos/people/quarantine.csv"' in page
    assert "320 train" in text


def test_table_five_is_published_beside_counted_if_there_are_labels(jobs, tmp_path):
    videos(tmp_path)
    (of,) = found_in(jobs["mini"], tmp_path).videos
    pushing, drawer = of.counted
    assert pushing.numbers == ((927, 3), (611, 2), (3, 1))
    assert drawer.numbers == ((1296, 3), (619, 4), (62, 2))
    unlabelled = COUNTS.replace(",2,1", ",0,0").replace(",4,2", ",0,0").format(0)
    write_text(Layout(tmp_path).videos("people") / "counts.csv", unlabelled)
    (of,) = found_in(jobs["mini"], tmp_path).videos
    assert of.counted == ()


def test_settings_stand_beside_those_of_the_entries_that_are_used(jobs, tmp_path):
    recipe = jobs["mini"]["papers"]["hold"]["networks"]["hold-c"]["training"]
    before = {table.title: table for table in found_in(jobs["mini"], tmp_path).settings}
    assert before["HOLD-R, ViViT"].columns == ()
    assert before["Policy training"].columns == ("sac-hold",)
    assert before["HOLD-C, ResNet-50"].columns == ("hold-c", "hold-c-ours")
    rows = {
        label: (published, here[0]) for label, published, here in before["HOLD-C, ResNet-50"].rows
    }
    assert rows["batch size"] == (8, 8)
    assert rows["window of negatives"] == ("0.4 s", "4 frames")
    (epochs,) = (label for label in rows if label.startswith("epochs"))
    assert rows[epochs] == (100, None)  # it is not known how many videos there are
    videos(tmp_path)
    after = {table.title: table for table in found_in(jobs["mini"], tmp_path).settings}
    ours = {label: here[0] for label, _, here in after["HOLD-C, ResNet-50"].rows}
    assert ours[epochs] == recipe["steps"] * 8 / 320


def test_recipes_are_compared_by_what_differs(jobs, tmp_path):
    (pair,) = found_in(jobs["mini"], tmp_path).recipes
    assert (pair.published, pair.ours) == ("hold-c", "hold-c-ours")
    rows = {key: values for key, *values in pair.rows}
    assert rows["training.loss.kind"] == ["triplets", "ranks"]
    assert rows["training.loss.margin"] == [0.2, None]
    assert "training.dataset.videos" not in rows
    assert "training.weight_decay" not in rows


def test_a_network_without_a_published_row_comes_last():
    rows = list(find_tables("hold").grouped(["r3m", "hold-c-ours"]))
    assert rows[-1] == (None, [("r3m", "")])
    assert next(names for _, names in rows if names) == [("hold-c-ours", "our recipe")]


def test_the_page_is_built_again_when_a_network_has_been_measured(jobs, tmp_path):
    again = lambda: report.refresh(tmp_path, jobs["mini"], tmp_path / "report.html")
    assert again()
    assert not again()
    trained(tmp_path, "hold-c-ours")
    assert again()


def table(what, results):
    return filled(f"<!-- table: {what} -->\n<!-- /table -->", results).splitlines()[1:-1]


def test_documents_take_networks_and_videos_from_the_small_tables(tmp_path):
    models = {"hold-c": SCORES, "clip": {"rank_correlation": 0.8}}
    write_json(tmp_path / "mini/tables/models.json", models)
    lines = table("mini hold networks", tmp_path)
    assert "clip" not in "".join(lines)
    cells = {cell.strip(): k for k, cell in enumerate(lines[0].split("|"))}
    (ours,) = (line.split("|") for line in lines if "`hold-c`" in line)
    assert ours[cells["misclassified, as coded"]].strip() == "0.412"
    assert ours[cells["misclassified, as printed"]].strip() == "5.31"
    assert "mean error, frames, time left" not in cells  # no line has it
    people = {"Pushing": {"action": 3, "both": 1, "object_named": 2}}
    of = {"videos": 400, "frames": 16000, "refused": {"a frame cannot be decoded": 2}, "note": ""}
    write_json(tmp_path / "mini/tables/videos.json", {"people": of | {"counts": people}})
    (line,) = table("mini hold videos", tmp_path)[2:]
    assert "2 refused" in line
    assert line.endswith("| 927 / 3 | 611 / 2 | 3 / 1 |")


def test_documents_say_which_command_writes_a_table_that_is_missing(tmp_path):
    with pytest.raises(UserError, match="make share"):
        table("mini hold networks", tmp_path)
