"""Hold TensorFlow to the exact answer; where it fails, shrink the block to one point and say so."""

import numpy as np

from reference.judge import Verdict
from reference.op import Op
from reference.outcome import FAILING
from reference.question import Question
from reference.trial import Trial, ask_at
from reference.words import failing, failure, simplest, worst
from tests.strategies import Block, Cell, expand

Array = np.ndarray

MANY = 16  # so many copies of a point make TensorFlow's vectorised kernels run


def asked(op: Op, cell: Cell, block: Block) -> Question:
    """The cell's question at a block, with cotangents and tangents that are not one."""
    return ask_at(op, cell.mode, cell.dtype, cell.order, expand(block, op, cell.dtype))


def hold(trial: Trial, question: Question) -> list[Verdict]:
    """The verdicts, none of which fails; else an error that shows the worst point and the simplest."""
    verdicts = trial.verdicts(question)
    if failing(verdicts):
        raise AssertionError(report(trial, verdicts))
    return verdicts


def report(trial: Trial, verdicts: list[Verdict]) -> str:
    """The failure at the worst point, asked again alone, and at the simplest one."""
    chosen = [found for found in (worst(verdicts), simplest(verdicts)) if found is not None]
    version = str(trial.probe.hello.get("tensorflow", ""))
    texts = [failure(v, k, version, note) for v, k, note in (worst_point(trial, *found) for found in chosen)]
    count = len(failing(verdicts))
    return "\n".join([f"{count} failing; the worst and the simplest:", *dict.fromkeys(texts)])


def worst_point(trial: Trial, verdict: Verdict, element: int) -> tuple[Verdict, int, str]:
    """The smallest question in which this element still fails: alone, many times over, or in a part of its block."""
    if verdict.question.block is None:
        return verdict, element, ""
    block = np.arange(verdict.question.block)
    alone, copies = block[[element]], block[[element] * MANY]
    for points, note in ((alone, ""), (copies, f"fails as one of {MANY} equal points, not alone")):
        if found := still(trial, verdict, points, 0):
            return found, 0, note
    return bisected(trial, verdict, element, block)


def bisected(trial: Trial, verdict: Verdict, element: int, block: Array) -> tuple[Verdict, int, str]:
    """The block halved for as long as the element fails in a half."""
    found = verdict
    for _ in range(len(block).bit_length()):
        place = int(np.flatnonzero(block == element)[0])
        half = block[: len(block) // 2] if place < len(block) // 2 else block[len(block) // 2 :]
        smaller = still(trial, verdict, half, int(np.flatnonzero(half == element)[0]))
        if smaller is None:
            break
        found, block = smaller, half
    place = int(np.flatnonzero(block == element)[0])
    return found, place, f"fails only in a block of {len(block)} points"


def still(trial: Trial, verdict: Verdict, points: Array, place: int) -> Verdict | None:
    """The verdict on the same entry of a part of the block, if the element fails there too."""
    again = trial.verdicts(verdict.question.at(points))[verdict.entry]
    return again if again.outcomes[place].status in FAILING else None
