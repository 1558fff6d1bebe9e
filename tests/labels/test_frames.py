"""Labels as an input of a study: the frames that were labelled, and nothing else."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from showtell.labels.frames import labelled_frames
from showtell.labels.inputs import files, refuse_missing
from showtell.labels.table import FILE, write_labels
from showtell.media.video import read_video
from showtell.project.errors import UserError
from showtell.study.grid import Grid
from showtell.study.loading import load
from showtell.study.yaml_files import merge, read_yaml
from tests.labels.conftest import study
from tests.labels.test_tables import give

ROOT = Path(__file__).resolve().parents[2]
PLACE = ("vlm_rm", "cartpole", "cartpole", "epic")


def labelled(layout):
    key, items, folder = study(layout, "frames")
    give(folder, "ada", {items[0].id: "yes", items[1].id: "no", items[2].id: "yes"})
    give(folder, "bob", {items[2].id: "no"})
    write_labels(folder)
    return key, items, folder / FILE


def test_each_label_comes_with_the_picture_that_was_shown(layout):
    key, items, path = labelled(layout)
    pictures, labels = labelled_frames(path)
    expected = {items[0].id: 1.0, items[1].id: 0.0, items[2].id: 0.5}  # the share of the raters
    by_video = sorted((items[n] for n in range(3)), key=lambda item: (item.video, item.id))
    assert labels.tolist() == [expected[item.id] for item in by_video]
    for picture, item in zip(pictures, by_video, strict=True):
        shown = read_video(layout.results / key.videos[item.video].path)[0][item.frame]
        assert np.array_equal(picture, shown)


def test_labels_of_a_video_that_was_made_again_are_left_out_and_said(layout, caplog):
    key, items, path = labelled(layout)
    video = layout.results / key.videos[items[0].video].path
    video.write_bytes(video.read_bytes() + b" ")
    lost = sum(item.video == items[0].video for item in items[:3])
    try:
        assert len(labelled_frames(path).labels) == 3 - lost
    except UserError as error:  # what is left has one label
        assert f"{lost} labels" in str(error)
    assert f"{lost} labels" in caplog.text


def test_labels_without_a_no_are_refused(layout):
    _, items, folder = study(layout, "frames")
    give(folder, "ada", {items[0].id: "yes", items[1].id: "yes"})
    write_labels(folder)
    with pytest.raises(UserError, match="KIND=frames"):
        labelled_frames(folder / FILE)


def parameters(folder, against):
    shutil.copytree(ROOT / "workflow/scales", folder / "workflow/scales")
    epic = {"kind": "epic", "methods": ["text"], "states": 10, "against": against}
    entry = {"experiments": {"cartpole": {"studies": {"epic": epic}}}}
    changes = {"papers": {"vlm_rm": entry}}
    values = merge(read_yaml(ROOT / "params.yaml"), changes)
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    return Grid(load(folder, "mini"))


def test_a_study_against_labels_waits_for_them_and_says_how_they_are_made(tmp_path):
    grid = parameters(tmp_path, "labels")
    (file,) = files(grid, "mini", *PLACE)
    assert file == "results/mini/labels/cartpole/frames/labels.parquet"
    with pytest.raises(UserError, match="make label TASK=cartpole KIND=frames"):
        refuse_missing(grid, tmp_path, "mini")
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    refuse_missing(grid, tmp_path, "mini")


def test_a_study_against_criteria_reads_no_labels(tmp_path):
    grid = parameters(tmp_path, "criteria")
    assert files(grid, "mini", *PLACE) == []
    refuse_missing(grid, tmp_path, "mini")
