"""Forward mode: TensorFlow pushes explicit zero tangents through, and zero times infinity is NaN."""

from __future__ import annotations

import math

from reference.limits.form import FORWARD, INF, LN2, bits, infinite, over, per_op, pole, radius, ratios, spread

WHY = (
    "An accumulator gives every input of an op a tangent, zeros to those that have none, and adds up partial times "
    "tangent: where a partial is infinite the zero tangent makes it NaN. So does the second derivative of a "
    "tf.function, whose gradient function gets explicit zeros for the results that nobody asked for."
)

FORWARD_MODE = (
    spread(
        "forward mode: zero tangent times infinite partial",
        "nan",
        (1, 2),
        per_op(
            ("acos asin atanh erfinv", lambda f, x: bits(1 - abs(x)) <= -f.precision),
            ("acosh", lambda f, x: x == 1 or math.isinf(x)),
            ("log sqrt", lambda f, x: x == 0),
            ("log2 log10", lambda f, x: x == 0 or math.isinf(x)),
            ("deg2rad rad2deg celu hinge", infinite),
            ("squared_hinge", lambda f, x: over(f, bits(x) + 2)),
            ("power_half", lambda f, x: x == 0 or math.isinf(x)),
            ("reciprocal_no_nan", lambda f, x: over(f, -3 * bits(x))),
            ("polygamma_1", lambda f, x: math.isinf(x) or over(f, -4 * bits(pole(x)))),
            ("power_minus_two", lambda f, x: math.isinf(x) or over(f, -4 * bits(x))),
            ("exp2", lambda f, x: over(f, bits(x) + 1, x + max(bits(x), 0))),
            ("squareplus", lambda f, x: over(f, 2 * bits(x))),
            ("erfcinv", lambda f, x: x in (0, 2) or over(f, -bits(x))),
            ("log1p", lambda f, x: x == -1),
            ("logit ndtri", lambda f, x: x in (0, 1)),
            ("exp expm1", lambda f, x: over(f, x / LN2)),
            ("lgamma digamma", lambda f, x: math.isinf(x) or over(f, -3 * bits(pole(x)))),
            ("sinh cosh", lambda f, x: over(f, abs(x) / LN2 - 1)),
            ("square", lambda f, x: over(f, bits(x) + 1)),
            ("tan", lambda f, x: over(f, -2 * bits(math.cos(x) if math.isfinite(x) else 1))),
            ("cube", lambda f, x: over(f, 3 * bits(x) + max(0, bits(bits(x) * LN2)), 2 * bits(x))),
            ("multiply multiply_no_nan sigmoid_cross_entropy", infinite),
            ("floormod fmod", lambda f, a, b: bits(b) <= f.emin or infinite(f, a, b) or over(f, bits(a) - bits(b))),
            ("broadcast_divide", lambda f, a, b: bool((b == 0).any())),
            ("logaddexp2", lambda f, a, b: over(f, radius(a, b) + 1)),
            ("squared_difference", lambda f, a, b: over(f, radius(a, b) + 1)),
            ("divide divide_no_nan xlogy", lambda f, a, b: ratios(f, bits(a), bits(b)) or infinite(f, a, b)),
            (
                "xdivy",
                lambda f, a, b: ratios(f, bits(a), bits(b), 4) or over(f, 2 * bits(b) + max(0, bits(bits(b)))),
            ),
            ("xlog1py", lambda f, a, b: ratios(f, bits(a), bits(1 + b)) or infinite(f, a, b)),
        ),
        ("multiply", "forward", "float32", 1, INF, 0.75),
        WHY,
        modes=(*FORWARD, "around"),
    ),
)
