"""The verdict on one complex number: TensorFlow's beside the exact sides, the formula's ball and the machine's.

The three questions are those of `reference.outcome`; distances are normwise, |got - exact| in ULP of |exact|, and
any side of a branch cut is right.
"""

from __future__ import annotations

import cmath
import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from flint import acb, arb

from reference.balls import working
from reference.outcome import SEVERITY, Outcome
from reference.plane import replay
from reference.plane.enclose import Unsettled, width_of
from reference.plane.question import Question
from reference.replay import Trace
from reference.ulp import FORMATS
from reference.wire import PARTS, unpack

Array = np.ndarray
BALLS = 200  # bits in which balls are compared
SLACK = 50  # bits beyond the dtype's to which a side of a cut is known


class Basis(NamedTuple):
    """One trace replayed: per entry, for each point, the ball that its formula means and that its kernels allow."""

    mode: str
    formula: list[Array | None]
    value: list[Array | None]
    trace: Trace | None = None


class Verdict(NamedTuple):
    """One entry of one answer: the outcome of each point."""

    question: Question
    entry: int
    got: Array | None  # complex128; None where TensorFlow said None, raised or crashed
    outcomes: list[Outcome]
    message: str = ""

    @property
    def counts(self) -> Counter[str]:
        """How many points have which status."""
        return Counter(o.status for o in self.outcomes)


def basis(question: Question, record: dict[str, Any] | None) -> Basis:
    """A trace replayed twice; nothing where there is none."""
    nothing: list[Array | None] = [None] * len(question.entries)
    if record is None:
        return Basis("", nothing, nothing)
    trace = Trace.read(record, question.dtype, question.length)
    means, allows = replay.formula(trace), replay.value(trace)
    return Basis(question.mode.name, results(trace, means), results(trace, allows), trace)


def results(trace: Trace, made: dict[str, Any]) -> list[Array | None]:
    """Per entry the balls of a block; a Jacobian's diagonal."""
    found = [None if name is None else made[name] for name in trace.results]
    return [np.diag(a) if a is not None and np.ndim(a) == 2 else a for a in found]


def judge(question: Question, answer: dict[str, Any], base: Basis) -> list[Verdict]:
    """A verdict on every entry of an answer."""
    exact = [sides_at(question, k) for k in range(question.length)]
    return [heard(question, entry, answer, base, exact) for entry in range(len(question.entries))]


def sides_at(question: Question, place: int) -> list[list[acb]] | None:
    """The sides at one point; None where no precision settled them."""
    try:
        return question.exact(place)
    except Unsettled:
        return None


def heard(
    question: Question, entry: int, answer: dict[str, Any], base: Basis, exact: list[list[list[acb]] | None]
) -> Verdict:
    """A verdict on one entry, whatever came back."""
    for status in ("raised", "crashed"):
        if status in answer:
            outcomes = [Outcome(status, status, math.inf)] * question.length
            return Verdict(question, entry, None, outcomes, answer[status])
    record = answer["values"][entry]
    if record is None:
        zero = all(sides is not None and all(side[entry].is_zero() for side in sides) for sides in exact)
        found = Outcome("right", "", 0.0) if zero else Outcome("missing", "missing", math.inf)
        return Verdict(question, entry, None, [found] * question.length, "None for zero" if zero else "")
    got, message = numbers(question, record)
    if got is None:
        return Verdict(question, entry, None, [Outcome("wrong", "shape", math.inf)] * question.length, message)
    formula, value = base.formula[entry], base.value[entry]
    with working(BALLS):
        outcomes = [
            outcome(
                None if sides is None else [side[entry] for side in sides],
                None if formula is None else formula[k],
                None if value is None else value[k],
                complex(got[k]),
                question.dtype,
            )
            for k, sides in enumerate(exact)
        ]
    return Verdict(question, entry, got, outcomes)


def numbers(question: Question, record: dict[str, Any]) -> tuple[Array | None, str]:
    """The answer's numbers, a Jacobian's diagonal; or what is wrong with its dtype or shape."""
    values, dtype = unpack(record)
    if values is None or dtype != question.answer_dtype:
        return None, f"the answer has dtype {dtype} instead of {question.answer_dtype}"
    due = (question.length,) * (2 if question.asks == "jacobian" else 1)
    if values.shape != due:
        return None, f"the answer has shape {values.shape} instead of {due}"
    if values.ndim == 2:
        off = values.copy()
        np.fill_diagonal(off, 0)
        values = np.where((off != 0).any(axis=0), np.nan, np.diag(values))
    return values.astype(np.complex128), ""


