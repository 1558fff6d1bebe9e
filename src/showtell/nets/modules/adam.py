"""Adam as PyTorch's fused kernel, without PyTorch's compiler.

The first call of any `torch.optim.Optimizer` imports `torch._dynamo` and with it sympy and triton:
3 to 5 s of every training's start. And for the small networks of control the bookkeeping around
the kernel costs as much as forward and backward passes together.
"""

from collections.abc import Iterable
from typing import Any

import torch


class FusedAdam:
    """The numbers of `Adam(fused=True)`, and what Stable-Baselines3 asks of `optimizer_class`."""

    def __init__(
        self,
        params: Iterable[torch.nn.Parameter],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        parameters: list[torch.Tensor] = list(params)
        self.param_groups: list[dict[str, Any]] = [{"params": parameters, "lr": lr}]
        self._parameters = parameters
        self._betas, self._eps = betas, eps
        self._means = [torch.zeros_like(parameter) for parameter in parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in parameters]
        self._steps = [torch.zeros((), device=parameter.device) for parameter in parameters]
        self._everything = list(
            zip(parameters, self._means, self._squares, self._steps, strict=True)
        )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step down the gradients; a parameter without one stays where it is."""
        moved = [(p, p.grad, *rest) for p, *rest in self._everything if p.grad is not None]
        parameters, gradients, means, squares, steps = map(list, zip(*moved, strict=True))
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(
            parameters,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=self.param_groups[0]["lr"],
            beta1=self._betas[0],
            beta2=self._betas[1],
            weight_decay=0.0,
            eps=self._eps,
            amsgrad=False,
            maximize=False,
        )

    def state_dict(self) -> dict[str, list[torch.Tensor]]:
        """Everything that changes, besides the learning rate, which Stable-Baselines3 sets."""
        return {"means": self._means, "squares": self._squares, "steps": self._steps}

    def load_state_dict(self, state: dict[str, list[torch.Tensor]]) -> None:
        """Become what `state` was taken from."""
        for name, values in self.state_dict().items():
            for value, saved in zip(values, state[name], strict=True):
                value.copy_(saved)
