"""Complex ball arithmetic under the names that kernels use, and what a machine's rounding may do to such a ball.

The bounds are normwise: |computed - exact| in units of |exact|, u being half an ULP of one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from flint import acb, arb

from reference.balls import LOGIC, Space, compare, integer_power, lifted, zero_times
from reference.rounding import Rounded
from reference.ulp import FORMATS
from reference.wire import PARTS

NOTHING = acb(arb.nan(), arb.nan())


def complex_ball(z: complex) -> acb:
    """The exact ball of one complex float; nothing is known of one that has no finite parts."""
    z = complex(z)
    try:
        return acb(z.real, z.imag) if abs(z.real) < float("inf") and abs(z.imag) < float("inf") else NOTHING
    except ValueError:
        return NOTHING


as_complex = lifted(complex_ball, 1)


def named(name: str) -> Callable[[acb], acb]:
    return lambda z: getattr(acb(z), name)()


def power(x: acb, y: acb) -> acb:
    """x**y with 1 for an exponent of zero; small integer exponents by products, which hold around zero too."""
    x, y = acb(x), acb(y)
    if y.is_zero():
        return acb(1)
    if x.is_zero():
        return acb(0) if y.real > 0 else NOTHING
    n = y.unique_fmpz() if y.is_exact() else None
    if n is not None and abs(int(n)) < 2**20:
        return integer_power(x, int(n))
    return x**y


def equal(x: acb, y: acb) -> bool | None:
    """Whether two complex numbers are the same; None where balls overlap without being points."""
    x, y = acb(x), acb(y)
    if not x.is_finite() or not y.is_finite():
        return None
    if not x.overlaps(y):
        return False
    return True if x.is_exact() and y.is_exact() else None


def different(x: acb, y: acb) -> bool | None:
    same = equal(x, y)
    return None if same is None else not same


def ordered(holds: Callable[[int], bool]) -> Callable[[acb, acb], bool | None]:
    """A comparison of two numbers that are real."""

    def decide(x: acb, y: acb) -> bool | None:
        sign = compare(acb(x).real, acb(y).real)
        return None if sign is None else holds(sign)

    return decide


def choose(condition: bool | None, x: acb, y: acb) -> acb:
    if condition is None:
        return acb(x).union(acb(y))
    return acb(x if condition else y)


def angle(z: acb) -> acb:
    """The argument; on the cut, where a zero's sign decides, anything between -pi and pi."""
    z = acb(z)
    if z.imag.is_zero() and not z.real > 0:
        return NOTHING if z.real.is_zero() else acb(arb(0, arb.pi().upper()))
    return acb(z.arg())


FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    **{
        name: (1, named(name))
        for name in (
            "sqrt rsqrt exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh"
        ).split()
    },
    "power": (2, power),
    "xlogy": (2, zero_times(lambda x, y: x * acb(y).log(), 0)),
    "xlog1py": (2, zero_times(lambda x, y: x * acb(y).log1p(), 0)),
    "xdivy": (2, zero_times(lambda x, y: x / y, 0)),
    "divide_no_nan": (2, zero_times(lambda x, y: x / y, 1)),
    "multiply_no_nan": (2, zero_times(lambda x, y: x * y, 1)),
    "conjugate": (1, lambda z: z.conjugate()),
    "real": (1, lambda z: acb(acb(z).real)),
    "imag": (1, lambda z: acb(acb(z).imag)),
    "complex": (2, lambda x, y: acb(acb(x).real, acb(y).real)),
    "modulus": (1, lambda z: acb(abs(acb(z)))),
    "angle": (1, angle),
    "equal": (2, equal),
    "not_equal": (2, different),
    "greater": (2, ordered(lambda s: s > 0)),
    "greater_equal": (2, ordered(lambda s: s >= 0)),
    "less": (2, ordered(lambda s: s < 0)),
    "less_equal": (2, ordered(lambda s: s <= 0)),
    "where": (3, choose),
    **{name: (2 if name != "logical_not" else 1, f) for name, f in LOGIC.items()},
}


class Plane(Space):
    """The names above, elementwise over object arrays of complex balls; whatever moves elements is NumPy's own."""

    def __init__(self) -> None:
        for name, (inputs, function) in FUNCTIONS.items():
            setattr(self, name, lifted(function, inputs))


PLANE = Plane()


class Widening:
    """What a kernel that is within `ulp` units of |exact| · 2^(1 - precision) may return; real formats alike.

    A part that is exactly zero stays so in arithmetic (`keeps_zeros`). So many numbers on the way to a part
    (`flushes`) may be below the normal range, and flushed. Where a modulus may be beyond the largest float nothing is
    promised.
    """

    def __init__(self, dtype: str, ulp: float, keeps_zeros: bool = True, flushes: int = 1):
        form = FORMATS[PARTS.get(dtype, dtype)]
        self.real = dtype not in PARTS
        self.unit = arb(ulp) * arb(2) ** (1 - form.precision)
        self.tiny = flushes * arb(2) ** form.emin
        self.largest = (2 - arb(2) ** (1 - form.precision)) * arb(2) ** form.emax
        self.keeps_zeros = keeps_zeros

    def __call__(self, z: acb, times: Any = 1) -> acb:
        z = acb(z)
        if not z.is_finite() or not arb(times).is_finite():
            return NOTHING
        size = z.abs_upper()
        if not size <= self.largest:
            return NOTHING
        error = size * self.unit * times
        return acb(self.part(z.real, error), arb(0) if self.real else self.part(z.imag, error))

    def part(self, x: arb, error: arb) -> arb:
        if x.is_zero() and (self.keeps_zeros or error.is_zero()):
            return x
        if error.is_zero() and abs(x) >= self.tiny:
            return x
        return x + arb(0, (error + self.tiny).upper())


# In units of |exact| · 2u. A sum is rounded part by part: u. A product is within √5 u (Brent, Percival and Zimmermann,
# "Error bounds on complex floating-point multiplication", 2007), with or without a fused multiply-add. A quotient by
# a · conj(b) / |b|² is a product, a sum of squares (2 u) and two divisions (u): √5 + 3.
SUM, PRODUCT, QUOTIENT = 0.5, 1.1181, 2.6181
PRODUCTS = 3  # two real products and their sum make each part of a complex product


def steps(dtype: str) -> dict[Any, Widening]:
    """What each operation on numbers of a dtype may add; real arithmetic is rounded once."""
    costs = {operator.add: SUM, operator.sub: SUM, operator.mul: PRODUCT, operator.truediv: QUOTIENT}
    if dtype not in PARTS:
        return dict.fromkeys(costs, Widening(dtype, 0.5))
    return {operation: Widening(dtype, ulp, flushes=PRODUCTS) for operation, ulp in costs.items()}


class Stepped(Rounded):
    """A complex ball whose operators widen: a formula as a machine may compute it, operation by operation."""

    __slots__ = ()

    def rounded(self, operation: Any, exact: acb) -> Stepped:
        return Stepped(self.widen[operation](exact), self.widen)

    def conjugate(self) -> Stepped:
        return Stepped(self.ball.conjugate(), self.widen)


def entered(x: Any, dtype: str) -> Any:
    """Balls as operands that widen."""
    allowed = steps(dtype)
    return lifted(lambda z: Stepped(z, allowed), 1)(x)
