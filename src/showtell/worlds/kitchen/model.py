"""Where the kitchen's model is."""

from importlib.util import find_spec
from pathlib import Path


def model_path() -> Path:
    """Where the model is, found without importing its package, which takes a second."""
    found = find_spec("gymnasium_robotics")
    assert found is not None and found.submodule_search_locations is not None
    kitchen = "envs/assets/kitchen_franka/kitchen_assets/kitchen_env_model.xml"
    return Path(found.submodule_search_locations[0]) / kitchen
