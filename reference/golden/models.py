"""What the documented programs minimise, in exact arithmetic: quadratics whose derivatives SymPy takes.

Every loss of the documents is a quadratic in its parameters p: L(p) = Σ ℓ(p, x, y) · scale over the examples (x, y),
with ℓ given to SymPy. At rational numbers, and every float is one, value, gradient and Hessian are rational: nothing
rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from flint import arb

from reference.choices import Unusable, listed
from reference.golden.log import Log
from reference.golden.printed import rounded
from reference.programs import regression

Rows = list[list[Fraction]]  # one row of inputs per example


class Model(NamedTuple):
    """One kind of training: its parameters' and gradients' names as records have them, and the loss of an example."""

    names: tuple[str, ...]  # w, b; or W, which has as many elements as there are inputs
    gradients: tuple[str, ...]
    term: Callable[[Sequence[Any], Sequence[Any], Any], Any]  # ℓ(p, x, y), in SymPy's numbers
    scale: Callable[[int], Fraction]  # of the sum over n examples
    knobs: dict[str, str]  # what the program cannot be told otherwise: when the loss is taken, how it is scaled

    def steps(self, iterations: int) -> int:
        """How many steps are taken; the regressions of the documents take one more than they say."""
        return iterations + (self.scale is halved_mean)


def line(p: Sequence[Any], x: Sequence[Any], y: Any) -> Any:
    """(y − (w x + b))²."""
    return (y - (p[0] * x[0] + p[1])) ** 2


def plane(p: Sequence[Any], x: Sequence[Any], y: Any) -> Any:
    """(y − X W)², for one row of X."""
    return (y - sum(weight * column for weight, column in zip(p, x, strict=True))) ** 2


def parabola(p: Sequence[Any], x: Sequence[Any], y: Any) -> Any:
    """x² − 2x + 1: a x² + b x + c with the notebook's constants."""
    return p[0] ** 2 - 2 * p[0] + 1


def halved_mean(n: int) -> Fraction:
    """½ · 1/n, of the sum over n examples."""
    return Fraction(1, 2 * n)


def mean(n: int) -> Fraction:
    """1/n, of the sum over n examples."""
    return Fraction(1, n)


LINE, PLANE, PARABOLA = ("w", "b"), ("W",), ("x",)
BEFORE, AFTER = {"gradient": "mean", "loss": "before"}, {"gradient": "mean", "loss": "after"}
MODELS: dict[str, Model] = {
    "univariate_numpy": Model(LINE, ("dL_dw", "dL_db"), line, halved_mean, {}),
    "univariate_tensorflow": Model(LINE, ("dL_dw", "dL_db"), line, halved_mean, BEFORE),
    "multivariate_numpy": Model(PLANE, ("dL_dW",), plane, halved_mean, {}),
    "multivariate_tensorflow": Model(PLANE, ("dL_dW",), plane, halved_mean, BEFORE),
    "eager_by_hand": Model(("W", "B"), ("dW", "dB"), line, mean, AFTER),
    "eager_as_model": Model(("W", "B"), ("dW", "dB"), line, mean, AFTER),
    "minimum_by_hand": Model(PARABOLA, ("dy_dx",), parabola, mean, BEFORE),
    "minimum_by_sgd": Model(PARABOLA, ("dy_dx",), parabola, mean, BEFORE),
    "minimum_by_minimize": Model(PARABOLA, (), parabola, mean, AFTER),
    "minimum_in_graph": Model(PARABOLA, (), parabola, mean, AFTER),
    "minimum_by_minimize_in_graph": Model(PARABOLA, (), parabola, mean, AFTER),
}
MODELS["longer_univariate"] = MODELS["univariate_tensorflow"]
MODELS["longer_multivariate"] = MODELS["multivariate_tensorflow"]


class Examples(NamedTuple):
    """Inputs and targets exactly: as decimals in the document, or as the floats that a program holds."""

    rows: Rows
    targets: list[Fraction]


class Quadratic(NamedTuple):
    """A loss as ½ pᵀA p + cᵀp + d: rational at rational parameters, a ball where it and they are balls."""

    a: list[list[Any]]
    c: list[Any]
    d: Any

    def value(self, p: Sequence[Any]) -> Any:
        """The loss."""
        return sum(
            (p[i] * (plus(row, p) / 2 + c) for i, (row, c) in enumerate(zip(self.a, self.c, strict=True))), self.d
        )

    def gradient(self, p: Sequence[Any]) -> list[Any]:
        """SymPy's gradient."""
        return [plus(row, p) + c for row, c in zip(self.a, self.c, strict=True)]

    def balls(self) -> Quadratic:
        """The same on balls, at the precision in force."""
        return Quadratic([list(map(ball, row)) for row in self.a], list(map(ball, self.c)), ball(self.d))


def plus(row: Sequence[Any], p: Sequence[Any]) -> Any:
    """Σ of a row of A times p."""
    return sum(a * b for a, b in zip(row, p, strict=True))


def rate_of(setting: Mapping[str, Any], dtype: str) -> Fraction:
    """The rate as a program of this dtype holds it: Python's float, rounded again."""
    return Fraction(rounded(Fraction(float(setting["rate"])), dtype))


