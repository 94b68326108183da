"""What the parts of a question are called: f′(x), ∂²f/∂a∂b, c · h_a, and the tensors that hold them."""

from __future__ import annotations

from decimal import Context
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from reference import derive
from reference.exact import answer_shapes
from reference.op import Op
from reference.question import Question
from reference.script import names_of

Array = np.ndarray


def partial_names(op: Op, order: int) -> list[str]:
    """f′, f″ and f‴, or ∂f/∂a, ∂²f/∂a∂b and so on."""
    inputs = names_of(op).split(", ")
    if len(inputs) == 1:
        return [f"f{'′″‴'[order - 1]}({inputs[0]})"]
    if order == 1:
        return [f"∂f/∂{a}" for a in inputs]
    power = "²³"[order - 2]
    return [
        f"∂{power}f/∂{by[0]}{power}" if len({*by}) == 1 else f"∂{power}f/" + "".join(f"∂{a}" for a in by)
        for by in product(inputs, repeat=order)
    ]


def formula(op: Op, order: int, k: int = 0) -> sp.Expr:
    """The primal (order 0) or one of its partials, in the row's own names and in short decimals."""
    x = derive.symbols_of(op)
    expr = derive.partials(op, order)[k] if order else sp.sympify(op.primal(sp, *x))
    renamed = dict(zip(x, map(sp.Symbol, names_of(op).split(", ")), strict=True))
    long = {r: sp.Symbol(text) for r in expr.atoms(sp.Rational) if (text := decimals(r))}
    expr = expr.xreplace({**renamed, **long}).replace(derive.step_floor, sp.floor)
    return min((expr, sp.factor_terms(expr)), key=sp.count_ops) if order else expr


def written(expr: sp.Expr) -> str:
    """An expression on one line; pieces as a sentence would have them."""
    if not isinstance(expr, sp.Piecewise):
        return sp.sstr(expr)
    *cases, (last, _) = expr.args
    pieces = [f"{sp.sstr(value)} if {sp.sstr(condition)}" for value, condition in cases]
    return " else ".join([*pieces, sp.sstr(last)])


def decimals(number: sp.Rational) -> str:
    """A long fraction as the decimal that its author wrote; empty for a short one."""
    if number.q < 10**4:
        return ""
    text = str(Context(prec=80).divide(int(number.p), int(number.q)))
    return text if sp.Rational(text) == number else ""


def tangent_names(question: Question) -> list[str]:
    """h, or one h for each of several inputs."""
    inputs = names_of(question.op).split(", ")
    return ["h"] if len(inputs) == 1 else [f"h_{name}" for name in inputs]


def sources(record: dict[str, Any], question: Question) -> dict[str, str]:
    """The names of the tensors that the question brought along."""
    inputs = names_of(question.op).split(", ")
    named = dict(zip(record["primals"], inputs, strict=True))
    tangents = tangent_names(question)
    for tensor, name in [(record["cotangent"], "c"), *zip(record["tangents"], tangents, strict=True)]:
        if tensor is not None:
            named.setdefault(tensor, name)
    return named


def weighted(question: Question) -> list[tuple[str, Array, str]]:
    """What goes into the question: name, values and kind."""
    used = {"vjp": "c" if question.order == 1 else "ch", "jvp": "h", "jvp_of_jvp": "h"}
    uses = used.get(question.asks, "c" if question.order == 1 else "ch")
    pairs = zip(names_of(question.op).split(", "), question.primals, strict=True)
    found = [(name, x, "primal") for name, x in pairs]
    if "c" in uses:
        found.append(("c", question.cotangent, "cotangent"))
    if "h" in uses:
        tangents = zip(tangent_names(question), question.tangents, strict=True)
        found += [(name, h, "tangent") for name, h in tangents]
    return found


def entry_name(question: Question, entry: int) -> str:
    """Which derivative an entry is, with its weight: c · f′(x), or h_a · c · ∂²f/∂a∂b."""
    op = question.op
    if op.shapes is not None:
        return array_entry(question, entry)
    indices = question.entries[entry]
    inputs, h = names_of(op).split(", "), tangent_names(question)
    by = [h[i] for i in indices]
    factors = {"jvp": by, "jvp_of_vjp": ["c", by[-1]], "jvp_of_jvp": by}.get(question.asks, ["c", *by[:-1]])
    partial = partial_names(op, question.order)[entry]
    return " · ".join([*factors, partial if len(inputs) > 1 else partial])


def array_entry(question: Question, entry: int) -> str:
    """Which derivative of L an entry of an array row is."""
    inputs, h = names_of(question.op).split(", "), tangent_names(question)
    i, j = (question.entries[entry] * 2)[:2]
    a, b = inputs[i], inputs[j]
    return {
        ("vjp", 1): f"∂L/∂{a}",
        ("jvp", 1): f"J_{a} {h[i]}",
        ("jacobian", 1): f"∂(c·f)/∂{a}",
        ("vjp", 2): f"∂⟨{h[i]}, ∂L/∂{a}⟩/∂{b}",
        ("jvp_of_vjp", 2): f"∂²L/∂{a}∂{b} {h[j]}",
        ("vjp_of_jvp", 2): f"∂⟨c, J_{a} {h[i]}⟩/∂{b}",
        ("jvp_of_jvp", 2): f"f″[{h[i]}, {h[j]}]",
        ("jacobian", 2): f"∂({h[i]}·∂L/∂{a})/∂{b}",
    }[question.asks, question.order]


def element_name(question: Question, entry: int, k: int) -> str:
    """The element's index in an array; empty for a single number."""
    if question.op.shapes is None:
        return ""
    shape = answer_shapes(question.op, question.asks, question.order)[entry]
    return f"[{','.join(map(str, np.unravel_index(k, shape)))}]" if shape else ""
