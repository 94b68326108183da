"""Ball arithmetic on whole tensors: NumPy object arrays of Arb balls under the names NumPy uses.

A `Space` is a namespace of functions on such arrays. `EXACT` computes without rounding; `rounding(...)`
gives the same names with every operation followed by the rounding of a float format, so that a formula
written once can be asked both "what does it mean?" and "what may a machine answer?".
Booleans are three-valued: True, False, or None where the balls cannot decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from flint import acb, arb, ctx

Array = np.ndarray
Ball = Any  # an Arb ball, real or complex
INFINITE = {math.inf: arb.pos_inf(), -math.inf: arb.neg_inf()}


def ball(value: float) -> arb:
    """The exact ball of one float; infinities are exact, NaN is the indeterminate ball."""
    return arb(value) if math.isfinite(value) else INFINITE.get(value, arb.nan())


@contextmanager
def working(precision: int) -> Iterator[None]:
    """A `with` block that computes at so many bits."""
    before, ctx.prec = ctx.prec, precision
    try:
        yield
    finally:
        ctx.prec = before


def boxed(values: Any) -> Array:
    """Object ufuncs unwrap zero-dimensional results: wrap them again."""
    if isinstance(values, np.ndarray):
        return values
    out = np.empty((), dtype=object)
    out[()] = values
    return out


def lifted(function: Callable[..., Any], inputs: int) -> Callable[..., Array]:
    """A scalar function made elementwise over object arrays, broadcasting as NumPy does."""
    ufunc = np.frompyfunc(function, inputs, 1)

    def elementwise(*x: Any) -> Array:
        with np.errstate(all="ignore"):  # Arb's own arithmetic sets the processor's flags
            return boxed(ufunc(*x))

    return elementwise


as_balls = lifted(ball, 1)


def zeros(like: Array) -> Array:
    """Exact zeros of the shape of `like`, whatever it holds."""
    return as_balls(np.zeros(like.shape))


# -- functions that Arb composes rather than provides -------------------------------------------------------


def whole(x: arb) -> int:
    """The only integer in a ball."""
    number = x.unique_fmpz()
    if number is None:
        raise ValueError(f"{x} holds no single integer")
    return int(number)


def lgamma(x: arb) -> arb:
    """log|Gamma(x)|, on the negative axis too."""
    return x.lgamma() if x > 0 else -abs(x.rgamma()).log()


def polygamma(order: arb, x: arb) -> arb:
    """The polygamma function of a non-negative integer order; NaN for any other order, as TensorFlow has it."""
    if not (order.is_integer() and order >= 0):
        return arb.nan()
    n = whole(order)
    if n == 0:
        return x.digamma()
    if x > 0:
        return arb(-1) ** (n + 1) * arb(n).fac() * arb(n + 1).zeta(x)
    if not x < 0:
        return arb.nan()  # a pole at zero, or no number
    if n in REFLECTED:
        return REFLECTED[n](x.sin_pi(), x.cos_pi(), arb.pi()) + (-1) ** n * polygamma(order, 1 - x)
    return acb(x).polygamma(n).real


#: The n-th derivative of -pi·cot(pi·x), by its sine and cosine (DLMF 5.15.6), which reflects to the positive axis.
REFLECTED: dict[int, Callable[[arb, arb, arb], arb]] = {
    1: lambda s, c, pi: pi**2 / (s * s),
    2: lambda s, c, pi: -2 * pi**3 * c / (s * s * s),
    3: lambda s, c, pi: 2 * pi**4 * (s * s + 3 * c * c) / (s * s * s * s),
}


def rint(x: arb) -> arb:
    """Round half to even, as `tf.round` and `np.rint` do."""
    if not x.is_exact():
        return (x + arb(0.5)).floor() if x.is_finite() else x
    nearest = (x + arb(0.5)).floor()
    tie = (x - arb(0.5)).is_integer()
    return nearest - 1 if tie and whole(nearest) % 2 else nearest


def bessel_i(order: int, x: arb, scaled: bool = False) -> arb:
    """I_0 or I_1, times exp(-|x|) if scaled, from the ends of a ball: Arb can take a minute for a wide one."""
    if not x.is_finite() or x.is_exact():
        return bessel_at(order, x, scaled)
    low, high = (bessel_at(order, arb(end), scaled) for end in (x.lower(), x.upper()))
    if order == 0 and x.contains(0):
        return hull(low, high, 1)
    if scaled and order == 1 and abs(x).overlaps(arb(1.55, 0.02)):  # the scaled I_1 rises to 0.21908 at 1.545
        return hull(low, high, arb("0.2191") * x.sgn())
    return hull(low, high)


def bessel_at(order: int, x: arb, scaled: bool) -> arb:
    """I_0 or I_1 at a point."""
    value = abs(x).bessel_i(order, scaled=scaled)
    return -value if order == 1 and x < 0 else value


def gentle(function: Callable[[arb], arb], bound: float) -> Callable[[arb], arb]:
    """A function whose values stay within ±bound and whose slopes within ±1, of a ball from its middle."""

    def of(x: arb) -> arb:
        if not x.is_finite():
            return arb.nan()
        if x.rad() > bound:
            return arb(0, bound)
        return function(x.mid()) + arb(0, x.rad().upper())

    return of


def falling(function: Callable[[arb], arb], x: arb) -> arb:
    """A function that falls on the positive axis, of a ball from its ends; Arb can take long for a wide one."""
    if not x > 0 or x.is_exact():
        return function(x) if x > 0 else arb.nan()
    return hull(function(arb(x.lower())), function(arb(x.upper())))


def bessel_k(order: int, x: arb, scaled: bool = False) -> arb:
    """K_0 or K_1, times exp(x) if scaled; all of them fall."""
    return falling(lambda v: v.bessel_k(order, scaled=scaled), x)


def spence(x: arb) -> arb:
    """The dilogarithm of 1 - x, which falls; real for x >= 0."""
    if x.is_zero():
        return arb.pi() ** 2 / 6
    return falling(dilogarithm_beside_one, x)


def dilogarithm_beside_one(x: arb) -> arb:
    """Li_2(1 - x), reflected where 1 - x would lose digits of a small x (DLMF 25.12.6)."""
    if x < 0.5:
        return arb.pi() ** 2 / 6 - x.log() * (-x).log1p() - acb(x).polylog(2).real
    return acb(1 - x).polylog(2).real


def expint(x: arb) -> arb:
    """Ei; where Arb gives up, the value is beyond every float."""
    value = x.ei()
    return value if value.is_finite() or not x > 1 else arb.pos_inf()


def truncated(x: arb) -> arb:
    """Towards zero."""
    return x.floor() if x >= 0 else x.ceil() if x <= 0 else hull(x.floor(), x.ceil())


def power(x: arb, y: arb) -> arb:
    """x**y with the IEEE conventions x**0 = 1 and 0**y = 0 or infinite."""
    if y.is_zero() or (x - 1).is_zero():
        return arb(1)
    if x.is_zero():
        return arb(0) if y > 0 else arb.nan()  # the sign of an infinite power of zero is the zero's
    if y.is_exact() and y.is_integer() and abs(y) < 2**20:
        return integer_power(x, whole(y))
    return x**y


def integer_power(x: Ball, n: int) -> Ball:
    """x**n by squaring, which holds on balls around zero too; real balls and complex ones alike."""
    if n < 0:
        return 1 / integer_power(x, -n)
    half = integer_power(x, n // 2) if n > 1 else type(x)(1)
    return half * half * x if n % 2 else half * half


def arctan2(y: arb, x: arb) -> arb:
    """The angle of (x, y); on the negative axis a zero's sign decides between -pi and pi, which a ball has not."""
    if y.is_zero() and not x > 0:
        return arb.nan() if x.is_zero() else arb(0, arb.pi().upper())
    return arb.atan2(y, x)


