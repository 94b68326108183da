"""The judge: TensorFlow's answer beside the exact one and the replayed trace, and a verdict on every element.

Three questions, no tolerance. *Formula*: does the trace, replayed without rounding, mean the exact derivative?
*Value*: does the number lie in the ball that the kernels' contracts allow? *Kernel*: which kernel left its own
contract? The width of the ball says how many digits the formula can promise at that point.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from flint import arb

from reference import limits, replay
from reference.balls import hull, working
from reference.derive import smooth, symbols_of
from reference.exact import elementwise
from reference.op import Op
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


@dataclass
class Basis:
    """What a trace allows, per entry and element: the formula's balls and the machine's."""

    exact: list[list[tuple[Side, ...]]]
    formula: list[list[arb] | None]
    value: list[list[arb] | None]
    mode: str = ""  # the mode that was traced; empty without a trace
    trace: replay.Trace | None = None
    refined: list[tuple[Array, int]] = field(default_factory=list)  # points replayed anew, at so many bits
    culprits: dict[int, str] = field(default_factory=dict)  # kernels blamed so far, by element

    @cached_property
    def audits(self) -> list[replay.Audit]:
        """Every kernel of the trace beside the exact value at its own inputs; made when first asked for."""
        if self.trace is None:
            return []
        audits = replay.audit(self.trace)
        for points, precision in self.refined:
            sharpen(self.trace, points, precision, audits)
        return audits

    def take(self, points: Array) -> Basis:
        """The same for some points of a block."""

        def part(entries: list[Any]) -> list[Any]:
            return [None if e is None else [e[k] for k in points] for e in entries]

        trace = None if self.trace is None else self.trace.take(points)
        return Basis(part(self.exact), part(self.formula), part(self.value), self.mode, trace)


def basis(question: Question, trace: dict[str, Any] | None) -> Basis:
    """Replay a trace in the light of the exact answer; without a trace nothing but the exact answer is known."""
    exact = question.exact()
    if trace is None:
        return Basis(exact, [None] * len(exact), [None] * len(exact))
    recorded = replay.Trace.read(trace, question.dtype, None if question.asks == "jacobian" else question.block)
    means = results(recorded, replay.formula(recorded), exact)
    allows = results(recorded, replay.value(recorded), exact)
    base = Basis(exact, means, allows, question.mode.name, trace=recorded)
    hopeless = infinite_primals(question)
    for precision in PRECISIONS[1:]:
        points = [k for k in undecided(exact, means, question.dtype) if k not in hopeless]
        if not points:
            break
        refine(base, np.array(points), precision)
        if question.block is not None:
            hopeless |= {k for k in points if any(balls and not balls[k].is_finite() for balls in means)}
    return base


def infinite_primals(question: Question) -> set[int]:
    """The points of a block at which no precision helps."""
    if question.block is None:
        return set()
    return set(np.flatnonzero(~np.logical_and.reduce([np.isfinite(x) for x in question.primals])).tolist())


def results(trace: replay.Trace, made: dict[str, Any], exact: list[list[Any]]) -> list[list[arb] | None]:
    """The replayed results as flat lists of balls; None where TensorFlow said None."""
    return [
        None if name is None else flat(np.asarray(made[name], dtype=object), len(entry))
        for name, entry in zip(trace.results, exact, strict=True)
    ]


def flat(made: Array, count: int) -> list[arb] | None:
    """A replayed result in the order of the exact answer's elements; a block's Jacobian by its diagonal."""
    if made.shape == (count, count) and made.size != count:
        return list(np.diagonal(made))
    return list(made.reshape(-1)) if made.size == count else None


def undecided(exact: list[list[tuple[Side, ...]]], means: list[list[arb] | None], dtype: str) -> list[int]:
    """The elements at which the formula's ball is too wide to be told from the exact value."""
    form = FORMATS[dtype]
    floor = arb(2) ** (form.emin - form.precision - 20)
    relative = arb(2) ** -(form.precision + 20)

    def wide(sides: tuple[Side, ...], ball: arb) -> bool:
        size = max((abs(s) for s in sides if isinstance(s, arb)), default=None)
        return size is not None and not ball.rad() <= floor and not ball.rad() <= size * relative

    return sorted(
        {
            k
            for sides, balls in zip(exact, means, strict=True)
            if balls
            for k, b in enumerate(balls)
            if wide(sides[k], b)
        }
    )


def refine(base: Basis, points: Array, precision: int) -> None:
    """Replay some elements at a higher precision and put the better balls in place."""
    assert base.trace is not None
    blocked = base.trace.block is not None
    part = base.trace.take(points) if blocked else base.trace
    chosen = [points.tolist() if blocked else sides for sides in base.exact]
    for target, made in (
        (base.formula, replay.formula(part, precision)),
        (base.value, replay.value(part, precision)),
    ):
        for old, new in zip(target, results(part, made, chosen), strict=True):
            if old is not None and new is not None:
                for k, ball in zip(points if blocked else range(len(new)), new, strict=True):
                    old[k] = ball
    if blocked:
        base.refined.append((points, precision))


