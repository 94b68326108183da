"""Special functions: kernels that leave their range, gradients at the ends, derivatives by parameters."""

from __future__ import annotations

import math

from reference.limits.form import FORWARD, LN2, Limit, anywhere, bits, infinite, over, per_op, pole, spread

WIDE = ("float32", "float64")
KINDS = "bessel_k0 bessel_k1 bessel_k0e bessel_k1e"
NO_XLA = f"dawsn expint fresnel_cos fresnel_sin spence bessel_j0 bessel_j1 bessel_y0 bessel_y1 {KINDS}"

SPECIAL = (
    Limit(
        "XLA has no kernels for most special functions",
        tuple(NO_XLA.split()),
        "raised:InvalidArgumentError",
        (1, 2),
        anywhere,
        ("dawsn", "xla", "float32", 1, 0.75),
        "XLA compiles none of tf.math.special but the scaled modified Bessel functions: InvalidArgumentError, "
        "unsupported operations in the graph.",
        modes=("xla",),
    ),
    Limit(
        "zeta's second derivative loses a term",
        ("zeta",),
        "digits zero infinite nan",
        (2,),
        anywhere,
        ("zeta", "nested", "float32", 2, 2.5, 1.0),
        "The derivative by q is -s * zeta(s + 1, q), and zeta has no derivative by its order: of that product's "
        "derivative by s only -zeta(s + 1, q) is left, without any word.",
        entries=((0, 1), (1, 0)),
    ),
    Limit(
        "zeta has no derivative by its order",
        ("zeta",),
        "none",
        (1, 2),
        anywhere,
        ("zeta", "tape", "float32", 1, 2.5, 1.0),
        "Zeta's gradient function returns None for its first argument, the order, on which the value depends smoothly.",
        entries=((0,), (0, 0), (0, 1)),
    ),
    Limit(
        "zeta's derivative by its order is 0 where None has no place",
        ("zeta",),
        "zero nan",
        (1, 2),
        anywhere,
        ("zeta", "forward", "float32", 1, 2.5, 1.0),
        "Zeta's gradient returns None for its first argument; forward mode, batch_jacobian and a tf.function turn that "
        "into 0 and say nothing.",
        modes=(*FORWARD, "batch_jacobian", "around"),
        entries=((0,), (0, 0), (0, 1), (1, 0)),
    ),
    Limit(
        "betainc has no derivatives by its parameters",
        ("betainc",),
        "none",
        (1, 2),
        anywhere,
        ("betainc", "tape", "float32", 1, 0.5, 2.0, 0.25),
        "Betainc's gradient function returns None for a and b, on which the value depends smoothly.",
        entries=((0,), (1,), (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)),
    ),
    Limit(
        "betainc's derivatives by its parameters are 0 where None has no place",
        ("betainc",),
        "zero",
        (1, 2),
        anywhere,
        ("betainc", "forward", "float32", 1, 0.5, 2.0, 0.25),
        "Betainc's gradient returns None for a and b; forward mode, batch_jacobian and a tf.function turn that into 0 "
        "and say nothing.",
        modes=(*FORWARD, "batch_jacobian", "around"),
        entries=((0,), (1,), (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)),
    ),
    Limit(
        "betainc's mixed derivative where a or b is 1",
        ("betainc",),
        "digits",
        (2,),
        lambda f, a, b, x: a == 1 or b == 1,
        ("betainc", "nested", "float32", 2, 1.0, 0.75, 0.75),
        "The derivative by x is exp(xlogy(a - 1, x) + ...): at a = 1 Xlogy's gradient takes the function for constant, "
        "and the term log(x) is missing from the derivative by a.",
        entries=((2, 0), (2, 1), (0, 2), (1, 2)),
    ),
    Limit(
        "betainc's derivatives at the ends",
        ("betainc",),
        "nan infinite",
        (1, 2),
        lambda f, a, b, x: over(f, -3 * bits(x), -3 * bits(1 - x)) or x in (0, 1),
        ("betainc", "nested", "float32", 2, 0.75, 0.75, 0.0),
        "The density's logarithm is infinite at x = 0 and x = 1, and its derivatives are products of infinities and 0.",
    ),
    Limit(
        "no second derivatives of the incomplete gamma functions",
        ("igamma", "igammac"),
        "raised:LookupError",
        (2,),
        anywhere,
        ("igamma", "nested", "float32", 2, 2.5, 7.0),
        "The derivative by a is the kernel IgammaGradA, for which no gradient is registered: LookupError, for the "
        "second derivatives by x too where both were asked.",
    ),
    Limit(
        "the incomplete gamma functions' derivative by a underflows",
        ("[IgammaGradA]", "igamma", "igammac"),
        "zero digits",
        (1,),
        lambda f, a, x: a * bits(x) < f.emin + 16,
        ("igammac", "tape", "float64", 1, 5.992167977835854, 1.2538750759214462e-51),
        "The kernel multiplies x^a by a sum of logarithms and the power underflows first.",
        dtypes=WIDE,
        entries=((0,),),
    ),
    Limit(
        "the incomplete gamma functions' derivative by a loses digits",
        ("[IgammaGradA]", "igamma", "igammac"),
        "digits:12",
        (1,),
        lambda f, a, x: a > 0 and (a / 4 <= x <= 4 * a or -a * bits(x) > 16),
        ("igamma", "tape", "float64", 1, 1.6844802596779316, 1.6844802596779318),
        "The kernel differentiates a series and a continued fraction term by term in the dtype itself: about x = a "
        "142 ULP (float32: 109) were lost, and more where x^a is exp(a log(x)) of a large argument.",
        dtypes=WIDE,
        entries=((0,),),
    ),
    Limit(
        "the incomplete gamma functions in forward mode at the ends",
        ("igamma", "igammac"),
        "nan infinite",
        (1,),
        lambda f, a, x: x == 0 or math.isinf(x) or over(f, -2 * bits(x)),
        ("igamma", "forward", "float32", 1, 0.75, 0.0),
        "A tangent that is 0 meets the density, which is infinite at 0 for a < 1; at infinity XLA's derivative by a is "
        "NaN.",
    ),
    Limit(
        "BesselJ1 is 0 at small x",
        ("[BesselJ1]", "bessel_j0", "bessel_j1"),
        "zero digits infinite",
        (1, 2),
        per_op(("bessel_j0 bessel_j1", lambda f, x: bits(x) < f.emin + (5 if f.precision == 24 else 11))),
        ("bessel_j0", "tape", "float32", 1, 2.0**-123),
        "The kernel returns 0 for x below 2^-121 (float64: 2^-1011), where J1 is x / 2; the derivative of J1, "
        "J0 - J1 / x, is then 1 instead of 1/2.",
    ),
    Limit(
        "the kernels of K are NaN beside the smallest normal number",
        (*KINDS.split(), "[BesselK0]", "[BesselK1]", "[BesselK0e]", "[BesselK1e]"),
        "nan infinite",
        (1, 2),
        per_op((KINDS, lambda f, x: bits(x) < f.emin + 2)),
        ("bessel_k1", "tape", "float32", 1, 2.0**-126),
        "The kernels divide by x, or by a multiple of it, which overflows, and multiply the infinity by 0.",
    ),
    spread(
        "a special function's gradient multiplies 0 by infinity",
        "nan infinite",
        (1, 2),
        per_op(
            ("polygamma_1", lambda f, x: math.isinf(x) or over(f, -4 * bits(pole(x)))),
            ("erfcinv", lambda f, x: over(f, -2 * bits(x))),
            ("dawsn", lambda f, x: over(f, bits(x) + 1)),
            ("expint", lambda f, x: x == 0 or over(f, x / LN2, -2 * bits(x))),
            ("spence", lambda f, x: x in (0, 1) or math.isinf(x) or over(f, -bits(x))),
            ("bessel_j0 bessel_j1", lambda f, x: math.isinf(x) or over(f, -bits(x))),
            ("bessel_y0 bessel_y1", lambda f, x: math.isinf(x) or over(f, -3 * bits(x))),
            (KINDS, lambda f, x: over(f, -2 * bits(x))),
        ),
        ("spence", "tape", "float32", 1, math.inf),
        "The gradients are products and differences of the function itself and powers of x, each of which is infinite "
        "at the end of the domain: 0 * inf and inf - inf, where the derivative has a limit.",
    ),
    Limit(
        "spence's second derivative at 1",
        ("spence",),
        "zero",
        (2,),
        lambda f, x: x == 1,
        ("spence", "forward_over_reverse", "float32", 2, 1.0),
        "log(x) / (1 - x) is replaced by its limit at x = 1, a constant, whose derivative is 0 instead of 1/2.",
    ),
    Limit(
        "the Fresnel integrals' gradients are NaN where x * x overflows",
        ("fresnel_cos", "fresnel_sin"),
        "nan",
        (1, 2),
        lambda f, x: over(f, 2 * bits(x) + 1),
        ("fresnel_cos", "tape", "float32", 1, 2.0**64),
        "The gradient is cos(pi / 2 * x * x), or the sine: where the square overflows the cosine of infinity is NaN, "
        "although every float has a derivative between -1 and 1.",
    ),
    Limit(
        "Zeta loses digits and underflows",
        ("[Zeta]", "zeta"),
        "digits zero nan infinite",
        (1, 2),
        lambda f, s, q: infinite(f, s, q) or over(f, -s * bits(q)) or -s * bits(q) < max(f.emin + f.precision, -400),
        ("zeta", "tape", "float32", 1, 26.720294952392578, 16.244476318359375),
        "Eigen's zeta adds powers q^-s in the dtype itself: at a large order they underflow or lose digits.",
    ),
    Limit(
        "Igamma and Igammac lose digits at small arguments",
        ("[Igamma]", "[Igammac]"),
        "digits",
        (1, 2),
        per_op(("igamma igammac", lambda f, a, x: a < 1 / 16 or -a * bits(x) > 16)),
        ("igamma", "tape", "float64", 1, 0.75, 2.0**-537),
        "Eigen computes x^a exp(-x) / Gamma(a) as exp(a log(x) - x - lgamma(a)), whose argument is rounded: as many "
        "ULP are lost as it is large; and where the upper function is small it is one less the lower.",
    ),
    Limit(
        "Betainc loses digits at small x",
        ("[Betainc]",),
        "digits",
        (1, 2),
        per_op(("betainc", lambda f, a, b, x: -a * bits(x) > 16)),
        ("betainc", "tape", "float64", 1, 0.75, 0.75, 2.0**-1022),
        "Eigen computes x^a as exp(a log(x) + ...), whose argument is rounded: as many ULP are lost as it is large.",
    ),
    Limit(
        "Expint overflows early",
        ("[Expint]",),
        "nan infinite",
        (1, 2),
        per_op(("expint", lambda f, x: over(f, x / LN2))),
        ("expint", "tape", "float32", 1, 3.4028234663852886e38),
        "The kernel multiplies exp(x) by 1 / x: the exponential overflows first, and at last 1 / x is 0: inf * 0.",
    ),
    Limit(
        "the Fresnel integrals are 1/2 from 36974 on",
        ("[FresnelCos]", "[FresnelSin]"),
        "digits",
        (1, 2),
        per_op(("fresnel_cos fresnel_sin", lambda f, x: abs(x) > 36974)),
        ("fresnel_cos", "tape", "float64", 1, float.fromhex("0x1.8410252a25ca7p+18")),
        "Cephes gives the limit from x = 36974 on, where the function still differs from it by 1 / (pi x); no "
        "derivative shows that.",
        dtypes=("float64",),
    ),
    Limit(
        "Spence is NaN at the largest numbers",
        ("[Spence]",),
        "nan",
        (1, 2),
        per_op(("spence", lambda f, x: over(f, bits(x)))),
        ("spence", "tape", "float32", 1, 3.4028234663852886e38),
        "The kernel reflects by log(x)^2 and the function of 1 / x, which is flushed to 0.",
    ),
)
