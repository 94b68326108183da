"""Are TensorFlow's second derivatives right, and is every Hessian symmetric?"""

from itertools import combinations

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference.ask import Probe
from reference.catalogue import OPS
from reference.enclose import precision
from reference.judge import Verdict
from reference.modes import MODES
from reference.question import Question
from reference.trial import Trial
from tests.holding import asked, hold
from tests.strategies import Cell, blocks, cells, share

EACH = pytest.mark.parametrize("name", OPS)
PAIRS = [name for name, op in OPS.items() if op.arity > 1]


def draw_and_hold(probe: Probe, name: str, data: st.DataObject) -> None:
    """One cell of order 2 at one block."""
    op = OPS[name]
    cell = data.draw(cells(op, order=2), label="cell")
    hold(Trial(probe), asked(op, cell, data.draw(blocks(op, cell.dtype), label="block")))


@EACH
@share(16)
@given(data=st.data())
def test_second_derivatives_are_right(probe: Probe, name: str, data: st.DataObject) -> None:
    """Every second derivative is the exact one as far as its formula can carry it, mixed ones too."""
    draw_and_hold(probe, name, data)


@pytest.mark.deep
@EACH
@share(5)
@given(data=st.data())
def test_second_derivatives_are_right_at_many_more_points(probe: Probe, name: str, data: st.DataObject) -> None:
    """The same, with more of the profile's examples for each function."""
    draw_and_hold(probe, name, data)


@pytest.mark.parametrize("name", PAIRS)
@share(16)
@given(data=st.data())
def test_the_hessian_is_symmetric(probe: Probe, name: str, data: st.DataObject) -> None:
    """f_ij = f_ji: the exact ones are equal, and each of TensorFlow's is the same or as near as its ball."""
    op = OPS[name]
    dtype = data.draw(st.sampled_from(op.dtypes), label="dtype")
    question = asked(op, Cell(MODES["nested"], dtype, 2), data.draw(blocks(op, dtype), label="block"))
    trial = Trial(probe)
    base, verdicts = trial.basis(question)
    if question.block is None:
        assert all(v.status not in ("wrong", "missing") for v in verdicts)
        return
    for i, j in combinations(range(op.arity), 2):
        upper, lower = verdicts[i * op.arity + j], verdicts[j * op.arity + i]
        for k in range(question.block):
            assert mirrored(question, upper, lower, k), f"{name} {dtype}: the exact f_{i}{j} and f_{j}{i} differ"
            if upper.got is not None and lower.got is not None and not excused(upper, lower, k):
                assert near(question, base.value, upper, lower, k), f"{name} {dtype}: {at(question, k)}"


def mirrored(question: Question, upper: Verdict, lower: Verdict, k: int) -> bool:
    """Whether the exact mixed derivatives agree on every side, once the tangents are taken out."""
    h0, h1 = (arb(float(question.tangents[i][k])) for i in question.entries[upper.entry])
    pairs = zip(upper.exact[k], lower.exact[k], strict=True)
    return all((a * h1).overlaps(b * h0) for a, b in pairs if isinstance(a, arb) and isinstance(b, arb))


def excused(upper: Verdict, lower: Verdict, k: int) -> bool:
    """Whether a limit names one of the two, or a side was chosen."""
    names = {upper.outcomes[k].status, lower.outcomes[k].status}
    return bool(names & {"known", "convention"}) or len(upper.exact[k]) > 1


def near(question: Question, value: list[list[arb] | None], upper: Verdict, lower: Verdict, k: int) -> bool:
    """h_j f_ij h_i = h_i f_ji h_j within the balls that both formulas allow."""
    h0, h1 = (float(question.tangents[i][k]) for i in question.entries[upper.entry])
    a, b, ball_a, ball_b = upper.got[k], lower.got[k], value[upper.entry], value[lower.entry]
    if not np.isfinite([a, b]).all() or ball_a is None or ball_b is None:
        return True  # the judge's own question, in the test above
    with precision(6000):  # products and differences of floats are exact
        room = ball_a[k] * h1 - ball_b[k] * h0
        return not room.is_finite() or room.contains(arb(a) * h1 - arb(b) * h0)


def at(question: Question, k: int) -> list[str]:
    """The point, for machines."""
    return [float(x[k]).hex() for x in question.primals]
