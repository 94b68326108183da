"""The exact derivatives at a point: precision grows until each settles, and on a branch cut there are two sides.

A point on an axis may lie on a cut. The derivatives there are taken as they stand and as limits from both sides,
read off enclosures at points that approach; those that agree are one. Where an expression has no value (a pole, a
branch point, 0/0) only limits from all directions that agree count.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from itertools import product

import sympy as sp
from flint import acb, arb

from reference.balls import working
from reference.catalogue.complexes import TABLE, ComplexOp
from reference.plane.derive import evaluator, partials, variables
from reference.ulp import FORMATS
from reference.wire import PARTS

Derivatives = dict[tuple[int, ...], acb]
Point = tuple[complex, ...]

GUARD = 60  # bits that an enclosure has more than the dtype
WIDE = 400  # bits in which an enclosure is only passed on
GROWTH = (1, 4, 16, 64)  # times the first precision


class Unsettled(ArithmeticError):
    """No precision was enough: some expression overflows even Arb, or cancels endlessly."""


def exact(z: complex) -> acb:
    """The ball of one complex float."""
    return acb(z.real, z.imag)


@lru_cache(maxsize=200_000)
def sides(name: str, order: int, dtype: str, point: Point) -> tuple[Derivatives, ...]:
    """The derivatives at a point from every side on which they differ; none where no finite one exists."""
    op = TABLE[name]
    centre = [exact(z) for z in point]
    here = settled(op, order, dtype, centre)
    if here is not None:
        found = [here]
        for way in ways(op, point, dtype) if branches(op, order) else ():
            there = settled(op, order, dtype, moved(centre, way, 1))
            if there is not None and not any(agree(there, known, dtype) for known in found):
                found.append(blurred(there, dtype))
        return tuple(found)
    return limit(op, order, dtype, point)


def limit(op: ComplexOp, order: int, dtype: str, point: Point) -> tuple[Derivatives, ...]:
    """The limit from all directions, if they have one and the same."""
    centre = [exact(z) for z in point]
    found: list[Derivatives] = []
    silent = 0
    around = list(ways(op, point, dtype, everywhere=True))
    for way in around:
        near, nearer = (settled(op, order, dtype, moved(centre, way, steps)) for steps in (1, 2))
        if near is None or nearer is None:
            silent += 1
        elif not agree(near, nearer, dtype) or found and not agree(nearer, found[0], dtype):
            return ()
        else:
            found.append(blurred(nearer, dtype))
    if silent == len(around):
        raise Unsettled(f"{op.name} at {point}")
    return tuple(found[:1])


def blurred(found: Derivatives, dtype: str) -> Derivatives:
    """Derivatives at a point beside, as those of the point itself: as far off as steps are small, and more."""
    relative = arb(0, 2.0 ** -(FORMATS[PARTS[dtype]].precision + GUARD))
    with working(WIDE):
        return {place: v + acb(v.abs_upper() * relative, v.abs_upper() * relative) for place, v in found.items()}


@cache
def branches(op: ComplexOp, order: int) -> bool:
    """Whether a derivative holds a function that has a branch cut."""
    return any(has_cut(e) for found in partials(op, order).values() for e in sp.preorder_traversal(found))


def has_cut(expr: sp.Basic) -> bool:
    """Whether this very function is discontinuous somewhere along a line."""
    if isinstance(expr, sp.Pow):
        return not expr.exp.is_Integer and expr.base != sp.E
    return isinstance(expr, sp.log) and bool(expr.free_symbols)


def ways(op: ComplexOp, point: Point, dtype: str, everywhere: bool = False) -> list[tuple[acb, ...]]:
    """Small steps away from a point: across the axes that it lies on, or in all four directions."""
    choices = [steps(z, dtype, op.real_inputs, everywhere) for z in point]
    return [way for way in product(*choices) if any(not step.is_zero() for step in way)]


def steps(z: complex, dtype: str, real: bool, everywhere: bool) -> list[acb]:
    form = FORMATS[PARTS[dtype]]
    small = acb(arb((1, math.frexp(min(abs(z), 1.0) if z else 1.0)[1] + form.emin - 4 * form.precision)))
    upwards = [] if real or not (everywhere or z.imag == 0) else [small * acb(0, 1), small * acb(0, -1)]
    sideways = [small, -small] if everywhere or z.real == 0 else []
    return [acb(0), *upwards, *sideways]


def moved(centre: list[acb], way: tuple[acb, ...], times: int) -> list[acb]:
    """The point moved by a step, or by its part that is as small again."""
    with working(100_000):
        smaller = [step * (abs(step) * arb(2) ** -20 if times == 2 else 1) for step in way]
        return [z + step for z, step in zip(centre, smaller, strict=True)]


def settled(op: ComplexOp, order: int, dtype: str, point: list[acb]) -> Derivatives | None:
    """The derivatives to as many bits as are needed; None where they have no value."""
    places, evaluate = evaluator(op, order)
    given = [part for z in point for part in (z, z.conjugate())]
    start = FORMATS[PARTS[dtype]].precision + GUARD + 20
    for factor in GROWTH:
        with working(start * factor):
            values = [acb(v) for v in evaluate(*given)]
            if all(is_settled(v, dtype) for v in values):
                empty = {place: acb(0) for place in all_places(op, order)}
                return {**empty, **dict(zip(places, values, strict=True))}
    if all(v.is_finite() for v in values):
        raise Unsettled(f"{op.name} at {point}")
    return None


@cache
def all_places(op: ComplexOp, order: int) -> tuple[tuple[int, ...], ...]:
    count = len(variables(op))
    pairs = [(i, j) for i in range(count) for j in range(i, count)] if order == 2 else []
    return (*((i,) for i in range(count)), *pairs)


def is_settled(value: acb, dtype: str) -> bool:
    """Whether an enclosure is tight beside its own size, or certainly below every float."""
    if not value.is_finite():
        return False
    form = FORMATS[PARTS[dtype]]
    size, width = value.abs_upper(), width_of(value)
    return bool(
        width <= size * arb(2) ** -(form.precision + GUARD) or size < arb(2) ** (form.emin - form.precision - GUARD)
    )


def width_of(value: acb) -> arb:
    """How far from the middle of a complex ball its corners are."""
    re, im = arb(value.real.rad()), arb(value.imag.rad())
    return arb((re + im).upper())


def agree(one: Derivatives, other: Derivatives, dtype: str) -> bool:
    """Whether two sides are the same as far as any float can show."""
    form = FORMATS[PARTS[dtype]]
    with working(form.precision + GUARD):
        least = arb(2) ** (form.emin - form.precision - GUARD // 2)
        return all(
            bool((one[k] - other[k]).abs_upper() <= one[k].abs_upper() * arb(2) ** -(form.precision + 16) + least)
            for k in one
        )
