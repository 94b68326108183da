"""The judge: TensorFlow's answer beside the exact one and the replayed trace, and a verdict on every element.

Three questions, no tolerance. *Formula*: does the trace, replayed without rounding, mean the exact derivative?
*Value*: does the number lie in the ball that the kernels' contracts allow? *Kernel*: which kernel left its own
contract? The width of the ball says how many digits the formula can promise at that point.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from reference import limits, replay
from reference.balls import hull
from reference.question import Question, Side
from reference.ulp import FORMATS, distance, round_ball, spacing
from reference.wire import unpack

Array = np.ndarray

PRECISIONS = (128, 400, 1400, 5000)  # bits; the next is taken where the formula's ball is still too wide

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


class Basis(NamedTuple):
    """What a trace allows, per entry and element: the formula's balls and the machine's."""

    exact: list[list[tuple[Side, ...]]]
    formula: list[list[arb] | None]
    value: list[list[arb] | None]
    audits: list[replay.Audit]
    mode: str  # the mode that was traced; empty without a trace

    def take(self, points: Array) -> Basis:
        """The same for some points of a block."""

        def part(entries: list[Any]) -> list[Any]:
            return [None if e is None else [e[k] for k in points] for e in entries]

        return Basis(part(self.exact), part(self.formula), part(self.value), self.audits, self.mode)


def basis(question: Question, trace: dict[str, Any] | None) -> Basis:
    """Replay a trace in the light of the exact answer; without a trace nothing but the exact answer is known."""
    exact = question.exact()
    nothing: list[list[arb] | None] = [None] * len(exact)
    if trace is None:
        return Basis(exact, nothing, list(nothing), [], "")
    recorded = replay.Trace.read(trace, question.dtype, question.block)
    means = results(recorded, replay.formula(recorded))
    allows = results(recorded, replay.value(recorded))
    audits = replay.audit(recorded)
    for precision in PRECISIONS[1:]:
        points = undecided(exact, means, question.dtype)
        if not points:
            break
        refine(recorded, np.array(points), precision, means, allows, audits)
    return Basis(exact, means, allows, audits, question.mode.name)


def results(trace: replay.Trace, made: dict[str, Any]) -> list[list[arb] | None]:
    """The replayed results as flat lists of balls; None where TensorFlow said None."""
    return [None if name is None else list(np.asarray(made[name], dtype=object).flat) for name in trace.results]


def undecided(exact: list[list[tuple[Side, ...]]], means: list[list[arb] | None], dtype: str) -> list[int]:
    """The elements at which the formula's ball is too wide to be told from the exact value."""
    form = FORMATS[dtype]
    floor = arb(2) ** (form.emin - form.precision - 20)
    relative = arb(2) ** -(form.precision + 20)

    def wide(sides: tuple[Side, ...], ball: arb) -> bool:
        size = max((abs(s) for s in sides if isinstance(s, arb)), default=None)
        return size is not None and not ball.rad() <= floor and not ball.rad() <= size * relative

    return sorted(
        {k for sides, balls in zip(exact, means, strict=True) if balls for k, b in enumerate(balls) if wide(sides[k], b)}
    )


def refine(
    trace: replay.Trace,
    points: Array,
    precision: int,
    means: list[list[arb] | None],
    allows: list[list[arb] | None],
    audits: list[replay.Audit],
) -> None:
    """Replay some elements at a higher precision and put the better balls in place."""
    blocked = trace.block is not None
    part = trace.take(points) if blocked else trace
    for target, made in ((means, replay.formula(part, precision)), (allows, replay.value(part, precision))):
        for old, new in zip(target, results(part, made), strict=True):
            if old is not None and new is not None:
                for k, ball in zip(points if blocked else range(len(new)), new, strict=True):
                    old[k] = ball
    for old_audit, new_audit in zip(audits, replay.audit(part, precision), strict=True):
        if blocked and old_audit.exact.shape[:1] == (trace.block,):
            old_audit.exact[points] = new_audit.exact
            old_audit.kept[points] = new_audit.kept


# -- one element --------------------------------------------------------------------------------------------


def outcome(
    sides: tuple[Side, ...], formula: arb | None, value: arb | None, got: float, dtype: str, tiny: bool = False
) -> Outcome:
    """The verdict on one float. `tiny` says that a primal is subnormal, which a kernel may read as zero."""
    known = [s for s in sides if s is not None]
    if not known:
        return Outcome("convention", "", 0.0)
    ulp = min(distance(got, side, dtype) for side in known)
    status, question = answered(known, formula, value, got, ulp, dtype, tiny)
    return Outcome(status, question, ulp)


def answered(
    known: list[Side], formula: arb | None, value: arb | None, got: float, ulp: float, dtype: str, tiny: bool
) -> tuple[str, str]:
    finite = [s for s in known if isinstance(s, arb)]
    if not finite:
        return at_pole(known, got)
    if len(finite) == len(known) and formula is not None and formula.is_finite():
        if not formula.overlaps(hull(*finite)):
            return "wrong", "formula"
        if len(known) > 1 and value is not None and replay.within(value, got):
            return "right", ""
    if ulp <= 0.5:
        return promised(known[0], value, got, dtype, tiny) if len(known) == 1 else "right", ""
    if value is None:
        return ("right", "") if ulp <= 1 else ("wrong", "value")
    if not value.is_finite():
        return ("flushed" if tiny else "unbounded", "") if tiny or math.isfinite(got) else ("wrong", "value")
    if not replay.within(value, got):
        return "wrong", "value"
    return promised(known[0], value, got, dtype, tiny), ""


