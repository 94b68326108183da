"""Least squares solved exactly: linear sets in rationals, others by Newton's method with Krawczyk's proof of a zero.

R. Krawczyk, Computing 4 (1969): if K(X) = m - Y F(m) + (1 - Y F'(X)) (X - m) lies inside the box X, then F has exactly
one zero in X. F is half the gradient of the residual sum of squares, F' half its Hessian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, arb_mat, fmpq, fmpq_mat

from reference.balls import working
from reference.strd.derivatives import CONSTANTS, Derived, Irrational
from reference.strd.reader import Dataset

PRECISION = 400  # bits in which a search runs and a proof is made
SETTLED = 2.0**-180  # of a parameter's size: the radius of the box that is proved to hold one minimum
ROUNDS = 40  # of Newton's method from the certified values

Columns = Mapping[str, Sequence[Any]]


class Unproved(ArithmeticError):
    """No minimum could be proved near the certified values; the message says why."""


class Sums(NamedTuple):
    """The residual sum of squares at a point, half its gradient, half its Hessian, and JᵀJ of the residuals."""

    squares: Any
    gradient: list[Any]  # Jᵀr
    hessian: list[list[Any]]  # JᵀJ + Σ r ∇²r
    normal: list[list[Any]]  # JᵀJ


class Solution(NamedTuple):
    """The exact minimum: every number is a ball that provably holds it."""

    how: str
    parameters: list[arb]
    squares: arb
    deviations: list[arb]  # of linear theory (Gauss and Newton): √(s²·(JᵀJ)⁻¹ⱼⱼ)
    bent_deviations: list[arb]  # with half the Hessian of the sum of squares in place of JᵀJ


def ball(value: Any) -> arb:
    """A rational, or one of SymPy's constants, as a ball."""
    return CONSTANTS[value]() if value in CONSTANTS else arb(rational(value))


def rational(value: Any) -> fmpq:
    """A Fraction, a SymPy rational or a float as flint's rational, exactly."""
    if value in CONSTANTS:
        raise Irrational
    value = Fraction(value) if isinstance(value, float) else value
    return fmpq(int(value.numerator), int(value.denominator))


def sums(derived: Derived, names: Sequence[str], point: Sequence[Any], columns: Columns, number: Any = ball) -> Sums:
    """The sums over all observations, in balls or in whatever `number` makes of constants."""
    program, size = derived.first if derived.linear else derived.second, len(names)
    gradient = [number(0)] * size
    normal = [[number(0)] * size for _ in range(size)]
    bends = [[number(0)] * size for _ in range(size)]
    squares = number(0)
    for row in zip(*columns.values(), strict=True):
        r, *rest = program(dict(zip([*names, *columns], [*point, *row], strict=True)), number)
        slopes, second = rest[:size], iter(rest[size:])
        squares += r * r
        for j in range(size):
            gradient[j] += slopes[j] * r
            for k in range(j, size):
                normal[j][k] += slopes[j] * slopes[k]
                bends[j][k] += 0 if derived.linear else r * next(second)
    full = [[normal[min(j, k)][max(j, k)] for k in range(size)] for j in range(size)]
    hessian = [[full[j][k] + bends[min(j, k)][max(j, k)] for k in range(size)] for j in range(size)]
    return Sums(squares, gradient, hessian, full)


def in_balls(columns: Mapping[str, Sequence[Fraction]]) -> dict[str, list[arb]]:
    """Observations as balls of the working precision."""
    return {name: [ball(value) for value in column] for name, column in columns.items()}


def solved(dataset: Dataset, derived: Derived) -> Solution:
    """The exact minimum nearest to the certified values."""
    with working(PRECISION):
        if derived.linear:
            try:
                return linear(dataset, derived)
            except Irrational:
                pass  # a linear model with, say, a cosine of x in it: Newton's method needs one step
        return newton(dataset, derived)


def linear(dataset: Dataset, derived: Derived) -> Solution:
    """The normal equations in rationals: no rounding, whatever their condition."""
    names = [p.name for p in dataset.parameters]
    columns = {name: [rational(value) for value in column] for name, column in dataset.columns.items()}
    at_zero = sums(derived, names, [fmpq(0)] * len(names), columns, rational)
    normal = fmpq_mat(len(names), len(names), [entry for row in at_zero.normal for entry in row])
    right = fmpq_mat(len(names), 1, [-g for g in at_zero.gradient])
    try:
        inverse = normal.inv()
    except ZeroDivisionError:
        raise Unproved("the normal equations are singular: the data do not say what the parameters are") from None
    estimate = (inverse * right).entries()
    squares = at_zero.squares + sum(g * b for g, b in zip(at_zero.gradient, estimate, strict=True))
    spread = [(arb(squares * inverse[j, j]) / dataset.freedom).sqrt() for j in range(len(names))]
    return Solution("the normal equations in rationals", list(map(arb, estimate)), arb(squares), spread, spread)


