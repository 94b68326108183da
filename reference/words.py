"""The words of a failure, for a stranger: what was asked, what is exact, what came back, how to see it again."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from flint import arb

from reference.choices import hexed, shortest
from reference.judge import Verdict
from reference.outcome import FAILING, SEVERITY, Outcome
from reference.question import Question, Side
from reference.ulp import FORMATS, round_exact

#: What it means to fail each question.
MEANING = {
    "formula": "the formula that TensorFlow ran, in exact arithmetic, is not the derivative",
    "value": "the number lies outside what that formula's kernels may return",
    "kernel": "a kernel left its contract",
    "missing": "TensorFlow says None where there is a derivative",
    "raised": "TensorFlow raised an error",
    "crashed": "TensorFlow did not survive the question",
}

LONGEST = 40  # characters of an exact number


def failure(verdict: Verdict, element: int, version: str = "", note: str = "") -> str:
    """The whole message about one element of one entry."""
    outcome, question = verdict.outcomes[element], verdict.question
    lines = [
        f"{question.op.name}: {derivative(verdict)} is {outcome.status}{distance(outcome.ulp)}   "
        f"[{setting(question, version)}]",
        f"  primal    {primal(question, element)}",
        f"  weights   {weights(question, element)}",
        f"  exact     {exact(verdict, element)}",
        f"  got       {got(verdict, element)}",
        f"  because   {because(outcome, verdict)}",
        f"  trace     {traced(verdict)}",
        f"  note      {note}" if note else "",
        f"  again     {again(question, element)}",
    ]
    return "\n".join(line for line in lines if line)


def derivative(verdict: Verdict) -> str:
    """Which derivative the entry is: the first, the second or the third, and by which inputs."""
    inputs = verdict.question.entries[verdict.entry]
    kind = ("the gradient", "the second derivative", "the third derivative")[len(inputs) - 1]
    if verdict.question.op.arity == 1:
        return kind
    return f"{kind} by input {' and '.join(map(str, inputs))}"


def distance(ulp: float) -> str:
    """How far, where that can be said in ULP."""
    return f" by {ulp:.3g} ULP" if math.isfinite(ulp) and ulp > 0 else ""


def setting(question: Question, version: str = "") -> str:
    """Mode, dtype and order, and which TensorFlow if that is known."""
    said = f"mode={question.mode.name} dtype={question.dtype} order={question.order}"
    return f"{said} tf={version}" if version else said


def both(value: float, dtype: str) -> str:
    """A float in decimal for people and in hex for machines."""
    value = float(value)
    return f"{shortest(value, dtype)} ({hexed(value)})" if math.isfinite(value) else str(value)


def primal(question: Question, element: int) -> str:
    """Where the function was differentiated: one point of a block, or whole arrays."""
    if question.block is None:
        return "; ".join(str(x.tolist()) for x in question.primals)
    return ", ".join(both(x[element], question.dtype) for x in question.primals)


def weights(question: Question, element: int) -> str:
    """The cotangent and the tangents, none of which is one."""
    if question.block is None:
        c, hs = str(question.cotangent.tolist()), [str(h.tolist()) for h in question.tangents]
    else:
        c, hs = str(float(question.cotangent[element])), [str(float(h[element])) for h in question.tangents]
    return f"cotangent {c}, tangent {', '.join(hs)}"


def exact(verdict: Verdict, element: int) -> str:
    """The exact answer; at a kink or a tie every side of it."""
    return " or ".join(dict.fromkeys(side(s, verdict.question.dtype) for s in verdict.exact[element]))


def side(value: Side, dtype: str) -> str:
    """One side of the exact answer, and the float it rounds to."""
    if value is None:
        return "undefined"
    nearest = round_exact(value, dtype)
    digits = FORMATS[dtype].precision // 3 + 5
    decimal = value.str(digits, radius=False) if isinstance(value, arb) else str(value)
    if len(decimal) > LONGEST:  # its exponent alone fills a line
        return f"{'-' if decimal.startswith('-') else ''}{'0, nearly' if nearest == 0 else 'beyond every float'}"
    return decimal if nearest is None or not math.isfinite(nearest) else f"{decimal} ({hexed(nearest)})"


def got(verdict: Verdict, element: int) -> str:
    """What TensorFlow answered; None, an error and NaN are different answers."""
    if verdict.got is not None:
        return both(verdict.got[element], verdict.question.dtype)
    status = verdict.outcomes[element].status
    return verdict.message if status in ("raised", "crashed") else "None"


def because(outcome: Outcome, verdict: Verdict) -> str:
    """Which of the questions was answered with no, and which kernel is to blame."""
    meaning = MEANING.get(outcome.question, verdict.message or "-")
    blame = f"; first kernel outside its contract: {outcome.kernel}" if outcome.kernel else ""
    limit = f"; listed as {outcome.limit}" if outcome.limit else ""
    return f"{outcome.question}: {meaning}{blame}{limit}" if outcome.question else meaning


def traced(verdict: Verdict) -> str:
    """Whose trace was replayed."""
    if not verdict.trace:
        return "none could be had"
    return "its own" if verdict.trace == verdict.question.mode.name else f"that of {verdict.trace}"


def again(question: Question, element: int) -> str:
    """The command that shows the same question from end to end."""
    chosen = [x[element] if question.block is not None else x.ravel() for x in question.primals]
    text = ",".join(map(hexed, np.hstack(chosen).tolist()))
    at = f"--at={text}" if text.startswith("-") else f"--at {text}"  # a leading minus is no option
    return (
        f"python -m reference show {question.op.name} {at} "
        f"--mode {question.mode.name} --dtype {question.dtype} --order {question.order}"
    )


# -- which element to speak of ------------------------------------------------------------------------------


def failing(verdicts: Sequence[Verdict]) -> list[tuple[Verdict, int]]:
    """Every element that a gate does not let through."""
    return [(v, k) for v in verdicts for k, o in enumerate(v.outcomes) if o.status in FAILING]


def worst(verdicts: Sequence[Verdict]) -> tuple[Verdict, int] | None:
    """The failing element of the gravest status, and among those the farthest off; None where all is well."""
    return max(failing(verdicts), key=lambda f: gravity(f[0].outcomes[f[1]]), default=None)


def gravity(outcome: Outcome) -> tuple[int, float]:
    """Sorts outcomes by how grave they are."""
    return SEVERITY[outcome.status], outcome.ulp


def simplest(verdicts: Sequence[Verdict]) -> tuple[Verdict, int] | None:
    """The failing element whose primals are the plainest numbers; None where all is well."""
    return min(failing(verdicts), key=lambda f: [plainness(x[f[1]]) for x in at_points(f[0])], default=None)


def at_points(verdict: Verdict) -> list[np.ndarray]:
    """A block's primals; nothing to choose by for an array row."""
    return verdict.question.primals if verdict.question.block is not None else []


def plainness(value: float) -> tuple[int, int, float]:
    """Sorts numbers by how plain they are: few digits first, then near one, then positive."""
    if not math.isfinite(value):
        return (99, 0, 0.0)
    mantissa, exponent = math.frexp(value)
    digits = len(f"{int(abs(mantissa) * 2**53):b}".rstrip("0"))
    return digits, abs(exponent), -value
