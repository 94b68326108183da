"""SymPy derives: from a row's primal to every partial, product and Jacobian that a mode can ask for."""

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from reference.op import Op

Array = np.ndarray


class UnderivableError(ValueError):
    """SymPy has no closed form for a derivative."""


class step_floor(sp.Function):  # noqa: N801 - SymPy names functions in lower case
    """The floor, with derivative 0 wherever it has one."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


class open_floor(step_floor):  # noqa: N801 - SymPy names functions in lower case
    """The floor inside a derivative: at a step it has two sides and no value."""


class greatest(sp.Function):  # noqa: N801 - SymPy names functions in lower case
    """The largest of many; SymPy's own Piecewise takes minutes over nine cases."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return is_greatest(sp.Integer(argindex - 1), *self.args)


class is_greatest(sp.Function):  # noqa: N801 - SymPy names functions in lower case
    """1 if the argument of this index is the largest of those that follow, else 0."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


@cache
def symbols_of(op: Op) -> tuple[Any, ...]:
    """The primal's inputs: one real symbol each, or an object array of them for an array row."""
    if op.shapes is None:
        return tuple(sp.Symbol(f"x{i}", real=True) for i in range(op.arity))
    return tuple(_symbol_array(f"x{i}", shape) for i, shape in enumerate(op.shapes))


@cache
def partials(op: Op, order: int) -> list[sp.Expr]:
    """The function (order 0), its partials f_i (1) or f_ij (2, row-major) of an elementwise row."""
    x = symbols_of(op)
    value = smooth(sp.sympify(op.primal(sp, *x)))
    results = []
    for indices in product(range(op.arity), repeat=order):
        results.append(_derivative(op, value, tuple(x[i] for i in sorted(indices))))
    return results


@cache
def questions(op: Op, asks: str, order: int) -> tuple[tuple[Any, ...], list[Array]]:
    """What a mode asks of an array row: the symbols (*x, c, *h) and one array of expressions per entry."""
    x = symbols_of(op)
    y = _each(lambda e: smooth(sp.sympify(e)), np.asarray(op.primal(sp, *x), dtype=object))
    c = _symbol_array("c", y.shape)
    h = tuple(_symbol_array(f"h{i}", np.shape(v)) for i, v in enumerate(x))
    try:
        ask = ASKS[asks, order]
    except KeyError:
        raise ValueError(f"nobody asks {asks!r} at order {order}; known: {sorted(ASKS)}") from None
    return (*x, c, *h), [_each(lambda e: _checked(op, e), entry) for entry in ask(x, y, c, h)]


def smooth(expr: sp.Expr) -> sp.Expr:
    """Kinks as Piecewise, steps as pieces or floors, floats as the rationals they hold."""
    for old, new in KINKS:
        expr = expr.replace(old, new) if expr.has(old) else expr
    for call in expr.atoms(AppliedUndef):
        expr = expr.xreplace({call: NAMED[call.func.__name__](*call.args)})
    floats = {f: sp.Rational(*float(f).as_integer_ratio()) for f in expr.atoms(sp.Float)}
    return expr.xreplace(floats)


def _maximum(*args: sp.Expr) -> sp.Expr:
    if len(args) > 2 and not any(a.has(*KINKED) for a in args):
        return greatest(*args)
    first, *others = args
    for other in others:
        first = sp.Piecewise((first, sp.Ge(first, other)), (other, True))
    return first


def _minimum(*args: sp.Expr) -> sp.Expr:
    if len(args) > 2 and not any(a.has(*KINKED) for a in args):
        return -greatest(*(-a for a in args))
    first, *others = args
    for other in others:
        first = sp.Piecewise((first, sp.Le(first, other)), (other, True))
    return first


def _heaviside(x: sp.Expr, at_zero: sp.Expr = sp.S.Half) -> sp.Expr:
    return sp.Piecewise((sp.S.One, x > 0), (sp.S.Zero, x < 0), (at_zero, True))


class hurwitz(sp.Function):  # noqa: N801 - SymPy names functions in lower case
    """(k, s, q): the k-th derivative by s of the Hurwitz zeta function."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        k, s, q = self.args
        if argindex == 2:
            return hurwitz(k + 1, s, q)
        return -s * hurwitz(k, s + 1, q) - (k * hurwitz(k - 1, s + 1, q) if k else 0)


class gamma_p(sp.Function):  # noqa: N801 - SymPy names functions in lower case
    """(k, a, x): the k-th derivative by a of the regularized lower incomplete gamma function."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        k, a, x = self.args
        if argindex == 2:
            return gamma_p(k + 1, a, x)
        return (x ** (a - 1) * sp.exp(-x) / sp.gamma(a)).diff((a, k))


