"""Rounding, distance and neighbours, held against MPFR and against each other."""

import math
import random
from collections.abc import Callable, Iterator

import gmpy2
import pytest
from flint import arb, ctx

from reference.enclose import precision
from reference.ulp import FORMATS, distance, is_subnormal, next_down, next_up, round_ball, spacing

FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "exp": (arb.exp, gmpy2.exp),
    "expm1": (arb.expm1, gmpy2.expm1),
    "log": (arb.log, gmpy2.log),
    "log1p": (arb.log1p, gmpy2.log1p),
    "sin": (arb.sin, gmpy2.sin),
    "tanh": (arb.tanh, gmpy2.tanh),
    "erf": (arb.erf, gmpy2.erf),
    "erfc": (arb.erfc, gmpy2.erfc),
    "atan": (arb.atan, gmpy2.atan),
    "sqrt": (arb.sqrt, gmpy2.sqrt),
    "lgamma": (arb.lgamma, lambda x: gmpy2.lgamma(x)[0]),
    "digamma": (arb.digamma, gmpy2.digamma),
}
POINTS = 300  # per function and format: 14,400 roundings in all


def mpfr(dtype: str) -> gmpy2.context:
    """MPFR rounding to the format, subnormals and overflow included."""
    form = FORMATS[dtype]
    return gmpy2.context(
        precision=form.precision,
        emin=form.emin - form.precision + 2,
        emax=form.emax + 1,
        subnormalize=True,
    )


def numbers(dtype: str, count: int, seed: int, low: int | None = None, high: int | None = None) -> Iterator[float]:
    """Positive numbers of the format, spread over its binades."""
    form, draw = FORMATS[dtype], random.Random(seed)
    low = form.emin - form.precision + 1 if low is None else max(low, form.emin)
    high = form.emax if high is None else min(high, form.emax)
    for _ in range(count):
        exponent = draw.randint(low, high)
        quantum = max(exponent, form.emin) - form.precision + 1
        yield math.ldexp(draw.randint(1, 2**form.precision - 1), quantum)


def enclosure(function: Callable[[arb], arb], x: float) -> arb:
    """The function at a float, to 64 bits beyond any format."""
    for bits in (160, 1400):
        with precision(bits):
            value = function(arb(x))
        if value.rel_accuracy_bits() > 130:
            break
    return value


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_rounds_like_mpfr(name: str, dtype: str) -> None:
    """An enclosure rounds to the float that a correctly rounding library gives."""
    ours, theirs = FUNCTIONS[name]
    for x in numbers(dtype, POINTS, seed=1, low=-1074, high=16):
        with mpfr(dtype):
            expected = float(theirs(gmpy2.mpfr(x)))
        assert round_ball(enclosure(ours, x), dtype) == expected, f"{name}({x!r})"


def dyadics(dtype: str, count: int) -> Iterator[tuple[int, int]]:
    """Exact numbers around the format's midpoints, from far below its range to far above."""
    form, draw = FORMATS[dtype], random.Random(2)
    for nudge in (-1, 0, 1, 2, 3, 4):
        yield 2 ** (form.precision + 2) - 4 + nudge, form.emax - form.precision - 1
        yield 4 + nudge, form.emin - form.precision - 1
    for _ in range(count):
        units = draw.randint(2 ** (form.precision - 1), 2**form.precision) * 4 + draw.choice((-1, 0, 1, 2, 3))
        exponent = draw.randint(form.emin - 2 * form.precision - 4, form.emax - form.precision)
        yield draw.choice((-1, 1)) * units, exponent


def wrongly_rounded(rounder: Callable[[arb, str], float | None], dtype: str) -> int:
    """How often a rounding differs from MPFR's."""
    wrong = 0
    for units, exponent in dyadics(dtype, 1000):
        with mpfr(dtype):
            expected = float(gmpy2.mpfr(gmpy2.mpq(units) * gmpy2.mpq(2) ** exponent))
        wrong += rounder(arb((units, exponent)), dtype) != expected
    return wrong


@pytest.mark.parametrize("dtype", FORMATS)
def test_exact_ties_round_to_even(dtype: str) -> None:
    """Midpoints, their neighbours, subnormals and overflow round as MPFR rounds them."""
    assert wrongly_rounded(round_ball, dtype) == 0


def truncated(ball: arb, dtype: str) -> float | None:
    rounded = round_ball(ball, dtype)
    return rounded if abs(rounded) <= abs(ball) else math.copysign(next_down(abs(rounded), dtype), rounded)


def half_up(ball: arb, dtype: str) -> float | None:
    with precision(400):
        return round_ball(ball * (1 + arb((1, -300))), dtype)


def flushed(ball: arb, dtype: str) -> float | None:
    rounded = round_ball(ball, dtype)
    return 0.0 if is_subnormal(rounded, dtype) else rounded


def saturated(ball: arb, dtype: str) -> float | None:
    rounded, largest = round_ball(ball, dtype), FORMATS[dtype].largest
    return max(-largest, min(rounded, largest))


def rounded_twice(ball: arb, dtype: str) -> float | None:
    form = FORMATS[dtype]
    with precision(form.precision + 1):
        return round_ball((+ball).mid(), dtype)


@pytest.mark.parametrize("fault", [truncated, half_up, flushed, saturated, rounded_twice])
def test_a_wrong_rounding_is_told_apart(fault: Callable) -> None:
    """The comparison with MPFR kills each faulty rounding in every format."""
    assert all(wrongly_rounded(fault, dtype) for dtype in FORMATS)


