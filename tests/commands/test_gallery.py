"""The gallery: one sheet a family, small, from the parameters as they are."""

import logging
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from showtell.commands.gallery import gallery
from showtell.study.loading import load
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


def test_the_gallery_in_the_repository_is_small_and_has_every_family():
    worlds = [task.world.kind for task in load(ROOT, "paper").tasks.values()]
    files = list((ROOT / "docs/gallery").iterdir())
    families = {part("worlds", name).family for name in worlds}
    assert {f"{family}.jpg" for family in families} <= {file.name for file in files}
    assert sum(file.stat().st_size for file in files) < 600_000
