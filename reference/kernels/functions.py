"""Elementary and special functions: approximations, with a contract of a few ULP."""

from __future__ import annotations

from flint import arb

from reference.balls import hull, lifted, zeros
from reference.kernels.table import ELEMENTARY, ROUNDS, SPECIAL, STEPWISE, Kernel
from reference.parameters import beta_i, gamma_p

# Klambauer et al., "Self-Normalizing Neural Networks" (2017), as the kernel relu_op_functor.h writes them.
SCALE = "1.0507009873554804934193349852946"
SCALE_ALPHA = "1.7580993408473768599402175208123"


def parametric(function, *orders):
    """A function of parameters and, last, of an argument along which it rises or falls."""

    def at_ends(*x):
        *parameters, last = x
        if last.is_exact() or not last.is_finite() or not last > 0:
            return function(*orders, *x)
        return hull(*(function(*orders, *parameters, arb(end)) for end in (last.lower(), last.upper())))

    return lambda B, *x: lifted(at_ends, len(x))(*x)


def by_order(a, x):
    """The derivative of P(a, x) by a, of a ball from its middle and the slope in x, density (log x - digamma a)."""
    if x.is_exact() or not x > 0 or not x.is_finite():
        return gamma_p(1, a, x)
    slope = ((a - 1) * x.log() - x - a.lgamma()).exp() * (x.log() - a.digamma())
    return gamma_p(1, a, arb(x.mid())) + slope * arb(0, x.rad().upper())


def selu(B, x):
    """scale·x above zero, scale·alpha·(exp(x) - 1) below."""
    return B.where(B.less(x, zeros(x)), B.literal(SCALE_ALPHA) * B.expm1(x), B.literal(SCALE) * x)


FUNCTIONS = [
    Kernel("Rsqrt", lambda B, x: B.rsqrt(x), ELEMENTARY),
    Kernel("Exp", lambda B, x: B.exp(x), ELEMENTARY),
    Kernel("Expm1", lambda B, x: B.expm1(x), ELEMENTARY),
    Kernel("Log", lambda B, x: B.log(x), ELEMENTARY),
    Kernel("Log1p", lambda B, x: B.log1p(x), ELEMENTARY),
    Kernel("Sin", lambda B, x: B.sin(x), ELEMENTARY),
    Kernel("Cos", lambda B, x: B.cos(x), ELEMENTARY),
    Kernel("Tan", lambda B, x: B.tan(x), ELEMENTARY),
    Kernel("Asin", lambda B, x: B.asin(x), ELEMENTARY),
    Kernel("Acos", lambda B, x: B.acos(x), ELEMENTARY),
    Kernel("Atan", lambda B, x: B.atan(x), ELEMENTARY),
    Kernel("Atan2", lambda B, y, x: B.arctan2(y, x), ELEMENTARY),
    Kernel("Sinh", lambda B, x: B.sinh(x), ELEMENTARY),
    Kernel("Cosh", lambda B, x: B.cosh(x), ELEMENTARY),
    Kernel("Tanh", lambda B, x: B.tanh(x), ELEMENTARY),
    Kernel("Asinh", lambda B, x: B.asinh(x), ELEMENTARY),
    Kernel("Acosh", lambda B, x: B.acosh(x), ELEMENTARY),
    Kernel("Atanh", lambda B, x: B.atanh(x), ELEMENTARY),
    Kernel("Sigmoid", lambda B, x: 1 / (1 + B.exp(-x)), ELEMENTARY),
    Kernel("Pow", lambda B, x, y: B.power(x, y), ELEMENTARY),
    Kernel("Xlogy", lambda B, x, y: B.xlogy(x, y), ELEMENTARY),
    Kernel("Xlog1py", lambda B, x, y: B.xlog1py(x, y), ELEMENTARY),
    Kernel("Xdivy", lambda B, x, y: B.xdivy(x, y), ROUNDS),
    Kernel("Softplus", lambda B, x: B.maximum(x, zeros(x)) + B.log1p(B.exp(-B.absolute(x))), ELEMENTARY),
    Kernel("Elu", lambda B, x: B.where(B.less(x, zeros(x)), B.expm1(x), x), ELEMENTARY),
    Kernel("Selu", lambda B, x: selu(B, x), ELEMENTARY),
    Kernel("Softsign", lambda B, x: x / (1 + B.absolute(x)), STEPWISE),
    Kernel("LeakyRelu", lambda B, x, alpha: B.where(B.greater(x, zeros(x)), x, alpha * x), ROUNDS, ("alpha",)),
    Kernel("Erf", lambda B, x: B.erf(x), ELEMENTARY),
    Kernel("Erfc", lambda B, x: B.erfc(x), ELEMENTARY),
    Kernel("Erfinv", lambda B, x: B.erfinv(x), ELEMENTARY),
    Kernel("Ndtri", lambda B, x: B.ndtri(x), ELEMENTARY),
    Kernel("Lgamma", lambda B, x: B.lgamma(x), SPECIAL),
    Kernel("Digamma", lambda B, x: B.digamma(x), SPECIAL),
    Kernel("Polygamma", lambda B, n, x: B.polygamma(n, x), SPECIAL),
    Kernel("Zeta", lambda B, s, q: B.zeta(s, q), SPECIAL),
    Kernel("Igamma", parametric(gamma_p, 0), SPECIAL),
    Kernel("Igammac", lambda B, a, x: 1 - parametric(gamma_p, 0)(B, a, x), SPECIAL),
    Kernel("IgammaGradA", lambda B, a, x: lifted(by_order, 2)(a, x), SPECIAL),
    Kernel("Betainc", parametric(beta_i, 0, 0), SPECIAL),
    Kernel("BesselI0", lambda B, x: B.i0(x), SPECIAL),
    Kernel("BesselI1", lambda B, x: B.i1(x), SPECIAL),
    Kernel("BesselI0e", lambda B, x: B.i0e(x), SPECIAL),
    Kernel("BesselI1e", lambda B, x: B.i1e(x), SPECIAL),
    Kernel("BesselJ0", lambda B, x: B.j0(x), SPECIAL),
    Kernel("BesselJ1", lambda B, x: B.j1(x), SPECIAL),
    Kernel("BesselY0", lambda B, x: B.y0(x), SPECIAL),
    Kernel("BesselY1", lambda B, x: B.y1(x), SPECIAL),
    Kernel("BesselK0", lambda B, x: B.k0(x), SPECIAL),
    Kernel("BesselK1", lambda B, x: B.k1(x), SPECIAL),
    Kernel("BesselK0e", lambda B, x: B.k0e(x), SPECIAL),
    Kernel("BesselK1e", lambda B, x: B.k1e(x), SPECIAL),
    Kernel("Dawsn", lambda B, x: B.dawsn(x), SPECIAL),
    Kernel("Expint", lambda B, x: B.expint(x), SPECIAL),
    Kernel("FresnelCos", lambda B, x: B.fresnel_cos(x), SPECIAL),
    Kernel("FresnelSin", lambda B, x: B.fresnel_sin(x), SPECIAL),
    Kernel("Spence", lambda B, x: B.spence(x), SPECIAL),
]
