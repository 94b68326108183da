"""The verdict on one float: TensorFlow's number beside the exact sides, the formula's ball and the machine's.

Two of the judge's three questions are asked here, with no tolerance. *Formula*: does the trace, replayed without
rounding, mean the exact derivative? *Value*: does the number lie in the ball that the kernels' contracts allow? The
width of the ball says how many digits the formula can promise at that point.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flint import arb

from reference.balls import hull
from reference.question import Side
from reference.replay import within
from reference.ulp import FORMATS, distance, round_ball, spacing

#: Statuses from good to bad. A gate lets the first line through and not the second.
PASSING = ("right", "convention", "flushed", "weak", "lost", "unbounded", "known")
FAILING = ("wrong", "missing", "raised", "crashed")
SEVERITY = {status: rank for rank, status in enumerate(PASSING + FAILING)}


class Outcome(NamedTuple):
    """The verdict on one float: its status, the question it fails if any, and its distance in ULP.

    `kernel` names the first kernel that left its contract on the way to a failing number; `limit` the row of
    `reference.limits` that a `known` outcome is listed in.
    """

    status: str
    question: str
    ulp: float
    kernel: str = ""
    limit: str = ""


def outcome(
    sides: tuple[Side, ...],
    formula: arb | None,
    value: arb | None,
    got: float,
    dtype: str,
    tiny: bool = False,
    zero: bool = False,
) -> Outcome:
    """The verdict on one float.

    `tiny` says that a primal is subnormal, which a kernel may read as zero; `zero` that one is zero, whose sign may
    decide that of an infinity.
    """
    known = [s for s in sides if s is not None]
    if not known:
        return Outcome("convention", "", 0.0)
    ulp = min(distance(got, side, dtype) for side in known)
    status, question = answered(known, formula, value, got, ulp, dtype, tiny, zero)
    return Outcome(status, question, ulp)


def answered(
    known: list[Side],
    formula: arb | None,
    value: arb | None,
    got: float,
    ulp: float,
    dtype: str,
    tiny: bool,
    zero: bool,
) -> tuple[str, str]:
    finite = [s for s in known if isinstance(s, arb)]
    if not finite:
        return at_pole(known, got, zero) if not tiny else ("flushed", "")
    if len(finite) == len(known) and formula is not None and formula.is_finite():
        if not means(formula, finite, dtype):
            return "wrong", "formula"
        if len(known) > 1 and value is not None and (within(value, got) or ulp <= reach(value, finite, dtype)):
            return "right", ""
    if len(finite) < len(known) and not math.isfinite(got):
        return "convention", ""  # finite from one side and infinite from another: there is no derivative
    if ulp <= 0.5:
        return promised(known[0], value, got, dtype, tiny) if len(known) == 1 else "right", ""
    if value is None:
        return ("right", "") if ulp <= 1 else ("wrong", "value")
    if not value.is_finite():
        beyond = got > 0 and all(s > FORMATS[dtype].largest for s in finite)
        beyond = beyond or (got < 0 and all(s < -FORMATS[dtype].largest for s in finite))
        promises = "flushed" if tiny else "unbounded"
        return (promises, "") if tiny or beyond or math.isfinite(got) else ("wrong", "value")
    if not within(value, got):
        return "wrong", "value"
    if not tiny and not value.overlaps(hull(*finite)):
        return "unbounded", ""  # every kernel kept its contract, and the truth was lost: something overflowed
    return promised(known[0], value, got, dtype, tiny), ""


def reach(value: arb, sides: list[arb], dtype: str) -> float:
    """How far in ULP from a side a mode may end that takes another side than the traced one."""
    width = max(float(value.rad() / spacing(side, dtype)) for side in sides) if value.is_finite() else 0.0
    return max(1.0, width)


def means(formula: arb, exact: list[arb], dtype: str) -> bool:
    """Whether the formula's ball meets the exact answer; what no float can show apart is the same."""
    apart = formula - hull(*exact)
    return apart.contains(0) or bool(abs(apart) < arb(FORMATS[dtype].smallest) / 2**20)


def at_pole(known: list[Side], got: float, zero: bool) -> tuple[str, str]:
    """Where the derivative is infinite: that infinity; where both signs occur, or a zero has a sign, either."""
    if got in known:
        return "right", ""
    torn = len(known) > 1
    if math.isinf(got) and (torn or zero) or math.isnan(got) and torn:
        return "convention", ""
    return "wrong", "value"


def promised(exact: Side, value: arb | None, got: float, dtype: str, tiny: bool) -> str:
    """How many digits the formula can promise: half of them or more is right, fewer weak, none lost."""
    if not isinstance(exact, arb) or value is None or math.isinf(got):
        return "right"
    form = FORMATS[dtype]
    if tiny or abs(exact) < arb(2) ** form.emin:
        return "right" if got == round_ball(exact, dtype) else "flushed"
    if not value.is_finite():
        return "unbounded"
    width = float(value.rad() / spacing(exact, dtype))
    if width < 2.0 ** (form.precision / 2):
        return "right"
    return "weak" if width < 2.0 ** (form.precision - 1) else "lost"
