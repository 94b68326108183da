"""The verdict on one float at the ends of the floats: poles, overflows, and weights that are zero or no number."""

import math

import pytest
from flint import arb

from reference.outcome import outcome
from reference.question import times

INF = math.inf
HUGE = arb(10) ** 40  # beyond float32


@pytest.mark.parametrize(
    "sides, got, zero, status",
    [
        ((INF,), INF, False, "right"),
        ((INF,), -INF, False, "wrong"),  # one side only, and no zero whose sign could turn it
        ((INF,), -INF, True, "convention"),  # 1/x at -0.0
        ((INF, -INF), -INF, False, "right"),
        ((INF, -INF), math.nan, False, "convention"),
        ((INF,), math.nan, True, "wrong"),
        ((INF,), 0.0, True, "wrong"),
        ((None,), math.nan, False, "convention"),
    ],
)
def test_at_a_pole(sides: tuple[object, ...], got: float, zero: bool, status: str) -> None:
    """The infinity of the side; the other one only where two sides or a zero's sign leave a choice."""
    assert outcome(sides, None, None, got, "float32", zero=zero).status == status


@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_the_largest_float_the_sign_still_counts(sign: int) -> None:
    """An exact value that no float reaches: that infinity is right, and the other one wrong."""
    exact, anything = sign * HUGE, arb.nan()
    assert outcome((exact,), exact, anything, sign * INF, "float32").status == "right"
    assert outcome((exact,), exact, anything, -sign * INF, "float32").status == "wrong"
    assert outcome((exact,), exact, anything, 1.0, "float32").status == "unbounded"


@pytest.mark.parametrize(
    "factor, side, product",
    [
        (arb(0), arb(3), arb(0)),
        (arb(0), INF, None),
        (arb(2), INF, INF),
        (arb(-2), INF, -INF),
        (arb.nan(), arb(3), None),
        (arb.pos_inf(), arb(3), None),
        (arb(2), None, None),
    ],
)
def test_a_weight_times_a_side(factor: arb, side: object, product: object) -> None:
    """Zero takes a finite side along; zero times infinity, and what is no number, have no exact value."""
    made = times(factor, side)
    assert made == product if product is not None else made is None
