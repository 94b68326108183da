"""The second witness: the gradient as a textbook writes it, in float64 NumPy.

SciPy supplies the special functions; nothing else of the suite needs it.
"""

from functools import cache
from typing import Any

import numpy as np
import scipy.special
import sympy as sp

from reference.derive import smooth, symbols_of
from reference.op import Op

Array = np.ndarray


def trigamma(x: Array) -> Array:
    """SciPy's polygamma(1, x), by reflection below 0, where SciPy spends a term on every unit."""
    direct = scipy.special.polygamma(1, np.where(x < 0, 1 - x, x))
    return np.where(x < 0, (np.pi / np.sin(np.pi * (x - np.round(x)))) ** 2 - direct, direct)


def bessel_i(n: int, x: Array) -> Array:
    """SciPy's I of any order; but that flushes what is below about 1e-154 to zero, where I0 and I1 do not."""
    near_zero = {0: scipy.special.i0, 1: scipy.special.i1}
    value = scipy.special.iv(n, x)
    return np.where(np.abs(x) < 1, near_zero[n](x), value) if n in near_zero else value


def bessel_j(n: int, x: Array) -> Array:
    """SciPy's J of any order; but that loses digits of what is below about 1e-154, which J0 and J1 do not."""
    near_zero = {0: scipy.special.j0, 1: scipy.special.j1}
    return near_zero[n](x) if n in near_zero else scipy.special.jv(n, x)


SPECIAL: dict[str, Any] = {
    "erf": scipy.special.erf,
    "erfc": scipy.special.erfc,
    "digamma": scipy.special.digamma,
    "trigamma": trigamma,
    "bessel_i": bessel_i,
    "bessel_j": bessel_j,
    "bessel_y": scipy.special.yv,
    "bessel_k": scipy.special.kv,
    "polygamma": scipy.special.polygamma,
    "zeta": scipy.special.zeta,
    "lgamma": scipy.special.gammaln,
}

AS_NUMPY: dict[str, Any] = {
    "loggamma": scipy.special.gammaln,
    "step_floor": np.floor,
    "hyper": lambda above, below, z: scipy.special.hyp1f1(*above, *below, z),
    "polylog": lambda order, z: scipy.special.spence(1 - z),
    "Ei": scipy.special.expi,
    "erfcinv": scipy.special.erfcinv,
    "hurwitz": lambda k, s, q: scipy.special.zeta(s, q),
    "gamma_p": lambda k, a, x: scipy.special.gammainc(a, x),
    "beta_i": lambda j, k, a, b, x: scipy.special.betainc(a, b, x),
}


class Namespace:
    """NumPy, and the special functions that a row's gradient may name."""

    def __getattr__(self, name: str) -> Any:
        return SPECIAL[name] if name in SPECIAL else getattr(np, name)


def numpy_gradient(op: Op, g: Array, primals: list[Array]) -> list[Array | None]:
    """The row's cotangents in float64, one array per input; None where no textbook has a formula for one."""
    x = [np.asarray(v, dtype=np.float64) for v in primals]
    cotangent = np.asarray(g, dtype=np.float64)
    with np.errstate(all="ignore"):
        answer = op.vjp(Namespace(), cotangent, numpy_value(op, x), *x)
    answers = answer if isinstance(answer, tuple) else (answer,)
    return [None if v is None else np.asarray(v, dtype=np.float64) for v in answers]


def numpy_value(op: Op, primals: list[Array]) -> Array:
    """The function itself in float64, compiled from its SymPy primal."""
    shape, function = _compiled(op)
    arguments = primals if op.shapes is None else [v for x in primals for v in x.flat]
    with np.errstate(all="ignore"):
        values = function(*arguments)
    if op.shapes is None:
        return np.broadcast_to(np.asarray(values[0], dtype=np.float64), primals[0].shape)
    return np.array(values, dtype=np.float64).reshape(shape)


@cache
def _compiled(op: Op) -> tuple[tuple[int, ...], Any]:
    """The shape of the primal's value, and NumPy code for its elements."""
    x = symbols_of(op)
    y = np.asarray(op.primal(sp, *x), dtype=object)
    arguments = x if op.shapes is None else [s for array in x for s in array.flat]
    elements = [smooth(sp.sympify(e)) for e in y.flat]
    return y.shape, sp.lambdify(arguments, elements, modules=[AS_NUMPY, "scipy", "numpy"], cse=True)
