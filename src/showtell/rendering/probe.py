"""One picture by one OpenGL backend, held against a golden one.

A vision-language reward reads pixels, so the renderer is part of the reward: another picture is
another reward. `python -m showtell.rendering.probe egl` answers in JSON.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA = ("golden/probe.png",)
GOLDEN = Path(__file__).with_name("golden") / "probe.png"
_SIZE = 96
# Drivers round and fill edges differently; another light, camera or colour is far outside this.
_MEAN_TOLERANCE = 2.0  # of 255
_FAR, _FAR_SHARE = 32, 0.02  # at most this share of pixels may differ by more than that
# Shadows, reflections and multisampling are off: they vary most between drivers.
_SCENE = f"""
<mujoco>
  <visual>
    <global offwidth="{_SIZE}" offheight="{_SIZE}"/>
    <quality offsamples="0" shadowsize="0"/>
    <headlight ambient="0.3 0.3 0.3" diffuse="0.2 0.2 0.2" specular="0 0 0"/>
  </visual>
  <worldbody>
    <light pos="1 -1 3" dir="-0.3 0.3 -1" diffuse="0.6 0.6 0.6" castshadow="false"/>
    <camera name="view" pos="0 -1.2 0.9" xyaxes="1 0 0 0 0.6 0.8"/>
    <geom type="plane" size="2 2 0.1" rgba="0.3 0.5 0.3 1"/>
    <geom type="box" size="0.15 0.15 0.15" pos="-0.2 0 0.15" rgba="0.8 0.2 0.1 1"/>
    <geom type="sphere" size="0.15" pos="0.25 0 0.15" rgba="0.1 0.3 0.8 1"/>
  </worldbody>
</mujoco>
"""


def draw(backend: str) -> tuple[NDArray[np.uint8], str]:
    """The test picture, and the name of the renderer that drew it."""
    # MuJoCo and PyOpenGL choose their backend from the environment, when they are imported.
    os.environ["MUJOCO_GL"] = os.environ["PYOPENGL_PLATFORM"] = backend
    import mujoco
    from OpenGL import GL  # type: ignore[import-untyped]

    model = mujoco.MjModel.from_xml_string(_SCENE)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with mujoco.Renderer(model, _SIZE, _SIZE) as renderer:
        renderer.update_scene(data, camera="view")
        picture: NDArray[np.uint8] = renderer.render().copy()
        name = GL.glGetString(GL.GL_RENDERER).decode()
    return picture, name


def compare(picture: NDArray[np.uint8], golden: NDArray[np.uint8]) -> dict[str, Any]:
    """How far two pictures are apart, and whether that is one picture drawn by two drivers."""
    difference = np.abs(picture.astype(np.int16) - golden.astype(np.int16))
    mean, far = float(difference.mean()), float((difference.max(axis=2) > _FAR).mean())
    same = mean <= _MEAN_TOLERANCE and far <= _FAR_SHARE
    return {"same": same, "mean_difference": round(mean, 3), "far_share": round(far, 4)}


def main() -> None:
    """Print one line of JSON; with `--write`, make this machine's picture the golden one."""
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=["egl", "osmesa"])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    picture, name = draw(options.backend)
    if options.write:
        GOLDEN.parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(GOLDEN)
    golden = np.asarray(Image.open(GOLDEN).convert("RGB"))
    answer = {
        "backend": options.backend,
        "renderer": name,
        "seconds": round(time.perf_counter() - started, 2),
        **compare(picture, golden),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
