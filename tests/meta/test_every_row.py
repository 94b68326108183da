"""Every row has a planted fault that its own questions kill, and that touches no other row."""

import math

import pytest

from reference.catalogue import OPS
from reference.derive import partials
from reference.derive import questions as derived
from reference.judge import Verdict
from reference.modes import MODES
from reference.op import Op
from reference.outcome import FAILING, Outcome
from reference.question import Question
from reference.trial import Trial, ask_at, blocks
from tests import bent as catalogue
from tests.reweighted import PLANTED, WITHOUT, added_name, right_name, wrong_name

EACH = pytest.mark.parametrize("name", OPS)
POINTS = 16  # of a block, spread over the deterministic ones


def asked(op: Op) -> Question:
    """The plain tape's question: float64, or the widest dtype that the row has."""
    (block, *_) = blocks(op, op.dtypes[-1], "quick")
    if op.shapes is None:
        block = [x[:: math.ceil(len(x) / POINTS)] for x in block]
    return ask_at(op, MODES["tape"], op.dtypes[-1], 1, block)


def flat(op: Op) -> bool:
    """Whether all derivatives are zero, so that a factor changes nothing."""
    exprs = partials(op, 1) if op.shapes is None else [e for entry in derived(op, "vjp", 1)[1] for e in entry.flat]
    return all(e == 0 for e in exprs)


def elements(verdicts: list[Verdict]) -> list[Outcome]:
    """The outcomes of all entries, one behind the other."""
    return [o for v in verdicts for o in v.outcomes]


@EACH
def test_a_hair_is_enough(bent: Trial, name: str) -> None:
    """TensorFlow's own gradient times 1 + 2^-30, or plus 2^-30 where it is zero, is found to be another formula.

    It counts where the honest row is right, and there the same wrapping without the fault raises no alarm.
    """
    op, question = OPS[name], asked(OPS[name])
    fault = added_name(name) if flat(op) else wrong_name(name)
    honest, clean, faulty = (
        elements(bent.verdicts(question._replace(op=row))) for row in (op, PLANTED[right_name(name)], PLANTED[fault])
    )
    judged = clean if name in WITHOUT else honest
    good = [k for k, o in enumerate(judged) if o.status not in (*FAILING, "known")]
    assert not any(clean[k].status in FAILING for k in good), f"{right_name(name)}: false alarm"
    assert any((faulty[k].status, faulty[k].question) == ("wrong", "formula") for k in good), f"{fault} survives"


@EACH
def test_a_fault_touches_its_own_row_only(name: str) -> None:
    """With a bent row in its place the catalogue differs in that row, and the row in nothing but TensorFlow's call."""
    for bend in (wrong_name, added_name, right_name):
        row = PLANTED[bend(name)]._replace(name=name)
        assert [f for f in Op._fields if getattr(row, f) is not getattr(OPS[name], f)] == ["tf"]
        replaced = {**OPS, name: row}
        assert [n for n in OPS if replaced[n] is not OPS[n]] == [name]


def test_the_honest_rows_stand_untouched_beside_the_bent_ones() -> None:
    """Every row of the catalogue, and three bent ones for each, so that none can be left out."""
    assert all(catalogue.OPS[name] is op for name, op in OPS.items())
    assert len(PLANTED) == 3 * len(OPS) and not set(PLANTED) & set(OPS)
    assert {name for name, op in OPS.items() if flat(op)} >= {"floor", "ceil", "round", "sign"}