def sharpen(trace: replay.Trace, points: Array, precision: int, audits: list[replay.Audit]) -> None:
    """Audit some elements of a block at a higher precision."""
    for old, new in zip(audits, replay.audit(trace.take(points), precision), strict=True):
        if old.exact.shape[:1] == (trace.block,):
            old.exact[points] = new.exact
            old.kept[points] = new.kept


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
        return at_pole(known, got) if not tiny else ("flushed", "")
    if len(finite) == len(known) and formula is not None and formula.is_finite():
        if not means(formula, finite, dtype):
            return "wrong", "formula"
        if len(known) > 1 and value is not None and (replay.within(value, got) or ulp <= reach(value, finite, dtype)):
            return "right", ""
    if len(finite) < len(known) and not math.isfinite(got):
        return "convention", ""  # finite from one side and infinite from another: there is no derivative
    if ulp <= 0.5:
        return promised(known[0], value, got, dtype, tiny) if len(known) == 1 else "right", ""
    if value is None:
        return ("right", "") if ulp <= 1 else ("wrong", "value")
    if not value.is_finite():
        beyond = all(abs(s) > arb(FORMATS[dtype].largest) for s in finite)
        promises = "flushed" if tiny else "unbounded"
        return (promises, "") if tiny or beyond or math.isfinite(got) else ("wrong", "value")
    if not replay.within(value, got):
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

    def put(self, points: Array, part: Verdict) -> Verdict:
        """The same with other outcomes at some points of the block."""
        if self.got is None or part.got is None:
            return self
        got, outcomes = self.got.copy(), list(self.outcomes)
        got[points] = part.got
        for k, found in zip(points, part.outcomes, strict=True):
            outcomes[k] = found
        return self._replace(got=got, outcomes=outcomes)

    @property
    def status(self) -> str:
        """The worst status among the elements."""
        return max((o.status for o in self.outcomes), key=SEVERITY.__getitem__, default="right")

    @property
    def counts(self) -> Counter[str]:
        """How many elements have which status."""
        return Counter(o.status for o in self.outcomes)


def judge(
    question: Question, answer: dict[str, Any], base: Basis, before: list[Verdict] | None = None
) -> list[Verdict]:
    """A verdict on every entry of an answer; `before` holds verdicts on the same elements, reused bit for bit."""
    for status in ("raised", "crashed"):
        if status in answer:
            return [silent(question, k, status, base, answer[status]) for k in range(len(question.entries))]
    verdicts = [
        silent(question, k, "missing", base) if record is None else spoken(question, k, record, base, before)
        for k, record in enumerate(answer["values"])
    ]
    return jointly(verdicts, base) if question.order == 1 and question.block is not None else verdicts


def jointly(verdicts: list[Verdict], base: Basis) -> list[Verdict]:
    """At a tie of two sides, the entries together must be one subgradient: the same mixture of both sides."""
    if len(verdicts) < 2 or any(v.got is None for v in verdicts):
        return verdicts
    count = len(verdicts[0].outcomes)
    torn = [k for k in range(count) if tied(verdicts, k) and not one_mixture(verdicts, base, k)]
    return [marked(v, torn) for v in verdicts] if torn else verdicts


def marked(verdict: Verdict, torn: list[int]) -> Verdict:
    """The verdict with some elements found wrong."""
    outcomes = list(verdict.outcomes)
    for k in torn:
        outcomes[k] = Outcome("wrong", "formula", outcomes[k].ulp)
    return limited(verdict._replace(outcomes=outcomes, message="the entries together are no subgradient"))


def tied(verdicts: list[Verdict], element: int) -> bool:
    """Whether an element has two finite sides in every entry, and passes in each by itself."""
    return all(
        len(v.exact[element]) == 2
        and all(isinstance(s, arb) for s in v.exact[element])
        and v.outcomes[element].status == "right"
        for v in verdicts
    )


def one_mixture(verdicts: list[Verdict], base: Basis, element: int) -> bool:
    """Whether some t makes every entry t·(one side) + (1 - t)·(the other), as far as the machine can show."""
    with working(200):
        shares = []
        for v in verdicts:
            one, other = v.exact[element]
            allowed = base.value[v.entry]
            assert v.got is not None
            slack = arb(0) if allowed is None else arb(0, allowed[element].rad().upper())
            if not (one - other).contains(0):
                shares.append((arb(float(v.got[element])) + slack - other) / (one - other))
    return all(a.overlaps(b) for a in shares for b in shares)


def spoken(
    question: Question, entry: int, record: dict[str, Any], base: Basis, before: list[Verdict] | None
) -> Verdict:
    """A verdict on one entry's record, whose shape and dtype may be wrong already."""
    try:
        got = elements(question, entry, record, base)
    except Misshapen as wrong:
        exact = base.exact[entry]
        return Verdict(
            question, entry, None, [Outcome("wrong", "shape", math.inf)] * len(exact), exact, base.mode, str(wrong)
        )
    return heard(question, entry, got, base, before)


