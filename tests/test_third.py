"""Are third derivatives right? The most used functions, under three nested tapes."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from flint import arb, arb_series

from reference import exact, limits
from reference.catalogue import OPS
from reference.enclose import precision
from reference.judge import Verdict
from reference.limits.form import Format, bits, over
from reference.modes import MODES, THIRD
from reference.op import FLOATS, Op
from reference.outcome import FAILING
from reference.trial import Trial, questions
from reference.ulp import FORMATS
from reference.words import failure
from tests.thirds import BENDS, PLANTED

#: What Keras's layers and losses call, as long as it can be differentiated three times with something left over; of
#: kinks and products, whose third derivatives are zero, `relu`, `square` and `multiply`.
TWENTY = (
    "exp", "log", "log1p", "sqrt", "square", "reciprocal", "sin", "cos", "tanh", "sigmoid", "log_sigmoid", "softplus",
    "relu", "elu", "silu", "gelu", "erf", "multiply", "divide", "pow",
)  # fmt: skip
THRICE = THIRD["thrice"]
TANGENT = 1.6  # one more tangent of at most 3, in bits: a limit's region knows of a cotangent and one tangent


class Finding(NamedTuple):
    """Where only the third derivative is wrong, how that shows, and plain TensorFlow that prints it."""

    name: str
    where: dict[str, Callable[..., bool]]  # by op: (format, *primals) -> whether it shows there
    symptom: str
    why: str
    call: str  # f of x, whose third derivative by x[0] is asked
    at: str
    prints: str
    mixed: bool = False  # the last derivative by x[1]


def cubes(form: Format, a: float, b: float) -> bool:
    """A factor of b (b - 1) (b - 2) a^(b - 3), or 1 / a^2, overflows."""
    log = bits(a)
    sizes = (3 * max(0.0, bits(b)) + max(0.0, (b - 3) * log), (b - 3) * log, -2 * log)
    return over(form, *(size + TANGENT for size in sizes))


def squares(form: Format, x: float) -> bool:
    """x^2 overflows."""
    return over(form, 2 * bits(x))


FINDINGS = (
    Finding(
        "the tails of erf, gelu and silu",
        {"erf": squares, "gelu": squares, "silu": lambda f, x: over(f, bits(x) + TANGENT)},
        "nan",
        "Erf's derivative is a multiple of exp(-x^2), whose own derivatives multiply it by powers of x: where x^2 "
        "overflows, infinity times 0. So in silu where x times the weights does.",
        "tf.nn.gelu(x[0])",
        "[1e20]",
        "nan",
    ),
    Finding(
        "pow's third derivatives overflow early",
        {"pow": cubes},
        "nan infinite zero",
        "b (b - 1) (b - 2) a^(b - 3) is multiplied from factors that overflow although the product does not; in the "
        "mixed ones 1 / a^2 overflows and meets a power that is 0.",
        "tf.pow(x[0], x[1])",
        "[7e-19, 7e-19]",
        "inf",
    ),
    Finding(
        "pow's mixed third derivative at a = 0, b = 2",
        {"pow": lambda f, a, b: a == 0 and b == 2},
        "digits",
        "log(a) is replaced by 0 where a is not positive, so that 2 log(a) + 3, which falls to -infinity, is 3.",
        "tf.pow(x[0], x[1])",
        "[0.0, 2.0]",
        "3.0",
        mixed=True,
    ),
)


def program(found: Finding) -> str:
    """Plain TensorFlow that prints the third derivative."""
    last = "x[1]" if found.mixed else "x[0]"
    return f"""
import tensorflow as tf
x = [tf.constant(v) for v in {found.at}]
with tf.GradientTape() as outermost:
    outermost.watch(x)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = {found.call}
        first = inner.gradient(y, x[0])
    second = outer.gradient(first, x[0])
