"""Factors that overflow on the way to a finite derivative: infinity, or NaN where another factor is zero."""

from __future__ import annotations

import math

import numpy as np

from reference.limits.form import (
    INF,
    LN2,
    WEIGHTS,
    Limit,
    bits,
    huge,
    infinite,
    nearest,
    over,
    per_op,
    pole,
    powers,
    products,
    radius,
    ratios,
    spread,
    under,
)

OVERFLOW = (
    spread(
        "a factor overflows beside one that vanishes, first order",
        "nan",
        (1,),
        per_op(
            ("silu x_log_x sparse_plus softmax_of_two log_softmax_of_two", infinite),
            ("cbrt", lambda f, x: x == 0 or math.isinf(x)),
            ("gelu mish hard_silu", huge),
            ("squared_difference", lambda f, a, b: over(f, radius(a, b) + 1)),
            ("squareplus", lambda f, x: over(f, bits(x) + 2)),
            ("sinc", lambda f, x: over(f, bits(x) + 2)),
            ("gelu_approximate", lambda f, x: over(f, 3 * bits(x))),
        ),
        ("silu", "tape", "float32", 1, INF),
        "The product rule multiplies x, or a power of it, by the derivative of a sigmoid-like factor: where the first "
        "has become infinite and the second 0, their product is NaN instead of 0.",
    ),
    spread(
        "a factor overflows beside one that vanishes, second order",
        "nan",
        (2,),
        per_op(
            ("atan erf erfc silu gelu hard_silu", huge),
            ("squareplus", lambda f, x: over(f, bits(x) + 2)),
            ("softmax_of_two log_softmax_of_two", infinite),
            ("cbrt", lambda f, x: math.isinf(x) or over(f, -5 / 3 * bits(x))),
            ("sparse_plus", lambda f, x: over(f, 2 * bits(x))),
            ("mish", lambda f, x: over(f, bits(x) + 1)),
            ("sinc", lambda f, x: over(f, bits(x) + 2)),
            ("gelu_approximate", lambda f, x: over(f, 3 * bits(x))),
            ("asinh acosh", lambda f, x: nearest(f, (bits(x) + 1) * LN2) >= nearest(f, math.log(f.largest) + LN2)),
            ("x_log_x", infinite),
        ),
        ("atan", "nested", "float32", 2, 3.4028234663852886e38),
        "The gradient's gradient multiplies 2 x, or cosh(y), or another factor that overflows, by one that has become "
        "0: NaN instead of 0.",
    ),
    Limit(
        "a pow's factor overflows beside one that vanishes",
        ("pow",),
        "nan",
        (1, 2),
        powers,
        ("pow", "tape", "float32", 1, 0.75, INF),
        "b * a^(b-1) and a^b * log(a), and at second order b * b * a^(b-2), are multiplied out factor by factor: "
        "where one overflows and another is 0 the product is NaN, at a = b = 0 too, where a^b does not depend on a.",
    ),
    Limit(
        "a pow's derivative overflows early",
        ("pow",),
        "infinite",
        (1, 2),
        powers,
        ("pow", "nested", "float32", 2, 2.0**-70, 2.0**-70),
        "b * a^(b-1) is differentiated to b * (b-1) * a^(b-2), and the power overflows although b makes the product "
        "a float; so does the cotangent times a^b before it is multiplied by log(a).",
    ),
    Limit(
        "the radius overflows or underflows: NaN",
        ("hypot", "atan2"),
        "nan",
        (1, 2),
        lambda f, a, b: over(f, 2 * radius(a, b), -4 * radius(a, b)),
        ("hypot", "tape", "float32", 1, 0.0, 0.0),
        "The gradients divide by a^2 + b^2 or its root, unscaled: infinity beside 0 where it overflows, 0 / 0 where "
        "it underflows or vanishes.",
    ),
    Limit(
        "the radius underflows: infinite",
        ("hypot", "atan2"),
        "infinite",
        (1, 2),
        lambda f, a, b: over(f, -4 * radius(a, b)),
        ("hypot", "tape", "float32", 1, 2.0**-70, 2.0**-70),
        "The gradients divide by a^2 + b^2 or its root, unscaled, which underflows to 0, and at second order by its "
        "square.",
    ),
    Limit(
        "xdivy's derivative divides by a square",
        ("xdivy",),
        "infinite",
        (1, 2),
        lambda f, a, b: ratios(f, bits(a), bits(b), 4),
        ("xdivy", "tape", "float32", 1, 2.0**-70, 2.0**-70),
        "Xdivy's gradient is -x / y**2, whose denominator underflows to 0 where the quotient is a float; at second "
        "order it is the square's square.",
    ),
    Limit(
        "xdivy's second derivative at infinity",
        ("xdivy",),
        "nan",
        (2,),
        lambda f, a, b: infinite(f, a, b) or over(f, bits(b) + 1),
        ("xdivy", "nested", "float32", 2, 0.75, INF),
        "-x / y**2 is differentiated as a quotient, whose gradient is x / (y**2)**2 times 2 * y: 0 * inf, also "
        "where 2 * y overflows.",
    ),
    spread(
        "a quotient's second derivative divides by a square",
        "infinite",
        (2,),
        per_op(
            ("xlogy", lambda f, a, b: ratios(f, bits(a), bits(b))),
            ("xlog1py", lambda f, a, b: ratios(f, bits(a), bits(1 + b))),
        ),
        ("xlogy", "nested", "float32", 2, 2.0**-70, 2.0**-70),
        "Xdivy's gradient is -x / y**2, whose denominator underflows to 0 where the quotient is a float.",
    ),
    Limit(
        "a quotient of an infinity or a zero",
        ("divide", "divide_no_nan", "xdivy", "xlogy", "xlog1py"),
        "nan",
        (1, 2),
        lambda f, a, b: math.isinf(a) and huge(f, b) or a == 0 and over(f, -bits(b)),
        ("divide", "nested", "float32", 2, INF, 3.4028234663852886e38),
        "a / b^2 and a / b^3 are computed from 1 / b^2, which is 0 for a huge b and infinite for a tiny one: beside an "
        "infinite or a zero numerator that is inf * 0.",
    ),
    Limit(
        "norm has no subgradient at the origin",
        ("norm",),
        "nan",
        (1, 2),
        lambda f, x: not x.any(),
        ("norm", "tape", "float32", 1, [0.0, 0.0, 0.0]),
        "The gradient is x divided by the norm, 0 / 0 at the origin, where any vector no longer than one would do.",
    ),
    Limit(
        "where leaks from the branch not taken",
        ("where",),
        "nan",
        (1, 2),
        lambda f, a, b: ratios(f, bits(a), bits(b)) or infinite(f, a, b),
        ("where", "tape", "float32", 1, 1.0, 0.0),
        "tf.where gives the branch not taken a zero cotangent, which that branch's infinite partials a / b^2 or 1 / b "
        "turn into NaN.",
    ),
    Limit(
        "x log x divides by the square of x",
        ("x_log_x",),
        "infinite",
        (2,),
        lambda f, x: over(f, -2 * bits(x)),
        ("x_log_x", "nested", "float32", 2, 2.0**-70),
        "Xdivy's gradient is -x / y**2, whose denominator underflows to 0 long before -1 / x overflows.",
    ),
    Limit(
        "x log x divides by the square of x, cancelling",
        ("x_log_x",),
        "nan",
        (2,),
        lambda f, x: over(f, -2 * bits(x)),
        ("x_log_x", "nested", "float64", 2, 2.2250738585072014e-308),
        "Xdivy's gradient is -x / y**2, infinite where the square underflows; where 1 / x times the weights overflows "
        "too, their sum is inf - inf.",
    ),
    spread(
        "a partial product overflows",
        "infinite",
        (1, 2),
        per_op(
            ("exp expm1", lambda f, x: over(f, x / LN2)),
            ("sinh cosh", lambda f, x: over(f, abs(x) / LN2 - 1)),
            ("lgamma digamma", lambda f, x: over(f, -3 * bits(pole(x)))),
            ("log", lambda f, x: over(f, -2 * bits(x))),
            ("log1p", lambda f, x: over(f, -2 * bits(1 + x))),
            ("square", lambda f, x: over(f, bits(x) + 1)),
            ("reciprocal", lambda f, x: over(f, -3 * bits(x))),
            ("logit", lambda f, x: over(f, -2 * bits(x), -2 * bits(1 - x))),
            ("cube", lambda f, x: over(f, bits(6 * x))),
            ("sqrt rsqrt power_half", lambda f, x: over(f, -1.5 * bits(x))),
            ("cbrt", lambda f, x: over(f, -5 / 3 * bits(x))),
            ("power_minus_two", lambda f, x: over(f, -4 * bits(x))),
            ("exp2", lambda f, x: over(f, x)),
            ("log2 log10", lambda f, x: over(f, -2 * bits(x))),
            ("divide divide_no_nan where", lambda f, a, b: ratios(f, bits(a), bits(b))),
            ("xlogy", lambda f, a, b: over(f, bits(a) - bits(b))),
            ("xlog1py", lambda f, a, b: over(f, bits(a) - bits(1 + b))),
        ),
        ("reciprocal", "tape", "float16", 1, 2.0**-8),
        "The derivative times its weights is a float, but the product is taken in an order in which a part of it "
        "is not: ReciprocalGrad squares 1 / x before it multiplies by a cotangent below one.",
    ),
    Limit(
        "Bessel functions overflow early",
        ("[BesselI0]", "[BesselI1]", "bessel_i0", "bessel_i1", "bessel_i1_over_x"),
        "infinite nan",
        (1, 2),
        lambda f, x: over(f, abs(x) / LN2),
        ("bessel_i0", "tape", "float32", 1, 89.0),
        "Both kernels multiply exp(|x|) by the scaled function, and the exponential overflows where the product does "
        "not; the gradient of I1 is I0 - I1 / x, which is inf - inf from there on.",
        dtypes=("float16", "float32", "float64"),
    ),
    Limit(
        "a product's second derivative where two factors overflow",
        ("reduce_prod",),
        "nan infinite",
        (2,),
        lambda f, x: over(f, products(x.reshape(2, 3))),
        ("reduce_prod", "nested", "float32", 2, [2.0**90, 2.0**80, 2.0**70, 2.0, 3.0, 1.5]),
        "Cumprod's gradient divides sums of partial products by x: where a product of two overflows, the derivative by "
        "two elements is infinite or NaN, although it is the third.",
    ),
    Limit(
        "a sum's terms overflow",
        ("matmul", "matvec", "einsum", "tensordot", "broadcast_multiply"),
        "infinite nan",
        (1, 2),
        lambda f, *x: over(f, 1.6 + max(map(bits, np.hstack([v.ravel() for v in x])))),
        ("matmul", "tape", "bfloat16", 1, [2.0**127] * 6, [2.0**127, -(2.0**127)] * 3),
        "Terms of both signs are added one after the other in the dtype itself: a partial sum overflows although the "
        "whole sum is a float.",
    ),
    Limit(
        "a rewritten body underflows early",
        ("[Returned]",),
        "zero digits",
        (1, 2),
        per_op(
            ("silu", lambda f, x: x < 0 and under(f, x / LN2 - WEIGHTS)),
            ("tanh", lambda f, x: under(f, bits(x) - WEIGHTS)),
            ("cbrt", lambda f, x: under(f, -5 / 3 * bits(x) - WEIGHTS)),
            ("power_half", lambda f, x: under(f, -1.5 * bits(x) - WEIGHTS)),
            ("power_minus_two", lambda f, x: under(f, -4 * bits(x) - WEIGHTS)),
        ),
        ("silu", "batch_jacobian", "float32", 1, float.fromhex("-0x1.5d589cp+6")),
        "TensorFlow rewrites the body of a function before it runs it: a cotangent below one is multiplied with the "
        "small factor, sigmoid(x) or tanh(x), which leaves the normal numbers, before the larger factors are.",
        dtypes=("bfloat16", "float32", "float64"),
    ),
)
