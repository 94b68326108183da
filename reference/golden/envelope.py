"""The rounding envelope of a training: where loss and parameters can be after so many steps in floats of a dtype.

Each step of a program rounds; a bound on that is carried along with the exact step. With p the exact parameters on the
floats that the program holds, e a bound on how far the machine's are from them, and D a bound on one step's rounding,

    |e'| ≤ |I − rate · A| |e| + D,    loss ∈ L(p) ± (|∇L(p)| e + ½ eᵀ|A| e + rounding of the loss),

since gradient descent on a quadratic with Hessian A is linear. Sums may be taken in any order, and products may be
fused with sums, which rounds less. Nothing else is assumed of the machine than rounding to nearest; subnormal results
may be flushed to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, ctx

from reference.golden.log import Log
from reference.golden.models import MODELS, Examples, Model, Quadratic, ball, held, parabola, quadratic, rate_of, start
from reference.golden.printed import Interval
from reference.ulp import FORMATS

BITS = 128
POWER = 8  # roundings that stand for `tf.pow`: its contract is 4 ULP


class Erring(NamedTuple):
    """A float of the program: a ball around its exact value, and a bound on its rounding error so far."""

    value: arb
    error: arb

    @property
    def size(self) -> arb:
        """A bound on its magnitude."""
        return upper(abs(self.value)) + self.error


class Envelope(NamedTuple):
    """Where a machine's numbers can be after one step: a value with a bound each; gradients are of that step."""

    loss: Erring
    parameters: list[Erring]


class Machine:
    """Arithmetic of one dtype on numbers with error bounds."""

    def __init__(self, dtype: str):
        form = FORMATS[dtype]
        self.unit = arb(2) ** -form.precision
        self.tiny = arb(2) ** form.emin  # where a machine flushes what is below the smallest normal number

    def rounded(self, x: Erring, times: int = 1) -> Erring:
        """After so many roundings to nearest."""
        error = x.error
        for _ in range(times):
            error = upper(error + self.unit * (upper(abs(x.value)) + error) + self.tiny)
        return Erring(x.value, error)

    def times(self, a: Erring, b: Erring, roundings: int = 1) -> Erring:
        """A product."""
        error = a.size * b.error + b.size * a.error
        return self.rounded(Erring(a.value * b.value, upper(error)), roundings)

    def total(self, terms: Sequence[Erring]) -> Erring:
        """A sum in any order, by the chain of `reference.golden.summation` with the unit roundoff for half units."""
        error, size = arb(0), arb(0)
        for magnitude in sorted((term.size for term in terms), key=lambda s: float(s), reverse=True):
            size = upper(size + magnitude)
            error = upper(error + self.unit * (size + error) + self.tiny)
        value = sum((term.value for term in terms), start=arb(0))
        return Erring(value, upper(error + sum((term.error for term in terms), start=arb(0))))


def upper(x: arb) -> arb:
    """The upper end of a ball, as an exact number."""
    return arb(x.upper())


def exact(x: arb) -> Erring:
    """A float as it is held: nothing is wrong with it yet."""
    return Erring(x, arb(0))


Program = Callable[[Machine, list[Erring]], tuple[Erring, list[Erring]]]


def squares(rows: list[list[Erring]], targets: list[Erring], scale: Erring) -> Program:
    """Loss and gradient of Σ (y − Σ p x)² · scale as a machine takes them, in NumPy's formula or the tape's."""

    def run(machine: Machine, p: list[Erring]) -> tuple[Erring, list[Erring]]:
        residuals = []
        for row, target in zip(rows, targets, strict=True):
            predicted = machine.total([machine.times(a, b) for a, b in zip(p, row, strict=True)])
            residuals.append(machine.rounded(Erring(predicted.value - target.value, predicted.error)))
        loss = machine.total([machine.times(r, r) for r in residuals])
        weighted = [Erring(2 * r.value, 2 * r.error) for r in (machine.times(r, scale) for r in residuals)]
        columns = list(zip(*rows, strict=True))
        gradient = [
            machine.rounded(machine.total([machine.times(r, x) for r, x in zip(weighted, column, strict=True)]), 2)
            for column in columns
        ]
        return machine.rounded(machine.times(loss, scale), 2), gradient

    return run


