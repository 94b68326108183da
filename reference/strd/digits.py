"""How many digits of a certified value a number has, and how many a dtype's kernels promise: log relative errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from flint import arb

from reference.balls import working
from reference.strd.asked import Entry, Told
from reference.strd.reader import Certified, Dataset, Parameter
from reference.strd.solve import PRECISION, Solution, Unproved, ball, deviations, solution

NONE = 0.0


class Digits(NamedTuple):
    """Log relative errors of one parameter in one dtype's tape, by JᵀJ and by the Hessian, and what is promised."""

    estimate: tuple[float, ...]
    deviation: tuple[float, ...]
    promised: tuple[float, ...]  # digits of the exact deviation, of the same matrix, that the kernels' contracts leave


def lre(got: arb, certified: Certified) -> float:
    """-log₁₀ of the relative error, or of the absolute one where zero is certified; from 0 to what is printed.

    B. D. McCullough, The American Statistician 52 (1998), 358. Within half a unit of the last digit are all digits.
    """
    with working(PRECISION):
        value, half = ball(certified.value), ball(certified.half)
        off = abs(got - value)
    if not off.is_finite():
        return NONE
    if off <= half:
        return float(certified.digits)
    size = off.upper() if value.is_zero() else (off / abs(value)).upper()
    return min(max(NONE, -float(size.log()) / math.log(10)), float(certified.digits))


def agreement(found: arb, exact: arb, most: int) -> float:
    """The digits of an exact value that hold for every number in a ball."""
    off = abs(found - exact)
    if not off.is_finite():
        return NONE
    if off.upper() == 0:
        return float(most)
    size = off.upper() if exact.is_zero() else (off / abs(exact)).upper()
    return min(max(NONE, -float(size.log()) / math.log(10)), float(most))


def of_tape(dataset: Dataset, told: Told, exact: Solution) -> list[Digits]:
    """What the tape's numbers at the certified values say of each parameter; all linear algebra behind them is exact.

    An estimate is where one step of Newton's method (with JᵀJ: of Gauss and Newton's) leads from the held floats.
    """
    with working(PRECISION):
        gradient, squares = list(map(one, told.gradient)), told.squares[0]
        pairs = zip(matrices(told, one), matrices(told, lambda entry: entry.allowed), strict=True)
        ways = []
        for (got, allowed), true in zip(pairs, (exact.deviations, exact.bent_deviations), strict=True):
            spreads = spread(one(squares), dataset.freedom, got)
            promised = spread(squares.allowed, dataset.freedom, allowed)
            ways.append((stepped(told, got, gradient), spreads, promised, true))
        return [digits_of(p, [[part[k] for part in way] for way in ways]) for k, p in enumerate(dataset.parameters)]


def digits_of(p: Parameter, ways: list[list[arb]]) -> Digits:
    """One parameter's digits from its estimate, deviation, promised and exact deviation, by JᵀJ and by the Hessian."""
    return Digits(
        tuple(lre(estimate, p.estimate) for estimate, _, _, _ in ways),
        tuple(lre(deviation, p.deviation) for _, deviation, _, _ in ways),
        tuple(agreement(promised, true, p.deviation.digits) for _, _, promised, true in ways),
    )


def one(entry: Entry) -> arb:
    """TensorFlow's number as an exact ball."""
    return arb.nan() if entry.got is None else arb(entry.got)


def matrices(told: Told, take: Callable[[Entry], arb]) -> tuple[list[list[arb]], list[list[arb]]]:
    """JᵀJ and half the Hessian, of TensorFlow's numbers or of the balls that hold them."""
    columns = [list(map(take, column)) for column in told.jacobian]
    normal = [[sum((a * b for a, b in zip(x, y, strict=True)), arb(0)) for y in columns] for x in columns]
    flat = list(map(take, told.hessian))
    size = len(columns)
    return normal, [[entry / 2 for entry in flat[j * size : (j + 1) * size]] for j in range(size)]


def stepped(told: Told, rows: list[list[arb]], gradient: list[arb]) -> list[arb]:
    """Where one Newton step leads; nowhere if the matrix cannot be told from a singular one."""
    point = [arb(b) for b in told.place.parameters.values()]
    try:
        step = solution(rows, [g / 2 for g in gradient])
    except Unproved:
        return [arb.nan()] * len(point)
    return [b - s for b, s in zip(point, step, strict=True)]


def spread(squares: arb, freedom: int, rows: list[list[arb]]) -> list[arb]:
    """Standard deviations, or nothing where the matrix cannot be told from a singular one."""
    try:
        return deviations(squares, freedom, rows)
    except Unproved:
        return [arb.nan()] * len(rows)