def outcome(sides: list[acb] | None, formula: acb | None, value: acb | None, got: complex, dtype: str) -> Outcome:
    """The verdict on one number."""
    if sides is None:
        return Outcome("unbounded", "", 0.0)
    if not sides:
        return Outcome("convention", "", 0.0)
    ulp = min(distance(got, side, dtype) for side in sides)
    return Outcome(*answered(sides, formula, value, got, ulp, dtype), ulp)


def answered(
    sides: list[acb], formula: acb | None, value: acb | None, got: complex, ulp: float, dtype: str
) -> tuple[str, str]:
    if formula is not None and formula.is_finite() and not any(same(formula, side, dtype) for side in sides):
        return "wrong", "formula"
    if any(beyond(side, dtype) for side in sides):
        if allowed(value, got) or any(overflowed(side, got, dtype) for side in sides):
            return "right", ""
        return ("wrong", "value") if cmath.isfinite(got) else ("unbounded", "")
    if not cmath.isfinite(got):
        return "wrong", "value"
    if ulp <= 0.75:
        return promised(sides, value, got, dtype), ""
    if value is None:
        return ("right", "") if ulp <= 2 else ("wrong", "value")
    if not value.is_finite():
        return "unbounded", ""
    if len(sides) > 1 and ulp <= reach(value, dtype):
        return promised(sides, value, got, dtype), ""
    if not allowed(value, got):
        return "wrong", "value"
    if not any(value.overlaps(side) for side in sides):
        return "unbounded", ""  # every kernel kept its contract, and the truth was lost: something overflowed
    return promised(sides, value, got, dtype), ""


def reach(value: acb, dtype: str) -> float:
    """How far in ULP from its own side a number may be that took another side of a cut than the replay."""
    return float(width_of(value) / value.abs_lower()) * 2.0 ** FORMATS[PARTS[dtype]].precision


def allowed(value: acb | None, got: complex) -> bool:
    return value is not None and replay.within(value, got)


def same(formula: acb, side: acb, dtype: str) -> bool:
    """Whether the formula's ball meets the exact answer; what no float can show apart is the same."""
    if formula.overlaps(side):
        return True
    form, apart = FORMATS[PARTS[dtype]], (formula - side).abs_lower()
    return bool(apart < arb(form.smallest) / 2**20 or apart < side.abs_lower() * arb(2) ** -(form.precision + SLACK))


def beyond(side: acb, dtype: str) -> bool:
    """Whether a part is larger than every float."""
    largest = FORMATS[PARTS[dtype]].largest
    return bool(abs(side.real) > largest or abs(side.imag) > largest)


def overflowed(side: acb, got: complex, dtype: str) -> bool:
    """Whether a number has an infinite part, of its sign, where the exact part is beyond every float."""
    largest = FORMATS[PARTS[dtype]].largest
    parts = ((side.real, got.real), (side.imag, got.imag))
    return cmath.isinf(got) and all(
        part * math.copysign(1.0, x) > largest if math.isinf(x) else not math.isnan(x) for part, x in parts
    )


def spacing(exact: acb, dtype: str) -> arb:
    """One ULP at the modulus, never less than the smallest subnormal."""
    form = FORMATS[PARTS[dtype]]
    size = exact.abs_upper()
    mantissa, exponent = size.mid().man_exp()
    top = int(exponent) + int(mantissa).bit_length() if mantissa else form.emin
    return arb((1, max(min(top, form.emax + 1) - form.precision, form.emin - form.precision + 1)))


def distance(got: complex, exact: acb, dtype: str) -> float:
    """How far a complex float lies from the exact value, in ULP of the latter's modulus."""
    if not cmath.isfinite(got):
        return math.inf
    return float(((acb(got.real, got.imag) - exact).abs_upper() / spacing(exact, dtype)).mid())


def promised(sides: list[acb], value: acb | None, got: complex, dtype: str) -> str:
    """How many digits the formula can promise: half of them or more is right, fewer weak, none lost."""
    form = FORMATS[PARTS[dtype]]
    if value is None:
        return "right"
    if sides[0].abs_upper() < arb(2) ** form.emin:
        return "right" if distance(got, sides[0], dtype) <= 0.75 else "flushed"
    if not value.is_finite():
        return "unbounded"
    width = float(width_of(value) / spacing(sides[0], dtype))
    if width < 2.0 ** (form.precision / 2):
        return "right"
    return "weak" if width < 2.0 ** (form.precision - 1) else "lost"


def worst(verdicts: list[Verdict]) -> str:
    """The gravest status of all."""
    return max((o.status for v in verdicts for o in v.outcomes), key=SEVERITY.__getitem__, default="right")
