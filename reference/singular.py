"""Where expressions cannot be evaluated: one-sided limits, read off enclosures nearby."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import TYPE_CHECKING

from flint import arb

from reference.compile import Function
from reference.enclose import Ball, enclose, precision
from reference.op import Domain

if TYPE_CHECKING:
    from reference.sheet import Sheet, Value

Path = Callable[[int], Ball]  # how far along -> the point there

NEAR = (8, 16, 32, 64)  # enough to see a pole
STEPS = (64, 128, 256, 512)  # the path reaches 2**-step of the point, or 2**step of infinity
WOBBLE = {8: 3, 16: 5, 32: 1, 64: 0, 128: 3, 256: 5, 512: 1}  # meets no oscillation always in the same phase
VANISHED = -100000  # a binary logarithm so far below every format that the value is as good as zero
PHASES = (0, 7, 12)  # so many ways to infinity must agree: an oscillation may look settled along one
LEAD = 4  # of two infinite variables, one leads: it is this power and one more of the other


def sides(
    sheet: "Sheet", point: Sequence[float], domains: Sequence[Domain], dtype: str
) -> Iterator[tuple[Sequence["Value"], bool]]:
    """The limits of all expressions along each path to the point, and whether any was needed."""
    for ways in paths(point, domains):
        for signature in _signatures(sheet, ways[0]):
            function = sheet.function(signature)
            at_point: Sequence[Value] = [None] * len(sheet.exprs)
            if all(map(math.isfinite, point)):
                (at_point,) = enclose(function, [tuple(map(arb, point))], dtype)
            wanted = [v is None for v in at_point]
            limits = [_agreed(v) for v in zip(*(_limits(function, w, wanted) for w in ways), strict=True)]
            values = [limit if at is None else at for at, limit in zip(at_point, limits, strict=True)]
            yield values, None in at_point


def _agreed(limits: Sequence["Value"]) -> "Value":
    """The limit that all ways have in common; None where they differ, as an oscillation's do."""
    first = limits[0]
    if isinstance(first, arb) and all(isinstance(v, arb) and first.overlaps(v) for v in limits):
        return first
    return first if isinstance(first, float) and all(v is first or v == first for v in limits) else None


def paths(point: Sequence[float], domains: Sequence[Domain]) -> Iterator[tuple[Path, ...]]:
    """The ways to approach a point from inside the domain: all infinite variables, then one finite one."""
    infinite = [i for i, x in enumerate(point[: len(domains)]) if math.isinf(x)]
    orders = list(permutations(infinite))
    for order in orders if infinite else []:
        yield tuple(_path(point, order, phase) for phase in PHASES)
    for i, domain in enumerate(domains):
        first = -1 if math.copysign(1.0, point[i]) < 0 and point[i] == 0 else 1
        for direction in (first, -first) if i not in infinite else ():
            if point[i] < domain.high if direction > 0 else point[i] > domain.low:
                yield tuple(_path(point, infinite, phase, i, direction) for phase in (PHASES if infinite else (0,)))


def _path(point: Sequence[float], order: Sequence[int], phase: int, i: int = -1, direction: int = 0) -> Path:
    """Towards a point: infinite variables grow, the first of the order leading; variable i comes nearer."""
    beyond = max(0, *(math.frexp(x)[1] for x in (0.0, *point) if math.isfinite(x)))

    def at(step: int) -> Ball:
        balls = [arb(0) if math.isinf(x) else arb(x) for x in point]
        for rank, j in enumerate(order):
            exponent = step * (1 + LEAD * (len(order) - 1 - rank)) + beyond
            balls[j] = arb((int(math.copysign(8 + phase + WOBBLE[step], point[j])), exponent))
        if direction:
            balls[i] += arb((direction, _scale(point, i) - step))
        return tuple(balls)

    return at


def _scale(point: Sequence[float], i: int) -> int:
    """The exponent below which a step is small beside one and beside every number of the point."""
    near = [point[i]] if point[i] else point
    return min((math.frexp(x)[1] for x in near if x and math.isfinite(x) and abs(x) < 1), default=0)


def _signatures(sheet: "Sheet", path: Path) -> list[tuple[int, ...]]:
    """How the kinks fall at the end of the path."""
    ball = path(STEPS[-1])
    return sheet.signatures([1.0] * len(ball), ball)


def _limits(function: Function, path: Path, wanted: Sequence[bool]) -> list["Value"]:
    """The limit of each wanted value along the path; poles show early, and far steps can be slow."""
    near = [recognised(g) for g in _along(function, path, NEAR)]
    if all(isinstance(v, float) for v, w in zip(near, wanted, strict=True) if w):
        return near
    return [recognised(g) for g in _along(function, path, STEPS)]


def _along(function: Function, path: Path, steps: Sequence[int]) -> list[tuple[arb, ...]]:
    """Each value at every step of the path."""
    results = []
    for step in steps:
        with precision(8000):
            ball = path(step)
        size = max(int(b.abs_upper().man_exp()[1]) for b in ball)
        with precision(400 + 6 * step + max(0, size)):
            results.append(function(*ball))
    return list(zip(*results, strict=True))


def recognised(values: Sequence[arb]) -> "Value":
    """The limit of a sequence of enclosures: finite, zero or infinite; None where it has none."""
    if not all(v.is_finite() for v in values):
        return None
    last = values[-1]
    if all(v.is_exact() and v == last for v in values[1:]):
        return last
    sizes = [_log2(v) for v in values]
    falls = [a - b for a, b in zip(sizes, sizes[1:], strict=False)]
    if min(falls) > 0.7 or max(sizes) < VANISHED:
        return arb(0)
    if max(falls) < -0.7 and (all(v > 0 for v in values) or all(v < 0 for v in values)):
        return math.inf if last > 0 else -math.inf
    return _settling(values)


def _settling(values: Sequence[arb]) -> "Value":
    """The last value widened by its last change where changes shrink; infinity where they grow one way."""
    with precision(4000):
        changes = [b - a for a, b in zip(values, values[1:], strict=False)]
        sizes, size = [_log2(c) for c in changes], _log2(values[-1])
        one_way = all(c > 0 for c in changes) or all(c < 0 for c in changes)
        grown = size > _log2(values[0])  # a logarithm has; x**0.001, which falls to 0, has not
        if one_way and grown and all(b - a > 0.7 for a, b in zip(sizes, sizes[1:], strict=False)):
            return math.inf if changes[-1] > 0 else -math.inf
        steady = all(b < max(a - 8, size - 400) for a, b in zip(sizes, sizes[1:], strict=False))
        if not steady or sizes[-1] > size - 100:
            return None
        return values[-1] + changes[-1] * arb(0, 1)


def _log2(value: arb) -> float:
    """The logarithm of the largest absolute value in the enclosure."""
    mantissa, exponent = value.abs_upper().man_exp()
    if not mantissa:
        return -math.inf
    m, e = int(mantissa), int(exponent)
    return float(max(min(e, 10**300), -(10**300))) + math.log2(m)
