"""From a function to a verdict, step by step. Read it from top to bottom.

First a gradient with a mistake in it, and how it is caught; then, in slow motion, how a verdict is reached.
Nothing here is compared with a finite difference, with another library, or with TensorFlow itself.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sympy as sp

from reference import exact, judge, replay
from reference.ask import Probe
from reference.basis import basis
from reference.derive import partials
from reference.enclose import precision
from reference.modes import MODES
from reference.op import Op
from reference.question import Question
from reference.trial import Trial
from reference.ulp import round_ball
from reference.words import failure

# -- 1. A mistake -----------------------------------------------------------------------------------------------
#
# Somebody writes a faster tanh for TensorFlow, with a gradient of their own. The formula is right, but the
# gradient of what comes *after* the function, the cotangent g, has been forgotten.


def forgetful(tf: Any, x: Any) -> Any:
    """tanh(x); its gradient should be g * (1 - y * y)."""

    @tf.custom_gradient
    def tanh(v: Any) -> Any:
        y = tf.math.tanh(v)
        return y, lambda g: 1 - y * y  # the mistake: no g

    return tanh(x)


# A row of the catalogue says the same function three times: in SymPy, in TensorFlow and as a textbook has its
# gradient. These two rows differ in the TensorFlow call alone.

TANH = Op(
    "tanh",
    "walkthrough",
    primal=lambda sp, x: sp.tanh(x),
    tf=lambda tf, x: tf.math.tanh(x),
    vjp=lambda np, g, y, x: g * (1 - y * y),
)
FORGETFUL = TANH._replace(name="forgetful", tf=forgetful)
OPS = {row.name: row for row in (TANH, FORGETFUL)}


def ask(op: Op, cotangent: float) -> Question:
    """What is the gradient at x = 0.75 in float32, asked of a plain tape?"""
    x, c, h = (np.array([v]) for v in (0.75, cotangent, 1.25))
    return Question(op, MODES["tape"], "float32", 1, [x], c, [h])


@pytest.fixture(scope="module")
def tensorflow() -> Iterator[Probe]:
    """TensorFlow in a process of its own, where it knows the two rows above."""
    with Probe(catalogue="tests.test_walkthrough") as probe:
        yield probe


@pytest.fixture
def trial(tensorflow: Probe) -> Trial:
    """A trial that remembers nothing of the one before."""
    return Trial(tensorflow)


def test_the_mistake_hides_behind_a_cotangent_of_one(trial: Trial) -> None:
    """A test that only ever calls `tape.gradient(y, x)` finds nothing: its cotangent is one."""
    (verdict,) = trial.verdicts(ask(FORGETFUL, cotangent=1.0))
    assert verdict.status == "right"


def test_the_mistake_is_caught(trial: Trial) -> None:
    """With any other cotangent the formula that TensorFlow ran is not the derivative, and the message says so."""
    (verdict,) = trial.verdicts(ask(FORGETFUL, cotangent=-2.0))
    assert verdict.status == "wrong" and verdict.outcomes[0].question == "formula"
    assert failure(verdict, 0) == MESSAGE


MESSAGE = """\
forgetful: the gradient is wrong by 1.5e+07 ULP   [mode=tape dtype=float32 order=1]
  primal    0.75 (0x1.8p-1)
  weights   cotangent -2.0, tangent 1.25
  exact     -1.193171616563 (-0x1.3173b2p+0)
  got       0.5965858 (0x1.3173b2p-1)
  because   formula: the formula that TensorFlow ran, in exact arithmetic, is not the derivative
  trace     its own
  again     python -m reference show forgetful --at 0x1.8p-1 --mode tape --dtype float32 --order 1"""


def test_the_right_gradient_is_acquitted(trial: Trial) -> None:
    """TensorFlow's own tanh, asked the same, is right."""
    (verdict,) = trial.verdicts(ask(TANH, cotangent=-2.0))
    assert verdict.status == "right"


# -- 2. The exact derivative ------------------------------------------------------------------------------------


def test_sympy_derives() -> None:
    """The oracle takes the row's formula and derives it; TensorFlow is not asked."""
    (first,) = partials(TANH, 1)
    (second,) = partials(TANH, 2)
    assert str(first) == "1 - tanh(x0)**2"
    x = sp.Symbol("x0", real=True)
    assert sp.simplify(second - sp.diff(sp.tanh(x), x, 2)) == 0


# -- 3. The enclosure -------------------------------------------------------------------------------------------


def test_ball_arithmetic_encloses_and_rounds_once() -> None:
    """A ball holds the exact value for certain; it is narrowed until all of it rounds to one float."""
    ((side,),) = exact.elementwise(TANH, 1, "float32", [np.array([0.75])])
    (ball,) = side
    assert ball.rel_accuracy_bits() > 80
    assert ball.str(20, radius=False) == "0.59658580828133142601"
    assert round_ball(ball, "float32") == float.fromhex("0x1.3173b2p-1")


# -- 4. The tape ------------------------------------------------------------------------------------------------


def recorded(trial: Trial) -> replay.Trace:
    """What TensorFlow really ran, forwards and backwards, with every number in between."""
    question = ask(TANH, cotangent=-2.0)
    return replay.Trace.read(trial.answer(question, trace=True)["trace"], "float32", 1)


def test_the_tape_ran_two_kernels(trial: Trial) -> None:
    """Forwards y = tanh(x); backwards one kernel that stands for g * (1 - y * y)."""
    assert [node.op for node in recorded(trial).nodes] == ["Tanh", "TanhGrad"]


# -- 5. The replay ----------------------------------------------------------------------------------------------


def test_the_replayed_formula_is_the_derivative(trial: Trial) -> None:
    """Question one, formula: the same kernels in exact arithmetic give the exact derivative. No tolerance."""
    trace = recorded(trial)
    (meant,) = replay.formula(trace, precision=320)[trace.results[0]]
    with precision(320):
        expected = derivative(0.75) * -2
    assert meant.overlaps(expected) and meant.rel_accuracy_bits() > 250


def derivative(x: float) -> Any:
    """1 - tanh(x)^2 as a ball of the working precision."""
    return 1 - replay.arb(x).tanh() ** 2


def test_the_number_lies_where_the_kernels_may_put_it(trial: Trial) -> None:
    """Question two, value: with the rounding that each kernel is allowed, the replay is a ball of a few ULP."""
    trace = recorded(trial)
    (allowed,) = replay.value(trace)[trace.results[0]]
    (got,) = trace.tensors[trace.results[0]].values
    assert replay.within(allowed, got)
    assert not replay.within(allowed, got * (1 + 1e-5)), "a factor of 1.00001 would be noticed"


def test_every_kernel_kept_its_contract(trial: Trial) -> None:
    """Question three, kernel: each number beside the exact value at that kernel's own inputs."""
    audits = replay.audit(recorded(trial))
    assert [audit.kernel for audit in audits] == ["Tanh", "TanhGrad"]
    assert all(audit.kept.all() for audit in audits)


# -- 6. The verdict ---------------------------------------------------------------------------------------------


def test_the_verdict(trial: Trial) -> None:
    """All three questions answered with yes, and the ball narrow enough to promise half the digits: right."""
    question = ask(TANH, cotangent=-2.0)
    answer = trial.answer(question, trace=True)
    (verdict,) = judge.judge(question, answer, basis(question, answer["trace"]))
    assert verdict.status == "right" and verdict.outcomes[0].ulp < 4
