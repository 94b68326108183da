"""Kernels that leave their contract, whichever gradient they stand in."""

from __future__ import annotations

import math

from reference.limits.form import Limit, Region, bits, per_op, spread

# A Newton step's correction x(1 - ax), flushed where it is below 2^-126, is up to a * 2^-126 of 1/a; with the rounding
# of ax, 2^-24, that is more than the contract's 2.125 * 2^-23 from this many bits of a on.
FLUSHED_STEP = 103 + math.log2(2.125 - 0.5)

ZETA = (
    "Eigen's float32 zeta adds nine terms and then an expansion that holds from 2 on, for polygamma of order 3 from 3 "
    "on, where the float64 one goes on until x + n > 9: polygamma(1, -12.5) is -0.077 instead of 9.79, and "
    "NaN about -9."
)


GELU = (
    "tf.cast turns the Python constants 0.7071067811865476 and 0.044715 into float32 before they become float64: "
    "the function and its derivatives have eight digits."
)


def gelu_vanishes(x: float) -> bool:
    """In the tails, and near zeros of the first derivative, -0.752, the second, 1.414 or 1.419, and the third, 2."""
    return abs(x) > 5 or abs(x + 0.752) < 1 / 32 or any(abs(abs(x) - zero) < 1 / 32 for zero in (1.416, 2))


def left_of(bound: float) -> Region:
    """Where nine steps to the right do not reach the numbers for which the expansion holds."""
    return lambda _, x: x < bound