def newton(dataset: Dataset, derived: Derived) -> Solution:
    """Newton's method from the certified values, and Krawczyk's proof that there is one minimum where it ends."""
    names = [p.name for p in dataset.parameters]
    columns = in_balls(dataset.columns)
    certified = [ball(p.estimate.value) for p in dataset.parameters]
    try:
        point = settled(derived, names, certified, columns)
        box = [b + arb(0, abs(b) * SETTLED) for b in point]
        proof = krawczyk(derived, names, point, box, columns)
    except Unproved as error:
        if positive(sums(derived, names, certified, columns).normal):
            raise
        raise Unproved(
            f"the data do not determine the parameters, for JᵀJ cannot be told from a singular matrix: {error}"
        ) from None
    at = sums(derived, names, proof, columns)
    if not positive(at.hessian):
        raise Unproved("the gradient vanishes near the certified values, and they are not proved a minimum")
    return Solution(
        "Newton's method, one minimum proved (Krawczyk)",
        proof,
        at.squares,
        deviations(at.squares, dataset.freedom, at.normal),
        deviations(at.squares, dataset.freedom, at.hessian),
    )


def settled(derived: Derived, names: Sequence[str], point: list[arb], columns: Columns) -> list[arb]:
    """Where Newton's method ends: the gradient vanishes there to nearly all digits."""
    for _ in range(ROUNDS):
        at = sums(derived, names, point, columns)
        step = solution(at.hessian, at.gradient)
        point = [(b - s).mid() for b, s in zip(point, step, strict=True)]
        if all(abs(s) < abs(b) * SETTLED / 16 for b, s in zip(point, step, strict=True)):
            return point
    raise Unproved(f"Newton's method from the certified values does not settle within {ROUNDS} steps")


def krawczyk(derived: Derived, names: Sequence[str], point: list[arb], box: list[arb], columns: Columns) -> list[arb]:
    """K(X), which lies inside the box and holds its only zero of the gradient."""
    size = len(names)
    gradient = arb_mat(size, 1, sums(derived, names, point, columns).gradient)
    slope = matrix(sums(derived, names, box, columns).hessian)
    try:
        near = slope.mid().inv().mid()
    except ZeroDivisionError:
        raise Unproved("the Hessian at the minimum is singular") from None
    offset = arb_mat(size, 1, [x - b for x, b in zip(box, point, strict=True)])
    image = arb_mat(size, 1, point) - near * gradient + (identity(size) - near * slope) * offset
    inside = [image[j, 0] for j in range(size)]
    if not all(x.contains_interior(k) for x, k in zip(box, inside, strict=True)):
        raise Unproved("Krawczyk's operator does not map its box into itself")
    return inside


def matrix(rows: list[list[arb]]) -> arb_mat:
    """Rows as flint's matrix."""
    return arb_mat(len(rows), len(rows), [entry for row in rows for entry in row])


def identity(size: int) -> arb_mat:
    """The unit matrix."""
    return arb_mat(size, size, [arb(j == k) for j in range(size) for k in range(size)])


def solution(rows: list[list[arb]], right: list[arb]) -> list[arb]:
    """A linear system's solution; Unproved where the balls cannot tell its matrix from a singular one."""
    try:
        found = matrix(rows).solve(arb_mat(len(right), 1, right), algorithm="precond")
    except ZeroDivisionError:
        raise Unproved("a matrix cannot be told from a singular one") from None
    return [found[j, 0] for j in range(len(right))]


def positive(rows: list[list[arb]]) -> bool:
    """Whether a symmetric matrix is certainly positive definite: all pivots are."""
    work = [list(row) for row in rows]
    for j in range(len(work)):
        if not work[j][j] > 0:
            return False
        for k in range(j + 1, len(work)):
            factor = work[k][j] / work[j][j]
            work[k] = [a - factor * b for a, b in zip(work[k], work[j], strict=True)]
    return True


def deviations(squares: arb, freedom: int, rows: list[list[arb]]) -> list[arb]:
    """√(s²·M⁻¹ⱼⱼ) for a symmetric matrix M, with s² the mean of the squared residuals."""
    size = len(rows)
    units = [[arb(j == k) for j in range(size)] for k in range(size)]
    inverse = [solution(rows, unit)[k] for k, unit in enumerate(units)]
    return [root(squares / freedom * entry) if entry > 0 else arb.nan() for entry in inverse]


def root(value: arb) -> arb:
    """The square root of what is not negative, though its ball may reach below zero."""
    return arb(0).union(arb(value.upper()).sqrt()) if value.contains(0) else value.sqrt()
