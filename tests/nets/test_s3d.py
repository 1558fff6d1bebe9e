"""S3D as an encoder: one way to load it, its vectors, what it refuses."""

import json
import logging
import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import spearmanr

from showtell.nets.encoder import load
from showtell.nets.s3d import S3dEncoder
from showtell.project.errors import UserError
from showtell.study.registry import part
from tests.nets.s3d_models import (
    WORDS,
    moving_squares,
    noise,
    settings,
    small_encoder,
)


@pytest.fixture
def files(tmp_path):
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    small_encoder().save(*files, note="seen nothing yet")
    return files


def test_a_loaded_encoder_gives_the_vectors_of_the_saved_one(files):
    loaded, original = load(settings(), *files), small_encoder()
    assert isinstance(loaded, S3dEncoder)
    assert loaded.network.note == "seen nothing yet"
    sentences = ["robot closing drawer", "red button"]
    assert torch.equal(loaded.text(sentences), original.text(sentences))
    if loaded.device.type == "cpu":
        assert torch.equal(loaded.video(noise(5)), original.video(noise(5)))
    torch.testing.assert_close(loaded.video(noise(5)), original.video(noise(5)), atol=1e-3, rtol=0)


def test_vectors_are_the_networks_own_not_normalised():
    encoder, network = small_encoder(), small_encoder()._model
    clips = noise(3)
    with torch.inference_mode():
        seen = network(torch.from_numpy(clips).permute(0, 4, 1, 2, 3) / 255).embedding
    torch.testing.assert_close(encoder.video(clips), seen, atol=1e-5, rtol=1e-5)
    assert (encoder.video(clips).norm(dim=1) - 1).abs().min() > 0.01
    read = encoder.text(["robot closing drawer"])
    assert seen.dtype == read.dtype == torch.float32
    assert seen.shape == (3, encoder.dimensions)
    assert read.shape == (1, encoder.dimensions)


