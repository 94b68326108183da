"""What happens at the edges: signed zeros, infinities, NaN, subnormals, kinks and ties, point by point."""

import math
from typing import NamedTuple

import numpy as np
import pytest

from reference.catalogue import OPS
from reference.judge import Verdict
from reference.modes import MODES
from reference.question import Question
from reference.trial import Trial
from reference.ulp import FORMATS
from reference.words import failure

INF, NAN = math.inf, math.nan
C, H = -0.75, 1.5  # the cotangent and the tangent: neither is one
SMALLEST = {dtype: form.smallest for dtype, form in FORMATS.items()}


class Edge(NamedTuple):
    """A point, and what TensorFlow says of the derivatives there, before the cotangent."""

    op: str
    at: tuple[float, ...]
    status: str  # one word for all entries, or one for each
    says: tuple[float, ...] = ()  # one number per entry; empty: only the status is claimed
    order: int = 1
    dtype: str = "float32"

    def __repr__(self) -> str:
        return f"{self.op}{self.at} order {self.order} {self.dtype}"


#: Where the exact answer is a set, TensorFlow's choice is written down.
KINKS = (
    Edge("relu", (0.0,), "right", (0.0,)),
    Edge("relu", (-0.0,), "right", (0.0,)),
    Edge("relu6", (6.0,), "right", (0.0,)),
    Edge("leaky_relu", (0.0,), "right", (0.25,)),
    Edge("abs", (0.0,), "right", (0.0,)),
    Edge("abs", (-0.0,), "right", (0.0,)),
    Edge("hard_sigmoid", (3.0,), "right", (0.0,)),
    Edge("maximum", (1.0, 1.0), "right", (1.0, 0.0)),
    Edge("maximum", (0.0, -0.0), "right", (1.0, 0.0)),
    Edge("minimum", (1.0, 1.0), "right", (1.0, 0.0)),
    Edge("bessel_i0e", (0.0,), "right", (0.0,)),
    Edge("elu", (0.0,), "right", (1.0,)),
    Edge("square", (0.0,), "right", (2.0,), order=2),
    Edge("relu", (0.0,), "right", (0.0,), order=2),
)
ZEROS = (
    Edge("multiply", (0.0, 0.0), "right", (0.0, 0.0)),
    Edge("multiply", (0.0, -0.0), "right"),
    Edge("squared_difference", (2.0, 2.0), "right", (0.0, 0.0)),
    Edge("divide_no_nan", (3.0, 0.0), "convention", (0.0, 0.0)),
    Edge("xlogy", (0.0, 2.0), "known right", (0.0, 0.0)),
    Edge("sin", (-0.0,), "right", (1.0,)),
    Edge("tanh", (0.0,), "right", (1.0,)),
    Edge("tanh", (0.0,), "right", (0.0,), order=2),
    Edge("multiply", (0.0, 0.0), "right", (0.0, 1.0, 1.0, 0.0), order=2),
)
POLES = (
    Edge("sqrt", (0.0,), "right", (INF,)),
    Edge("log", (0.0,), "right", (INF,)),
    Edge("reciprocal", (0.0,), "right", (-INF,)),
    Edge("asin", (1.0,), "right", (INF,)),
    Edge("acos", (1.0,), "right", (-INF,)),
    Edge("log1p", (-1.0,), "right", (INF,)),
)
INFINITIES = (
    Edge("tanh", (INF,), "right", (0.0,)),
    Edge("tanh", (-INF,), "right", (0.0,)),
    Edge("sigmoid", (INF,), "right", (0.0,)),
    Edge("exp", (-INF,), "right", (0.0,)),
    Edge("exp", (INF,), "right", (INF,)),
    Edge("atan", (INF,), "right", (0.0,)),
    Edge("relu", (INF,), "right", (1.0,)),
    Edge("log", (INF,), "right", (0.0,)),
    Edge("softplus", (-INF,), "right", (0.0,)),
)
TINY = tuple(
    Edge(op, (sign * SMALLEST[dtype],), status, dtype=dtype)
    for op, status in (("sin", "right"), ("tanh", "right"), ("neg", "right"), ("atan", "right"))
    for dtype in FORMATS
    for sign in (1, -1)
)
NANS = tuple(
    Edge(op, (NAN,) * OPS[op].arity, "convention", (NAN,) * OPS[op].arity)
    for op in ("tanh", "exp", "multiply", "atan2", "sin")
)


