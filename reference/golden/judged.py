"""A log held to its rerun, number by number: the same digits, or how far off and why that is accepted or not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from reference import wire
from reference.choices import Unusable, listed
from reference.golden.envelope import Envelope, envelopes, interval
from reference.golden.log import Log
from reference.golden.models import MODELS, columns_of, is_training, line
from reference.golden.printed import Interval, Number, apart, nearest, true_digits
from reference.golden.summation import ORDERS, any_order
from reference.golden.trajectory import Step, exact_of, trajectory

Records = Sequence[Mapping[str, Any]]  # the runner's answer: the start, then one record per step

SAME, ORDER, ROUNDING = "same digits", "order of the sum", "rounding of the training"
REFUSED, IMPOSSIBLE, ABSENT = "beyond rounding", "no such float", "absent"
DRAWN, UNLIKELY = "a plausible draw", "no plausible draw"
ACCEPTED = (SAME, ORDER, ROUNDING, DRAWN)


class Verdict(NamedTuple):
    """One printed number beside its rerun.

    `here` is None where the program answers None; `ulp` is the distance to the nearest float that prints so, None where
    there is none; `digits` says how many of the printed digits are true of the mathematics, and of how many.
    """

    number: Number
    here: float | None
    ulp: int | None
    because: str
    words: str
    exact: arb | None
    digits: tuple[int, int] | None

    @property
    def accepted(self) -> bool:
        """Whether the number stands."""
        return self.because in ACCEPTED


class Bounds(NamedTuple):
    """What is known of a log's training without running it: exact steps, and the envelopes of its dtype."""

    exact: list[Step]
    envelopes: list[Envelope]


def bounds(log: Log, setting: Mapping[str, Any]) -> Bounds:
    """The exact side of a log; empty where its program is no training that is known exactly, or has not begun."""
    if log.more["at"] == "start" or not is_training(log) or not {"rate", "iterations"} <= set(setting):
        return Bounds([], [])
    return Bounds(list(trajectory(log, dict(setting))), list(envelopes(log, dict(setting))))


def is_random(log: Log) -> bool:
    """Whether every run of a log's program draws other data."""
    return log.program.startswith("eager") and log.seed is None


def judged(log: Log, records: Records, known: Bounds) -> Iterator[Verdict]:
    """The verdict on every number of a log."""
    for number in log.numbers:
        here, dtype = value(log, records, number)
        exact = None if not known.exact else exact_of(log, known.exact[place(log, number)], number.name, number.element)
        digits = None if exact is None or number.behind is None else true_digits(number, exact)
        ulp, because, words = reason(log, records, known, number, here, dtype)
        yield Verdict(number, here, ulp, because, words, exact, digits)


def reason(
    log: Log, records: Records, known: Bounds, number: Number, here: float | None, dtype: str
) -> tuple[int | None, str, str]:
    """How far a number is from its rerun in ULP, and because of what it is accepted or refused, in words."""
    if number.behind is None or here is None:
        both = number.behind is None and here is None
        return (0, SAME, "None, as printed") if both else (None, ABSENT, "one of the two is None")
    if not math.isfinite(here):
        return None, REFUSED, f"the rerun is {here} there"
    near = nearest(number.behind, here, number.dtype)
    if near is None:
        return None, IMPOSSIBLE, f"no {number.dtype} prints as {number.text}"
    if dtype != number.dtype:
        return None, REFUSED, f"the program answers in {dtype}, and the log is of {number.dtype}"
    ulp = apart(here, near, dtype)
    if Fraction(here) in number.behind:
        return ulp, SAME, SAME
    found = dict(possibilities(log, records, known, number))
    if not all(low <= Fraction(here) <= high for low, high in found.values()):
        return ulp, REFUSED, "the rerun itself is farther off than rounding can take it"
    for because, possible in found.items():
        if meets(number.behind, possible):
            return ulp, because, f"{SENTENCES[because]}{by_name(log, records, number, because)}"
    return ulp, REFUSED, "no rounding explains it" if known.envelopes else "nothing explains it"


SENTENCES = {
    ORDER: "this step's sum in another order gives it",
    ROUNDING: "within the rounding of the steps so far",
}


