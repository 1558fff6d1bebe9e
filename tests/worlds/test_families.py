"""A family of worlds is one folder: nothing outside it names it, and a new one is found."""

import ast
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from showtell.project.fingerprint import closure, fingerprint
from showtell.study.registry import parts

SOURCE = Path(__file__).resolve().parents[2] / "src/showtell"
FAMILIES = sorted({part.family for part in parts("worlds").values()})
# A dataset of one family's states, by its name.
EXEMPT = {
    ("classic_control", SOURCE / "data/captioned_frames.py"),
    ("humanoid", SOURCE / "data/humanoid_bodies.py"),
    ("humanoid", SOURCE / "data/humanoid_captions.py"),
}
WORLD = """
    from typing import ClassVar, Literal
    import numpy as np
    from gymnasium import spaces
    from showtell.worlds.world import FixedHorizonSettings, SuccessRule, World

    class TinySettings(FixedHorizonSettings):
        kind: Literal["tiny"]

    class Tiny(World):
        success_definition = "The dot was right of the middle at some step."
        success_rule: ClassVar[SuccessRule] = "any"
        scene: ClassVar[str] = "showtell.worlds.tiny.scene:TinyScene"

        def __init__(self, settings):
            super().__init__(settings)
            self.action_space = spaces.Discrete(2)
            self.observation_space = spaces.Box(-9, 9, (1 + settings.observe_time,), np.float32)

        def snapshot(self):
            return np.array([self._x])

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self._x, self._time = 0.0, 0
            return self._with_time([self._x]), {}

        def step(self, action):
            self._x += 1 if action else -1
            self._time += 1
            info = {"success": self._x > 0, "true_reward": float(self._x > 0)}
            return self._with_time([self._x]), info["true_reward"], *self._over(), info

    PARTS = {"tiny": (TinySettings, "Tiny")}
"""
SCENE = """
    import numpy as np

    class TinyScene:
        needs_gl = False

        def draw(self, snapshot, view):
            return np.full((view.height, view.width, 3), 100 + snapshot[0], np.uint8)

        def close(self):
            pass
"""
USE = """
    import sys
    from showtell.study.parameters import Task
    assert not {"torch", "mujoco"} & sys.modules.keys()
    from showtell.rendering.pool import RenderPool
    from showtell.rendering.scene import View
    from showtell.study.registry import build, part
    values = {"kind": "tiny", "horizon": 2, "end": "terminal", "observe_time": True}
    task = Task.model_validate({"world": values, "camera": {"native": {"width": 4, "height": 2}}})
    world = build("worlds", task.world)
    world.reset(seed=0)
    assert world.step(1)[1:4] == (1.0, False, False)
    assert world.step(1)[1:4] == (1.0, True, False)
    with RenderPool(world.scene, world.scene_settings(), workers=0) as pool:
        assert (pool.draw(world.snapshot()[None], View(4, 2)) == 102).all()
    assert part("worlds", "tiny").family == "tiny"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(SOURCE, tmp_path / "src/showtell", ignore=ignore))


def test_a_new_folder_is_a_new_family(source):
    family = source / "worlds/tiny"
    family.mkdir()
    for name, text in (("__init__", ""), ("world", WORLD), ("scene", SCENE)):
        (family / f"{name}.py").write_text(textwrap.dedent(text))
    use = [sys.executable, "-c", textwrap.dedent(USE)]
    environment = os.environ | {"PYTHONPATH": str(source.parent)}
    subprocess.run(use, check=True, timeout=120, env=environment)
    found = closure(("showtell.worlds.tiny.world",), source)
    assert "showtell.worlds.tiny.scene" in found
    assert not {f"showtell.worlds.{name}.world" for name in FAMILIES} & found


@pytest.mark.parametrize("family", FAMILIES)
def test_no_module_outside_a_family_names_it(family):
    name = f"showtell.worlds.{family}"
    for path in SOURCE.rglob("*.py"):
        if path.is_relative_to(SOURCE / "worlds" / family) or (family, path) in EXEMPT:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import | ast.ImportFrom):
                base = getattr(node, "module", "")
                names = [f"{base}.{alias.name}".strip(".") for alias in node.names]
            text = str(node.value) if isinstance(node, ast.Constant) else ""
            assert not any(f"{one}.".startswith(f"{name}.") for one in [*names, text]), path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_change_of_one_family_touches_no_other(source, family):
    def prints() -> dict[str, str]:
        return {
            name: fingerprint(("showtell.jobs.train", f"showtell.worlds.{name}.world"), {}, source)
            for name in FAMILIES
        }

    before = prints()
    path = source / "worlds" / family / "world.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    after = prints()
    assert {name for name in FAMILIES if after[name] != before[name]} == {family}
