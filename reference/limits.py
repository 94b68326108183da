"""Known defects of TensorFlow, as rows: where it is wrong, how that shows, why, and one exact counterexample.

A limit is not an excuse: a row that is no longer true fails the gate ("delete it"). Each row was isolated by
hand; `python -m reference show OP --script …` prints a plain TensorFlow program for its counterexample.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from reference.op import FLOATS
from reference.ulp import FORMATS, Format


class Limit(NamedTuple):
    """One defect: `who` is the op's name, or a kernel's in brackets, as "[Reciprocal]"."""

    name: str
    who: tuple[str, ...]
    symptom: str  # nan, infinite, zero, digits, none or raised: how it shows
    orders: tuple[int, ...]
    where: Callable[..., bool]  # (format, *primals) -> whether the defect shows there
    example: tuple[Any, ...]  # op, mode, dtype, order, *primals in hex
    why: str
    dtypes: tuple[str, ...] = FLOATS
    modes: tuple[str, ...] = ()  # all, if empty
    link: str = ""


def anywhere(*_: Any) -> bool:
    """The defect does not depend on the point."""
    return True


LIMITS: tuple[Limit, ...] = ()


def symptom(status: str, got: float | None, exact_is_zero: bool = False) -> str:
    """How a failing answer shows: the word that a limit's row uses."""
    if status in ("raised", "crashed"):
        return status
    if got is None:
        return "none"
    if math.isnan(got):
        return "nan"
    if math.isinf(got):
        return "infinite"
    return "zero" if got == 0 else "digits"


def named(question: Any, entry: int, element: int, found: Any, got: Any) -> Limit | None:
    """The limit that a failing outcome is listed in, if any."""
    shows = symptom(found.status, None if got is None else float(got[element]))
    point = [] if question.block is None else [float(x[element]) for x in question.primals]
    who = {question.op.name, f"[{found.kernel}]"}
    for limit in LIMITS:
        if (
            who.intersection(limit.who)
            and limit.symptom == shows
            and question.order in limit.orders
            and question.dtype in limit.dtypes
            and (not limit.modes or question.mode.name in limit.modes)
            and limit.where(FORMATS[question.dtype], *point)
        ):
            return limit
    return None


__all__ = ["LIMITS", "Format", "Limit", "anywhere", "named", "symptom"]