print(outermost.gradient(second, {last}).numpy())
"""


def explained(verdict: Verdict, k: int) -> str:
    """The name of the finding that a failing element belongs to; empty for none."""
    question = verdict.question
    point = [float(x[k]) for x in question.primals]
    shows = limits.symptom(verdict.outcomes[k].status, None if verdict.got is None else float(verdict.got[k]))
    return next(
        (
            row.name
            for row in FINDINGS
            if question.op.name in row.where
            and shows in row.symptom.split()
            and row.where[question.op.name](FORMATS[question.dtype], *point)
        ),
        "",
    )


def unexplained(verdicts: list[Verdict]) -> list[str]:
    """What is to be said of failing elements that no limit and no finding names."""
    return [
        failure(v, k) for v in verdicts for k, o in enumerate(v.outcomes) if o.status in FAILING and not explained(v, k)
    ]


def held(trial: Trial, op: Op, dtype: str, tier: str) -> list[Verdict]:
    """The verdicts on the deterministic points, none of which fails."""
    (question,) = questions(op, THRICE, dtype, 3, tier)
    verdicts = trial.verdicts(question)
    assert not unexplained(verdicts), unexplained(verdicts)[0]
    return verdicts


@pytest.mark.parametrize("name", TWENTY)
def test_third_derivatives_are_right(trial: Trial, name: str) -> None:
    """Every third derivative, mixed ones too, is the exact one as far as its formula can carry it."""
    op = OPS[name]
    verdicts = held(trial, op, FLOATS[TWENTY.index(name) % 4], "quick")
    assert len(verdicts) == op.arity**3 and sum(v.counts["right"] for v in verdicts) > 50


@pytest.mark.deep
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", TWENTY)
def test_third_derivatives_are_right_at_many_more_points(trial: Trial, name: str, dtype: str) -> None:
    """The same, at all points and in every dtype."""
    held(trial, OPS[name], dtype, "full")


# -- the oracle ---------------------------------------------------------------------------------------------

SERIES: dict[str, Callable[[arb_series], arb_series]] = {
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "log1p": lambda x: (1 + x).log(),
    "sqrt": lambda x: x.sqrt(),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tanh": lambda x: 1 - 2 / (1 + (2 * x).exp()),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "log_sigmoid": lambda x: -(1 + (-x).exp()).log(),
    "softplus": lambda x: (1 + x.exp()).log(),
    "silu": lambda x: x / (1 + (-x).exp()),
    "gelu": lambda x: x * (1 + (x / arb(2).sqrt()).erf()) / 2,
    "erf": lambda x: x.erf(),
}


@pytest.mark.parametrize("name", SERIES)
def test_the_exact_third_derivative_is_the_third_coefficient_of_the_series(name: str) -> None:
    """What SymPy derives and Arb encloses overlaps six times Arb's own Taylor coefficient, without SymPy."""
    for x in (0.3125, 0.875, 2.5625):
        sheet = exact.sheet_of(OPS[name], 3)
        with precision(200):
            (ours,) = sheet.function(sheet.signatures((x,), (arb(x),))[0])(arb(x))
            theirs = 6 * SERIES[name](arb_series([arb(x), 1], 4))[3]
            assert ours.overlaps(theirs) and (theirs == 0 or ours.rel_accuracy_bits() > 120)


# -- what is found ------------------------------------------------------------------------------------------


def test_a_finding_does_not_cover_plain_points() -> None:
    """A row explains a region, and no part of the middle of the domain."""
    for row in FINDINGS:
        for who, where in row.where.items():
            plain = [1.5, 2.5][: OPS[who].arity]
            assert not any(where(form, *plain) for form in FORMATS.values())


# -- what is planted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BENDS)
def test_a_fault_in_the_third_derivative_is_found_there_and_nowhere_else(bent: Trial, name: str) -> None:
    """A factor, None and an error are told apart; first and second derivatives are right."""
    for mode, order, due in ((MODES["tape"], 1, "right"), (MODES["nested"], 2, "right"), (THRICE, 3, BENDS[name][1])):
        (question,) = questions(OPS["sin"], mode, "float32", order, "quick")
        (verdict,) = bent.verdicts(question._replace(op=PLANTED[name]))
        failing = {o.status for o in verdict.outcomes if o.status in FAILING}
        assert failing == ({due} if due != "right" else set())


def test_a_failure_speaks_of_the_third_derivative(bent: Trial) -> None:
    """What fails is called by its order."""
    (question,) = questions(OPS["sin"], THRICE, "float32", 3, "quick")
    verdicts = bent.verdicts(question._replace(op=PLANTED["sin''' times 1 + 1e-5"]))
    assert "the third derivative is wrong" in unexplained(verdicts)[0] and "order=3" in unexplained(verdicts)[0]
