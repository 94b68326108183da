"""Where a dtype leaves the mathematics: the first step at which its number no longer prints as the exact one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from flint import arb, ctx

from reference.golden.imitation import imitated, orders_of
from reference.golden.lattice import Point
from reference.golden.log import Log
from reference.golden.printed import DTYPES
from reference.golden.trajectory import BITS, exact_of, trajectory


class Departure(NamedTuple):
    """In a dtype, the first step at which a name's number prints otherwise than the exact one; None where none does."""

    name: str
    dtype: str
    step: int | None
    steps: int


def departures(log: Log, point: Point) -> Iterator[Departure]:
    """For every name of a log in either dtype, over all steps that a setting takes, printed or not."""
    exact = list(trajectory(log, point.setting))
    decimals = {n.name: len(n.text.lower().partition("e")[0].partition(".")[2]) for n in reversed(log.numbers)}
    for dtype in DTYPES:
        order = point.order if dtype == point.dtype else orders_of(log, dtype)[0]
        with np.errstate(all="ignore"):
            values = list(imitated(log, point.setting, dtype, order))
        for name, places in sorted((name, places) for name, places in decimals.items() if places):
            first = None
            for k, (here, step) in enumerate(zip(values, exact, strict=True)):
                balls = [exact_of(log, step, name, element) for element in range(len(here[name]))]
                if any(f"{x:.{places}f}" != as_printed(b, places) for x, b in zip(here[name], balls, strict=True)):
                    first = k
                    break
            yield Departure(name, dtype, first, len(exact))


def as_printed(ball: arb | None, places: int) -> str:
    """An exact value rounded to so many decimals; empty where its ball does not tell."""
    if ball is None:
        return ""
    with ctx.workprec(BITS):
        units = (ball * arb(10) ** places + arb(0.5)).floor().unique_fmpz()
    if units is None:
        return ""
    digits = f"{abs(int(units)):0{places + 1}d}"
    whole = digits[: len(digits) - places] + ("." if places else "") + digits[len(digits) - places :]
    return ("-" if ball < 0 else "") + whole
