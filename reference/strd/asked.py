"""What TensorFlow says of a data set: its derivatives at a point, each beside the exact value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from reference import replay, wire
from reference.ask import Probe, ProbeUnavailable
from reference.balls import working
from reference.strd.derivatives import Derived
from reference.strd.reader import Dataset
from reference.strd.solve import Columns, ball, sums
from reference.ulp import round_ball

BITS = 256  # in which exact values and traces are computed
PATIENCE = 180.0  # seconds for all derivatives of one set
DTYPES = ("float64", "float32")


class Place(NamedTuple):
    """A point at which derivatives are asked: parameters and columns as floats of the dtype, exactly."""

    name: str  # "the certified values", "start 1", …
    dtype: str
    parameters: dict[str, float]
    columns: dict[str, list[float]]


class Entry(NamedTuple):
    """One number of TensorFlow's: what it is of, what came, what is exact there, what the kernels' contracts allow."""

    of: str
    got: float | None
    exact: arb
    formula: arb  # what the recorded kernels mean, without rounding
    allowed: arb  # every float that kernels within their contracts may have given

    @property
    def fault(self) -> str:
        """In a word what is wrong with it; empty where nothing is."""
        if self.got is None:
            return "missing"
        if not self.formula.overlaps(self.exact):
            return "formula"
        return "" if replay.within(self.allowed, self.got) else "value"

    @property
    def bounded(self) -> bool:
        """Whether the kernels' contracts promise anything."""
        return self.got is not None and self.allowed.is_finite()


class Told(NamedTuple):
    """All that was asked at one place, entry by entry; the Jacobian column by column."""

    place: Place
    gradient: list[Entry]
    hessian: list[Entry]  # row by row; empty where it was not asked
    jacobian: list[list[Entry]]
    squares: list[Entry]
    raised: str = ""

    @property
    def entries(self) -> Iterator[Entry]:
        """Every one of them."""
        yield from (*self.gradient, *self.hessian, *self.squares)
        for column in self.jacobian:
            yield from column


def places(dataset: Dataset, dtype: str) -> list[Place]:
    """The certified values; then the starts, or zero where a set has none: there the gradient does not vanish."""
    columns = {name: [held(value, dtype) for value in column] for name, column in dataset.columns.items()}
    points = {"the certified values": [p.estimate.value for p in dataset.parameters]}
    for k in range(len(dataset.parameters[0].starts)):
        points[f"start {k + 1}"] = [p.starts[k] for p in dataset.parameters]
    if len(points) == 1:
        points["zero"] = [Fraction(0) for _ in dataset.parameters]
    names = [p.name for p in dataset.parameters]
    return [
        Place(name, dtype, {n: held(value, dtype) for n, value in zip(names, point, strict=True)}, columns)
        for name, point in points.items()
    ]


def held(value: Fraction, dtype: str) -> float:
    """A decimal as the dtype holds it: rounded once."""
    with working(BITS):
        rounded = round_ball(ball(value), dtype)
    assert rounded is not None, "a decimal is nearer to the middle of two floats than 256 bits tell"
    return rounded


def ask(probe: Probe, dataset: Dataset, derived: Derived, place: Place, everything: bool) -> Told:
    """Put one question to TensorFlow: its gradient, or with `everything` its other derivatives too.

    Raises ProbeUnavailable where that TensorFlow records no trace, as up to 2.0.
    """
    wants = ["gradient", "hessian", "jacobian", "squares"] if everything else ["gradient"]
    answer = probe.ask(job(dataset, place, wants), PATIENCE)
    if raised := answer.get("raised") or answer.get("crashed"):
        return Told(place, [], [], [], [], raised)
    if untraced := [answer[name]["trace_reason"] for name in wants if not answer[name]["trace"]]:
        version = probe.hello["tensorflow"]
        raise ProbeUnavailable(
            f"TensorFlow {version} does not tell which kernels run, so nothing bounds it: {untraced[0]}."
        )
    with working(BITS):
        return heard(dataset, derived, place, answer)


def job(dataset: Dataset, place: Place, wants: Sequence[str]) -> wire.Record:
    """The question as a record."""
    return {
        "id": f"{dataset.name} {place.dtype} {place.name}",
        "model": dataset.model,
        "response": dataset.response,
        "wants": list(wants),
        "parameters": {name: wire.pack(value, place.dtype) for name, value in place.parameters.items()},
        "columns": {name: wire.pack(column, place.dtype) for name, column in place.columns.items()},
    }


def heard(dataset: Dataset, derived: Derived, place: Place, answer: wire.Record) -> Told:
    """The answer's numbers beside the exact ones."""
    names = list(place.parameters)
    point = [arb(b) for b in place.parameters.values()]
    columns = {name: list(map(arb, column)) for name, column in place.columns.items()}
    at = sums(derived, names, point, columns)
    gradient = entries(answer["gradient"], place, [f"∂/∂{b}" for b in names], [2 * g for g in at.gradient])
    if "hessian" not in answer:
        return Told(place, gradient, [], [], [])
    pairs = [(j, k) for j in range(len(names)) for k in range(len(names))]
    of = [f"∂²/∂{names[j]}∂{names[k]}" for j, k in pairs]
    hessian = entries(answer["hessian"], place, of, [2 * at.hessian[j][k] for j, k in pairs])
    slopes = exact_jacobian(derived, names, point, columns)
    jacobian = entries(answer["jacobian"], place, [f"∂r/∂{b}" for b in names], slopes)
    squares = entries(answer["squares"], place, ["Σr²"], [at.squares])
    size = dataset.size
    split = [jacobian[k * size : (k + 1) * size] for k in range(len(names))]
    return Told(place, gradient, hessian, split, squares)


def exact_jacobian(derived: Derived, names: Sequence[str], point: list[arb], columns: Columns) -> list[Any]:
    """Per parameter the derivative of every residual."""
    values = dict(zip(names, point, strict=True))
    rows = [
        derived.first({**values, **dict(zip(columns, row, strict=True))}, ball)[1:]
        for row in zip(*columns.values(), strict=True)
    ]
    return [np.array(column, dtype=object) for column in zip(*rows, strict=True)]


def entries(answer: wire.Record, place: Place, of: list[str], exact: list[Any]) -> list[Entry]:
    """Each element of a list of tensors with its three balls."""
    trace = folded(replay.Trace.read(answer["trace"], place.dtype, None))
    formula, allowed = replay.formula(trace, BITS), replay.value(trace, BITS)
    made = []
    for name, result, record, balls in zip(of, trace.results, answer["values"], exact, strict=True):
        if record is None or result is None:
            made.append(Entry(name, None, np.ravel(balls)[0], arb(0), arb(0)))
            continue
        got = np.broadcast_to(np.asarray(wire.unpack(record)[0]), np.shape(balls)).ravel()
        parts = (np.broadcast_to(each, np.shape(balls)).ravel() for each in (formula[result], allowed[result]))
        for value, right, meant, may in zip(got, np.ravel(balls), *parts, strict=True):
            made.append(Entry(name, float(value), right, meant, may))
    return made


def folded(trace: replay.Trace) -> replay.Trace:
    """The trace with what kernels made of literals alone, such as the 2 - 1 in the slope of x**2, as literals."""
    literals = set(trace.leaves) - trace.sources
    nodes = []
    for node in trace.nodes:
        if literals.issuperset(node.inputs):
            literals.update(node.outputs)
        else:
            nodes.append(node)
    return trace._replace(nodes=tuple(nodes))
