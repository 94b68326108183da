"""Judging a printed number: which values may stand behind its digits, and how far another float is from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import arb, ctx

from reference.line import places
from reference.ulp import FORMATS, next_down, next_up, round_ball

DTYPES = ("float32", "float64")
#: How a log prints: so many decimals (%f), or the fewest digits that give the float back (NumPy, tf.print).
PRINTS = ("fixed", "shortest")
#: A number is read whole or not at all, `(?>…)`, so that a line is read in one pass; a point at its end is its own only
#: where the pattern has none there.
DIGITS = (
    r"((?> {{0,12}}(?:[-+]?(?:[0-9]+{point}|\.[0-9]+)(?:[eE][-+]?[0-9]{{1,3}})?|None|[-+]?(?i:nan|inf(?:inity)?))))"
)
HOLE = re.compile(r"\{(\w+)\}")
MOST_DIGITS = 60
LONGEST = 2000  # characters of a line


class Unlike(ValueError):
    """A line that does not read as its pattern says; the message goes on after "line 3"."""


class Interval(NamedTuple):
    """The values that print as a number does, ends included unless the number was cut off."""

    low: Fraction
    high: Fraction
    cut: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, Fraction):
            return False
        return self.low <= value < self.high if self.cut else self.low <= value <= self.high


class Number(NamedTuple):
    """One printed number: where it stands, what it is called, its text, and the values that may stand behind it."""

    line: int
    name: str
    step: int | None
    text: str
    dtype: str
    behind: Interval | None  # None: the text is None
    element: int = 0


class Template:
    """A line with names in braces where numbers stand; `{i}` is the step."""

    def __init__(self, pattern: str):
        self.names = HOLE.findall(pattern)
        parts = HOLE.split(pattern)[::2]
        if len(pattern) > LONGEST or "" in parts[1:-1]:
            raise Unlike("has a pattern that is too long, or with two names side by side")
        if any(part[0].isdigit() for part in parts[1:] if part):
            raise Unlike("has a pattern with a digit right behind a name, so that the number's end is not known")
        self.shape = re.compile(re.escape(parts[0]) + "".join(map(hole, parts[1:])))
        self.pattern = pattern

    def read(self, line: str, place: int, prints: str, dtype: str) -> Iterator[Number]:
        """The numbers of one line but the step, or Unlike."""
        found = self.shape.fullmatch(line) if len(line) <= LONGEST else None
        if found is None:
            raise Unlike(f"is {line[:60]!r}, which does not read as {self.pattern[:60]!r}")
        texts = [text.strip() for text in found.groups()]
        step = None
        if "i" in self.names:
            text = texts[self.names.index("i")]
            if not text.isdecimal():
                raise Unlike(f"has the step {text!r}, which is no whole number")
            step = int(text)
        for name, text, end in zip(self.names, texts, found.regs[1:], strict=True):
            if name != "i":
                cut = line[end[1] :].startswith("...")
                yield Number(place, name, step, text, dtype, behind(name, text, prints, dtype, cut))


def hole(after: str) -> str:
    """The expression for a number and the text that stands after it."""
    return DIGITS.format(point=r"(?:\.\d+)?" if after.startswith(".") else r"\.?\d*") + re.escape(after)


def behind(name: str, text: str, prints: str, dtype: str, cut: bool = False) -> Interval | None:
    """The values that a printed number may stand for; Unlike where it stands for none."""
    if text == "None":
        return None
    if "n" in text.lower():
        raise Unlike(f"prints {text} as {name}, of which no digit can be judged")
    if len(text) > MOST_DIGITS:
        raise Unlike(f"prints more than {MOST_DIGITS} digits as {name}")
    value, unit = Fraction(text), last_digit(text)
    if cut:
        return Interval(value, value + unit, True) if not text.startswith("-") else Interval(value - unit, value, True)
    if prints == "fixed":
        return Interval(value - unit / 2, value + unit / 2)
    held = rounded(value, dtype)
    if abs(held) > FORMATS[dtype].largest:
        raise Unlike(f"prints {text} as {name}, which is no {dtype}")
    if not is_printed(text, held, dtype):
        return Interval(value, value, True)  # no value at all
    low, high = ((Fraction(held) + Fraction(end)) / 2 for end in (next_down(held, dtype), next_up(held, dtype)))
    return Interval(low, high)


def is_printed(text: str, held: float, dtype: str) -> bool:
    """Whether a float is printed so: as its shortest decimal, with all the digits it may need, or by an older NumPy."""
    ways = [str(np.dtype(dtype).type(held)), f"{held:.{9 if dtype == 'float32' else 17}g}"]
    if last_digit(text) >= Fraction(1, 10**8):
        ways.append(f"{held:.8f}")  # an element of an array, by NumPy up to 1.13
    return Fraction(text) in map(Fraction, ways)


def last_digit(text: str) -> Fraction:
    """One unit of the last digit that is printed."""
    digits, _, exponent = text.lower().partition("e")
    return Fraction(10) ** (int(exponent or 0) - len(digits.partition(".")[2]))


def rounded(value: Fraction, dtype: str) -> float:
    """The float nearest to an exact value."""
    for bits in (512, 8192):
        with ctx.workprec(bits):
            held = round_ball(arb(value.numerator) / value.denominator, dtype)
        if held is not None:
            return held
    raise Unlike(f"prints a number in the very middle between two floats of {dtype}")


def nearest(interval: Interval, value: float, dtype: str) -> float | None:
    """The float in an interval that is nearest to a value; None where the interval holds no float of the dtype."""
    if Fraction(value) in interval:
        return value
    end = interval.low if value < interval.low else interval.high
    near = rounded(end, dtype)
    for each in (near, next_up(near, dtype), next_down(near, dtype)):
        if Fraction(each) in interval:
            return each
    return None


def apart(one: float, other: float, dtype: str) -> int:
    """How many floats of the dtype lie from one to the other: their distance in ULP."""
    first, second = places([one, other], dtype)
    return abs(int(first) - int(second))


def true_digits(number: Number, exact: arb) -> tuple[int, int]:
    """How many significant digits of a printed number are true of an exact value, and how many it has.

    A digit is true where printed and exact differ by half a unit of that digit or less, certainly.
    """
    text = number.text.lower().partition("e")[0].lstrip("+-0.").replace(".", "")
    count = len(text) or 1
    value, unit = Fraction(number.text), last_digit(number.text)
    away = abs(exact - arb(value.numerator) / value.denominator)
    for lost in range(count):
        half = unit * Fraction(10) ** lost / 2
        if away <= arb(half.numerator) / half.denominator:
            return count - lost, count
    return 0, count