def possibilities(
    log: Log, records: Records, known: Bounds, number: Number
) -> Iterator[tuple[str, tuple[Fraction, Fraction]]]:
    """The values that a machine can give: by another order of this step's sum, and by the rounding of all steps."""
    found = terms(log, records, number)
    if found is not None:
        low, high = any_order(found, number.dtype)
        scale, slack = MODELS[log.program].scale(len(found)), rest(len(found), number.dtype)
        yield ORDER, (low * scale * (1 - slack), high * scale * (1 + slack))
    if known.envelopes:
        here = known.envelopes[place(log, number)]
        model, at = MODELS[log.program], number.name
        if at in ("loss", "y"):
            yield ROUNDING, interval(here.loss)[:2]
        elif at in model.names:
            k = model.names.index(at) if len(model.names) > 1 else number.element % len(here.parameters)
            yield ROUNDING, interval(here.parameters[k])[:2]


def rest(count: int, dtype: str) -> Fraction:
    """The relative rounding of dividing a sum by n and halving it: none for a power of two."""
    return Fraction(0) if count & (count - 1) == 0 else Fraction(4, 2 ** (24 if dtype == "float32" else 53))


def terms(log: Log, records: Records, number: Number) -> list[float] | None:
    """What this step's loss is the sum of, on the parameters recorded here; the same on every IEEE machine."""
    if (
        log.more["at"] == "start"
        or not is_training(log)
        or MODELS[log.program].term is not line
        or number.name != "loss"
    ):
        return None
    model = MODELS[log.program]
    after = {**log.effective, **model.knobs}.get("loss", "before") == "after"
    record = records[place(log, number) + after]
    if not all(name in record for name in model.names):
        return None
    p = [np.asarray(wire.unpack(record[name])[0], dtype=number.dtype) for name in model.names]
    columns, targets = columns_of(log)
    x, y = (np.array(each, dtype=number.dtype) for each in (columns[0], targets))
    with np.errstate(all="ignore"):
        found = np.square(y - (p[0] * x + p[1]))
    return found.tolist() if np.isfinite(found).all() else None


def by_name(log: Log, records: Records, number: Number, because: str) -> str:
    """The orders by name that give the number from the parameters here, if it is a matter of order."""
    found = terms(log, records, number) if because == ORDER else None
    if found is None or number.behind is None:
        return ""
    raw = np.array(found, dtype=number.dtype)
    scale = raw.dtype.type(float(MODELS[log.program].scale(len(raw))))
    names = [name for name, order in ORDERS.items() if Fraction(float(order(raw) * scale)) in number.behind]
    return f": {names[0]}" + (f", and {len(names) - 1} more" if names[1:] else "") if names else ""


def meets(behind: Interval, possible: tuple[Fraction, Fraction]) -> bool:
    """Whether some value prints as the number does and is possible."""
    low, high = max(behind.low, possible[0]), min(behind.high, possible[1])
    return low < high if behind.cut else low <= high


def place(log: Log, number: Number) -> int:
    """The index of the step that a number is of, among the steps that are taken."""
    if log.program not in MODELS or "iterations" not in log.effective:
        return 0
    count = MODELS[log.program].steps(log.effective["iterations"])
    if number.step is None:
        return count - 1
    if number.step >= count:
        raise Unusable(f"{log.name}: line {number.line} is of step {number.step}, and there are {count} steps.")
    return number.step


def value(log: Log, records: Records, number: Number) -> tuple[float | None, str]:
    """What the program answers where a number stands, and in which dtype."""
    at = 0 if log.more["at"] == "start" else -1 if number.step is None else number.step + 1
    if at >= len(records):
        raise Unusable(f"{log.name}: line {number.line} is of step {number.step}, and {len(records) - 1} are taken.")
    record = records[at]
    if number.name not in record:
        raise Unusable(f"{log.name}: the program {log.program} says no {number.name!r}, but {listed(sorted(record))}.")
    if record[number.name] is None:
        return None, ""
    values, dtype = wire.unpack(record[number.name])
    assert values is not None
    return float(values.ravel()[number.element % values.size]), dtype


def shown(verdict: Verdict) -> str:
    """The exact value with three digits more than are printed."""
    if verdict.exact is None:
        return ""
    decimals = len(verdict.number.text.lower().partition("e")[0].partition(".")[2]) + 3
    return f"{float(verdict.exact.mid()):.{decimals}f}"
