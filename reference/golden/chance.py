"""A log of an unseeded run: the printed pairs and the rerun's, placed by the exact moments of all such runs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache

from reference import sampling
from reference.choices import Unusable
from reference.golden.judged import DRAWN, UNLIKELY, Records, Verdict, value
from reference.golden.log import Log
from reference.golden.printed import Number
from reference.programs import PROGRAMS
from reference.sampling import RARE, Distribution, Placed, Run

PAIR = ("W", "B")
LONG = 400  # steps for which somebody would wait without a word
BEYOND = 1e-9  # a rerun that is rarer than this is no draw of its program


def run_of(log: Log, steps: int | None = None) -> Run:
    """The random run that a log is of, or its first steps: what its program draws, and the setting that is told."""
    told = inspect.signature(PROGRAMS[log.program]).parameters
    setting = {name: each.default for name, each in told.items()} | log.effective
    return Run(examples=setting["examples"], steps=steps or setting["iterations"], rate=str(setting["rate"]))


def printed(log: Log) -> dict[int, dict[str, Number]]:
    """The pairs that a log prints, by the number of steps that were taken; Unusable for whatever else it prints."""
    found: dict[int, dict[str, Number]] = {}
    last = run_of(log).steps
    for number in log.numbers:
        where = f"{log.name}: line {number.line}"
        if number.name not in PAIR or number.behind is None:
            raise Unusable(f"{where}: of a run without a seed W and B can be judged, and not {number.name}.")
        steps = last if number.step is None else number.step + 1
        if steps > last or log.more["at"] == "start":
            raise Unusable(f"{where}: only numbers behind one of the {last} steps are a draw.")
        found.setdefault(steps, {})[number.name] = number
    for steps, pair in found.items():
        if len(pair) < len(PAIR):
            (alone,) = pair
            raise Unusable(f"{log.name}: after {steps} steps {alone} stands alone, and W and B are judged together.")
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


def placed(log: Log, pair: tuple[float, float], steps: int) -> Placed:
    """Where a pair lies after so many steps; Unusable as above."""
    law(log.name, run_of(log, steps))
    return sampling.placed(pair, run_of(log, steps))


def documented(log: Log) -> list[Placed]:
    """Where each printed pair lies."""
    return [placed(log, (float(pair["W"].text), float(pair["B"].text)), steps) for steps, pair in printed(log).items()]


def ended(log: Log, records: Records) -> list[Placed]:
    """Where the rerun's pairs lie, at the same steps."""
    found = []
    for steps, pair in printed(log).items():
        w, b = (value(log, records, pair[name])[0] for name in PAIR)
        if w is None or b is None:
            raise Unusable(f"{log.name}: the program {log.program} answers None for W or B.")
        found.append(placed(log, (w, b), steps))
    return found


def verdicts(log: Log, records: Records) -> Iterator[Verdict]:
    """The verdict on each number: a pair stands if both runs, the documented one and this, are plausible there."""
    for pair, found, own in zip(printed(log).values(), documented(log), ended(log, records), strict=True):
        because = DRAWN if found.p > RARE and own.p > BEYOND else UNLIKELY
        whose = "" if own.p > BEYOND else "the rerun is "
        for name, z, other in zip(PAIR, found.z, own.z, strict=True):
            here, _ = value(log, records, pair[name])
            words = f"{whose}{because}: {other if whose else z:+.2f} deviations from the mean"
            yield Verdict(pair[name], here, None, because, words, None, None)