def test_the_order_of_words_does_not_matter_but_the_words_do():
    encoder = small_encoder()
    one, same, other = encoder.text(["robot closing", "closing robot", "robot pushing"])
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_vector_does_not_depend_on_its_neighbours_or_on_the_batch(precision):
    clips = noise(7)
    together = small_encoder(precision=precision, batch=4).video(clips)
    encoder = small_encoder(precision=precision)
    alone = torch.cat([encoder.video(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_cpu_gives_the_same_bits_twice(precision):
    first, second = (small_encoder(precision=precision).video(noise(3)) for _ in range(2))
    assert torch.equal(first, second)


def test_bfloat16_is_close_to_float32():
    clips = noise(16)
    exact = small_encoder().video(clips)
    rounded = small_encoder(precision="bfloat16").video(clips)
    assert rounded.dtype == torch.float32
    assert (exact - rounded).abs().max() < 0.1 * exact.abs().mean()


def test_a_cpu_that_is_slow_in_bfloat16_computes_in_float32_and_says_so(monkeypatch, caplog):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    encoder = small_encoder(precision="bfloat16")
    assert encoder.precision == "float32"
    assert "slow in bfloat16" in caplog.text
    assert torch.equal(encoder.video(noise(2)), small_encoder().video(noise(2)))


def test_no_clips_give_no_vectors():
    assert small_encoder().video(noise(0)).shape == (0, 32)


def test_clips_of_any_length_and_size_are_fitted_first():
    assert small_encoder().video(noise(2, 21, 40, 50)).shape == (2, 32)


def test_encoding_keeps_no_graph():
    encoder = small_encoder()
    assert not encoder.video(noise(1)).requires_grad
    assert not encoder.text(["robot"]).requires_grad


def test_a_sentence_without_a_known_word_is_refused():
    with pytest.raises(UserError, match=r"no word of 'open the door'.*closing, green"):
        small_encoder().text(["robot", "open the door"])
    with pytest.raises(UserError, match="no word of ''"):
        small_encoder().text([""])


def test_left_out_words_and_cut_ones_are_told(caplog):
    caplog.set_level(logging.WARNING)
    small_encoder().text(["a robot closing a green drawer"])
    assert not caplog.text
    small_encoder().text(["a robot shutting a green drawer"])
    assert "does not know ['shutting']" in caplog.text
    small_encoder().text(["robot " * 17])
    assert "reads 16 of the 17 words" in caplog.text


def test_single_pictures_are_refused():
    with pytest.raises(UserError, match="clips, not single pictures"):
        small_encoder().image(noise(1)[0])


def test_the_description_is_data_with_the_words_in_it(files):
    described = json.loads(files[1].read_text())
    assert described["words"] == list(WORDS)
    assert described["preprocessing"]["values"] == "0-1"
    assert described["architecture"]["width"] == 0.125


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("preprocessing", {"values": "0-255"}),
        ("preprocessing", {"sampling": "every-fourth"}),
        ("preprocessing", {"picture": {"width": 34, "height": 32}}),
        ("preprocessing", {"frames": 10}),
        ("architecture", {"architecture": {"width": 0.25, "dimensions": 32, "word_dimensions": 16,
                                           "text_hidden": 64}}),
        ("pretrained", {"pretrained": "howto100m"}),
    ],
)  # fmt: skip
def test_weights_that_are_not_the_ones_asked_for_are_refused(files, field, changes):
    with pytest.raises(UserError, match=rf"says {field} = .*make reproduce"):
        load(settings(**changes), *files)


def test_damaged_files_are_refused_with_the_cure(files):
    weights, network = files
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    with pytest.raises(UserError, match=r"not a whole safetensors file.*make reproduce"):
        load(settings(), *files)
    weights.write_bytes(whole)
    described = json.loads(network.read_text())
    network.write_text(json.dumps(described | {"words": described["words"][:-1]}))
    with pytest.raises(UserError, match="not a model of the architecture it should be"):
        load(settings(), *files)
    network.write_text("{")
    with pytest.raises(UserError, match="not a description of an S3D"):
        load(settings(), *files)


def test_an_odd_number_of_frames_is_refused_before_anything_runs():
    with pytest.raises(ValidationError, match="even number of frames, rows and columns"):
        settings(frames=7)


@pytest.mark.parametrize(
    "changes", [{"precision": "float16"}, {"batch": 0}, {"architecture": {"width": 1}}]
)
def test_parameters_that_mean_nothing_are_refused(changes):
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frames": 31}, "even number of frames.* not 31.*nearest is 30 frames"),
        ({"picture": {"width": 33, "height": 32}}, "even number of frames, rows and columns"),
        ({"picture": "native"}, "picture"),
    ],
)
def test_pictures_and_frames_that_the_network_cannot_read_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        settings(**changes)


def test_the_part_is_found_without_importing_torch():
    code = (
        "import sys; from showtell.study.registry import part;"
        "assert part('nets', 's3d').class_name == 'S3dEncoder';"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert part("nets", "s3d").load() is S3dEncoder


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_ranks_clips_as_a_cpu_does():
    cpu = small_encoder()
    gpu = S3dEncoder(settings(precision="bfloat16"), cpu._model, cpu.network, device="cuda")
    clips = moving_squares(64, seed=0).clips  # noise looks much alike to a random network
    goal = cpu.text(["robot closing drawer"])[0]
    exact, rounded = ((encoder.video(clips) @ goal).numpy() for encoder in (cpu, gpu))
    assert np.isfinite(rounded).all()
    assert spearmanr(exact, rounded).statistic > 0.95


def test_published_weights_read_the_pixel_values_of_a_task(tmp_path):
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    plain = settings(pretrained="random")
    small_encoder(pretrained="random").save(*files)
    clips = noise(2)
    published = load(plain.reading("0-255"), *files)
    assert published.network.preprocessing.prepare(clips).max() == clips.max()
    assert not np.allclose(published.video(clips), load(plain, *files).video(clips))


def test_pixel_values_that_bfloat16_cannot_hold_are_refused():
    with pytest.raises(ValidationError, match="need precision: float32"):
        settings(values="0-255", precision="bfloat16")
    with pytest.raises(ValueError, match="need precision: float32"):
        settings(precision="bfloat16", pretrained="random").reading("0-255")
    assert settings(values="0-255", precision="float32").preprocessing.values == "0-255"


def test_weights_can_be_read_by_others(files):
    """By all whom the umask lets: safetensors' own writer makes files private."""
    made = files[0].parent / "plain"
    made.write_text("")
    assert files[0].stat().st_mode == made.stat().st_mode
