"""Asks one question and gathers everything there is to show about the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from reference import replay
from reference.balls import working
from reference.basis import Basis, basis
from reference.choices import hexed, listed
from reference.judge import Verdict
from reference.modes import MODES
from reference.naming import sources
from reference.outcome import SEVERITY
from reference.question import Question
from reference.steps import Told, told
from reference.trial import Trial

WORKING = 400  # bits
CROWD = 32  # so many copies of the point fill TensorFlow's vector registers; a single one does not


class Shown(NamedTuple):
    """Everything there is to show about one question, at a block of one point or at one case of arrays."""

    question: Question
    verdicts: list[Verdict]
    base: Basis
    told: Told | None
    traced: str  # whose trace is told; empty without one
    notes: list[str]
    tensorflow: str
    copies: int

    @property
    def worst(self) -> tuple[Verdict, int]:
        """The entry and the element of the gravest status, and among those the farthest off."""
        places = [(v, k) for v in self.verdicts for k in range(len(v.outcomes))]
        return max(places, key=lambda p: (SEVERITY[p[0].outcomes[p[1]].status], p[0].outcomes[p[1]].ulp))


def look(
    trial: Trial,
    question: Question,
    notes: Sequence[str] = (),
    copies: int | None = None,
    everything: bool = False,
) -> Shown:
    """Ask the question and replay what TensorFlow ran.

    TensorFlow computes a long vector with other code than a single number. Unless told how many copies
    of the point to ask, this asks both ways and shows the worse answer, saying so.
    """
    notes = list(notes)
    tried = [copies] if copies else [1] if question.block is None else [1, CROWD]
    with working(WORKING):
        results = {n: [first(v) for v in trial.verdicts(repeated(question, n))] for n in tried}
    chosen = max(tried, key=lambda n: gravity(results[n]))
    verdicts = results[chosen]
    if len({heard(v) for v in results.values()}) > 1:
        said = "; ".join(f"{spoken(results[n])} {'alone' if n == 1 else f'as one of {n}'}" for n in tried)
        notes.append(f"TensorFlow's scalar and vector code differ here: {said}. Shown is the worse one.")
    traced = next((v.trace for v in verdicts if v.trace), "")
    asked_again = repeated(question, chosen)
    if not traced:
        return Shown(asked_again, verdicts, bare(question), None, "", notes, version(trial), chosen)
    source = repeated(question._replace(mode=MODES[traced]), chosen)
    answer = trial.answer(source, trace=True)
    with working(WORKING):
        base = basis(source, answer["trace"])
    trace = replay.Trace.read(answer["trace"], question.dtype, source.block)
    if question.block is not None and chosen > 1:
        base, trace = base.take(np.array([0])), trace.take(np.array([0]))
    names = sources(answer["trace"], source)
    return Shown(asked_again, verdicts, base, told(trace, names, everything), traced, notes, version(trial), chosen)


def bare(question: Question) -> Basis:
    """What is known without a trace: the exact answer alone."""
    with working(WORKING):
        return basis(question, None)


def version(trial: Trial) -> str:
    return str(trial.probe.hello["tensorflow"])


def repeated(question: Question, copies: int) -> Question:
    """The same point so many times over."""
    return question if copies == 1 else question.at(np.zeros(copies, dtype=int))


def first(verdict: Verdict) -> Verdict:
    """The verdict on the first point of a block, or on whole arrays."""
    return verdict if verdict.question.block is None else verdict.take(np.array([0]))


def gravity(verdicts: list[Verdict]) -> tuple[int, float]:
    """How bad the worst of several verdicts is."""
    return max((SEVERITY[o.status], o.ulp) for v in verdicts for o in v.outcomes)


def heard(verdicts: list[Verdict]) -> tuple[Any, ...]:
    """What was answered, bit by bit, one NaN being like any other."""
    return tuple(None if v.got is None else tuple(map(hexed, v.got)) for v in verdicts)


def spoken(verdicts: list[Verdict]) -> str:
    """What was answered, in a sentence."""
    return listed("None" if v.got is None else hexed(float(v.got[0])) for v in verdicts)
