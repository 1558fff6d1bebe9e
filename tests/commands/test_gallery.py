"""The gallery: one sheet a family, small, from the parameters as they are."""

import logging
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from showtell.commands.gallery import LOOKS, gallery
from showtell.study.parameters import load
from showtell.study.registry import part

ROOT = Path(__file__).resolve().parents[2]


def test_sheets_of_what_needs_no_opengl_are_drawn_with_a_line_of_progress(tmp_path, caplog):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "workflow/scales", tmp_path / "workflow/scales")
    with caplog.at_level(logging.INFO):
        assert gallery(tmp_path, ["classic_control", "hand"]) == 0
    assert "cartpole: looks" in caplog.text
    sheets = {path.name: path for path in (tmp_path / "docs/gallery").iterdir()}
    assert set(sheets) == {"classic_control.jpg", "hand-demos.jpg"}
    for path in sheets.values():
        with Image.open(path) as sheet:
            assert np.asarray(sheet.convert("L")).std() > 20
        assert path.stat().st_size < 100_000


def test_every_family_of_tasks_has_its_looks():
    worlds = [task.world.kind for task in load(ROOT, "paper").tasks.values()]
    assert {part("worlds", name).module.rpartition(".")[2] for name in worlds} == set(LOOKS)


def test_the_gallery_in_the_repository_is_small():
    files = list((ROOT / "docs/gallery").iterdir())
    assert {f"{family}.jpg" for family in LOOKS} <= {file.name for file in files}
    assert sum(file.stat().st_size for file in files) < 600_000
