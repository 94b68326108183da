"""The form of a limit's row, and the words that its region is written in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from reference.op import FLOATS
from reference.ulp import FORMATS, Format

Region = Callable[..., bool]  # (format, *primals) -> whether the defect shows there

FORWARD = ("forward", "forward_over_reverse", "reverse_over_forward", "forward_over_forward")
INF = math.inf
LN2 = math.log(2.0)
WEIGHTS = 3.2  # a cotangent and a tangent of at most 3 each, in bits


class Limit(NamedTuple):
    """One defect: `who` is the op's name, or a kernel's in brackets, as "[Reciprocal]"."""

    name: str
    who: tuple[str, ...]
    #: How it shows: nan, infinite, zero, digits (digits:12, 12 bits right), none, raised (raised:TypeError), crashed.
    symptom: str
    orders: tuple[int, ...]
    where: Region | Mapping[str, Region]  # one region, or one per op
    example: tuple[Any, ...]  # op, mode, dtype, order, *primals: exact floats, or lists of them
    why: str
    dtypes: tuple[str, ...] = FLOATS
    modes: tuple[str, ...] = ()  # all, if empty
    entries: tuple[tuple[int, ...], ...] = ()  # the inputs that are differentiated by, (i,) or (i, j); all, if empty
    needs: str = ""  # what the processor must have for the defect to show, as the probe's hello names it

    @property
    def symptoms(self) -> dict[str, str]:
        """The ways in which it shows, with what is said of one: the bits that stay right at least, the exception."""
        parts = (word.partition(":") for word in self.symptom.split())
        return {word: detail for word, _, detail in parts}

    def explains(self, shows: str, ulp: float, dtype: str, message: str) -> bool:
        """Whether it shows in this way, a loss of digits no greater than the defect's, an exception its own."""
        detail = self.symptoms.get(shows)
        if shows == "digits" and detail:
            return ulp <= 2.0 ** (FORMATS[dtype].precision - int(detail))
        return detail is not None and any(name in message for name in detail.split(","))

    def covers(self, op: str, dtype: str, point: list[Any]) -> bool:
        """Whether the defect shows at this point of this op."""
        where = self.where.get(op) if isinstance(self.where, Mapping) else self.where
        return where is not None and bool(where(FORMATS[dtype], *point))


def per_op(*parts: tuple[str, Region]) -> dict[str, Region]:
    """Regions by op; each part names its ops with spaces between them."""
    return {op: region for ops, region in parts for op in ops.split()}


def spread(
    name: str, symptom: str, orders: tuple[int, ...], regions: Mapping[str, Region], *rest: Any, **more: Any
) -> Limit:
    """One cause in several ops, each with a region of its own."""
    return Limit(name, tuple(regions), symptom, orders, regions, *rest, **more)


def anywhere(*_: Any) -> bool:
    """The defect does not depend on the point."""
    return True


def infinite(_: Format, *x: float) -> bool:
    """A primal is infinite."""
    return any(map(math.isinf, x))


def bits(x: float) -> float:
    """The binary logarithm of a magnitude."""
    return -INF if x == 0 else INF if math.isinf(x) else math.log2(abs(x))


def over(form: Format, *sizes: float) -> bool:
    """A factor of so many bits overflows once cotangent and tangent are multiplied in."""
    return any(size > form.emax + 1 - WEIGHTS for size in sizes)


def under(form: Format, *sizes: float) -> bool:
    """A factor of so many bits leaves the normal numbers."""
    return any(size < form.emin for size in sizes)


def huge(form: Format, *x: float) -> bool:
    """A primal, or its product with cotangent and tangent, overflows."""
    return over(form, *map(bits, x))


def ratios(form: Format, above: float, below: float, powers: int = 3) -> bool:
    """A quotient of such sizes in bits, by some power of the denominator, overflows."""
    return over(form, *(size - k * below for size in (0.0, above) for k in range(1, powers + 1) if size > -INF))


def powers(form: Format, base: float, exponent: float) -> bool:
    """A factor in the derivatives of base**exponent overflows."""
    if base == 0 or infinite(form, base, exponent):
        return True
    log, b = bits(base), bits(exponent)
    loglog = max(0.0, bits(log))
    return over(form, 2 * b, *(exponent * log - k * log + k * max(0, b) + (2 - k) * loglog for k in (0, 1, 2)))


def radius(*x: float) -> float:
    """The size of the largest primal, in bits."""
    return max(map(bits, x))


def products(x: Any) -> float:
    """The size of the largest product of two along the last axis, in bits."""
    return max(sum(sorted(map(bits, row))[-2:]) for row in x)


def pole(x: float) -> float:
    """How far the nearest pole of the gamma function is: zero or a negative integer."""
    return x if not x < 0.5 or math.isinf(x) else x - round(x)


def nearest(form: Format, x: float) -> float:
    """The float of the format beside x."""
    mantissa, exponent = math.frexp(x)
    if not math.isfinite(x):
        return x
    return math.ldexp(round(math.ldexp(mantissa, form.precision)), exponent - form.precision)
