"""Numbers as people read them: decimals, proven digits, hexadecimal, distances in ULP."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from flint import arb

from reference.balls import working
from reference.choices import hexed, shortest, tidied
from reference.judge import Verdict
from reference.question import Side

Array = np.ndarray

DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}  # enough to tell two floats apart


def decimal(value: float, dtype: str) -> str:
    """A float with as many digits as tell it from its neighbours."""
    if not math.isfinite(value):
        return str(value)
    return tidied(f"{value:.{DIGITS.get(dtype, 17)}g}")


def certified(exact: Any, digits: int) -> str:
    """The digits of an exact value that are proven, at most so many."""
    if not isinstance(exact, arb):
        return "undecided" if exact is None else str(exact)
    if exact.is_nan():
        return "undefined"
    if not exact.is_finite():
        return "inf" if exact > 0 else "-inf"
    with working(1000):  # or Arb prints no more digits than it happens to work with
        text = exact.str(digits, radius=False)
    return tidied(text) if exact.is_exact() or "e" in text else text


def certified_side(side: Side, digits: int) -> str:
    return "undefined" if side is None else str(side) if isinstance(side, float) else certified(side, digits)


def absent(verdict: Verdict) -> str:
    """What came back instead of a number: None, or what TensorFlow raised."""
    return "None" if verdict.message in ("", "None for zero") else verdict.message


def proven(side: Side, digits: int) -> str:
    """The same with a mark where there are more digits."""
    more = isinstance(side, arb) and side.is_finite() and not side.is_exact()
    return certified_side(side, digits) + "…" * more


class Exact:
    """A side of the exact answer, comparable by what it looks like."""

    def __init__(self, value: Side) -> None:
        self.value, self.text = value, certified_side(value, 40)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def both(value: float, dtype: str) -> str:
    return f"{shortest(value, dtype)} ({hexed(value)})"


def in_ulp(distance: float) -> str:
    """A distance in at most six characters or so."""
    if math.isnan(distance):
        return "–"
    if distance == 0 or not math.isfinite(distance):
        return "0" if distance == 0 else "∞"
    if distance < 0.005:
        return "0.00"
    return (
        f"{distance:.2f}"
        if distance < 10
        else f"{distance:.0f}"
        if distance < 1e5
        else f"{distance:.1e}".replace("e+0", "e").replace("e+", "e")
    )


def hexes(values: Array) -> list[str]:
    return [float(v).hex() for v in np.ravel(values)]


def finite(value: float) -> float | str | None:
    """A number as JSON can hold it."""
    return None if math.isnan(value) else value if math.isfinite(value) else "inf"