def at_pole(known: list[Side], got: float) -> tuple[str, str]:
    """Where the derivative is infinite: that infinity; where both signs occur, or zero has a sign, either."""
    if got in known:
        return "right", ""
    if math.isinf(got) or (math.isnan(got) and len(known) > 1):
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


# -- one answer ---------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """One entry of one answer: how many elements have which status, and the outcome of each."""

    question: Question
    entry: int
    got: Array | None  # flat float64; None where TensorFlow said None, raised or crashed
    outcomes: list[Outcome]
    exact: list[tuple[Side, ...]]
    trace: str  # the mode whose trace was replayed; empty without one
    message: str = ""

    def take(self, points: Array) -> Verdict:
        """The same for some points of a block."""
        got = None if self.got is None else self.got[points]
        outcomes = [self.outcomes[k] for k in points]
        exact = [self.exact[k] for k in points]
        return self._replace(question=self.question.at(points), got=got, outcomes=outcomes, exact=exact)

    @property
    def status(self) -> str:
        """The worst status among the elements."""
        return max((o.status for o in self.outcomes), key=SEVERITY.__getitem__, default="right")

    @property
    def counts(self) -> Counter[str]:
        """How many elements have which status."""
        return Counter(o.status for o in self.outcomes)


def judge(question: Question, answer: dict[str, Any], base: Basis, before: list[Verdict] | None = None) -> list[Verdict]:
    """A verdict on every entry of an answer; `before` holds verdicts on the same elements, reused bit for bit."""
    for status in ("raised", "crashed"):
        if status in answer:
            return [silent(question, k, status, base, answer[status]) for k in range(len(question.entries))]
    return [
        silent(question, k, "missing", base)
        if record is None
        else heard(question, k, elements(question, k, record, base), base, before)
        for k, record in enumerate(answer["values"])
    ]


def silent(question: Question, entry: int, status: str, base: Basis, message: str = "") -> Verdict:
    """No number came back: right only where None stands for a derivative that is zero everywhere."""
    exact = base.exact[entry]
    zero = all(isinstance(s, arb) and s.is_zero() for sides in exact for s in sides if s is not None)
    if status == "missing" and zero:
        return Verdict(question, entry, None, [Outcome("right", "", 0.0)] * len(exact), exact, base.mode, "None for zero")
    outcomes = [Outcome(status, status, math.inf)] * len(exact)
    return limited(Verdict(question, entry, None, outcomes, exact, base.mode, message))


def limited(verdict: Verdict) -> Verdict:
    """The verdict with every failing outcome that a limit names turned into `known`."""
    if verdict.status not in FAILING:
        return verdict

    def listed(element: int, found: Outcome) -> Outcome:
        if found.status not in FAILING:
            return found
        limit = limits.named(verdict.question, verdict.entry, element, found, verdict.got)
        return found if limit is None else found._replace(status="known", limit=limit.name)

    return verdict._replace(outcomes=[listed(k, o) for k, o in enumerate(verdict.outcomes)])


def elements(question: Question, entry: int, record: dict[str, Any], base: Basis) -> Array:
    """The answer's floats in the order of the exact answer's elements; a Jacobian's diagonal for a block.

    Elements off the diagonal must be zero; where they are not, the diagonal is spoilt with NaN.
    """
    values, dtype = unpack(record)
    if dtype != question.dtype:
        raise Misshapen(f"the answer has dtype {dtype} instead of {question.dtype}")
    n = len(base.exact[entry])
    if question.block is not None and values.shape == (n, n):
        diagonal = np.diag(values).copy()
        diagonal[(values - np.diag(np.diag(values)) != 0).any(axis=1)] = np.nan
        return diagonal
    if values.size != n:
        raise Misshapen(f"the answer has shape {values.shape}, where {n} elements are due")
    return values.reshape(-1)


class Misshapen(ValueError):
    """An answer of the wrong shape or dtype: a finding about TensorFlow, not about the job."""


def heard(
    question: Question, entry: int, got: Array, base: Basis, before: list[Verdict] | None = None
) -> Verdict:
    """A verdict on floats that came back."""
    earlier = before[entry] if before else None
    tiny = subnormal_primals(question, len(got))
    formula, value = base.formula[entry], base.value[entry]
    outcomes = [
        earlier.outcomes[k]
        if earlier is not None and earlier.got is not None and same(earlier.got[k], got[k])
        else outcome(
            base.exact[entry][k],
            None if formula is None else formula[k],
            None if value is None else value[k],
            float(got[k]),
            question.dtype,
            bool(tiny[k]),
        )
        for k in range(len(got))
    ]
    outcomes = [blamed(o, base.audits, k, question.block) if o.status in FAILING else o for k, o in enumerate(outcomes)]
    return limited(Verdict(question, entry, got, outcomes, base.exact[entry], base.mode))


def blamed(found: Outcome, audits: list[replay.Audit], element: int, block: int | None) -> Outcome:
    """A failing outcome with the first kernel that left its contract at that element."""
    for audit in audits:
        kept = audit.kept
        broken = not kept[element] if block is not None and kept.shape == (block,) else not kept.all()
        if broken:
            return found._replace(kernel=audit.kernel)
    return found


def same(a: float, b: float) -> bool:
    """Equal bits, with one NaN."""
    return bool(a == b and math.copysign(1, a) == math.copysign(1, b)) or (math.isnan(a) and math.isnan(b))


def subnormal_primals(question: Question, count: int) -> Array:
    """Which elements have a subnormal primal; for array rows, whether any element has."""
    floor = 2.0 ** FORMATS[question.dtype].emin
    flags = [(np.abs(x) < floor) & (x != 0) for x in question.primals]
    if question.block is not None:
        return np.logical_or.reduce(flags)
    return np.full(count, any(bool(f.any()) for f in flags))
