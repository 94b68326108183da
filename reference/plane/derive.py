"""Wirtinger's calculus: z and its conjugate as independent symbols, and what TensorFlow makes of them.

The convention, stated once. A tape's gradient of w = f(z) with the upstream cotangent c is the G for which
dL = Re(conj(G) dz) whenever dL = Re(conj(c) dw), that is ∂L/∂x + i ∂L/∂y, twice ∂L/∂z̄:

    G = c · conj(∂f/∂z) + conj(c) · ∂f/∂z̄          `pull`

which for a holomorphic f is c · conj(f'(z)). A forward accumulator gives the differential along h:

    ∂f/∂z · h + ∂f/∂z̄ · conj(h)                     `push`

A real input x is (z + z̄)/2, and G is then real by itself; a real output has a real cotangent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations_with_replacement
from typing import Any

import sympy as sp
from flint import acb

from reference.catalogue.complexes import ComplexOp
from reference.compile import Function, compiled
from reference.derive import smooth

Pairs = Callable[[int], Any]  # the derivative by variable 2 i (z_i) or 2 i + 1 (its conjugate)


@cache
def variables(op: ComplexOp) -> tuple[sp.Symbol, ...]:
    """z0, its conjugate, z1, its conjugate, …"""
    return tuple(sp.Symbol(f"{kind}{i}") for i in range(op.arity) for kind in ("z", "w"))


@cache
def primal(op: ComplexOp) -> sp.Expr:
    """The function as an expression of z and its conjugate as if they were independent."""
    symbols = variables(op)
    zs, ws = symbols[::2], symbols[1::2]
    given = [(z + w) / 2 for z, w in zip(zs, ws, strict=True)] if op.real_inputs else zs
    return smooth(sp.sympify(op.primal(sp, *given))).replace(sp.conjugate, lambda e: mirrored(e, zs, ws))


def mirrored(expr: sp.Expr, zs: tuple[sp.Symbol, ...], ws: tuple[sp.Symbol, ...]) -> sp.Expr:
    """The conjugate of an expression: conjugates for variables, and the other way round."""
    swap: dict[sp.Basic, sp.Basic] = {sp.I: -sp.I}
    swap.update(zip(zs + ws, ws + zs, strict=True))
    return expr.xreplace(swap)


@cache
def partials(op: ComplexOp, order: int) -> dict[tuple[int, ...], sp.Expr]:
    """The derivatives by all (first order) or all pairs (second order) of the variables, by their places."""
    symbols, value = variables(op), primal(op)
    first: dict[tuple[int, ...], sp.Expr] = {(i,): value.diff(v) for i, v in enumerate(symbols)}
    second: dict[tuple[int, ...], sp.Expr] = {
        (i, j): first[i,].diff(symbols[j])
        for i, j in combinations_with_replacement(range(len(symbols) if order == 2 else 0), 2)
    }
    return {places: rewritten(e) for places, e in {**first, **second}.items()}


def rewritten(expr: sp.Expr) -> sp.Expr:
    """1 - tanh² by the hyperbolic secant, and 1 + tan² likewise, which lose no digits."""
    z = sp.Wild("z")
    return expr.replace(1 - sp.tanh(z) ** 2, sp.sech(z) ** 2).replace(1 + sp.tan(z) ** 2, sp.sec(z) ** 2)


def named(name: str) -> Callable[[Any], acb]:
    return lambda x: getattr(acb(x), name)()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: named(name)
        for name in (
            "exp log sin cos tan cot sec csc asin acos atan sinh cosh tanh coth sech csch asinh acosh atanh sinc"
        ).split()
    },
    "ImaginaryUnit": lambda: acb(0, 1),
}


@cache
def evaluator(op: ComplexOp, order: int) -> tuple[tuple[tuple[int, ...], ...], Function]:
    """The places of the partials that are not zero everywhere, and one function of the variables for all of them."""
    found = {places: e for places, e in partials(op, order).items() if e != 0}
    return tuple(found), compiled(list(found.values()), variables(op), FUNCTIONS)


# -- what a mode asks for ---------------------------------------------------------------------------------------


def pull(by_z: acb, by_conjugate: acb, c: acb) -> acb:
    """The gradient: what a cotangent becomes on its way back."""
    return c * by_z.conjugate() + c.conjugate() * by_conjugate


def push(by_z: acb, by_conjugate: acb, h: acb) -> acb:
    """The differential along h."""
    return by_z * h + by_conjugate * h.conjugate()


def first_order(asks: str, d: dict[tuple[int, ...], acb], i: int, c: acb, hs: list[acb]) -> acb:
    """The entry of input i, from the derivatives d."""
    z, w = d[2 * i,], d[2 * i + 1,]
    if asks == "jvp":
        return push(z, w, hs[i])
    return pull(z, w, c.conjugate() if "jacobian" in asks else c)  # the Jacobian is that of c · f


def second_order(asks: str, d: dict[tuple[int, ...], acb], i: int, j: int, c: acb, hs: list[acb]) -> acb:
    """The entry of inputs i and j: the first-order answer F_i, differentiated again by z_j and its conjugate."""

    def at(a: int, b: int) -> acb:
        return d[min(a, b), max(a, b)]

    z, w, zj, wj = 2 * i, 2 * i + 1, 2 * j, 2 * j + 1
    if asks in ("vjp_of_jvp", "jvp_of_jvp"):
        by_z, by_w = push(at(z, zj), at(w, zj), hs[i]), push(at(z, wj), at(w, wj), hs[i])
    else:  # conj(f_z) differentiated by z is the conjugate of f_z differentiated by the conjugate
        by_z, by_w = pull(at(z, wj), at(w, zj), c), pull(at(z, zj), at(w, wj), c)
    if asks in ("jvp_of_vjp", "jvp_of_jvp"):
        return push(by_z, by_w, hs[j])
    return pull(by_z, by_w, {"vjp": hs[i], "vjp_of_jvp": c}.get(asks, hs[i].conjugate()))
