"""Imports of other packages, less what nobody here needs."""

import importlib
import sys

import pytest

from showtell.project.imports import standing_in


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that imports something slow, and copes without something else."""
    (tmp_path / "borrower.py").write_text(
        "from colorsys import rgb_to_hsv\n"
        "try:\n    import wave\nexcept ImportError:\n    wave = None\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("colorsys", "wave", "borrower"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_what_stands_in_is_met_and_then_gone(package):
    with standing_in({"colorsys": {"rgb_to_hsv": "mine"}, "wave": None}):
        borrower = importlib.import_module("borrower")
    assert (borrower.rgb_to_hsv, borrower.wave) == ("mine", None)
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    assert importlib.import_module("wave").__file__


def test_what_was_imported_before_stays(package):
    real = importlib.import_module("colorsys")
    with standing_in({"colorsys": {}}):
        assert importlib.import_module("borrower").rgb_to_hsv is real.rgb_to_hsv
    assert sys.modules["colorsys"] is real


def test_an_error_inside_leaves_nothing_behind(package):
    with pytest.raises(ValueError), standing_in({"colorsys": {}}):
        raise ValueError
    assert "colorsys" not in sys.modules