def zero_times(function: Callable[[Ball, Ball], Ball], at: int) -> Callable[[Ball, Ball], Ball]:
    """`function`, except that it is 0 where argument `at` is exactly zero (`xlogy`, `divide_no_nan`, …)."""
    return lambda *x: x[at] if x[at].is_zero() else function(*x)


# -- decisions ----------------------------------------------------------------------------------------------


def compare(x: arb, y: arb) -> int | None:
    """The sign of x - y, or None where the balls overlap without being equal points."""
    if x > y:
        return 1
    if x < y:
        return -1
    return 0 if x == y else None


def decision(holds: Callable[[int], bool]) -> Callable[[arb, arb], bool | None]:
    def decide(x: arb, y: arb) -> bool | None:
        sign = compare(x, y)
        return None if sign is None else holds(sign)

    return decide


def choose(condition: bool | None, x: arb, y: arb) -> arb:
    """x, y, or the hull of both where the condition is undecided."""
    if condition is None:
        return hull(x, y)
    return hull(x if condition else y)


def hull(*balls: Any) -> Any:
    """The smallest ball around the given ones; Python numbers are taken as exact balls."""
    first, *rest = (arb(b) if isinstance(b, int | float) else b for b in balls)
    for other in rest:
        first = first.union(other)
    return first


