"""The names of Stable-Baselines3 that are private and yet relied upon, in the real package."""

import ast
import inspect
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import stable_baselines3
from gymnasium import Env, spaces
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.sac.policies import SACPolicy

import showtell.learners
from showtell.learners.sb3 import private

LEARNERS = Path(showtell.learners.__file__).parent
PARTS = ("common", "dqn", "ppo", "sac")  # of Stable-Baselines3
# Methods of a callback that Stable-Baselines3 documents for subclasses to write.
DOCUMENTED = {name for name in vars(BaseCallback) if name.startswith("_on_")}


def renamed(name: str) -> str:
    return (
        f"stable_baselines3 {version('stable_baselines3')} has no {name}, which "
        f"showtell/learners/sb3/private.py relies upon (written for {private.VERSION}): find the "
        "new name in its changelog and change private.py."
    )


class Still(Env):
    """Four steps an episode, in which nothing happens."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)

    def __init__(self, actions):
        self.action_space = actions

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.time += 1
        return np.zeros(2, np.float32), 0.0, self.time == 4, False, {}


class Watching(BaseCallback):
    """Keeps the last step of a rollout, and the observation that its action answers."""

    def _on_step(self) -> bool:
        self.step = private.step_of(self)
        return True


OFF_POLICY = {"learning_starts": 4, "train_freq": 4, "gradient_steps": 3, "batch_size": 2}
BOX = spaces.Box(-1, 1, (1,))
MODELS = {
    "dqn": (DQN, Still(spaces.Discrete(2)), OFF_POLICY),
    "sac": (SAC, Still(BOX), OFF_POLICY),
    "ppo": (private.SavingPpo, Still(BOX), {"n_steps": 4, "batch_size": 4, "n_epochs": 3}),
}


@pytest.fixture(scope="module", params=MODELS)
def trained(request):
    algorithm, world, settings = MODELS[request.param]
    settings = settings | {"policy_kwargs": {"net_arch": [4]}}
    model, watching = algorithm("MlpPolicy", world, device="cpu", **settings), Watching()
    try:
        model.learn(8, callback=watching)
    except KeyError as error:
        pytest.fail(renamed(f"local variable {error} in collect_rollouts"))
    return request.param, model, watching.step


def test_the_release_is_the_one_that_these_tests_have_met():
    assert version("stable_baselines3").startswith(f"{private.VERSION}.")


def test_a_model_has_the_attributes_that_are_read(trained):
    kind, model, _ = trained
    wanted = ["_n_updates", "_last_obs", "_get_torch_save_params", "num_timesteps"]
    wanted += ["_n_calls", "exploration_rate"] if kind == "dqn" else []
    for name in wanted:
        assert hasattr(model, name), renamed(f"{type(model).__name__}.{name}")
    assert private.updates(model) == {"dqn": 3, "sac": 3, "ppo": 6}[kind]
    assert private.observed(model).shape == (1, 2)
    counted = {"num_timesteps": 8, "_n_updates": private.updates(model)}
    counted |= {"_n_calls": 8, "exploration_rate": 0.05} if kind == "dqn" else {}
    assert private.counters(model) == pytest.approx(counted)
    private.set_counters(model, counted | {"num_timesteps": 5})
    assert model.num_timesteps == 5


def test_a_step_has_what_the_worlds_got_and_gave(trained):
    kind, _, step = trained
    assert step.actions.shape == ((1,) if kind == "dqn" else (1, 1))
    assert step.observations.shape == (1, 2)
    assert step.dones.tolist() == [True]
    assert step.infos[0].keys() >= {"terminal_observation"}
    assert (step.log_probs is not None) == (kind == "ppo")


def test_a_model_saves_networks_and_optimizers(trained):
    kind, model, _ = trained
    networks, tensors = private.saved(model)
    assert (
        set(networks)
        >= {
            "dqn": {"policy", "policy.optimizer"},
            "sac": {"policy", "actor.optimizer", "critic.optimizer", "ent_coef_optimizer"},
            "ppo": {"policy", "policy.optimizer"},
        }[kind]
    ), renamed("_get_torch_save_params with these names")
    assert tensors == (["log_ent_coef"] if kind == "sac" else [])


@pytest.mark.parametrize(
    ("owner", "name", "arguments"),
    [
        (PPO, "_get_torch_save_params", ["self"]),
        (SACPolicy, "_build", ["self", "lr_schedule"]),
        (SACPolicy, "_update_features_extractor", ["self", "net_kwargs", "features_extractor"]),
        (ReplayBuffer, "_get_samples", ["self", "batch_inds", "env"]),
    ],
)
def test_a_method_that_is_written_anew_is_still_there(owner, name, arguments):
    assert hasattr(owner, name), renamed(f"{owner.__name__}.{name}")
    assert list(inspect.signature(getattr(owner, name)).parameters) == arguments, renamed(
        f"{owner.__name__}.{name}({', '.join(arguments)})"
    )


def test_no_other_module_of_the_learners_uses_a_private_name():
    package = Path(stable_baselines3.__file__).parent
    modules = [path for part in PARTS for path in (package / part).rglob("*.py")]
    theirs = set().union(*map(used, modules)) - DOCUMENTED
    assert theirs >= {"_n_updates", "_last_obs", "_get_samples", "_build", "_save_obs"}
    found = {
        f"{path.relative_to(LEARNERS)}: {name}"
        for path in LEARNERS.rglob("*.py")
        if path.name != "private.py" and "stable_baselines3" in path.read_text()
        for name in used(path) & theirs
    }
    assert found == set()


def used(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return {name for name in names if name.startswith("_") and not name.startswith("__")}
