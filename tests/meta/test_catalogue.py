"""Is every row of the catalogue well formed, and is its textbook gradient the derivative of its primal?"""

import ast
import inspect
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

import reference.catalogue
from reference.catalogue import FAMILIES, OPS
from reference.derive import partials, questions, symbols_of
from reference.op import FLOATS, Domain, Op

DIGITS = 60
ALLOWED = mpmath.mpf("1e-45")
POSITIVE = (0.3125, 0.875, 1.6875, 2.5625, 4.375, 7.1875)  # dyadic, and on no row's kink or pole
NEGATIVE = tuple(-p - 0.15625 for p in POSITIVE)
FRACTIONS = (0.078125, 0.21875, 0.453125, 0.640625, 0.828125, 0.984375)


def interior(domain: Domain) -> tuple[float, ...]:
    """Twelve points, or six of a half-line or an interval, off the ends."""
    if domain == Domain():
        return POSITIVE + NEGATIVE
    if domain.high == np.inf:
        return tuple(domain.low + p for p in POSITIVE)
    return tuple(domain.low + (domain.high - domain.low) * f for f in FRACTIONS)


def points(op: Op) -> list[np.ndarray]:
    """One array of mpmath numbers per input; different inputs, different numbers."""
    shapes = op.shapes or ((12,),) * op.arity
    return [
        as_mpf(np.resize(np.roll(interior(domain), 5 * i), shape))
        for i, (domain, shape) in enumerate(zip(op.domain, shapes, strict=True))
    ]


as_mpf = np.frompyfunc(mpmath.mpf, 1, 1)


FUNCTIONS: dict[str, Any] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "abs": mpmath.fabs,
    "sign": mpmath.sign,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "digamma": mpmath.digamma,
    "trigamma": lambda x: mpmath.polygamma(1, x),
}


class Digits:
    """NumPy's names over object arrays of mpmath numbers."""

    def __getattr__(self, name: str) -> Any:
        if name in FUNCTIONS:
            return np.frompyfunc(FUNCTIONS[name], 1, 1)
        return getattr(np, name)

    float64 = mpmath.mpf
    pi = property(lambda self: +mpmath.pi)
    bessel_i = staticmethod(np.frompyfunc(mpmath.besseli, 2, 1))


def evaluate(arguments: list[Any], expressions: list[Any], values: list[Any]) -> list[Any]:
    """SymPy expressions at mpmath numbers, to all the digits in force."""
    modules = [{"step_floor": mpmath.floor}, "mpmath"]
    return sp.lambdify(arguments, expressions, modules=modules, cse=True)(*values)


def derivative_error(op: Op) -> mpmath.mpf:
    """The largest relative distance between the row's vjp and the derivative of its primal."""
    with mpmath.workdps(DIGITS):
        x = points(op)
        pairs = array_pairs(op, x) if op.shapes else elementwise_pairs(op, x)
        return max(relative(got, exact) for got, exact in pairs)


def relative(got: Any, exact: Any) -> Any:
    return mpmath.fabs(got - exact) / (mpmath.fabs(exact) or 1)


def array_pairs(op: Op, x: list[np.ndarray]) -> list[tuple[Any, Any]]:
    """(vjp, exact) for each entry of each cotangent of an array row."""
    symbols, exact = questions(op, "vjp", 1)
    inputs, c = symbols[: op.arity], symbols[op.arity]
    y = np.asarray(op.primal(sp, *inputs), dtype=object)
    g = as_mpf(np.resize(FRACTIONS, y.shape))
    names = flat(inputs)
    value = np.array(evaluate(names, list(y.flat), flat(x)), dtype=object).reshape(y.shape)
    expected = evaluate([*names, *c.flat], flat(exact), [*flat(x), *np.asarray(g).flat])
    return list(zip(flat(cotangents(op, g, value, x)), expected, strict=True))


