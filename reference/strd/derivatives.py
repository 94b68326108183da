"""A model's residual with its first and second derivatives by the parameters: SymPy derives, any exact numbers compute.

The derivatives are straight-line programs over a table of functions; no text of a file is ever compiled.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import sympy as sp
from flint import arb, fmpq

from reference.balls import integer_power
from reference.choices import Unusable
from reference.expression import ARITHMETIC, Unreadable, walk
from reference.strd.reader import Dataset

MOST_POWER = 64  # whole-numbered exponents of data beyond this are computed in balls
MOST_BITS = 20_000  # of a number that a model has as a power of another


class Irrational(TypeError):
    """A function that has no rational values was asked for one."""


def power(base: Any, exponent: Any) -> Any:
    """A power, unless its exact value would fill the memory."""
    if base.is_Rational and exponent.is_Rational:
        if abs(exponent) * (int(base.p).bit_length() + int(base.q).bit_length()) > MOST_BITS:
            raise Unreadable("a power of two numbers in it has thousands of digits")
    return base**exponent


SYMPY: dict[str, Callable[..., Any]] = {
    **ARITHMETIC,
    "power": power,
    "number": sp.Rational,
    "pi": lambda: sp.pi,
    "exp": sp.exp,
    "log": sp.log,
    "ln": sp.log,
    "log10": lambda x: sp.log(x) / sp.log(10),
    "sqrt": sp.sqrt,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "arcsin": sp.asin,
    "arccos": sp.acos,
    "arctan": sp.atan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
}


def exact_power(base: Any, exponent: Any) -> Any:
    """A power of balls or of rationals; a ball around zero may have whole exponents."""
    whole = exponent if isinstance(exponent, int) else None
    if isinstance(base, fmpq):
        if whole is None or abs(whole) > MOST_POWER:
            raise Irrational
        return base**whole
    if whole is not None:
        return integer_power(base, whole)
    if exponent == sp.S.Half:
        return base.sqrt()
    return base ** (arb(fmpq(int(exponent.p), int(exponent.q))) if isinstance(exponent, sp.Rational) else exponent)


def on_balls(name: str) -> Callable[[Any], Any]:
    """A function that balls have and rationals have not."""

    def of(x: Any) -> Any:
        if isinstance(x, fmpq):
            raise Irrational
        return getattr(x, name)()

    return of


EXACT: dict[Any, Callable[..., Any]] = {
    sp.Add: lambda *terms: reduce(operator.add, terms),
    sp.Mul: lambda *factors: reduce(operator.mul, factors),
    sp.Pow: exact_power,
    **{f: on_balls(f.__name__) for f in (sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.asin, sp.acos, sp.atan)},
    **{f: on_balls(f.__name__) for f in (sp.sinh, sp.cosh, sp.tanh)},
}
CONSTANTS: dict[Any, Callable[[], arb]] = {sp.pi: arb.pi, sp.E: arb.const_e}


class Program(NamedTuple):
    """Straight-line code: each step applies a function to constants and to earlier slots; the inputs come first."""

    inputs: tuple[str, ...]
    steps: tuple[tuple[Any, tuple[Any, ...]], ...]
    outputs: tuple[Any, ...]

    def __call__(self, values: Mapping[str, Any], number: Callable[[Any], Any]) -> list[Any]:
        """All outputs; `number` says what a rational constant is among the values."""
        slots = [values[name] for name in self.inputs]

        def held(operand: Any) -> Any:
            return slots[operand.at] if isinstance(operand, Slot) else number(operand)

        for function, operands in self.steps:
            if function is sp.Pow and isinstance(operands[1], sp.Rational):
                slots.append(exact_power(held(operands[0]), whole(operands[1])))
            else:
                slots.append(EXACT[function](*map(held, operands)))
        return [held(output) for output in self.outputs]


class Slot(NamedTuple):
    """The place of an input or of an earlier step's value."""

    at: int


def whole(exponent: Any) -> Any:
    """A whole-numbered exponent as Python has it."""
    return int(exponent) if isinstance(exponent, sp.Integer) else exponent


def compiled(expressions: Sequence[sp.Expr], symbols: Sequence[sp.Symbol]) -> Program:
    """The expressions as one program in which every subexpression is computed once."""
    places: dict[sp.Expr, Slot] = {symbol: Slot(k) for k, symbol in enumerate(symbols)}
    steps: list[tuple[Any, tuple[Any, ...]]] = []

    def place(expression: sp.Expr) -> Any:
        if isinstance(expression, sp.Rational) or expression in CONSTANTS:
            return expression
        if expression not in places and expression.func not in EXACT:
            raise Unreadable(f"{expression} is no real number, or no function that balls have")
        if expression not in places:
            operands = tuple(place(argument) for argument in expression.args)
            steps.append((expression.func, operands))
            places[expression] = Slot(len(symbols) + len(steps) - 1)
        return places[expression]

    short, results = sp.cse(expressions)
    for symbol, expression in short:
        places[symbol] = place(expression)
    outputs = tuple(place(result) for result in results)
    return Program(tuple(map(str, symbols)), tuple(steps), outputs)


class Derived(NamedTuple):
    """A model's residual r = model - response: programs that give r, its gradient and its Hessian's upper triangle."""

    first: Program  # r, then ∂r/∂b for each parameter
    second: Program  # r, ∂r/∂b, then ∂²r/∂b∂b' for b' not before b
    linear: bool  # whether all second derivatives are zero


def derived(dataset: Dataset) -> Derived:
    """SymPy's derivatives of a set's model."""
    try:
        return differentiated(dataset)
    except Unreadable as error:
        raise Unusable(f"{dataset.path}: the model cannot be computed: {error}.") from None


def differentiated(dataset: Dataset) -> Derived:
    """The programs of a set's derivatives; Unreadable where its model has no real values."""
    symbols = {name: sp.Symbol(name, real=True) for name in (*(p.name for p in dataset.parameters), *dataset.columns)}
    residual = walk(dataset.model, SYMPY, symbols) - walk(dataset.response, SYMPY, symbols)
    by = [symbols[p.name] for p in dataset.parameters]
    gradient = [sp.diff(residual, b) for b in by]
    hessian = [sp.diff(gradient[j], by[k]) for j in range(len(by)) for k in range(j, len(by))]
    every = list(symbols.values())
    linear = all(sp.expand(h) == 0 for h in hessian)
    return Derived(compiled([residual, *gradient], every), compiled([residual, *gradient, *hessian], every), linear)
