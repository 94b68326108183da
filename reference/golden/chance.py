"""A log of an unseeded run: the printed pair and the rerun's, placed by the exact moments of all such runs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache

from reference import sampling
from reference.choices import Unusable
from reference.golden.judged import DRAWN, UNLIKELY, Records, Verdict, value
from reference.golden.log import Log
from reference.golden.printed import Number
from reference.programs import PROGRAMS
from reference.sampling import RARE, Distribution, Placed, Run

PAIR = ("W", "B")
LONG = 400  # steps for which somebody waits
BEYOND = 1e-9  # a rerun that is rarer than this is no draw of its program


def run_of(log: Log) -> Run:
    """The random run that a log is of: what its program draws, and the setting that is told."""
    told = inspect.signature(PROGRAMS[log.program]).parameters
    setting = {name: each.default for name, each in told.items()} | log.effective
    return Run(examples=setting["examples"], steps=setting["iterations"], rate=str(setting["rate"]))


def printed(log: Log) -> dict[str, Number]:
    """The last pair that a log prints; Unusable where it prints none."""
    found = {number.name: number for number in log.numbers if number.name in PAIR}
    if set(found) != set(PAIR):
        raise Unusable(f"{log.name}: a random run is judged by the pair it ends at: name {{W}} and {{B}} in a pattern.")
    return found


@lru_cache(maxsize=8)
def law(name: str, run: Run) -> Distribution:
    """The exact moments of all runs like a log's; Unusable where they cannot be had, or say nothing."""
    if LONG < run.steps <= sampling.MOST:
        print(f"{name}: the moments after {run.steps} steps take up to a minute", file=sys.stderr, flush=True)
    try:
        return sampling.judgeable(run)
    except ArithmeticError as error:
        raise Unusable(f"{name}: {error}.") from None


def placed(log: Log, pair: tuple[float, float]) -> Placed:
    """Where a pair lies; Unusable as above."""
    law(log.name, run_of(log))
    return sampling.placed(pair, run_of(log))


def documented(log: Log) -> Placed:
    """Where the printed pair lies."""
    found = printed(log)
    return placed(log, (float(found["W"].text), float(found["B"].text)))


def verdicts(log: Log, records: Records) -> Iterator[Verdict]:
    """The verdict on each number of the pair: it stands if both runs, the documented one and this, are plausible."""
    found, own = documented(log), ended(log, records)
    because = DRAWN if found.p > RARE and own.p > BEYOND else UNLIKELY
    whose = "" if own.p > BEYOND else "the rerun is "
    for name, z, other in zip(PAIR, found.z, own.z, strict=True):
        number = printed(log)[name]
        here, _ = value(log, records, number)
        words = f"{whose}{because}: {other if whose else z:+.2f} deviations from the mean"
        yield Verdict(number, here, None, because, words, None, None)


def ended(log: Log, records: Records) -> Placed:
    """Where the rerun's own pair lies."""
    found: Mapping[str, Number] = printed(log)
    w, b = (value(log, records, found[name])[0] for name in PAIR)
    assert w is not None and b is not None
    return placed(log, (w, b))
