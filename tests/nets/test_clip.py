"""CLIP: one way to load it, everything that decides its vectors checked."""

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import open_clip
import pytest
import torch
from pydantic import ValidationError

from showtell.nets.clip import ClipEncoder, describe
from showtell.nets.encoder import load
from showtell.nets.open_clip_models import architectures, config
from showtell.project.errors import UserError
from tests.nets.models import noise, random_model, save, settings, smoke_encoder

OPENAI = (0.48145466, 0.4578275, 0.40821073)


@pytest.fixture
def files(tmp_path):
    return save(smoke_encoder(), tmp_path)


def test_a_loaded_encoder_gives_the_vectors_of_the_saved_one(files):
    frames, words = noise(5), ["a pole", "a cart"]
    loaded, original = load(settings(), *files), smoke_encoder()
    assert isinstance(loaded, ClipEncoder)
    if loaded.device.type == "cpu":
        assert torch.equal(loaded.image(frames), original.image(frames))
        assert torch.equal(loaded.text(words), original.text(words))
    torch.testing.assert_close(loaded.image(frames), original.image(frames), atol=1e-3, rtol=0)


def test_vectors_are_float32_of_length_one():
    encoder = smoke_encoder()
    for vectors in (encoder.image(noise(3)), encoder.text(["a pole", "two poles", "a car"])):
        assert vectors.shape == (3, encoder.dimensions)
        assert vectors.dtype == torch.float32
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_a_vector_does_not_depend_on_its_neighbours_or_on_the_batch():
    frames = noise(21)
    whole = smoke_encoder(batch=8).image(frames)
    encoder = smoke_encoder(batch=100)
    alone = torch.cat([encoder.image(frame[None]) for frame in frames])
    torch.testing.assert_close(whole, alone, atol=1e-5, rtol=0)


def test_a_cpu_gives_the_same_bits_twice():
    assert torch.equal(smoke_encoder().image(noise(9)), smoke_encoder().image(noise(9)))


def test_no_frames_give_no_vectors():
    assert smoke_encoder().image(noise(0)).shape == (0, 32)


def test_clips_are_refused():
    with pytest.raises(UserError, match="pictures, not clips"):
        smoke_encoder().video(noise(2)[None])


def test_a_prompt_that_would_be_cut_is_refused():
    with pytest.raises(UserError, match="has 31 tokens; showtell-smoke reads at most 30"):
        smoke_encoder().text(["a pole", "pole " * 31])
    assert smoke_encoder().text(["pole " * 30]).shape == (1, 32)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fit": "crop"}, "preprocessing"),
        ({"antialias": False}, "preprocessing"),
        ({"architecture": "showtell-mini"}, "architecture"),
        ({"pretrained": "openai"}, "pretrained"),
    ],
)
def test_weights_with_another_preprocessing_or_origin_are_refused(
    files, change, field, monkeypatch
):
    table = open_clip.pretrained._PRETRAINED  # a tag whose preprocessing is the default one
    monkeypatch.setitem(table, "showtell-smoke", {"openai": {"url": "file:///nowhere"}})
    with pytest.raises(UserError, match=rf"model\.json says {field} = "):
        load(settings(**change), *files)


def test_preprocessing_edited_by_hand_is_refused(files):
    described = json.loads(files[1].read_text())
    described["preprocessing"]["mean"] = [0.5, 0.5, 0.5]
    files[1].write_text(json.dumps(described))
    with pytest.raises(UserError, match=r"model\.json says preprocessing = .*0\.5"):
        load(settings(), *files)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "open_clip"}'])
def test_a_broken_description_is_refused_by_name(files, text):
    files[1].write_text(text)
    with pytest.raises(UserError, match=r"model\.json is not a description"):
        load(settings(), *files)


@pytest.mark.parametrize("keep", [0, 4, 1000, -1])
def test_truncated_weights_are_refused_by_name(files, keep):
    files[0].write_bytes(files[0].read_bytes()[:keep])
    with pytest.raises(UserError, match=r"model\.safetensors is not a whole safetensors file"):
        load(settings(), *files)


def test_weights_of_another_architecture_are_refused_by_name(tmp_path, files):
    (tmp_path / "mini").mkdir()
    weights, _ = save(smoke_encoder(architecture="showtell-mini"), tmp_path / "mini")
    with pytest.raises(UserError, match=r"model\.safetensors is not a model of the architecture"):
        load(settings(), weights, files[1])


