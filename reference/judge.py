"""The judge: a verdict on every element of TensorFlow's answer, entry by entry, and on the entries together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from flint import arb

from reference import limits
from reference.balls import working
from reference.basis import Basis, blamed
from reference.derive import smooth, symbols_of
from reference.exact import elementwise
from reference.op import Op
from reference.outcome import FAILING, SEVERITY, Outcome, outcome
from reference.question import Question, Side
from reference.ulp import FORMATS
from reference.wire import unpack

Array = np.ndarray


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


def reheard(question: Question, found: list[Verdict], base: Basis, points: Array) -> list[Verdict]:
    """The verdicts on a block with those at some points given anew, in the light of another trace of these points."""
    part = question.at(points)
    anew = [v.take(points) if v.got is None else heard(part, k, v.got[points], base) for k, v in enumerate(found)]
    anew = jointly(anew, base) if question.order == 1 else anew
    return [v.put(points, new) for v, new in zip(found, anew, strict=True)]


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
        got = elements(question, entry, record)
    except Misshapen as wrong:
        exact = base.exact[entry]
        outcomes = [Outcome("wrong", "shape", math.inf)] * len(exact)
        return limited(Verdict(question, entry, None, outcomes, exact, base.mode, str(wrong)))
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
        limit = limits.named(verdict.question, verdict.entry, element, found, verdict.got, verdict.message)
        return found if limit is None else found._replace(status="known", limit=limit.name)

    return verdict._replace(outcomes=[listed(k, o) for k, o in enumerate(verdict.outcomes)])


def elements(question: Question, entry: int, record: dict[str, Any]) -> Array:
    """The answer's floats in the order of the exact answer's elements; a Jacobian's diagonal for a block.

    Elements off the diagonal must be zero; where they are not, the diagonal is spoilt with NaN.
    """
    values = formed(question, entry, record)
    if question.block is not None and values.ndim == 2:
        diagonal = np.diag(values).copy()
        diagonal[(off_diagonal(values) != 0).any(axis=0)] = np.nan
        return diagonal
    return values.reshape(-1)


def formed(question: Question, entry: int, record: dict[str, Any]) -> Array:
    """The answer's floats in their shape; Misshapen where that, or the dtype, is not the one due."""
    values, dtype = unpack(record)
    if values is None or dtype != question.dtype:
        raise Misshapen(f"the answer has dtype {dtype} instead of {question.dtype}")
    due = question.shapes[entry]
    if values.shape != due:
        raise Misshapen(f"the answer has shape {values.shape} instead of {due}")
    return values


def well_formed(question: Question, answer: dict[str, Any]) -> bool:
    """Whether every entry of an answer has the shape and dtype that are due, or is None."""
    try:
        for entry, record in enumerate(answer.get("values", ())):
            if record is not None:
                formed(question, entry, record)
    except Misshapen:
        return False
    return True


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
    tiny, zero = flagged(question, len(got), is_subnormal), flagged(question, len(got), is_zero)
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
            bool(zero[k]),
        )
        for k in range(len(got))
    ]
    failing = [k for k, o in enumerate(outcomes) if o.status in FAILING and not o.kernel]
    for k, hole in zip(failing, holes(question, failing), strict=True):
        outcomes[k] = Outcome("convention", "", 0.0) if hole else outcomes[k]
    verdict = limited(Verdict(question, entry, got, outcomes, base.exact[entry], base.mode))
    unlisted = [k for k in failing if verdict.outcomes[k].status in FAILING]  # to find a kernel to blame is dear
    for k, kernel in zip(unlisted, blamed(base, unlisted), strict=True):
        outcomes[k] = outcomes[k]._replace(kernel=kernel)
    return limited(verdict._replace(outcomes=[o if o.limit else outcomes[k] for k, o in enumerate(verdict.outcomes)]))


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


def same(a: Array, b: Array) -> Array:
    """Where the bits are equal, with one NaN."""
    return (a == b) & (np.signbit(a) == np.signbit(b)) | np.isnan(a) & np.isnan(b)


def is_zero(x: Array, dtype: str) -> Array:
    """Whether a float is a zero, of either sign."""
    return x == 0


def is_subnormal(x: Array, dtype: str) -> Array:
    """Whether a float is below the smallest normal one, and no zero."""
    return (x != 0) & (np.abs(x) < FORMATS[dtype].smallest_normal)


def flagged(question: Question, count: int, sort: Callable[[Array, str], Array]) -> Array:
    """Which elements have a primal of a sort; for array rows, whether any element has."""
    flags = [sort(x, question.dtype) for x in question.primals]
    if question.block is not None:
        return np.logical_or.reduce(flags)
    return np.full(count, any(bool(f.any()) for f in flags))