KERNELS = (
    Limit(
        "Reciprocal loses digits at large x",
        ("[Reciprocal]", "pow", "log2", "log10"),
        "digits:11",
        (1, 2),
        per_op(
            ("log log2 log10", lambda f, x: bits(x) >= FLUSHED_STEP),
            ("mean_squared_logarithmic_error", lambda f, a, b: max(bits(a), bits(b)) >= FLUSHED_STEP),
            ("pow", lambda f, a, b: bits(a) >= FLUSHED_STEP),
            ("log1p", lambda f, x: bits(1 + x) >= FLUSHED_STEP),
            ("atan", lambda f, x: bits(1 + x * x) >= FLUSHED_STEP),
        ),
        ("log", "tape", "float32", 1, 6.8187782440783645e34),
        "Eigen's vectorised reciprocal refines a 12-bit estimate by one Newton step, and from 2^103.7 on ever more of "
        "the step's correction is below the smallest normal number and flushed to zero: 4.9 ULP are lost at 2^104, "
        "twice as many in each further binade, and from 2^115 on all but 12 bits.",
        dtypes=("float32",),
        needs="avx",
    ),
    spread(
        "a Poisson loss takes a reciprocal that lost digits from another number",
        "digits",
        (1, 2),
        per_op(
            ("log_poisson_loss_full", lambda f, a, b: bits(b) >= FLUSHED_STEP),
            ("poisson", lambda f, a, b: bits(a) >= FLUSHED_STEP),
        ),
        ("poisson", "tape", "float32", 1, float.fromhex("0x1.6baf74p+115"), float.fromhex("0x1.6baf76p+115")),
        "Eigen's vectorised reciprocal has 12 bits from 2^115 on, and none is left of 1 - b / a where a is close to b.",
        dtypes=("float32",),
        needs="avx",
    ),
    Limit(
        "Reciprocal flushes the smallest normal number",
        ("[Reciprocal]", "pow", "log2", "log10"),
        "zero digits",
        (1, 2),
        per_op(("log log2 log10", lambda f, x: bits(x) >= f.emax - 1), ("pow", lambda f, a, b: bits(a) >= f.emax - 1)),
        ("log", "tape", "float32", 1, 2.0**126),
        "1 / 2^126 is a normal number, 2^-126, but the estimate that Eigen's vectorised reciprocal begins with "
        "flushes it to zero; bfloat16 is computed in float32. In pow's mixed derivative that loses the term a^b / a.",
        dtypes=("bfloat16", "float32"),
        needs="avx",
    ),
    Limit(
        "Erf is NaN at huge x",
        ("[Erf]", "erf", "gelu"),
        "nan",
        (1, 2),
        per_op(("erf gelu", lambda f, x: bits(x) > f.emax / 2)),
        ("erf", "nested", "float64", 2, 1.7976931348623157e308),
        "Eigen's float64 erf squares its argument, and where the square overflows it divides one infinity by another.",
        dtypes=("float64",),
    ),
    Limit(
        "Elu is zero at small negative x",
        ("[Elu]",),
        "zero",
        (2,),
        lambda f, x: x < 0 and bits(x) < -f.precision,
        ("elu", "nested", "float32", 2, -(2.0**-30)),
        "The kernel computes exp(x) - 1 rather than expm1(x) and so returns 0 for |x| below half an ULP of one; "
        "EluGrad takes that 0 for the other branch, and the second derivative is 0 instead of exp(x).",
    ),
    Limit(
        "Selu is zero at small negative x",
        ("[Selu]",),
        "digits zero",
        (1, 2),
        lambda f, x: x < 0 and bits(x) < -f.precision,
        ("selu", "tape", "float32", 1, -(2.0**-30)),
        "The kernel computes exp(x) - 1 rather than expm1(x) and so returns 0 for |x| below half an ULP of one; "
        "SeluGrad takes that 0 for the other branch and returns scale instead of scale * alpha, and 0 at second order.",
    ),
    Limit(
        "Erfinv loses digits at small x",
        ("[Erfinv]",),
        "digits",
        (2,),
        lambda f, x: bits(x) < -3,
        ("erfinv", "nested", "float32", 2, 0.0003452669770922512),
        "The kernel computes ndtri((x + 1) / 2) / sqrt(2): x + 1 rounds away the digits of a small x, and the "
        "second derivative is proportional to erfinv(x).",
    ),
    Limit(
        "Erfinv is zero at tiny x",
        ("[Erfinv]",),
        "zero",
        (2,),
        lambda f, x: bits(x) < 1 - f.precision,
        ("erfinv", "nested", "float32", 2, 2.0**-30),
        "The kernel computes ndtri((x + 1) / 2) / sqrt(2), and x + 1 is 1 for such an x: erfinv and with it the "
        "second derivative are 0.",
    ),
    Limit(
        "Erfinv loses digits near one",
        ("[Erfinv]",),
        "digits",
        (1, 2),
        lambda f, x: x > 0.5,
        ("erfinv", "tape", "float32", 1, float.fromhex("0x1.fffff6p-1")),
        "The kernel computes ndtri((x + 1) / 2) / sqrt(2): above 1/2 the sum x + 1 is rounded to steps of which 1 - x "
        "has ever fewer, and the derivative is in proportion to exp(erfinv(x)^2).",
    ),
    Limit(
        "Erfinv is infinite just inside its domain",
        ("[Erfinv]",),
        "infinite",
        (1, 2),
        lambda f, x: bits(1 - abs(x)) <= -f.precision,
        ("erfinv", "tape", "float32", 1, 1 - 2.0**-24),
        "The kernel computes ndtri((x + 1) / 2) / sqrt(2), and x + 1 rounds to 2 for the largest x below 1.",
    ),
    Limit(
        "Polygamma is wrong left of -7, first order",
        ("digamma", "polygamma_1"),
        "digits infinite nan zero",
        (1,),
        left_of(-7),
        ("digamma", "tape", "float32", 1, -9.110600471496582),
        ZETA,
        dtypes=("float32",),
    ),
    Limit(
        "Polygamma is wrong left of -7, second order",
        ("digamma", "lgamma", "polygamma_1"),
        "digits infinite nan zero",
        (2,),
        per_op(("lgamma", left_of(-7)), ("digamma polygamma_1", left_of(-6))),
        ("lgamma", "nested", "float32", 2, -9.110600471496582),
        ZETA,
        dtypes=("float32",),
    ),
    Limit(
        "gelu's constant is a float32",
        ("gelu", "gelu_approximate"),
        "digits:12 zero",
        (1, 2),
        lambda f, x: not gelu_vanishes(x),
        ("gelu", "tape", "float64", 1, 1.0),
        GELU,
        dtypes=("float64",),
    ),
    Limit(
        "gelu's constant is a float32, where a derivative vanishes",
        ("gelu", "gelu_approximate"),
        "digits zero",
        (1, 2),
        lambda f, x: gelu_vanishes(x) and abs(x) < 40,
        ("gelu", "tape", "float64", 1, -0.75),
        GELU + " Where a derivative is small, fewer of them are left or none.",
        dtypes=("float64",),
    ),
    Limit(
        "Polygamma is zero at huge x",
        ("[Polygamma]",),
        "zero",
        (1, 2),
        lambda f, x: 2 * bits(x) > f.emax - 2,
        ("digamma", "tape", "float32", 1, 2.0**70),
        "Eigen's zeta begins its sum with x^-2, which underflows where the sum, about 1 / x, does not, and the "
        "iteration stops at a term of 0.",
        dtypes=("float32", "float64"),
    ),
    Limit(
        "Erfc loses digits",
        ("[Erfc]",),
        "digits",
        (1, 2),
        per_op(("erfc", lambda f, x: x > 0.5), ("gelu", lambda f, x: x < -0.5)),
        ("erfc", "tape", "float64", 1, 26.46696941),
        "Eigen's erfc is up to 8 ULP off about 1, and 429 ULP (float32: 56) in the "
        "tail, where exp(-x * x) is rounded before it is divided by x.",
        dtypes=("float32", "float64"),
    ),
    Limit(
        "Pow loses digits",
        ("[Pow]",),
        "digits",
        (1, 2),
        per_op(("pow", lambda f, a, b: abs(b * bits(a)) > 16)),
        ("pow", "tape", "float64", 1, 140.57066861504117, -141.57066861504117),
        "Eigen's float64 pow keeps log2(a) * b to fewer digits than the exponential of a large exponent needs: up to "
        "36 ULP where a^b is far from one.",
        dtypes=("float64",),
    ),
)
