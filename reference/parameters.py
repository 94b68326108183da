"""Derivatives by parameters, for which SymPy and Arb have no closed form: incomplete gamma and beta, Hurwitz zeta.

A Taylor coefficient of an analytic function is its mean over a circle (Cauchy), and the mean over N points of the
circle differs from it by coefficients that are N, 2N, … places on. A bound of the function on a larger disc bounds
those, so that what is returned is an enclosure like any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from flint import acb, acb_series, arb, ctx

from reference.balls import working

Analytic = Callable[[acb], acb]

STEP = 24  # bits by which the circle is smaller than the disc: each point of it wins so many bits
FAR = 2**20  # here x^64 is less than exp(x / 2) / 1000
SHRINK = (0, 10, 24, 60)  # bits by which the disc is made smaller while Arb cannot bound the function on it


def taylor(function: Analytic, at: arb, order: int, disc: arb) -> arb:
    """The coefficient of (z - at)^order of a function that is real on the real axis and analytic on the disc."""
    for shrink in SHRINK:
        radius = disc * arb((1, -shrink))
        with working(ctx.prec + 2 * shrink):
            bound = function(acb(at) + acb(arb(0, radius.upper()), arb(0, radius.upper()))).abs_upper()
        if bound.is_finite():
            return circled(function, at, order, radius, bound, ctx.prec + order * shrink)
    return arb.nan()


def circled(function: Analytic, at: arb, order: int, disc: arb, bound: arb, wanted: int) -> arb:
    """The same where the function's size on the disc is bounded."""
    value = arb.nan()
    for times in (1, 2, 4):  # the bound may be far above the function itself
        count = order + 3 + times * wanted // STEP
        with working(wanted + STEP * (order + 1) + 32):
            value = mean(function, at, order, disc * arb((1, -STEP)), count)
            beyond = arb((1, 1 - STEP * count)) * bound / disc**order
        if beyond < abs(value) * arb((1, -wanted)):
            break
    return value + beyond * arb(0, 1)


def mean(function: Analytic, at: arb, order: int, radius: arb, count: int) -> arb:
    """The coefficient as a mean over so many points of a circle, the lower half of which mirrors the upper."""
    total = arb(0)
    for j in range(count // 2 + 1):
        turn = (acb(2 * j) / count).exp_pi_i()
        value = function(acb(at) + radius * turn) * turn ** (-order)
        total += value.real * (1 if j in (0, count / 2) else 2)
    return total / count / radius**order


def disc_of(*x: arb) -> arb:
    """A radius within which powers of x change by little."""
    return arb((1, -6)) / (1 + sum((abs(v.log()).upper() for v in x), arb(0)))


def gamma_p(k: int, a: arb, x: arb) -> arb:
    """The k-th derivative by a of the regularized lower incomplete gamma function P(a, x) (DLMF 8.2.4)."""
    if x.is_zero() and a > 0:
        return arb(0)
    if not (x > 0 and a > 0 and a.is_finite() and x.is_finite()):
        return arb.nan()
    if k and x > FAR and a < 65:  # |Q| < 2 x^64 e^-x / |Gamma| on a disc of radius 1, and so are its derivatives
        return arb(0, 1) * (-x / 2).exp()
    upper = bool(x > a + 1)  # where P is near one, its complement has the digits

    def part(z: acb) -> acb:
        return acb(x).gamma_upper(z, 1) if upper else acb(x).gamma_lower(z, 1)

    if k == 0:
        return 1 - part(acb(a)).real if upper else part(acb(a)).real
    value = math.factorial(k) * taylor(part, a, k, disc_of(x))
    return -value if upper else value


def beta_i(j: int, k: int, a: arb, b: arb, x: arb) -> arb:
    """The derivative, j times by a and k times by b, of the regularized incomplete beta function (DLMF 8.17.2)."""
    if (x.is_zero() or x == 1) and a > 0 and b > 0:
        return arb(1) if x == 1 and j == k == 0 else arb(0)
    if not (0 < x < 1 and a > 0 and b > 0 and a.is_finite() and b.is_finite()):
        return arb.nan()
    if x * (a + b) > a:  # where the function is near one, its complement has the digits
        return (1 if j == k == 0 else 0) - beta_small(k, j, b, a, 1 - x)
    return beta_small(j, k, a, b, x)


def beta_small(j: int, k: int, a: arb, b: arb, x: arb) -> arb:
    """The same at the lower end of x; twice a mixed derivative is the diagonal one less both pure ones."""

    def along(da: int, db: int, order: int) -> arb:
        def part(z: acb) -> acb:
            return acb(x).beta_lower(a + da * z, b + db * z, 1)

        return math.factorial(order) * taylor(part, arb(0), order, disc_of(x, 1 - x).min(a / 2).min(b / 2))

    if j == k == 0:
        return acb(x).beta_lower(a, b, 1).real
    if j and k and j == k and a == b and 2 * x == 1:  # I(a, b) + I(b, a) = 1 there
        return arb(0)
    if j and k:
        return (along(1, 1, 2) - along(1, 0, 2) - along(0, 1, 2)) / 2
    return along(1, 0, j) if j else along(0, 1, k)


def hurwitz(k: int, s: arb, q: arb) -> arb:
    """The k-th derivative by s of the Hurwitz zeta function, s > 1 and q > 0 (DLMF 25.11.1)."""
    if not (q > 0 and s > 1 and s.is_finite() and q.is_finite()):
        return arb.nan()
    if k == 0:
        return s.zeta(q)
    series = acb_series([acb(s), 1], prec=k + 1).zeta(acb(q))
    return math.factorial(k) * series[k].real
