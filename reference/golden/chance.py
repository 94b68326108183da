"""A log of an unseeded run: the printed pair and the rerun's, placed in the exact distribution of all such runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from reference.choices import Unusable
from reference.golden.judged import DRAWN, UNLIKELY, Records, Verdict, value
from reference.golden.log import Log
from reference.golden.printed import Number
from reference.programs import PROGRAMS
from reference.sampling import RARE, Placed, Run, placed

PAIR = ("W", "B")
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


def documented(log: Log) -> Placed:
    """Where the printed pair lies."""
    found = printed(log)
    return placed((float(found["W"].text), float(found["B"].text)), run_of(log))


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
    return placed((w, b), run_of(log))
