"""Do all the ways of asking give the same derivative? Every mode, order and dtype, on a handful of ops."""

import numpy as np
import pytest

from reference.catalogue import OPS
from reference.judge import Verdict
from reference.modes import MODES
from reference.op import FLOATS, Op
from reference.outcome import FAILING
from reference.trial import PLAIN, Trial, ask_at
from tests.holding import hold
from tests.strategies import Block, Cell, cells_of, expand

Array = np.ndarray

HANDFUL = ("tanh", "atan2", "matmul")  # one input, two inputs, arrays
FEW = 16
QUESTIONS = [(mode.name, n) for mode in MODES.values() for n in (1, 2) if mode.asks[n - 1]]


def primals(op: Op, dtype: str) -> list[Array]:
    """A few points near one, where nothing overflows in any dtype."""
    return [x[:FEW] for x in expand(Block("centre", 7, 0, "apart"), op, dtype)]


def verdicts(trial: Trial, op: Op, cell: Cell) -> list[Verdict]:
    """What is said of one cell, none of it failing."""
    return hold(trial, ask_at(op, cell.mode, cell.dtype, cell.order, primals(op, cell.dtype)))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("mode, order", QUESTIONS)
def test_every_mode_answers_right_and_like_the_plain_one(trial: Trial, mode: str, order: int, dtype: str) -> None:
    """A mode's floats are those of the plainest mode that asks the same, or inside the same ball."""
    for op in map(OPS.__getitem__, HANDFUL):
        cell = Cell(MODES[mode], dtype, order)
        if cell not in cells_of(op):
            continue
        found = verdicts(trial, op, cell)
        plain = MODES[PLAIN[order, cell.mode.asks[order - 1]]]
        before = verdicts(trial, op, cell._replace(mode=plain))
        for ours, theirs in zip(found, before, strict=True):
            assert same_bits(ours, theirs) or {ours.status, theirs.status}.isdisjoint(FAILING)


def same_bits(a: Verdict, b: Verdict) -> bool:
    """Whether two modes answered the same floats, or both None."""
    if a.got is None or b.got is None:
        return a.got is b.got
    return np.array_equal(a.got, b.got) and np.array_equal(np.signbit(a.got), np.signbit(b.got))


@pytest.mark.parametrize("name", HANDFUL)
def test_the_table_of_modes_is_covered(name: str) -> None:
    """Every mode of the table is asked of some op, in every dtype, at every order it has."""
    asked = {(c.mode.name, c.order, c.dtype) for c in cells_of(OPS[name])}
    missing = {(m, n, d) for m, n in QUESTIONS for d in FLOATS} - asked
    assert missing <= {("batch_jacobian", n, d) for n in (1, 2) for d in FLOATS}
    assert not missing or OPS[name].shapes is not None


@pytest.mark.parametrize("dtype", FLOATS)
def test_modes_that_only_watch_otherwise_agree_bit_for_bit(trial: Trial, dtype: str) -> None:
    """How a tape comes to watch its inputs changes no bit of the answer."""
    for op in map(OPS.__getitem__, HANDFUL):
        answers = [
            [None if v.got is None else v.got.tolist() for v in verdicts(trial, op, Cell(MODES[mode], dtype, 1))]
            for mode in ("tape", "persistent", "watched", "variable", "manual_watch")
        ]
        assert all(a == answers[0] for a in answers)
