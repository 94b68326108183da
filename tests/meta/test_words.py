"""Can a stranger read a failure? The words of one, to the letter."""

import math
from typing import Any

import numpy as np
import pytest
from flint import arb

from reference.catalogue import OPS
from reference.judge import Verdict
from reference.modes import MODES
from reference.outcome import Outcome
from reference.question import Question
from reference.words import again, failing, failure, plainness, simplest, worst


def verdict(op: str, outcomes: list[Outcome], got: Any, exact: Any, at: Any, **more: Any) -> Verdict:
    """One entry of an answer that nobody gave."""
    order, mode = more.pop("order", 1), more.pop("mode", "tape")
    primals = [np.array(x, dtype=float) for x in at]
    question = Question(
        OPS[op], MODES[mode], more.pop("dtype", "float32"), order, primals,
        np.full(len(primals[0]), 0.75), [np.full(x.shape, -1.5) for x in primals],
    )  # fmt: skip
    values = None if got is None else np.array(got, dtype=float)
    return Verdict(question, more.pop("entry", 0), values, outcomes, exact, more.pop("trace", "tape"), **more)


WRONG = Outcome("wrong", "value", 146.2, "TanhGrad")
TANH = verdict("tanh", [WRONG], [float(np.float32(0.0073997))], [(arb("0.00739949"),)], [[3.0]])


def test_a_failure_says_what_was_asked_and_what_came_back():
    """Op, mode, dtype, order, primal, weights, exact, got, distance, reason, and the command that shows it again."""
    assert failure(TANH, 0, "2.21.0") == (
        "tanh: the gradient is wrong by 146 ULP   [mode=tape dtype=float32 order=1 tf=2.21.0]\n"
        "  primal    3 (0x1.8p+1)\n"
        "  weights   cotangent 0.75, tangent -1.5\n"
        "  exact     0.007399490000000 (0x1.e4eed8p-8)\n"
        "  got       0.0073997 (0x1.e4f25ep-8)\n"
        "  because   value: the number lies outside what that formula's kernels may return; "
        "first kernel outside its contract: TanhGrad\n"
        "  trace     its own\n"
        "  again     python -m reference show tanh --at 0x1.8p+1 --mode tape --dtype float32 --order 1"
    )


@pytest.mark.parametrize(
    "status, got, message, line",
    [
        ("missing", None, "", "  got       None"),
        ("raised", None, "LookupError: no gradient", "  got       LookupError: no gradient"),
        ("crashed", None, "hang after 60 s", "  got       hang after 60 s"),
        ("wrong", [math.nan], "", "  got       nan"),
        ("wrong", [-0.0], "", "  got       -0 (-0x0p+0)"),
        ("wrong", [math.inf], "", "  got       inf"),
    ],
)
def test_none_nan_zero_and_an_error_read_differently(status, got, message, line):
    """Four different answers are four different lines."""
    outcome = Outcome(status, status if got is None else "value", math.inf)
    text = failure(verdict("exp", [outcome], got, [(arb(1),)], [[0.0]], message=message), 0)
    assert line in text.splitlines()


def test_a_second_derivative_names_its_inputs():
    """The entry of a Hessian is named by the inputs it differentiates by."""
    outcome = Outcome("wrong", "formula", 12.0)
    text = failure(verdict("atan2", [outcome], [1.0], [(arb(2),)], [[1.0], [-2.0]], order=2, mode="nested", entry=2), 0)
    assert text.startswith("atan2: the second derivative by input 1 and 0 is wrong by 12 ULP")
    assert "--at 0x1p+0,-0x1p+1 --mode nested" in text
    assert "trace     that of tape" in text


def test_every_side_of_a_kink_is_shown():
    """A set of subgradients reads as its sides; what has no value is undefined."""
    text = failure(verdict("relu", [Outcome("wrong", "value", 3.0)], [7.0], [(arb(0), arb("0.75"))], [[0.0]]), 0)
    assert "exact     0 (0x0p+0) or 0.75" in text
    text = failure(verdict("log", [Outcome("wrong", "value", 3.0)], [7.0], [(None, -math.inf)], [[0.0]]), 0)
    assert "exact     undefined or -inf" in text


def test_a_note_and_a_limit_are_told():
    """What only a block shows is said, and so is the limit that names a defect."""
    known = Outcome("known", "value", 2.0, "", "reciprocal flushes")
    text = failure(verdict("log", [known], [1.0], [(arb(2),)], [[0.5]], trace=""), 0, note="only in a block")
    assert "  note      only in a block" in text and "listed as reciprocal flushes" in text
    assert "  trace     none could be had" in text


def test_a_leading_minus_is_no_option():
    """A command that starts its numbers with a minus is still one that a shell and a parser take."""
    assert "show tanh --at=-0x1p-1 --mode" in again(verdict("tanh", [WRONG], [1.0], [(arb(2),)], [[-0.5]]).question, 0)


def test_the_worst_and_the_simplest_are_both_found():
    """The grave one is farthest off; the simple one has the fewest digits."""
    outcomes = [Outcome("wrong", "value", u) for u in (3.0, 9.0, 5.0)] + [Outcome("right", "", 0.0)]
    block = verdict("exp", outcomes, [1.0] * 4, [(arb(2),)] * 4, [[0.3, 0.7, 1.5, 1.0]])
    assert len(failing([block])) == 3
    assert worst([block]) == (block, 1) and simplest([block]) == (block, 2)


def test_where_nothing_fails_there_is_nothing_to_show():
    """No failing element, no worst and no simplest."""
    fine = verdict("exp", [Outcome("right", "", 0.0)], [1.0], [(arb(1),)], [[0.0]])
    assert failing([fine]) == [] and worst([fine]) is None and simplest([fine]) is None


def test_plain_numbers_come_first():
    """Zero, one, then few digits near one, then many, then what is not finite."""
    numbers = [0.0, 1.0, -1.0, 2.0, 1024.0, 1.5, -1.5, 0.1, math.inf]
    assert sorted([*reversed(numbers)], key=plainness) == numbers