def three_terms(machine: Machine, p: list[Erring]) -> tuple[Erring, list[Erring]]:
    """x² − 2x + 1 and 2x − 2 as a machine takes them."""
    (x,) = p
    double = Erring(2 * x.value, 2 * x.error)
    square = machine.times(x, x, POWER)
    loss = machine.total([square, Erring(-double.value, double.error), exact(arb(1))])
    return loss, [machine.rounded(machine.total([machine.rounded(double, POWER), exact(arb(-2))]))]


def program_of(model: Model, examples: Examples) -> tuple[Quadratic, Program]:
    """The exact loss on the floats that a program holds, and the same as a machine takes it."""
    if model.term is parabola:
        return quadratic(model, examples), three_terms
    extra = [] if len(model.names) == 1 else [exact(arb(1))]
    rows = [[*(exact(ball(x)) for x in row), *extra] for row in examples.rows]
    scale = exact(ball(model.scale(len(rows))))
    return quadratic(model, examples), squares(rows, [exact(ball(y)) for y in examples.targets], scale)


def envelopes(log: Log, setting: dict[str, Any]) -> Iterator[Envelope]:
    """The envelope of every step of the training that a setting means, in the log's dtype."""
    model, machine = MODELS[log.program], Machine(log.dtype)
    setting = {**model.knobs, "gradient": "mean", "loss": "before", **setting}
    with ctx.workprec(BITS):
        loss, program = program_of(model, held(log))
        loss = loss.balls()
        rate = ball(rate_of(setting, log.dtype))
        times = rate * (len(held(log).rows) if setting["gradient"] == "sum" else 1)
        p = [Erring(ball(value), arb(0)) for value in start(log, log.dtype)]
    for _ in range(model.steps(setting["iterations"])):
        with ctx.workprec(BITS):
            moved = step(machine, loss, program, p, times)
            here = Envelope(valued(machine, loss, program, moved if setting["loss"] == "after" else p), moved)
        yield here
        p = moved


def step(machine: Machine, loss: Quadratic, program: Program, p: list[Erring], times: arb) -> list[Erring]:
    """The parameters after one step, each with a bound on how far a machine's can be from it."""
    centres = [each.value for each in p]
    _, gradients = program(machine, boxes(p))
    found = []
    for i, (centre, gradient, g) in enumerate(zip(centres, loss.gradient(centres), gradients, strict=True)):
        change = machine.rounded(Erring(g.value * times, upper(g.error * times)), 2)
        moved = machine.rounded(Erring(boxes(p)[i].value - change.value, change.error))
        carried = sum(
            (upper(abs((i == j) - times * loss.a[i][j])) * other.error for j, other in enumerate(p)), start=arb(0)
        )
        found.append(Erring(centre - times * gradient, upper(moved.error + carried)))
    return found


def valued(machine: Machine, loss: Quadratic, program: Program, p: list[Erring]) -> Erring:
    """The loss at parameters that are known up to a bound."""
    centres = [each.value for each in p]
    slope = sum((upper(abs(g)) * each.error for g, each in zip(loss.gradient(centres), p, strict=True)), start=arb(0))
    bend = sum(
        (upper(abs(loss.a[i][j])) * one.error * other.error for i, one in enumerate(p) for j, other in enumerate(p)),
        start=arb(0),
    )
    rounding = program(machine, boxes(p))[0].error
    return Erring(loss.value(centres), upper(slope + bend / 2 + rounding))


def boxes(p: list[Erring]) -> list[Erring]:
    """The parameters as a machine may hold them: balls, with no error of their own."""
    return [exact(each.value + arb(0, each.error)) for each in p]


def interval(x: Erring) -> Interval:
    """The values that a machine's number can have, ends included."""
    whole = x.value + arb(0, x.error)
    return Interval(fraction(arb(whole.lower())), fraction(arb(whole.upper())))


def fraction(x: arb) -> Fraction:
    """An exact ball as a rational."""
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
