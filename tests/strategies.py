"""Strategies drawn from the catalogue: which cell is asked, and at which block of points.

Hypothesis draws a small description, `Block`, and a deterministic function expands it into the points: a
failure is reproduced by the description alone.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

from reference.modes import MODES, Mode
from reference.op import Op
from reference.points import cases, inside, points
from reference.ulp import FORMATS, next_down, next_up

SIZES = {"dev": 40, "gate": 80, "nightly": 200}  # points of a block
BESIDE = (math.nan, math.inf, -math.inf, 0.0, -0.0)  # beside good points in the same tensor
REACH = 4  # so many floats beside a hard point
PLAIN = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)  # what an array is filled with so that ties are frequent

Array = np.ndarray


class Cell(NamedTuple):
    """One of the things that can be asked about an op."""

    mode: Mode
    dtype: str
    order: int

    def __repr__(self) -> str:
        return f"mode={self.mode.name} dtype={self.dtype} order={self.order}"


class Block(NamedTuple):
    """A block of points in few words; `expand` makes the points."""

    region: str
    seed: int
    low: int  # the lowest exponent, where the region is a window of binades
    ties: str  # how the second argument depends on the first


@cache
def cells_of(op: Op, order: int = 0) -> tuple[Cell, ...]:
    """Every mode, dtype and order (0: both) that exists for an op."""
    found = [
        Cell(mode, dtype, n)
        for n in (1, 2)
        for dtype in reversed(op.dtypes)  # float64 first: the simplest is the widest
        for mode in MODES.values()
        if mode.asks[n - 1] and order in (0, n) and not (op.shapes and mode.name == "batch_jacobian")
    ]
    return tuple(found)


def cells(op: Op, order: int = 0) -> st.SearchStrategy[Cell]:
    """A way to ask about the op."""
    return st.sampled_from(cells_of(op, order))


REGIONS = ("centre", "near", "window", "bits")
TIES = ("apart", "equal", "opposite", "beside")


@st.composite
def blocks(draw: st.DrawFn, op: Op, dtype: str, regions: tuple[str, ...] = REGIONS) -> Block:
    """The description of a block of points of the op's domain, exactly representable in the dtype."""
    form = FORMATS[dtype]
    return Block(
        draw(st.sampled_from(regions)),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(form.emin - form.precision + 1, form.emax)),
        draw(st.sampled_from(TIES)) if op.arity > 1 and op.shapes is None else "apart",
    )


def size() -> int:
    """How many points a block has; the profile decides."""
    return SIZES.get(settings.get_current_profile_name(), SIZES["gate"])


#: Hypothesis does not shrink: a smaller seed is no simpler a block. `tests.holding` finds the worst point.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def share(part: int) -> settings:
    """The settings of a test that is repeated for every row: a part of the profile's examples."""
    return settings(max_examples=max(2, settings().max_examples // part), phases=PHASES, report_multiple_bugs=False)


# -- from a description to points -----------------------------------------------------------------------------


def expand(block: Block, op: Op, dtype: str) -> list[Array]:
    """The points that a description stands for, the same on every machine."""
    stream = np.random.PCG64([block.seed, REGIONS.index(block.region)])
    if op.shapes is not None:
        return [filled(block, op, i, shape, dtype, stream) for i, shape in enumerate(op.shapes)]
    columns = [column(block, op, i, dtype, stream) for i in range(op.arity)]
    if op.arity == 2:
        columns[1] = tied(block, columns[0], columns[1], dtype)
    good = [p for p in zip(*columns, strict=True) if inside(op.domain, p)][: size()]
    return [np.array(c, dtype=np.float64) for c in zip(*(good or fallback(op, dtype)), strict=True)]


def fallback(op: Op, dtype: str) -> list[tuple[float, ...]]:
    """Where a region misses the domain: the deterministic points."""
    return list(zip(*points(op, dtype, "quick"), strict=True))[: size()]


def column(block: Block, op: Op, i: int, dtype: str, stream: np.random.PCG64) -> list[float]:
    """Candidates for one argument, several times as many as are needed since a domain may refuse most."""
    if block.region == "near":
        return near(op, i, dtype, stream)
    form, raw = FORMATS[dtype], stream.random_raw(8 * size())
    lowest = form.emin - form.precision + 1
    low, high = {
        "centre": (-4, 5),
        "window": (block.low, min(block.low + 8, form.emax)),
        "bits": (lowest, form.emax),
    }[block.region]
    found = [assembled(int(r), max(low, lowest), high, dtype) for r in raw]
    if block.region == "bits":
        found[:5] = BESIDE
    return found


def assembled(raw: int, low: int, high: int, dtype: str) -> float:
    """A float from random bits: a sign, an exponent in the range, and a significand."""
    form = FORMATS[dtype]
    exponent = low + (raw >> 1) % (high - low + 1)
    bits = min(form.precision, exponent - (form.emin - form.precision))
    significand = (1 << (bits - 1)) + ((raw >> 12) % (1 << (bits - 1)) if bits > 1 else 0)
    return (-1.0 if raw & 1 else 1.0) * math.ldexp(significand, exponent - bits + 1)


@cache
def hard(op: Op, i: int, dtype: str) -> Array:
    """The deterministic points of one argument."""
    return points(op, dtype, "quick")[i]


def near(op: Op, i: int, dtype: str, stream: np.random.PCG64) -> list[float]:
    """Deterministic points and their neighbours, a few floats away."""
    raw = stream.random_raw(2 * size())
    known = hard(op, i, dtype)
    return [moved(float(known[int(r % len(known))]), int(r >> 40) % (2 * REACH + 1) - REACH, dtype) for r in raw]


def moved(x: float, steps: int, dtype: str) -> float:
    """The float so many steps away."""
    for _ in range(abs(steps)):
        x = next_up(x, dtype) if steps > 0 else next_down(x, dtype)
    return x


def tied(block: Block, a: list[float], b: list[float], dtype: str) -> list[float]:
    """The second argument: independent of the first, equal, opposite or one float away."""
    if block.ties == "equal":
        return a
    if block.ties == "opposite":
        return [-x for x in a]
    return [next_up(x, dtype) for x in a] if block.ties == "beside" else b


def filled(block: Block, op: Op, i: int, shape: tuple[int, ...], dtype: str, stream: np.random.PCG64) -> Array:
    """One input of an array row: drawn numbers, few plain ones so that ties occur, or one of the fixed cases."""
    if block.region == "near":
        known = cases(op, dtype, "full")
        return known[block.seed % len(known)][i]
    count, form = math.prod(shape), FORMATS[dtype]
    raw = [int(r) for r in stream.random_raw(count)]
    if block.region == "bits":
        values = [(1 - 2 * (r & 1)) * ([0.0, *PLAIN][(r >> 3) % 8]) for r in raw]
    else:
        low = -4 if block.region == "centre" else max(block.low, form.emin // 2)
        high = 5 if block.region == "centre" else low + 8
        values = [assembled(r, low, min(high, form.emax), dtype) for r in raw]
    return np.array([v if inside([op.domain[i]], [v]) else 1.0 for v in values]).reshape(shape)
