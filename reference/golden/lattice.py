"""The lattice of settings around a listing, and which of them give a log: rate, scaling, time of the loss, and more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from reference.choices import Unusable
from reference.golden import models
from reference.golden.envelope import envelopes
from reference.golden.envelope import interval as enclosed
from reference.golden.imitation import Values, imitated, orders_of, value_in
from reference.golden.log import Log
from reference.golden.models import MODELS, is_training, parabola
from reference.golden.printed import Interval, Number, last_digit, nearest, rounded

#: Factors that a rate, a number of iterations and a display step may be wrong by.
FACTORS = tuple(Decimal(text) for text in ("1", "0.01", "0.1", "0.2", "0.5", "2", "5", "10", "100"))
NAMES = ("rate", "gradient", "loss", "iterations", "display", "dtype")
PATIENCE = 4  # a setting that misses more than one number in so many is given up
NEAR = 1000  # of the largest number of a name, a setting is held to its envelope where it is off by one part in so many
MOST = 10_000  # iterations that are tried beyond those of the listing


class Point(NamedTuple):
    """One setting of the lattice: a training, and how it is printed."""

    rate: Decimal
    gradient: str
    loss: str
    iterations: int
    display: int
    dtype: str
    order: str  # of the sums; only float32 shows it in so few digits

    @property
    def setting(self) -> dict[str, Any]:
        """What a program or the exact side is told."""
        return {key: getattr(self, key) for key in ("rate", "gradient", "loss", "iterations")}

    def unlike(self, other: Point) -> list[str]:
        """The fields in which two settings differ, the order of the sums aside."""
        return [name for name in NAMES if getattr(self, name) != getattr(other, name)]


class Miss(NamedTuple):
    """A printed number that a setting does not give, and what it gives there; None where the step is not printed."""

    number: Number
    instead: float | None


class Fit(NamedTuple):
    """A setting, and the numbers of the log that it misses."""

    point: Point
    misses: list[Miss]


class Search(NamedTuple):
    """What the lattice says of a log: its size, how many settings of it were run, and what they give.

    `fits` are those without a miss, `nearest` the one with the fewest; `consistent`, asked where none fits, are those
    in whose envelope every number lies.
    """

    size: int
    tried: int
    listing: Fit
    fits: list[Fit]
    nearest: Fit
    consistent: list[Point]


def listing_of(log: Log) -> Point:
    """The setting that is printed beside a log."""
    known = {"gradient": "mean", "loss": "before", "display": 1, **log.listing, **MODELS[log.program].knobs}
    known.update({key: value for key, value in log.listing.items() if key in ("gradient", "loss")})
    fields = {key: known[key] for key in Point._fields if key in known}
    return Point(**{**fields, "dtype": log.dtype, "order": orders_of(log, log.dtype)[0]})


def check(log: Log) -> None:
    """Unusable for a log whose training is not known exactly."""
    if not is_training(log):
        raise Unusable(f"{log.name}: nothing can be searched, for {log.program} is no training that is known exactly.")
    for field in ("rate", "iterations"):
        if field not in log.listing:
            raise Unusable(f"{log.name}: the field {field!r} is missing in [listing].")
    if log.more["at"] == "start":
        raise Unusable(f"{log.name}: it tells of the start, before any update, so that there is no setting to search.")
    models.check(log)


def scaled(value: int) -> list[int]:
    """A count times each factor, where that is a count."""
    found = [value * factor for factor in FACTORS]
    return sorted({int(each) for each in found if each == int(each) and 0 < each <= max(value, MOST)})


def axes(listing: Point, log: Log) -> dict[str, list[Any]]:
    """The values of each field; the listing's own come first."""
    others: dict[str, list[Any]] = {
        "rate": [listing.rate * factor for factor in FACTORS],
        "gradient": ["mean", "sum"] if MODELS[log.program].term is not parabola else [listing.gradient],
        "loss": ["before", "after"],
        "iterations": scaled(listing.iterations),
        "display": scaled(listing.display) if log.steps else [listing.display],
        "dtype": ["float64", "float32"],
    }
    return {name: list(dict.fromkeys([getattr(listing, name), *values])) for name, values in others.items()}


def search(log: Log) -> Search:
    """Every setting of the lattice held against a log."""
    check(log)
    listing = listing_of(log)
    ways = axes(listing, log)
    printings = list(product(ways["iterations"], ways["display"]))
    fitting = [each for each in printings if prints(each, log)] or [(listing.iterations, listing.display)]
    patience = len(log.numbers) // PATIENCE
    hopeless = {dtype: no_float(log, dtype, patience) for dtype in ways["dtype"]}
    found = []
    for rate, gradient, loss, dtype in product(ways["rate"], ways["gradient"], ways["loss"], ways["dtype"]):
        for order, (iterations, display) in product(orders_of(log, dtype), fitting):
            point = Point(rate, gradient, loss, iterations, display, dtype, order)
            found.append(Fit(point, hopeless[dtype]) if hopeless[dtype] else held_to(log, point, patience))
    trainings = len(found) // len(fitting)
    ranked = sorted(found, key=lambda fit: (len(fit.misses), len(fit.point.unlike(listing))))
    own = held_to(log, listing, len(log.numbers))
    fits = [fit for fit in ranked if not fit.misses and prints(fit.point[3:5], log)]
    tried = sum(not hopeless[fit.point.dtype] for fit in found)
    closest = held_to(log, ranked[0].point, len(log.numbers))
    return Search(trainings * len(printings), tried, own, fits, closest, [] if fits else allowed(log, listing, ranked))


