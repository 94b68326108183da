"""How large a limit's region is: how many floats lie in it, or what share of all pairs of floats.

A region of one argument is counted along the row of floats. It is asked at an even grid, more closely about special
values, and each change between neighbouring places of the grid is followed to the very float. What this assumes: two
places between which nothing is asked and that give the same answer have no island of the other answer between them.
One float between any two such places is asked to disprove it; where that happens the number is an estimate and says so.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from reference.catalogue import OPS
from reference.limits import Limit
from reference.line import floats, places, span
from reference.op import Domain, Op
from reference.points import thresholds
from reference.ulp import FORMATS

GRID = 2**15  # places evenly along the line
CLOSE = 8  # ULP on either side of a power of two or an integer
INTEGERS = 64  # these and their halves are special values
PAIRS = 2**14  # of a low-discrepancy sequence
SPECKS = 8  # places asked between two of the grid where one of them disproved the assumption
PLASTIC = 1.324717957244746  # its powers spread pairs most evenly over a square

Covers = Callable[..., bool]


class Size(NamedTuple):
    """How many inputs lie in a region, of how many; for pairs only their share is known."""

    inputs: int
    of: int
    exact: bool

    @property
    def share(self) -> float:
        """The part of all inputs."""
        return self.inputs / self.of

    def __str__(self) -> str:
        if self.of == PAIRS:
            return f"1 in {self.of / self.inputs:.3g} pairs" if self.inputs else f"fewer than 1 in {PAIRS:,} pairs"
        return f"{'' if self.exact else 'about '}{self.inputs if self.exact else rough(self.inputs):,}"


def rough(count: int) -> int:
    """Two digits of a number."""
    return int(float(f"{count:.1e}"))


def ops_of(limit: Limit) -> list[Op]:
    """The ops that a row speaks of; a kernel's row with one region for all speaks of its example's."""
    if isinstance(limit.where, Mapping):
        return [OPS[name] for name in limit.where]
    return [OPS[name] for name in limit.who if name in OPS] or [OPS[limit.example[0]]]


def size(limit: Limit, op: Op, dtype: str) -> Size | None:
    """How large a limit's region is in one op and dtype; None for an op that takes arrays."""
    if op.shapes is not None or op.arity > 2:
        return None

    def covers(*x: float) -> bool:
        return limit.covers(op.name, dtype, list(x))

    return count(covers, op.domain[0], dtype) if op.arity == 1 else pairs(covers, op.domain, dtype)


def count(covers: Covers, domain: Domain, dtype: str) -> Size:
    """How many floats of a domain lie in a region of one argument; NaN does not count, both zeros and infinities do."""
    first, last = span(domain, dtype)
    at = grid(first, last, dtype)
    inside = asked(covers, at, dtype)
    bounds = zip(at.tolist(), at[1:].tolist(), inside, inside[1:], strict=False)
    found = sum(run(covers, *each, dtype) for each in bounds) + int(inside[-1])
    specks = disproved(covers, at, inside, dtype, 1)
    if not specks.any():
        return Size(found, last - first + 1, True)
    gaps = np.diff(at) - 1
    share = disproved(covers, at, inside, dtype, SPECKS)
    same = inside[:-1] == inside[1:]
    other = np.where(inside[:-1], -share, share) * gaps
    return Size(found + round(float(other[same].sum())), last - first + 1, False)


def run(covers: Covers, low: int, high: int, begins: bool, ends: bool, dtype: str) -> int:
    """How many places from `low` on and before `high` lie inside, if the answer changes there once at most."""
    if begins == ends:
        return (high - low) * int(begins)
    border = changed(covers, low, high, begins, dtype)
    return border - low if begins else high - border


def changed(covers: Covers, low: int, high: int, begins: bool, dtype: str) -> int:
    """The first place after `low` at which the answer is another one."""
    while high - low > 1:
        middle = (low + high) // 2
        if bool(covers(float(floats([middle], dtype)[0]))) == begins:
            low = middle
        else:
            high = middle
    return high


def asked(covers: Covers, at: np.ndarray, dtype: str) -> np.ndarray:
    """Whether the floats at these places lie in the region."""
    return np.array([bool(covers(x)) for x in floats(at, dtype).tolist()])


def disproved(covers: Covers, at: np.ndarray, inside: np.ndarray, dtype: str, times: int) -> np.ndarray:
    """Between each two places of the grid with one answer, the share of some others at which it is the other answer."""
    gaps, noise = np.diff(at) - 1, np.random.PCG64(zlib.crc32(b"regions"))
    open_ = np.flatnonzero((gaps > 0) & (inside[:-1] == inside[1:]))
    found = np.zeros(len(gaps))
    for _ in range(times):
        step = (noise.random_raw(len(open_)) % gaps[open_].astype(np.uint64)).astype(np.int64)
        found[open_] += asked(covers, at[open_] + 1 + step, dtype) != inside[open_]
    return found / times


def grid(first: int, last: int, dtype: str) -> np.ndarray:
    """The places asked: evenly spread, and close about zero, one, powers of two, thresholds, integers and the ends.

    In a dtype of 16 bits that is every place.
    """
    if last - first < 2 * GRID:
        return np.arange(first, last + 1)
    even = first + np.arange(GRID + 1, dtype=object) * (last - first) // GRID  # object: no overflow in float64
    reach = 2 ** np.arange(FORMATS[dtype].precision, dtype=np.int64)
    special = np.concatenate([places([0.0, -0.0, 1.0, -1.0, *signed(thresholds(dtype))], dtype), [first, last]])
    wide = special[:, None] + np.concatenate([reach, -reach, [0]])
    plain = [k / 2 for k in range(1, 2 * INTEGERS)]
    powers = [math.ldexp(1.0, e) for e in range(FORMATS[dtype].emin, FORMATS[dtype].emax + 1)]
    close = places([*signed(plain), *signed(powers)], dtype)[:, None] + np.arange(-CLOSE, CLOSE + 1)
    at = np.unique(np.concatenate([even.astype(np.int64), wide.ravel(), close.ravel()]))
    return at[(first <= at) & (at <= last)]


def signed(sizes: list[float] | tuple[float, ...]) -> list[float]:
    """Numbers of both signs."""
    return [sign * x for x in sizes for sign in (1, -1)]


def pairs(covers: Covers, domains: tuple[Domain, ...], dtype: str) -> Size:
    """How many pairs of a low-discrepancy sequence over the rows of floats lie in a region of two arguments."""
    columns = []
    for k, domain in enumerate(domains, 1):
        first, last = span(domain, dtype)
        part = (0.5 + np.arange(1, PAIRS + 1) * PLASTIC**-k) % 1.0
        columns.append(floats(np.array([first + int(p * (last - first)) for p in part]), dtype).tolist())
    return Size(sum(bool(covers(a, b)) for a, b in zip(*columns, strict=True)), PAIRS, False)
