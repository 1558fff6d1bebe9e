import stat

import numpy as np
import pytest
from gymnasium import spaces

from showtell.learners import policies
from showtell.learners.networks import perceptron, through
from showtell.project.errors import UserError
from showtell.project.files import read_json, write_json

DESCRIPTION = {
    "learner": "dqn", "layers": perceptron(["a", "b"], "relu"), "head": "argmax",
    "exploration": 0.25, "observations": 2, "actions": 3,
}  # fmt: skip
WEIGHTS = {
    "a.weight": np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32),
    "a.bias": np.array([0, 0, 0], dtype=np.float32),
    "b.weight": np.eye(3, dtype=np.float32),
    "b.bias": np.array([0, 0, 0.5], dtype=np.float32),
    "unused": np.ones(2, dtype=np.float32),
}


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "policy.safetensors", tmp_path / "policy.json"
    policies.save(*paths, WEIGHTS, DESCRIPTION)
    return paths


def test_greedy_actions_are_the_largest_outputs(files):
    observations = np.array([[2, 1], [1, 2], [-3, 0], [0, 0]], dtype=np.float32)
    assert policies.load(*files).act(observations).tolist() == [0, 1, 2, 2]


def test_hidden_layers_are_activated(files):
    seen = np.array([[-1, 3]], dtype=np.float32)
    relu = policies.load(*files).network
    np.testing.assert_allclose(through(relu.layers, WEIGHTS, seen), [[0, 3, 1.5]])
    write_json(files[1], DESCRIPTION | {"layers": perceptron(["a", "b"], "tanh")})
    tanh = through(policies.load(*files).network.layers, WEIGHTS, seen)
    np.testing.assert_allclose(tanh, [[np.tanh(-1), np.tanh(3), np.tanh(1) + 0.5]], rtol=1e-6)


def test_stochastic_actions_are_random_as_often_as_described(files):
    policy = policies.load(*files)
    generators = [np.random.default_rng(number) for number in range(4000)]
    observations = np.tile(np.array([[2, 1]], dtype=np.float32), (4000, 1))
    actions = policy.act(observations, generators)
    # A quarter is random, of which a third happens to be the greedy action.
    assert (actions != 0).mean() == pytest.approx(0.25 * 2 / 3, abs=0.02)


def test_a_rows_chance_does_not_depend_on_its_neighbours(files):
    policy = policies.load(*files)
    observations = np.zeros((3, 2), dtype=np.float32)

    def third(rows):
        generators = [np.random.default_rng(number) for number in rows]
        return [policy.act(observations[: len(rows)], generators)[-1] for _ in range(50)]

    assert third([7, 8, 9]) == third([9]) == third([1, 9])


GAUSSIAN = DESCRIPTION | {
    "learner": "ppo", "head": "gaussian", "exploration": 0.0, "low": [-1, -1, 0], "high": [1, 2, 9],
}  # fmt: skip


@pytest.fixture
def gaussian(tmp_path):
    paths = tmp_path / "g.safetensors", tmp_path / "g.json"
    spread = np.log(np.array([0.1, 0.2, 3.0], dtype=np.float32))
    policies.save(*paths, WEIGHTS | {"log_std": spread}, GAUSSIAN)
    return policies.load(*paths)


def test_a_gaussians_best_action_is_its_mean_clipped_to_the_box(gaussian):
    observations = np.array([[0.5, 1.5], [3, 5], [-4, 0]], dtype=np.float32)
    assert gaussian.act(observations).tolist() == [[0.5, 1.5, 0.5], [1, 2, 0.5], [0, 0, 4.5]]
    assert gaussian.act(observations).dtype == np.float32


def test_a_gaussians_actions_spread_as_it_says_within_the_box(gaussian):
    generators = [np.random.default_rng(number) for number in range(4000)]
    observations = np.tile(np.array([[-0.5, 0.25]], dtype=np.float32), (4000, 1))
    actions = gaussian.act(observations, generators)
    # The means are 0, 0.25 and 1, of which the last is cut off at 0.
    np.testing.assert_allclose(actions[:, :2].mean(axis=0), [0, 0.25], atol=0.01)
    np.testing.assert_allclose(actions[:, :2].std(axis=0), [0.1, 0.2], rtol=0.05)
    assert (actions[:, 2] == 0).mean() == pytest.approx(0.37, abs=0.03)
    again = gaussian.act(observations[:1], [np.random.default_rng(0)])
    np.testing.assert_array_equal(again[0], actions[0])


def test_a_gaussian_without_its_box_or_its_spread_is_refused(files):
    weights, network = files
    write_json(network, GAUSSIAN | {"low": [-1]})
    with pytest.raises(UserError, match="needs 3 bounds"):
        policies.load(weights, network)
    write_json(network, GAUSSIAN)
    with pytest.raises(UserError, match="has no 'log_std'"):
        policies.load(weights, network)


def test_a_file_holds_several_policies_by_their_choice(tmp_path):
    paths = tmp_path / "policy.safetensors", tmp_path / "policy.json"
    other = WEIGHTS | {"b.bias": np.array([0, 9, 0], dtype=np.float32)}
    policies.save(*paths, policies.together(WEIGHTS, {"best-true": other}), DESCRIPTION)
    observations = np.array([[2, 1]], dtype=np.float32)
    assert policies.load(*paths).act(observations).tolist() == [0]
    assert policies.load(*paths, "best-true").act(observations).tolist() == [1]
    assert policies.load_weights(paths[0]).keys() == WEIGHTS.keys()
    assert policies.load_weights(paths[0], "best-true").keys() == WEIGHTS.keys()
    with pytest.raises(UserError, match="holds no 'best-learned' policy"):
        policies.load(*paths, "best-learned")