def answered(trial: Trial, edge: Edge, mode: str = "") -> list[Verdict]:
    """The verdicts on the single point."""
    op = OPS[edge.op]
    one = np.ones(1)
    chosen = MODES[mode or {1: "tape", 2: "nested"}[edge.order]]
    primals, tangents = [np.array([x]) for x in edge.at], [H * one for _ in edge.at]
    return trial.verdicts(Question(op, chosen, edge.dtype, edge.order, primals, C * one, tangents))


@pytest.mark.parametrize("edge", [*KINKS, *ZEROS, *POLES, *INFINITIES, *TINY, *NANS], ids=repr)
def test_the_edge_is_answered_as_written_down(trial: Trial, edge: Edge) -> None:
    """The verdict at the point, and TensorFlow's own choice where there is one."""
    verdicts = answered(trial, edge)
    statuses = edge.status.split() if " " in edge.status else [edge.status] * len(verdicts)
    for k, (verdict, status) in enumerate(zip(verdicts, statuses, strict=True)):
        assert verdict.status == status, failure(verdict, 0)
        if edge.says:
            said = edge.says[k] * (C if edge.order == 1 else C * H)
            close = 2.0 ** (2 - FORMATS[edge.dtype].precision)
            assert np.allclose(number(verdict), said, rtol=close, atol=0, equal_nan=True), failure(verdict, 0)


def number(verdict: Verdict) -> float:
    """What was said; None stands for a derivative that is zero everywhere."""
    return 0.0 if verdict.got is None else float(verdict.got[0])


@pytest.mark.parametrize("edge", KINKS, ids=repr)
def test_a_choice_at_a_kink_is_one_of_the_subgradients(trial: Trial, edge: Edge) -> None:
    """Where both sides differ, TensorFlow's answer lies between them."""
    for verdict in answered(trial, edge):
        ends = [float(side) for side in verdict.exact[0] if side is not None]
        assert min(ends) <= number(verdict) <= max(ends)


@pytest.mark.parametrize("op", ["relu", "abs", "maximum", "where", "logaddexp", "tanh"])
@pytest.mark.parametrize("order", [1, 2])
def test_a_nan_leaves_its_neighbours_alone(trial: Trial, op: str, order: int) -> None:
    """A NaN or an infinity beside good points in the same tensor changes no bit of their gradients."""
    mode = MODES[{1: "tape", 2: "nested"}[order]]
    good, bad = np.array([0.5, 1.5, 3.0]), np.array([0.5, NAN, 1.5, INF, 3.0])
    clean, spoilt = (
        trial.verdicts(Question(OPS[op], mode, "float32", order, [x] * OPS[op].arity, *weights(x, OPS[op].arity)))
        for x in (good, bad)
    )
    for a, b in zip(clean, spoilt, strict=True):
        assert (a.got is None) == (b.got is None)
        assert a.got is None or np.array_equal(a.got, b.got[[0, 2, 4]])


def weights(x: np.ndarray, arity: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """The same weights at every point."""
    return np.full(len(x), C), [np.full(len(x), H)] * arity


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_an_answer_below_the_normal_floats_may_be_flushed(trial: Trial, dtype: str) -> None:
    """A subnormal answer is either right or `flushed`, which is a status of its own."""
    form = FORMATS[dtype]
    x = math.floor(math.log(form.smallest_normal)) - 1.0
    (verdict,) = answered(trial, Edge("exp", (x,), "", dtype=dtype))
    assert 0 < abs(math.exp(x)) < form.smallest_normal
    assert verdict.status in ("right", "flushed"), failure(verdict, 0)
