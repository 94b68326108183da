"""Known defects of TensorFlow, as rows: where it is wrong, how that shows, why, and one exact counterexample.

A limit is not an excuse: a row that is no longer true fails the gate ("delete it"). Each row was isolated by
hand; `python -m reference show OP --script …` prints a plain TensorFlow program for its counterexample.
"""

from __future__ import annotations

import math
from typing import Any

from reference.limits.form import Format, Limit, anywhere
from reference.limits.forward import FORWARD_MODE
from reference.limits.keras import KERAS
from reference.limits.kernels import KERNELS
from reference.limits.missing import MISSING
from reference.limits.overflow import OVERFLOW
from reference.limits.singular import SINGULAR
from reference.limits.special import SPECIAL
from reference.limits.undefined import UNDEFINED
from reference.limits.xla import XLA

LIMITS: tuple[Limit, ...] = (
    *KERNELS,
    *MISSING,
    *SINGULAR,
    *UNDEFINED,
    *XLA,
    *OVERFLOW,
    *FORWARD_MODE,
    *KERAS,
    *SPECIAL,
)


def symptom(status: str, got: float | None) -> str:
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


def named(question: Any, entry: int, element: int, found: Any, got: Any, message: str = "") -> Limit | None:
    """The limit that a failing outcome is listed in, if any; a third derivative inherits those of the second."""
    shows = symptom(found.status, None if got is None else float(got[element]))
    point = question.primals if question.block is None else [float(x[element]) for x in question.primals]
    who = {question.op.name, f"[{found.kernel}]"}
    for limit in LIMITS:
        if (
            who.intersection(limit.who)
            and limit.explains(shows, found.ulp, question.dtype, message)
            and min(question.order, 2) in limit.orders
            and question.dtype in limit.dtypes
            and (not limit.modes or question.mode.name in limit.modes)
            and (not limit.entries or question.entries[entry][:2] in limit.entries)
            and limit.covers(question.op.name, question.dtype, point)
        ):
            return limit
    return None


__all__ = ["LIMITS", "Format", "Limit", "anywhere", "named", "symptom"]
