"""Is the second witness honest? Every row's NumPy gradient against the exact one, in meaning and in value."""

from collections import Counter

import numpy as np
import pytest
from flint import arb

from reference import textbook_balls as textbook
from reference.balls import hull
from reference.catalogue import OPS
from reference.op import Domain, Op
from reference.outcome import FAILING, outcome
from reference.points import cases, cotangents, points
from reference.textbook import numpy_gradient, numpy_value
from reference.ulp import FORMATS

Array = np.ndarray

EACH = pytest.mark.parametrize("name", OPS)
DIGITS = 100  # bits to which a formula must agree
SPREAD = (0.078125, 0.3125, 0.453125, 0.875, 1.6875, 2.5625, 4.375, 7.1875)  # on no row's kink or pole
TINY = FORMATS["float64"].smallest_normal


def interior(op: Op) -> list[Array]:
    """Points inside the domain, different ones for different inputs."""
    shapes = op.shapes or ((2 * len(SPREAD),),) * op.arity
    return [np.resize(np.roll(between(d), 3 * i), s) for i, (d, s) in enumerate(zip(op.domain, shapes, strict=True))]


def between(domain: Domain) -> Array:
    """Some numbers off the ends of an interval."""
    spread = np.array(SPREAD)
    if np.isfinite(domain.low) and np.isfinite(domain.high) and domain.high < 100:
        return domain.low + (domain.high - domain.low) * np.concatenate([spread / 8, 1 - spread / 16])
    if np.isfinite(domain.low) and domain.low > -100:
        return domain.low + np.concatenate([spread, 3 * spread])
    return np.concatenate([spread, -spread - 0.15625])


def gap(op: Op) -> str:
    """Where the textbook's formula, in exact arithmetic, is not SymPy's derivative; empty if nowhere."""
    x = interior(op)
    y = textbook.value(op, x)
    g = cotangents(y.shape, "float64", "textbook")
    meant, exact = textbook.gradient(op, textbook.MEANS, g, y, x), textbook.derivative(op, g, x)
    for i, (a, b) in enumerate(zip(meant, exact, strict=True)):
        if a is None:  # no textbook has a formula for this input
            continue
        for k, (ours, theirs) in enumerate(zip(np.broadcast_to(a, b.shape).flat, b.flat, strict=True)):
            if theirs.is_finite() and not agree(ours, theirs):  # at a jump there is no derivative
                return f"{op.name}: input {i}, element {k}: textbook {ours.str(30)}, SymPy {theirs.str(30)}"
    return ""


def agree(a: arb, b: arb) -> bool:
    """Whether two enclosures overlap and are narrow enough for that to mean something."""
    return a.overlaps(b) and all(v.is_zero() or v.rel_accuracy_bits() >= DIGITS for v in (a, b))


@EACH
def test_the_textbook_formula_is_the_derivative(name: str) -> None:
    """In exact arithmetic the row's vjp is SymPy's derivative to at least 100 bits: no tolerance."""
    assert not gap(OPS[name])


@pytest.mark.parametrize(
    "name, wrong",
    [
        ("tanh", lambda np, g, y, x: g * (1 - y * y) * np.float64("1.000000000000000000000000001")),
        ("sigmoid", lambda np, g, y, x: g * y),
        ("exp", lambda np, g, y, x: y),
        ("multiply", lambda np, g, y, a, b: (g * a, g * b)),
        ("digamma", lambda np, g, y, x: -g * np.trigamma(x)),
        ("broadcast_add", lambda np, g, y, a, b: (g, g[0])),
    ],
)
def test_a_wrong_textbook_is_caught(name: str, wrong: object) -> None:
    """A factor of 1 + 1e-27, a dropped term, a forgotten cotangent: the formula is not the derivative."""
    assert gap(OPS[name]._replace(vjp=wrong)).startswith(name)


# -- the value ------------------------------------------------------------------------------------------------


def places(op: Op) -> list[list[Array]]:
    """Where the value is looked at: inside, and at the deterministic points that are finite."""
    if op.shapes is not None:
        return [interior(op), *cases(op, "float64", "quick")]
    known = points(op, "float64", "quick")
    usual = np.logical_and.reduce([np.isfinite(x) & ((x == 0) | (np.abs(x) >= TINY)) for x in known])
    return [interior(op), [x[usual][::3] for x in known]]


def statuses(op: Op, primals: list[Array]) -> Counter[str]:
    """What the judge says of the textbook's float64 numbers, every operation rounded as float64 may."""
    y = numpy_value(op, primals)
    g = cotangents(y.shape, "float64", "textbook")
    got, exact = numpy_gradient(op, g, primals), textbook.value(op, primals)
    given = np.array([known(e, float(v)) for e, v in zip(exact.flat, y.flat, strict=True)], dtype=object)
    if op.shapes is not None:
        allowed = textbook.gradient(op, textbook.ALLOWS, g, given.reshape(y.shape), primals)
        return compared(textbook.derivative(op, g, primals), allowed, got)
    found: Counter[str] = Counter()
    for k in np.flatnonzero([e.is_finite() for e in given]):
        at = [x[[k]] for x in primals]
        found += point(op, g[[k]], given[[k]], at, [None if v is None else v[[k]] for v in got])
    return found


def known(exact: arb, numpys: float) -> arb:
    """The function's value as the gradient is given it: NumPy's or the exact one, and all between."""
    return hull(exact, arb(numpys)) if np.isfinite(numpys) else arb.nan()


def point(op: Op, g: Array, y: Array, primals: list[Array], got: list[Array | None]) -> Counter[str]:
    """The statuses at one point; a kink or a pole, where there is no one derivative, counts apart."""
    exact = textbook.derivative(op, g, primals)
    if not all(e.is_finite() for d in exact for e in d.flat):
        return Counter(pole=1)
    try:
        return compared(exact, textbook.gradient(op, textbook.ALLOWS, g, y, primals), got)
    except ValueError:
        return Counter(undecided=1)


def compared(exact: list[Array], allowed: list[Array | None], got: list[Array | None]) -> Counter[str]:
    """The statuses of all elements of all inputs."""
    found: Counter[str] = Counter()
    for e, a, n in zip(exact, allowed, got, strict=True):
        if a is None or n is None:
            continue
        triples = zip(e.flat, np.broadcast_to(a, e.shape).flat, np.broadcast_to(n, e.shape).flat, strict=True)
        found += Counter(status(x, ball, float(v)) for x, ball, v in triples)
    return found


def status(exact: arb, allowed: arb, got: float) -> str:
    """The judge's word; a formula whose own steps overflow promises nothing, and that is a weakness, no fault."""
    return outcome((exact,), exact, allowed, got, "float64").status if allowed.is_finite() else "unbounded"


@EACH
def test_the_textbook_value_is_right_as_far_as_its_formula_can_carry_it(name: str) -> None:
    """NumPy's number lies in the ball that float64's roundings allow; where they allow too much it is weak."""
    op = OPS[name]
    found = sum((statuses(op, block) for block in places(op)), Counter())
    assert found["right"] and not found.keys() & set(FAILING), found
