"""Floats as integers: rounding an enclosure once, spacing, neighbours and distances in ULP."""

import math
from typing import NamedTuple

from flint import arb, ctx


class Format(NamedTuple):
    """One binary format: digits of precision and the exponents of its normal numbers."""

    precision: int
    emin: int
    emax: int

    @property
    def smallest(self) -> float:
        """The smallest subnormal number."""
        return math.ldexp(1.0, self.emin - self.precision + 1)

    @property
    def smallest_normal(self) -> float:
        """The smallest normal number."""
        return math.ldexp(1.0, self.emin)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.precision), self.emax)


FORMATS: dict[str, Format] = {
    "float16": Format(11, -14, 15),
    "bfloat16": Format(8, -126, 127),
    "float32": Format(24, -126, 127),
    "float64": Format(53, -1022, 1023),
}

Exact = arb | float


def round_ball(ball: arb, dtype: str) -> float | None:
    """Round an enclosure to nearest even; None where its two ends round to different floats."""
    if not ball.is_finite():
        return None
    form = FORMATS[dtype]
    middle, radius = _dyadic(ball.mid()), _dyadic(ball.rad())
    if radius[0] == 0:
        return _round(*middle, form)
    if max(_top(*middle), _top(*radius)) < form.emin - form.precision - 1:
        return -0.0 if middle[0] < 0 and _top(*radius) < _top(*middle) - 1 else 0.0
    if _top(*radius) > form.emax + 4 and _top(*radius) > _top(*middle):
        return None
    low, high, exponent = _ends(middle, radius)
    return _agreed(_round(low, exponent, form), _round(high, exponent, form))


def round_exact(exact: Exact, dtype: str) -> float | None:
    """Round what the oracle says of a value: an enclosure, or an infinity as it is."""
    return exact if isinstance(exact, float) else round_ball(exact, dtype)


def spacing(x: Exact, dtype: str) -> arb:
    """One ULP at this magnitude, never less than the smallest subnormal."""
    form = FORMATS[dtype]
    return arb((1, _quantum(_magnitude(x, form), form)))


def distance(got: float, exact: Exact, dtype: str) -> float:
    """How far a float lies from the exact value, in ULP of the exact value."""
    if math.isnan(got) or _undefined(exact):
        return math.inf
    if isinstance(exact, float) and math.isinf(exact):
        return 0.0 if got == exact else math.inf
    ball = arb(exact)
    if math.isinf(got):
        largest = FORMATS[dtype].largest
        return 0.0 if (ball > largest if got > 0 else ball < -largest) else math.inf
    precision, ctx.prec = ctx.prec, 256
    try:
        return abs(float(((got - ball) / spacing(exact, dtype)).mid()))
    finally:
        ctx.prec = precision


def next_up(x: float, dtype: str) -> float:
    """The next larger number of the format."""
    if math.isnan(x) or x == math.inf:
        return x
    if x < 0:
        return -_toward_zero(-x, dtype)
    return _away_from_zero(x, dtype)


def next_down(x: float, dtype: str) -> float:
    """The next smaller number of the format."""
    return -next_up(-x, dtype)


def is_subnormal(x: float, dtype: str) -> bool:
    """Whether the number is below the normal range, and not zero."""
    return 0 < abs(x) < FORMATS[dtype].smallest_normal


def _dyadic(exact: arb) -> tuple[int, int]:
    mantissa, exponent = exact.man_exp()
    return int(mantissa), int(exponent)


def _top(mantissa: int, exponent: int) -> float:
    """The exponent t with |x| < 2**t, as tight as possible."""
    return mantissa.bit_length() + exponent if mantissa else -math.inf


def _ends(middle: tuple[int, int], radius: tuple[int, int]) -> tuple[int, int, int]:
    """Both ends over one exponent; a radius far below the last digit is widened to one beyond it."""
    (m, e), (r, f) = middle, radius
    pad = max(0, 128 - m.bit_length()) if m else 0
    m, e = m << pad, e - pad
    if m and f + r.bit_length() < e - 2:
        r, f = 1, e - 2
    if m and m.bit_length() + e < f:
        m, e, r = 0, f, r + 1
    base = min(e, f) if m else f
    m, r = (m << (e - base) if m else 0), r << (f - base)
    return m - r, m + r, base


def _agreed(low: float, high: float) -> float | None:
    if low != high:
        return None
    return low if math.copysign(1.0, low) == math.copysign(1.0, high) else 0.0


def _quantum(top: float, form: Format) -> int:
    """The exponent of the last digit of numbers below 2**top."""
    return int(max(min(top, form.emax + 1) - form.precision, form.emin - form.precision + 1))


def _round(mantissa: int, exponent: int, form: Format) -> float:
    """Round mantissa * 2**exponent to nearest even."""
    size, sign = abs(mantissa), -1.0 if mantissa < 0 else 1.0
    top = _top(size, exponent)
    if top < form.emin - form.precision:
        return sign * 0.0
    if top > form.emax + 1:
        return sign * math.inf
    quantum = _quantum(top, form)
    units = _shift_to_even(size, quantum - exponent)
    if units.bit_length() + quantum > form.emax + 1:
        return sign * math.inf
    return math.ldexp(sign * units, quantum)


def _shift_to_even(size: int, places: int) -> int:
    if places <= 0:
        return size << -places
    units, rest = size >> places, size & ((1 << places) - 1)
    half = 1 << (places - 1)
    return units + (rest > half or (rest == half and units & 1))


def _magnitude(x: Exact, form: Format) -> float:
    if isinstance(x, float):
        return math.frexp(x)[1] if math.isfinite(x) and x else (-math.inf if x == 0 else form.emax + 1)
    return _top(*_dyadic(x.mid())) if x.is_finite() else form.emax + 1


def _undefined(exact: Exact) -> bool:
    return math.isnan(exact) if isinstance(exact, float) else not exact.is_finite()


def _away_from_zero(x: float, dtype: str) -> float:
    form = FORMATS[dtype]
    if x == form.largest:
        return math.inf
    return abs(x) + math.ldexp(1.0, _quantum(_magnitude(x, form), form))


def _toward_zero(x: float, dtype: str) -> float:
    form = FORMATS[dtype]
    if x == math.inf:
        return form.largest
    fraction, top = math.frexp(x)
    quantum = _quantum(top - 1 if fraction == 0.5 else top, form)
    return x - math.ldexp(1.0, quantum)