def silent(question: Question, entry: int, status: str, base: Basis, message: str = "") -> Verdict:
    """No number came back: right only where None stands for a derivative that is zero everywhere."""
    exact = base.exact[entry]
    zero = all(isinstance(s, arb) and s.is_zero() for sides in exact for s in sides if s is not None)
    if status == "missing" and zero:
        return Verdict(
            question, entry, None, [Outcome("right", "", 0.0)] * len(exact), exact, base.mode, "None for zero"
        )
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
    if values is None or dtype != question.dtype:
        raise Misshapen(f"the answer has dtype {dtype} instead of {question.dtype}")
    n = len(base.exact[entry])
    if question.block is not None and values.shape == (n, n):
        diagonal = np.diag(values).copy()
        diagonal[(off_diagonal(values) != 0).any(axis=0)] = np.nan
        return diagonal
    if values.size != n:
        raise Misshapen(f"the answer has shape {values.shape}, where {n} elements are due")
    return values.reshape(-1)


def off_diagonal(values: Array) -> Array:
    """A square matrix with zeros on its diagonal, NaN elsewhere kept."""
    out = values.copy()
    np.fill_diagonal(out, 0.0)
    return out


class Misshapen(ValueError):
    """An answer of the wrong shape or dtype: a finding about TensorFlow, not about the job."""


def heard(question: Question, entry: int, got: Array, base: Basis, before: list[Verdict] | None = None) -> Verdict:
    """A verdict on floats that came back."""
    earlier = before[entry] if before else None
    old = np.zeros(len(got), bool) if earlier is None or earlier.got is None else same(earlier.got, got)
    if earlier is not None and old.all():
        return earlier._replace(question=question)
    tiny = subnormal_primals(question, len(got))
    formula, value = base.formula[entry], base.value[entry]
    outcomes = [
        earlier.outcomes[k]
        if earlier is not None and old[k]
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
    failing = [k for k, o in enumerate(outcomes) if o.status in FAILING and not o.kernel]
    culprits = blamed(base, failing)
    for k, hole, kernel in zip(failing, holes(question, failing), culprits, strict=True):
        outcomes[k] = Outcome("convention", "", 0.0) if hole else outcomes[k]._replace(kernel=kernel)
    return limited(Verdict(question, entry, got, outcomes, base.exact[entry], base.mode))


def holes(question: Question, elements: list[int]) -> list[bool]:
    """Where the function itself has no single limit, or is defined by an equality alone: no derivative exists."""
    if question.block is None or not elements:
        return [False] * len(elements)
    op, part = question.op, [x[elements] for x in question.primals]
    equalities = smooth(sp.sympify(op.primal(sp, *symbols_of(op)))).atoms(sp.Eq)
    values = elementwise(op, 0, question.dtype, part)
    return [
        len({str(side[0]) for side in sides} | {"None"}) != 2
        or on_equality(op, equalities, [float(x[k]) for x in part])
        for k, sides in enumerate(values)
    ]


def on_equality(op: Op, equalities: set[sp.Eq], point: list[float]) -> bool:
    """Whether a piece that holds on an equality alone holds at the point."""
    at = {x: sp.Rational(*v.as_integer_ratio()) for x, v in zip(symbols_of(op), point, strict=True) if math.isfinite(v)}
    return any((e.lhs - e.rhs).subs(at).is_zero for e in equalities)


def blamed(base: Basis, elements: list[int]) -> list[str]:
    """For each failing element the first kernel that left its contract there; empty where none did."""
    new = [k for k in elements if k not in base.culprits]
    if base.trace is None:
        return [""] * len(elements)
    if new:
        blocked = base.trace.block is not None
        audits = replay.audit(base.trace.take(np.array(new)), PRECISIONS[1]) if blocked else base.audits
        base.culprits.update((k, culprit(audits, place, len(new) if blocked else None)) for place, k in enumerate(new))
    return [base.culprits[k] for k in elements]


def culprit(audits: list[replay.Audit], place: int, block: int | None) -> str:
    """The first kernel that left its contract at one place of a block, or anywhere in an array."""
    for audit in audits:
        if not (audit.kept[place] if audit.kept.shape == (block,) else audit.kept.all()):
            return audit.kernel
    return ""


def same(a: Array, b: Array) -> Array:
    """Where the bits are equal, with one NaN."""
    return (a == b) & (np.signbit(a) == np.signbit(b)) | np.isnan(a) & np.isnan(b)


def subnormal_primals(question: Question, count: int) -> Array:
    """Which elements have a subnormal primal; for array rows, whether any element has."""
    floor = 2.0 ** FORMATS[question.dtype].emin
    flags = [(np.abs(x) < floor) & (x != 0) for x in question.primals]
    if question.block is not None:
        return np.logical_or.reduce(flags)
    return np.full(count, any(bool(f.any()) for f in flags))