def both(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def negated(a: bool | None) -> bool | None:
    return None if a is None else not a


def either(a: bool | None, b: bool | None) -> bool | None:
    return negated(both(negated(a), negated(b)))


DECISIONS: dict[str, Callable[..., Any]] = {
    "greater": decision(lambda s: s > 0),
    "greater_equal": decision(lambda s: s >= 0),
    "less": decision(lambda s: s < 0),
    "less_equal": decision(lambda s: s <= 0),
    "equal": decision(lambda s: s == 0),
    "not_equal": decision(lambda s: s != 0),
}
LOGIC: dict[str, Callable[..., Any]] = {"logical_and": both, "logical_or": either, "logical_not": negated}
SELECTIONS: dict[str, Callable[..., Any]] = {
    "maximum": lambda x, y: x.max(y),
    "minimum": lambda x, y: x.min(y),
    "sign": lambda x: x.sgn(),
    "absolute": lambda x: abs(x),
    "floor": lambda x: x.floor() if x.is_finite() else x,
    "ceil": lambda x: x.ceil() if x.is_finite() else x,
    "rint": rint,
    "round_to_even": rint,
}
ROUNDED: dict[str, Callable[..., Any]] = {
    **{
        name: (lambda x, name=name: getattr(x, name)())
        for name in (
            "sqrt rsqrt exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
            "erf erfc erfinv erfcinv digamma"
        ).split()
    },
    "lgamma": lgamma,
    "polygamma": polygamma,
    "zeta": lambda s, q: s.zeta(q),
    "ndtri": lambda p: -arb(2).sqrt() * (2 * p).erfcinv(),
    "i0": lambda x: bessel_i(0, x),
    "i1": lambda x: bessel_i(1, x),
    "i0e": lambda x: bessel_i(0, x, scaled=True),
    "i1e": lambda x: bessel_i(1, x, scaled=True),
    "j0": gentle(lambda x: x.bessel_j(0), 1.0),
    "j1": gentle(lambda x: x.bessel_j(1), 0.59),
    "y0": lambda x: x.bessel_y(0),
    "y1": lambda x: x.bessel_y(1),
    "k0": lambda x: bessel_k(0, x),
    "k1": lambda x: bessel_k(1, x),
    "k0e": lambda x: bessel_k(0, x, scaled=True),
    "k1e": lambda x: bessel_k(1, x, scaled=True),
    "dawsn": gentle(lambda x: x * (-x * x).hypgeom([1], [arb(1.5)]), 0.55),
    "expint": expint,
    "fresnel_cos": gentle(lambda x: x.fresnel_c(), 0.8),
    "fresnel_sin": gentle(lambda x: x.fresnel_s(), 0.8),
    "spence": spence,
    "power": power,
    "floormod": lambda x, y: x - y * (x / y).floor(),
    "truncatemod": lambda x, y: x - y * truncated(x / y),
    "floordiv": lambda x, y: (x / y).floor(),
    "arctan2": arctan2,
    "xlogy": zero_times(lambda x, y: x * y.log(), 0),
    "xlog1py": zero_times(lambda x, y: x * y.log1p(), 0),
    "xdivy": zero_times(lambda x, y: x / y, 0),
    "divide_no_nan": zero_times(lambda x, y: x / y, 1),
    "multiply_no_nan": zero_times(lambda x, y: x * y, 1),
}
INPUTS = {
    **dict.fromkeys("polygamma zeta power arctan2 xlogy xlog1py xdivy divide_no_nan multiply_no_nan".split(), 2),
    **dict.fromkeys("floormod truncatemod floordiv maximum minimum logical_and logical_or".split(), 2),
    **dict.fromkeys(DECISIONS, 2),
}
# NumPy spells the inverse functions out.
ALIASES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "abs": "absolute", "round": "rint", "atan2": "arctan2", "bessel_i0": "i0",
    "bessel_i1": "i1", "bessel_i0e": "i0e", "bessel_i1e": "i1e",
}  # fmt: skip


class Space:
    """The names above as attributes, each elementwise over object arrays."""

    def __init__(self, functions: dict[str, Callable[..., Any]]):
        for name, function in functions.items():
            setattr(self, name, lifted(function, INPUTS.get(name, 1)))
        self.where = lifted(choose, 3)
        for alias, name in ALIASES.items():
            setattr(self, alias, getattr(self, name))

    def literal(self, decimal: str) -> Any:
        """A decimal constant of a formula, exactly (as exactly as the working precision allows)."""
        return arb(decimal)

    def __getattr__(self, name: str) -> Any:
        """Whatever only moves elements (reshape, transpose, sum, …) is NumPy's own."""
        return getattr(np, name)


EXACT = Space({**DECISIONS, **LOGIC, **SELECTIONS, **ROUNDED})
