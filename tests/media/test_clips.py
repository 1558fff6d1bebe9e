"""Clips of all kinds: read whole or refused by name, trimmed, resampled, fitted."""

import wave

import numpy as np
import pytest
from PIL import Image

from showtell.media import clips
from showtell.media.clips import fit, read_clip
from showtell.media.video import write_video
from showtell.project.errors import UserError


def squares(count: int = 6, width: int = 40, height: int = 30) -> np.ndarray:
    frames = np.full((count, height, width, 3), 90, dtype=np.uint8)
    for number, frame in enumerate(frames):
        frame[8:20, 3 * number : 3 * number + 12] = (220, 60, 30)
    return frames


def save(path, frames, mode="RGB", **options):
    pictures = [Image.fromarray(frame).convert(mode) for frame in frames]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **options)
    return path


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_moving_pictures_come_back_whole(tmp_path, suffix):
    options = {"lossless": True} if suffix == "webp" else {}
    frames = read_clip(save(tmp_path / f"clip.{suffix}", squares(), **options)).frames
    assert frames.shape == (6, 30, 40, 3)
    assert np.abs(frames.astype(int) - squares()).mean() < 3


def test_every_frame_of_a_gif_has_its_own_palette(tmp_path):
    gradient = np.linspace(0, 255, 30 * 40 * 3).astype(np.uint8).reshape(30, 40, 3)
    frames = np.stack([gradient, gradient[::-1], gradient[:, ::-1]])
    pictures = [Image.fromarray(frame).quantize(32) for frame in frames]
    pictures[0].save(tmp_path / "clip.gif", save_all=True, append_images=pictures[1:])
    back = read_clip(tmp_path / "clip.gif").frames
    for seen, picture in zip(back, pictures, strict=True):
        np.testing.assert_array_equal(seen, np.asarray(picture.convert("RGB")))


def test_transparency_is_laid_on_white(tmp_path):
    rgba = np.zeros((2, 10, 10, 4), np.uint8)
    rgba[:, 2:8, 2:8] = (200, 30, 30, 255)
    rgba[:, 0, 9] = (0, 0, 0, 255)  # else the white around would be a page
    rgba[1, 4:6, 4:6] = (0, 0, 255, 128)
    back = read_clip(save(tmp_path / "clip.webp", rgba, mode="RGBA", lossless=True)).frames
    np.testing.assert_array_equal(back[:, 0, 0], [[255] * 3] * 2)
    np.testing.assert_allclose(back[1, 5, 5], [127, 127, 255], atol=1)


def test_a_video_of_odd_size_is_read(tmp_path):
    write_video(tmp_path / "clip.mp4", squares(4, 41, 31), 10)
    assert read_clip(tmp_path / "clip.mp4").frames.shape[0] == 4


def test_a_folder_of_pictures_is_read_by_number(tmp_path):
    for number, frame in enumerate(squares(11)):
        Image.fromarray(frame).save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    np.testing.assert_array_equal(read_clip(tmp_path).frames, squares(11))


def test_frames_of_several_sizes_are_refused(tmp_path):
    for number, width in enumerate((40, 42)):
        Image.fromarray(squares(1, width)[0]).save(tmp_path / f"{number}.png")
    with pytest.raises(UserError, match="frames of 2 sizes, from 40x30 to 42x30"):
        read_clip(tmp_path)


@pytest.mark.parametrize("suffix", ["gif", "png", "mp4"])
@pytest.mark.parametrize("kept", [0.3, 0.8])
def test_a_truncated_file_is_refused_by_name(tmp_path, suffix, kept):
    path = tmp_path / f"clip.{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (8, 30, 40, 3), np.uint8)
    if suffix == "mp4":
        write_video(path, noise, 10)
    else:
        save(path, noise)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(UserError, match=rf"clip\.{suffix}"):
        read_clip(path)


@pytest.mark.parametrize("suffix", ["gif", "mp4", "webm", "txt"])
def test_what_is_no_video_is_refused_by_name(tmp_path, suffix):
    path = tmp_path / f"clip.{suffix}"
    path.write_text("not a video")
    with pytest.raises(UserError, match=rf"clip\.{suffix}"):
        read_clip(path)


def test_sound_without_pictures_is_said_to_be_that(tmp_path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(UserError, match="no pictures") as refusal:
        read_clip(tmp_path / "sound.wav")
    assert "tuple" not in str(refusal.value)


def test_a_damaged_video_of_a_person_is_not_to_be_pulled(tmp_path):
    path = tmp_path / "mine.mp4"
    write_video(path, squares(11), 10)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(UserError, match="another copy") as refusal:
        read_clip(path)
    assert "pull" not in str(refusal.value)


def test_nothing_and_nothing_there_are_told_apart(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty holds no frames"):
        read_clip(tmp_path / "empty")
    with pytest.raises(UserError, match=r"clip\.gif does not exist"):
        read_clip(tmp_path / "clip.gif")


def stills(folder, frames):
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number}.png")
    return folder


def test_a_page_around_a_clip_is_cut_off(tmp_path):
    page = np.full((6, 60, 70, 3), 254, dtype=np.uint8)
    page[:, 13:43, 17:57] = squares()
    clip = read_clip(stills(tmp_path, page))
    np.testing.assert_array_equal(clip.frames, squares())
    assert (clip.found, clip.size) == (6, (70, 60))


@pytest.mark.parametrize("below", [8, 30])  # a sky, and nothing but white
def test_white_that_is_part_of_the_picture_stays(tmp_path, below):
    shown = squares()
    shown[:, :below] = 255
    np.testing.assert_array_equal(read_clip(stills(tmp_path, shown)).frames, shown)


@pytest.mark.parametrize(
    ("count", "picked"), [(3, [0, 2, 5]), (6, range(6)), (1, [0]), (8, [0, 1, 1, 2, 3, 4, 4, 5])]
)
@pytest.mark.parametrize("held", [0, 1 << 20])
def test_frames_are_taken_evenly_also_of_a_clip_that_is_not_held(
    tmp_path, monkeypatch, count, picked, held
):
    monkeypatch.setattr(clips, "_KEPT_BYTES", held)
    clip = read_clip(stills(tmp_path, squares()), count)
    np.testing.assert_array_equal(clip.frames, squares()[list(picked)])
    assert clip.found == 6


@pytest.mark.parametrize("size", [(20, 20), (64, 16), (7, 90), (250, 250)])
def test_fitting_keeps_the_aspect_and_fills_the_view(size):
    fitted = fit(squares(), *size)
    assert fitted.shape == (6, size[1], size[0], 3)
    assert (fitted.reshape(-1, 3).max(axis=1) >= 85).all()  # nothing was padded


def test_fitting_averages_what_it_shrinks():
    lines = np.zeros((1, 200, 200, 3), np.uint8)
    lines[:, :, ::10] = 255
    small = fit(lines, 20, 20).astype(int)
    assert 15 < small.mean() < 35
    assert small.std() < 12  # aliased, columns would be black or bright
