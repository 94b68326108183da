"""One TensorFlow on trial at complex arguments: every mode judged by its own trace, or by the plain mode's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.ask import Probe
from reference.catalogue.complexes import COMPLEXES, TABLE
from reference.modes import MODES
from reference.outcome import FAILING
from reference.plane import limits, replay
from reference.plane.blame import blamed
from reference.plane.judge import Basis, Verdict, basis, judge
from reference.plane.question import Question, ask
from reference.replay import UnknownKernel

JACOBIAN_POINTS = 12


def cells() -> Iterator[tuple[str, str, str, int]]:
    """Every op, mode, dtype and order of the table."""
    for name in TABLE:
        for mode in MODES.values():
            for order in (1, 2):
                if mode.asks[order - 1] is not None:
                    for dtype in COMPLEXES:
                        yield name, mode.name, dtype, order


class Trial:
    """Asks, replays, judges; what is known of TensorFlow is marked as such."""

    def __init__(self, probe: Probe):
        self.probe = probe
        self.asked = 0

    def verdicts(self, question: Question) -> list[Verdict]:
        """A verdict on every entry of the answer to one question."""
        if question.asks == "jacobian":
            question = question.at(finite_places(question)[:JACOBIAN_POINTS])
        answer, base = self.answered(question)
        return [self.listed(v, base) for v in judge(question, answer, base)]

    def answered(self, question: Question) -> tuple[dict[str, Any], Basis]:
        """The answer with its replayed trace; the plain mode's where it has none, or none that can be replayed."""
        answer = self.answer(question, trace=question.mode.traced)
        if answer.get("trace") or "values" not in answer:
            with contextlib.suppress(UnknownKernel):
                return answer, basis(question, answer.get("trace"))
        plainly = plain(question)
        with contextlib.suppress(UnknownKernel):
            return answer, basis(plainly, self.answer(plainly, trace=True).get("trace"))
        return answer, basis(question, None)

    def answer(self, question: Question, trace: bool) -> dict[str, Any]:
        self.asked += 1
        return self.probe.ask(question.job(str(self.asked), trace))

    def listed(self, verdict: Verdict, base: Basis) -> Verdict:
        """The verdict with every failing outcome that a limit names turned into `known`."""
        failing = [k for k, o in enumerate(verdict.outcomes) if o.status in FAILING]
        if not failing:
            return verdict
        outcomes = list(verdict.outcomes)
        numbers = [k for k in failing if outcomes[k].question == "value"]
        audits = audited(base, numbers)
        for k in failing:
            blame = blamed(audits, numbers.index(k), len(at_least_two(numbers))) if k in numbers else None
            limit = limits.named(verdict, k, blame)
            kernel = "" if blame is None else blame.kernel if blame.broken else f"{blame.kernel} overflows"
            status = "known" if limit else outcomes[k].status
            outcomes[k] = outcomes[k]._replace(status=status, kernel=kernel, limit=limit.name if limit else "")
        return verdict._replace(outcomes=outcomes)


def audited(base: Basis, places: list[int]) -> list[replay.Audit]:
    """The trace of these points, kernel by kernel; of two at least, so that a sum over them is seen to be one."""
    return [] if base.trace is None or not places else replay.audit(base.trace.take(np.array(at_least_two(places))))


def at_least_two(places: list[int]) -> list[int]:
    return places * 2 if len(places) == 1 else places


def plain(question: Question) -> Question:
    """The question to a tape with the same exact answer; a Jacobian's weight has been conjugated on its way."""
    mode = MODES[("tape", "nested")[question.order - 1]]
    if question.asks in ("vjp", "vjp_of_jvp"):
        return question._replace(mode=mode)
    if question.order == 1:
        return question._replace(mode=mode, cotangent=np.conj(question.cotangent))
    return question._replace(mode=mode, tangents=[np.conj(h) for h in question.tangents])


def finite_places(question: Question) -> np.ndarray:
    """Points of moderate size, spread over the block: what a Jacobian is asked at."""
    sizes = [np.abs(x) for x in question.primals]
    good = np.flatnonzero(np.all([(s > 1e-3) & (s < 30) for s in sizes], axis=0))
    return good[np.linspace(0, len(good) - 1, JACOBIAN_POINTS).astype(int)]


def question_of(name: str, mode: str, dtype: str, order: int, *primals: complex) -> Question:
    """A question at one point, or at the deterministic ones."""
    given = [np.array([z], dtype) for z in primals] if primals else None
    return ask(TABLE[name], mode, dtype, order, given)
