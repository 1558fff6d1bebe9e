"""What of a MuJoCo moment must be kept to draw it again, as one flat array."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Snapshot = NDArray[np.float64]  # (D,)


class Layout(NamedTuple):
    """The arrays that make up a snapshot, in their order.

    Joint positions always; `model` where a task moves things that have no joint, as Meta-World
    does at every reset.
    """

    data: tuple[str, ...] = ("qpos",)
    model: tuple[str, ...] = ()

    def take(self, model: Any, data: Any) -> Snapshot:
        """The snapshot of this moment."""
        return np.concatenate([array.ravel() for array in self._arrays(model, data)])

    def put(self, snapshot: Snapshot, model: Any, data: Any) -> None:
        """Bring a model and its data back to the moment; positions follow from `mj_kinematics`."""
        arrays = self._arrays(model, data)
        if len(snapshot) != sum(array.size for array in arrays):
            names = ", ".join((*self.data, *self.model))
            raise ValueError(f"a snapshot of {len(snapshot)} numbers does not hold {names}")
        first = 0
        for array in arrays:
            array[...] = snapshot[first : first + array.size].reshape(array.shape)
            first += array.size

    def _arrays(self, model: Any, data: Any) -> list[NDArray[np.float64]]:
        return [getattr(data, name) for name in self.data] + [
            getattr(model, name) for name in self.model
        ]