def test_the_published_code_normalises_every_model_as_openai_does():
    tag = {"architecture": "ViT-L-14", "pretrained": "laion2b_s32b_b82k"}
    assert describe(settings(**tag)).preprocessing.mean == (0.5, 0.5, 0.5)
    assert describe(settings(**tag, normalisation="openai")).preprocessing.mean == OPENAI


def test_the_papers_model_is_prepared_as_its_own_entry_says():
    paper = settings(architecture="ViT-bigG-14", pretrained="laion2b_s39b_b160k")
    described = describe(paper)
    assert described.own.size == (224, 224)
    assert described.preprocessing.mean == OPENAI
    assert described.preprocessing.interpolation == "bicubic"
    assert described.config["embed_dim"] == 1280


def test_an_activation_that_the_weights_do_not_have_is_refused():
    with pytest.raises(UserError, match="use the architecture RN50-quickgelu"):
        describe(settings(architecture="RN50", pretrained="openai"))
    described = describe(settings(architecture="RN50-quickgelu", pretrained="openai"))
    assert described.config["quick_gelu"] is True


def test_an_unknown_tag_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'laion2b_s39b_b160k'"):
        describe(settings(architecture="ViT-bigG-14", pretrained="laion2b_s39b"))


def test_an_architecture_with_a_foreign_tower_is_refused():
    with pytest.raises(UserError, match="a tower from another library"):
        config("ViT-B-16-SigLIP")


def test_every_architecture_of_open_clip_can_be_named_and_ours():
    config("showtell-mini")  # registers ours
    assert set(architectures()) == set(open_clip.list_models())
    assert {"showtell-mini", "showtell-smoke", "ViT-bigG-14"} <= set(architectures())


def test_weights_with_a_name_are_fetched_and_others_are_not():
    named = settings(architecture="ViT-B-32", pretrained="openai")
    assert named.fetched == "ViT-B-32/openai"
    assert settings().fetched is None


def test_the_size_is_counted_from_the_network():
    encoder = smoke_encoder()
    whole = sum(parameter.numel() for parameter in random_model().parameters())
    assert encoder.parameters == whole
    # Of the table of 49,408 words, 32 numbers each, two ends and the words of the captions count.
    encoder.words = frozenset(["robot", "kneeling"])
    tokens = len(encoder.tokens(["robot kneeling"])[0].unique()) - 1  # less the padding
    assert encoder.parameters == whole - (49_408 - tokens) * 32


def test_the_family_of_stand_ins_grows_by_its_width():
    sizes = [
        sum(p.numel() for p in random_model(f"showtell-{name}").visual.parameters())
        for name in ("quarter", "half", "mini", "double")
    ]
    assert all(3 < larger / smaller < 5 for smaller, larger in pairwise(sizes))


def test_a_random_network_is_made_from_its_seed_and_says_what_it_is(tmp_path):
    asked = settings(pretrained="random")
    vectors = []
    for seed in (3, 3, 4):
        files = tmp_path / "model.safetensors", tmp_path / "model.json"
        ClipEncoder.fetch(asked, tmp_path, tmp_path / "lock.json", *files, seed)
        loaded = load(asked, *files)
        vectors.append(loaded.image(noise(2)))
        assert "random" in loaded.network.note
    assert torch.equal(vectors[0], vectors[1])
    assert not torch.equal(vectors[0], vectors[2])
    assert not (tmp_path / "lock.json").exists()


def test_an_unknown_architecture_names_the_nearest():
    with pytest.raises(ValidationError, match="did you mean 'ViT-bigG-14'"):
        settings(architecture="ViT-bigG14")


def test_settings_are_checked_without_torch():
    code = (
        "import sys; from showtell.nets.clip import ClipSettings; "
        "from showtell.study.registry import parts; parts('nets'); parts('rewards'); "
        "parts('goals'); parts('studies'); parts('data'); "
        "print({'torch', 'open_clip', 'mujoco', 'mlflow'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout.strip() == "set()", printed.stderr


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu_within_the_precision(tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    sighted = smoke_encoder()
    with torch.no_grad():  # a new network takes all pictures for one
        sighted._model.visual.conv1.weight.mul_(30)
    files = save(sighted, tmp_path)
    colours = np.random.default_rng(0).integers(0, 256, (20, 1, 1, 3)).astype(np.uint8)
    frames = np.broadcast_to(colours, (20, 40, 60, 3))
    exact = sighted.image(frames)
    spread = (exact - exact.mean(0)).norm()
    for precision, tolerance in (("float32", 0.01), ("float16", 0.02), ("bfloat16", 0.15)):
        found = load(settings(precision=precision), *files).image(frames)
        assert (found - exact).norm() < tolerance * spread