@pytest.mark.parametrize("dtype", FORMATS)
def test_an_enclosure_across_a_midpoint_rounds_to_nothing(dtype: str) -> None:
    """What could be either of two floats is neither."""
    midpoint = 1 + 2.0 ** -FORMATS[dtype].precision
    with precision(300):
        assert round_ball(arb(1), dtype) == 1.0
        assert round_ball(arb(1) + arb((1, -53)) if dtype == "float64" else arb(midpoint), dtype) == 1.0
        assert round_ball(arb(1) + arb((1, -FORMATS[dtype].precision)) + arb(0, arb((1, -200))), dtype) is None
        assert round_ball(arb(0, 1), dtype) is None
        assert round_ball(arb(2) ** 2000 + arb(0, arb(2) ** 1999), dtype) == math.inf
        assert round_ball(arb(0, arb(2) ** 1999), dtype) is None
        assert round_ball(arb.nan(), dtype) is None
        assert round_ball(arb.pos_inf(), dtype) is None


@pytest.mark.parametrize("dtype", FORMATS)
def test_enormous_exponents_cost_nothing(dtype: str) -> None:
    """Values like exp(1e300) round to infinity or zero without being written out."""
    huge = arb((3, 10**300), (1, 10**300 - 80))
    assert round_ball(huge, dtype) == math.inf
    assert round_ball(-huge, dtype) == -math.inf
    assert round_ball(arb((3, -(10**300)), (1, -(10**300))), dtype) == 0.0
    assert round_ball(arb((1, 0), (1, -(10**300))), dtype) == 1.0
    assert round_ball(arb((1, -(10**300)), (1, -3000)), dtype) == 0.0


def test_zero_is_positive_unless_the_value_is_certainly_negative() -> None:
    """An exact zero has no sign to keep; an underflow has."""
    assert math.copysign(1.0, round_ball(arb(0), "float32")) == 1.0
    assert math.copysign(1.0, round_ball(arb(0, 1e-300), "float32")) == 1.0
    assert math.copysign(1.0, round_ball(arb(-1e-300), "float32")) == -1.0


@pytest.mark.parametrize("dtype", FORMATS)
def test_neighbours(dtype: str) -> None:
    """Up and down undo each other, and nothing of the format lies between."""
    form = FORMATS[dtype]
    for x in [*numbers(dtype, 300, seed=3), form.smallest, form.smallest_normal, form.largest, 1.0]:
        for y in (x, -x):
            up = next_up(y, dtype)
            assert up > y and next_down(up, dtype) == y
            if math.isfinite(up):
                with precision(200):
                    middle = (arb(y) + arb(up)) / 2
                assert round_ball(middle, dtype) in (y, up)
                assert round_ball(arb(up), dtype) == up
    assert next_up(0.0, dtype) == next_up(-0.0, dtype) == form.smallest
    assert next_down(0.0, dtype) == -form.smallest
    assert next_up(form.largest, dtype) == math.inf == next_up(math.inf, dtype)
    assert next_down(math.inf, dtype) == form.largest
    assert next_up(-math.inf, dtype) == -form.largest


def test_float64_neighbours_are_the_platforms() -> None:
    """In float64 the neighbours are math.nextafter's."""
    for x in numbers("float64", 1000, seed=4):
        assert next_up(x, "float64") == math.nextafter(x, math.inf)
        assert next_down(x, "float64") == math.nextafter(x, -math.inf)
        assert float(spacing(x, "float64")) == math.ulp(x)


@pytest.mark.parametrize("dtype", FORMATS)
def test_distance(dtype: str) -> None:
    """Distance counts units of the exact value's last place."""
    one_up = next_up(1.0, dtype)
    assert distance(1.0, arb(1), dtype) == 0
    assert distance(one_up, arb(1), dtype) == 1
    assert distance(one_up, 1.0, dtype) == 1
    assert 0 < distance(0.0, arb(2) ** -5000, dtype) < 1e-9 or distance(0.0, arb(2) ** -5000, dtype) == 0
    assert distance(FORMATS[dtype].smallest, arb(0), dtype) == 1
    assert distance(math.nan, arb(1), dtype) == math.inf
    assert distance(math.inf, math.inf, dtype) == 0
    assert distance(-math.inf, math.inf, dtype) == math.inf
    assert distance(math.inf, arb(1), dtype) == math.inf
    assert distance(1.0, math.inf, dtype) == math.inf
    assert distance(math.inf, arb(2) ** 3000, dtype) == 0
    assert distance(-math.inf, arb(2) ** 3000, dtype) == math.inf
    assert distance(FORMATS[dtype].largest, arb(2) ** (FORMATS[dtype].emax + 1), dtype) == 1


def test_distance_leaves_the_working_precision_alone() -> None:
    """A measurement changes nothing."""
    before = ctx.prec
    distance(1.0, arb(3), "float32")
    assert ctx.prec == before


def test_distance_stays_below_half_for_what_round_ball_returns() -> None:
    """The two definitions of an ULP agree: a correct rounding is at most half a unit away."""
    for dtype in FORMATS:
        for x in numbers(dtype, 200, seed=5, low=-60, high=6):
            value = enclosure(arb.exp, -x)
            assert distance(round_ball(value, dtype), value, dtype) <= 0.5
