"""The documented trainings in NumPy, in either dtype and with sums in any named order: what a setting would print.

In float64 these are the documents' own NumPy programs. In float32 they take the tape's formula, one rounding after each
operation, as TensorFlow's kernels do; only the order of the sums is a machine's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from reference.golden.log import Log
from reference.golden.models import MODELS, columns_of, parabola, plane, start
from reference.golden.summation import ORDERS
from reference.programs import regression

Array = np.ndarray
Values = dict[str, list[float]]  # by name, the elements


def imitated(log: Log, setting: dict[str, Any], dtype: str, order: str) -> Iterator[Values]:
    """The numbers of every step that a setting means, in a dtype and an order."""
    model = MODELS[log.program]
    if model.term is parabola:
        return descended(setting, dtype, THREE_TERMS[order])
    if dtype == "float64" and order == "NumPy":
        return by_program(log, setting)
    return taped(log, setting, dtype, ORDERS[order])


def by_program(log: Log, setting: dict[str, Any]) -> Iterator[Values]:
    """The document's NumPy program."""
    is_plane = MODELS[log.program].term is plane
    program = regression.multivariate_numpy if is_plane else regression.univariate_numpy
    told = {key: setting[key] for key in ("iterations", "gradient", "loss")}
    records = program(None, rate=float(setting["rate"]), seed=log.seed, **told, **log.more["data"])
    next(records)
    for record in records:
        yield {name: np.ravel(value).tolist() for name, value in record.items()}


def taped(log: Log, setting: dict[str, Any], dtype: str, order: Callable[[Array], Any]) -> Iterator[Values]:
    """The tape's formula: ½ Σ r² / n, backwards 2 r · ½/n, times each input, summed."""
    columns, targets = columns_of(log)
    is_plane = MODELS[log.program].term is plane
    design = regression.design(columns).T if is_plane else [*np.array(columns), np.ones(len(targets))]
    x, y = np.asarray(design, dtype=dtype), np.asarray(targets, dtype=dtype)
    p = np.array([float(each) for each in start(log, dtype)], dtype=dtype)
    rate, kind = np.dtype(dtype).type(float(setting["rate"])), np.dtype(dtype).type
    weight = kind(0.5) / kind(len(y))
    names = MODELS[log.program].names
    for _ in range(MODELS[log.program].steps(setting["iterations"])):
        before, residual = loss_at(p, x, y, order)
        back = -(2 * residual) * weight if setting["gradient"] == "mean" else -residual
        p = p - rate * np.array([order(back * column) for column in x], dtype=dtype)
        loss = before if setting["loss"] == "before" else loss_at(p, x, y, order)[0]
        values = [p.tolist()] if is_plane else [[each] for each in p.tolist()]
        yield {"loss": [float(loss)], **dict(zip(names, values, strict=True))}


def loss_at(p: Array, x: Array, y: Array, order: Callable[[Array], Any]) -> tuple[Any, Array]:
    """½ mean of squares, and the residuals."""
    predicted = p[0] * x[0]
    for weight, column in zip(p[1:], x[1:], strict=True):
        predicted = predicted + weight * column
    residual = y - predicted
    kind = y.dtype.type
    return kind(0.5) * (order(residual * residual) / kind(len(y))), residual


def orders_of(log: Log, dtype: str) -> list[str]:
    """The orders of sums that are told apart: none in float64, whose differences no log of so few digits shows."""
    if MODELS[log.program].term is parabola:
        return list(THREE_TERMS)
    return list(ORDERS) if dtype == "float32" else ["NumPy"]


THREE_TERMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "(ax² + bx) + c": lambda square, double, one: (square + double) + one,
    "ax² + (bx + c)": lambda square, double, one: square + (double + one),
    "(ax² + c) + bx": lambda square, double, one: (square + one) + double,
}


def descended(setting: dict[str, Any], dtype: str, order: Callable[[Any, Any, Any], Any]) -> Iterator[Values]:
    """x² − 2x + 1 from 0 on; its gradient 2x − 2 has one order only."""
    kind = np.dtype(dtype).type
    rate, x, two, one = kind(float(setting["rate"])), kind(0), kind(2), kind(1)
    for _ in range(setting["iterations"]):
        moved = x - (two * x - two) * rate
        at = x if setting["loss"] == "before" else moved
        x = moved
        yield {"x": [float(x)], "y": [float(order(at * at, -two * at, one))]}


def value_in(values: Values, name: str, element: int) -> Fraction | None:
    """The exact value of a number of one step; None where it is not finite."""
    found = values[name][element % len(values[name])]
    return Fraction(found) if np.isfinite(found) else None