def elementwise_pairs(op: Op, x: list[np.ndarray]) -> list[tuple[Any, Any]]:
    """(vjp, exact) for each input and point of an elementwise row."""
    symbols = symbols_of(op)
    expressions = partials(op, 0) + partials(op, 1)
    table = np.array([evaluate(symbols, expressions, list(p)) for p in zip(*x, strict=True)], dtype=object)
    g = as_mpf(np.resize(FRACTIONS, len(table)))
    got = cotangents(op, g, table[:, 0], x)
    return [pair for i, d in enumerate(got) for pair in zip(d, g * table[:, i + 1], strict=True)]


def cotangents(op: Op, g: Any, y: Any, x: list[np.ndarray]) -> tuple[Any, ...]:
    """What the row's vjp returns, as a tuple even for one input."""
    answer = op.vjp(Digits(), g, y, *x)
    return answer if isinstance(answer, tuple) else (answer,)


def flat(arrays: Any) -> list[Any]:
    return [v for array in arrays for v in np.asarray(array, dtype=object).flat]


def parameters(function: Any) -> int:
    return len(inspect.signature(function).parameters)


rows = pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))


def test_the_table_is_complete():
    """At least 60 functions in six families, each under the name it is listed by."""
    assert len(OPS) >= 60
    assert FAMILIES == ("elementary", "exponential", "special", "activation", "binary", "arrays")
    assert all(name == op.name for name, op in OPS.items())


def test_a_name_that_comes_twice_is_refused():
    """Two rows of one name would hide each other."""
    with pytest.raises(ValueError, match="two rows are called 'tanh'"):
        reference.catalogue._collect([OPS["tanh"]], [OPS["tanh"]])


def test_a_row_has_at_most_ten_fields():
    """An eleventh field is a second record in hiding."""
    assert len(Op._fields) <= 10


@rows
def test_the_three_spellings_agree_on_the_inputs(op: Op):
    """Primal, TensorFlow call and vjp take one argument per domain; points and shapes have as many."""
    assert parameters(op.primal) == parameters(op.tf) == op.arity + 1
    assert parameters(op.vjp) == op.arity + 3
    assert op.shapes is None or len(op.shapes) == op.arity
    assert all(len(point) == op.arity for point in op.at)


@rows
def test_domains_and_dtypes_are_known(op: Op):
    """Domains are not empty, points by hand lie inside, dtypes are float dtypes in their usual order."""
    assert all(domain.low < domain.high for domain in op.domain)
    assert all(d.low <= v <= d.high for point in op.at for v, d in zip(point, op.domain, strict=True))
    assert op.dtypes == tuple(dtype for dtype in FLOATS if dtype in op.dtypes) != ()


@rows
@pytest.mark.parametrize("order", [1, 2])
def test_sympy_finds_a_closed_form(op: Op, order: int):
    """Neither derivative of any row is left unevaluated: derive would raise."""
    assert questions(op, "vjp", order) if op.shapes else partials(op, order)


@rows
def test_the_vjp_is_the_derivative(op: Op):
    """The textbook gradient equals SymPy's derivative to 45 digits at interior points."""
    assert derivative_error(op) < ALLOWED


@pytest.mark.parametrize("name", ["tanh", "selu", "pow", "softmax"])
def test_a_wrong_vjp_is_caught(name: str):
    """A vjp that is wrong by a factor 1 + 1e-28 does not pass for the derivative."""
    op = OPS[name]
    wrong = op._replace(vjp=lambda np, g, y, *x: op.vjp(np, g + g * mpmath.mpf("1e-28"), y, *x))
    assert derivative_error(wrong) > ALLOWED


@pytest.mark.parametrize("path", sorted(Path(reference.catalogue.__file__).parent.glob("*.py")), ids=lambda p: p.stem)
def test_the_table_is_read_by_old_pythons(path: Path):
    """The catalogue keeps to the syntax of Python 3.6."""
    ast.parse(path.read_text(), feature_version=(3, 6))
