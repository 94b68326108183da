"""All sides of all expressions at a point: where they have a kink, a pole or a hole, from each side."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

import sympy as sp
from flint import arb

from reference import singular
from reference.compile import Function, compiled, differences, resolved
from reference.enclose import Ball, Signature, enclose, precision, signs_of
from reference.op import Domain

Value = arb | float | None  # an enclosure, an infinity, or no value at all

WIDEST = "float64"
ROOM = 10_000  # so many singular points are remembered; then all of them are forgotten
FEW = 4  # up to so many ties at a point, all combinations of their sides are taken


class Side(tuple):
    """One jointly consistent choice at a point: a value for every expression asked."""

    numeric = False  # whether a limit was recognised from enclosures nearby instead of evaluated at the point


Sides = tuple[Side, ...]


class Sheet:
    """Expressions of some symbols, compiled once for each way their kinks can fall."""

    def __init__(
        self,
        exprs: Sequence[sp.Expr],
        symbols: Sequence[sp.Symbol],
        at_kinks: bool = False,
        blind: bool = False,
    ) -> None:
        self.symbols = list(symbols)
        self.exprs = list(dict.fromkeys(exprs))
        self.columns = _columns(exprs)
        self.at_kinks = at_kinks  # values: a kink is a point like any other; derivatives: it has sides
        self.blind = blind  # arrays: an undefined input hides only the entries that depend on it
        self.deltas = differences(self.exprs)
        self.delta_values = compiled(self.deltas, self.symbols)
        self._functions: dict[Signature, Function] = {}
        self._singular: dict[tuple[str, ...], Sides] = {}

    def function(self, signature: Signature) -> Function:
        """All expressions as one function of balls, where the relations have these signs."""
        if signature not in self._functions:
            signs = dict(zip(self.deltas, signature, strict=True))
            memo: dict[sp.Expr, sp.Expr] = {}
            pieces = [resolved(e, signs, memo) for e in self.exprs]
            self._functions[signature] = compiled(pieces, self.symbols)
        return self._functions[signature]

    def evaluate(self, points: Sequence[tuple[float, ...]], domains: Sequence[Domain], dtype: str) -> list[Sides]:
        """All sides of all expressions at each point."""
        found: list[dict[Signature, tuple[Value, ...]]] = [{} for _ in points]
        groups: dict[Signature, list[int]] = {}
        balls = [tuple(map(arb, p)) for p in points]
        for i, point in enumerate(points):
            if all(map(math.isfinite, point)) and not undefined(point, domains):
                for signature in self.signatures(point, balls[i]):
                    found[i][signature] = ()  # keeps the order of the sides
                    groups.setdefault(signature, []).append(i)
        for signature, members in groups.items():
            values = enclose(self.function(signature), [balls[i] for i in members], dtype)
            for i, value in zip(members, values, strict=True):
                found[i][signature] = value
        return [self._sides(p, f, domains, dtype) for p, f in zip(points, found, strict=True)]

    def signatures(self, point: Sequence[float], ball: Ball) -> list[Signature]:
        """The signs of all relations at a point; at a tie both signs, the side the zeros point to first."""
        signs = signs_of(self.delta_values, ball) if self.deltas else ()
        if self.at_kinks or 0 not in signs:
            return [signs]
        nudges = [self._nudged(signs, ball, weights) for weights in _weights(point)]
        if signs.count(0) > FEW:
            return list(dict.fromkeys(nudges))
        return list(product(*([s] if s else [n, -n] for s, n in zip(signs, nudges[0], strict=True))))

    def _nudged(self, signs: Signature, ball: Ball, weights: Sequence[int]) -> Signature:
        """The signs beside the point, where the variables move by these multiples of something tiny."""
        with precision(6000):
            beside = tuple(b + _tiny(b) * w for b, w in zip(ball, weights, strict=True))
        moved = signs_of(self.delta_values, beside, rounds=3)
        return tuple(s or (m if m in (1, -1) else 1) for s, m in zip(signs, moved, strict=True))

    def _sides(self, point: tuple[float, ...], found: dict, domains: Sequence[Domain], dtype: str) -> Sides:
        hidden = undefined(point, domains)
        if hidden and self.blind and len(hidden) < len(domains):
            return self._visible(point, hidden, domains, dtype)
        if hidden:
            return (self._side([None] * len(self.exprs)),)
        if not found or any(v is None for values in found.values() for v in values):
            return self._limits(point, domains)
        return merged([(v, False) for v in found.values()], self._side)

    def _limits(self, point: tuple[float, ...], domains: Sequence[Domain]) -> Sides:
        """The sides at a singular point, found once, for the widest format: all formats have such points in common."""
        key = tuple(x.hex() for x in point)
        if key not in self._singular:
            if len(self._singular) >= ROOM:
                self._singular.clear()
            self._singular[key] = merged(singular.sides(self, point, domains, WIDEST), self._side)
        return self._singular[key]

    def _visible(self, point: tuple[float, ...], hidden: set[int], domains: Sequence[Domain], dtype: str) -> Sides:
        """The entries that do not depend on the undefined inputs; None for the others."""
        inside = [min(max(1.0, d.low), d.high) for d in domains]
        known = tuple(inside[i] if i in hidden else x for i, x in enumerate(point))
        symbols = {self.symbols[i] for i in hidden}
        seen = [not (e.free_symbols & symbols) for e in self.exprs]
        (sides,) = self.evaluate([known], domains, dtype)
        values = [dict(zip(self.columns, side, strict=True)) for side in sides]
        masked = [[v[c] if s else None for c, s in enumerate(seen)] for v in values]
        return merged([(m, s.numeric) for m, s in zip(masked, sides, strict=True)], self._side)

    def _side(self, values: Sequence[Value], numeric: bool = False) -> Side:
        side = Side(values[c] for c in self.columns)
        if numeric:
            side.numeric = True
        return side


def _columns(exprs: Sequence[sp.Expr]) -> list[int]:
    place: dict[sp.Expr, int] = {}
    return [place.setdefault(e, len(place)) for e in exprs]


def undefined(point: Sequence[float], domains: Sequence[Domain]) -> set[int]:
    """Which primals are NaN or outside the closed domain (cotangents and tangents have none)."""
    return {i for i, (x, d) in enumerate(zip(point, domains, strict=False)) if not d.low <= x <= d.high}


def _weights(point: Sequence[float]) -> Iterator[list[int]]:
    """Directions away from a point: first where the zeros' signs point, then each variable in turn on top."""
    yield [-1 if x == 0 and math.copysign(1.0, x) < 0 else 1 for x in point]
    ranks = list(range(1, len(point) + 1))
    for i in range(len(point)):
        turned = ranks[i:] + ranks[:i]
        yield turned
        yield [-w for w in turned]


def _tiny(ball: arb) -> arb:
    return arb((1, -1200)) if ball.is_zero() else abs(ball) * arb((1, -200))


def merged(candidates: Iterable[tuple[Sequence[Value], bool]], side: Callable[..., Side]) -> Sides:
    """The different sides, in order; a path along which fewer values exist says nothing."""
    kept: list[tuple[Sequence[Value], bool]] = []
    for values, numeric in candidates:
        if not any(all(map(same, values, other)) for other, _ in kept):
            kept.append((values, numeric))
    fewest = min(list(values).count(None) for values, _ in kept)
    return tuple(side(values, numeric) for values, numeric in kept if list(values).count(None) == fewest)


def same(a: Value, b: Value) -> bool:
    """Whether two values cannot be told apart."""
    if isinstance(a, arb) and isinstance(b, arb):
        return a.overlaps(b)
    return type(a) is type(b) and a == b