def test_files_are_readable_by_others(files):
    for path in files:
        assert path.stat().st_mode & stat.S_IRGRP


def test_the_same_policy_is_the_same_bytes(files, tmp_path):
    again = tmp_path / "again.safetensors", tmp_path / "again.json"
    policies.save(*again, dict(reversed(WEIGHTS.items())), DESCRIPTION)
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in files]


def test_a_truncated_file_is_refused_by_name(files):
    weights, network = files
    weights.write_bytes(weights.read_bytes()[:-3])
    with pytest.raises(UserError, match=r"policy\.safetensors is not a whole"):
        policies.load(weights, network)


def test_a_description_of_another_policy_is_refused(files):
    weights, network = files
    write_json(network, read_json(network) | {"layers": perceptron(["a", "c"], "relu")})
    with pytest.raises(UserError, match=r"has no 'c\.weight'"):
        policies.load(weights, network)


@pytest.mark.parametrize("content", ["{", "[]", '{"learner": "dqn"}'])
def test_a_file_that_describes_no_policy_is_refused_by_name(files, content):
    weights, network = files
    network.write_text(content)
    with pytest.raises(UserError, match=r"policy\.json does not describe a policy"):
        policies.load(weights, network)


def test_a_policy_is_refused_in_another_world(files):
    network = policies.load(*files).network
    policies.check_fits(network, spaces.Box(-1, 1, (2,)), spaces.Discrete(3))
    for observation, action in (((4,), 3), ((2,), 2)):
        with pytest.raises(UserError, match="trained for a world"):
            policies.check_fits(network, spaces.Box(-1, 1, observation), spaces.Discrete(action))


SQUASHED = DESCRIPTION | {
    "learner": "sac", "head": "squashed_gaussian", "exploration": 0.0,
    "low": [-1, -2, 0], "high": [1, 2, 8],
    "spread": {"kind": "dense", "name": "s", "activation": "none"},
}  # fmt: skip


@pytest.fixture
def squashed(tmp_path):
    paths = tmp_path / "s.safetensors", tmp_path / "s.json"
    spread = {"s.weight": np.zeros((3, 3), np.float32), "s.bias": np.log([0.1, 0.2, 9.0])}
    policies.save(*paths, WEIGHTS | {n: a.astype(np.float32) for n, a in spread.items()}, SQUASHED)
    return policies.load(*paths)


def test_a_squashed_gaussians_best_action_is_the_tanh_of_its_mean_in_the_box(squashed):
    observations = np.array([[0.5, 1.5], [-4, 0]], dtype=np.float32)
    means = np.array([[0.5, 1.5, 0.5], [0, 0, 4.5]])
    expected = np.tanh(means) * [1, 2, 4] + [0, 0, 4]
    np.testing.assert_allclose(squashed.act(observations), expected, rtol=1e-6)


def test_a_squashed_gaussians_actions_spread_as_it_says_within_the_box(squashed):
    generators = [np.random.default_rng(number) for number in range(4000)]
    observations = np.tile(np.array([[-0.5, 0.25]], dtype=np.float32), (4000, 1))
    actions = squashed.act(observations, generators)
    raw = np.arctanh(actions[:, :2] / [1, 2])
    np.testing.assert_allclose(raw.mean(axis=0), [0, 0.25], atol=0.02)
    np.testing.assert_allclose(raw.std(axis=0), [0.1, 0.2], rtol=0.05)
    # A log std above 2 counts as 2.
    assert (np.abs(actions[:, 2] - 4) > 3.999).mean() == pytest.approx(0.6, abs=0.1)


def test_a_squashed_gaussian_without_its_spread_is_refused(files):
    write_json(files[1], SQUASHED | {"spread": None})
    with pytest.raises(UserError, match="needs a layer `spread`"):
        policies.load(*files)


def test_observations_are_scaled_as_described(files):
    scaling = {"middle": [1.0, 0.0], "half": [2.0, 0.5]}
    write_json(files[1], DESCRIPTION | {"scaling": scaling})
    policy = policies.load(*files)
    assert policy.act(np.array([[3, 0.4], [3, 0.6]], np.float32)).tolist() == [0, 1]


@pytest.mark.parametrize("side", [8, 11])
@pytest.mark.parametrize(("stride", "padding", "pool"), [(1, 2, 2), (2, 1, 1), (2, 0, 2)])
def test_convolutions_are_torchs(side, stride, padding, pool):
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(6, 4, 5, stride, padding), torch.nn.ReLU(), torch.nn.MaxPool2d(pool),
        torch.nn.Conv2d(4, 3, 1), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.LazyLinear(2),
    )  # fmt: skip
    pictures = torch.rand(3, 6, side, side + 2)
    expected = net(pictures).detach().numpy()
    conv = {"kind": "conv", "activation": "relu", "stride": stride, "padding": padding}
    description = {
        **DESCRIPTION, "actions": 2, "observations": 6 * side * (side + 2), "layers": [
            conv | {"name": "0", "pool": pool},
            conv | {"name": "3", "activation": "tanh", "stride": 1, "padding": 0, "pool": 1},
            {"kind": "dense", "name": "6", "activation": "none"},
        ],
    }  # fmt: skip
    weights = {name: array.numpy() for name, array in net.state_dict().items()}
    found = through(policies.Network.model_validate(description).layers, weights, pictures.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-6)
