"""What went wrong on the way to a number: the first kernel that left its contract, or the first that overflowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from flint import acb

from reference.plane.replay import Audit

Array = np.ndarray


class Blame(NamedTuple):
    """One kernel at one point: its operands, what it returned, and what it should have."""

    kernel: str
    operands: tuple[complex, ...]
    got: complex
    exact: acb | None
    broken: bool  # it left its contract; otherwise it was the first to return what is not finite


def blamed(audits: Sequence[Audit], place: int, count: int) -> Blame | None:
    """The kernel to blame at one of `count` points, those that left their contract before those that overflowed."""
    for broken in (True, False):
        for found in audits:
            if pick(found.kept, place, count) is False if broken else overflowed(found, place, count):
                operands = tuple(complex(pick(x, place, count)) for x in found.inputs if numeric(x, count))
                got, exact = pick(found.got, place, count), pick(found.exact, place, count)
                return Blame(found.kernel, operands, complex(got), exact, broken)
    return None


def numeric(x: Array, count: int) -> bool:
    return np.asarray(x).dtype.kind in "fcb" and np.shape(x) in ((), (1,), (count,))


def overflowed(found: Audit, place: int, count: int) -> bool:
    """Whether a kernel made what is not finite out of finite operands."""
    got = pick(found.got, place, count)
    finite = all(np.isfinite(pick(x, place, count)) for x in found.inputs if numeric(x, count))
    return got is not None and finite and not np.isfinite(got)


def pick(values: Array, place: int, count: int) -> Any:
    """The element of a point; of a constant its only one; None of anything else."""
    values = np.asarray(values)
    if values.shape == (count,):
        return values[place].item() if values.dtype != object else values[place]
    return values.reshape(-1)[0] if values.size == 1 else None
