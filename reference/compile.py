"""Expressions as functions of balls: kinks resolved by signs, then straight-line code."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, zip_longest
from typing import Any

import sympy as sp
from flint import acb, arb, fmpz
from sympy.core.relational import Relational

from reference.derive import greatest, is_greatest
from reference.parameters import beta_i, gamma_p, hurwitz

Function = Callable[..., tuple[arb, ...]]
Signs = dict[sp.Expr, int]


class UnprintableError(TypeError):
    """An expression holds a function that has no meaning on balls here."""


def compiled(
    exprs: Sequence[sp.Expr], symbols: Sequence[sp.Symbol], functions: dict[str, Callable[..., Any]] | None = None
) -> Function:
    """One Python function of the symbols, given as balls, that returns all values at once.

    `functions` says what named functions mean, where that is not their meaning on real balls.
    """
    writer = _Writer(symbols, FUNCTIONS if functions is None else functions)
    names = [writer.name(e) for e in exprs]
    head = f"def values({', '.join(writer.parameters)}):"
    body = [*writer.lines, f"return ({''.join(n + ', ' for n in names)})"]
    namespace = dict(writer.namespace)
    exec("\n    ".join([head, *body]), namespace)  # the text is ours: from the catalogue, nothing from outside
    return namespace["values"]


def differences(exprs: Sequence[sp.Expr]) -> list[sp.Expr]:
    """The canonical differences lhs - rhs of every relation in the Piecewise conditions."""
    found: dict[sp.Expr, None] = {}
    for contest in {_rivals(e) for x in exprs for e in x.atoms(greatest, is_greatest)}:
        found.update((_delta(a, b)[0], None) for a, b in combinations(contest, 2))
    for expr in exprs:
        for piecewise in expr.atoms(sp.Piecewise):
            for _, condition in piecewise.args:
                for relation in condition.atoms(Relational):
                    found[difference(relation)[0]] = None
    return sorted(found, key=sp.default_sort_key)


def _rivals(contest: sp.Expr) -> tuple[sp.Expr, ...]:
    return contest.args if isinstance(contest, greatest) else contest.args[1:]


def difference(relation: Relational) -> tuple[sp.Expr, int]:
    """Canonical lhs - rhs, and the sign by which it was multiplied: x > 0 and 0 >= x share one."""
    return _delta(relation.lhs, relation.rhs)


def _delta(left: sp.Expr, right: sp.Expr) -> tuple[sp.Expr, int]:
    delta = sp.expand(left - right)
    factor, rest = delta.as_coeff_Mul()
    sign = -1 if factor < 0 else 1
    if rest.is_Add and rest.could_extract_minus_sign():
        return -rest, -sign
    return rest, sign


def resolved(expr: sp.Expr, signs: Signs, memo: dict[sp.Expr, sp.Expr] | None = None) -> sp.Expr:
    """The expression with each Piecewise replaced by the piece that the signs choose."""
    memo = {} if memo is None else memo
    if expr not in memo:
        memo[expr] = _resolved(expr, signs, memo)
    return memo[expr]


def _resolved(expr: sp.Expr, signs: Signs, memo: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    if not expr.has(sp.Piecewise, greatest, is_greatest):
        return expr
    if isinstance(expr, greatest):
        return expr.args[_winner(expr.args, signs)]
    if isinstance(expr, is_greatest):
        return sp.Integer(int(expr.args[0] == _winner(expr.args[1:], signs)))
    if isinstance(expr, sp.Piecewise):
        for piece, condition in expr.args:
            if _holds(condition, signs):
                return resolved(piece, signs, memo)
        return sp.nan
    return expr.func(*(resolved(a, signs, memo) for a in expr.args))


def _winner(args: Sequence[sp.Expr], signs: Signs) -> int:
    best = 0
    for i in range(1, len(args)):
        delta, flip = _delta(args[best], args[i])
        if signs[delta] != UNDEFINED and signs[delta] * flip < 0:
            best = i
    return best


TRUTH: dict[type, Callable[[int], bool]] = {
    sp.StrictGreaterThan: lambda s: s > 0,
    sp.GreaterThan: lambda s: s >= 0,
    sp.StrictLessThan: lambda s: s < 0,
    sp.LessThan: lambda s: s <= 0,
    sp.Equality: lambda s: s == 0,
    sp.Unequality: lambda s: s != 0,
}

UNDEFINED = 2  # the sign of a difference that has no value at the point: no relation on it holds


def _holds(condition: Any, signs: Signs) -> bool:
    if condition in (True, False):
        return bool(condition)
    if isinstance(condition, Relational):
        delta, flip = difference(condition)
        sign = signs[delta]
        return sign != UNDEFINED and TRUTH[type(condition)](sign * flip)
    parts = [_holds(part, signs) for part in condition.args]
    if isinstance(condition, sp.ITE):
        return parts[1] if parts[0] else parts[2]
    if isinstance(condition, sp.Not):
        return not parts[0]
    if isinstance(condition, sp.And | sp.Or):
        return all(parts) if isinstance(condition, sp.And) else any(parts)
    raise UnprintableError(f"no meaning for the condition {condition}")


class _Writer:
    """Straight-line code: every distinct subexpression is computed once."""

    def __init__(self, symbols: Sequence[sp.Symbol], functions: dict[str, Callable[..., Any]]) -> None:
        self.functions = functions
        self.parameters = [f"v{i}" for i in range(len(symbols))]
        self.names: dict[sp.Basic, str] = dict(zip(symbols, self.parameters, strict=True))
        self.lines: list[str] = []
        self.pieces: dict[str, str] = {}
        self.namespace: dict[str, Any] = {"arb": arb}

    def name(self, expr: sp.Basic) -> str:
        """The variable that holds the expression; its code is written on the first call."""
        if expr not in self.names:
            code = self.code(expr)
            self.names[expr] = f"t{len(self.names)}"
            self.lines.append(f"{self.names[expr]} = {code}")
        return self.names[expr]

    def code(self, expr: sp.Basic) -> str:
        if isinstance(expr, sp.Rational):
            return self.rational(expr)
        if type(expr) in CONSTANTS:
            return CONSTANTS[type(expr)]
        if isinstance(expr, sp.Add):
            return self.sum(expr)
        if isinstance(expr, sp.Mul):
            return self.quotient(expr)
        if isinstance(expr, sp.Pow):
            return self.power(expr.base, expr.exp)
        return self.call(expr)

    def constant(self, value: Any) -> str:
        """A name in the namespace for an exact value."""
        name = f"k{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def rational(self, expr: sp.Rational) -> str:
        p, q = int(expr.p), int(expr.q)
        if q & (q - 1) == 0:
            return self.constant(arb((p, 1 - q.bit_length())))
        return f"{self.constant(arb((p, 0)))} / {self.constant(arb((q, 0)))}"

    def sum(self, expr: sp.Add) -> str:
        code = ""
        for term in sorted(expr.args, key=_is_minus):
            minus = bool(code) and _is_minus(term)
            code += (" - " if minus else " + " if code else "") + self.name(-term if minus else term)
        return code

    def quotient(self, expr: sp.Mul) -> str:
        above, below = [], []
        for factor in expr.args:
            if isinstance(factor, sp.Pow) and _negative(factor.exp):
                below.append(factor.base**-factor.exp)
            elif isinstance(factor, sp.Rational) and factor.q != 1 and not _dyadic(factor):
                above += [sp.Integer(factor.p)] if factor.p != 1 else []
                below.append(sp.Integer(factor.q))
            else:
                above.append(factor)
        if above[:1] == [sp.S.NegativeOne] and len(above) > 1:
            return f"-({self.over(above[1:], below)})"
        return self.over(above, below)

    def over(self, above: list[sp.Expr], below: list[sp.Expr]) -> str:
        top = " * ".join(map(self.name, above)) or self.name(sp.S.One)
        return f"{top} / ({' * '.join(map(self.name, below))})" if below else top

    def power(self, base: sp.Expr, exponent: sp.Expr) -> str:
        if exponent.is_Integer and exponent > 0:
            return self.product(self.name(base), int(exponent))
        if _negative(exponent):
            return f"{self.name(sp.S.One)} / {self.name(base**-exponent)}"
        if exponent == sp.S.Half:
            return f"{self.name(base)}.sqrt()"
        if isinstance(exponent, sp.Rational) and exponent.q == 2:
            return self.product(self.name(sp.sqrt(base)), int(exponent.p))
        return f"{self.name(base)} ** {self.name(exponent)}"

    def product(self, base: str, count: int) -> str:
        """A power by products: arb's own gives no number where the base contains zero."""
        if count == 1:
            return base
        if count % 2:
            return f"{self.line(self.product(base, count - 1))} * {base}"
        half = self.line(self.product(base, count // 2))
        return f"{half} * {half}"

    def line(self, code: str) -> str:
        """A new variable for a piece of code, or the one that has it already."""
        if code.isidentifier():
            return code
        if code not in self.pieces:
            self.pieces[code] = f"p{len(self.pieces)}"
            self.lines.append(f"{self.pieces[code]} = {code}")
        return self.pieces[code]

    def call(self, expr: sp.Basic) -> str:
        if isinstance(expr, sp.Tuple):
            return f"[{', '.join(map(self.name, expr))}]"
        kind = type(expr).__name__
        if kind not in self.functions:
            raise UnprintableError(f"no meaning on balls for {kind} in {expr}")
        self.namespace[kind] = self.functions[kind]
        return f"{kind}({', '.join(self.name(a) for a in expr.args)})"


def _is_minus(term: sp.Expr) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _negative(exponent: sp.Expr) -> bool:
    return bool(exponent.is_Rational and exponent < 0)


def _dyadic(number: sp.Rational) -> bool:
    return Fraction(int(number.p), int(number.q)).denominator.bit_count() == 1


CONSTANTS: dict[type, str] = {
    type(sp.pi): "arb.pi()",
    type(sp.E): "arb.const_e()",
    type(sp.EulerGamma): "arb.const_euler()",
    type(sp.Catalan): "arb.const_catalan()",
    type(sp.nan): "arb.nan()",
    type(sp.zoo): "arb.nan()",
    type(sp.oo): "arb.nan()",
    type(-sp.oo): "arb.nan()",
}


def _loggamma(x: arb) -> arb:
    """log|Gamma(x)|, which is what every library calls lgamma."""
    return x.lgamma() if x > 0 else -abs(x.rgamma()).log()


def _polygamma(order: arb, x: arb) -> arb:
    n = _integer(order)
    if n == 0:
        return x.digamma()
    if x <= 0 and x.is_integer():
        return arb.nan()
    if x > 0:
        return (-1) ** (n + 1) * (order + 1).gamma() * (order + 1).zeta(x)
    cotangent = sum((c * x.cot_pi() ** k for k, c in enumerate(_cot_derivative(n))), arb(0))
    return (-1) ** n * _polygamma(order, 1 - x) - arb.pi() ** (n + 1) * cotangent if x < 0 else arb.nan()


@cache
def _cot_derivative(n: int) -> tuple[int, ...]:
    """The n-th derivative of cot as a polynomial in cot: cot' = -(1 + cot**2)."""
    if n == 0:
        return (0, 1)
    slope = [k * c for k, c in enumerate(_cot_derivative(n - 1))][1:]
    return tuple(-a - b for a, b in zip_longest(slope, [0, 0, *slope], fillvalue=0))


def _floor(x: arb) -> arb:
    """The floor where the ball holds no step; otherwise nothing is known."""
    low, high = x.lower().floor(), x.upper().floor()
    return low if low == high else arb.nan()


def _integer(x: arb) -> int:
    unique: fmpz | None = x.unique_fmpz()
    if unique is None:
        raise UnprintableError(f"{x} should be an integer")
    return int(unique)


def _beta_regularized(a: arb, b: arb, low: arb, high: arb) -> arb:
    if low.is_zero():
        return arb.beta_lower(high, a, b, True)
    return arb.beta_lower(high, a, b, True) - arb.beta_lower(low, a, b, True)


FUNCTIONS: dict[str, Callable[..., arb]] = {
    **{
        name: getattr(arb, name)
        for name in re.findall(
            r"\w+",
            "exp log sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh coth sech csch asinh acosh"
            " atanh erf erfc erfi erfinv erfcinv gamma digamma sinc rgamma",
        )
    },
    "acot": lambda x: (1 / x).atan(),
    "acoth": lambda x: (1 / x).atanh(),
    "asec": lambda x: (1 / x).acos(),
    "acsc": lambda x: (1 / x).asin(),
    "asech": lambda x: (1 / x).acosh(),
    "acsch": lambda x: (1 / x).asinh(),
    "loggamma": _loggamma,
    "polygamma": _polygamma,
    "factorial": lambda x: (x + 1).gamma(),
    "beta": lambda a, b: a.gamma() * b.gamma() / (a + b).gamma(),
    "betainc": lambda a, b, low, high: _beta_regularized(a, b, low, high) * FUNCTIONS["beta"](a, b),
    "betainc_regularized": _beta_regularized,
    "zeta": lambda s, a=None: s.zeta() if a is None else s.zeta(a),
    "besseli": lambda n, x: x.bessel_i(n),
    "besselj": lambda n, x: x.bessel_j(n),
    "besselk": lambda n, x: x.bessel_k(n),
    "bessely": lambda n, x: x.bessel_y(n),
    "airyai": arb.airy_ai,
    "airybi": arb.airy_bi,
    "airyaiprime": lambda x: x.airy_ai(derivative=1),
    "airybiprime": lambda x: x.airy_bi(derivative=1),
    "LambertW": lambda x, k=None: x.lambertw() if k is None else x.lambertw(_integer(k)),
    "expint": lambda n, x: x.expint(n),
    "Ei": arb.ei,
    "li": arb.li,
    "Si": arb.si,
    "Ci": arb.ci,
    "Shi": arb.shi,
    "Chi": arb.chi,
    "fresnels": arb.fresnel_s,
    "fresnelc": arb.fresnel_c,
    "polylog": lambda s, z: acb(z).polylog(acb(s)).real,
    "uppergamma": lambda s, x: x.gamma_upper(s),
    "lowergamma": lambda s, x: x.gamma_lower(s),
    "hyper": lambda above, below, z: z.hypgeom(above, below),
    "elliptic_k": lambda m: acb(m).elliptic_k().real,
    "elliptic_e": lambda m: acb(m).elliptic_e().real,
    "hurwitz": lambda k, s, q: hurwitz(_integer(k), s, q),
    "gamma_p": lambda k, a, x: gamma_p(_integer(k), a, x),
    "beta_i": lambda j, k, a, b, x: beta_i(_integer(j), _integer(k), a, b, x),
    "step_floor": _floor,
    "open_floor": lambda x: arb.nan() if x.is_integer() else _floor(x),
}