class beta_i(sp.Function):  # noqa: N801 - SymPy names functions in lower case
    """(j, k, a, b, x): the regularized incomplete beta function, derived j times by a and k times by b."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        j, k, a, b, x = self.args
        if argindex < 5:
            return beta_i(j + (argindex == 3), k + (argindex == 4), a, b, x)
        density = x ** (a - 1) * (1 - x) ** (b - 1) * sp.gamma(a + b) / (sp.gamma(a) * sp.gamma(b))
        return density.diff((a, j)).diff((b, k))


#: Functions that SymPy does not have, or cannot derive by their parameters: a row names them `sp.Function("hurwitz")`.
NAMED: dict[str, Any] = {
    "hurwitz": lambda *x: hurwitz(0, *x),
    "gamma_p": lambda *x: gamma_p(0, *x),
    "beta_i": lambda *x: beta_i(0, 0, *x),
}

KINKED = (sp.Piecewise, sp.Max, sp.Min, sp.Abs, sp.sign, sp.Heaviside, greatest)

KINKS: tuple[tuple[Any, Any], ...] = (
    (sp.Max, _maximum),
    (sp.Min, _minimum),
    (sp.Abs, lambda x: sp.Piecewise((x, x >= 0), (-x, True))),
    (sp.sign, lambda x: sp.Piecewise((sp.S.One, x > 0), (sp.S.NegativeOne, x < 0), (sp.S.Zero, True))),
    (sp.Heaviside, _heaviside),
    (sp.floor, step_floor),
    (sp.ceiling, lambda x: -step_floor(-x)),
    (sp.frac, lambda x: x - step_floor(x)),
    (sp.Mod, lambda x, y: x - y * step_floor(x / y)),
)


@cache
def _derivative(op: Op, value: sp.Expr, variables: tuple[sp.Symbol, ...]) -> sp.Expr:
    for v in variables:
        value = value.diff(v)
    return _checked(op, value) if variables else value


def _checked(op: Op, expr: sp.Expr) -> sp.Expr:
    """The expression with every function in closed form, or an error that names the row."""
    expr = smooth(sp.sympify(expr)).replace(
        lambda e: isinstance(e, sp.polylog) and e.args[0] == 1, lambda e: -sp.log(1 - e.args[1])
    )
    expr = expr.replace(step_floor, open_floor) if expr.has(step_floor) else expr
    open_ends = expr.atoms(sp.Derivative, sp.Subs, sp.DiracDelta, sp.Integral)
    if open_ends:
        raise UnderivableError(f"{op.name}: SymPy leaves {sorted(map(str, open_ends))[0]} unevaluated")
    return expr


def _symbol_array(name: str, shape: tuple[int, ...]) -> Array:
    result = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        result[index] = sp.Symbol("_".join([name, *map(str, index)]), real=True)
    return result


def _each(function: Any, values: Array) -> Array:
    result = np.empty(np.shape(values), dtype=object)
    for index in np.ndindex(*result.shape):
        result[index] = function(values[index])
    return result


def _gradient(scalar: sp.Expr, x: Array) -> Array:
    return _each(scalar.diff, x)


def _dot(a: Array, b: Array) -> sp.Expr:
    return sp.Add(*(p * q for p, q in zip(a.flat, b.flat, strict=True)))


def _push(y: Array, x: Array, h: Array) -> Array:
    """The directional derivative of every entry of y along h."""
    return _each(lambda e: _dot(_gradient(e, x), h), y)


def _jacobian(y: Array, x: Array) -> Array:
    result = np.empty(y.shape + x.shape, dtype=object)
    for index in np.ndindex(*y.shape):
        result[index] = _gradient(y[index], x) if x.shape else sp.sympify(y[index]).diff(x[()])
    return result


def _reverse_twice(x: Any, y: Array, c: Array, h: Any) -> list[Array]:
    inner = [_dot(h_i, _gradient(_dot(c, y), x_i)) for x_i, h_i in zip(x, h, strict=True)]
    return [_gradient(scalar, x_j) for scalar in inner for x_j in x]


ASKS: dict[tuple[str, int], Any] = {
    ("vjp", 1): lambda x, y, c, h: [_gradient(_dot(c, y), x_i) for x_i in x],
    ("jvp", 1): lambda x, y, c, h: [_push(y, x_i, h_i) for x_i, h_i in zip(x, h, strict=True)],
    ("jacobian", 1): lambda x, y, c, h: [_jacobian(np.asarray(c * y, dtype=object), x_i) for x_i in x],
    ("vjp", 2): _reverse_twice,
    ("vjp_of_jvp", 2): _reverse_twice,
    ("jvp_of_vjp", 2): lambda x, y, c, h: [
        _push(_gradient(_dot(c, y), x_i), x_j, h_j) for x_i in x for x_j, h_j in zip(x, h, strict=True)
    ],
    ("jvp_of_jvp", 2): lambda x, y, c, h: [
        _push(_push(y, x_i, h_i), x_j, h_j)
        for x_i, h_i in zip(x, h, strict=True)
        for x_j, h_j in zip(x, h, strict=True)
    ],
    ("jacobian", 2): lambda x, y, c, h: [
        _jacobian(np.asarray(h_i * _gradient(_dot(c, y), x_i), dtype=object), x_j)
        for x_i, h_i in zip(x, h, strict=True)
        for x_j in x
    ],
}
