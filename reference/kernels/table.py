"""The form of a kernel's row: its exact meaning, and its contract in ULP with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Contract(NamedTuple):
    """How far a kernel's answer may be from the exact value at the kernel's own inputs.

    `ulp`: units in the last place of the result, per operation if `stepwise`.
    `input_ulp`: besides, the exact value may be taken at a last input moved by so many ULP of its own.
    `stepwise`: the kernel computes its formula operation by operation, each rounded.
    `terms`: for contractions, (space, *inputs, **attrs) -> (count, sum of magnitudes): any order of summation.
    """

    ulp: float
    input_ulp: float = 0.0
    stepwise: bool = False
    terms: Callable[..., Any] | None = None
    library_ulp: float = 4.0  # named functions inside a stepwise formula
    float32_ulp: float = 0.0  # in place of `ulp` in float32, where a vectorised kernel may promise less

    def units(self, dtype: str) -> float:
        """The ULP that the contract leaves in a dtype."""
        return self.float32_ulp if dtype == "float32" and self.float32_ulp else self.ulp


EXACTLY = Contract(0.0)  # moves or selects values, computes nothing
ROUNDS = Contract(0.5)  # IEEE 754: the correctly rounded result of one operation
STEPWISE = Contract(0.5, stepwise=True)  # a formula of IEEE operations, each rounded
ELEMENTARY = Contract(4.0)  # a polynomial or library approximation in the working precision
SPECIAL = Contract(16.0, input_ulp=4.0)  # near its zeros a special function is as good as its argument


class Kernel(NamedTuple):
    """One TensorFlow kernel: `meaning(space, *inputs, **attrs)` on object arrays of balls."""

    name: str
    meaning: Callable[..., Any]
    contract: Contract = ROUNDS
    attrs: tuple[str, ...] = ()
    why: str = ""  # why the contract is not its class's own; worst measured point
