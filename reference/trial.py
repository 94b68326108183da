"""The trial: put questions to one TensorFlow, replay what it recorded, and judge every answer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from reference import judge
from reference.ask import Probe
from reference.basis import Basis, basis, read, replayed
from reference.exact import answer_shapes
from reference.judge import Verdict
from reference.modes import ALL_MODES, Mode
from reference.op import Op
from reference.outcome import FAILING
from reference.points import cases, cotangents, points
from reference.question import Question
from reference.replay import MEMORY, UnknownKernel

Array = np.ndarray

DEAR = ("jvp_of_vjp", "vjp_of_jvp", "jvp_of_jvp", "batch_jacobian", "jacobian")
TOLD = (*FAILING, "known")
JACOBIAN_POINTS = 12  # a block's Jacobian has the square of its points
#: Whose trace stands for a mode's: the plain way of asking for the same derivative.
PLAIN = {
    (1, "vjp"): "tape", (1, "jacobian"): "tape", (1, "batch_jacobian"): "tape", (1, "jvp"): "forward",
    (2, "vjp"): "nested", (2, "jacobian"): "nested", (2, "batch_jacobian"): "nested",
    (2, "jvp_of_vjp"): "forward_over_reverse", (2, "vjp_of_jvp"): "reverse_over_forward",
    (2, "jvp_of_jvp"): "forward_over_forward", (3, "vjp"): "thrice",
}  # fmt: skip


def ask_at(op: Op, mode: Mode, dtype: str, order: int, primals: list[Array]) -> Question:
    """A question at given primals, with cotangents and tangents that are not one."""
    shape = primals[0].shape if op.shapes is None else answer_shapes(op, "jvp", 1)[0]
    c = cotangents(shape, dtype, "c")
    h = [cotangents(x.shape, dtype, f"h{i}") for i, x in enumerate(primals)]
    return Question(op, mode, dtype, order, primals, c, h)


@lru_cache(maxsize=64)
def blocks(op: Op, dtype: str, tier: str) -> list[list[Array]]:
    """The deterministic points: one block of them, or the cases of an array row."""
    return [points(op, dtype, tier)] if op.shapes is None else cases(op, dtype, tier)


def questions(op: Op, mode: Mode, dtype: str, order: int, tier: str) -> list[Question]:
    """A mode's questions on the deterministic points: one block, or one question per case of an array row.

    Where TensorFlow builds its answer anew for every shape, so that asking is dear, the quick points are asked.
    """
    dear = mode.asks[order - 1] in DEAR
    if op.shapes is None:
        asked = blocks(op, dtype, "quick" if dear else tier)
    else:
        full = mode.name in ("tape", "nested")
        asked = blocks(op, dtype, tier if full else "quick")[: 1 if dear else None]
    return [ask_at(op, mode, dtype, order, block) for block in asked]


def plain(question: Question) -> Question:
    """The same question asked in the plainest mode that has the same exact answer."""
    if question.op.shapes is not None and "jacobian" in question.asks:
        return question
    return question._replace(mode=ALL_MODES[PLAIN[question.order, question.asks]])


def sound(question: Question, before: list[Verdict]) -> Array:
    """The points at which a block's Jacobian is asked: at most `JACOBIAN_POINTS`, spread over the block.

    Primals and answers are finite there, and no limit is known: elsewhere a zero cotangent times an infinite
    partial of one point spoils the rows of the others.
    """
    assert question.block is not None
    unknown = [all(v.outcomes[k].status != "known" for v in before) for k in range(question.block)]
    numbers = [*question.primals, *(v.got for v in before if v.got is not None)]
    finite = np.flatnonzero(np.array([unknown, *map(np.isfinite, numbers)]).all(axis=0))
    return finite[np.linspace(0, len(finite) - 1, min(JACOBIAN_POINTS, len(finite))).astype(int)]


def elsewhere(found: list[Verdict], before: list[Verdict]) -> Array:
    """The elements at which a mode came to other bits than the plain mode, so that it may have run another formula."""
    different = [
        ~judge.same(a.got, b.got) for a, b in zip(found, before, strict=True) if a.got is not None and b.got is not None
    ]
    if found[0].question.block is None:  # an array is one question: all of it or nothing
        return np.arange(int(any(d.any() for d in different)))
    return np.flatnonzero(np.logical_or.reduce(different)) if different else np.array([], dtype=int)


def differ_in_failing(found: list[Verdict], before: list[Verdict]) -> bool:
    """Whether a mode fails at an element at which the plain mode does not."""
    return any(
        new.status in FAILING
        and new.got is not None
        and any(a.status in FAILING and b.status not in TOLD for a, b in zip(new.outcomes, old.outcomes, strict=True))
        for new, old in zip(found, before, strict=True)
    )


class Trial:
    """One TensorFlow on trial. Traces of the plain modes are kept and stand for the modes that share their bits."""

    def __init__(self, probe: Probe):
        self.probe = probe
        self.known: dict[Any, tuple[Basis, list[Verdict]]] = {}
        self.replayed: list[tuple[Question, Basis]] = []
        self.asked = 0
        self.seconds = 0.0  # what TensorFlow itself needed, as it says

    def verdicts(self, question: Question) -> list[Verdict]:
        """A verdict on every entry of the answer to one question."""
        plainly = plain(question)
        base, before = self.basis(plainly)
        if plainly.mode == question.mode:
            return before
        if question.block is not None and question.asks == "jacobian":
            selected = sound(question, before)
            question, base = question.at(selected), base.take(selected)
            before = [v.take(selected) for v in before]
            if not len(selected):
                return [v._replace(question=question) for v in before]
        found = judge.judge(question, self.answer(question), base, before)
        if plainly.asks == question.asks or differ_in_failing(found, before):
            return self.retried(question, found, before)
        return found

    def retried(self, question: Question, found: list[Verdict], before: list[Verdict]) -> list[Verdict]:
        """Where a mode came to other bits than the plain mode it is judged by its own trace, if it has one."""
        places = elsewhere(found, before)
        if not len(places) or not question.mode.traced:
            return found
        answer = self.answer(question, trace=True)
        if not answer.get("trace") or None in answer["values"] or not judge.well_formed(question, answer):
            return found
        try:
            if question.block is None or "jacobian" in question.asks:
                return judge.judge(question, answer, basis(question, answer["trace"]))
            trace = read(question, answer["trace"]).take(places)
            return judge.reheard(question, found, replayed(question.at(places), trace), places)
        except UnknownKernel:
            return found

    def basis(self, question: Question) -> tuple[Basis, list[Verdict]]:
        """A plain mode's replayed trace and the verdicts on its own answer."""
        numbers = map(bytes, [*question.primals, question.cotangent, *question.tangents])
        key = (question.op.name, question.mode.name, question.dtype, question.order, *numbers)
        if key not in self.known:
            answer = self.answer(question, trace=True)
            trace = answer.get("trace") if judge.well_formed(question, answer) else None
            base = basis(question, trace)
            self.known[key] = base, judge.judge(question, answer, base)
            self.replayed.append((question, base))
        return self.known[key]

    def forget(self) -> None:
        """Let the kept traces go, and what was made of them."""
        MEMORY.forget()
        self.known.clear()
        self.replayed.clear()

    def answer(self, question: Question, trace: bool = False) -> dict[str, Any]:
        """TensorFlow's answer to one question."""
        self.asked += 1
        answer = self.probe.ask(question.job(str(self.asked), trace))
        self.seconds += float(answer.get("seconds", 0.0))
        return answer
