"""Arithmetic, comparisons and selection: IEEE 754 says what these return, so their contract is one rounding."""

from __future__ import annotations

import numpy as np
from flint import arb

from reference.balls import zeros
from reference.kernels.table import ELEMENTARY, EXACTLY, STEPWISE, Contract, Kernel

BESIDE_ZERO = arb(0, 2.0**-148)  # no derivative depends on what NextAfter returns
APPROXIMATE = Contract(0.501, float32_ulp=2.125)
NEWTON = (
    "Eigen's vectorised float32 reciprocal is x + x(1 - ax), a Newton step from the processor's estimate x, which is "
    "within e = 1.5 * 2^-12: in units of 2^-24 of the result, e^2 is 2.25, and the roundings of ax and of the sum are "
    "1 each; worst measured 1.38 times 2^-23, at 0x1.04afep+0 among all inputs of its binade, eight at a time. 16-bit "
    "results are rounded once more from it, float64 ones are divided."
)


def added(_, *x):
    """The sum of any number of tensors."""
    return sum(x[1:], x[0])


def added_terms(_, *x):
    return len(x) - 1, sum((abs(v) for v in x[1:]), abs(x[0]))


def finite(x):
    """Balls are finite but for the exact infinities."""
    return np.frompyfunc(lambda v: bool(v.is_finite()), 1, 1)(x)


def compared(name: str, kernel: str) -> Kernel:
    return Kernel(kernel, lambda B, x, y: getattr(B, name)(x, y), EXACTLY)


ARITHMETIC = [
    Kernel("Add", lambda B, x, y: x + y),
    Kernel("AddV2", lambda B, x, y: x + y),
    Kernel("AddN", added, Contract(0.5, terms=added_terms)),
    Kernel("Sub", lambda B, x, y: x - y),
    Kernel("Mul", lambda B, x, y: x * y),
    Kernel("Div", lambda B, x, y: x / y),
    Kernel("RealDiv", lambda B, x, y: x / y),
    Kernel("DivNoNan", lambda B, x, y: B.divide_no_nan(x, y)),
    Kernel("MulNoNan", lambda B, x, y: B.multiply_no_nan(x, y)),
    Kernel("SquaredDifference", lambda B, x, y: (x - y) * (x - y), STEPWISE),
    Kernel("Square", lambda B, x: x * x),
    Kernel("Sqrt", lambda B, x: B.sqrt(x)),
    Kernel("Reciprocal", lambda B, x: 1 / x, APPROXIMATE, why=NEWTON),
    Kernel("Inv", lambda B, x: 1 / x, APPROXIMATE, why=NEWTON),
    Kernel("FloorMod", lambda B, x, y: B.floormod(x, y)),
    Kernel("TruncateMod", lambda B, x, y: B.truncatemod(x, y)),
    Kernel("FloorDiv", lambda B, x, y: B.floordiv(x, y)),
    Kernel("NextAfter", lambda B, x, y: x + BESIDE_ZERO, Contract(1.0), why="the float beside x, at 0 the smallest"),
    Kernel("Neg", lambda B, x: -x, EXACTLY),
    Kernel("Abs", lambda B, x: B.absolute(x), EXACTLY),
    Kernel("Sign", lambda B, x: B.sign(x), EXACTLY),
    Kernel("Floor", lambda B, x: B.floor(x), EXACTLY),
    Kernel("Ceil", lambda B, x: B.ceil(x), EXACTLY),
    Kernel("Rint", lambda B, x: B.rint(x), EXACTLY),
    Kernel("Round", lambda B, x: B.rint(x), EXACTLY),
    Kernel("Maximum", lambda B, x, y: B.maximum(x, y), EXACTLY),
    Kernel("Minimum", lambda B, x, y: B.minimum(x, y), EXACTLY),
    Kernel("Relu", lambda B, x: B.maximum(x, zeros(x)), EXACTLY),
    Kernel("Relu6", lambda B, x: B.minimum(B.maximum(x, zeros(x)), zeros(x) + 6), EXACTLY),
    Kernel("ClipByValue", lambda B, x, low, high: B.minimum(B.maximum(x, low), high), EXACTLY),
    Kernel("Select", lambda B, c, x, y: B.where(c, x, y), EXACTLY),
    Kernel("SelectV2", lambda B, c, x, y: B.where(c, x, y), EXACTLY),
    compared("greater", "Greater"),
    compared("greater_equal", "GreaterEqual"),
    compared("less", "Less"),
    compared("less_equal", "LessEqual"),
    compared("equal", "Equal"),
    compared("not_equal", "NotEqual"),
    Kernel("IsFinite", lambda B, x: finite(x), EXACTLY),
    Kernel("IsInf", lambda B, x: B.logical_not(finite(x)), EXACTLY),
    Kernel("IsNan", lambda B, x: B.logical_not(B.equal(x, x)), EXACTLY),
    Kernel("LogicalAnd", lambda B, x, y: B.logical_and(x, y), EXACTLY),
    Kernel("LogicalOr", lambda B, x, y: B.logical_or(x, y), EXACTLY),
    Kernel("LogicalNot", lambda B, x: B.logical_not(x), EXACTLY),
    Kernel("Identity", lambda B, x: x, EXACTLY),
    Kernel(
        "Returned",
        lambda B, x: x,
        ELEMENTARY,
        why="no kernel: what a function call returned, where TensorFlow rewrote its body before running it",
    ),
    Kernel("IdentityN", lambda B, *x: list(x), EXACTLY),
    Kernel("ReadVariableOp", lambda B, x: x, EXACTLY),
    Kernel("PlaceholderWithDefault", lambda B, x: x, EXACTLY),
    Kernel("StopGradient", lambda B, x: x, EXACTLY),
    Kernel("PreventGradient", lambda B, x: x, EXACTLY),
    Kernel("Snapshot", lambda B, x: x, EXACTLY),
    Kernel("Conj", lambda B, x: x, EXACTLY),
    Kernel("Real", lambda B, x: x, EXACTLY),
    Kernel("ZerosLike", lambda B, x: zeros(x), EXACTLY),
    Kernel("OnesLike", lambda B, x: zeros(x) + 1, EXACTLY),
]
