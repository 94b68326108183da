"""Enclosures at growing precision, until each rounds to one float of the format."""

from collections.abc import Callable, Sequence

from flint import arb

from reference.balls import working as precision
from reference.compile import UNDEFINED, Function
from reference.ulp import FORMATS, round_ball

Ball = tuple[arb, ...]
Signature = tuple[int, ...]

PRECISIONS = (320, 640, 1280, 2560, 6000)
GUARD = 64  # bits beyond the format's own, so that an enclosure rounds to one float


def enclose(function: Function, balls: Sequence[Ball], dtype: str) -> list[tuple[arb | None, ...]]:
    """Evaluate at growing precision until every value rounds to one float; None for what never settles."""
    settled, start = settler(dtype), FORMATS[dtype].precision + GUARD + 16
    results: list[tuple[arb | None, ...]] = [()] * len(balls)
    pending: Sequence[int] = range(len(balls))
    for bits in (max(96, start), *PRECISIONS):
        with precision(bits):
            computed = [function(*balls[i]) for i in pending]
        with precision(start):
            kept = [tuple(_trimmed(v, dtype) if settled(v) else None for v in values) for values in computed]
        for i, values in zip(pending, kept, strict=True):
            results[i] = values
        waiting = [(i, values) for i, values in zip(pending, computed, strict=True) if None in results[i]]
        if not waiting:
            return results
        pending = [i for i, _ in waiting]
    for i, values in waiting:
        results[i] = tuple(v if settled(v) else None for v in values)
    return results


def _trimmed(value: arb, dtype: str) -> arb | None:
    """The enclosure with no more digits than its rounding needs; None where it does not round yet."""
    for candidate in (+value, value):
        if round_ball(candidate, dtype) is not None:
            return candidate
    return None


def settler(dtype: str) -> Callable[[arb], bool]:
    """Whether an enclosure is accurate: relatively, or far below or beyond every float."""
    form = FORMATS[dtype]
    need = form.precision + GUARD
    tiny = arb((1, form.emin - form.precision + 1 - GUARD))
    beyond = arb((1, form.emax + GUARD))

    def settled(value: arb) -> bool:
        if not value.is_finite():
            return False
        return value.rel_accuracy_bits() >= need or value.rad() < tiny or abs(value) > beyond

    return settled


def signs_of(function: Function, ball: Ball, rounds: int = len(PRECISIONS)) -> Signature:
    """The sign of each difference, 0 for an exact tie, UNDEFINED where it has no value."""
    for bits in (128, *PRECISIONS[:rounds]):
        with precision(bits):
            values = function(*ball)
        signs = tuple(1 if v > 0 else -1 if v < 0 else 0 if v.is_zero() else UNDEFINED for v in values)
        if UNDEFINED not in signs:
            return signs
    return tuple(0 if s == UNDEFINED and v.is_finite() else s for s, v in zip(signs, values, strict=True))
