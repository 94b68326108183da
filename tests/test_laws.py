"""Do TensorFlow's derivatives obey the laws that any derivative obeys?"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import assume, given
from hypothesis import strategies as st

from reference import exact
from reference.ask import Probe
from reference.basis import Basis
from reference.catalogue import OPS
from reference.enclose import precision
from reference.judge import Verdict
from reference.modes import MODES
from reference.op import Op
from reference.points import cotangents
from reference.question import Question
from reference.trial import Trial, plain
from reference.ulp import FORMATS
from reference.wire import unpack
from tests.composed import COMPOSED, DOUBLED, INNER, NOTHING, OUTER
from tests.holding import asked, hold
from tests.strategies import Cell, blocks, cells, share

Array = np.ndarray
Ball = Any

EACH = pytest.mark.parametrize("name", OPS)
POWERS = (-3, -1, 1, 2)
MARGIN = 2.0**8  # a kernel has steps of its own, which no trace shows


@pytest.fixture(scope="module")
def made_up() -> Iterator[Probe]:
    """TensorFlow, asked about the rows of `tests.composed`."""
    with Probe(catalogue="tests.composed") as asked:
        yield asked


# -- linear in the cotangent ----------------------------------------------------------------------------------


@EACH
@share(25)
@given(data=st.data())
def test_a_cotangent_twice_as_large_doubles_the_answer_bit_for_bit(
    probe: Probe, name: str, data: st.DataObject
) -> None:
    """Scaled by a power of two, every step of a linear map scales, unless one leaves the normal floats."""
    op = OPS[name]
    dtype = data.draw(st.sampled_from(op.dtypes), label="dtype")
    power = data.draw(st.sampled_from(POWERS), label="power")
    question = asked(op, Cell(MODES["tape"], dtype, 1), data.draw(blocks(op, dtype), label="block"))
    larger = question._replace(cotangent=question.cotangent * 2.0**power)
    (before, stays), (after, fits) = recorded(probe, question), recorded(probe, larger)
    for entry, (a, b) in enumerate(zip(before, after, strict=True)):
        if a is None or b is None:
            assert a is b, f"{name}: None once, and a number the other time"
            continue
        both = np.broadcast_to(stays & fits, a.shape)
        assert same_bits(a[both] * 2.0**power, b[both]), f"{name}: input {entry}, {dtype}, 2**{power}"


def recorded(probe: Probe, question: Question) -> tuple[list[Array | None], Array]:
    """The answers, and the points at which no number of the trace is near the ends of the normal floats."""
    answer = Trial(probe).answer(question, trace=True)
    if "raised" in answer:  # which is a verdict's business
        return [None] * question.op.arity, np.zeros(1, dtype=bool)
    form = FORMATS[question.dtype]
    tensors = [unpack(r) for r in answer["trace"]["tensors"].values()]
    shape = (question.block,) if question.block is not None else (1,)
    fits = np.ones(shape, dtype=bool)
    for values, dtype in tensors:
        if dtype == question.dtype:
            size = np.abs(values)
            normal = (size == 0) | ((size >= form.smallest_normal * MARGIN) & (size <= form.largest / MARGIN))
            fits &= normal if values.shape == shape and question.block else bool(normal.all())
    return [None if r is None else unpack(r)[0] for r in answer["values"]], fits


def same_bits(a: Array, b: Array) -> bool:
    """Equal floats, zeros by sign."""
    return bool(np.array_equal(a, b) and np.array_equal(np.signbit(a), np.signbit(b)))


@EACH
@share(25)
@given(data=st.data())
def test_the_answers_to_two_cotangents_add_up(probe: Probe, name: str, data: st.DataObject) -> None:
    """J'(c + d) = J'c + J'd, as nearly as the balls of the three answers allow."""
    op = OPS[name]
    dtype = data.draw(st.sampled_from(op.dtypes), label="dtype")
    block = data.draw(blocks(op, dtype), label="block")
    first, second = (with_few_bits(asked(op, Cell(MODES["tape"], dtype, 1), block), k) for k in (0, 1))
    both = first._replace(cotangent=first.cotangent + second.cotangent)
    answers = [allowed(probe, q) for q in (first, second, both)]
    for entry in range(op.arity):
        for k, ((a, in_a), (b, in_b), (c, in_c)) in enumerate(zip(*(x[entry] for x in answers), strict=True)):
            assert adds_up([a, b, -c], [in_a, in_b, -in_c]), f"{name}: input {entry}, element {k}, {dtype}"


def with_few_bits(question: Question, turn: int) -> Question:
    """Cotangents of so few bits that their sums are floats of every dtype."""
    pool = np.array([(0.625, -1.75, 3.0, 1.25, -2.5), (-1.5, 0.75, 2.0, -0.625, 1.75)][turn])
    return question._replace(cotangent=np.resize(pool, question.cotangent.shape))


def allowed(probe: Probe, question: Question) -> list[list[tuple[Fraction | None, Ball]]]:
    """Per entry and element: TensorFlow's number, exactly, and the ball it was allowed; None where it failed."""
    base, verdicts = Trial(probe).basis(question)
    return [[pair(base, v, k) for k in range(len(v.outcomes))] for v in verdicts]


def pair(base: Basis, verdict: Verdict, k: int) -> tuple[Fraction, Ball]:
    """One number and its ball; where the number is not finite or known to be wrong, a ball that allows all."""
    ball = base.value[verdict.entry]
    if verdict.got is None or ball is None or not np.isfinite(verdict.got[k]) or listed(verdict, k):
        return Fraction(0), arb.nan()
    return Fraction(float(verdict.got[k])), ball[k]


