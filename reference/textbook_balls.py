"""A row's textbook gradient on balls: what its formula means, and what float64 may make of it.

`MEANS` computes without rounding, `ALLOWS` rounds every operation as float64 may; both are the namespace that
a row's `vjp` takes for NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
import sympy as sp
from flint import arb

from reference import balls, derive, exact
from reference.enclose import precision
from reference.op import Op
from reference.rounding import Rounded, Rounding
from reference.sheet import Sheet

Array = np.ndarray
Widen = Callable[[arb], arb]

BITS = 320  # of working precision

#: Functions that NumPy and SciPy answer less well than within LIBRARY ULP, each with its reason.
LIBRARY = 4.0
WIDER: dict[str, tuple[float, str]] = {
    "trigamma": (64.0, "SciPy's zeta(2, x), and below 0 a reflection that subtracts"),
    **dict.fromkeys(
        ("bessel_i", "bessel_j", "bessel_y", "bessel_k"),
        (64.0, "AMOS promises digits, not ULP: power and asymptotic series of some dozens of terms"),
    ),
    "polygamma": (64.0, "SciPy's zeta(3, x)"),
    "zeta": (64.0, "SciPy's zeta adds an expansion of a dozen terms"),
}
#: Functions that answer for an argument so many ULP away, each with its reason.
BESIDE: dict[str, tuple[float, str]] = {
    "digamma": (8.0, "below 0 SciPy reflects, and near the zeros there the parts cancel"),
    "polygamma": (8.0, "SciPy's zeta with a negative argument: near the zeros there the parts cancel"),
    "bessel_j": (
        8.0,
        "SciPy reduces large arguments, and about zeros all arguments, with an error of their last digits",
    ),
    "bessel_y": (8.0, "the same"),
}


def trigamma(x: arb) -> arb:
    """The derivative of digamma, by reflection below 0, where Arb too would take a step per unit."""
    if x > 0:
        return balls.polygamma(arb(1), x)
    return (arb.pi() / arb.sin_pi(x)) ** 2 - balls.polygamma(arb(1), 1 - x)


def of_finite(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """A function that has no value at infinity, where Arb returns its range."""
    return lambda x: function(x) if x.is_finite() else arb.nan()


FUNCTIONS: dict[str, Callable[..., arb]] = {
    **balls.ROUNDED,
    **balls.SELECTIONS,
    "sin": of_finite(arb.sin),
    "cos": of_finite(arb.cos),
    "trigamma": trigamma,
    "bessel_i": lambda n, x: x.bessel_i(n),
    "bessel_j": lambda n, x: x.bessel_j(n),
    "bessel_y": lambda n, x: x.bessel_y(n),
    "bessel_k": lambda n, x: x.bessel_k(n),
}
FUNCTIONS |= {alias: FUNCTIONS[name] for alias, name in balls.ALIASES.items() if name in FUNCTIONS}
INPUTS = {**balls.INPUTS, **dict.fromkeys(("bessel_i", "bessel_j", "bessel_y", "bessel_k"), 2)}


def as_ball(value: Any) -> arb:
    """The ball of an operand: a number's own, or that of a plain number."""
    if isinstance(value, Rounded):
        return value.ball
    return value if isinstance(value, arb) else arb(float(value))