def no_float(log: Log, dtype: str, patience: int) -> list[Miss]:
    """The numbers that no float of a dtype prints as, if they are too many for any training in it."""
    printed = [(number, number.behind) for number in log.numbers if number.behind is not None]
    found = [n for n, behind in printed if nearest(behind, rounded(behind.low, dtype), dtype) is None]
    return [Miss(number, None) for number in found] if len(found) > patience else []


def prints(printing: Iterable[int], log: Log) -> bool:
    """Whether so many iterations with this display step print the steps of the log, and no others."""
    iterations, display = printing
    return not log.steps or log.steps == list(range(0, iterations + 1, display))


def held_to(log: Log, point: Point, patience: int) -> Fit:
    """The numbers that a setting misses; given up after more misses than `patience`."""
    misses: list[Miss] = []
    with np.errstate(all="ignore"):  # some settings diverge
        for number, values in beside(log, point):
            got = None if values is None else value_in(values, number.name, number.element)
            if got is None or number.behind is None or got not in number.behind:
                misses.append(Miss(number, None if got is None else float(got)))
                if len(misses) > patience:
                    break
    return Fit(point, misses)


def beside(log: Log, point: Point) -> Iterator[tuple[Number, Values | None]]:
    """Each number of a log with the values of its step, as a training comes to it."""
    last = MODELS[log.program].steps(point.iterations) - 1
    numbers = sorted(log.numbers, key=lambda n: last if n.step is None else n.step)
    training = enumerate(imitated(log, point.setting, point.dtype, point.order))
    at, values = -1, None
    for number in numbers:
        wanted = last if number.step is None else number.step
        while at < wanted <= last:
            at, values = next(training)
        yield number, values if wanted <= last else None


def allowed(log: Log, listing: Point, fits: list[Fit]) -> list[Point]:
    """The settings whose envelope every number meets, the listing first: another order of sums may give the log."""
    near = [fit.point for fit in fits if is_near(log, fit)]
    points = {point[:-1]: point for point in reversed([listing, *near]) if prints(point[3:5], log)}
    found = [point for point in points.values() if certainty(log, point).consistent]
    return sorted(found, key=lambda point: len(point.unlike(listing)))


def is_near(log: Log, fit: Fit) -> bool:
    """Whether what a setting was found to miss is so little that rounding may have done it."""
    largest: dict[str, Fraction] = {}
    for number in log.numbers:
        if number.behind is not None:
            largest[number.name] = max(largest.get(number.name, Fraction(0)), abs(Fraction(number.text)))
    return all(
        miss.instead is not None
        and miss.number.behind is not None
        and abs(Fraction(miss.instead) - Fraction(miss.number.text)) * NEAR <= largest[miss.number.name]
        for miss in fit.misses
    )


# -- what is certain -----------------------------------------------------------------------------------------------


class Certainty(NamedTuple):
    """On any machine of the dtype: how many numbers a setting must print as they are, may print, and cannot print."""

    must: int
    may: int
    cannot: list[Number]
    consistent: bool  # every number must or may be printed


def certainty(log: Log, point: Point) -> Certainty:
    """The log held to the envelope of a setting, in which every rerun on every machine lies."""
    steps = list(envelopes(log._replace(dtype=point.dtype), point.setting))
    must, may, cannot = 0, 0, []
    for number in log.numbers:
        at = len(steps) - 1 if number.step is None else number.step
        if at >= len(steps) or number.behind is None:
            continue
        model, here = MODELS[log.program], steps[at]
        names = list(model.names) if len(model.names) > 1 else list(model.names) * len(here.parameters)
        place = names.index(number.name) + number.element % names.count(number.name) if number.name in names else -1
        possible = enclosed(here.loss if place < 0 else here.parameters[place])
        if number.behind.low <= possible.low and possible.high <= number.behind.high:
            must += 1
        elif no_float_in(number.behind, possible, point.dtype):
            cannot.append(number)
        else:
            may += 1
    return Certainty(must, may, cannot, must + may == len(log.numbers))


def no_float_in(printed: Interval, possible: Interval, dtype: str) -> bool:
    """Whether no float of a dtype prints as a number does and is possible."""
    both = Interval(max(printed.low, possible.low), min(printed.high, possible.high), printed.cut)
    return both.high < both.low or nearest(both, rounded(both.low, dtype), dtype) is None


def units(miss: Miss) -> Fraction:
    """How far a printed number is from what a setting gives, in units of its last digit."""
    assert miss.instead is not None
    return abs(Fraction(miss.number.text) - Fraction(miss.instead)) / last_digit(miss.number.text)
