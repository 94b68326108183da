"""`log explain`: the setting that gives a log, searched around its listing, with what is certain on every machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from reference.choices import listed
from reference.golden import unsearched
from reference.golden.departure import Departure, departures
from reference.golden.imitation import orders_of
from reference.golden.lattice import NAMES, Certainty, Fit, Miss, Point, Search, certainty, search, units
from reference.golden.log import Log, chosen
from reference.golden.models import columns_of, is_training
from reference.golden.printed import true_digits
from reference.golden.running import told_of
from reference.golden.trajectory import exact_of, trajectory
from reference.show import page

SHOWN = 8  # numbers that are named


class Explanation(NamedTuple):
    """A log and its search; `settings` are the points that give it, those that differ in the order only once."""

    log: Log
    search: Search
    settings: list[Point]
    listing: Certainty
    found: Certainty | None
    leaves: list[Departure]

    @property
    def verdict(self) -> str:
        """In one word or two, what is found."""
        if not self.settings:
            return self.allowed
        if any(not point.unlike(self.search.listing.point) for point in self.settings):
            return "the listing gives it"
        return "another setting gives it"

    @property
    def allowed(self) -> str:
        """The verdict where no setting gives the log with any named order of sums."""
        if not self.search.consistent:
            return "nothing fits"
        own = not self.search.consistent[0].unlike(self.search.listing.point)
        return "consistent with the listing" if own else "consistent with another setting"

    @property
    def on_record(self) -> bool:
        """Whether the setting that the file calls effective gives the log, or, where none does, allows it."""
        wanted = self.search.listing.point._replace(**self.log.effective)
        return any(not point.unlike(wanted) for point in self.settings or self.search.consistent)


def run(options: argparse.Namespace) -> int:
    """Explain the chosen logs; 1 where the effective setting on file does not give one."""
    logs = chosen(options.name)
    known = [log for log in logs if is_training(log)]
    if not known:
        return apart(logs[0], options.json)
    left = [log.name for log in logs if log not in known]
    if left:
        print(f"Left out: {listed(left)}, whose numbers come of no training that is known exactly.", file=sys.stderr)
    found = [explained(log) for log in told_of(known)]
    if options.json:
        print(json.dumps([record(each) for each in found], indent=1, ensure_ascii=False))
    else:
        text = "\n\n".join("\n".join(told(each)) for each in found)
        page(lambda console: console.print(text, markup=False))
    return 0 if all(each.on_record for each in found) else 1


def apart(log: Log, as_json: bool) -> int:
    """What there is to say where no setting is searched."""
    lines = list(unsearched.told(log))
    if as_json:
        print(json.dumps([{"log": log.name, "said": lines}], indent=1, ensure_ascii=False))
    else:
        page(lambda console: console.print("\n".join(lines), markup=False))
    return 0


def explained(log: Log) -> Explanation:
    """Search, and bound what is found."""
    found = search(log)
    settings: list[Point] = []
    for fit in found.fits:
        if not any(not fit.point.unlike(point) for point in settings):
            settings.append(fit.point)
    first = settings[0] if settings else None
    leaves = list(departures(log, first)) if first else []
    return Explanation(
        log, found, settings, certainty(log, found.listing.point), certainty(log, first) if first else None, leaves
    )


# -- in words ------------------------------------------------------------------------------------------------------


def told(each: Explanation) -> Iterator[str]:
    """The explanation, line by line."""
    own, count = each.search.listing, len(each.log.numbers)
    yield f"{each.log.name}: {each.search.size:,} settings around the listing, {ruled_out(each.search)}"
    yield f"The listing: {setting(own.point, each.log)}."
    if each.verdict == "consistent with the listing":
        yield from consistent(each)
    elif each.verdict == "the listing gives it":
        yield f"It gives all {count} numbers{orders(each, own.point)}."
    else:
        yield f"It does not give the log: it misses {len(own.misses)} of {count} numbers{steps(each)}."
        yield from (f"  {line}" for line in cannot(each))
    if each.verdict == "another setting gives it":
        yield from others(each)
    elif each.verdict == "consistent with another setting":
        yield from consistent(each)
    elif each.verdict == "nothing fits":
        yield from nearest(each)
    elif len(each.settings) > 1:
        yield f"So {others_too(each.settings, 'does', 'do')}"
    if each.found is not None:
        dtype = each.settings[0].dtype
        yield f"Certain, whatever the order of the sums: {dtype} prints {each.found.must} of {count} like this."
        yield from mathematics(each)


def ruled_out(search: Search) -> str:
    """How many settings were run, and why not the others."""
    if search.tried == search.size:
        return "all of them run"
    return f"{search.tried:,} of them run; the printed steps or digits rule out the others"


def others_too(points: list[Point], one: str, several: str) -> str:
    """How many settings do as the first does, and what they differ in."""
    count = len(points) - 1
    return f"{one if count == 1 else several} {some(count, 'other')}: the lines do not tell {listed(varied(points))}."


def some(count: int | str, what: str) -> str:
    """A number of things."""
    return f"{count} {what}{'' if str(count) == '1' else 's'}"


def consistent(each: Explanation) -> Iterator[str]:
    """The setting whose rounding allows the log, where no order of sums that has a name gives it."""
    first, own, count = each.search.consistent[0], each.search.listing.point, len(each.log.numbers)
    unlike = first.unlike(own)
    whose = "this setting" if unlike else "the listing's setting"
    yield (
        f"No named order of the sums gives all {count} numbers, but every number lies within the rounding that {whose} "
        f"allows: the log is consistent with {'it' if unlike else 'the listing'}."
    )
    yield from (f"  {difference(name, first, own)}" for name in unlike)
    if len(each.search.consistent) > 1:
        yield f"So {others_too(each.search.consistent, 'is it with', 'is it with')}"
    closest = each.search.nearest
    if not closest.point.unlike(first):
        yield f"The nearest order, {closest.point.order}, misses {len(closest.misses)} of {count} numbers:"
        yield from (f"  {missed(miss)}" for miss in closest.misses[:SHOWN])
        if len(closest.misses) > SHOWN:
            yield f"  … and {len(closest.misses) - SHOWN} more"


def setting(point: Point, log: Log) -> str:
    """A setting in words."""
    divided = {"mean": "gradient divided by n", "sum": "gradient not divided by n"}[point.gradient]
    counts = f"{point.iterations} iterations" + (f", {nth(point.display)} printed" if log.steps else "")
    return f"rate {plainly(point.rate)}, {divided}, loss {point.loss} the update, {counts}, {point.dtype}"


def nth(display: int) -> str:
    """How often a step is printed."""
    return "every step" if display == 1 else f"one step in {display}"


def orders(each: Explanation, point: Point) -> str:
    """The orders of sums that give a log, where not all of them do."""
    fitting = [fit.point.order for fit in each.search.fits if not fit.point.unlike(point)]
    known = orders_of(each.log, point.dtype)
    if len(fitting) == len(known):
        return ""
    return f" if sums are taken as {' or '.join(fitting)} (of {len(known)} orders)"


def steps(each: Explanation) -> str:
    """Whether the listing prints other steps than the log has."""
    point, log = each.search.listing.point, each.log
    mine = list(range(0, point.iterations + 1, point.display))
    if not log.steps or mine == log.steps:
        return ""
    return f", and prints the steps {mine[0]} to {mine[-1]} where the log has {log.steps[0]} to {log.steps[-1]}"


def cannot(each: Explanation) -> Iterator[str]:
    """The numbers that no machine can print from the listing."""
    for number in each.listing.cannot[:SHOWN]:
        missed = [m.instead for m in each.search.listing.misses if m.number == number and m.instead is not None]
        instead = "".join(f", but {as_text(value, number.text)}" for value in missed)
        point = each.search.listing.point
        yield f"line {number.line}: no {point.dtype} machine prints {number.name} {number.text} from it{instead}"


def others(each: Explanation) -> Iterator[str]:
    """The settings that give the log where the listing does not, field by field."""
    first, own = each.settings[0], each.search.listing.point
    if len(each.settings) > 1:
        untold = listed(varied(each.settings))
        yield f"{len(each.settings)} settings give it: the lines do not tell {untold}. The nearest:"
    else:
        yield f"Exactly one setting gives all {len(each.log.numbers)} numbers{orders(each, first)}:"
    yield from (f"  {difference(name, first, own)}" for name in first.unlike(own))
    if first.gradient == "sum":
        n = len(columns_of(each.log)[1])
        yield f"  (the same training as rate {plainly(first.rate * n)} with a gradient divided by n = {n})"


DIFFERENCES = {
    "rate": "the rate is {0}, and the listing says {1}",
    "loss": "the loss is taken {0} the update, and the listing takes it {1}",
    "iterations": "it runs for {0} iterations, and the listing for {1}",
    "display": "one step in {0} is printed, and the listing prints one in {1}",
    "dtype": "it is of {0}, and the file says {1}",
}
DIVIDED = {
    "sum": "the gradient is not divided by n, and the listing divides it",
    "mean": "the gradient is divided by n, and the listing forgets to",
}


def difference(name: str, found: Point, listing: Point) -> str:
    """How a setting differs from the listing in one field."""
    if name == "gradient":
        return f"gradient: {DIVIDED[found.gradient]}"
    values = (getattr(point, name) for point in (found, listing))
    return f"{name}: {DIFFERENCES[name].format(*map(plainly, values))}"


def plainly(value: Any) -> str:
    """A value in words; a rate without exponent and without zeros at its end."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def varied(points: list[Point]) -> list[str]:
    """The fields in which settings differ."""
    return [name for name in NAMES if len({getattr(point, name) for point in points}) > 1]