def listed(verdict: Verdict, k: int) -> bool:
    """Whether a limit names this outcome, or it is the choice of a side."""
    return verdict.outcomes[k].status in ("known", "convention") or len(verdict.exact[k]) > 1


def adds_up(numbers: list[Fraction], balls: list[Ball]) -> bool:
    """Whether the exact sum of the numbers is one that the balls' sum, about zero, allows."""
    with precision(4000):
        room = sum(balls, arb(0))
        return not room.is_finite() or room.contains(as_ball(sum(numbers, Fraction(0))))


def as_ball(number: Fraction) -> Ball:
    return arb(number.numerator) / number.denominator


# -- forward and reverse --------------------------------------------------------------------------------------


@EACH
@share(25)
@given(data=st.data())
def test_forward_and_reverse_mode_are_adjoint(probe: Probe, name: str, data: st.DataObject) -> None:
    """<u, Jv> = <J'u, v> in exact rationals of TensorFlow's own numbers, within the balls of both sides."""
    op = OPS[name]
    dtype = data.draw(st.sampled_from(op.dtypes), label="dtype")
    reverse = asked(op, Cell(MODES["tape"], dtype, 1), data.draw(blocks(op, dtype), label="block"))
    pulled = allowed(probe, reverse)
    pushed = allowed(probe, reverse._replace(mode=MODES["forward"]))
    for i in range(op.arity):
        left = weighted(pushed[i], reverse.cotangent, -1)
        right = weighted(pulled[i], reverse.tangents[i], 1)
        groups = [left + right] if op.shapes else [[a, b] for a, b in zip(left, right, strict=True)]
        for k, terms in enumerate(groups):
            assert adds_up(*map(list, zip(*terms, strict=True))), f"{name}: input {i}, element {k}, {dtype}"


def weighted(answers: list[tuple[Fraction, Ball]], weights: Array, sign: int) -> list[tuple[Fraction, Ball]]:
    """The terms of a dot product, exactly."""
    with precision(4000):
        pairs = zip(answers, weights.flat, strict=True)
        return [(sign * g * Fraction(float(w)), sign * ball * arb(float(w))) for (g, ball), w in pairs]


# -- the chain rule -------------------------------------------------------------------------------------------


@share(2)
@given(data=st.data())
def test_a_composition_is_differentiated_right(made_up: Probe, data: st.DataObject) -> None:
    """TensorFlow's derivative of g after f is the exact one, wherever no step on the way overflows or underflows."""
    op = COMPOSED[data.draw(st.sampled_from(sorted(COMPOSED)), label="composition")]
    cell = data.draw(cells(op), label="cell")
    regions = ("centre", "near", "window")
    question = asked(op, cell, data.draw(blocks(op, cell.dtype, regions), label="block"))
    _, fits = recorded(made_up, plain(question))
    assume(fits.any())
    hold(Trial(made_up), question.at(np.flatnonzero(fits)))


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("outer", OUTER)
def test_the_exact_derivative_of_a_composition_is_the_product(outer: str, inner: str) -> None:
    """The oracle's (g after f)' and its g'(f(x)) f'(x), evaluated apart, overlap to hundreds of bits."""
    for x in (0.3125, 0.875, 1.6875, 2.5625):
        value, slope = (derivative(OPS[inner], order, arb(x)) for order in (0, 1))
        product = derivative(OPS[outer], 1, value) * slope
        whole = derivative(COMPOSED[f"{outer}_of_{inner}"], 1, arb(x))
        with precision(320):
            assert whole.overlaps(product) and whole.rel_accuracy_bits() > 200


def derivative(op: Op, order: int, x: Ball) -> Ball:
    """The oracle's derivative of a row at a ball, off its kinks."""
    sheet = exact.sheet_of(op, order)
    with precision(320):
        return sheet.function(sheet.signatures((float(x.mid()),), (x,))[0])(x)[0]


# -- four different answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, status, message",
    [
        ("says_two", "right", ""),
        ("says_zero", "wrong", ""),
        ("says_nan", "wrong", ""),
        ("says_none", "missing", ""),
        ("raises", "raised", "LookupError: no gradient defined for doubling"),
    ],
)
def test_none_zero_nan_and_an_error_are_four_answers(made_up: Probe, name: str, status: str, message: str) -> None:
    """Each is told apart from the others, and none passes for the derivative."""
    question = asked_at(DOUBLED[name], [0.5, -2.0, 3.0])
    (verdict,) = Trial(made_up).verdicts(question)
    assert verdict.counts == {status: 3} and verdict.message == message
    answered = {"says_two": 2 * question.cotangent, "says_zero": 0 * question.cotangent}
    if name in answered:
        assert np.array_equal(verdict.got, answered[name])
    assert (verdict.got is None) == (name in ("says_none", "raises"))
    assert name != "says_nan" or np.isnan(verdict.got).all()


def test_none_is_right_where_the_derivative_is_zero_everywhere(made_up: Probe) -> None:
    """A function that does not depend on its input may have the gradient None."""
    (verdict,) = Trial(made_up).verdicts(asked_at(NOTHING, [0.5, -2.0]))
    assert verdict.status == "right" and verdict.got is None and verdict.message == "None for zero"


def asked_at(op: Op, x: list[float]) -> Question:
    """The plain tape's question at points by hand."""
    c = cotangents((len(x),), "float32", "by hand")
    return Question(op, MODES["tape"], "float32", 1, [np.array(x)], c, [c[::-1].copy()])
