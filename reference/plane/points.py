"""The deterministic points: quadrants, axes and cuts from both sides, branch points, tails, every binade."""

from __future__ import annotations

import itertools
import math
import zlib

import numpy as np

from reference.catalogue.complexes import ComplexOp
from reference.ulp import FORMATS, Format, next_down, next_up
from reference.wire import PARTS, joined

Array = np.ndarray

SIGNS = (1.0, -1.0)
PLAIN = ((0.75, 1.25), (3.0, 0.125), (0.0625, 2.5), (1.5, 1.5), (0.5, 3.0))  # parts of points in every quadrant
TAILS = ((20.0, 1.0), (1.0, 20.0), (60.0, 0.5), (100.0, 1.0), (1.0, 100.0), (400.0, 2.0), (2.0, 400.0), (1e4, 1.0))
AXES = (0.25, 0.5, 1.0, 2.0, 3.0, 20.0, 100.0, math.pi / 2, math.pi)  # where real functions are asked, cuts included
WEIGHTS = (0.625, 0.75, 1.25, 1.5, 1.75, 2.5, 3.0)  # none is one
STRIDE = {"complex64": 9, "complex128": 61}  # binades skipped

Pair = tuple[float, float]


def single(dtype: str) -> Array:
    """The points of one complex argument."""
    part = PARTS[dtype]
    found = [quadrants(PLAIN + TAILS), on_axes(part), beside(part), sizes(FORMATS[part], STRIDE[dtype]), nowhere()]
    pairs = dict.fromkeys((fitted(x, part).hex(), fitted(y, part).hex()) for x, y in itertools.chain(*found))
    return joined(np.array([[float.fromhex(x), float.fromhex(y)] for x, y in pairs]))


def fitted(x: float, part: str) -> float:
    """The float of the format that is nearest."""
    with np.errstate(all="ignore"):
        return float(np.dtype(part).type(x))


def quadrants(pairs: tuple[Pair, ...]) -> list[Pair]:
    return [(a * s, b * t) for a, b in pairs for s in SIGNS for t in SIGNS]


def on_axes(part: str) -> list[Pair]:
    """Both axes, with zeros of both signs beside them, and the origin in its four ways."""
    neighbours = [f(1.0, part) for f in (next_up, next_down)]
    form = FORMATS[part]
    sizes = (*AXES, *neighbours, form.smallest_normal, math.ldexp(1.0, form.emax // 2 + 2), math.ldexp(1.0, form.emax))
    along = [(s * x, zero) for x in sizes for s in SIGNS for zero in (0.0, -0.0)]
    return along + [(y, x) for x, y in along] + [(s * 0.0, t * 0.0) for s in SIGNS for t in SIGNS]


def beside(part: str) -> list[Pair]:
    """Just off the cuts and the branch points 0, ±1, ±i."""
    steps = (FORMATS[part].smallest_normal, 2.0 ** -FORMATS[part].precision, 2.0 ** -(FORMATS[part].precision // 2))
    along = [(s * x, t * step) for x in (0.5, 1.0, 2.0) for s in SIGNS for step in steps for t in SIGNS]
    ends = [(s * f(1.0, part), t * step) for f in (next_up, next_down) for step in steps for s in SIGNS for t in SIGNS]
    return along + ends + [(y, x) for x, y in along + ends]


def sizes(form: Format, stride: int) -> list[Pair]:
    """Every few binades in both parts or in one, turned through the quadrants, and what squares to the limits."""
    exponents = [*range(form.emin - form.precision + 2, form.emax + 1, stride), form.emin // 2, form.emax // 2 - 1]
    exponents += [form.emax // 2 + 1, form.emax - 1]
    found = []
    for k, e in enumerate(exponents):
        big, s, t = math.ldexp(1.25, e), SIGNS[k % 2], SIGNS[k // 2 % 2]
        found += [(s * big, t * 0.75 * big), (s * 0.75, t * big), (s * big, t * 0.75)]
    return found


def nowhere() -> list[Pair]:
    """Infinities and NaN in one part or both."""
    odd = (math.inf, -math.inf, math.nan)
    return [(x, 0.75) for x in odd] + [(0.75, x) for x in odd] + [(math.inf, math.inf), (math.inf, math.nan)]


def points(op: ComplexOp, dtype: str) -> list[Array]:
    """One vector per argument; each special number of one argument meets a plain one of the other, and another."""
    z = single(dtype)
    given = [np.array(column, dtype=z.dtype) for column in zip(*op.at, strict=True)] or [z[:0]] * op.arity
    if op.arity == 1:
        columns = [z]
    else:
        plain = np.resize(np.array([0.75 + 1.25j, -1.5 + 0.5j, 0.25 - 2j, -3 - 0.125j, 2, -0.5j], z.dtype), len(z))
        shuffled = z[np.random.default_rng(zlib.crc32(op.name.encode())).permutation(len(z))]
        columns = [np.concatenate([z, plain, z]), np.concatenate([plain, z, shuffled])]
    columns = [np.concatenate(pair) for pair in zip(given, columns, strict=True)]
    return [np.real(c).copy() for c in columns] if op.real_inputs else columns


def weights(op: ComplexOp, dtype: str, count: int) -> tuple[Array, list[Array]]:
    """A cotangent and one tangent per input, neither of which is one, real or imaginary, unless it has to be real."""

    def column(salt: int) -> Array:
        places = np.arange(count)
        real, imaginary = np.take(WEIGHTS, (places + salt) % 7), np.take(WEIGHTS, (3 * places + salt + 1) % 7)
        return joined(np.stack([real, (-1.0) ** places * imaginary], axis=-1))

    c, hs = column(0), [column(2 + i) for i in range(op.arity)]
    return c.real.copy() if op.real_output else c, [h.real.copy() if op.real_inputs else h for h in hs]
