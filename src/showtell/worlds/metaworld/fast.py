"""Performance only: delete this file and everything still works, with the same bits.

Meta-World calls numpy's functions on single numbers and short vectors, where most of their time
is overhead. A task's own module is executed once more, privately, with scalar functions of the
same results in their place. The switch is `physics.build(..., scalar=False)`.
"""

import importlib.util
import math
from contextlib import AbstractContextManager
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.project.imports import standing_in

Array = NDArray[np.float64]


class _SciPysRotation:
    """SciPy's `Rotation`, imported (for half a second) when a published class asks for it."""

    def __getattr__(self, name: str) -> Any:
        from scipy.spatial.transform import Rotation

        return getattr(Rotation, name)


def light_imports() -> AbstractContextManager[None]:
    """Meta-World imports SciPy's rotations at the top; here they come when they are used."""
    return standing_in({"scipy.spatial.transform": {"Rotation": _SciPysRotation()}})


@cache
def accelerated(published: type) -> Any:
    """A task's class from a private copy of its module, in which scalar functions are faster."""
    from metaworld.sawyer_xyz_env import SawyerXYZEnv

    found = importlib.util.find_spec(published.__module__)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    replaced = _replacements()
    for name in replaced.keys() & vars(module).keys():
        setattr(module, name, replaced[name])
    task_class = getattr(module, published.__name__)
    if "_gripper_caging_reward" not in vars(task_class):
        inherited = SawyerXYZEnv._gripper_caging_reward
        names = {**inherited.__globals__, **replaced}
        task_class._gripper_caging_reward = FunctionType(
            inherited.__code__, names, argdefs=inherited.__defaults__
        )
    return task_class


@cache
def _replacements() -> dict[str, Any]:
    """What replaces a module's globals, by their names there."""
    from metaworld.utils import reward_utils

    numpy = vars(np) | {"linalg": SimpleNamespace(norm=_norm), "clip": _clip, "hstack": _hstack}
    return {
        "np": SimpleNamespace(**numpy),
        "reward_utils": SimpleNamespace(**(vars(reward_utils) | {"tolerance": _tolerance})),
        "tolerance": _tolerance,
        "Rotation": _Rotation,
    }


def _clip(x: Any, low: Any, high: Any) -> Any:
    """`np.clip`."""
    return np.minimum(np.maximum(x, low), high)


def _norm(vector: Any, ord: int = 2) -> np.float64:
    """`np.linalg.norm` of a short vector: the same bits."""
    vector = np.asarray(vector)
    return np.float64(math.sqrt(vector.dot(vector)))


def _hstack(parts: Any) -> Any:
    """`np.hstack` of numbers or of vectors."""
    return np.array(parts) if isinstance(parts[0], float) else np.concatenate(parts)


def _tolerance(
    x: Any,
    bounds: tuple[float, float] = (0.0, 0.0),
    margin: float = 0.0,
    sigmoid: Any = "gaussian",
    value_at_margin: float = 0.1,
) -> Any:
    """`reward_utils.tolerance` of one number: the same bits."""
    lower, upper = bounds
    common = sigmoid in ("gaussian", "long_tail") and value_at_margin == 0.1
    if not (common and isinstance(x, float) and lower <= upper and margin > 0):
        from metaworld.utils import reward_utils

        return reward_utils.tolerance(x, bounds, margin, sigmoid, value_at_margin)
    if lower <= x <= upper:
        return 1.0
    distance = (lower - x if x < lower else x - upper) / margin
    if sigmoid == "long_tail":
        return float(1 / ((distance * _LONG_TAIL) ** 2 + 1))
    return float(np.exp(-0.5 * (distance * _GAUSSIAN) ** 2))


class _Rotation:
    """SciPy's `Rotation.from_matrix(m).as_quat()` for one matrix; 80 times faster."""

    def __init__(self, matrix: Array) -> None:
        self._matrix = matrix

    @classmethod
    def from_matrix(cls, matrix: Array) -> "_Rotation":
        """A rotation matrix, which MuJoCo keeps orthogonal."""
        return cls(matrix)

    def as_quat(self) -> Array:
        """Scalar last, by SciPy's method, from the largest component: the same bits."""
        a, b, c, d, e, f, g, h, i = self._matrix.ravel().tolist()
        trace = a + e + i
        if trace > a and trace > e and trace > i:
            x, y, z, w = h - f, c - g, d - b, 1 + trace
        elif a >= e and a >= i:
            x, y, z, w = 1 - trace + 2 * a, d + b, g + c, h - f
        elif e >= i:
            x, y, z, w = b + d, 1 - trace + 2 * e, h + f, c - g
        else:
            x, y, z, w = c + g, f + h, 1 - trace + 2 * i, d - b
        length = math.sqrt(x * x + y * y + z * z + w * w)
        return np.array((x / length, y / length, z / length, w / length))


_LONG_TAIL = np.sqrt(1 / 0.1 - 1)
_GAUSSIAN = np.sqrt(-2 * np.log(0.1))