class Number(Rounded):
    """A ball with the operators of a NumPy float, comparisons included."""

    __slots__ = ()

    def __init__(self, ball: arb, widen: Widen):
        super().__init__(ball, cast(Rounding, widen))  # `unrounded` is a rounding too

    __hash__ = None  # type: ignore[assignment]

    def _with(self, operation: Callable[[arb, arb], arb], other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # the array takes itself apart
        return Number(self.widen(operation(self.ball, as_ball(other))), self.widen)

    def __neg__(self) -> Number:
        return Number(-self.ball, self.widen)

    def _sign(self, other: Any) -> int:
        sign = balls.compare(self.ball, as_ball(other))
        if sign is None:
            raise ValueError("the balls overlap: at this point the formula's branch cannot be decided")
        return sign

    def __lt__(self, other: Any) -> bool:
        return self._sign(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._sign(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._sign(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._sign(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self._sign(other) == 0


class Textbook:
    """NumPy's names over object arrays of `Number`; `widen` says how an operation rounds, and a function."""

    def __init__(self, operation: Widen, function: Callable[[str], tuple[Widen, Widen]]):
        self.operation = operation
        self.function = function

    @property
    def pi(self) -> Number:
        return self.float64(arb.pi())

    def float64(self, constant: Any) -> Number:
        """A constant as a float64 holds it."""
        return Number(self.operation(arb(constant)), self.operation)

    def enter(self, values: Array) -> Array:
        """Balls or floats as operands."""
        return balls.lifted(lambda v: Number(as_ball(v), self.operation), 1)(values)

    def __getattr__(self, name: str) -> Any:
        if name not in FUNCTIONS:
            return getattr(np, name)  # it moves elements, or chooses
        scalar, (read, widen) = FUNCTIONS[name], self.function(name)

        def computed(*x: Any) -> Number:
            *orders, last = map(as_ball, x)
            return Number(widen(scalar(*orders, read(last))), self.operation)

        return balls.lifted(computed, INPUTS.get(name, 1))


@cache
def library(name: str) -> tuple[Widen, Widen]:
    """How float64's library reads a function's arguments and rounds its value; a selection is exact."""
    if name in balls.SELECTIONS:
        return unrounded, unrounded
    away = BESIDE.get(name, (0.0, ""))[0]
    ulp = 0.5 if name == "sqrt" else WIDER.get(name, (LIBRARY, ""))[0]
    return Rounding("float64", away) if away else unrounded, Rounding("float64", ulp)


def unrounded(x: arb) -> arb:
    """The same ball."""
    return x


MEANS = Textbook(unrounded, lambda name: (unrounded, unrounded))
ALLOWS = Textbook(Rounding("float64"), library)


def gradient(op: Op, space: Textbook, g: Array, y: Array, primals: list[Array]) -> list[Array | None]:
    """The row's cotangents as balls, an object array or None per input; y holds balls of the function's value."""
    with precision(BITS):
        answer = op.vjp(space, space.enter(g), space.enter(y), *map(space.enter, primals))
        answers = answer if isinstance(answer, tuple) else (answer,)
        return [None if a is None else balls.lifted(as_ball, 1)(np.asarray(a, dtype=object)) for a in answers]


def derivative(op: Op, g: Array, primals: list[Array]) -> list[Array]:
    """SymPy's own vjp as balls of the same precision, at points off the kinks."""
    if op.shapes is not None:
        shapes = exact.answer_shapes(op, "vjp", 1)
        zeros = [0.0] * sum(x.size for x in primals)  # the tangents, which a vjp does not read
        values = at_point(exact.sheet_of_array(op, "vjp", 1), [*flat([*primals, g]), *zeros])
        cuts = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
        return [part.reshape(s) for part, s in zip(np.split(values, cuts), shapes, strict=True)]
    points = [at_point(exact.sheet_of(op, 1), p) for p in zip(*primals, strict=True)]
    with precision(BITS):
        weighted = [point * arb(float(c)) for point, c in zip(points, g, strict=True)]
    return [np.array(column, dtype=object) for column in zip(*weighted, strict=True)]


def value(op: Op, primals: list[Array]) -> Array:
    """The function itself as balls."""
    if op.shapes is None:
        points = zip(*primals, strict=True)
        return np.array([at_point(values_sheet(op), p)[0] for p in points], dtype=object)
    shape = np.shape(op.primal(sp, *derive.symbols_of(op)))
    return at_point(values_sheet(op), flat(primals)).reshape(shape)


@cache
def values_sheet(op: Op) -> Sheet:
    """The compiled primal."""
    x = derive.symbols_of(op)
    y = np.asarray(op.primal(sp, *x), dtype=object)
    symbols = [s for v in x for s in np.asarray(v, dtype=object).flat]
    return Sheet([derive.smooth(sp.sympify(e)) for e in y.flat], symbols, at_kinks=True)


def at_point(sheet: Sheet, point: Any) -> Array:
    """All expressions of a sheet at one point, as balls."""
    with precision(BITS):
        inputs = tuple(map(arb, point))
        values = sheet.function(sheet.signatures(tuple(map(float, point)), inputs)[0])(*inputs)
    return np.array([values[c] for c in sheet.columns], dtype=object)


def flat(arrays: list[Array]) -> list[float]:
    """All elements of all arrays, one behind the other."""
    return [float(v) for a in arrays for v in np.asarray(a).flat]
