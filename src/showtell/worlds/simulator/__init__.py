"""MuJoCo without OpenGL, and its models. Imported when a world is built, never for parameters."""

import os

# MuJoCo, when imported, loads the OpenGL that MUJOCO_GL names. A Mesa in a process that later
# imports torch ends it with a segmentation fault, and worlds draw nothing: none is loaded here.
_chosen = os.environ.get("MUJOCO_GL")
os.environ["MUJOCO_GL"] = "disable"
try:
    import mujoco  # noqa: F401
finally:
    del os.environ["MUJOCO_GL"]
    if _chosen is not None:
        os.environ["MUJOCO_GL"] = _chosen