def nearest(each: Explanation) -> Iterator[str]:
    """What comes nearest where nothing fits, and the numbers that stand against it."""
    fit, count = each.search.nearest, len(each.log.numbers)
    yield f"No setting gives this log. The nearest misses {len(fit.misses)} of {count} numbers:"
    yield f"  {setting(fit.point, each.log)}"
    if len(fit.misses) > count // 4:
        yield "That is no explanation: the log comes of other data, another program, or a setting farther away."
        return
    own = each.search.listing.point
    yield from (f"  {difference(name, fit.point, own)}" for name in fit.point.unlike(own))
    yield from (f"  {missed(miss)}" for miss in fit.misses[:SHOWN])


def missed(miss: Miss) -> str:
    """A number that the nearest setting does not give."""
    number = miss.number
    if miss.instead is None:
        return f"line {number.line}: {number.name} {number.text} is of a step that is not taken"
    instead, off = as_text(miss.instead, number.text), f"{float(units(miss)):,.0f}"
    return (
        f"line {number.line}: {number.name} {number.text} would be {instead}, {some(off, 'unit')} of the last digit off"
    )


def as_text(value: float, like: str) -> str:
    """A value with as many decimals as a printed number."""
    return f"{value:.{len(like.lower().partition('e')[0].partition('.')[2])}f}"


