"""What a trace allows: the formula's balls and the machine's beside the exact answer, and the kernel to blame.

Precision grows where the formula's ball is too wide to be told from the exact value. The third of the judge's
questions is asked here, of failing elements only. *Kernel*: which kernel was the first to leave its own contract?
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb

from reference import replay
from reference.question import Question, Side
from reference.ulp import FORMATS

Array = np.ndarray

PRECISIONS = (128, 400, 1400, 5000)  # bits; the next is taken where the formula's ball is still too wide
NEGLIGIBLE = 2.0**-10
Replay = Callable[[replay.Trace, int], dict[str, Any]]


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


def basis(question: Question, record: dict[str, Any] | None) -> Basis:
    """Replay a recorded trace in the light of the exact answer; without one only the exact answer is known."""
    if record is None:
        exact = question.exact()
        return Basis(exact, [None] * len(exact), [None] * len(exact))
    return replayed(question, read(question, record))


def read(question: Question, record: dict[str, Any]) -> replay.Trace:
    """The trace of a question from its JSON record; a Jacobian's has no points that could be taken apart."""
    return replay.Trace.read(record, question.dtype, None if "jacobian" in question.asks else question.block)


def replayed(question: Question, trace: replay.Trace) -> Basis:
    """What a trace allows, at growing precision."""
    exact = question.exact()
    means = results(trace, replay.formula(trace), exact)
    allows = results(trace, replay.value(trace), exact)
    base = Basis(exact, means, allows, question.mode.name, trace=trace)
    hopeless = infinite_primals(question)
    for precision in PRECISIONS[1:]:
        points = [k for k in undecided(exact, means, question.dtype) if k not in hopeless]
        if not points:
            break
        before = {k: width(means, k) for k in points}
        refine(base, np.array(points), precision)
        hopeless |= {k for k in points if not 2 * width(means, k) < before[k]}
    return base


def width(balls: list[list[arb] | None], element: int) -> arb:
    """The radii of an element's balls together; NaN where one is not finite.

    More precision does not make it smaller where a literal was rounded before it was recorded.
    """
    found = [entry[element] for entry in balls if entry and element < len(entry)]
    return sum((ball.rad() if ball.is_finite() else arb.nan() for ball in found), arb(0))


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
    """Replay some elements at a higher precision and put the better balls in place.

    Where the replay's own rounding is no more than a share of `NEGLIGIBLE` of what the contracts allow, the machine's
    balls stay as they are.
    """
    assert base.trace is not None
    loose = np.array([k for k in points if rounding_counts(base, k)]) if base.trace.block is not None else points
    renewed(base, base.formula, replay.formula, points, precision)
    if len(loose):
        renewed(base, base.value, replay.value, loose, precision)
    if base.trace.block is not None:
        base.refined.append((points, precision))


def rounding_counts(base: Basis, element: int) -> bool:
    """Whether the replay's own rounding, which the formula's ball shows, counts in the machine's ball."""
    pairs = [(f[element].rad(), v[element].rad()) for f, v in zip(base.formula, base.value, strict=True) if f and v]
    return any(not formula <= NEGLIGIBLE * value for formula, value in pairs)


def renewed(base: Basis, target: list[list[arb] | None], how: Replay, points: Array, precision: int) -> None:
    """Put the balls of a replay at a higher precision in place of the old ones."""
    assert base.trace is not None
    blocked = base.trace.block is not None
    part = base.trace.take(points) if blocked else base.trace
    chosen = [points.tolist() if blocked else sides for sides in base.exact]
    for old, new in zip(target, results(part, how(part, precision), chosen), strict=True):
        if old is not None and new is not None:
            for k, ball in zip(points if blocked else range(len(new)), new, strict=True):
                old[k] = ball


def sharpen(trace: replay.Trace, points: Array, precision: int, audits: list[replay.Audit]) -> None:
    """Audit some elements of a block at a higher precision."""
    for old, new in zip(audits, replay.audit(trace.take(points), precision), strict=True):
        if old.exact.shape[:1] == (trace.block,):
            old.exact[points] = new.exact
            old.kept[points] = new.kept


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
