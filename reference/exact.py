"""The oracle: SymPy derives, Arb encloses at growing precision, and what comes back rounds to one float."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache as cache_forever
from itertools import product
from pathlib import Path

import flint
import numpy as np
import sympy as sp

from reference import cache, derive
from reference.op import Op
from reference.sheet import Sheet, Sides


def elementwise(op: Op, order: int, dtype: str, primals: Sequence[np.ndarray]) -> list[Sides]:
    """The exact partials of an elementwise row at every point: all sides where it has a kink."""
    primals = [np.asarray(p, dtype=np.float64) for p in primals]
    key = cache.key_of("elementwise", fingerprint(op), order, dtype, *primals)

    def compute() -> list[Sides]:
        points = [tuple(map(float, point)) for point in zip(*primals, strict=True)]
        return sheet_of(op, order).evaluate(points, op.domain, dtype)

    return cache.remembered(key, compute)


def array(
    op: Op,
    asks: str,
    order: int,
    dtype: str,
    primals: Sequence[np.ndarray],
    cotangent: np.ndarray,
    tangents: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """The exact answer to a mode's question on an array row: in each entry a tuple over the sides."""
    inputs = [np.asarray(p, dtype=np.float64) for p in (*primals, cotangent, *tangents)]
    key = cache.key_of("array", fingerprint(op), asks, order, dtype, *inputs)

    def compute() -> list[Sides]:
        point = tuple(float(v) for values in inputs for v in values.flat)
        domains = [d for d, p in zip(op.domain, primals, strict=True) for _ in range(np.size(p))]
        return sheet_of_array(op, asks, order).evaluate([point], domains, dtype)

    (sides,) = cache.remembered(key, compute)
    return _unflatten(sides, answer_shapes(op, asks, order))


@cache_forever
def fingerprint(op: Op) -> str:
    """What the cached values depend on, besides the inputs."""
    x = derive.symbols_of(op)
    y = np.asarray(op.primal(sp, *x), dtype=object)
    text = " ".join(sp.srepr(derive.smooth(sp.sympify(e))) for e in y.flat)
    return f"{text} {y.shape} {op.domain} {op.shapes} {sp.__version__} {flint.__version__} {oracle()}"


@cache_forever
def oracle() -> str:
    """A hash of the source that encloses: what an older oracle has cached is not asked of a newer one."""
    digest = hashlib.sha256()
    for name in ("balls", "compile", "derive", "enclose", "parameters", "sheet", "singular", "ulp"):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


@cache_forever
def sheet_of(op: Op, order: int) -> Sheet:
    """The compiled partials of an elementwise row."""
    return Sheet(derive.partials(op, order), derive.symbols_of(op), at_kinks=order == 0)


@cache_forever
def sheet_of_array(op: Op, asks: str, order: int) -> Sheet:
    """The compiled answer to one question on an array row."""
    symbols, answers = derive.questions(op, asks, order)
    return Sheet([e for a in answers for e in a.flat], [s for v in symbols for s in v.flat], blind=True)


@cache_forever
def answer_shapes(op: Op, asks: str, order: int) -> list[tuple[int, ...]]:
    """The shapes of a question's entries."""
    x = derive.symbols_of(op)
    y = np.shape(np.asarray(op.primal(sp, *x), dtype=object))
    shapes = [np.shape(v) for v in x]
    pairs = [(p[0], p[-1]) for p in product(shapes, repeat=order)]
    return [SHAPES[asks, order](y, i, j) for i, j in pairs]


SHAPES: dict[tuple[str, int], Callable[..., tuple[int, ...]]] = {
    ("vjp", 1): lambda y, i, j: i,
    ("jvp", 1): lambda y, i, j: y,
    ("jacobian", 1): lambda y, i, j: y + i,
    ("vjp", 2): lambda y, i, j: j,
    ("vjp_of_jvp", 2): lambda y, i, j: j,
    ("jvp_of_vjp", 2): lambda y, i, j: i,
    ("jvp_of_jvp", 2): lambda y, i, j: y,
    ("jacobian", 2): lambda y, i, j: i + j,
}


def _unflatten(sides: Sides, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """One object array per shape, in each entry the tuple of its values over the sides."""
    entries, results = zip(*sides, strict=True), []
    for shape in shapes:
        result = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            result[index] = next(entries)
        results.append(result)
    return results
