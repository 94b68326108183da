"""Sums of floats: every value that some order can give, as a proved interval; and orders that machines use, by name.

The bound. A sum of n numbers is a binary tree with n − 1 additions, each wrong by half a unit of its result at most.
What an addition over m leaves rounds is at most S(m) + E(m − 1): the m largest magnitudes, and the errors so far. A
tree has at most n − m + 1 additions over m leaves or more: by induction, with both children that large
1 + (a − m + 1) + (b − m + 1) ≤ a + b − m + 1, as m ≥ 2; with one or none it has fewer. So its j-th largest addition is
no larger than the j-th largest of the chain that adds the numbers from the largest on, and the errors of all additions
together are at most E(n) = Σ half a unit of S(m) + E(m − 1), over m = 2 … n.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from reference.ulp import FORMATS

Array = np.ndarray


def half_unit(size: Fraction, dtype: str) -> Fraction:
    """The largest error of one rounding to nearest whose result is of this magnitude or less."""
    if not size:
        return Fraction(0)
    form = FORMATS[dtype]
    top = size.numerator.bit_length() - size.denominator.bit_length()
    top -= Fraction(2) ** top > size
    return Fraction(2) ** (max(top, form.emin) - form.precision)


def flushed(magnitudes: Sequence[Fraction], dtype: str) -> Fraction:
    """What flushing a subnormal sum may lose: sums are multiples of the last digit of the smallest term."""
    form = FORMATS[dtype]
    normal = Fraction(2) ** form.emin
    return normal if any(0 < m < normal * 2 ** (form.precision - 1) for m in magnitudes) else Fraction(0)


def error_of_any_order(magnitudes: Sequence[Fraction], dtype: str) -> Fraction:
    """How far a sum of n floats of these magnitudes can be from exact, in whatever order it is taken: E(n)."""
    largest_first = sorted(magnitudes, reverse=True)
    error, size, lost = Fraction(0), sum(largest_first[:1], start=Fraction(0)), flushed(magnitudes, dtype)
    for magnitude in largest_first[1:]:
        size += magnitude
        error += half_unit(size + error, dtype) + lost
    return error


def any_order(values: Sequence[float], dtype: str) -> tuple[Fraction, Fraction]:
    """The interval of all sums of these floats."""
    exact = [Fraction(float(value)) for value in values]
    total, error = sum(exact, start=Fraction(0)), error_of_any_order(list(map(abs, exact)), dtype)
    return total - error, total + error


# -- orders by name ---------------------------------------------------------------------------------------------


def in_turn(x: Array) -> Any:
    """((a₀ + a₁) + a₂) + …"""
    total = x[0]
    for each in x[1:]:
        total = total + each
    return total


def backwards(x: Array) -> Any:
    """From the last on."""
    return in_turn(x[::-1])


def adjacent_pairs(x: Array) -> Any:
    """((a₀ + a₁) + (a₂ + a₃)) + …, again and again; one that is left over waits for the next round."""
    while len(x) > 1:
        pairs = x[: len(x) // 2 * 2]
        x = np.concatenate([pairs[::2] + pairs[1::2], x[len(pairs) :]])
    return x[0]


def halves(x: Array) -> Any:
    """The first half onto the second, again and again."""
    while len(x) > 1:
        half = len(x) // 2
        x = np.concatenate([x[:half] + x[half : 2 * half], x[2 * half :]])
    return x[0]


def lanes(width: int, finish: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """Every `width`-th number into one register, as vector units do, and the registers then in another order."""

    def summed(x: Array) -> Any:
        whole = x[: len(x) // width * width].reshape(-1, width)
        registers = [in_turn(column) for column in whole.T] if len(whole) else []
        return finish(np.array([*registers, *x[whole.size :]], dtype=x.dtype))

    return summed


def blocks(width: int, inside: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """Sums of `width` neighbours, and these in turn."""
    return lambda x: in_turn(np.array([inside(x[k : k + width]) for k in range(0, len(x), width)], dtype=x.dtype))


ORDERS: dict[str, Callable[[Array], Any]] = {
    "NumPy": np.sum,
    "in turn": in_turn,
    "backwards": backwards,
    "adjacent pairs": adjacent_pairs,
    "halves": halves,
    **{f"{width} lanes, {name}": lanes(width, finish) for width in (2, 4, 8) for name, finish in
       (("in turn", in_turn), ("adjacent pairs", adjacent_pairs), ("halves", halves))},
    **{f"blocks of {width}, {name}": blocks(width, inside) for width in (4, 8) for name, inside in
       (("in turn", in_turn), ("adjacent pairs", adjacent_pairs), ("halves", halves))},
}  # fmt: skip