def mathematics(each: Explanation) -> Iterator[str]:
    """How many printed digits are true of the exact training, and where either dtype leaves it."""
    exact = list(trajectory(each.log, each.settings[0].setting))
    true = whole = 0
    for number in each.log.numbers:
        ball = exact_of(each.log, exact[-1 if number.step is None else number.step], number.name, number.element)
        if ball is not None and number.behind is not None:
            good, count = true_digits(number, ball)
            true, whole = true + good, whole + count
    yield f"True of the exact training: {true} of the {whole} digits printed."
    for found in each.leaves:
        where = f"from step {found.step} on" if found.step is not None else f"in none of {found.steps} steps"
        yield f"  {found.name} in {found.dtype} prints otherwise than the exact {found.name} {where}"


# -- as JSON -------------------------------------------------------------------------------------------------------


def record(each: Explanation) -> dict[str, Any]:
    """The explanation for machines."""
    return {
        "log": each.log.name,
        "verdict": each.verdict,
        "on_record": each.on_record,
        "settings_searched": each.search.size,
        "settings_run": each.search.tried,
        "listing": fitted(each.search.listing),
        "listing_cannot": [number.line for number in each.listing.cannot],
        "settings": [plain(point) for point in each.settings],
        "consistent": [plain(point) for point in each.search.consistent],
        "orders": [fit.point.order for fit in each.search.fits if not fit.point.unlike(each.settings[0])],
        "differences": each.settings[0].unlike(each.search.listing.point) if each.settings else None,
        "certain": None if each.found is None else each.found.must,
        "nearest": fitted(each.search.nearest),
        "leaves": [found._asdict() for found in each.leaves],
    }


def plain(point: Point) -> dict[str, Any]:
    """A setting as JSON."""
    return {**point._asdict(), "rate": plainly(point.rate)}


def fitted(fit: Fit) -> dict[str, Any]:
    """A setting and its misses as JSON."""
    misses = [
        {"line": m.number.line, "name": m.number.name, "printed": m.number.text, "instead": m.instead}
        for m in fit.misses
    ]
    return {**plain(fit.point), "misses": misses}
