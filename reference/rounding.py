"""What one rounding may do to a ball: the machine's side of ball arithmetic.

A format's rounding widens a ball by a number of ULP, may flush what is below the smallest normal float to
zero, and turns what is certainly beyond the largest float into an infinity.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

from flint import arb

from reference.balls import DECISIONS, LOGIC, ROUNDED, SELECTIONS, Array, Space, lifted
from reference.ulp import FORMATS


class Rounding:
    """Rounding to `dtype` within `ulp` units in the last place, with or without flush-to-zero."""

    def __init__(self, dtype: str, ulp: float = 0.5):
        form = FORMATS[dtype]
        step = arb(2) ** (1 - form.precision)
        self.relative = arb(1, float(ulp) * 2.0 ** (1 - form.precision))
        self.tiny = arb(2) ** form.emin
        self.absolute = arb(0, max(1.0, ulp)) * step * self.tiny
        self.largest = (2 - step) * arb(2) ** form.emax
        self.beyond = self.largest * (1 + step)

    def __call__(self, x: arb) -> arb:
        """Every float that a machine within this rounding may return for a value in the ball `x`."""
        if x.is_zero() or not x.is_finite():
            return x
        size = abs(x)
        if not size <= self.largest:
            if size > self.beyond:
                return arb.pos_inf() if x > 0 else arb.neg_inf()
            return arb.nan()
        wide = x * self.relative
        return wide if size >= self.tiny else wide.union(arb(0)) + self.absolute


class Rounded:
    """A ball that every operation widens: the value a formula may have on a machine."""

    __slots__ = ("ball", "widen")

    def __init__(self, ball: Any, widen: Any):
        self.ball = ball
        self.widen = widen

    def rounded(self, operation: Any, exact: Any) -> Self:
        """The result of an operation as this machine may have it."""
        return type(self)(self.widen(exact), self.widen)

    def _with(self, operation: Any, other: Any) -> Self:
        return self.rounded(operation, operation(self.ball, value_of(other)))

    def _after(self, operation: Any, other: Any) -> Self:
        return self.rounded(operation, operation(value_of(other), self.ball))

    def __add__(self, other: Any) -> Self:
        return self._with(operator.add, other)

    def __sub__(self, other: Any) -> Self:
        return self._with(operator.sub, other)

    def __rsub__(self, other: Any) -> Self:
        return self._after(operator.sub, other)

    def __mul__(self, other: Any) -> Self:
        return self._with(operator.mul, other)

    def __truediv__(self, other: Any) -> Self:
        return self._with(operator.truediv, other)

    def __rtruediv__(self, other: Any) -> Self:
        return self._after(operator.truediv, other)

    __radd__ = __add__
    __rmul__ = __mul__

    def union(self, other: Any) -> Self:
        return type(self)(self.ball.union(value_of(other)), self.widen)

    def __neg__(self) -> Self:
        return type(self)(-self.ball, self.widen)


def value_of(x: Any) -> Any:
    return x.ball if isinstance(x, Rounded) else x


class Machine(Space):
    """A `Space` over `Rounded` balls: operators and literals round by `operation`, named functions by `function`."""

    def __init__(self, operation: Rounding, function: Rounding):
        self.operation = operation
        super().__init__(
            {
                **{name: self.computed(f, function) for name, f in ROUNDED.items()},
                **{name: self.computed(f, lambda x: x) for name, f in SELECTIONS.items()},
                **{name: (lambda *x, f=f: f(*map(value_of, x))) for name, f in DECISIONS.items()},
                **LOGIC,
            }
        )

    def computed(self, scalar: Callable[..., arb], widen: Callable[[arb], arb]) -> Callable[..., Rounded]:
        return lambda *x: Rounded(widen(scalar(*map(value_of, x))), self.operation)

    def literal(self, decimal: str) -> Rounded:
        """A decimal constant as the machine holds it: rounded."""
        return Rounded(self.operation(arb(decimal)), self.operation)

    def enter(self, x: Array) -> Array:
        """Balls as operands of this machine."""
        return ENTER(x, self.operation)


ENTER = lifted(Rounded, 2)
LEAVE = lifted(value_of, 1)
