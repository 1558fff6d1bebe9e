"""Training a small CLIP: the loss, its determinism, and that it learns."""

from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from pydantic import ValidationError

from showtell.data.samples import Captioned
from showtell.training.clip import ClipRecipe, Trained, contrast, train_clip
from tests.nets.models import random_model, settings

RECIPE: dict[str, Any] = {
    "kind": "clip",
    "dataset": {
        "kind": "classic_control_captions",
        "cartpole": 20,
        "mountain_car": 10,
        "textured": 0.5,
        "held_out": 0.2,
        "looseness": 1.5,
    },
    "steps": 60,
    "batch": 24,
    "learning_rate": 3e-3,
    "warmup": 0.1,
    "weight_decay": 0.1,
}
COLOURS = {"a red wall": (200, 20, 20), "a blue wall": (20, 20, 200), "a green wall": (20, 180, 20)}


def walls(count: int, seed: int) -> Captioned:
    """Noisy pictures of one colour each, and the caption that names it."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 3, count)
    colours = np.array(list(COLOURS.values()))[which]
    frames = colours[:, None, None] + rng.integers(-20, 20, (count, 32, 32, 3))
    return Captioned(
        frames.clip(0, 255).astype(np.uint8), list(COLOURS), np.eye(3, dtype="f4")[which]
    )


def trained(root: int = 0, **changes: Any) -> Trained:
    recipe = ClipRecipe.model_validate(RECIPE | changes)
    data, address = (walls(120, 0), walls(60, 1)), ("encoder", "x")
    return train_clip(settings(), recipe, *data, root, address, lambda *_: None)


def weights(result: Trained) -> dict[str, torch.Tensor]:
    return result.encoder._model.state_dict()


def test_one_caption_a_picture_is_open_clips_loss():
    generator = torch.Generator().manual_seed(0)
    seen, said = torch.nn.functional.normalize(torch.randn(2, 7, 5, generator=generator), dim=-1)
    scale = torch.tensor(14.0)
    theirs = open_clip.ClipLoss()(seen, said, scale)
    torch.testing.assert_close(contrast(scale * seen @ said.T, torch.eye(7)), theirs)


def test_pictures_that_share_a_caption_are_all_right_answers():
    fits = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    right, one_missed = (torch.where(fits > 0, 9.0, -9.0) for _ in range(2))
    one_missed[1, 0] = -9
    # The best that can be done: each caption halves between the two pictures it fits.
    assert contrast(right, fits) == pytest.approx(2 / 3 * np.log(2) / 2, abs=1e-4)
    assert contrast(one_missed, fits) > 2


def test_the_loss_is_least_where_logits_say_how_well_captions_fit():
    rng = np.random.default_rng(0)
    fits = torch.from_numpy(rng.dirichlet(np.ones(4), size=6))
    logits = (fits / fits.sum(0)).log().requires_grad_()
    contrast(logits, fits).backward()
    assert logits.grad is not None
    fittest = contrast(fits.log(), fits)
    for _ in range(20):
        moved = fits.log() + 0.5 * torch.from_numpy(rng.normal(size=(6, 4)))
        assert contrast(moved, fits) > fittest - 0.02


@pytest.fixture(scope="module")
def result() -> Trained:
    return trained()


def test_it_learns_what_the_captions_speak_of(result):
    assert result.metrics["image_to_text"] == 1.0
    assert result.metrics["text_to_image"] == 1.0
    assert result.losses[-1] < 0.4 * result.losses[0]
    assert len(result.losses) == RECIPE["steps"]


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_ones(result):
    one, two, other = result, trained(), trained(root=1, steps=2)
    assert one.losses == two.losses
    assert one.losses[:2] != other.losses
    assert one.metrics == two.metrics
    assert all(
        torch.equal(a, b) for a, b in zip(*map(dict.values, map(weights, (one, two))), strict=True)
    )


def test_the_callers_randomness_and_threads_are_left_alone():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    trained(steps=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_the_result_does_not_depend_on_the_callers_threads():
    threads, losses = torch.get_num_threads(), []
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            losses.append(trained(steps=3).losses)
    finally:
        torch.set_num_threads(threads)
    assert losses[0] == losses[1]


def test_words_that_no_caption_uses_are_left_alone(result):
    table = weights(result)["token_embedding.weight"]
    tokens = open_clip.get_tokenizer("showtell-smoke")(list(COLOURS)).unique()
    other = trained(steps=1, learning_rate=1e-9)
    changed = (table - weights(other)["token_embedding.weight"]).abs().amax(1) > 1e-6
    assert set(changed.nonzero()[:, 0].tolist()) == set(tokens.tolist())
    assert table.shape == random_model().state_dict()["token_embedding.weight"].shape


def test_progress_is_told_every_step():
    told: list[tuple[int, dict[str, float]]] = []
    recipe, data = ClipRecipe.model_validate(RECIPE | {"steps": 3}), (walls(9, 0), walls(9, 1))
    result = train_clip(settings(), recipe, *data, 0, (), lambda *now: told.append(now))
    assert told == [(step, {"loss": loss}) for step, loss in enumerate(result.losses, 1)]


def test_the_description_says_how_it_was_trained(result):
    assert result.encoder.network.recipe == RECIPE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, r"^steps$"),
        ({"stepz": 1}, r"^stepz$"),
        ({"dataset": RECIPE["dataset"] | {"widht": 3}}, r"^dataset\..*\.widht$"),
        ({"dataset": {"kind": "captions"}}, r"'captions' .* 'classic_control_captions'"),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_place(change, said):
    with pytest.raises(ValidationError, match=rf"(?m){said}"):
        ClipRecipe.model_validate(RECIPE | change)


def test_a_recipe_can_be_written_and_read():
    recipe = ClipRecipe.model_validate(RECIPE)
    assert ClipRecipe.model_validate(recipe.model_dump(mode="json")) == recipe
    schema = ClipRecipe.model_json_schema()
    datasets = {one["$ref"].split("/")[-1] for one in schema["properties"]["dataset"]["oneOf"]}
    assert any("looseness" in schema["$defs"][name]["properties"] for name in datasets)