def ball(value: Fraction) -> arb:
    """A rational as a ball."""
    return arb(value.numerator) / value.denominator


def is_training(log: Log) -> bool:
    """Whether a log's program is a training whose data and start are known exactly; random data are not."""
    return log.program in MODELS and not log.program.startswith("eager")


def check(log: Log) -> None:
    """Unusable where a user's log does not fit its program: numbers that it does not say, data that it cannot take."""
    model = MODELS[log.program]
    known = [*model.names, "y" if model.term is parabola else "loss"]
    for number in log.numbers:
        if number.name not in known:
            raise Unusable(
                f"{log.name}: line {number.line} has a {number.name!r}; of {log.program} {listed(known)} are known."
            )
    columns, own = columns_of(log)[0], log.more["data"]
    if own and model.term is parabola:
        raise Unusable(f"{log.name}: {log.program} takes no [data].")
    if model.term is line and len(columns) != 1:
        raise Unusable(f"{log.name}: {log.program} takes one column of inputs, not {len(columns)}.")
    if model.term is plane and any(min(column) == max(column) for column in columns):
        raise Unusable(f"{log.name}: {log.program} scales its inputs to [0, 1], and a column has one value only.")
    if log.seed is None and model.term is not parabola:
        raise Unusable(f"{log.name}: the field 'seed' is missing, without which the start is not known.")


def quadratic(model: Model, examples: Examples) -> Quadratic:
    """The sum over the examples of the values and derivatives that SymPy finds for one."""
    count = len(model.names) if len(model.names) > 1 or model.names == PARABOLA else len(examples.rows[0])
    value, first, second = derived(model.term, count, len(examples.rows[0]))
    zero, scale = [Fraction(0)] * count, model.scale(len(examples.rows))
    at = [(zero, row, target) for row, target in zip(*examples, strict=True)]

    def summed(function: Callable[..., Any]) -> Fraction:
        return scale * sum((Fraction(function(*each)) for each in at), start=Fraction(0))

    return Quadratic([[summed(f) for f in row] for row in second], [summed(f) for f in first], summed(value))


@cache
def derived(term: Callable[..., Any], count: int, inputs: int) -> tuple[Any, list[Any], list[list[Any]]]:
    """The loss of one example and its derivatives by SymPy, as functions of (p, x, y) that stay rational."""
    p, x, y = sp.symbols(f"p:{count}"), sp.symbols(f"x:{inputs}"), sp.Symbol("y")
    loss = sp.expand(term(p, x, y))
    if any(sp.diff(loss, a, b, c) != 0 for a in p for b in p for c in p):
        raise ValueError("the loss is no quadratic")

    def function(expression: Any) -> Any:
        return sp.lambdify((p, x, y), expression, modules=[{}], cse=False)

    first = [sp.diff(loss, a) for a in p]
    return function(loss), [function(e) for e in first], [[function(sp.diff(e, b)) for b in p] for e in first]


def decimals(log: Log) -> Examples:
    """The data as the document prints it, exactly; a float's shortest decimal is the one that was typed."""
    columns, targets = columns_of(log)
    exact = [[Fraction(repr(value)) for value in column] for column in (*columns, targets)]
    if MODELS[log.program].term is plane:
        exact = [[Fraction(1)] * len(targets), *map(scaled, exact[:-1]), exact[-1]]
    return Examples([list(row) for row in zip(*exact[:-1], strict=True)], exact[-1])


def held(log: Log) -> Examples:
    """The data as the floats that the program holds."""
    columns, targets = columns_of(log)
    inputs = regression.design(columns) if MODELS[log.program].term is plane else np.array(columns).T
    both = [np.asarray(each, dtype=log.dtype) for each in (inputs, targets)]
    return Examples([exactly(row) for row in both[0]], exactly(both[1]))


def columns_of(log: Log) -> tuple[list[list[float]], list[float]]:
    """Input columns and targets of a log, its own or the document's; one example of nothing for a parabola."""
    term = MODELS[log.program].term
    if term is parabola:
        return [[0.0]], [0.0]
    own = log.more["data"]
    both = [regression.AREA, regression.ROOM] if term is plane else [regression.AREA]
    return own.get("inputs", both), own.get("targets", regression.PRICE)


def scaled(column: list[Fraction]) -> list[Fraction]:
    """A column moved and scaled to [0, 1]."""
    low, high = min(column), max(column)
    return [(value - low) / (high - low) for value in column]


def exactly(values: Any) -> list[Fraction]:
    """Floats as the rational numbers that they are."""
    return [Fraction(float(value)) for value in np.ravel(values)]


def start(log: Log, dtype: str) -> list[Fraction]:
    """The parameters before the first step: the seed's draws as floats of a dtype, or zero for a parabola."""
    model = MODELS[log.program]
    if model.term is parabola:
        return [Fraction(0)]
    random = np.random.RandomState(log.seed)
    count = len(held(log).rows[0]) if model.term is plane else 2
    return exactly(np.asarray([random.randn() for _ in range(count)], dtype=dtype))
