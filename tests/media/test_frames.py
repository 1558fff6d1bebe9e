"""Pictures: resizing that loses no thin line, windows, sheets, and files without loss."""

import numpy as np
import pytest

from showtell.media.frames import (
    centre_crop,
    contact_sheet,
    crop,
    read_png,
    resize,
    strip,
    write_png,
)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_shrinking_averages_so_a_thin_line_survives():
    frames = np.zeros((2, 64, 64, 3), dtype=np.uint8)
    frames[:, :, 5] = 255
    small = resize(frames, 8, 8)
    assert small.shape == (2, 8, 8, 3)
    assert small[0, 4].max() > 20
    assert resize(frames, 8, 8, "nearest").max() == 0


def test_resizing_to_the_same_size_changes_nothing_and_shapes_are_width_height():
    frames = noise(1, 4, 6, 3)
    np.testing.assert_array_equal(resize(frames, 6, 4), frames)
    assert resize(frames, 12, 4).shape == (1, 4, 12, 3)


def test_crop_takes_the_window_of_a_picture_and_of_every_frame():
    frames = noise(3, 10, 20, 3)
    np.testing.assert_array_equal(crop(frames, 2, 1, 5, 4), frames[:, 1:5, 2:7])
    np.testing.assert_array_equal(centre_crop(frames[0], 10, 10), frames[0, :, 5:15])
    with pytest.raises(ValueError, match="20x10"):
        crop(frames, 16, 0, 5, 4)


def test_a_strip_shows_the_first_and_the_last_frame():
    frames = noise(9, 4, 4, 3)
    sheet = strip(frames, 3, gap=2)
    assert sheet.shape == (4, 16, 3)
    np.testing.assert_array_equal(sheet[:, :4], frames[0])
    np.testing.assert_array_equal(sheet[:, 6:10], frames[4])
    np.testing.assert_array_equal(sheet[:, 12:], frames[8])
    assert (sheet[:, 4:6] == 255).all()


def test_a_sheet_fills_row_by_row_and_leaves_the_rest_white():
    frames = noise(5, 2, 2, 3)
    sheet = contact_sheet(frames, columns=3, gap=0)
    np.testing.assert_array_equal(sheet[2:, 2:4], frames[4])
    assert (sheet[2:, 4:] == 255).all()


def test_png_keeps_every_pixel(tmp_path):
    picture = noise(7, 5, 3)
    write_png(tmp_path / "picture.png", picture)
    np.testing.assert_array_equal(read_png(tmp_path / "picture.png"), picture)
